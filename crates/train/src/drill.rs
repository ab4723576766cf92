//! Drills: faults on purpose, so that anyone can see on a real run that our promises hold. The tests use nothing else.
//!
//! ```text
//! ANUVADA_DRILL=kill@micro_batch:7              the process ends like a killed one before its 7th micro-batch
//! ANUVADA_DRILL=nan@gradient.encoder.layers.0.self_attention.query.weight:12
//! ANUVADA_DRILL=x1000@learning_rate:500-        from the 500th step on
//! ```
//!
//! The list is separated by commas. Calls of a place are counted from 1 since the process began; a range is `7-9` or `7-`.
//! Faults: `nan`, `inf`, `xK` (times K), `=K`, `oom` (a panic as of a device without memory), `kill`, `term` (a SIGTERM).
//! Places: `vocabulary`, `largest_batch`, `micro_batch`, `dev_batch`, `search_batch`, `best`, `report`, `pictures`, `loss`,
//! `learning_rate`, `available_memory`, `gradient.PARAMETER`,
//! `moment.first.PARAMETER`, `moment.second.PARAMETER`, `weight.PARAMETER`, `forward.ACTIVATION`.

use crate::TrainError;
use burn::tensor::Tensor;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The variable of the environment that orders a drill.
pub const VARIABLE: &str = "ANUVADA_DRILL";

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Become(f64),
    Times(f64),
    OutOfMemory,
    Raise(i32),
}

/// One fault with its place and the calls at which it comes.
#[derive(Clone, Debug, PartialEq)]
struct Order {
    fault: Fault,
    place: String,
    first: u64,
    last: u64,
}

#[derive(Debug, Default)]
struct Drill {
    orders: Vec<Order>,
    calls: Mutex<BTreeMap<String, u64>>,
}

static DRILL: OnceLock<Drill> = OnceLock::new();

/// Reads the drill of the environment, and says that there is one.
///
/// # Errors
///
/// A drill that cannot be read.
pub fn init() -> Result<(), TrainError> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(()) };
    let text = text.to_string_lossy();
    let orders = text.split(',').map(parse).collect::<Option<Vec<Order>>>().ok_or_else(|| {
        TrainError::Usage(format!(
            "{VARIABLE}='{text}' is no list of FAULT@PLACE:N, such as kill@micro_batch:7"
        ))
    })?;
    tracing::warn!("a drill: {text}");
    let _ = DRILL.set(Drill { orders, ..Drill::default() });
    Ok(())
}

fn parse(order: &str) -> Option<Order> {
    let (fault, place) = order.trim().split_once('@')?;
    let (place, calls) = place.rsplit_once(':')?;
    let fault = match fault {
        "nan" => Fault::Become(f64::NAN),
        "inf" => Fault::Become(f64::INFINITY),
        "oom" => Fault::OutOfMemory,
        "term" => Fault::Raise(signal_hook::consts::SIGTERM),
        #[cfg(unix)]
        "kill" => Fault::Raise(9),
        _ => match fault.split_at_checked(1)? {
            ("x", factor) => Fault::Times(factor.parse().ok()?),
            ("=", value) => Fault::Become(value.parse().ok()?),
            _ => return None,
        },
    };
    let (first, last) = match calls.split_once('-') {
        None => (calls.parse().ok()?, calls.parse().ok()?),
        Some((first, "")) => (first.parse().ok()?, u64::MAX),
        Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
    };
    Some(Order { fault, place: place.to_owned(), first, last })
}

/// Whether there is a drill.
pub fn is_on() -> bool {
    DRILL.get().is_some()
}

/// The fault of this call of a place, if one was ordered; a signal is raised here.
///
/// # Panics
///
/// If memory is to run out: as the backends of devices do.
fn at(place: &str) -> Option<Fault> {
    let drill = DRILL.get()?;
    let call = {
        let mut calls = drill.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let call = calls.entry(place.to_owned()).or_default();
        *call += 1;
        *call
    };
    let due = |order: &&Order| order.place == place && (order.first..=order.last).contains(&call);
    match drill.orders.iter().find(due)?.fault {
        Fault::OutOfMemory => panic!("out of memory at {place}, call {call}: a drill"),
        Fault::Raise(signal) => {
            let _ = signal_hook::low_level::raise(signal);
            None
        }
        fault => Some(fault),
    }
}

/// A place where nothing is computed: signals and an end of memory can come there.
pub fn pass(place: &str) {
    let _ = at(place);
}

/// A number that a drill may change.
pub fn value(place: &str, value: f64) -> f64 {
    match at(place) {
        Some(Fault::Become(other)) => other,
        Some(Fault::Times(factor)) => value * factor,
        _ => value,
    }
}

/// A tensor of which a drill may change the first number. `place` is only asked for in a drill.
pub fn tensor(place: impl FnOnce() -> String, tensor: Tensor<1>) -> Tensor<1> {
    if !is_on() {
        return tensor;
    }
    let Some(fault) = at(&place()) else { return tensor };
    let first = tensor.clone().slice(0..1);
    let first = match fault {
        Fault::Become(value) => first.zeros_like() + value,
        Fault::Times(factor) => first * factor,
        Fault::OutOfMemory | Fault::Raise(_) => first,
    };
    tensor.slice_assign(0..1, first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        let order = |text: &str| parse(text).map(|order| (order.fault, order.first, order.last));
        assert_eq!(order("x1000@learning_rate:500-"), Some((Fault::Times(1000.0), 500, u64::MAX)));
        assert_eq!(order(" oom@micro_batch:3-5"), Some((Fault::OutOfMemory, 3, 5)));
        assert_eq!(order("=2e6@available_memory:1"), Some((Fault::Become(2e6), 1, 1)));
        assert_eq!(parse("inf@weight.a.b:2").map(|order| order.place), Some("weight.a.b".into()));
        for wrong in ["", "nan", "nan@loss", "nan@loss:x", "fire@loss:1", "x@loss:1", "ಕ@loss:1"] {
            assert_eq!(order(wrong), None, "{wrong}");
        }
    }
}
