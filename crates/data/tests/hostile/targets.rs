//! What mutation tests and fuzzing do with a stranger's bytes: all that the program would. An error is its message.

use data::get::{Caps, Custom, Languages, Lock, Purpose};
use data::shards::{Manifest, Reader};
use data::{LanguagePair, Limits, ParallelFiles, Tokenizer, content_hash, read_parallel};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

use super::parts::files;

/// Accepted, or the message of a typed error.
pub(crate) type Outcome = Result<(), String>;

fn told<T, E: ToString>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|fault| fault.to_string())
}

/// In memory where the system has a place for that: some targets sync what they write.
pub(crate) fn place() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a temporary directory")
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("the temporary directory can be written");
}

/// `tokenizer.json`
pub(crate) fn tokenizer(bytes: &[u8]) -> Outcome {
    let tokenizer = told(Tokenizer::from_bytes(bytes))?;
    let text = "a cat ನಾನು </s> <2kn> 12\u{200D}";
    let ids = tokenizer.encode(text);
    assert!(ids.iter().all(|id| (*id as usize) < tokenizer.vocab_size()), "{ids:?}");
    assert_eq!(tokenizer.detokenize(&ids), text);
    Ok(())
}

/// `shards.json`, `index.bin` and `shard-00000.bin`. If the manifest can be read, the sizes and the hash of the index
/// are put right in it: a stranger would do so, and what is behind them is reached.
pub(crate) fn shards(bytes: &[u8]) -> Outcome {
    let dir = place();
    let [manifest, index, shard] = files(bytes);
    let manifest = serde_json::from_slice::<Manifest>(manifest).map_or(manifest.to_vec(), |mut manifest| {
        manifest.index_blake3 = blake3::hash(index).to_hex().to_string();
        if let [only] = &mut manifest.shards[..] {
            only.bytes = shard.len() as u64;
        }
        serde_json::to_vec(&manifest).expect("a manifest is plain data")
    });
    for (name, bytes) in [("shards.json", &manifest[..]), ("index.bin", index), ("shard-00000.bin", shard)] {
        write(&dir.path().join(name), bytes);
    }
    let reader = told(Reader::open(dir.path()))?;
    for example in 0..reader.len() {
        let read = told(reader.get(example))?;
        assert_eq!(read.lengths(), reader.lengths(example));
    }
    reader.verify().ok();
    Ok(())
}

/// `data.lock`
pub(crate) fn lock(bytes: &[u8]) -> Outcome {
    let dir = place();
    write(&dir.path().join("data.lock"), bytes);
    let lock = told(Lock::read(dir.path()))?;
    for corpus in &lock.corpora {
        for (path, _) in told(corpus.faults(dir.path()))? {
            let steps = path.strip_prefix(dir.path()).expect("inside").components().count();
            assert_eq!(steps, 2, "{}", path.display());
        }
    }
    Ok(())
}

/// The name of a recipe, languages, and an address with its hash, each on a line.
pub(crate) fn recipe(bytes: &[u8]) -> Outcome {
    let text = told(std::str::from_utf8(bytes))?;
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let (name, languages, url, sha256) = (line(), line(), line(), line());
    let languages: Languages = told(languages.parse())?;
    let known = data::get::recipe(&name, &languages);
    let sources = vec![(url, sha256.trim_end().to_owned())];
    let custom =
        Custom { name, languages, purpose: Purpose::Training, licence: String::new(), sources }.recipe();
    for recipe in [&known, &custom].into_iter().flatten() {
        let directory = recipe.directory();
        assert!(!directory.contains(['/', '\\', '\0']) && !directory.starts_with('.'), "{directory}");
    }
    told(known.or(custom)).map(drop)
}

/// A file of a corpus by its ending.
fn corpus(ending: &str, bytes: &[u8]) -> Outcome {
    let dir = place();
    let path = dir.path().join(format!("a.{ending}"));
    write(&path, bytes);
    let (files, limits) = (ParallelFiles::one(&path), Limits::default());
    let read = read_parallel(&files, &LanguagePair::new("en", "kn"), &limits);
    content_hash(&files, &limits).ok();
    told(read).map(drop)
}

/// A translation memory.
pub(crate) fn tmx(bytes: &[u8]) -> Outcome {
    corpus("tmx", bytes)
}

/// JSON lines.
pub(crate) fn jsonl(bytes: &[u8]) -> Outcome {
    corpus("jsonl", bytes)
}

/// A table with commas, which has quotes.
pub(crate) fn csv(bytes: &[u8]) -> Outcome {
    corpus("csv", bytes)
}

/// A table with tabs.
pub(crate) fn tsv(bytes: &[u8]) -> Outcome {
    corpus("tsv", bytes)
}

/// A table that gzip compressed.
pub(crate) fn gz(bytes: &[u8]) -> Outcome {
    corpus("tsv.gz", bytes)
}

/// A table that Zstandard compressed.
pub(crate) fn zst(bytes: &[u8]) -> Outcome {
    corpus("tsv.zst", bytes)
}

/// A table that xz compressed.
pub(crate) fn xz(bytes: &[u8]) -> Outcome {
    corpus("tsv.xz", bytes)
}

/// Parquet, where that is compiled in.
#[cfg(feature = "parquet")]
pub(crate) fn parquet(bytes: &[u8]) -> Outcome {
    corpus("parquet", bytes)
}

/// Both sides as text.
pub(crate) fn text(bytes: &[u8]) -> Outcome {
    let dir = place();
    let paths = ["a.en", "a.kn"].map(|name| dir.path().join(name));
    for (path, bytes) in paths.iter().zip(files::<2>(bytes)) {
        write(path, bytes);
    }
    let files = ParallelFiles::pair(&paths[0], &paths[1]);
    told(read_parallel(&files, &LanguagePair::new("en", "kn"), &Limits::default())).map(drop)
}

/// An archive as it was downloaded, by the ending of its address.
fn archive(ending: &str, bytes: &[u8]) -> Outcome {
    let dir = place();
    let sources = vec![(format!("http://host.example/a.{ending}"), "0".repeat(64))];
    let custom = Custom {
        name: "a".to_owned(),
        languages: "en-kn".parse().expect("two codes"),
        purpose: Purpose::Training,
        licence: String::new(),
        sources,
    };
    let recipe = custom.recipe().expect("an address and a hash");
    let (path, stage) = (dir.path().join("archive"), dir.path().join("stage"));
    write(&path, bytes);
    fs::create_dir(&stage).expect("the temporary directory can be written");
    let caps = Caps { bytes: 64 << 20, ..Caps::default() };
    let unpacked = data::get::unpack(&recipe, &[path], &caps, &stage);
    let names = |dir: &Path| -> Vec<_> {
        fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").file_name()).collect()
    };
    assert_eq!(names(dir.path()).len(), 2, "only the archive and the stage");
    let own = |name: &str| name.starts_with("piece-") || name.starts_with("train.");
    assert!(names(&stage).iter().all(|name| name.to_str().is_some_and(own)), "{:?}", names(&stage));
    told(unpacked).map(drop)
}

/// A downloaded zip.
pub(crate) fn zip(bytes: &[u8]) -> Outcome {
    archive("zip", bytes)
}

/// A downloaded tar in gzip.
pub(crate) fn tar_gz(bytes: &[u8]) -> Outcome {
    archive("tar.gz", bytes)
}

/// A downloaded tar in gzip, of which the mutants are mutants of the tar.
pub(crate) fn tar(bytes: &[u8]) -> Outcome {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory can be written");
    tar_gz(&encoder.finish().expect("memory can be written"))
}

/// A downloaded table in Zstandard.
pub(crate) fn tsv_zst(bytes: &[u8]) -> Outcome {
    archive("tsv.zst", bytes)
}
