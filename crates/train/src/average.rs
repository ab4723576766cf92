//! Averages of weights: over checkpoints (Vaswani et al. 2017 §6.1) and over all steps, exponentially
//! (Polyak & Juditsky 1992).

use burn::module::{ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use model::Model;
use model::weights::{Array, Arrays};
use std::collections::BTreeMap;

/// The mean of several models' weights, summed in double precision.
///
/// # Panics
///
/// If there are none, or they are of different models.
pub fn mean(models: &[Arrays]) -> Arrays {
    let average = |name: &String, first: &Array| {
        let mut sums = vec![0.0_f64; first.values.len()];
        for model in models {
            sums.iter_mut().zip(&model[name].values).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let values = sums.into_iter().map(|sum| (sum / models.len() as f64) as f32).collect();
        (name.clone(), Array { shape: first.shape.clone(), values })
    };
    models[0].iter().map(|(name, first)| average(name, first)).collect()
}

/// `ema ← decay · ema + (1 − decay) · weights` after every step.
#[derive(Debug)]
pub struct Ema {
    decay: f64,
    by_path: BTreeMap<String, Tensor<1>>,
}

impl Ema {
    /// Starts at the model's weights.
    pub fn new(decay: f64, model: &Model) -> Self {
        let mut ema = Self { decay: 0.0, by_path: BTreeMap::new() };
        ema.update(model);
        Self { decay, ..ema }
    }

    /// Goes on from saved averages.
    pub fn from_arrays(decay: f64, arrays: Arrays, device: &Device) -> Self {
        let flat = |array: Array| {
            let len = array.values.len();
            Tensor::from_data(TensorData::new(array.values, [len]), device)
        };
        Self { decay, by_path: arrays.into_iter().map(|(path, array)| (path, flat(array))).collect() }
    }

    /// Takes one step's weights in.
    pub fn update(&mut self, model: &Model) {
        struct Take<'a> {
            path: Vec<String>,
            ema: &'a mut Ema,
        }
        impl ModuleVisitor for Take<'_> {
            fn enter_module(&mut self, name: &str, _container_type: &str) {
                self.path.push(name.to_owned());
            }
            fn exit_module(&mut self, _name: &str, _container_type: &str) {
                self.path.pop();
            }
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let value = param.val().inner().flatten::<1>(0, D - 1);
                let path = self.path.join(".");
                let decay = self.ema.decay;
                let next = match self.ema.by_path.remove(&path) {
                    Some(average) => average * decay + value * (1.0 - decay),
                    None => value,
                };
                self.ema.by_path.insert(path, next);
            }
        }
        model.visit(&mut Take { path: Vec::new(), ema: self });
    }

    /// The averages with the shapes of the model's `weights`.
    ///
    /// # Panics
    ///
    /// If the weights are another model's.
    pub fn to_arrays(&self, weights: &Arrays) -> Arrays {
        let shaped = |(path, average): (&String, &Tensor<1>)| {
            let values = average.to_data().try_to_vec().expect("weights are float32");
            (path.clone(), Array { shape: weights[path].shape.clone(), values })
        };
        self.by_path.iter().map(shaped).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_each_number() {
        let model =
            |value: f32| Arrays::from([("a".to_owned(), Array { shape: vec![2], values: vec![value, 1.0] })]);
        assert_eq!(mean(&[model(1.0), model(2.0), model(6.0)])["a"].values, [3.0, 1.0]);
    }
}
