"""Writes the fixture of the metrics' tests: small corpora and what sacreBLEU 2.6.0 scores them.

    pip install sacrebleu==2.6.0
    python scripts/golden/sacrebleu_fixture.py

All text is made here, from the word lists below and a seeded generator; none is quoted.
`random_corpus` and `sacrebleu_scores` also serve scripts/compare_sacrebleu.py.
"""

import json
import pathlib
import random

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF, TER

SEED = 20260
SACREBLEU_VERSION = "2.6.0"
N_CORPORA = 76
TELLING_SEEDS = [170, 349, 996, 1427, 2677, 3419, 3699, 4404, 4890, 6607, 7215, 9076]
MAX_BYTES = 100_000
FIXTURE = pathlib.Path(__file__).parents[2] / "crates/train/src/metrics/fixtures/sacrebleu.json"

ENGLISH = "the a of in river house cat Teacher walked wrote Quickly blue seven mother's don't well-known rain".split()
KANNADA = "ಮನೆ ಬೆಕ್ಕು ನದಿ ಶಾಲೆಗೆ ಅವನು ಅವಳು ಬಂದನು ಹೋದಳು ಪುಸ್ತಕವನ್ನು ಮತ್ತು ಇಂದು ನಾಳೆ ಮಳೆ ಕೃಷಿ ಅರ್\u200dಥ ಜ್ಞಾನ".split()
NUMBERS = "1,000.50 3-4 1.5 -7 2024-05-01 50% ೧೨೩ ೩.೫ .5 5. 1,2,3 12:30 $9.99 ١٢ 3.a a.3 ½".split()
MARKS = '. , ! ? ; : - -- ... " \' ( ) [ ] { } / \\ | ~ ^ ` @ # & * + = < > _ । ॥ “ ” ‘ ’ – — …'.split()
GLUED = 'U.S. (yes) "no" \'tis e.g., (a)b) well... a/b x_y wait!? ,x, .. ಹೌದು. "ಮನೆ" “ನದಿ” ಮಳೆ, ಬಂದನು! R&D a.,b'.split()
ENTITIES = "&quot; &amp; &lt; &gt; &amp;lt; &amp;amp;quot; &apos; &copy; &quot;hi&quot; R&amp;D <skipped> <b>x</b>".split()
EMOJI = "😀 👩‍👩‍👧 🇮🇳 👍🏽 ❤️ 😀! (🎉) ☔ é e\u0301 \ufeffx 𝒳 \u200b".split()
CASED = "ΟΔΟΣ ΣΑΣ. ΌΣΟΣ' İstanbul STRASSE Straße ẞ Éa ǅ ЖУК Ⅷ Ω K ﬁ THE The the".split()
SCRIPTS = "नदी घर। 東京 日本語。 ありがとう 한국어 مرحبا، שלום ไทย தமிழ் తెలుగు Москва ’ ʼn".split()
SPACES = [" "] * 30 + ["  ", "\t", "\u00a0", "\u3000", "\u2009", "\u0085", "\u001c", "\u001f", "\u2028", "\u000b"]
POOLS = [ENGLISH, KANNADA, NUMBERS, MARKS, GLUED, ENTITIES, EMOJI, CASED, SCRIPTS]


def kannada_word(rng):
    """One to four syllables: a consonant, perhaps a conjunct, perhaps a vowel sign."""
    word = ""
    for _ in range(rng.randint(1, 4)):
        word += chr(rng.randint(0xC95, 0xCA8))
        if rng.random() < 0.3:
            word += "\u0ccd" + rng.choice(["", "\u200c", "\u200d"]) + chr(rng.randint(0xC95, 0xCA8))
        if rng.random() < 0.6:
            word += rng.choice("ಾಿೀುೂೃೆೇೈೊೋೌಂ")
    return word


def vocabulary(rng):
    """The words that one corpus draws from: a few words, one pool, a mixture, or new Kannada words."""
    kind = rng.choice(["few", "pool", "pool", "mixture", "mixture", "new"])
    if kind == "few":
        return rng.sample(sum(POOLS, []), rng.randint(1, 6))
    if kind == "pool":
        return rng.choice(POOLS)
    if kind == "mixture":
        return sum(rng.sample(POOLS, rng.randint(2, 5)), [])
    return [kannada_word(rng) for _ in range(rng.randint(3, 40))]


def join(rng, words):
    """The words as a line: usually with single spaces, sometimes glued or with unusual white space."""
    if rng.random() < 0.7:
        return " ".join(words)
    line = "".join(w + rng.choice(SPACES) * (rng.random() < 0.9) for w in words)
    return rng.choice(["", " ", "\u3000", "\u001c"]) * (rng.random() < 0.2) + line


def distort(rng, words, vocab):
    """A hypothesis for the reference `words`: spans moved, words dropped, added and replaced."""
    words = list(words)
    for _ in range(rng.randint(0, 3)):
        if len(words) < 2:
            break
        start = rng.randrange(len(words))
        end = min(len(words), start + rng.randint(1, 12))
        span, rest = words[start:end], words[:start] + words[end:]
        target = rng.randint(0, len(rest))
        words = rest[:target] + span + rest[target:]
    noise = rng.choice([0.0, 0.05, 0.2, 0.5])
    result = []
    for word in words:
        if rng.random() >= noise:
            result.append(word)
            continue
        change = rng.choice(["drop", "add", "replace", "case", "repeat"])
        result += {
            "drop": [],
            "add": [word, rng.choice(vocab)],
            "replace": [rng.choice(vocab)],
            "case": [word.swapcase()],
            "repeat": [word, word],
        }[change]
    return result


def shift_line(seed):
    """(hypothesis, reference) of few different words, so that TER has many shifts to choose from."""
    rng = random.Random(seed)
    n_words = rng.choice([2, 3, 5, 10, 40])
    length = rng.choice([8, 12, 20, 30, 40, 60, 75])
    ref_length = rng.choice([length, length, length // 2, length + length // 3])
    words = [f"w{i}" for i in range(n_words)]
    reference = rng.choices(words, k=ref_length)
    if rng.random() < 0.5:
        return " ".join(rng.choices(words, k=length)), " ".join(reference)
    cut = rng.randrange(ref_length)
    hypothesis = reference[cut:] + reference[:cut]
    for _ in range(rng.randint(0, 6)):
        start = rng.randrange(len(hypothesis))
        hypothesis[start : start + rng.randint(0, 2)] = rng.choices(words, k=rng.randint(0, 2))
        hypothesis = hypothesis or ["w0"]
    return " ".join(hypothesis), " ".join(reference)


def random_corpus(rng):
    """(hypotheses, references) of one to six lines. A few have many shifts or long lines, at TER's limits."""
    if rng.random() < 0.04:
        pairs = [shift_line(rng.getrandbits(32)) for _ in range(rng.randint(1, 3))]
        return [hypothesis for hypothesis, _ in pairs], [reference for _, reference in pairs]
    vocab = vocabulary(rng)
    long = rng.random() < 0.02
    n_lines = rng.randint(1, 2) if long else rng.randint(1, 6)
    empty = rng.choice([0.0, 0.0, 0.1, 0.5])
    hypotheses, references = [], []
    for _ in range(n_lines):
        length = rng.randint(50, 90) if long else rng.choice([1, 2, 3, 5, 8, 13, 20, 30])
        reference = [rng.choice(vocab) for _ in range(length)]
        source = rng.choice(["distort", "distort", "distort", "random", "shuffle", "same"])
        if source == "distort":
            hypothesis = distort(rng, reference, vocab)
        elif source == "random":
            hypothesis = [rng.choice(vocab) for _ in range(rng.randint(1, 2 * length))]
        elif source == "shuffle":
            hypothesis = rng.sample(reference, len(reference))
        else:
            hypothesis = reference
        hypotheses.append("" if rng.random() < empty else join(rng, hypothesis))
        references.append("" if rng.random() < empty / 2 else join(rng, reference))
    return hypotheses, references


def sacrebleu_scores(hypotheses, references):
    """sacreBLEU's unrounded corpus scores and the counts behind them."""
    assert sacrebleu.__version__ == SACREBLEU_VERSION, sacrebleu.__version__
    bleu = BLEU(force=True).corpus_score(hypotheses, [references])
    ter = TER().corpus_score(hypotheses, [references])
    return {
        "bleu": float(bleu.score),
        "precisions": [float(p) for p in bleu.precisions],
        "brevity_penalty": float(bleu.bp),
        "sys_len": bleu.sys_len,
        "ref_len": bleu.ref_len,
        "counts": bleu.counts,
        "totals": bleu.totals,
        "chrf": float(CHRF().corpus_score(hypotheses, [references]).score),
        "chrf++": float(CHRF(word_order=2).corpus_score(hypotheses, [references]).score),
        "ter": float(ter.score),
        "num_edits": ter.num_edits,
    }


def written_corpora():
    """The cases that must be there whatever the seed: name, hypotheses, references."""
    everything = [" ".join(pool) for pool in POOLS]
    reversed_words = [" ".join(reversed(pool)) for pool in POOLS]
    kn, en = " ".join(KANNADA), " ".join(ENGLISH)
    alphabet = [f"w{i}" for i in range(130)]
    yield "identical", everything, everything
    yield "reversed", reversed_words, everything
    yield "disjoint", [en, en], [kn, kn]
    yield "all empty", ["", "", ""], ["", "", ""]
    yield "empty hypotheses", ["", ""], [kn, en]
    yield "empty references", [kn, en], ["", ""]
    yield "some empty", ["", kn, en, ""], [kn, "", en, ""]
    yield "only white space", [" ", "\t\u3000", "\u001c"], ["\u00a0", kn, " "]
    yield "one token equal", ["ಮನೆ"], ["ಮನೆ"]
    yield "one token other", ["ಮನೆ"], ["ನದಿ"]
    yield "one token lines", ["ಮನೆ", "a", ".", "5"], ["ಮನೆ", "b", ".", "5."]
    yield "three tokens", ["a b c"], ["a b c"]
    yield "no match", ["a b c d e"], ["v w x y z"]
    yield "unigrams only", ["e d c b a x"], ["a b c d e f"]
    yield "single characters", ["a b c ಕ ಖ ಗ"], ["a b c ಕ ಗ ಖ"]
    yield "short hypothesis", ["ಮನೆ ನದಿ"], [kn]
    yield "long hypothesis", [kn + " " + kn], [KANNADA[0]]
    yield "numbers", ["1,000.50 3-4 7-", "It is 5.", "1.5.2"], ["1000.50 3 - 4 7 -", "It is 5 .", "1.5 . 2"]
    yield "abbreviations", ["The U.S. and the U.K.,"], ["the U.S and the U. K. ,"]
    yield "digits outside ASCII", ["೩.5 5.೩ ೩-4 4-೩"], ["೩ .5 5. ೩ ೩ -4 4 - ೩"]
    yield "quotes", ['"Yes," he said.', "“ಹೌದು”"], ["'Yes', he said.", '"ಹೌದು"']
    yield "entities", ["&quot;a&quot; &amp;lt; b &gt; c"], ['"a" < b > c']
    yield "markup", ["<skipped>a b c<b>d</b>"], ["a b c <b> d </b>"]
    yield "line breaks inside", ["hyphen-\nated line\nhere\r now-\n"], ["hyphenated line here now-"]
    yield "word marks", ["(hi) ((hi)) .. a. .a ಹೌದು! \"ಮನೆ\""], ["hi (hi) . a .a. ಹೌದು \"ಮನೆ"]
    yield "emoji", [" ".join(EMOJI)], [" ".join(EMOJI[::2])]
    yield "lower-casing", [" ".join(CASED).lower(), "ΟΔΟΣ ΣΑΣ"], [" ".join(CASED), "οδος σας"]
    yield "blocks swapped", [en + " " + kn], [kn + " " + en]
    yield "shift of 12 words", [" ".join(alphabet[12:24] + alphabet[:12])], [" ".join(alphabet[:24])]
    yield "far from the diagonal", [" ".join(alphabet[65:] + alphabet[:65])], [" ".join(alphabet)]
    yield "reference 60 times as long", ["w70 w3"], [" ".join(alphabet)]
    yield "hypothesis 60 times as long", [" ".join(alphabet)], ["w70 w3"]
    two_words = [" ".join(random.Random(seed).choices("ab", k=40)) for seed in range(24)]
    yield "1,000 shifts tried", two_words[:12], two_words[12:]
    # Each line gives another number if one limit, tie or comparison in TER is off by one.
    for seed in TELLING_SEEDS:
        hypothesis, reference = shift_line(seed)
        yield f"shifts {seed}", [hypothesis], [reference]
    yield "shift of 10 words", [" ".join(alphabet[30:40] + alphabet[:30])], [" ".join(alphabet[:40])]
    yield "shift of 11 words", [" ".join(alphabet[30:41] + alphabet[:30])], [" ".join(alphabet[:41])]
    yield "shift over 50", [" ".join(alphabet[50:51] + alphabet[:50])], [" ".join(alphabet[:51])]
    yield "shift over 51", [" ".join(alphabet[51:52] + alphabet[:51])], [" ".join(alphabet[:52])]
    yield "repetition", ["the the the the the the the"], ["the cat is on the mat"]


def main():
    rng = random.Random(SEED)
    corpora = [{"name": n, "hypotheses": h, "references": r} for n, h, r in written_corpora()]
    while len(corpora) < N_CORPORA:
        hypotheses, references = random_corpus(rng)
        corpora.append({"name": f"random {len(corpora)}", "hypotheses": hypotheses, "references": references})
    for corpus in corpora:
        lines = list(zip(corpus["hypotheses"], corpus["references"]))
        chrf = CHRF(word_order=2)
        corpus.update(sacrebleu_scores(corpus["hypotheses"], corpus["references"]))
        corpus["sentence_chrf"] = [float(chrf.sentence_score(h, [r]).score) for h, r in lines]
    text = ",\n".join(json.dumps(corpus, ensure_ascii=False) for corpus in corpora)
    text = f'{{"sacrebleu": "{SACREBLEU_VERSION}", "seed": {SEED}, "corpora": [\n{text}\n]}}\n'
    assert len(text.encode()) <= MAX_BYTES, f"{len(text.encode())} bytes"
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(corpora)} corpora, {len(text.encode())} bytes: {FIXTURE.name}")


if __name__ == "__main__":
    main()
