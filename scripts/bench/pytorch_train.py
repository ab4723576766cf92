"""The peer of `workloads train` and `workloads text`: eager PyTorch on the CPU, the same work.

    python pytorch_train.py train STEPS        W1
    python pytorch_train.py text FILE STEPS    batches of real lengths, [[source, target tokens], …] each

Prints JSON lines like the example program `workloads` of the crate `train`.
"""

import json
import os
import resource
import sys
import time

import torch
from torch import nn

VOCAB, D_MODEL, D_FF, N_HEADS, N_LAYERS = 8000, 256, 1024, 4, 3
torch.manual_seed(0)
torch.set_num_threads(int(os.environ.get("THREADS", os.cpu_count())))


class Seq2Seq(nn.Module):
    """W1 has three matrices for words; the model for real text has one, and norms before its sublayers."""

    def __init__(self, tied, dropout):
        super().__init__()
        self.src = nn.Embedding(VOCAB, D_MODEL)
        self.tgt = self.src if tied else nn.Embedding(VOCAB, D_MODEL)
        self.out = nn.Linear(D_MODEL, VOCAB, bias=False)
        if tied:
            self.out.weight = self.src.weight
        self.transformer = nn.Transformer(
            D_MODEL, N_HEADS, N_LAYERS, N_LAYERS, D_FF, dropout, batch_first=True, norm_first=tied
        )

    def forward(self, src, tgt, src_pad, tgt_pad):
        causal = nn.Transformer.generate_square_subsequent_mask(tgt.shape[1])
        states = self.transformer(
            self.src(src), self.tgt(tgt), tgt_mask=causal, tgt_is_causal=True,
            src_key_padding_mask=src_pad, tgt_key_padding_mask=tgt_pad, memory_key_padding_mask=src_pad,
        )
        return self.out(states)


def ceiling():
    """GFLOP/s of a float32 product of the workload's commonest shape."""
    a, b, best = torch.randn(2048, D_MODEL), torch.randn(D_MODEL, D_FF), 1e9
    for _ in range(20):
        begin = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - begin)
    return 2 * 2048 * D_MODEL * D_FF / best / 1e9


def padded(lengths):
    """Made-up ids and, as additive masks, where the padding is."""
    width = max(lengths)
    ids, pad = torch.zeros(len(lengths), width, dtype=torch.long), torch.zeros(len(lengths), width)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.arange(length) * 7919 % (VOCAB - 4) + 4
        pad[row, length:] = float("-inf")
    return ids, pad


def main():
    kind, steps = sys.argv[1], int(sys.argv[-1])
    batches = [[[32, 32]] * 64] if kind == "train" else json.load(open(sys.argv[2], encoding="utf-8"))
    batches = [[padded([row[side] for row in batch]) for side in (0, 1)] for batch in batches]
    print(json.dumps({"ceiling_gflops": ceiling()}))
    model = Seq2Seq(tied=kind == "text", dropout=0.1 if kind == "train" else 0.2)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=0, reduction="sum")
    for step in range(1, steps + 1):
        (src, src_pad), (tgt, tgt_pad) = batches[(step - 1) % len(batches)]
        tokens = int((tgt_pad == 0).sum())
        begin = time.perf_counter()
        loss = criterion(model(src, tgt, src_pad, tgt_pad).view(-1, VOCAB), tgt.view(-1)) / tokens
        value = loss.item()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        secs = time.perf_counter() - begin
        print(json.dumps({"step": step, "tokens": tokens, "secs": secs, "loss": value}), flush=True)
    print(json.dumps({"ceiling_gflops": ceiling()}))
    print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
