//! `backends`: what this binary has compiled in, and what each backend finds on this machine.

use crate::TrainError;
use crate::cli::stdout_error;
use crate::commands::evaluate::Format;
use crate::device::Backend;
use serde_json::{Value, json};
use std::io::Write;

/// Prints a line for each device, or the reason why a backend has none. JSON: an array of backends.
///
/// # Errors
///
/// Standard output is closed.
pub fn run(format: Format, out: &mut impl Write) -> Result<(), TrainError> {
    let mut write = || {
        match format {
            Format::Text => Backend::ALL.into_iter().try_for_each(|backend| lines(backend, out))?,
            Format::Json => {
                writeln!(out, "{:#}", Backend::ALL.into_iter().map(object).collect::<Value>())?;
            }
        }
        out.flush()
    };
    write().map_err(stdout_error)
}

fn lines(backend: Backend, out: &mut impl Write) -> std::io::Result<()> {
    let name = backend.name();
    match backend.devices() {
        Ok(found) => found
            .iter()
            .enumerate()
            .try_for_each(|(index, one)| writeln!(out, "{name:<10} device {index}  {}", one.name)),
        Err(reason) => writeln!(out, "{name:<10} -         {reason}"),
    }
}

fn object(backend: Backend) -> Value {
    let found = backend.devices();
    let devices: Vec<Value> = found
        .iter()
        .flatten()
        .enumerate()
        .map(|(index, one)| json!({"index": index, "name": one.name, "is_gpu": one.is_gpu}))
        .collect();
    json!({
        "name": backend.name(),
        "compiled_in": backend.is_compiled_in(),
        "devices": devices,
        "reason": found.err(),
    })
}
