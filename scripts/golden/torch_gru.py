"""The recurrent model of the crate `model`, made of PyTorch's nn.GRU: what its fixtures compute with.

Weights carry the names and shapes of our modules; PyTorch's matrices are transposed. Padding is kept from the encoder by
packed sequences, a way of its own to say what our mask of zeros says.
"""

import math

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from torch_model import D_MODEL, PAD, VOCAB, call, linear_weights

HALF = D_MODEL // 2


def gru_weights(draw, name, d_hidden):
    return linear_weights(draw, f"{name}.input", D_MODEL, 3 * d_hidden) | linear_weights(
        draw, f"{name}.hidden", d_hidden, 3 * d_hidden
    )


def gru_model_weights(draw, tying, n_layers):
    weights = {"embedding.weight": draw(VOCAB, D_MODEL, scale=0.3)}
    if tying != "three_way":
        weights["tgt_embedding.weight"] = draw(VOCAB, D_MODEL, scale=0.3)
    if tying == "none":
        weights |= linear_weights(draw, "output", D_MODEL, VOCAB)
    for i in range(n_layers):
        for direction in ["forward", "backward"]:
            weights |= gru_weights(draw, f"encoder.layers.{i}.{direction}", HALF)
        weights |= linear_weights(draw, f"decoder.layers.{i}.start", HALF, D_MODEL)
        weights |= gru_weights(draw, f"decoder.layers.{i}.gru", D_MODEL)
    return weights | {f"decoder.attention.{part}": draw(D_MODEL, D_MODEL, scale=0.4) for part in ["key", "value", "state"]}


def gru_state(weights, name, suffix):
    """One direction of one layer; both count r, z, n."""
    parts = [("input", "ih"), ("hidden", "hh")]
    return {f"weight_{theirs}_l0{suffix}": weights[f"{name}.{ours}.weight"].T for ours, theirs in parts} | {
        f"bias_{theirs}_l0{suffix}": weights[f"{name}.{ours}.bias"] for ours, theirs in parts
    }


def encode(weights, src, n_layers):
    lengths = (src != PAD).sum(1)
    x = weights["embedding.weight"][src] * math.sqrt(D_MODEL)
    for i in range(n_layers):
        state = gru_state(weights, f"encoder.layers.{i}.forward", "")
        state |= gru_state(weights, f"encoder.layers.{i}.backward", "_reverse")
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, _ = call(nn.GRU(D_MODEL, HALF, batch_first=True, bidirectional=True), state, packed)
        x, _ = pad_packed_sequence(out, batch_first=True, total_length=src.shape[1])
    return x


def gru_model_logits(weights, src, tgt_in, n_layers):
    """The whole model. Returns memory, attention weights and logits."""
    memory = encode(weights, src, n_layers)
    embedding = weights.get("tgt_embedding.weight", weights["embedding.weight"])
    x, maps = embedding[tgt_in] * math.sqrt(D_MODEL), None
    for i in range(n_layers):
        start = memory[:, 0, HALF:] @ weights[f"decoder.layers.{i}.start.weight"] + weights[f"decoder.layers.{i}.start.bias"]
        state = gru_state(weights, f"decoder.layers.{i}.gru", "")
        x, _ = call(nn.GRU(D_MODEL, D_MODEL, batch_first=True), state, x, start.tanh()[None])
        if i == 0:
            # The matrices of the paper: W_a between state and source, W_c on context and state side by side.
            scores = x @ (memory @ weights["decoder.attention.key"]).transpose(1, 2) / math.sqrt(D_MODEL)
            maps = scores.masked_fill((src == PAD)[:, None, :], -math.inf).softmax(2)
            both = torch.cat([weights["decoder.attention.value"], weights["decoder.attention.state"]])
            x = (torch.cat([maps @ memory, x], 2) @ both).tanh()
    if "output.weight" in weights:
        return memory, maps, x @ weights["output.weight"] + weights["output.bias"]
    return memory, maps, x @ embedding.T
