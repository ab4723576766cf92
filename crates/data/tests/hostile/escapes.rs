//! No name in a file of a stranger leads out of a directory.

use super::paths::{ESCAPES, long};
use super::seeds::seeds;
use super::targets;
use data::get::{Lock, Locked};
use data::shards::{Manifest, Reader};
use std::fs;

fn all() -> Vec<String> {
    ESCAPES.iter().map(ToString::to_string).chain([long()]).collect()
}

#[test]
fn no_name_in_a_lock_is_a_path() {
    let all_seeds = seeds();
    let (_, seeds) = all_seeds.iter().find(|(name, _)| *name == "lock").expect("seeds");
    let sound = std::str::from_utf8(&seeds[0]).expect("text");
    for name in all() {
        for directory in [true, false] {
            let mut lock: Lock = toml::from_str(sound).expect("a lock");
            let Locked { directory: place, files, .. } = &mut lock.corpora[0];
            *(if directory { place } else { &mut files[1].name }) = name.clone();
            let text = toml::to_string(&lock).expect("toml");
            let fault = targets::lock(text.as_bytes()).expect_err("a name that is none");
            assert!(fault.contains("is not a plain name"), "{name:?}: {fault}");
        }
    }
}

#[test]
fn no_name_in_a_shard_manifest_is_followed() {
    let all_seeds = seeds();
    let (_, seeds) = all_seeds.iter().find(|(name, _)| *name == "shards").expect("seeds");
    let [manifest, index, shard] = super::parts::files(&seeds[0]);
    let sound: Manifest = serde_json::from_slice(manifest).expect("a manifest");
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::write(dir.path().join("index.bin"), index).expect("room");
    fs::write(dir.path().join("shard-00000.bin"), shard).expect("room");
    let open = |name: &str| {
        let mut manifest = sound.clone();
        name.clone_into(&mut manifest.shards[0].file);
        let json = serde_json::to_vec(&manifest).expect("json");
        fs::write(dir.path().join("shards.json"), json).expect("room");
        Reader::open(dir.path())
    };
    open("shard-00000.bin").expect("the sound one");
    for name in all() {
        let fault = open(&name).expect_err("a name that is none").to_string();
        assert!(fault.contains("expected shard-00000.bin"), "{name:?}: {fault}");
    }
}

#[test]
fn no_name_of_a_corpus_is_a_path() {
    let hash = "0".repeat(64);
    for name in all() {
        if name.contains('\n') {
            continue; // the target cuts its text there
        }
        let text = format!("{name}\nen-kn\nhttp://host.example/a.zip\n{hash}");
        assert!(targets::recipe(text.as_bytes()).is_err(), "{name:?}");
        let text = format!("opus:{name}:v1\nen-kn\nhttp://host.example/a.zip\n{hash}");
        assert!(targets::recipe(text.as_bytes()).is_err() || !name.contains(['/', '\\']), "{name:?}");
    }
}
