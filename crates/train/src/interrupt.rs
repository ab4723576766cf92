//! SIGTERM, SIGINT and SIGUSR1 (a scheduler that wants its machine back) ask a run to save and to end. The loop looks at
//! the request between two micro-batches and between two batches of a validation; a second signal ends the process at once.
//!
//! `timeout`, and schedulers that signal a batch script and all it started, send the same request twice: what comes again
//! within half a second is no second signal.

use crate::TrainError;
use signal_hook::consts::signal;
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// The exit code of a run that was asked to end and can go on: `EX_TEMPFAIL`.
pub const EXIT_CODE: u8 = 75;

/// How long what comes again is the same request, and how often its coming is looked for.
const SAME_REQUEST: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(100);

#[cfg(unix)]
const SIGNALS: [(i32, &str); 3] =
    [(signal::SIGTERM, "SIGTERM"), (signal::SIGINT, "SIGINT"), (signal::SIGUSR1, "SIGUSR1")];
#[cfg(not(unix))]
const SIGNALS: [(i32, &str); 2] = [(signal::SIGTERM, "SIGTERM"), (signal::SIGINT, "SIGINT")];

/// The number of the signal that came, 0 before; and whether the next one ends the process.
static CAME: OnceLock<(Arc<AtomicUsize>, Arc<AtomicBool>)> = OnceLock::new();

/// Signals are taken from now on: until [`finish_step_first`] they end the process at once, with the same exit code, since
/// nothing is lost then. (As process 1 of a container a program that takes no signals cannot be ended by them.)
///
/// # Errors
///
/// Whatever the system says.
pub fn listen() -> std::io::Result<()> {
    if CAME.get().is_some() {
        return Ok(());
    }
    let (came, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
    for (number, _) in SIGNALS {
        flag::register_conditional_shutdown(number, EXIT_CODE.into(), Arc::clone(&again))?;
        flag::register_usize(number, Arc::clone(&came), number as usize)?;
    }
    let _ = CAME.set((came, again));
    Ok(())
}

/// From now on a signal is a request, and only a second one ends the process at once.
///
/// # Errors
///
/// Whatever the system says.
pub fn finish_step_first() -> std::io::Result<()> {
    let Some((came, again)) = CAME.get() else { return Ok(()) };
    again.store(false, Ordering::Relaxed);
    thread::Builder::new().name("signals".into()).spawn(move || {
        while came.load(Ordering::Relaxed) == 0 {
            thread::sleep(LOOK);
        }
        thread::sleep(SAME_REQUEST);
        again.store(true, Ordering::Relaxed);
    })?;
    Ok(())
}

/// Nothing, unless the run was asked to end.
///
/// # Errors
///
/// [`TrainError::Interrupted`], which names `step` as the last one that is saved.
pub fn check(step: u64) -> Result<(), TrainError> {
    match requested() {
        Some(signal) => Err(TrainError::Interrupted { signal, step }),
        None => Ok(()),
    }
}

/// The signal that asked the run to end, if one did.
pub fn requested() -> Option<&'static str> {
    let came = CAME.get()?.0.load(Ordering::Relaxed);
    SIGNALS.iter().find(|(number, _)| *number as usize == came).map(|(_, name)| *name)
}
