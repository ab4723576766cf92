"""Writes the golden fixtures: what PyTorch 2.9.0 computes from the same numbers as the crates `model` and `train`.

    pip install torch==2.9.0 numpy safetensors
    python scripts/golden/torch_fixtures.py            write them
    python scripts/golden/torch_fixtures.py --check    compare the committed ones with what would be written

Inputs and weights are drawn in float32; PyTorch computes with them in float64 and the results are rounded once, so
that the fixtures do not depend on threads or instruction sets. Numbers are drawn again where PyTorch's own float32
errs by more than a quarter of the tests' tolerance (a layer norm can magnify rounding at will), or where they show
too little: what remains must be right in float32. Sizes are distinct, so that a swapped axis cannot pass.
"""

import math
import pathlib
import platform
import sys

import numpy
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from torch_gru import gru_model_logits, gru_model_weights
from torch_model import (
    BATCH, BOS, D_HEAD, D_MODEL, EOS, N_HEADS, PAD, SEED, SMOOTHING, SRC, SRC_LEN, TGT_IN, TGT_LEN, TGT_OUT, VOCAB,
    Draw, attention_state, call, criterion, future, layer_state, leaves, model_logits, model_weights, prefixed,
    sinusoids, torch_layer,
)

TORCH_VERSION = "2.9.0"
MAX_BYTES = 100_000
WELL_CONDITIONED = 2.5e-6
TELLING_GRADIENT = 0.02
CRATES = pathlib.Path(__file__).parents[2] / "crates"
MODEL, TRAIN = CRATES / "model/tests/fixtures", CRATES / "train/tests/fixtures"


class Unlucky(Exception):
    """Numbers that show too little: to be drawn again."""


def attention_case(draw, q_len, k_len, padding, causal):
    q, k, v = (draw(BATCH, N_HEADS, length, D_HEAD) for length in (q_len, k_len, k_len))
    direction = draw(BATCH, N_HEADS, q_len, D_HEAD)
    blocked = torch.zeros(BATCH, 1, q_len, k_len, dtype=torch.bool)
    if padding is not None:
        padding = torch.tensor(padding)
        blocked = blocked | padding[:, None, None, :]
    if causal:
        blocked = blocked | torch.ones(q_len, k_len, dtype=torch.bool).triu(1 + k_len - q_len)
    q64, k64, v64 = (x.to(Draw.dtype).requires_grad_() for x in (q, k, v))
    out = functional.scaled_dot_product_attention(q64, k64, v64, attn_mask=~blocked)
    scores = (q64 @ k64.transpose(2, 3) / math.sqrt(D_HEAD)).masked_fill(blocked, -math.inf)
    weights = scores.softmax(3)
    assert torch.allclose(weights @ v64, out, atol=1e-5 if Draw.dtype == torch.float32 else 1e-12), "two formulas"
    gradients = torch.autograd.grad((out * direction).sum(), (q64, k64, v64))
    tensors = dict(q=q, k=k, v=v, direction=direction, out=out, weights=weights)
    tensors |= {f"{name}_gradient": gradient for name, gradient in zip("qkv", gradients)}
    return tensors | ({} if padding is None else {"padding": padding.long()})


def attention_fixture():
    """Scaled dot-product attention: value, weights, and gradients of Σ out · direction."""
    draw = Draw("attention")
    blocked = [[0, 0, 0, 1, 1], [0, 1, 0, 0, 1]], [[0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 1, 1]]
    short, long = ([[bool(x) for x in row] for row in mask] for mask in blocked)
    cases = {
        "padding": attention_case(draw, TGT_LEN, SRC_LEN, short, causal=False),
        "causal": attention_case(draw, TGT_LEN, TGT_LEN, None, causal=True),
        "both": attention_case(draw, TGT_LEN, TGT_LEN, long, causal=True),
        "last_queries": attention_case(draw, 3, TGT_LEN, long, causal=True),
        "none": attention_case(draw, TGT_LEN, SRC_LEN, None, causal=False),
    }
    return {f"{case}.{name}": tensor for case, tensors in cases.items() for name, tensor in tensors.items()}


def multi_head_fixture():
    """nn.MultiheadAttention behind a layer norm, as the first block of a pre-norm layer has it."""
    draw = Draw("multi_head_attention")
    weights = model_weights(draw, "pre", "three_way", 1)
    x, y, memory = draw(BATCH, SRC_LEN, D_MODEL), draw(BATCH, TGT_LEN, D_MODEL), draw(BATCH, SRC_LEN, D_MODEL)
    padding = torch.tensor(SRC) == PAD
    tensors = prefixed("weights", weights) | dict(x=x, y=y, memory=memory, padding=padding.long())
    weights = leaves(weights)
    sites = {
        "encoder": ("encoder.layers.0.self_attention", x, None, dict(key_padding_mask=padding)),
        "decoder": ("decoder.layers.0.self_attention", y, None, dict(attn_mask=future(TGT_LEN))),
        "cross": ("decoder.layers.0.cross_attention", y, memory, dict(key_padding_mask=padding)),
    }
    for site, (name, queries, keys, masks) in sites.items():
        gamma, beta = weights[f"{name}_block.norm.gamma"], weights[f"{name}_block.norm.beta"]
        queries = functional.layer_norm(queries.to(Draw.dtype), [D_MODEL], gamma, beta)
        keys = queries if keys is None else keys.to(Draw.dtype)
        module = nn.MultiheadAttention(D_MODEL, N_HEADS, batch_first=True)
        out, maps = call(
            module, attention_state(weights, name, ""), queries, keys, keys, average_attn_weights=False, **masks
        )
        tensors |= {f"{site}.out": out, f"{site}.weights": maps}
    return tensors


def layers_fixture(norm, activation):
    """One encoder layer, one decoder layer, and gradients of Σ out · direction by their inputs."""
    draw = Draw(f"layers_{norm}_{activation}")
    weights = model_weights(draw, norm, "three_way", 1)
    x, y, memory = draw(BATCH, SRC_LEN, D_MODEL), draw(BATCH, TGT_LEN, D_MODEL), draw(BATCH, SRC_LEN, D_MODEL)
    directions = draw(BATCH, SRC_LEN, D_MODEL), draw(BATCH, TGT_LEN, D_MODEL)
    padding = torch.tensor(SRC) == PAD
    tensors = prefixed("weights", weights) | dict(x=x, y=y, memory=memory, padding=padding.long())
    tensors |= {"encoder.direction": directions[0], "decoder.direction": directions[1]}
    weights, inputs = leaves(weights), leaves(dict(x=x, y=y, memory=memory))
    encoded = call(
        torch_layer("encoder", norm, activation), layer_state(weights, "encoder.layers.0", ""), inputs["x"],
        src_key_padding_mask=padding,
    )
    decoded = call(
        torch_layer("decoder", norm, activation), layer_state(weights, "decoder.layers.0", ""), inputs["y"],
        inputs["memory"], tgt_mask=future(TGT_LEN), memory_key_padding_mask=padding,
    )
    ((encoded * directions[0]).sum() + (decoded * directions[1]).sum()).backward()
    gradients = {f"{name}_gradient": tensor.grad for name, tensor in inputs.items()}
    return tensors | gradients | {"encoder.out": encoded, "decoder.out": decoded}


def model_fixture(norm, tying):
    """Ids to logits, loss, and the gradient of the loss by every parameter."""
    weights = model_weights(Draw(f"model_{norm}_{tying}"), norm, tying, 2)
    src, tgt_in, tgt_out = torch.tensor(SRC), torch.tensor(TGT_IN), torch.tensor(TGT_OUT)
    tensors = prefixed("weights", weights) | dict(src=src, tgt_in=tgt_in, tgt_out=tgt_out)
    weights = leaves(weights)
    memory, logits = model_logits(weights, norm, src, tgt_in)
    loss = criterion(SMOOTHING)(logits.flatten(0, 1), tgt_out.flatten())
    loss.backward()
    if any(weight.grad.abs().max() < TELLING_GRADIENT for name, weight in weights.items() if "key.bias" not in name):
        raise Unlucky
    nll = criterion(0.0)(logits.flatten(0, 1), tgt_out.flatten())
    gradients = prefixed("gradients", {name: weight.grad for name, weight in weights.items()})
    return tensors | gradients | dict(memory=memory, logits=logits, loss=loss.reshape(1), nll=nll.reshape(1))


def gru_fixture(tying):
    """The recurrent model: ids to logits, loss, and the gradient of the loss by every parameter."""
    weights = gru_model_weights(Draw(f"gru_{tying}"), tying, 2)
    src, tgt_in, tgt_out = torch.tensor(SRC), torch.tensor(TGT_IN), torch.tensor(TGT_OUT)
    tensors = prefixed("weights", weights) | dict(src=src, tgt_in=tgt_in, tgt_out=tgt_out)
    weights = leaves(weights)
    memory, maps, logits = gru_model_logits(weights, src, tgt_in, 2)
    loss = criterion(SMOOTHING)(logits.flatten(0, 1), tgt_out.flatten())
    loss.backward()
    if any(weight.grad.abs().max() < TELLING_GRADIENT for weight in weights.values()):
        raise Unlucky
    nll = criterion(0.0)(logits.flatten(0, 1), tgt_out.flatten())
    gradients = prefixed("gradients", {name: weight.grad for name, weight in weights.items()})
    found = dict(memory=memory, maps=maps[:, None], logits=logits, loss=loss.reshape(1), nll=nll.reshape(1))
    return tensors | gradients | found


def loss_fixture():
    """nn.CrossEntropyLoss by smoothing, with its gradient by the logits."""
    logits, targets = Draw("loss")(BATCH * TGT_LEN, VOCAB, scale=2.0), torch.tensor(TGT_OUT).flatten()
    tensors = dict(logits=logits, targets=targets)
    for smoothing in [0.0, 0.1, 0.3]:
        variable = logits.to(Draw.dtype).requires_grad_()
        loss = criterion(smoothing)(variable, targets)
        (gradient,) = torch.autograd.grad(loss, variable)
        tensors |= {f"{smoothing}.loss": loss.reshape(1), f"{smoothing}.gradient": gradient}
    return tensors


def positions_fixture(d_model, rows):
    """The position table at some rows."""
    table = torch.tensor([sinusoids(position, d_model) for position in rows], dtype=torch.float64)
    return dict(positions=torch.tensor(rows), table=table)


def batches(draw, n):
    """`n` batches of random ids, each with padding on both sides."""
    made = []
    for _ in range(n):
        src, tgt = draw.ids(BATCH, SRC_LEN), draw.ids(BATCH, TGT_LEN)
        src[0, -1], src[1, 2], src[1, 3:] = EOS, EOS, PAD
        tgt_in = torch.cat([torch.full((BATCH, 1), BOS), tgt[:, :-1]], 1)
        tgt_out = tgt.clone()
        tgt_out[0, -1] = EOS
        tgt_in[1, 5:], tgt_out[1, 4], tgt_out[1, 5:] = PAD, EOS, PAD
        made.append((src, tgt_in, tgt_out))
    return made


def optimizer_fixture(rule):
    """Ten steps on the tiny model's own loss: clipping by the global norm, then Adam or AdamW."""
    draw = Draw(f"optimizer_{rule}")
    clip_norm, weight_decay, n_steps = 1.8, 0.01 if rule == "adamw" else 0.0, 10
    rates = [1e-2 * min(t / 4, (4 / t) ** 0.5) for t in range(1, n_steps + 1)]
    start = model_weights(draw, "pre", "three_way", 1)
    tensors = prefixed("step_0", start) | {
        "learning_rates": torch.tensor(rates, dtype=torch.float64),
        "options": torch.tensor([0.9, 0.98, 1e-8, weight_decay, clip_norm], dtype=torch.float64),
    }
    weights, data, norms = leaves(start), batches(draw, n_steps), []
    for i, part in enumerate(["src", "tgt_in", "tgt_out"]):
        tensors[part] = torch.stack([batch[i] for batch in data])
    matrices = [weight for weight in weights.values() if weight.dim() > 1]
    vectors = [weight for weight in weights.values() if weight.dim() == 1]
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[rule]
    groups = [dict(params=matrices, weight_decay=weight_decay), dict(params=vectors, weight_decay=0.0)]
    optimizer = kind(groups, lr=0.0, betas=(0.9, 0.98), eps=1e-8)
    for step, (rate, (src, tgt_in, tgt_out)) in enumerate(zip(rates, data), start=1):
        optimizer.zero_grad()
        logits = model_logits(weights, "pre", src, tgt_in)[1]
        loss = criterion(SMOOTHING)(logits.flatten(0, 1), tgt_out.flatten()) / (tgt_out != PAD).sum()
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(weights.values(), clip_norm).item())
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        if step in (1, 5, 10):
            tensors |= prefixed(f"step_{step}", {name: weight.detach().clone() for name, weight in weights.items()})
    clipped = sum(norm > clip_norm for norm in norms)
    if not 2 <= clipped <= n_steps - 2:
        raise Unlucky(norms)
    return tensors | {"norms": torch.tensor(norms, dtype=torch.float64)}


def rates_of(make_scheduler, peak, n_steps):
    """The learning rates that a PyTorch scheduler sets for steps 1, 2, …"""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=peak)
    scheduler, rates = make_scheduler(optimizer), []
    for _ in range(n_steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def schedules_fixture():
    """Schedules by PyTorch's schedulers, `noam` by the paper's formula (§5.3, eq. 3)."""
    from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LambdaLR, LinearLR, SequentialLR

    peak, warmup, end, d_model, paper_warmup = 3e-4, 20, 90, 512, 4000

    def after_warmup(rest):
        def make(optimizer):
            rise = LinearLR(optimizer, 1 / warmup, 1.0, warmup - 1)
            return SequentialLR(optimizer, [rise, rest(optimizer)], [warmup - 1])

        return rates_of(make, peak, end)

    rates = {
        "inverse_sqrt": rates_of(
            lambda o: LambdaLR(o, lambda i: min((i + 1) / warmup, math.sqrt(warmup / (i + 1)))), peak, end
        ),
        "linear": after_warmup(lambda o: LinearLR(o, 1.0, 0.0, end - warmup)),
        "cosine": after_warmup(lambda o: CosineAnnealingLR(o, end - warmup)),
        "constant": after_warmup(lambda o: ConstantLR(o, 1.0, 1)),
    }
    noam_steps = [1, 2, 100, paper_warmup - 1, paper_warmup, paper_warmup + 1, 10_000, 100_000, 300_000]
    rates["noam"] = [d_model**-0.5 * min(t**-0.5, t * paper_warmup**-1.5) for t in noam_steps]
    tensors = {name: torch.tensor(values, dtype=torch.float64) for name, values in rates.items()}
    tensors["noam_steps"] = torch.tensor(noam_steps)
    tensors["noam_options"] = torch.tensor([d_model, paper_warmup])
    return tensors | {"options": torch.tensor([peak, warmup, end], dtype=torch.float64)}


def fixtures():
    """Every fixture: its file and how it is made."""
    made = {
        MODEL / "attention": attention_fixture,
        MODEL / "multi_head_attention": multi_head_fixture,
        MODEL / "positions_12": lambda: positions_fixture(12, [*range(51), 1000]),
        MODEL / "positions_512_near": lambda: positions_fixture(512, [*range(25)]),
        MODEL / "positions_512_far": lambda: positions_fixture(512, [*range(25, 51), 1000]),
        TRAIN / "loss": loss_fixture,
        TRAIN / "adam": lambda: optimizer_fixture("adam"),
        TRAIN / "adamw": lambda: optimizer_fixture("adamw"),
        TRAIN / "schedules": schedules_fixture,
    }
    for norm in ["pre", "post"]:
        for activation in ["relu", "gelu"]:
            made[MODEL / f"layers_{norm}_{activation}"] = lambda n=norm, a=activation: layers_fixture(n, a)
        for tying in ["three_way", "two_way", "none"]:
            made[MODEL / f"model_{norm}_{tying}"] = lambda n=norm, t=tying: model_fixture(n, t)
    for tying in ["three_way", "two_way", "none"]:
        made[MODEL / f"gru_{tying}"] = lambda t=tying: gru_fixture(t)
    return {path.with_suffix(".safetensors"): make for path, make in made.items()}


def conditioned(make):
    """A fixture of numbers on which float32 errs little."""
    for Draw.attempt in range(200):
        try:
            Draw.dtype = torch.float32
            narrow = make()
            Draw.dtype = torch.float64
            tensors = make()
        except Unlucky:
            continue
        # The gradient of a bias of keys is zero, and Adam divides its rounding error by itself.
        names = [name for name in tensors if not name.endswith("key.bias")]
        if all(error(narrow[name], tensors[name]) <= WELL_CONDITIONED for name in names):
            return tensors
    raise AssertionError("no well-conditioned numbers found")


def error(got, expected):
    """The largest error: absolute up to values of one, relative above."""
    return ((got.double() - expected.double()).abs() / expected.double().abs().clamp(min=1)).max().item()


def rounded(path, tensors):
    """float32, but for schedules and options, which our code has in float64."""
    wide = {"learning_rates", "options", "norms"}

    def narrow(name, tensor):
        keep = path.stem == "schedules" or name in wide or tensor.dtype != torch.float64
        return tensor if keep else tensor.float()

    return {name: narrow(name, tensor.detach()).contiguous().clone() for name, tensor in tensors.items()}


def differs(path, tensors):
    """What in a committed file is not what would be written; small differences are another machine's rounding."""
    if not path.exists():
        return "is missing"
    committed = load_file(path)
    if committed.keys() != tensors.keys():
        return "has other tensors"

    def close(a, b):
        return a.shape == b.shape and a.dtype == b.dtype and torch.allclose(a, b, rtol=1e-6, atol=1e-7)

    return next((f"differs in {name}" for name in tensors if not close(committed[name], tensors[name])), None)


def main():
    assert torch.__version__.split("+")[0] == TORCH_VERSION, f"needs torch {TORCH_VERSION}, found {torch.__version__}"
    torch.set_num_threads(1)
    metadata = {
        "generator": "scripts/golden/torch_fixtures.py",
        "seed": str(SEED),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
    }
    faults = 0
    for path, make in fixtures().items():
        tensors = rounded(path, conditioned(make))
        if "--check" in sys.argv:
            fault = differs(path, tensors)
            faults += fault is not None
            print(path.name, fault or "agrees")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path, metadata)
        size = path.stat().st_size
        assert size <= MAX_BYTES, f"{path.name}: {size} bytes"
        print(f"{size:6} {path.name}, attempt {Draw.attempt}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
