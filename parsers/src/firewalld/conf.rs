//! Reads firewalld.conf(5).

use super::own::{Own, Word};
use super::template;
use hylint_model::{Problem, ProblemKind, Span};

/// Settings that stand in every version's file, and none of another program's.
const SIGNS: [&str; 4] = [
    "DefaultZone",
    "FirewallBackend",
    "CleanupOnExit",
    "IPv6_rpfilter",
];

/// Settings that decide no packet.
const INERT: [&str; 5] = [
    "CleanupOnExit",
    "CleanupModulesOnExit",
    "Lockdown",
    "IndividualCalls",
    "LogDenied",
];

/// Whether a text is a firewalld.conf.
pub(super) fn is(text: &str) -> bool {
    let lines = || text.lines().map(str::trim_start);
    let plain = |l: &str| {
        l.is_empty() || l.starts_with(['#', ';', '{']) || l.starts_with("<%") || l.contains('=')
    };
    let has = |key: &str| lines().any(|l| l.split_once('=').is_some_and(|(k, _)| k.trim() == key));
    let signs = SIGNS.iter().filter(|s| has(s));
    (signs.count() >= 2 || has("DefaultZone")) && lines().all(plain)
}

/// Reads the settings of a text that begins at an offset.
pub(super) fn read(own: &mut Own, text: &str, at: usize) {
    let masked = template::mask(text);
    let mut made = None;
    let mut start = at;
    let mut seen: Vec<&str> = Vec::new();
    own.conf.there = true;
    for line in masked.text.split_inclusive('\n') {
        let whole = line.trim_end();
        let trimmed = whole.trim_start();
        let begin = start + (whole.len() - trimmed.len());
        start += line.len();
        if trimmed.starts_with(['#', ';']) {
            continue;
        }
        if trimmed.starts_with(template::FILLER) {
            made = made.or(masked.first);
        }
        let Some((key, value)) = trimmed.split_once('=') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let span = Span::new(begin, begin + trimmed.len());
        // firewalld passes over a line without a value or with two, and takes a setting where it stands first
        // (core/io/firewalld_conf.py).
        if value.is_empty() || value.contains('=') {
            continue;
        }
        if seen.contains(&key) {
            let message = format!("`{key}` stands twice: firewalld takes the first");
            let problem = Problem::new(ProblemKind::Note, span, message);
            own.problems.push(problem.help("delete the line"));
            continue;
        }
        seen.push(key);
        if value.contains(template::FILLER) {
            if !INERT.contains(&key) {
                made = made.or(masked.first);
            }
            continue;
        }
        let lower = value.to_ascii_lowercase();
        let yes = matches!(&*lower, "yes" | "true");
        match key {
            "DefaultZone" => {
                own.conf.default_zone = Some(Word::new(value, span));
            }
            "FirewallBackend" if lower == "iptables" => own.conf.iptables = Some(span),
            "IPv6_rpfilter" => own.conf.no_rpfilter = matches!(&*lower, "no" | "false"),
            "RFC3964_IPv4" => own.conf.no_rfc3964 = matches!(&*lower, "no" | "false"),
            "FirewallBackend" => own.conf.nftables = lower == "nftables",
            "AllowZoneDrifting" if matches!(&*lower, "no" | "false") => own.conf.no_drifting = true,
            "AllowZoneDrifting" if yes => own.conf.zone_drifting = Some(span),
            "StrictForwardPorts" if yes => own.conf.strict_forward = Some(span),
            _ => {}
        }
    }
    if let Some(first) = made {
        template::tell(own, text, first, at);
    }
}
