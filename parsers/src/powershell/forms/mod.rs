//! The forms in which PowerShell prints objects: JSON, CSV, lists and tables, alone or one after the other in a capture of
//! a console.

pub(super) mod console;
pub(super) mod csv;
mod foreign;
pub(super) mod json;
pub(super) mod list;
pub(super) mod split;
pub(super) mod table;
