//! shim
use super::Tokenizer;
use rand_chacha::ChaCha8Rng;
impl Tokenizer {
    /// shim
    pub fn encode_with_dropout(&self, t: &str, _p: f64, _r: &mut ChaCha8Rng) -> Vec<u32> {
        self.encode(t)
    }
}
