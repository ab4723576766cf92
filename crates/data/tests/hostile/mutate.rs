//! Mutants of files: a function of seeds and a number, so that a mutant that breaks something can be made again.

/// Numbers that programs trip over.
const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "2147483647",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e308",
    "-1e999",
    "NaN",
    "inf",
    "0.1",
];
/// The same as bytes of binary formats, little endian.
const WORDS: [u64; 10] =
    [0, 1, 0xFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, i64::MAX as u64, 1 << 63, u64::MAX];
/// What is repeated to nest deeply.
const NESTS: [&str; 7] = ["[", "{\"a\":", "{", "a = [", "<seg>", "[[", "a."];
/// Strings that stand in the place of others.
const STRINGS: [&str; 12] = [
    "",
    "../x",
    "/etc/passwd",
    "a\\..\\b",
    "a\0b",
    "C:x",
    "\u{202E}\u{200D}ಕ್\u{FEFF}",
    "</s>",
    "<0x0A>",
    "\u{10FFFF}",
    "(a+)+$",
    "%s%n{}",
];
/// No mutant is longer.
const MAX_BYTES: usize = 1 << 20;

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `n`; 0 of nothing.
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A part of `len` bytes that is mostly short.
    fn part(&mut self, len: usize) -> std::ops::Range<usize> {
        let most = if self.below(4) == 0 { len } else { len.min(16) };
        let start = self.below(len + 1);
        start..(start + self.below(most + 1)).min(len)
    }
}

/// The mutant of a number.
pub(crate) fn mutant(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut random = Random(number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    let mut bytes = random.of(seeds).clone();
    // Half of them have one change only: more than a few are seldom accepted by anything.
    let more = random.below(2) * random.below(4);
    for _ in 0..=more {
        change(&mut bytes, seeds, &mut random);
        bytes.truncate(MAX_BYTES);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(bytes.len());
    let part = random.part(bytes.len());
    match random.below(14) {
        0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        2 if !bytes.is_empty() => bytes[at] = random.next() as u8,
        3 => drop(bytes.drain(part)),
        4 => {
            let new: Vec<u8> = (0..random.below(9)).map(|_| random.next() as u8).collect();
            bytes.splice(part.start..part.start, new).for_each(drop);
        }
        5 => {
            let again = bytes[part].to_vec();
            bytes.splice(at..at, again).for_each(drop);
        }
        6 => bytes.truncate(at),
        7 => {
            let other = random.of(seeds);
            let from = random.below(other.len() + 1);
            bytes.splice(at.., other[from..].iter().copied()).for_each(drop);
        }
        8 | 9 => replace_number(bytes, random),
        10 => {
            let text = *random.of(&["a", "ಕ", " ", "\"", "0", "\n", "\0"]);
            let times = if random.below(8) == 0 { 65_536 } else { random.below(2000) };
            bytes.splice(part, text.repeat(times).into_bytes()).for_each(drop);
        }
        11 => {
            let depth = *random.of(&[3, 65, 127, 128, 129, 1000, 20_000]);
            bytes.splice(at..at, random.of(&NESTS).repeat(depth).into_bytes()).for_each(drop);
        }
        12 => repeat_or_replace_string(bytes, random),
        _ => {
            let word = random.of(&WORDS).to_le_bytes();
            let width = *random.of(&[2, 4, 8]);
            let end = (at + width).min(bytes.len());
            bytes.splice(at..end, word[..width].iter().copied()).for_each(drop);
        }
    }
}

/// Puts another number in the place of one that stands there in digits.
fn replace_number(bytes: &mut Vec<u8>, random: &mut Random) {
    let starts: Vec<usize> = (0..bytes.len())
        .filter(|&i| bytes[i].is_ascii_digit() && (i == 0 || !bytes[i - 1].is_ascii_alphanumeric()))
        .collect();
    if starts.is_empty() {
        return;
    }
    let start = *random.of(&starts);
    let digits = bytes[start..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    bytes.splice(start..start + digits, random.of(&NUMBERS).bytes()).for_each(drop);
}

/// Repeats what stands between two separators, a key with its value often, or puts another text between two quotes.
fn repeat_or_replace_string(bytes: &mut Vec<u8>, random: &mut Random) {
    let cuts =
        |wanted: &[u8]| -> Vec<usize> { (0..bytes.len()).filter(|&i| wanted.contains(&bytes[i])).collect() };
    let (separators, quotes) = (cuts(b",\n;"), cuts(b"\"'"));
    if random.below(2) == 0 && separators.len() > 1 {
        let first = random.below(separators.len() - 1);
        let again = bytes[separators[first]..separators[first + 1]].to_vec();
        bytes.splice(separators[first]..separators[first], again).for_each(drop);
    } else if quotes.len() > 1 {
        let first = random.below(quotes.len() - 1);
        let new = random.of(&STRINGS).bytes();
        bytes.splice(quotes[first] + 1..quotes[first + 1], new).for_each(drop);
    }
}
