//! Ten gigabytes out of ten megabytes: refused by the ratio, in little memory.

use super::harness::{alone, peak_of};
use super::pack::{gz, xz, zst};
use super::targets;
use data::get::{Caps, Custom, GetError, Purpose};
use data::{DataError, LanguagePair, Limits, ParallelFiles, content_hash, for_each_pair};
use std::fs;

/// Text of one compressed member, of which a file holds many.
const MEMBER_BYTES: usize = 8 << 20;
/// 10 GiB.
const MEMBERS: usize = 1280;
/// Memory that reading may take.
const MOST_BYTES: usize = 200 << 20;

fn text() -> Vec<u8> {
    b"aaaaaaa\taaaaaaa\n".repeat(MEMBER_BYTES / 16)
}

#[test]
fn of_a_corpus() {
    let _alone = alone();
    let dir = targets::place();
    let text = text();
    let zst = zst(&text);
    for (ending, member) in [("gz", gz(&text)), ("zst", zst), ("xz", xz(&text))] {
        let path = dir.path().join(format!("a.tsv.{ending}"));
        fs::write(&path, member.repeat(MEMBERS)).expect("room");
        let packed = fs::metadata(&path).expect("a file").len();
        assert!(packed < 20 << 20, "{packed}");
        let (files, limits) = (ParallelFiles::one(&path), Limits::of_a_line());
        let (bytes, fault) =
            peak_of(|| for_each_pair(&files, &LanguagePair::new("en", "kn"), &limits, &mut |_| Ok(())));
        assert!(matches!(fault, Err(DataError::Bomb { limit: 200, .. })), "{ending}: {fault:?}");
        assert!(bytes < MOST_BYTES, "{ending}: {bytes} bytes");
        let (bytes, fault) = peak_of(|| content_hash(&files, &limits));
        assert!(matches!(fault, Err(DataError::Bomb { .. })), "{ending}: {fault:?}");
        assert!(bytes < MOST_BYTES, "{ending}: {bytes} bytes");
        // What the ratio lets through is held to the size.
        let limits = Limits { max_ratio: u64::MAX, max_bytes: 20 << 20, ..Limits::default() };
        let (bytes, fault) = peak_of(|| content_hash(&files, &limits));
        assert!(matches!(fault, Err(DataError::TooLarge { .. })), "{ending}: {fault:?}");
        assert!(bytes < MOST_BYTES, "{ending}: {bytes} bytes");
    }
}

#[test]
fn of_a_download() {
    let _alone = alone();
    let dir = targets::place();
    let text = text();
    let mut header = tar::Header::new_gnu();
    header.set_path("x.en").expect("a name");
    header.set_size((MEMBER_BYTES * MEMBERS) as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let tar = [gz(header.as_bytes()), gz(&text).repeat(MEMBERS)].concat();
    let zst = zst(&text).repeat(MEMBERS);
    for (ending, packed) in [("tsv.gz", gz(&text).repeat(MEMBERS)), ("tsv.zst", zst), ("tar.gz", tar)] {
        let (archive, stage) = (dir.path().join("archive"), dir.path().join("stage"));
        fs::write(&archive, packed).expect("room");
        fs::create_dir(&stage).expect("room");
        let custom = Custom {
            name: "a".to_owned(),
            languages: "en-kn".parse().expect("two codes"),
            purpose: Purpose::Training,
            licence: String::new(),
            sources: vec![(format!("http://host.example/a.{ending}"), "0".repeat(64))],
        };
        let recipe = custom.recipe().expect("an address and a hash");
        for (caps, limit) in
            [(Caps::default(), 200), (Caps { ratio: u64::MAX, bytes: 20 << 20, ..Caps::default() }, 20 << 20)]
        {
            let (bytes, fault) =
                peak_of(|| data::get::unpack(&recipe, std::slice::from_ref(&archive), &caps, &stage));
            assert!(matches!(&fault, Err(GetError::Bomb { limit: got, .. }) if *got == limit), "{fault:?}");
            assert!(bytes < MOST_BYTES, "{ending}: {bytes} bytes");
            fs::remove_dir_all(&stage).expect("a directory");
            fs::create_dir(&stage).expect("room");
        }
        fs::remove_dir_all(&stage).expect("a directory");
    }
}

/// A Zstandard frame of 40 kB whose one compressed block says 20,000 times "repeat 131,074 bytes": 2.6 GB, where the
/// format allows 128 KiB.
fn swollen_block() -> Vec<u8> {
    const SEQUENCES: u16 = 20_000;
    // One literal; the number of sequences; all three codes said once: no literals, an earlier offset, the longest match.
    let mut block = vec![1 << 3, b'a', (SEQUENCES >> 8) as u8 | 0x80, SEQUENCES as u8, 0b0101_0100, 0, 0, 52];
    // Sixteen bits of length each, and the bit that ends the stream.
    block.extend(vec![0xFF; 2 * usize::from(SEQUENCES)]);
    block.push(1);
    let header = |kind: u32, len: usize, last: u32| ((len as u32) << 3 | kind << 1 | last).to_le_bytes();
    let (raw, packed) = (header(0, 8, 0), header(2, block.len(), 1));
    // Magic, no checksum, a window of 128 KiB.
    [b"\x28\xB5\x2F\xFD\x00\x38", &raw[..3], b"a\tb\na\tb\n", &packed[..3], &block].concat()
}

#[test]
fn of_one_block() {
    let _alone = alone();
    for read in [targets::zst, targets::tsv_zst] as [fn(&[u8]) -> targets::Outcome; 2] {
        let (bytes, told) = peak_of(|| read(&swollen_block()));
        assert!(told.is_err() && bytes < MOST_BYTES, "{bytes} bytes: {told:?}");
    }
}
