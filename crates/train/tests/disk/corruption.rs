//! Damaged checkpoints: every change of a byte is found, and its file named.

use crate::faults::random;
use crate::material::Material;
use crate::sim::SimDisk;
use std::path::{Path, PathBuf};
use train::TrainError;
use train::checkpoint::{self, Checkpoint};
use train::disk::{Disk, SystemDisk};
use train::files::{self, MANIFEST};

const SEED: u64 = 6;

/// A checkpoint after step 4 on a simulated disk, another after step 2, and one of another run.
struct Damaged {
    disk: SimDisk,
    material: Material,
    path: PathBuf,
    names: Vec<String>,
    device: burn::tensor::Device,
}

impl Damaged {
    fn new() -> Self {
        let material = Material::new();
        let disk = material.disk(&[2, 4]);
        let path = checkpoint::path(&material.path().join("checkpoints"), 4);
        let entries = files::list(&disk, &path).unwrap();
        let names: Vec<String> = entries.into_iter().map(|entry| entry.name.into_string().unwrap()).collect();
        assert_eq!(names.len(), 7, "{names:?}");
        let device = train::device::open(&material.state.experiment.backend).unwrap();
        let damaged = Self { disk, material, path, names, device };
        damaged.load().unwrap();
        damaged
    }

    fn load(&self) -> Result<Checkpoint, TrainError> {
        checkpoint::load(&self.disk, &self.path, &self.device)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        self.disk.read(&self.path.join(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        self.disk.damage(&self.path.join(name), |there| *there = bytes.to_vec());
    }

    /// That what stands there now is refused, by code 65, and that one of `names` is blamed.
    #[track_caller]
    fn is_refused(&self, names: &[&str], what: &str) {
        let error = self.load().map(|_| ()).expect_err(what);
        let message = error.to_string();
        assert_eq!(error.exit_code(), 65, "{what}: {message}");
        assert!(names.iter().any(|name| message.contains(name)), "{what}: {message}");
        assert!(checkpoint::load_state(&self.disk, &self.path).is_err(), "{what}");
    }
}

#[test]
fn a_thousand_flipped_bits() {
    let it = Damaged::new();
    let mut random = random(SEED);
    for case in 0..1000 {
        let name = &it.names[random(it.names.len())];
        let mut bytes = it.read(name);
        let (at, bit) = (random(bytes.len()), random(8));
        bytes[at] ^= 1 << bit;
        it.write(name, &bytes);
        let what = format!("case {case} of seed {SEED}: bit {bit} of byte {at} of {name}");
        // A name that is wrong in the manifest is missed under that name.
        it.is_refused(&[if name == MANIFEST { "checkpoints/step-4" } else { name }], &what);
        bytes[at] ^= 1 << bit;
        it.write(name, &bytes);
    }
    it.load().unwrap();
}

/// So the manifest needs no checksum of its own.
#[test]
fn every_bit_of_the_manifest() {
    let it = Damaged::new();
    let mut bytes = it.read(MANIFEST);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            it.write(MANIFEST, &bytes);
            it.is_refused(&["checkpoints/step-4"], &format!("bit {bit} of byte {at}"));
            bytes[at] ^= 1 << bit;
        }
    }
    println!("{} bits", bytes.len() * 8);
}

#[test]
fn two_hundred_cut_files() {
    let it = Damaged::new();
    let mut random = random(SEED);
    for case in 0..200 {
        let name = &it.names[random(it.names.len())];
        let bytes = it.read(name);
        let len = if case < it.names.len() { 0 } else { random(bytes.len()) };
        it.write(name, &bytes[..len]);
        it.is_refused(&[name], &format!("case {case} of seed {SEED}: the first {len} bytes of {name}"));
        it.write(name, &[&bytes[..], &bytes[..len.min(9)], b"0"].concat());
        it.is_refused(&[name], &format!("case {case} of seed {SEED}: more than {name}"));
        it.write(name, &bytes);
    }
    it.load().unwrap();
}

#[test]
fn swapped_files() {
    let it = Damaged::new();
    let mut cases = 0;
    for (i, first) in it.names.iter().enumerate() {
        for second in &it.names[..i] {
            let (a, b) = (it.read(first), it.read(second));
            it.write(first, &b);
            it.write(second, &a);
            it.is_refused(&[first, second], &format!("{first} and {second}"));
            it.write(first, &a);
            it.write(second, &b);
            cases += 1;
        }
    }
    let older = it.path.with_file_name("step-2");
    let other = it.material.real("other");
    let real = it.material.real("run");
    let sources: [(&dyn Disk, &Path); 3] = [(&it.disk, &older), (&SystemDisk, &other), (&SystemDisk, &real)];
    let whole: Vec<Vec<u8>> = it.names.iter().map(|name| it.read(name)).collect();
    for (disk, dir) in sources {
        let theirs: Vec<Vec<u8>> = it.names.iter().map(|name| disk.read(&dir.join(name)).unwrap()).collect();
        // One file, with and without its manifest; two files, with and without; all.
        for chosen in 1..1_usize << it.names.len() {
            let differs = |at: usize| chosen >> at & 1 == 1 && theirs[at] != whole[at];
            let differing: Vec<usize> = (0..it.names.len()).filter(|&at| differs(at)).collect();
            if differing.len() != chosen.count_ones() as usize {
                continue;
            }
            for &at in &differing {
                it.write(&it.names[at], &theirs[at]);
            }
            let of = |at: usize| it.names[at].as_str();
            let what =
                format!("{:?} of {}", differing.iter().map(|&at| of(at)).collect::<Vec<_>>(), dir.display());
            // With the manifest of another, it is any file that does not fit it.
            it.is_refused(&["checkpoints/step-4/"], &what);
            for &at in &differing {
                it.write(&it.names[at], &whole[at]);
            }
            cases += 1;
        }
    }
    it.load().unwrap();
    println!("{cases} exchanges");
    assert!(cases >= 50);
}
