"""PyTorch's own functions and torch.nn.TransformerEncoderLayer, as adapters for check.py."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def tensor(value):
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


def with_gradients(function):
    """NAME and NAME_backward of a function of tensors."""

    def forward(*arguments):
        return function(*map(tensor, arguments))

    def backward(dy, *arguments):
        inputs = [tensor(a) for a in arguments]
        floats = [x.requires_grad_() for x in inputs if isinstance(x, torch.Tensor) and x.is_floating_point()]
        return torch.autograd.grad(function(*inputs), floats, tensor(np.asarray(dy)), allow_unused=True)

    return forward, backward


def lengths(offsets):
    return offsets.diff().tolist()


def _attention(q, k, v, q_offsets, k_offsets, causal):
    parts = zip(q.split(lengths(q_offsets)), k.split(lengths(k_offsets)), v.split(lengths(k_offsets)))
    results = []
    for q1, k1, v1 in parts:
        seen = torch.ones(len(q1), len(k1), dtype=torch.bool).tril(len(k1) - len(q1)) if causal else None
        heads = [x.transpose(0, 1) for x in (q1, k1, v1)]
        results.append(F.scaled_dot_product_attention(*heads, attn_mask=seen, enable_gqa=True).transpose(0, 1))
    return torch.cat(results)


def _gru(x, w_ih, w_hh, b_ih, b_hh, offsets):
    layer = nn.GRU(w_ih.shape[1], w_hh.shape[1], bias=b_ih is not None).to(x.dtype)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    given = {name: value for name, value in zip(names, (w_ih, w_hh, b_ih, b_hh)) if value is not None}
    parts = [part for part in x.split(lengths(offsets)) if len(part)]
    return torch.cat([torch.func.functional_call(layer, given, (part,))[0] for part in parts])


def _adamw(parameter, gradient, m, v, step, lr, beta1, beta2, eps, weight_decay):
    parameter = nn.Parameter(parameter.clone())
    optimiser = torch.optim.AdamW([parameter], lr, (beta1, beta2), eps, weight_decay)
    optimiser.state[parameter] = {"step": torch.tensor(step - 1.0), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    parameter.grad = gradient
    optimiser.step()
    return parameter, optimiser.state[parameter]["exp_avg"], optimiser.state[parameter]["exp_avg_sq"]


def _sampled_bce(h, table, targets, negatives):
    scores = torch.einsum("mc,mkc->mk", h, table[torch.cat([targets[:, None], negatives], 1)])
    labels = torch.zeros_like(scores)
    labels[:, 0] = 1
    return F.binary_cross_entropy_with_logits(scores, labels)


linear, linear_backward = with_gradients(F.linear)
embedding, embedding_backward = with_gradients(lambda table, ids: F.embedding(ids, table))
softmax, softmax_backward = with_gradients(lambda x: F.softmax(x, -1))
gelu, gelu_backward = with_gradients(F.gelu)
silu, silu_backward = with_gradients(F.silu)
swiglu, swiglu_backward = with_gradients(lambda gate, up: F.silu(gate) * up)
rms_norm, rms_norm_backward = with_gradients(lambda x, w, eps: F.rms_norm(x, w.shape, w, eps))
layer_norm, layer_norm_backward = with_gradients(lambda x, w, b, eps: F.layer_norm(x, w.shape, w, b, eps))
attention, attention_backward = with_gradients(_attention)
gru, gru_backward = with_gradients(_gru)
cross_entropy, cross_entropy_backward = with_gradients(lambda x, targets: F.cross_entropy(x, targets, ignore_index=-1))
bce_with_logits, bce_with_logits_backward = with_gradients(F.binary_cross_entropy_with_logits)
sampled_bce, sampled_bce_backward = with_gradients(_sampled_bce)
adamw_step, _ = with_gradients(_adamw)


class Sasrec(nn.Module):
    """Pre-norm SASRec from nn.TransformerEncoderLayer, for sequences padded on the left."""

    def __init__(self, model):
        super().__init__()
        C, eps = model["hidden_size"], model["layer_norm_eps"]
        self.heads = model["num_heads"]
        self.item_embedding = nn.Embedding(model["num_items"], C)
        self.position_embedding = nn.Embedding(model["max_length"], C)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(C, self.heads, model["inner_size"], 0.0, "relu", eps, batch_first=True, norm_first=True)
            for _ in range(model["num_layers"]))  # fmt: skip
        self.norm = nn.LayerNorm(C, eps)

    def forward(self, sequences):
        T, B = self.position_embedding.num_embeddings, len(sequences)
        ids, real = torch.zeros(B, T, dtype=torch.long), torch.zeros(B, T, dtype=torch.bool)
        for b, s in enumerate(sequences):
            ids[b, T - len(s) :], real[b, T - len(s) :] = s, True
        # A padded query sees only itself, so that its softmax is finite; no other query sees it.
        seen = torch.ones(T, T, dtype=torch.bool).tril() & real[:, None, :] | torch.eye(T, dtype=torch.bool)
        h = self.item_embedding(ids) + self.position_embedding.weight
        for layer in self.layers:
            h = layer(h, src_mask=~seen.repeat_interleave(self.heads, 0))
        return self.norm(h)[real]


def ten_steps(model, forward, settings):
    """{results of the first step, grads, losses of ten steps}; forward() -> (outputs, loss)."""
    kind = {"Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW}[settings["name"]]
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimiser = kind(trained.values(), settings["lr"], settings["betas"], settings["eps"], settings["weight_decay"])
    found, losses = {}, []
    for step in range(settings["steps"]):
        outputs, loss = forward()
        optimiser.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            grads = {name: p.grad.clone() for name, p in trained.items()}
            found = {name: value.detach().clone() for name, value in outputs.items()} | {"loss": loss.detach(), "grads": grads}
        if settings["clip_norm"] is not None:
            nn.utils.clip_grad_norm_(trained.values(), settings["clip_norm"])
        optimiser.step()
    return found | {"losses": np.array(losses)}


def _sasrec(weights, batch, config, loss_of):
    model = Sasrec(config["model"]).to(tensor(weights["norm.weight"]).dtype)
    model.load_state_dict({name: tensor(value) for name, value in weights.items()})
    sequences = tensor(batch["ids"]).split(lengths(tensor(batch["offsets"])))

    def forward():
        hidden = model(sequences)
        table = model.item_embedding.weight
        return {"hidden": hidden, "logits": hidden @ table.T}, loss_of(hidden, table)

    return ten_steps(model, forward, config["optimiser"])


def sasrec(weights, batch, config):
    return _sasrec(weights, batch, config, lambda h, table: F.cross_entropy(h @ table.T, tensor(batch["targets"])))


def sasrec_bce(weights, batch, config):
    return _sasrec(weights, batch, config, lambda h, table: _sampled_bce(h, table, tensor(batch["targets"]), tensor(batch["negatives"])))
