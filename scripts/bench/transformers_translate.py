"""The peer of `workloads translate`: `generate` of Hugging Face transformers with a Marian model of the same shape and
random weights, sorted batches of 32, the same work.

    python transformers_translate.py IDS.json BEAM LEN
"""

import json
import os
import sys
import time

import torch
from transformers import MarianConfig, MarianMTModel

torch.manual_seed(0)
torch.set_num_threads(int(os.environ.get("THREADS", os.cpu_count())))
ROWS = 32


def main():
    sources = sorted(json.load(open(sys.argv[1], encoding="utf-8")), key=len, reverse=True)
    beam_size, length = int(sys.argv[2]), int(sys.argv[3])
    config = MarianConfig(
        vocab_size=8000, decoder_vocab_size=8000, d_model=256, encoder_layers=3, decoder_layers=3,
        encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=1024, decoder_ffn_dim=1024,
        activation_function="relu", pad_token_id=0, eos_token_id=2, decoder_start_token_id=1,
        forced_eos_token_id=None, share_encoder_decoder_embeddings=True, max_position_embeddings=512,
    )
    model = MarianMTModel(config).eval()
    for round_ in range(3):
        begin = time.perf_counter()
        tokens = 0
        for first in range(0, len(sources), ROWS):
            rows = sources[first : first + ROWS]
            width = len(rows[0])
            ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
            with torch.no_grad():
                found = model.generate(
                    ids, attention_mask=(ids != 0).long(), num_beams=beam_size, do_sample=False,
                    min_new_tokens=length, max_new_tokens=length,
                )
            tokens += found.shape[0] * (found.shape[1] - 1)
        print(json.dumps({"round": round_, "tokens": tokens, "secs": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
