//! GPUs through Vulkan, Metal or DirectX; where there is none, software that stands for one.

use super::Found;
use burn::backend::{CubeDevice, DispatchDevice, WgpuDeviceKind};
use burn::tensor::wgpu::WgpuSetup;
use burn::tensor::{Device, DeviceKind, DeviceType};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

const NONE: &str = "finds no adapter: install the driver of the GPU with its Vulkan part (`vulkaninfo --summary` must \
                    list it); for tests without a GPU, Debian's mesa-vulkan-drivers has a software adapter";

/// What opening an adapter gave.
type Opened = Result<(Device, Found), String>;

/// The adapters that were opened, by their place: a process can open one only once.
static OPENED: Mutex<BTreeMap<usize, Opened>> = Mutex::new(BTreeMap::new());

/// The adapters of the one graphics interface that Burn settles on, GPUs first.
pub(super) fn devices() -> Result<Vec<Found>, String> {
    let kinds = kinds();
    if kinds.is_empty() {
        return Err(NONE.into());
    }
    (0..kinds.len()).map(|index| opened(&kinds, index).map(|(_, found)| found)).collect()
}

pub(super) fn open(index: usize) -> Result<Device, String> {
    opened(&kinds(), index).map(|(device, _)| device)
}

fn opened(kinds: &[DeviceKind], index: usize) -> Opened {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    opened.entry(index).or_insert_with(|| init(&kinds[index])).clone()
}

fn init(kind: &DeviceKind) -> Opened {
    let setup = Device::wgpu_options().device_kind(kind.clone()).init_with_setup();
    let (device, setup) = setup.map_err(|error| format!("cannot open its adapter: {error}"))?;
    Ok((device, Found { name: describe(&setup), is_gpu: *kind != DeviceKind::Cpu }))
}

fn describe(setup: &WgpuSetup) -> String {
    let info = setup.adapter.get_info();
    let driver = [info.driver, info.driver_info].join(" ");
    format!("{} ({:?}, {:?}, driver {})", info.name, info.backend, info.device_type, driver.trim())
}

fn kinds() -> Vec<DeviceKind> {
    let mut kinds: Vec<(u8, DeviceKind)> =
        Device::enumerate(DeviceType::Wgpu).into_vec().iter().filter_map(ranked).collect();
    kinds.sort_by_key(|(rank, _)| *rank);
    kinds.into_iter().map(|(_, kind)| kind).collect()
}

/// An adapter's kind, with its place among the others.
fn ranked(device: &Device) -> Option<(u8, DeviceKind)> {
    let DispatchDevice::Cube(CubeDevice::Wgpu(device)) = device.as_dispatch() else { return None };
    Some(match device.kind {
        WgpuDeviceKind::DiscreteGpu(i) => (0, DeviceKind::DiscreteGpu(i)),
        WgpuDeviceKind::IntegratedGpu(i) => (1, DeviceKind::IntegratedGpu(i)),
        WgpuDeviceKind::VirtualGpu(i) => (2, DeviceKind::VirtualGpu(i)),
        WgpuDeviceKind::Cpu => (3, DeviceKind::Cpu),
        _ => return None,
    })
}
