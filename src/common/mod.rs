//! What every stage may use and that knows none of them.

pub mod diag;
pub mod drawn;
pub mod hash;
pub mod moment;
pub mod paths;
pub mod progress;
pub mod sanitize;
pub mod toml_keys;
pub mod toml_reader;
pub mod toml_schema;
pub mod words;
