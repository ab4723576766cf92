//! The model card: what the model is, what it was trained on, how it scored. The header is the Hugging Face Hub's.

use crate::config::Experiment;
use crate::corpora::Corpora;
use crate::metrics::Scores;
use crate::validate::Validation;
use std::fmt::Write;

/// One set's scores for the card.
pub type NamedScores = (String, Scores);

/// The text of `README.md`.
pub fn card(
    experiment: &Experiment,
    corpora: &Corpora,
    n_parameters: usize,
    best: &Validation,
    scores: &[NamedScores],
) -> String {
    let data = &experiment.data;
    let model = &experiment.model;
    let mut text = format!(
        "---\nlanguage: [{src}, {tgt}]\npipeline_tag: translation\ntags: [translation, anuvada]\nmetrics: [bleu, chrf, ter]\n---\n\n\
         # {name}: {src} → {tgt}\n\n\
         An encoder–decoder {kind} of {n_parameters} parameters ({}) trained on \
         {} sentence pairs for {} steps with Anuvada {version}.\n\n    train translate --model DIR \"Hello.\"\n",
        model.summary(),
        corpora.n_train(),
        best.step,
        src = data.src_lang,
        tgt = data.tgt_lang,
        kind = model.kind.name(),
        name = experiment.run.name,
        version = env!("CARGO_PKG_VERSION"),
    );
    let _ = writeln!(
        text,
        "\n## Scores\n\nDev loss {:.4} nats per token. Scores on detokenized text:\n",
        best.loss_nats_per_token
    );
    for (set, scores) in scores {
        let _ = writeln!(text, "{set}\n\n```\n{scores}\n```\n");
    }
    let _ = writeln!(text, "## Data\n");
    for (set, hash) in &corpora.hashes {
        let _ = writeln!(text, "- {set}: BLAKE3 `{hash}`");
    }
    text.push_str("\n## Limits\n\nIt has seen no more than the text above: words and topics outside of it come out wrong, often fluently.\n");
    text
}
