"""Questions with who, what, where, when, why, how many, which, and the hour at which something is done."""

from __future__ import annotations

import morphology as m
from clauses import (
    KN_TENSE,
    Pair,
    en_clause,
    en_question,
    finish,
    join,
    kn_clause,
    main_form,
)
from constructions_identity import at_hour
from constructions_modal import MODAL_FRAMES
from constructions_simple import TRANSITIVE, YOU, some_time, tense_times
from lexicon import VERBS, select
from phrases import NP, Event, Subject
from sampler import Sampler

WHO = Subject("who", lambda case: m.pronoun("who", case), "3s", "3h", "", "", "", "")


def who(s: Sampler) -> Pair:
    """Who broke this cup?"""
    s.asking = True
    event = s.event(None, frames=TRANSITIVE, tense="past")
    tense = s.one_of(["past", "past", "future", "cont"])
    if tense != "past":
        s.current.clear()
        event = s.event(None, frames=TRANSITIVE, tense=tense)
    for part in (event.obj, event.person):
        if isinstance(part, NP) and part.det == "own":
            part.det = "the" if part.noun.human and "role" in part.noun.tags else "your"
    time, kn_time = some_time(s, tense_times(s, event, tense), 0.4)
    order = (event.kn_head(WHO), "ಯಾರು")
    if event.obj and not event.obj.definite:
        order = order[::-1]
    verb = event.verb.en[2] if tense == "past" else join({"future": "will", "cont": "is"}[tense], main_form(event, tense))
    return finish(
        join("who", verb, event.en_tail(WHO), time),
        join(kn_time, *order, m.finite(event.verb.kn, KN_TENSE[tense], "3h")),
        "?",
    )


def questioned(s: Sampler) -> Subject:
    return YOU if s.chance(0.5) else s.asked_one()


WHAT_VERBS = "eat, drink, read, write, buy, sell, bring, cook, learn, see, wash, cut, make, carry, look for, lose, forget, give, ask, send, show, do, count, use"
WHERE_DONE = {
    "buy": ["market", "shop", "city"],
    "sell": ["market", "village"],
    "cook": ["kitchen"],
    "see": ["forest", "park", "city", "temple"],
    "learn": ["school", "college", "class"],
    "eat": ["hotel", "house"],
}


def what(s: Sampler) -> Pair:
    """What did you buy in the market? What will he give to his sister?"""
    subject, tense = questioned(s), s.one_of(["past", "past", "future", "cont", "present"])
    verb = s.verb([VERBS[v] for v in WHAT_VERBS.split(", ") if tense == "past" or not VERBS[v].flags & {"bad", "nocont"}])
    event = Event(verb)
    tail, kn_extra = "", ""
    if verb.frame == "ditr":
        event.person = s.recipient(subject)
        tail = join("" if verb.lemma == "ask" else "to", event.person_en(subject))
        kn_extra = event.person_kn("dat", subject)
    elif s.chance(0.5):
        tail, kn_extra = s.place(s.one_of(WHERE_DONE.get(verb.lemma, ["room", "house", "kitchen"])))
    time, kn_time = some_time(s, tense_times(s, event, tense), 0.35)
    return finish(
        en_question(subject, event, tense, "what", time, tail=tail),
        join(subject.kn("nom"), kn_time, kn_extra, "ಏನು", m.finite(verb.kn, KN_TENSE[tense], subject.person)),
        "?",
    )


def adverbial(s: Sampler, wh: str, kn_wh: str, frames: tuple[str, ...], negative_share: float = 0.0, verbs: tuple[str, ...] = ()) -> Pair:
    s.asking = True
    subject, tense = questioned(s), s.one_of(
        ["past", "past", "future", "cont", "present"] if wh != "when" else ["past", "future", "future"]
    )
    negative = s.chance(negative_share) and tense == "past"
    event = s.event(subject, frames=frames, tense=tense, positive=not negative, verbs=verbs)
    if wh == "where":
        event.place = None
    return finish(
        en_question(subject, event, tense, wh, negative=negative),
        join(
            subject.kn("nom"),
            event.kn_head(subject),
            kn_wh,
            m.finite(event.verb.kn, KN_TENSE[tense], subject.person, not negative),
        ),
        "?",
    )


def where(s: Sampler) -> Pair:
    return adverbial(
        s,
        "where",
        "ಎಲ್ಲಿ",
        ("tr", "put", "intr"),
        verbs=tuple("buy, sell, read, eat, keep, put, play, work, live, sleep, sit, study, lose, learn, wash, cook".split(", ")),
    )


def where_to(s: Sampler) -> Pair:
    subject, tense = questioned(s), s.one_of(["past", "future", "cont", "present"])
    event = Event(VERBS["go"])
    s.current.append("v:go")
    time, kn_time = some_time(s, tense_times(s, event, tense), 0.7)
    return finish(
        en_question(subject, event, tense, "where", time, tail=""),
        join(subject.kn("nom"), kn_time, "ಎಲ್ಲಿಗೆ", m.finite(event.verb.kn, KN_TENSE[tense], subject.person)),
        "?",
    )


def when_question(s: Sampler) -> Pair:
    return adverbial(s, "when", "ಯಾವಾಗ", MODAL_FRAMES)


def why(s: Sampler) -> Pair:
    return adverbial(s, "why", "ಏಕೆ", MODAL_FRAMES, 0.4)


def how_many(s: Sampler) -> Pair:
    """How many books did you buy?"""
    subject, tense = questioned(s), s.one_of(["past", "past", "future", "perfect"])
    verb = s.verb(
        [
            VERBS[v]
            for v in tuple(
                "eat, read, write, buy, sell, bring, see, wash, cut, carry, break, learn, catch, pick, send, give, count".split(", ")
            )
            if tense in ("past", "perfect") or v not in ("break", "lose")
        ]
    )
    noun = s.noun([n for n in select(verb.objects) if not n.mass and not n.plural_only and n.en not in ("house", "city")])
    event = Event(verb, NP(noun, "how many", None, True))
    if verb.frame == "ditr":
        event.person = s.recipient(subject)
        tail = "to " + event.person_en(subject)
    else:
        tail = ""
    event_time, kn_time = some_time(s, tense_times(s, event, tense), 0.35)
    return finish(
        en_question(subject, event, tense, "how many " + noun.en_pl, event_time, tail=tail),
        kn_clause(subject, event, tense, time=kn_time),
        "?",
    )


WHICH_VERBS = "read, buy, eat, sing, learn, wear, wash, write, sell, make, take, clean, finish, open, use"


def which(s: Sampler) -> Pair:
    """Which book are you reading?"""
    subject, tense = questioned(s), s.one_of(["past", "cont", "future"])
    verb = s.verb([VERBS[v] for v in WHICH_VERBS.split(", ") if tense != "cont" or "nocont" not in VERBS[v].flags])
    noun = s.noun([n for n in select(verb.objects) if not n.mass and n.en != n.en_pl])
    event = Event(verb, NP(noun, "which", None, noun.plural_only))
    return finish(
        en_question(subject, event, tense, "which " + noun.english(), tail=""),
        join(subject.kn("nom"), event.kn_head(subject), m.finite(verb.kn, KN_TENSE[tense], subject.person)),
        "?",
    )


def what_time(s: Sampler) -> Pair:
    """At what time do you go to school? They eat at eight o'clock."""
    subject = s.human()
    tense = s.one_of(["present", "past", "future"])
    event = s.event(
        subject,
        frames=("goal", "intr", "dat", "tr"),
        tense=tense,
        verbs=tuple("go, come, sleep, eat, drink, study, play, call, open, start, finish, reach, cook, work, read, do".split(", ")),
    )
    hour, kn_hour = at_hour(s)
    return finish(en_clause(subject, event, tense, time=hour), kn_clause(subject, event, tense, time=kn_hour))


QUESTIONS = [who, what, where, where_to, when_question, why, how_many, which, what_time]
