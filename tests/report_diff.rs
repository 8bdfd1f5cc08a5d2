//! The reports of a change, of changes made by hand.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "report_diff/formats.rs"]
mod formats;
#[path = "report_diff/hostile.rs"]
mod hostile;
#[path = "report_diff/human.rs"]
mod human;
#[path = "report_diff/json.rs"]
mod json;
#[path = "report_diff/made.rs"]
mod made;
#[path = "common/runners.rs"]
mod scanner;
#[path = "common/sarif.rs"]
mod schema;
