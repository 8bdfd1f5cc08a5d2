//! Translations that contradict a `[[via]]` of hylint.toml: `incomplete-export`.

use super::place::{place, point_name, rule_span};
use super::words;
use crate::finding::{Code, Finding, Identity, Severity};
use crate::judge::{Exports, Flows, Odd, Stray, strays};
use hylint_model::{Action, Nat, Rule};

/// A finding for each host or firewall that sends the packets for a front to what is not behind it, or with other sources than
/// the site file says.
#[must_use]
pub fn findings(flows: Flows<'_>, exports: &Exports) -> Vec<Finding> {
    let all = strays(flows, exports);
    all.iter().filter_map(|s| told(exports, s)).collect()
}

fn told(exports: &Exports, s: &Stray<'_>) -> Option<Finding> {
    let (onward, source) = (s.sent.onward.as_ref(), s.sent.source.as_ref());
    let text = match s.odd {
        Odd::Target => words::stray(s.host, &s.via.label, onward?, &s.via.addrs),
        Odd::Source => words::other_source(s.host, &s.via.label, source, &s.via.sources),
    };
    let point = exports.point(s.sent.at)?;
    let there = |nat: &Nat| match (s.odd, source) {
        (Odd::Source, Some(source)) => nat == source,
        _ => onward.is_some_and(|o| nat.addrs.as_ref().is_some_and(|a| a.intersects(&o.dst))),
    };
    let translates = |r: &&Rule| r.does(|a| matches!(a, Action::Nat(nat) if there(nat)));
    let rule = point.rules().find(translates);
    let at = rule.and_then(|r| place(exports, s.sent.at, rule_span(exports, s.sent.at, r)));
    let identity = Identity::of(&["via", &s.via.name]);
    let code = Code::IncompleteExport;
    let mut f = Finding::new(code, Severity::Error, text.message, identity, at);
    f.label = text.label;
    f.help = Some(text.help);
    f.cause = Some(text.cause);
    f.host = Some(s.host.to_owned());
    f.point = Some(point_name(exports, s.sent.at));
    Some(f)
}
