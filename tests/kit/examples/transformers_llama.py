"""transformers' Llama, as adapters for check.py. It computes RMSNorm, RoPE and softmax in float32 in every case."""

import torch
import torch.nn.functional as F
import transformers
from transformers.models.llama import modeling_llama as llama_code

from torch_nn import lengths, ten_steps, tensor, with_gradients

PRECISION = "float32"


def _rms_norm(x, weight, eps):
    return torch.func.functional_call(llama_code.LlamaRMSNorm(len(weight), eps), {"weight": weight}, (x,))


def _rotary(x, positions, theta):
    D = x.shape[-1]
    config = transformers.LlamaConfig(hidden_size=D, num_attention_heads=1, head_dim=D, max_position_embeddings=1 << 20,
                                      rope_parameters={"rope_type": "default", "rope_theta": theta})  # fmt: skip
    cos, sin = llama_code.LlamaRotaryEmbedding(config)(x, positions[None])
    heads = x.transpose(0, 1)[None]  # (1,H,N,D)
    return llama_code.apply_rotary_pos_emb(heads, heads, cos, sin)[0][0].transpose(0, 1)


def _attention(q, k, v, q_offsets, k_offsets, causal):
    results = []
    for q1, k1, v1 in zip(q.split(lengths(q_offsets)), k.split(lengths(k_offsets)), v.split(lengths(k_offsets))):
        heads = [x.transpose(0, 1)[None] for x in (q1, k1, v1)]
        module = torch.nn.Module()
        module.num_key_value_groups = q.shape[1] // k.shape[1]
        hidden = torch.ones(len(q1), len(k1)).triu(len(k1) - len(q1) + 1) if causal else torch.zeros(len(q1), len(k1))
        mask = torch.zeros_like(hidden).masked_fill(hidden > 0, -torch.inf)[None, None]
        results.append(llama_code.eager_attention_forward(module, *heads, mask, scaling=q.shape[-1] ** -0.5)[0][0])
    return torch.cat(results)


rms_norm, rms_norm_backward = with_gradients(_rms_norm)
rotary, rotary_backward = with_gradients(_rotary)
attention, attention_backward = with_gradients(_attention)


def make_llama(weights, model):
    """LlamaForCausalLM with those of `weights` that it has."""
    config = transformers.LlamaConfig(
        **{key: value for key, value in model.items() if key != "rope_theta"}, attn_implementation="eager",
        rope_parameters={"rope_type": "default", "rope_theta": model["rope_theta"]}, max_position_embeddings=64)  # fmt: skip
    llama = transformers.LlamaForCausalLM(config).float()
    own = {name: tensor(weights[name]) for name in llama.state_dict() if name in weights}
    missing, _ = llama.load_state_dict(own, strict=False)
    assert set(missing) <= {"lm_head.weight"}, missing
    llama.tie_weights()
    return llama


def llama(weights, batch, config):
    model = make_llama(weights, config["model"])
    sequences = tensor(batch["ids"]).split(lengths(tensor(batch["offsets"])))

    def forward():
        hidden = torch.cat([model.model(ids[None]).last_hidden_state[0] for ids in sequences])
        logits = model.lm_head(hidden)
        return {"hidden": hidden, "logits": logits}, F.cross_entropy(logits, tensor(batch["targets"]), ignore_index=-1)

    return ten_steps(model, forward, config["optimiser"])
