"""Checks that `p2rec llm merge` writes a Hugging Face folder that transformers loads, with the same results
as p2rec.

    python tests/check_merge.py --llm MODEL --adapter OUT/adapter --program build/p2rec

MODEL is a GGUF file or a Hugging Face folder; without --adapter the model is only converted. The checks:
AutoModelForCausalLM uses every tensor of the folder and misses none. Its logits for a few texts agree to 2e-4
of their range with `p2rec llm logits --adapter` on the base and with `p2rec llm logits` on the folder. The
adapter changes them by more than 100 times that. AutoTokenizer's token ids equal p2rec's. Exit code 1 if a
check fails. Needs: torch, transformers, safetensors, tokenizers, gguf.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from checking import TOLERANCE, Program, Table, only_tensors, share_of_range

TEXTS = ["The user watched: 50, 172, 1, 181, 100.", "the", "Toy Story (1995), Heat (1995), Fargo (1996)"]


def logits(program, text, *options):
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "logits.safetensors"
        program.run("logits", text, "--out", out, *options)
        return only_tensors(load_file(out), ["ids", "logits"], out)


def check_text(table, base, merged, model, tokenizer, adapter, text):
    shown = repr(text[:40])
    ids, expected = logits(base, text, *(["--adapter", adapter] if adapter else []))
    own = tokenizer.encode(text, add_special_tokens=False)
    table.row("token ids, equal to transformers'", len(ids), len(own), ids.tolist() == own, shown)
    with torch.no_grad():
        found = model(ids.long()[None]).logits[0]
    for what, one in (("transformers on the folder", found), ("p2rec on the folder", logits(merged, text)[1])):
        share = share_of_range(one, expected)
        table.row(what + ", difference", f"{share:.1e}", f"{TOLERANCE:.0e}", share <= TOLERANCE, shown)
    if adapter:
        moved = share_of_range(logits(base, text)[1], expected)
        table.row("adapter's change of logits / range", f"{moved:.1e}", f"{100 * TOLERANCE:.0e}",
                  moved > 100 * TOLERANCE, shown)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llm", required=True, help="the GGUF file or Hugging Face folder")
    parser.add_argument("--adapter", type=Path, help="the adapter folder")
    parser.add_argument("--program", required=True, help="the p2rec binary")
    parser.add_argument("--dtype", default="float32", help="the type that the folder must have")
    options = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "merged"
        adapter = ["--adapter", options.adapter] if options.adapter else []
        subprocess.run([options.program, "llm", "merge", "--llm", options.llm, "--dtype", options.dtype, "--out", folder, *adapter], check=True)
        model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
        problems = [f"{kind}: {sorted(names)[:3]}" for kind, names in info.items() if names]
        table.row("tensors missing, unexpected, other", len(problems), 0, not problems, "; ".join(problems))
        dtype, model = str(model.dtype).removeprefix("torch."), model.float()
        table.row("dtype of the model", dtype, options.dtype, dtype == options.dtype)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        base, merged = Program(options.program, options.llm), Program(options.program, folder)
        for text in TEXTS:
            check_text(table, base, merged, model.eval(), tokenizer, options.adapter, text)
    table.finish()


if __name__ == "__main__":
    main()
