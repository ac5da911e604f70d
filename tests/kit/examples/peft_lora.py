"""PEFT's LoRA, as adapters for check.py."""

import peft
import torch
from torch import nn

from torch_nn import lengths, ten_steps, tensor, with_gradients
from transformers_llama import make_llama

PRECISION = "float32"


class Linear(nn.Module):
    def __init__(self, columns, rows):
        super().__init__()
        self.layer = nn.Linear(columns, rows, bias=False)

    def forward(self, x):
        return self.layer(x)


def _lora_linear(x, weight, a, b, alpha):
    config = peft.LoraConfig(r=len(a), lora_alpha=alpha, lora_dropout=0.0, target_modules=["layer"])
    model = peft.get_peft_model(Linear(weight.shape[1], weight.shape[0]), config)
    layer = "base_model.model.layer."
    names = {layer + "base_layer.weight": weight, layer + "lora_A.default.weight": a, layer + "lora_B.default.weight": b}
    return torch.func.functional_call(model, names, (x,))


lora_linear, lora_linear_backward = with_gradients(_lora_linear)


class WithHead(nn.Module):
    """A Llama with PEFT's adapter, and the preference head on each sequence's last token."""

    def __init__(self, llama, weights):
        super().__init__()
        self.llama = llama
        self.head = nn.Linear(weights["head.weight"].shape[1], len(weights["head.weight"]))
        self.head.load_state_dict({part: tensor(weights[f"head.{part}"]) for part in ("weight", "bias")})

    def named_parameters(self, *arguments, **options):
        """By the fixture's names."""
        for name, parameter in super().named_parameters(*arguments, **options):
            yield name.removeprefix("llama.").replace(".default", ""), parameter


def llama_lora(weights, batch, config):
    lora = config["lora"]
    settings = peft.LoraConfig(task_type="CAUSAL_LM", r=lora["r"], lora_alpha=lora["alpha"], lora_dropout=0.0,
                               target_modules=lora["targets"])  # fmt: skip
    model = WithHead(peft.get_peft_model(make_llama(weights, config["model"]), settings), weights)
    adapter = {name: tensor(value) for name, value in weights.items() if "lora_" in name}
    assert not peft.set_peft_model_state_dict(model.llama, adapter).unexpected_keys
    sequences = tensor(batch["ids"]).split(lengths(tensor(batch["offsets"])))

    def forward():
        hidden = torch.cat([model.llama.base_model.model.model(ids[None]).last_hidden_state[0] for ids in sequences])
        predictions = model.head(hidden[tensor(batch["offsets"])[1:] - 1])
        return {"hidden": hidden, "predictions": predictions}, (predictions - tensor(batch["preferences"])).pow(2).mean()

    return ten_steps(model, forward, config["optimiser"])
