"""The LoRA steps of profile/ranks.cpp in PyTorch: DistributedDataParallel over gloo.

    OMP_NUM_THREADS=1 torchrun --nproc-per-node 2 bench/ranks_peer.py [STEPS]

Each process has its share of the batch. DDP adds up the gradients in buckets while backward runs, as p2rec does.
"""

import statistics
import sys
import time

import torch
from torch.nn.parallel import DistributedDataParallel

from peer_sides import TorchLora


def milliseconds(sequences, length, steps):
    lora = TorchLora(torch.get_num_threads())
    lora.loss = DistributedDataParallel(lora.loss)
    batch = lora.batch([length] * (sequences // torch.distributed.get_world_size()))
    taken = []
    for _ in range(steps + 1):
        torch.distributed.barrier()
        began = time.perf_counter()
        lora.step(batch)
        torch.distributed.barrier()  # a step ends with the slowest process
        taken.append(time.perf_counter() - began)
    return 1e3 * statistics.median(taken[1:])


torch.distributed.init_process_group("gloo")
for sequences, length in ((16, 50), (4, 256)):
    took = milliseconds(sequences, length, int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    if torch.distributed.get_rank() == 0:
        print(f"LoRA {sequences} x {length}, {torch.distributed.get_world_size()} processes: {took:.1f} ms", flush=True)
torch.distributed.destroy_process_group()
