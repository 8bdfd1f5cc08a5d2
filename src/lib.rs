//! hylint: a policy-as-code compliance linter for firewalls.
//!
//! Data flows one way: exports → `hylint_parsers` → [`load`] → [`link`] → [`site`] → `hylint_engine` → [`judge`] → [`lints`] →
//! [`report`]. A [`session`] runs all of it, and [`cli`] is what a person calls. Each stage knows only what stands before it,
//! which tests/architecture.rs holds.

pub mod cli;
pub mod common;
pub mod finding;
pub mod judge;
pub mod link;
pub mod lints;
pub mod load;
pub mod report;
pub mod rules;
pub mod session;
pub mod site;
