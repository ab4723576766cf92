//! Every call of a save × every fault.

use crate::common::rounds;
use crate::material::{KEEP, Material, foreign, litter};
use crate::sim::{Fault, SimDisk, Unsynced};
use std::collections::BTreeMap;
use std::sync::Arc;
use train::checkpoint;
use train::disk::Disk;
use train::files::{self, Files};
use train::log::RunLog;
use train::run_dir::RunDir;

/// Pseudo-random numbers below a bound: `SplitMix64`.
pub(crate) fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |bound| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// A save, and what may be found after it was cut short.
struct Scenario {
    name: &'static str,
    /// Saved before.
    before: &'static [u64],
    /// Saved by it.
    step: u64,
    /// Tells the new model of a step from an old one.
    round: u64,
}

const SCENARIOS: [Scenario; 3] = [
    Scenario { name: "the first save", before: &[], step: 200, round: 0 },
    Scenario { name: "a save that deletes an old one", before: &[200, 400], step: 600, round: 0 },
    Scenario { name: "a save in the place of another", before: &[200, 400], step: 400, round: 1 },
];

impl Scenario {
    fn from(&self) -> u64 {
        self.before.last().copied().unwrap_or(0)
    }
}

/// What is right for one scenario.
struct Judge<'a> {
    material: &'a Material,
    scenario: &'a Scenario,
    base: SimDisk,
    /// Every version of each checkpoint that was ever whole.
    checkpoints: BTreeMap<u64, Vec<Files>>,
    bests: Vec<Files>,
    foreign: BTreeMap<String, Vec<u8>>,
    cases: usize,
    most_litter: usize,
}

impl<'a> Judge<'a> {
    fn new(material: &'a Material, scenario: &'a Scenario) -> Self {
        let run = material.path();
        let mut checkpoints = BTreeMap::<u64, Vec<Files>>::new();
        let mut learn = |disk: &SimDisk| {
            for step in checkpoint::steps(disk, &run.join("checkpoints")).unwrap() {
                let path = checkpoint::path(&run.join("checkpoints"), step);
                checkpoints.entry(step).or_default().push(files::read_dir(disk, &path).unwrap());
            }
        };
        let base = material.disk(scenario.before);
        learn(&base);
        let after = Arc::new(base.clone());
        material.save(&after, scenario.from(), scenario.step, scenario.round).unwrap();
        learn(&after);
        let mut bests = vec![material.model(scenario.step, scenario.round)];
        bests.extend(scenario.before.last().map(|&step| material.model(step, 0)));
        let foreign = foreign(&base, &run);
        Self { material, scenario, base, checkpoints, bests, foreign, cases: 0, most_litter: 0 }
    }

    /// The save with a fault at call number `at`; whether it said that all went well.
    fn saved(&self, at: usize, fault: Fault) -> (Arc<SimDisk>, Result<(), train::TrainError>) {
        let disk = Arc::new(self.base.clone());
        disk.arm(Some((at, fault)));
        let Scenario { step, round, .. } = *self.scenario;
        let result = self.material.save(&disk, self.scenario.from(), step, round);
        (disk, result)
    }

    fn calls(&self) -> Vec<String> {
        let (disk, result) = self.saved(usize::MAX, Fault::Killed);
        result.unwrap();
        disk.calls()
    }

    /// A new process finds the state before or after the save, and saves the next one.
    fn goes_on(&mut self, disk: SimDisk, is_saved: bool, case: &str) {
        self.cases += 1;
        let (run, disk) = (self.material.path(), Arc::new(disk));
        if files::list(&*disk, &run).is_ok_and(|entries| !entries.is_empty()) {
            self.most_litter = self.most_litter.max(litter(&disk, &run).len());
        }
        let dir =
            RunDir::open_on(Arc::clone(&disk) as _, &run).unwrap_or_else(|error| panic!("{case}: {error}"));
        let steps = dir.steps().unwrap();
        for &step in &steps {
            let path = checkpoint::path(&dir.checkpoints(), step);
            let files = files::read_dir(&*disk, &path).unwrap_or_else(|error| panic!("{case}: {error}"));
            assert!(self.checkpoints[&step].contains(&files), "{case}: step {step} is neither old nor new");
            checkpoint::load_state(&*disk, &path).unwrap_or_else(|error| panic!("{case}: {error}"));
            dir.read_snapshot(step).unwrap_or_else(|error| panic!("{case}: {error}"));
        }
        let Scenario { before, step, .. } = *self.scenario;
        assert!(steps.len() >= KEEP.min(before.len()), "{case}: only {steps:?} are left");
        let newest = steps.last().copied().unwrap_or(0);
        assert!([self.scenario.from(), step].contains(&newest), "{case}: {steps:?}");
        assert!(!is_saved || newest == step, "{case}: {steps:?}, though it was saved");
        match files::read_dir(&*disk, &dir.best()) {
            Ok(best) => assert!(self.bests.contains(&best), "{case}: best/ is neither old nor new"),
            Err(error) => assert!(before.is_empty() && newest == 0, "{case}: {error}"),
        }
        assert_eq!(litter(&disk, &run), [""; 0], "{case}");
        assert_eq!(foreign(&disk, &run), self.foreign, "{case}");
        drop(RunLog::open(dir.shared_disk(), dir.path(), newest, &[], None).unwrap());
        let rows = disk.read(&run.join("metrics.jsonl")).unwrap_or_default();
        let rows = String::from_utf8(rows).unwrap();
        for step in before.iter().chain([&step]).filter(|&&step| step <= newest) {
            assert!(
                rows.contains(&format!("\"step\":{step}}}")),
                "{case}: no row of step {step} in:\n{rows}"
            );
        }
        drop(dir);
        let next = newest + 200;
        self.material.save(&disk, newest, next, 2).unwrap_or_else(|error| panic!("{case}: {error}"));
        let left = checkpoint::steps(&*disk, &run.join("checkpoints")).unwrap();
        assert_eq!(left.last(), Some(&next), "{case}");
        assert!(left.len() == KEEP.min(steps.len() + 1), "{case}: {left:?}");
        assert_eq!(litter(&disk, &run), [""; 0], "{case}");
        assert_eq!(foreign(&disk, &run), self.foreign, "{case}");
    }

    fn process_faults(&mut self, at: usize, call: &str) {
        let mut faults = vec![Fault::Killed, Fault::Broken, Fault::Full];
        if call.starts_with("write ") || call.starts_with("append ") {
            faults.extend([Fault::KilledHalfway, Fault::Short]);
        }
        for fault in faults {
            let (disk, result) = self.saved(at, fault);
            let case = format!("{}, {fault:?} at call {at}: {call}", self.scenario.name);
            // The dead tell nothing; and some errors of reading are none of a save.
            if let Err(error) = &result
                && !matches!(fault, Fault::Killed | Fault::KilledHalfway)
            {
                self.is_told(error, fault, call, &disk, &case);
            }
            self.goes_on(disk.restarted(), result.is_ok(), &case);
        }
    }

    /// An error that the process lives to tell.
    fn is_told(&self, error: &train::TrainError, fault: Fault, call: &str, disk: &SimDisk, case: &str) {
        assert_eq!(error.exit_code(), 74, "{case}: {error}");
        // Nobody has to recover what a process could still put in order.
        let run = self.material.path();
        let disk = &disk.restarted();
        let there = |dir: &str| !files::list(disk, &run.join(dir)).unwrap().is_empty();
        assert!(self.scenario.before.iter().all(|_| there("best")), "{case}: best/ is not in its place");
        let steps = checkpoint::steps(disk, &run.join("checkpoints")).unwrap();
        assert!(
            steps.len() >= KEEP.min(self.scenario.before.len()),
            "{case}: only {steps:?} are in their places"
        );
        let mut verbs = ["write ", "create ", "append ", "sync content of "].iter();
        if !verbs.any(|verb| call.starts_with(verb)) {
            return;
        }
        if files::list(disk, &run).is_ok_and(|entries| !entries.is_empty()) {
            assert_eq!(litter(disk, &run), [""; 0], "{case}: {error}");
        }
        if fault == Fault::Full {
            let message = error.to_string();
            assert!(message.contains("it takes ") && message.contains("0 B are free"), "{case}: {message}");
        }
    }

    fn power_cuts(&mut self, at: usize) {
        let (disk, _) = self.saved(at, Fault::Killed);
        for kept in 0..=disk.n_unsynced_names() {
            for content in [Unsynced::Lost, Unsynced::Half, Unsynced::Zeros, Unsynced::Kept] {
                let case =
                    format!("{}, power cut at call {at}, {kept} names, {content:?}", self.scenario.name);
                self.goes_on(disk.power_cut(kept, content), false, &case);
            }
        }
        for seed in 0..8 {
            let case = format!("{}, power cut at call {at}, seed {seed}", self.scenario.name);
            self.goes_on(disk.random_power_cut(&mut random(seed)), false, &case);
        }
    }

    /// The next process, too, ends while it clears up.
    fn faults_of_recovery(&mut self, at: usize) {
        let (killed, _) = self.saved(at, Fault::Killed);
        let open = |fault| {
            let disk = Arc::new(killed.restarted());
            disk.arm(fault);
            let result = RunDir::open_on(Arc::clone(&disk) as _, &self.material.path());
            (disk, result.map(drop))
        };
        let n_calls = open(None).0.calls().len();
        let mut disks = Vec::new();
        for second in 0..n_calls {
            for fault in [Fault::Killed, Fault::Broken] {
                let disk = open(Some((second, fault))).0;
                let case = format!(
                    "{}, killed at call {at}, then {fault:?} at {second} of recovery",
                    self.scenario.name
                );
                if fault == Fault::Killed {
                    disks.push((disk.power_cut(0, Unsynced::Lost), format!("{case}, power cut")));
                    let kept = disk.n_unsynced_names();
                    disks.push((
                        disk.power_cut(kept, Unsynced::Zeros),
                        format!("{case}, power cut, names kept"),
                    ));
                }
                disks.push((disk.restarted(), case));
            }
        }
        for (disk, case) in disks {
            self.goes_on(disk, false, &case);
        }
    }
}

#[test]
fn every_call_of_a_save_may_fail() {
    let material = Material::new();
    for scenario in &SCENARIOS {
        let mut judge = Judge::new(&material, scenario);
        let calls = judge.calls();
        let n_calls = calls.len();
        for (at, call) in calls.iter().enumerate() {
            judge.process_faults(at, call);
        }
        let (of_process, litter) = (judge.cases, judge.most_litter);
        assert!(litter <= 1, "{}: {litter} temporary names were left", scenario.name);
        for at in 0..=n_calls {
            judge.power_cuts(at);
        }
        let of_power = judge.cases - of_process;
        for at in (0..=n_calls).step_by(rounds(4, 1)) {
            judge.faults_of_recovery(at);
        }
        println!(
            "{}: {n_calls} calls, {of_process} faults of the process (at most {litter} temporary name left), \
             {of_power} power cuts (at most {}), {} faults of recovery",
            scenario.name,
            judge.most_litter,
            judge.cases - of_process - of_power,
        );
    }
}

#[test]
fn a_fresh_start_may_be_cut_short_anywhere() {
    let material = Material::new();
    let base = material.disk(&[200, 400]);
    let run = material.path();
    let theirs = foreign(&base, &run);
    let clear = |fault| {
        let disk = Arc::new(base.clone());
        disk.arm(fault);
        let result = RunDir::open_on(Arc::clone(&disk) as _, &run).and_then(|dir| dir.clear());
        (disk, result)
    };
    let (cleared, result) = clear(None);
    result.unwrap();
    let ours: Vec<String> = cleared
        .tree()
        .into_keys()
        .filter(|path| !theirs.keys().any(|name| path.ends_with(name)) && !path.ends_with("/tmp"))
        .collect();
    assert_eq!(ours, [""; 0], "left");
    assert_eq!(foreign(&cleared, &run), theirs);
    for at in 0..cleared.calls().len() {
        let disk = clear(Some((at, Fault::Killed))).0;
        for disk in [disk.restarted(), disk.power_cut(0, Unsynced::Lost), disk.power_cut(99, Unsynced::Kept)]
        {
            let disk = Arc::new(disk);
            let dir = RunDir::open_on(Arc::clone(&disk) as _, &run).unwrap();
            for step in dir.steps().unwrap() {
                checkpoint::load_state(&*disk, &checkpoint::path(&dir.checkpoints(), step)).unwrap();
            }
            assert_eq!(litter(&disk, &run), [""; 0], "call {at}");
            assert_eq!(foreign(&disk, &run), theirs, "call {at}");
        }
    }
}

#[test]
fn damaged_checkpoints_do_not_push_out_whole_ones() {
    let material = Material::new();
    let disk = material.disk(&[200, 400]);
    let checkpoints = material.path().join("checkpoints");
    let state_file = |step: u64| checkpoint::path(&checkpoints, step).join("state.json");
    disk.damage(&state_file(400), |bytes| bytes[0] ^= 1);
    let disk = Arc::new(disk);
    // 400 is damaged: the run goes on from 200, and may end after each of the next saves.
    let expected: [(u64, &[u64]); 4] =
        [(300, &[200, 300, 400]), (500, &[300, 400, 500]), (600, &[500, 600]), (700, &[600, 700])];
    for (step, left) in expected {
        material.save(&disk, step - 100, step, 1).unwrap();
        assert_eq!(checkpoint::steps(&*disk, &checkpoints).unwrap(), left, "after step {step}");
    }
}
