//! hylint: a policy-as-code compliance linter for firewalls.
//!
//! Data flows one way: exports → `hylint_parsers` → link → [`site`] → engine → lints → [`outcome`] → report.
//! Each stage knows only what stands before it.

pub mod check;
pub mod cli;
pub mod diag;
pub mod document;
pub mod engine;
pub mod finding;
pub mod fingerprint;
pub mod focus;
pub mod init;
pub mod inspect;
pub mod judge;
pub mod link;
pub mod lints;
pub mod load;
pub mod matrix;
pub mod outcome;
pub mod parallel;
pub mod platform;
pub mod progress;
pub mod report;
pub mod rulespace;
pub mod site;
pub mod suppress;
pub mod trace;
