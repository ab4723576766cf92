//! What a run does when its numbers go wrong: it finds where, writes down with which batch, leaves the step out, and goes
//! back to a checkpoint with a lower learning rate if that is not enough.

use super::progress::Progress;
use super::step::{Passes, StepBatch};
use super::{Trainer, open_log};
use crate::checkpoint;
use crate::config::OnDivergence;
use crate::guard::{MARGIN, MAX_FALLBACKS, MAX_SKIPPED};
use crate::log::StepRecord;
use crate::loss::loss;
use crate::tensors::BatchTensors;
use crate::{TrainError, drill, files};
use burn::tensor::Tensor;
use model::{Precision, Watch, weights};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

/// So many batches are written down in a run's `crash/`; more tell nothing new.
const MAX_DUMPS: usize = 20;
/// Squares of larger gradients overflow.
const LARGEST_NORM: f64 = 1e18;

/// Numbers that are not finite.
pub(super) struct NonFinite {
    /// What they are, for a person.
    what: String,
    /// Whether the next batch would meet them, too: they stand in the weights or in the optimizer's moments.
    stays: bool,
}

/// Looks for the first activations that are not finite.
#[derive(Debug)]
struct FirstNonFinite(Rc<RefCell<Option<String>>>);

impl Watch for FirstNonFinite {
    fn see(&mut self, name: &str, activations: Tensor<1>) -> Tensor<1> {
        let activations = Drilled.see(name, activations);
        let mut found = self.0.borrow_mut();
        // A product with 0 is 0 for every finite number, and NaN for the others.
        if found.is_none() && (activations.clone() * 0.0).sum().into_scalar::<f32>().is_nan() {
            *found = Some(name.to_owned());
        }
        activations
    }
}

/// Lets a drill change activations.
#[derive(Debug)]
pub(super) struct Drilled;

impl Watch for Drilled {
    fn see(&mut self, name: &str, activations: Tensor<1>) -> Tensor<1> {
        drill::tensor(|| format!("forward.{name}"), activations)
    }
}

impl Trainer<'_> {
    /// What of a step is not finite, if anything is; the update has not been made.
    pub(super) fn fault_of(&self, at: &StepBatch, passes: &Passes) -> Option<NonFinite> {
        let moments = self.optimizer.moments_norm();
        let fine = |value: f64| value.abs() < LARGEST_NORM;
        if fine(passes.loss) && fine(passes.norm) && moments.is_finite() {
            return None;
        }
        if let Some(name) = self.nonfinite_weight() {
            return Some(NonFinite { what: format!("the weights of {name}"), stays: true });
        }
        if !fine(passes.loss) {
            let of = self
                .nonfinite_activations(at, passes)
                .map_or(String::new(), |name| format!(", from {name} on"));
            return Some(NonFinite { what: format!("the loss ({}){of}", passes.loss), stays: false });
        }
        if !fine(passes.norm) {
            let of =
                passes.gradients.nonfinite().map_or(String::new(), |path| format!(", that of {path} first"));
            let half = self.model().precision() == Precision::F16;
            let scaled = if half { ", however far the loss was scaled down" } else { "" };
            return Some(NonFinite {
                what: format!("the gradient norm ({}){of}{scaled}", passes.norm),
                stays: false,
            });
        }
        let name = self.optimizer.nonfinite().unwrap_or_default();
        Some(NonFinite { what: format!("the optimizer's {name} moment"), stays: true })
    }

    /// The first activations that are not finite, found by computing the faulty micro-batch once more.
    fn nonfinite_activations(&self, at: &StepBatch, passes: &Passes) -> Option<String> {
        let index = passes.faulty?;
        let micro_batch = self.micro_batches(&at.batch).into_iter().nth(index)?;
        let found = Rc::new(RefCell::new(None));
        let pass = self.pass(at.step, index).watched(FirstNonFinite(Rc::clone(&found)));
        let _ =
            loss(self.model(), BatchTensors::new(&micro_batch, &self.device.clone().autodiff()), 0.0, &pass);
        drop(pass);
        found.take()
    }

    fn nonfinite_weight(&self) -> Option<String> {
        let arrays = weights::to_arrays(self.model());
        weights::nonfinite(&arrays).map(str::to_owned)
    }

    /// Leaves a step out: its batch is written down, and the next one is tried. Too many in a row, or numbers that stay,
    /// send the run back to a checkpoint.
    pub(super) fn leave_out(
        &mut self,
        at: &StepBatch,
        record: StepRecord,
        fault: NonFinite,
    ) -> Result<Option<StepRecord>, TrainError> {
        let dump = self.dump(at, &record, &fault).unwrap_or_else(|error| {
            tracing::warn!("the batch of step {} cannot be written down: {error}", at.step);
            None
        });
        let NonFinite { what, stays } = fault;
        let seen = dump.map_or(String::new(), |name| format!("; its batch is in {name}"));
        self.state.guard.skipped_in_row += 1;
        if stays || self.state.guard.skipped_in_row > MAX_SKIPPED {
            self.state.cursor = at.cursor;
            let (more, margin) = if stays { ("", 0) } else { (" for the 4th step in a row", MARGIN) };
            let reason = format!("{what} is not finite at step {}{more}{seen}", at.step);
            return self.go_back(reason, margin).map(|()| None);
        }
        tracing::warn!(
            step = at.step,
            "{what} is not finite at step {}: the step is left out{seen}",
            at.step
        );
        self.advance(at, &record);
        self.state.missed_updates += 1;
        Ok(Some(record))
    }

    /// Writes the batch of a bad step into `crash/`, ids and text. Returns the file's name below the run's directory.
    fn dump(
        &self,
        at: &StepBatch,
        record: &StepRecord,
        fault: &NonFinite,
    ) -> Result<Option<String>, TrainError> {
        let (disk, dir) = (self.run_dir.disk(), self.run_dir.crashes());
        files::create_dir(disk, &dir)?;
        let name = format!("step-{}.json", at.step);
        let path = dir.join(&name);
        let dumps = disk.list(&dir).map_err(TrainError::io("list", &dir))?;
        if dumps.len() >= MAX_DUMPS && dumps.iter().all(|dump| dump.name != *name) {
            return Ok(None);
        }
        let batch = &at.batch;
        let rows: Vec<serde_json::Value> = (0..batch.rows)
            .map(|row| {
                let src = &batch.src[row * batch.src_len..][..batch.src_lengths[row] - 1];
                let tgt = &batch.tgt_out[row * batch.tgt_len..][..batch.tgt_lengths[row] - 1];
                let text = |ids: &[u32]| self.tokenizer.detokenize(ids);
                serde_json::json!({"example": batch.indices[row], "src": text(src), "tgt": text(tgt)})
            })
            .collect();
        let dump = serde_json::json!({
            "step": at.step,
            "epoch": at.cursor.epoch,
            "batch": at.cursor.batch - 1,
            "not_finite": fault.what,
            "learning_rate": record.learning_rate,
            "rows": rows,
        });
        files::write_file(disk, &path, format!("{dump:#}\n").as_bytes())?;
        Ok(Some(format!("crash/{name}")))
    }

    /// Goes back to the newest checkpoint that is `margin` steps old (or to the oldest, or to the beginning) with a lower learning rate, and
    /// on with the data that comes now: what was read since is left out.
    ///
    /// # Errors
    ///
    /// [`TrainError::Diverged`] if that did not help often enough, or is not wanted.
    pub(super) fn go_back(&mut self, reason: String, margin: u64) -> Result<(), TrainError> {
        let fallbacks = self.state.guard.fallbacks + 1;
        let (step, cursor) = (self.state.step, self.state.cursor);
        if self.experiment.train.on_divergence != OnDivergence::GoBack || fallbacks > MAX_FALLBACKS {
            return Err(TrainError::Diverged { reason, step, fallbacks: fallbacks - 1 });
        }
        let oldest = self.run_dir.steps()?.first().copied().unwrap_or(0);
        let at_most = step.saturating_sub(margin).max(oldest);
        let saved = checkpoint::newest_whole(self.run_dir, at_most, &self.device)?;
        let mut progress = match saved {
            Some(saved) => Progress::saved(self.experiment, saved, &self.device)?,
            None => Progress::new(self.experiment, self.corpora, &self.tokenizer, &self.device),
        };
        let (halvings, state) = (self.state.guard.halvings, &mut progress.state);
        (state.guard.fallbacks, state.guard.halvings, state.guard.skipped_in_row) = (fallbacks, halvings, 0);
        (state.cursor, state.experiment) = (cursor, self.experiment.clone());
        state.elapsed_secs = self.started.1 + self.started.0.elapsed().as_secs_f64();
        self.started = (Instant::now(), state.elapsed_secs);
        let Progress { model, optimizer, ema, state } = progress.with_precision(self.experiment);
        (self.model, self.optimizer, self.ema, self.state) = (Some(model), optimizer, ema, state);
        // A run that is killed in between goes on from a later checkpoint, and diverges and goes back once more.
        if self.state.step > 0 {
            self.checkpoint()?;
        }
        self.run_dir.forget_after(self.state.step)?;
        self.log.finish();
        self.log = open_log(self.experiment, self.run_dir, &self.state)?;
        self.window = (Instant::now(), 0);
        self.told_of_going_back(&reason, step)?;
        self.restore_best()
    }

    fn told_of_going_back(&mut self, reason: &str, from: u64) -> Result<(), TrainError> {
        let (factor, precision) = self.state.guard.after_fallbacks(self.experiment.backend.precision);
        let (step, fallbacks) = (self.state.step, self.state.guard.fallbacks);
        tracing::warn!(
            from,
            step,
            "{reason}; going back from step {from} to step {step} with {factor} of the learning rate in {} \
             (fallback {fallbacks} of {MAX_FALLBACKS})",
            precision.name(),
        );
        let row = serde_json::json!({
            "step": step, "from": from, "reason": reason, "fallback": fallbacks, "learning_rate_factor": factor,
            "precision": precision.name(),
        });
        self.log.write("go_back", &row)
    }

    /// Refuses to save what is not finite.
    pub(super) fn all_finite(&self, arrays: &[(&str, &weights::Arrays)]) -> Result<(), TrainError> {
        for (what, arrays) in arrays {
            if let Some(name) = weights::nonfinite(arrays) {
                let reason = format!("{what} {name} is not finite");
                return Err(TrainError::Diverged {
                    reason,
                    step: self.state.step,
                    fallbacks: self.state.guard.fallbacks,
                });
            }
        }
        Ok(())
    }
}
