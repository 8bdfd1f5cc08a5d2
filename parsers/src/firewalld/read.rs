//! Reads the files of a host's firewalld: one of them, or all of them as parts of one text.

use super::own::{IpSet, Own, Target, Word};
use super::{
    age, build, catalog, conf, connection, detect, direct, listing, lower, matches, refuse,
    session, settle, stored, xml,
};
use crate::input::Input;
use crate::source::Source;
use hylint_model::{
    Action, Body, Companion, Export, IpSetEntry, PacketDim, Point, PointKind, Problem, ProblemKind,
    Span, Table,
};
use hylint_space::AddrSet;
use std::collections::BTreeSet;

/// The format's id in outputs.
pub const ID: &str = "firewalld";

/// What a file of firewalld is for the others of its host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// A listing of zones.
    Zones,
    /// A zone.
    Zone,
    /// A listing of policies, or a policy, or direct rules.
    Rules,
    /// firewalld.conf.
    Settings,
    /// What rules name: services, sets, and what else decides no packet.
    Named,
    /// Which zones are active, or which one is the default.
    Active,
}

/// What part a text is of the configuration of a host; `None` of a text that is none.
#[must_use]
pub fn part_of(text: &str) -> Option<Part> {
    if let Some(root) = xml::root(text) {
        return Some(match root {
            xml::Root::Zone => Part::Zone,
            xml::Root::Policy | xml::Root::Direct => Part::Rules,
            xml::Root::Service | xml::Root::IpSet | xml::Root::NoDirect | xml::Root::Inert => {
                Part::Named
            }
        });
    }
    if connection::is(text) {
        return Some(Part::Active);
    }
    if conf::is(text) {
        return Some(Part::Settings);
    }
    match listing::shows(text) {
        listing::Shows::Zones => Some(Part::Zones),
        listing::Shows::Policies | listing::Shows::Direct => Some(Part::Rules),
        listing::Shows::Named => Some(Part::Named),
        listing::Shows::Active => Some(Part::Active),
        listing::Shows::Nothing => None,
    }
}

/// The one word of a text that has no other, as `firewall-cmd --get-default-zone` prints it.
#[must_use]
pub fn word(text: &str) -> Option<&str> {
    let word = text.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    (!word.is_empty() && word.len() <= LONGEST && word.chars().all(plain)).then_some(word)
}

/// Bytes of a zone's name: firewalld takes fewer.
const LONGEST: usize = 64;

/// The path of a file below a folder of firewalld.
fn in_tree<'p>(path: &'p str, tree: &str) -> Option<&'p str> {
    let (before, rest) = path.split_once(tree)?;
    (before.is_empty() || before.ends_with('/')).then_some(rest)
}

/// Reads the texts of a source and of its parts.
fn gather(source: &Source) -> Own {
    let mut own = Own::default();
    let first = (source.own(), source.path.as_str());
    let parts = source.parts.iter().map(|p| (p.span, &*p.path));
    let all: Vec<(Span, &str)> = std::iter::once(first).chain(parts).collect();
    let here: BTreeSet<&str> = all
        .iter()
        .filter_map(|(_, p)| in_tree(p, "etc/firewalld/"))
        .collect();
    // What ships gives way to a file of the same name (firewalld.dirs(5)).
    let replaced =
        |path: &str| in_tree(path, "usr/lib/firewalld/").is_some_and(|p| here.contains(p));
    for (span, path) in all.into_iter().filter(|(_, path)| !replaced(path)) {
        let (text, at) = (source.slice(span), span.start as usize);
        if let Some(version) = session::version(text.trim()) {
            own.version = Some(version);
        } else if let Some(word) = word(text) {
            let start = at + text.find(word).unwrap_or(0);
            let span = Span::new(start, start + word.len());
            own.default_zones.push(Word::new(word, span));
        } else if text.trim().is_empty() {
            own.all_direct = true;
            own.direct_shown.put_empty(path);
        } else if xml::root(text).is_some() {
            xml::read(&mut own, text, at, path);
        } else if connection::is(text) {
            own.shows_connections = true;
            connection::read(&mut own, text, at, path);
        } else if conf::is(text) {
            conf::read(&mut own, text, at);
        } else {
            own.listing |= detect::is_listing(text);
            listing::read(&mut own, text, at, path);
            own.default_zones.extend(own.default_zone.take());
        }
    }
    own
}

/// What the texts of a source say together.
pub(super) fn settled(source: &Source) -> Own {
    let mut own = gather(source);
    settle::bind(&mut own);
    settle::unify(&mut own);
    stored::unify(&mut own);
    connection::bind(&mut own);
    own
}

pub(super) fn read(input: &Input<'_>) -> Export {
    let source = input.source;
    let mut own = settled(source);
    let whole = Span::new(0, source.text.len());
    let companions = sets(&own);
    let mut export = Export {
        format: ID,
        companions,
        annotations: annotations(source),
        ..Export::default()
    };
    if own.zones.is_empty() && own.policies.is_empty() && own.direct.is_empty() {
        export.problems = own.problems;
        return export;
    }
    let label = label(&own).unwrap_or(whole);
    let others = others(&own, label);
    let defaults = settle::defaults(&mut own);
    let mut problems = std::mem::take(&mut own.problems);
    unseen(&own, others, label, &mut problems);
    state(&mut own, &mut problems);
    refuse::check(&mut own, &mut problems);
    let ruleset = build::build(
        &own,
        &defaults,
        others.or(own.hidden_default),
        &mut problems,
    );
    let tables = direct::tables(&own.direct, &mut problems);
    let accepts = tables.iter().filter(|t| t.filters).flat_map(accepting);
    age::tell(&own, accepts.min(), &mut problems);
    let backend = age::backend(&own);
    let mut netfilter = lower::lower(&ruleset, tables, backend, label, &mut problems);
    netfilter.broken |= own.broken || ruleset.refused && !own.listing;
    netfilter.in_part |= own.contradicted || own.cut || ruleset.in_part;
    let mut point = Point::new(PointKind::Netfilter, whole, Body::Netfilter(netfilter));
    point.label = label;
    problems.sort_by_key(|p| p.span.start);
    export.problems = problems;
    export.points.push(point);
    let targets = own.zones.iter().map(|z| z.target);
    let targets = targets.chain(own.policies.iter().map(|p| p.target));
    export.rules_in_file = own.rules + targets.filter(|t| *t == Target::Accept).count();
    export
}

/// What else firewalld says of itself that decides packets before the zones do.
fn state(own: &mut Own, problems: &mut Vec<Problem>) {
    let panic = "panic mode is on: every packet is dropped, whatever the zones accept";
    let stopped = "firewalld does not run: what it has stored is not in force";
    let all = [
        (own.panic, panic, "run `firewall-cmd --panic-off`"),
        (
            own.stopped,
            stopped,
            "run `systemctl enable --now firewalld`",
        ),
        (
            own.no_rules.filter(|_| own.stopped.is_none()),
            "`nft list ruleset` prints no rules: what firewalld has stored is not in force",
            "run `systemctl enable --now firewalld`",
        ),
        (
            own.changed,
            "the command changes what the zones above it show",
            "run `firewall-cmd --list-all-zones` again, and give its output alone",
        ),
    ];
    if let Some((at, chain)) = direct::of_backend(&own.direct) {
        let message = format!(
            "a direct rule is in `{chain}`, which firewalld makes with its iptables backend alone: whether it decides packets is not known"
        );
        let problem = Problem::new(ProblemKind::Incomplete, at, message);
        problems.push(problem.help(
            "give the output of `iptables-save` or of `nft list ruleset`, or make it a rich rule",
        ));
        own.cut = true;
    }
    for (at, message, help) in all {
        let Some(at) = at else { continue };
        own.cut = true;
        problems.push(Problem::new(ProblemKind::Incomplete, at, message).help(help));
    }
}

/// Where rules of a table accept packets.
fn accepting(table: &Table) -> impl Iterator<Item = Span> + '_ {
    let rules = table.chains.iter().flat_map(|c| &c.rules);
    let rules = rules.filter(|r| r.action == Action::Allow);
    rules.map(|r| r.span)
}

fn label(own: &Own) -> Option<Span> {
    let zones = own.zones.iter().map(|z| z.head);
    let policies = own.policies.iter().map(|p| p.head);
    let direct = own.direct.iter().map(|d| d.span);
    let mut all = zones.chain(policies).chain(direct);
    all.find(|s| !s.is_empty())
}

/// Where it shows that there may be zones that no file has.
fn others(own: &Own, label: Span) -> Option<Span> {
    if own.all_zones {
        return None;
    }
    let known = |name: &str| own.zones.iter().any(|z| *z.name == *name);
    if !own.active.is_empty() && own.active.iter().all(|name| known(name)) {
        return None;
    }
    let one = own.zones.iter().filter(|z| !z.permanent).count() == 1;
    match () {
        () if own.one_zone.is_some() => own.one_zone,
        // A listing of every zone has at least those that ship.
        () if own.listing && (one || !missing(own).is_empty()) => Some(label),
        () if own.zones.is_empty() && own.conf.default_zone.is_none() => Some(label),
        () => None,
    }
}

/// The zones that ship with firewalld and that a listing of several does not have: nobody can remove them, so it is a part.
fn missing(own: &Own) -> Vec<&'static str> {
    let known = |name: &str| own.zones.iter().any(|z| *z.name == *name);
    if !own.zones.iter().any(|z| z.said > 0) {
        return Vec::new();
    }
    let shipped = catalog::zones().map(|(name, ..)| name);
    shipped.filter(|name| !known(name)).collect()
}

/// Says once what else a listing would have to show.
fn unseen(own: &Own, others: Option<Span>, label: Span, problems: &mut Vec<Problem>) {
    if let Some(at) = others {
        let shown = own.zones.iter().filter(|z| !z.shipped);
        let lacks = missing(own);
        let message = match own.zones.iter().find(|z| !z.shipped) {
            Some(_) if shown.count() > 1 && !lacks.is_empty() => format!(
                "the listing lacks zones that every firewalld has ({}): a source or an interface of another zone goes before those shown",
                lacks.join(", ")
            ),
            Some(z) => format!(
                "zone `{}` alone is in the export: a source or an interface of another zone goes before it",
                z.name
            ),
            None => "no zone is in the export: what the zones accept is not known".to_owned(),
        };
        let problem = Problem::new(ProblemKind::Incomplete, at, message);
        problems.push(problem.help(
            "run `firewall-cmd --list-all-zones` and `firewall-cmd --list-all-policies`, or `nft list ruleset`, and give the output",
        ));
        return;
    }
    let has_policies = own.zones.iter().any(|z| z.says_forward);
    unshown_interfaces(own, label, problems);
    if !own.listing || own.all_policies || !has_policies {
        return;
    }
    let mut unseen = vec!["policies"];
    let mut commands = vec!["`firewall-cmd --list-all-policies`"];
    if !own.all_direct {
        unseen.push("direct rules");
        commands.push("`firewall-cmd --direct --get-all-rules`");
    }
    let message = format!(
        "the listing shows no {}: those that ship with firewalld are taken for the only ones",
        unseen.join(" and no ")
    );
    let help = format!(
        "put the output of {} beside this file",
        commands.join(" and ")
    );
    problems.push(Problem::new(ProblemKind::Incomplete, label, message).help(help));
}

/// Says that no file shows which interfaces NetworkManager has put into zones: it keeps that in its connections.
fn unshown_interfaces(own: &Own, label: Span, problems: &mut Vec<Problem>) {
    let stored = own.zones.iter().all(|z| z.permanent) && !own.zones.is_empty();
    if !stored || !own.active.is_empty() || own.shows_connections {
        return;
    }
    let message = "interfaces that no zone names are taken for those of the default zone: NetworkManager may have put them into others";
    let problem = Problem::new(ProblemKind::Note, label, message);
    problems.push(problem.help("add the output of `firewall-cmd --get-active-zones`"));
}

/// The sets, for direct rules that name them.
fn sets(own: &Own) -> Vec<Companion> {
    let set = |name: &str, set: &IpSet| {
        let kind = set.kind.strip_prefix("hash:")?;
        if set.open || !matches!(kind, "ip" | "net") {
            return None;
        }
        let entry = |w: &super::own::Word| {
            let (_, text) = matches::network(&w.text)?;
            Some(IpSetEntry {
                dims: vec![PacketDim::Addr(AddrSet::parse(&text)?)],
                nomatch: false,
                expires: false,
                span: w.span,
            })
        };
        let entries: Option<Vec<IpSetEntry>> = set.entries.iter().map(entry).collect();
        Some(Companion::IpSet(hylint_model::IpSet {
            name: name.into(),
            kind: set.kind.clone(),
            entries: entries?,
            span: set.span,
        }))
    };
    own.ipsets
        .iter()
        .filter_map(|(name, s)| set(name, s))
        .collect()
}

/// Comments for hylint: `# hylint: …` of a listing, `<!-- hylint: … -->` of XML.
fn annotations(source: &Source) -> Vec<(String, Span)> {
    let mut out = Vec::new();
    if !source.text.contains("hylint:") {
        return out;
    }
    for (start, line) in source.lines() {
        let Some((before, text)) = line.split_once("hylint:") else {
            continue;
        };
        let remark = matches!(before.trim(), "#" | "<!--");
        if remark {
            let begin = start + before.len() + "hylint:".len();
            let body = text.split("-->").next().unwrap_or(text);
            let trimmed = body.trim();
            let at = begin + (body.len() - body.trim_start().len());
            out.push((trimmed.to_owned(), Span::new(at, at + trimmed.len())));
        }
    }
    out
}
