//! What passes by in a forward pass, kept by name.

use super::tensors::values;
use burn::tensor::Tensor;
use model::Watch;
use std::cell::RefCell;
use std::rc::Rc;

/// Keeps all activations of a pass; a clone sees the same ones, so that one can be given to the pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Rc<RefCell<Vec<Activations>>>);

/// A name and its numbers.
type Activations = (String, Vec<f32>);

impl Watch for Seen {
    fn see(&mut self, name: &str, activations: Tensor<1>) -> Tensor<1> {
        self.0.borrow_mut().push((name.to_owned(), values(activations.clone())));
        activations
    }
}

impl Seen {
    /// The first activations of that name, flattened; none if there were none.
    pub(super) fn first(&self, name: &str) -> Option<Vec<f32>> {
        self.0.borrow().iter().find(|(seen, _)| seen == name).map(|(_, values)| values.clone())
    }
}
