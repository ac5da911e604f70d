"""The recommenders that p2rec trains, in PyTorch: modules of torch.nn, rebuilt from only the file.

    model = load("out/run/recommender-random-1.safetensors")
    scores = model(torch.tensor([history[-model.window:]]))  # (1,V)

A history holds rows of the item table, the latest item last; p2rec/README.md says which item is which row. The file's
metadata holds the architecture as JSON, the parameters have the names that they have here. Where the norms are in the form
of SASRec's authors, attention has no output projection; nn.MultiheadAttention always has one, so it is set to the identity.

Letters: B batch, L items of a history, T window, C columns of an item's vector, V items, G size of the recurrent state.
Needs: torch, safetensors.
"""

import json

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import nn


class AdaptedVectors(nn.Module):
    """The item table where given vectors (V,D) stay as they are: made by an adapter, with `concat` beside a trained half."""

    def __init__(self, a, extra):
        super().__init__()
        V, C, D = a["items"], a["hidden"], a["features"]
        adapted = C // 2 if a["use"] == "concat" else C
        self.register_buffer("features", torch.zeros(V, D))
        self.adapter = nn.Sequential(nn.Linear(D, D // 2), nn.Linear(D // 2, adapted))
        self.weight = nn.Parameter(torch.zeros(V, C - adapted)) if a["use"] == "concat" else None
        self.extra = nn.Parameter(torch.zeros(extra, C)) if extra else None

    def table(self):
        vectors = self.adapter(self.features)
        if self.weight is not None:
            vectors = torch.cat([self.weight, vectors], 1)
        return vectors if self.extra is None else torch.cat([vectors, self.extra])


class Recommender(nn.Module):
    """What all have: called with histories (B,L) of 1 to `window` items each, without padding, it gives the scores (B,V).

    What is not causal reads a mask after the history, the row V of the item table."""

    def __init__(self, a):
        super().__init__()
        extra = 0 if a["causal"] else 1
        self.a, self.window = a, a["max_length"] - extra
        self.item_embedding = AdaptedVectors(a, extra) if "features" in a else nn.Embedding(a["items"] + extra, a["hidden"])
        self.output_embedding = None if a["tied"] else nn.Embedding(a["items"], a["hidden"])

    def forward(self, history):
        V = self.a["items"]
        if not self.a["causal"]:
            history = F.pad(history, (0, 1), value=V)
        table = self.item_embedding.table() if "features" in self.a else self.item_embedding.weight
        state = self.state(F.embedding(history, table))
        return self.score(state, table[:V] if self.output_embedding is None else self.output_embedding.weight)

    def score(self, state, output):
        return state @ output.T


class Transformer(Recommender):
    """SASRec and BERT4Rec."""

    def __init__(self, a):
        super().__init__(a)
        C = a["hidden"]
        self.position_embedding = nn.Embedding(a["max_length"], C)
        self.layers = nn.ModuleList(block(a) for _ in range(a["blocks"]))
        self.norm = nn.LayerNorm(C, eps=a["eps"])
        if a.get("head"):
            self.output_ffn, self.output_ln = nn.Linear(C, C), nn.LayerNorm(C, eps=a["eps"])
            self.output_bias = nn.Parameter(torch.zeros(a["items"]))

    def state(self, vectors):
        a, L = self.a, vectors.shape[1]
        place = torch.arange(L)
        first = a["max_length"] - L if a["positions"] == "right_aligned" else 0
        x = a["item_scale"] * vectors + self.position_embedding(first + place)
        if a["outer_norm"] == "input":
            x = self.norm(x)
        unseen = place[None, :] > place[:, None] if a["causal"] else None
        for layer in self.layers:
            x = layer(x, unseen)
        return (self.norm(x) if a["outer_norm"] == "output" else x)[:, -1]

    def score(self, state, output):
        if not self.a.get("head"):
            return super().score(state, output)
        return F.linear(self.output_ln(F.gelu(self.output_ffn(state))), output, self.output_bias)


def block(a):
    """A layer, called with x (B,L,C) and a mask (L,L), True where a query does not see a key."""
    if a["norm"] == "query":
        return QueryBlock(a)
    return nn.TransformerEncoderLayer(a["hidden"], a["heads"], a["inner"], dropout=0, activation=a["activation"],
                                      layer_norm_eps=a["eps"], batch_first=True, norm_first=a["norm"] == "before")  # fmt: skip


class QueryBlock(nn.Module):
    """A block of SASRec's authors: only the queries are normalised, and the residual path starts from them."""

    def __init__(self, a):
        super().__init__()
        C, self.activation = a["hidden"], getattr(F, a["activation"])
        self.self_attn = nn.MultiheadAttention(C, a["heads"], batch_first=True)
        self.linear1, self.linear2 = nn.Linear(C, a["inner"]), nn.Linear(a["inner"], C)
        self.norm1, self.norm2 = nn.LayerNorm(C, eps=a["eps"]), nn.LayerNorm(C, eps=a["eps"])

    def forward(self, x, unseen):
        query = self.norm1(x)
        n = self.norm2(query + self.self_attn(query, x, x, attn_mask=unseen, need_weights=False)[0])
        return n + self.linear2(self.activation(self.linear1(n)))


class GRU4Rec(Recommender):
    def __init__(self, a):
        super().__init__(a)
        self.gru_layers = nn.GRU(a["hidden"], a["gru_hidden"], bias=False, batch_first=True)
        self.dense = nn.Linear(a["gru_hidden"], a["hidden"])

    def state(self, vectors):
        return self.dense(self.gru_layers(vectors)[0][:, -1])


class NARM(Recommender):
    def __init__(self, a):
        super().__init__(a)
        G = a["gru_hidden"]
        self.gru = nn.GRU(a["hidden"], G, bias=False, batch_first=True)
        self.a_1, self.a_2, self.v_t = (nn.Linear(G, columns, bias=False) for columns in (G, G, 1))
        self.b = nn.Linear(2 * G, a["hidden"], bias=False)

    def state(self, vectors):
        h = self.gru(vectors)[0]
        weights = self.v_t(torch.sigmoid(self.a_1(h) + self.a_2(h[:, -1:])))
        return self.b(torch.cat([(weights * h).sum(1), h[:, -1]], 1))


MODELS = {"sasrec": Transformer, "bert4rec": Transformer, "gru4rec": GRU4Rec, "narm": NARM}


def read(path):
    """The architecture and the parameters of a file."""
    with safe_open(path, "pt") as file:
        if "architecture" not in (file.metadata() or {}):
            raise SystemExit(f"{path}: its metadata has no architecture; expected a file that p2rec train wrote")
        return json.loads(file.metadata()["architecture"]), {name: file.get_tensor(name) for name in file.keys()}


def build(a, parameters):
    """The model of an architecture with these parameters, ready to score."""
    if a["model"] not in MODELS:
        raise SystemExit(f"{a['model']}: there is no module for this model; expected one of {', '.join(MODELS)}")
    model = MODELS[a["model"]](a)
    if a.get("norm") == "query":
        for i in range(a["blocks"]):
            parameters = parameters | {f"layers.{i}.self_attn.out_proj.weight": torch.eye(a["hidden"]),
                                       f"layers.{i}.self_attn.out_proj.bias": torch.zeros(a["hidden"])}  # fmt: skip
    model.load_state_dict(parameters, strict=True)
    return model.eval()


def load(path):
    return build(*read(path))
