//! With the feature `tch`: libtorch is of the version that `tch` wants, and the binary finds it where the build found it,
//! without `LD_LIBRARY_PATH`. Always: what `--version --verbose` says about the build.

use std::path::Path;

/// The version that the crate `tch` of the workspace is made for.
const LIBTORCH: &str = "2.9.0";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    println!("cargo::rerun-if-env-changed=LIBTORCH_BYPASS_VERSION_CHECK");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let said = std::process::Command::new(rustc).arg("--version").output();
    let rustc = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default();
    println!("cargo::rustc-env=ANUVADA_RUSTC={rustc}");
    println!("cargo::rustc-env=ANUVADA_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    let with_libtorch = std::env::var_os("CARGO_FEATURE_TCH").is_some();
    let (true, Ok(libtorch)) = (with_libtorch, std::env::var("LIBTORCH")) else { return };
    match version(Path::new(&libtorch)) {
        Some(got) if got != LIBTORCH && std::env::var_os("LIBTORCH_BYPASS_VERSION_CHECK").is_none() => {
            println!(
                "cargo::error=libtorch in {libtorch} is {got}, and {LIBTORCH} is needed: run scripts/libtorch.sh"
            );
        }
        _ => {}
    }
    if std::env::var_os("CARGO_CFG_WINDOWS").is_none() {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{libtorch}/lib");
    }
}

/// As PyTorch's wheel or libtorch's archive writes it down, without the `+cpu` or `+cu128` behind it.
fn version(libtorch: &Path) -> Option<String> {
    let wheel = std::fs::read_to_string(libtorch.join("version.py")).ok();
    let wheel = wheel.and_then(|text| Some(text.split("__version__ = '").nth(1)?.to_owned()));
    let text = wheel.or_else(|| std::fs::read_to_string(libtorch.join("build-version")).ok())?;
    Some(text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect())
}
