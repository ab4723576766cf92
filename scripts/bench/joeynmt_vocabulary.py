"""JoeyNMT's joint vocabulary over both sides of a training text: SentencePiece, unigram, and the list JoeyNMT reads.

    python joeynmt_vocabulary.py FOLDER SIZE MAX_LENGTH

FOLDER holds train.src and train.tgt, and gets sp.model and vocab.txt. Prints a JSON line with the mean of target tokens,
ends of sentences counted, over the lines of at most MAX_LENGTH tokens, which are those that JoeyNMT trains on.
A process of its own, since the peak memory of a program is at least what the process had that started it.
"""

import json
import pathlib
import sys

import sentencepiece


def learn(folder, size):
    """The vocabulary with JoeyNMT's control tokens at the ids that its configuration has."""
    sentencepiece.SentencePieceTrainer.train(
        input=[str(folder / "train.src"), str(folder / "train.tgt")], model_prefix=str(folder / "sp"),
        vocab_size=size, character_coverage=1.0, model_type="unigram", unk_id=0, pad_id=1, bos_id=2, eos_id=3,
        unk_piece="<unk>", pad_piece="<pad>", bos_piece="<s>", eos_piece="</s>", minloglevel=1,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sp.model"))
    words = "".join(f"{pieces.id_to_piece(i)}\n" for i in range(pieces.get_piece_size()))
    (folder / "vocab.txt").write_text(words, encoding="utf-8")
    return pieces


def tokens_per_line(pieces, folder, longest):
    """Target tokens of a line, one of them its end."""
    with open(folder / "train.src", encoding="utf-8") as src, open(folder / "train.tgt", encoding="utf-8") as tgt:
        pairs = ([len(pieces.encode(line)) for line in pair] for pair in zip(src, tgt, strict=True))
        lengths = [pair[1] + 1 for pair in pairs if max(pair) <= longest]
    return sum(lengths) / len(lengths)


def main():
    folder, size, longest = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    pieces = learn(folder, size)
    print(json.dumps({"tokens_per_line": tokens_per_line(pieces, folder, longest)}))


if __name__ == "__main__":
    main()
