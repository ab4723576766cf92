//! The binary `train`.

fn main() -> std::process::ExitCode {
    train::cli::main()
}
