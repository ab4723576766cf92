//! Runs of strangers that are looked at: numbers at the ends of their range, and more of everything than a run has.

use crate::harness::{alone, peak_of};
use crate::parts::CUT;
use crate::targets;
use serde_json::{Value, json};

/// The files of a run.
fn run(config: &str, facts: &Value, rows: &[String]) -> Vec<u8> {
    [config.as_bytes(), CUT, facts.to_string().as_bytes(), CUT, rows.join("\n").as_bytes()].concat()
}

#[test]
fn numbers_at_the_ends_of_their_range() {
    let facts =
        json!({"started_unix_secs": u64::MAX, "threads": u64::MAX, "held_out_lines": {"dev": u64::MAX}});
    for number in [
        "0",
        "5e-324",
        "-5e-324",
        "1e-200",
        "1e300",
        "-1.7976931348623157e308",
        "1.7976931348623157e308",
        "null",
    ] {
        for step in [0, 1, u64::MAX / 40, u64::MAX] {
            let numbers = [
                "loss_nats_per_token",
                "nll_nats_per_token",
                "learning_rate",
                "gradient_norm",
                "elapsed_secs",
            ]
            .map(|key| format!("\"{key}\":{number}"))
            .join(",");
            let train = format!(r#"{{"kind":"train","step":{step},"epoch":{step},{numbers}}}"#);
            let dev = ["loss_nats_per_token", "loss_nats_per_char", "bleu", "chrf", "chrf++"];
            let dev = dev.map(|key| format!("\"{key}\":{number}")).join(",");
            let dev = format!(r#"{{"kind":"validate","step":{step},{dev}}}"#);
            let one = r#"{"kind":"train","step":3,"loss_nats_per_token":0,"gradient_norm":1}"#.to_owned();
            let rows = [train.clone(), one, train, dev.clone(), dev];
            let config = "[train]\nmax_steps = 9223372036854775807\n[validate]\nmetric = \"loss\"\n";
            assert_eq!(targets::run(&run(config, &facts, &rows)), Ok(()), "{number}, {step}");
        }
    }
}

#[test]
fn more_of_everything_than_a_run_has() {
    let samples = |step: usize| {
        let (src, hyp) = (format!("{step} <b>"), "ಕ ".repeat(2000));
        json!({"kind": "samples", "step": step, "samples": [{"src": src, "ref": hyp, "hyp": hyp}]})
            .to_string()
    };
    let wide = format!(r#"{{"kind":"test","set":[{}0]}}"#, "0,".repeat(8 << 20));
    let rows: Vec<String> = (0..1000).map(samples).chain([wide, "\n".repeat(1_000_000)]).collect();
    let config = format!("{}a = 1\n", "a.".repeat(100_000)) + &"[[a]]\n".repeat(10_000);
    let bytes = run(&config, &json!({"cleaning": {"dropped": {"x": {"count": 1}}}}), &rows);
    let _alone = alone();
    let (most, told) = peak_of(|| targets::run(&bytes));
    assert_eq!(told, Ok(()));
    assert!(most < 20 * bytes.len(), "{most} of {}", bytes.len());
}

#[test]
fn text_of_a_stranger_is_text() {
    let evil = "</pre><script>x</script>\u{1b}[2J\u{202e}\u{2066}\u{85}";
    let rows = [
        json!({"kind": "end", "step": 1, "state": "diverged", "reason": evil}),
        json!({"kind": "go_back", "from": 1, "step": 0, "reason": evil}),
        json!({"kind": "samples", "step": 1, "samples": [{"src": evil, "ref": evil, "hyp": evil}]}),
    ];
    let facts = json!({"version": evil, "git": evil, "machine": evil, "data_blake3": {evil: evil},
        "cleaning": {"dropped": {evil: {"count": 1}}}, "held_out_lines": {evil: 1}});
    let config = format!("[data]\nsrc_lang = {0}\ntgt_lang = {0}\n[{0}]\n{0} = {0}\n", json!(evil))
        .replace('\u{85}', "");
    assert_eq!(targets::run(&run(&config, &facts, &rows.map(|row| row.to_string()))), Ok(()));
}
