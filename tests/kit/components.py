"""The components and models that check.py knows, with their cases from tests/fixtures/.

Letters: R rows, C channels, N packed tokens, B sequences, H heads, KV key heads, D head size, V vocabulary or items,
K groups, r LoRA's rank. A packed batch has no padding: sequence b is the rows offsets[b] .. offsets[b+1] - 1.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import safe_open

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


@dataclass
class Case:
    """One call of a component's function: its arguments, and what should come out."""

    name: str
    arguments: tuple
    results: tuple
    dy: object = None  # the gradient that goes into NAME_backward(dy, *arguments)
    gradients: dict = None  # {"dx": expected}, in the order in which NAME_backward returns them; None: not compared


@dataclass
class Component:
    name: str
    signature: str
    about: str
    cases: object  # a function: precision -> iterable of Case
    results: tuple = ("y",)


@dataclass
class ModelCase:
    weights: dict
    batch: dict
    config: dict
    results: dict = field(default_factory=dict)  # hidden, logits or predictions, loss, losses
    grads: dict = field(default_factory=dict)


@dataclass
class Model:
    name: str
    about: str
    file: str
    signature: str = "(weights, batch, config)"

    def case(self, precision):
        tensors, metadata = read(self.file, precision, results_too=False)
        case = ModelCase({}, {}, json.loads(metadata["config"]))
        for name, value in tensors.items():
            prefix, _, rest = name.partition(".")
            if prefix == "weight":
                case.weights[rest] = value
            elif prefix == "input":
                case.batch[rest] = value
            elif prefix == "output":
                case.results[rest] = value
            elif prefix == "grad":
                case.grads[rest] = value
            elif name == "loss":
                case.results[name] = value[0]
            elif name == "losses":
                case.results[name] = value
        return case


def read(file, precision="float64", results_too=True):
    """({name: array}, metadata). Numbers that go into a function have the asked precision; inputs are exact in both."""
    with safe_open(FIXTURES / file, "np") as opened:
        tensors, metadata = {name: opened.get_tensor(name) for name in opened.keys()}, opened.metadata()
    for name, value in tensors.items():
        is_input = results_too or name.startswith(("weight.", "input."))
        if value.dtype == np.float64 and is_input:
            tensors[name] = value.astype(precision)
        elif value.dtype == np.int32:
            tensors[name] = value.astype(np.int64)
    return tensors, metadata


# ---- operations: the cases of ops.safetensors --------------------------------------------------------------


class Input(np.ndarray):
    """x0, x1, ... of a PyTorch line."""

    def new_tensor(self, values):
        return np.array(values, self.dtype)


class Torch:
    """What the PyTorch lines use of torch."""

    tensor = staticmethod(np.array)


def offsets(lengths):
    return np.concatenate([[0], np.cumsum(lengths)])


class Functional:
    """What the lines use of torch.nn.functional: each function returns the arguments of the component's function."""

    rms_norm = staticmethod(lambda x, shape, weight, eps: (x, weight, eps))
    layer_norm = staticmethod(lambda x, shape, weight, bias, eps: (x, weight, bias, eps))
    softmax = staticmethod(lambda x, axis: (x,))
    gelu = staticmethod(lambda x: (x,))
    silu = staticmethod(lambda x: (x,))
    linear = staticmethod(lambda x, weight, bias=None: (x, weight, bias))
    embedding = staticmethod(lambda ids, table: (table, ids))
    cross_entropy = staticmethod(lambda logits, targets, ignore_index=-1: (logits, targets))
    binary_cross_entropy_with_logits = staticmethod(lambda logits, labels: (logits, labels))


NAMES = {
    "torch": Torch, "F": Functional,
    "rope": lambda x, positions, theta: (x, np.array(positions), float(theta)),
    "attention": lambda q, k, v, n, m, causal: (q, k, v, offsets(n), offsets(m), causal),
    "gru": lambda x, w_ih, w_hh, b_ih, b_hh, n: (x, w_ih, w_hh, b_ih, b_hh, offsets(n)),
}  # fmt: skip


LOSSES = ("cross_entropy", "bce_with_logits")


def op_cases(name, line, names):
    """The cases of an op: those whose PyTorch line begins with `line`. `names` are its float arguments."""

    def cases(precision):
        tensors, metadata = read("ops.safetensors")
        for key, text in metadata.items():
            case = key.removesuffix(".pytorch")
            if key == case or not text.startswith(line) or not case.startswith(name) or "composed" in case:
                continue
            inputs = {}
            while f"{case}.x{len(inputs)}" in tensors:
                x = f"x{len(inputs)}"
                inputs[x] = tensors[f"{case}.{x}"].astype(precision).view(Input)
            arguments = eval(text, NAMES | inputs) if line != "F.silu(x0) *" else tuple(inputs.values())
            # A line may scale an input. Then dx0 is not the gradient of the argument, and none is compared.
            given = [x for a in arguments for x, value in inputs.items() if value is a]
            gradients = None
            if set(given) == set(inputs):
                gradients = {f"d{part}": tensors[f"{case}.d{x}"] for part, x in zip(names, given)}
            plain = tuple(a.view(np.ndarray) if isinstance(a, Input) else a for a in arguments)
            shape = () if name in LOSSES else tensors[f"{case}.y"].shape  # a fixture holds a number as (1)
            y, r = (tensors[f"{case}.{part}"].reshape(shape) for part in "yr")
            yield Case(case, plain, (y,), r.astype(precision), gradients)

    return cases


# ---- others ------------------------------------------------------------------------------------------------


def lora_cases(precision):
    tensors, metadata = read("kit.safetensors", precision, results_too=False)
    arguments = [tensors[f"input.{part}"] for part in ("x", "weight", "a", "b")]
    gradients = {f"d{part}": tensors[f"d{part}"] for part in ("x", "weight", "a", "b")}
    alpha = json.loads(metadata["config"])["alpha"]
    yield Case("lora_linear", (*arguments, alpha), (tensors["y"],), tensors["input.r"], gradients)


def adamw_cases(precision):
    """Ten steps on given gradients: the kit clips them and multiplies the rate by the schedule's factor."""
    tensors, metadata = read("optim.safetensors")
    config = json.loads(metadata["config"])
    factors = read("schedule.safetensors")[0][config["schedule"]["kind"]]
    settings, before = config["settings"], None
    for name in ("a", "b"):
        for step in range(10):
            clip = min(1.0, config["clip_norm"] / (tensors["norm"][step] + 1e-6))
            gradient = (tensors[f"grad.{name}"][step] * clip).astype(precision)
            if step == 0:
                before = tensors[f"start.{name}"]
                m, v = np.zeros_like(before), np.zeros_like(before)
            # The moments before the step, from the gradients so far: the function is checked step by step.
            beta1, beta2 = settings["betas"]
            rate = settings["lr"] * factors[step]
            arguments = (before.astype(precision), gradient, m.astype(precision), v.astype(precision), step + 1, rate,
                         beta1, beta2, settings["eps"], settings["weight_decay"])  # fmt: skip
            exact = tensors[f"grad.{name}"][step] * clip
            m, v = beta1 * m + (1 - beta1) * exact, beta2 * v + (1 - beta2) * exact**2
            after = tensors[f"adamw.{name}"][step]
            yield Case(f"step {step + 1} of {name}", arguments, (after, m, v))
            before = after


def k_means_cases(precision):
    """scikit-learn's result after one step from its last centroids: the labels there, and the means of the groups."""
    tensors, _ = read("kmeans.safetensors")
    for name in ("blobs", "overlapping", "one_group"):  # they ended because no label changed
        part = {key: tensors[f"{name}.{key}"] for key in ("points", "centroids", "labels")}
        yield Case(name, (part["points"].astype(precision), part["centroids"].astype(precision)),
                   (part["labels"], part["centroids"]))  # fmt: skip


def rank_cases(precision):
    tensors, _ = read("ranking.safetensors")
    begin = tensors["ranking.removed_offsets"]
    for user, target in enumerate(tensors["ranking.target"]):
        history = tensors["ranking.removed"][begin[user] : begin[user + 1]]
        rank = tensors["ranking.rank_ties_against"][user]
        yield Case(f"user {user}", (tensors["ranking.scores"][user].astype(precision), int(target), history), (rank,))


def metric_cases(part):
    def cases(precision):
        tensors, metadata = read("ranking.safetensors")
        for i, cutoff in enumerate(json.loads(metadata["config"])["cutoffs"]):
            yield Case(f"{part}@{cutoff}", (tensors["ranking.rank"], cutoff), (tensors[f"ranking.{part}"][i],))

    return cases


def loss_cases(part, *extra):
    def cases(precision):
        tensors, _ = read("recommender_losses.safetensors")
        h, table = (tensors[name].astype(precision) for name in ("h", "table"))
        gradients = {"dh": tensors[f"{part}.dh"], "dtable": tensors[f"{part}.dtable"]}
        arguments = (h, table, tensors["targets"], tensors["negatives"], *extra)
        yield Case(part, arguments, (tensors[f"{part}.loss"][0],), np.ones((), precision), gradients)

    return cases


def op(name, signature, about, line, names):
    return Component(name, signature, about, op_cases(name, line, names))


COMPONENTS = [
    op("linear", "(x, weight, bias)", "x (..,I), weight (O,I), bias (O) or None -> (..,O)", "F.linear(", ("x", "weight", "bias")),
    op("embedding", "(table, ids)", "table (V,C), ids (N) -> (N,C)", "F.embedding(", ("table",)),
    op("softmax", "(x)", "over the last axis", "F.softmax(", ("x",)),
    op("gelu", "(x)", "the exact form, with erf", "F.gelu(", ("x",)),
    op("silu", "(x)", "x * sigmoid(x)", "F.silu(x0)", ("x",)),
    op("swiglu", "(gate, up)", "silu(gate) * up", "F.silu(x0) *", ("gate", "up")),
    op("rms_norm", "(x, weight, eps)", "x (..,C) / sqrt(mean(x^2) + eps) * weight (C)", "F.rms_norm(", ("x", "weight")),
    op("layer_norm", "(x, weight, bias, eps)", "over the last axis", "F.layer_norm(", ("x", "weight", "bias")),
    op("rotary", "(x, positions, theta)", "x (N,H,D): channels i and i + D/2 turn by positions * theta^(-2i/D)", "rope(", ("x",)),
    op("attention", "(q, k, v, q_offsets, k_offsets, causal)",
       "q (N,H,D), k and v (M,KV,D), offsets (B+1); query head h uses key head h / (H/KV); causal: the last query sees "
       "the last key -> (N,H,D)", "attention(", ("q", "k", "v")),
    op("gru", "(x, w_ih, w_hh, b_ih, b_hh, offsets)",
       "x (N,I), w_ih (3C,I), w_hh (3C,C), biases (3C) or None: torch.nn.GRU over packed sequences -> (N,C)", "gru(",
       ("x", "w_ih", "w_hh", "b_ih", "b_hh")),
    op("cross_entropy", "(logits, targets)", "logits (R,V), targets (R), -1: ignored; the mean -> ()", "F.cross_entropy(x", ("logits",)),
    op("bce_with_logits", "(logits, labels)", "binary cross-entropy, the mean -> ()", "F.binary_cross", ("logits",)),
    Component("lora_linear", "(x, weight, a, b, alpha)",
              "x (N,I), weight (O,I), a (r,I), b (O,r): x W^T + alpha / r * (x A^T) B^T -> (N,O)", lora_cases),
    Component("adamw_step", "(parameter, gradient, m, v, step, lr, beta1, beta2, eps, weight_decay)",
              "one step, numbered from 1 -> (parameter, m, v)", adamw_cases, ("parameter", "m", "v")),
    Component("sampled_bce", "(h, table, targets, negatives)",
              "h (M,C), table (V,C), targets (M), negatives (M,n): the mean of all M (1 + n) binary terms -> ()", loss_cases("bce")),
    Component("gbce", "(h, table, targets, negatives, t)", "gSASRec's loss with t -> ()", loss_cases("gbce", 0.75)),
    Component("sampled_softmax", "(h, table, targets, negatives)", "each negative represents (V - 1) / n items -> ()",
              loss_cases("sampled_softmax")),
    Component("k_means_step", "(points, centroids)", "points (V,C), centroids (K,C) -> (labels (V), means of the groups (K,C))",
              k_means_cases, ("labels", "centroids")),
    Component("rank_of_target", "(scores, target, history)",
              "scores (V); the items before the target, without those of the history; ties count against it -> int", rank_cases,
              ("rank",)),
    Component("hit_rate", "(ranks, k)", "the share of ranks (from 0) below k -> ()", metric_cases("hr")),
    Component("ndcg", "(ranks, k)", "the mean of 1 / log2(rank + 2) where rank < k -> ()", metric_cases("ndcg")),
    Component("mrr", "(ranks, k)", "the mean of 1 / (rank + 1) where rank < k -> ()", metric_cases("mrr")),
]  # fmt: skip

MODELS = [
    Model("llama", "Hugging Face's names; batch: ids, positions (N), offsets (B+1), targets (N), -1: none", "llama_tiny.safetensors"),
    Model("llama_lora", "PEFT's names, a head on the last token; batch: ids, positions, offsets, preferences (B,K)", "llama_lora.safetensors"),
    Model("sasrec", "torch.nn.TransformerEncoderLayer's names, norm first, cross-entropy over all items", "sasrec_ce.safetensors"),
    Model("sasrec_bce", "the same with sampled negatives (N,n)", "sasrec_bce.safetensors"),
    Model("sasrec_recbole", "RecBole's form and names", "sasrec_recbole.safetensors"),
    Model("sasrec_original", "its authors' form", "sasrec_original.safetensors"),
    Model("gru4rec", "RecBole's GRU4Rec", "gru4rec.safetensors"),
    Model("narm", "RecBole's NARM", "narm.safetensors"),
    Model("bert4rec", "RecBole's BERT4Rec; batch: rows (M) are the masked rows, targets (M) their items", "bert4rec.safetensors"),
]
