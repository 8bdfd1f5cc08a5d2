//! Finds the files, reads them, and hashes them.

use hylint_parsers::model::Export;
use hylint_parsers::source::Source;
use std::sync::Arc;

/// One export, read.
#[derive(Debug)]
pub struct LoadedExport {
    /// The path as reported.
    pub path: Arc<str>,
    /// Its text.
    pub source: Source,
    /// Its model.
    pub export: Export,
    /// SHA-256 of the file's bytes, hex.
    pub sha256: String,
    /// Size of the file in bytes.
    pub bytes: u64,
}
