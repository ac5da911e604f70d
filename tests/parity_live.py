"""Draws random configurations and compares this library with PyTorch on each, in double precision.

    python tests/parity_live.py --program build/tests/parity_live [--count 200] [--seed 1] [--only KIND]

The kinds take turns, each compared with:
    attention                       torch's scaled_dot_product_attention
    rms_norm, layer_norm, matmul,   torch's
    linear_cross_entropy, gru
    candidate_scores                the same scores of the full matrix
    Llama, plain or with LoRA       plain_models.py, which is compared with transformers and peft in float32
    SASRec                          torch.nn.TransformerEncoderLayer on padded sequences
Sizes, heads, groups of heads, lengths (one and, if allowed, zero), ranks, masks and targets are random.
Results and all gradients must agree to 1e-9 of each tensor's largest magnitude. Otherwise the exit code is 1,
and the configuration is printed; it can be run again with --seed and --count. Needs: torch, transformers,
peft, safetensors.
"""

import argparse
import math
import random
import subprocess
import sys
import tempfile
import warnings
from collections import defaultdict
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parent / "fixtures"))
import make_models  # noqa: E402
import plain_models as plain  # noqa: E402
from fixture_runs import Draw  # noqa: E402

warnings.filterwarnings("ignore", category=FutureWarning)  # of transformers about itself
TOLERANCE = 1e-9
LIBRARY_TOLERANCE = 1e-3  # for transformers and peft in float32
LORA_TARGETS = make_models.LORA["targets"]


class Sizes:
    """The random choices of one case."""

    def __init__(self, seed, index):
        self.random, self.draw = random.Random(f"{seed}/{index}"), Draw(f"{seed}/{index}")

    def between(self, low, high):
        return self.random.randint(low, high)

    def one_of(self, *choices):
        return self.random.choice(choices)

    def lengths(self, low, high, most=5):
        return [self.between(low, high) for _ in range(self.between(1, most))]


def with_gradients(y, inputs, dy=None):
    """{"y": y, "grad.NAME": gradients of sum(y dy)}"""
    gradients = torch.autograd.grad(y if dy is None else (y * dy).sum(), list(inputs.values()))
    return {"y": y.detach().reshape(y.shape or (1,))} | {f"grad.{n}": g for n, g in zip(inputs, gradients)}


# ---- a kind: (settings, tensors of the case file, expected results) ----------------------------------------


def attention(s):
    KV, group, D, causal = s.between(1, 3), s.between(1, 4), s.between(1, 40), s.between(0, 1)
    k_lengths = s.lengths(1, s.one_of(4, 40, 90))
    q_lengths = [s.between(0, n) for n in k_lengths]
    if sum(q_lengths) == 0:
        q_lengths[0] = 1
    inputs = {"q": s.draw.normal(sum(q_lengths), KV * group, D), "k": s.draw.normal(sum(k_lengths), KV, D),
              "v": s.draw.normal(sum(k_lengths), KV, D)}  # fmt: skip
    inputs = {name: x.requires_grad_() for name, x in inputs.items()}
    parts = []
    for q, k, v in zip(*(x.split(n) for x, n in zip(inputs.values(), (q_lengths, k_lengths, k_lengths)))):
        seen = torch.ones(len(q), len(k), dtype=torch.bool).tril(len(k) - len(q)) if causal else None
        heads = [x.transpose(0, 1) for x in (q, k, v)]
        parts.append(F.scaled_dot_product_attention(*heads, attn_mask=seen, enable_gqa=True).transpose(0, 1))
    dy = s.draw.normal(*inputs["q"].shape)
    tensors = inputs | {"dy": dy, "q_lengths": torch.tensor(q_lengths), "k_lengths": torch.tensor(k_lengths)}
    return {"causal": causal}, tensors, with_gradients(torch.cat(parts), inputs, dy)


def norm(s, has_bias):
    C, eps, scale = s.between(1, 200), s.one_of(1e-12, 1e-6, 1e-5, 0.1), s.one_of(0.01, 1, 100)
    inputs = {"x": s.draw.normal(s.between(1, 70), C) * scale, "weight": s.draw.normal(C)}
    if has_bias:
        # A single column has no variance, so with a small eps only rounding errors are left.
        eps = eps if C > 1 else 0.1
        inputs["bias"] = s.draw.normal(C)
    inputs = {name: x.requires_grad_() for name, x in inputs.items()}
    parameters = list(inputs.values())
    y = (F.layer_norm if has_bias else F.rms_norm)(parameters[0], (C,), *parameters[1:], eps)
    dy = s.draw.normal(*y.shape)
    return {"eps": eps}, inputs | {"dy": dy}, with_gradients(y, inputs, dy)


def rms_norm(s):
    return norm(s, False)


def layer_norm(s):
    return norm(s, True)


def linear_cross_entropy(s):
    N, C, V = s.between(1, 120), s.between(1, 20), s.one_of(2, s.between(3, 300), 20_000)
    inputs = {"h": s.draw.normal(N, C).requires_grad_(), "table": s.draw.normal(V, C).requires_grad_()}
    targets = s.draw.integers(0, V, N)
    if N > 1:
        targets[s.draw.integers(1, N, N // 4)] = -1
    y = F.cross_entropy(inputs["h"] @ inputs["table"].T, targets, ignore_index=-1)
    return {}, inputs | {"targets": targets}, with_gradients(y, inputs)


def matmul(s):
    M, K, N, ta, tb = *(s.one_of(1, s.between(2, 20), s.between(2, 300)) for _ in range(3)), *(s.between(0, 1) for _ in "ab")
    a, b = s.draw.normal(*((K, M) if ta else (M, K))), s.draw.normal(*((N, K) if tb else (K, N)))
    inputs = {"a": a.requires_grad_(), "b": b.requires_grad_()}
    dy = s.draw.normal(M, N)
    y = (a.T if ta else a) @ (b.T if tb else b)
    return {"transpose_a": ta, "transpose_b": tb}, inputs | {"dy": dy}, with_gradients(y, inputs, dy)


def gru(s):
    I, C, lengths = s.between(1, 20), s.between(1, 20), s.lengths(0, 12, 8)
    if sum(lengths) == 0:
        lengths[0] = 1
    layer = torch.nn.GRU(I, C)
    shapes = {"w_ih": (3 * C, I), "w_hh": (3 * C, C), "b_ih": (3 * C,), "b_hh": (3 * C,)}
    inputs = {"x": s.draw.normal(sum(lengths), I)} | {name: s.draw.normal(*shape) for name, shape in shapes.items()}
    inputs = {name: x.requires_grad_() for name, x in inputs.items()}
    weights = {name: inputs[short] for name, short in zip(
        ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), shapes)}  # fmt: skip
    parts = [part for part in inputs["x"].split(lengths) if len(part)]
    y = torch.cat([torch.func.functional_call(layer, weights, (part,))[0] for part in parts])
    dy = s.draw.normal(*y.shape)
    return {}, inputs | {"dy": dy, "lengths": torch.tensor(lengths)}, with_gradients(y, inputs, dy)


def candidate_scores(s):
    N, n, C, V = s.between(1, 60), s.between(1, 30), s.between(1, 40), s.one_of(1, s.between(2, 300), 5000)
    inputs = {"h": s.draw.normal(N, C).requires_grad_(), "table": s.draw.normal(V, C).requires_grad_()}
    ids = s.draw.integers(0, V, N, n)
    y = (inputs["h"] @ inputs["table"].T).gather(1, ids)
    dy = s.draw.normal(N, n)
    return {}, inputs | {"dy": dy, "ids": ids}, with_gradients(y, inputs, dy)


def packed_tensors(x):
    return {"ids": x.ids, "positions": x.positions, "lengths": torch.tensor(x.lengths())}


def trained_once(forward, parameters):
    """forward() -> (states, loss)"""
    hidden, loss = forward()
    gradients = torch.autograd.grad(loss, list(parameters.values()))
    return {"hidden": hidden.detach(), "loss": loss.detach().reshape(1)} | {
        f"grad.{n}": g for n, g in zip(parameters, gradients)}  # fmt: skip


def llama(s):
    KV, group, D = s.between(1, 3), s.between(1, 3), 2 * s.between(1, 6)
    config = {"vocab_size": s.between(5, 60), "hidden_size": KV * group * D, "intermediate_size": s.between(1, 50),
              "num_hidden_layers": s.between(1, 3), "num_attention_heads": KV * group, "num_key_value_heads": KV,
              "rms_norm_eps": s.one_of(1e-6, 1e-5), "rope_theta": s.one_of(1e4, 1e5, 5e5), "tie_word_embeddings": True}  # fmt: skip
    rank = s.between(1, 6)
    lora = {"r": rank, "alpha": s.one_of(1, 2) * rank, "targets": s.random.sample(LORA_TARGETS, s.between(1, 7))}
    make_models.LLAMA, make_models.LORA = config, lora
    weights = make_models.llama_weights(s.draw)
    adapter = make_models.llama_adapter(s.draw, weights) if s.between(0, 1) else {}
    sequences = [s.draw.integers(0, config["vocab_size"], length) for length in s.lengths(1, 12)]
    x = plain.pack(sequences, plain.positions_from_zero(sequences))
    next_ids = s.draw.integers(0, config["vocab_size"], len(x.ids))
    trained = {name: value.requires_grad_() for name, value in (adapter or weights).items()}

    def with_adapter(name, h):
        y = F.linear(h, weights[name + ".weight"])
        A, B = (trained.get(f"base_model.model.{name}.lora_{part}.weight") for part in "AB")
        return y if A is None else y + lora["alpha"] / lora["r"] * F.linear(F.linear(h, A), B)

    def forward():
        hidden = plain.llama_hidden(weights, config, x, with_adapter if adapter else None)
        return hidden, F.cross_entropy(plain.llama_logits(weights, hidden), next_ids)

    expected = trained_once(forward, trained)
    compare_with_library(weights, adapter, x, next_ids, expected)
    settings = {"vocabulary": config["vocab_size"], "hidden": config["hidden_size"], "intermediate": config["intermediate_size"],
                "layers": config["num_hidden_layers"], "heads": KV * group, "kv_heads": KV, "eps": config["rms_norm_eps"],
                "theta": config["rope_theta"], "rank": lora["r"] if adapter else 0, "alpha": lora["alpha"],
                "targets": " ".join(lora["targets"])}  # fmt: skip
    tensors = {f"weight.{n}": w for n, w in weights.items()} | {f"adapter.{n}": w for n, w in adapter.items()}
    return settings, tensors | packed_tensors(x) | {"targets": next_ids}, expected


def compare_with_library(weights, adapter, x, targets, expected):
    """Compares the plain model's results with transformers' and peft's, in float32."""
    plain_weights = {n: w.detach() for n, w in weights.items()}
    if adapter:
        model, trained = make_models.peft_llama(plain_weights, {n: w.detach() for n, w in adapter.items()})
        decoder, head = model.base_model.model.model, model.base_model.model.lm_head
    else:
        model = make_models.transformers_llama(plain_weights)
        decoder, head, trained = model.model, model.lm_head, dict(model.named_parameters())

    def forward():
        hidden = torch.cat([decoder(ids[None]).last_hidden_state[0] for ids in x.ids.split(x.lengths())])
        return hidden, F.cross_entropy(head(hidden), targets)

    error, where = worst_error(trained_once(forward, trained), expected, floor=1e-2)
    if not error <= LIBRARY_TOLERANCE:
        raise SystemExit(f"transformers in float32: {where} is off by {error:.1e} on {make_models.LLAMA}, {make_models.LORA}")


def sasrec(s):
    H, D, T = s.between(1, 3), s.between(1, 8), s.between(1, 12)
    config = {"num_items": s.between(2, 60), "hidden_size": H * D, "inner_size": s.between(1, 30), "num_layers": s.between(1, 3),
              "num_heads": H, "max_length": T, "layer_norm_eps": 1e-5}  # fmt: skip
    if H * D == 1:  # the norm of one column is its bias
        config["hidden_size"] = 2 * H
    make_models.SASREC = config
    weights = make_models.sasrec_weights(s.draw)
    sequences = [s.draw.integers(0, config["num_items"], length) for length in s.lengths(1, T)]
    x = plain.pack(sequences, plain.positions_right_aligned(sequences, T))
    targets = s.draw.integers(0, config["num_items"], len(x.ids))
    model = make_models.PaddedSASRec().double()
    model.load_state_dict(weights)

    def forward():
        hidden = model(sequences)
        return hidden, F.cross_entropy(hidden @ model.item_embedding.weight.T, targets)

    expected = trained_once(forward, dict(model.named_parameters()))
    settings = {"items": config["num_items"], "hidden": config["hidden_size"], "inner": config["inner_size"],
                "layers": config["num_layers"], "heads": H, "max_length": T}  # fmt: skip
    return settings, {f"weight.{n}": w for n, w in weights.items()} | packed_tensors(x) | {"targets": targets}, expected


KINDS = {f.__name__: f for f in (attention, rms_norm, layer_norm, linear_cross_entropy, matmul, gru, candidate_scores, llama,
                                 sasrec)}  # fmt: skip


# ---- comparison --------------------------------------------------------------------------------------------


def for_file(tensor):
    return tensor.detach().contiguous().to(torch.float64 if tensor.is_floating_point() else torch.int32)


def worst_error(found, expected, floor=1e-6):
    """The largest error of all tensors, relative to the tensor's largest magnitude, and the tensor's name. A
    gradient that is mathematically zero is rounding noise on both sides, so a magnitude below `floor` times
    the largest tensor's counts as that."""
    if set(found) != set(expected):
        return float("inf"), f"names {sorted(set(found) ^ set(expected))}"
    largest = max(value.abs().max().item() for value in expected.values() if value.numel())
    worst, where = 0.0, ""
    for name, reference in expected.items():
        if found[name].shape != reference.shape:
            return float("inf"), f"{name} is {tuple(found[name].shape)}, expected {tuple(reference.shape)}"
        scale = max(reference.abs().max().item(), floor * largest, 1e-30) if reference.numel() else 1.0
        error = (found[name] - reference).abs().max().item() / scale if reference.numel() else 0.0
        if math.isnan(error):
            return float("inf"), name
        if error > worst:
            worst, where = error, name
    return worst, where


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the built parity_live")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", choices=list(KINDS), help="only one kind")
    options = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    kinds = [options.only] if options.only else list(KINDS)
    counts, worst, failed = defaultdict(int), defaultdict(float), 0
    with tempfile.TemporaryDirectory() as folder:
        cases = []
        for i in range(options.count):
            kind = kinds[i % len(kinds)]
            settings, tensors, expected = KINDS[kind](Sizes(options.seed, i))
            path = Path(folder) / f"{i}.safetensors"
            metadata = {"kind": kind} | {name: str(value) for name, value in settings.items()}
            save_file({name: for_file(tensor) for name, tensor in tensors.items()}, path, metadata)
            cases.append((kind, settings, path, expected))
        subprocess.run([options.program, *(path for _, _, path, _ in cases)], check=True)
        for i, (kind, settings, path, expected) in enumerate(cases):
            error, where = worst_error(load_file(f"{path}.out"), expected)
            counts[kind] += 1
            worst[kind] = max(worst[kind], error)
            if not error <= TOLERANCE:
                failed += 1
                print(f"FAILED: configuration {i} of seed {options.seed}, {kind} {settings}: {where} is off by {error:.1e}")
    print(f"{'kind':<22} {'configurations':>14} {'largest error':>14}   (of the largest magnitude; allowed {TOLERANCE:.0e})")
    for kind in counts:
        print(f"{kind:<22} {counts[kind]:>14} {worst[kind]:>14.1e}")
    print(f"{options.count - failed} of {options.count} configurations agree with torch {torch.__version__}")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
