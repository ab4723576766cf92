//! Curves of a run, and of several in one picture.

use crate::runs::{Rows, Run, TrainRow};
use crate::validate::Validation;
use page::{Axis, Chart, Series};

/// More points than this are drawn as the means of neighbours.
const MOST_POINTS: usize = 400;
/// The smoothed line looks back over this share of the rows.
const WINDOW: usize = 25;

/// One line: `(x, y)` by x.
type Points = Vec<(f64, f64)>;

/// The pictures about a run with their captions; none of what is not known.
pub(super) fn charts(rows: &Rows) -> Vec<(String, Chart)> {
    let loss = train(rows, |row| row.nll_nats_per_token);
    let norm = train(rows, |row| row.gradient_norm);
    let raw = |points: &Points| Series::new("train, as logged", thinned(points)).faint();
    let mean = |points: &Points| Series::new("train, running mean", thinned(&smoothed(points)));
    let dev = Series::new("dev", dev(rows, |validation| validation.loss_nats_per_token));
    let score = |name: &str, of: fn(&Validation) -> f64| Series::new(name, self::dev(rows, of));
    let scores = vec![
        score("BLEU", |validation| validation.bleu),
        score("chrF", |validation| validation.chrf),
        score("chrF++", |validation| validation.chrf_plus_plus),
    ];
    let rate = |of: fn(&TrainRow) -> f64, name| vec![Series::new(name, thinned(&train(rows, of)))];
    let step = || Axis::new("step");
    let charts = [
        (
            "Loss without label smoothing",
            step(),
            Axis::new("nats per token"),
            vec![raw(&loss), mean(&loss), dev],
        ),
        ("Scores on dev", step(), Axis::new("score"), scores),
        ("Learning rate", step(), Axis::new("learning rate"), rate(|row| row.learning_rate, "learning rate")),
        ("Gradient norm before clipping", step(), Axis::logarithmic("norm"), vec![raw(&norm), mean(&norm)]),
        (
            "Throughput",
            step(),
            Axis::new("target tokens per second"),
            rate(|row| row.tgt_tokens_per_sec, "target tokens per second"),
        ),
    ];
    let drawn = charts.into_iter().map(|(caption, x, y, series)| {
        let series = series.into_iter().filter(|series| !series.points.is_empty()).collect();
        (caption.to_owned(), Chart { title: caption.into(), x, y, series })
    });
    drawn.filter(|(_, chart)| !chart.series.is_empty()).collect()
}

/// Several runs in one picture each.
pub(super) fn overlaid(runs: &[Run]) -> Vec<(String, Chart)> {
    let minutes = |rows: &Rows, step: u64| {
        let before = rows.train.partition_point(|row| row.step <= step);
        rows.train[..before].last().map_or(f64::NAN, |row| row.elapsed_secs / 60.0)
    };
    let by_step = |of: fn(&Validation) -> f64| -> Vec<Series> {
        runs.iter().map(|run| Series::new(&run.name, dev(&run.rows, of))).collect()
    };
    let by_time = |of: fn(&Validation) -> f64| -> Vec<Series> {
        let points = |rows: &Rows| -> Points {
            rows.validations.iter().map(|one| (minutes(rows, one.step), of(one))).collect()
        };
        runs.iter().map(|run| Series::new(&run.name, points(&run.rows))).collect()
    };
    let train = runs
        .iter()
        .map(|run| {
            Series::new(&run.name, thinned(&smoothed(&train(&run.rows, |row| row.nll_nats_per_token))))
        })
        .collect();
    let (step, minutes) = (|| Axis::new("step"), || Axis::new("minutes of training"));
    let charts: [(&str, Axis, Axis, Vec<Series>); 6] = [
        ("chrF++ on dev", step(), Axis::new("chrF++"), by_step(|one| one.chrf_plus_plus)),
        ("chrF++ on dev by time", minutes(), Axis::new("chrF++"), by_time(|one| one.chrf_plus_plus)),
        ("Loss on dev", step(), Axis::new("nats per token"), by_step(|one| one.loss_nats_per_token)),
        (
            "Loss on dev by time",
            minutes(),
            Axis::new("nats per token"),
            by_time(|one| one.loss_nats_per_token),
        ),
        ("BLEU on dev", step(), Axis::new("BLEU"), by_step(|one| one.bleu)),
        ("Training loss, running mean", step(), Axis::new("nats per token"), train),
    ];
    let drawn = charts
        .into_iter()
        .map(|(caption, x, y, series)| (caption.to_owned(), Chart { title: caption.into(), x, y, series }));
    drawn.filter(|(_, chart)| chart.series.iter().any(|series| !series.points.is_empty())).collect()
}

fn train(rows: &Rows, of: fn(&TrainRow) -> f64) -> Points {
    rows.train.iter().map(|row| (row.step as f64, of(row))).collect()
}

fn dev(rows: &Rows, of: fn(&Validation) -> f64) -> Points {
    rows.validations.iter().map(|one| (one.step as f64, of(one))).collect()
}

/// The exponential mean of what is finite, unbiased at the beginning (Kingma & Ba 2015 §3).
fn smoothed(points: &[(f64, f64)]) -> Points {
    let decay = 1.0 - 2.0 / (1.0 + (points.len() / WINDOW).max(5) as f64);
    let (mut sum, mut weight) = (0.0, 0.0);
    let smooth = points.iter().filter(|(_, y)| y.is_finite()).map(|&(x, y)| {
        sum = decay * sum + (1.0 - decay) * y;
        weight = decay * weight + (1.0 - decay);
        (x, sum / weight)
    });
    smooth.collect()
}

/// So few points that each can be seen. What is not finite stays where it is alone in its place.
fn thinned(points: &[(f64, f64)]) -> Points {
    let each = points.len().div_ceil(MOST_POINTS).max(1);
    let mean = |points: &[(f64, f64)]| {
        let finite: Vec<(f64, f64)> = points.iter().copied().filter(|(_, y)| y.is_finite()).collect();
        let n = finite.len() as f64;
        match finite.last() {
            None => points[0],
            Some(_) => (
                finite.iter().map(|(x, _)| x).sum::<f64>() / n,
                finite.iter().map(|(_, y)| y).sum::<f64>() / n,
            ),
        }
    };
    points.chunks(each).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_mean_begins_at_the_first_value_and_passes_over_what_is_not_finite() {
        let mean = smoothed(&[(1.0, 4.0), (2.0, f64::NAN), (3.0, 2.0)]);
        assert_eq!(mean[0], (1.0, 4.0));
        assert_eq!(mean.len(), 2);
        assert!(mean[1].1 > 2.0 && mean[1].1 < 4.0);
    }

    #[test]
    fn many_points_become_means() {
        let points: Points = (0..1200).map(|i| (f64::from(i), f64::from(i % 3))).collect();
        let few = thinned(&points);
        assert_eq!((few.len(), few[0]), (400, (1.0, 1.0)));
        assert_eq!(thinned(&points[..7]), points[..7]);
        assert!(thinned(&[(1.0, f64::NAN)])[0].1.is_nan());
    }
}
