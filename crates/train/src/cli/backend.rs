//! Where a command computes.
#![allow(clippy::doc_markdown, reason = "what is documented here is shown in a terminal")]

use crate::TrainError;
use crate::config::BackendConfig;
use clap::Args;
use model::Precision;

#[derive(Debug, Args)]
pub(super) struct BackendArgs {
    /// Where the model runs: a name that `train backends` lists, such as `wgpu` or `tch-cuda:1`, or `auto` [default:
    /// cpu] [env: ANUVADA_BACKEND]
    #[arg(long, value_name = "NAME", help_heading = "Backend")]
    backend: Option<String>,
    /// What the model computes in: f32, bf16 or f16 [default: f32] [env: ANUVADA_PRECISION]
    #[arg(long, value_name = "NAME", value_parser = precision, help_heading = "Backend")]
    precision: Option<Precision>,
}

impl BackendArgs {
    /// The variables are read here and not by clap, for which they would conflict with `evaluate --config`, whose file
    /// names the backend.
    ///
    /// # Errors
    ///
    /// A variable with a name that is none.
    pub(super) fn config(&self) -> Result<BackendConfig, TrainError> {
        let variable = |name| {
            let value = std::env::var_os(name)?.to_string_lossy().into_owned();
            Some(value).filter(|value| !value.is_empty())
        };
        let default = BackendConfig::default();
        let kind = self.backend.clone().or_else(|| variable("ANUVADA_BACKEND")).unwrap_or(default.kind);
        let precision = match (self.precision, variable("ANUVADA_PRECISION")) {
            (Some(precision), _) => precision,
            (None, Some(name)) => precision(&name)
                .map_err(|reason| TrainError::Usage(format!("ANUVADA_PRECISION: {reason}, got '{name}'")))?,
            (None, None) => default.precision,
        };
        Ok(BackendConfig { kind, device: 0, precision })
    }
}

fn precision(name: &str) -> Result<Precision, String> {
    let known = [Precision::F32, Precision::Bf16, Precision::F16];
    known.into_iter().find(|one| one.name() == name).ok_or_else(|| "expected f32, bf16 or f16".into())
}
