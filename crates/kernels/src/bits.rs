//! Random bits as a function of (key, index): nothing is drawn in sequence and nothing is stored, so the
//! backward pass makes the bits of the forward pass again and threads need not agree on an order.
//!
//! Counter-based generation after Salmon et al. 2011, *Parallel random numbers: as easy as 1, 2, 3*. The mixer
//! is a 32-bit xor-shift-multiply finaliser (two rounds), keyed before each round.
//! Deviation: no cryptographic rounds; dropout needs speed and no visible pattern, not secrecy.

/// The two words that key one stream of bits.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    first: u32,
    second: u32,
}

impl Stream {
    /// The stream of a 64-bit key; neighbouring keys give unrelated streams.
    pub fn new(key: u64) -> Self {
        let mixed = mix_64(key);
        Self { first: mixed as u32, second: (mixed >> 32) as u32 }
    }

    /// The stream for the indices whose upper 32 bits are `block`.
    #[inline(always)]
    pub(crate) fn block(self, block: u32) -> Self {
        if block == 0 {
            return self;
        }
        let key = u64::from(self.first) | u64::from(self.second) << 32;
        Self::new(key ^ u64::from(block))
    }

    /// 32 uniform bits at `index`.
    #[inline(always)]
    pub fn at(self, index: u32) -> u32 {
        let mut x = index ^ self.first;
        x ^= x >> 16;
        x = x.wrapping_mul(0x7feb_352d);
        x ^= x >> 15;
        x = x.wrapping_add(self.second);
        x = x.wrapping_mul(0x846c_a68b);
        x ^ (x >> 16)
    }
}

/// Steele, Lea & Flood 2014 (`SplitMix`): one step of a 64-bit generator, here a hash.
fn mix_64(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number of equal bits in the thresholded streams of two functions of an index.
    fn agreement(n: u32, a: impl Fn(u32) -> u32, b: impl Fn(u32) -> u32) -> f64 {
        let same = (0..n).filter(|&i| (a(i) >> 31) == (b(i) >> 31)).count();
        same as f64 / f64::from(n)
    }

    #[test]
    fn every_bit_is_fair() {
        let stream = Stream::new(1);
        for bit in 0..32 {
            let ones = (0..100_000).filter(|&i| stream.at(i) >> bit & 1 == 1).count();
            assert!((49_000..51_000).contains(&ones), "bit {bit}: {ones} ones of 100000");
        }
    }

    #[test]
    fn neighbouring_keys_are_independent() {
        for key in 0..50 {
            let (a, b) = (Stream::new(key), Stream::new(key + 1));
            let same = agreement(100_000, |i| a.at(i), |i| b.at(i));
            assert!((same - 0.5).abs() < 0.01, "keys {key} and {} agree on {same}", key + 1);
        }
    }

    #[test]
    fn neighbouring_indices_are_independent() {
        let stream = Stream::new(7);
        for lag in [1, 2, 3, 16, 32, 64, 256, 1024] {
            let same = agreement(100_000, |i| stream.at(i), |i| stream.at(i + lag));
            assert!((same - 0.5).abs() < 0.01, "lag {lag} agrees on {same}");
        }
    }

    #[test]
    fn blocks_of_indices_differ() {
        let stream = Stream::new(3);
        let same = agreement(100_000, |i| stream.at(i), |i| stream.block(1).at(i));
        assert!((same - 0.5).abs() < 0.01, "blocks agree on {same}");
    }
}
