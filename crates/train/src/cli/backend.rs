//! Where a command computes.

use crate::config::BackendConfig;
use clap::Args;
use model::Precision;

#[derive(Debug, Args)]
pub(super) struct BackendArgs {
    /// Where the model runs: a name that `train backends` lists, such as `wgpu` or `tch-cuda:1`, or `auto`
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(super) backend: String,
    /// What the model computes in: f32, bf16 or f16
    #[arg(long, value_name = "NAME", default_value = "f32", value_parser = precision)]
    pub(super) precision: Precision,
}

impl BackendArgs {
    pub(super) fn config(&self) -> BackendConfig {
        BackendConfig { kind: self.backend.clone(), device: 0, precision: self.precision }
    }
}

fn precision(name: &str) -> Result<Precision, String> {
    let known = [Precision::F32, Precision::Bf16, Precision::F16];
    known.into_iter().find(|one| one.name() == name).ok_or_else(|| "expected f32, bf16 or f16".into())
}
