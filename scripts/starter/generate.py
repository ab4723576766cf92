"""Make generated.tsv (training pairs) and compositional.tsv (held-out new combinations) from the grammar.

Each line: English, Kannada, construction. Deterministic for a seed. A pair is kept when both sides are new under the strict
comparison (case, punctuation, digits and spaces ignored), also against the files given with --known. Held out are word
pairs (verb + noun) and pairs of construction and lemma, chosen by a hash: no training sentence holds one of them, every sentence
of compositional.tsv does, and all its lemmas are well attested in training.

Usage: python3 scripts/starter/generate.py [--out DIR] [--train 9500] [--held-out 400] [--seed 7] [--known FILE ...]
By default it makes data/generated and knows data/written.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pathlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable

from clauses import Pair
from constructions_adj import ADJ
from constructions_be import BE
from constructions_complex import COMPLEX
from constructions_identity import IDENTITY
from constructions_joined import JOINED
from constructions_modal import MODAL
from constructions_place import PLACE
from constructions_questions import QUESTIONS
from constructions_simple import SIMPLE
from constructions_time import TIME
from lexicon import ADJECTIVES, NAMES, NOUNS, STATES, VERBS
from sampler import WOMENS, Sampler

CONSTRUCTIONS: list[Callable[[Sampler], Pair]] = SIMPLE + MODAL + BE + PLACE + ADJ + IDENTITY + QUESTIONS + COMPLEX + TIME + JOINED
# shares relative to 1.0
WEIGHTS = {
    "animal_object": 0.6,
    "skill": 0.5,
    "afraid": 0.5,
    "know": 0.5,
    "ailment": 0.4,
    "ill": 0.25,
    "happy": 0.5,
    "happy_question": 0.3,
    "happy_together": 0.3,
    "have_event": 0.5,
    "when_state": 0.8,
    "profession": 0.4,
    "starts_at": 0.5,
    "weekday": 0.35,
    "is_this": 0.5,
    "whose": 0.4,
    "this_is": 0.8,
    "rain": 0.5,
    "where_to": 0.35,
    "so_state": 0.5,
    "if_state": 0.5,
    "animal": 0.5,
    "past": 2.0,
    "future": 1.6,
    "habit": 1.4,
    "past_negative": 1.3,
    "continuous": 1.3,
    "ask_you_past": 1.3,
    "command_polite": 1.2,
    "have_kin": 0.6,
    "how_many_there": 0.5,
    "state_question": 0.6,
    "person_place": 0.6,
    "because_state": 0.7,
    "where": 0.8,
    "must_question": 0.6,
    "need_not": 0.6,
    "wanted": 0.7,
    "intransitive_negative": 0.7,
    "price": 0.8,
}
AMBIGUOUS = {"n:sister", "n:brother"}  # also part of "elder sister", "younger brother": never held out
MIN_USES, MIN_CONSTRUCTIONS, MIN_HELD_CONSTRUCTIONS = 12, 5, 4
NARROW = {"v:" + v.lemma for v in VERBS.values() if len(v.objects) < 4 and v.frame in ("tr", "ditr")}  # too few objects to hold any out
HELD_WORD_PAIRS, HELD_LEMMAS = 14, 45  # one in so many combinations is held out


def strict(text: str) -> str:
    """Letters only, lower case: what counts as the same sentence."""
    return "".join(c for c in unicodedata.normalize("NFC", text).lower() if unicodedata.category(c)[0] in "LM")


def bucket(key: str, buckets: int) -> bool:
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % buckets == 0


def held_keys(construction: str, lemmas: tuple[str, ...]) -> list[str]:
    """The held-out combinations that a sentence contains."""
    verbs = [x for x in lemmas if x.startswith("v:")]
    others = [x for x in lemmas if x[:2] in ("n:", "a:") and x not in AMBIGUOUS]
    keys = [f"{v}+{n}" for v in verbs for n in others if v not in NARROW and n[0] == "n" and bucket(f"{v}+{n}", HELD_WORD_PAIRS)]
    return keys + [f"{construction}+{x}" for x in verbs + others if bucket(f"{construction}+{x}", HELD_LEMMAS)]


def surface_forms() -> dict[str, tuple[str, ...]]:
    """The English forms of every lemma key."""
    forms: dict[str, tuple[str, ...]] = {"n:" + n.en: (n.english(), n.english(True)) for n in NOUNS.values()}
    forms |= {"v:" + v.lemma: v.en for v in VERBS.values()}
    forms |= {"a:" + a.en: (a.en, a.more or a.en) for a in ADJECTIVES.values()}
    return forms


FORMS = surface_forms()


def present(lemmas: list[str], english: str) -> tuple[str, ...]:
    """The chosen lemmas that the sentence really holds (a place may have been dropped); the two words for rice and for fish count as one."""
    text = " " + english.lower().rstrip(".?!").replace(",", "").replace("'s", " 's") + " "
    held = [x for x in dict.fromkeys(lemmas) if x not in FORMS or any(f" {f.lower().split()[0]} " in text for f in FORMS[x])]
    return tuple(dict.fromkeys(x.replace("raw ", "").replace("n:food ", "n:") for x in held))


def good_form(pair: Pair) -> bool:
    """Length and spacing, and no word said twice in a row on either side."""
    words = pair.en.rstrip(".?!").lower().split()
    kn_words = pair.kn.rstrip(".?!").split()
    if not 2 <= len(words) <= 14 or "  " in pair.en + pair.kn or " ," in pair.en + pair.kn:
        return False
    return all(a != b for a, b in zip(words, words[1:])) and all(a != b for a, b in zip(kn_words, kn_words[1:]))


PEOPLE = {name.lower() for name in NAMES} | {n.en.split()[-1] for n in NOUNS.values() if n.human}
WORN = {f for n in NOUNS.values() if "cloth" in n.tags or n.en == "ring" for f in (n.en, n.en_pl)}
MALE = {"he", "his"} | {name.lower() for name in NAMES if NAMES[name][2] == "m"}
HOURS = {"morning", "evening", "night", "tonight", "afternoon", "o'clock"}


def sensible(pair: Pair) -> bool:
    """No person named twice, and no clothes or rings with a time of day (unless they are washed)."""
    words = re.findall(r"[a-z']+", pair.en.lower().replace("'s ", " "))
    people = [w for w in words if w in PEOPLE]
    worn = WORN & set(words) and HOURS & set(words) and "v:wash" not in pair.lemmas
    male = MALE & set(words) and ("v:wear" in pair.lemmas or "his" in words)
    return len(people) == len(set(people)) and not worn and not (male and WOMENS & {w.removesuffix("es") for w in words})


def read_known(paths: list[str]) -> tuple[set[str], set[str]]:
    english, kannada = set(), set()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                parts = line.rstrip("\n").split("\t")
                if len(parts) >= 2:
                    english.add(strict(parts[0]))
                    kannada.add(strict(parts[1]))
    return english, kannada


class Corpus:
    """Collects training and held-out pairs."""

    def __init__(self, seed: int, known: tuple[set[str], set[str]]) -> None:
        self.sampler = Sampler(seed)
        self.english, self.kannada = known
        self.train: list[Pair] = []
        self.held: list[Pair] = []
        self.by_construction: Counter[str] = Counter()
        self.uses: dict[str, Counter[str]] = defaultdict(Counter)

    def attempt(self, construction: Callable[[Sampler], Pair], cap: int, held: bool, need: str = "") -> bool:
        """Make one sentence and keep it if it is new and belongs to the wanted part."""
        s = self.sampler
        s.current, s.asking = [], False
        pair = construction(s)
        pair.construction = construction.__name__
        pair.lemmas = present(s.current, pair.en)
        key_en, key_kn = strict(pair.en), strict(pair.kn)
        if not good_form(pair) or not sensible(pair) or key_en in self.english or key_kn in self.kannada or (need and need not in pair.lemmas):
            return False
        if bool(held_keys(pair.construction, pair.lemmas)) != held:
            return False
        if not held and self.by_construction[pair.construction] >= cap:
            return False
        if held and any(len(self.uses[x]) < MIN_HELD_CONSTRUCTIONS or sum(self.uses[x].values()) < MIN_USES for x in pair.lemmas):
            return False
        self.english.add(key_en)
        self.kannada.add(key_kn)
        (self.held if held else self.train).append(pair)
        if not held:
            self.by_construction[pair.construction] += 1
            s.used.update(set(s.current))
            for lemma in pair.lemmas:
                self.uses[lemma][pair.construction] += 1
        return True

    def fill(self, size: int) -> None:
        cap = int(size * 0.039)
        names = [c.__name__ for c in CONSTRUCTIONS]
        assert len(set(names)) == len(names)
        total = sum(WEIGHTS.get(n, 1.0) for n in names)
        for construction in CONSTRUCTIONS:
            goal = round(size * WEIGHTS.get(construction.__name__, 1.0) / total)
            tries = 0
            while self.by_construction[construction.__name__] < min(goal, cap) and tries < goal * 12:
                tries += 1
                self.attempt(construction, cap, False)
        while len(self.train) < size:
            self.attempt(self.sampler.one_of(CONSTRUCTIONS), cap, False)
        del self.train[size:]

    def fill_held(self, size: int) -> None:
        for number in range(size * 300):
            if len(self.held) >= size:
                break
            self.attempt(CONSTRUCTIONS[number % len(CONSTRUCTIONS)], 0, True)


def frame(english: str, words: dict[str, str]) -> str:
    """The English with content words replaced by their class."""
    return " ".join(words.get(w, w) for w in re.findall(r"[a-z']+", english.lower()))


def content_words() -> dict[str, str]:
    out: dict[str, str] = {}
    for noun in NOUNS.values():
        out.update({w: "NOUN" for f in (noun.en, noun.en_pl) for w in f.lower().split() if w not in "+-"})
    for verb in VERBS.values():
        out.update({w: "VERB" for f in verb.en for w in f.split()[:1]})
    out.update(
        {w: "ADJ" for a in ADJECTIVES.values() for w in (a.en, a.more) if w and " " not in w}
        | {w: "ADJ" for w in STATES}
        | {n.lower(): "NAME" for n in NAMES}
    )
    return out


def report(corpus: Corpus) -> None:
    words = content_words()
    grams: Counter[str] = Counter()
    for pair in corpus.train:
        tokens = frame(pair.en, words).split()
        grams.update({" ".join(tokens[i : i + 6]) for i in range(len(tokens) - 5)})
    size = len(corpus.train)
    lemmas = {x: sum(c.values()) for x, c in corpus.uses.items()}
    rare = [(x, n, len(corpus.uses[x])) for x, n in lemmas.items() if n < MIN_USES or len(corpus.uses[x]) < MIN_CONSTRUCTIONS]
    print(f"train {size}, held out {len(corpus.held)}, constructions {len(corpus.by_construction)}, lemmas {len(lemmas)}")
    print(
        "largest constructions",
        [(n, round(100 * c / size, 2)) for n, c in corpus.by_construction.most_common(5)],
        "smallest",
        corpus.by_construction.most_common()[-5:],
    )
    print("commonest frames", [(g, round(100 * c / size, 2)) for g, c in grams.most_common(5)])
    print("too rare:", rare)


def main() -> None:
    data = pathlib.Path(__file__).resolve().parents[2] / "data"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=data / "generated")
    parser.add_argument("--train", type=int, default=9500)
    parser.add_argument("--held-out", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--known", nargs="*", default=sorted((data / "written").glob("*.tsv")))
    args = parser.parse_args()
    corpus = Corpus(args.seed, read_known(args.known))
    corpus.fill(args.train)
    corpus.fill_held(args.held_out)
    for name, pairs in (("generated.tsv", corpus.train), ("compositional.tsv", corpus.held)):
        order = list(pairs)
        corpus.sampler.rng.shuffle(order)
        with open(os.path.join(args.out, name), "w", encoding="utf-8") as file:
            file.writelines(f"{p.en}\t{unicodedata.normalize('NFC', p.kn)}\t{p.construction}\n" for p in order)
    report(corpus)


if __name__ == "__main__":
    main()
