"""Conditions and time clauses: if, if not, when, before, after, while.

Rules followed
- The dependent clause comes first and ends in -ರೆ, -ದಿದ್ದರೆ, -ದಾಗ, -ುವ ಮೊದಲು, -ದ ನಂತರ, -ುವಾಗ; these forms do not agree.
- A subject shared by both clauses is said once.
"""

from __future__ import annotations

import morphology as m
from clauses import Pair, be, en_clause, finish, join, kn_clause, nonfinite
from constructions_complex import STATE_ACTS, act_there, going, pron, resumable
from constructions_simple import YOU
from lexicon import STATES, VERBS
from phrases import NP, NUMBER_WORDS, Event, overlap
from sampler import Sampler


# --- conditions and times -----------------------------------------------------------------------------------------------
def if_clause(s: Sampler) -> Pair:
    """If you go to the market, buy some milk; if Ravi goes to the market, he will buy mangoes; if he comes, I will make tea."""
    kind = s.weighted({"order": 1.5, "same": 1.5, "other": 1.5})
    if kind == "other":
        subject, main = s.human(), s.human()
        while overlap(main, subject) or main.en_person == "2":
            main = s.human()
        condition = s.event(
            subject,
            frames=("goal", "tr", "dat"),
            tense="future",
            verbs=("come", "help", "call", "finish", "bring", "learn", "read", "clean", "wash"),
        )
        event = s.event(
            main,
            tense="future",
            verbs=("give", "show", "make", "buy", "bring", "call", "cook", "sing", "teach", "explain", "send", "help", "tell", "start"),
        )
        return finish(
            join("if", en_clause(subject, condition, "present") + ",", en_clause(main, event, "future")),
            join(nonfinite(subject, condition, "if"), kn_clause(main, event, "future")),
        )
    subject = YOU if kind == "order" else resumable(s)
    go, acts = going(s)
    if kind == "order":
        event = act_there(
            s, YOU, tuple(a for a in acts if a not in ("work", "sit", "play", "walk", "swim", "sing", "study")) + ("call", "help")
        )
        return finish(
            join("if", en_clause(YOU, go, "present") + ",", event.verb.en[0], event.en_tail(YOU)),
            join(nonfinite(YOU, go, "if"), nonfinite(YOU, event, "imp_pol", "")),
        )
    event, again = act_there(s, subject, acts, "future"), pron(subject)
    return finish(
        join("if", en_clause(subject, go, "present") + ",", en_clause(again, event, "future")),
        join(nonfinite(subject, go, "if"), kn_clause(again, event, "future", show_subject=False)),
    )


def if_not(s: Sampler) -> Pair:
    """If you do not finish your homework, you will not play; if Sita does not come, I will not go."""
    subject = s.human()
    main = s.human()
    while overlap(main, subject):
        main = s.human()
    condition = s.event(
        subject, positive=False, verbs=("finish", "do", "help", "call", "come", "bring", "eat", "drink", "clean", "open", "wash")
    )
    event = s.event(
        main,
        tense="future",
        positive=False,
        verbs=("go", "give", "help", "call", "come", "play", "sing", "cook", "make", "start", "buy", "talk to", "eat", "wait for"),
    )
    return finish(
        join("if", en_clause(subject, condition, "present", False) + ",", en_clause(main, event, "future", False)),
        join(nonfinite(subject, condition, "neg_if"), kn_clause(main, event, "future", False)),
    )


def if_state(s: Sampler) -> Pair:
    """If you are hungry, eat a banana."""
    state = s.one_of(["hungry", "thirsty", "tired", "worried"])
    s.current.append("a:" + state)
    event = s.event(YOU, verbs=STATE_ACTS[state], adj=0.4)
    if event.obj and event.obj.det in ("a", "num", "pl", "many") and s.chance(0.3):
        event.obj = NP(event.obj.noun, "this" if not event.obj.plural else "these", event.obj.adj, event.obj.plural)
    return finish(
        join("if you are", state + ",", event.verb.en[0], event.en_tail(YOU)),
        join("ನಿಮಗೆ", STATES[state] + "ದ್ದರೆ", nonfinite(YOU, event, "imp_pol", "")),
    )


WHEN_STATES = {
    "hungry": "ಹಸಿವಾದಾಗ",
    "thirsty": "ಬಾಯಾರಿಕೆಯಾದಾಗ",
    "tired": "ಸುಸ್ತಾದಾಗ",
    "sad": "ದುಃಖವಾದಾಗ",
    "angry": "ಕೋಪ ಬಂದಾಗ",
    "worried": "ಚಿಂತೆಯಾದಾಗ",
    "afraid": "ಭಯವಾದಾಗ",
    "happy": "ಸಂತೋಷವಾದಾಗ",
}
HABITS = {
    "hungry": ("eat",),
    "thirsty": ("drink",),
    "tired": ("sleep", "drink"),
    "sad": ("sing", "talk to", "call"),
    "angry": ("talk to", "work"),
    "worried": ("call", "talk to"),
    "afraid": ("call", "sing"),
    "happy": ("sing", "call"),
}


def when_state(s: Sampler) -> Pair:
    """When I am tired, I drink coffee; when she is happy, she sings songs."""
    subject, state = resumable(s), s.rare(list(WHEN_STATES), lambda w: "a:" + w)
    while subject.en.split()[0] in NUMBER_WORDS.values():
        subject = resumable(s)
    positive = state != "angry"
    event = s.event(subject, tense="present", positive=positive, verbs=HABITS[state])
    if event.verb.lemma == "sleep":
        event.place = None
    again = pron(subject)
    return finish(
        join("when", subject.en, be(subject), state + ",", en_clause(again, event, "present", positive)),
        join(subject.kn("dat"), WHEN_STATES[state], kn_clause(again, event, "present", positive)),
    )


def when_clause(s: Sampler) -> Pair:
    """When I came home, my mother was cooking rice."""
    subject = s.human(you=False)
    first = s.event(subject, frames=("goal", "tr", "dat"), tense="past", verbs=("come", "go", "reach", "see", "call", "open", "finish"))
    other = s.human(you=False)
    while overlap(other, subject):
        other = s.human(you=False)
    tense = "pastcont"
    event = s.event(
        other,
        frames=("tr", "intr", "com"),
        tense=tense,
        verbs=tuple(
            "eat, drink, read, write, cook, wash, clean, sweep, sleep, play, study, work, sing, sit, stand, talk to, cry, dance, laugh".split(
                ", "
            )
        ),
    )
    return finish(
        join("when", en_clause(subject, first, "past") + ",", en_clause(other, event, tense)),
        join(nonfinite(subject, first, "when"), kn_clause(other, event, tense)),
    )


DAILY = tuple(
    "eat, drink, read, finish, do, wash, go, come, cook, clean, study, work, buy, write, play, swim, sweep, call, help".split(", ")
)
MEANWHILE = {
    "sing": ("cook", "wash", "sweep", "clean", "work", "walk", "drive", "ride"),
    "talk to": ("eat", "drink", "walk", "cook", "work"),
    "fall": ("play", "walk", "carry", "ride"),
    "see": ("walk", "drive", "ride"),
    "lose": ("play", "walk", "swim", "work", "ride"),
    "laugh": ("eat", "read", "play"),
    "break": ("wash", "clean", "cook", "play"),
    "hear": ("cook", "work", "eat", "read"),
}


def unlike(first: Event, verbs: tuple[str, ...]) -> tuple[str, ...]:
    """The verbs that do not have the Kannada verb of the first event (ಓದು is both read and study)."""
    used = {first.verb.lemma, {"do": "work", "work": "do"}.get(first.verb.lemma, "")}
    return tuple(v for v in verbs if v not in used and VERBS[v].kn != first.verb.kn)


def in_order(s: Sampler, link: str, name: str, kn_link: str) -> Pair:
    """Two actions of one subject, one before or after the other."""
    subject, tense = resumable(s), s.one_of(["past", "future"])
    first = s.event(subject, tense="past", verbs=DAILY)
    second = s.event(subject, tense=tense, verbs=unlike(first, DAILY) + (("sleep",) if link == "after" else ()))
    return finish(
        join(en_clause(subject, second, tense), link, first.verb.en[4], first.en_tail(subject)),
        join(first.kn_head(subject), m.form(first.verb.kn, name), kn_link, kn_clause(subject, second, tense)),
    )


def before(s: Sampler) -> Pair:
    return in_order(s, "before", "rel", "ಮೊದಲು")


def after(s: Sampler) -> Pair:
    return in_order(s, "after", "pastrel", "ನಂತರ")


def during(s: Sampler) -> Pair:
    """He fell while he was playing in the park."""
    subject = resumable(s)
    second = s.event(subject, tense="past", verbs=tuple(MEANWHILE))
    first = s.event(subject, tense="cont", verbs=MEANWHILE[second.verb.lemma])
    if second.verb.frame == "intr":
        second.place = None
    return finish(
        join(en_clause(subject, second, "past"), "while", subject.pron_en, be(subject, True), first.verb.en[4], first.en_tail(subject)),
        join(nonfinite(subject, first, "while", ""), kn_clause(subject, second, "past")),
    )


def before_command(s: Sampler) -> Pair:
    """Wash these apples before you eat."""
    event = s.event(YOU, verbs=("wash", "finish", "do", "close", "call", "clean", "sweep", "open", "read", "cook", "help"))
    first = s.event(YOU, tense="future", verbs=unlike(event, ("go", "eat", "sleep", "play", "come", "drink", "work", "study", "finish")))
    early = first.verb.lemma == "sleep" or s.chance(0.5)
    if first.verb.lemma in ("sleep", "play", "work", "study"):
        first.place = None
    return finish(
        join(event.verb.en[0], event.en_tail(YOU), "before" if early else "after", "you", first.verb.en[0], first.en_tail(YOU)),
        join(
            "ನೀವು",
            first.kn_head(YOU),
            m.form(first.verb.kn, "rel" if early else "pastrel"),
            "ಮೊದಲು" if early else "ನಂತರ",
            nonfinite(YOU, event, "imp_pol", ""),
        ),
    )


TIME = [if_clause, if_not, if_state, when_state, when_clause, before, after, during, before_command]
