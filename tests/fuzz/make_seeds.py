"""Writes the fuzzer's first inputs, a folder for each target: committed fixtures and the files of
make_lessons.py.

usage: make_seeds.py FOLDER
"""

import json
import sys
from pathlib import Path

import file_bytes as make
from make_lessons import lessons

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests/fixtures"



def folders():
    """Families in the form that language_model reads; the index of one belongs to shards of the target."""
    for family in ("llama2", "llama3", "qwen2", "qwen3", "smollm2", "tinyllama"):
        files = {path.name: path.read_bytes() for path in (FIXTURES / "families" / family).iterdir()}
        small = {name: content for name, content in files.items() if not name.startswith("model-")}
        yield family, make.folder({"tokenizer.json": make.TOKENIZER, "tokenizer_config.json": {"eos_token": "</s>"}, **small})


def seeds():
    yield "gguf", "full_tokenizer", make.tokenizer_gguf(make.FULL)
    yield "gguf", "gpt2", make.tokenizer_gguf(make.FULL, pre=(make.TEXT, "gpt-2"), token_type=None, eos_token_id=None)
    for name in ("tiny.gguf", "tiny_bpe.gguf"):
        yield "gguf", name, (FIXTURES / name).read_bytes()
    yield "safetensors", "schedule", (FIXTURES / "schedule.safetensors").read_bytes()
    for i, case in enumerate(json.loads((FIXTURES / "tiny_bpe_tokens.json").read_text())["cases"]):
        yield "tokenizer", str(i), case["text"].encode()
    for name in ("llama2", "llama3"):
        yield "tokenizer", name + ".json", (FIXTURES / f"tiny_{name}_tokenizer.json").read_bytes()
    for name, content in folders():
        yield "language_model", name, content
    for path in (ROOT / "p2rec/configs").glob("*.toml"):
        yield "options", path.name, path.read_bytes()
    for target, name, _, content in lessons():
        yield target, name, content


def main():
    for target, name, content in seeds():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


main()
