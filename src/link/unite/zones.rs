//! Zones of firewalld beside a ruleset: what the kernel has is judged, and what it contradicts is told.

use crate::finding::{Code, Finding, Identity, Place, Related, Severity};
use hylint_model::{Action, Chain, Netfilter, Rule, RuleOrigin, Span, Table};
use hylint_parsers::source::Source;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The chains that firewalld makes of one zone at one hook, behind its name.
const PHASES: [&str; 5] = ["_pre", "_log", "_deny", "_allow", "_post"];

/// The first difference between the tables of a ruleset and the zones of another file, whose text stands behind that of the
/// ruleset from an offset on.
pub(super) fn compare(
    (tables, path): (&[Table], Arc<str>),
    zones: Netfilter,
    (other, behind): (&Arc<str>, u32),
    source: &Source,
) -> Option<Finding> {
    let mut own = zones.into_tables();
    own.iter_mut().for_each(|t| t.move_behind(behind));
    let is_own = |t: &&Table| &*t.name == "firewalld";
    let zones = own.iter().find(is_own)?;
    // Dumps of iptables are compared with nothing: they name what firewalld makes of a zone otherwise.
    let dumped = |t: &Table| t.chain("INPUT_ZONES").is_some();
    if tables.iter().any(dumped) {
        return None;
    }
    let at = |span: Span| Place::new(&path, source, span);
    let Some(kernel) = tables.iter().find(is_own) else {
        let rule = zones
            .chains
            .iter()
            .flat_map(|c| &c.rules)
            .find(|r| is_rule(r))?;
        let message = format!(
            "`{path}` has no table of firewalld: the zones in `{other}` are not in force, or it is not the whole ruleset"
        );
        return Some(found(
            message,
            at(rule.span),
            Vec::new(),
            "firewalld does not run",
        ));
    };
    let defaults = (default_zone(zones), default_zone(kernel));
    if let (Some((named, _)), Some((own, rule))) = defaults
        && named != own
    {
        let message = format!(
            "`{path}` makes `{own}` the default zone, which is judged, and `{other}` has `{named}`"
        );
        return Some(found(message, at(rule.span), Vec::new(), "default zone"));
    }
    let held: BTreeSet<String> = sources(kernel).map(|(key, ..)| key).collect();
    if let Some((_, zone, _)) = sources(zones).find(|(key, ..)| !held.contains(key)) {
        let message = format!(
            "zone `{zone}` has a source in `{other}` that it does not have in `{path}`, which is judged"
        );
        let place = default_zone(kernel).map_or(kernel.span, |(_, rule)| rule.span);
        return Some(found(message, at(place), Vec::new(), "source of a zone"));
    }
    zones.chains.iter().find_map(|c| {
        let here = reached(kernel, c)?;
        let rules = || c.rules.iter().filter(|r| is_rule(r));
        let told: BTreeSet<String> = rules().flat_map(keys).collect();
        let held: BTreeSet<String> = here.iter().copied().flat_map(keys).collect();
        let alone = rules().find(|r| keys(r).any(|k| !held.contains(&k)));
        let extra = here.iter().find(|r| keys(r).any(|k| !told.contains(&k)));
        let (message, place, related) = match (alone, extra) {
            (Some(rule), _) => {
                let message = format!(
                    "{} is in `{other}` and not in `{path}`, which is judged",
                    named(rule)
                );
                (message, at(rule.span), Vec::new())
            }
            (None, Some(rule)) => {
                let zone = c.name.splitn(3, '_').nth(2).unwrap_or(&c.name);
                let what = match rule.name.is_empty() {
                    true => format!("a rule of `{zone}`"),
                    false => named(rule),
                };
                let message =
                    format!("{what} is in `{path}`, which is judged, and not in `{other}`");
                let related = rules().next().map(|r| Related {
                    place: at(r.span),
                    label: "the zone".into(),
                });
                (message, at(rule.span), related.into_iter().collect())
            }
            (None, None) => return None,
        };
        Some(found(message, place, related, &c.name))
    })
}

/// Whether they are zones of firewalld, and no files of another program.
pub(super) fn are_zones(n: &Netfilter) -> bool {
    n.tables().iter().any(|t| &*t.name == "firewalld")
}

/// Whether a ruleset is whole, or has what firewalld writes. That of one family may lack it.
pub(super) fn is_ruleset(tables: &[Table], text: &str) -> bool {
    let own = |t: &Table| &*t.name == "firewalld" || t.chain("INPUT_ZONES").is_some();
    let whole = |rest: &str| {
        let next = rest.split_ascii_whitespace().next().unwrap_or("");
        let line = rest.starts_with(['\n', '\r']);
        line || !matches!(next, "ip" | "ip6" | "arp" | "bridge" | "netdev")
    };
    tables.iter().any(own) || text.split("list ruleset").skip(1).any(whole)
}

/// The default zone of the table of firewalld, with the rule that sends to it all that no source and no interface does; `None`
/// if it may be one of several.
fn default_zone(table: &Table) -> Option<(&str, &Rule)> {
    let (_, chain) = table.chain("filter_INPUT_ZONES")?;
    let last = chain.rules.last()?;
    let open = |r: &Rule| r.conditions().next().is_some();
    let Action::Goto(to) = last.action else {
        return None;
    };
    let name = &table.chains.get(to as usize)?.name;
    let zone = name.strip_prefix("filter_IN_")?;
    // The reader numbers zones whose names nftables does not take.
    let number = |n: &str| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit());
    if zone.strip_prefix("zone").is_some_and(number) {
        return None;
    }
    let gotos = chain.rules.iter();
    let several = gotos.filter(|r| matches!(r.action, Action::Goto(_)) && open(r));
    (several.count() == 0).then_some((zone, last))
}

/// The sources of zones by which packets come to them: a key to compare them by, the zone, and the rule.
fn sources(table: &Table) -> impl Iterator<Item = (String, &str, &Rule)> {
    let dispatch = |c: &&Chain| c.name.starts_with("filter_INPUT_ZONES");
    let rules = table.chains.iter().filter(dispatch).flat_map(|c| &c.rules);
    rules.filter_map(|r| {
        let (Action::Goto(to) | Action::Jump(to)) = r.action else {
            return None;
        };
        let zone = table
            .chains
            .get(to as usize)?
            .name
            .strip_prefix("filter_IN_")?;
        let open = r.conditions().next().is_some();
        let [clause] = r.clauses.as_slice() else {
            return None;
        };
        let src = &clause.space.src;
        (!open && !src.is_any()).then(|| (format!("{zone} {src}"), zone, r))
    })
}

fn found(message: String, place: Place, related: Vec<Related>, what: &str) -> Finding {
    let identity = Identity::of(&["zones and ruleset differ", what]);
    let mut f = Finding::new(
        Code::IncompleteExport,
        Severity::Warning,
        message,
        identity,
        place,
    );
    f.help = Some(
        "run `firewall-cmd --reload` if the zones are right, or export both again at the same time"
            .to_owned(),
    );
    f.related = related;
    f
}

fn named(rule: &Rule) -> String {
    format!("`{}`", rule.name)
}

/// Whether it is a rule of a zone or a policy that decides packets.
fn is_rule(rule: &Rule) -> bool {
    let decides = matches!(rule.action, Action::Allow | Action::Deny);
    decides
        && rule.origin != RuleOrigin::Platform
        && !rule.span.is_empty()
        && !rule.name.ends_with("target ACCEPT")
}

/// The rules of a zone or a policy in the kernel; `None` if the kernel has none of it, or if the chain is no zone's.
fn reached<'t>(kernel: &'t Table, chain: &Chain) -> Option<Vec<&'t Rule>> {
    if !chain.name.starts_with("filter_IN_") {
        return None;
    }
    let (_, whole) = kernel.chain(&chain.name)?;
    let phases: Vec<&Chain> = PHASES
        .iter()
        .filter_map(|p| kernel.chain(&format!("{}{p}", chain.name)))
        .map(|(_, c)| c)
        .collect();
    // Another listing of zones, whose chains are not cut into phases.
    if phases.is_empty() {
        return Some(whole.rules.iter().filter(|r| is_rule(r)).collect());
    }
    let rules = phases.into_iter().flat_map(|c| &c.rules);
    let decides = |r: &&Rule| matches!(r.action, Action::Allow | Action::Deny);
    Some(rules.filter(decides).collect())
}

/// What a rule does to which packets.
fn keys(rule: &Rule) -> impl Iterator<Item = String> + '_ {
    let allows = rule.action == Action::Allow;
    rule.clauses
        .iter()
        .map(move |c| format!("{allows} {:?}", c.space))
}
