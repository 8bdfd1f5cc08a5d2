//! Output of other commands that show a firewall, where rules of PowerShell are expected.

use crate::powershell::found::Found;
use crate::powershell::lines::{self, Line};
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

/// A line that is part of no object: an error in place of objects, the rest of a document, other output, or nothing.
pub(in crate::powershell) fn stray(line: &Line<'_>, found: &mut Found<'_>) {
    let text = line.text.trim();
    let denied = ["Access is denied", "PermissionDenied"];
    if let Some(cmdlet) = lines::failed(text) {
        found.failed(cmdlet, line.span());
    } else if text.contains("MSFT_Net") && denied.iter().any(|d| text.contains(d)) {
        let known = ["MSFT_NetFirewallRule", "MSFT_NetConSecRule"];
        let told = found
            .problems
            .iter()
            .any(|p| p.message.contains("` failed: "));
        if known.iter().any(|k| text.contains(k)) && !told {
            found.failed("Get-NetFirewallRule", line.span());
        } else if !told {
            let message = "a command was denied: what it would have shown is not in the export";
            let problem = Problem::new(ProblemKind::Incomplete, line.span(), message);
            let help = "run it again in a PowerShell that is started as administrator";
            found.problems.push(problem.help(help));
        }
    } else if is_firewall(text) {
        tell(line.span(), found);
    } else if text.starts_with(['[', '{', ']', '}', ',']) {
        let message = "the rest of a JSON document cannot be read: rules may be missing";
        let problem = Problem::new(ProblemKind::Malformed, line.span(), message);
        let problem = problem.help("export again: the file may be cut off");
        if !found.problems.iter().any(|p| p.message == message) {
            found.gap(line.span(), problem, "the rest of the document is not read");
        }
    }
}
