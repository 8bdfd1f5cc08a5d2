//! Rules of a ruleset that nft cannot print, for want of the extensions of iptables.

use crate::finding::{Code, Finding, Identity, Place, Severity};
use hylint_model::{Netfilter, Span, TableFamily};
use hylint_parsers::nft;
use hylint_parsers::source::Source;
use std::sync::Arc;

/// Rules of which the ruleset shows no more than the name of an extension, with the family of their table.
pub(super) fn open_rules(n: &Netfilter, source: &Source) -> Vec<(TableFamily, Span)> {
    let rules = n.tables().iter().flat_map(|t| {
        let rules = t.chains.iter().flat_map(|c| &c.rules);
        rules.map(|r| (t.family, r.span))
    });
    let mut open: Vec<_> = rules
        .filter(|(_, span)| nft::shows_xt(source.slice(*span)))
        .collect();
    open.dedup();
    open
}

/// That no dump tells what rules with `xt` match.
pub(super) fn unsupplied(
    path: &Arc<str>,
    source: &Source,
    open: &[(TableFamily, Span)],
) -> Option<Finding> {
    let (_, first) = open.first()?;
    let has = |f: TableFamily| open.iter().any(|(of, _)| *of == f);
    let tools = match (has(TableFamily::Ip), has(TableFamily::Ip6)) {
        (true, true) => "`iptables-save` and `ip6tables-save`",
        (false, true) => "`ip6tables-save`",
        _ => "`iptables-save`",
    };
    let count = match open.len() {
        1 => "1 rule is shown as `xt`, without what it matches".to_owned(),
        n => format!("{n} rules are shown as `xt`, without what they match"),
    };
    let message = format!("{count}: iptables-nft made them, and nft cannot print their extensions");
    let place = Place::new(path, source, *first);
    let identity = Identity::of(&["rules shown as xt"]);
    let mut f = Finding::new(
        Code::IncompleteExport,
        Severity::Warning,
        message,
        identity,
        place,
    );
    f.label = "not shown".into();
    f.help = Some(format!(
        "run {tools} on the host as well, and put the output beside this file: it has the whole rules"
    ));
    Some(f)
}
