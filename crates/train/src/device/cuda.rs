//! Burn's own kernels on NVIDIA GPUs.

use super::Found;
use burn::tensor::{Device, DeviceType};

pub(super) fn devices() -> Result<Vec<Found>, String> {
    let devices = Device::enumerate(DeviceType::Cuda).into_vec();
    if devices.is_empty() {
        return Err(
            "finds no NVIDIA GPU, or its driver (libcuda.so.1) is missing; `nvidia-smi` must list the GPU"
                .into(),
        );
    }
    let found = |device: Device| Found {
        name: device.identity().map_or_else(|| "CUDA device".into(), |identity| identity.name),
        is_gpu: true,
    };
    Ok(devices.into_iter().map(found).collect())
}
