//! Panics as values. Burn's backends have no other way to say that memory ran out or that a driver failed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// The first panic since the last one was caught, whatever its thread: it says what happened.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// From now on panics are written down instead of printed.
pub fn listen() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::debug!("{panic}");
        FIRST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| panic.to_string());
    }));
}

/// Runs `f`.
///
/// # Errors
///
/// What it panicked with.
pub fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
        let noted = FIRST.lock().unwrap_or_else(PoisonError::into_inner).take();
        let own = || {
            let text = payload.downcast_ref::<String>().cloned();
            text.or_else(|| Some((*payload.downcast_ref::<&str>()?).to_owned())).unwrap_or_default()
        };
        noted.unwrap_or_else(own)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_its_message() {
        assert_eq!(caught(|| 7), Ok(7));
        let said = caught(|| panic!("out of {}", "memory")).unwrap_err();
        assert!(said.contains("out of memory"), "{said}");
    }
}
