//! Command lines that clap or a command refuses, and those that only ask for help.

use crate::case::{Case, case, of, table};

pub(crate) fn cases() -> Vec<Case> {
    [help(), train(), evaluate(), translate(), data(), bytes()].into_iter().flatten().collect()
}

fn help() -> Vec<Case> {
    let mut cases = table(
        0,
        &[
            ("--help", "Usage: train"),
            ("-h", "Usage: train"),
            ("help", "Usage: train"),
            ("--version", "train "),
            ("-V", "train "),
            ("help train", "--fresh"),
            ("help evaluate", "--hyp"),
            ("help translate", "--beam-size"),
            ("help data", "prepare"),
            ("help data get", "--sha256"),
            ("help backends", "backends"),
            ("train --help", "--fresh"),
            ("evaluate -h", "--hyp"),
            ("translate --model nowhere --help", "--n-best"),
            ("backends --help", "backends"),
            ("data --help", "verify"),
            ("data check --help", "--html"),
            ("data prepare -h", "--set"),
            ("data list --help", "--languages"),
            ("data get --help", "--url"),
            ("data verify --help", "--dir"),
            ("backends", "cpu"),
            ("data list", "samanantar"),
            ("data list --languages kn-en", ""),
            ("backends --json", "compiled_in"),
            ("data list --json", "gated"),
            ("config --help", "init"),
            ("config schema", "2020-12"),
            ("config reference", "key by key"),
            ("config show --config config.toml", "# default"),
            ("config init --pairs 40000", "[tokenizer]"),
            ("config init --src train.en --tgt train.kn", "24 pairs"),
            ("completions bash", "_train"),
            ("man", ".TH train"),
            ("--version --verbose", "threads"),
            ("-q backends", "cpu"),
        ],
    );
    // Help that nobody reads is no failure.
    cases.push(case("--help", 0, &[]).into_nobody());
    cases.push(case("backends", 0, &[]).into_nobody());
    cases.push(case("data list", 0, &[]).into_nobody());
    cases
}

fn train() -> Vec<Case> {
    table(
        2,
        &[
            ("", "--config"),
            ("train", "--config"),
            ("--config", "--config"),
            ("train --config", "--config"),
            ("--config=", "--config"),
            ("--confg config.toml", "--confg"),
            ("train --confg config.toml", "--config"),
            ("-c config.toml", "-c"),
            ("--fresh", "--config"),
            ("train --fresh", "--config"),
            ("--set run.seed=1", "--config"),
            ("--config config.toml --set", "--set"),
            ("--config config.toml --set --fresh", "--set"),
            ("--config config.toml --config config.toml", "--config"),
            ("train --config config.toml --config config.toml", "--config"),
            ("--config config.toml --fresh --fresh", "--fresh"),
            ("--config config.toml --fresh=yes", "--fresh"),
            ("--config config.toml --fresh no", "no"),
            ("--config config.toml more", "more"),
            ("train --config config.toml more", "more"),
            ("--config config.toml --verbose=3", "--verbose"),
            ("--config config.toml -w", "-w"),
            ("--quiet", "--config"),
            ("--quiet=yes backends", "--quiet"),
            ("--log-format yaml backends", "yaml"),
            ("backends --color", "--color"),
            ("backends --color green", "green"),
            ("--config config.toml --json", "--json"),
            ("--config config.toml translate", "translate"),
            ("--config config.toml backends", "backends"),
            ("--config config.toml -- translate", "translate"),
            ("dance", "dance"),
            ("Train --config config.toml", "Train"),
            ("trian --config config.toml", "trian"),
            ("help dance", "dance"),
            ("--", "--config"),
            ("-", "-"),
            ("--config config.toml -", "-"),
            ("--CONFIG config.toml", "--CONFIG"),
            ("backends more", "more"),
            ("backends --json=yes", "--json"),
            ("config", "Usage"),
            ("config show", "--config"),
            ("config show --config", "--config"),
            ("config init", "--pairs N"),
            ("config init --src train.en", "--tgt"),
            ("config init --src train.en --tgt train.kn --file a.tsv", "--file"),
            ("config init --pairs 0", "0"),
            ("config init --pairs 5 --force", "--output"),
            ("config init --pairs 5 --minutes 0", "0"),
            ("config init --src dev.en --tgt dev.kn", "train data split"),
            ("config init --file a.xlsx", ".tsv"),
            ("config schema more", "more"),
            ("data split", "--output-dir"),
            ("data split --output-dir cut", "--src"),
            ("data split --src train.en --output-dir cut", "--tgt"),
            ("data split --src train.en --tgt train.kn --dev -1 --output-dir cut", "-1"),
            ("data split --src train.en --tgt train.kn --output-dir cut", "ask for fewer"),
            ("data split --src train.en --tgt train.kn --tgt-lang en --output-dir cut", "one code"),
            ("completions", "SHELL"),
            ("completions tcsh", "tcsh"),
            ("man more", "more"),
            ("backends --config config.toml", "--config"),
            ("--fresh backends", "backends"),
        ],
    )
}

fn evaluate() -> Vec<Case> {
    table(
        2,
        &[
            ("evaluate", "--config FILE"),
            ("evaluate --json", "--config FILE"),
            ("evaluate --json --json", "--json"),
            ("evaluate --config", "--config"),
            ("evaluate --config config.toml --config config.toml", "--config"),
            ("evaluate --config config.toml --model runs/run/best", "--model"),
            ("evaluate --config config.toml --hyp test.kn", "--hyp"),
            ("evaluate --config config.toml --ref test.kn", "--ref"),
            ("evaluate --config config.toml --src test.en", "--src"),
            ("evaluate --hyp test.kn", "--ref FILE"),
            ("evaluate --ref test.kn", "--hyp FILE"),
            ("evaluate --hyp", "--hyp"),
            ("evaluate --hyp --ref", "--hyp"),
            ("evaluate --hyp= --ref test.kn", "--hyp"),
            ("evaluate --hyp test.kn --ref test.kn --ref test.kn", "--ref"),
            ("evaluate --hyp test.kn --ref test.kn --src test.en", "--src"),
            ("evaluate --hyp test.kn --ref test.kn --model runs/run/best", "--model"),
            ("evaluate --hyp test.kn --ref test.kn --tag <2kn>", "--hyp"),
            ("evaluate --hyp test.kn --ref test.kn --backend cpu", "--backend"),
            ("evaluate --hyp test.kn --ref test.kn --precision f32", "--precision"),
            ("evaluate --config config.toml --backend wgpu", "--backend"),
            ("evaluate --config config.toml --precision f32", "--precision"),
            ("evaluate --config config.toml --tag <2kn>", "--tag"),
            ("evaluate --hyp test.kn --ref test.kn --set run.seed=1", "--set"),
            ("evaluate --model runs/run/best", "--src"),
            ("evaluate --model runs/run/best --src test.en", "--ref FILE"),
            ("evaluate --model runs/run/best --ref test.kn", "--src"),
            ("evaluate --src test.en --ref test.kn", "--model"),
            ("evaluate --model runs/run/best --src test.en --ref test.kn --precision f64", "f64"),
            ("evaluate --model runs/run/best --src test.en --ref test.kn --precision", "--precision"),
            ("evaluate --model runs/run/best --src test.en --ref test.kn --beam-size 4", "--beam-size"),
            ("evaluate test.kn test.kn", "test.kn"),
            ("evaluate --fresh --config config.toml", "--fresh"),
        ],
    )
}

fn translate() -> Vec<Case> {
    let mut cases = table(
        2,
        &[
            ("translate", "--model"),
            ("translate hello", "--model"),
            ("translate --model", "--model"),
            ("translate --model= hello", "--model"),
            ("translate --model a --model b hello", "--model"),
            ("translate --config config.toml hello", "--config"),
        ],
    );
    // What follows a model that is there.
    for (rest, says) in [
        ("--beam-size", "--beam-size"),
        ("--beam-size 0 hello", "0"),
        ("--beam-size -1 hello", "-1"),
        ("--beam-size 257 hello", "257"),
        ("--beam-size 65536 hello", "65536"),
        ("--beam-size 18446744073709551616 hello", "18446744073709551616"),
        ("--beam-size 1e400 hello", "1e400"),
        ("--beam-size 1.5 hello", "1.5"),
        ("--beam-size four hello", "four"),
        ("--beam-size ೪ hello", "೪"),
        ("--beam-size= hello", "--beam-size"),
        ("--beam-size 2 --beam-size 2 hello", "--beam-size"),
        ("--n-best 0 hello", "0"),
        ("--n-best 257 hello", "257"),
        ("--n-best -3 hello", "-3"),
        ("--n-best many hello", "many"),
        ("--length-penalty -1 hello", "-1"),
        ("--length-penalty=-1 hello", "length_penalty"),
        ("--length-penalty NaN hello", "length_penalty"),
        ("--length-penalty inf hello", "length_penalty"),
        ("--length-penalty 1e400 hello", "length_penalty"),
        ("--length-penalty 11 hello", "length_penalty"),
        ("--length-penalty long hello", "long"),
        ("--no-repeat-ngram=-1 hello", "-1"),
        ("--no-repeat-ngram 1.5 hello", "1.5"),
        ("--no-repeat-ngram 18446744073709551616 hello", "18446744073709551616"),
        ("--sample --beam-size 2 hello", "--beam-size"),
        ("--sample --n-best 2 hello", "--n-best"),
        ("--sample=yes hello", "--sample"),
        ("--temperature 1 hello", "--sample"),
        ("--top-k 1 hello", "--sample"),
        ("--top-p 0.5 hello", "--sample"),
        ("--seed 1 hello", "--sample"),
        ("--sample --temperature 0 hello", "--temperature"),
        ("--sample --temperature=-1 hello", "--temperature"),
        ("--sample --temperature NaN hello", "--temperature"),
        ("--sample --temperature inf hello", "--temperature"),
        ("--sample --temperature 1e400 hello", "--temperature"),
        ("--sample --temperature warm hello", "warm"),
        ("--sample --top-p 0 hello", "--top-p"),
        ("--sample --top-p 1.5 hello", "--top-p"),
        ("--sample --top-p=-0.5 hello", "--top-p"),
        ("--sample --top-p NaN hello", "--top-p"),
        ("--sample --top-k=-1 hello", "-1"),
        ("--sample --seed=-1 hello", "-1"),
        ("--sample --seed 18446744073709551616 hello", "18446744073709551616"),
        ("--sample --seed 1.0 hello", "1.0"),
        ("--precision f64 hello", "f32, bf16 or f16"),
        ("--precision F32 hello", "f32, bf16 or f16"),
        ("--precision= hello", "--precision"),
        ("--input test.en hello", "--input"),
        ("--input", "--input"),
        ("--input test.en --input test.en", "--input"),
        ("--json hello", "--json"),
        ("--batch-size 3 hello", "--batch-size"),
        ("-unknown", "-u"),
    ] {
        cases.push(case(&format!("translate --model runs/run/best {rest}"), 2, &[says]));
    }
    for rest in ["--tag <2xx> hello", "--tag <s> hello", "--tag hello hello", "--tag <pad> hello"] {
        cases.push(case(&format!("translate --model runs/run/best {rest}"), 65, &["tag"]));
    }
    for (rest, backend) in [
        ("--backend abacus", "'abacus' does not exist"),
        ("--backend CPU", "'CPU' does not exist"),
        ("--backend tch-cuda", "--features tch"),
        ("--backend tch-cpu", "--features tch"),
        ("--backend cuda", "--features cuda"),
        ("--backend cpu:1", "no device 1"),
        ("--backend cpu:-1", "'-1' is not the index"),
        ("--backend cpu:x", "'x' is not the index"),
        ("--backend cpu:", "'' is not the index"),
        ("--backend cpu:18446744073709551616", "is not the index"),
        ("--backend :0", "does not exist"),
        ("--precision bf16", "f32 alone"),
        ("--precision f16", "f32 alone"),
    ] {
        let line = format!("translate --model runs/run/best {rest} hello");
        cases.push(case(
            &line,
            69,
            &[backend, "compiled in: cpu", "tch-cpu with --features tch", "cuda with --features cuda"],
        ));
    }
    cases
}

fn data() -> Vec<Case> {
    let mut cases = table(
        2,
        &[
            ("data", "Usage"),
            ("data dance", "dance"),
            ("data check", "--config FILE"),
            ("data check --json", "--config FILE"),
            ("data check --src train.en", "--tgt"),
            ("data check --tgt train.kn", "--src"),
            ("data check --src train.en --tgt train.kn --file a.tsv", "--file"),
            ("data check --config config.toml --file a.tsv", "--file"),
            ("data check --config config.toml --src train.en --tgt train.kn", "--src"),
            ("data check --config config.toml --src-lang en", "--src-lang"),
            ("data check --set run.seed=1", "--config"),
            ("data check --file a.txt", "a.txt"),
            ("data check --file", "--file"),
            ("data check --html", "--html"),
            ("data check train.en train.kn", "train.en"),
            ("data prepare", "--config"),
            ("data prepare config.toml", "config.toml"),
            ("data prepare --config config.toml --fresh", "--fresh"),
            ("data list --languages en", "en"),
            ("data list --languages", "--languages"),
            ("data list --languages en-", "en-"),
            ("data list --languages -kn", "-k"),
            ("data list --languages en_kn", "en_kn"),
            ("data list --languages en-kn-hi", "en-kn-hi"),
            ("data list --languages ../x-kn", "../x-kn"),
            ("data list samanantar", "samanantar"),
            ("data get", "NAME"),
            ("data get cats --url http://127.0.0.1:9/a.tsv", "--sha256"),
            ("data get cats --sha256 00", "--url"),
            ("data get cats dogs", "dogs"),
            ("data get cats --dir", "--dir"),
            ("data verify here", "here"),
            ("data verify --dir", "--dir"),
        ],
    );
    cases.extend(table(
        65,
        &[
            ("data get nothing-of-this-name", "nothing-of-this-name"),
            ("data get opus:", "opus"),
            ("data get opus:x:y:z", "opus"),
            ("data get ../escape", "../escape"),
            ("data get cats --url http://127.0.0.1:9/a.tsv --sha256 00", "00"),
            ("data get cats --url nonsense --sha256 23a5b3ab4dd4b8b6b9c4f0a8ae5a6b3f1f1fb4bd2e2a1a1b8e3f1f0ad0f7c1aa", "nonsense"),
            ("data get cats --url file:///etc/passwd --sha256 23a5b3ab4dd4b8b6b9c4f0a8ae5a6b3f1f1fb4bd2e2a1a1b8e3f1f0ad0f7c1aa", "file:"),
            ("data get ../up --url http://127.0.0.1:9/a.tsv --sha256 23a5b3ab4dd4b8b6b9c4f0a8ae5a6b3f1f1fb4bd2e2a1a1b8e3f1f0ad0f7c1aa", "../up"),
            ("data verify", "data"),
            ("data verify --dir nowhere", "nowhere"),
            ("data verify --dir config.toml", "config.toml"),
        ],
    ));
    let two = "data get cats --url http://127.0.0.1:9/a --url http://127.0.0.1:9/b --sha256 00";
    cases.push(case(two, 2, &["got 1 --sha256 for 2 --url"]));
    cases
}

/// Arguments that are no text.
fn bytes() -> Vec<Case> {
    let model = ["translate", "--model", "runs/run/best"];
    vec![
        of(["--config"], 78, &["does not exist"]).arg(b"\xFF.toml"),
        of(["--config", "config.toml", "--set"], 2, &["UTF-8"]).arg(b"run.name=\xFF"),
        of(model, 2, &["UTF-8"]).arg(b"\xFFhello"),
        of(["translate", "hello", "--model"], 65, &["manifest.json"]).arg(b"\xFF"),
        of(model, 74, &["cannot read"]).arg(b"--input").arg(b"\xFF.txt"),
        of(model, 2, &["UTF-8"]).arg(b"--backend").arg(b"\xFF").arg(b"hello"),
        of(["evaluate", "--ref", "test.kn", "--hyp"], 65, &["no such file"]).arg(b"\xFF\xFE"),
        of(["data", "verify", "--dir"], 65, &[]).arg(b"\xC3("),
        of(["\u{200F}"], 2, &[]),
        of(["ಅನುವಾದ"], 2, &["ಅನುವಾದ"]),
        of([""], 2, &[]),
        of(["--config", "config.toml", ""], 2, &[]),
        of([&"x".repeat(100_000)], 2, &[]),
        of(["--config", "a\nb.toml"], 78, &["does not exist"]),
    ]
}
