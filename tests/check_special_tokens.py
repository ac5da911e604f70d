"""Compares `p2rec llm tokenize` with transformers' AutoTokenizer, including special tokens, on 200 random
texts for each kind of post_processor, also after `p2rec llm merge`. Compares the flags of GGUF files with
llama.cpp's rules.

    python tests/check_special_tokens.py --program build/p2rec [--texts 200] [--seed 1]

Exit code 1 if an id differs. Needs: gguf, sentencepiece, tokenizers, torch, transformers.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

sys.path.insert(0, str(Path(__file__).resolve().parent / "fixtures"))
from check_tokenizers import Check, random_text  # noqa: E402
from make_special_tokens import FIXTURES, TOKENIZERS, cases, transformers_tokenizer  # noqa: E402

FAMILIES = FIXTURES / "families"


def add_model(folder, tokens):
    """Adds a model, so that the folder can be merged: families/smollm2 with a table for these tokens."""
    config = LlamaConfig.from_pretrained(FAMILIES / "smollm2", vocab_size=tokens, eos_token_id=None)
    kept = (Path(folder) / "tokenizer_config.json").read_text()
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    (Path(folder) / "tokenizer_config.json").write_text(kept)


def check_folder(check, document, kind, bos, eos, folder):
    tokenizer = transformers_tokenizer(document, folder, bos_token=bos, eos_token=eos, add_bos_token=True)
    expected = [tokenizer(text).input_ids for text in check.texts]
    add_model(folder, len(tokenizer))
    check.compare(f"{kind}, folder", folder, expected, folder)
    merged = Path(folder) / "merged"
    subprocess.run([check.program, "llm", "merge", "--llm", folder, "--out", merged], check=True, stdout=subprocess.DEVNULL)
    check.compare(f"{kind}, merged", merged, expected, folder)


def write_gguf(path, document, pre, flags):
    """Writes the byte-level tokenizer `document` with the tensors of families/llama3.gguf."""
    reader = gguf.GGUFReader(FAMILIES / "llama3.gguf")
    vocab = document["model"]["vocab"]
    added = [token for token in document["added_tokens"] if token["content"] not in vocab and not token["normalized"]]
    tokens = sorted(vocab, key=vocab.get) + [token["content"] for token in added]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([1] * len(vocab) + [3 if token["special"] else 4 for token in added])
    writer.add_token_merges([" ".join(merge) for merge in document["model"]["merges"]])
    writer.add_bos_token_id(tokens.index("<|begin_of_text|>"))
    writer.add_eos_token_id(tokens.index("<|end_of_text|>"))
    for name, value in flags.items():
        getattr(writer, f"add_add_{name}_token")(value)
    for key in ("context_length", "embedding_length", "feed_forward_length", "block_count", "rope.freq_base",
                "attention.head_count", "attention.head_count_kv", "attention.layer_norm_rms_epsilon"):  # fmt: skip
        field = reader.fields.get(f"llama.{key}")
        if field:
            (writer.add_float32 if isinstance(field.contents(), float) else writer.add_uint32)(f"llama.{key}", field.contents())
    for tensor in reader.tensors:
        data = tensor.data
        if tensor.name == "token_embd.weight":
            data = data[[i % len(data) for i in range(len(tokens))]]
        writer.add_tensor(tensor.name, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tokens


def check_gguf(check, document, folder):
    document = {**document, "added_tokens": [token for token in document["added_tokens"] if not token["normalized"]]}
    # Without the key, llama.cpp adds bos only for llama-bpe.
    for pre, flags, bos, eos in (("llama-bpe", {}, True, False), ("llama-bpe", {"bos": False}, False, False),
                                 ("gpt-2", {}, False, False), ("gpt-2", {"bos": True, "eos": True}, True, True),
                                 ("qwen2", {"eos": True}, False, True)):  # fmt: skip
        path, merged = Path(folder) / "x.gguf", Path(folder) / f"merged-{pre}-{bos}-{eos}"
        tokens = write_gguf(path, document, pre, flags)
        kind = f"{pre} {flags}"
        subprocess.run([check.program, "llm", "merge", "--llm", path, "--out", merged], check=True, stdout=subprocess.DEVNULL)
        tokenizer = AutoTokenizer.from_pretrained(merged)
        ids = tokens.index("<|begin_of_text|>"), tokens.index("<|end_of_text|>")
        expected = [[ids[0]] * bos + tokenizer(text, add_special_tokens=False).input_ids + [ids[1]] * eos for text in check.texts]
        check.compare(f"{kind}, GGUF", path, expected, folder)
        check.compare(f"{kind}, merged", merged, [tokenizer(text).input_ids for text in check.texts], folder)
        if [tokenizer(text).input_ids for text in check.texts] != expected:
            print("    transformers adds other tokens to the merged folder")
            check.failed += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for name, (bos, eos) in TOKENIZERS.items():
        document = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
        special = [token["content"] for token in document["added_tokens"]]
        check = Check(options.program, [random_text(rng, special) for _ in range(options.texts)])
        for kind, post_processor in cases(document, bos, eos).items():
            with tempfile.TemporaryDirectory() as folder:
                check_folder(check, {**document, "post_processor": post_processor}, f"{name}, {kind}", bos, eos, folder)
        if "llama3" in name:
            with tempfile.TemporaryDirectory() as folder:
                check_gguf(check, document, folder)
        if check.failed:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
