"""Constructions without a full verb: being, having, liking, wanting, states, comparison, numbers, prices, time of day."""

from __future__ import annotations

import morphology as m
from clauses import Pair, be, finish, join, not_form, short
from lexicon import DAY_TIMES, NOUNS, VERBS, select, tagged
from phrases import NP, NUMBER_WORDS, Subject, article, pronoun_subject
from sampler import Sampler

GOODS = ("thing", "cloth", "furn", "vehicle", "fruit", "dish", "drink", "veg", "grocery")
YOU = pronoun_subject("you")


def verb_s(subject: Subject, base: str) -> str:
    """ "want"/"wants", "have"/"has", with the third person singular."""
    third = {"have": "has"}.get(base, base + "s")
    return third if subject.en_person == "3s" else base


def negated(s: Sampler, subject: Subject, base: str) -> str:
    return not_form("does" if subject.en_person == "3s" else "do", short(s)) + " " + base


def goods(s: Sampler, mode: str = "any", adj: float = 0.35, positive: bool = True) -> NP:
    """A thing that one can want, need, like or own."""
    thing = s.np(s.noun([n for n in tagged(*GOODS) if n.en not in ("train", "bus", "raw rice")]), mode, adj, positive)
    if thing.adj and thing.adj.en == "old":
        thing.adj = None
    return thing


# --- wanting, needing, liking -----------------------------------------------------------------------------------------
def want(s: Sampler) -> Pair:
    subject, thing = s.human(), goods(s)
    if thing.det == "own":
        thing.det = "this" if not (thing.plural or thing.noun.plural_only) else "these"
    word = s.one_of(["want", "need"])
    return finish(
        join(subject.en, verb_s(subject, word), thing.english(subject)),
        join(subject.kn("dat"), thing.kannada("nom", subject, True), "ಬೇಕು"),
    )


def want_not(s: Sampler) -> Pair:
    subject, thing = s.human(), goods(s, positive=False)
    if thing.det == "own":
        thing.det = "that" if not (thing.plural or thing.noun.plural_only) else "those"
    return finish(
        join(subject.en, negated(s, subject, "want"), thing.english(subject)), join(subject.kn("dat"), thing.kannada("nom", subject), "ಬೇಡ")
    )


def want_question(s: Sampler) -> Pair:
    subject = YOU if s.chance(0.6) else s.asked_one()
    thing = goods(s, "indef")
    return finish(
        join("does" if subject.en_person == "3s" else "do", subject.en, s.one_of(["want", "need"]), thing.english()),
        join(subject.kn("dat"), thing.kannada("nom", one=False), "ಬೇಕೇ"),
        "?",
    )


def wanted(s: Sampler) -> Pair:
    subject, thing = s.human(), goods(s, "indef")
    if thing.det == "pl" and thing.noun.tags & {"vehicle", "furn"}:
        thing.det, thing.plural = "a", False
    time, kn = s.one_of([("yesterday", "ನಿನ್ನೆ"), ("last week", "ಕಳೆದ ವಾರ"), ("this morning", "ಇಂದು ಬೆಳಿಗ್ಗೆ"), ("", "")])
    return finish(
        join(subject.en, s.one_of(["wanted", "needed"]), thing.english(), time),
        join(subject.kn("dat"), kn, thing.kannada("nom", one=True), "ಬೇಕಿತ್ತು"),
    )


def liked(s: Sampler) -> NP:
    nouns = tagged("fruit", "dish", "drink", "animal", "cloth", "place", "thing", "read", "veg")
    noun = s.noun([n for n in nouns if n.en != "fish"] + [NOUNS[n] for n in ("food fish", "song", "game", "Kannada")])
    if "proper" in noun.tags or noun.mass:
        return NP(noun, "bare")
    if noun.plural_only or (noun.tags & {"fruit", "animal", "dish"} and noun.en != noun.en_pl and s.chance(0.6)):
        return NP(noun, "bare" if noun.plural_only and s.chance(0.6) else "pl" if not noun.plural_only else "these", plural=True)
    return NP(
        noun,
        s.weighted({"this": 3, "that": 1.5, "own": 0 if noun.tags & {"fruit", "dish", "animal", "veg"} else 1.5}),
        s.adjective(noun, 0.2),
    )


def like(s: Sampler) -> Pair:
    subject, thing = s.human(), liked(s)
    much = s.chance(0.35)
    return finish(
        join(subject.en, verb_s(subject, "like"), thing.english(subject), "very much" if much else ""),
        join(subject.kn("dat"), thing.kannada("nom", subject), "ತುಂಬಾ" if much else "", "ಇಷ್ಟ"),
    )


def like_not(s: Sampler) -> Pair:
    subject, thing = s.human(), liked(s)
    return finish(
        join(subject.en, negated(s, subject, "like"), thing.english(subject)),
        join(subject.kn("dat"), thing.kannada("nom", subject), "ಇಷ್ಟವಿಲ್ಲ"),
    )


def like_question(s: Sampler) -> Pair:
    subject = YOU if s.chance(0.5) else s.asked_one()
    thing = liked(s)
    return finish(
        join("does" if subject.en_person == "3s" else "do", subject.en, "like", thing.english(subject)),
        join(subject.kn("dat"), thing.kannada("nom", subject), "ಇಷ್ಟವೇ"),
        "?",
    )


def like_to(s: Sampler) -> Pair:
    subject, positive = s.human(), s.chance(0.75)
    event = s.event(subject, tense="present", frames=("tr", "intr", "tr", "com"), verbs=tuple(v for v in VERBS if v != "love"))
    return finish(
        join(
            subject.en, verb_s(subject, "like") if positive else negated(s, subject, "like"), "to", event.verb.en[0], event.en_tail(subject)
        ),
        join(subject.kn("dat"), event.kn_head(subject), m.form(event.verb.kn, "gerund"), "ಇಷ್ಟ" if positive else "ಇಷ್ಟವಿಲ್ಲ"),
    )


def know(s: Sampler) -> Pair:
    subject, positive = s.human(), s.chance(0.5)
    noun = s.noun([NOUNS[n] for n in ("Kannada", "English", "answer", "song", "game", "language", "story", "word", "poem", "lesson")])
    thing = NP(noun, "bare" if noun.mass else s.one_of(["this", "that", "the"]))
    return finish(
        join(subject.en, verb_s(subject, "know") if positive else negated(s, subject, "know"), thing.english(subject)),
        join(subject.kn("dat"), thing.kannada(), "ಗೊತ್ತು" if positive else "ಗೊತ್ತಿಲ್ಲ"),
    )


def afraid(s: Sampler) -> Pair:
    subject, positive = s.human(), s.chance(0.6)
    noun = s.noun([n for n in tagged("animal") if n.en_pl != n.en])
    return finish(
        join(subject.en, be(subject), "" if positive else "not", "afraid of", noun.en_pl),
        join(subject.kn("dat"), noun.form("nom", True)[:-1] + "ೆಂದರೆ", "ಭಯ" if positive else "ಭಯವಿಲ್ಲ"),
    )


def found(s: Sampler) -> Pair:
    subject, positive = s.human(), s.chance(0.65)
    thing = s.np(
        s.noun(select(VERBS["lose"].objects) + [NOUNS["ball"], NOUNS["toy"], NOUNS["shoes"]]),
        "own" if s.chance(0.5) else "one",
        0.2,
        positive,
    )
    place, kn = (
        s.place(
            s.one_of(["road", "under:bed", "room", "near:door", "bus", "bag", "under:table", "garden", "kitchen", "near:well", "on:chair"])
        )
        if s.chance(0.7)
        else ("", "")
    )
    if thing.noun.en in place.split():
        place, kn = "", ""
    plural = thing.noun.plural_only or thing.plural
    verb = m.make_verb("ಸಿಗು")
    person = thing.noun.person(plural)
    return finish(
        join(subject.en, "found" if positive else "did not find", thing.english(subject), place),
        join(subject.kn("dat"), kn, thing.kannada("nom", subject, positive), m.finite(verb, "past", person, positive)),
    )


# --- having -----------------------------------------------------------------------------------------------------------
def near_possessor(subject: Subject) -> str:
    """ನನ್ನ ಬಳಿ, ಸುರೇಶ್ ಬಳಿ."""
    com = subject.kn("com")
    return com[: -len("ಜೊತೆ")] + "ಬಳಿ"


def owned(s: Sampler, positive: bool = True) -> NP:
    nouns = tagged("thing", "vehicle", "cloth", "pet", "farm") + [NOUNS["money"], NOUNS["ticket"], NOUNS["medicine"], NOUNS["gift"]]
    noun = s.noun([n for n in nouns if n.en not in ("bus", "train")])
    thing = s.np(noun, "indef", 0.3, positive)
    if thing.det == "pl":
        thing.det, thing.number = (
            ("num", s.rng.randrange(2, 4 if noun.tags & {"vehicle"} or noun.en in ("computer", "clock", "phone", "mirror") else 8))
            if positive
            else ("pl", 0)
        )
    if noun.en == noun.en_pl and thing.det == "a" and noun.en == "sheep" and s.chance(0.5):
        thing = NP(noun, "num", None, True, s.rng.randrange(2, 10))
    return thing


def exist_verb(thing: NP, tense: str = "present", positive: bool = True) -> str:
    return m.iru(thing.noun.person(thing.plural or thing.noun.plural_only), tense, positive)


def have_thing(s: Sampler) -> Pair:
    subject, thing = s.human(), owned(s)
    return finish(
        join(subject.en, verb_s(subject, "have"), thing.english()),
        join(near_possessor(subject), m.join_iru(thing.kannada("nom", one=True), exist_verb(thing))),
    )


def have_not(s: Sampler) -> Pair:
    subject, thing = s.human(), owned(s, False)
    return finish(join(subject.en, negated(s, subject, "have"), thing.english()), join(near_possessor(subject), thing.kannada(), "ಇಲ್ಲ"))


def have_question(s: Sampler) -> Pair:
    subject, thing = (YOU if s.chance(0.55) else s.asked_one()), owned(s)
    return finish(
        join("does" if subject.en_person == "3s" else "do", subject.en, "have", thing.english()),
        join(near_possessor(subject), m.join_iru(thing.kannada("nom"), m.question(exist_verb(thing)))),
        "?",
    )


def had_thing(s: Sampler) -> Pair:
    subject, thing = s.human(), owned(s)
    positive = s.chance(0.6)
    if not positive and thing.det in ("num", "some"):
        thing.det, thing.plural = ("bare" if thing.noun.mass else "a"), False
    return finish(
        join(subject.en, "had" if positive else "did not have", thing.english()),
        join(
            near_possessor(subject),
            m.join_iru(thing.kannada("nom", one=positive), exist_verb(thing, "past")) if positive else thing.kannada() + " ಇರಲಿಲ್ಲ",
        ),
    )


def have_kin(s: Sampler) -> Pair:
    """I have two sisters. Does Meena have a brother?"""
    subject = s.human(you=False)
    noun = s.noun(
        [
            NOUNS[n]
            for n in ("brother", "sister", "elder sister", "younger brother", "son", "daughter", "friend", "uncle", "aunt")
            if n not in s.not_kin(subject)
        ]
    )
    number = s.rng.randrange(1, 6)
    kind = s.weighted({"yes": 4, "no": 1, "ask": 1.5})
    if kind == "no":
        return finish(
            join(subject.en, negated(s, subject, "have"), article(noun.en), noun.en), join(subject.kn("dat"), noun.form("nom"), "ಇಲ್ಲ")
        )
    plural = number > 1
    en = join(NUMBER_WORDS.get(number, "one"), noun.english(plural))
    kn = join(m.count_word(number, True, noun.gender), noun.form("nom", plural))
    verb = m.iru(noun.person(plural))
    if kind == "ask":
        return finish(
            join("does" if subject.en_person == "3s" else "do", subject.en, "have", en),
            join(subject.kn("dat"), m.join_iru(kn, m.question(verb))),
            "?",
        )
    return finish(join(subject.en, verb_s(subject, "have"), en), join(subject.kn("dat"), m.join_iru(kn, verb)))


def have_event(s: Sampler) -> Pair:
    """I have an exam tomorrow; do you have a meeting today?; Meena does not have a class on Sunday."""
    kind = s.weighted({"yes": 2.5, "no": 1, "ask": 1.5})
    subject = (YOU if s.chance(0.6) else s.asked_one()) if kind == "ask" else s.human()
    noun = s.noun(tagged("event"))
    time, kn_time = s.one_of(
        [("today", "ಇಂದು"), ("tomorrow", "ನಾಳೆ"), ("this evening", "ಇಂದು ಸಂಜೆ"), ("next week", "ಮುಂದಿನ ವಾರ")] + DAY_TIMES
    )
    what = join(article(noun.en), noun.en, time)
    kn = join(subject.kn("dat"), kn_time, noun.kn)
    if kind == "ask":
        return finish(join("does" if subject.en_person == "3s" else "do", subject.en, "have", what), join(kn, "ಇದೆಯೇ"), "?")
    if kind == "no":
        return finish(join(subject.en, negated(s, subject, "have"), what), join(kn, "ಇಲ್ಲ"))
    return finish(join(subject.en, verb_s(subject, "have"), what), join(kn, "ಇದೆ"))


BE = [
    want,
    want_not,
    want_question,
    wanted,
    like,
    like_not,
    like_question,
    like_to,
    know,
    afraid,
    found,
    have_thing,
    have_not,
    have_question,
    had_thing,
    have_kin,
    have_event,
]
