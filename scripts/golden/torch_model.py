"""The model of the crate `model`, made of PyTorch's own layers: what the fixtures compute with.

Weights carry the names and shapes of our modules and are mapped to PyTorch's: a matrix of ours is `[d_in, d_out]`,
theirs is transposed; their attention stacks query, key and value.
"""

import math
import zlib

import torch
from torch import nn

SEED = 20260

BATCH, SRC_LEN, TGT_LEN, N_HEADS, D_HEAD, D_FF, VOCAB = 2, 5, 7, 3, 4, 13, 11
D_MODEL = N_HEADS * D_HEAD
PAD, BOS, EOS = 4, 1, 2
SRC = [[5, 9, 3, 9, 2], [10, 8, 2, PAD, PAD]]
TGT_IN = [[BOS, 6, 3, 10, 3, 7, 9], [BOS, 5, 8, 0, PAD, PAD, PAD]]
TGT_OUT = [[6, 3, 10, 3, 7, 9, EOS], [5, 8, 0, EOS, PAD, PAD, PAD]]
SMOOTHING = 0.1


class Draw:
    """Normal numbers that depend on the name of the fixture and the attempt."""

    attempt = 0
    dtype = torch.float64

    def __init__(self, name):
        self.generator = torch.Generator().manual_seed(SEED + zlib.crc32(f"{name} {Draw.attempt}".encode()))

    def __call__(self, *shape, scale=1.0, mean=0.0):
        return (mean + scale * torch.randn(*shape, generator=self.generator)).float()

    def ids(self, *shape):
        """Ids of words: no control token."""
        words = torch.tensor([i for i in range(VOCAB) if i not in (PAD, BOS, EOS)])
        return words[torch.randint(len(words), shape, generator=self.generator)]


# Weights, under our names.


def linear_weights(draw, name, d_in, d_out):
    return {f"{name}.weight": draw(d_in, d_out, scale=0.4), f"{name}.bias": draw(d_out, scale=0.2)}


def norm_weights(draw, name):
    return {f"{name}.gamma": draw(D_MODEL, scale=0.2, mean=1.0), f"{name}.beta": draw(D_MODEL, scale=0.2)}


def layer_weights(draw, name, attentions):
    weights = {}
    for attention in attentions:
        for part in ["query", "key", "value", "output"]:
            weights |= linear_weights(draw, f"{name}.{attention}.{part}", D_MODEL, D_MODEL)
        weights |= norm_weights(draw, f"{name}.{attention}_block.norm")
    weights |= linear_weights(draw, f"{name}.feed_forward.inner", D_MODEL, D_FF)
    weights |= linear_weights(draw, f"{name}.feed_forward.outer", D_FF, D_MODEL)
    return weights | norm_weights(draw, f"{name}.feed_forward_block.norm")


def model_weights(draw, norm, tying, n_layers):
    weights = {"embedding.weight": draw(VOCAB, D_MODEL, scale=0.3)}
    if tying != "three_way":
        weights["tgt_embedding.weight"] = draw(VOCAB, D_MODEL, scale=0.3)
    if tying == "none":
        weights |= linear_weights(draw, "output", D_MODEL, VOCAB)
    for stack, attentions in [("encoder", ["self_attention"]), ("decoder", ["self_attention", "cross_attention"])]:
        for i in range(n_layers):
            weights |= layer_weights(draw, f"{stack}.layers.{i}", attentions)
        if norm == "pre":
            weights |= norm_weights(draw, f"{stack}.norm")
    return weights


# Our names to PyTorch's modules. The tensors stay ours: gradients arrive under our names.


def linear_state(weights, name, theirs):
    return {f"{theirs}.weight": weights[f"{name}.weight"].T, f"{theirs}.bias": weights[f"{name}.bias"]}


def norm_state(weights, name, theirs):
    return {f"{theirs}.weight": weights[f"{name}.gamma"], f"{theirs}.bias": weights[f"{name}.beta"]}


def attention_state(weights, name, theirs):
    stacked = [[weights[f"{name}.{part}.{kind}"] for part in ["query", "key", "value"]] for kind in ["weight", "bias"]]
    return {
        f"{theirs}in_proj_weight": torch.cat([matrix.T for matrix in stacked[0]]),
        f"{theirs}in_proj_bias": torch.cat(stacked[1]),
    } | linear_state(weights, f"{name}.output", f"{theirs}out_proj")


def layer_state(weights, name, theirs):
    decoder = f"{name}.cross_attention.query.weight" in weights
    attentions = [("self_attention", "self_attn")] + [("cross_attention", "multihead_attn")] * decoder
    state = {}
    for i, (ours, attention) in enumerate(attentions):
        state |= attention_state(weights, f"{name}.{ours}", f"{theirs}{attention}.")
        state |= norm_state(weights, f"{name}.{ours}_block.norm", f"{theirs}norm{i + 1}")
    state |= linear_state(weights, f"{name}.feed_forward.inner", f"{theirs}linear1")
    state |= linear_state(weights, f"{name}.feed_forward.outer", f"{theirs}linear2")
    return state | norm_state(weights, f"{name}.feed_forward_block.norm", f"{theirs}norm{len(attentions) + 1}")


def stack_state(weights, name):
    state, i = {}, 0
    while f"{name}.layers.{i}.self_attention.query.weight" in weights:
        state |= layer_state(weights, f"{name}.layers.{i}", f"layers.{i}.")
        i += 1
    return state | (norm_state(weights, f"{name}.norm", "norm") if f"{name}.norm.gamma" in weights else {})


def call(module, state, *args, **kwargs):
    """Calls a module with exactly these parameters, in training mode: no fast path, and there is no dropout."""
    missing = set(dict(module.named_parameters())) ^ set(state)
    assert not missing, missing
    return torch.func.functional_call(module.train().to(Draw.dtype), state, args, kwargs)


def torch_layer(kind, norm, activation):
    kind = {"encoder": nn.TransformerEncoderLayer, "decoder": nn.TransformerDecoderLayer}[kind]
    return kind(D_MODEL, N_HEADS, D_FF, 0.0, activation, batch_first=True, norm_first=norm == "pre")


def future(length):
    """True above the diagonal: blocked."""
    return torch.ones(length, length, dtype=torch.bool).triu(1)


def sinusoids(position, d_model):
    """One row of the position table (the paper, §3.5) by Python's own sine and cosine in float64."""
    angles = [position / 10_000 ** (2 * i / d_model) for i in range(d_model // 2)]
    return [f(angle) for angle in angles for f in (math.sin, math.cos)]


def positions(length):
    return torch.tensor([sinusoids(position, D_MODEL) for position in range(length)], dtype=Draw.dtype)


def model_logits(weights, norm, src, tgt_in):
    """The whole model from PyTorch's parts. Returns memory and logits."""

    def stack(kind):
        layer = torch_layer(kind, norm, "relu")
        stacks = {"encoder": nn.TransformerEncoder, "decoder": nn.TransformerDecoder}
        nested = {"enable_nested_tensor": False} if kind == "encoder" else {}
        n_layers = sum(f"{kind}.layers.{i}.self_attention.query.weight" in weights for i in range(9))
        return stacks[kind](layer, n_layers, nn.LayerNorm(D_MODEL) if norm == "pre" else None, **nested)

    def embed(ids, matrix):
        return matrix[ids] * math.sqrt(D_MODEL) + positions(ids.shape[1])

    tgt_matrix = weights.get("tgt_embedding.weight", weights["embedding.weight"])
    memory = call(
        stack("encoder"), stack_state(weights, "encoder"), embed(src, weights["embedding.weight"]),
        src_key_padding_mask=src == PAD,
    )
    states = call(
        stack("decoder"), stack_state(weights, "decoder"), embed(tgt_in, tgt_matrix), memory,
        tgt_mask=future(tgt_in.shape[1]), tgt_key_padding_mask=tgt_in == PAD, memory_key_padding_mask=src == PAD,
    )
    if "output.weight" in weights:
        return memory, states @ weights["output.weight"] + weights["output.bias"]
    return memory, states @ tgt_matrix.T


def criterion(smoothing):
    return nn.CrossEntropyLoss(label_smoothing=smoothing, ignore_index=PAD, reduction="sum")


def leaves(weights):
    return {name: weight.to(Draw.dtype).clone().requires_grad_() for name, weight in weights.items()}


def prefixed(prefix, tensors):
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}
