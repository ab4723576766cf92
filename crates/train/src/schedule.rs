//! The learning rate: a pure function of the step.

use crate::config::{Schedule, TrainConfig};

/// The learning rate of step `step`, from 1; never below `min_learning_rate`. The schedule begins after step `start`: 0,
/// unless it was made to begin again.
pub fn learning_rate(config: &TrainConfig, d_model: usize, step: u64, start: u64) -> f64 {
    scheduled(config, d_model, step, start).max(config.min_learning_rate)
}

fn scheduled(config: &TrainConfig, d_model: usize, step: u64, start: u64) -> f64 {
    let (t, end) = ((step - start) as f64, config.max_steps.saturating_sub(start) as f64);
    let warmup = config.warmup_steps as f64;
    let peak = config.learning_rate;
    if config.schedule == Schedule::Noam {
        // §5.3, eq. 3
        return peak * (d_model as f64).powf(-0.5) * t.powf(-0.5).min(t * warmup.powf(-1.5));
    }
    if t <= warmup {
        return peak * t / warmup;
    }
    let progress = ((t - warmup) / (end - warmup)).min(1.0);
    peak * match config.schedule {
        Schedule::InverseSqrt => (warmup.max(1.0) / t).sqrt(),
        Schedule::Linear => 1.0 - progress,
        Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        Schedule::Constant | Schedule::Noam => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: Schedule, steps: &[u64]) -> Vec<f64> {
        let config = TrainConfig {
            schedule,
            learning_rate: 2.0,
            warmup_steps: 100,
            max_steps: 500,
            ..Default::default()
        };
        steps.iter().map(|&step| learning_rate(&config, 256, step, 0)).collect()
    }

    fn close(got: &[f64], expected: &[f64]) {
        assert!(got.iter().zip(expected).all(|(g, e)| (g - e).abs() < 1e-12), "{got:?} {expected:?}");
    }

    #[test]
    fn every_schedule_rises_to_its_peak_and_falls_as_its_formula_says() {
        close(
            &rates(Schedule::Noam, &[1, 100, 400]),
            &[2.0 / 16.0 / 1000.0, 2.0 / 16.0 / 10.0, 2.0 / 16.0 / 20.0],
        );
        close(&rates(Schedule::InverseSqrt, &[1, 50, 100, 400]), &[0.02, 1.0, 2.0, 1.0]);
        close(&rates(Schedule::Linear, &[50, 100, 300, 500, 900]), &[1.0, 2.0, 1.0, 0.0, 0.0]);
        close(&rates(Schedule::Cosine, &[50, 100, 300, 500]), &[1.0, 2.0, 1.0, 0.0]);
        close(&rates(Schedule::Constant, &[25, 100, 10_000]), &[0.5, 2.0, 2.0]);
    }

    #[test]
    fn no_rate_is_below_the_floor() {
        let config = TrainConfig {
            schedule: Schedule::Cosine,
            learning_rate: 2.0,
            min_learning_rate: 0.5,
            warmup_steps: 100,
            max_steps: 500,
            ..Default::default()
        };
        let rate = |step| learning_rate(&config, 256, step, 0);
        close(&[rate(1), rate(50), rate(100), rate(300), rate(500)], &[0.5, 1.0, 2.0, 1.0, 0.5]);
    }

    #[test]
    fn a_schedule_that_begins_again_rises_anew_and_ends_where_it_did() {
        let config = TrainConfig {
            schedule: Schedule::Linear,
            learning_rate: 2.0,
            warmup_steps: 100,
            max_steps: 700,
            ..Default::default()
        };
        let rate = |step| learning_rate(&config, 256, step, 200);
        close(&[rate(250), rate(300), rate(500), rate(700)], &[1.0, 2.0, 1.0, 0.0]);
    }
}
