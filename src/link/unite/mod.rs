//! An iptables-save dump and a ruleset of nftables of one host are two views of one firewall.
//!
//! iptables-nft keeps its tables in nftables, so the ruleset shows them too, but not what the extensions of iptables ask:
//! there it prints `xt`. Such a table is taken from the ruleset, which is the kernel's, and the rules with `xt` from the
//! dump, if both show the same rules. Tables of the legacy tools are no tables of nftables: they filter as well.

mod compare;
mod open;
mod stores;
mod tables;
mod views;
mod windows;
mod zones;

pub use stores::{
    has_filters, has_policy, has_proxies, is_of_policy_alone, kind_of_view, views_of_windows,
};
pub use tables::{further_tables, hold_other_tables};
pub use views::Views;
pub use windows::{WindowsView, unite_windows};

use crate::finding::{Code, Finding, Identity, Place, Related, Severity};
use crate::load::{Heads, LoadedExport, RunPoint};
use compare::{acts, difference, listed, named, supply};
use hylint_model::{
    Backend, Body, Export, NatTable, Netfilter, OtherRules, Point, Span, Table, View, ties,
};
use hylint_parsers::source::Source;
use hylint_parsers::{firewalld, iptables, nft, ufw};
use open::{open_rules, unsupplied};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whether a point is of an export of nftables, or of zones of firewalld, which tell the ruleset that it writes.
#[must_use]
pub fn is_ruleset(heads: &Heads, at: RunPoint) -> bool {
    let export = heads.get(at.export);
    export.is_some_and(|e| is_main(e.export.format))
}

/// Whether a point is of zones of firewalld.
#[must_use]
pub fn is_zones(heads: &Heads, at: RunPoint) -> bool {
    let export = heads.get(at.export);
    export.is_some_and(|e| e.export.format == firewalld::ID)
}

/// Whether a point is of files that a firewall is loaded from, which a dump shows as they were loaded.
#[must_use]
pub fn is_loaded_from(heads: &Heads, at: RunPoint) -> bool {
    let export = heads.get(at.export);
    export.is_some_and(|e| e.export.format == ufw::ID)
}

/// Whether a dump shows what a front end has loaded from its files.
#[must_use]
pub fn shows_files(point: &Point) -> bool {
    match &point.body {
        Body::Netfilter(n) => n.shows_files,
        Body::Lists(_) => false,
    }
}

/// Whether dumps may go into an export of a format.
#[must_use]
pub fn is_main(format: &str) -> bool {
    matches!(format, nft::ID | firewalld::ID)
}

/// What goes into a ruleset.
#[derive(Debug)]
pub struct Other {
    path: Arc<str>,
    /// It is a ruleset, too.
    ruleset: bool,
    /// It is of zones of firewalld, or of files of ufw: what the rules were made from.
    zones: bool,
    text: String,
    annotations: Vec<(String, Span)>,
    points: Vec<Point>,
}

impl Other {
    /// Takes the points of an export, and with them its text: nothing else is judged of it. What was said of another form of
    /// the ruleset is said of that.
    #[must_use]
    pub fn take(from: &mut LoadedExport, said: &mut Vec<Finding>) -> Self {
        if from.export.format == nft::ID {
            let own = |f: &Finding| f.place.as_ref().is_some_and(|p| p.path == from.path);
            said.retain(|f| f.code != Code::UnmodelledMatch || !own(f));
            from.summary.unmodelled = 0;
        }
        let settings = matches!(from.export.format, firewalld::ID | ufw::ID);
        if settings {
            // What a listing of zones does not show, the ruleset does.
            let own = |f: &Finding| f.place.as_ref().is_some_and(|p| p.path == from.path);
            said.retain(|f| f.code != Code::IncompleteExport || !own(f));
        }
        let empty = Source::new(&*from.path, "", from.source.encoding);
        let source = std::mem::replace(&mut from.source, empty);
        Self {
            path: from.path.clone(),
            ruleset: from.export.format == nft::ID,
            zones: settings,
            text: source.text,
            annotations: std::mem::take(&mut from.export.annotations),
            points: std::mem::take(&mut from.export.points),
        }
    }
}

/// Puts dumps into the ruleset at a place of an export, and says what they contradict and what none of them tells. `said` is
/// what was found when the ruleset was read: of rules that the dumps show whole it says nothing any more.
pub fn unite(
    ruleset: &mut LoadedExport,
    place: usize,
    others: Vec<Other>,
    said: &mut Vec<Finding>,
) {
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
    let export_format = export.format;
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
    let (hidden, mut unloaded) = (n.others, n.unloaded.clone());
    let (in_part, broken, nat) = (n.in_part, n.broken, n.nat);
    let mut tables = std::mem::take(n).into_tables();
    let is_dump = !is_main(export_format);
    for other in others {
        let part = source.add_part(other.path.clone(), &other.text);
        let behind = source.parts.get(part).map_or(0, |p| p.span.start);
        let moved = other.annotations.into_iter();
        annotations.extend(moved.map(|(text, span)| (text, span.behind(behind))));
        for p in other.points {
            let kernel = p.view == View::Effective;
            let Body::Netfilter(d) = p.body else { continue };
            if other.zones {
                // One table of another program does not show that firewalld has none.
                if zones::are_zones(&d) && !zones::is_ruleset(&tables, &source.text) {
                    work.others.get_or_insert(Span::default());
                }
                let kernel = (&*tables, work.path.clone());
                let found = zones::compare(kernel, d, (&other.path, behind), source);
                work.differences.extend(found);
                continue;
            }
            if other.ruleset {
                work.ruleset(&tables, d, (kernel, behind), source);
                continue;
            }
            unloaded.extend(d.unloaded.iter().cloned());
            let same = work.dump(&mut tables, d, behind, source);
            if same && is_dump {
                // What it leaves open of these tables, the dump tells.
                let own = |f: &Finding| f.place.as_ref().is_some_and(|p| p.path == other.path);
                said.retain(|f| f.code != Code::IncompleteExport || !own(f));
            }
        }
    }
    if work.legacy {
        work.shown.extend(work.hidden.take());
    }
    let missing = work.others.or(work.hidden);
    let mut united = Netfilter::new(tables);
    (united.sets, united.whole, united.front_end) = (sets, whole, front_end);
    united.unloaded = unloaded;
    (united.in_part, united.broken) = (in_part, broken);
    let has_nat = united.tables().iter().any(|t| &*t.name == "nat");
    united.nat = if has_nat { NatTable::Unasked } else { nat };
    united.ties = ties(&united);
    united.others = match (hidden, missing) {
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
    let of_nat = |f: &Finding| {
        let own = f.place.as_ref().is_some_and(|p| p.path == work.path);
        has_nat
            && own
            && f.code == Code::IncompleteExport
            && f.message.starts_with(iptables::NO_NAT)
    };
    said.retain(|f| !is_about(f, &work.path, &lines) && !is_shown(f) && !of_nat(f));
    said.append(&mut work.differences);
    said.extend(unsupplied(&work.path, source, &open));
}

/// Whether a finding is about unmodelled parts of these lines alone.
fn is_about(f: &Finding, path: &Arc<str>, lines: &BTreeSet<u32>) -> bool {
    let places = f.place.iter().chain(f.related.iter().map(|r| &r.place));
    let mut places = places.map(|p| p.path == *path && lines.contains(&p.start.line));
    f.code == Code::UnmodelledMatch && !lines.is_empty() && places.all(|is| is)
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
    /// Takes in the tables of one dump. Returns whether all of them were there, and with the same rules.
    fn dump(
        &mut self,
        tables: &mut Vec<Table>,
        dump: Netfilter,
        behind: u32,
        source: &Source,
    ) -> bool {
        let mut same = true;
        let backend = dump.backend;
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
                same = false;
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
                Some(what) => {
                    same = false;
                    self.differ(kernel, &table, backend, &what, source);
                }
            }
        }
        same
    }

    /// Compares another form of the ruleset, which is not taken in. `kernel`: it is a listing.
    fn ruleset(
        &mut self,
        tables: &[Table],
        other: Netfilter,
        (kernel, behind): (bool, u32),
        source: &Source,
    ) {
        for mut table in other.into_tables() {
            table.move_behind(behind);
            let same = |t: &&Table| t.family == table.family && t.name == table.name;
            match tables.iter().find(same) {
                None if acts(&table) => self.lacks(&table, kernel, source),
                None => {}
                Some(own) => {
                    if let Some(what) = difference(own, &table) {
                        self.forms_differ(own, &table, kernel, &what, source);
                    }
                }
            }
        }
    }

    /// Another form of the ruleset has a table that this one lacks.
    fn lacks(&mut self, table: &Table, kernel: bool, source: &Source) {
        let name = named(table);
        let path = source
            .part(table.span.start)
            .map_or(&self.path, |p| &p.path);
        let message = format!("table {name} is in `{path}` and not in `{}`", self.path);
        let identity = ("table in one form", &*name);
        self.tell(
            message,
            self.help(kernel),
            table.span,
            None,
            identity,
            source,
        );
        self.leave_open(kernel, table.span);
    }

    /// Another form of the ruleset has other rules.
    fn forms_differ(
        &mut self,
        own: &Table,
        table: &Table,
        kernel: bool,
        what: &str,
        source: &Source,
    ) {
        let name = named(own);
        let path = source
            .part(table.span.start)
            .map_or(&self.path, |p| &p.path);
        let message = format!(
            "`{}` and `{path}` show different rules in table {name}: {what}",
            self.path
        );
        let identity = ("forms differ", &*name);
        self.tell(
            message,
            self.help(kernel),
            own.span,
            Some(table.span),
            identity,
            source,
        );
        self.leave_open(kernel, own.span);
    }

    /// What to do about a difference to another ruleset.
    const fn help(&self, kernel: bool) -> &'static str {
        match self.kernel && !kernel {
            true => "load the configuration, or correct it: what the kernel has is judged",
            false => {
                "remove the one that is out of date; until then what is accepted is not proven"
            }
        }
    }

    /// What the kernel has wins over a configuration; of two of a kind nothing tells which one is in force.
    fn leave_open(&mut self, kernel: bool, at: Span) {
        if !self.kernel || kernel {
            self.others = self.others.or(Some(at));
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
