//! The only module that names backends: a name of the configuration becomes a device.
//!
//! There is no fallback: what cannot be had is an error that says why. Only `auto` chooses, and says what it chose.

mod cpu;
#[cfg(feature = "wgpu")]
mod wgpu;
#[cfg(feature = "tch")]
mod libtorch;
#[cfg(feature = "cuda")]
mod cuda;

use crate::TrainError;
use crate::config::BackendConfig;
use burn::tensor::Device;
use model::Precision;

/// A backend of this project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Burn's Flex with the fast bodies of `kernels`.
    Cpu,
    /// Burn's other CPU backend.
    NdArray,
    /// GPUs through Vulkan, Metal or DirectX.
    Wgpu,
    /// libtorch on the CPU.
    TchCpu,
    /// libtorch on NVIDIA GPUs.
    TchCuda,
    /// Burn's own kernels on NVIDIA GPUs.
    Cuda,
}

/// A device that a backend has on this machine; its place in the list is its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it calls itself, with its driver.
    pub name: String,
    /// Whether it is a GPU, and no software that stands for one.
    pub is_gpu: bool,
}

/// What `auto` tries, in this order.
const PREFERRED: [Backend; 4] = [Backend::Cuda, Backend::TchCuda, Backend::Wgpu, Backend::Cpu];

impl Backend {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 6] =
        [Self::Cpu, Self::NdArray, Self::Wgpu, Self::TchCpu, Self::TchCuda, Self::Cuda];

    /// The value of `backend.kind`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::NdArray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::TchCpu => "tch-cpu",
            Self::TchCuda => "tch-cuda",
            Self::Cuda => "cuda",
        }
    }

    /// The cargo feature that compiles it in; `cpu` needs none.
    pub fn feature(self) -> Option<&'static str> {
        match self {
            Self::Cpu => None,
            Self::NdArray => Some("ndarray"),
            Self::Wgpu => Some("wgpu"),
            Self::TchCpu | Self::TchCuda => Some("tch"),
            Self::Cuda => Some("cuda"),
        }
    }

    /// Whether this binary has it.
    pub fn is_compiled_in(self) -> bool {
        match self {
            Self::Cpu => true,
            Self::NdArray => cfg!(feature = "ndarray"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::TchCpu | Self::TchCuda => cfg!(feature = "tch"),
            Self::Cuda => cfg!(feature = "cuda"),
        }
    }

    /// Its devices on this machine; at least one.
    ///
    /// # Errors
    ///
    /// Why there are none, and what to do.
    #[allow(unreachable_patterns, reason = "all backends may be compiled in")]
    pub fn devices(self) -> Result<Vec<Found>, String> {
        match self {
            Self::Cpu => Ok(vec![cpu::flex()]),
            #[cfg(feature = "ndarray")]
            Self::NdArray => Ok(vec![cpu::ndarray()]),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => wgpu::devices(),
            #[cfg(feature = "tch")]
            Self::TchCpu => Ok(vec![libtorch::cpu()]),
            #[cfg(feature = "tch")]
            Self::TchCuda => libtorch::cuda_devices(),
            #[cfg(feature = "cuda")]
            Self::Cuda => cuda::devices(),
            _ => Err(self.how_to_compile_in()),
        }
    }

    /// Opens the device of that index, which [`Backend::devices`] lists.
    #[allow(
        unreachable_patterns,
        unused_variables,
        reason = "all backends may be compiled in, or none with several devices"
    )]
    fn open(self, index: usize) -> Result<Device, String> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            Self::NdArray => Ok(cpu::open_ndarray()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => wgpu::open(index),
            #[cfg(feature = "tch")]
            Self::TchCpu => Ok(libtorch::open_cpu()),
            #[cfg(feature = "tch")]
            Self::TchCuda => Ok(libtorch::open_cuda(index)),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(index)),
            _ => Err(self.how_to_compile_in()),
        }
    }

    fn how_to_compile_in(self) -> String {
        let feature = self.feature().expect("the CPU backend is always compiled in");
        let setup = if feature == "tch" { "run `scripts/libtorch.sh` once, then " } else { "" };
        format!("is not compiled in: {setup}build with `cargo run -p train --features {feature} -- …`")
    }

    /// Why a device of this backend does not compute with that precision; nothing if it does.
    fn lacks(self, device: &Device, precision: Precision) -> Option<String> {
        let name = precision.name();
        match self {
            _ if precision == Precision::F32 => None,
            Self::Cpu | Self::NdArray => Some(format!("computes in f32 alone, got {name}")),
            _ if device.supports_dtype(precision.dtype()) => None,
            _ => Some(format!("runs on a device that cannot compute in {name}")),
        }
    }
}

/// Opens the device that the configuration names.
///
/// # Errors
///
/// A name that does not exist, a backend that is not compiled in or that finds no device, an index out of range, a
/// precision that the device lacks.
pub fn open(config: &BackendConfig) -> Result<Device, TrainError> {
    let fail = |reason: String| unavailable(&config.kind, reason);
    let (name, index) = split(config).map_err(fail)?;
    let (backend, found) = if name == "auto" { choose() } else { named(name).map_err(fail)? };
    let Some(one) = found.get(index) else {
        let list: Vec<String> =
            found.iter().enumerate().map(|(i, one)| format!("{i} {}", one.name)).collect();
        return Err(fail(format!("has no device {index}; this machine has: {}", list.join(", "))));
    };
    let device = backend.open(index).map_err(fail)?;
    if let Some(reason) = backend.lacks(&device, config.precision) {
        return Err(fail(format!("{reason}; set backend.precision = \"f32\"")));
    }
    if backend != Backend::Cpu || name == "auto" {
        tracing::info!("backend: {}, device {index}: {}", backend.name(), one.name);
    }
    Ok(device)
}

/// The name and the index of the device: `kind = "wgpu:1"` says what `kind = "wgpu"`, `device = 1` says.
fn split(config: &BackendConfig) -> Result<(&str, usize), String> {
    let Some((name, index)) = config.kind.split_once(':') else {
        return Ok((&config.kind, config.device));
    };
    let parsed = index
        .parse()
        .map_err(|_| format!("names no device: '{index}' is not the index of a device, such as {name}:1"))?;
    if config.device != 0 && config.device != parsed {
        return Err(format!("and backend.device = {} name two devices; drop one of them", config.device));
    }
    Ok((name, parsed))
}

fn named(name: &str) -> Result<(Backend, Vec<Found>), String> {
    let Some(backend) = Backend::ALL.into_iter().find(|backend| backend.name() == name) else {
        return Err("does not exist".into());
    };
    Ok((backend, backend.devices()?))
}

/// The first of [`PREFERRED`] that is there, said aloud.
fn choose() -> (Backend, Vec<Found>) {
    let mut passed = Vec::new();
    for backend in PREFERRED {
        match backend.devices() {
            Ok(found) if backend == Backend::Cpu || found[0].is_gpu => {
                let why = if passed.is_empty() { "the first choice".into() } else { passed.join("; ") };
                tracing::info!("backend auto: chose {} ({why})", backend.name());
                return (backend, found);
            }
            Ok(_) => passed.push(format!("{} has no GPU", backend.name())),
            Err(_) if !backend.is_compiled_in() => {
                passed.push(format!("{} is not compiled in", backend.name()));
            }
            Err(_) => passed.push(format!("{} finds no device", backend.name())),
        }
    }
    unreachable!("the CPU backend is always there")
}

fn unavailable(kind: &str, reason: String) -> TrainError {
    let compiled: Vec<&str> =
        Backend::ALL.into_iter().filter(|backend| backend.is_compiled_in()).map(Backend::name).collect();
    let missing: Vec<String> = Backend::ALL
        .into_iter()
        .filter(|backend| !backend.is_compiled_in())
        .filter_map(|backend| Some(format!("{} with --features {}", backend.name(), backend.feature()?)))
        .collect();
    let mut available = compiled.join(", ");
    if !missing.is_empty() {
        available = format!("{available}; built otherwise: {}", missing.join(", "));
    }
    TrainError::Backend { kind: kind.into(), reason, available }
}

/// The error that the text of a panic tells: that memory ran out or a driver failed in the middle of a run, which Burn's
/// backends have no other way to report; everything else is a bug.
pub fn panic_error(panic: &str) -> TrainError {
    const MEMORY: [&str; 6] = [
        "out of memory",
        "outofmemory",
        "not enough memory",
        "can't allocate",
        "failed to allocate",
        "buffer too large",
    ];
    const DEVICE: [&str; 5] = ["device lost", "devicelost", "cuda error", "cuda_error", "cublas error"];
    let line = |signs: &[&str]| {
        let has_one = |line: &&str| signs.iter().any(|sign| line.to_lowercase().contains(sign));
        panic.lines().find(has_one).map(str::trim)
    };
    if let Some(line) = line(&MEMORY) {
        let advice = "lower train.batch_tokens, or set train.micro_batch_tokens".into();
        return TrainError::Memory { advice, report: line.into() };
    }
    match line(&DEVICE) {
        Some(line) => TrainError::Device { report: line.into() },
        None => TrainError::Bug { report: panic.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(kind: &str) -> BackendConfig {
        BackendConfig { kind: kind.into(), ..BackendConfig::default() }
    }

    fn refusal(config: &BackendConfig) -> String {
        let error = open(config).expect_err("this cannot be opened");
        assert_eq!(error.exit_code(), 69);
        error.to_string()
    }

    #[test]
    fn an_unknown_backend_is_refused_with_the_known_ones() {
        let error = refusal(&config("cuda9"));
        assert!(error.contains("backend 'cuda9' does not exist; compiled in: cpu"), "{error}");
        assert!(open(&config("cpu")).is_ok());
    }

    #[test]
    fn what_is_not_compiled_in_names_its_feature() {
        for backend in Backend::ALL.into_iter().filter(|backend| !backend.is_compiled_in()) {
            let feature = backend.feature().expect("it has a feature");
            let error = refusal(&config(backend.name()));
            assert!(error.contains(&format!("--features {feature}")), "{error}");
        }
    }

    #[test]
    fn an_index_is_part_of_the_name_or_a_key() {
        let two = BackendConfig { device: 1, ..config("cpu") };
        for config in [config("cpu:1"), two.clone()] {
            let error = refusal(&config);
            assert!(error.contains("has no device 1; this machine has: 0 "), "{error}");
        }
        assert!(open(&config("cpu:0")).is_ok());
        assert!(refusal(&config("cpu:x")).contains("'x' is not the index of a device, such as cpu:1"));
        assert!(refusal(&BackendConfig { kind: "cpu:2".into(), ..two }).contains("name two devices"));
    }

    #[test]
    fn auto_always_finds_one() {
        assert!(open(&config("auto")).is_ok());
    }

    #[test]
    fn a_precision_is_refused_where_it_cannot_be_had() {
        for precision in [Precision::Bf16, Precision::F16] {
            let error = refusal(&BackendConfig { precision, ..config("cpu") });
            assert!(error.contains("computes in f32 alone"), "{error}");
        }
    }

    #[test]
    fn failures_of_devices_are_known_from_bugs() {
        let of = |panic: &str| panic_error(panic);
        let memory = of("panicked at x.rs:1\n  CUDA out of memory. Tried to allocate 2.00 GiB\nmore");
        assert_eq!(memory.exit_code(), 71);
        assert!(memory.to_string().contains("(CUDA out of memory. Tried to allocate 2.00 GiB)"), "{memory}");
        assert_eq!(of("wgpu error: Device lost").exit_code(), 69);
        assert_eq!(of("index out of bounds").exit_code(), 70);
    }
}
