//! The only maker of masks. In every mask of this project `true` means blocked.
//!
//! Two reasons to block a key: it is padding, or it lies in the future (§3.2.3, third point).

use crate::pass::Future;
use burn::tensor::{Bool, Int, Tensor};
use kernels::{Mask, Order};

/// Where `ids` are padding: `[batch, len]` → `[batch, len]`.
pub fn padding_mask(ids: &Tensor<2, Int>, pad_id: u32) -> Tensor<2, Bool> {
    ids.clone().equal_elem(pad_id)
}

/// For self-attention of the encoder and for cross-attention: every key but padding. `padding`: `[batch, k_len]`.
pub fn padding_only(padding: &Tensor<2, Bool>) -> Mask {
    Mask { padding: Some(padding.clone()), order: Order::Any }
}

/// For self-attention of the decoder: the keys up to the query's own position. Targets are padded on the right, so
/// that the future contains their padding: no query of a real token reaches it.
pub fn causal() -> Mask {
    Mask { padding: None, order: Order::Causal }
}

/// For known targets: causal, unless the pass is one that shows what happens without.
pub(crate) fn targets(future: Future) -> Mask {
    match future {
        Future::Blocked => causal(),
        Future::Seen => Mask { padding: None, order: Order::Any },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn true_is_padding() {
        let ids = Tensor::<2, Int>::from_data(TensorData::new(vec![5_i64, 0, 3, 4], [2, 2]), &Device::flex());
        let mask: Vec<bool> = padding_mask(&ids, 0).into_data().try_to_vec().unwrap();
        assert_eq!(mask, [false, true, false, false]);
    }
}
