//! hylint: a policy-as-code compliance linter for firewalls.
//!
//! Data flows one way: exports → `hylint_parsers` → link → [`site`] → engine → lints → [`outcome`] → report.
//! Each stage knows only what stands before it.

pub mod cli;
pub mod diag;
pub mod document;
pub mod finding;
pub mod inspect;
pub mod link;
pub mod load;
pub mod matrix;
pub mod outcome;
pub mod platform;
pub mod report;
pub mod site;
