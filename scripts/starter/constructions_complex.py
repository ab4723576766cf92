"""Sentences of two clauses: because, so, if, when, while, before, after, relative, purpose, said that, but, and.

Rules followed
- The dependent clause comes first in Kannada and ends in a form that does not agree: -ದ್ದರಿಂದ, -ರೆ, -ದಾಗ, -ುವಾಗ, -ುವ ಮೊದಲು, -ದ ನಂತರ, -ಲು.
- When both clauses have one subject, it is said once, in the main clause or at the head.
"""

from __future__ import annotations

import morphology as m
from clauses import Pair, be, en_clause, finish, join, kn_clause, nonfinite, short
from constructions_adj import state_verb
from constructions_simple import some_time, tense_times
from lexicon import STATES, VERBS, tagged
from phrases import NP, Event, Subject, overlap
from sampler import Sampler

# what one does where
PLACE_ACTS: dict[str, tuple[str, ...]] = {
    "market": ("buy", "sell", "buy"),
    "shop": ("buy",),
    "library": ("read",),
    "river": ("swim", "wash", "catch"),
    "park": ("play", "walk"),
    "school": ("study", "learn", "play"),
    "house": ("eat", "sleep", "cook", "drink", "read", "clean", "finish"),
    "garden": ("pick", "play", "sit"),
    "city": ("work", "buy", "sell"),
    "village": ("meet", "help"),
    "hospital": ("meet",),
    "office": ("work", "meet"),
    "kitchen": ("cook", "make", "eat", "drink", "wash"),
    "station": ("meet", "wait for"),
    "field": ("work", "play"),
    "temple": ("sing", "meet", "sweep"),
    "room": ("sleep", "study", "read"),
    "lake": ("swim", "catch"),
    "hotel": ("eat", "drink"),
}


def going(s: Sampler, verbs: tuple[str, ...] = ("go", "come")) -> tuple[Event, tuple[str, ...]]:
    """Going to a place, and what one does there."""
    place = s.rare(list(PLACE_ACTS), lambda p: "n:" + p)
    go = Event(VERBS[s.one_of(verbs)], place=s.place("to:" + place))
    s.current.append("v:" + go.verb.lemma)
    return go, PLACE_ACTS[place]


def act_there(s: Sampler, subject: Subject, acts: tuple[str, ...], tense: str = "") -> Event:
    """The act at the place that was just named: its own place is left out."""
    event = s.event(subject, tense=tense, verbs=acts)
    if event.verb.frame == "intr":
        event.place = None
    return event


# --- reasons ------------------------------------------------------------------------------------------------------------
STATE_ACTS = {
    "hungry": ("eat",),
    "thirsty": ("drink",),
    "tired": ("sleep", "sit"),
    "sad": ("cry",),
    "afraid": ("cry", "run"),
    "angry": ("cry",),
    "worried": ("call",),
}


def pron(subject: Subject) -> Subject:
    """The pronoun that takes up a subject in the second clause."""
    if subject.en in ("I", "we", "you", "he", "she", "they"):
        return subject
    kn = subject.pron_kn
    return Subject(
        subject.pron_en,
        lambda case: m.pronoun(kn, case),
        subject.en_person,
        subject.person,
        subject.poss,
        subject.refl,
        subject.pron_en,
        kn,
        noun=subject.noun,
    )


def resumable(s: Sampler, **kind: bool) -> Subject:
    """A subject that has a clear pronoun in English."""
    while True:
        subject = s.human(**kind)
        if subject.pron_en:
            return subject


def because_state(s: Sampler) -> Pair:
    """Ravi is sleeping because he is tired."""
    subject, state = resumable(s), s.one_of([w for w in STATES if w in ("hungry", "thirsty", "tired", "sad", "afraid", "worried")])
    s.current.append("a:" + state)
    past = s.chance(0.6)
    positive = state not in ("hungry", "thirsty") or s.chance(0.6)
    tense = "past" if past else "cont"
    event = s.event(subject, tense=tense, verbs=STATE_ACTS[state], positive=positive)
    link = STATES[state] + ("ದ್ದರಿಂದ" if past else "ರುವುದರಿಂದ")
    if not positive:
        link = {"hungry": "ಹಸಿವಿಲ್ಲದ ಕಾರಣ", "thirsty": "ಬಾಯಾರಿಕೆಯಿಲ್ಲದ ಕಾರಣ"}[state]
    again = pron(subject)
    return finish(
        join(en_clause(subject, event, tense, positive), "because", again.en, be(subject, past), "" if positive else "not", state),
        join(
            subject.kn("dat"),
            link,
            again.kn("nom"),
            event.kn_head(subject, past and positive),
            m.finite(event.verb.kn, tense, subject.person, positive),
        ),
    )


def because_clause(s: Sampler) -> Pair:
    """My mother was angry because I broke the mirror; Ravi was sad because he lost his key (one person: said once in Kannada)."""
    subject, other = s.human(), s.human()
    same = bool(subject.pron_en) and s.chance(0.2)
    while not same and overlap(other, subject):
        other = s.human()
    other = pron(subject) if same else other
    state = s.one_of(["sad", "worried", "happy"] if same else ["angry", "sad", "worried", "happy"])
    positive = state == "happy" or s.chance(0.6)
    if state == "happy":
        verbs: tuple[str, ...] = ("come", "help", "call", "win", "finish", "sing", "bring", "learn", "buy", "make")
    elif positive:
        verbs = {"sad": ("lose", "sell", "cry", "fall"), "angry": ("break", "forget", "lose")}.get(state, ("break", "forget", "lose", "fall"))
    else:
        verbs = ("come", "help", "call", "finish", "do", "bring", "open", "clean", "go", "wash")
    if same:
        verbs = tuple(v for v in verbs if v not in ("come", "go", "cry", "call", "open", "fall"))
    cause = s.event(other, tense="past", positive=positive, verbs=verbs)
    if cause.verb.lemma == "fall" or cause.verb.lemma == "cry":
        cause.place = None
    s.current.append("a:" + state)
    first = (
        nonfinite(other, cause, "because_past", "" if same else "nom")
        if positive
        else join("" if same else other.kn("nom"), cause.kn_head(other), m.form(cause.verb.kn, "negrel"), "ಕಾರಣ")
    )
    if state == "happy":
        result = join(subject.kn("nom"), m.iru(subject.person, "past", True, "ಸಂತೋಷವಾಗಿ"))
    else:
        result = join(subject.kn("dat"), state_verb(state, "past"))
    return finish(join(subject.en, be(subject, True), state, "because", en_clause(other, cause, "past", positive)), join(first, result))


def because_away(s: Sampler) -> Pair:
    """Ravi did not go to school because he was ill; … because he had a fever, … because his friend did not come."""
    subject = resumable(s)
    go, _ = going(s)
    time, kn_time = some_time(s, tense_times(s, go, "past"), 0.4)
    again = pron(subject)
    kind = s.weighted({"ill": 2, "tired": 2, "fever": 1, "friend": 1.5})
    if kind == "friend" and subject.poss:
        noun = s.noun([n for n in tagged("kin") if n.en not in s.not_kin(subject)])
        who = NP(noun, "own")
        come = m.form(VERBS["come"].kn, "negrel")
        s.current.append("v:come")
        return finish(
            join(en_clause(subject, go, "past", False, time), "because", who.english(subject), "did not come"),
            join(who.kannada("nom", subject), come, "ಕಾರಣ", kn_clause(subject, go, "past", False, kn_time)),
        )
    if kind == "fever":
        return finish(
            join(en_clause(subject, go, "past", False, time), "because", again.en, "had a fever"),
            join(subject.kn("dat"), "ಜ್ವರ ಇದ್ದ ಕಾರಣ", kn_clause(again, go, "past", False, kn_time)),
        )
    en, kn = ("ill", "ಹುಷಾರಿಲ್ಲದ ಕಾರಣ") if kind != "tired" else ("tired", "ಸುಸ್ತಾಗಿದ್ದರಿಂದ")
    return finish(
        join(en_clause(subject, go, "past", False, time), "because", again.en, be(subject, True), en),
        join(subject.kn("dat"), kn, kn_clause(again, go, "past", False, kn_time)),
    )


def rain(s: Sampler) -> Pair:
    """We did not go to the park because it rained; if it rains …; when it rains …; it rained, so …."""
    subject = s.human()
    kind = s.weighted({"because": 2, "so": 1.5, "if": 2, "when": 1})
    if kind in ("because", "so"):
        event = s.event(
            subject, frames=("goal", "intr"), tense="past", positive=False, verbs=("go", "come", "play", "walk", "swim", "work")
        )
        time, kn_time = s.one_of([("yesterday", "ನಿನ್ನೆ"), ("this morning", "ಇಂದು ಬೆಳಿಗ್ಗೆ"), ("last night", "ನಿನ್ನೆ ರಾತ್ರಿ"), ("", "")])
        if kind == "because":
            return finish(
                join(en_clause(subject, event, "past", False, time, short=short(s)), "because it rained"),
                join("ಮಳೆ ಬಂದಿದ್ದರಿಂದ", kn_clause(subject, event, "past", False, kn_time)),
            )
        return finish(
            join("it rained", time + "," if time else ",", "so", en_clause(subject, event, "past", False)).replace(" ,", ","),
            join(kn_time, "ಮಳೆ ಬಂತು, ಆದ್ದರಿಂದ", kn_clause(subject, event, "past", False)),
        )
    if kind == "if":
        positive = s.chance(0.35)
        event = s.event(
            subject,
            frames=("goal", "intr"),
            tense="future",
            positive=positive,
            verbs=("go", "come", "play", "swim", "work", "sleep", "study") if not positive else ("sleep", "study"),
        )
        return finish(
            join("if it rains,", en_clause(subject, event, "future", positive, short=not positive and short(s))),
            join("ಮಳೆ ಬಂದರೆ", kn_clause(subject, event, "future", positive)),
        )
    positive = s.chance(0.5)
    event = s.event(
        subject,
        frames=("goal", "intr", "tr"),
        tense="present",
        positive=positive,
        verbs=("go", "play", "work", "swim") if not positive else ("study", "use", "sleep", "drink", "wear"),
    )
    return finish(
        join("when it rains,", en_clause(subject, event, "present", positive)),
        join("ಮಳೆ ಬಂದಾಗ", kn_clause(subject, event, "present", positive)),
    )


def so_state(s: Sampler) -> Pair:
    """I am hungry, so I will eat a banana."""
    subject, state = resumable(s), s.one_of(["hungry", "thirsty", "tired", "worried"])
    s.current.append("a:" + state)
    past = s.chance(0.5)
    tense = "past" if past else "future"
    event = s.event(subject, tense=tense, verbs=STATE_ACTS[state])
    again = pron(subject)
    return finish(
        join(subject.en, be(subject, past), state + ",", "so", en_clause(again, event, tense)),
        join(subject.kn("dat"), state_verb(state, "past" if past else "present") + ",", "ಆದ್ದರಿಂದ", kn_clause(again, event, tense)),
    )


COMPLEX = [because_state, because_clause, because_away, rain, so_state]
