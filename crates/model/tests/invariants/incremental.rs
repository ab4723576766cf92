//! One position at a time: the cache against full passes, and the searches on a real model.

use crate::fixture::{IDS, REORDERED, VOCAB, assert_close, values};
use crate::{WIDTH, cases, choices, models, padded, sentence, words};
use burn::tensor::{Device, Int, Tensor, TensorData};
use model::search::{SearchConfig, TensorSearch, beam, greedy};
use model::{Memory, Model, Pass};
use proptest::prelude::{prop, proptest};

/// What a full pass says after each prefix; `sentences` names the row of the memory that each prefix translates.
fn full(model: &Model, memory: &Memory, sentences: &[usize], prefixes: &[Vec<u32>]) -> Vec<f32> {
    let device = memory.states.device();
    let rows: Vec<i64> = sentences.iter().map(|&sentence| sentence as i64).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [sentences.len()]), &device);
    let memory = Memory {
        states: memory.states.clone().select(0, rows.clone()),
        padding_mask: memory.padding_mask.clone().select(0, rows),
    };
    let logits = model.decode(padded(prefixes.iter(), 0, &device), &memory, &Pass::inference());
    let len = prefixes[0].len();
    values(logits).chunks(len * VOCAB).flat_map(|row| row[(len - 1) * VOCAB..].to_vec()).collect()
}

/// Which row each row continues: any of the same sentence; after two steps the first sentence is finished.
fn parents(choices: &[usize], step: usize, n_sentences: usize) -> Vec<usize> {
    let first = usize::from(step == 2 && n_sentences > 1);
    let groups = (first..n_sentences).map(|sentence| sentence * WIDTH);
    groups.flat_map(|start| choices.iter().map(move |choice| start + choice)).collect()
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn a_cached_step_is_the_full_pass_at_every_position_and_after_every_reorder(
        sources in prop::collection::vec(sentence(5), 1..4),
        choices in choices(),
        words in words(),
    ) {
        let device = Device::flex();
        for model in models(&device) {
            let memory = model.encode(padded(sources.iter(), 0, &device), &Pass::inference());
            let mut cache = model.start(&memory, WIDTH);
            let mut sentences: Vec<usize> = (0..sources.len() * WIDTH).map(|row| row / WIDTH).collect();
            let mut prefixes: Vec<Vec<u32>> = vec![Vec::new(); sentences.len()];
            for (step, (choices, words)) in choices.iter().zip(&words).enumerate() {
                if step > 0 {
                    let parents = parents(choices, step, sentences.len() / WIDTH);
                    cache.reorder(&parents);
                    prefixes = parents.iter().map(|&row| prefixes[row].clone()).collect();
                    sentences = parents.iter().map(|&row| sentences[row]).collect();
                }
                for (prefix, &word) in prefixes.iter_mut().zip(words) {
                    prefix.push(if step == 0 { IDS.bos } else { word });
                }
                let last: Vec<i64> = prefixes.iter().map(|prefix| i64::from(prefix[step])).collect();
                let last = Tensor::<1, Int>::from_data(TensorData::new(last, [prefixes.len()]), &device);
                let got = values(model.step(last, &mut cache, &Pass::inference()));
                let expected = full(&model, &memory, &sentences, &prefixes);
                assert_close(&format!("step {step}"), &got, &expected, REORDERED);
            }
        }
    }

    #[test]
    fn a_beam_of_one_is_greedy_on_a_real_model(sources in prop::collection::vec(sentence(5), 1..4)) {
        let device = Device::flex();
        let config = SearchConfig { beam_size: 1, ..SearchConfig::default() };
        for model in models(&device) {
            let memory = model.encode(padded(sources.iter(), 0, &device), &Pass::inference());
            let max_lens: Vec<usize> = sources.iter().map(|source| source.len() + 6).collect();
            let mut next = TensorSearch::new(&model, &memory, 1);
            let greedy = greedy(&mut next, IDS, &max_lens, &config);
            let mut next = TensorSearch::new(&model, &memory, 1);
            let beam: Vec<_> = beam(&mut next, IDS, &max_lens, &config, 1).into_iter().flatten().collect();
            assert_eq!(beam, greedy);
        }
    }

    #[test]
    fn a_sentence_finds_the_same_targets_alone_and_in_a_batch(sources in prop::collection::vec(sentence(5), 2..4)) {
        let device = Device::flex();
        let config = SearchConfig { beam_size: WIDTH, ..SearchConfig::default() };
        let search = |model: &Model, sources: &[Vec<u32>]| {
            let memory = model.encode(padded(sources.iter(), 0, &device), &Pass::inference());
            let max_lens: Vec<usize> = sources.iter().map(|source| source.len() + 4).collect();
            beam(&mut TensorSearch::new(model, &memory, WIDTH), IDS, &max_lens, &config, WIDTH)
        };
        for model in models(&device) {
            let together = search(&model, &sources);
            for (source, together) in sources.iter().zip(together) {
                let alone = search(&model, std::slice::from_ref(source)).remove(0);
                for (alone, together) in alone.iter().zip(&together) {
                    assert_eq!((&alone.tokens, alone.ended), (&together.tokens, together.ended));
                    assert_close("log-probability", &[alone.log_prob], &[together.log_prob], REORDERED);
                }
            }
        }
    }
}
