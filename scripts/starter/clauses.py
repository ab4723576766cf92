"""Clauses: an English and a Kannada clause from a subject, an event, a tense and a time adverb.

Rules followed
- English do-support, agreement and irregular forms; now and then a contraction.
- Kannada tense names are those of morphology.finite; English future and present both give the present form.
- Time stands after the subject in Kannada and at the end in English.
"""

from __future__ import annotations

from dataclasses import dataclass

import morphology as m
from phrases import Event, Subject
from sampler import Sampler

KN_TENSE = {
    "present": "present",
    "future": "present",
    "past": "past",
    "cont": "cont",
    "pastcont": "pastcont",
    "perfect": "perfect",
    "pastperfect": "pastperfect",
}
ONE = ("past", "future", "perfect")  # tenses in which "a" is ಒಂದು


@dataclass
class Pair:
    """A finished sentence pair with the lemmas that it holds."""

    en: str
    kn: str
    construction: str = ""
    lemmas: tuple[str, ...] = ()


def be(subject: Subject, past: bool = False) -> str:
    if past:
        return "was" if subject.en_person in ("1s", "3s") else "were"
    return {"1s": "am", "3s": "is"}.get(subject.en_person, "are")


def have(subject: Subject) -> str:
    return "has" if subject.en_person == "3s" else "have"


def do(subject: Subject, past: bool = False) -> str:
    return "did" if past else "does" if subject.en_person == "3s" else "do"


def auxiliary(tense: str, subject: Subject) -> str:
    return {
        "present": do(subject),
        "past": "did",
        "future": "will",
        "cont": be(subject),
        "pastcont": be(subject, True),
        "perfect": have(subject),
        "pastperfect": "had",
    }[tense]


def not_form(aux: str, short: bool) -> str:
    """ "does not" or "doesn't"."""
    if not short or aux == "am":
        return "cannot" if aux == "can" else aux + " not"
    return {"will": "won't", "can": "can't"}.get(aux, aux + "n't")


def main_form(event: Event, tense: str) -> str:
    base, _, _, participle, ing = event.verb.en
    return {"cont": ing, "pastcont": ing, "perfect": participle, "pastperfect": participle}.get(tense, base)


def join(*parts: str) -> str:
    return " ".join(p for p in parts if p)


def en_clause(
    subject: Subject, event: Event, tense: str, positive: bool = True, time: str = "", adverb: str = "", short: bool = False
) -> str:
    """An English statement without capital or full stop."""
    aux = auxiliary(tense, subject)
    tail = event.en_tail(subject)
    if not positive:
        return join(subject.en, not_form(aux, short), adverb, main_form(event, tense), tail, time)
    if tense == "present":
        return join(subject.en, adverb, event.verb.en[1 if subject.en_person == "3s" else 0], tail, time)
    if tense == "past":
        return join(subject.en, adverb, event.verb.en[2], tail, time)
    if short and tense == "cont" and subject.en in ("I", "he", "she", "we", "they", "you"):
        head = subject.en + {"am": "'m", "is": "'s", "are": "'re"}[aux]
        return join(head, adverb, main_form(event, tense), tail, time)
    return join(subject.en, aux, adverb, main_form(event, tense), tail, time)


def en_question(
    subject: Subject, event: Event, tense: str, wh: str = "", time: str = "", negative: bool = False, tail: str | None = None
) -> str:
    """An English question without the capital and the question mark."""
    aux = auxiliary(tense, subject)
    return join(
        wh, aux, subject.en, "not" if negative else "", main_form(event, tense), event.en_tail(subject) if tail is None else tail, time
    )


def kn_predicate(subject: Subject, event: Event, tense: str, positive: bool = True) -> str:
    return m.finite(event.verb.kn, KN_TENSE[tense], subject.person, positive)


def kn_clause(
    subject: Subject, event: Event, tense: str, positive: bool = True, time: str = "", extra: str = "", show_subject: bool = True
) -> str:
    """A Kannada statement: subject, time, complements, extra (an adverb or question word), verb."""
    one = positive and tense in ONE
    return join(
        subject.kn("nom") if show_subject else "", time, event.kn_head(subject, one), extra, kn_predicate(subject, event, tense, positive)
    )


def question_last(clause: str, familiar: bool = False) -> str:
    """Turn the last word of a Kannada clause into a yes/no question."""
    head, _, last = clause.rpartition(" ")
    return join(head, m.question(last, familiar))


def nonfinite(subject: Subject, event: Event, name: str, show_subject: str = "nom", time: str = "") -> str:
    """A Kannada clause with a form that does not agree (must, can, infinitive …); show_subject is a case or ""."""
    return join(subject.kn(show_subject) if show_subject else "", time, event.kn_head(subject), m.form(event.verb.kn, name))


def finish(en: str, kn: str, mark: str = ".") -> Pair:
    """Capital letter and the same final mark on both sides."""
    return Pair(en[0].upper() + en[1:] + mark, kn + mark)


def short(s: Sampler) -> bool:
    """Whether to contract this time."""
    return s.chance(0.3)
