"""Checks that a recommender that p2rec trained gives the same scores in PyTorch and in ONNX Runtime.

    python tests/check_torch_export.py --program build/p2rec

Trains every model in each of its forms for three epochs on the synthetic data, in a temporary folder, and rebuilds it with
torch_recommenders.py, which loads the parameters strictly. Checked, for histories from one item to more than the window, in
batches of one and of several: the scores of all items that are not in a history are those of `p2rec recommend` within 2e-6
of their range, in PyTorch and in ONNX Runtime. And every entry of the architecture that changes no shape counts: another
value moves the scores by more than 10 times that. PopRec is refused by name. Exit code 1 if a check fails.
Needs: torch, safetensors, onnx, onnxscript, onnxruntime.
"""

import argparse
import csv
import json
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import onnxruntime
import torch

import torch_recommenders
from checking import Table, share_of_range

TOLERANCE = 2e-6  # share of the range of a history's scores: float32 through some dozen operations
COMMON = "--data synthetic --method llm_init --starts random --seeds 1 --quiet --lr 0.01 --patience 0 --max-epochs 3 --max-length 8"
TRANSFORMER, RECURRENT = "--hidden 12 --heads 3 --inner 20", "--hidden 13 --gru-hidden 10"
FORMS = {
    "SASRec": f"--model sasrec {TRANSFORMER}",
    "SASRec, original": f"--model sasrec --variant original {TRANSFORMER}",
    "SASRec, recbole": f"--model sasrec --variant recbole {TRANSFORMER}",
    "SASRec, s3rec": f"--model sasrec --variant s3rec {TRANSFORMER}",
    "SASRec, untied": f"--model sasrec --untied {TRANSFORMER}",
    "SASRec, frozen": f"--model sasrec --use frozen --tiny-steps 4 {TRANSFORMER}",
    "BERT4Rec": f"--model bert4rec {TRANSFORMER}",
    "BERT4Rec, plain": f"--model bert4rec --variant plain {TRANSFORMER}",
    "BERT4Rec, concat": f"--model bert4rec --use concat --tiny-steps 4 {TRANSFORMER}",
    "GRU4Rec": f"--model gru4rec {RECURRENT}",
    "GRU4Rec, concat": f"--model gru4rec --use concat --untied --tiny-steps 4 {RECURRENT}",
    "NARM": f"--model narm {RECURRENT}",
}
OTHERS = {  # of an entry's value, another one
    "norm": {"before": "after", "after": "before", "query": "before"}.get,
    "activation": {"relu": "gelu", "gelu": "relu"}.get,
    "eps": lambda eps: 1e-2,
    "heads": {3: 2}.get,
    "item_scale": lambda scale: 2 * scale,
    "positions": {"from_zero": "right_aligned", "right_aligned": "from_zero"}.get,
    "outer_norm": {"input": "output", "output": "input"}.get,
}


def run(program, line, folder):
    done = subprocess.run([program, *line.split()], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"p2rec {line}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def read_data(program, folder):
    """The item ids in the order of the rows, and each user's history as rows, as `p2rec convert` writes them."""
    run(program, "convert --data synthetic --out data", folder)
    with open(folder / "data/data.item") as file:
        items = [row["item_id:token"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    row_of, histories = {item: row for row, item in enumerate(items)}, defaultdict(list)
    with open(folder / "data/data.inter") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            histories[row["user_id:token"]].append(row_of[row["item_id:token"]])
    return items, histories


def some_users(histories):
    """Every fiftieth by the length of the history, and the two longest."""
    users = sorted(histories, key=lambda user: len(histories[user]))
    return users[::50] + users[-2:]


def scores_of_program(program, folder, out, items, users):
    """(B+1,V), of the users and of a history of only the first item; NaN for the items that are in a history."""
    (folder / "users.txt").write_text("".join(user + "\n" for user in users))
    recommend = f"recommend --out {out} --top {len(items)} --format json"
    lines = run(program, f"{recommend} --users users.txt", folder) + run(program, f"{recommend} --item {items[0]}", folder)
    row_of, scores = {item: row for row, item in enumerate(items)}, torch.full((len(users) + 1, len(items)), torch.nan)
    for row, line in zip(scores, map(json.loads, lines.splitlines()), strict=True):
        for item in line["items"]:
            row[row_of[item["item"]]] = item["score"]
    return scores


def largest_share(score, histories, expected):
    """How far the scores of a function of histories (B,L) are from those expected, as a share of a history's range. Each
    history is a batch by itself, and so are all of one length."""
    batches = [[i] for i in range(len(histories))]
    for length in {len(history) for history in histories}:
        batches.append([i for i, history in enumerate(histories) if len(history) == length])
    shares = []
    for batch in batches:
        found = score(torch.tensor([histories[i] for i in batch]))
        for row, wanted in zip(found, expected[batch]):
            known = ~wanted.isnan()
            shares.append(share_of_range(row[known], wanted[known]))
    return max(shares)


def export_onnx(model, file):
    """For any batch and length. torch.export, the exporter by default, fixes the length of a GRU."""
    axes, names = {"history": {0: "users", 1: "length"}}, {"input_names": ["history"], "output_names": ["scores"]}
    recurrent = "gru_hidden" in model.a
    shapes = {"dynamo": False, "dynamic_axes": axes} if recurrent else {"dynamic_shapes": axes, "verbose": False}
    torch.onnx.export(model, (torch.zeros(2, 3, dtype=torch.long),), file, **names, **shapes)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda history: torch.from_numpy(session.run(["scores"], {"history": history.numpy()})[0])


def check_entries(table, form, architecture, model, histories, expected):
    for entry in sorted(architecture.keys() & OTHERS.keys()):
        other = architecture | {entry: OTHERS[entry](architecture[entry])}
        moved = largest_share(torch_recommenders.build(other, model.state_dict()), histories, expected)
        table.row(f"another {entry}", f"{moved:.1e}", f"{10 * TOLERANCE:.0e}", moved > 10 * TOLERANCE, form)


@torch.no_grad()
def check_form(table, program, folder, form, items, histories):
    users, out = some_users(histories), form.replace(", ", "-").replace(" ", "-")
    run(program, f"run {COMMON} {FORMS[form]} --out {out}", folder)
    expected = scores_of_program(program, folder, out, items, users)
    architecture, parameters = torch_recommenders.read(folder / out / "recommender-random-1.safetensors")
    model = torch_recommenders.build(architecture, parameters)
    recent = [histories[user][-model.window :] for user in users] + [[0]]
    onnx = export_onnx(model, folder / "model.onnx")
    for what, score in (("PyTorch's scores", model), ("ONNX Runtime's scores", onnx)):
        share = largest_share(score, recent, expected)
        table.row(what, f"{share:.1e}", f"{TOLERANCE:.0e}", share <= TOLERANCE, form)
    check_entries(table, form, architecture, model, recent, expected)


def check_refusal(table, program, folder):
    run(program, "train --data synthetic --model popularity --quiet --out popularity", folder)
    try:
        torch_recommenders.load(folder / "popularity/recommender-popularity-1.safetensors")
        found = "loaded"
    except SystemExit as refusal:
        found = "refused" if str(refusal).startswith("popularity: ") else str(refusal)
    table.row("counts", found, "refused", found == "refused", "popularity")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=Path, help="the p2rec binary")
    program = parser.parse_args().program.resolve()
    torch.backends.mha.set_fastpath_enabled(False)  # ONNX does not have the fused layer
    table = Table()
    with tempfile.TemporaryDirectory() as scratch:
        items, histories = read_data(program, Path(scratch))
        for form in FORMS:
            check_form(table, program, Path(scratch), form, items, histories)
        check_refusal(table, program, Path(scratch))
    table.finish()


if __name__ == "__main__":
    main()
