//! What a key is that is left out.

use super::Experiment;
use serde_json::Value;

/// The values of [`Experiment::default`].
pub(super) struct Defaults(Value);

impl Defaults {
    /// By way of TOML, where a float of 32 bits is as short as one types it.
    pub(super) fn new() -> Self {
        let written = toml::to_string(&Experiment::default()).expect("a default experiment is plain data");
        Self(toml::from_str(&written).expect("it was just written"))
    }

    /// The default of a key as JSON; nothing if it must be set, or may be left unset.
    pub(super) fn json(&self, key: &str) -> Option<Value> {
        let value = key.split('.').try_fold(&self.0, |table, key| table.get(key))?;
        (value != "").then(|| value.clone())
    }

    /// As it would stand in the file.
    pub(super) fn toml(&self, key: &str) -> Option<String> {
        Some(match self.json(key)? {
            Value::Number(number) if number.as_f64().is_some_and(|n| n != 0.0 && n.abs() < 1e-3) => {
                format!("{:e}", number.as_f64().unwrap_or_default())
            }
            value => value.to_string(),
        })
    }
}
