//! Where numbers lie on an axis, and which of them are written.

/// What is further from 0, or nearer to it, is no number that anybody measured: differences and ratios of it would leave
/// the range of floats.
const LARGEST: f64 = 1e100;

/// What an axis measures.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    /// Its name and unit.
    pub label: String,
    /// Equal ratios are equally long; what is not above 0 is left out.
    pub logarithmic: bool,
}

impl Axis {
    /// An axis on which equal differences are equally long.
    pub fn new(label: &str) -> Self {
        Self { label: label.into(), logarithmic: false }
    }

    /// An axis on which equal ratios are equally long.
    pub fn logarithmic(label: &str) -> Self {
        Self { label: label.into(), logarithmic: true }
    }
}

/// An axis with its two ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    least: f64,
    most: f64,
    logarithmic: bool,
}

impl Span {
    /// The span of some values; those that cannot be drawn do not count. With none, 0 to 1.
    pub(crate) fn of(values: impl Iterator<Item = f64>, axis: &Axis) -> Self {
        let logarithmic = axis.logarithmic;
        let drawn = values.filter(|&value| drawable(value, logarithmic));
        let (least, most) = drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        if least > most {
            return Self { least: if logarithmic { 0.1 } else { 0.0 }, most: 1.0, logarithmic };
        }
        if logarithmic {
            let room = if most <= least * 1.001 { 2.0 } else { 1.0 };
            return Self { least: least / room, most: most * room, logarithmic };
        }
        // One value alone lies in the middle, and so do several that differ by roundings.
        let near = most - least <= 1e-9 * least.abs().max(most.abs());
        let room = if near { least.abs().max(1.0) * 0.1 } else { 0.0 };
        Self { least: least - room, most: most + room, logarithmic }
    }

    /// From 0 at the lower end to 1 at the upper.
    pub(crate) fn place(&self, value: f64) -> Option<f64> {
        if !drawable(value, self.logarithmic) {
            return None;
        }
        let scale = |value: f64| if self.logarithmic { value.ln() } else { value };
        Some((scale(value) - scale(self.least)) / (scale(self.most) - scale(self.least)))
    }

    /// Round numbers on it, three to seven where the numbers allow.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        if self.logarithmic { self.log_ticks() } else { even_ticks(self.least, self.most) }
    }

    fn log_ticks(&self) -> Vec<f64> {
        let inside = |value: &f64| *value >= self.least * 0.999 && *value <= self.most * 1.001;
        let decades = self.least.log10().floor() as i32..=self.most.log10().ceil() as i32;
        for steps in [&[1.0][..], &[1.0, 3.0], &[1.0, 2.0, 5.0]] {
            let ticks: Vec<f64> = decades
                .clone()
                .flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)))
                .filter(inside)
                .collect();
            if ticks.len() >= 3 {
                return ticks;
            }
        }
        even_ticks(self.least, self.most)
    }
}

fn drawable(value: f64, logarithmic: bool) -> bool {
    let size = value.abs();
    let measured = size == 0.0 || (1.0 / LARGEST..=LARGEST).contains(&size);
    measured && (!logarithmic || value > 0.0)
}

fn even_ticks(least: f64, most: f64) -> Vec<f64> {
    let rough = (most - least) / 5.0;
    let magnitude = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * magnitude);
    let step = steps.into_iter().find(|step| *step >= rough).unwrap_or(10.0 * magnitude);
    let (first, last) = ((least / step - 1e-9).ceil() as i64, (most / step + 1e-9).floor() as i64);
    (first..=last).map(|tick| tick as f64 * step).collect()
}

/// A number as short as it is read: 12,000 as `12k`, 0.00025 as `2.5e-4`.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    let trimmed = |text: String| match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    };
    match size {
        0.0 => "0".into(),
        1e6.. => format!("{}M", trimmed(format!("{:.2}", value / 1e6))),
        1e4.. => format!("{}k", trimmed(format!("{:.1}", value / 1e3))),
        1e-2.. => trimmed(format!("{value:.3}")),
        _ => {
            let text = format!("{value:.1e}");
            text.replace(".0e", "e")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let span = |values: &[f64], axis: Axis| Span::of(values.iter().copied(), &axis);
        assert_eq!(span(&[0.0, 100.0], Axis::new("")).ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(span(&[1.0, 1000.0], Axis::logarithmic("")).ticks(), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(span(&[8.0, 64.0], Axis::logarithmic("")).ticks(), [10.0, 20.0, 50.0]);
        for (least, most) in [(0.1, 0.9), (3.0, 3.0), (-5.0, 7e9), (1e-9, 2e-9)] {
            let ticks = span(&[least, most], Axis::new("")).ticks();
            assert!((2..=11).contains(&ticks.len()), "{least} to {most}: {ticks:?}");
        }
    }

    #[test]
    fn what_cannot_be_drawn_has_no_place() {
        let span = Span::of([f64::NAN, 2.0, 4.0, f64::INFINITY].into_iter(), &Axis::new(""));
        assert_eq!(span.place(3.0), Some(0.5));
        assert_eq!(span.place(f64::NAN), None);
        let log = Span::of([0.0, 1.0, 100.0].into_iter(), &Axis::logarithmic(""));
        assert_eq!(log.place(10.0), Some(0.5));
        assert_eq!(log.place(0.0), None);
        assert_eq!(Span::of(std::iter::empty(), &Axis::new("")).place(0.5), Some(0.5));
    }

    #[test]
    fn the_ends_of_the_range_of_floats_are_not_drawn() {
        let extremes = [f64::MAX, f64::MIN, 5e-324, -5e-324, 1e308, 0.0, 1.0, f64::INFINITY];
        for axis in [Axis::new(""), Axis::logarithmic("")] {
            for pair in extremes.iter().flat_map(|a| extremes.iter().map(move |b| [*a, *b])) {
                let span = Span::of(pair.into_iter(), &axis);
                let ticks = span.ticks();
                assert!(ticks.len() < 12 && ticks.iter().all(|tick| span.place(*tick).is_some()), "{pair:?}");
            }
        }
    }

    #[test]
    fn values_that_differ_by_a_rounding_have_a_place() {
        for value in [1e-9, 1.0, 2_147_483_647.0, 1e99_f64] {
            let next = f64::from_bits(value.to_bits() + 1);
            for axis in [Axis::new(""), Axis::logarithmic("")] {
                let span = Span::of([value, next].into_iter(), &axis);
                let places = span.ticks().into_iter().chain([value, next]).map(|value| span.place(value));
                assert!(places.flatten().all(|place| (-0.01..=1.01).contains(&place)), "{value}");
            }
        }
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (12_000.0, "12k"),
            (2.5e-4, "2.5e-4"),
            (1e-5, "1e-5"),
            (0.25, "0.25"),
            (1500.0, "1500"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }
}
