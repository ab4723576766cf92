//! Runs a parser on mutants: no panic, bounded memory, no hang.

use peak_alloc::PeakAlloc;
use std::cell::RefCell;
use std::panic::{catch_unwind, set_hook, take_hook};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use super::mutate::mutant;

/// Counts what is asked for, so that an allocation that is never touched is seen, too.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// The count is that of the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Against endless loops.
const MAX_TIME: Duration = Duration::from_secs(5);

/// The processor's time of this thread, which other work on the machine does not lengthen; where the system does not tell it,
/// the clock's.
fn thread_time(begun: Instant) -> Duration {
    let nanoseconds = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}

/// Accepted, or the message of a typed error.
pub(crate) type Outcome = Result<(), String>;

/// What a parser may ask for, in bytes: for each byte of the file, and beside that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) of_a_byte: usize,
    pub(crate) extra: usize,
}

impl Memory {
    /// 64 MiB and twenty bytes for each of the file.
    pub(crate) const USUAL: Self = Self { of_a_byte: 20, extra: 64 << 20 };
}

/// As many rounds as the gate has time for, or those of the long form.
pub(crate) fn rounds(short: u64, long: u64) -> u64 {
    if std::env::var_os("ANUVADA_TORTURE").is_some() { long } else { short }
}

/// Keeps other tests from allocating much meanwhile.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The most memory that `work` asked for at once, and what it gave; to be called [`alone`].
pub(crate) fn peak_of<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let done = work();
    (ALLOCATED.peak_usage().saturating_sub(before), done)
}

thread_local! {
    /// The words of a panic that is waited for.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the panics of parsers off the terminal, and their words.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            let heard = PANIC.with_borrow_mut(|words| words.as_mut().map(|words| *words = panic.to_string()));
            if heard.is_none() {
                usual(panic);
            }
        }));
    });
}

/// Hands `count` mutants of the seeds to `target`; the seeds themselves must be accepted.
#[expect(clippy::print_stdout, reason = "the figures are wanted; the test runner keeps them back")]
pub(crate) fn survive(
    name: &str,
    seeds: &[Vec<u8>],
    count: u64,
    memory: Memory,
    target: fn(&[u8]) -> Outcome,
) {
    let _alone = alone();
    listen();
    for (number, seed) in seeds.iter().enumerate() {
        assert_eq!(target(seed), Ok(()), "{name}: seed {number}");
    }
    let (mut accepted, mut slowest, mut most) = (0, (Duration::ZERO, 0), (0, 0));
    let begun = Instant::now();
    for number in 0..count {
        let bytes = mutant(seeds, number);
        let before = ALLOCATED.current_usage();
        ALLOCATED.reset_peak_usage();
        let start = thread_time(begun);
        PANIC.set(Some(String::new()));
        let outcome = catch_unwind(|| target(&bytes));
        let panic = PANIC.take().unwrap_or_default();
        slowest = slowest.max((thread_time(begun).saturating_sub(start), number));
        let peak = ALLOCATED.peak_usage().saturating_sub(before);
        most = most.max((peak, number));
        let about = || {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).escape_debug().to_string();
            format!("{name}, mutant {number} of {} bytes: {shown}", bytes.len())
        };
        let Ok(outcome) = outcome else { panic!("{}\npanicked: {panic}", about()) };
        accepted += u64::from(outcome.is_ok());
        let limit = memory.extra + bytes.len() * memory.of_a_byte;
        assert!(peak <= limit, "{}\nasked for {peak} bytes, more than {limit}", about());
        assert!(slowest.0 < MAX_TIME, "{}\ntook {:?}", about(), slowest.0);
    }
    println!(
        "{name}: {count} mutants, {accepted} accepted, {} refused, 0 panics; most memory {:.1} MB (mutant {}), \
         slowest {:.1} ms (mutant {}), {:.1} s in all",
        count - accepted,
        most.0 as f64 / 1e6,
        most.1,
        slowest.0.as_secs_f64() * 1e3,
        slowest.1,
        begun.elapsed().as_secs_f64()
    );
}
