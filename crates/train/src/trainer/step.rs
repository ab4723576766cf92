//! One optimizer step: gradients of a batch, in micro-batches that fit into memory, and the update.

use super::Trainer;
use crate::guard::MARGIN;
use crate::log::StepRecord;
use crate::loss::loss;
use crate::optimizer::StepGradients;
use crate::schedule::learning_rate;
use crate::tensors::BatchTensors;
use crate::{TrainError, drill, interrupt};
use data::{Batch, Cursor};
use model::{Pass, Precision, weights};

/// The loss of a step in `f16` is scaled down until its gradients are finite, at most to this.
const SMALLEST_SCALE: f64 = 1e-4;

/// A batch with its place in the data.
pub(super) struct StepBatch {
    pub(super) step: u64,
    /// The place of the next one.
    pub(super) cursor: Cursor,
    pub(super) batch: Batch,
}

/// What the forward and backward passes of a step gave.
pub(super) struct Passes {
    pub(super) gradients: StepGradients,
    /// Global norm of the gradients of the mean loss, before clipping.
    pub(super) norm: f64,
    /// Σ of the smoothed loss over the target tokens, nats.
    pub(super) loss: f64,
    /// Σ of −log p of the right tokens, nats.
    pub(super) nll: f64,
    /// The first micro-batch whose loss is not finite.
    pub(super) faulty: Option<usize>,
}

impl Trainer<'_> {
    /// One optimizer step. `None`: the run diverged and went back.
    pub(super) fn step(&mut self) -> Result<Option<StepRecord>, TrainError> {
        let mut cursor = self.state.cursor;
        let batch = self.loader.next(&mut cursor)?;
        let at = StepBatch { step: self.state.step + 1, cursor, batch };
        self.drill_weights()?;
        let mut passes = self.passes(&at)?;
        self.drill(&mut passes);
        let fault = self.fault_of(&at, &passes);
        let rate = drill::value("learning_rate", self.learning_rate(at.step));
        let record = self.record(&at, &passes, rate, fault.is_some());
        if let Some(fault) = fault {
            return self.leave_out(&at, record, fault);
        }
        let model = self.model.take().expect("only the update takes it");
        let model = self.model.insert(self.optimizer.step(model, passes.gradients, passes.norm, rate));
        if let Some(ema) = &mut self.ema {
            ema.update(model);
        }
        self.advance(&at, &record);
        self.state.guard.skipped_in_row = 0;
        if let Some(reason) = self.state.guard.diverges(record.loss_nats_per_token, record.nll_nats_per_token)
            && self.experiment.train.on_divergence.is_watched()
        {
            return self.go_back(reason, MARGIN).map(|()| None);
        }
        Ok(Some(record))
    }

    /// Lets a drill change weights.
    fn drill_weights(&mut self) -> Result<(), TrainError> {
        if drill::is_on() {
            let mut arrays = weights::to_arrays(self.model());
            for (name, array) in &mut arrays {
                array.values[0] = drill::value(&format!("weight.{name}"), array.values[0].into()) as f32;
            }
            let model = self.model.take().expect("only the update takes it");
            self.model = Some(weights::from_arrays(model, arrays, self.run_dir.path())?);
        }
        Ok(())
    }

    /// Lets a drill change gradients and moments.
    fn drill(&mut self, passes: &mut Passes) {
        if drill::is_on() {
            passes.gradients.drill();
            passes.norm = passes.gradients.norm();
            self.optimizer.drill();
        }
    }

    /// The schedule's, less what fallbacks took off.
    pub(super) fn learning_rate(&self, step: u64) -> f64 {
        let (guard, experiment) = (&self.state.guard, self.experiment);
        let (factor, _) = guard.after_fallbacks(experiment.backend.precision);
        factor * learning_rate(&experiment.train, experiment.model.d_model, step, guard.schedule_start)
    }

    /// The batch is done, whether it was learnt from or not.
    pub(super) fn advance(&mut self, at: &StepBatch, record: &StepRecord) {
        self.state.step = at.step;
        self.state.cursor = at.cursor;
        self.state.tgt_tokens += record.tgt_tokens as u64;
        self.state.elapsed_secs = record.elapsed_secs;
        self.window.1 += record.tgt_tokens;
    }

    fn record(&self, at: &StepBatch, passes: &Passes, learning_rate: f64, nonfinite: bool) -> StepRecord {
        let tgt_tokens = at.batch.n_tgt_tokens();
        let per_token = 1.0 / tgt_tokens as f64;
        StepRecord {
            step: at.step,
            epoch: at.cursor.epoch,
            loss_nats_per_token: passes.loss * per_token,
            nll_nats_per_token: passes.nll * per_token,
            learning_rate,
            gradient_norm: passes.norm,
            tgt_tokens,
            tgt_tokens_per_sec: (self.window.1 + tgt_tokens) as f64 / self.window.0.elapsed().as_secs_f64(),
            elapsed_secs: self.started.1 + self.started.0.elapsed().as_secs_f64(),
            nonfinite,
        }
    }

    /// All passes of a step; where memory runs out, with smaller micro-batches.
    fn passes(&mut self, at: &StepBatch) -> Result<Passes, TrainError> {
        loop {
            let micro_batches = self.micro_batches(&at.batch);
            match crate::panics::caught(|| self.scaled_passes(&micro_batches, at)) {
                Ok(passes) => return passes,
                Err(panic) => self.make_room(&panic, at.step)?,
            }
        }
    }

    /// In `f16` the loss is scaled until the gradients are finite.
    fn scaled_passes(&self, micro_batches: &[Batch], at: &StepBatch) -> Result<Passes, TrainError> {
        let tgt_tokens = at.batch.n_tgt_tokens();
        let half = self.model().precision() == Precision::F16;
        scaled(first_scale(half, tgt_tokens), |scale| {
            let passes = self.accumulate(micro_batches, at.step, scale, tgt_tokens)?;
            let overflown = half && passes.loss.is_finite() && !passes.norm.is_finite();
            Ok((passes, overflown))
        })
    }

    /// Gradients of `scale` times the mean loss, summed over the micro-batches.
    fn accumulate(
        &self,
        micro_batches: &[Batch],
        step: u64,
        scale: f64,
        tgt_tokens: usize,
    ) -> Result<Passes, TrainError> {
        let tape = self.device.clone().autodiff();
        let model = self.model();
        let smoothing = self.experiment.train.label_smoothing;
        let (mut gradients, mut sum, mut nll, mut faulty) = (StepGradients::scaled(scale), 0.0, 0.0, None);
        for (index, micro_batch) in micro_batches.iter().enumerate() {
            drill::pass("micro_batch");
            interrupt::check(self.state.step)?;
            let pass = self.pass(step, index);
            let sums = loss(model, BatchTensors::new(micro_batch, &tape), smoothing, &pass);
            nll += f64::from(sums.nll.into_scalar::<f32>());
            sum += drill::value("loss", f64::from(sums.loss.clone().into_scalar::<f32>()));
            if !sum.is_finite() {
                faulty.get_or_insert(index);
            }
            gradients.add(model, &mut (sums.loss / (tgt_tokens as f64 / scale)).backward());
        }
        let norm = gradients.norm();
        Ok(Passes { gradients, norm, loss: sum, nll, faulty })
    }

    /// The forward pass of one micro-batch.
    pub(super) fn pass(&self, step: u64, micro_batch: usize) -> Pass {
        let (seed, dropout) = (self.experiment.run.seed, self.experiment.model.dropout);
        let pass = Pass::training(dropout, seed, step, micro_batch as u64);
        if drill::is_on() { pass.watched(super::faults::Drilled) } else { pass }
    }
}

/// Computes anew with a quarter of the scale while gradients overflow, at most down to [`SMALLEST_SCALE`].
fn scaled<T, E>(mut scale: f64, mut passes: impl FnMut(f64) -> Result<(T, bool), E>) -> Result<T, E> {
    loop {
        let (found, overflown) = passes(scale)?;
        if !overflown || scale < SMALLEST_SCALE {
            return Ok(found);
        }
        scale *= 0.25;
    }
}

/// The factor on the loss before its backward pass. Gradients of a mean over thousands of tokens vanish in `f16`: there
/// the loss is taken as a sum at first. It does not depend on earlier steps, so that a resume is exact.
fn first_scale(half: bool, tgt_tokens: usize) -> f64 {
    if half { (tgt_tokens as f64).log2().floor().exp2() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a device in half precision that overflows where the scale is above `limit`: the scale that was taken in the
    /// end, and how many were tried.
    fn tried(limit: f64, half: bool, tgt_tokens: usize) -> (f64, usize) {
        let mut tries = 0;
        let taken = scaled(first_scale(half, tgt_tokens), |scale| {
            tries += 1;
            Ok::<_, TrainError>((scale, half && scale > limit))
        });
        (taken.expect("nothing fails"), tries)
    }

    #[test]
    fn a_loss_that_overflows_is_scaled_down_and_not_for_ever() {
        assert_eq!(tried(0.0, false, 4096), (1.0, 1));
        assert_eq!(tried(1e9, true, 5000), (4096.0, 1));
        assert_eq!(tried(100.0, true, 4096), (64.0, 4));
        for tgt_tokens in [1, 4096, 1 << 20] {
            let (scale, tries) = tried(0.0, true, tgt_tokens);
            assert!(scale < SMALLEST_SCALE && tries <= 20, "{tgt_tokens} tokens: {scale} after {tries}");
        }
    }
}
