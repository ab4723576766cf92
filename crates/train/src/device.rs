//! The only file that names a backend: a name of the configuration becomes a device.

use crate::TrainError;
use burn::tensor::Device;

/// Every backend name with the cargo feature that compiles it in.
const KINDS: [(&str, &str); 2] = [("cpu", "cpu"), ("ndarray", "ndarray")];

/// Opens the device that `backend.kind` names.
///
/// # Errors
///
/// A name that does not exist or is not compiled in. There is no fallback.
pub fn open(kind: &str) -> Result<Device, TrainError> {
    match kind {
        "cpu" => Ok(Device::flex()),
        #[cfg(feature = "ndarray")]
        "ndarray" => Ok(ndarray()),
        _ => Err(unavailable(kind)),
    }
}

#[cfg(feature = "ndarray")]
#[allow(deprecated, reason = "the pinned Burn is the last that has it")]
fn ndarray() -> Device {
    Device::ndarray()
}

fn unavailable(kind: &str) -> TrainError {
    let compiled = |name: &str| name == "cpu" || cfg!(feature = "ndarray");
    let available: Vec<&str> = KINDS.iter().map(|(name, _)| *name).filter(|name| compiled(name)).collect();
    let reason = match KINDS.iter().find(|(name, _)| *name == kind) {
        Some((_, feature)) => {
            format!("is not compiled in: run `cargo run -p train --features {feature} -- …`")
        }
        None => "does not exist: set backend.kind to one of those compiled in".into(),
    };
    TrainError::Backend { kind: kind.into(), reason, available: available.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_backend_is_refused_with_the_known_ones() {
        let error = open("cuda9").unwrap_err();
        assert_eq!(error.exit_code(), 69);
        assert!(error.to_string().contains("compiled in: cpu"), "{error}");
        assert!(open("cpu").is_ok());
    }
}
