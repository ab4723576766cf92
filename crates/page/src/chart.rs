//! Lines over an axis.

use crate::axis::{Axis, Span, short};
use crate::escape;
use std::fmt::Write as _;

/// Size of the picture and of its margins, in its own units.
const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 46.0;
/// Lines that can be told apart by their colour; more begin again, dashed.
const COLOURS: usize = 6;
/// A line of more points is drawn without a dot on each.
const DOTS: usize = 40;

/// Lines in one picture.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// What it shows, for those who do not see it.
    pub title: String,
    /// The axis to the right.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// `(x, y)`, by x. A value that is not finite interrupts the line.
    pub points: Vec<(f64, f64)>,
    /// Thin and without a colour of its own: what lies behind another line.
    faint: bool,
}

impl Series {
    /// A line through points.
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, faint: false }
    }

    /// The same line, thin and without a colour of its own.
    #[must_use]
    pub fn faint(self) -> Self {
        Self { faint: true, ..self }
    }
}

impl Chart {
    /// The picture as SVG, and below it a legend where there are several lines.
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x = Span::of(points().map(|point| point.0), &self.x);
        let y = Span::of(points().map(|point| point.1), &self.y);
        let mut svg = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n",
            escape(&self.title)
        );
        self.axes(&mut svg, x, y);
        for (series, colour) in self.coloured() {
            line(&mut svg, series, &colour, x, y);
        }
        svg.push_str("</svg>");
        if self.series.len() > 1 {
            svg.push_str(&self.legend());
        }
        svg
    }

    fn axes(&self, svg: &mut String, x: Span, y: Span) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        // Between the ends of what a number can be there is no tick.
        for (tick, at) in y.ticks().into_iter().filter_map(|tick| Some((tick, down(y, tick)?))) {
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/><text class=\"axis\" x=\"{}\" y=\"{:.1}\">{}</text>",
                LEFT - 6.0,
                at + 4.0,
                short(tick)
            );
        }
        for (tick, at) in x.ticks().into_iter().filter_map(|tick| Some((tick, across(x, tick)?))) {
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{at:.1} {bottom}v4\"/><text class=\"middle\" x=\"{at:.1}\" y=\"{}\">{}</text>",
                bottom + 17.0,
                short(tick)
            );
        }
        let _ = writeln!(
            svg,
            "<text class=\"middle\" x=\"{}\" y=\"{}\">{}</text>\
             <text class=\"middle\" transform=\"translate(12 {}) rotate(-90)\">{}</text>",
            f64::midpoint(LEFT, right),
            HEIGHT - 8.0,
            escape(&self.x.label),
            f64::midpoint(TOP, bottom),
            escape(&self.y.label)
        );
    }

    /// The lines with their classes. A faint one takes no colour from the others.
    fn coloured(&self) -> impl Iterator<Item = (&Series, String)> {
        let mut number = 0;
        self.series.iter().map(move |series| {
            if series.faint {
                return (series, "faint".to_owned());
            }
            number += 1;
            (series, colour(number - 1))
        })
    }

    fn legend(&self) -> String {
        let mut html = "<ul class=\"legend\">".to_owned();
        for (series, colour) in self.coloured() {
            let _ = write!(
                html,
                "<li><svg viewBox=\"0 0 28 10\" aria-hidden=\"true\"><path class=\"line {}\" d=\"M0 5H28\"/></svg>{}</li>",
                colour,
                escape(&series.name)
            );
        }
        html + "</ul>"
    }
}

fn colour(number: usize) -> String {
    let dashed = if number >= COLOURS { " dashed" } else { "" };
    format!("s{}{dashed}", number % COLOURS + 1)
}

fn across(x: Span, value: f64) -> Option<f64> {
    x.place(value).map(|place| LEFT + place * (WIDTH - LEFT - RIGHT))
}

fn down(y: Span, value: f64) -> Option<f64> {
    y.place(value).map(|place| HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM))
}

/// The line, interrupted where it has no value, with what a point is for whoever points at it.
fn line(svg: &mut String, series: &Series, colour: &str, x: Span, y: Span) {
    let (mut path, mut pen_is_down) = (String::new(), false);
    let mut dots = String::new();
    for &(at, value) in &series.points {
        let (Some(right), Some(below)) = (across(x, at), down(y, value)) else {
            pen_is_down = false;
            continue;
        };
        let _ = write!(path, "{}{right:.1} {below:.1}", if pen_is_down { 'L' } else { 'M' });
        pen_is_down = true;
        if series.points.len() <= DOTS {
            let _ = writeln!(
                dots,
                "<circle class=\"dot {colour}\" cx=\"{right:.1}\" cy=\"{below:.1}\" r=\"3\"><title>{}: {}, {}</title></circle>",
                escape(&series.name),
                short(at),
                short(value)
            );
        }
    }
    let _ = write!(svg, "<path class=\"line {colour}\" d=\"{path}\"/>\n{dots}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: &[(f64, f64)]) -> Chart {
        let series = vec![Series::new("a<b", points.to_vec()), Series::new("c", vec![(0.0, 1.0)])];
        Chart { title: "t".into(), x: Axis::new("step"), y: Axis::new("loss"), series }
    }

    #[test]
    fn the_ends_of_a_line_are_the_corners_of_the_field() {
        let svg = chart(&[(0.0, 0.0), (10.0, 5.0)]).svg();
        assert!(svg.contains("d=\"M62.0 254.0L506.0 12.0\""), "{svg}");
        assert!(svg.contains("a&lt;b") && !svg.contains("a<b"));
    }

    #[test]
    fn a_missing_value_interrupts_the_line() {
        let svg = chart(&[(0.0, 0.0), (1.0, f64::NAN), (2.0, 1.0), (3.0, 2.0)]).svg();
        let path = svg.split("class=\"line s1\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1));
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn numbers_at_the_ends_of_what_there_is_are_no_panic() {
        let svg = chart(&[(0.0, -1e308), (u64::MAX as f64, 1e308)]).svg();
        assert!(svg.ends_with("</ul>") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn a_chart_of_nothing_is_a_chart() {
        let svg = Chart::default().svg();
        assert!(svg.ends_with("</svg>") && !svg.contains("NaN") && !svg.contains("inf"));
    }
}
