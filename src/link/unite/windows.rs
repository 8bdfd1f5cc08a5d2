//! Several exports of one Windows firewall: views of it by several tools, its own store and that of policy, rules apart from
//! their filters.
//!
//! Each store's rules come from the best view that shows it. Where two views of one store show different rules, what is in
//! effect wins; else nothing tells which is right, and what the rules in question decide is open.

use crate::common::moment::moment;
use crate::common::words::count;
use crate::finding::{Code, Finding, Identity, Place, Related, Severity};
use crate::link::scope::policy_not_exported;
use crate::load::{self, LoadedExport};
use hylint_model::{
    Action, Body, Condition, ConditionKind, DefaultOrigin, Direction, Lists, OtherPolicy, Point,
    ProfileSettings, Rule, RuleList, RuleOrigin, Span, Store, Stores, Test, View, WindowsProfiles,
};
use hylint_parsers::format;
use hylint_parsers::source::Source;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A further export of a firewall.
#[derive(Debug)]
pub struct WindowsView {
    path: Arc<str>,
    source: Source,
    points: Vec<Point>,
    annotations: Vec<(String, Span)>,
    made: Option<String>,
    settings: Option<Box<WindowsProfiles>>,
}

impl WindowsView {
    /// Takes an export out of its place. `settings` are those that stand in it.
    #[must_use]
    pub fn take(from: &mut LoadedExport, settings: Option<Box<WindowsProfiles>>) -> Self {
        let empty = Source::new(&*from.path, "", from.source.encoding);
        from.summary.unmodelled = 0;
        Self {
            path: from.path.clone(),
            source: std::mem::replace(&mut from.source, empty),
            points: std::mem::take(&mut from.export.points),
            annotations: std::mem::take(&mut from.export.annotations),
            made: from.export.exported_at.as_ref().map(|(t, _)| t.clone()),
            settings,
        }
    }

    /// Whether it holds filters of rules that stand elsewhere.
    fn is_of_filters(&self) -> bool {
        self.points.is_empty() && self.settings.is_none()
    }

    /// Puts its text behind another one, and returns where it begins there.
    fn text_behind(&self, source: &mut Source) -> u32 {
        let own = self.source.slice(self.source.own());
        let first = source.add_part(self.path.clone(), own);
        for p in &self.source.parts {
            source.add_part(p.path.clone(), self.source.slice(p.span));
        }
        source.parts.get(first).map_or(0, |p| p.span.start)
    }
}

/// Makes one firewall of a point and of further exports of it, and says where they contradict each other. `settings` are the
/// profile settings that stand in the point's own export.
pub fn unite_windows(
    main: &mut LoadedExport,
    place: usize,
    settings: Option<Box<WindowsProfiles>>,
    others: Vec<WindowsView>,
    said: &mut Vec<Finding>,
) {
    let (filters, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(WindowsView::is_of_filters);
    if !filters.is_empty() {
        read_together(main, place, &filters, said);
    }
    let made = main.export.exported_at.as_ref().map(|(t, _)| t.clone());
    let LoadedExport {
        path,
        source,
        export,
        ..
    } = main;
    let Some(point) = export.points.get_mut(place) else {
        return;
    };
    if point.windows.is_some() || settings.is_some() {
        point.windows = settings.or(point.windows.take());
    }
    let mut work = Work {
        path: path.clone(),
        made,
        findings: Vec::new(),
    };
    let mut evidence = None;
    for other in others {
        let behind = other.text_behind(source);
        let moved = other.annotations.iter();
        let moved = moved.map(|(text, span)| (text.clone(), span.behind(behind)));
        export.annotations.extend(moved);
        if let Some(mut own) = other.settings {
            if other.points.is_empty() && tells_of_policy(&own) {
                evidence.get_or_insert_with(|| other.path.clone());
            }
            own.move_behind(behind);
            point.windows = Some(match point.windows.take() {
                Some(before) => Box::new(before.merge(*own)),
                None => own,
            });
        }
        for mut p in other.points {
            move_behind(&mut p, behind);
            work.take(point, p, &other.path, other.made.as_deref(), source);
        }
    }
    let settled = point.view == View::Effective || point.stores.has(Stores::POLICY);
    if let Some(from) = evidence.filter(|_| !settled) {
        point.other_policy = OtherPolicy::Shown;
        let place = Place::new(path, source, point.label);
        work.findings.push(policy_not_exported(&from, place));
    }
    said.append(&mut work.findings);
}

/// Whether settings show that a policy acts, which may have rules as well.
fn tells_of_policy(settings: &WindowsProfiles) -> bool {
    let disabled = |p: &ProfileSettings| matches!(p.local_rules, Some((false, _)));
    let mut each = settings.profiles.iter().flatten();
    match settings.store {
        Store::Local => false,
        Store::Policy => true,
        Store::Effective => each.any(disabled),
    }
}

/// Reads the rules of an export together with their filters, which stand in other files.
fn read_together(
    main: &mut LoadedExport,
    place: usize,
    filters: &[WindowsView],
    said: &mut Vec<Finding>,
) {
    for f in filters {
        f.text_behind(&mut main.source);
    }
    let Some(mut export) = format::read(&main.source) else {
        return;
    };
    let old = main.export.points.get(place);
    if let (Some(old), Some(new)) = (old, export.points.get_mut(place)) {
        new.windows = new.windows.take().or_else(|| old.windows.clone());
        if new.other_policy == OtherPolicy::Unsaid {
            new.other_policy = old.other_policy;
        }
    }
    export.companions.clear();
    main.export = export;
    let paths: Vec<&Arc<str>> = filters.iter().map(|f| &f.path).collect();
    said.retain(|f| {
        let of = f.place.as_ref().map(|p| &p.path);
        !of.is_some_and(|p| *p == main.path || paths.contains(&p))
    });
    said.extend(load::export_findings(
        &main.path,
        &main.source,
        &main.export,
    ));
    main.summary.unmodelled = load::unmodelled(&main.source, &main.export).len();
    main.summary.rules = main.export.rules_in_model();
}

fn move_behind(p: &mut Point, behind: u32) {
    p.label = p.label.behind(behind);
    if let Body::Lists(l) = &mut p.body {
        for list in [&mut l.ingress, &mut l.egress] {
            list.default.span = list.default.span.behind(behind);
            list.rules.iter_mut().for_each(|r| r.move_behind(behind));
        }
    }
    if let Some(s) = &mut p.security {
        let rules = s.ingress.iter_mut().chain(&mut s.egress);
        rules.for_each(|r| r.move_behind(behind));
    }
}

struct Work {
    path: Arc<str>,
    made: Option<String>,
    findings: Vec<Finding>,
}

impl Work {
    /// Takes in what a further view shows: the rules of stores that are not there, and what contradicts those that are.
    fn take(
        &mut self,
        point: &mut Point,
        other: Point,
        path: &Arc<str>,
        made: Option<&str>,
        source: &Source,
    ) {
        let (Body::Lists(own), Body::Lists(theirs)) = (&mut point.body, other.body) else {
            return;
        };
        let new = Stores(other.stores.0 & !point.stores.0);
        // What is in effect holds all that acts, whatever store it comes from.
        let effective = point.view == View::Effective && other.view != View::Effective;
        let made = self
            .made
            .as_deref()
            .and_then(moment)
            .zip(made.and_then(moment));
        let open = match (point.view, other.view) {
            (View::Effective, View::Effective) => made.is_none_or(|(a, b)| a <= b),
            (View::Effective, _) => made.is_some_and(|(a, b)| a < b),
            _ => true,
        };
        let local_off = point
            .windows
            .as_deref()
            .is_some_and(WindowsProfiles::disables_local_rules);
        let compared = Compared {
            stores: point.stores,
            others: other.stores,
            effective,
            ignore_local: local_off && effective,
        };
        let mut differences = Vec::new();
        for direction in [Direction::In, Direction::Out] {
            let (mine, list) = match direction {
                Direction::Out => (&mut own.egress, &theirs.egress),
                _ => (&mut own.ingress, &theirs.ingress),
            };
            differences.extend(compared.differ(mine, list, direction));
            take_list(mine, list, new, known(list));
        }
        point.stores = point.stores.union(other.stores);
        if point.stores.has(Stores::POLICY) || other.other_policy == OtherPolicy::Settled {
            point.other_policy = OtherPolicy::Settled;
        } else if other.other_policy == OtherPolicy::Shown {
            point.other_policy = OtherPolicy::Shown;
        }
        let shows_rules = !theirs.ingress.rules.is_empty() || !theirs.egress.rules.is_empty();
        point.brief &= other.brief || !shows_rules;
        if let Some(mut s) = other.security {
            let own = point.security.get_or_insert_default();
            let lacks = |all: &[Rule], r: &Rule| !all.iter().any(|o| o.clauses == r.clauses);
            s.ingress.retain(|r| lacks(&own.ingress, r));
            s.egress.retain(|r| lacks(&own.egress, r));
            own.ingress.append(&mut s.ingress);
            own.egress.append(&mut s.egress);
        }
        if differences.is_empty() {
            return;
        }
        self.tell(&differences, path, open, source);
        if let (true, Body::Lists(lists)) = (open, &mut point.body) {
            leave_open(
                lists,
                differences,
                &format!("`{}` and `{path}` show different rules", self.path),
            );
        }
    }

    /// Says that two views show different rules, with the first of them.
    fn tell(&mut self, differences: &[Difference], path: &Arc<str>, open: bool, source: &Source) {
        let Some(first) = differences.first() else {
            return;
        };
        let own = self.path.clone();
        let shown = if first.theirs { path } else { &own };
        let name = match first.rule.name.is_empty() {
            true => "a rule without a name".to_owned(),
            false => format!("`{}`", first.rule.name),
        };
        let more = match differences.len() {
            1 => String::new(),
            n => format!(", and {} more", count(n - 1, "rule")),
        };
        let message = format!(
            "`{own}` and `{path}` show different rules of one firewall: {name} is in `{shown}` alone{more}"
        );
        let identity = Identity::of(&["views of Windows differ", path]);
        let at = |span: Span| Place::new(&own, source, span);
        let severity = match open {
            true => Severity::Error,
            false => Severity::Warning,
        };
        let mut f = Finding::new(
            Code::IncompleteExport,
            severity,
            message,
            identity,
            at(first.rule.span),
        );
        f.label = "in one of them alone".into();
        f.help = Some(
            match open {
                true => "export both again at the same time, or remove the one that is out of date; until then what these rules decide is not proven",
                false => "export both again at the same time; the rules in effect are judged",
            }
            .to_owned(),
        );
        f.related = differences
            .iter()
            .skip(1)
            .take(4)
            .map(|d| Related {
                place: at(d.rule.span),
                label: "in one of them alone".into(),
            })
            .collect();
        self.findings.push(f);
    }
}

fn known(list: &RuleList) -> bool {
    list.default.origin != DefaultOrigin::Unknown
}

/// The store that a rule is of.
fn store(r: &Rule) -> Stores {
    match r.origin {
        RuleOrigin::GroupPolicy => Stores::POLICY,
        _ => Stores::LOCAL,
    }
}

/// Adds the rules of stores that the list lacks; of a direction that it does not show, all of them.
fn take_list(mine: &mut RuleList, list: &RuleList, new: Stores, whole: bool) {
    let lacking = !known(mine);
    let wanted = |r: &&Rule| lacking || new.has(store(r));
    let mut taken: Vec<Rule> = list.rules.iter().filter(wanted).cloned().collect();
    if lacking {
        // Rules of a part that are there already.
        taken.retain(|r| !mine.rules.iter().any(|o| same(o, r)));
        if whole {
            mine.default = list.default;
        }
    }
    mine.rules.append(&mut taken);
}

fn same(a: &Rule, b: &Rule) -> bool {
    a.name == b.name && key(a) == key(b)
}

/// What a rule does to which packets in which profiles; conditions are left out, as forms name them in their own words.
fn key(r: &Rule) -> String {
    let mut spaces: Vec<String> = r.clauses.iter().map(|c| format!("{:?}", c.space)).collect();
    spaces.sort();
    spaces.dedup();
    format!("{:?} {:?} {}", r.action, r.profiles, spaces.concat())
}

/// A rule that one of two views shows.
struct Difference {
    rule: Rule,
    theirs: bool,
    direction: Direction,
}

/// How two views are compared.
struct Compared {
    /// The stores that the first shows.
    stores: Stores,
    /// Those that the other shows.
    others: Stores,
    /// The first is what is in effect.
    effective: bool,
    /// Local rules are not in effect.
    ignore_local: bool,
}

impl Compared {
    /// The rules of stores that both show, and that only one of them has.
    fn differ(&self, mine: &RuleList, list: &RuleList, direction: Direction) -> Vec<Difference> {
        let both = Stores(self.stores.0 & self.others.0);
        let acts = |r: &&Rule| {
            let ignored = self.ignore_local && store(r) == Stores::LOCAL;
            r.enabled && both.has(store(r)) && !ignored
        };
        // How often a rule stands in a view makes no difference.
        let theirs = || list.rules.iter().filter(acts);
        let shown: BTreeSet<String> = theirs().map(key).collect();
        let own = || mine.rules.iter().filter(acts);
        let held: BTreeSet<String> = own().map(key).collect();
        let names: BTreeSet<String> = own().map(named).collect();
        let difference = |r: &Rule, theirs| Difference {
            rule: r.clone(),
            theirs,
            direction,
        };
        let mut out = Vec::new();
        if known(mine) {
            let lacks = |r: &&Rule| match is_undecided(r) {
                // What it matches is not exported: a block of the same name may be the same.
                true => r.action != Action::Allow && !names.contains(&named(r)),
                false => !held.contains(&key(r)),
            };
            out.extend(theirs().filter(lacks).map(|r| difference(r, true)));
        }
        // A part of the rules, or rules that do not say what they match, contradict nothing.
        let whole = known(list) || !self.others.has(Stores::LOCAL);
        if whole && !list.rules.iter().any(is_undecided) {
            let local = |r: &&Rule| !self.effective || store(r) == Stores::LOCAL;
            let lacks = |r: &&Rule| !is_undecided(r) && !shown.contains(&key(r));
            let alone = own().filter(local).filter(lacks);
            out.extend(alone.map(|r| difference(r, false)));
        }
        out
    }
}

/// Whether it is not known what a rule matches.
fn is_undecided(r: &Rule) -> bool {
    r.conditions().any(|c| c.kind == ConditionKind::Unknown)
}

/// What a rule is known by, and what it does.
fn named(r: &Rule) -> String {
    format!("{:?} {}", r.action, r.name.to_lowercase())
}

/// Leaves open what rules decide that only one view shows.
fn leave_open(lists: &mut Lists, differences: Vec<Difference>, why: &str) {
    for d in differences {
        let list = match d.direction {
            Direction::Out => &mut lists.egress,
            _ => &mut lists.ingress,
        };
        let open = |r: &mut Rule| {
            for c in &mut r.clauses {
                let condition = Condition::new(ConditionKind::Unknown, Test::Passing, r.span, why);
                c.conditions.push(condition);
            }
        };
        match d.theirs {
            true => {
                let mut rule = d.rule;
                open(&mut rule);
                list.rules.push(rule);
            }
            false => {
                let own = list.rules.iter_mut();
                own.filter(|r| r.span == d.rule.span).for_each(open);
            }
        }
    }
}
