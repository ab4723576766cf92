"""Noun phrases, subjects and events: the parts that the constructions join, each with its English and its Kannada side.

Rules followed
- The object takes -ಅನ್ನು when it is definite (the, this, my …), plural or animate; an indefinite thing or a mass noun stays bare.
- "a" is ಒಂದು in affirmative past, perfect, future and existence sentences, and has no word elsewhere.
- A possessor that is the subject itself is ತನ್ನ (he, she, the boy) or ತಮ್ಮ (they, honorific subjects).
- Order in Kannada: subject, time, indirect object or place, object, verb.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import morphology as m
from lexicon import NAMES, Adjective, Noun, VerbEntry

FIXED_POSS = {"my": "ನನ್ನ", "your": "ನಿಮ್ಮ", "our": "ನಮ್ಮ", "his": "ಅವನ", "her": "ಅವಳ", "their": "ಅವರ"}
NUMBER_WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
UNCOUNTED = {"work", "homework", "Kannada", "English"}


def article(word: str) -> str:
    """ "a" or "an" before the word."""
    return "an" if word[0].lower() in "aeiou" and not word.startswith(("use", "uni")) else "a"


@dataclass
class NP:
    """A noun phrase that is not a subject: noun, determiner, adjective, number."""

    noun: Noun
    det: str
    adj: Adjective | None = None
    plural: bool = False
    number: int = 0

    @property
    def definite(self) -> bool:
        return self.det not in ("a", "bare", "pl", "num", "many", "some", "which", "how many", "more")

    def english(self, owner: "Subject | None" = None) -> str:
        words = [self.adj.en] if self.adj else []
        words.append(self.noun.english(self.plural))
        det = self.det
        if det == "own":
            det = owner.poss if owner and owner.poss else "my" if self.noun.human else "the"
        if det == "a":
            det = article(words[0])
        elif det == "num":
            det = NUMBER_WORDS[self.number]
        if det not in ("bare", "pl"):
            words.insert(0, det)
        return " ".join(words)

    def kannada(self, case: str = "nom", owner: "Subject | None" = None, one: bool = False) -> str:
        words = []
        det = self.det
        if det == "own":
            words += [owner.refl] if owner and owner.poss else ["ನನ್ನ"] if self.noun.human else []
        elif det in FIXED_POSS:
            words.append(FIXED_POSS[det])
        elif det in ("this", "these"):
            words.append("ಈ")
        elif det in ("that", "those") or (det == "the" and self.noun.en == "man"):
            words.append("ಆ")
        elif det == "a" and one:
            words.append(m.count_word(1, self.noun.human, self.noun.gender))
        elif det == "num":
            words.append(m.count_word(self.number, self.noun.human))
        elif det in ("many", "some", "which", "how many", "all the"):
            words.append({"many": "ಅನೇಕ", "some": "ಸ್ವಲ್ಪ", "which": "ಯಾವ", "how many": "ಎಷ್ಟು", "all the": "ಎಲ್ಲಾ"}[det])
        if self.adj:
            words.append(self.adj.kn)
        words.append(self.noun.form(case, self.plural))
        return " ".join(words)

    def kn_object(self, owner: "Subject | None" = None, one: bool = False) -> str:
        """The object form: accusative if definite, animate or plural, else bare."""
        marked = self.definite or self.noun.animate or (self.plural and self.noun.kn_pl != "=")
        if self.noun.en in ("Kannada", "English") or (self.noun.en in ("homework", "work") and self.det == "own" and owner and owner.poss):
            marked = False
        return self.kannada("acc" if marked else "nom", owner, one)


@dataclass
class Subject:
    """A subject: English text and person, Kannada case forms, agreement, its own possessive, the pronoun that resumes it."""

    en: str
    kn: Callable[[str], str]
    en_person: str  # 1s, 2, 3s, p
    person: str  # agreement key of morphology
    poss: str
    refl: str
    pron_en: str
    pron_kn: str
    thou: bool = False
    noun: Noun | None = None

    @property
    def obj_en(self) -> str:
        return {"I": "me", "we": "us", "he": "him", "she": "her", "they": "them"}.get(self.en, self.en)


def pronoun_subject(en: str) -> Subject:
    poss, refl, person = {
        "I": ("my", "ನನ್ನ", "1s"),
        "we": ("our", "ನಮ್ಮ", "p"),
        "you": ("your", "ನಿಮ್ಮ", "2"),
        "he": ("his", "ತನ್ನ", "3s"),
        "she": ("her", "ತನ್ನ", "3s"),
        "they": ("their", "ತಮ್ಮ", "p"),
    }[en]
    return Subject(en, lambda case: m.pronoun(en, case), person, m.PRONOUNS[en][5], poss, refl, en, en)


def thou_subject() -> Subject:
    return Subject("you", lambda case: m.pronoun("thou", case), "2", "2s", "your", "ನಿನ್ನ", "you", "thou", True)


def name_subject(name: str) -> Subject:
    kn, cls, gender = NAMES[name]
    pron = "he" if gender == "m" else "she"
    return Subject(name, lambda case: m.decline(kn, cls, case), "3s", "3" + gender, "his" if gender == "m" else "her", "ತನ್ನ", pron, pron)


def takes_up(pronoun: Subject, subject: Subject) -> bool:
    """Whether the pronoun can stand for the subject; he and she can both for a doctor, a friend or a child."""
    if pronoun.en in ("he", "she") and subject.noun and subject.noun.en in ("friend", "student", "driver", "farmer"):
        return subject.en_person == "3s"
    if pronoun.en in ("he", "she"):
        return subject.en_person == "3s" and subject.pron_en in ("", "it", pronoun.en)
    return pronoun.en == subject.en or (pronoun.en == "they" and subject.en_person == "p" and subject.en != "we")


def overlap(a: Subject, b: Subject) -> bool:
    """Whether two subjects can be the same persons or share one (I, we)."""
    return a.en == b.en or takes_up(a, b) or takes_up(b, a) or ("we" in (a.en, b.en) and {a.en, b.en} & {"I", "you"} != set())


def noun_subject(phrase: NP) -> Subject:
    noun, plural = phrase.noun, phrase.plural or phrase.noun.plural_only
    person = noun.person(plural)
    if plural:
        poss, refl, pron_en, pron_kn = "their", "ತಮ್ಮ", "they", "they" if noun.human else "those"
    elif noun.human and noun.gender != "n":
        female = noun.gender == "f" or "fem" in noun.tags
        known = noun.gender != "h" or noun.tags & {"fem"} or noun.en in ("father", "grandfather", "uncle")
        poss = ("her" if female else "his") if known else ""
        pron_en, pron_kn = ("she" if female else "he") if known else "", "they" if noun.gender == "h" else "he"
        pron_kn = "she" if noun.gender == "f" else pron_kn
        refl = "ತಮ್ಮ" if noun.gender == "h" else "ತನ್ನ"
    else:
        poss, refl, pron_en, pron_kn = ("" if noun.human else "its"), "ತನ್ನ", "it", "it"
    return Subject(
        phrase.english(),
        lambda case: phrase.kannada(case, one=True),
        "p" if plural else "3s",
        person,
        poss,
        refl,
        pron_en,
        pron_kn,
        noun=noun,
    )


@dataclass
class Event:
    """What the subject does: verb, object, person concerned, place."""

    verb: VerbEntry
    obj: NP | None = None
    person: NP | Subject | None = None
    place: tuple[str, str] | None = None
    dative_first: bool = False

    def person_en(self, owner: Subject) -> str:
        return self.person.english(owner) if isinstance(self.person, NP) else self.person.obj_en  # type: ignore[union-attr]

    def person_kn(self, case: str, owner: Subject) -> str:
        return self.person.kannada(case, owner) if isinstance(self.person, NP) else self.person.kn(case)  # type: ignore[union-attr]

    def en_tail(self, owner: Subject) -> str:
        """What follows the English verb."""
        parts = []
        frame = self.verb.frame
        if frame == "ditr" and self.person is not None and self.obj is not None:
            who, what = self.person_en(owner), self.obj.english(owner)
            if self.verb.lemma == "explain" or (not self.dative_first and self.verb.lemma != "ask"):
                parts = [what, "to", who]
            else:
                parts = [who, what]
        else:
            if self.obj is not None:
                parts.append(self.obj.english(owner))
            if self.person is not None:
                parts.append(self.person_en(owner))
        if self.place:
            parts.append(self.place[0])
        return " ".join(p for p in parts if p)

    def kn_head(self, owner: Subject, one: bool = False) -> str:
        """What precedes the Kannada verb."""
        parts = []
        if self.person is not None:
            case = {"ditr": "dat", "dat": "dat", "ben": "ben", "com": "com", "tr": "acc"}[self.verb.frame]
            parts.append(self.person_kn(case, owner))
        if self.place and self.verb.frame != "put":
            parts.append(self.place[1])
        if self.obj is not None:
            parts.append(self.obj.kn_object(owner, one))
        if self.place and self.verb.frame == "put":
            parts.append(self.place[1])
        return " ".join(parts)
