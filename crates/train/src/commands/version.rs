//! `--version --verbose`: what a report of a bug should say about the program and the machine.

use crate::TrainError;
use crate::cli::stdout_error;
use crate::device::Backend;
use crate::run_dir::git_revision;
use std::fs::read_to_string;
use std::io::Write;

/// Prints name and version, then a line for each fact.
///
/// # Errors
///
/// Standard output is closed.
pub fn run(out: &mut impl Write) -> Result<(), TrainError> {
    let unknown = || "unknown".to_owned();
    let mut write = || {
        writeln!(out, "train {}", env!("CARGO_PKG_VERSION"))?;
        for (name, value) in [
            ("revision", git_revision().map_or_else(unknown, str::to_owned)),
            ("rustc", env!("ANUVADA_RUSTC").to_owned()),
            ("target", format!("{}, {}", env!("ANUVADA_TARGET"), profile())),
            ("system", system().unwrap_or_else(|| std::env::consts::OS.to_owned())),
            ("processor", fact("/proc/cpuinfo", "model name").unwrap_or_else(unknown)),
            ("vectors", vectors()),
            ("threads", rayon::current_num_threads().to_string()),
            ("memory", fact("/proc/meminfo", "MemTotal").unwrap_or_else(unknown)),
        ] {
            writeln!(out, "{name:<10} {value}")?;
        }
        for backend in Backend::ALL.into_iter().filter(|backend| backend.is_compiled_in()) {
            let found = match backend.devices() {
                Ok(devices) => devices.into_iter().map(|one| one.name).collect::<Vec<_>>().join("; "),
                Err(reason) => reason,
            };
            writeln!(out, "backend    {}: {found}", backend.name())?;
        }
        let missing: Vec<&str> =
            Backend::ALL.into_iter().filter(|one| !one.is_compiled_in()).map(Backend::name).collect();
        if !missing.is_empty() {
            writeln!(out, "without    {}", missing.join(", "))?;
        }
        out.flush()
    };
    write().map_err(stdout_error)
}

fn profile() -> &'static str {
    if cfg!(debug_assertions) { "with assertions" } else { "without assertions" }
}

/// Name and version of the operating system.
fn system() -> Option<String> {
    let release = read_to_string("/etc/os-release").ok()?;
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Some(format!("{}, {} {}", name.trim_matches('"'), std::env::consts::OS, kernel.trim()))
}

/// What stands behind a name in a file of the kernel.
fn fact(file: &str, name: &str) -> Option<String> {
    let text = read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The vector instructions that the kernels choose between, those that this processor has.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn vectors() -> String {
    let has = [
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512vl", is_x86_feature_detected!("avx512vl")),
        ("avx512dq", is_x86_feature_detected!("avx512dq")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
    ];
    let has: Vec<&str> = has.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect();
    if has.is_empty() { "none that the kernels use".to_owned() } else { has.join(" ") }
}

/// The kernels have fast bodies for x86 alone.
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn vectors() -> String {
    format!("as {} has them", std::env::consts::ARCH)
}
