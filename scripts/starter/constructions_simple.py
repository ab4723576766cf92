"""Statements, questions and commands of one clause with a full verb."""

from __future__ import annotations

from clauses import Pair, en_clause, finish, join, kn_clause, short
from lexicon import (
    DAY_TIMES,
    EVERYDAY,
    FUTURE_LONG,
    FUTURE_TIMES,
    HABIT_TIMES,
    PAST_LONG,
    PAST_TIMES,
    VERBS,
    select,
    tagged,
)
from phrases import NP, Event, pronoun_subject
from sampler import ELDERS, Sampler

Times = list[tuple[str, str]]
TRANSITIVE = ("tr", "tr", "ditr", "put", "dat", "com", "ben")
YOU = pronoun_subject("you")


def some_time(s: Sampler, times: Times, share: float = 0.6) -> tuple[str, str]:
    return s.one_of(times) if s.chance(share) else ("", "")


def tense_times(s: Sampler, event: Event, tense: str) -> Times:
    """Time adverbs that suit the tense and the verb."""
    if tense in ("past", "future"):
        if event.verb.lemma not in ("grow", "build", "fall", "lose", "learn") and s.chance(0.12):
            return DAY_TIMES
        near, far = (PAST_TIMES, PAST_LONG) if tense == "past" else (FUTURE_TIMES, FUTURE_LONG)
        if event.verb.lemma in ("grow", "build"):
            return far
        return far if "slow" in event.verb.flags and s.chance(0.6) else near
    if event.verb.lemma == "sleep" and tense == "present":
        return [("at night", "ರಾತ್ರಿ"), ("in the afternoon", "ಮಧ್ಯಾಹ್ನ")]
    return {"cont": [("now", "ಈಗ")], "pastcont": PAST_TIMES[:4], "present": EVERYDAY if event.verb.frame == "intr" else HABIT_TIMES}.get(
        tense, [("", "")]
    )


def statement(s: Sampler, tense: str, positive: bool, share: float = 0.5, frames: tuple[str, ...] = TRANSITIVE) -> Pair:
    subject = s.human()
    event = s.event(subject, frames=frames, tense=tense, positive=positive)
    time, kn_time = some_time(s, tense_times(s, event, tense), 0 if "feel" in event.verb.flags else share)
    contract = short(s) and (not positive or tense == "cont")
    return finish(en_clause(subject, event, tense, positive, time, short=contract), kn_clause(subject, event, tense, positive, kn_time))


def habit(s: Sampler) -> Pair:
    return statement(s, "present", True, 0.9)


def habit_negative(s: Sampler) -> Pair:
    return statement(s, "present", False, 0.35)


def past(s: Sampler) -> Pair:
    return statement(s, "past", True, 0.5)


def past_negative(s: Sampler) -> Pair:
    return statement(s, "past", False, 0.5)


def future(s: Sampler) -> Pair:
    return statement(s, "future", True, 0.8)


def future_negative(s: Sampler) -> Pair:
    return statement(s, "future", False, 0.7)


def continuous(s: Sampler) -> Pair:
    return statement(s, "cont", True, 0.35)


def continuous_negative(s: Sampler) -> Pair:
    return statement(s, "cont", False, 0.3)


def past_continuous(s: Sampler) -> Pair:
    return statement(s, "pastcont", True, 0.35)


def perfect(s: Sampler) -> Pair:
    subject, adverb = s.human(you=False), s.chance(0.5)
    event = s.event(subject, frames=TRANSITIVE[:4], tense="perfect")
    return finish(
        en_clause(subject, event, "perfect", adverb="already" if adverb else ""),
        kn_clause(subject, event, "perfect", time="ಆಗಲೇ" if adverb else ""),
    )


def perfect_negative(s: Sampler) -> Pair:
    subject = s.human(you=False)
    event = s.event(subject, frames=TRANSITIVE, tense="perfect", positive=False)
    return finish(en_clause(subject, event, "perfect", False, "yet", short=short(s)), kn_clause(subject, event, "perfect", False, "ಇನ್ನೂ"))


def intransitive_past(s: Sampler) -> Pair:
    return statement(s, "past", True, 0.5, frames=("intr",))


def intransitive_now(s: Sampler) -> Pair:
    return statement(s, "cont", True, 0.15, frames=("intr",))


def intransitive_habit(s: Sampler) -> Pair:
    return statement(s, "present", True, 0.9, frames=("intr",))


def intransitive_negative(s: Sampler) -> Pair:
    tense = s.one_of(["past", "future"])
    return statement(s, tense, False, 0.6, frames=("intr",))


def animal(s: Sampler) -> Pair:
    """The dog is sleeping under the tree."""
    subject = s.animal()
    event = Event(s.verb([VERBS[v] for v in ("sleep", "stand", "sit", "run", "play")]))
    event.place = s.place(
        s.one_of(["under:tree", "near:door", "near:river", "garden", "field", "behind:house", "near:well", "front:shop", "road"])
    )
    tense = s.one_of(["cont", "pastcont", "past"])
    time, kn_time = some_time(s, PAST_TIMES[:1] + PAST_TIMES[3:5], 0.3) if tense != "cont" else ("", "")
    return finish(en_clause(subject, event, tense, time=time), kn_clause(subject, event, tense, time=kn_time))


def animal_object(s: Sampler) -> Pair:
    """The monkey ate two bananas."""
    subject = s.animal("pet", "farm", "wild")
    name = subject.en.split()[-1]
    foods = {
        "cat": ["milk", "food fish", "egg"],
        "dog": ["bread", "rice", "egg", "food fish"],
        "monkey": ["banana", "mango", "coconut", "bread"],
        "cats": ["milk", "food fish"],
        "dogs": ["bread", "rice"],
        "monkeys": ["banana", "mango", "apple"],
    }
    noun = s.named_noun(s.one_of(foods.get(name, ["water"])))
    drinks = noun.en in ("milk", "water")
    s.current.append("v:drink" if drinks else "v:eat")
    obj = s.np(noun, "any")
    if noun.en in ("milk", "water") and obj.det in ("own", "that"):
        obj.det = "the"
    event = Event(VERBS["drink" if drinks else "eat"], obj)
    tense, positive = s.one_of(["past", "past", "cont", "present"]), s.chance(0.75)
    times = {"past": PAST_TIMES[:1] + PAST_TIMES[3:5], "present": EVERYDAY}.get(tense, [])
    time, kn_time = some_time(s, times, 0.5) if times else ("", "")
    place = (
        s.place(
            s.one_of(["garden", "near:river", "under:tree", "behind:house", "near:well", "kitchen" if name in ("cat", "dog") else "field"])
        )
        if s.chance(0.4)
        else ("", "")
    )
    tail = join(place[0], time)
    return finish(en_clause(subject, event, tense, positive, tail), kn_clause(subject, event, tense, positive, join(kn_time, place[1])))


def go_to(s: Sampler) -> Pair:
    """She goes to school by bus every day."""
    subject = s.human()
    event = s.event(subject, frames=("goal",), verbs=("go", "come"))
    tense = s.one_of(["present", "past", "future", "cont"])
    times = {"present": HABIT_TIMES, "past": PAST_TIMES, "future": FUTURE_TIMES, "cont": [("now", "ಈಗ")]}[tense]
    time, kn_time = some_time(s, times, 0.6)
    vehicle = s.noun(tagged("vehicle")) if s.chance(0.45) else None
    by = "by " + vehicle.en if vehicle else ""
    return finish(
        en_clause(subject, event, tense, time=join(by, time)),
        kn_clause(subject, event, tense, time=join(kn_time, vehicle.form("loc") if vehicle else "")),
    )


def go_negative(s: Sampler) -> Pair:
    subject = s.human()
    event = s.event(subject, frames=("goal",), verbs=("go", "come"))
    tense = s.one_of(["present", "past", "future"])
    times = {"present": EVERYDAY, "past": PAST_TIMES, "future": FUTURE_TIMES}[tense]
    time, kn_time = some_time(s, times, 0.7)
    return finish(en_clause(subject, event, tense, False, time, short=short(s)), kn_clause(subject, event, tense, False, kn_time))


def come_from(s: Sampler) -> Pair:
    """My father came home from the market; we walked from the river to the temple."""
    subject = s.human()
    places = [n.en for n in tagged("place") if "way" not in n.tags and "room" not in n.tags]
    start = s.rare(places, lambda p: "n:" + p)
    goal = s.one_of([p for p in ("house", "school", "market", "office", "village", "city", "hospital", "station") if p != start])
    a, b = s.place("from:" + start), s.place("to:" + goal)
    verb = VERBS[s.one_of(["go", "come"])]
    s.current.append("v:" + verb.lemma)
    tense = s.one_of(["past", "future", "present"])
    times = {"past": PAST_TIMES, "future": FUTURE_TIMES, "present": EVERYDAY}[tense]
    time, kn_time = some_time(s, times, 0.35)
    event = Event(verb, place=(join(b[0], a[0]) if goal == "house" else join(a[0], b[0]), join(a[1], b[1])))
    return finish(en_clause(subject, event, tense, time=time), kn_clause(subject, event, tense, time=kn_time))


def with_person(s: Sampler) -> Pair:
    """Meena went to the market with her mother."""
    subject = s.human()
    while not subject.poss:
        subject = s.human()
    event = s.event(
        subject, tense="present", frames=("goal", "intr"), verbs=("go", "come", "play", "work", "study", "swim", "walk", "dance", "live")
    )
    noun = s.noun([n for n in tagged("kin") if n.en not in s.not_kin(subject) | ELDERS and "n:" + n.en not in s.current])
    friend = NP(noun, "own")
    tense = "present" if event.verb.lemma == "live" else s.one_of(["past", "future"])
    times = {"past": PAST_TIMES, "future": FUTURE_TIMES, "present": [("", "")]}[tense]
    time, kn_time = some_time(s, times, 0.5)
    return finish(
        en_clause(subject, event, tense, time=join("with", friend.english(subject), time)),
        kn_clause(subject, event, tense, time=join(kn_time, friend.kannada("com", subject))),
    )


def always_never(s: Sampler) -> Pair:
    subject = s.human()
    event = s.event(subject, tense="present")
    if "feel" in event.verb.flags:
        event = s.event(subject, tense="present", frames=("goal",))
    adverb, kn, positive = s.one_of(
        [("always", "ಯಾವಾಗಲೂ", True), ("never", "ಎಂದೂ", False), ("often", "ಆಗಾಗ", True), ("sometimes", "ಕೆಲವೊಮ್ಮೆ", True)]
    )
    return finish(en_clause(subject, event, "present", adverb=adverb), kn_clause(subject, event, "present", positive, kn))


def bring_for(s: Sampler) -> Pair:
    """Sita bought a sari for her mother."""
    subject = s.human()
    verb = VERBS[s.one_of(["buy", "bring", "make"])]
    s.current.append("v:" + verb.lemma)
    event = Event(verb, s.np(s.noun([n for n in select(verb.objects) if n.en not in ("car", "auto", "key")]), "indef", 0.2))
    who = s.recipient(subject)
    en_who = who.english(subject) if isinstance(who, NP) else who.obj_en
    kn_who = who.kannada("ben", subject) if isinstance(who, NP) else who.kn("ben")
    tense = s.one_of(["past", "future", "past"])
    time, kn_time = some_time(s, PAST_TIMES if tense == "past" else FUTURE_TIMES, 0.4)
    return finish(
        en_clause(subject, event, tense, time=join("for", en_who, time)), kn_clause(subject, event, tense, time=join(kn_time, kn_who))
    )


SIMPLE = [
    habit,
    habit_negative,
    past,
    past_negative,
    future,
    future_negative,
    continuous,
    continuous_negative,
    past_continuous,
    perfect,
    perfect_negative,
    intransitive_past,
    intransitive_now,
    intransitive_habit,
    intransitive_negative,
    animal,
    animal_object,
    go_to,
    go_negative,
    come_from,
    with_person,
    always_never,
    bring_for,
]
