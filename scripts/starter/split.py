#!/usr/bin/env python3
"""Makes data/starter/ from data/written/*.tsv and data/generated/*.tsv.

    python3 scripts/starter/split.py            writes the files
    python3 scripts/starter/split.py --check    tells whether they are up to date, and checks the text

Parts: train, dev; and three held-out sets: `natural` (written one by one), `dialogue` (short exchanges, written one by
one) and `compositional` (new combinations of known words, generated). A pair's part is a function of its English side,
so that adding pairs moves no other pair. Three rules hold:

- No part repeats a source or a target of another, nor of itself (case, punctuation, digits and spaces ignored).
- Every lemma of a held-out sentence stands at least 8 times in train, in at least 4 constructions; a sentence of which
  that is not true goes to train. A construction is that of the generator, or a sentence without its content words.
- Below 30 % of the lines of train share a frame of six words, content words taken for one another.

data/starter/lemmas.tsv lists the lemmas with their counts.
"""
import collections
import hashlib
import pathlib
import re
import sys
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRAW = {"dev": 0.05, "natural": 0.105, "dialogue": 0.46}  # shares of the written pairs that are drawn for a part
MIN_COUNT, MIN_CONSTRUCTIONS = 8, 4
MAX_FRAME_SHARE = 0.30

FUNCTION_WORDS = set(
    """a an the this that these those i you he she it we they me him her us them my your his its our their mine yours
    and or but if when because so than as too also not no never yes please do does did done be am is are was were been
    being have has had will would shall should can could may might must to of in on at by for from with without into
    under over near behind before after up down out off about through what where who whom whose which why how there here
    then now very all any some every each both only just more most much many few other another something anything nothing
    someone anyone nobody everyone everything own let us""".split()
)
IRREGULAR = {
    form: lemma
    for lemma, forms in {
        "go": "goes went gone", "come": "came", "see": "saw seen", "eat": "ate eaten", "drink": "drank drunk",
        "give": "gave given", "take": "took taken", "bring": "brought", "buy": "bought", "sell": "sold",
        "tell": "told", "say": "said", "speak": "spoke spoken", "write": "wrote written", "sit": "sat sitting",
        "sleep": "slept", "wake": "woke woken", "run": "ran running", "get": "got getting", "make": "made",
        "know": "knew known", "think": "thought", "forget": "forgot forgotten", "find": "found", "lose": "lost",
        "fall": "fell fallen", "break": "broke broken", "wear": "wore worn", "teach": "taught", "catch": "caught",
        "keep": "kept", "leave": "left", "meet": "met", "feel": "felt", "hear": "heard", "hold": "held",
        "stand": "stood", "understand": "understood", "build": "built", "send": "sent", "spend": "spent",
        "pay": "paid", "grow": "grew grown", "fly": "flew flown", "draw": "drew drawn", "drive": "drove driven",
        "ride": "rode ridden", "sing": "sang sung", "swim": "swam swum swimming", "begin": "began begun", "win": "won",
        "steal": "stole stolen", "throw": "threw thrown", "choose": "chose chosen", "hide": "hid hidden",
        "bite": "bit bitten", "blow": "blew blown", "shine": "shone", "dig": "dug", "hang": "hung", "sweep": "swept",
        "child": "children", "man": "men", "woman": "women", "person": "people", "foot": "feet", "tooth": "teeth",
        "knife": "knives", "leaf": "leaves", "wife": "wives", "mouse": "mice", "ox": "oxen", "good": "better best",
        "bad": "worse worst", "far": "farther", "lie": "lying", "die": "dying", "tie": "tying", "cut": "cutting",
        "put": "putting", "stop": "stopped stopping", "plan": "planned", "shop": "shopping",
    }.items()
    for form in forms.split()
}


def strict(text):
    text = unicodedata.normalize("NFC", text).lower()
    return "".join(c for c in text if unicodedata.category(c)[0] in "LM")


def words(english):
    return re.findall(r"[a-z]+", re.sub(r"(n't|'s|'re|'ll|'m|'ve|'d)\b", "", english.lower()))


class Lemmas:
    """The dictionary form of an English word: by a table, else by its ending if the stem is a known word."""

    def __init__(self, sentences):
        self.known = {word for sentence in sentences for word in words(sentence)}

    def of(self, word):
        if word in IRREGULAR:
            return IRREGULAR[word]
        for ending, stems in (
            ("ies", ["y"]), ("ied", ["y"]), ("ves", ["f"]), ("es", ["", "e"]), ("s", [""]),
            ("ing", ["", "e"]), ("ed", ["", "e"]), ("est", ["", "e"]), ("er", ["", "e"]),
        ):
            if word.endswith(ending) and len(word) > len(ending) + 1:
                base = word[: -len(ending)]
                doubled = [base[:-1]] if len(base) > 2 and base[-1] == base[-2] else []
                for stem in [base + tail for tail in stems] + doubled:
                    if stem in self.known and stem not in FUNCTION_WORDS and len(stem) > 2:
                        return stem
        return word

    def content(self, english):
        return [self.of(word) for word in words(english) if word not in FUNCTION_WORDS]

    def frame(self, english):
        return " ".join(word if word in FUNCTION_WORDS else "·" for word in words(english))


def draw(english):
    return int.from_bytes(hashlib.blake2b(strict(english).encode(), digest_size=8).digest(), "big") / 2**64


def read(faults):
    """(file's name, English, Kannada, construction or nothing) of every line."""
    for folder in ("written", "generated"):
        for path in sorted((ROOT / "data" / folder).glob("*.tsv")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                english, kannada, *more = line.split("\t") + [""]
                place = f"{folder}/{path.name}:{number}"
                if not english.strip() or not kannada.strip():
                    faults.append(f"{place}: not two sides")
                    continue
                if unicodedata.normalize("NFC", line) != line:
                    faults.append(f"{place}: not NFC")
                letters = [c for c in kannada if c.isalpha()]
                if any(not "\u0c80" <= c <= "\u0cff" for c in letters):
                    faults.append(f"{place}: a letter that is not Kannada")
                if any(not c.isascii() for c in english):
                    faults.append(f"{place}: a character that is not ASCII in the English")
                if english[-1] != kannada[-1]:
                    faults.append(f"{place}: the ends differ")
                yield path.stem, english, kannada, more[0]


def main():
    faults, repeated = [], 0
    seen_en, seen_kn = set(), set()
    pairs = []
    for name, english, kannada, construction in read(faults):
        if strict(english) in seen_en or strict(kannada) in seen_kn:
            repeated += 1
            continue
        seen_en.add(strict(english))
        seen_kn.add(strict(kannada))
        pairs.append((name, english, kannada, construction))
    if faults:
        sys.exit("\n".join(faults))

    lemmas = Lemmas(english for _, english, _, _ in pairs)
    parts = {part: [] for part in ("train", "dev", "natural", "compositional", "dialogue")}
    for pair in pairs:
        name, english = pair[:2]
        share = draw(english)
        if name == "compositional":
            part = "compositional"
        elif name == "generated":
            part = "train"
        elif share < DRAW["dev"]:
            part = "dev"
        elif name == "dialogue":
            part = "dialogue" if share < DRAW["dialogue"] else "train"
        else:
            part = "natural" if share < DRAW["dev"] + DRAW["natural"] else "train"
        parts[part].append(pair)

    counts, constructions = collections.Counter(), collections.defaultdict(set)

    def count(pair):
        for lemma in lemmas.content(pair[1]):
            counts[lemma] += 1
            constructions[lemma].add(pair[3] or lemmas.frame(pair[1]))

    for pair in parts["train"]:
        count(pair)
    moved = True
    while moved:  # a sentence that goes to train makes its words more frequent there
        moved = False
        for part in ("natural", "dialogue", "compositional"):
            for pair in list(parts[part]):
                rare = [
                    lemma
                    for lemma in lemmas.content(pair[1])
                    if counts[lemma] < MIN_COUNT or len(constructions[lemma]) < MIN_CONSTRUCTIONS
                ]
                if rare:
                    parts[part].remove(pair)
                    parts["train"].append(pair)
                    count(pair)
                    moved = True

    frames = collections.Counter()
    for _, english, _, _ in parts["train"]:
        frame = lemmas.frame(english).split()
        frames.update({" ".join(frame[i : i + 6]) for i in range(len(frame) - 5)})
    frame, n = frames.most_common(1)[0]
    share = n / len(parts["train"])
    if share >= MAX_FRAME_SHARE:
        sys.exit(f"{share:.0%} of train share the frame '{frame}'")

    out = ROOT / "data/starter"
    out.mkdir(exist_ok=True)
    texts = {"lemmas.tsv": "".join(f"{l}\t{counts[l]}\t{len(constructions[l])}\n" for l in sorted(counts))}
    for part, chosen in parts.items():
        # A fixed shuffle, so that the files are not in the order of their domains.
        chosen.sort(key=lambda pair: hashlib.blake2b(pair[1].encode(), digest_size=8).digest())
        texts[f"{part}.en"] = "".join(pair[1] + "\n" for pair in chosen)
        texts[f"{part}.kn"] = "".join(pair[2] + "\n" for pair in chosen)
        by_file = collections.Counter(pair[0] for pair in chosen)
        print(f"{part}: {len(chosen)} pairs ({', '.join(f'{k} {v}' for k, v in sorted(by_file.items()))})")
    tokens = sorted(len(pair[1].split()) for pair in parts["train"])
    print(f"left out, because a side repeats: {repeated}")
    print(f"train: English words a line: median {tokens[len(tokens) // 2]}, longest {tokens[-1]}; {len(counts)} lemmas")
    print(f"most common frame of six words: '{frame}', {share:.1%} of train")
    stale = []
    for name, text in texts.items():
        path = out / name
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        sys.exit(f"not up to date: {', '.join(stale)}; run scripts/starter/split.py")


if __name__ == "__main__":
    main()
