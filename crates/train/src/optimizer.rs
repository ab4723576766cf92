//! Adam and `AdamW` over named parameters, with clipping by the global norm.
//!
//! Deviation from Burn's own: state is keyed by the parameter's path, so that it can be saved and restored by name; the
//! norm is that of all gradients together; biases and norms (vectors) have no weight decay.

use crate::config::TrainConfig;
use crate::drill;
use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use kernels::{AdamW, Moments, adamw, squared_norm};
use model::Model;
use model::weights::{Array, Arrays};
use std::collections::BTreeMap;

/// The gradients of one step by the parameters' paths, each flattened to one axis.
#[derive(Debug)]
pub struct StepGradients {
    by_path: BTreeMap<String, Tensor<1>>,
    scale: f64,
}

impl Default for StepGradients {
    fn default() -> Self {
        Self::scaled(1.0)
    }
}

impl StepGradients {
    /// None yet; those to come are `scale` times what they should be.
    pub fn scaled(scale: f64) -> Self {
        Self { by_path: BTreeMap::new(), scale }
    }

    /// Adds the gradients of one backward pass.
    pub fn add(&mut self, model: &Model, gradients: &mut Gradients) {
        struct Collect<'a> {
            path: Vec<String>,
            gradients: &'a mut Gradients,
            sum: &'a mut BTreeMap<String, Tensor<1>>,
        }
        impl ModuleVisitor for Collect<'_> {
            fn enter_module(&mut self, name: &str, _container_type: &str) {
                self.path.push(name.to_owned());
            }
            fn exit_module(&mut self, _name: &str, _container_type: &str) {
                self.path.pop();
            }
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let Some(gradient) = param.val().grad_remove(self.gradients) else { return };
                let gradient = gradient.flatten::<1>(0, D - 1);
                let path = self.path.join(".");
                let sum = match self.sum.remove(&path) {
                    Some(sum) => sum + gradient,
                    None => gradient,
                };
                self.sum.insert(path, sum);
            }
        }
        model.visit(&mut Collect { path: Vec::new(), gradients, sum: &mut self.by_path });
    }

    /// √Σ g², over all parameters, without the scale.
    pub fn norm(&self) -> f64 {
        squared_norm(&self.by_path.values().collect::<Vec<_>>()).sqrt() / self.scale
    }

    /// The first parameter whose gradient is not finite.
    pub fn nonfinite(&self) -> Option<&str> {
        let mut all = self.by_path.iter();
        Some(all.find(|(_, gradient)| !squared_norm(&[*gradient]).is_finite())?.0)
    }

    /// Lets a drill change gradients.
    pub fn drill(&mut self) {
        for (path, gradient) in &mut self.by_path {
            *gradient = drill::tensor(|| format!("gradient.{path}"), gradient.clone());
        }
    }

    /// The gradient of one parameter, flattened.
    pub fn get(&self, path: &str) -> Option<&Tensor<1>> {
        self.by_path.get(path)
    }
}

/// The update rule with its state.
#[derive(Debug)]
pub struct Optimizer {
    rule: AdamW,
    clip_norm: f64,
    moments: BTreeMap<String, Moments<1>>,
}

impl Optimizer {
    /// An optimizer that has seen nothing.
    pub fn new(config: &TrainConfig) -> Self {
        let rule = AdamW {
            learning_rate: 0.0,
            beta_1: config.beta_1,
            beta_2: config.beta_2,
            epsilon: config.epsilon,
            weight_decay: config.weight_decay,
            clip: 1.0,
            t: 0,
        };
        Self { rule, clip_norm: config.clip_norm, moments: BTreeMap::new() }
    }

    /// One update; `norm` is that of the gradients.
    #[must_use]
    pub fn step(&mut self, model: Model, gradients: StepGradients, norm: f64, learning_rate: f64) -> Model {
        self.rule.t += 1;
        self.rule.learning_rate = learning_rate;
        let clip = if self.clip_norm > 0.0 && norm > self.clip_norm { self.clip_norm / norm } else { 1.0 };
        self.rule.clip = clip / gradients.scale;
        model.map(&mut Update { path: Vec::new(), gradients, rule: self.rule, moments: &mut self.moments })
    }

    /// √Σ over both moments of all parameters: not finite if one of their numbers is not.
    pub fn moments_norm(&self) -> f64 {
        squared_norm(&self.moments.values().flat_map(|m| [&m.first, &m.second]).collect::<Vec<_>>()).sqrt()
    }

    /// The first moment that is not finite, as it is named in a checkpoint.
    pub fn nonfinite(&self) -> Option<String> {
        let moments = self
            .moments
            .iter()
            .flat_map(|(path, m)| [("first", path, &m.first), ("second", path, &m.second)]);
        let mut bad = moments.filter(|(_, _, tensor)| !squared_norm(&[*tensor]).is_finite());
        bad.next().map(|(which, path, _)| format!("{which}.{path}"))
    }

    /// Lets a drill change moments.
    pub fn drill(&mut self) {
        for (path, moments) in &mut self.moments {
            moments.first = drill::tensor(|| format!("moment.first.{path}"), moments.first.clone());
            moments.second = drill::tensor(|| format!("moment.second.{path}"), moments.second.clone());
        }
    }

    /// The state by name: `first.<path>` and `second.<path>`.
    pub fn to_arrays(&self) -> Arrays {
        let named = |prefix: &str, path: &str, tensor: &Tensor<1>| {
            let values: Vec<f32> = tensor.to_data().try_to_vec().expect("moments are float32");
            (format!("{prefix}.{path}"), Array { shape: vec![values.len()], values })
        };
        let pairs = self.moments.iter();
        pairs
            .flat_map(|(path, m)| [named("first", path, &m.first), named("second", path, &m.second)])
            .collect()
    }

    /// Restores the state after `t` steps. Returns the name of an array that has no counterpart.
    ///
    /// # Errors
    ///
    /// A first moment without a second of its size, or the other way round.
    pub fn load_arrays(&mut self, t: u64, mut arrays: Arrays, device: &Device) -> Result<(), String> {
        self.rule.t = t;
        self.moments.clear();
        while let Some((name, first)) = arrays.pop_first() {
            let path = name.strip_prefix("first.").ok_or_else(|| name.clone())?;
            let second = arrays.remove(&format!("second.{path}")).ok_or_else(|| name.clone())?;
            if first.shape != second.shape || first.shape.len() != 1 {
                return Err(name);
            }
            let tensor = |array: Array| Tensor::from_data(TensorData::new(array.values, array.shape), device);
            self.moments.insert(path.to_owned(), Moments { first: tensor(first), second: tensor(second) });
        }
        Ok(())
    }
}

struct Update<'a> {
    path: Vec<String>,
    gradients: StepGradients,
    rule: AdamW,
    moments: &'a mut BTreeMap<String, Moments<1>>,
}

impl ModuleMapper for Update<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let Some(gradient) = self.gradients.by_path.remove(&path) else { return param };
        let weight_decay = if D > 1 { self.rule.weight_decay } else { 0.0 };
        let rule = AdamW { weight_decay, ..self.rule };
        let moments = self.moments.remove(&path).unwrap_or_else(|| {
            let zeros = || Tensor::zeros_like(&gradient);
            Moments { first: zeros(), second: zeros() }
        });
        let (moments_after, param) = {
            let mut after = None;
            let param = param.map(|tensor| {
                let shape = tensor.dims();
                let value = tensor.inner().flatten::<1>(0, D - 1);
                let (value, moments) = adamw(value, gradient, moments, &rule);
                after = Some(moments);
                Tensor::from_inner(value.reshape(shape)).require_grad()
            });
            (after.expect("the map ran"), param)
        };
        self.moments.insert(path, moments_after);
        param
    }
}
