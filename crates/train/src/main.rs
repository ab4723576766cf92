//! The binary `train`.

fn main() -> std::process::ExitCode {
    kernels::keep_freed_memory();
    train::cli::main()
}
