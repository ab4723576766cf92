"""Relative clauses, purpose, reported speech, and actions, objects or subjects joined by and or but.

Rules followed
- Relative clauses stand before the noun: -ಇದ/-ದ (past), -ಉತ್ತಿರುವ (continuous), -ಇರುವ for states.
- Purpose is the infinitive in -ಲು before the verb of motion; successive actions of one subject take the participle in -ಇ/-ದು.
- Reported speech comes first and ends in ಎಂದು.
"""

from __future__ import annotations

from dataclasses import replace

import morphology as m
from clauses import KN_TENSE, Pair, en_clause, finish, join, kn_clause, short
from constructions_adj import adjective_clause
from constructions_complex import act_there, going, pron, resumable
from constructions_modal import MODAL_FRAMES
from constructions_place import is_are
from constructions_simple import some_time, tense_times
from lexicon import ADJECTIVES, NAMES, NOUNS, VERBS, select, tagged
from phrases import NP, Event, Subject, name_subject, noun_subject, overlap, pronoun_subject
from sampler import CHILDREN, Sampler


def relative_object(s: Sampler) -> Pair:
    """The book that I read yesterday is good."""
    subject = s.human()
    verb = s.verb(
        [
            VERBS[v]
            for v in tuple(
                "read, buy, write, bring, see, make, sell, cook, wash, take, wear, eat, give, build, send, carry, clean".split(", ")
            )
            if v != "build" or s.builds(subject)
        ]
    )
    noun = s.noun([n for n in s.objects(verb, subject) if any(n.en in a.fits or n.tags & set(a.fits) for a in ADJECTIVES.values())])
    fits = [a for a in ADJECTIVES.values() if (noun.en in a.fits or noun.tags & set(a.fits))]
    if verb.lemma in ("write", "make", "cook", "build"):
        fits = [a for a in fits if a.en not in ("old", "new", "expensive", "cheap", "fresh", "dirty", "wet")] or fits
    adj = s.rare(fits, lambda a: "a:" + a.en)
    thing = NP(noun, "the", None, noun.plural_only or (not noun.mass and noun.en != noun.en_pl and s.chance(0.3)))
    event = Event(verb, thing)
    if verb.frame == "ditr":
        event.person = s.recipient(subject)
    time, kn_time = some_time(s, tense_times(s, event, "past"), 0.5)
    who_en = "to " + event.person_en(subject) if verb.frame == "ditr" else ""
    who_kn = event.person_kn("dat", subject) if verb.frame == "ditr" else ""
    past = s.chance(0.4) or verb.lemma == "eat"
    positive = s.chance(0.8)
    en = join(thing.english(), "that", subject.en, verb.en[2], who_en, time, is_are(thing, past), "" if positive else "not", adj.en)
    return finish(
        en,
        join(
            subject.kn("nom"),
            kn_time,
            who_kn,
            m.form(verb.kn, "pastrel"),
            adjective_clause(thing, adj, "past" if past else "present", positive),
        ),
    )


def relative_subject(s: Sampler) -> Pair:
    """The boy who is sitting under the tree is my brother; I know the man who bought your car."""
    noun = s.noun([n for n in tagged("role") if n.gender in "mf" and "nopl" not in n.tags])
    cont = s.chance(0.5)
    thing = NP(noun, "the")
    subject = noun_subject(thing)
    event = s.event(subject, frames=("intr", "tr", "goal"), tense="cont" if cont else "past")
    kn_form = (
        (m.form(event.verb.kn, "perfrel") if event.verb.kn.stative else event.verb.kn.prefix + event.verb.kn.base + "ುತ್ತಿರುವ")
        if cont
        else m.form(event.verb.kn, "pastrel")
    )
    en = join("the", noun.en, "who", join("is", event.verb.en[4]) if cont else event.verb.en[2], event.en_tail(subject))
    kn = join(event.kn_head(subject), kn_form, noun.form("nom"))
    if s.chance(0.6):
        kin = {"m": ["brother", "younger brother", "son", "friend", "uncle"], "f": ["sister", "elder sister", "daughter", "aunt"]}[
            noun.gender
        ]
        who_is = NOUNS[s.one_of([k for k in kin if noun.en not in CHILDREN or k not in ("uncle", "aunt")])]
        s.current.append("n:" + who_is.en)
        poss, kn_poss = s.one_of(
            [("my", "ನನ್ನ"), ("our", "ನಮ್ಮ"), ("Ravi's", "ರವಿಯ"), ("Meena's", "ಮೀನಾಳ"), ("her", "ಅವಳ"), ("his", "ಅವನ")]
        )
        return finish(join(en, "is", poss, who_is.en), join(kn, kn_poss, who_is.kn))
    name = s.rare([n for n in NAMES if NAMES[n][2] == noun.gender], lambda n: "p:" + n)
    return finish(join(en, "is", name), join(kn, NAMES[name][0]))


def purpose(s: Sampler) -> Pair:
    """She went to the market to buy vegetables."""
    subject = s.human()
    go, acts = going(s)
    event = act_there(s, subject, acts)
    tense = s.one_of(["past", "past", "future", "cont"])
    time, kn_time = some_time(s, tense_times(s, go, tense), 0.35)
    return finish(
        en_clause(subject, go, tense, time=join("to", event.verb.en[0], event.en_tail(subject), time)),
        join(
            subject.kn("nom"),
            kn_time,
            event.kn_head(subject),
            m.form(event.verb.kn, "inf"),
            go.place[1] if go.place else "",
            m.finite(go.verb.kn, KN_TENSE[tense], subject.person),
        ),
    )


def two_actions(s: Sampler) -> Pair:
    """He came home and ate rice (ಬಂದು … ತಿಂದನು)."""
    subject, tense = s.human(), s.one_of(["past", "past", "future"])
    if s.chance(0.7):
        first, acts = going(s)
        second = act_there(s, subject, acts, tense)
    else:
        first = s.event(subject, tense=tense, verbs=("finish", "do", "sit", "wash", "clean", "cook"))
        after_it = ("eat", "drink", "read", "sleep", "write", "call", "play", "sing", "go")
        second = s.event(subject, tense=tense, verbs=after_it if first.verb.lemma != "sit" else ("read", "write", "eat", "drink", "sing"))
    lead, form = ("will ", 0) if tense == "future" else ("", 2)
    return finish(
        join(subject.en, lead + first.verb.en[form], first.en_tail(subject), "and", second.verb.en[form], second.en_tail(subject)),
        join(
            subject.kn("nom"),
            first.kn_head(subject, True),
            m.form(first.verb.kn, "part"),
            second.kn_head(subject, True),
            m.finite(second.verb.kn, KN_TENSE[tense], subject.person),
        ),
    )


def but_other(s: Sampler) -> Pair:
    """Ravi went to school, but Meena did not."""
    one, two = s.human(), s.human()
    while overlap(one, two) or two.en in ("he", "she", "they"):
        two = s.human()
    tense = s.one_of(["past", "future", "present"])
    event = s.event(one, frames=("tr", "tr", "goal", "intr", "dat"), tense=tense)
    time, kn_time = some_time(s, tense_times(s, event, tense), 0.0 if "feel" in event.verb.flags else 0.3)
    short_no = {"past": "did not", "future": "will not", "present": "does not" if two.en_person == "3s" else "do not"}[tense]
    return finish(
        join(en_clause(one, event, tense, time=time) + ",", "but", two.en, short_no),
        join(
            kn_clause(one, event, tense, time=kn_time) + ",",
            "ಆದರೆ",
            two.kn("nom"),
            m.finite(event.verb.kn, KN_TENSE[tense], two.person, False),
        ),
    )


def but_clause(s: Sampler) -> Pair:
    """Suresh eats bread, but he does not eat rice."""
    subject = resumable(s, you=False)
    tense = s.one_of(["past", "future", "present"])
    verb = s.one_of(
        [
            "eat",
            "drink",
            "buy",
            "sell",
            "cook",
            "wash",
            "read",
            "write",
            "bring",
            "clean",
            "learn",
            "go",
            "see",
            "catch",
            "sing",
            "make",
        ]
    )
    event = s.event(subject, tense=tense if tense != "present" or "h" in VERBS[verb].flags else "past", verbs=(verb,))
    tense = tense if tense != "present" or "h" in VERBS[verb].flags else "past"
    other = s.event(subject, tense=tense, positive=False, verbs=(verb,))
    while event.en_tail(subject) == other.en_tail(subject) or (event.obj and other.obj and event.obj.noun.en == other.obj.noun.en):
        s.current.clear()
        verb = "eat" if len(VERBS[verb].objects) < 3 else verb
        event, other = s.event(subject, tense=tense, verbs=(verb,)), s.event(subject, tense=tense, positive=False, verbs=(verb,))
    again = pron(subject)
    return finish(
        join(en_clause(subject, event, tense) + ",", "but", en_clause(again, other, tense, False, short=short(s))),
        join(kn_clause(subject, event, tense) + ",", "ಆದರೆ", kn_clause(again, other, tense, False, show_subject=False)),
    )


def said(s: Sampler) -> Pair:
    """My mother said that Ravi had gone to school; I know that you like tea."""
    speaker, other = s.human(), s.third()
    if other.en in ("he", "she") and speaker.person == "3h" and speaker.pron_en in ("he", "she"):
        other = pronoun_subject("she" if speaker.pron_en == "he" else "he")  # my aunt said that he …
    while overlap(speaker, other) or {speaker.person, other.person} in ({"3m"}, {"3f"}, {"3h"}):
        speaker, other = s.human(), s.third()
    will = s.chance(0.5)
    event = s.event(other, frames=MODAL_FRAMES, tense="future" if will else "perfect")
    inner = join(other.en, "would" if will else "had", event.verb.en[0 if will else 3], event.en_tail(other))
    told = s.chance(0.4)
    listener = s.recipient(speaker) if told else None
    while listener and overlap(noun_subject(NP(listener.noun, "my")) if isinstance(listener, NP) else listener, other):
        listener = s.recipient(speaker)
    en_l = (listener.english(speaker) if isinstance(listener, NP) else listener.obj_en) if listener else ""
    kn_l = (listener.kannada("dat", speaker) if isinstance(listener, NP) else listener.kn("dat")) if listener else ""
    s.current.append("v:tell")
    return finish(
        join(speaker.en, "told" if told else "said", en_l, "that", inner),
        join(
            kn_clause(other, event, "future" if will else "perfect"),
            "ಎಂದು",
            speaker.kn("nom"),
            kn_l,
            m.finite(m.make_verb("ಹೇಳು"), "past", speaker.person),
        ),
    )


def plain(subject: Subject) -> Subject:
    """The subject with ಅವನ, ಅವಳ, ಅವರ for its own things, because ತನ್ನ would point to the speaker."""
    refl = {"his": "ಅವನ", "her": "ಅವಳ", "their": "ಅವರ"}.get(subject.poss, subject.refl)
    return replace(subject, refl="ಅವರ" if subject.person == "3h" else refl)


def told_to(s: Sampler) -> Pair:
    """The teacher told us to read the book."""
    speaker, listener = s.human(you=False), s.recipient(None)
    if isinstance(listener, NP):
        listener = noun_subject(NP(listener.noun, "my"))
    while overlap(listener, speaker):
        listener = pronoun_subject(s.one_of(["I", "we", "he", "she", "they"]))
    event = s.event(
        listener,
        frames=("tr", "tr", "put", "com", "ben", "goal", "intr"),
        verbs=tuple(v for v in VERBS if v not in ("love", "see", "live", "win", "grow", "hear")),
    )
    if isinstance(event.person, Subject) and event.person.en in (speaker.en, listener.en, "I", "we"):
        event.person = NP(s.named_noun("friend"), "own")
    s.current.append("v:tell")
    return finish(
        join(speaker.en, "told", listener.obj_en, "to", event.verb.en[0], event.en_tail(listener)),
        join(
            speaker.kn("nom"),
            listener.kn("dat"),
            event.kn_head(plain(listener)),
            m.form(event.verb.kn, "inf"),
            m.finite(m.make_verb("ಹೇಳು"), "past", speaker.person),
        ),
    )


TOGETHER = {"fruit", "veg", "grocery", "dish", "drink", "cloth", "dish2", "edible"}


def two_objects(s: Sampler) -> Pair:
    """We bought rice and vegetables."""
    subject, tense = s.human(), s.one_of(["past", "future", "cont"])
    verb = s.verb([VERBS[v] for v in ("buy", "eat", "sell", "bring", "wash", "drink", "cut", "cook")])
    pool = [n for n in select(verb.objects) if n.tags & TOGETHER and n.en != "vegetables"]
    first = s.noun(pool)
    seconds = [n for n in pool if n.en != first.en and n.tags & first.tags & TOGETHER] or [n for n in pool if n.en != first.en]
    second = s.noun(seconds)
    first, second = sorted((first, second), key=lambda n: not (n.mass or n.kn_pl == "="))  # the bare word first
    a, b = (NP(n, "pl" if not (n.mass or n.plural_only) else "bare", None, not n.mass) for n in (first, second))
    time, kn_time = some_time(s, tense_times(s, Event(verb, a), tense), 0.45)
    tail = join(a.english(), "and", b.english())
    kn = join(
        subject.kn("nom"),
        kn_time,
        a.kn_object(),
        "ಮತ್ತು",
        b.kn_object(),
        m.finite(verb.kn, KN_TENSE[tense], subject.person),
    )
    en = en_clause(subject, Event(verb), tense, time=join(tail, time))
    return finish(en, kn)


def two_subjects(s: Sampler) -> Pair:
    """Ravi and Meena are playing in the garden."""
    one = name_subject(s.rare(list(NAMES), lambda n: "p:" + n)) if s.chance(0.6) else noun_subject(NP(s.noun(tagged("kin")), "my"))
    two = name_subject(s.rare(list(NAMES), lambda n: "p:" + n))
    while one.en == two.en:
        two = name_subject(s.one_of(list(NAMES)))
    both = Subject(
        one.en + " and " + two.en,
        lambda case: one.kn("nom") + " ಮತ್ತು " + two.kn(case),
        "p",
        "3h",
        "their",
        "ತಮ್ಮ",
        "they",
        "they",
        noun=one.noun,
    )
    tense, positive = s.one_of(["past", "cont", "future", "present"]), s.chance(0.8)
    event = s.event(both, frames=("intr", "goal", "tr", "com"), tense=tense, positive=positive)
    time, kn_time = some_time(s, tense_times(s, event, tense), 0 if "feel" in event.verb.flags else 0.4)
    return finish(en_clause(both, event, tense, positive, time), kn_clause(both, event, tense, positive, kn_time))


JOINED = [relative_object, relative_subject, purpose, two_actions, but_clause, but_other, said, told_to, two_objects, two_subjects]
