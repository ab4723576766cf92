//! Burn's two CPU backends.

use super::Found;
#[cfg(feature = "ndarray")]
use burn::tensor::Device;

pub(super) fn flex() -> Found {
    let name = format!("{} threads, {}", rayon::current_num_threads(), vectors());
    Found { name, is_gpu: false }
}

#[cfg(feature = "ndarray")]
pub(super) fn ndarray() -> Found {
    Found { name: "one thread".into(), is_gpu: false }
}

#[cfg(feature = "ndarray")]
#[allow(deprecated, reason = "the pinned Burn is the last that has it")]
pub(super) fn open_ndarray() -> Device {
    Device::ndarray()
}

/// The widest vectors that the kernels use on this processor.
fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            return "AVX-512";
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return "AVX2";
        }
    }
    if cfg!(target_arch = "aarch64") { "NEON" } else { "no wide vectors" }
}
