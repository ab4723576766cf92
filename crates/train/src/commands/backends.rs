//! `backends`: what this binary has compiled in, and what each backend finds on this machine.

use crate::TrainError;
use crate::cli::stdout_error;
use crate::device::Backend;
use std::io::Write;

/// Prints a line for each device, or the reason why a backend has none.
///
/// # Errors
///
/// Standard output is closed.
pub fn run(out: &mut impl Write) -> Result<(), TrainError> {
    let mut write = || {
        for backend in Backend::ALL {
            let name = backend.name();
            match backend.devices() {
                Ok(found) => {
                    for (index, one) in found.iter().enumerate() {
                        writeln!(out, "{name:<10} device {index}  {}", one.name)?;
                    }
                }
                Err(reason) => writeln!(out, "{name:<10} -         {reason}")?,
            }
        }
        out.flush()
    };
    write().map_err(stdout_error)
}
