"""Identity and possession, professions, prices, hours and days.

Rules followed
- "is" between nouns has no word in Kannada (ಇದು ನನ್ನ ಚೀಲ); its negative is ಅಲ್ಲ.
- A price stands after ಬೆಲೆ with the thing in the genitive; the hour of an event is in the dative (ಹತ್ತು ಗಂಟೆಗೆ).
"""

from __future__ import annotations

import morphology as m
from clauses import Pair, be, finish, join
from constructions_adj import adjective_clause
from constructions_place import is_are
from lexicon import ADJECTIVES, DAYS, NAMES, NOUNS, Noun, tagged
from phrases import NP, NUMBER_WORDS, article, name_subject
from sampler import WOMENS, Sampler


# --- identity and possession ------------------------------------------------------------------------------------------
def owner(s: Sampler, noun: Noun) -> tuple[str, str]:
    """A possessor: my, Ravi's, my mother's …."""
    kind = s.weighted({"pron": 3, "name": 2, "kin": 1.5})
    womens = noun.en in WOMENS
    if kind == "pron":
        his = [] if womens else [("his", "ಅವನ")]
        return s.one_of([("my", "ನನ್ನ"), ("your", "ನಿಮ್ಮ"), ("our", "ನಮ್ಮ"), ("her", "ಅವಳ"), ("their", "ಅವರ")] + his)
    if kind == "name":
        name = name_subject(s.rare([n for n in NAMES if NAMES[n][2] == "f" or not womens], lambda n: "p:" + n))
        return name.en + "'s", name.kn("gen")
    phrase = NP(s.noun([n for n in tagged("kin") if n.gender == "f" or "fem" in n.tags or not womens]), s.one_of(["my", "your"]))
    return phrase.english() + "'s", phrase.kannada("gen")


def belonging(s: Sampler) -> Noun:
    return s.noun(
        [
            n
            for n in tagged("thing", "cloth", "build", "vehicle", "pet", "farm")
            if n.en not in ("bus", "train", "hospital", "temple", "station", "library", "bank", "hotel")
        ]
    )


def this_is(s: Sampler) -> Pair:
    noun = belonging(s)
    en, kn = owner(s, noun)
    plural = noun.plural_only or (noun.en != noun.en_pl and "build" not in noun.tags and s.chance(0.25))
    near, positive = s.chance(0.6), s.chance(0.65)
    word = ("these" if near else "those") if plural else ("this" if near else "that")
    kn_word = ("ಇವು" if near else "ಅವು") if plural else ("ಇದು" if near else "ಅದು")
    last = noun.form("nom", plural)
    return finish(
        join(word, "are" if plural else "is", "" if positive else "not", en, noun.english(plural)),
        join(kn_word, kn, last, "" if positive else "ಅಲ್ಲ"),
    )


def is_this(s: Sampler) -> Pair:
    noun = belonging(s)
    while noun.cls == "z":
        noun = belonging(s)
    en, kn = owner(s, noun)
    plural = noun.plural_only
    near = s.chance(0.65)
    word = ("these" if near else "those") if plural else ("this" if near else "that")
    kn_word = ("ಇವು" if near else "ಅವು") if plural else ("ಇದು" if near else "ಅದು")
    return finish(
        join("are" if plural else "is", word, en, noun.english(plural)),
        join(kn_word, kn, noun.form("nom") + "ವೇ" if noun.cls == "uv" else m.question(noun.form("nom", plural))),
        "?",
    )


def whose(s: Sampler) -> Pair:
    noun = belonging(s)
    while noun.en in ("school", "college", "office"):
        noun = belonging(s)
    plural = noun.plural_only
    adj = s.adjective(noun, 0.3)
    near = s.chance(0.6)
    word = ("these" if near else "those") if plural else ("this" if near else "that")
    kn_word = ("ಇವು" if near else "ಅವು") if plural else ("ಇದು" if near else "ಅದು")
    return finish(
        join("whose", adj.en if adj else "", noun.english(plural), "are" if plural else "is", word),
        join(kn_word, "ಯಾರ", adj.kn if adj else "", noun.form("nom", plural)),
        "?",
    )


def owner_predicate(s: Sampler) -> Pair:
    """Ravi's bicycle is new; my mother's sari was expensive."""
    noun = belonging(s)
    en, kn = owner(s, noun)
    fits = [a for a in ADJECTIVES.values() if noun.en in a.fits or noun.tags & set(a.fits)]
    adj = s.rare(fits, lambda a: "a:" + a.en)
    past, positive = s.chance(0.3), s.chance(0.7)
    plural = noun.plural_only
    verb = ("were" if past else "are") if plural else ("was" if past else "is")
    tail = adjective_clause(NP(noun, "the", None, plural), adj, "past" if past else "present", positive)
    return finish(join(en, noun.english(plural), verb, "" if positive else "not", adj.en), join(kn, tail))


def profession(s: Sampler) -> Pair:
    """My brother is a good driver."""
    subject = s.human(plural=False, you=False)
    while (
        subject.en_person != "3s"
        or not (subject.noun is None or "kin" in subject.noun.tags)
        or (subject.noun and subject.noun.en == "teacher")
    ):
        subject = s.human(plural=False, you=False)
    noun = s.noun([NOUNS[n] for n in ("farmer", "driver", "student", "doctor", "teacher")])
    positive, good = s.chance(0.75), s.chance(0.4)
    if subject.person == "3f" or (subject.noun and "fem" in subject.noun.tags):
        noun = NOUNS[s.one_of(["doctor", "teacher", "student"])]
    if noun.en == "student" and subject.person == "3h":
        noun = NOUNS["teacher"]
    s.current.append("n:" + noun.en)
    kn = {"doctor": "ವೈದ್ಯ", "teacher": "ಶಿಕ್ಷಕ"}.get(noun.en, noun.kn)
    ending = "ಯಲ್ಲ" if kn.endswith("ಿ") else "ನಲ್ಲ"
    if subject.person == "3h":
        kn, ending = kn + "ರು", "-ಲ್ಲ"  # ವೈದ್ಯರಲ್ಲ
    elif subject.person == "3f":
        kn, ending = {"doctor": "ವೈದ್ಯೆ", "teacher": "ಶಿಕ್ಷಕಿ", "student": "ವಿದ್ಯಾರ್ಥಿನಿ"}[noun.en], "ಯಲ್ಲ"
    adj, kn_adj = ("good", "ಒಳ್ಳೆಯ") if good else ("", "")
    head = adj or noun.en
    return finish(
        join(subject.en, be(subject), "" if positive else "not", article(head), adj, noun.en),
        join(subject.kn("nom"), kn_adj, kn if positive else m.add(kn, ending)),
    )


# --- prices, age, time --------------------------------------------------------------------------------------------------
RUPEES = {
    10: "ten",
    20: "twenty",
    30: "thirty",
    40: "forty",
    50: "fifty",
    100: "a hundred",
    200: "two hundred",
    500: "five hundred",
    1000: "a thousand",
}
SOLD = ("fruit", "thing", "cloth", "furn", "veg", "grocery", "drink")


def priced(s: Sampler) -> NP:
    noun = s.noun(
        [n for n in tagged(*SOLD) if n.en not in ("water", "key")]
        + [NOUNS["ticket"], NOUNS["bread"], NOUNS["newspaper"], NOUNS["medicine"]]
    )
    plural = noun.plural_only or (not noun.mass and s.chance(0.25))
    return NP(
        noun, ("these" if s.chance(0.6) else "those") if plural else ("this" if s.chance(0.6) else "that"), s.adjective(noun, 0.3), plural
    )


def how_much(s: Sampler) -> Pair:
    thing = priced(s)
    return finish(join("how much", is_are(thing), thing.english()), join(thing.kannada("gen"), "ಬೆಲೆ ಎಷ್ಟು"), "?")


def amount(s: Sampler, noun: Noun) -> tuple[str, str]:
    """A price in words that suits the thing."""
    if noun.en in ("phone", "computer", "bicycle", "cupboard", "ring", "bed"):
        return s.one_of(
            [
                ("five thousand", "ಐದು ಸಾವಿರ"),
                ("ten thousand", "ಹತ್ತು ಸಾವಿರ"),
                ("two thousand", "ಎರಡು ಸಾವಿರ"),
                ("four thousand", "ನಾಲ್ಕು ಸಾವಿರ"),
            ]
        )
    small = noun.tags & {"fruit", "dish", "edible", "veg", "grocery", "drink", "dish2"} or noun.en in tuple(
        "pen, pencil, notebook, newspaper, ball, bread".split(", ")
    )
    rupees = s.one_of([r for r in RUPEES if (r <= 100) == bool(small) or r == 100])
    return RUPEES[rupees], m.NUMBERS[rupees]


def price(s: Sampler) -> Pair:
    thing = priced(s)
    rupees, kn_rupees = amount(s, thing.noun)
    kn = join(thing.kannada("gen"), "ಬೆಲೆ", kn_rupees, "ರೂಪಾಯಿ")
    if thing.plural:
        return finish(join("the price of", thing.english(), "is", rupees, "rupees"), kn)
    return finish(join(thing.english(), "costs", rupees, "rupees"), kn)


def paid(s: Sampler) -> Pair:
    subject = s.human()
    thing = s.np(s.noun([n for n in tagged(*SOLD) if n.en != "water"]), "the" if s.chance(0.5) else "def", 0.2)
    rupees, kn_rupees = amount(s, thing.noun)
    verb = m.make_verb("ಕೊಡು")
    return finish(
        join(subject.en, "paid", rupees, "rupees for", thing.english(subject)),
        join(subject.kn("nom"), thing.kannada("dat", subject), kn_rupees, "ರೂಪಾಯಿ", m.finite(verb, "past", subject.person)),
    )


HOURS = {n: (NUMBER_WORDS.get(n) or {1: "one", 11: "eleven", 12: "twelve"}[n], m.NUMBERS[n]) for n in range(1, 13)}


def at_hour(s: Sampler) -> tuple[str, str]:
    en, kn = HOURS[s.rng.randrange(1, 13)]
    return "at " + en + " o'clock", kn + " ಗಂಟೆಗೆ"


def starts_at(s: Sampler) -> Pair:
    """The meeting begins at ten o'clock."""
    noun = s.noun(tagged("event"))
    thing = NP(noun, s.one_of(["the", "our", "the", "your"]))
    hour, kn_hour = at_hour(s)
    tense, verb = s.one_of([("begins", "present"), ("began", "past"), ("will begin", "present"), ("starts", "present")])
    if tense == "starts":
        s.current.append("v:start")
    day, kn_day = ("", "")
    if tense in ("began", "will begin"):
        day, kn_day = s.one_of(
            [("yesterday", "ನಿನ್ನೆ"), ("today", "ಇಂದು")]
            if tense == "began"
            else [("tomorrow", "ನಾಳೆ"), ("today", "ಇಂದು"), ("on Monday", "ಸೋಮವಾರ")]
        )
    return finish(
        join(thing.english(), tense, hour, day), join(thing.kannada(), kn_day, kn_hour, m.finite(m.make_verb("ಪ್ರಾರಂಭವಾಗು"), verb, "3n"))
    )


def weekday(s: Sampler) -> Pair:
    """The exam is on Monday. Is the match on Sunday?"""
    noun = s.noun(tagged("event"))
    thing = NP(noun, s.one_of(["the", "our", "your", "my" if noun.en == "exam" else "the"]))
    day = s.one_of(list(DAYS))
    kind = s.weighted({"is": 2, "isnot": 1, "was": 1, "ask": 1.2})
    kn = join(thing.kannada(), DAYS[day])
    if kind == "ask":
        return finish(join("is", thing.english(), "on", day), kn + " ಇದೆಯೇ", "?")
    return finish(
        join(thing.english(), {"is": "is", "isnot": "is not", "was": "was"}[kind], "on", day),
        join(kn, {"is": "ಇದೆ", "isnot": "ಇಲ್ಲ", "was": "ಇತ್ತು"}[kind]),
    )


IDENTITY = [this_is, is_this, whose, owner_predicate, profession, how_much, price, paid, starts_at, weekday]
