"""The peer of `workloads translate`: CTranslate2 in float32, the same shape with random weights, the same work.

    python ctranslate2_translate.py IDS.json BEAM LEN

Every sentence gets exactly LEN tokens. Of several batch sizes the fastest counts. Prints JSON lines.
"""

import json
import os
import sys
import tempfile
import time

import ctranslate2
import numpy as np
from ctranslate2.specs import TransformerSpec, common_spec

VOCAB, D_MODEL, D_FF, N_HEADS, N_LAYERS = 8000, 256, 1024, 4, 3
BATCH_TOKENS = (512, 1024, 2048, 4096)
rng = np.random.default_rng(1)


def linear(spec, rows, columns):
    spec.weight = (rng.standard_normal((rows, columns)) / columns**0.5).astype(np.float32)
    spec.bias = np.zeros(rows, dtype=np.float32)


def norm(spec):
    spec.gamma, spec.beta = np.ones(D_MODEL, dtype=np.float32), np.zeros(D_MODEL, dtype=np.float32)


def model(folder):
    """Writes a model directory with random weights."""
    spec = TransformerSpec.from_config(
        (N_LAYERS, N_LAYERS), N_HEADS, pre_norm=True, activation=common_spec.Activation.RELU
    )
    embedding = (rng.standard_normal((VOCAB, D_MODEL)) / D_MODEL**0.5).astype(np.float32)
    positions = np.zeros((1024, D_MODEL), dtype=np.float32)
    spec.encoder.embeddings[0].weight = spec.decoder.embeddings.weight = embedding
    for stack in (spec.encoder, spec.decoder):
        stack.position_encodings.encodings = positions
        norm(stack.layer_norm)
        for layer in stack.layer:
            norm(layer.self_attention.layer_norm)
            linear(layer.self_attention.linear[0], 3 * D_MODEL, D_MODEL)
            linear(layer.self_attention.linear[1], D_MODEL, D_MODEL)
            norm(layer.ffn.layer_norm)
            linear(layer.ffn.linear_0, D_FF, D_MODEL)
            linear(layer.ffn.linear_1, D_MODEL, D_FF)
            if stack is spec.decoder:
                norm(layer.attention.layer_norm)
                linear(layer.attention.linear[0], D_MODEL, D_MODEL)
                linear(layer.attention.linear[1], 2 * D_MODEL, D_MODEL)
                linear(layer.attention.linear[2], D_MODEL, D_MODEL)
    linear(spec.decoder.projection, VOCAB, D_MODEL)
    words = ["<pad>", "<s>", "</s>", "<unk>"] + [f"w{i}" for i in range(4, VOCAB)]
    spec.register_source_vocabulary(words)
    spec.register_target_vocabulary(words)
    spec.validate()
    spec.save(folder)


def main():
    sources = json.load(open(sys.argv[1], encoding="utf-8"))
    beam_size, length = int(sys.argv[2]), int(sys.argv[3])
    sources = [[f"w{i}" for i in source] for source in sources]
    with tempfile.TemporaryDirectory() as folder:
        model(folder)
        threads = int(os.environ.get("THREADS", os.cpu_count()))
        translator = ctranslate2.Translator(
            folder, device="cpu", compute_type="float32", inter_threads=1, intra_threads=threads
        )
    best = {}
    for batch_tokens in BATCH_TOKENS:
        for _ in range(2):
            begin = time.perf_counter()
            found = translator.translate_batch(
                sources, beam_size=beam_size, min_decoding_length=length, max_decoding_length=length,
                max_batch_size=batch_tokens, batch_type="tokens",
            )
            secs = time.perf_counter() - begin
        tokens = sum(len(one.hypotheses[0]) for one in found)
        best[batch_tokens] = {"tokens": tokens, "secs": secs, "batch_tokens": batch_tokens}
    for round_, row in enumerate(best.values()):
        print(json.dumps({"round": round_, **row}))


if __name__ == "__main__":
    main()
