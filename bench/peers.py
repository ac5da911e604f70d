"""Compares p2rec with its peers on the same work and threads, and writes a page of results.

    make peers [PEERS_OPTIONS="--rounds 5 --works lora_4x256,generation_64"]

Every round measures each side once, in a process of its own, so that changes of the machine's speed concern
all of them. A ratio is taken within a round; the page shows the median ratio over the rounds and its range.
A peer that is not installed is skipped with a line that says so. The exit code is 1 if a side failed.

    p2rec      p2rec_bench: the benchmarks in bench/*.cpp; `p2rec train` for SASRec
    PyTorch    transformers' Llama with peft, eager in f32, with torch.compile, with autocast to bf16; for
               SASRec nn.TransformerEncoderLayer over padded sequences (recommender_bench.py)
    llama.cpp  through llama-cpp-python, with the Q4_1 weights of the GGUF file, without AMX (peer_sides.py says
               why); p2rec and PyTorch have the same shape with random weights, which take the same time
    RecBole    SASRec as shipped: a row for every prefix, so an epoch is more work (recommender_bench.py)

peer_sides.py has the sides. On prompts of real lengths, p2rec packs them by tokens and PyTorch pads batches of
16 (64 to embed); both count real tokens.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from peer_sides import (BENCH, PROMPT, TOKENS, Missing, benchmark, llama_cpp_embed_prompts, llama_cpp_generation, sasrec_epoch,
                        title_lengths, torch_embed_prompts, torch_finetune_prompts, torch_generation, torch_lora,
                        user_lengths)  # fmt: skip

# ---- works: what is measured, and the sides, those of p2rec first ------------------------------------------


@dataclass
class Work:
    about: str
    unit: str
    sides: dict


def lora_work(B, T):
    return Work(f"LoRA step, SmolLM2-135M's shape, r = 8 on seven linear layers, {B} x {T} tokens", "tokens/s", {
        "p2rec f32": benchmark(f"lora_step/{B}/{T}/0"),
        "p2rec bf16": benchmark(f"lora_step/{B}/{T}/1"),
        "PyTorch f32": torch_lora(B, T),
        "PyTorch f32, compiled": torch_lora(B, T, compiled=True),
        "PyTorch autocast bf16": torch_lora(B, T, autocast=True)})  # fmt: skip


def finetune_work(data, tokens):
    """`tokens` a step: the configuration's sft-tokens, about 16 prompts."""
    lengths = user_lengths(data)
    return Work(f"Fine-tuning on the prompts of {data}'s users, items as tokens, the same LoRA", "real tokens/s", {
        "p2rec f32": benchmark(f"finetune_prompts/{tokens}/0", lengths),
        "p2rec bf16": benchmark(f"finetune_prompts/{tokens}/1", lengths),
        "PyTorch f32": torch_finetune_prompts(lengths),
        "PyTorch autocast bf16": torch_finetune_prompts(lengths, autocast=True)})  # fmt: skip


def embed_work(data):
    lengths = title_lengths(data)
    return Work(f"Embedding {data}'s items as virtual users, with titles (p2rec reads the shared prefix once)", "real tokens/s", {
        "p2rec f32": benchmark("embed_prompts/0", lengths),
        "p2rec bf16": benchmark("embed_prompts/1", lengths),
        "PyTorch f32": torch_embed_prompts(lengths, bf16=False),
        "PyTorch bf16 weights": torch_embed_prompts(lengths, bf16=True),
        "llama.cpp Q4_1": llama_cpp_embed_prompts(lengths)})  # fmt: skip


def generation_work(B):
    about = f"Generation, SmolLM2-135M, greedy, {B} at once, prompts of {PROMPT} tokens, {TOKENS} more each"
    return Work(about, "tokens/s of all together", {
        "p2rec f32": benchmark(f"generation/{B}/{PROMPT}/{TOKENS}/0"),
        "p2rec bf16": benchmark(f"generation/{B}/{PROMPT}/{TOKENS}/1"),
        "llama.cpp Q4_1": llama_cpp_generation(B),
        **({"llama.cpp Q4_1, one sequence": llama_cpp_generation(1)} if B > 1 else {}),
        "PyTorch f32": torch_generation(B),
        "PyTorch bf16 weights": torch_generation(B, bf16=True)})  # fmt: skip


WORKS = {
    "lora_4x256": lora_work(4, 256),
    "lora_16x50": lora_work(16, 50),
    "finetune_ml-100k": finetune_work("ml-100k", 768),
    "finetune_beauty": finetune_work("beauty", 256),
    "embed_ml-100k": embed_work("ml-100k"),
    "embed_beauty": embed_work("beauty"),
    "sasrec": Work("SASRec on ml-100k, an epoch with full cross-entropy (RecBole's epoch is more work)", "epochs/min", {
        "p2rec f32": sasrec_epoch("p2rec"), "PyTorch f32": sasrec_epoch("pytorch"), "RecBole": sasrec_epoch("recbole")}),
    "generation_1": generation_work(1),
    "generation_64": generation_work(64),
}  # fmt: skip


# ---- measuring ---------------------------------------------------------------------------------------------


def busy_share(seconds=1.0):
    """The share of the processors that other processes use."""

    def times():
        fields = [int(x) for x in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]  # all, idle

    (all_before, idle_before), _, (all_after, idle_after) = times(), time.sleep(seconds), times()
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)


def measure_in_a_process(work, side):
    """The side's result, or {"skipped": why} or {"failed": why}."""
    command = [sys.executable, *sys.argv, "--side", work, side]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return {"failed": lines[-1]}


def peak_mib():
    """The peak memory of this process, or of the largest one that it ran."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def measure(name, work, rounds):
    """{side: [result of each round]}, {side: why it has no figure}, busy shares."""
    results, without, busy = {side: [] for side in work.sides}, {}, []
    for round_ in range(rounds):
        for side in work.sides:
            if side in without:
                continue
            busy.append(busy_share())
            found = measure_in_a_process(name, side)
            if "rate" not in found:
                without[side] = " ".join(("skipped:" if "skipped" in found else "failed:", *found.values()))
                print(f"{name}, {side}: {without[side]}", flush=True)
                continue
            results[side].append(found)
            print(f"{name}, round {round_ + 1}, {side}: {found['rate']:.1f} {work.unit}", flush=True)
    return {side: r for side, r in results.items() if side not in without}, without, busy


# ---- the page ----------------------------------------------------------------------------------------------


def spread(values, digits):
    """ "1.32 (1.28 to 1.40)" """
    middle = f"{statistics.median(values):.{digits}f}"
    return middle + (f" ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 else "")


def table(name, work, results, without):
    ours = [side for side in results if side.startswith("p2rec")]
    rates = {side: [found["rate"] for found in rounds] for side, rounds in results.items()}
    heads = [name, work.unit, "of the product's rate", "peak MiB", *(f"{side} is N times as fast" for side in ours)]
    lines = [f"## {work.about}", "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for side, rounds in results.items():
        share = f"{statistics.median(found['of_product'] for found in rounds):.0%}" if "of_product" in rounds[0] else ""
        peak = f"{statistics.median(found['peak_mib'] for found in rounds):.0f}"
        ratios = [spread([a / b for a, b in zip(rates[mine], rates[side])], 2) if mine != side else "" for mine in ours]
        lines.append("| " + " | ".join([side, spread(rates[side], 1), share, peak, *ratios]) + " |")
    return lines + [""] + [f"* {side}: {why}" for side, why in without.items()] + [""] * bool(without)


def version(package):
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package} not installed"


def output_of(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=BENCH).stdout.strip()
    except OSError:
        return "unknown"


def header(options, busy):
    cpu = next((line.split(": ")[1] for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())  # fmt: skip
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    changed = ", with changes" if output_of("git", "status", "--porcelain", "--untracked-files=no") else ""
    product = (output_of(Path(options.bench).absolute(), "--benchmark_filter=^$").splitlines() or ["no p2rec_bench"])[0]
    state = f"Other processes used {statistics.median(busy):.0%} of the processors (at most {max(busy):.0%})"
    state += ": **the machine was busy, so these figures are too low and vary.**" if max(busy) > 0.1 else "."
    return [
        "# p2rec beside its peers", "",
        "Written by `make peers`; [peers.py](peers.py) says what is compared. Each figure is the median of "
        f"{options.rounds} rounds (range in brackets); the sides of a round are measured one after the other.", "",
        f"* Machine: {cpu}, {os.cpu_count()} processors, {memory:.0f} GiB, {platform.platform()}; {options.threads} threads",
        f"* p2rec: commit {output_of('git', 'rev-parse', '--short', 'HEAD')}{changed}; {product}",
        "* Peers: Python " + platform.python_version() + ", " +
        ", ".join(map(version, ("torch", "transformers", "peft", "llama-cpp-python", "recbole"))),
        f"* Command: `python {' '.join(sys.argv)}`, with OMP_NUM_THREADS={options.threads} and OMP_WAIT_POLICY=passive",
        f"* {state}", ""]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default="build/bench/bench/p2rec_bench", help="the program of bench/*.cpp")
    parser.add_argument("--p2rec", default="build/p2rec", help="the program")
    parser.add_argument("--gguf", default="data/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--ml100k", default="data/ml-100k/ml-100k.inter")
    parser.add_argument("--beauty", default="data/beauty/beauty.txt", help="not fetched; beauty.item beside it")
    parser.add_argument("--sample", type=int, default=256, help="prompts or items of finetune and embed; 0: all")
    parser.add_argument("--works", default=",".join(WORKS), help="some of " + ",".join(WORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", default=BENCH / "RESULTS.md", type=Path)
    parser.add_argument("--side", nargs=2, metavar=("WORK", "SIDE"), help="measure only this one, once, and print JSON")
    options = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": str(options.threads), "OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false"}
    if options.side:
        try:
            found = WORKS[options.side[0]].sides[options.side[1]](options)
            print(json.dumps({**found, "peak_mib": peak_mib()}))
        except Missing as missing:
            print(json.dumps({"skipped": str(missing)}))
        return 0
    unknown = set(options.works.split(",")) - set(WORKS)
    if unknown or options.rounds < 1:
        parser.error(f"--works, --rounds: found {', '.join(unknown) or options.rounds}; expected some of "
                     f"{', '.join(WORKS)}, and at least 1 round")  # fmt: skip
    tables, all_busy, failed = [], [], False
    for name in options.works.split(","):
        results, without, busy = measure(name, WORKS[name], options.rounds)
        tables += table(name, WORKS[name], results, without)
        all_busy += busy
        failed |= any(why.startswith("failed") for why in without.values())
    text = "\n".join(header(options, all_busy) + tables).rstrip() + "\n"
    partial = Path(f"{options.out}.tmp")
    partial.write_text(text)
    partial.replace(options.out)
    print(f"\n{text}\n{options.out}: written")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
