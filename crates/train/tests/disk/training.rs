//! A real training on the simulated disk, whose power is cut at any call.

use crate::common::rounds;
use crate::material::{Material, litter};
use crate::sim::{Fault, SimDisk};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use train::TrainError;
use train::checkpoint;
use train::config::{self, Experiment};
use train::corpora;
use train::run_dir::RunDir;
use train::trainer::{Start, Trainer};

const SEED: u64 = 3;

/// Trains to the end from the newest checkpoint, which must be whole, as the command does it.
fn train(disk: &Arc<SimDisk>, run: &Path, experiment: &Experiment) -> Result<(), TrainError> {
    let dir = RunDir::open_on(Arc::clone(disk) as _, run)?;
    let device = train::device::open(&experiment.backend)?;
    let mut corpora = corpora::read(experiment, &|_| Ok(()))?;
    let newest = dir.steps()?.pop().map(|step| checkpoint::path(&dir.checkpoints(), step));
    let checkpoint = newest.map(|path| checkpoint::load(dir.disk(), &path, &device)).transpose()?;
    let tokenizer = match &checkpoint {
        Some(saved) => saved.model_dir.tokenizer.clone(),
        None => corpora.tokenizer(experiment)?,
    };
    let train = corpora.train_examples(experiment, &tokenizer)?;
    let dev = corpora.dev_set(&tokenizer, experiment.train.batch_tokens)?;
    let start = Start { tokenizer, train, dev, checkpoint };
    Trainer::new(experiment, &corpora, &dir, &device, start)?.run().map(drop)
}

/// What no interruption may change: tensors, the names of files, the log without what a clock moves.
fn essence(disk: &SimDisk, run: &Path) -> BTreeMap<String, Vec<u8>> {
    let run = run.to_str().unwrap();
    let mut essence = BTreeMap::new();
    for (path, bytes) in disk.tree() {
        let (Some(name), Some(bytes)) = (path.strip_prefix(run), bytes) else { continue };
        if name.starts_with("/tensorboard/") {
            continue; // Its name counts how often it was begun anew.
        }
        let kept = match name {
            _ if name.contains(".safetensors") => bytes.to_vec(),
            "/metrics.jsonl" => rows(&bytes).into_bytes(),
            _ => Vec::new(),
        };
        essence.insert(name.to_owned(), kept);
    }
    essence
}

fn rows(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).unwrap();
    let row = |row: &str| {
        let mut row: serde_json::Value = serde_json::from_str(row).unwrap();
        row["elapsed_secs"].take();
        row["tgt_tokens_per_sec"].take();
        row.to_string() + "\n"
    };
    text.lines().map(row).collect()
}

#[test]
fn a_training_survives_power_cuts() {
    let material = Material::new();
    let run = material.path();
    let sets = ["train.max_steps=9", "train.checkpoint_every=2", "validate.every=2", "train.average=last"];
    let experiment = config::load(&material.config(), &sets.map(str::to_owned)).unwrap();
    let whole = Arc::new(SimDisk::new());
    train(&whole, &run, &experiment).unwrap();
    let n_calls = whole.calls().len();
    let whole = essence(&whole, &run);
    let mut random = crate::faults::random(SEED);
    let cases = rounds(24, 400);
    for case in 0..cases {
        let mut disk = Arc::new(SimDisk::new());
        let mut cuts = Vec::new();
        // The second comes on what the first has left.
        for n_left in [n_calls, n_calls / 2] {
            let at = random(n_left);
            cuts.push(at);
            disk.arm(Some((at, Fault::KilledHalfway)));
            let _ = train(&disk, &run, &experiment);
            disk = Arc::new(disk.random_power_cut(&mut random));
        }
        let what = format!("case {case} of seed {SEED}, power cuts at calls {cuts:?}");
        train(&disk, &run, &experiment).unwrap_or_else(|error| panic!("{what}: {error}"));
        let got = essence(&disk, &run);
        assert_eq!(got.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>(), "{what}");
        for (name, bytes) in &whole {
            assert!(got[name] == *bytes, "{what}: {name} differs");
        }
        assert_eq!(litter(&disk, &run), [""; 0], "{what}");
    }
    println!("{cases} trainings of {n_calls} calls with two power cuts each");
}
