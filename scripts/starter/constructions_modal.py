"""One clause with must, may, can, want to; yes/no questions; commands and "let us".

Rules followed
- -ಬೇಕು, -ಬಹುದು, -ಬಾರದು and -ಬೇಕಾಗಿಲ್ಲ keep the subject in the nominative; "cannot" and skills put it in the dative.
- A question to one whom one calls ನೀನು ends in -ಆ, as does one with ನೀವು; with a third person it ends in -ಏ.
"""

from __future__ import annotations

import morphology as m
from clauses import (
    Pair,
    en_question,
    finish,
    join,
    kn_clause,
    nonfinite,
    not_form,
    question_last,
    short,
)
from constructions_simple import TRANSITIVE, YOU, Times, some_time, tense_times
from lexicon import FUTURE_TIMES, NAMES, PAST_TIMES, VERBS, select
from phrases import NP, Event, Subject, pronoun_subject, thou_subject
from sampler import Sampler

MODAL_FRAMES = TRANSITIVE + ("goal", "intr")


def modal(s: Sampler, english: str, name: str, case: str = "nom", times: Times | None = None) -> Pair:
    subject = s.human()
    verbs = tuple(v for v in VERBS if v not in ("win", "learn", "finish")) if name == "mustnot" else ()
    event = s.event(subject, frames=MODAL_FRAMES, positive=name != "mustnot", verbs=verbs)
    time, kn_time = some_time(s, times or [("today", "ಇಂದು"), ("now", "ಈಗ"), ("tomorrow", "ನಾಳೆ")], 0.45)
    third = subject.en_person == "3s" and english == "have to"
    return finish(
        join(subject.en, "has to" if third else english, event.verb.en[0], event.en_tail(subject), time),
        nonfinite(subject, event, name, case, kn_time),
    )


def must(s: Sampler) -> Pair:
    return modal(s, s.one_of(["must", "must", "should", "have to"]), "must")


def must_not(s: Sampler) -> Pair:
    return modal(s, s.one_of(["must not", "should not"]), "mustnot", times=[("now", "ಈಗ"), ("today", "ಇಂದು"), ("tonight", "ಇಂದು ರಾತ್ರಿ")])


def may(s: Sampler) -> Pair:
    return modal(s, "may", "may")


def need_not(s: Sampler) -> Pair:
    subject = s.human()
    event = s.event(subject, frames=MODAL_FRAMES)
    time, kn_time = some_time(s, [("today", "ಇಂದು"), ("tomorrow", "ನಾಳೆ")], 0.6)
    return finish(
        join(subject.en, "does not" if subject.en_person == "3s" else "do not", "have to", event.verb.en[0], event.en_tail(subject), time),
        nonfinite(subject, event, "neednot", "nom", kn_time),
    )


def ability(s: Sampler, en: str, kn: str, times: Times) -> Pair:
    subject = s.human()
    event = s.event(
        subject,
        frames=("tr", "tr", "put", "com", "ben", "goal", "intr"),
        verbs=tuple(v for v in VERBS if "bad" not in VERBS[v].flags),
        positive=False,
    )
    time, kn_time = some_time(s, times, 0.5)
    return finish(
        join(subject.en, en, event.verb.en[0], event.en_tail(subject), time), join(nonfinite(subject, event, "inf", "dat", kn_time), kn)
    )


def cannot(s: Sampler) -> Pair:
    return ability(s, not_form("can", short(s)), "ಆಗುವುದಿಲ್ಲ", [("today", "ಇಂದು"), ("now", "ಈಗ"), ("tomorrow", "ನಾಳೆ")])


def could_not(s: Sampler) -> Pair:
    return ability(s, "could not", "ಆಗಲಿಲ್ಲ", PAST_TIMES)


def skill(s: Sampler) -> Pair:
    """Ravi can swim; my grandmother cannot drive a car."""
    subject, positive = s.human(), s.chance(0.6)
    verb = VERBS[s.one_of(["swim", "sing", "read", "write", "drive", "ride", "make", "use", "cook", "dance"])]
    s.current.append("v:" + verb.lemma)
    event = Event(verb)
    if verb.lemma in ("read", "write"):
        event.obj = NP(s.named_noun(s.one_of(["Kannada", "English"])), "bare")
    elif verb.lemma in ("drive", "ride", "make", "use", "cook"):
        noun = s.noun(
            [
                n
                for n in select(verb.objects)
                if n.en not in ("knife", "spoon", "pen", "oil", "sugar", "salt", "umbrella", "bicycle") or verb.lemma == "ride"
            ]
        )
        event.obj = NP(noun, "bare" if noun.mass or noun.plural_only else "a", plural=noun.plural_only)
    well = s.chance(0.3) and positive
    return finish(
        join(subject.en, "can" if positive else not_form("can", short(s)), verb.en[0], event.en_tail(subject), "well" if well else ""),
        join(subject.kn("dat"), "ಚೆನ್ನಾಗಿ" if well else "", nonfinite(subject, event, "inf", ""), "ಬರುತ್ತದೆ" if positive else "ಬರುವುದಿಲ್ಲ"),
    )


def want_to(s: Sampler) -> Pair:
    subject, positive = s.human(), s.chance(0.6)
    event = s.event(subject, frames=MODAL_FRAMES, positive=positive, verbs=tuple(v for v in VERBS if "bad" not in VERBS[v].flags))
    time, kn_time = some_time(s, FUTURE_TIMES, 0.35)
    third = subject.en_person == "3s"
    verb = ("wants" if third else "want") if positive else not_form("does" if third else "do", short(s)) + " want"
    return finish(
        join(subject.en, verb, "to", event.verb.en[0], event.en_tail(subject), time),
        join(nonfinite(subject, event, "inf", "nom", kn_time), m.finite(m.make_verb("ಬಯಸು"), "present", subject.person, positive)),
    )


# --- questions ------------------------------------------------------------------------------------------------------
def yes_no(s: Sampler, subject: Subject, tenses: list[str]) -> Pair:
    s.asking = True
    tense = s.one_of(tenses)
    event = s.event(subject, tense=tense)
    time, kn_time = some_time(s, tense_times(s, event, tense), 0 if "feel" in event.verb.flags else 0.45)
    kn = kn_clause(subject, event, tense, time=kn_time)
    return finish(en_question(subject, event, tense, time=time), question_last(kn, subject.thou), "?")


def ask_you_past(s: Sampler) -> Pair:
    return yes_no(s, YOU, ["past"])


def ask_you(s: Sampler) -> Pair:
    return yes_no(s, YOU, ["present", "future", "cont", "perfect"])


def ask_third_past(s: Sampler) -> Pair:
    return yes_no(s, s.asked_one(), ["past", "perfect"])


def ask_third(s: Sampler) -> Pair:
    return yes_no(s, s.asked_one(), ["present", "future", "cont"])


def ask_familiar(s: Sampler) -> Pair:
    """Did you finish your homework, Raju?"""
    name = s.rare(list(NAMES), lambda n: "p:" + n)
    pair = yes_no(s, thou_subject(), ["past", "future", "cont", "perfect"])
    return Pair(pair.en[:-1] + f", {name}?", pair.kn[:-1] + f", {NAMES[name][0]}?")


def can_i(s: Sampler) -> Pair:
    s.asking = True
    subject = pronoun_subject(s.one_of(["I", "we", "you", "I"]))
    event = s.event(subject, frames=MODAL_FRAMES)
    time, kn_time = some_time(s, [("now", "ಈಗ"), ("today", "ಇಂದು"), ("tomorrow", "ನಾಳೆ")], 0.3)
    word = "can" if subject.en == "you" else s.one_of(["can", "may"])
    return finish(
        join(word, subject.en, event.verb.en[0], event.en_tail(subject), time),
        question_last(nonfinite(subject, event, "may", "nom", kn_time)),
        "?",
    )


def must_question(s: Sampler) -> Pair:
    s.asking = True
    subject = s.human()
    event = s.event(subject, frames=MODAL_FRAMES)
    time, kn_time = some_time(s, [("now", "ಈಗ"), ("today", "ಇಂದು"), ("tomorrow", "ನಾಳೆ")], 0.5)
    return finish(
        join("should", subject.en, event.verb.en[0], event.en_tail(subject), time),
        question_last(nonfinite(subject, event, "must", "nom", kn_time)),
        "?",
    )


# --- commands -------------------------------------------------------------------------------------------------------
COMMANDS = tuple(v for v in VERBS if v not in ("see", "love", "live", "fall", "hear", "win", "grow", "build", "reach"))


def command(s: Sampler, subject: Subject, positive: bool, name: str, adj: float = 0.3) -> tuple[str, str]:
    event = s.event(subject, frames=MODAL_FRAMES, adj=adj, positive=positive, verbs=COMMANDS)
    lead = "" if positive else "don't" if short(s) else "do not"
    return join(lead, event.verb.en[0], event.en_tail(subject)), join(nonfinite(subject, event, name, ""))


def command_polite(s: Sampler) -> Pair:
    en, kn = command(s, YOU, True, "imp_pol")
    return finish(en, kn)


def please(s: Sampler) -> Pair:
    en, kn = command(s, YOU, True, "imp_pol")
    return finish("please " + en if s.chance(0.6) else en + ", please", "ದಯವಿಟ್ಟು " + kn)


def command_negative(s: Sampler) -> Pair:
    en, kn = command(s, YOU, False, "dont_pol")
    return finish("please " + en, "ದಯವಿಟ್ಟು " + kn) if s.chance(0.35) else finish(en, kn)


def command_familiar(s: Sampler) -> Pair:
    name = s.rare(list(NAMES), lambda n: "p:" + n)
    positive = s.chance(0.6)
    en, kn = command(s, thou_subject(), positive, "imp" if positive else "dont")
    return finish(f"{en}, {name}", f"{kn}, {NAMES[name][0]}") if s.chance(0.5) else finish(f"{name}, {en}", f"{NAMES[name][0]}, {kn}")


def lets(s: Sampler) -> Pair:
    we = pronoun_subject("we")
    event = s.event(we, frames=MODAL_FRAMES)
    time, kn_time = some_time(s, FUTURE_TIMES + [("now", "ಈಗ")], 0.45)
    return finish(join("let us", event.verb.en[0], event.en_tail(we), time), nonfinite(we, event, "lets", "nom", kn_time))


MODAL = [
    must,
    must_not,
    may,
    need_not,
    cannot,
    could_not,
    skill,
    want_to,
    ask_you_past,
    ask_you,
    ask_third_past,
    ask_third,
    ask_familiar,
    can_i,
    must_question,
    command_polite,
    please,
    command_negative,
    command_familiar,
    lets,
]
