"""Random choice of words, noun phrases, subjects, places and events, with the semantic limits that keep sentences sensible.

Rules followed
- The words used least so far are preferred, so that every lemma comes up often enough.
- A verb selects its objects (verbs.tsv); determiners, numbers and adjectives are limited by the kind of noun, by tense and by polarity.
- Children do not build houses, grandmothers do not catch balls, and nobody wants to lose a key.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from lexicon import (
    ADJECTIVES,
    NAMES,
    NOUNS,
    VERBS,
    Adjective,
    Noun,
    VerbEntry,
    select,
    tagged,
)
from phrases import (
    NP,
    NUMBER_WORDS,
    UNCOUNTED,
    Event,
    Subject,
    name_subject,
    noun_subject,
    pronoun_subject,
)

T = TypeVar("T")
# what does not suit an elder or a person at work, and what does not suit a child
YOUNG_VERBS = {"play", "study", "swim", "dance", "cry", "run", "learn", "catch", "throw", "do"}
ADULT_VERBS = {"build", "drive", "sell", "grow", "teach", "carry", "ride", "buy", "work", "explain", "cook", "start", "win", "sell"}
ADULTS = set("grandmother, grandfather, doctor, shopkeeper, driver, farmer, man, woman, mother, father, uncle, aunt, teacher".split(", "))
CHILDREN = {"child", "boy", "girl", "student"}
ELDERS = {"grandmother", "grandfather", "uncle", "aunt", "teacher", "doctor"}
WOMENS = {"sari", "dress"}  # not worn or owned by boys and men
BUILDERS = ADULTS - {"grandmother", "grandfather", "doctor", "shopkeeper", "driver", "teacher"} | {"brother", "son", "friend"}
PUBLIC = {"hospital", "bridge", "school", "temple"}  # built by many together
# where a thing is kept, by noun or tag; the first entry that fits counts
KEPT = {
    "book notebook": "on:table bag cupboard on:bed on:chair room",
    "letter picture": "on:table bag box cupboard",
    "newspaper": "on:table on:chair on:bed room",
    "ticket money": "bag box cupboard on:table",
    "pen pencil key": "on:table bag box cupboard",
    "phone": "on:table bag on:chair on:bed near:window",
    "umbrella": "near:door cupboard bag room on:chair",
    "computer clock": "on:table room near:window",
    "mirror lamp": "room on:table near:window near:door",
    "ball toy doll": "box under:bed under:table room basket on:bed on:chair",
    "knife spoon plate cup glass": "on:table kitchen cupboard near:window",
    "pot": "kitchen on:table near:well",
    "bucket": "near:well kitchen near:door",
    "bag": "on:table on:chair under:table near:door room on:bed",
    "box": "room under:bed under:table cupboard on:table",
    "basket": "kitchen on:table under:table near:door",
    "ring": "box cupboard on:table",
    "medicine gift": "on:table cupboard box bag",
    "shoes sandals": "near:door under:bed",
    "cap": "on:table on:chair on:bed cupboard",
    "cloth": "cupboard on:bed bag box on:chair",
    "chair": "room near:window near:door kitchen",
    "milk": "kitchen on:table",
    "grocery": "kitchen cupboard on:table",
    "fruit veg": "basket kitchen bag on:table",
}
SELDOM = {"dirty", "wet", "empty", "strong", "expensive", "cheap", "heavy", "deep", "easy", "difficult", "clean"}
EXTRA = {
    "buy": ("expensive", "cheap", "strong"),
    "sell": ("expensive", "cheap"),
    "carry": ("heavy", "empty"),
    "wash": ("dirty",),
    "clean": ("dirty",),
    "explain": ("easy", "difficult"),
    "ask": ("easy", "difficult"),
    "learn": ("easy", "difficult"),
    "read": ("easy", "difficult"),
    "finish": ("difficult",),
    "teach": ("easy",),
    "wear": ("clean", "expensive"),
    "cross": ("deep",),
    "open": ("heavy",),
    "bring": ("empty", "clean"),
}


def masculine(subject: Subject) -> bool:
    return subject.pron_en == "he" or (subject.noun is not None and subject.noun.gender == "m")


class Sampler:
    """Random choices that prefer the words used least so far, and a record of the lemmas of the sentence being made."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.used: Counter[str] = Counter()
        self.current: list[str] = []
        self.asking = False  # no "some", "many" or numbers in the question being made

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def one_of(self, items: Sequence[T]) -> T:
        return items[self.rng.randrange(len(items))]

    def rare(self, items: Sequence[T], key: Callable[[T], str]) -> T:
        """Choose with a weight that falls with use, and record the lemma."""
        weights = [1.0 / (2 + self.used[key(i)]) for i in items]
        item = self.rng.choices(items, weights)[0]
        self.current.append(key(item))
        return item

    def noun(self, items: Sequence[Noun]) -> Noun:
        return self.rare(items, lambda n: "n:" + n.en)

    def named_noun(self, name: str) -> Noun:
        self.current.append("n:" + name)
        return NOUNS[name]

    def verb(self, items: Sequence[VerbEntry]) -> VerbEntry:
        return self.rare(items, lambda v: "v:" + v.lemma)

    def adjective(self, noun: Noun, share: float, extra: tuple[str, ...] = ()) -> Adjective | None:
        """An attributive adjective that fits the noun; those in SELDOM only where the sentence asks for them."""
        fitting = [
            a
            for a in ADJECTIVES.values()
            if (noun.en in a.fits or noun.tags & set(a.fits))
            and (a.en not in SELDOM or a.en in extra)
            and not (a.en == "good" and "vehicle" in noun.tags)
        ]
        if not fitting or not self.chance(share):
            return None
        return self.rare(fitting, lambda a: "a:" + a.en)

    # --- noun phrases -------------------------------------------------------------------------------------------
    def weighted(self, table: dict[str, float]) -> str:
        return self.rng.choices(list(table), list(table.values()))[0]

    def np(self, noun: Noun, mode: str = "any", adj: float = 0.15, positive: bool = True, habit: bool = False) -> NP:
        """A noun phrase for a noun; mode is the determiner column of the verb table."""
        if noun.en in UNCOUNTED:
            det = "bare" if noun.mass and "proper" in noun.tags else self.weighted({"own": 3, "this": 1})
            return NP(noun, det)
        if "place" in noun.tags and mode in ("any", "def", "own", "one"):
            mode = "place"
        if habit and mode in ("any", "eat", "few"):
            mode = "habit"
        food = bool(noun.tags & {"edible", "fruit", "drink", "dish", "veg", "grocery"})
        if noun.mass or noun.plural_only:
            this = "this" if noun.mass else "these"
            that = "that" if noun.mass else "those"
            mode = {"one": "any", "noown": "any", "eat": "any", "few": "any", "plural": "indef"}.get(mode, mode)
            table = {
                "any": {"bare": 3, "the": 2, this: 1, that: 0.5, "own": 0 if food else 2, "some": 2 if noun.mass else 0},
                "indef": {"bare": 2, "some": 1 if noun.mass else 0},
                "def": {"the": 3, "own": 0 if food else 3, this: 1.5, that: 0.7},
                "own": {"own": 3, "the": 1},
                "the": {"the": 1},
                "defpl": {"the": 2, "own": 1, this: 1},
                "habit": {"bare": 4, "own": 0 if food else 1},
            }[mode]
            if not positive or self.asking:
                table.pop("some", None)
            det = self.weighted(table)
            return NP(noun, det, self.adjective(noun, adj), plural=noun.plural_only)
        same = noun.en == noun.en_pl
        pl = 0.0 if same else 1.0
        table = {
            "any": {
                "a": 3,
                "the": 2,
                "own": 0 if food or noun.animate else 2,
                "this": 1.2,
                "that": 1,
                "num": 1.6,
                "pl": 1.5 * pl,
                "many": 0.5,
                "these": 0.7,
                "those": 0.5,
            },
            "indef": {"a": 2, "pl": 1.5 * pl, "num": 1.5},
            "def": {"the": 4, "own": 0.4 if food else 3, "this": 1.5, "that": 1, "these": 0.6},
            "own": {"own": 4, "the": 1},
            "the": {"the": 1},
            "defpl": {"the": 2 * pl, "own": 1.5 * pl, "these": 1, "those": 0.7},
            "place": {"the": 3, "this": 1.5, "that": 1, "our": 0.7},
            "person": {"the": 1},
            "habit": {"a": 0.3 if pl else 1, "pl": 3, "own": 0 if food or noun.animate else 1} if pl else {"the": 1},
            "noown": {"a": 3, "the": 2, "this": 1.2, "that": 1, "num": 1.6, "pl": 1.5 * pl, "many": 0.5, "these": 0.7, "those": 0.5},
            "one": {"a": 3, "the": 3, "own": 3, "this": 1.5, "that": 1},
            "plural": {"pl": 1},
            "eat": {"a": 3, "the": 2, "this": 1.5, "that": 0.6, "num": 2, "pl": 2 * pl, "these": 1},
            "few": {"a": 4, "the": 1.5, "this": 2, "that": 1, "pl": 1.2 * pl, "num": 1},
        }[mode]
        if not positive or self.asking:
            table = {d: w for d, w in table.items() if d not in ("num", "many")} or {"the": 1}
        det = self.weighted(table)
        plural = det in ("num", "pl", "many", "these", "those") or mode == "defpl"
        large = noun.tags & {"vehicle", "furn", "big", "build", "place"} or noun.en in ("computer", "clock", "mirror", "phone")
        number = self.rng.randrange(2, 4 if large else 6 if food else 11) if det == "num" else 0
        share = adj if not (mode == "person") else 0.0
        return NP(noun, det, self.adjective(noun, share), plural, number)

    def person_np(self, noun: Noun) -> NP:
        """A person as object: kin belong to the subject, others are the … or that …."""
        if "kin" in noun.tags:
            return NP(noun, "own")
        return NP(noun, self.weighted({"the": 3, "that": 1}))

    # --- subjects -----------------------------------------------------------------------------------------------
    def human(self, *, you: bool = True, plural: bool = True, first: bool = True) -> Subject:
        """A human subject: pronoun, name, kin with possessor, the boy/the boys …."""
        kind = self.weighted({"pronoun": 5, "name": 2.6, "kin": 2.2, "role": 1.6, "roles": 1.3 if plural else 0})
        if kind == "pronoun":
            names = ["he", "she", "they"] + (["I", "I", "we"] if first else []) + (["you"] if you else [])
            return pronoun_subject(self.one_of([n for n in names if plural or n not in ("we", "they")]))
        if kind == "name":
            return name_subject(self.rare(list(NAMES), lambda n: "p:" + n))
        if kind == "kin":
            noun = self.noun(tagged("kin"))
            return noun_subject(NP(noun, self.weighted({"my": 5, "our": 1, "his": 0.7, "her": 0.7})))
        if kind == "role":
            return noun_subject(NP(self.noun(tagged("role")), self.weighted({"the": 4, "that": 1})))
        noun = self.noun([n for n in tagged("role") if "nopl" not in n.tags and n.gender != "h"])
        return noun_subject(NP(noun, self.weighted({"the": 3, "those": 0.7, "num": 0.7}), None, True, self.rng.randrange(2, 6)))

    def third(self) -> Subject:
        """A third-person human subject."""
        while True:
            subject = self.human(you=False, first=False)
            if subject.en_person in ("3s", "p"):
                return subject

    def animal(self, *tags: str) -> Subject:
        noun = self.noun(tagged(*(tags or ("pet", "farm"))))
        plural = self.chance(0.3) and noun.en != noun.en_pl
        return noun_subject(NP(noun, self.weighted({"the": 3, "our": 1, "that": 0 if plural else 0.7}), None, plural))

    # --- places and events --------------------------------------------------------------------------------------
    def place(self, spec: str) -> tuple[str, str]:
        """An English and a Kannada phrase for "on:chair", "near:river", "to:school", "from:shop" or a bare place name."""
        prep, _, name = spec.rpartition(":")
        noun = self.named_noun(name)
        if name == "house" and prep in ("", "to", "from"):
            return {"": ("at home", "ಮನೆಯಲ್ಲಿ"), "to": ("home", "ಮನೆಗೆ"), "from": ("from home", "ಮನೆಯಿಂದ")}[prep]
        bare = name in ("school", "college")
        the = name if bare else "the " + name
        gen = noun.form("gen")
        if not prep and name in ("bridge", "hill"):
            prep = "on"
        if not prep:
            word = {"school": "at", "college": "at", "bank": "at", "road": "on", "bus": "on", "train": "on", "station": "at"}.get(
                name, "in"
            )
            return f"{word} {the}", noun.form("loc")
        if prep in ("to", "from"):
            return f"{prep} {the}", noun.form("dat" if prep == "to" else "ins")
        word, kn = {
            "on": ("on", "ಮೇಲೆ"),
            "under": ("under", "ಕೆಳಗೆ"),
            "near": ("near", "ಹತ್ತಿರ"),
            "front": ("in front of", "ಮುಂದೆ"),
            "behind": ("behind", "ಹಿಂದೆ"),
        }[prep]
        return f"{word} the {name}", f"{gen} {kn}"

    def put_place(self, noun: Noun) -> tuple[str, str]:
        """A place where such a thing is kept."""
        places = next(v for k, v in KEPT.items() if ({noun.en} | noun.tags) & set(k.split()))
        return self.place(self.one_of(places.split()))

    @staticmethod
    def builds(subject: Subject | None) -> bool:
        """Whether the subject can build a house: no children, no grandmothers."""
        return not (subject and subject.noun) or subject.noun.en in BUILDERS

    @staticmethod
    def objects(verb: VerbEntry, subject: Subject | None) -> list[Noun]:
        """The objects of the verb that suit the subject."""
        unfit: set[str] = set()
        many = subject is None or subject.en in ("we", "who") or (subject.en_person == "p" and " and " not in subject.en)
        if verb.lemma == "build" and not many:
            unfit = PUBLIC
        elif verb.lemma == "wear" and subject and masculine(subject):
            unfit = WOMENS
        return [n for n in select(verb.objects) if n.en not in unfit]

    def event(
        self,
        subject: Subject | None = None,
        *,
        frames: tuple[str, ...] = (),
        tense: str = "",
        positive: bool = True,
        adj: float = 0.15,
        verbs: Sequence[str] = (),
    ) -> Event:
        """A sensible event for a tense ("" = with a modal or a command); frames and verbs narrow the choice of the verb."""
        past = tense in ("past", "perfect", "pastperfect")
        banned = set()
        if tense in ("cont", "pastcont"):
            banned |= {"nocont", "bad"}
        if not past and (positive or tense):
            banned.add("bad")
        if positive and not tense:
            banned.add("emo")
        if tense != "present":
            banned.add("feel")
        pool = [
            v
            for v in VERBS.values()
            if (not frames or v.frame in frames)
            and (not verbs or v.lemma in verbs)
            and (tense != "present" or "h" in v.flags)
            and not v.flags & banned
        ]
        who = subject.noun.en if subject and subject.noun else ""
        unfit = YOUNG_VERBS if who in ADULTS else ADULT_VERBS if who == "child" else set()
        if not self.builds(subject):
            unfit = unfit | {"build"}
        pool = [
            v
            for v in pool
            if v.lemma not in unfit
            and not (v.lemma == "stand" and positive and not past and "cont" not in tense)
            and not (v.kn.stative and tense in ("perfect", "pastperfect"))
        ] or pool
        verb = self.verb(pool)
        event = Event(verb)
        frame = verb.frame
        nouns = (
            [n for n in self.objects(verb, subject) if "n:" + n.en not in self.current and n.en not in self.not_kin(subject)]
            if frame not in ("intr", "goal")
            else []
        )
        if frame == "goal":
            places = [n.en for n in select(verb.objects) if n.en not in ("road", "bridge", "kitchen", "room")]
            event.place = self.place("to:" + self.rare(places, lambda p: "n:" + p))
        elif frame == "intr":
            if verb.lemma not in ("laugh", "cry", "sleep", "dance", "swim", "study", "fall", "work") or self.chance(0.65):
                spec = self.rare(list(verb.objects), lambda p: "n:" + p.rpartition(":")[2])
                event.place = self.place(spec)
                if verb.lemma == "work" and spec in ("school", "college"):
                    event.place = ("at the " + spec, event.place[1])
        elif frame in ("dat", "com", "ben") or verb.dets == "person" or verb.lemma == "love":
            noun = self.noun(nouns or [NOUNS["friend"]])
            if noun.human and self.chance(0.3):
                event.person = name_subject(self.rare(list(NAMES), lambda n: "p:" + n))
            elif noun.human:
                event.person = self.person_np(noun)
            elif frame == "ben":
                event.person = NP(noun, "the")
            else:
                event.obj = NP(noun, "own")
        else:
            habit = tense == "present"
            if habit and verb.lemma in ("buy", "sell", "bring", "keep", "wash"):
                daily = {"edible", "drink", "veg", "grocery", "fruit", "flower", "dish2", "cloth" if verb.lemma == "wash" else "fruit"}
                nouns = [n for n in nouns if n.tags & daily or n.en in ("newspaper", "flower", "car")]
                nouns = [n for n in nouns if n.en != "car" or verb.lemma == "wash"]
            nouns = nouns or self.objects(verb, subject)
            event.obj = self.np(self.noun(nouns), verb.dets, adj if positive else adj / 2, positive, habit)
            if event.obj.det == "own" and event.obj.noun.en in WOMENS and subject and masculine(subject):
                event.obj.det = "the"
            if event.obj.adj and event.obj.adj.en == "old" and verb.lemma in ("build", "write"):
                event.obj.adj = None
            if event.obj.det in ("num", "pl", "many") and verb.lemma == "build":
                event.obj = NP(event.obj.noun, "a", event.obj.adj)
            if verb.lemma in EXTRA and self.chance(0.3) and event.obj.noun.en not in UNCOUNTED:
                event.obj.adj = self.adjective(event.obj.noun, 0.9, EXTRA[verb.lemma])
                if (
                    event.obj.adj
                    and verb.lemma in ("wash", "clean")
                    and event.obj.adj.en not in EXTRA["wash"] + ("red", "white", "black", "blue")
                ):
                    event.obj.adj = None
            if frame == "ditr":
                event.person = self.recipient(subject)
                event.dative_first = self.chance(0.6)
            elif frame == "put":
                event.place = self.put_place(event.obj.noun)
        if subject is not None and isinstance(event.person, Subject) and event.person.en == subject.en:
            event.person = NP(self.named_noun("friend"), "own")
        return event

    def asked_one(self) -> Subject:
        """The third person that a question is about, with "your" before kin."""
        if self.chance(0.4):
            return noun_subject(NP(self.noun(tagged("kin")), "your"))
        subject = self.third()
        if subject.en.split()[0] in NUMBER_WORDS.values():
            subject.en = "the " + subject.en  # where did the three children go?
        return noun_subject(NP(self.noun(tagged("kin")), "your")) if subject.en.startswith(("my ", "our ")) else subject

    @staticmethod
    def not_kin(subject: Subject | None) -> set[str]:
        """Kin that the subject can hardly have: no son or daughter for a child, no parents' parents for the old."""
        who = subject.noun.en if subject and subject.noun else ""
        if who in CHILDREN or who in ("son", "daughter", "brother", "sister", "younger brother", "elder sister", "friend"):
            return {"son", "daughter"}
        return {"grandmother", "grandfather", "mother", "father", "uncle", "aunt", "teacher"} if who in ADULTS else set()

    def recipient(self, subject: Subject | None) -> NP | Subject:
        kind = self.weighted({"pronoun": 3, "name": 1.5, "kin": 2})
        if kind == "pronoun":
            options = ["I", "we", "he", "she", "they"]
            bad = {"I": ("I", "we"), "we": ("I", "we")}.get(subject.en if subject else "", (subject.en if subject else "",))
            return pronoun_subject(self.one_of([o for o in options if o not in bad]))
        if kind == "name":
            return name_subject(self.rare(list(NAMES), lambda n: "p:" + n))
        return NP(self.noun([n for n in tagged("kin") if "n:" + n.en not in self.current and n.en not in self.not_kin(subject)]), "own")
