//! No name in a file of a stranger leads out of a directory, and no link is followed.

use crate::paths::{ESCAPES, long};
use crate::seeds::sound;
use serde_json::json;
use std::fs;
use std::path::Path;
use train::config::parse;
use train::disk::SystemDisk;
use train::files::{MANIFEST, read_dir, write_dir};

#[test]
fn no_name_in_a_manifest_is_a_path() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("dir");
    write_dir(&SystemDisk, &dir, &[("a.txt".to_owned(), b"text".to_vec())].into()).unwrap();
    fs::write(place.path().join("x"), "text").unwrap();
    let entry = json!({"bytes": 4, "blake3": blake3::hash(b"text").to_hex().to_string()});
    for name in ESCAPES.iter().map(ToString::to_string).chain([long()]) {
        let manifest = json!({"format": 1, "files": {"a.txt": entry, name.clone(): entry}});
        fs::write(dir.join(MANIFEST), manifest.to_string()).unwrap();
        let fault = read_dir(&SystemDisk, &dir).unwrap_err().to_string();
        assert!(fault.contains("which is no plain file name"), "{name:?}: {fault}");
        assert!(fault.len() < 8000 && !fault.contains(['\0', '\u{1b}', '\n']), "{fault}");
    }
}

#[test]
fn no_name_of_a_run_is_a_path() {
    for name in ESCAPES.iter().map(ToString::to_string).chain([long()]) {
        let text = format!("[run]\nname = {}\n", json!(name).to_string().replace('\u{202E}', "\\u202E"));
        let told = match parse(&text, "c.toml", &[]) {
            Err(train::config::ConfigError::Faults { faults, .. }) => {
                faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("\n")
            }
            other => panic!("{name:?}: {other:?}"),
        };
        assert!(told.contains("must be letters, digits"), "{name:?}: {told}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_in_a_model_directory_is_followed() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("dir");
    write_dir(&SystemDisk, &dir, &sound()).unwrap();
    read_dir(&SystemDisk, &dir).unwrap();
    for name in ["config.json", "model.safetensors", "tokenizer.json", "README.md"] {
        let (file, aside) = (dir.join(name), place.path().join("aside"));
        fs::rename(&file, &aside).unwrap();
        for target in [&aside, Path::new("../aside"), Path::new("/dev/zero"), Path::new(name)] {
            std::os::unix::fs::symlink(target, &file).unwrap();
            let fault = read_dir(&SystemDisk, &dir).unwrap_err().to_string();
            assert!(fault.contains(name) && fault.contains("it is a link"), "{fault}");
            fs::remove_file(&file).unwrap();
        }
        fs::create_dir(&file).unwrap();
        assert!(read_dir(&SystemDisk, &dir).unwrap_err().to_string().contains(name));
        fs::remove_dir(&file).unwrap();
        fs::rename(&aside, &file).unwrap();
    }
    read_dir(&SystemDisk, &dir).unwrap();
}

#[cfg(unix)]
#[test]
fn a_giant_is_refused_and_not_read() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("dir");
    for (name, said) in [("config.json", "the manifest says"), (MANIFEST, "it has more than 1048576 bytes")] {
        write_dir(&SystemDisk, &dir, &sound()).unwrap();
        // Ten gigabytes without a block on the disk.
        fs::File::options().write(true).open(dir.join(name)).unwrap().set_len(10 << 30).unwrap();
        let _alone = crate::harness::alone();
        let (bytes, read) = crate::harness::peak_of(|| read_dir(&SystemDisk, &dir).unwrap_err().to_string());
        assert!(read.contains(name) && read.contains(said), "{read}");
        assert!(bytes < 64 << 20, "{bytes}");
    }
}
