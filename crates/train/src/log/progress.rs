//! Bars and spinners on a terminal; elsewhere a line now and then.
//!
//! Messages are written above the bars ([`AboveBars`]): both go through one [`MultiProgress`].

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

static SHOWN: AtomicBool = AtomicBool::new(false);
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Between two plain lines of one task.
const INTERVAL: Duration = Duration::from_secs(10);
/// Of a spinner.
const TURN: Duration = Duration::from_millis(120);

/// Whether standard error is a terminal that can move its cursor.
pub(super) fn can_draw() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// From now on there are bars, or there are none.
pub(super) fn show(bars: bool) {
    SHOWN.store(bars, Ordering::Relaxed);
}

/// A bar among the others, if there are bars.
pub(super) fn add(bar: ProgressBar, template: &str) -> Option<ProgressBar> {
    if !SHOWN.load(Ordering::Relaxed) {
        return None;
    }
    // Characters that every font has.
    let style = ProgressStyle::with_template(template).expect("the template is right").progress_chars("=> ");
    Some(BARS.add(bar).with_style(style))
}

/// Standard error, above the bars.
pub(super) struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let write = || io::stderr().write_all(bytes).map(|()| bytes.len());
        if SHOWN.load(Ordering::Relaxed) { BARS.suspend(write) } else { write() }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// What a task counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Lines of a text.
    Lines,
    /// Pairs of sentences.
    Pairs,
    /// Bytes.
    Bytes,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Pairs => "pairs",
            Self::Bytes => "",
        }
    }

    fn of(self, n: u64) -> String {
        if self == Self::Bytes { HumanBytes(n).to_string() } else { n.to_string() }
    }
}

/// Something that takes a while. It is shown until it is dropped.
#[derive(Debug)]
pub struct Task {
    what: String,
    unit: Unit,
    bar: Option<ProgressBar>,
    /// How many there are; 0: that is not known.
    all: AtomicU64,
    done: AtomicU64,
    last_told: Mutex<Instant>,
}

/// A task of `all` units.
pub fn task(what: &str, unit: Unit, all: usize) -> Task {
    let template = match unit {
        Unit::Bytes => "{prefix}  [{bar:20}] {bytes} of {total_bytes}  {bytes_per_sec}  left {eta}",
        Unit::Lines | Unit::Pairs => "{prefix}  [{bar:20}] {pos}/{len} {msg}  left {eta}",
    };
    Task::new(what, unit, all as u64, template)
}

/// A task of which nobody knows how much there is of it.
pub fn spinner(what: &str) -> Task {
    Task::new(what, Unit::Lines, 0, "{spinner} {prefix}  {elapsed}  {wide_msg}")
}

impl Task {
    fn new(what: &str, unit: Unit, all: u64, template: &str) -> Self {
        let bar = add(ProgressBar::new(all), template);
        if let Some(bar) = &bar {
            bar.set_prefix(what.to_owned());
            bar.set_message(if all > 0 { unit.name() } else { "" });
            bar.enable_steady_tick(TURN);
        }
        let (done, last_told) = (AtomicU64::new(0), Mutex::new(Instant::now()));
        Self { what: what.into(), unit, bar, all: AtomicU64::new(all), done, last_told }
    }

    /// So many more are done.
    pub fn add(&self, n: usize) {
        self.at(self.done.load(Ordering::Relaxed) + n as u64);
    }

    /// So many are done.
    pub fn at(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None => self.tell(|| {
                let all = self.all.load(Ordering::Relaxed);
                let all = if all == 0 { String::new() } else { format!(" of {}", self.unit.of(all)) };
                format!("{}: {}{all} {}", self.what, self.unit.of(done), self.unit.name())
            }),
        }
    }

    /// What is done now, in words.
    pub fn say(&self, message: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(message.to_owned()),
            None => self.tell(|| message.to_owned()),
        }
    }

    /// How many there are is known now, or known better.
    pub fn set_all(&self, all: u64) {
        self.all.store(all, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_length(all);
        }
    }

    /// A plain line, if the last one is some time ago.
    fn tell(&self, line: impl FnOnce() -> String) {
        let mut last = self.last_told.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= INTERVAL {
            *last = Instant::now();
            tracing::info!("{}", line());
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
