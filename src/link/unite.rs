//! An iptables-save dump and a ruleset of nftables of one host are two views of one firewall.
//!
//! iptables-nft keeps its tables in nftables, so the ruleset shows them too, but not what the extensions of iptables ask:
//! there it prints `xt`. Such a table is taken from the ruleset, which is the kernel's, and the rules with `xt` from the
//! dump, if both show the same rules. Tables of the legacy tools are no tables of nftables: they filter as well.

use crate::finding::{Code, Finding, Identity, Place, Related, Severity};
use crate::load::{Heads, LoadedExport, RunPoint};
use hylint_model::{
    Action, Body, Chain, Export, Netfilter, OtherRules, Point, Rule, Span, Table, TableFamily,
    View, ties,
};
use hylint_parsers::iptables::{self, Backend};
use hylint_parsers::nft;
use hylint_parsers::source::Source;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The views of one firewall in several exports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Views {
    /// Its ruleset of nftables.
    pub ruleset: RunPoint,
    /// Its dumps of iptables-save and ip6tables-save.
    pub dumps: Vec<RunPoint>,
}

/// Whether a point is of an export of nftables.
#[must_use]
pub fn is_ruleset(heads: &Heads, at: RunPoint) -> bool {
    let export = heads.get(at.export);
    export.is_some_and(|e| e.export.format == nft::ID)
}

/// A dump that goes into a ruleset.
#[derive(Debug)]
pub struct Dump {
    path: Arc<str>,
    text: String,
    annotations: Vec<(String, Span)>,
    points: Vec<Point>,
}

impl Dump {
    /// Takes the points of an export, and with them its text: nothing else is judged of it.
    #[must_use]
    pub fn take(from: &mut LoadedExport) -> Self {
        let empty = Source::new(&*from.path, "", from.source.encoding);
        let source = std::mem::replace(&mut from.source, empty);
        Self {
            path: from.path.clone(),
            text: source.text,
            annotations: std::mem::take(&mut from.export.annotations),
            points: std::mem::take(&mut from.export.points),
        }
    }
}

/// Puts dumps into the ruleset at a place of an export, and says what they contradict and what none of them tells. `said` is
/// what was found when the ruleset was read: of rules that the dumps show whole it says nothing any more.
pub fn unite(ruleset: &mut LoadedExport, place: usize, dumps: Vec<Dump>, said: &mut Vec<Finding>) {
    let mut work = Work {
        path: ruleset.path.clone(),
        kernel: false,
        differences: Vec::new(),
        others: None,
        hidden: None,
        legacy: false,
        supplied: Vec::new(),
        shown: Vec::new(),
    };
    let LoadedExport { source, export, .. } = ruleset;
    let Export {
        points,
        annotations,
        ..
    } = export;
    let Some(point) = points.get_mut(place) else {
        return;
    };
    work.kernel = point.view == View::Effective;
    let Body::Netfilter(n) = &mut point.body else {
        return;
    };
    let (sets, whole, front_end) = (std::mem::take(&mut n.sets), n.whole, n.front_end);
    let (others, mut unloaded, in_part) = (n.others, n.unloaded.clone(), n.in_part);
    let mut tables = std::mem::take(n).into_tables();
    for dump in dumps {
        let part = source.add_part(dump.path.clone(), &dump.text);
        let behind = source.parts.get(part).map_or(0, |p| p.span.start);
        let moved = dump.annotations.into_iter();
        annotations.extend(moved.map(|(text, span)| (text, span.behind(behind))));
        for p in dump.points {
            let label = p.label.behind(behind);
            let Body::Netfilter(d) = p.body else { continue };
            unloaded.extend(d.unloaded.iter().cloned());
            work.dump(&mut tables, d, (label, behind), source);
        }
    }
    if work.legacy {
        work.shown.extend(work.hidden.take());
    }
    let missing = work.others.or(work.hidden);
    let mut united = Netfilter::new(tables);
    (united.sets, united.whole, united.front_end) = (sets, whole, front_end);
    (united.unloaded, united.in_part) = (unloaded, in_part);
    united.ties = ties(&united);
    united.others = match (others, missing) {
        (OtherRules::Unsaid | OtherRules::Hidden, Some(at)) => OtherRules::Shown(at),
        (own, _) => own,
    };
    let open = open_rules(&united, source);
    *n = united;
    let lines: BTreeSet<u32> = work
        .supplied
        .iter()
        .map(|s| source.position(s.start).line)
        .collect();
    let rest = ruleset.summary.unmodelled.saturating_sub(lines.len());
    ruleset.summary.unmodelled = rest;
    let shown: Vec<Place> = work
        .shown
        .iter()
        .map(|at| Place::new(&work.path, source, *at))
        .collect();
    let is_shown = |f: &Finding| {
        let mut same = f
            .place
            .iter()
            .flat_map(|p| shown.iter().filter(move |s| s.path == p.path));
        f.code == Code::IncompleteExport
            && same.any(|s| {
                f.place
                    .as_ref()
                    .is_some_and(|p| p.start.line == s.start.line)
            })
    };
    said.retain(|f| !is_about(f, &work.path, &lines) && !is_shown(f));
    said.append(&mut work.differences);
    said.extend(unsupplied(&work.path, source, &open));
}

/// Whether a finding is about unmodelled parts of these lines alone.
fn is_about(f: &Finding, path: &Arc<str>, lines: &BTreeSet<u32>) -> bool {
    let places = f.place.iter().chain(f.related.iter().map(|r| &r.place));
    let mut places = places.map(|p| p.path == *path && lines.contains(&p.start.line));
    f.code == Code::UnmodelledMatch && !lines.is_empty() && places.all(|is| is)
}

/// Rules of which the ruleset shows no more than the name of an extension, with the family of their table.
fn open_rules(n: &Netfilter, source: &Source) -> Vec<(TableFamily, Span)> {
    let rules = n.tables().iter().flat_map(|t| {
        let rules = t.chains.iter().flat_map(|c| &c.rules);
        rules.map(|r| (t.family, r.span))
    });
    let own = source.own();
    let mut open: Vec<_> = rules
        .filter(|(_, span)| span.end <= own.end && nft::shows_xt(source.slice(*span)))
        .collect();
    open.dedup();
    open
}

/// That no dump tells what rules with `xt` match.
fn unsupplied(path: &Arc<str>, source: &Source, open: &[(TableFamily, Span)]) -> Option<Finding> {
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

/// The work in progress.
struct Work {
    path: Arc<str>,
    /// The ruleset is what the kernel has.
    kernel: bool,
    differences: Vec<Finding>,
    /// Where it shows that rules are missing.
    others: Option<Span>,
    /// Where a dump says that there are tables of the legacy tools.
    hidden: Option<Span>,
    /// A dump is of the legacy tools.
    legacy: bool,
    /// Rules of the ruleset that a dump shows whole.
    supplied: Vec<Span>,
    /// Where dumps say that there are tables which other views show.
    shown: Vec<Span>,
}

impl Work {
    /// Takes in the tables of one dump.
    fn dump(
        &mut self,
        tables: &mut Vec<Table>,
        dump: Netfilter,
        (label, behind): (Span, u32),
        source: &Source,
    ) {
        let backend = iptables::backend(source.slice(label));
        self.legacy |= backend == Backend::Legacy;
        if let OtherRules::Shown(at) = dump.others {
            let at = at.behind(behind);
            // A listing shows whatever else there is but tables of the legacy tools.
            match source.slice(at).contains("legacy") {
                true => self.hidden = self.hidden.or(Some(at)),
                false if !self.kernel => self.others = self.others.or(Some(at)),
                false => self.shown.push(at),
            }
        }
        let unloaded = dump.unloaded.clone();
        for mut table in dump.into_tables() {
            table.move_behind(behind);
            let listed = match backend {
                Backend::Legacy => None,
                Backend::Nft | Backend::Unsaid => listed(tables, &table),
            };
            let Some(at) = listed else {
                if backend == Backend::Nft && self.kernel && acts(&table) {
                    self.not_listed(&table, source);
                }
                tables.push(table);
                continue;
            };
            if unloaded.contains(&table.name) {
                continue;
            }
            let Some(kernel) = tables.get_mut(at) else {
                continue;
            };
            match difference(kernel, &table) {
                None => self.supplied.extend(supply(kernel, &table, source)),
                Some(what) => self.differ(kernel, &table, backend, &what, source),
            }
        }
    }

    /// A dump of iptables-nft has a table that the listing of the same kernel does not show.
    fn not_listed(&mut self, table: &Table, source: &Source) {
        let name = named(table);
        let path = source
            .part(table.span.start)
            .map_or(&self.path, |p| &p.path);
        let message = format!(
            "`{}` does not show table {name}, which `{path}` dumps from nf_tables: it is not the whole ruleset",
            self.path
        );
        let help = "export both again at the same time, with `nft list ruleset`; until then what they accept is not proven";
        self.tell(
            message,
            help,
            table.span,
            None,
            ("table not listed", &name),
            source,
        );
        self.others = self.others.or(Some(table.span));
    }

    /// Both show a table, with different rules.
    fn differ(
        &mut self,
        kernel: &Table,
        table: &Table,
        backend: Backend,
        what: &str,
        source: &Source,
    ) {
        let name = named(kernel);
        let path = source
            .part(table.span.start)
            .map_or(&self.path, |p| &p.path);
        let message = format!(
            "`{}` and `{path}` show different rules in table {name}: {what}",
            self.path
        );
        let rules = || kernel.chains.iter().flat_map(|c| &c.rules);
        let open = rules().any(|r| nft::shows_xt(source.slice(r.span)));
        let help = match open || backend == Backend::Unsaid {
            true => {
                self.others = self.others.or(Some(kernel.span));
                "export both again at the same time; until then what this table accepts is not proven"
            }
            false => {
                "export both again at the same time; the ruleset of nftables is judged, as the kernel has it"
            }
        };
        let related = Some(table.span);
        self.tell(
            message,
            help,
            kernel.span,
            related,
            ("views differ", &name),
            source,
        );
    }

    fn tell(
        &mut self,
        message: String,
        help: &str,
        at: Span,
        related: Option<Span>,
        (kind, name): (&str, &str),
        source: &Source,
    ) {
        let identity = Identity::of(&[kind, name]);
        let place = |span| Place::new(&self.path, source, span);
        let mut f = Finding::new(
            Code::IncompleteExport,
            Severity::Warning,
            message,
            identity,
            place(at),
        );
        f.help = Some(help.to_owned());
        f.related = related
            .map(|span| Related {
                place: place(span),
                label: "the same table".into(),
            })
            .into_iter()
            .collect();
        self.differences.push(f);
    }
}

/// `ip filter`.
fn named(t: &Table) -> String {
    let family = match t.family {
        TableFamily::Ip6 => "ip6",
        _ => "ip",
    };
    format!("{family} {}", t.name)
}

/// Whether a table does anything.
fn acts(t: &Table) -> bool {
    let drops = |c: &Chain| c.policy.is_some_and(|p| !p.allow);
    t.chains.iter().any(|c| !c.rules.is_empty() || drops(c))
}

/// The place of the table of nftables that a table of a dump is. Of a dump of which nothing tells the family it is the one
/// that agrees.
fn listed(tables: &[Table], table: &Table) -> Option<usize> {
    let of = |family: TableFamily| {
        let same = |t: &Table| t.family == family && t.name == table.name && is_of_iptables(t);
        tables.iter().position(same)
    };
    if table.family != TableFamily::Inet {
        return of(table.family);
    }
    let both = [of(TableFamily::Ip), of(TableFamily::Ip6)];
    let agrees = |at: &usize| {
        tables
            .get(*at)
            .is_some_and(|t| difference(t, table).is_none())
    };
    let found = both.into_iter().flatten().find(agrees);
    found.or(both.into_iter().flatten().next())
}

/// Whether a table of nftables is one that iptables-nft makes: its chains at the hooks have the names and places of those of
/// iptables.
fn is_of_iptables(t: &Table) -> bool {
    t.chains.iter().all(|c| {
        let Some(base) = &c.base else { return true };
        let made = iptables::base_chain(&t.name, &c.name, t.family);
        made.is_some_and(|m| {
            let place = [Some(m.priority), m.or_priority].contains(&Some(base.priority));
            m.hook == base.hook && place
        })
    })
}

/// The rules of a chain as they stand in the text: one may be several in the model.
fn written(rules: &[Rule]) -> impl Iterator<Item = &[Rule]> {
    rules.chunk_by(|a, b| a.span == b.span)
}

/// Chains that stand in rules of nftables have such names.
fn is_inner(c: &Chain) -> bool {
    c.name.ends_with("{…}")
}

/// In what the table of the kernel and that of a dump differ, in words; `None` if they have the same rules as far as both
/// show them.
fn difference(kernel: &Table, dump: &Table) -> Option<String> {
    let missing = dump.chains.iter().find(|c| {
        let drops = c.policy.is_some_and(|p| !p.allow);
        (drops || !c.rules.is_empty()) && kernel.chain(&c.name).is_none()
    });
    if let Some(c) = missing {
        return Some(format!("chain {} is in the dump alone", c.name));
    }
    for c in kernel.chains.iter().filter(|c| !is_inner(c)) {
        let Some((_, d)) = dump.chain(&c.name) else {
            if c.rules.is_empty() {
                continue;
            }
            return Some(format!("chain {} is in the ruleset alone", c.name));
        };
        let (one, other) = (written(&c.rules).count(), written(&d.rules).count());
        if one != other {
            return Some(format!("chain {} has {one} rules and {other}", c.name));
        }
        let policy = |c: &Chain| c.policy.map(|p| p.allow);
        if policy(c).zip(policy(d)).is_some_and(|(a, b)| a != b) {
            return Some(format!("chain {} has another policy", c.name));
        }
        let mut pairs = written(&c.rules).zip(written(&d.rules));
        let differs = |(a, b): (&[Rule], &[Rule])| !agree((kernel, a), (dump, b));
        if let Some(n) = pairs.position(differs) {
            return Some(format!(
                "rule {} of chain {} has another target",
                n + 1,
                c.name
            ));
        }
    }
    None
}

/// Whether a rule of the kernel does what one of a dump does. One that goes on with an extension's name does not say.
fn agree((kernel, a): (&Table, &[Rule]), (dump, b): (&Table, &[Rule])) -> bool {
    let Some(wanted) = b.last().map(|r| &r.action) else {
        return a.is_empty();
    };
    let chain = |t: &Table, at: u32| t.chains.get(at as usize).map(|c| c.name.clone());
    let inner = |at: u32| kernel.chains.get(at as usize).is_some_and(is_inner);
    a.iter().any(|r| match (&r.action, wanted) {
        (Action::Jump(x) | Action::Goto(x), _) if inner(*x) => true,
        (Action::Jump(x), Action::Jump(y)) | (Action::Goto(x), Action::Goto(y)) => {
            chain(kernel, *x) == chain(dump, *y)
        }
        (Action::Opaque(_), _) | (_, Action::Opaque(_)) => true,
        // A change of a mark or of an address is written in several ways.
        (x, y) => std::mem::discriminant(x) == std::mem::discriminant(y) || !ends(x) && !ends(y),
    })
}

/// Whether no rule behind it sees the packets.
const fn ends(action: &Action) -> bool {
    matches!(
        action,
        Action::Allow
            | Action::Deny
            | Action::Bypass
            | Action::Return
            | Action::Jump(_)
            | Action::Goto(_)
            | Action::Nat(_)
    )
}

/// Puts the rules of the dump in the place of those that the kernel's table shows as `xt`, and returns where these stand.
fn supply(kernel: &mut Table, dump: &Table, source: &Source) -> Vec<Span> {
    let mut supplied = Vec::new();
    let names: Vec<Box<str>> = kernel.chains.iter().map(|c| c.name.clone()).collect();
    let there = |at: u32| {
        let name = dump.chains.get(at as usize).map(|c| &c.name)?;
        let at = names.iter().position(|n| n == name)?;
        u32::try_from(at).ok()
    };
    for chain in &mut kernel.chains {
        let Some((_, d)) = dump.chain(&chain.name) else {
            continue;
        };
        let open = |r: &Rule| {
            let text = source.slice(r.span);
            nft::shows_xt(text) || nft::rewrites_xt(text)
        };
        if !chain.rules.iter().any(open) {
            continue;
        }
        let mut rules = Vec::with_capacity(chain.rules.len());
        for (own, other) in written(&chain.rules).zip(written(&d.rules)) {
            let first = own.first().filter(|r| open(r));
            match first.and_then(|r| Some((r.span, moved(other, &there)?))) {
                Some((span, taken)) => {
                    supplied.push(span);
                    rules.extend(taken);
                }
                None => rules.extend_from_slice(own),
            }
        }
        chain.rules = rules;
    }
    supplied.retain(|span| nft::shows_xt(source.slice(*span)));
    supplied
}

/// Rules for another table; `None` if it lacks a chain that they go to.
fn moved(rules: &[Rule], there: &dyn Fn(u32) -> Option<u32>) -> Option<Vec<Rule>> {
    let one = |r: &Rule| {
        let mut r = r.clone();
        match &mut r.action {
            Action::Jump(to) | Action::Goto(to) => *to = there(*to)?,
            _ => {}
        }
        Some(r)
    };
    rules.iter().map(one).collect()
}
