"""Compares `p2rec llm tokenize` with the packages tokenizers and sentencepiece on random texts of 40 scripts.

    python tests/check_tokenizers.py --program build/p2rec [--texts 10000] [--seed 1]
    python tests/check_tokenizers.py --program build/p2rec --tokenizer-json FILE    a real one, e.g. Llama 3's
    python tests/check_tokenizers.py --program build/p2rec --tokenizer-model FILE   SentencePiece's, e.g. Mistral's

Without a file, the script trains vocabularies of some thousand tokens for each supported pre-tokenizer,
writes them as tokenizer.json and as GGUF, and compares both. The texts contain only characters of Unicode 11,
which all tables involved have (PCRE2 10.42 has 14; the oldest table, for NFC in the package tokenizers, does
not order U+0EBA of Unicode 12). Exit code 1 if an id differs. Needs: gguf, sentencepiece, tokenizers.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import gguf
import sentencepiece
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent / "fixtures"))
from make_tokenizers import byte_level, llama2, llama3, metaspace, pieces, train_sentencepiece  # noqa: E402
from tokenizer_texts import SENTENCES, TEXTS  # noqa: E402

SCRIPTS = {  # the first and last character of each block
    "Latin": (0x41, 0x7A), "Latin-1": (0xA1, 0xFF), "Latin Extended": (0x100, 0x24F), "IPA": (0x250, 0x2AF),
    "Combining": (0x300, 0x36F), "Greek": (0x370, 0x3FF), "Cyrillic": (0x400, 0x4FF), "Armenian": (0x531, 0x587),
    "Hebrew": (0x591, 0x5F4), "Arabic": (0x600, 0x6FF), "Syriac": (0x700, 0x74F), "Thaana": (0x780, 0x7B1),
    "NKo": (0x7C0, 0x7FA), "Devanagari": (0x900, 0x97F), "Bengali": (0x980, 0x9FE), "Gurmukhi": (0xA01, 0xA76),
    "Gujarati": (0xA81, 0xAFF), "Oriya": (0xB01, 0xB77), "Tamil": (0xB82, 0xBFA), "Telugu": (0xC00, 0xC7F),
    "Kannada": (0xC80, 0xCF2), "Malayalam": (0xD00, 0xD7F), "Sinhala": (0xD82, 0xDF4), "Thai": (0xE01, 0xE5B),
    "Lao": (0xE81, 0xEDF), "Tibetan": (0xF00, 0xFDA), "Myanmar": (0x1000, 0x109F), "Georgian": (0x10A0, 0x10FF),
    "Hangul Jamo": (0x1100, 0x11FF), "Ethiopic": (0x1200, 0x137C), "Cherokee": (0x13A0, 0x13FD),
    "Canadian": (0x1400, 0x167F), "Ogham": (0x1680, 0x169C), "Runic": (0x16A0, 0x16F8), "Khmer": (0x1780, 0x17F9),
    "Mongolian": (0x1800, 0x18AA), "Hiragana": (0x3041, 0x309F), "Katakana": (0x30A0, 0x30FF),
    "Bopomofo": (0x3105, 0x312F), "Han": (0x4E00, 0x9FEF), "Hangul": (0xAC00, 0xD7A3),
    "Greek Extended": (0x1F00, 0x1FFE), "Gothic": (0x10330, 0x1034A), "Hieroglyphs": (0x13000, 0x1342E),
}  # fmt: skip
OTHERS = {
    "digits": "0123456789" * 3 + "\u0661\u0662\u0663\u0967\u0e52\uff11\u00b2\u00bd\u2167\u2460\u3007\U0001d7d9",
    "spaces": "     \n\n\t\r\u00a0\u2003\u2028\u3000\u0085\u1680\u200b\u180e\ufeff",
    "signs": ".,;:!?'\"()[]{}<>@#$%&*+-=/\\|~^_`" + "\u2019\u2014\u00ab\u20ac\u2581\u2192\u2211\u212b\u2126\u0000\u007f",
    "emoji": "\U0001f600\U0001f44d\U0001f3fd\u200d\u2764\ufe0f\U0001f1e9\U0001f1ea\u20e3\U0001f984",
}
FRAGMENTS = ["'s", "'T", "'re", "'VE", "'m", "'Ll", "'d", "'\u017f", "don't", " the", "\r\n", "\n\n", "   ", "e\u0301",
             "\u1112\u1161\u11ab", "q\u0307\u0323", " 1995", "12345", "<|", "|>", "<s", "\u2581\u2581", "\ud55c"]  # fmt: skip


# Characters of these blocks that are newer than Unicode 11 (DerivedAge.txt).
NEWER = {0x61D, 0xB55, 0xC3C, 0xC5D, 0xC77, 0xCDD, 0xD04, 0xD81, 0xE86, 0xE89, *range(0xE8C, 0xE94), 0xE98, 0xEA0, 0xEA8, 0xEA9,
         0xEAC, 0xEBA, 0x180F}  # fmt: skip


def known(code):
    return unicodedata.category(chr(code)) not in ("Cn", "Co", "Cs") and code not in NEWER


ALPHABETS = {name: [chr(c) for c in range(a, b + 1) if known(c)] for name, (a, b) in SCRIPTS.items()}


def random_text(rng, special):
    parts = []
    for _ in range(rng.randint(1, 8)):
        kind = rng.random()
        if kind < 0.5:
            alphabet = ALPHABETS[rng.choice(list(ALPHABETS))]
            parts.append("".join(rng.choices(alphabet, k=rng.randint(1, 8))))
        elif kind < 0.75:
            parts.append("".join(rng.choices(OTHERS[rng.choice(list(OTHERS))], k=rng.randint(1, 6))))
        elif kind < 0.95 or not special:
            parts.append(rng.choice(FRAGMENTS))
        else:
            parts.append(rng.choice(special))
        if rng.random() < 0.4:
            parts.append(" ")
    return "".join(parts)


def corpus(rng):
    """The training texts: sentences, and random words that occur often enough to be merged."""
    words = [random_text(rng, []) for _ in range(1500)]
    lines = [" ".join(rng.choices(words, k=6)) for _ in range(3000)]
    readme = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8").splitlines(keepends=True)
    return SENTENCES * 20 + TEXTS * 5 + readme * 3 + lines


class Check:
    def __init__(self, program, texts):
        self.program, self.texts, self.failed = program, texts, 0

    def tokenize(self, llm, folder):
        lines = Path(folder) / "texts.jsonl"
        lines.write_text("".join(json.dumps(text) + "\n" for text in self.texts), encoding="ascii")
        done = subprocess.run([self.program, "llm", "tokenize", "--llm", llm, "--text-file", lines], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"llm tokenize: exit code {done.returncode}\n{done.stderr}")
        return [[int(word) for word in line.split()] for line in done.stdout.split("\n")[:-1]]

    def compare(self, name, llm, expected, folder):
        found = self.tokenize(llm, folder)
        wrong = [i for i, (a, b) in enumerate(zip(found, expected)) if a != b]
        different = len(wrong) + abs(len(found) - len(expected))
        tokens = sum(map(len, expected))
        print(f"{name:<44} {len(expected):>7} texts {tokens:>9} tokens {different:>6} differ", flush=True)
        for i in wrong[:3]:
            print(f"    {self.texts[i]!r}\n    found    {found[i]}\n    expected {expected[i]}")
        self.failed += different

    def tokenizer_json(self, name, document, folder):
        """`document`: a tokenizer.json as a string."""
        folder = Path(folder)
        (folder / "tokenizer.json").write_text(document, encoding="utf-8")
        (folder / "config.json").write_text("{}")  # every model's folder has one
        tokenizer = Tokenizer.from_str(document)
        tokenizer.no_truncation()
        expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in self.texts]
        self.compare(name, folder, expected, folder)
        return expected


def write_gguf(path, family, pre, tokens, types, merges=None, scores=None):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(family)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if merges:
        writer.add_token_merges([" ".join(merge) for merge in merges])
    if scores:
        writer.add_token_scores(scores)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def check_byte_level(check, training, folder):
    document = llama3(training, 4000, ["123", "\u0120worldwide", "worldwide", ")\u010a"])
    normalized = [token["content"] for token in document["added_tokens"] if token["normalized"]]
    for name in ("gpt-2", "smollm", "llama-bpe", "qwen2"):
        model = {**document["model"], "ignore_merges": name == "llama-bpe"}
        full = {**document, **byte_level(name), "model": model}
        check.tokenizer_json(f"{name}, tokenizer.json", json.dumps(full), folder)
        # In GGUF, an added token cannot be found after normalisation: there it is an ordinary token.
        added = [token for token in full["added_tokens"] if token["content"] not in normalized]
        plain = Tokenizer.from_str(json.dumps({**full, "added_tokens": added}))
        expected = [plain.encode(text, add_special_tokens=False).ids for text in check.texts]
        tokens = sorted(model["vocab"], key=model["vocab"].get) + [token["content"] for token in added]
        types = [1] * len(model["vocab"]) + [3 if token["special"] else 4 for token in added]
        write_gguf(Path(folder) / "x.gguf", "gpt2", name, tokens, types, merges=model["merges"])
        check.compare(f"{name}, GGUF", Path(folder) / "x.gguf", expected, folder)


def check_scores(check, name, model, folder):
    """SentencePiece finds no control tokens in a text, so the parts between them are encoded separately."""
    tokens, scores, types = pieces(model)
    control = [token for token, kind in zip(tokens, types) if kind in (2, 3)]

    def expected(text):
        ids, begin = [], 0
        for at in range(len(text) + 1):
            token = next((t for t in control if text.startswith(t, at)), None)
            if at >= begin and (token or at == len(text)):
                ids += model.encode(text[begin:at]) + ([model.piece_to_id(token)] if token else [])
                begin = at + len(token or "")
        return ids

    write_gguf(Path(folder) / "x.gguf", "llama", None, tokens, types, scores=scores)
    check.compare(f"{name}, GGUF with scores", Path(folder) / "x.gguf", [expected(text) for text in check.texts], folder)
    return tokens, scores, types


def check_sentencepiece(check, training, folder):
    model = train_sentencepiece(training, 7000, character_coverage=0.98, user_defined_symbols=["<tool>", "<two\u2581words>"])
    document = llama2(*check_scores(check, "SentencePiece", model, folder))
    check.tokenizer_json("SentencePiece, Prepend and Replace", json.dumps(document), folder)
    # The first files of Llama 2 find their special tokens in normalised text.
    normalized = [{**token, "normalized": True} for token in document["added_tokens"]]
    check.tokenizer_json("SentencePiece, normalized tokens", json.dumps({**document, "added_tokens": normalized}), folder)
    for scheme in ("always", "first", "never"):
        for split in (True, False):
            full = {**document, **metaspace(scheme, split)}
            check.tokenizer_json(f"SentencePiece, Metaspace {scheme}{', split' * split}", json.dumps(full), folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--texts", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokenizer-json", type=Path, help="compare this file with the package tokenizers")
    parser.add_argument("--tokenizer-model", type=Path, help="compare this file with the package sentencepiece")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    print(f"{len(SCRIPTS)} scripts")
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|im_start|>", "<tool>", "<tool>call", "A\u030a!", "<s>", "</s>", "<unk>",
               "<two\u2581words>", "[INST]"]  # fmt: skip
    check = Check(options.program, TEXTS + [random_text(rng, special) for _ in range(options.texts)])
    with tempfile.TemporaryDirectory() as folder:
        if options.tokenizer_json:
            check.tokenizer_json(options.tokenizer_json.name, options.tokenizer_json.read_text(encoding="utf-8"), folder)
        if options.tokenizer_model:
            model = sentencepiece.SentencePieceProcessor(model_file=str(options.tokenizer_model))
            document = llama2(*check_scores(check, options.tokenizer_model.name, model, folder))
            check.tokenizer_json(f"{options.tokenizer_model.name}, converted", json.dumps(document), folder)
        if not options.tokenizer_json and not options.tokenizer_model:
            training = corpus(rng)
            check_byte_level(check, training, folder)
            check_sentencepiece(check, training, folder)
    raise SystemExit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
