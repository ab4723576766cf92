//! Reads TensorBoard's event files: records of TensorFlow, in them the fields of `event.proto` that are needed.

use super::Place;
use std::collections::BTreeMap;

/// The numbers of an event file by name and step.
pub(crate) type Scalars = BTreeMap<(String, u64), f32>;

/// Those of a run's only event file.
pub(crate) fn of_file(place: &Place, run: &str) -> Scalars {
    let dir = place.path("runs").join(run).join("tensorboard");
    let files: Vec<_> = std::fs::read_dir(dir).expect("it was written").flatten().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let bytes = std::fs::read(files[0].path()).expect("a file");
    let mut scalars = Scalars::new();
    let (mut rest, mut first) = (&bytes[..], true);
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().expect("8 bytes")) as usize;
        let event = &rest[12..12 + length];
        rest = &rest[16 + length..];
        // The version of the file stands in its first record alone.
        assert_eq!(fields(event).iter().any(|(number, _)| *number == 3), first);
        first = false;
        let step = number_of(event, 2);
        for summary in bytes_of(event, 5) {
            for value in bytes_of(summary, 1) {
                let tag = String::from_utf8(bytes_of(value, 1)[0].to_vec()).expect("a name");
                let Some(number) = fields(value).iter().find_map(|(number, field)| match field {
                    Field::Float(float) if *number == 2 => Some(*float),
                    _ => None,
                }) else {
                    continue;
                };
                let twice = scalars.insert((tag.clone(), step), number);
                assert!(twice.is_none(), "{tag} of step {step} stands twice");
            }
        }
    }
    scalars
}

/// What the rows of `metrics.jsonl` say.
pub(crate) fn of_rows(place: &Place, run: &str) -> Scalars {
    let mut scalars = Scalars::new();
    let mut add = |tag: String, row: &serde_json::Value, value: &serde_json::Value| {
        let step = row["step"].as_u64().expect("every row has a step");
        let number = value.as_f64().map_or(f32::NAN, |number| number as f32);
        assert!(scalars.insert((tag.clone(), step), number).is_none(), "{tag} of step {step} has two rows");
    };
    for row in place.rows(run, "train") {
        let keys = ["loss_nats_per_token", "nll_nats_per_token", "learning_rate", "gradient_norm"];
        for key in keys.into_iter().chain(["tgt_tokens_per_sec"]) {
            add(format!("train/{key}"), &row, &row[key]);
        }
    }
    for row in place.rows(run, "validate") {
        for key in ["loss_nats_per_token", "loss_nats_per_char", "bleu", "chrf", "chrf++"] {
            add(format!("dev/{key}"), &row, &row[key]);
        }
    }
    for row in place.rows(run, "test") {
        for key in ["bleu", "chrf", "chrf++", "ter"] {
            let set = row["set"].as_str().expect("a set has a name");
            add(format!("test/{set}/{key}"), &row, &row["scores"][key]["score"]);
        }
    }
    scalars
}

/// The file has every number of the rows once, and no other; so has the page what `report` makes of them.
#[track_caller]
pub(crate) fn assert_agree(place: &Place, run: &str) {
    let (file, rows) = (of_file(place, run), of_rows(place, run));
    assert_eq!(file.keys().collect::<Vec<_>>(), rows.keys().collect::<Vec<_>>(), "{run}");
    for (key, number) in &rows {
        assert_eq!(file[key].to_bits(), number.to_bits(), "{run}: {key:?}");
    }
    let (dir, page) = (format!("runs/{run}"), format!("{run}.html"));
    place.command(&["report", "--run", &dir, "--output", &page]).assert().success();
    assert!(place.read(&page) == place.read(&format!("{dir}/report.html")), "{run}: report.html is another");
}

enum Field<'a> {
    Number(u64),
    Float(f32),
    Bytes(&'a [u8]),
}

/// The fields of a message in the encoding of protocol buffers.
fn fields(mut rest: &[u8]) -> Vec<(u64, Field<'_>)> {
    fn varint(rest: &mut &[u8]) -> u64 {
        let length = 1 + rest.iter().take_while(|&&byte| byte >= 0x80).count();
        let (bytes, behind) = rest.split_at(length);
        *rest = behind;
        bytes.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f))
    }
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let key = varint(&mut rest);
        let width = match key & 7 {
            0 => {
                fields.push((key >> 3, Field::Number(varint(&mut rest))));
                continue;
            }
            1 => 8,
            2 => varint(&mut rest) as usize,
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (bytes, behind) = rest.split_at(width);
        rest = behind;
        let float = || f32::from_le_bytes(bytes.try_into().expect("4 bytes"));
        fields.push((key >> 3, if key & 7 == 5 { Field::Float(float()) } else { Field::Bytes(bytes) }));
    }
    fields
}

fn number_of(message: &[u8], wanted: u64) -> u64 {
    let number = |(number, field): &(u64, Field<'_>)| match field {
        Field::Number(value) if *number == wanted => Some(*value),
        _ => None,
    };
    fields(message).iter().find_map(number).unwrap_or(0)
}

fn bytes_of(message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let of = |(number, field)| match field {
        Field::Bytes(bytes) if number == wanted => Some(bytes),
        _ => None,
    };
    fields(message).into_iter().filter_map(of).collect()
}
