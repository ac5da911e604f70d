"""Writes lessons.json: tiny files, each with one known fault, and the message that must refuse it.

The faults are known from public parsers: ggml and llama.cpp (CVE-2024-21802, -21825, -21836, -23496, -23605,
CVE-2025-53630, CVE-2026-33298, ggml pull request 709), gguf-tools, and common readers of JSON and text. A
lesson is a target, a name, a part of the message (empty: any message; null: the file is valid), and the
file's bytes.

usage: make_lessons.py
"""

import json
from pathlib import Path

import file_bytes as make
from file_bytes import ARRAY, BOOL, F32, F64, I32, TEXT, U8, U16, U32, U64, gguf, info, safetensors, text, u32, u64, value

HUGE, ALL = 1 << 40, (1 << 64) - 1
SIXTEEN = b"x" * 64


def one(*dimensions, kind=0, offset=0, data=SIXTEEN):
    """A file of one tensor w."""
    return gguf(infos=[info("w", dimensions, kind, offset)], data=data)


def gguf_counts():
    yield "no_mark", "does not begin with 'GGUF'", b"GGML" + u32(3) + u64(0) + u64(0)
    yield "cut_mark", "the file's mark", b"GG"
    yield "old_version", "version 1", gguf(version=1)
    yield "big_endian", "big-endian", gguf(version=3 << 24)
    yield "tensors_do_not_fit", "the list of tensors", gguf(tensors=ALL // 64)
    yield "tensors_one_too_many", "the list of tensors", gguf(infos=[info("w", [1], 0, 0)], tensors=3)
    two = [info("w", [4], 0, 0), info("v", [4], 0, 32)]
    yield "tensor_not_declared", "not the padding's zeros", gguf(infos=two, tensors=1, data=SIXTEEN[:48])
    eight = [info("w" * 8, [4], 0, 0), info("v", [4], 0, 32)]  # the data may begin where the first one ends
    yield "aligned_tensor_not_declared", "end at byte 32 of the data", gguf(infos=eight, tensors=1, data=SIXTEEN[:48])
    yield "no_tensor_declared", "not the padding's zeros", gguf([value("a", U32, 1)], two, tensors=0, data=SIXTEEN[:48])
    yield "data_of_no_tensor", "the file has 128; hint", gguf(data=2 * SIXTEEN)
    yield "tensor_not_there", "has 0 dimensions", gguf(infos=two[:1], tensors=2, data=b"\0" * 16)
    yield "value_not_declared", "not the padding's zeros", gguf([value("a", U32, 1), value("b", U32, 2)], count=1)
    yield "value_not_there", "damaged", gguf([value("a", U32, 1)], two, count=2, data=SIXTEEN[:48])
    yield "values_do_not_fit", "the metadata", gguf(count=ALL)
    yield "values_too_many", "the metadata", gguf([value("a", U32, 1)], count=5)
    yield "key_longer_than_file", "a key at byte", gguf([u64(60_000) + b"k" * 32])
    yield "key_of_all_bytes", "the format allows", gguf([u64(ALL) + b"k" * 32])
    yield "text_of_all_bytes", "key 'a' at byte", gguf([text("a") + u32(TEXT) + u64(ALL)])  # length + 1 is 0
    yield "text_longer_than_file", "key 'a' at byte", gguf([text("a") + u32(TEXT) + u64(HUGE)])
    yield "array_longer_than_file", "key 'a' at byte", gguf([text("a") + u32(ARRAY) + u32(U8) + u64(HUGE)])
    yield "array_bytes_overflow", "key 'a' at byte", gguf([text("a") + u32(ARRAY) + u32(F64) + u64(ALL // 8 + 2)])
    yield "texts_bytes_overflow", "key 'a' at byte", gguf([text("a") + u32(ARRAY) + u32(TEXT) + u64(ALL // 16 + 2)])
    yield "array_of_arrays", "an array of arrays", gguf([text("a") + u32(ARRAY) + u32(ARRAY) + u64(1)])
    yield "type_out_of_table", "has the type 13", gguf([text("a") + u32(13) + u64(0)])
    yield "type_negative", "has the type 4294967295", gguf([text("a") + u32(ARRAY) + u32(0xFFFFFFFF) + u64(0)])
    yield "bool_of_2", "a bool with the value 2", gguf([text("a") + u32(BOOL) + b"\2"])
    split = [value("split.no", U16, 0), value("split.count", U16, 2), value("split.tensors.count", I32, 1)]
    yield "part_of_another_name", "expected a name that ends with -00001-of-00002.gguf", gguf(split)
    yield "part_beyond_all", "'split.no' is 65535; expected 0 to 1", gguf([value("split.no", U16, 65535), *split[1:]])
    yield "part_of_all_bits", "does not fit", gguf([value("split.no", U16, 0), value("split.count", U64, ALL)])
    yield "part_without_number", "has no key 'split.no'", gguf(split[1:])
    yield "part_count_is_text", "is string; expected an integer", gguf([value("split.count", TEXT, "2")])
    yield "key_twice", "key 'a' occurs twice", gguf([value("a", U32, 1), value("a", TEXT, "b")])


def gguf_places():
    align = "general.alignment"
    yield "alignment_0", "'general.alignment' is 0", gguf([value(align, U32, 0)])
    yield "alignment_not_a_power", "'general.alignment' is 24", gguf([value(align, U32, 24)])
    yield "alignment_of_2_gib", "the file has 0 bytes of tensors", gguf([value(align, U32, 1 << 31)], [info("w", [1], 0, 0)])
    yield "alignment_signed", "is i32; expected u32", gguf([value(align, I32, 32)])
    yield "alignment_text", "is string; expected u32", gguf([value(align, TEXT, "32")])
    yield "alignment_array", "is an array", gguf([value(align, U32, [32])])
    yield "rank_0", "has 0 dimensions", one()
    yield "rank_5", "has 5 dimensions", one(1, 1, 1, 1, 1)
    yield "rank_of_all", "has 4294967295 dimensions", gguf(infos=[text("w") + u32(0xFFFFFFFF) + u64(1) + u64(0)])
    yield "dimension_0", "has a dimension of 0", one(4, 0)
    yield "dimension_negative", "has a dimension of 18446744073709551615", one(ALL)
    yield "product_is_0", "larger than any file", one(1 << 62, 4)  # modulo 2^64
    yield "product_is_small", "larger than any file", one((1 << 42) + 1, 1 << 22)  # 2^22 modulo 2^64
    yield "bytes_overflow", "larger than any file", one(1 << 62)
    yield "padding_overflows", "takes 9223372036854775807 bytes", one((1 << 63) - 1, kind=24)  # I8: as many bytes, then padded
    yield "larger_than_file", "takes 4398046511104 bytes", one(HUGE)
    yield "block_of_no_size", "removed from ggml", one(32, kind=4)
    yield "tensor_type_unknown", "unknown type 77", one(1, kind=77)
    yield "tensor_type_negative", "unknown type 4294967295", one(1, kind=0xFFFFFFFF)
    yield "row_of_half_a_block", "rows of 16 numbers", one(16, 2, kind=8)
    yield "k_row_of_one_block_of_32", "rows of 32 numbers", one(32, 8, kind=12)
    yield "offset_not_aligned", "begins at 4", one(1, offset=4)
    yield "offset_at_end", "takes 4 bytes from 64", one(1, offset=64)
    yield "offset_wraps", "takes 4 bytes from 18446744073709551584", one(1, offset=ALL - 31)
    yield "cut_in_data", "takes 64 bytes from 0", one(16, data=SIXTEEN[:60])
    twice = [info("w", [4], 0, 0), info("w", [4], 0, 32)]
    hole = [info("w", [4], 0, 0), info("v", [4], 0, 64)]
    yield "hole_between_tensors", "begins at 64; expected 32", gguf(infos=hole, data=SIXTEEN + SIXTEEN[:16])
    yield "tensor_twice", "'w' occurs twice", gguf(infos=twice, data=SIXTEEN)
    over = [info("w", [9], 0, 0), info("v", [4], 0, 32)]
    yield "tensors_overlap", "overlap", gguf(infos=over, data=SIXTEEN)
    yield "name_too_long", "has 65 bytes", gguf(infos=[info("w" * 65, [1], 0, 0)], data=SIXTEEN)


def gguf_tokenizers():
    tokens = make.TOKENS
    yield "tokens_are_numbers", "is an array of 3 u32s", make.tokenizer_gguf(tokens=(U32, [1, 2, 3]))
    yield "tokens_are_one_text", "is string", make.tokenizer_gguf(tokens=(TEXT, "abc"))
    yield "no_tokens", "there are 0 tokens", make.tokenizer_gguf(tokens=(TEXT, []), merges=(TEXT, []))
    yield "token_twice", "are both", make.tokenizer_gguf(tokens=(TEXT, [*tokens[:-1], tokens[0]]))
    yield "fewer_types_than_tokens", "token types", make.tokenizer_gguf(token_type=(I32, [1] * 9))
    yield "more_types_than_tokens", "token types", make.tokenizer_gguf(token_type=(I32, [1] * 11))
    yield "types_are_texts", "is an array of 10 strings", make.tokenizer_gguf(token_type=(TEXT, [""] * 10))
    yield "type_of_no_kind", "has the type 7", make.tokenizer_gguf(token_type=(I32, [1] * 9 + [7]))
    yield "type_below_all", "has the type -1", make.tokenizer_gguf(token_type=(I32, [-1] + [1] * 9))
    yield "merge_without_space", "expected two tokens", make.tokenizer_gguf(merges=(TEXT, ["th"]))
    yield "merge_of_nothing", "expected two tokens", make.tokenizer_gguf(merges=(TEXT, [" "]))
    yield "merge_of_three", "expected two tokens", make.tokenizer_gguf(merges=(TEXT, ["t h e"]))
    yield "merge_of_unknown", "there is no token", make.tokenizer_gguf(merges=(TEXT, ["a zz"]))
    yield "end_beyond_tokens", "is 10, which is not among", make.tokenizer_gguf(eos_token_id=(U32, 10))
    yield "end_of_all_bits", "is 4294967295, which is not among", make.tokenizer_gguf(eos_token_id=(U32, 0xFFFFFFFF))
    yield "end_too_large", "does not fit", make.tokenizer_gguf(eos_token_id=(U64, ALL))
    yield "end_is_text", "is string; expected an integer", make.tokenizer_gguf(eos_token_id=(TEXT, "</s>"))
    yield "split_unknown", "not supported", make.tokenizer_gguf(pre=(TEXT, "\x1b[31m"))
    yield "model_is_number", "is u32; expected a string", make.tokenizer_gguf(model=(U32, 1))
    # Byte tokens with wrong hexadecimal digits, in the family with byte tokens.
    spm = {"model": (TEXT, "llama"), "pre": None, "merges": None, "scores": (F32, [0.0] * 4)}
    for i, byte in enumerate(["<0xZZ>", "<0x1", "<0x100>", "<0x-1>"]):
        bad = make.tokenizer_gguf(**spm, tokens=(TEXT, ["<unk>", "<s>", "a", byte]), token_type=(I32, [2, 3, 1, 6]),
                                  eos_token_id=(U32, 1))  # fmt: skip
        yield f"byte_token_{i}", "", bad


def language_models():
    def changed(name, expected, key, entry):
        return name, expected, make.model_gguf({key: entry})

    yield changed("architecture_is_number", "is u32; expected a string", "general.architecture", (U32, 1))
    yield changed("hidden_of_2_gib", "head size is 1073741824", "llama.embedding_length", (U32, 1 << 31))
    yield changed("hidden_of_0", "hidden size is 0", "llama.embedding_length", (U32, 0))
    yield changed("hidden_negative", "hidden size is -4", "llama.embedding_length", (I32, -4))
    yield changed("hidden_is_text", "is string", "llama.embedding_length", (TEXT, "4"))
    yield changed("hidden_is_array", "is an array", "llama.embedding_length", (U32, [4]))
    yield changed("layers_of_all_bits", "number of layers is 4294967295", "llama.block_count", (U32, 0xFFFFFFFF))
    yield changed("heads_0", "number of heads is 0", "llama.attention.head_count", (U32, 0))
    yield changed("heads_do_not_divide", "do not fit", "llama.attention.head_count", (U32, 3))
    yield changed("key_heads_0", "number of key heads is 0", "llama.attention.head_count_kv", (U32, 0))
    yield changed("eps_nan", "expected a finite number", "llama.attention.layer_norm_rms_epsilon", (F32, float("nan")))
    yield changed("context_0", "context length is 0", "llama.context_length", (U32, 0))
    yield changed("base_negative", "base of the rotary positions", "llama.rope.freq_base", (F32, -1.0))
    yield "tensor_missing", "missing: blk.0.ffn_up.weight", make.model_gguf(tensors={"blk.0.ffn_up.weight": None})
    yield "tensor_of_other_shape", "has shape", make.model_gguf(tensors={"blk.0.ffn_up.weight": [4, 7]})
    yield "tensor_unexpected", "not supported", make.model_gguf(tensors={"blk.1.ffn_up.weight": [4, 6]})
    yield "table_of_one_row", "of two dimensions", make.model_gguf(tensors={"token_embd.weight": [4]})
    yield "tokens_beyond_table", None, make.model_gguf(tensors={"token_embd.weight": [4, 9]})
    yield "tiny_half_a_layer", "'layers' is 1.5; expected an integer", make.tiny_llm(weights=False, layers=1.5)
    yield "tiny_hidden_of_1e300", "'hidden' is", make.tiny_llm(weights=False, hidden=1e300)
    yield "tiny_hidden_too_large", "'hidden' is", make.tiny_llm(weights=False, hidden=ALL)
    yield "tiny_heads_true", "'heads' is true", make.tiny_llm(weights=False, heads=True)
    yield "tiny_layers_missing", "it has no entry 'layers'", make.tiny_llm(weights=False, layers=None).replace(b"layers\\", b"strata\\")


def model_folders():
    folder, names = make.model_folder, make.weight_map()

    def config(**changes):  # an index is not needed
        return make.folder({"config.json": {**make.CONFIG, **changes}, "tokenizer.json": make.TOKENIZER})

    yield "config_list", "expected a JSON object", make.folder({"config.json": [], "tokenizer.json": make.TOKENIZER})
    yield "config_nested", "nested", make.folder({"config.json": b'{"a":' * 70 + b"1" + b"}" * 70, "tokenizer.json": make.TOKENIZER})
    yield "config_name_twice", "twice in one object", make.folder({"config.json": b'{"a":1,"a":2}', "tokenizer.json": make.TOKENIZER})
    yield "config_hidden_too_large", "'hidden_size' is 18446744073709551615", config(hidden_size=ALL)
    yield "config_hidden_half", "'hidden_size' is 2.5", config(hidden_size=2.5)
    yield "config_hidden_text", "expected an integer", config(hidden_size="16")
    yield "config_heads_0", "number of heads is 0", config(num_attention_heads=0)
    yield "config_layers_declared", "number of layers is 1000000000", folder(num_hidden_layers=10**9)
    yield "config_other_vocabulary", "model.embed_tokens.weight has shape", folder(vocab_size=41)
    yield "config_rope_factor_0", "of the rotary positions is 0", config(rope_scaling={"rope_type": "linear", "factor": 0})
    yield "config_rope_list", "expected an object", config(rope_scaling=[1])
    yield "config_longrope_empty", "long_factor holds 0 numbers", config(
        rope_scaling={"rope_type": "longrope", "long_factor": [], "short_factor": [], "attention_factor": 1})  # fmt: skip
    yield "index_list", "is not an index", folder(index=[])
    yield "index_of_numbers", "is not an index", folder(index={"weight_map": {"a": 1}})
    yield "index_leads_out", "is not in the folder itself", folder(index={"weight_map": {"a": "../" + make.SHARDS[0]}})
    yield "index_of_root", "is not in the folder itself", folder(index={"weight_map": {"a": "/etc/passwd"}})
    yield "index_of_the_folder", "there is no such safetensors file", folder(index={"weight_map": {"a": "."}})
    yield "index_of_no_name", "is not in the folder itself", folder(index={"weight_map": {"a": ""}})
    yield "index_of_itself", "its header says", folder(index={"weight_map": {"a": "model.safetensors.index.json"}})
    yield "index_of_nothing", "number of layers is 2", folder(index={"weight_map": {}})
    yield "index_says_more", "has no tensor 'more'", folder(index={"weight_map": {**names, "more": make.SHARDS[0]}})
    fewer = dict(list(names.items())[:-1])
    yield "index_says_less", "does not say that", folder(index={"weight_map": fewer})


def tokenizer_files():
    change, model = make.tokenizer_json, make.TOKENIZER["model"]
    added = {"id": 4, "content": "</s>", "special": True}
    replace = [{"type": "Replace", "pattern": {"String": "e"}, "content": "e" * 40} for _ in range(30)]
    yield "normalizer_of_40_to_the_30", "times as long", change(normalizer={"type": "Sequence", "normalizers": replace})
    yield "normalizer_in_itself", "expected NFC", change(normalizer={"type": "Sequence", "normalizers": [{"type": "Sequence"}]})
    yield "vocabulary_list", "expected an object", change(model={**model, "vocab": ["t"]})
    yield "id_too_large", "expected an integer", change(model={**model, "vocab": {"t": ALL}})
    yield "id_negative", "expected 0 to", change(model={**model, "vocab": {"t": -1}})
    yield "id_of_1e300", "expected an integer", change(model={**model, "vocab": {"t": 1e300}})
    yield "id_beyond", "expected 0 to", change(model={**model, "vocab": {"t": 1 << 30}})
    yield "id_twice", "which 't' has", change(model={**model, "vocab": {"t": 0, "u": 0}})
    yield "no_vocabulary", "the vocabulary has 0 tokens", change(model={"vocab": {}, "merges": []}, added_tokens=[])
    yield "merge_of_unknown", "there is no token", change(model={**model, "merges": [["t", "x"]]})
    yield "merge_of_three", "expected a string 'a b' or a pair", change(model={**model, "merges": [["t", "h", "t"]]})
    yield "merge_of_numbers", "expected a string 'a b' or a pair", change(model={**model, "merges": [[1, 2]]})
    yield "no_256_bytes", "there is no token '<0x00>'", change(model={**model, "byte_fallback": True})
    yield "unknown_is_no_token", "expected a token of the vocabulary", change(model={**model, "unk_token": "<unk>"})
    yield "added_twice", None, change(added_tokens=[added, {**added, "id": 5}])
    yield "added_with_another_id", None, change(added_tokens=[{"id": 3, "content": "t"}])
    yield "added_number", "expected an object", change(added_tokens=[1])
    yield "added_empty", None, change(added_tokens=[{"id": 4, "content": ""}])
    text, template = {"Sequence": {"id": "A"}}, {"type": "TemplateProcessing", "special_tokens": {"</s>": {"ids": [4]}}}
    end = {"SpecialToken": {"id": "</s>"}}
    yield "template", None, change(post_processor={**template, "single": [text, end]})
    yield "template_without_text", "holds the text A", change(post_processor={**template, "single": [end]})
    yield "template_of_another_text", "the text A once", change(post_processor={**template, "single": [{"Sequence": {"id": "B"}}]})
    yield "template_of_no_token", "has no entry '<s>'", change(post_processor={**template, "single": [{"SpecialToken": {"id": "<s>"}}, text]})
    yield "template_of_all_bits", "expected an id", change(
        post_processor={**template, "single": [text, end], "special_tokens": {"</s>": {"ids": [0xFFFFFFFF]}}})  # fmt: skip
    yield "template_twice", "one template", change(
        post_processor={"type": "Sequence", "processors": [{**template, "single": [text, end]}] * 2})  # fmt: skip
    yield "splits_nested", "nested", b'{"pre_tokenizer":' + b'{"pretokenizers":[' * 40 + b"]}" * 40 + b"}"
    yield "splits_are_a_text", "expected one of those supported", change(pre_tokenizer={"type": "Sequence", "pretokenizers": "ab"})
    yield "type_number", "expected a string", change(normalizer={"type": 1})


def safetensors_files():
    def entry(dtype="F32", shape=(4,), offsets=(0, 16)):
        return {"dtype": dtype, "shape": shape, "data_offsets": offsets}

    def one_tensor(data=SIXTEEN[:16], **lies):
        return safetensors({"x": entry(**lies)}, data)

    yield "header_longer_than_file", "its header says", safetensors({}, length=HUGE)
    yield "header_of_all_bytes", "its header says", safetensors({}, length=ALL)
    yield "header_cut", "shorter than 8 bytes", b"\1\0\0"
    yield "header_is_list", "not a JSON object", safetensors([])
    yield "header_no_json", "not a safetensors file", safetensors(b"{'x': 1}")
    yield "nested_list", "nested", safetensors(b"[" * 70 + b"]" * 70)
    yield "nested_shape", "nested", safetensors(b'{"x":{"dtype":"F32","data_offsets":[0,0],"shape":' + b"[" * 70 + b"]" * 70 + b"}}")
    yield "name_twice", 'the name \"x\" twice', safetensors(b'{"x":%s,"x":%s}' % ((json.dumps(entry()).encode(),) * 2), SIXTEEN[:16])
    yield "metadata_null", None, safetensors({"__metadata__": None})
    yield "metadata_is_number", "not a safetensors file", safetensors({"__metadata__": {"a": 1}})
    yield "product_is_small", "does not fill", one_tensor(shape=[(1 << 62) + 1, 4])
    yield "product_is_0", "does not fill", one_tensor(shape=[1 << 62, 4], offsets=(0, 0), data=b"")
    yield "dimension_negative", "expected a list of integers from 0", one_tensor(shape=[-4])
    yield "dimension_half", "expected a list of integers from 0", one_tensor(shape=[4.5])
    yield "dimension_too_large", "expected a list of integers from 0", one_tensor(shape=[ALL])
    yield "offsets_reversed", "lies outside", one_tensor(offsets=(16, 0))
    yield "offsets_beyond", "lies outside", one_tensor(offsets=(0, HUGE))
    yield "offsets_too_large", "expected a list of integers from 0", one_tensor(offsets=(0, 1 << 63))
    yield "offsets_three", "lies outside", one_tensor(offsets=(0, 16, 32))
    yield "type_unknown", "has dtype F8_E4M3", one_tensor(dtype="F8_E4M3", shape=[16])
    yield "integer_too_large", "does not fit into 32 bits", one_tensor(dtype="I64", shape=[2])
    yield "hole", "begins at byte 4", one_tensor(shape=[3], offsets=(4, 16))
    yield "bytes_left", "the tensors fill", one_tensor(data=SIXTEEN)
    overlap = {"x": entry(), "y": entry(shape=(2,), offsets=(8, 16))}
    yield "overlap", "begins at byte 8", safetensors(overlap, SIXTEEN[:16])


def adapters():
    change = make.adapter
    yield "rank_half", "'r' is 2.5; expected an integer", change(r=2.5)
    yield "rank_too_large", "'r' is 18446744073709551615", change(r=ALL)
    yield "rank_declared", "has shape (2, 4), expected (4096, 4)", change(r=4096)
    yield "rank_0", "r is 0; expected 1 to 4096", change(r=0)
    yield "dropout_2", "lora_dropout is 2", change(lora_dropout=2)
    yield "dropout_null", None, change(lora_dropout=None)
    yield "alpha_text", "expected a number", change(lora_alpha="16")
    yield "targets_text", "names no linear layer", change(target_modules="q_proj")
    yield "targets_number", "'target_modules[0]' is 1; expected a string", change(target_modules=[1])
    yield "targets_unknown", "unexpected", change(target_modules=["q_proj", "x_proj"])
    yield "targets_fewer", "unexpected", change(target_modules=["q_proj"])
    yield "key_twice", 'the name \"r\" twice', change().replace(b'"r": 2', b'"r": 2, "r": 3')
    yield "nested", "nested", b'{"bias":' + b'{"a":' * 70 + b"1" + b"}" * 71
    yield "list", "holds array; expected a JSON object", b"[]"
    yield "no_json", "is not JSON", b"{"


def artifact_files():
    yield "results_list", "expected a JSON object", b"results\n[1]"
    yield "results_stage_of_number", "'stages[0]' is 1; expected an object", b'results\n{"stages": [1]}'
    yield "results_seconds_text", "'stages[0].seconds' is", b'results\n{"stages": [{"name": "pretrain", "seconds": "1"}]}'
    yield "results_name_twice", "twice in one object", b'results\n{"data": 1, "data": 2}'
    bins = b'results\n{"data": {"users": 1, "items": 1, "interactions": 1, "lengths": [' + b"1, " * 63 + b'1], "popularity": []}}'
    yield "results_bins", "has 64 bins; expected at most 63", bins
    yield "results_cut", "is not JSON", b'results\n{"data": '
    yield "manifest_list", "manifest.json", b"manifest\n[]"
    yield "manifest_number", "not a manifest", b'manifest\n{"format": 4, "stages": {"groups": 1}}'
    yield "log_no_json", "log.jsonl:2: found a line that is not a step", b'log\n{"task": "a", "step": 1}\nx\n'
    yield "log_step_of_1e300", "log.jsonl:1: 'step' is 1e+300", b'log\n{"task": "a", "step": 1e300}\n'
    yield "log_task_number", "found a line that is not a step", b'log\n{"task": 1, "step": 1}\n'
    yield "log_loss_text", "log.jsonl:1: found a line that is not a step", b'log\n{"task": "a", "step": 1, "loss": "1"}\n'
    head = b"groups\nitem_id\tgroup\n1\t0\n2\t"
    yield "groups_declared", "is in group 99999999", head + b"99999999\n10\t0\n"
    yield "groups_negative", "its group were expected", head + b"-1\n10\t0\n"
    yield "groups_too_large", "its group were expected", head + b"99999999999\n10\t0\n"
    yield "groups_cut", "its group were expected", head + b"1\n"
    yield "groups_more", "after the last item", head + b"1\n10\t0\n11\t0\n"


def option_files():
    yield "no_value", "hint: options are written as", b"lr = \n"
    yield "text_open", "hint: options are written as", b'data = "a\nlr = 1\n'
    yield "escape_cut", "hint: options are written as", b'data = "\\u12"\n'
    yield "escape_surrogate", "hint: options are written as", b'data = "\\uD800"\n'
    yield "escape_beyond", "hint: options are written as", b'data = "\\UFFFFFFFF"\n'
    yield "array_open", "hint: options are written as", b"seeds = [1, 2"
    yield "array_empty", "at least one value", b"seeds = []\n"
    yield "array_nested", "expected a string, a number", b"seeds = [[1]]\n"
    yield "number_too_large", "hint: options are written as", b"groups = 99999999999999999999\n"
    yield "number_nan", "found 'nan'", b"lr = nan\n"
    yield "number_infinite", "hint: options are written as", b"lr = 1e999\n"
    yield "option_twice", "hint: options are written as", b"lr = 1\n'lr' = 2\n"
    yield "option_of_the_call", "on the command line", b"overwrite = true\n"
    yield "nul_bytes", "hint: options are written as", b"\0\0lr = 1\n"
    yield "table", "run.lr: there is no such option", b"[run]\nlr = 1\n"


def interaction_files():
    atomic = b"user_id:token\titem_id:token\ttimestamp:float\n"
    yield "empty", "is empty", b""
    yield "nul_byte", "does not belong in a text file", b"1 2\n3 \0\n"
    yield "not_utf8", "is not UTF-8", b"1 2\n\xc3\x28 4\n"
    yield "overlong", "is not UTF-8", b"1 \xc0\xaf\n"
    yield "one_column", "found one column", b"1 2\n3\n"
    yield "semicolons", "found semicolons", b"user;item\n1;2\n"
    yield "json_array", "this is a JSON array", b'[{"user":1,"item":2}]\n'
    yield "header_alone", "no row below the header", atomic
    yield "header_twice", "occurs twice", b"user_id:token\tuser_id:token\n1\t2\n"
    yield "column_of_no_type", "has no known type", b"user_id:token\titem_id:tokens\n1\t2\n"
    yield "row_too_short", "found 2 columns", atomic + b"1\t2\n"
    yield "id_empty", "is empty", atomic + b"\t2\t3\n"
    yield "time_nan", "is not a number", atomic + b"1\t2\tnan\n"
    yield "time_infinite", "is not a number", atomic + b"1\t2\t1e999\n"
    yield "user_twice", "has a line already", b"1 2 3\n1 4\n"
    yield "items_no_header", "expected a header", atomic + b"1\t2\t3\n=== items\n2 a\n"
    yield "items_of_another_set", "none of its 1 items", atomic + b"1\t2\t3\n=== items\nitem_id:token\ttitle:token\n7\ta\n"
    yield "items_two_titles", "has another title", atomic + b"1\t2\t3\n=== items\nitem_id:token\ttitle:token\n2\ta\n2\tb\n"


def gzip_files():
    whole = make.gzip(b"1 2\n1 3\n")
    yield "cut", "damaged or end early", whole[:-3]
    yield "header_only", "damaged or end early", whole[:10]
    yield "wrong_sum", "damaged or end early", whole[:-8] + b"\0\0\0\0" + whole[-4:]
    yield "parquet", "this is a Parquet file", b"PAR1\0\0\0\0PAR1"
    yield "parquet_in_gzip", "this is a Parquet file", make.gzip(b"PAR1")
    yield "bomb", "damaged or end early", make.gzip(b"\0" * 1_000_000)[:-1]


def table_files():
    yield "open_quote", "begins in this row and does not end", b'\nuser_id,item_id\n1,"2\n'
    yield "two_users", "could both be meant", b"\nuser,userId,item\n1,2,3\n"
    yield "short_row", "found 2 columns", b"1 2 4 3\n1,2,3,4\n1,2\n"
    yield "json_twice", "twice", b'\n{"user_id": "1", "user_id": "2", "asin": "3"}\n'
    yield "json_deep", "deep", b"\n{\"user_id\": " + b"[" * 5000 + b"]" * 5000 + b"}\n"
    yield "json_cut", "expected a JSON object", b'\n{"user_id": "1", \n'
    yield "two_meanings", "a user's sequence", b"\n1 2 3 999999999\n2 2 3 999999999\n"


def split_files():
    head = b"user_id:token\titem_id:token\titem_id_list:token_seq\n"
    yield "no_list", "the list of items is empty", b"user_id:token\titem_id_list:token_seq\n1\t\n===\n===\n"
    files = [head + b"1\t3\t1 2\n", head + b"1\t4\t9 3\n", head + b"1\t4\t3\n"]
    yield "other_list", "are neither the end nor a continuation of", b"===\n".join(files)
    files = [head + b"1\t3\t2\n", head + b"1\t4\t2 3\n", head + b"2\t3\t\n"]
    yield "no_target", "with a test target: 0", b"===\n".join(files)


def title_files():
    yield "no_titles", "expected a header", b"1 One\n"
    yield "two_titles", "has another title", b"1::One::x\n1::Uno::x\n"


def right():
    yield "gguf", "right", make.tokenizer_gguf()
    yield "language_model", "right", make.model_gguf()
    yield "language_model", "right_untied", make.model_gguf(tensors={"output.weight": [4, 10]})
    yield "language_model", "right_tiny", make.tiny_llm()
    yield "safetensors", "right", make.all_dtypes()
    yield "language_model", "right_folder", make.model_folder()
    yield "tokenizer", "right_json", make.tokenizer_json()
    yield "tokenizer", "right", "The  <|endoftext|>\n42 Äpfel\u3000".encode() + b"\xff\xc3"
    yield "adapter", "right", make.adapter()
    yield "options", "right", make.OPTIONS.encode()
    for name, words in make.INTERACTIONS.items():
        yield "interactions", "right_" + name, words.encode()
    yield "gzip", "right", make.gzip(b"1 2\n") + make.gzip(b"1 3\n")
    for name, words in make.TABLES.items():
        yield "table", "right_" + name, words.encode()
    yield "given_split", "right", make.GIVEN_SPLIT.encode()
    yield "given_split", "right_lists", make.GIVEN_SPLIT_OF_LISTS.encode()
    yield "titles", "right", b"item_id,title\n1,One\n2,Two\n"
    yield "titles", "right_latin1", b"1|Caf\xe9|x\n2|Two|x\n"
    for name, words in make.ARTIFACTS.items():
        yield "artifacts", "right_" + name, words.encode()


LESSONS = {
    "gguf": [gguf_counts, gguf_places, gguf_tokenizers], "language_model": [language_models, model_folders],
    "tokenizer": [tokenizer_files],
    "safetensors": [safetensors_files], "adapter": [adapters], "artifacts": [artifact_files], "options": [option_files],
    "interactions": [interaction_files], "gzip": [gzip_files], "table": [table_files], "given_split": [split_files],
    "titles": [title_files],
}  # fmt: skip


def lessons():
    for target, name, content in right():
        yield target, name, None, content
    for target, makers in LESSONS.items():
        for maker in makers:
            for name, expected, content in maker():
                yield target, name, expected, content


def main():
    lines = [json.dumps([target, name, expected, content.hex()]) for target, name, expected, content in lessons()]
    (Path(__file__).parent / "lessons.json").write_text("[" + ",\n".join(lines) + "]\n")


if __name__ == "__main__":
    main()
