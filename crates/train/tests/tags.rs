//! Control tokens before sources: several target languages, back-translated text.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod common;

use common::{Place, assert_has, failure, pairs, stderr_of, stdout};

/// A place whose training text says the same sources in two languages, which only the tag tells apart.
fn two_languages() -> Place {
    let place = Place::new();
    let shout = |set: &str| pairs(set).into_iter().map(|(src, _)| src.to_uppercase()).collect::<Vec<_>>();
    place.write_lines("train.up", &shout("train"));
    place.write_lines("test.up", &shout("test"));
    let config = place.read_text("config.toml");
    let line = |set: &str| config.lines().find(|line| line.starts_with(&format!("{set} = "))).unwrap();
    let tagged = |set: &str, tag: &str| line(set).replace(" }", &format!(", tag = '{tag}' }}"));
    let plain = line("train").split_once(" = ").unwrap().1;
    let table = |tgt: &str, tag: &str| {
        let files = plain.replace("train.kn", tgt).replace(['{', '}'], "").replace(", ", "\n");
        format!("[[data.train]]\n{files}\ntag = '{tag}'\n")
    };
    let up = line("test").replace("test.kn", "test.up").replace(" }", ", tag = '<2up>' }");
    let config = config
        .replace(&format!("{}\n", line("train")), "clean = { target_script = 'any' }\n")
        .replace(line("dev"), &tagged("dev", "<2kn>"))
        .replace(line("test"), &tagged("test", "<2kn>"))
        + &table("train.kn", "<2kn>")
        + &table("train.up", "<2up> <bt>")
        + &format!("[data.test_sets]\n{}\n", up.replacen("test = ", "up = ", 1));
    place.write("config.toml", config.as_bytes());
    place
}

#[test]
fn a_tag_chooses_the_language() {
    let place = two_languages();
    let sets = [
        "train.max_steps=150",
        "train.batch_tokens=400",
        "train.micro_batch_tokens=0",
        "train.checkpoint_every=1000",
        "train.log_every=50",
        "model.d_model=32",
        "model.d_ff=64",
        "model.dropout=0.0",
        "train.label_smoothing=0.0",
        "validate.every=1000",
        "tokenizer.vocab_size=340",
    ];
    let output = place.train(&sets).output().unwrap();
    assert!(output.status.success(), "{}", stderr_of(&output));
    let vocabulary: serde_json::Value =
        serde_json::from_str(&place.read_text("runs/run/best/tokenizer.json")).unwrap();
    for (tag, id) in [("<2kn>", 3), ("<2up>", 4), ("<bt>", 5)] {
        assert_eq!(vocabulary["model"]["vocab"][tag], id);
    }
    let source = &pairs("train")[0].0;
    let said = |tag: &str| stdout(&mut place.translate(&["--tag", tag, source]));
    let (kannada, capitals) = (said("<2kn>"), said("<2up> <bt>"));
    assert!(kannada.chars().any(|c| ('\u{C80}'..='\u{CFF}').contains(&c)), "{kannada}");
    assert!(capitals.chars().any(|c| c.is_ascii_uppercase()), "{capitals}");
    assert_ne!(kannada, capitals);

    let message = failure(&mut place.translate(&[source]), 2);
    assert_has(&message, &["trained with the languages <2kn>, <2up>", "--tag"]);
    failure(&mut place.translate(&["--tag", "<bt>", source]), 2);
    let message = failure(&mut place.translate(&["--tag", "<2ta>", source]), 65);
    assert_has(&message, &["no tag '<2ta>'", "<2kn>, <2up>, <bt>"]);
    let scores = |tag: &str| {
        let args =
            ["evaluate", "--model", "runs/run/best", "--src", "train.en", "--ref", "train.kn", "--tag", tag];
        let json: serde_json::Value =
            serde_json::from_str(&stdout(place.command(&args).arg("--json"))).unwrap();
        json["chrf"]["score"].as_f64().unwrap()
    };
    assert!(scores("<2kn>") > scores("<2up>") + 20.0, "the reference is Kannada");
}

#[test]
fn tags_that_cannot_be_are_told_with_their_place() {
    let place = two_languages();
    let config = place.read_text("config.toml");
    place.write("config.toml", config.replace("'<2kn>'", "'2kn'").as_bytes());
    let message = failure(&mut place.train(&[]), 78);
    assert_has(&message, &["got '2kn', expected tags such as '<bt>'"]);
    let dev = config.lines().find(|line| line.starts_with("dev = ")).unwrap();
    place.write("config.toml", config.replace(dev, &dev.replace("<2kn>", "<2ta>")).as_bytes());
    let message = failure(&mut place.train(&[]), 78);
    assert_has(&message, &["got '<2ta>', which no source of data.train"]);
    place.write("config.toml", config.replace(dev, &dev.replace("<2kn>", "<bt>")).as_bytes());
    let message = failure(&mut place.train(&[]), 78);
    assert_has(&message, &["has no language, but every source of"]);
}

#[test]
fn a_run_does_not_go_on_with_other_tags() {
    let place = Place::new();
    place.train(&["train.max_steps=2"]).assert().success();
    let config = place.read_text("config.toml");
    let train = config.lines().find(|line| line.starts_with("train = ")).unwrap();
    place.write("config.toml", config.replace(train, &train.replace(" }", ", tag = '<bt>' }")).as_bytes());
    let message = failure(&mut place.train(&["train.max_steps=3"]), 78);
    assert_has(&message, &["data.train.tag: saved nothing, now \"<bt>\""]);
}
