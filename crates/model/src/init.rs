//! Initial weights: made on the host from (seed, parameter's path), so that they are the same on every backend and
//! do not depend on the order in which layers are built.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Makes the parameters of one module; [`Init::child`] goes one step down the path.
#[derive(Clone, Debug)]
pub struct Init {
    seed: u64,
    path: String,
    device: Device,
}

impl Init {
    /// The root of the tree of parameters.
    pub fn new(seed: u64, device: &Device) -> Self {
        Self { seed, path: String::new(), device: device.clone() }
    }

    /// The initialiser of the part `name` of this module.
    #[must_use]
    pub fn child(&self, name: impl std::fmt::Display) -> Self {
        Self { path: format!("{}.{name}", self.path), ..self.clone() }
    }

    /// The initialisers of the layers `0..n` of the list `name`.
    pub fn children(&self, name: &str, n: usize) -> impl Iterator<Item = Self> + use<> {
        let parent = self.child(name);
        (0..n).map(move |index| parent.child(index))
    }

    /// `[d_in, d_out]`, uniform in ±√(6 / (`d_in` + `d_out`)) (Glorot & Bengio 2010, eq. 16).
    pub fn xavier_uniform(&self, d_in: usize, d_out: usize) -> Param<Tensor<2>> {
        let bound = (6.0 / (d_in + d_out) as f64).sqrt();
        let mut rng = self.rng();
        let values = (0..d_in * d_out).map(|_| (bound * (2.0 * unit(&mut rng) - 1.0)) as f32).collect();
        self.param(values, [d_in, d_out])
    }

    /// `[rows, columns]`, normal with mean 0 and the given standard deviation (Box–Muller).
    pub fn normal(&self, rows: usize, columns: usize, deviation: f64) -> Param<Tensor<2>> {
        let mut rng = self.rng();
        let values = (0..rows * columns)
            .map(|_| {
                let radius = (-2.0 * (1.0 - unit(&mut rng)).ln()).sqrt();
                let angle = std::f64::consts::TAU * unit(&mut rng);
                (deviation * radius * angle.cos()) as f32
            })
            .collect();
        self.param(values, [rows, columns])
    }

    /// `[len]`, every entry `value`.
    pub fn constant(&self, len: usize, value: f32) -> Param<Tensor<1>> {
        self.param(vec![value; len], [len])
    }

    fn param<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_data(TensorData::new(values, shape), &self.device)
    }

    fn rng(&self) -> ChaCha8Rng {
        // FNV-1a of the path: a fixed, public function, so that weights never depend on a library's hasher.
        let hash = self.path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&hash.to_le_bytes());
        ChaCha8Rng::from_seed(key)
    }
}

/// A number in `[0, 1)` with 53 random bits.
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(param: &Param<Tensor<2>>) -> Vec<f32> {
        param.val().into_data().try_to_vec().unwrap()
    }

    #[test]
    fn weights_depend_on_seed_and_path_alone() {
        let root = Init::new(3, &Device::flex());
        let a = values(&root.child("a").xavier_uniform(30, 50));
        assert_eq!(a, values(&Init::new(3, &Device::flex()).child("a").xavier_uniform(30, 50)));
        assert_ne!(a, values(&root.child("b").xavier_uniform(30, 50)));
        assert_ne!(a, values(&Init::new(4, &Device::flex()).child("a").xavier_uniform(30, 50)));
    }

    #[test]
    fn xavier_and_normal_have_their_variance() {
        let root = Init::new(3, &Device::flex());
        let variance =
            |values: &[f32]| values.iter().map(|v| f64::from(v * v)).sum::<f64>() / values.len() as f64;
        let xavier = values(&root.child("x").xavier_uniform(200, 300));
        assert!((variance(&xavier) / (2.0 / 500.0) - 1.0).abs() < 0.03, "{}", variance(&xavier));
        assert!(xavier.iter().all(|v| f64::from(v.abs()) <= (6.0_f64 / 500.0).sqrt() + 1e-7));
        let normal = values(&root.child("n").normal(200, 300, 0.5));
        assert!((variance(&normal) / 0.25 - 1.0).abs() < 0.03, "{}", variance(&normal));
    }
}
