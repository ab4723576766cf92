//! Memory: how large micro-batches may be. The largest batch is tried before the first step, so that a run does not end
//! hours later; on a CPU a quarter of it comes first, from which the need of the whole is known before the system kills
//! the process. Where a device runs out of memory, micro-batches are halved: the effective batch stays the same.

use super::Trainer;
use crate::guard::MAX_HALVINGS;
use crate::loss::loss;
use crate::optimizer::StepGradients;
use crate::tensors::BatchTensors;
use crate::{TrainError, device, drill, panics};
use data::{Batch, Cursor};
use model::{ModelConfig, ModelKind, Pass};
use std::fs;
use std::path::Path;

/// Memory that is left to others.
const SPARE: f64 = 0.95;

impl Trainer<'_> {
    /// The parts of a batch that go through the model at once.
    pub(super) fn micro_batches(&self, batch: &Batch) -> Vec<Batch> {
        batch.split(self.micro_batch_tokens())
    }

    fn micro_batch_tokens(&self) -> usize {
        let (train, halvings) = (&self.experiment.train, self.state.guard.halvings);
        let whole = if train.micro_batch_tokens == 0 { train.batch_tokens } else { train.micro_batch_tokens };
        (whole >> halvings).max(1)
    }

    /// Makes micro-batches smaller after a panic that says that memory ran out.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`] if they are as small as they get; another error if it was another panic.
    pub(super) fn make_room(&mut self, panic: &str, step: u64) -> Result<(), TrainError> {
        let error = device::panic_error(panic);
        let TrainError::Memory { report, .. } = &error else { return Err(error) };
        self.halve(report, step)
    }

    fn halve(&mut self, report: &str, step: u64) -> Result<(), TrainError> {
        if self.state.guard.halvings >= MAX_HALVINGS {
            let advice = format!(
                "micro-batches of {} tokens are too large: lower train.batch_tokens (now {}), or take a smaller model",
                self.micro_batch_tokens(),
                self.experiment.train.batch_tokens
            );
            return Err(TrainError::Memory { advice, report: report.into() });
        }
        self.state.guard.halvings += 1;
        tracing::warn!(
            step,
            "not enough memory for step {step}: micro-batches now have at most {} tokens, and batches stay as large as \
             they were ({report})",
            self.micro_batch_tokens()
        );
        Ok(())
    }

    /// Tries the largest batch of the epoch at the cursor, without learning from it.
    pub(super) fn fit_memory(&mut self) -> Result<(), TrainError> {
        let largest = self.largest_batch()?;
        if kernels::is_cpu(&self.device) {
            self.fit_host_memory(&largest)?;
        }
        loop {
            let micro_batch = largest_of(self.micro_batches(&largest));
            match panics::caught(|| self.rehearse(&micro_batch)) {
                Ok(()) => return Ok(()),
                Err(panic) => self.make_room(&panic, self.state.step + 1)?,
            }
        }
    }

    /// The batch that needs the most memory, most of which are the logits.
    fn largest_batch(&mut self) -> Result<Batch, TrainError> {
        let (model, vocab) = (&self.experiment.model, self.tokenizer.vocab_size());
        let (source, target) = numbers_per_token(model);
        let target = target + 2 * vocab;
        let epoch = self.state.cursor.epoch;
        let batch =
            self.loader.largest(epoch, |rows, src, tgt| (rows * (src * source + tgt * target)) as u64);
        Ok(self.loader.next(&mut Cursor { epoch, batch })?)
    }

    /// A forward and a backward pass.
    fn rehearse(&self, micro_batch: &Batch) {
        drill::pass("largest_batch");
        let tape = self.device.clone().autodiff();
        let pass = Pass::training(self.experiment.model.dropout, 0, 0, 0);
        let sums = loss(self.model(), BatchTensors::new(micro_batch, &tape), 0.0, &pass);
        StepGradients::scaled(1.0).add(self.model(), &mut sums.loss.backward());
    }

    /// Halves micro-batches until the host's memory is enough for one, as a quarter of it tells.
    fn fit_host_memory(&mut self, largest: &Batch) -> Result<(), TrainError> {
        let whole = largest_of(self.micro_batches(largest));
        let part = largest_of(whole.split((whole.padded_tokens() / 4).max(1)));
        let Some(before) = forget_peak() else { return Ok(()) };
        if let Err(panic) = panics::caught(|| self.rehearse(&part)) {
            return self.make_room(&panic, self.state.step + 1);
        }
        let (Some(peak), Some(available)) = (resident("VmHWM"), available_memory()) else { return Ok(()) };
        // Gradients and the optimizer's two moments are there once, however large the batch.
        let fixed = (4 * self.n_parameters()) as f64;
        let per_token = (peak - before - fixed).max(0.0) / part.padded_tokens() as f64;
        let available = drill::value("available_memory", available);
        loop {
            let tokens = largest_of(self.micro_batches(largest)).padded_tokens();
            let needed = 3.0 * fixed + per_token * tokens as f64;
            if needed <= SPARE * available {
                return Ok(());
            }
            let mib = |bytes: f64| bytes / f64::from(1 << 20);
            let report = format!("about {:.0} MiB needed, {:.0} MiB available", mib(needed), mib(available));
            self.halve(&report, self.state.step + 1)?;
        }
    }
}

/// Numbers that the layers keep for the backward pass, for each token of the source and of the target.
fn numbers_per_token(model: &ModelConfig) -> (usize, usize) {
    let (n_encoder, n_decoder, d_model) = (model.n_encoder_layers, model.n_decoder_layers, model.d_model);
    match model.kind {
        ModelKind::Transformer => {
            let d_ff = 2 * model.d_ff;
            (n_encoder * (10 * d_model + d_ff), n_decoder * (16 * d_model + d_ff))
        }
        // The product with the inputs, the gates, the states; attention once.
        ModelKind::Gru => ((9 * n_encoder + 2) * d_model, (9 * n_decoder + 4) * d_model),
    }
}

fn largest_of(batches: Vec<Batch>) -> Batch {
    batches.into_iter().max_by_key(Batch::padded_tokens).expect("a batch has parts")
}

/// Bytes that this process may still take, if the system tells: of the machine, and of its control groups.
fn available_memory() -> Option<f64> {
    let machine = field(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable")?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    Some(groups.lines().flat_map(rooms_of_groups).fold(machine, f64::min))
}

/// What the control group in a line of `/proc/self/cgroup` and those above it may still take. In a container the group
/// itself stands at the root.
fn rooms_of_groups(line: &str) -> Vec<f64> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { return Vec::new() };
    let (root, [limit, used, cache]) = match controllers {
        "" => ("/sys/fs/cgroup", ["memory.max", "memory.current", "file"]),
        "memory" => {
            ("/sys/fs/cgroup/memory", ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache"])
        }
        _ => return Vec::new(),
    };
    let room = |group: &Path| {
        let dir = Path::new(root).join(group.strip_prefix("/").ok()?);
        let read = |name| fs::read_to_string(dir.join(name)).ok();
        group_room(&read(limit)?, &read(used)?, &read("memory.stat")?, cache)
    };
    Path::new(path).ancestors().filter_map(room).collect()
}

/// What a control group may still take: files in memory count as used there, but are given up for others.
fn group_room(limit: &str, used: &str, stat: &str, cache: &str) -> Option<f64> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let cached =
        stat.lines().find_map(|line| number(line.strip_prefix(cache)?.strip_prefix(' ')?)).unwrap_or(0.0);
    Some(number(limit)? - number(used)? + cached)
}

/// Bytes of this process by a name in `/proc/self/status`.
pub(crate) fn resident(name: &str) -> Option<f64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, name)
}

/// From now on the peak counts anew; the bytes of now.
pub(crate) fn forget_peak() -> Option<f64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    resident("VmRSS")
}

/// `Name:   123 kB` in bytes.
fn field(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_proc_are_bytes() {
        let text = "MemTotal:  10 kB\nMemAvailable:   2048 kB\n";
        assert_eq!(field(text, "MemAvailable"), Some(2_097_152.0));
        assert_eq!(field(text, "Mem"), None);
        assert_eq!(field(text, "Swap"), None);
    }

    #[test]
    fn files_in_memory_are_room_for_a_control_group() {
        let stat = "anon 100\nfile 700\nfile_mapped 3\n";
        assert_eq!(group_room("1000\n", "900\n", stat, "file"), Some(800.0));
        assert_eq!(group_room("max\n", "900\n", stat, "file"), None);
        assert_eq!(group_room("1000", "900", "", "file"), Some(100.0));
        for line in ["", "garbage", "5:cpu:/a", "0::/no/such/group/../..", "4:memory:"] {
            assert!(rooms_of_groups(line).iter().all(|room| room.is_finite()), "{line}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_tells_what_there_is() {
        assert!(available_memory().is_some_and(|bytes| bytes > 1e6));
        let before = forget_peak().unwrap();
        let block = vec![1_u8; 64 << 20];
        assert!(block.iter().map(|&byte| u64::from(byte)).sum::<u64>() == 64 << 20);
        assert!(resident("VmHWM").unwrap() >= before + f64::from(48 << 20));
    }
}
