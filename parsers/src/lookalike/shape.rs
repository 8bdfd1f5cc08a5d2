//! What a form looks like whatever the language of its words.

use super::form::Text;

/// Labels of a rule that must follow its name and the line below it.
const LABELS: usize = 5;

/// Lines after a line of dashes that are looked at.
const BLOCK: usize = 24;

/// Length of the line of dashes below a name or a heading of netsh.
const DASHES: usize = 60;

/// The blocks of `netsh advfirewall … show rule`: `label:     value`, a line of dashes, and labels with values in one
/// column; or a profile's heading, a line of dashes, and settings in two columns.
pub(super) fn netsh(t: &Text<'_>) -> bool {
    if !t.has(&"-".repeat(DASHES)) {
        return false;
    }
    let lines: Vec<&str> = t.head.lines().map(str::trim_end).collect();
    let is_rule = |at: usize| {
        let named = at.checked_sub(1).and_then(|n| lines.get(n));
        let named = named.is_some_and(|l| is_labelled(l));
        named && following(&lines, at).filter(|l| is_labelled(l)).count() >= LABELS
    };
    let is_profile = |at: usize| {
        let heading = at.checked_sub(1).and_then(|n| lines.get(n));
        let heading = heading.is_some_and(|l| l.trim_end().ends_with([':', '：']));
        let block = || following(&lines, at).take_while(|l| !l.is_empty());
        // `BlockInbound,AllowOutbound` is printed so in every language.
        heading && block().any(|l| l.contains("Inbound") && l.contains("Outbound"))
    };
    lines.iter().enumerate().any(|(at, line)| {
        line.len() >= DASHES && line.bytes().all(|b| b == b'-') && (is_rule(at) || is_profile(at))
    })
}

fn following<'l>(lines: &'l [&'l str], at: usize) -> impl Iterator<Item = &'l str> {
    lines.iter().skip(at + 1).take(BLOCK).copied()
}

/// `label:` at the beginning of the line and a value behind two blanks or more, or none.
fn is_labelled(line: &str) -> bool {
    let Some((label, value)) = line.split_once([':', '：']) else {
        return false;
    };
    label.starts_with(char::is_alphabetic)
        && label.chars().count() < 60
        && (value.is_empty() || value.starts_with("  "))
}

/// A table with a header line in any case and some separator: every one of the groups has a word in it.
pub(super) fn csv(t: &Text<'_>, groups: &[&[&str]]) -> bool {
    let head = t.first();
    if head.len() > 2000 || !head.contains([',', ';', '\t', '|']) {
        return false;
    }
    let head = head.to_lowercase();
    let cells: Vec<String> = head
        .split([',', ';', '\t', '|'])
        .map(|c| c.chars().filter(|c| c.is_alphanumeric()).collect())
        .collect();
    let any = |words: &&[&str]| cells.iter().any(|c| words.contains(&c.as_str()));
    groups.iter().all(any)
}
