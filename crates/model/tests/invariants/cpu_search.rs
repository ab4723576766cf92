//! The path of search on the CPU against the tensors, and a sentence's independence of its batch, to the last bit.

use crate::fixture::{IDS, REORDERED, VOCAB, assert_close};
use crate::{WIDTH, cases, choices, models, padded, sentence, words};
use burn::tensor::Device;
use model::search::{CpuModel, CpuSearch, NextToken, SearchConfig, Searcher, TensorSearch, beam, greedy};
use model::{Model, Pass};
use proptest::prelude::{prop, proptest};

/// Rows that continue rows: of each sentence one to `WIDTH`, any of its own; from step 2 on the first sentence is
/// finished. Gives the parents, and the sentence of each new row.
fn continue_rows(choices: &[usize], step: usize, of_rows: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let (mut parents, mut sentences) = (Vec::new(), Vec::new());
    let last = of_rows.last().copied().unwrap_or(0);
    for sentence in 0..=last {
        let rows: Vec<usize> = (0..of_rows.len()).filter(|&row| of_rows[row] == sentence).collect();
        if rows.is_empty() || (step == 2 && sentence == 0 && last > 0) {
            continue;
        }
        for choice in &choices[..=(step + sentence) % WIDTH] {
            parents.push(rows[choice % rows.len()]);
            sentences.push(sentence);
        }
    }
    (parents, sentences)
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn both_paths_say_the_same_at_every_step_and_after_every_reorder(
        sources in prop::collection::vec(sentence(5), 1..4),
        choices in choices(),
        words in words(),
    ) {
        let device = Device::flex();
        for model in models(&device) {
            // Only the Transformer has a path of its own.
            let Model::Transformer(transformer) = &model else { continue };
            let cpu = CpuModel::new(transformer);
            let memory = model.encode(padded(sources.iter(), 0, &device), &Pass::inference());
            let mut tensors = TensorSearch::new(&model, &memory, WIDTH);
            let views: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
            let mut slices = CpuSearch::new(&cpu, &cpu.encode(&views));
            assert_eq!(slices.vocab_size(), VOCAB);
            let mut sentences: Vec<usize> = (0..sources.len()).collect();
            let mut parents = sentences.clone();
            for (step, (choices, words)) in choices.iter().zip(&words).enumerate() {
                if step > 0 {
                    (parents, sentences) = continue_rows(choices, step, &sentences);
                }
                let last: Vec<u32> =
                    words.iter().map(|&word| if step == 0 { IDS.bos } else { word }).take(parents.len()).collect();
                let (got, expected) = (slices.advance(&parents, &last), tensors.advance(&parents, &last));
                assert_close(&format!("step {step}"), &got, &expected, 3.0 * REORDERED);
            }
        }
    }

    #[test]
    fn a_sentence_finds_the_same_bits_alone_and_among_others(sources in prop::collection::vec(sentence(5), 2..40)) {
        let device = Device::flex();
        for model in models(&device) {
            let searcher = Searcher::new(model);
            let search = |sources: &[&[u32]], width: usize| {
                let config = SearchConfig { beam_size: width, ..SearchConfig::default() };
                searcher.search(sources, width, |batch, next| {
                    let max_lens: Vec<usize> = batch.iter().map(|&index| sources[index].len() + 4).collect();
                    match width {
                        1 => greedy(next, IDS, &max_lens, &config).into_iter().map(|one| vec![one]).collect(),
                        _ => beam(next, IDS, &max_lens, &config, width),
                    }
                })
            };
            let views: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
            for width in [1, WIDTH] {
                let together = search(&views, width);
                assert_eq!(together.len(), sources.len());
                for (source, together) in views.iter().zip(together) {
                    assert_eq!(search(&[source], width), [together], "width {width}");
                }
            }
        }
    }
}
