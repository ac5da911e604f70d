"""Compares `p2rec llm tokenize` with the Python package tokenizers on random small tokenizers, a few texts
each.

    python tests/check_random_tokenizers.py --program build/p2rec [--count 5000] [--seed 1]

Half are byte-level, half SentencePiece's BPE. These are random: the tokens and merges over a few characters,
the bytes with a token, ignore_merges, unknown tokens, normaliser, pre-tokenizer, template, and the added
tokens (one character or a word, in the vocabulary or not, special or not, found in the text as it is or
normalised, with unused ids). Exit code 1 if an id differs. Needs: tokenizers.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent / "fixtures"))
from make_special_tokens import BYTE_LEVEL, template  # noqa: E402
from make_tokenizers import added_token, bpe, byte_level, document, metaspace  # noqa: E402

CHARACTERS = ["a", "b", "A", "1", "\u00e9", "e\u0301", "\u2192", "\u4f60", "\U0001f600", "'", "s", "\n", "\u2581", "."]
WORDS = ["ab", "aab", "a1", "\u2192\u2192", "\u00e9a", "e\u0301a", "<s>", "</s>", "b b", " a", "\u2581a", "[X]", "A\u0300"]
TEXTS = 8


def byte_characters():
    """GPT-2's character for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(others)) for b in range(256)]


BYTES = byte_characters()


def as_bytes(text):
    return "".join(BYTES[b] for b in text.encode())


def grow(rng, tokens, merges):
    """Adds random merges of two tokens, and tokens that no merge reaches."""
    for _ in range(rng.randint(0, 25)):
        left, right = rng.choice(tokens), rng.choice(tokens)
        if len(left + right) <= 8:
            merges.append((left, right))
            if left + right not in tokens:
                tokens.append(left + right)


def random_added(rng, tokens, in_vocabulary):
    """Added tokens of one character or a word. in_vocabulary(text): the text in the vocabulary's form."""
    for content in rng.sample(CHARACTERS + WORDS, rng.randint(0, 3)):
        if in_vocabulary(content) not in tokens:
            tokens.append(in_vocabulary(content))  # the model has this token too
    next_id = len(tokens) + rng.choice([0, 0, 0, 3])  # the package ignores the entry and gives it the next id
    added = []
    for content in rng.sample(CHARACTERS + WORDS, rng.randint(0, 6)):
        id = tokens.index(content) if content in tokens else next_id
        next_id += content not in tokens
        added.append(added_token(id, content, rng.random() < 0.5, rng.random() < 0.5))
    return added


def unambiguous(content):
    """If two added tokens are equal in normalised text, the package's choice between them is random."""
    normalizer, seen, kept = Tokenizer.from_str(json.dumps(content)).normalizer, set(), []
    for token in content["added_tokens"]:
        text = token["content"]
        if token["normalized"] and normalizer:
            text = normalizer.normalize_str(text)
        if (text, token["normalized"]) not in seen:
            kept.append(token)
        seen.add((text, token["normalized"]))
    return {**content, "added_tokens": kept}


def random_template(rng, added):
    special = [token for token in added if token["special"]]
    if not special or rng.random() < 0.5:
        return rng.choice([None, BYTE_LEVEL])
    names = {token["content"]: [token["id"]] for token in special}
    pick = lambda: rng.choices(list(names), k=rng.randint(0, 2))  # noqa: E731
    return template(names, pick(), pick())


def random_byte_level(rng):
    missing = set(rng.sample(range(256), rng.choice([0, 0, 40])))
    tokens, merges = [c for b, c in enumerate(BYTES) if b not in missing], []
    used = [as_bytes(c) for c in [*CHARACTERS, " "]]
    grown = [c for c in sorted({c for text in used for c in text}) if c in tokens]
    known = len(grown)
    grow(rng, grown, merges)
    tokens += grown[known:]
    for word in rng.sample(WORDS, 3):
        if as_bytes(word) not in tokens:
            tokens.append(as_bytes(word))  # no merge reaches it
    added = random_added(rng, tokens, as_bytes)
    unknown = {"unk_token": tokens[0], "fuse_unk": rng.random() < 0.5} if rng.random() < 0.3 else {}
    model = bpe(tokens, merges, ignore_merges=rng.random() < 0.5, **unknown)
    return document(model, added, **byte_level(rng.choice(["gpt-2", "smollm", "llama-bpe", "qwen2"])))


def random_sentencepiece(rng):
    tokens, merges = ["<unk>"], []
    fallback = rng.random() < 0.6
    if fallback:
        tokens += [f"<0x{b:02X}>" for b in range(256)]
    grown = rng.sample([*(c for c in CHARACTERS if len(c) == 1 and c != "\u2581"), "e"], 9) + ["\u2581"]
    known = len(grown)
    grow(rng, grown, merges)
    tokens += grown[:known] + grown[known:]
    for word in rng.sample(["ab", "aab", "\u2581a", "\u2192\u2192"], 2):
        if word not in tokens:
            tokens.append(word)
    added = random_added(rng, tokens, str)
    unknown = {"unk_token": "<unk>"} if fallback or rng.random() < 0.7 else {}
    model = bpe(tokens, merges, ignore_merges=rng.random() < 0.5, byte_fallback=fallback, fuse_unk=rng.random() < 0.5, **unknown)
    steps = [{"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]
    parts = rng.choice([
        {"normalizer": {"type": "Sequence", "normalizers": steps}},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, *steps]}},
        metaspace(rng.choice(["always", "first", "never"]), rng.random() < 0.5),
    ])  # fmt: skip
    return document(model, added, **parts)


def random_text(rng, added):
    pieces = CHARACTERS * 2 + WORDS + [" "] * 10 + [token["content"] for token in added] * 3
    return "".join(rng.choices(pieces, k=rng.randint(0, 12)))


def ids_of(program, folder, content, texts):
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "config.json").write_text("{}")
    lines = folder / "texts.jsonl"
    lines.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="ascii")
    done = subprocess.run([program, "llm", "tokenize", "--llm", folder, "--text-file", lines], capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr
    return [[int(word) for word in line.split()] for line in done.stdout.split("\n")[:-1]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong = tokens = 0
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(options.count):
            rng = random.Random(f"{options.seed} {number}")
            content = unambiguous((random_byte_level if number % 2 else random_sentencepiece)(rng))
            content["post_processor"] = random_template(rng, content["added_tokens"])
            texts = [random_text(rng, content["added_tokens"]) for _ in range(TEXTS)]
            package = Tokenizer.from_str(json.dumps(content))
            expected = [package.encode(text).ids for text in texts]
            found = ids_of(options.program, Path(scratch), content, texts)
            tokens += sum(map(len, expected))
            if found != expected:
                wrong += 1
                if wrong <= 3:
                    print(f"tokenizer {number}: {json.dumps(content, ensure_ascii=False)[-1500:]}")
                    for text, a, b in zip(texts, found, expected) if isinstance(found, list) else [(found, None, None)]:
                        if a != b or a is None:
                            print(f"    {text!r}\n    found    {a}\n    expected {b}")
    print(f"{options.count} tokenizers, {options.count * TEXTS} texts, {tokens} tokens: {wrong} tokenizers differ")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
