"""Compares `p2rec llm logits` and `p2rec llm generate` with transformers on a real GGUF model.

    python tests/check_llm.py --llm SmolLM2-135M-Instruct.Q4_1.gguf --program build/p2rec

For fixed prompts, the token ids must equal those of the package tokenizers, the logits of all positions must
agree with transformers' in float32 to 2e-4 of their range, and the greedy text of 20 tokens must be the same.
Both sides use p2rec's ids. `llm generate` may print the continuation with or without the prompt. Exit code 1
if a check fails. Needs: torch, transformers, safetensors, tokenizers, gguf.
"""

import argparse
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

from checking import TOLERANCE, Program, Table, only_tensors, share_of_range
from gguf_tokenizer import gguf_tokenizer
from make_smollm2 import load_gguf

# In this model, rounding cannot change the greedy choices for these prompts (see make_smollm2.py).
PROMPTS = [
    "The capital of France is",
    "1, 2, 3, 4, 5, 6,",
    "<|im_start|>user\nWhat is the capital of Italy?<|im_end|>\n<|im_start|>assistant\n",
    "Café, naïve — 日本: 2024,  12 and 365 days.",
]
TOKENS = 20


def greedy_text(model, tokenizer, ids):
    """transformers' greedy generation, which stops at the end-of-text token."""
    prompt = torch.tensor([ids])
    output = model.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=TOKENS)
    return tokenizer.decode(output[0, len(ids) :].tolist(), skip_special_tokens=True)


def check_prompt(table, program, model, tokenizer, text):
    ids, shown = program.tokenize(text), repr(text[:40])
    expected_ids = tokenizer.encode(text, add_special_tokens=False).ids
    table.row("token ids, equal to tokenizers'", len(ids), len(expected_ids), ids == expected_ids, shown)

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "logits.safetensors"
        program.run("logits", text, "--out", out)
        written, logits = only_tensors(load_file(out), ["ids", "logits"], out)
    table.row("ids in the file, equal to those", len(written), len(ids), written.tolist() == ids, shown)
    with torch.no_grad():
        expected = model(torch.tensor([ids])).logits[0]
    share = share_of_range(logits, expected)
    table.row("logits, difference / range", f"{share:.1e}", f"{TOLERANCE:.0e}", share <= TOLERANCE, shown)

    expected_text = greedy_text(model, tokenizer, ids).strip("\n")
    found = program.run("generate", text, "--tokens", TOKENS).strip("\n")
    same = found in (expected_text, (text + greedy_text(model, tokenizer, ids)).strip("\n"))
    table.row("greedy text, equal", "same" if same else "differs", "same", same, shown)
    if not same:
        print(f"    found    {found!r}\n    expected {expected_text!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llm", required=True, help="the GGUF file")
    parser.add_argument("--program", required=True, help="the p2rec binary")
    options = parser.parse_args()
    program, model, tokenizer = Program(options.program, options.llm), load_gguf(options.llm), gguf_tokenizer(options.llm)
    table = Table()
    for text in PROMPTS:
        check_prompt(table, program, model, tokenizer, text)
    table.finish()


if __name__ == "__main__":
    main()
