//! Output of other commands that show a firewall, where rules of PowerShell are expected.

use crate::powershell::found::Found;
use hylint_model::{Problem, ProblemKind, Span};

/// Whether a line is one of netsh or of the registry that says something of Windows Firewall.
pub(in crate::powershell) fn is_firewall(line: &str) -> bool {
    let line = line.trim();
    let rule = line.contains("|Action=") && line.contains("|Dir=");
    let key = line.trim_start_matches('[').starts_with("HKEY_") && line.contains("Firewall");
    let netsh = line.starts_with("Rule Name:") || line.ends_with(" Profile Settings:");
    rule || key || netsh
}

/// Whether a line is the one of dashes that netsh prints below the name of a rule, in any language.
pub(in crate::powershell) fn is_rule_line(line: &str, above: &str) -> bool {
    let line = line.trim();
    line.len() >= LINE && line.bytes().all(|b| b == b'-') && above.contains(':')
}

/// The least dashes of netsh's line, which has seventy.
const LINE: usize = 60;

/// What the gaps of other output are called.
const AMONG: &str = "other output stands among the rules";

/// Says, once, that rules or settings are there which are not read.
pub(in crate::powershell) fn tell(span: Span, found: &mut Found<'_>) {
    if found.gaps.iter().any(|(_, text)| text == AMONG) {
        return;
    }
    let message =
        "text of another command stands among the rules: what it says of the firewall is not read";
    let problem = Problem::new(ProblemKind::Malformed, span, message);
    let help = "save the output of each command to a file of its own";
    found.gap(span, problem.help(help), AMONG);
}
