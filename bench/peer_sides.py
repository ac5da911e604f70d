"""The sides of peers.py: functions that measure one program once.

Each returns a function of the options that returns {"rate": work per second} and for p2rec also "of_product",
its operations per second as a share of a large f32 product's in the same process. A side runs in a process of
its own, whose peak memory peers.py reads at its end.
"""

import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
SMOLLM2 = dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
               num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=2048)  # fmt: skip
STEPS, PROMPT, TOKENS = 3, 32, 64  # steps of a LoRA measurement; a prompt's and a continuation's length
HISTORY, PADDED_TOGETHER, EMBEDDED_TOGETHER = 50, 16, 64  # items of a prompt; prompts of a padded batch


class Missing(Exception):
    """A peer or a file that is not here."""


def run(*command, env=None):
    """The program's standard output; ends this process if it fails, after its own message."""
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
    if done.returncode:
        sys.exit(1)
    return done.stdout


def need(*packages):
    for package in packages:
        if not importlib.util.find_spec(package):
            raise Missing(f"the Python package {package} is not installed")


def need_file(path):
    if not Path(path).is_file():
        raise Missing(f"{path} is not here; hint: bash p2rec/scripts/fetch_data.sh data, or for beauty bench/README.md")
    return Path(path)


# ---- the lengths of real prompts ---------------------------------------------------------------------------


def histories(options, data):
    """Each user's items in the order of time; of ml-100k or beauty."""
    if data == "beauty":
        return [line.split()[1:] for line in need_file(options.beauty).read_text().splitlines()]
    rows = [line.split("\t") for line in need_file(options.ml100k).read_text().splitlines()[1:]]  # user, item, rating, time
    found = {}
    for user, item, *_ in sorted(rows, key=lambda row: float(row[3])):
        found.setdefault(user, []).append(item)
    return list(found.values())


def token_counts(options, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write(lines)
        file.flush()
        found = run(options.p2rec, "llm", "tokenize", "--llm", need_file(options.gguf), "--text-file", file.name)
    return [len(line.split()) for line in found.splitlines()]


def sampled(options, lengths):
    """options.sample of them, the same for all sides; 0: all."""
    return random.Random(1).sample(lengths, options.sample) if 0 < options.sample < len(lengths) else lengths


def user_lengths(data):
    """Tokens of the users' prompts: the words, and one token for each of the last 50 training items."""

    def lengths(options):
        words = sum(token_counts(options, ["User history:", "\nPreference:"]))
        return sampled(options, [words + min(HISTORY, max(1, len(items) - 2)) for items in histories(options, data)])

    return lengths


def title_lengths(data):
    """Tokens of the virtual users' prompts, with titles."""

    def lengths(options):
        table = need_file(Path(options.beauty if data == "beauty" else options.ml100k).with_suffix(".item"))
        head, *rows = [line.split("\t") for line in table.read_text().splitlines()]
        title = next(i for i, name in enumerate(head) if "title" in name)
        return sampled(options, token_counts(options, [f"User history: {row[title]}\nPreference:" for row in rows]))

    return lengths


# ---- p2rec -------------------------------------------------------------------------------------------------


def benchmark(name, lengths_of=None):
    """A benchmark of p2rec_bench; with lengths_of one on prompts of these lengths."""

    def measure(options):
        with tempfile.TemporaryDirectory() as folder:
            out, lengths, env = Path(folder) / "out.json", Path(folder) / "lengths", {}
            if lengths_of:
                lengths.write_text("\n".join(map(str, lengths_of(options))))
                env["P2REC_LENGTHS"] = str(lengths)
            run(options.bench, f"--benchmark_filter=^{name}(/iterations:[0-9]+)?(/real_time)?$",
                f"--benchmark_out={out}", "--benchmark_out_format=json", env=env)  # fmt: skip
            text = out.read_text()
        if not text:
            raise SystemExit(f"{options.bench}: has no benchmark {name}")
        (found,) = json.loads(text)["benchmarks"]
        return {"rate": found["tokens/s"], "of_product": found["of_gemm_peak"]}

    return measure


def sasrec_epoch(side):
    """An epoch on ml-100k by recommender_bench.py: of p2rec, PyTorch or RecBole."""

    def measure(options):
        need(*{"p2rec": (), "pytorch": ("torch",), "recbole": ("torch", "recbole", "sklearn")}[side])
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as data:
            data.writelines(f"{user} {' '.join(items)}\n" for user, items in enumerate(histories(options, "ml-100k")))
            data.flush()
            found = run(sys.executable, BENCH / "recommender_bench.py", "--data", data.name, "--loss", "ce", "--batch", 128,
                        "--p2rec", options.p2rec, "--threads", options.threads, "--side", side)  # fmt: skip
        return {"rate": 60 / json.loads(found.splitlines()[-1])["epoch_s"]}

    return measure


# ---- PyTorch -----------------------------------------------------------------------------------------------


class TorchLora:
    """The step of bench/profile/lora_step.h: LoRA with r = 8 on seven linear layers, a head on the last token."""

    def __init__(self, threads, compiled=False, autocast=False):
        need("torch", "transformers", "peft")
        import peft
        import torch
        from transformers import LlamaConfig, LlamaModel

        torch.set_num_threads(threads)
        linears = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
        model = peft.get_peft_model(LlamaModel(LlamaConfig(**SMOLLM2, use_cache=False)),
                                    peft.LoraConfig(r=8, lora_alpha=16, target_modules=linears))  # fmt: skip
        head = torch.nn.Linear(SMOLLM2["hidden_size"], 20, bias=False)
        trained = [w for w in (*model.parameters(), *head.parameters()) if w.requires_grad]
        self.adam = torch.optim.AdamW(trained, 1e-4)

        class Loss(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.model, self.head = model, head

            def forward(self, ids, mask, last, target):
                with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                    states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
                    found = self.head(states[torch.arange(len(ids)), last])
                    return torch.nn.functional.mse_loss(found.float(), target)

        self.loss = torch.compile(Loss()) if compiled else Loss()

    def batch(self, lengths):
        """Random prompts of these lengths, padded on the right to the longest."""
        import torch

        last, longest = torch.tensor(lengths) - 1, max(lengths)
        ids = torch.randint(SMOLLM2["vocab_size"], (len(lengths), longest))
        padded = last.min() + 1 < longest
        return ids, (torch.arange(longest) <= last[:, None]).long() if padded else None, last, torch.randn(len(lengths), 20)

    def step(self, batch):
        self.adam.zero_grad()
        self.loss(*batch).backward()
        self.adam.step()


def torch_lora(sequences, length, **how):
    def measure(options):
        lora = TorchLora(options.threads, **how)
        batch = lora.batch([length] * sequences)
        lora.step(batch)  # not measured: the first step takes longer
        began = time.perf_counter()
        for _ in range(STEPS):
            lora.step(batch)
        return {"rate": STEPS * sequences * length / (time.perf_counter() - began)}

    return measure


def torch_finetune_prompts(lengths_of, **how):
    """An epoch of batches of 16 prompts in random order, padded."""

    def measure(options):
        lora, lengths = TorchLora(options.threads, **how), lengths_of(options)
        random.Random(1).shuffle(lengths)
        batches = [lora.batch(lengths[i : i + PADDED_TOGETHER]) for i in range(0, len(lengths), PADDED_TOGETHER)]
        lora.step(batches[0])  # not measured
        began = time.perf_counter()
        for batch in batches:
            lora.step(batch)
        return {"rate": sum(lengths) / (time.perf_counter() - began)}

    return measure


def torch_embed_prompts(lengths_of, bf16):
    """Batches of 64 whole prompts in the items' order, padded; real tokens per second."""

    def measure(options):
        need("torch", "transformers")
        import torch
        from transformers import LlamaConfig, LlamaModel

        torch.set_num_threads(options.threads)
        model = LlamaModel(LlamaConfig(**SMOLLM2, use_cache=False)).to(torch.bfloat16 if bf16 else torch.float32).eval()
        lengths = lengths_of(options)

        def embed(some):
            last = torch.tensor(some) - 1
            ids = torch.randint(SMOLLM2["vocab_size"], (len(some), max(some)))
            mask = (torch.arange(max(some)) <= last[:, None]).long()
            return model(input_ids=ids, attention_mask=mask).last_hidden_state[torch.arange(len(some)), last]

        with torch.no_grad():
            embed(lengths[:EMBEDDED_TOGETHER])  # not measured
            began = time.perf_counter()
            for i in range(0, len(lengths), EMBEDDED_TOGETHER):
                embed(lengths[i : i + EMBEDDED_TOGETHER])
        return {"rate": sum(lengths) / (time.perf_counter() - began)}

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


# ---- llama.cpp ---------------------------------------------------------------------------------------------


class LlamaCpp:
    """SmolLM2 from the GGUF file, for up to `sequences` sequences with `tokens` tokens together."""

    def __init__(self, options, sequences, tokens, embeddings=False):
        need("llama_cpp")
        need_file(options.gguf)
        import llama_cpp as llama

        self.llama, self.rows = llama, max(2048, sequences)
        self.silent = llama.llama_log_callback(lambda *_: None)
        llama.llama_log_set(self.silent, None)
        llama.llama_backend_init()
        loading = llama.llama_model_default_params()
        loading.use_extra_bufts = False  # no AMX: its instructions are illegal on some virtual machines that list them
        model = llama.llama_model_load_from_file(str(options.gguf).encode(), loading)
        settings = llama.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_ubatch = tokens, self.rows, self.rows if embeddings else 512
        settings.n_seq_max, settings.n_threads, settings.n_threads_batch = sequences, options.threads, options.threads
        settings.embeddings = embeddings
        if embeddings:
            settings.pooling_type = llama.LLAMA_POOLING_TYPE_LAST
        self.context = llama.llama_init_from_model(model, settings)
        self.batch = llama.llama_batch_init(self.rows, 0, 1)

    def decode(self, tokens, first):
        """Appends tokens[b] to sequence b at position `first`; returns the row of each sequence's last token."""
        rows, last, batch = 0, [], self.batch
        for b, ids in enumerate(tokens):
            for i, token in enumerate(ids):
                batch.token[rows], batch.pos[rows] = token, first + i
                batch.n_seq_id[rows], batch.seq_id[rows][0] = 1, b
                batch.logits[rows] = i + 1 == len(ids)
                rows += 1
            last.append(rows - 1)
        batch.n_tokens = rows
        assert self.llama.llama_decode(self.context, batch) == 0
        return last


def llama_cpp_generation(sequences):
    def measure(options):
        peer = LlamaCpp(options, sequences, 256 * sequences)
        import numpy as np

        def next_tokens(tokens, first):
            V = SMOLLM2["vocab_size"]
            return [int(np.ctypeslib.as_array(peer.llama.llama_get_logits_ith(peer.context, row), (V,)).argmax())
                    for row in peer.decode(tokens, first)]  # fmt: skip

        prompts = [random.Random(b).choices(range(1000, 40000), k=PROMPT) for b in range(sequences)]
        began = time.perf_counter()
        found = next_tokens(prompts, 0)
        for place in range(1, TOKENS):
            found = next_tokens([[token] for token in found], PROMPT + place - 1)
        return {"rate": sequences * TOKENS / (time.perf_counter() - began)}

    return measure


def llama_cpp_embed_prompts(lengths_of):
    """Whole prompts, as many at once as fit into 2,048 tokens, 64 at most."""

    def measure(options):
        peer, lengths = LlamaCpp(options, EMBEDDED_TOGETHER, 2048, embeddings=True), lengths_of(options)

        def embed(some):
            peer.llama.llama_memory_clear(peer.llama.llama_get_memory(peer.context), True)
            peer.decode([random.Random(b).choices(range(1000, 40000), k=length) for b, length in enumerate(some)], 0)
            assert all(peer.llama.llama_get_embeddings_seq(peer.context, b) for b in range(len(some)))

        began, some = time.perf_counter(), []
        for length in lengths:
            if len(some) == EMBEDDED_TOGETHER or sum(some) + length > peer.rows:
                embed(some)
                some = []
            some.append(length)
        embed(some)
        return {"rate": sum(lengths) / (time.perf_counter() - began)}

    return measure
