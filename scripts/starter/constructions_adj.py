"""Adjectives as predicates, comparison, states of mind and body, identity, possession, prices, age and time of day."""

from __future__ import annotations

import morphology as m
from clauses import Pair, be, finish, join, not_form, short
from constructions_be import negated, verb_s
from constructions_place import is_are
from constructions_simple import YOU
from lexicon import ADJECTIVES, AILMENTS, NAMES, NOUNS, STATES, Adjective
from phrases import NP, name_subject
from sampler import Sampler


def described(s: Sampler) -> tuple[NP, Adjective]:
    """A definite noun phrase and an adjective that fits it."""
    adj = s.rare([a for a in ADJECTIVES.values()], lambda a: "a:" + a.en)
    noun = s.noun([n for n in NOUNS.values() if n.en in adj.fits or n.tags & set(adj.fits)])
    if noun.human:
        det = "the" if "role" in noun.tags else "my"
        return NP(noun, det if s.chance(0.6) else "that" if "role" in noun.tags else "your"), adj
    if noun.en in ("homework", "work"):
        return NP(noun, s.one_of(["this", "my"])), adj
    plural = noun.plural_only or (not noun.mass and noun.en != noun.en_pl and s.chance(0.3))
    place = bool(noun.tags & {"place", "waterplace"})
    shared = place or noun.tags & {"animal", "vehicle", "read", "furn"}
    table = {
        "the": 2.0,
        "these" if plural and not noun.mass else "this": 2.5,
        "those" if plural and not noun.mass else "that": 1.2,
        "my": 0 if place or noun.tags & {"fruit", "edible"} else 0.8,
        "your": 0 if place else 0.8,
        "our": 0.6 if shared and not (place and plural) else 0,
    }
    return NP(noun, s.weighted(table), None, plural), adj


def adjective_clause(thing: NP, adj: Adjective, tense: str, positive: bool, degree: str = "") -> str:
    plural = thing.plural or thing.noun.plural_only
    person = thing.noun.person(plural)
    if adj.en == "expensive" and tense == "present":
        return join(thing.kannada(), degree, "ದುಬಾರಿ" if positive else "ದುಬಾರಿ ಅಲ್ಲ")
    kind, stem = adj.kind, adj.stem
    return join(thing.kannada(), degree, m.predicate(stem, kind, person, tense, positive))


TOO = ("big", "small", "heavy", "hot", "cold", "expensive", "long", "difficult", "deep", "old")
NO_DEGREE = {"red", "white", "black", "green", "blue", "yellow", "empty"}  # no "very" with these
PLEASANT = {"new", "good", "beautiful", "clean", "tasty", "sweet", "fresh", "cheap", "strong", "easy", "big"}
OPPOSITES: tuple[set[str], ...] = ({"big", "small"}, {"new", "old"}, {"clean", "dirty"}, {"cheap", "expensive"}, {"easy", "difficult"})
UNPLEASANT = {"old", "small", "heavy", "dirty", "expensive", "wet", "difficult", "cold"}


def is_adjective(s: Sampler) -> Pair:
    thing, adj = described(s)
    degree, kn = s.one_of(
        [("", ""), ("very", "ತುಂಬಾ"), ("very", "ತುಂಬಾ"), ("too" if adj.en in TOO else "", "ತುಂಬಾ" if adj.en in TOO else "")]
    )
    if adj.en in NO_DEGREE:
        degree, kn = "", ""
    return finish(join(thing.english(), is_are(thing), degree, adj.en), adjective_clause(thing, adj, "present", True, kn))


def is_not_adjective(s: Sampler) -> Pair:
    thing, adj = described(s)
    return finish(join(thing.english(), not_form(is_are(thing), short(s)), adj.en), adjective_clause(thing, adj, "present", False))


def was_adjective(s: Sampler) -> Pair:
    thing, adj = described(s)
    positive = s.chance(0.65)
    degree, kn = s.one_of([("", ""), ("very", "ತುಂಬಾ")]) if positive and adj.en not in NO_DEGREE else ("", "")
    return finish(
        join(thing.english(), is_are(thing, True), "" if positive else "not", degree, adj.en),
        adjective_clause(thing, adj, "past", positive, kn),
    )


def is_it_adjective(s: Sampler) -> Pair:
    thing, adj = described(s)
    past = s.chance(0.3)
    clause = adjective_clause(thing, adj, "past" if past else "present", True)
    head, _, last = clause.rpartition(" ")
    return finish(join(is_are(thing, past), thing.english(), adj.en), join(head, m.question(last)), "?")


def but_adjective(s: Sampler) -> Pair:
    """This bag is old, but it is strong; the bag is new, but it is not strong."""
    while True:
        s.current.clear()
        thing, first = described(s)
        positive = s.chance(0.6)
        side = PLEASANT if (first.en in PLEASANT) != positive else UNPLEASANT
        fitting = [
            a
            for a in ADJECTIVES.values()
            if a.en != first.en
            and a.en in side
            and (thing.noun.en in a.fits or thing.noun.tags & set(a.fits))
            and {a.en, first.en} not in OPPOSITES
        ]
        if first.en in PLEASANT | UNPLEASANT and fitting and not thing.noun.human:
            break
    second = s.rare(fitting, lambda a: "a:" + a.en)
    pron = "they" if thing.plural or thing.noun.plural_only else "it"
    rest = adjective_clause(thing, second, "present", positive)[len(thing.kannada()) :].strip()
    return finish(
        join(thing.english(), is_are(thing), first.en + ",", "but", pron, is_are(thing), "" if positive else "not", second.en),
        join(adjective_clause(thing, first, "present", True) + ",", "ಆದರೆ", rest),
    )


GENERIC = {"place", "thing", "hard", "animal"}


def compare(s: Sampler) -> Pair:
    """This bag is bigger than that bag; the city is bigger than the village; Ravi is taller than Raju."""
    adj = s.rare([a for a in ADJECTIVES.values() if a.more], lambda a: "a:" + a.en)
    fits = [
        n
        for n in NOUNS.values()
        if (n.en in adj.fits or n.tags & set(adj.fits)) and n.en != n.en_pl and (not n.mass or n.tags & {"drink", "dish"})
    ]
    a = s.noun(fits)
    if a.human:
        first, second = (name_subject(n) for n in s.rng.sample(list(NAMES), 2))
        return finish(
            join(first.en, "is", adj.more, "than", second.en),
            join(first.kn("nom"), second.kn("cmp"), m.predicate(adj.stem, adj.kind, first.person)),
        )
    same = [n for n in fits if n.en != a.en and n.tags & a.tags - GENERIC and not n.human]
    plural = a.plural_only or (not a.mass and s.chance(0.3))
    if same and s.chance(0.6):
        b = s.noun(same)
        many = b.plural_only
        x = NP(
            a,
            s.one_of(
                ["the", "these" if a.plural_only else "this", "those" if a.plural_only else "that", "our" if "place" in a.tags else "my"]
            ),
            None,
            a.plural_only,
        )
        y = NP(b, "the" if s.chance(0.6) else "those" if many else "that", None, many)
    else:
        x, y = NP(a, "these" if plural else "this", None, plural), NP(a, "those" if plural else "that", None, plural)
    kn = join(x.kannada(), y.kannada("cmp"), m.predicate(adj.stem, adj.kind, x.noun.person(x.plural)))
    return finish(join(x.english(), is_are(x), adj.more, "than", y.english()), kn)


# --- states -----------------------------------------------------------------------------------------------------------
def state_verb(state: str, tense: str = "present", positive: bool = True) -> str:
    if state == "angry" and not positive:
        return "ಕೋಪವಿಲ್ಲ" if tense == "present" else "ಕೋಪವಿರಲಿಲ್ಲ"
    return m.iru("3n", tense, positive, STATES[state])


def a_state(s: Sampler) -> str:
    state = s.rare(list(STATES), lambda w: "a:" + w)
    return state


def state_now(s: Sampler) -> Pair:
    subject, state, positive = s.human(), a_state(s), s.chance(0.65)
    degree, kn = s.one_of([("", ""), ("very", "ತುಂಬಾ")]) if positive else ("", "")
    time, kn_time = s.one_of([("", ""), ("now", "ಈಗ"), ("today", "ಇಂದು")])
    return finish(
        join(subject.en, be(subject), "" if positive else "not", degree, state, time),
        join(subject.kn("dat"), kn_time, kn, state_verb(state, "present", positive)),
    )


def state_past(s: Sampler) -> Pair:
    subject, state, positive = s.human(), a_state(s), s.chance(0.7)
    degree, kn = s.one_of([("", ""), ("very", "ತುಂಬಾ")]) if positive else ("", "")
    time, kn_time = s.one_of([("yesterday", "ನಿನ್ನೆ"), ("this morning", "ಇಂದು ಬೆಳಿಗ್ಗೆ"), ("last night", "ನಿನ್ನೆ ರಾತ್ರಿ"), ("", "")])
    return finish(
        join(subject.en, be(subject, True), "" if positive else "not", degree, state, time),
        join(subject.kn("dat"), kn_time, kn, state_verb(state, "past", positive)),
    )


def state_question(s: Sampler) -> Pair:
    subject, state, past = (YOU if s.chance(0.5) else s.asked_one()), a_state(s), s.chance(0.4)
    time, kn_time = s.one_of(
        [("yesterday", "ನಿನ್ನೆ"), ("this morning", "ಇಂದು ಬೆಳಿಗ್ಗೆ"), ("", "")] if past else [("", ""), ("now", "ಈಗ"), ("today", "ಇಂದು")]
    )
    return finish(
        join(be(subject, past), subject.en, state, time),
        join(subject.kn("dat"), kn_time, m.question(state_verb(state, "past" if past else "present"))),
        "?",
    )


def happy(s: Sampler) -> Pair:
    subject, past, positive = s.human(), s.chance(0.4), s.chance(0.7)
    s.current.append("a:happy")
    degree, kn = s.one_of([("", ""), ("very", "ತುಂಬಾ")]) if positive else ("", "")
    time, kn_time = s.one_of(
        [("yesterday", "ನಿನ್ನೆ"), ("that day", "ಆ ದಿನ"), ("", "")] if past else [("", ""), ("now", "ಈಗ"), ("today", "ಇಂದು")]
    )
    return finish(
        join(subject.en, be(subject, past), "" if positive else "not", degree, "happy", time),
        join(subject.kn("nom"), kn_time, kn, m.iru(subject.person, "past" if past else "present", positive, "ಸಂತೋಷವಾಗಿ")),
    )


def happy_question(s: Sampler) -> Pair:
    subject, past = (YOU if s.chance(0.4) else s.asked_one()), s.chance(0.4)
    s.current.append("a:happy")
    time, kn_time = s.one_of([("yesterday", "ನಿನ್ನೆ"), ("that day", "ಆ ದಿನ")] if past else [("", ""), ("now", "ಈಗ"), ("today", "ಇಂದು")])
    return finish(
        join(be(subject, past), subject.en, "happy", time),
        join(subject.kn("nom"), kn_time, m.question(m.iru(subject.person, "past" if past else "present", True, "ಸಂತೋಷವಾಗಿ"))),
        "?",
    )


def happy_together(s: Sampler) -> Pair:
    """Ravi and Meena are happy today."""
    names = s.rng.sample(list(NAMES), 2)
    s.current.append("a:happy")
    past, positive = s.chance(0.5), s.chance(0.7)
    time, kn_time = s.one_of(
        [("yesterday", "ನಿನ್ನೆ"), ("that day", "ಆ ದಿನ"), ("", "")] if past else [("", ""), ("now", "ಈಗ"), ("today", "ಇಂದು")]
    )
    return finish(
        join(names[0], "and", names[1], "were" if past else "are", "" if positive else "not", "happy", time),
        join(NAMES[names[0]][0], "ಮತ್ತು", NAMES[names[1]][0], kn_time, m.iru("3h", "past" if past else "present", positive, "ಸಂತೋಷವಾಗಿ")),
    )


def ailment(s: Sampler) -> Pair:
    subject, (what, kn) = s.human(), s.one_of(list(AILMENTS.items()))
    past = s.chance(0.5)
    kind = s.weighted({"yes": 3, "no": 1})
    time, kn_time = s.one_of(
        [("yesterday", "ನಿನ್ನೆ"), ("last week", "ಕಳೆದ ವಾರ"), ("last night", "ನಿನ್ನೆ ರಾತ್ರಿ")]
        if past
        else [("", ""), ("today", "ಇಂದು"), ("now", "ಈಗ")]
    )
    if kind == "no":
        en = join("did not have" if past else negated(s, subject, "have"), what)
        return finish(join(subject.en, en, time), join(subject.kn("dat"), kn_time, kn, "ಇರಲಿಲ್ಲ" if past else "ಇಲ್ಲ"))
    return finish(
        join(subject.en, "had" if past else verb_s(subject, "have"), what, time),
        join(subject.kn("dat"), kn_time, kn, "ಇತ್ತು" if past else "ಇದೆ"),
    )


def ill(s: Sampler) -> Pair:
    subject, past = s.human(), s.chance(0.5)
    time, kn_time = s.one_of(
        [("yesterday", "ನಿನ್ನೆ"), ("last week", "ಕಳೆದ ವಾರ"), ("this morning", "ಇಂದು ಬೆಳಿಗ್ಗೆ")]
        if past
        else [("", ""), ("today", "ಇಂದು"), ("now", "ಈಗ")]
    )
    return finish(
        join(subject.en, be(subject, past), "ill", time), join(subject.kn("dat"), kn_time, "ಹುಷಾರಿರಲಿಲ್ಲ" if past else "ಹುಷಾರಿಲ್ಲ")
    )


ADJ = [
    is_adjective,
    is_not_adjective,
    was_adjective,
    is_it_adjective,
    but_adjective,
    compare,
    state_now,
    state_past,
    state_question,
    happy,
    happy_question,
    happy_together,
    ailment,
    ill,
]
