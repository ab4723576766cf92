//! The configuration as a JSON Schema (draft 2020-12), by which editors complete, explain and check it.
//!
//! Made from the structs' own schema, the comments of `configs/small.toml` and the defaults; it is committed as
//! `configs/schema.json`. What depends on two keys at once is beyond it.

use super::explain::explanations;
use super::ranges::{self, Bound};
use super::schema::{Kind, Shape};
use super::{Defaults, Experiment};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The schema as text, with a final line break.
///
/// # Panics
///
/// Never: it is plain data.
pub fn json_schema() -> String {
    let maker = Maker { explanations: explanations(), defaults: Defaults::new() };
    let mut schema = maker.of(&[], &Shape::of::<Experiment>());
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Anuvada: configuration of an experiment");
    schema["description"] = json!("Everything about a run that trains a translator.");
    format!("{schema:#}\n")
}

struct Maker {
    explanations: BTreeMap<String, String>,
    defaults: Defaults,
}

impl Maker {
    /// The schema of what stands at `path`.
    fn of(&self, path: &[&str], shape: &Shape) -> Value {
        let key = path.join(".");
        let mut schema = match shape {
            Shape::Section(_) => {
                let below = |(name, shape): (&str, &Shape)| {
                    (name.to_owned(), self.of(&[path, &[name]].concat(), shape))
                };
                let properties: Map<String, Value> = shape.children().into_iter().map(below).collect();
                json!({"type": "object", "additionalProperties": false, "properties": properties})
            }
            Shape::Named(inner) => {
                let name = shape.children()[0].0;
                json!({"type": "object", "additionalProperties": self.of(&[path, &[name]].concat(), inner)})
            }
            Shape::Value(kind) => value(&key, *kind),
        };
        if let Some(default) = self.defaults.json(&key)
            && !shape.is_table()
        {
            schema["default"] = default;
        }
        if key == "data.train" {
            schema = json!({"anyOf": [schema, {"type": "array", "minItems": 1, "items": schema}]});
        }
        if let Some(text) = self.explanations.get(&key) {
            schema["description"] = json!(text);
        }
        schema
    }
}

/// The schema of one value.
fn value(key: &str, kind: Kind) -> Value {
    let mut schema = match kind {
        Kind::Whole { least, most: i64::MAX } => json!({"type": "integer", "minimum": least}),
        Kind::Whole { least, most } => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Number => json!({"type": "number"}),
        Kind::Text => json!({"type": "string"}),
        Kind::Switch => json!({"type": "boolean"}),
        Kind::OneOf(options) => json!({"enum": options}),
    };
    if let Some(range) = ranges::of(key) {
        let number = |number: f64| if number.fract() == 0.0 { json!(number as i64) } else { json!(number) };
        match range.least {
            Bound::In(least) => schema["minimum"] = number(least),
            Bound::Out(least) => schema["exclusiveMinimum"] = number(least),
            Bound::None => {}
        }
        match range.most {
            Bound::In(most) => schema["maximum"] = number(most),
            Bound::Out(most) => schema["exclusiveMaximum"] = number(most),
            Bound::None => {}
        }
    }
    schema
}
