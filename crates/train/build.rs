//! With the feature `tch`: the binary finds libtorch where the build found it, without `LD_LIBRARY_PATH`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    let with_libtorch = std::env::var_os("CARGO_FEATURE_TCH").is_some();
    let windows = std::env::var("CARGO_CFG_WINDOWS").is_ok();
    if let (true, false, Ok(libtorch)) = (with_libtorch, windows, std::env::var("LIBTORCH")) {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{libtorch}/lib");
    }
}
