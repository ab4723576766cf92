//! The model's parameters as named host arrays and as a safetensors file. Names are paths in the module:
//! `decoder.layers.0.cross_attention.query.weight`.

use crate::{ModelError, Transformer};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A parameter on the host, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The extent of each axis.
    pub shape: Vec<usize>,
    /// The product of the extents many numbers.
    pub values: Vec<f32>,
}

/// Named arrays in the order of their names.
pub type Arrays = BTreeMap<String, Array>;

/// Every parameter of the model by its path.
pub fn to_arrays(model: &Transformer) -> Arrays {
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
pub fn from_arrays(model: Transformer, arrays: Arrays, path: &Path) -> Result<Transformer, ModelError> {
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

/// The bytes of a safetensors file with these arrays.
///
/// # Panics
///
/// If an array's values do not fill its shape.
pub fn to_safetensors(arrays: &Arrays, metadata: BTreeMap<String, String>) -> Vec<u8> {
    let bytes: Vec<(&str, &[usize], Vec<u8>)> = arrays
        .iter()
        .map(|(name, array)| {
            let bytes = array.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name.as_str(), array.shape.as_slice(), bytes)
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("values fill the shape");
        (*name, view)
    });
    serialize(views, Some(metadata.into_iter().collect())).expect("names are unique and views are valid")
}

/// The arrays of a safetensors file's bytes. `path` is for messages.
///
/// # Errors
///
/// Damaged bytes, or a tensor that is not float32.
pub fn from_safetensors(bytes: &[u8], path: &Path) -> Result<Arrays, ModelError> {
    let damaged = |error: safetensors::SafeTensorError| ModelError::Damaged {
        path: path.into(),
        reason: error.to_string(),
    };
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    file.iter()
        .map(|(name, view)| {
            if view.dtype() != Dtype::F32 {
                let got = format!("{:?}", view.dtype());
                return Err(ModelError::TensorType { path: path.into(), name: name.into(), got });
            }
            let values =
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            Ok((name.to_owned(), Array { shape: view.shape().to_vec(), values }))
        })
        .collect()
}

/// Reads a model's weights from a safetensors file.
///
/// # Errors
///
/// An unreadable or damaged file, or one of a model of another shape.
pub fn load(model: Transformer, path: &Path) -> Result<Transformer, ModelError> {
    let bytes = std::fs::read(path).map_err(|source| ModelError::Io { path: path.into(), source })?;
    from_arrays(model, from_safetensors(&bytes, path)?, path)
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
