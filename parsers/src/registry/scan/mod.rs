//! Values of registry keys, from whatever prints or sets them: files of the registry editor, `reg query`, lists and rows of
//! PowerShell, text of LGPO.exe, JSON and CSV, and commands.

mod command;
mod csv;
mod cursor;
mod gap;
mod json;
mod lgpo;
mod lines;
mod list;
mod query;
mod regfile;
mod value;
mod variables;

pub(super) use json::scan as scan_json;
pub(super) use lines::scan as scan_text;
pub(super) use value::{Data, Event, Scan, Value, Way, is_rule_text, rule_start};
