"""The common part of the check_*.py: running p2rec, comparison, the table."""

import re
import subprocess
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent / "fixtures"))

TOLERANCE = 2e-4  # share of the reference's range (largest - smallest value): float32 through some dozen layers


class Program:
    """The p2rec binary with a language model."""

    def __init__(self, program, llm):
        self.program, self.llm = program, llm

    def run(self, command, text, *options):
        bare = "--no-special-tokens"  # check_special_tokens.py tests those
        line = [self.program, "llm", command, "--llm", self.llm, "--text", text, bare, *map(str, options)]
        done = subprocess.run(line, capture_output=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(repr, line))}: exit code {done.returncode}\n{done.stderr.decode()}")
        return done.stdout.decode("utf-8", errors="replace")

    def tokenize(self, text):
        """The ids, from one line of output."""
        output = self.run("tokenize", text).strip()
        if not re.fullmatch(r"\d+([ ,]+\d+)*", output):
            raise SystemExit(f"llm tokenize printed {output[:200]!r}, expected ids on one line")
        return [int(word) for word in re.findall(r"\d+", output)]


def share_of_range(found, expected):
    """The largest difference divided by the reference's range."""
    if found.shape != expected.shape:
        raise SystemExit(f"shapes differ: found {tuple(found.shape)}, expected {tuple(expected.shape)}")
    found, expected = found.double(), expected.double()
    share = ((found - expected).abs().max() / (expected.max() - expected.min())).item()
    return share if torch.isfinite(found).all() else float("inf")


def only_tensors(file, names, path):
    """The tensors of a safetensors file, which must be exactly these."""
    if set(file) != set(names):
        raise SystemExit(f"{path}: holds {sorted(file)}, expected {sorted(names)}")
    return [file[name] for name in names]


class Table:
    """Rows of checks; finish() prints the verdict and ends the program with 1 if one failed."""

    def __init__(self):
        self.failed = self.rows = 0
        print(f"{'check':<34} {'found':>12} {'required':>12}  verdict  text")

    def row(self, check, found, required, passed, text=""):
        self.rows += 1
        self.failed += not passed
        print(f"{check:<34} {found:>12} {required:>12}  {'ok' if passed else 'FAILED':<7}  {text}", flush=True)

    def finish(self):
        if self.rows == 0:
            raise SystemExit("nothing was checked")
        print(f"{self.rows - self.failed} of {self.rows} checks passed")
        raise SystemExit(1 if self.failed else 0)
