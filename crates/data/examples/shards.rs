//! Measures shards: text from the starter corpus is prepared, or a synthetic set is made and loaded.
//!
//! `cargo run -p data --example shards -- prepare 1000000` or `… -- load 10000000`, in a temporary
//! directory below the current one.

#![expect(clippy::print_stdout, reason = "what a measurement is for")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::iter;
use std::path::Path;
use std::time::Instant;

use data::shards::{Reader, Recipe, Writer, WriterConfig, prepare};
use data::{
    CleanConfig, Cleaner, Cursor, DataConfig, DataError, Limits, Loader, LoaderConfig, NormalizeConfig,
    Normalizer, Pair, ParallelFiles, Tokenizer, TokenizerConfig, read_parallel,
};

type Outcome = Result<(), Box<dyn Error>>;

/// Pairs that are read at once.
const CHUNK_PAIRS: usize = 1 << 14;

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().collect();
    let temp = tempfile::tempdir_in(".")?;
    match args.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["prepare", n] => measure_prepare(temp.path(), n.parse()?),
        ["load", n] => measure_load(temp.path(), n.parse()?),
        _ => Err("usage: shards prepare|load <number of pairs>".into()),
    }
}

/// Numbers without pattern: Marsaglia's xorshift64.
fn numbers() -> impl Iterator<Item = usize> {
    iter::successors(Some(0x9E37_79B9_7F4A_7C15_u64), |x| {
        let x = x ^ (x << 13);
        let x = x ^ (x >> 7);
        Some(x ^ (x << 17))
    })
    .map(|x| (x >> 8) as usize)
}

/// Lines of two starter pairs and one word that was never seen before, a side.
fn write_text(dir: &Path, starter: &[Pair], n: usize) -> Outcome {
    let [mut src, mut tgt] = ["src", "tgt"]
        .map(|name| File::create(dir.join(name)).map(|file| BufWriter::with_capacity(1 << 20, file)));
    let (src, tgt) = (src.as_mut().map_err(|e| e.to_string())?, tgt.as_mut().map_err(|e| e.to_string())?);
    let mut numbers = numbers();
    let mut pick = |n: usize| numbers.next().unwrap_or_default() % n;
    for _ in 0..n {
        let (one, two) = (&starter[pick(starter.len())], &starter[pick(starter.len())]);
        let (mut new_src, mut new_tgt) = (String::new(), String::new());
        for _ in 0..2 + pick(4) {
            write!(new_src, "{}{}", char::from(b"bdgklmnprstv"[pick(12)]), char::from(b"aeiou"[pick(5)]))?;
            let sign = ['\u{CBE}', '\u{CBF}', '\u{CC1}', '\u{CC2}', '\u{CC7}', '\u{CCB}'][pick(6)];
            write!(new_tgt, "{}{sign}", char::from_u32(0xC95 + pick(20) as u32).unwrap_or('ಕ'))?;
        }
        writeln!(src, "{} {new_src} {}", one.src, two.src)?;
        writeln!(tgt, "{} {new_tgt} {}", one.tgt, two.tgt)?;
    }
    src.flush()?;
    Ok(tgt.flush()?)
}

/// The lines of two files in chunks.
fn chunks(dir: &Path) -> impl Iterator<Item = Result<Vec<Pair>, DataError>> + Send + use<> {
    let lines = |name: &str| {
        let file = File::open(dir.join(name)).expect("the file was just written");
        BufReader::with_capacity(1 << 20, file).lines().map(|line| line.expect("a line"))
    };
    let mut pairs =
        lines("src").zip(lines("tgt")).zip(1..).map(|((src, tgt), line)| Pair { src, tgt, line, source: 0 });
    iter::from_fn(move || {
        let chunk: Vec<Pair> = pairs.by_ref().take(CHUNK_PAIRS).collect();
        (!chunk.is_empty()).then_some(Ok(chunk))
    })
}

fn measure_prepare(dir: &Path, n: usize) -> Outcome {
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/starter");
    let files = ParallelFiles::pair(starter.join("train.en"), starter.join("train.kn"));
    let (starter, _) = read_parallel(&files, &DataConfig::default().languages(), &Limits::default())?;
    let normalizer = Normalizer::new(&NormalizeConfig::default());
    let text: Vec<String> = starter
        .iter()
        .flat_map(|pair| [&pair.src, &pair.tgt])
        .map(|text| normalizer.normalize(text))
        .collect();
    let config = TokenizerConfig { vocab_size: 4000, min_char_count: 1 };
    let tokenizer = Tokenizer::train(text.iter().map(String::as_str), &config)?;
    write_text(dir, &starter, n)?;
    let clean = CleanConfig::default();

    let timer = Timer::start();
    let read: usize = chunks(dir).map(|chunk| chunk.map_or(0, |pairs| pairs.len())).sum();
    timer.stop("read", read);

    let timer = Timer::start();
    let mut cleaner = Cleaner::new(&clean, &normalizer);
    for chunk in chunks(dir) {
        cleaner.clean(chunk?);
    }
    timer.stop("read and clean", n);

    let timer = Timer::start();
    let recipe = Recipe { clean: &clean, normalizer: &normalizer, tokenizer: &tokenizer };
    let mut writer = Writer::create(&dir.join("set"), WriterConfig::new(&tokenizer))?;
    let report = prepare(chunks(dir), &recipe, &mut writer)?;
    let manifest = writer.finish()?;
    timer.stop("read, clean, tokenize and write", n);
    println!("{}", report.clean);
    println!("{} ids of sources, {} of targets", manifest.src_tokens, manifest.tgt_tokens);
    Ok(())
}

fn measure_load(dir: &Path, n: usize) -> Outcome {
    let (settings, shard_bytes) = (<_>::default(), 1 << 28);
    let config = WriterConfig { vocab_size: 8000, tokenizer: "none".into(), settings, shard_bytes };
    let timer = Timer::start();
    let mut writer = Writer::create(&dir.join("set"), config)?;
    let mut numbers = numbers();
    let mut row = Vec::new();
    for _ in 0..n {
        let mut lengths = [0; 2];
        row.clear();
        for length in &mut lengths {
            *length = 6 + numbers.next().unwrap_or_default() % 15;
            row.extend(numbers.by_ref().take(*length).map(|number| (number % 8000) as u32));
        }
        writer.push(&row[..lengths[0]], &row[lengths[0]..])?;
    }
    writer.finish()?;
    timer.stop("write", n);

    let timer = Timer::start();
    let reader = Reader::open(&dir.join("set"))?;
    timer.stop("open", n);
    let timer = Timer::start();
    let mut loader = Loader::new(reader, LoaderConfig { batch_tokens: 4096, seed: 1 })?;
    loader.next(&mut Cursor::default())?;
    timer.stop("first batch", n);
    let timer = Timer::start();
    let mut cursor = Cursor { epoch: 1000, batch: 20_000 };
    loader.next(&mut cursor)?;
    timer.stop("seek to an epoch far away", n);
    let timer = Timer::start();
    let rows = (0..1000).map(|_| loader.next(&mut cursor).map(|batch| batch.rows));
    let rows: usize = rows.sum::<Result<_, _>>()?;
    timer.stop("1000 batches", rows);
    println!("{} batches an epoch", loader.n_batches(cursor.epoch));
    let timer = Timer::start();
    Reader::open(&dir.join("set"))?.verify()?;
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
        let rate = pairs as f64 / secs;
        let of_cpu = pairs as f64 / cpu;
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
