//! What the past of a run decides: which validation is the best, when to stop, which snapshots are needed.

use crate::checkpoint::State;
use crate::config::{Average, Experiment, Metric};
use crate::validate::Validation;

/// The best validation; of equal ones the first.
pub fn best(validations: &[Validation], metric: Metric) -> Option<&Validation> {
    validations.iter().rev().max_by(|a, b| a.compare(b, metric))
}

/// The steps whose weights are averaged at the end, oldest first.
pub fn averaged_steps(experiment: &Experiment, validations: &[Validation]) -> Vec<u64> {
    let (metric, n) = (experiment.validate.metric, experiment.train.average_checkpoints);
    let mut chosen: Vec<&Validation> = validations.iter().collect();
    match experiment.train.average {
        Average::None | Average::Ema => return Vec::new(),
        Average::Last => chosen.reverse(),
        Average::Best => chosen.sort_by(|a, b| b.compare(a, metric).then(a.step.cmp(&b.step))),
    }
    chosen.truncate(n);
    let mut steps: Vec<u64> = chosen.into_iter().map(|validation| validation.step).collect();
    steps.sort_unstable();
    steps
}

/// The steps whose weights a run keeps beside its checkpoints: those of the average, and the best, from which `best/`
/// is restored when a run that had ended goes on; for both cases, that it has ended and that it goes on.
pub fn kept_snapshots(experiment: &Experiment, validations: &[Validation]) -> Vec<u64> {
    let mut regular = validations.to_vec();
    regular.pop_if(|last| is_extra(last, experiment.validate.every));
    let of = |validations: &[Validation]| {
        let best = best(validations, experiment.validate.metric).map(|best| best.step);
        averaged_steps(experiment, validations).into_iter().chain(best).collect::<Vec<_>>()
    };
    let mut steps = [of(validations), of(&regular)].concat();
    steps.sort_unstable();
    steps.dedup();
    steps
}

/// Whether it was made because the run ended, not because it was time.
fn is_extra(validation: &Validation, every: u64) -> bool {
    !validation.step.is_multiple_of(every)
}

/// Why a run ends here, if it does; `epoch_batches` is the number of batches of the epoch at the cursor.
pub fn reason_to_stop(experiment: &Experiment, state: &State, epoch_batches: usize) -> Option<String> {
    let train = &experiment.train;
    let patience = experiment.validate.patience;
    let epochs = state.cursor.epoch + u64::from(state.cursor.batch >= epoch_batches as u64);
    let best_step = best(&state.validations, experiment.validate.metric).map_or(0, |best| best.step);
    let since_best = state.validations.iter().filter(|validation| validation.step > best_step).count() as u64;
    if train.max_steps > 0 && state.step >= train.max_steps {
        Some(format!("train.max_steps = {}", train.max_steps))
    } else if train.max_epochs > 0 && epochs >= train.max_epochs {
        Some(format!("train.max_epochs = {}", train.max_epochs))
    } else if train.max_minutes > 0.0 && state.elapsed_secs >= train.max_minutes * 60.0 {
        Some(format!("train.max_minutes = {}", train.max_minutes))
    } else if patience > 0 && since_best >= patience {
        Some(format!("validate.patience = {patience} validations without a better one"))
    } else {
        None
    }
}

/// Makes the state of a run that had ended that of one that had not, if there is more to do now: the validation after
/// the last step, which an uninterrupted run would not have made, is taken out. Returns whether the run goes on.
///
/// `every` is the interval of validations when the state was saved.
pub fn go_on(experiment: &Experiment, state: &mut State, every: u64, epoch_batches: usize) -> bool {
    let extra = state.validations.pop_if(|last| is_extra(last, every));
    let goes_on = reason_to_stop(experiment, state, epoch_batches).is_none();
    if !goes_on {
        state.validations.extend(extra);
    }
    goes_on
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::Cursor;

    fn validation(step: u64, chrf_plus_plus: f64, loss: f64) -> Validation {
        Validation {
            step,
            loss_nats_per_token: loss,
            loss_nats_per_char: loss,
            bleu: 0.0,
            chrf: 0.0,
            chrf_plus_plus,
        }
    }

    fn state(step: u64, validations: Vec<Validation>) -> State {
        State {
            step,
            cursor: Cursor::default(),
            tgt_tokens: 0,
            elapsed_secs: 0.0,
            validations,
            missed_updates: 0,
            guard: crate::guard::Guard::default(),
            experiment: Experiment::default(),
            data_hashes: [].into(),
        }
    }

    fn experiment(max_steps: u64, average: Average) -> Experiment {
        let mut experiment = Experiment::default();
        experiment.train.max_steps = max_steps;
        experiment.train.average = average;
        experiment.train.average_checkpoints = 2;
        experiment.validate.every = 4;
        experiment
    }

    #[test]
    fn the_best_is_the_first_of_equals_and_a_lower_loss_breaks_a_tie_of_scores() {
        let metric = Metric::ChrfPlusPlus;
        let step = |validations: &[Validation]| best(validations, metric).map(|best| best.step);
        assert_eq!(step(&[]), None);
        assert_eq!(step(&[validation(4, 0.0, 5.0), validation(8, 0.0, 4.0)]), Some(8));
        assert_eq!(step(&[validation(4, 1.0, 5.0), validation(8, 0.0, 4.0)]), Some(4));
        assert_eq!(step(&[validation(4, 1.0, 5.0), validation(8, 1.0, 5.0)]), Some(4));
    }

    #[test]
    fn the_average_takes_the_last_or_the_best_and_the_best_is_always_kept() {
        let past = [
            validation(4, 9.0, 1.0),
            validation(8, 1.0, 1.0),
            validation(12, 3.0, 1.0),
            validation(16, 2.0, 1.0),
        ];
        assert_eq!(averaged_steps(&experiment(0, Average::Last), &past), [12, 16]);
        assert_eq!(averaged_steps(&experiment(0, Average::Best), &past), [4, 12]);
        assert!(averaged_steps(&experiment(0, Average::None), &past).is_empty());
        assert_eq!(kept_snapshots(&experiment(0, Average::Ema), &past), [4]);
        assert_eq!(kept_snapshots(&experiment(0, Average::Last), &past), [4, 12, 16]);
    }

    #[test]
    fn what_a_longer_run_would_need_is_kept_at_an_end() {
        let past = [validation(4, 2.0, 1.0), validation(8, 1.0, 1.0), validation(9, 3.0, 1.0)];
        let kept = |average| kept_snapshots(&experiment(9, average), &past);
        assert_eq!(kept(Average::None), [4, 9]);
        assert_eq!(kept(Average::Last), [4, 8, 9]);
    }

    #[test]
    fn a_run_that_goes_on_forgets_the_validation_of_its_end() {
        let ended = || state(5, vec![validation(4, 1.0, 1.0), validation(5, 2.0, 1.0)]);
        let mut longer = ended();
        assert!(go_on(&experiment(9, Average::None), &mut longer, 4, 100));
        assert_eq!(longer.validations.len(), 1);
        let mut same = ended();
        assert!(!go_on(&experiment(5, Average::None), &mut same, 4, 100));
        assert_eq!(same.validations.len(), 2);
        let mut regular = state(8, vec![validation(4, 1.0, 1.0), validation(8, 2.0, 1.0)]);
        assert!(go_on(&experiment(9, Average::None), &mut regular, 4, 100));
        assert_eq!(regular.validations.len(), 2);
    }

    #[test]
    fn the_validation_of_an_end_does_not_try_the_patience() {
        let mut experiment = experiment(9, Average::None);
        experiment.validate.patience = 1;
        let mut ended = state(5, vec![validation(4, 2.0, 1.0), validation(5, 1.0, 1.0)]);
        assert!(go_on(&experiment, &mut ended, 4, 100));
        let mut tried = state(8, vec![validation(4, 2.0, 1.0), validation(8, 1.0, 1.0)]);
        assert!(!go_on(&experiment, &mut tried, 4, 100));
    }
}
