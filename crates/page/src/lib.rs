//! Pages and pictures: HTML that needs nothing but itself, and SVG inside it.
//!
//! A [`Page`] is one file: style and plots inside, nothing from a network, light or dark as the reader's system is, narrow
//! or wide as the window. A [`Chart`] draws lines, a [`Heat`] a matrix, a [`Field`] a large one; all
//! are SVG that takes its colours from the page.
//! Whoever has numbers to show makes these; this crate knows nothing of models or runs.
//!
//! ```
//! use page::{Axis, Chart, Page, Series};
//!
//! let chart = Chart {
//!     title: "dev loss".into(),
//!     x: Axis::new("step"),
//!     y: Axis::new("nats a token"),
//!     series: vec![Series::new("run a", vec![(100.0, 3.1), (200.0, 2.4)])],
//! };
//! let mut page = Page::new("A run", "what it did");
//! page.section("Curves", |page| page.figure(&chart.title, &chart.svg()));
//! assert!(page.finish().contains("<svg"));
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, reason = "an `expect` says why it holds; what can panic is documented")]

mod words;
mod html;
mod axis;
mod chart;
mod heat;
mod run;
mod field;
pub mod attention;
#[cfg(feature = "png")]
pub mod png;

pub use axis::Axis;
pub use chart::{Chart, Series};
pub use field::Field;
pub use heat::{Heat, Scale};
pub use html::{Page, escape, is_unruly};
pub use run::{AttentionPicture, RunPage, SampleHistory};
pub use words::grouped;
