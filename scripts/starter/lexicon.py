"""The words of the generator: nouns and verbs from nouns.tsv and verbs.tsv, and small tables of adjectives, adverbs, names.

nouns.tsv columns: English, English plural ("-" mass noun, "+" plural only), Kannada, stem class (see morphology.py),
Kannada plural ("" regular, "=" same as the singular), tags. Tags m/f/h/n are the gender of a person (h: honorific, n: ಮಗು),
the others are semantic types that verbs and adjectives select. "raw rice" and "food fish" are said "rice" and "fish": ಅಕ್ಕಿ is bought
and sold, ಅನ್ನ eaten, wanted and cooked; fish as food is a mass noun.
verbs.tsv columns: five English forms ("_" stands for a space), Kannada prefix word, Kannada root, frame, objects or places,
determiners, flags. Frames: tr (accusative), ditr (accusative + dative person), dat, ben (-ಗಾಗಿ), com (ಜೊತೆ), put (object +
place), goal (to a place), intr (at a place). An object entry is a noun or a tag; "tag-" leaves the noun of that name out.
Flags: h habitual, s state (ಕುಳಿತಿದ್ದಾನೆ = is sitting), nocont (no continuous), bad (not wanted: no order, wish or duty), emo (laugh,
cry: only as facts), feel (only the plain present), slow (may take "last month").
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import morphology as m

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True)
class Noun:
    """One noun lemma with its inflection data and semantic tags."""

    en: str
    en_pl: str
    kn: str
    cls: str
    kn_pl: str
    tags: frozenset[str]

    @property
    def mass(self) -> bool:
        return self.en_pl == "-"

    @property
    def plural_only(self) -> bool:
        return self.en_pl == "+"

    @property
    def human(self) -> bool:
        return bool(self.tags & {"role", "kin"})

    @property
    def animate(self) -> bool:
        return self.human or "animal" in self.tags

    @property
    def gender(self) -> str:
        return next((g for g in "mfhn" if g in self.tags), "n")

    def form(self, case: str, plural: bool = False) -> str:
        """The Kannada case form."""
        if not plural or self.kn_pl == "=":
            return m.decline(self.kn, self.cls, case)
        return m.decline(self.kn_pl or m.make_plural(self.kn, self.cls), "pl", case)

    def person(self, plural: bool = False) -> str:
        """The agreement key of this noun as subject."""
        if plural and self.kn_pl != "=":
            return "3h" if self.human else "3np"
        return "3" + self.gender if self.human else "3n"

    def english(self, plural: bool = False) -> str:
        name = self.en.replace("raw ", "").replace("food ", "")
        return self.en_pl if plural and not self.mass and not self.plural_only else name


@dataclass(frozen=True)
class VerbEntry:
    """One verb lemma: English forms, the Kannada verb, its frame and what it selects."""

    en: tuple[str, str, str, str, str]
    kn: m.Verb
    frame: str
    objects: tuple[str, ...]
    dets: str
    flags: frozenset[str]

    @property
    def lemma(self) -> str:
        return self.en[0]


def _rows(name: str) -> list[list[str]]:
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file]


def load_nouns() -> dict[str, Noun]:
    return {r[0]: Noun(r[0], r[1], r[2], r[3], r[4], frozenset(r[5].split())) for r in _rows("nouns.tsv")}


NOUNS = load_nouns()


def tagged(*tags: str) -> list[Noun]:
    """All nouns that have one of the tags, in file order."""
    return [n for n in NOUNS.values() if n.tags & set(tags)]


def select(spec: tuple[str, ...]) -> list[Noun]:
    """Expand the object list of a verb: names, tags, and "tag-" for a tag without the noun that is no fit for the verb."""
    drop = {"drink-": {"water"}, "vehicle-": {"train", "bus", "boat"}, "flower-": {"flower"}, "dish-": {"rice"}, "grocery-": {"raw rice"}, "edible-": {"rice"}}
    out: dict[str, Noun] = {}
    for item in spec:
        name = item.rstrip("-")
        if name in NOUNS and item == name:
            out[name] = NOUNS[name]
        else:
            for noun in tagged(name):
                if noun.en not in drop.get(item, set()):
                    out[noun.en] = noun
    return list(out.values())


def load_verbs() -> dict[str, VerbEntry]:
    out = {}
    for forms, prefix, root, frame, objects, dets, flags in _rows("verbs.tsv"):
        en = tuple(f.replace("_", " ") for f in forms.split())
        flag_set = frozenset({"h", "s"} if flags == "hs" else flags.split(","))
        kn = m.make_verb(root, prefix, stative="s" in flag_set)
        out[en[0]] = VerbEntry(en, kn, frame, tuple(objects.split(",")), dets, flag_set)  # type: ignore[arg-type]
    return out


VERBS = load_verbs()


@dataclass(frozen=True)
class Adjective:
    """English forms, Kannada attributive form, predicate stem and kind (morphology.predicate), nouns that it fits."""

    en: str
    more: str
    kn: str
    stem: str
    kind: str
    fits: tuple[str, ...] = field(default=())


ADJECTIVES = {
    a.en: a
    for a in [
        Adjective(
            "big",
            "bigger",
            "ದೊಡ್ಡ",
            "ದೊಡ್ಡ",
            "du",
            ("cont", "build", "town", "room", "tree", "animal", "ball", "bird", "bridge", "park", "garden", "lake"),
        ),
        Adjective(
            "small",
            "smaller",
            "ಚಿಕ್ಕ",
            "ಚಿಕ್ಕ",
            "du",
            ("cont", "build", "town", "room", "tree", "animal", "thing", "park", "garden", "lake", "furn"),
        ),
        Adjective(
            "new", "newer", "ಹೊಸ", "ಹೊಸ", "du", ("thing", "cloth", "build", "furn", "vehicle", "song", "game", "lesson", "bridge", "word")
        ),
        Adjective(
            "old",
            "older",
            "ಹಳೆಯ",
            "ಹಳೆಯ",
            "du",
            ("thing", "cloth", "build", "furn", "vehicle", "song", "bridge", "town", "story", "letter"),
        ),
        Adjective(
            "good",
            "better",
            "ಒಳ್ಳೆಯ",
            "ಚೆನ್ನಾಗಿ",
            "r",
            ("book", "story", "poem", "song", "game", "hotel", "school", "hospital", "dish", "picture", "vehicle", "college", "answer"),
        ),
        Adjective(
            "red", "", "ಕೆಂಪು", "ಕೆಂಪು", "u", ("cloth", "flower", "ball", "bag", "car", "box", "apple", "tomatoes", "bicycle", "umbrella")
        ),
        Adjective("white", "", "ಬಿಳಿ", "ಬೆಳ್ಳ", "g", ("cloth", "flower", "horse", "cow", "car", "rabbit", "cat", "wall", "goat")),
        Adjective("black", "", "ಕಪ್ಪು", "ಕಪ್ಪು", "u", ("cloth", "dog", "cat", "cow", "bag", "horse", "umbrella", "goat", "car")),
        Adjective("green", "", "ಹಸಿರು", "ಹಸಿರು", "u", ("cloth", "field", "hill", "box", "bird", "bag", "door")),
        Adjective("blue", "", "ನೀಲಿ", "ನೀಲಿ", "y", ("cloth", "pen", "bag", "car", "umbrella", "bird", "door", "bucket", "box")),
        Adjective("yellow", "", "ಹಳದಿ", "ಹಳದಿ", "y", ("cloth", "flower", "ball", "bag", "house", "banana", "wall", "bucket")),
        Adjective("heavy", "heavier", "ಭಾರವಾದ", "ಭಾರ", "v", ("heavy", "pot", "table", "cupboard", "chair", "bed")),
        Adjective(
            "beautiful",
            "more beautiful",
            "ಸುಂದರವಾದ",
            "ಸುಂದರ",
            "v",
            tuple(
                "flower, sari, dress, picture, garden, temple, river, lake, bird, poem, song, village, ring, doll, city, park, horse".split(
                    ", "
                )
            ),
        ),
        Adjective(
            "clean",
            "cleaner",
            "ಸ್ವಚ್ಛವಾದ",
            "ಸ್ವಚ್ಛ",
            "v",
            ("room", "dish2", "cloth", "house", "town", "hospital", "hotel", "park", "river", "lake", "table", "school"),
        ),
        Adjective("dirty", "dirtier", "ಕೊಳಕು", "ಕೊಳಕು", "u", ("room", "dish2", "cloth", "house", "window", "table", "bag", "car")),
        Adjective("tasty", "tastier", "ರುಚಿಯಾದ", "ರುಚಿ", "y", ("dish", "mango", "food fish", "egg", "apple", "coffee", "tea")),
        Adjective("sweet", "sweeter", "ಸಿಹಿಯಾದ", "ಸಿಹಿ", "y", ("fruit", "milk", "tea", "coffee")),
        Adjective("hot", "hotter", "ಬಿಸಿ", "ಬಿಸಿ", "y", ("hotdrink", "milk", "water", "rice", "food", "dosa", "idli")),
        Adjective("cold", "colder", "ತಣ್ಣನೆಯ", "ತಣ್ಣ", "g", ("water", "milk", "coffee", "tea", "food", "rice")),
        Adjective("fresh", "fresher", "ತಾಜಾ", "ತಾಜಾ", "0", ("fruit", "milk", "food fish", "bread", "veg", "egg", "curd", "flower")),
        Adjective(
            "expensive",
            "more expensive",
            "ದುಬಾರಿ",
            "ದುಬಾರಿ",
            "y",
            ("cloth", "fruit", "phone", "computer", "car", "ring", "hotel", "veg", "clock", "ticket", "oil", "house", "medicine"),
        ),
        Adjective(
            "cheap",
            "cheaper",
            "ಅಗ್ಗವಾದ",
            "ಅಗ್ಗ",
            "v",
            ("cloth", "fruit", "phone", "veg", "pen", "ticket", "hotel", "notebook", "grocery", "bag"),
        ),
        Adjective(
            "long",
            "longer",
            "ಉದ್ದವಾದ",
            "ಉದ್ದ",
            "v",
            ("road", "bridge", "letter", "story", "poem", "train", "sari", "dress", "lesson", "river"),
        ),
        Adjective(
            "tall",
            "taller",
            "ಎತ್ತರದ",
            "ಎತ್ತರ",
            "v",
            tuple("tree, wall, boy, girl, brother, sister, elephant, student, son, daughter, father, friend, man, woman".split(", ")),
        ),
        Adjective("easy", "easier", "ಸುಲಭವಾದ", "ಸುಲಭ", "va", ("hard", "game")),
        Adjective("difficult", "more difficult", "ಕಷ್ಟದ", "ಕಷ್ಟ", "va", ("hard", "poem")),
        Adjective("empty", "", "ಖಾಲಿ", "ಖಾಲಿ", "y", ("cont", "room", "glass", "cup", "plate", "bus", "house", "hotel", "shop", "train")),
        Adjective("wet", "", "ಒದ್ದೆ", "ಒದ್ದೆ", "y", ("cloth", "umbrella", "road", "bag", "chair", "bed", "bicycle", "cat", "dog", "book")),
        Adjective("deep", "deeper", "ಆಳವಾದ", "ಆಳ", "v", ("river", "lake", "well", "water")),
        Adjective(
            "strong", "stronger", "ಗಟ್ಟಿಯಾದ", "ಗಟ್ಟಿ", "y", ("table", "chair", "box", "bag", "wall", "door", "bridge", "bed", "cupboard")
        ),
    ]
}

# name: Kannada, class, gender
NAMES = {
    "Ravi": ("ರವಿ", "y", "m"),
    "Raju": ("ರಾಜು", "uv", "m"),
    "Kumar": ("ಕುಮಾರ್", "zm", "m"),
    "Suresh": ("ಸುರೇಶ್", "zm", "m"),
    "Meena": ("ಮೀನಾ", "f_a", "f"),
    "Sita": ("ಸೀತಾ", "f_a", "f"),
    "Anita": ("ಅನಿತಾ", "f_a", "f"),
    "Lakshmi": ("ಲಕ್ಷ್ಮಿ", "y", "f"),
}

DAYS = {
    "Monday": "ಸೋಮವಾರ",
    "Tuesday": "ಮಂಗಳವಾರ",
    "Wednesday": "ಬುಧವಾರ",
    "Thursday": "ಗುರುವಾರ",
    "Friday": "ಶುಕ್ರವಾರ",
    "Saturday": "ಶನಿವಾರ",
    "Sunday": "ಭಾನುವಾರ",
}
PAST_TIMES = [
    ("yesterday", "ನಿನ್ನೆ"),
    ("this morning", "ಇಂದು ಬೆಳಿಗ್ಗೆ"),
    ("last night", "ನಿನ್ನೆ ರಾತ್ರಿ"),
    ("yesterday evening", "ನಿನ್ನೆ ಸಂಜೆ"),
    ("two days ago", "ಎರಡು ದಿನಗಳ ಹಿಂದೆ"),
    ("today", "ಇಂದು"),
]
PAST_LONG = [
    ("last week", "ಕಳೆದ ವಾರ"),
    ("last month", "ಕಳೆದ ತಿಂಗಳು"),
    ("last year", "ಕಳೆದ ವರ್ಷ"),
    ("three days ago", "ಮೂರು ದಿನಗಳ ಹಿಂದೆ"),
    ("two weeks ago", "ಎರಡು ವಾರಗಳ ಹಿಂದೆ"),
]
FUTURE_TIMES = [
    ("tomorrow", "ನಾಳೆ"),
    ("this evening", "ಇಂದು ಸಂಜೆ"),
    ("tonight", "ಇಂದು ರಾತ್ರಿ"),
    ("tomorrow morning", "ನಾಳೆ ಬೆಳಿಗ್ಗೆ"),
    ("tomorrow evening", "ನಾಳೆ ಸಂಜೆ"),
    ("today", "ಇಂದು"),
]
FUTURE_LONG = [("next week", "ಮುಂದಿನ ವಾರ"), ("next month", "ಮುಂದಿನ ತಿಂಗಳು"), ("next year", "ಮುಂದಿನ ವರ್ಷ")]
DAY_TIMES = [("on " + en, kn) for en, kn in DAYS.items()]
HABIT_TIMES = [
    ("every day", "ಪ್ರತಿದಿನ"),
    ("every morning", "ಪ್ರತಿದಿನ ಬೆಳಿಗ್ಗೆ"),
    ("in the evening", "ಸಂಜೆ"),
    ("in the morning", "ಬೆಳಿಗ್ಗೆ"),
    ("every evening", "ಪ್ರತಿದಿನ ಸಂಜೆ"),
    ("at night", "ರಾತ್ರಿ"),
    ("in the afternoon", "ಮಧ್ಯಾಹ್ನ"),
]
EVERYDAY = HABIT_TIMES[:2] + HABIT_TIMES[4:5]

# a state of a person in the dative: English adjective, Kannada stem before the contracted forms of ಇರು
STATES = {
    "hungry": "ಹಸಿವಾಗಿ",
    "thirsty": "ಬಾಯಾರಿಕೆಯಾಗಿ",
    "tired": "ಸುಸ್ತಾಗಿ",
    "sad": "ದುಃಖವಾಗಿ",
    "angry": "ಕೋಪ ಬಂದಿ",
    "worried": "ಚಿಂತೆಯಾಗಿ",
    "afraid": "ಭಯವಾಗಿ",
}
AILMENTS = {"a fever": "ಜ್ವರ", "a headache": "ತಲೆನೋವು", "a cold": "ನೆಗಡಿ", "a stomach ache": "ಹೊಟ್ಟೆನೋವು"}
