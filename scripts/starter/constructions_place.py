"""Existence and place: there is, there was, where is, the key is on the table, she is at school.

Rules followed
- The place comes first for existence (ಮೇಜಿನ ಮೇಲೆ ಒಂದು ಪುಸ್ತಕ ಇದೆ) and after the subject for location (ಪುಸ್ತಕ ಮೇಜಿನ ಮೇಲೆ ಇದೆ).
- ಇದೆ, ಇವೆ, ಇದ್ದಾನೆ … agree with what is there and join a locative or a plural before them; ಇಲ್ಲ stands apart.
"""

from __future__ import annotations

import morphology as m
from clauses import Pair, be, finish, join
from constructions_be import exist_verb
from lexicon import NOUNS, select, tagged
from phrases import NP
from sampler import WOMENS, Sampler

# --- existence and place ----------------------------------------------------------------------------------------------
THERE = {
    "room": ("furn", "window", "door", "bag", "box", "lamp", "clock", "mirror", "computer"),
    "kitchen": ("pot", "dish2", "veg", "grocery-", "drink", "knife", "fruit"),
    "on:table": ("book", "cup", "glass", "plate", "key", "pen", "flower", "newspaper", "fruit", "letter", "knife", "phone"),
    "garden": ("tree", "flower", "bird", "rabbit", "chair", "well"),
    "village": ("temple", "school", "lake", "well", "hospital", "shop", "bank"),
    "city": ("hospital", "college", "hotel", "park", "station", "library", "market"),
    "under:tree": ("cow", "dog", "chair", "bicycle", "goat", "stone"),
    "bag": ("book", "pen", "key", "money", "umbrella", "notebook", "ticket", "phone", "fruit", "clothes"),
    "box": ("toy", "doll", "ring", "clothes", "sari", "sweets"),
    "field": ("farm", "tree", "well", "bird"),
    "forest": ("wild", "river", "lake"),
    "basket": ("fruit", "veg", "egg", "flower", "food fish"),
    "near:school": ("park", "library", "shop", "temple", "tree"),
    "near:river": ("temple", "tree", "field", "boat"),
    "river": ("boat", "fish"),
    "cupboard": ("shirt", "sari", "dress", "sweater", "clothes", "dish2", "medicine", "gift", "book"),
    "road": ("bus", "car", "cow", "stone", "auto", "bicycle"),
    "lake": ("fish", "boat", "bird"),
    "front:house": ("tree", "car", "bicycle", "dog"),
    "school": ("room", "library", "garden", "computer", "class"),
}


def there(s: Sampler, mode: str = "indef", positive: bool = True) -> tuple[NP, tuple[str, str]]:
    spec = s.rare(list(THERE), lambda p: "n:" + p.rpartition(":")[2])
    place = s.place(spec)
    noun = s.noun([n for n in select(THERE[spec]) if n.en != spec.rpartition(":")[2]])
    en = place[0].replace("at school", "at the school")
    if noun.en in ("boat", "bird") and spec in ("river", "lake"):
        en = "on the " + spec
    return s.np(noun, mode, 0.25, positive), (en, place[1])


def is_are(thing: NP, past: bool = False) -> str:
    plural = thing.plural or thing.noun.plural_only
    return ("were" if plural else "was") if past else ("are" if plural else "is")


def exists(s: Sampler, tense: str) -> Pair:
    thing, (place, kn_place) = there(s)
    if thing.det == "pl":
        thing.det = "many"
    return finish(
        join("there", is_are(thing, tense == "past"), thing.english(), place),
        join(kn_place, m.join_iru(thing.kannada("nom", one=True), exist_verb(thing, tense))),
    )


def there_is(s: Sampler) -> Pair:
    return exists(s, "present")


def there_was(s: Sampler) -> Pair:
    return exists(s, "past")


def there_is_no(s: Sampler) -> Pair:
    thing, (place, kn_place) = there(s)
    past = s.chance(0.4)
    thing = NP(
        thing.noun,
        "bare" if thing.noun.mass or thing.noun.plural_only or s.chance(0.6) or thing.noun.en == thing.noun.en_pl else "pl",
        None,
    )
    thing.plural = thing.det == "pl" or thing.noun.plural_only
    return finish(
        join("there", is_are(thing, past), "no", thing.english(), place), join(kn_place, thing.kannada(), "ಇರಲಿಲ್ಲ" if past else "ಇಲ್ಲ")
    )


def is_there(s: Sampler) -> Pair:
    thing, (place, kn_place) = there(s)
    if thing.det == "some":
        thing.det = "bare"
    return finish(
        join(is_are(thing), "there", thing.english(), place),
        join(kn_place, m.join_iru(thing.kannada("nom"), m.question(exist_verb(thing)))),
        "?",
    )


def how_many_there(s: Sampler) -> Pair:
    thing, (place, kn_place) = there(s)
    while thing.noun.mass or thing.noun.plural_only:
        s.current.clear()
        thing, (place, kn_place) = there(s)
    thing = NP(thing.noun, "how many", None, True)
    return finish(join(thing.english(), "are there", place), join(kn_place, m.join_iru(thing.kannada(), exist_verb(thing))), "?")


def located(s: Sampler) -> Pair:
    """The key is on the table; my bag was under the chair."""
    noun = s.noun(
        tagged("thing")
        + [NOUNS[n] for n in ("shoes", "clothes", "cap", "ticket", "letter", "money", "newspaper", "medicine", "milk", "sandals")]
    )
    thing = NP(
        noun,
        "the" if noun.en == "milk" else s.weighted({"the": 2, "my": 2, "your": 1.5, "his": 0 if noun.en in WOMENS else 0.7, "her": 0.7}),
        s.adjective(noun, 0.2),
        noun.plural_only,
    )
    place, kn_place = s.put_place(noun)
    past, positive = s.chance(0.35), s.chance(0.75)
    verb = exist_verb(thing, "past" if past else "present", positive)
    kn = m.join_iru(join(thing.kannada(), kn_place), verb)
    return finish(join(thing.english(), is_are(thing, past), "" if positive else "not", place), kn)


OWN_PLACES = ("house", "school", "shop", "office", "college", "room", "kitchen", "village", "town", "garden", "field")


def where_is(s: Sampler) -> Pair:
    if s.chance(0.3):
        subject = s.asked_one()
        return finish(join("where", be(subject), subject.en), join(subject.kn("nom"), m.iru(subject.person, stem="ಎಲ್ಲಿ")), "?")
    noun = s.noun([n for n in tagged("thing", "place", "cloth", "vehicle") if n.en not in ("road",)])
    thing = NP(
        noun,
        (
            s.weighted({"the": 2, "my": 1.2, "your": 1.2, "his": 0 if noun.en in WOMENS else 0.4, "her": 0.4, "our": 0.3})
            if "place" not in noun.tags
            else s.one_of(["the", "the", "your" if noun.en in OWN_PLACES else "the"])
        ),
        s.adjective(noun, 0.25),
        noun.plural_only,
    )
    return finish(
        join("where", is_are(thing), thing.english()), join(thing.kannada(), m.iru(noun.person(noun.plural_only), stem="ಎಲ್ಲಿ")), "?"
    )


def person_place(s: Sampler) -> Pair:
    subject = s.human()
    noun = s.noun([n for n in tagged("place") if "way" not in n.tags and "waterplace" not in n.tags and n.en not in ("hill", "forest")])
    place, kn_place = s.place(noun.en)
    kind = s.weighted({"now": 2, "not": 1, "was": 1.5, "wasnot": 1})
    past, positive = kind.startswith("was"), kind in ("now", "was")
    time, kn_time = s.one_of(
        [("yesterday", "ನಿನ್ನೆ"), ("this morning", "ಇಂದು ಬೆಳಿಗ್ಗೆ"), ("last night", "ನಿನ್ನೆ ರಾತ್ರಿ")]
        if past
        else [("now", "ಈಗ"), ("", ""), ("today", "ಇಂದು")]
    )
    return finish(
        join(subject.en, be(subject, past), "" if positive else "not", place, time),
        join(subject.kn("nom"), kn_time, m.join_iru(kn_place, m.iru(subject.person, "past" if past else "present", positive))),
    )


PLACE = [there_is, there_was, there_is_no, is_there, how_many_there, located, where_is, person_place]
