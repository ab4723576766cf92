//! stub
use super::Experiment;
use std::path::Path;
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ConfigError { #[error("{0}")] Any(String) }
pub fn load(path: &Path, overrides: &[String]) -> Result<Experiment, ConfigError> {
    parse(&std::fs::read_to_string(path).map_err(|e| ConfigError::Any(e.to_string()))?, &path.display().to_string(), overrides)
}
pub fn parse(text: &str, _name: &str, overrides: &[String]) -> Result<Experiment, ConfigError> {
    let mut t: toml::Table = text.parse().map_err(|e: toml::de::Error| ConfigError::Any(e.to_string()))?;
    for o in overrides { let (k, v) = o.split_once('=').unwrap(); let (a, b) = k.split_once('.').unwrap();
        let v: toml::Value = toml::from_str::<toml::Table>(&format!("v={v}")).map(|t| t["v"].clone()).unwrap_or(toml::Value::String(v.into()));
        t.entry(a).or_insert(toml::Value::Table(Default::default())).as_table_mut().unwrap().insert(b.into(), v); }
    t.try_into().map_err(|e: toml::de::Error| ConfigError::Any(e.to_string()))
}
