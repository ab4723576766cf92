//! Several runs on one page.

use super::curves::overlaid;
use crate::runs::Run;
use page::Page;

/// The page about several runs: curves in common pictures, scores, what differs in their configurations.
///
/// `scores` and `differences` are tables, the head first.
pub fn compare_page(runs: &[Run], scores: &[Vec<String>], differences: &[Vec<String>]) -> String {
    let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    let mut page = Page::new("Runs compared", &names.join(", "));
    let charts = overlaid(runs);
    if !charts.is_empty() {
        page.section("Curves", |page| {
            page.plots(|page| charts.iter().for_each(|(caption, chart)| page.figure(caption, &chart.svg())));
        });
    }
    let mut table = |title: &str, rows: &[Vec<String>], none: &str| {
        page.section(title, |page| match rows {
            [head, rows @ ..] if !rows.is_empty() => page.table(head, rows),
            _ => page.text(none),
        });
    };
    table("Scores", scores, "No run has scores yet.");
    table("What differs in the configuration", differences, "Nothing.");
    page.finish()
}
