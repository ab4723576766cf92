//! The model's parameters as named host arrays and as a safetensors file. Names are paths in the module:
//! `decoder.layers.0.cross_attention.query.weight`.

mod file;
mod shapes;

pub use file::{Array, Arrays, MAX_HEADER_BYTES, Shapes, from_safetensors, read_safetensors, to_safetensors};
pub use shapes::shapes;

use crate::{Model, ModelError};
use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use std::collections::BTreeMap;
use std::path::Path;

/// Every parameter of the model by its path.
pub fn to_arrays(model: &Model) -> Arrays {
    let mut visitor = Collect { path: Vec::new(), arrays: BTreeMap::new() };
    model.visit(&mut visitor);
    visitor.arrays
}

/// The name of the first array with a number that is not finite.
pub fn nonfinite(arrays: &Arrays) -> Option<&str> {
    let finite = |array: &Array| array.values.iter().all(|value| value.is_finite());
    arrays.iter().find(|(_, array)| !finite(array)).map(|(name, _)| name.as_str())
}

/// The model with the given parameters. `path` is the file they come from, for messages.
///
/// # Errors
///
/// A name that is missing or too much, or a shape that differs.
pub fn from_arrays(model: Model, arrays: Arrays, path: &Path) -> Result<Model, ModelError> {
    let mut mapper = Replace { path: Vec::new(), arrays, file: path, fault: None };
    let model = model.map(&mut mapper);
    if let Some(fault) = mapper.fault {
        return Err(fault);
    }
    match mapper.arrays.into_keys().next() {
        Some(name) => Err(ModelError::UnknownTensor { path: path.into(), name }),
        None => Ok(model),
    }
}

struct Collect {
    path: Vec<String>,
    arrays: Arrays,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data().try_to_vec().expect("parameters are float32");
        self.arrays.insert(self.path.join("."), Array { shape, values });
    }
}

struct Replace<'a> {
    path: Vec<String>,
    arrays: Arrays,
    file: &'a Path,
    fault: Option<ModelError>,
}

impl ModuleMapper for Replace<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let Some(array) = self.arrays.remove(&name) else {
            self.fault.get_or_insert(ModelError::MissingTensor { path: self.file.into(), name });
            return param;
        };
        let expected = param.val().dims().to_vec();
        if array.shape != expected {
            let (path, got) = (self.file.into(), array.shape);
            self.fault.get_or_insert(ModelError::TensorShape { path, name, expected, got });
            return param;
        }
        let device = param.val().device();
        param.map(|_| {
            let tensor = Tensor::from_data(TensorData::new(array.values, array.shape), &device);
            if device.is_autodiff() { tensor.require_grad() } else { tensor }
        })
    }
}
