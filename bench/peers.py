"""Compares p2rec with its peers on the same work and threads, and writes a page of results.

    make peers [PEERS_OPTIONS="--rounds 5 --works lora_4x256,generation_64"]

Every round measures each side once, in a process of its own, so that changes of the machine's speed concern
all of them. A ratio is taken within a round; the page shows the median ratio over the rounds and its range.
A peer that is not installed is skipped with a line that says so. The exit code is 1 if a side failed.

    p2rec      p2rec_bench: the benchmarks in bench/*.cpp; `p2rec train` for SASRec
    PyTorch    transformers' Llama with peft, eager in f32, with torch.compile, with autocast to bf16; for
               SASRec nn.TransformerEncoderLayer over padded sequences (recommender_bench.py)
    llama.cpp  through llama-cpp-python, with the Q4_1 weights of the GGUF file; p2rec and PyTorch have the
               same shape with random weights, which take the same time
    RecBole    SASRec as shipped: a row for every prefix, so an epoch is more work (recommender_bench.py)
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).resolve().parent
SMOLLM2 = dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
               num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=2048)  # fmt: skip
STEPS, PROMPT, TOKENS = 3, 32, 64  # steps of a LoRA measurement; a prompt's and a continuation's length


class Missing(Exception):
    """A peer that is not installed."""


def run(*command):
    """The program's standard output; ends this process if it fails, after its own message."""
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(1)
    return done.stdout


def need(*packages):
    for package in packages:
        if not importlib.util.find_spec(package):
            raise Missing(f"the Python package {package} is not installed")


# ---- sides: each returns its rate, and for p2rec also its share of a large product's rate ------------------


def benchmark(name):
    def measure(options):
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            run(options.bench, f"--benchmark_filter=^{name}(/iterations:[0-9]+)?(/real_time)?$",
                f"--benchmark_out={out.name}", "--benchmark_out_format=json")  # fmt: skip
            text = Path(out.name).read_text()
        if not text:
            raise SystemExit(f"{options.bench}: has no benchmark {name}")
        (found,) = json.loads(text)["benchmarks"]
        return {"rate": found["tokens/s"], "of_product": found["of_gemm_peak"]}

    return measure


def torch_lora(sequences, length, compiled=False, autocast=False):
    """The step of bench/model_bench.cpp: LoRA with r = 8 on seven linear layers, a head on the last token."""

    def measure(options):
        need("torch", "transformers", "peft")
        import peft
        import torch
        from transformers import LlamaConfig, LlamaModel

        torch.set_num_threads(options.threads)
        linears = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
        model = peft.get_peft_model(LlamaModel(LlamaConfig(**SMOLLM2, use_cache=False)),
                                    peft.LoraConfig(r=8, lora_alpha=16, target_modules=linears))  # fmt: skip
        head = torch.nn.Linear(SMOLLM2["hidden_size"], 20, bias=False)
        trained = [w for w in (*model.parameters(), *head.parameters()) if w.requires_grad]
        adam = torch.optim.AdamW(trained, 1e-4)
        ids = torch.randint(SMOLLM2["vocab_size"], (sequences, length))
        target = torch.randn(sequences, 20)

        def loss():
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                h = model(input_ids=ids).last_hidden_state[:, -1]
                return torch.nn.functional.mse_loss(head(h).float(), target)

        loss = torch.compile(loss) if compiled else loss

        def step():
            adam.zero_grad()
            loss().backward()
            adam.step()

        step()  # not measured: the first step takes longer
        began = time.perf_counter()
        for _ in range(STEPS):
            step()
        return {"rate": STEPS * sequences * length / (time.perf_counter() - began)}

    return measure


def torch_generation(sequences, bf16=False):
    def measure(options):
        need("torch", "transformers")
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        torch.set_num_threads(options.threads)
        model = LlamaForCausalLM(LlamaConfig(**SMOLLM2, tie_word_embeddings=True, eos_token_id=None, pad_token_id=0))
        model = model.to(torch.bfloat16 if bf16 else torch.float32).eval()
        ids = torch.randint(1, SMOLLM2["vocab_size"], (sequences, PROMPT))
        began = time.perf_counter()
        found = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=TOKENS, do_sample=False)
        seconds = time.perf_counter() - began
        assert found.shape == (sequences, PROMPT + TOKENS)
        return {"rate": sequences * TOKENS / seconds}

    return measure


def llama_cpp_generation(sequences):
    def measure(options):
        need("llama_cpp")
        if not Path(options.gguf).is_file():
            raise Missing(f"{options.gguf} is not here; hint: bash p2rec/scripts/fetch_data.sh data")
        import llama_cpp as llama
        import numpy as np

        silent = llama.llama_log_callback(lambda *_: None)
        llama.llama_log_set(silent, None)
        llama.llama_backend_init()
        model = llama.llama_model_load_from_file(options.gguf.encode(), llama.llama_model_default_params())
        settings = llama.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_ubatch = 256 * sequences, 2048, 512
        settings.n_seq_max, settings.n_threads, settings.n_threads_batch = sequences, options.threads, options.threads
        context = llama.llama_init_from_model(model, settings)
        batch = llama.llama_batch_init(2048, 0, 1)

        def decode(tokens, first):
            """Appends tokens[b] to sequence b at position `first`; returns the most probable next tokens."""
            rows, last = 0, []
            for b, ids in enumerate(tokens):
                for i, token in enumerate(ids):
                    batch.token[rows], batch.pos[rows] = token, first + i
                    batch.n_seq_id[rows], batch.seq_id[rows][0] = 1, b
                    batch.logits[rows] = i + 1 == len(ids)
                    rows += 1
                last.append(rows - 1)
            batch.n_tokens = rows
            assert llama.llama_decode(context, batch) == 0
            V = SMOLLM2["vocab_size"]
            return [int(np.ctypeslib.as_array(llama.llama_get_logits_ith(context, i), (V,)).argmax()) for i in last]

        prompts = np.random.default_rng(1).integers(1000, 40000, (sequences, PROMPT)).tolist()
        began = time.perf_counter()
        next_tokens = decode(prompts, 0)
        for place in range(1, TOKENS):
            next_tokens = decode([[token] for token in next_tokens], PROMPT + place - 1)
        return {"rate": sequences * TOKENS / (time.perf_counter() - began)}

    return measure


def sasrec_epoch(side):
    """An epoch on ml-100k by recommender_bench.py."""

    def measure(options):
        need(*{"p2rec": (), "pytorch": ("torch",), "recbole": ("torch", "recbole", "sklearn")}[side])
        source = Path(options.ml100k)
        if not source.is_file():
            raise Missing(f"{source} is not here; hint: bash p2rec/scripts/fetch_data.sh data")
        rows = [line.split("\t") for line in source.read_text().splitlines()[1:]]  # user, item, rating, time
        histories = {}
        for user, item, *_ in sorted(rows, key=lambda row: float(row[3])):
            histories.setdefault(user, []).append(item)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as data:
            data.writelines(f"{user} {' '.join(items)}\n" for user, items in histories.items())
            data.flush()
            found = run(sys.executable, BENCH / "recommender_bench.py", "--data", data.name, "--loss", "ce", "--batch", 128,
                        "--p2rec", options.p2rec, "--threads", options.threads, "--side", side)  # fmt: skip
        return {"rate": 60 / json.loads(found.splitlines()[-1])["epoch_s"]}

    return measure


# ---- works: what is measured, and the sides, those of p2rec first ------------------------------------------


@dataclass
class Work:
    about: str
    unit: str
    sides: dict


def lora_work(B, T):
    return Work(f"LoRA step, SmolLM2-135M's shape, r = 8 on seven linear layers, {B} x {T} tokens", "tokens/s", {
        "p2rec f32": benchmark(f"lora_step/{B}/{T}"),
        "PyTorch f32": torch_lora(B, T),
        "PyTorch f32, compiled": torch_lora(B, T, compiled=True),
        "PyTorch autocast bf16": torch_lora(B, T, autocast=True)})  # fmt: skip


def generation_work(B):
    about = f"Generation, SmolLM2-135M, greedy, {B} at once, prompts of {PROMPT} tokens, {TOKENS} more each"
    return Work(about, "tokens/s of all together", {
        "p2rec f32": benchmark(f"generation/{B}/{PROMPT}/{TOKENS}"),
        "llama.cpp Q4_1": llama_cpp_generation(B),
        **({"llama.cpp Q4_1, one sequence": llama_cpp_generation(1)} if B > 1 else {}),
        "PyTorch f32": torch_generation(B),
        "PyTorch bf16 weights": torch_generation(B, bf16=True)})  # fmt: skip


WORKS = {
    "lora_4x256": lora_work(4, 256),
    "lora_16x50": lora_work(16, 50),
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


def measure(name, work, rounds):
    """{side: [rate of each round]}, {side: share of the product}, {side: why it has no figure}, busy shares."""
    rates, shares, without, busy = {side: [] for side in work.sides}, {}, {}, []
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
            rates[side].append(found["rate"])
            shares.setdefault(side, []).append(found.get("of_product"))
            print(f"{name}, round {round_ + 1}, {side}: {found['rate']:.1f} {work.unit}", flush=True)
    return {side: r for side, r in rates.items() if side not in without}, shares, without, busy


# ---- the page ----------------------------------------------------------------------------------------------


def spread(values, digits):
    """ "1.32 (1.28 to 1.40)" """
    middle = f"{statistics.median(values):.{digits}f}"
    return middle + (f" ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 else "")


def table(work, rates, shares, without):
    ours = [side for side in rates if side.startswith("p2rec")]
    heads = ["", work.unit, "of the product's rate", *(f"{side} is N times as fast" for side in ours)]
    lines = [f"## {work.about}", "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for side, own in rates.items():
        share = f"{statistics.median(shares[side]):.0%}" if shares[side][0] else ""
        ratios = [spread([a / b for a, b in zip(rates[mine], own)], 2) if mine != side else "" for mine in ours]
        lines.append("| " + " | ".join([side, spread(own, 1), share, *ratios]) + " |")
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
    parser.add_argument("--works", default=",".join(WORKS), help="some of " + ",".join(WORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", default=BENCH / "RESULTS.md", type=Path)
    parser.add_argument("--side", nargs=2, metavar=("WORK", "SIDE"), help="measure only this one, once, and print JSON")
    options = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": str(options.threads), "OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false"}
    if options.side:
        try:
            print(json.dumps(WORKS[options.side[0]].sides[options.side[1]](options)))
        except Missing as missing:
            print(json.dumps({"skipped": str(missing)}))
        return 0
    unknown = set(options.works.split(",")) - set(WORKS)
    if unknown or options.rounds < 1:
        parser.error(f"--works, --rounds: found {', '.join(unknown) or options.rounds}; expected some of "
                     f"{', '.join(WORKS)}, and at least 1 round")  # fmt: skip
    tables, all_busy, failed = [], [], False
    for name in options.works.split(","):
        rates, shares, without, busy = measure(name, WORKS[name], options.rounds)
        tables += table(WORKS[name], rates, shares, without)
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
