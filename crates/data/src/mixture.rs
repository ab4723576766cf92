//! Several sources with weights: how often each example comes in an epoch.
//!
//! An example of weight `w` comes `⌊w⌋` times, and once more if `u < w − ⌊w⌋`, where `u`, uniform on
//! [0, 1), is a hash of (seed, epoch, index). Over epochs it therefore comes `w` times on average, and
//! a source of `n` examples takes `n · w` places, give or take `√n / 2`.
//!
//! The hash is the finaliser of `SplitMix64` (Steele et al. 2014, doi:10.1145/2660193.2660195) over the
//! three numbers in turn.

/// How often the example `index` comes in `epoch`.
///
/// ```
/// use data::mixture::copies;
///
/// assert_eq!(copies(1.0, 7, 0, 5), 1);
/// let over_epochs: u32 = (0..1000).map(|epoch| copies(2.5, 7, epoch, 5)).sum();
/// assert!((2400..2600).contains(&over_epochs));
/// ```
///
/// # Panics
///
/// If the weight is negative or not a number.
pub fn copies(weight: f64, seed: u64, epoch: u64, index: u64) -> u32 {
    assert!(weight >= 0.0, "a weight is 0 or more, got {weight}");
    let whole = weight.floor();
    whole as u32 + u32::from(uniform(seed, epoch, index) < weight - whole)
}

/// The examples of an epoch, in ascending order and as often as their source's weight has it:
/// the first `source_lens[0]` examples are of the first source, and so on.
///
/// # Panics
///
/// If there are more sources than weights, or a weight is negative or not a number.
pub fn epoch_indices(weights: &[f64], source_lens: &[usize], seed: u64, epoch: u64) -> Vec<u32> {
    assert!(source_lens.len() <= weights.len(), "a weight for each source");
    let mut indices = Vec::with_capacity(source_lens.iter().sum());
    let mut first = 0_u32;
    for (weight, len) in weights.iter().zip(source_lens) {
        let of_source = first..first + *len as u32;
        first = of_source.end;
        for index in of_source {
            let copies = copies(*weight, seed, epoch, index.into());
            indices.extend(std::iter::repeat_n(index, copies as usize));
        }
    }
    indices
}

/// A number from 0 to below 1, of 53 random bits.
fn uniform(seed: u64, epoch: u64, index: u64) -> f64 {
    let hash = [seed, epoch, index].into_iter().fold(SALT, |state, number| mix(state ^ number));
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// Keeps these draws apart from others of the same seed: the bytes of `mixtures`.
const SALT: u64 = u64::from_le_bytes(*b"mixtures");

/// The finaliser of `SplitMix64`, after a step of its counter.
fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_the_weight_over_examples_and_over_epochs() {
        let n = 100_000_u64;
        for weight in [0.001, 0.25, 0.5, 1.75, 3.1] {
            let mean = |total: u64| total as f64 / n as f64;
            let over_examples: u64 = (0..n).map(|index| u64::from(copies(weight, 1, 2, index))).sum();
            let over_epochs: u64 = (0..n).map(|epoch| u64::from(copies(weight, 1, epoch, 3))).sum();
            let over_seeds: u64 = (0..n).map(|seed| u64::from(copies(weight, seed, 2, 3))).sum();
            // Four standard deviations of the mean of n draws.
            let frac = weight - weight.floor();
            let tolerance = 4.0 * (frac * (1.0 - frac) / n as f64).sqrt();
            for total in [over_examples, over_epochs, over_seeds] {
                assert!((mean(total) - weight).abs() < tolerance, "{weight}: {}", mean(total));
            }
        }
    }

    #[test]
    fn whole_weights_leave_nothing_to_chance() {
        for index in 0..1000 {
            assert_eq!(copies(1.0, 5, 3, index), 1);
            assert_eq!(copies(4.0, 5, 3, index), 4);
            assert_eq!(copies(0.0, 5, 3, index), 0);
            assert!((1..=2).contains(&copies(1.5, 5, 3, index)));
        }
    }

    #[test]
    fn the_choice_differs_between_epochs_and_seeds_and_is_independent() {
        let chosen = |seed, epoch| -> Vec<u32> { (0..10_000).map(|i| copies(0.5, seed, epoch, i)).collect() };
        assert_eq!(chosen(1, 2), chosen(1, 2));
        for (other_seed, other_epoch) in [(1, 3), (2, 2), (2, 1), (1, u64::MAX)] {
            let (these, those) = (chosen(1, 2), chosen(other_seed, other_epoch));
            let equal = these.iter().zip(&those).filter(|(a, b)| a == b).count();
            assert!(equal.abs_diff(5000) < 200, "{equal} of 10000 for {other_seed}, {other_epoch}");
        }
    }

    /// The values stand for the format of a resumed run: they must never change.
    #[test]
    fn golden_choices() {
        let chosen: Vec<u32> = (0..20).map(|index| copies(1.5, 42, 1, index)).collect();
        assert_eq!(chosen, [2, 2, 1, 1, 2, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 2, 1]);
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF, "the first number of SplitMix64 from 0");
    }

    #[test]
    fn an_epoch_takes_each_source_by_its_weight() {
        let indices = epoch_indices(&[1.0, 0.25, 2.5], &[10_000; 3], 9, 4);
        assert!(indices.is_sorted());
        let of = |source: u32| indices.iter().filter(|index| **index / 10_000 == source).count();
        assert_eq!(of(0), 10_000);
        assert!(of(1).abs_diff(2500) < 200, "{}", of(1));
        assert!(of(2).abs_diff(25_000) < 200, "{}", of(2));
        assert_eq!(epoch_indices(&[1.0], &[5], 9, 4), [0, 1, 2, 3, 4]);
    }
}
