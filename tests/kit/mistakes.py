"""Mistakes that are often made, as functions of NumPy: check.py compares wrong numbers with these.

`python tests/kit/mistakes.py` plants each of them and shows that check.py finds it and names it.
"""

import sys
import types

import numpy as np


def split(x, offsets):
    return [x[begin:end] for begin, end in zip(offsets[:-1], offsets[1:])]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rotate(x, positions, theta, pairs, power=2.0, sign=1.0):
    """pairs: "halves" or "neighbours"."""
    D = x.shape[-1]
    angles = sign * positions[:, None, None] * theta ** (-power * np.arange(D // 2) / D)
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = (x[..., : D // 2], x[..., D // 2 :]) if pairs == "halves" else (x[..., ::2], x[..., 1::2])
    turned = first * cos - second * sin, second * cos + first * sin
    return np.concatenate(turned, -1) if pairs == "halves" else np.stack(turned, -1).reshape(x.shape)


def attend(q, k, v, q_offsets, k_offsets, causal, scale=None, align="end", heads=np.repeat):
    """The right attention; each argument after `causal` plants a mistake."""
    H, D = q.shape[1:]
    results = []
    for q1, k1, v1 in zip(split(q, q_offsets), split(k, k_offsets), split(v, k_offsets)):
        T, S = len(q1), len(k1)
        if heads is np.repeat:
            k1, v1 = (np.repeat(x, H // x.shape[1], 1) for x in (k1, v1))
        else:
            k1, v1 = (np.tile(x, (1, H // x.shape[1], 1)) for x in (k1, v1))
        scores = np.einsum("thd,shd->hts", q1, k1) * (D**-0.5 if scale is None else scale(H, D))
        if causal:
            shift = S - T if align == "end" else 0
            scores = np.where(np.arange(S) > np.arange(T)[:, None] + shift, -np.inf, scores)
        results.append(np.einsum("hts,shd->thd", softmax(scores), v1) if T else q1)
    return np.concatenate(results)


def over_all(q, k, v, q_offsets, k_offsets, causal):
    return attend(q, k, v, np.array([0, len(q)]), np.array([0, len(k)]), causal)


def attend_to_padding(q, k, v, q_offsets, k_offsets, causal):
    """Keys and values are padded with zeros to the longest sequence. Only a causal mask hides the padding."""
    if causal:
        return attend(q, k, v, q_offsets, k_offsets, causal)
    longest = np.diff(k_offsets).max(initial=0)

    def padded(x):
        return np.concatenate([np.pad(part, ((0, longest - len(part)), (0, 0), (0, 0))) for part in split(x, k_offsets)])

    return attend(q, padded(k), padded(v), q_offsets, longest * np.arange(len(k_offsets)), causal)


def run_gru(x, w_ih, w_hh, b_ih, b_hh, offsets, reset_first=False, swapped=False):
    C, results = w_hh.shape[1], []
    for part in split(x, offsets):
        h = np.zeros(C, x.dtype)
        for token in part:
            i = w_ih @ token + (0 if b_ih is None else b_ih)
            g = w_hh @ h + (0 if b_hh is None else b_hh)
            r, z = sigmoid(i[:C] + g[:C]), sigmoid(i[C : 2 * C] + g[C : 2 * C])
            inner = w_hh[2 * C :] @ (r * h) + (0 if b_hh is None else b_hh[2 * C :]) if reset_first else r * g[2 * C :]
            n = np.tanh(i[2 * C :] + inner)
            h = z * n + (1 - z) * h if swapped else (1 - z) * n + z * h
            results.append(h)
    return np.array(results)


def mean_of_all(logits, targets):
    return np.sum([-np.log(softmax(row)[t]) for row, t in zip(logits, targets) if t >= 0]) / len(targets)


def adamw(parameter, gradient, m, v, step, lr, beta1, beta2, eps, weight_decay, mistake):
    if mistake == "l2":
        gradient = gradient + weight_decay * parameter
    else:
        parameter = parameter * (1 - lr * weight_decay)
    m, v = beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * gradient**2
    corrected = (m, v) if mistake == "biased" else (m / (1 - beta1**step), v / (1 - beta2**step))
    root = np.sqrt(corrected[1] + eps) if mistake == "eps" else np.sqrt(corrected[1]) + eps
    return parameter - lr * corrected[0] / root, m, v


def rank(scores, target, history, ties, filtered):
    taken = np.isin(np.arange(len(scores)), history if filtered else [])
    others = scores[~taken & (np.arange(len(scores)) != target)]
    return int((others > scores[target]).sum() + (ties * (others == scores[target])).sum())



def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def layer_norm(x, weight, bias, eps, unbiased=False, outside=False):
    d = x - x.mean(-1, keepdims=True)
    variance = (d**2).sum(-1, keepdims=True) / max(x.shape[-1] - unbiased, 1)
    return d / (np.sqrt(variance) + eps if outside else np.sqrt(variance + eps)) * weight + bias


def sampled_terms(h, table, targets, negatives):
    return (h * table[targets]).sum(-1), np.einsum("mc,mnc->mn", h, table[negatives])


def bce_by_kind(h, table, targets, negatives):
    positive, negative = sampled_terms(h, table, targets, negatives)
    return np.log1p(np.exp(-positive)).mean() + np.log1p(np.exp(negative)).mean()


def softmax_unscaled(h, table, targets, negatives):
    positive, negative = sampled_terms(h, table, targets, negatives)
    return (np.log(np.exp(positive) + np.exp(negative).sum(1)) - positive).mean()


MISTAKES = {
    "rms_norm": {
        "eps is added outside the root": lambda x, w, eps: x / (np.sqrt((x**2).mean(-1, keepdims=True)) + eps) * w,
        "the mean is subtracted, as in LayerNorm": lambda x, w, eps: layer_norm(x, w, 0, eps),
        "the sum of squares is not divided by C": lambda x, w, eps: x / np.sqrt((x**2).sum(-1, keepdims=True) + eps) * w,
    },
    "layer_norm": {
        "the variance is divided by C - 1": lambda x, w, b, eps: layer_norm(x, w, b, eps, unbiased=True),
        "eps is added outside the root": lambda x, w, b, eps: layer_norm(x, w, b, eps, outside=True),
    },
    "gelu": {"the approximation by tanh": gelu_tanh},
    "swiglu": {"gate and up are swapped": lambda gate, up: up * sigmoid(up) * gate},
    "rotary": {
        "neighbouring channels are paired (interleaved)": lambda x, p, theta: rotate(x, p, theta, "neighbours"),
        "the rotation has the other direction": lambda x, p, theta: rotate(x, p, theta, "halves", sign=-1.0),
        "the frequencies are theta^(-i/D), not theta^(-2i/D)": lambda x, p, theta: rotate(x, p, theta, "halves", power=1.0),
    },
    "attention": {
        "1 / sqrt(D) is missing": lambda *a: attend(*a, scale=lambda H, D: 1.0),
        "the scale is 1 / sqrt(H D)": lambda *a: attend(*a, scale=lambda H, D: (H * D) ** -0.5),
        "the causal mask is missing": lambda *a: attend(*a[:-1], False),
        "the causal mask is aligned at the start": lambda *a: attend(*a, align="start"),
        "query head h uses key head h mod KV": lambda *a: attend(*a, heads=np.tile),
        "sequences see each other: the offsets are ignored": over_all,
        "padding is attended to": attend_to_padding,
    },
    "gru": {
        "the reset gate is applied before the product": lambda *a: run_gru(*a, reset_first=True),
        "z and 1 - z are swapped": lambda *a: run_gru(*a, swapped=True),
    },
    "cross_entropy": {
        "ignored rows count in the mean": mean_of_all,
        "the targets are one row late": lambda logits, t: mean_of_all(logits, np.roll(t, 1)) * len(t) / max((t >= 0).sum(), 1),
    },
    "lora_linear": {
        "the scale is alpha, not alpha / r": lambda x, w, a, b, alpha: x @ w.T + alpha * (x @ a.T) @ b.T,
        "the scale is missing": lambda x, w, a, b, alpha: x @ w.T + (x @ a.T) @ b.T,
    },
    "adamw_step": {
        "the moments are not corrected for their bias": lambda *a: adamw(*a, "biased"),
        "weight decay is added to the gradient (L2)": lambda *a: adamw(*a, "l2"),
        "eps is added inside the root": lambda *a: adamw(*a, "eps"),
    },
    "sampled_bce": {"the means of positives and negatives are added": bce_by_kind},
    "sampled_softmax": {"negatives are not weighted by (V - 1) / n": softmax_unscaled},
    "rank_of_target": {
        "ties count for the target": lambda s, t, h: rank(s, t, h, ties=0, filtered=True),
        "the items of the history are not removed": lambda s, t, h: rank(s, t, h, ties=1, filtered=False),
    },
    "hit_rate": {"ranks are taken as counted from 1": lambda r, k: (r <= k).mean()},
    "ndcg": {"the discount is 1 / log2(rank + 1) for ranks from 0": lambda r, k: np.where(r < k, 1 / np.log2(r + 1.0 + 1e-9), 0).mean()},
    "mrr": {"there is no cutoff": lambda r, k: (1 / (r + 1)).mean()},
}  # fmt: skip


def same(found, wrong):
    """True if the student's numbers are those of the mistake."""
    found, wrong = ([np.asarray(part, np.float64) for part in (x if isinstance(x, tuple) else (x,))] for x in (found, wrong))
    return all(a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(found, wrong))


def known_mistake(component, function, precision):
    """The mistake that gives the student's numbers in every case, or None. Mistakes that change nothing are left out."""
    from check import to_numpy

    def numbers(results):
        return tuple(to_numpy(part) for part in results) if isinstance(results, tuple) else to_numpy(results)

    cases = list(component.cases(precision))
    for name, wrong in MISTAKES.get(component.name, {}).items():
        with np.errstate(all="ignore"):
            try:
                if all(same(numbers(function(*case.arguments)), wrong(*case.arguments)) for case in cases):
                    return name
            except (ValueError, IndexError, TypeError):  # the function does not take this case: not this mistake
                continue
    return None


def plant(component, name, wrong):
    """True if check.py finds the mistake, names it, and blames no other component."""
    from check import check_component

    adapters = types.SimpleNamespace(**{component.name: wrong})
    with np.errstate(all="ignore"):
        found = any(explanation for *_, explanation in check_component(component, adapters, "float64"))
    return found and known_mistake(component, wrong, "float64") == name


def main():
    from components import COMPONENTS

    missed = 0
    for component in COMPONENTS:
        for name, wrong in MISTAKES.get(component.name, {}).items():
            good = plant(component, name, wrong)
            missed += not good
            print(f"{component.name:16} {name:60} {'found and named' if good else 'MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
