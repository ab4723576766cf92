//! libtorch, on the CPU and on NVIDIA GPUs.
#![allow(deprecated, reason = "the pinned Burn is the last that has libtorch")]

use super::Found;
use burn::tensor::Device;

pub(super) fn cpu() -> Found {
    Found { name: format!("libtorch, {} threads", tch::get_num_threads()), is_gpu: false }
}

pub(super) fn cuda_devices() -> Result<Vec<Found>, String> {
    if !tch::Cuda::is_available() {
        return Err(
            "finds no NVIDIA GPU: this libtorch has no CUDA, or the driver (libcuda.so.1) is missing or too \
             old; `nvidia-smi` must list the GPU"
                .into(),
        );
    }
    let device = |index| Found { name: format!("CUDA device {index} of libtorch"), is_gpu: true };
    Ok((0..tch::Cuda::device_count()).map(device).collect())
}

pub(super) fn open_cpu() -> Device {
    Device::libtorch()
}

pub(super) fn open_cuda(index: usize) -> Device {
    Device::libtorch_cuda(index)
}
