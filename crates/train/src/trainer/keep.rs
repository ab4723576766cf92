//! What a run keeps: the model of the best validation, snapshots, checkpoints, and at the end an average.

use super::Trainer;
use crate::TrainError;
use crate::average::mean;
use crate::card::card;
use crate::checkpoint::{self, State};
use crate::config::Average;
use crate::history::{averaged_steps, best, kept_snapshots};
use crate::model_dir::{self, DirConfig};
use crate::translator::Translator;
use crate::validate::{Samples, Validation, dev_loss, score, spread};
use crate::{drill, files, interrupt, log, panics, report, runs};
use model::search::Searcher;
use model::weights::{self, Arrays};
use page::AttentionPicture;
use std::time::Instant;

impl Trainer<'_> {
    fn best(&self) -> Option<&Validation> {
        best(&self.state.validations, self.experiment.validate.metric)
    }

    /// Measures the weights of now; they become `best/` if no earlier ones are as good.
    pub(super) fn validate(&mut self) -> Result<(), TrainError> {
        let _span = tracing::error_span!("validate", step = self.state.step).entered();
        let weights = weights::to_arrays(self.model());
        let arrays = self.ema.as_ref().map_or_else(|| weights.clone(), |ema| ema.to_arrays(&weights));
        let (validation, translations) = self.measure(self.state.step, &arrays)?;
        let risen =
            self.state.step - self.state.guard.schedule_start >= 2 * self.experiment.train.warmup_steps;
        if risen && let Some(collapse) = self.state.guard.collapses(&translations, self.entropy) {
            tracing::warn!("{collapse}");
        }
        self.run_dir.expect_ours()?;
        let metric = self.experiment.validate.metric;
        let better = self.best().is_none_or(|best| validation.beats(best, metric));
        self.log.write("validate", &validation)?;
        self.log.write("samples", &self.samples(&translations))?;
        tracing::info!(
            step = validation.step,
            loss_nats_per_token = validation.loss_nats_per_token,
            bleu = validation.bleu,
            chrf = validation.chrf,
            chrf_plus_plus = validation.chrf_plus_plus,
            best = better,
            "step {}  dev loss {:.4}  perplexity {:.2}  BLEU {:.2}  chrF {:.2}  chrF++ {:.2}{}",
            validation.step,
            validation.loss_nats_per_token,
            validation.loss_nats_per_token.exp(),
            validation.bleu,
            validation.chrf,
            validation.chrf_plus_plus,
            if better { "  best" } else { "" },
        );
        if better || matches!(self.experiment.train.average, Average::Last | Average::Best) {
            self.run_dir.write_snapshot(self.state.step, weights::to_safetensors(&arrays, [].into()))?;
        }
        if better {
            self.write_best(&arrays, &validation)?;
        }
        self.state.validations.push(validation);
        self.write_report(runs::State::Running, Vec::new());
        self.window = (Instant::now(), 0);
        Ok(())
    }

    /// What has become of some dev lines, always the same.
    fn samples(&self, translations: &[String]) -> Samples {
        let translated = spread(&self.corpora.dev, self.experiment.validate.max_lines);
        Samples::of(self.state.step, &translated.pairs, translations)
    }

    /// Dev loss and scores of the given weights, and the translations that were scored.
    fn measure(&self, step: u64, arrays: &Arrays) -> Result<(Validation, Vec<String>), TrainError> {
        let config = &self.experiment.validate;
        let model =
            weights::from_arrays(self.model().valid(), arrays.clone(), &self.run_dir.best())?.for_search();
        let dev = &self.dev_set;
        let (nats, tokens) =
            dev_loss(&model, &dev.examples, self.experiment.train.batch_tokens, &self.device);
        interrupt::check(step)?;
        if !nats.is_finite() {
            let (reason, fallbacks) = (format!("the dev loss is {nats}"), self.state.guard.fallbacks);
            return Err(TrainError::Diverged { reason, step, fallbacks });
        }
        let mut search = self.experiment.search.clone();
        search.beam_size = config.beam_size;
        let (tokenizer, normalizer) = (self.tokenizer.clone(), self.corpora.normalizer.clone());
        let tags = Vec::new();
        let model = Searcher::new(model);
        let mut translator =
            Translator { model, tokenizer, normalizer, tags, search, sampling: None, n_best: 1 };
        let (scores, translations) = score(&mut translator, &spread(&self.corpora.dev, config.max_lines))?;
        interrupt::check(step)?;
        let validation = Validation {
            step,
            loss_nats_per_token: nats / tokens as f64,
            loss_nats_per_char: nats / dev.characters as f64,
            bleu: scores.bleu.score,
            chrf: scores.chrf.score,
            chrf_plus_plus: scores.chrf_plus_plus.score,
        };
        Ok((validation, translations))
    }

    fn model_files(&self, arrays: &Arrays, validation: Option<&Validation>) -> files::Files {
        let config = DirConfig::new(self.experiment, &self.tokenizer);
        let card = validation.map_or(String::new(), |best| {
            card(self.experiment, self.corpora, self.n_parameters(), best, &[])
        });
        model_dir::to_files(&config, &self.tokenizer, arrays, &card)
    }

    fn write_best(&self, arrays: &Arrays, validation: &Validation) -> Result<(), TrainError> {
        drill::pass("best");
        self.run_dir.write_best(&self.model_files(arrays, Some(validation)))
    }

    /// Writes the page about the run, with pictures of attention. That it cannot be written is told
    /// once, and ends nothing.
    pub fn write_report(&mut self, state: runs::State, pictures: Vec<AttentionPicture>) {
        let Some(run) = runs::Run::read(self.run_dir.disk(), self.run_dir.path()) else { return };
        let beside = report::Beside {
            state,
            n_parameters: Some(self.n_parameters() as u64),
            tgt_tokens: Some(self.state.tgt_tokens),
            pictures,
        };
        // Nor is a fault of the page a reason to lose a run.
        let page = panics::caught(|| {
            drill::pass("report");
            report::page(&run, beside)
        });
        let page = page.map_err(|report| TrainError::Bug { report });
        if let Err(error) = page.and_then(|page| self.run_dir.write_report(&page))
            && !self.report_failed
        {
            self.report_failed = true;
            tracing::warn!("the page about the run cannot be written, and the run goes on without: {error}");
        }
    }

    /// Saves what is left of a checkpoint of which parts were forgotten, so that they are forgotten once.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn save_reset(&mut self) -> Result<(), TrainError> {
        self.state.data_hashes = self.corpora.hashes.clone();
        self.checkpoint()
    }

    pub(super) fn checkpoint(&mut self) -> Result<(), TrainError> {
        let _span = tracing::error_span!("checkpoint", step = self.state.step).entered();
        let _task = log::spinner("saving a checkpoint");
        self.run_dir.expect_ours()?;
        let arrays = weights::to_arrays(self.model());
        let ema = self.ema.as_ref().map(|ema| ema.to_arrays(&arrays));
        let files = self.model_files(&arrays, self.state.validations.last());
        let moments = self.optimizer.to_arrays();
        self.all_finite(&[("the weight", &arrays), ("the optimizer's moment", &moments)])?;
        // No row of a step that the checkpoint has done is missing after a power cut.
        self.log.sync()?;
        let (disk, place) = (self.run_dir.disk(), self.run_dir.checkpoints());
        let began = Instant::now();
        checkpoint::save(disk, &place, &self.state, files, &moments, ema.as_ref())?;
        tracing::debug!(
            secs = began.elapsed().as_secs_f64(),
            "saved a checkpoint of step {}",
            self.state.step
        );
        // Whoever waits for the end need not wait for old checkpoints to be read and removed.
        if interrupt::requested().is_none() {
            self.prune()?;
        }
        self.window = (Instant::now(), 0);
        Ok(())
    }

    /// Removes what is no longer needed.
    pub(super) fn prune(&self) -> Result<(), TrainError> {
        let wanted = |state: &State| kept_snapshots(self.experiment, &state.validations);
        self.run_dir.prune(self.experiment.train.keep_checkpoints, &wanted(&self.state), wanted)
    }

    /// Averages the chosen snapshots; their mean becomes `best/` if it is better than the best.
    pub(super) fn average(&mut self) -> Result<Validation, TrainError> {
        // A run that was killed right after its last save has one checkpoint too many.
        self.prune()?;
        let best = self.best().expect("a run ends with a validation").clone();
        let steps = averaged_steps(self.experiment, &self.state.validations);
        if steps.len() < 2 {
            return Ok(best);
        }
        let _task = log::spinner("averaging");
        let mut models = Vec::new();
        for &step in &steps {
            let bytes = self.run_dir.read_snapshot(step)?;
            models.push(weights::from_safetensors(&bytes, &self.run_dir.snapshot(step))?);
        }
        let arrays = mean(&models);
        let (averaged, _) = self.measure(self.state.step, &arrays)?;
        let metric = self.experiment.validate.metric;
        let better = averaged.beats(&best, metric);
        tracing::info!(
            "average of steps {steps:?}: dev loss {:.4}, chrF++ {:.2}: {} the best step's ({:.4}, {:.2})",
            averaged.loss_nats_per_token,
            averaged.chrf_plus_plus,
            if better { "better than" } else { "not better than" },
            best.loss_nats_per_token,
            best.chrf_plus_plus,
        );
        self.log.write("average", &averaged)?;
        if better {
            self.write_best(&arrays, &averaged)?;
            return Ok(averaged);
        }
        // An earlier, interrupted end of this run may have put an average there.
        self.restore_best()?;
        Ok(best)
    }

    /// Makes `best/` again what the validations say: the end of a run may have put there what a longer run must not
    /// find.
    pub(super) fn restore_best(&self) -> Result<(), TrainError> {
        let Some(best) = self.best() else { return Ok(()) };
        match self.run_dir.read_snapshot(best.step) {
            Ok(bytes) => {
                let arrays = weights::from_safetensors(&bytes, &self.run_dir.snapshot(best.step))?;
                self.write_best(&arrays, best)
            }
            // A run that has seen no end has nothing to restore.
            Err(TrainError::MissingFile { file, .. }) if file == files::MANIFEST => Ok(()),
            Err(error) => Err(error),
        }
    }
}
