//! The recipes that have names: what is publicly known of each, and no more.
//!
//! A checksum stands here only if it could be checked: that of FLORES-200 is published by several
//! parties independently; those of NTREX-128 were computed from the files of the commit in their
//! address. All others are recorded in `data.lock` at the first download. Sizes and numbers of pairs of
//! OPUS sets are those of its index for English–Kannada of August 2026.

use super::error::GetError;
use super::languages::{Languages, flores};
use super::recipe::{Layout, Many, Purpose, Recipe, Source};

/// The names that need no version.
pub const NAMES: [&str; 8] =
    ["samanantar", "bpcc", "tatoeba", "flores200", "flores200-dev", "in22-gen", "in22-conv", "ntrex"];

/// What is known of a set of OPUS: corpus, version, licence, and pairs and bytes for English–Kannada.
struct Opus(&'static str, &'static str, &'static str, u64, u64);

const NOT_STATED: &str = "not stated by OPUS; read the archive's README and the publisher's page before use";

const OPUS: [Opus; 15] = [
    Opus("Samanantar", "v0.2", "CC0 1.0", 4_093_525, 251_000_000),
    Opus("NLLB", "v1", "ODC-By 1.0", 34_347_151, 2_176_000_000),
    Opus("Anuvaad", "v1", "CC BY 4.0", 1_352_029, 150_000_000),
    Opus("wikimedia", "v20260327", "CC BY-SA 4.0", 86_511, 19_000_000),
    Opus("bible-uedin", "v1", "CC0 1.0", 61_707, 6_000_000),
    Opus("pmindia", "v1", "CC BY-SA 4.0", 35_232, 2_000_000),
    Opus("translatewiki", "v2025-01-01", "CC BY 3.0", 11_091, 200_000),
    Opus("Tatoeba", "v2023-04-12", "CC BY 2.0 FR", 232, 14_000),
    Opus("HPLT", "v2", "CC0 1.0 for the packaging", 720_157, 0),
    Opus("CCAligned", "v1", NOT_STATED, 163_922, 0),
    Opus("XLEnt", "v1.2", NOT_STATED, 0, 0),
    Opus("QED", "v2.0a", NOT_STATED, 0, 0),
    Opus("TED2020", "v1", NOT_STATED, 0, 0),
    Opus("KDE4", "v2", NOT_STATED, 0, 0),
    Opus("GNOME", "v1", NOT_STATED, 0, 0),
];

/// The recipe of a name for a pair of languages.
///
/// # Errors
///
/// An unknown name; a language that the source is not known to have.
pub fn recipe(name: &str, languages: &Languages) -> Result<Recipe, GetError> {
    match name {
        "samanantar" => Ok(opus(name, "Samanantar", "v0.2", languages)),
        "tatoeba" => Ok(opus(name, "Tatoeba", "v2023-04-12", languages)),
        "bpcc" => bpcc(languages),
        "flores200" => flores200(name, "devtest", "test", languages),
        "flores200-dev" => flores200(name, "dev", "dev", languages),
        "in22-gen" => in22(name, "gen", 1024, languages),
        "in22-conv" => in22(name, "conv", 1503, languages),
        "ntrex" => ntrex(languages),
        _ => match name.split(':').collect::<Vec<_>>()[..] {
            ["opus", corpus, version] if is_path_part(corpus) && is_path_part(version) => {
                Ok(opus(name, corpus, version, languages))
            }
            _ => Err(GetError::UnknownRecipe { name: name.to_owned(), known: NAMES.join(", ") }),
        },
    }
}

/// Every recipe that is known to exist for English–Kannada, and the named ones for other languages.
pub fn recipes(languages: &Languages) -> Vec<Recipe> {
    let known = OPUS.iter().map(|set| format!("opus:{}:{}", set.0, set.1));
    let names = NAMES.iter().map(ToString::to_string).chain(known);
    names.filter_map(|name| recipe(&name, languages).ok()).collect()
}

fn is_path_part(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.len() <= 64 && !text.starts_with('.') && text.chars().all(plain)
}

fn unknown_hash(url: String) -> Source {
    Source { url, or_url: None, bytes: None, sha256: None }
}

fn opus(name: &str, corpus: &str, version: &str, languages: &Languages) -> Recipe {
    let [a, b] = languages.codes();
    let set = OPUS.iter().find(|set| set.0 == corpus && set.1 == version);
    let counted = set.filter(|_| [a, b] == ["en", "kn"]);
    let licence = OPUS.iter().find(|set| set.0 == corpus).map_or(NOT_STATED, |set| set.2);
    // Most archives have the codes in the order of the alphabet, but not all (Samanantar: en-as).
    let url = |a, b| format!("https://object.pouta.csc.fi/OPUS-{corpus}/{version}/moses/{a}-{b}.txt.zip");
    let purpose = if corpus == "Tatoeba" { Purpose::Benchmark } else { Purpose::Training };
    Recipe {
        name: name.to_owned(),
        languages: languages.clone(),
        purpose,
        part: if purpose == Purpose::Training { "train" } else { "test" },
        licence: licence.to_owned(),
        about: format!(
            "{corpus} {version} as OPUS packs it (Moses zip); sha256 unknown: recorded at the first download"
        ),
        pairs: counted.map(|set| set.3).filter(|&pairs| pairs > 0),
        rough_bytes: counted.map(|set| set.4).filter(|&bytes| bytes > 0),
        gated: false,
        sources: vec![Source { or_url: Some(url(b, a)), ..unknown_hash(url(a, b)) }],
        layout: Layout::Archive { suffixes: [format!(".{a}"), format!(".{b}")], many: Many::Refuse },
    }
}

/// The codes of FLORES-200 for both languages.
fn flores_codes<'a>(name: &str, languages: &'a Languages) -> Result<[&'a str; 2], GetError> {
    let code = |language: &'a str| {
        let missing = || GetError::NoSuchLanguage { name: name.to_owned(), language: language.to_owned() };
        flores(language).ok_or_else(missing)
    };
    let [a, b] = languages.codes();
    Ok([code(a)?, code(b)?])
}

fn flores200(name: &str, split: &str, part: &'static str, languages: &Languages) -> Result<Recipe, GetError> {
    let suffixes = flores_codes(name, languages)?.map(|code| format!("/{split}/{code}.{split}"));
    Ok(Recipe {
        name: name.to_owned(),
        languages: languages.clone(),
        purpose: Purpose::Benchmark,
        part,
        licence: "CC BY-SA 4.0".to_owned(),
        about: format!(
            "FLORES-200 {split}: Wikinews, Wikibooks, Wikivoyage; length and sha256 published by several parties"
        ),
        pairs: Some(if split == "dev" { 997 } else { 1012 }),
        rough_bytes: Some(25_585_843),
        gated: false,
        sources: vec![Source {
            url: "https://dl.fbaipublicfiles.com/nllb/flores200_dataset.tar.gz".to_owned(),
            or_url: None,
            bytes: Some(25_585_843),
            sha256: Some("b8b0b76783024b85797e5cc75064eb83fc5288b41e9654dabc7be6ae944011f6".to_owned()),
        }],
        layout: Layout::Archive { suffixes, many: Many::Refuse },
    })
}

/// Where the publisher of BPCC and IN22 keeps them; the set is gated.
const BPCC_FILES: &str = "https://huggingface.co/datasets/ai4bharat/BPCC/resolve/main/additional";

fn in22(name: &str, split: &str, pairs: u64, languages: &Languages) -> Result<Recipe, GetError> {
    let suffixes = flores_codes(name, languages)?.map(|code| format!("/{split}/test.{code}"));
    Ok(Recipe {
        name: name.to_owned(),
        languages: languages.clone(),
        purpose: Purpose::Benchmark,
        part: "test",
        licence: "CC BY 4.0".to_owned(),
        about: "IN22 (AI4Bharat); gated; size and sha256 unknown: recorded at the first download; \
                the names inside the archive were not checked"
            .to_owned(),
        pairs: Some(pairs),
        rough_bytes: None,
        gated: true,
        sources: vec![unknown_hash(format!("{BPCC_FILES}/IN22_testset.zip"))],
        layout: Layout::Archive { suffixes, many: Many::Refuse },
    })
}

fn bpcc(languages: &Languages) -> Result<Recipe, GetError> {
    let [a, b] = flores_codes("bpcc", languages)?;
    let (english, other) = match (a, b) {
        ("eng_Latn", other) | (other, "eng_Latn") => ("eng_Latn", other),
        _ => {
            let language = languages.codes()[0].to_owned();
            return Err(GetError::NoSuchLanguage { name: "bpcc".to_owned(), language });
        }
    };
    let suffixes = [a, b].map(|code| format!("/{english}-{other}/train.{code}"));
    Ok(Recipe {
        name: "bpcc".to_owned(),
        languages: languages.clone(),
        purpose: Purpose::Training,
        part: "train",
        licence: "CC0 1.0 for what was mined, CC BY 4.0 for the Wiki and Daily parts".to_owned(),
        about: "Bharat Parallel Corpus Collection (AI4Bharat), 230 million pairs of 22 languages in one \
                archive of unknown, large size; all parts of the pair are joined; gated; sha256 unknown: \
                recorded at the first download; the names inside the archive were not checked"
            .to_owned(),
        pairs: None,
        rough_bytes: None,
        gated: true,
        sources: vec![unknown_hash(format!("{BPCC_FILES}/BPCC.zip"))],
        layout: Layout::Archive { suffixes, many: Many::Join },
    })
}

/// Code, bytes and SHA-256 of the files of NTREX-128 at [`NTREX_COMMIT`].
const NTREX: [(&str, u64, &str); 14] = [
    ("ben", 656_343, "7fae73a2d1d24fdcb47f68a0691253cda05fa55c5ca944bc3cdf8eb2945825f1"),
    ("deu", 306_436, "259d7406a07b63e6b5b9c4a22fb76b85e2578a3fa0a4e541a50f4f7348e5c1b2"),
    ("eng", 251_739, "389e8f5796c66db4f646dfad33e1ec622d74767af5ef112b42a1f2cd814df3cc"),
    ("fra", 314_688, "1dd80d337f6a75c6ed579a95f09ca9b85d87d6e488d0a428c5f89cca99553136"),
    ("guj", 647_954, "fbe9554a4e71ca9a4367bdd1bba3b5bd3067653ca39ce8492dca3d8f865878e5"),
    ("hin", 674_699, "10d612b3960dc1f90d297aff7e3c6d39e6eb7221b912cef0c053d9f510e41bbc"),
    ("kan", 726_324, "c670e7573d5e9943b8ea311d4ec2b93eaa3990a82dc5ee9140fd61b63f57d313"),
    ("mal", 844_684, "75ccc6035099e5e6c14437e287d175e060eedb291d2d7f0ebf895aae2503ce81"),
    ("mar", 701_929, "a72aaecd670f18b045bb3704c41277faea665ecaaf8af6932a8c3ea51ae5ac7b"),
    ("pan", 643_596, "4f715182531a39b0e2aefacd4a71fa11659c71a9cdb2be32e0aa8d7181330d16"),
    ("spa", 299_333, "0ad8129e5ce0bea86ba7e0ea0db0504d6626b8a4d2a7cf4c44b7791c70e99b84"),
    ("tam", 851_931, "dbc64d8191738c0bad1b6ee0e4357edfa18a02dedd15cb523ae4c9205dce55eb"),
    ("tel", 670_502, "c719e216f47b4497c6afa3c1af8819e0c45c07dd87500b0ed327b7ebcc06d1bc"),
    ("urd", 445_211, "e069058861f5f285c159dbdcf9c40a75fcf897ab4191ca3fadbdd815048f5abe"),
];

/// A commit does not change, so neither do the files.
const NTREX_COMMIT: &str = "8561f6a622db9edad1217683e5c83daefd8bb2bf";

fn ntrex(languages: &Languages) -> Result<Recipe, GetError> {
    let source = |language: &str| {
        let code = flores(language).map(|code| &code[..3]);
        let row = NTREX.iter().find(|row| Some(row.0) == code);
        let missing = || GetError::NoSuchLanguage { name: "ntrex".to_owned(), language: language.to_owned() };
        let (code, bytes, sha256) = row.ok_or_else(missing)?;
        let kind = if *code == "eng" { "src" } else { "ref" };
        Ok(Source {
            url: format!(
                "https://raw.githubusercontent.com/MicrosoftTranslator/NTREX/{NTREX_COMMIT}/NTREX-128/newstest2019-{kind}.{code}.txt"
            ),
            or_url: None,
            bytes: Some(*bytes),
            sha256: Some((*sha256).to_owned()),
        })
    };
    let [a, b] = languages.codes();
    let sources = vec![source(a)?, source(b)?];
    Ok(Recipe {
        name: "ntrex".to_owned(),
        languages: languages.clone(),
        purpose: Purpose::Benchmark,
        part: "test",
        licence: "CC BY-SA 4.0".to_owned(),
        about: "NTREX-128: WMT19 news, translated from English; length and sha256 of the commit's files"
            .to_owned(),
        pairs: Some(1997),
        rough_bytes: sources.iter().map(|source| source.bytes).sum(),
        gated: false,
        sources,
        layout: Layout::Sides,
    })
}
