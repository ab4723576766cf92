//! Measures the way of a large corpus: `scripts/ten_million.py` makes one and runs this.
//!
//! ```text
//! cargo run -p data --example shards -- text SRC TGT    reading, and reading with cleaning
//! cargo run -p data --example shards -- set DIR         a prepared set: opening, first batch, seeking, 1,000 batches
//! ```

#![expect(clippy::print_stdout, reason = "what a measurement is for")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use data::shards::Reader;
use data::{
    CleanConfig, Cleaner, Cursor, DataConfig, Limits, Loader, LoaderConfig, NormalizeConfig, Normalizer,
    ParallelFiles, Sources, for_each_chunk,
};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["text", src, tgt] => measure_text(&ParallelFiles::pair(src, tgt)),
        ["set", dir] => measure_set(Path::new(dir)),
        _ => Err("usage: shards text SRC TGT | shards set DIR".into()),
    }
}

fn measure_text(files: &ParallelFiles) -> Outcome {
    let (sources, languages) = (Sources::from(files.clone()), DataConfig::default().languages());
    let mut pairs = 0;
    let timer = Timer::start();
    for_each_chunk(&sources, &languages, &Limits::of_a_line(), &mut |chunk| {
        pairs += chunk.len();
        Ok(())
    })?;
    timer.stop("read", pairs);

    let (clean, normalizer) = (CleanConfig::default(), Normalizer::new(&NormalizeConfig::default()));
    let mut cleaner = Cleaner::new(&clean, &normalizer);
    let timer = Timer::start();
    for_each_chunk(&sources, &languages, &Limits::of_a_line(), &mut |chunk| {
        cleaner.clean(chunk);
        Ok(())
    })?;
    timer.stop("read and clean", pairs);
    Ok(())
}

fn measure_set(dir: &Path) -> Outcome {
    let timer = Timer::start();
    let reader = Reader::open(dir)?;
    let n = reader.len();
    let mut loader = Loader::new(reader, LoaderConfig { batch_tokens: 4096, seed: 1 })?;
    loader.next(&mut Cursor::default())?;
    timer.stop("open, plan the epoch, first batch", n);
    let timer = Timer::start();
    let mut cursor = Cursor { epoch: 1000, batch: 20_000 };
    loader.next(&mut cursor)?;
    timer.stop("seek to epoch 1000, batch 20000", n);
    let timer = Timer::start();
    let rows = (0..1000).map(|_| loader.next(&mut cursor).map(|batch| batch.rows));
    let rows: usize = rows.sum::<Result<_, _>>()?;
    timer.stop("1000 batches", rows);
    let timer = Timer::start();
    Reader::open(dir)?.verify()?;
    timer.stop("verify all hashes", n);
    Ok(())
}

/// Wall time and, on Linux, processor time and memory.
struct Timer(Instant, f64);

impl Timer {
    fn start() -> Self {
        Self(Instant::now(), cpu_secs())
    }

    fn stop(self, what: &str, pairs: usize) {
        let (secs, cpu) = (self.0.elapsed().as_secs_f64(), cpu_secs() - self.1);
        let (rate, of_cpu) = (pairs as f64 / secs, pairs as f64 / cpu);
        println!(
            "{what}: {secs:.2} s ({rate:.0} pairs/s), {cpu:.2} s of processors ({of_cpu:.0} pairs/s of one)"
        );
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        for line in status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS")) {
            println!("  {}", line.replace('\t', " "));
        }
    }
}

/// Processor time of this process: clock ticks of 10 ms in Linux's table, user and system.
fn cpu_secs() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
