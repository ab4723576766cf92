//! The section `[data.augment]`: how the training text is varied from epoch to epoch.

use serde::{Deserialize, Serialize};

use super::Fault;

/// Probabilities, all 0 by default: the text is learnt as it stands. See [`augment`](crate::augment).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AugmentConfig {
    /// A merge of the vocabulary is left out, on both sides.
    pub bpe_dropout: f64,
    /// A word of the source is left out.
    pub word_dropout: f64,
    /// The source is written in small letters.
    pub lowercase: f64,
    /// The source is written in capitals.
    pub uppercase: f64,
    /// The source loses its punctuation.
    pub no_punctuation: f64,
}

impl AugmentConfig {
    /// Whether anything is varied.
    pub fn is_on(&self) -> bool {
        self.all().iter().any(|(_, probability)| *probability > 0.0)
    }

    /// How many times longer a row may become before it is left as it is: merges left out take a few more tokens, and
    /// capitals, which few merges know, many more. Batches are planned by it.
    pub fn room(&self) -> f64 {
        let capitals = if self.uppercase > 0.0 { 1.0 } else { 0.0 };
        (1.1 + 3.0 * self.bpe_dropout + capitals).min(3.0)
    }

    fn all(&self) -> [(&'static str, f64); 5] {
        [
            ("bpe_dropout", self.bpe_dropout),
            ("word_dropout", self.word_dropout),
            ("lowercase", self.lowercase),
            ("uppercase", self.uppercase),
            ("no_punctuation", self.no_punctuation),
        ]
    }

    /// All faults of the section.
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (key, probability) in self.all() {
            if !(0.0..=1.0).contains(&probability) {
                faults.push(Fault::new(key, format!("got {probability}, expected a probability, 0 to 1")));
            }
        }
        if faults.is_empty() && self.lowercase + self.uppercase > 1.0 {
            let message = format!(
                "got {}, which is above 1 with lowercase = {}; lower one of them",
                self.uppercase, self.lowercase
            );
            faults.push(Fault::new("uppercase", message));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_probabilities() {
        assert!(AugmentConfig::default().validate().is_empty() && !AugmentConfig::default().is_on());
        let config = AugmentConfig { bpe_dropout: -0.1, word_dropout: f64::NAN, ..AugmentConfig::default() };
        let keys: Vec<String> = config.validate().into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["bpe_dropout", "word_dropout"]);
        let config = AugmentConfig { lowercase: 0.6, uppercase: 0.5, ..AugmentConfig::default() };
        assert!(config.is_on());
        assert_eq!(config.validate()[0].key, "uppercase");
    }
}
