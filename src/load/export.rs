//! One export with its text, or its head.

use super::include::Included;
use crate::finding::Place;
use hylint_model::{Export, Span};
use hylint_parsers::source::Source;
use hylint_space::PortSet;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One export, read.
#[derive(Clone, Debug)]
pub struct LoadedExport {
    /// The path as reported.
    pub path: Arc<str>,
    /// Its text.
    pub source: Source,
    /// Its model.
    pub export: Export,
    /// SHA-256 of the file's bytes, hex; empty in a head.
    pub sha256: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// The files that it includes, each once; `None` if it includes none.
    pub included: Option<Vec<Included>>,
    /// What stays known of the rules and the text when they are not held.
    pub summary: Summary,
}

/// What was once looked up in the rules and the text.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Rules in the model as it was read; 0 in a head.
    pub rules: usize,
    /// Rules with an unmodelled part, and lines not read; 0 in a head.
    pub unmodelled: usize,
    /// In a head what it says of the rules and the text that it is without.
    pub(super) kept: Option<Kept>,
}

/// What a head says of the rules and the text that it is without.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) opened: BTreeMap<u8, PortSet>,
    pub(super) groups: BTreeSet<String>,
    /// Places that binding may point at.
    pub(super) places: BTreeMap<Span, Place>,
}
