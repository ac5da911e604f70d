"""RecBole 1.2.1's SASRec, GRU4Rec, NARM and BERT4Rec, as adapters for check.py."""

import types

import torch
from recbole.model.sequential_recommender.bert4rec import BERT4Rec
from recbole.model.sequential_recommender.gru4rec import GRU4Rec
from recbole.model.sequential_recommender.narm import NARM
from recbole.model.sequential_recommender.sasrec import SASRec

from torch_nn import lengths, ten_steps, tensor

PRECISION = "float32"
FIELDS = {"USER_ID_FIELD": "user", "ITEM_ID_FIELD": "item", "LIST_SUFFIX": "_list", "ITEM_LIST_LENGTH_FIELD": "length",
          "NEG_PREFIX": "neg_", "device": "cpu", "loss_type": "CE", "initializer_range": 0.02, "hidden_act": "gelu",
          "hidden_dropout_prob": 0.0, "attn_dropout_prob": 0.0, "dropout_prob": 0.0, "dropout_probs": [0.0, 0.0]}  # fmt: skip


def build(kind, weights, model, items, **more):
    config = FIELDS | {"MAX_ITEM_LIST_LENGTH": model["max_length"]} | more
    library = kind(config, types.SimpleNamespace(num=lambda field: items))
    library.load_state_dict({name: tensor(value) for name, value in weights.items()})
    return library


def transformer_sizes(model):
    return {"n_layers": model["num_layers"], "n_heads": model["num_heads"], "hidden_size": model["hidden_size"],
            "inner_size": model["inner_size"], "layer_norm_eps": model["layer_norm_eps"]}  # fmt: skip


def next_item(library, batch, config):
    """RecBole returns one state for a padded row, so each prefix of a sequence is a row here."""
    sequences = tensor(batch["ids"]).split(lengths(tensor(batch["offsets"])))
    rows = [s[: t + 1] for s in sequences for t in range(len(s))]
    ids = torch.zeros(len(rows), config["model"]["max_length"], dtype=torch.long)
    for row, s in enumerate(rows):
        ids[row, : len(s)] = s
    last = torch.tensor([len(s) for s in rows])

    def forward():
        hidden = library.forward(ids, last)
        loss = library.calculate_loss({"item_list": ids, "length": last, "item": tensor(batch["targets"])})
        return {"hidden": hidden, "logits": hidden @ library.item_embedding.weight.T}, loss

    return ten_steps(library, forward, config["optimiser"])


def sasrec_recbole(weights, batch, config):
    model, items = config["model"], len(weights["item_embedding.weight"])
    return next_item(build(SASRec, weights, model, items, **transformer_sizes(model)), batch, config)


def gru4rec(weights, batch, config):
    model = config["model"]
    sizes = {"embedding_size": model["hidden_size"], "hidden_size": model["gru_hidden"], "num_layers": 1}
    return next_item(build(GRU4Rec, weights, model, model["num_items"], **sizes), batch, config)


def narm(weights, batch, config):
    model = config["model"]
    sizes = {"embedding_size": model["hidden_size"], "hidden_size": model["gru_hidden"], "n_layers": 1}
    return next_item(build(NARM, weights, model, model["num_items"], **sizes), batch, config)


def bert4rec(weights, batch, config):
    model, items = config["model"], config["model"]["num_items"]
    names = {"MASK_ITEM_SEQ": "masked", "POS_ITEMS": "pos", "NEG_ITEMS": "neg", "MASK_INDEX": "index", "mask_ratio": 0.5}
    library = build(BERT4Rec, weights, model, items, **transformer_sizes(model), **names)
    begin, rows, targets = (tensor(batch[name]) for name in ("offsets", "rows", "targets"))
    inside = [rows[(rows >= a) & (rows < b)] - a for a, b in zip(begin[:-1], begin[1:])]  # masked positions
    B, most = len(inside), max(map(len, inside))
    ids = torch.zeros(B, model["max_length"], dtype=torch.long)
    index, positive = torch.zeros(B, most, dtype=torch.long), torch.zeros(B, most, dtype=torch.long)
    for b, (s, at) in enumerate(zip(tensor(batch["ids"]).split(lengths(begin)), inside)):
        ids[b, : len(s)], index[b, most - len(at) :] = s, at
    for b, part in enumerate(targets.split([len(at) for at in inside])):
        positive[b, most - len(part) :] = part

    def forward():
        hidden = torch.cat([h[at] for h, at in zip(library.forward(ids), inside)])
        loss = library.calculate_loss({"masked": ids, "pos": positive, "neg": positive, "index": index})
        return {"hidden": hidden, "logits": hidden @ library.item_embedding.weight[:items].T + library.output_bias}, loss

    return ten_steps(library, forward, config["optimiser"])
