//! What is measured on held-out text: the loss without smoothing, and scores of real translations.

use crate::config::Metric;
use crate::corpora::HeldOut;
use crate::log::{self, Unit};
use crate::loss::loss;
use crate::metrics::{Scores, evaluate};
use crate::tensors::BatchTensors;
use crate::translator::Translator;
use crate::{TrainError, drill, interrupt};
use burn::tensor::Device;
use data::batch::{Batch, ControlIds, plan};
use data::{Example, Pair};
use model::{Model, Pass};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// One validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// The step after which it was made.
    pub step: u64,
    /// Cross-entropy of the dev targets without smoothing, nats per token.
    pub loss_nats_per_token: f64,
    /// The same per character of the dev text, ends of lines counted: comparable across vocabularies.
    pub loss_nats_per_char: f64,
    /// Scores of the dev translations.
    pub bleu: f64,
    /// See `bleu`.
    pub chrf: f64,
    /// See `bleu`.
    #[serde(rename = "chrf++")]
    pub chrf_plus_plus: f64,
}

impl Validation {
    /// What the best is chosen by; larger is better.
    pub fn merit(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Loss => -self.loss_nats_per_token,
            Metric::Bleu => self.bleu,
            Metric::Chrf => self.chrf,
            Metric::ChrfPlusPlus => self.chrf_plus_plus,
        }
    }

    /// The better one is greater: by the metric, then by the loss, which still tells apart what scores nothing.
    pub fn compare(&self, other: &Self, metric: Metric) -> Ordering {
        let by_loss = other.loss_nats_per_token.total_cmp(&self.loss_nats_per_token);
        self.merit(metric).total_cmp(&other.merit(metric)).then(by_loss)
    }

    /// Whether it is better than the other; equal is not better.
    pub fn beats(&self, other: &Self, metric: Metric) -> bool {
        self.compare(other, metric) == Ordering::Greater
    }
}

/// So many dev lines are kept with their translations of each validation.
const N_SAMPLES: usize = 5;

/// The translations of some dev lines at one validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// The step after which they were made.
    pub step: u64,
    /// By line.
    pub samples: Vec<Sample>,
}

/// A line and its translation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The source.
    pub src: String,
    /// Its translation as the file has it.
    #[serde(rename = "ref")]
    pub reference: String,
    /// That of the model.
    pub hyp: String,
}

impl Samples {
    /// A few of the lines, evenly spread: the same of the same set.
    pub fn of(step: u64, pairs: &[Pair], translations: &[String]) -> Self {
        let (n, taken) = (pairs.len(), pairs.len().min(N_SAMPLES));
        let sample = |index: usize| Sample {
            src: pairs[index].src.clone(),
            reference: pairs[index].tgt.clone(),
            hyp: translations[index].clone(),
        };
        Self { step, samples: (0..taken).map(|i| sample(i * n / taken)).collect() }
    }
}

/// Σ over the targets of −log p, in nats, and how many targets there are. After a request to end it stops short.
pub fn dev_loss(model: &Model, examples: &[Example], batch_tokens: usize, device: &Device) -> (f64, usize) {
    let lengths: Vec<(u32, u32)> = examples.iter().map(Example::lengths).collect();
    let mut order: Vec<u32> = (0..examples.len() as u32).collect();
    order.sort_by_key(|&index| lengths[index as usize]);
    let (mut nats, mut tokens) = (0.0, 0);
    let task = log::task("dev loss", Unit::Pairs, examples.len());
    for indices in plan(&lengths, batch_tokens, &order) {
        drill::pass("dev_batch");
        if interrupt::requested().is_some() {
            break;
        }
        let rows: Vec<&Example> = indices.iter().map(|&index| &examples[index as usize]).collect();
        let batch = Batch::new(&rows, &indices, ControlIds::default());
        let sums = loss(model, BatchTensors::new(&batch, device), 0.0, &Pass::inference());
        nats += f64::from(sums.nll.into_scalar::<f32>());
        tokens += batch.n_tgt_tokens();
        task.add(indices.len());
    }
    (nats, tokens)
}

/// Translates a held-out set with its tags and scores it; also gives the translations. After a request to end these
/// are empty, and the caller must ask for it.
///
/// # Errors
///
/// The set has no lines, or a tag that the model does not know.
pub fn score(translator: &mut Translator, set: &HeldOut) -> Result<(Scores, Vec<String>), TrainError> {
    translator.tags = translator.tokenizer.tag_ids(&set.tag)?;
    let task = log::task(&format!("translating {}", set.name), Unit::Lines, set.pairs.len());
    let hypotheses = translator.translate_telling(&set.sources(), 0, &|lines| task.add(lines));
    drop(task);
    let scores = evaluate(&hypotheses, &set.references())?;
    Ok((scores, hypotheses))
}

/// At most `max_lines` lines of a set, evenly spread; 0: all.
pub fn spread(set: &HeldOut, max_lines: usize) -> HeldOut {
    let n = set.pairs.len();
    let take = if max_lines == 0 { n } else { max_lines.min(n) };
    let pairs = (0..take).map(|i| set.pairs[i * n / take].clone()).collect();
    HeldOut { pairs, ..set.clone() }
}
