"""The peer of the example `scaling`: eager PyTorch on the CPU, one point in one process.

    python pytorch_scaling.py POINT_JSON             a training step of W1 in other sizes
    python pytorch_scaling.py attention LEN eager    attention alone that keeps its scores
    python pytorch_scaling.py attention LEN sdpa     the same with scaled_dot_product_attention

Prints one JSON line like the example. THREADS bounds the threads.
"""

import json
import os
import pathlib
import statistics
import sys
import time

import torch
from torch import nn

VOCAB, N_LAYERS, D_HEAD, N_HEADS = 8000, 3, 64, 4
ROUNDS, RESULTS = 3, 5
torch.manual_seed(0)
torch.set_num_threads(int(os.environ.get("THREADS", os.cpu_count())))


class Seq2Seq(nn.Module):
    """W1 of width d_model."""

    def __init__(self, d_model):
        super().__init__()
        self.src, self.tgt = nn.Embedding(VOCAB, d_model), nn.Embedding(VOCAB, d_model)
        self.out = nn.Linear(d_model, VOCAB, bias=False)
        self.transformer = nn.Transformer(
            d_model, d_model // D_HEAD, N_LAYERS, N_LAYERS, 4 * d_model, 0.1, batch_first=True
        )

    def forward(self, src, tgt, padding):
        causal = nn.Transformer.generate_square_subsequent_mask(tgt.shape[1])
        states = self.transformer(
            self.src(src), self.tgt(tgt), tgt_mask=causal, tgt_is_causal=True,
            src_key_padding_mask=padding, tgt_key_padding_mask=padding, memory_key_padding_mask=padding,
        )
        return self.out(states)


def resident_mb(key):
    """`VmRSS:` or `VmHWM:` of this process in MiB; None but on Linux."""
    try:
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(key))


def train(point):
    """Median seconds of a step, target tokens per second, peak memory of the process."""
    rows, length = point["batch"], point["len"]
    ids = (torch.arange(rows * length) * 7919 % (VOCAB - 4) + 4).view(rows, length)
    padding = torch.zeros(rows, length)
    model = Seq2Seq(point["d_model"])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=0, reduction="sum")
    times = []
    for _ in range(1 + point["steps"]):
        begin = time.perf_counter()
        loss = criterion(model(ids, ids, padding).view(-1, VOCAB), ids.view(-1)) / ids.numel()
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        times.append(time.perf_counter() - begin)
    secs = statistics.median(times[1:])
    return {"secs": secs, "tokens_per_sec": ids.numel() / secs, "peak_mb": resident_mb("VmHWM:")}


def eager(q, k, v):
    """Causal attention by its formula."""
    hidden = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).triu(1)
    scores = (q @ k.transpose(2, 3) / D_HEAD**0.5).masked_fill(hidden, float("-inf"))
    return scores.softmax(-1) @ v


def sdpa(q, k, v):
    return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def one_pass(body, inputs):
    """Seconds of forward and backward. The output lives as long as the gradients, as it does in a model."""
    *inputs, factors = inputs
    begin = time.perf_counter()
    out = body(*inputs)
    _gradients = torch.autograd.grad((out * factors).sum(), inputs)
    return time.perf_counter() - begin


def attention(length, body):
    """Median seconds, and by how much the peak of memory grew beyond what goes in and comes out."""
    one = lambda length, wants: torch.randn(1, N_HEADS, length, D_HEAD, requires_grad=wants)
    inputs = lambda length: [one(length, wants) for wants in (True, True, True, False)]
    one_pass(body, inputs(16))  # starts the threads
    these = inputs(length)
    forget_peak()
    before = resident_mb("VmRSS:")
    one_pass(body, these)
    results_mb = RESULTS * N_HEADS * length * D_HEAD * 4 / 2**20
    growth_mb = before and resident_mb("VmHWM:") - before - results_mb
    return {"secs": statistics.median(one_pass(body, these) for _ in range(ROUNDS)), "growth_mb": growth_mb}


def forget_peak():
    """Lets the peak of this process start again from what it has now (Linux)."""
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


if __name__ == "__main__":
    if sys.argv[1] == "attention":
        print(json.dumps(attention(int(sys.argv[2]), {"eager": eager, "sdpa": sdpa}[sys.argv[3]])))
    else:
        print(json.dumps(train(json.loads(sys.argv[1]))))
