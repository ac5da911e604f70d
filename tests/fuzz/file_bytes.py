"""Builds GGUF and safetensors files from parts, so that they can be invalid (layouts:
models/formats/gguf_header.h, nn/io/safetensors.h)."""

import json
import struct
import zlib

U8, I8, U16, I16, U32, I32, F32, BOOL, TEXT, ARRAY, U64, I64, F64 = range(13)
PACK = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "?", U64: "Q", I64: "q", F64: "d"}


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return u64(len(data)) + data


def gzip(content):
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"\x1f\x8b\x08" + b"\0" * 5 + b"\2\3" + raw.compress(content) + raw.flush() + u32(zlib.crc32(content)) + u32(len(content))


def scalar(kind, value):
    return text(value) if kind == TEXT else struct.pack("<" + PACK[kind], value)


def value(name, kind, content):
    """A metadata value; a list is an array of `kind`."""
    if isinstance(content, list):
        return text(name) + u32(ARRAY) + u32(kind) + u64(len(content)) + b"".join(scalar(kind, c) for c in content)
    return text(name) + u32(kind) + scalar(kind, content)


def info(name, dimensions, kind, offset):
    """`dimensions` are in the file's order, the fastest first."""
    return text(name) + u32(len(dimensions)) + b"".join(map(u64, dimensions)) + u32(kind) + u64(offset)


def padded(data, to=32):
    return data + b"\0" * (-len(data) % to)


def gguf(values=(), infos=(), data=b"", version=3, tensors=None, count=None):
    """`tensors` and `count` are the declared numbers of tensors and values; None: the true numbers."""
    head = b"GGUF" + u32(version) + u64(len(infos) if tensors is None else tensors)
    head += u64(len(values) if count is None else count)
    return padded(head + b"".join(values) + b"".join(infos)) + data


def safetensors(header, data=b"", length=None):
    """`length` is the declared length of the header; None: the true length."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return u64(len(head) if length is None else length) + head + data


# --- valid files --------------------------------------------------------------------------------------------


def byte_characters():
    """GPT-2's printable character for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(others)) for b in range(256)]


def tokenizer(single):
    """A byte-level vocabulary; `single` are its tokens of one character, with those of "the" and the space."""
    tokens = [*single, "th", "the", "Ġt", "<|endoftext|>", "<tool>"]
    return {
        "tokenizer.ggml.model": (TEXT, "gpt2"), "tokenizer.ggml.pre": (TEXT, "smollm"),
        "tokenizer.ggml.tokens": (TEXT, tokens),
        "tokenizer.ggml.token_type": (I32, [1] * (len(tokens) - 2) + [3, 4]),
        "tokenizer.ggml.merges": (TEXT, ["t h", "th e", "Ġ t"]),
        "tokenizer.ggml.eos_token_id": (U32, len(tokens) - 2),
    }  # fmt: skip


SMALL, FULL = tokenizer("theaĠ"), tokenizer(byte_characters())
TOKENS = SMALL["tokenizer.ggml.tokens"][1]
MODEL = {
    "general.architecture": (TEXT, "llama"), "general.name": (TEXT, "seed"), "llama.embedding_length": (U32, 4),
    "llama.block_count": (U32, 1), "llama.feed_forward_length": (U32, 6), "llama.attention.head_count": (U32, 2),
    "llama.attention.head_count_kv": (U32, 1), "llama.context_length": (U32, 32),
    "llama.attention.layer_norm_rms_epsilon": (F32, 1e-5), "llama.rope.freq_base": (F32, 1e4),
}  # fmt: skip
TENSORS = {
    "token_embd.weight": [4, 10], "output_norm.weight": [4], "blk.0.attn_q.weight": [4, 4],
    "blk.0.attn_k.weight": [4, 2], "blk.0.attn_v.weight": [4, 2], "blk.0.attn_output.weight": [4, 4],
    "blk.0.ffn_gate.weight": [4, 6], "blk.0.ffn_up.weight": [4, 6], "blk.0.ffn_down.weight": [6, 4],
    "blk.0.attn_norm.weight": [4], "blk.0.ffn_norm.weight": [4],
}  # fmt: skip


def values_of(table):
    return [value(name, kind, content) for name, (kind, content) in table.items()]


def tokenizer_gguf(base=SMALL, **changes):
    """A file with a tokenizer. Changes: key without "tokenizer.ggml." = (type, content), or None to remove."""
    table = dict(base)
    for name, change in changes.items():
        table["tokenizer.ggml." + name] = change
    return gguf(values_of({name: entry for name, entry in table.items() if entry}))


def model_gguf(changes=None, tensors=None):
    """A model of one layer, all F16. `changes`: to the metadata; `tensors`: other dimensions (None: remove)."""
    table = {**MODEL, **SMALL, **(changes or {})}
    infos, data = [], b""
    for name, dimensions in {**TENSORS, **(tensors or {})}.items():
        if dimensions:
            count = 1
            for d in dimensions:
                count *= d
            infos.append(info(name, dimensions, 1, len(data)))
            data = padded(data + b"\x00\x3c" * count)
    return gguf(values_of({name: entry for name, entry in table.items() if entry}), infos, data)


def tiny_llm(weights=True, **changes):
    """A file of models::write_tiny_llm, with `changes` to the configuration."""
    config = {"vocabulary": 257, "hidden": 2, "intermediate": 3, "layers": 1, "heads": 1, "kv_heads": 1, "context": 16,
              "rms_eps": 1e-5, "rope_theta": 1e4, "tied": True, **changes}  # fmt: skip
    block = "model.layers.0."
    shapes = {"model.embed_tokens.weight": [257, 2]}
    shapes |= {f"{block}self_attn.{name}_proj.weight": [2, 2] for name in "qkvo"}
    shapes |= {block + "mlp.gate_proj.weight": [3, 2], block + "mlp.up_proj.weight": [3, 2]}
    shapes |= {block + "mlp.down_proj.weight": [2, 3], block + "input_layernorm.weight": [2]}
    shapes |= {block + "post_attention_layernorm.weight": [2], "model.norm.weight": [2]}
    header, offset = {"__metadata__": {"config": json.dumps(config)}}, 0
    for name, shape in shapes.items() if weights else ():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + 4 * count]}
        offset += 4 * count
    return safetensors(header, b"\0" * offset)


SHARDS = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]  # the target adds them to the folder
CONFIG = {"model_type": "llama", "vocab_size": 40, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2,
          "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 256,
          "tie_word_embeddings": True, "rope_scaling": {"rope_type": "linear", "factor": 2.0}}  # fmt: skip
TOKENIZER = {"model": {"type": "BPE", "vocab": {"\u2581": 0, "t": 1, "h": 2, "th": 3}, "merges": ["t h"]},
             "added_tokens": [{"id": 4, "content": "</s>", "special": True}],
             "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"}}  # fmt: skip


def weight_map():
    """The shard of each tensor."""
    block = ["input_layernorm", "post_attention_layernorm", *(f"self_attn.{x}_proj" for x in "qkvo"),
             *(f"mlp.{x}_proj" for x in ("gate", "up", "down"))]  # fmt: skip
    names = [["embed_tokens", *("layers.0." + name for name in block)], [*("layers.1." + name for name in block), "norm"]]
    return {f"model.{name}.weight": SHARDS[i] for i in (0, 1) for name in names[i]}


def tokenizer_json(**changes):
    return json.dumps({**TOKENIZER, **changes}).encode()


def folder(files):
    """The small files of a Hugging Face folder, in the form that the target language_model reads."""
    content = {name: value if isinstance(value, bytes) else json.dumps(value).encode() for name, value in files.items()}
    return b"\n".join(b"=== " + name.encode() + b"\n" + value for name, value in content.items())


def model_folder(index=None, tokenizer=None, **changes):
    """A complete folder, with `changes` to the config.json."""
    index = {"weight_map": weight_map()} if index is None else index
    return folder({"config.json": {**CONFIG, **changes}, "model.safetensors.index.json": index,
                   "tokenizer.json": tokenizer or TOKENIZER})  # fmt: skip


def all_dtypes():
    header, offset = {"__metadata__": {"key": "value"}}, 0
    for dtype, width in {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4}.items():
        header["x." + dtype] = {"dtype": dtype, "shape": [2, 1, 2], "data_offsets": [offset, offset + 4 * width]}
        offset += 4 * width
    header["none"] = {"dtype": "F32", "shape": [0, 3], "data_offsets": [offset, offset]}
    return safetensors(header, b"\1" * 16 + b"\0" * (offset - 16))


# --- valid texts --------------------------------------------------------------------------------------------

ATOMIC = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t10\t5\t881250949\n1\t20\t3\t88125\n2\t10\t1\t7.5e3\n"
ITEMS = "item_id:token\tmovie_title:token_seq\tclass:token_seq\n10\tToy Story (1995)\tAnimation\n20\tÄpfel\t\n"
INTERACTIONS = {
    "atomic": ATOMIC,
    "atomic_items": ATOMIC + "=== items\n" + ITEMS,
    "untimed": "\ufeffitem_id:token\tuser_id:token\r\na\tu1\r\nb\tu1\r\n",
    "pairs": "1 10\n1 20\n2 10\n",
    "lines": "7 1 2 3 4\n8 3\n9\t1 1 2\n",
    "lines_items": "7 10 20\n8 10 20 10\n=== items\n" + ITEMS,
}
# The first line is empty or has the names of columns.
TABLES = {
    "csv": '\nuserId,movieId,rating,timestamp\n1,2,5,10\n1,"3,""x""",4,11\n2,2,3,12\n2,"3,""x""",5,13\n',
    "named": "who what when how\nwho\twhat\twhen\thow\n1\t2\t10\t5\n1\t3\t11\t4\n1\t4\t12\t4\n2\t2\t9\t1\n",
    "numbers": "1 2 4 3\n1,2,5,10\n1,3,4,11\n2,2,4,12\n",
    "json": '\n{"reviewerID": "A", "asin": "B", "overall": 5.0, "unixReviewTime": 3}\n{"reviewerID": "A", "asin": "C", "overall": 5, "unixReviewTime": 4}\n',
    "movielens": "\n1::2::5::10\n1::3::4::11\n",
    "u_data": "\n1\t2\t5\t880000000\n1\t3\t4\t880000001\n",
}
GIVEN_SPLIT = "===\n".join(f"user_id:token\titem_id:token\ttimestamp:float\n1\t{i}\t{i}\n1\t{i + 1}\t{i}\n" for i in (2, 4, 6))
GIVEN_SPLIT_OF_LISTS = "===\n".join(
    f"user_id:token\titem_id:token\titem_id_list:token_seq\n1\t{i}\t{' '.join(str(j) for j in range(1, i))}\n" for i in (2, 3, 4))
LOG = '{"task": "pretrain", "step": 1, "loss": 5.21}\n{"task": "reconstruct", "step": 1}\n{"task": "pretrain", "step": 3}\n'
ITEM = {"item": "1", "title": "One", "group": 0}
RESULTS = {
    "data": {"users": 3, "items": 2, "interactions": 9, "lengths": [0, 0, 3], "popularity": [1, 0, 0, 1]},
    "stages": [{"name": "pretrain", "seconds": 1.5, "peak_rss_mib": 10, "tokens": 0, "tokens_per_second": 0},
               {"name": "groups", "seconds": 0.5, "peak_rss_mib": 10, "tokens": 0}],
    "sections": {
        "groups": [{"group": 0, "items": 2, "interactions": 9, "top": [{"item": "1", "title": "One", "interactions": 5}]}],
        "reconstruct": {"train_loss_first": 1, "train_loss_last_epoch": 0.5, "heldout_loss": None,
                        "levels": {"mean": 1, "window": 0.25, "ridge": 0.125},
                        "prompt": {"user": "1", "items": 2, "tokens": 5, "text": "User history:<i1>",
                                   "groups": [{"group": 0, "asked": 0.5, "told": 0.25}]}},
        "augment": {"map": {"teacher": [0.5, 0.25], "enhanced": [0.5, 0.25],
                            "items": [{**ITEM, "teacher": [1, -0.5], "enhanced": [0.5, 1]}]},
                    "neighbours": [{**ITEM, "teacher": [ITEM], "untuned": [], "enhanced": [ITEM]}],
                    "known_truth": [{"what": "purity", "found": 0.5, "chance": 0.1}]},
        "evaluate": {"recommender": "p2rec-1",
                     "users": [{"user": "1", "history": 2, "latest": [ITEM], "target": ITEM,
                                "places": [{"recommender": "p2rec-1", "place": 1}], "top": [ITEM]}]},
    },
    "results": {
        "stage": "evaluate", "about": "", "arm": "start", "unit": "user", "measures": ["HR@10"], "headline": ["HR@10"],
        "facts": ["epochs"], "note": "", "baseline": "random", "parts": [{"name": "all", "meaning": "", "units": 3}],
        "arms": [{"name": name, "meaning": "", "is_the_method": name == "p2rec", "facts": {"epochs": 3},
                  "metrics": {"all": {"HR@10": {"mean": 0.5, "std": None}}},
                  "differences": {"all": {"HR@10": {"mean": 0.5, "low": 0.25, "high": 1, "resolvable": None}}},
                  "seeds": [{"seed": 1, "facts": {"epochs": 3}, "doubt": "", "metrics": {"all": {"HR@10": 0.5}}}]}
                 for name in ("random", "p2rec")],
    },
}  # fmt: skip
ARTIFACTS = {
    "groups": "groups\nitem_id\tgroup\n1\t0\n2\t1\n10\t0\n",
    "log": "log\n" + LOG,
    "manifest": "manifest\n" + json.dumps({"format": 4, "stages": {"pretrain": "hidden=64\nlr=0.001\n", "groups": "seed=1\n"}}),
    "results": "results\n" + json.dumps(RESULTS),
}
OPTIONS = """# a comment
data = "a # \\"folder\\" \\u00e4"  # another
llm = 'C:\\tiny'
seeds = [1, 2,
  3_0, ]
lr = 1e-3
dropout = 0.5
normalize = false
starts = ["random", 'p2rec']
"items-as" = "ids+titles"
"""

ADAPTER = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 16, "lora_dropout": 0.0, "bias": "none",
           "target_modules": ["q_proj", "v_proj"], "use_dora": False, "modules_to_save": None, "rank_pattern": {}}  # fmt: skip


def adapter(**changes):
    return json.dumps({**ADAPTER, **changes}).encode()
