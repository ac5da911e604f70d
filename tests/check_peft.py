"""Checks that p2rec writes PEFT adapters: peft loads them, with the same results as p2rec.

    python tests/check_peft.py --llm MODEL.gguf --adapter OUT/adapter --program build/p2rec

peft attaches the adapter folder (adapter_config.json, adapter_model.safetensors) to transformers'
AutoModelForCausalLM of the same GGUF file, in float32. The checks: peft uses exactly the file's tensors.
Every lora_B is non-zero. For a few texts the adapter changes the last token's hidden state (after the final
norm) by more than 100 times the tolerance. `p2rec llm embed --adapter` agrees to the tolerance, 2e-4 of the
state's range. Exit code 1 if a check fails. Needs: torch, transformers, peft, safetensors, tokenizers, gguf.
"""

import argparse
import tempfile
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file

from checking import TOLERANCE, Program, Table, only_tensors, share_of_range
from make_smollm2 import load_gguf

TEXTS = [
    "The user watched: 50, 172, 1, 181, 100.",
    "1",
    "Toy Story (1995), Heat (1995), Fargo (1996)",
]


@torch.no_grad()
def last_hidden(model, ids):
    """The last token's state after the final norm: (C)."""
    decoder = model.base_model.model.model if isinstance(model, PeftModel) else model.model
    return decoder(torch.tensor([ids])).last_hidden_state[0, -1]


def check_adapter_file(table, model, folder):
    file = load_file(folder / "adapter_model.safetensors")
    loaded = get_peft_model_state_dict(model)
    same = set(loaded) == set(file) and all(torch.equal(loaded[name].float(), file[name].float()) for name in file)
    table.row("tensors of the file that peft uses", len(set(loaded) & set(file)), len(file), same)
    if not same:
        print(f"    only in one of them: {sorted(set(loaded) ^ set(file))[:4]}")
    b = {name: value for name, value in file.items() if "lora_B" in name}
    moved = sum(value.abs().max().item() > 0 for value in b.values())
    table.row("lora_B that are non-zero", moved, len(b), len(b) > 0 and moved == len(b))


def check_text(table, program, model, folder, text, ids, base):
    adapted, shown = last_hidden(model, ids), repr(text[:40])
    moved = share_of_range(base, adapted)
    table.row("adapter's change of state / range", f"{moved:.1e}", f"{100 * TOLERANCE:.0e}",
              moved > 100 * TOLERANCE, shown)  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "hidden.safetensors"
        program.run("embed", text, "--adapter", folder, "--out", out)
        (found,) = only_tensors(load_file(out), ["hidden"], out)
    share = share_of_range(found, adapted)
    table.row("p2rec's state, difference / range", f"{share:.1e}", f"{TOLERANCE:.0e}", share <= TOLERANCE, shown)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llm", required=True, help="the GGUF file")
    parser.add_argument("--adapter", required=True, type=Path, help="the adapter folder that p2rec wrote")
    parser.add_argument("--program", required=True, help="the p2rec binary")
    options = parser.parse_args()
    program, model = Program(options.program, options.llm), load_gguf(options.llm)
    ids = [program.tokenize(text) for text in TEXTS]
    base = [last_hidden(model, one) for one in ids]
    model = PeftModel.from_pretrained(model, options.adapter).eval()
    table = Table()
    check_adapter_file(table, model, options.adapter)
    for text, one, state in zip(TEXTS, ids, base):
        check_text(table, program, model, options.adapter, text, one, state)
    table.finish()


if __name__ == "__main__":
    main()
