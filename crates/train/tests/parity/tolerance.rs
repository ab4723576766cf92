//! How far a backend may be from the CPU, in parts of the largest number of an array. Each is three to ten times
//! the largest difference that was measured on ndarray, wgpu (software Vulkan) and libtorch.

/// Logits, loss and gradients of one pass in float32.
pub(crate) const FLOAT32: f32 = 2e-6;

/// Weights after three updates. Adam divides a gradient by its own size: where one is nearly zero, rounding decides its
/// sign, and an update differs by up to the learning rate.
pub(crate) const UPDATED: f32 = 1.5e-5;

/// Scores of hypotheses, nats.
pub(crate) const SCORE: f32 = 2e-6;

/// Training losses of a short run.
pub(crate) const CURVE: f64 = 1e-6;

/// Logits and loss in bfloat16 against float32: 8 bits of fraction through three layers.
pub(crate) const BFLOAT16: f32 = 0.04;

/// The same in float16: 11 bits.
pub(crate) const FLOAT16: f32 = 0.004;
