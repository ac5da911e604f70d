"""Compares p2rec with PyTorch and RecBole: SASRec training and evaluation, in one run with the same threads.

    python bench/recommender_bench.py --data beauty.txt [--loss bce|ce] [--batch 256] [--length 50]
        [--rounds 3] [--recbole] [--evaluation]

Every round measures each side once, so that changes of the machine's speed concern all of them. Each
measurement is a separate process. Prints the medians over the rounds: seconds per epoch, seconds for a
full-ranking evaluation of all users, and the peak of resident memory.

    p2rec    `p2rec train --windows last`: epochs 2 and 3, as a run of three epochs minus a run of one;
             `p2rec evaluate`, which ranks the test items and computes all metrics
    pytorch  a common implementation of SASRec: torch.nn.TransformerEncoderLayer, pre-LN, sequences padded on
             the left to the window, each user's last window; the second epoch
    recbole  RecBole 1.2.1 unchanged: one row for every prefix, the loss only at its last item. An epoch is a
             different amount of work, so it is reported separately

All use the same data, model (2 blocks, 2 heads, 64 columns, inner 64, dropout 0.2), batch of users and loss
(bce: one negative), and every position is a target. The script also measures PyTorch's matrix products in the
same shapes; those of p2rec come from p2rec_bench --benchmark_filter=gemm. Data: one line per user,
`user item item ...`. Needs torch, and recbole for --recbole.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS, INNER, BLOCKS, HEADS, DROPOUT, LR = 64, 64, 2, 2, 0.2, 1e-3
RANKED_TOGETHER = 256


def read_sequences(path):
    """The items of each user, numbered from 1; 0 is padding."""
    lines = [line.split()[1:] for line in Path(path).read_text().splitlines()]
    number = {item: i + 1 for i, item in enumerate(sorted({item for line in lines for item in line}, key=int))}
    return [[number[item] for item in line] for line in lines], len(number)


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---- PyTorch -----------------------------------------------------------------------------------------------


def pytorch(options):
    import torch
    from torch import nn

    torch.set_num_threads(options.threads)
    sequences, items = read_sequences(options.data)
    T = options.length
    causal = nn.Transformer.generate_square_subsequent_mask(T)

    class SASRec(nn.Module):
        def __init__(self):
            super().__init__()
            self.item = nn.Embedding(items + 1, COLUMNS, padding_idx=0)
            self.position = nn.Embedding(T, COLUMNS)
            self.dropout = nn.Dropout(DROPOUT)
            self.layers = nn.ModuleList(
                nn.TransformerEncoderLayer(COLUMNS, HEADS, INNER, DROPOUT, batch_first=True, norm_first=True)
                for _ in range(BLOCKS))  # fmt: skip
            self.norm = nn.LayerNorm(COLUMNS)

        def forward(self, ids):
            h = self.dropout(self.item(ids) + self.position.weight)
            # Padding's keys are not masked: a padded query would then see no key, and its softmax would be
            # NaN.
            for layer in self.layers:
                h = layer(h, src_mask=causal, is_causal=True)
            return self.norm(h)

    def padded(histories):
        ids = torch.zeros(len(histories), T, dtype=torch.long)
        for row, history in enumerate(histories):
            last = history[-T:]
            ids[row, T - len(last) :] = torch.tensor(last)
        return ids

    torch.manual_seed(1)
    model = SASRec()
    adam = torch.optim.Adam(model.parameters(), LR)
    training = [s[:-2] if len(s) >= 3 else s for s in sequences]
    training = [s[-T - 1 :] for s in training if len(s) >= 2]

    def epoch():
        model.train()
        order = torch.randperm(len(training)).tolist()
        for begin in range(0, len(order), options.batch):
            windows = [training[i] for i in order[begin : begin + options.batch]]
            inputs, targets = padded([w[:-1] for w in windows]), padded([w[1:] for w in windows])
            real = targets > 0
            h = model(inputs)[real]
            if options.loss == "ce":
                logits = h @ model.item.weight.T
                loss = nn.functional.cross_entropy(logits, targets[real])
            else:
                negatives = torch.randint(1, items + 1, (len(h),))
                scores = torch.cat([(h * model.item(ids)).sum(-1) for ids in (targets[real], negatives)])
                labels = torch.cat([torch.ones(len(h)), torch.zeros(len(h))])
                loss = nn.functional.binary_cross_entropy_with_logits(scores, labels)
            adam.zero_grad()
            loss.backward()
            adam.step()

    def evaluate():
        model.eval()
        ranked, hits = [s for s in sequences if len(s) >= 3], 0
        with torch.no_grad():
            for begin in range(0, len(ranked), RANKED_TOGETHER):
                part = ranked[begin : begin + RANKED_TOGETHER]
                scores = model(padded([s[:-2] for s in part]))[:, -1] @ model.item.weight.T
                scores[:, 0] = -torch.inf
                target = torch.tensor([s[-2] for s in part])
                own = scores.gather(1, target[:, None])
                rows = torch.cat([torch.full((len(s) - 2,), i) for i, s in enumerate(part)])
                scores[rows, torch.cat([torch.tensor(s[:-2]) for s in part])] = -torch.inf
                hits += ((scores > own).sum(1) < 10).sum().item()
        return hits

    evaluate() if options.evaluation else epoch()  # not measured: the first time takes longer
    began = time.perf_counter()
    if not options.evaluation:
        epoch()
    trained = time.perf_counter()
    evaluate()
    return {"epoch_s": trained - began, "evaluation_s": time.perf_counter() - trained, "peak_mib": peak_mib()}


def pytorch_gemm(options):
    import torch

    torch.set_num_threads(options.threads)
    rates = {}
    for name, M, N, K in (("square", 1024, 1024, 1024), ("sasrec_inner", 5600, 64, 64), ("item_logits", 600, 1682, 64)):
        a, b = torch.randn(M, K), torch.randn(N, K)
        best = 0
        for _ in range(50):
            began = time.perf_counter()
            a @ b.T
            best = max(best, 2 * M * N * K / (time.perf_counter() - began) / 1e9)
        rates[name] = best
    return rates


# ---- RecBole -----------------------------------------------------------------------------------------------


def recbole(options):
    import numpy as np
    import torch

    # RecBole uses names that NumPy 2 has removed.
    removed = {"bool8": "bool_", "object0": "object_", "float_": "float64", "complex_": "complex128", "unicode_": "str_"}
    for name, today in removed.items():
        setattr(np, name, getattr(np, today))
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.model.sequential_recommender import SASRec
    from recbole.trainer import Trainer

    torch.set_num_threads(options.threads)
    sequences, _ = read_sequences(options.data)
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "data"
        where.mkdir()
        with open(where / "data.inter", "w") as out:
            out.write("user_id:token\titem_id:token\ttimestamp:float\n")
            for user, sequence in enumerate(sequences):
                for at, item in enumerate(sequence):
                    out.write(f"{user}\t{item}\t{at}\n")
        sys.argv = sys.argv[:1]  # RecBole reads the command line,
        os.chdir(folder)  # and writes logs to the current folder
        config = Config("SASRec", "data", config_dict={
            "data_path": folder, "load_col": {"inter": ["user_id", "item_id", "timestamp"]}, "use_gpu": False,
            "train_neg_sample_args": None, "loss_type": "CE", "train_batch_size": 2048, "eval_batch_size": 4096,
            "eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO", "group_by": "user", "mode": "full"},
            "MAX_ITEM_LIST_LENGTH": options.length, "show_progress": False, "checkpoint_dir": folder})  # fmt: skip
        dataset = create_dataset(config)
        train, valid, _ = data_preparation(config, dataset)
        trainer = Trainer(config, SASRec(config, train.dataset))
        began = time.perf_counter()
        trainer._train_epoch(train, 0)
        trained = time.perf_counter()
        trainer._valid_epoch(valid)
        os.chdir("/")
        return {"epoch_s": trained - began, "evaluation_s": time.perf_counter() - trained, "peak_mib": peak_mib(),
                "rows_an_epoch": len(train.dataset)}  # fmt: skip


# ---- p2rec -------------------------------------------------------------------------------------------------


def p2rec(options):
    with tempfile.TemporaryDirectory() as folder:
        def stage(name, *more):
            """The seconds and memory of a command, from results.json."""
            command = [options.p2rec, name, "--quiet", "--overwrite", "--out", folder, *map(str, more)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            stages = json.loads((Path(folder) / "results.json").read_text())["stages"]
            return next(stage for stage in stages if stage["name"] == name)

        settings = {
            "data": options.data, "windows": "last", "max-length": options.length, "hidden": COLUMNS, "inner": INNER,
            "blocks": BLOCKS, "heads": HEADS, "dropout": DROPOUT, "lr": LR, "loss": options.loss, "batch": options.batch,
            "patience": 0, "threads": options.threads, "starts": "random", "seeds": 1, "save-every": 100000,
        }  # fmt: skip
        given = [word for name, value in settings.items() for word in (f"--{name}", value)]
        epochs = (1, 1) if options.evaluation else (1, 3)
        one, three = (stage("train", *given, "--max-epochs", count) for count in epochs)
        evaluation = stage("evaluate")
        return {"epoch_s": (three["seconds"] - one["seconds"]) / 2, "evaluation_s": evaluation["seconds"],
                "peak_mib": max(three["peak_rss_mib"], evaluation["peak_rss_mib"])}  # fmt: skip


# ---- all of them -------------------------------------------------------------------------------------------

SIDES = {"p2rec": p2rec, "pytorch": pytorch, "pytorch_gemm": pytorch_gemm, "recbole": recbole}


def in_a_process(side):
    """Measures one side with this script in a separate process."""
    result = subprocess.run([sys.executable, *sys.argv, "--side", side], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(result.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--p2rec", default="build/p2rec", help="the program")
    parser.add_argument("--loss", choices=["bce", "ce"], default="bce")
    parser.add_argument("--batch", type=int, default=256, help="users per step")
    parser.add_argument("--length", type=int, default=50, help="items per window")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluation", action="store_true", help="measure only evaluation; ignore s/epoch")
    parser.add_argument("--recbole", action="store_true", help="also measure RecBole")
    parser.add_argument("--side", choices=SIDES, help="measure only this one, once, and print JSON")
    options = parser.parse_args()
    if options.side:
        print(json.dumps(SIDES[options.side](options)))
        return
    sides = ["p2rec", "pytorch"] + ["recbole"] * options.recbole
    found = {side: [] for side in sides}
    for round_ in range(options.rounds):
        for side in sides:
            found[side].append(in_a_process(side))
            print(f"round {round_ + 1}, {side}: {found[side][-1]}", flush=True)
    print(f"\n{options.data}, {options.loss}, batch {options.batch}, length {options.length}, {options.threads} threads")
    print(f"{'':10}{'s/epoch':>10}{'s/evaluation':>14}{'peak MiB':>10}")
    for side in sides:
        epoch, evaluation, peak = (statistics.median(run[key] for run in found[side])
                                   for key in ("epoch_s", "evaluation_s", "peak_mib"))  # fmt: skip
        print(f"{side:10}{epoch:10.2f}{evaluation:14.2f}{peak:10.0f}")
    rates = in_a_process("pytorch_gemm")
    print("PyTorch's matrix products, GFLOP/s: " + ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items()))


if __name__ == "__main__":
    main()
