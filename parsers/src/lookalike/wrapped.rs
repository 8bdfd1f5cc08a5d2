//! Exports of Windows whose lines are numbered or quoted, and JSON of a cloud that stands in a string of other JSON, or behind
//! what a command printed to standard error.

use super::form::Standing::{Account, Host};
use super::form::{Form, Text};
use crate::format;
use crate::source::Source;

pub(super) const FORMS: &[Form] = &[
    Form::new(
        Account,
        behind_warnings,
        "JSON of a cloud behind other lines",
        "remove the lines before it, or keep what the command prints to standard error out of the file (`2>errors.txt`)",
    ),
    Form::new(
        Account,
        quoted_cloud,
        "JSON of a cloud in a string of other JSON",
        "give the inner JSON in a file of its own",
    ),
    Form::new(
        Host,
        rules,
        "the output of netsh with its lines numbered, quoted or wrapped",
        "give what `netsh advfirewall firewall show rule name=all verbose` prints, as it prints it",
    ),
];

/// A tool's warnings and the JSON behind them, redirected into one file.
fn behind_warnings(t: &Text<'_>) -> bool {
    if t.is_json() {
        return false;
    }
    let opens = ["\n{", "\n["].into_iter().filter_map(|o| t.head.find(o));
    let rest = opens.min().and_then(|at| t.whole.get(at + 1..));
    rest.is_some_and(|r| format::is_sure(&Source::new("", r, "UTF-8")))
}

/// `json.dumps` of what a command printed, as the modules of Ansible register it.
fn quoted_cloud(t: &Text<'_>) -> bool {
    t.has_any(&["\\\"IpPermissions\\\"", "\\\"securityRules\\\""])
}

fn rules(t: &Text<'_>) -> bool {
    t.has_all(&[
        "Rule Name:",
        "Enabled:",
        "Direction:",
        "LocalIP:",
        "Action:",
    ])
}
