//! What a run watches itself for: numbers that are not finite, divergence, memory that runs out, a model that has stopped
//! to look at its source. All of it is plain state that a checkpoint carries, so that a resumed run sees the same.
//!
//! Divergence: the mean loss of the last ten steps is five standard deviations of a single step above the
//! lowest such mean so far, and more than half of all that was learnt since the first steps is lost. Noise alone does not
//! move a mean that far, and a short bump from which a run recovers by itself does not lose so much.

use model::Precision;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// Steps whose mean loss is looked at.
const RECENT: usize = 10;
/// Steps before which nothing is called divergence.
const SETTLING: u64 = 100;
/// Over about so many steps the spread of the loss is measured.
const SPREAD_STEPS: f32 = 100.0;
/// How many standard deviations are too many.
const SIGMAS: f32 = 5.0;
/// A checkpoint this many steps old is from before a divergence that is found now.
pub const MARGIN: u64 = 50;
/// Steps in a row that may be left out because their numbers are not finite.
pub const MAX_SKIPPED: u32 = 3;
/// How often a diverging run goes back before it gives up.
pub const MAX_FALLBACKS: u32 = 3;
/// How often micro-batches are halved where memory runs out.
pub const MAX_HALVINGS: u32 = 3;
/// Validations in a row that look like a collapse before it is told.
const DULL: u32 = 3;

/// The state of the watch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Guard {
    /// Losses of the last steps, nats per token.
    recent: VecDeque<f32>,
    /// Mean of −log p of the right tokens over about the last [`RECENT`] steps, nats per token.
    nll: f32,
    /// Losses seen.
    seen: u64,
    /// The mean of the first losses.
    initial: f32,
    /// The lowest mean of the last steps so far.
    lowest: f32,
    /// Mean square of the distance of a step's loss from the mean of those before it.
    variance: f32,
    /// The last steps in a row that were left out because their numbers were not finite.
    pub skipped_in_row: u32,
    /// How often the run went back to a checkpoint because it diverged.
    pub fallbacks: u32,
    /// How often micro-batches were halved because memory ran out.
    pub halvings: u32,
    /// The step from which the learning rate's schedule is counted.
    pub schedule_start: u64,
    /// The last validations in a row that looked like a collapse.
    dull: u32,
}

impl Guard {
    /// Takes the loss of a step, with smoothing and without, nats per token. Returns what there is to say if the run
    /// diverges.
    pub fn diverges(&mut self, loss: f64, nll: f64) -> Option<String> {
        let (loss, nll) = (loss as f32, nll as f32);
        self.nll += (nll - self.nll) / (self.seen + 1).min(RECENT as u64) as f32;
        if let Some(mean) = self.recent_mean() {
            let distance = (loss - mean) * (loss - mean);
            let share = (1.0 / (self.seen as f32)).max(1.0 / SPREAD_STEPS);
            self.variance += share * (distance - self.variance);
        }
        self.recent.push_back(loss);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.seen += 1;
        let mean = self.recent_mean()?;
        if self.seen == RECENT as u64 {
            (self.initial, self.lowest) = (mean, mean);
        }
        let limit =
            (self.lowest + SIGMAS * self.variance.sqrt()).max(f32::midpoint(self.lowest, self.initial));
        if self.seen > SETTLING && mean > limit {
            return Some(format!(
                "the mean loss of {RECENT} steps rose to {mean:.2} from {:.2}, with {:.2} at the start",
                self.lowest, self.initial
            ));
        }
        self.lowest = self.lowest.min(mean);
        None
    }

    fn recent_mean(&self) -> Option<f32> {
        (self.recent.len() == RECENT).then(|| self.recent.iter().sum::<f32>() / RECENT as f32)
    }

    /// The watch of a run whose learning rate begins again after a step.
    #[must_use]
    pub fn with_new_schedule(&self, step: u64) -> Self {
        Self { schedule_start: step, halvings: self.halvings, ..Self::default() }
    }

    /// What the learning rate is multiplied by, and the precision: the first thing that a diverging run in half precision
    /// gives up is that; after it, and for others at once, every fallback halves the learning rate.
    pub fn after_fallbacks(&self, precision: Precision) -> (f64, Precision) {
        if self.fallbacks == 0 {
            return (1.0, precision);
        }
        let halvings = self.fallbacks - u32::from(precision != Precision::F32);
        (0.5_f64.powi(halvings as i32), Precision::F32)
    }

    /// Takes the translations of a validation. Returns what there is to say when three in a row look like a collapse:
    /// the same translation for every source, or a training loss that knows no more than how often each token comes
    /// (`entropy`, nats per token).
    pub fn collapses(&mut self, translations: &[String], entropy: f64) -> Option<String> {
        let distinct: BTreeSet<&String> = translations.iter().collect();
        let constant = translations.len() >= 10 && distinct.len() == 1;
        let stuck = f64::from(self.nll) >= 0.98 * entropy;
        self.dull = if constant || stuck { self.dull + 1 } else { 0 };
        if self.dull != DULL {
            return None;
        }
        let what = match distinct.first() {
            Some(text) if constant => format!("every dev source is translated as '{text}'"),
            _ => format!(
                "the training loss of {:.2} is not below {entropy:.2}, which knowing the frequency of tokens alone would give",
                self.nll
            ),
        };
        Some(format!(
            "{DULL} validations in a row the model takes nothing from its source: {what}. Check that source and target \
             lines belong together (train data check); lower train.learning_rate, raise train.warmup_steps, or use \
             model.norm = \"pre\""
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Losses that fall from 8 to 3 with noise, as those of a run.
    fn falling(step: u64) -> f64 {
        let noise = ((step * 2_654_435_761) % 1000) as f64 / 1000.0 - 0.5;
        3.0 + 5.0 * (-(step as f64) / 200.0).exp() + 0.6 * noise
    }

    #[test]
    fn a_run_that_learns_is_left_alone_and_one_that_explodes_is_found_at_once() {
        let mut guard = Guard::default();
        for step in 0..500 {
            assert_eq!(guard.diverges(falling(step), 1.0), None, "step {step}");
        }
        let mut bump = guard.clone();
        for step in 500..520 {
            assert_eq!(bump.diverges(falling(step) + 1.0, 1.0), None, "a bump is no divergence");
        }
        let found = (0..50).find(|step| guard.diverges(falling(500 + step) + 6.0, 1.0).is_some());
        assert!(found.is_some_and(|steps| steps < 10), "{found:?}");
    }

    #[test]
    fn noise_without_learning_is_no_divergence() {
        let mut guard = Guard::default();
        for step in 0..3000 {
            assert_eq!(guard.diverges(6.0 + falling(10_000 + step), 1.0), None, "step {step}");
        }
    }

    #[test]
    fn the_watch_survives_being_saved() {
        let mut guard = Guard::default();
        (0..137).for_each(|step| assert_eq!(guard.diverges(falling(step), 1.0), None));
        let text = serde_json::to_string(&guard).unwrap();
        assert_eq!(serde_json::from_str::<Guard>(&text).unwrap(), guard);
        assert_eq!(serde_json::from_str::<Guard>("{}").unwrap(), Guard::default());
    }

    #[test]
    fn fallbacks_give_up_half_precision_first_and_then_halve_the_learning_rate() {
        let after = |fallbacks, precision| Guard { fallbacks, ..Guard::default() }.after_fallbacks(precision);
        assert_eq!(after(0, Precision::F16), (1.0, Precision::F16));
        assert_eq!(after(1, Precision::F16), (1.0, Precision::F32));
        assert_eq!(after(2, Precision::F16), (0.5, Precision::F32));
        assert_eq!(after(2, Precision::F32), (0.25, Precision::F32));
    }

    #[test]
    fn a_collapse_is_told_once_and_after_three_validations() {
        let same = vec!["ಒಂದು".to_owned(); 12];
        let different: Vec<String> = (0..12).map(|i| i.to_string()).collect();
        let mut guard = Guard::default();
        assert_eq!(guard.collapses(&same, 6.0), None);
        assert_eq!(guard.collapses(&different, 6.0), None);
        let told: Vec<bool> = (0..5).map(|_| guard.collapses(&same, 6.0).is_some()).collect();
        assert_eq!(told, [false, false, true, false, false]);
        let mut guard = Guard { nll: 5.95, ..Guard::default() };
        let told: Vec<Option<String>> = (0..3).map(|_| guard.collapses(&different, 6.0)).collect();
        assert!(told[2].as_ref().is_some_and(|text| text.contains("frequency of tokens")), "{told:?}");
    }
}
