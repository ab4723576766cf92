"""Inflection of modern standard Kannada: nouns, pronouns, numerals, adjectives and verbs.

Rules followed
- A noun belongs to a stem class (see NOUN_ENDINGS). The class decides the augment between stem and case ending:
  ಹುಡುಗ-ನ-, ಸೀತಾ-ಳ-, ಮನೆ-ಯ-, ಮರ-ದ-/-ವ-, ಊರು -> ಊರ್-ಇನ-, ಹಸು-ವ-, and none for plurals in -ರು and -ಗಳು.
- Final -u of a stem drops before a vowel (ಊರು + ಅನ್ನು = ಊರನ್ನು); stems in -i, -e and -ai take the glide ಯ;
  short stems in -u (ಮಗು, ಹಸು, ಚಾಕು) keep their vowel and take the glide ವ.
- Loans that end in a consonant join the ending (ಸೈಕಲ್ -> ಸೈಕಲಿನಲ್ಲಿ) or keep it apart with U+200C (ಬಕೆಟ್‌ನಲ್ಲಿ).
- A finite verb agrees with its subject in person, number, gender and respect (keys in PERSONS); the honorific
  and the human plural share the ending -ರು/-ಆರೆ.
- Present and future share one form (-ಉತ್ತ-). The contracted forms of ಇರು make the continuous (ನೋಡುತ್ತಿ + ದ್ದಾನೆ) and
  the perfect (ನೋಡಿ + ದ್ದಾನೆ). Forms with -ಬೇಕು, -ಬಹುದು, -ಬಾರದು and the negatives do not vary with the subject.
"""

from __future__ import annotations

from dataclasses import dataclass

ZWNJ = "\u200c"
VIRAMA = "್"
PERSONS = ("1s", "1p", "2s", "2p", "3m", "3f", "3h", "3n", "3np")
CASES = ("nom", "acc", "ins", "dat", "gen", "loc", "com", "ben", "cmp")

# class: endings for accusative, dative, genitive, instrumental/ablative, locative. "-" drops the final sign first.
NOUN_ENDINGS: dict[str, tuple[str, str, str, str, str]] = {
    "m_a": ("ನನ್ನು", "ನಿಗೆ", "ನ", "ನಿಂದ", "ನಲ್ಲಿ"),  # ಹುಡುಗ
    "f_a": ("ಳನ್ನು", "ಳಿಗೆ", "ಳ", "ಳಿಂದ", "ಳಲ್ಲಿ"),  # ಸೀತಾ
    "y": ("ಯನ್ನು", "ಗೆ", "ಯ", "ಯಿಂದ", "ಯಲ್ಲಿ"),  # ಮನೆ, ಹುಡುಗಿ, ಕೈ
    "n_a": ("ವನ್ನು", "ಕ್ಕೆ", "ದ", "ದಿಂದ", "ದಲ್ಲಿ"),  # ಮರ, ಚಹಾ
    "n_o": ("ವನ್ನು", "ಗೆ", "ದ", "ದಿಂದ", "ದಲ್ಲಿ"),  # ಆಟೋ
    "u": ("-ನ್ನು", "-ಿಗೆ", "-ಿನ", "-ಿನಿಂದ", "-ಿನಲ್ಲಿ"),  # ಊರು, ಬಸ್ಸು
    "uv": ("ವನ್ನು", "ವಿಗೆ", "ವಿನ", "ವಿನಿಂದ", "ವಿನಲ್ಲಿ"),  # ಮಗು, ಹಸು
    "c": ("-ನ್ನು", "-ಿಗೆ", "-ಿನ", "-ಿನಿಂದ", "-ಿನಲ್ಲಿ"),  # ಸೈಕಲ್
    "cz": ("-ನ್ನು", ZWNJ + "ಗೆ", ZWNJ + "ನ", ZWNJ + "ನಿಂದ", ZWNJ + "ನಲ್ಲಿ"),  # ಫೋನ್
    "z": (" ಅನ್ನು", ZWNJ + "ಗೆ", ZWNJ + "ನ", ZWNJ + "ನಿಂದ", ZWNJ + "ನಲ್ಲಿ"),  # ಕಪ್
    "zm": (ZWNJ + "ನನ್ನು", ZWNJ + "ಗೆ", ZWNJ + "ನ", ZWNJ + "ನಿಂದ", ZWNJ + "ನಲ್ಲಿ"),  # ಸುರೇಶ್
    "pl": ("-ನ್ನು", "-ಿಗೆ", "-", "-ಿಂದ", "-ಲ್ಲಿ"),  # ಹುಡುಗರು, ಮರಗಳು, ಮಗಳು
}


def add(stem: str, ending: str) -> str:
    """Join an ending to a stem; an ending that begins with "-" first drops the stem's final vowel sign or virama."""
    return stem[:-1] + ending[1:] if ending.startswith("-") else stem + ending


def make_plural(stem: str, cls: str) -> str:
    """The regular plural of a stem: -ರು for people, -ಗಳು for everything else."""
    if cls == "m_a":
        return stem + "ರು"
    if cls == "f_y":
        return stem + "ಯರು"
    if cls in ("c", "cz", "z"):
        return stem + ZWNJ + "ಗಳು"
    return stem + "ಗಳು"


def decline(stem: str, cls: str, case: str = "nom") -> str:
    """One case form. com = with (ಜೊತೆ), ben = for (-ಗಾಗಿ/-ಕ್ಕಾಗಿ), cmp = than (-ಗಿಂತ/-ಕ್ಕಿಂತ)."""
    if case == "nom":
        return stem
    ends = NOUN_ENDINGS["y" if cls == "f_y" else cls]
    acc, dat, gen, ins, loc = ends
    if case == "com":
        return (stem if cls == "zm" else add(stem, gen)) + " ಜೊತೆ"
    if case in ("ben", "cmp"):
        dative = add(stem, dat)
        return dative[:-1] + ("ಾಗಿ" if case == "ben" else "ಿಂತ")
    return add(stem, {"acc": acc, "dat": dat, "gen": gen, "ins": ins, "loc": loc}[case])


# nominative, accusative, dative, genitive, instrumental, agreement key
PRONOUNS: dict[str, tuple[str, str, str, str, str, str]] = {
    "I": ("ನಾನು", "ನನ್ನನ್ನು", "ನನಗೆ", "ನನ್ನ", "ನನ್ನಿಂದ", "1s"),
    "we": ("ನಾವು", "ನಮ್ಮನ್ನು", "ನಮಗೆ", "ನಮ್ಮ", "ನಮ್ಮಿಂದ", "1p"),
    "thou": ("ನೀನು", "ನಿನ್ನನ್ನು", "ನಿನಗೆ", "ನಿನ್ನ", "ನಿನ್ನಿಂದ", "2s"),
    "you": ("ನೀವು", "ನಿಮ್ಮನ್ನು", "ನಿಮಗೆ", "ನಿಮ್ಮ", "ನಿಮ್ಮಿಂದ", "2p"),
    "he": ("ಅವನು", "ಅವನನ್ನು", "ಅವನಿಗೆ", "ಅವನ", "ಅವನಿಂದ", "3m"),
    "she": ("ಅವಳು", "ಅವಳನ್ನು", "ಅವಳಿಗೆ", "ಅವಳ", "ಅವಳಿಂದ", "3f"),
    "it": ("ಅದು", "ಅದನ್ನು", "ಅದಕ್ಕೆ", "ಅದರ", "ಅದರಿಂದ", "3n"),
    "they": ("ಅವರು", "ಅವರನ್ನು", "ಅವರಿಗೆ", "ಅವರ", "ಅವರಿಂದ", "3h"),
    "this": ("ಇದು", "ಇದನ್ನು", "ಇದಕ್ಕೆ", "ಇದರ", "ಇದರಿಂದ", "3n"),
    "these": ("ಇವು", "ಇವುಗಳನ್ನು", "ಇವುಗಳಿಗೆ", "ಇವುಗಳ", "ಇವುಗಳಿಂದ", "3np"),
    "those": ("ಅವು", "ಅವುಗಳನ್ನು", "ಅವುಗಳಿಗೆ", "ಅವುಗಳ", "ಅವುಗಳಿಂದ", "3np"),
    "who": ("ಯಾರು", "ಯಾರನ್ನು", "ಯಾರಿಗೆ", "ಯಾರ", "ಯಾರಿಂದ", "3h"),
}


def pronoun(lemma: str, case: str = "nom") -> str:
    """A case form of a personal, demonstrative or question pronoun."""
    nom, acc, dat, gen, ins, _ = PRONOUNS[lemma]
    if case == "com":
        return gen + " ಜೊತೆ"
    if case in ("ben", "cmp"):
        return dat[:-1] + ("ಾಗಿ" if case == "ben" else "ಿಂತ")
    if case == "loc":
        return gen[:-1] + "ನಲ್ಲಿ" if lemma in ("he", "I", "thou") else gen + "ಲ್ಲಿ"
    return {"nom": nom, "acc": acc, "dat": dat, "gen": gen, "ins": ins}[case]


NUMBERS = {
    1: "ಒಂದು",
    2: "ಎರಡು",
    3: "ಮೂರು",
    4: "ನಾಲ್ಕು",
    5: "ಐದು",
    6: "ಆರು",
    7: "ಏಳು",
    8: "ಎಂಟು",
    9: "ಒಂಬತ್ತು",
    10: "ಹತ್ತು",
    11: "ಹನ್ನೊಂದು",
    12: "ಹನ್ನೆರಡು",
    20: "ಇಪ್ಪತ್ತು",
    30: "ಮೂವತ್ತು",
    40: "ನಲವತ್ತು",
    50: "ಐವತ್ತು",
    100: "ನೂರು",
    200: "ಇನ್ನೂರು",
    500: "ಐನೂರು",
    1000: "ಸಾವಿರ",
}
HUMAN_NUMBERS = {2: "ಇಬ್ಬರು", 3: "ಮೂವರು", 4: "ನಾಲ್ವರು", 5: "ಐವರು"}


def count_word(number: int, human: bool, gender: str = "m") -> str:
    """The numeral before a noun: ಒಬ್ಬ/ಒಬ್ಬಳು, ಇಬ್ಬರು, ಮೂವರು … and from six on "… ಜನ" for people; plain numerals for things."""
    if not human:
        return NUMBERS[number]
    if number == 1:
        return {"m": "ಒಬ್ಬ", "f": "ಒಬ್ಬಳು", "h": "ಒಬ್ಬರು"}[gender]
    return HUMAN_NUMBERS.get(number) or NUMBERS[number] + " ಜನ"


@dataclass(frozen=True)
class Verb:
    """A Kannada verb: optional prefix word (ಸಹಾಯ ಮಾಡು), root, base before vowels, participle, past stem, special forms."""

    prefix: str
    root: str
    base: str
    part: str
    past: str
    past_n: str
    imp: str
    imp_pol: str
    stative: bool = False  # ಮಲಗಿದ್ದಾನೆ "is sleeping": the continuous is expressed by the perfect


# root: (participle, past stem, neuter past, familiar imperative, polite imperative); "" = regular
IRREGULAR: dict[str, tuple[str, str, str, str, str]] = {
    "ಬರು": ("ಬಂದು", "", "ಬಂತು", "ಬಾ", "ಬನ್ನಿ"),
    "ತರು": ("ತಂದು", "", "", "ತಾ", "ತನ್ನಿ"),
    "ಹೋಗು": ("ಹೋಗಿ", "ಹೋದ", "ಹೋಯಿತು", "", ""),
    "ಆಗು": ("ಆಗಿ", "ಆದ", "ಆಯಿತು", "", ""),
    "ಭೇಟಿಯಾಗು": ("ಭೇಟಿಯಾಗಿ", "ಭೇಟಿಯಾದ", "ಭೇಟಿಯಾಯಿತು", "", ""),
    "ಪ್ರಾರಂಭವಾಗು": ("ಪ್ರಾರಂಭವಾಗಿ", "ಪ್ರಾರಂಭವಾದ", "ಪ್ರಾರಂಭವಾಯಿತು", "", ""),
    "ಕೊಡು": ("ಕೊಟ್ಟು", "", "", "", ""),
    "ಇಡು": ("ಇಟ್ಟು", "", "", "", ""),
    "ಬಿಡು": ("ಬಿಟ್ಟು", "", "", "", ""),
    "ತಿನ್ನು": ("ತಿಂದು", "", "", "", ""),
    "ಕೊಳ್ಳು": ("ಕೊಂಡು", "", "", "ಕೋ", ""),
    "ನಿಲ್ಲು": ("ನಿಂತು", "", "", "", ""),
    "ಗೆಲ್ಲು": ("ಗೆದ್ದು", "", "", "", ""),
    "ಏಳು": ("ಎದ್ದು", "", "", "", ""),
    "ಬೀಳು": ("ಬಿದ್ದು", "", "ಬಿತ್ತು", "", ""),
    "ಅಳು": ("ಅತ್ತು", "", "", "", ""),
    "ನಗು": ("ನಕ್ಕು", "", "", "", ""),
    "ಹೊರು": ("ಹೊತ್ತು", "", "", "", ""),
    "ಹೊರಡು": ("ಹೊರಟು", "", "", "", ""),
    "ಕಲಿ": ("ಕಲಿತು", "", "", "", ""),
    "ಮರೆ": ("ಮರೆತು", "", "", "", ""),
    "ಕಾಯು": ("ಕಾದು", "", "", "ಕಾಯಿ", "ಕಾಯಿರಿ"),
    "ಕುಳಿತುಕೊಳ್ಳು": ("ಕುಳಿತು", "", "", "ಕುಳಿತುಕೋ", ""),
    "ತೆಗೆದುಕೊಳ್ಳು": ("ತೆಗೆದುಕೊಂಡು", "", "", "ತೆಗೆದುಕೋ", ""),
    "ಹಾಕಿಕೊಳ್ಳು": ("ಹಾಕಿಕೊಂಡು", "", "", "ಹಾಕಿಕೋ", ""),
    "ಕಳೆದುಕೊಳ್ಳು": ("ಕಳೆದುಕೊಂಡು", "", "", "ಕಳೆದುಕೋ", ""),
    "ಸಿಗು": ("ಸಿಕ್ಕಿ", "ಸಿಕ್ಕಿದ", "ಸಿಕ್ಕಿತು", "", ""),
    "ಸೋಲು": ("ಸೋತು", "", "", "", ""),
    "ಕೀಳು": ("ಕಿತ್ತು", "", "", "", ""),
}


def make_verb(root: str, prefix: str = "", stative: bool = False) -> Verb:
    """Build a verb from its root: roots in -u drop it (ನೋಡು: ನೋಡಿದ), roots in -i/-e take ಯ (ಕುಡಿ: ಕುಡಿದ, ಕುಡಿಯುತ್ತ)."""
    in_u = root.endswith("ು")
    base = root[:-1] if in_u else root + "ಯ"
    part, past, past_n, imp, imp_pol = IRREGULAR.get(root, ("", "", "", "", ""))
    if part:
        past = past or part[:-1]
        past_n = past_n or part[:-1] + "ಿತು"
    else:
        part = base + "ಿ" if in_u else root + "ದು"
        past = base + "ಿದ" if in_u else root + "ದ"
        past_n = base + ("ಿತು" if in_u else "ಿತು")
    return Verb(
        prefix + " " if prefix else "", root, base, part, past, past_n, imp or root, imp_pol or base + ("ಿ" if in_u else "ಿರಿ"), stative
    )


_PRESENT = {"1s": "ೇನೆ", "1p": "ೇವೆ", "2s": "ೀಯ", "2p": "ೀರಿ", "3m": "ಾನೆ", "3f": "ಾಳೆ", "3h": "ಾರೆ", "3n": "ದೆ", "3np": "ವೆ"}
_PAST = {"1s": "ೆ", "1p": "ೆವು", "2s": "ೆ", "2p": "ಿರಿ", "3m": "ನು", "3f": "ಳು", "3h": "ರು", "3np": "ವು"}


def iru(person: str, tense: str = "present", positive: bool = True, stem: str = "ಇ") -> str:
    """Forms of ಇರು "be": alone (stem ಇ) or contracted after a stem in -i (ಬಂದಿ-, ನೋಡುತ್ತಿ-, ಮನೆಯಲ್ಲಿ-)."""
    if not positive:
        return stem + ("ಲ್ಲ" if tense == "present" else "ರಲಿಲ್ಲ")
    if tense == "present":
        return stem + {"3n": "ದೆ", "3np": "ವೆ"}.get(person, "ದ್ದ" + _PRESENT[person])
    if person == "3n":
        return stem + "ತ್ತು"
    return stem + "ದ್ದ" + _PAST[person]


def join_iru(word: str, form: str) -> str:
    """A form of ಇರು after a locative or a plural joins it (ಮನೆಯಲ್ಲಿ + ಇದೆ = ಮನೆಯಲ್ಲಿದೆ, ಮರಗಳು + ಇವೆ = ಮರಗಳಿವೆ)."""
    if word.endswith("ಲ್ಲಿ") and "ಲ್ಲ" not in form:
        return word + form[1:]
    if word.endswith(("ಗಳು", "ಂದಿರು", "ಯರು", "ಕ್ಕಳು", "ಿತರು")):
        return word[:-1] + "ಿ" + form[1:]
    return word + " " + form


def perfect_stem(verb: Verb) -> str:
    """The participle as it stands before contracted ಇರು: ಬಂದು -> ಬಂದಿ-, ನೋಡಿ -> ನೋಡಿ-."""
    return verb.part[:-1] + "ಿ" if verb.part.endswith("ು") else verb.part


def finite(verb: Verb, tense: str, person: str, positive: bool = True) -> str:
    """A finite form. tense: present, past, cont, pastcont, perfect, pastperfect."""
    base, pre = verb.base, verb.prefix
    if verb.stative and tense in ("cont", "pastcont"):
        tense = {"cont": "perfect", "pastcont": "pastperfect"}[tense]
    if tense == "present":
        if not positive:
            return pre + base + "ುವುದಿಲ್ಲ"
        return pre + base + "ುತ್ತ" + _PRESENT[person]
    if tense == "past":
        if not positive:
            return pre + base + "ಲಿಲ್ಲ"
        return pre + (verb.past_n if person == "3n" else verb.past + _PAST[person])
    stem = base + "ುತ್ತಿ" if tense in ("cont", "pastcont") else perfect_stem(verb)
    when = "present" if tense in ("cont", "perfect") else "past"
    return pre + iru(person, when, positive, stem)


NONFINITE: dict[str, str] = {
    "inf": "ಲು",
    "must": "ಬೇಕು",
    "may": "ಬಹುದು",
    "mustnot": "ಬಾರದು",
    "rel": "ುವ",
    "gerund": "ುವುದು",
    "dont": "ಬೇಡ",
    "dont_pol": "ಬೇಡಿ",
    "lets": "ೋಣ",
    "negrel": "ದ",
    "while": "ುವಾಗ",
    "because": "ುವುದರಿಂದ",
    "because_cont": "ುತ್ತಿರುವುದರಿಂದ",
    "neg_if": "ದಿದ್ದರೆ",
    "neednot": "ಬೇಕಾಗಿಲ್ಲ",
    "hadto": "ಬೇಕಾಯಿತು",
    "without": "ದೆ",
    "doing": "ುತ್ತಾ",
    "shall": "ಲೇ",
}


def form(verb: Verb, name: str) -> str:
    """A form that does not agree: imperatives, participles, infinitive, modal and clause-linking forms."""
    pre = verb.prefix
    if name in NONFINITE:
        return pre + verb.base + NONFINITE[name]
    stem = perfect_stem(verb)
    return (
        pre
        + {
            "imp": verb.imp,
            "imp_pol": verb.imp_pol,
            "part": verb.part,
            "pastrel": verb.past,
            "when": verb.past + "ಾಗ",
            "if": verb.past + "ರೆ",
            "because_past": stem + "ದ್ದರಿಂದ",
            "because_perf": stem + "ರುವುದರಿಂದ",
            "perfrel": stem + "ರುವ",
        }[name]
    )


def question(word: str, familiar: bool = False) -> str:
    """Add the yes/no ending to the last word: ಹೋಗುತ್ತೀರಿ -> ಹೋಗುತ್ತೀರಾ, ಬಂದನು -> ಬಂದನೇ, ಇದೆ -> ಇದೆಯೇ, ಇಷ್ಟ -> ಇಷ್ಟವೇ."""
    if word.endswith(("ೀರಿ", "ಿರಿ")):
        return word[:-1] + "ಾ"
    if word.endswith("ೀಯ"):
        return word + "ಾ"
    if familiar and word.endswith("ೆ"):
        return word + "ಯಾ"  # ನೀನು ಬಂದೆಯಾ?
    if word.endswith("ು"):
        return word[:-1] + "ೇ"
    if word.endswith(("ೆ", "ಿ", "ೈ", "ೀ")):
        return word + "ಯೇ"
    if word.endswith(VIRAMA):
        return word[:-1] + "ೇ"
    return word + "ವೇ"


# Adjectives: predicate ending by kind. "v": ಸುಂದರ-ವಾಗಿದೆ, "va": ಸುಲಭ-ವಾಗಿದೆ but ಸುಲಭ-ವಲ್ಲ, "y": ಸಿಹಿ-ಯಾಗಿದೆ, "u": ಕೆಂಪು -> ಕೆಂಪಾಗಿದೆ, "du": ದೊಡ್ಡ-ದು,
# "g": ತಣ್ಣಗೆ-type stem in -ಗಿ (ತಣ್ಣಗಿದೆ), "0": the bare word with ಆಗಿ (ತಾಜಾ ಆಗಿದೆ).
def predicate(stem: str, kind: str, person: str, tense: str = "present", positive: bool = True) -> str:
    """An adjective as predicate with ಇರು, or with the noun ending -ದು/-ವು for size and age."""
    if kind == "du" and tense == "present":
        if positive:
            return stem + ("ವು" if person == "3np" else "ದು")
        return stem + ("ವಲ್ಲ" if person == "3np" else "ದಲ್ಲ")
    if kind == "va" and tense == "present" and not positive:
        return stem + "ವಲ್ಲ"
    head = {
        "du": stem + "ದಾಗಿ",
        "v": stem + "ವಾಗಿ",
        "va": stem + "ವಾಗಿ",
        "y": stem + "ಯಾಗಿ",
        "u": stem[:-1] + "ಾಗಿ",
        "g": stem + "ಗಿ",
        "r": stem,
        "0": stem + " ಆಗಿ",
    }[kind]
    return iru(person, tense, positive, head)
