//! Collects the rules of an export and what stands beside them, and makes the export of it.

use super::build::{self, Built, Remark};
use super::form::Form;
use super::proxy::Proxies;
use super::stated::{Direction, Stated};
use super::tell::RemarkTally;
use crate::input::Depth;
use hylint_model::{
    Body, Companion, ConnectionSecurity, DefaultOrigin, DefaultVerdict, Discipline, Export, Lists,
    OtherPolicy, Point, PointKind, Problem, Rule, RuleList, Span, Store, Stores, Test, View,
    WindowsProfiles,
};

/// What is collected of one host.
#[derive(Debug)]
pub(crate) struct Collection {
    form: &'static Form,
    depth: Depth,
    /// What the export says beside rules and profiles: problems, companions, the host's name, the time.
    pub(crate) export: Export,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
    told: RemarkTally,
    profiles: Option<Box<WindowsProfiles>>,
    /// Whose rules the export shows. A rule of policy says that it shows those, too.
    pub(crate) stores: Stores,
    /// Whether it shows what is in effect.
    pub(crate) effective: bool,
    /// Whether inbound and outbound rules are all there.
    pub(crate) whole: (bool, bool),
    /// What it tells of Group Policy beside its rules.
    pub(crate) other_policy: OtherPolicy,
    /// What its connection security rules demand.
    pub(crate) security: ConnectionSecurity,
    /// Its port proxies.
    pub(crate) proxies: Proxies,
    /// Whether it is an export of rules, though it may hold none.
    pub(crate) has_rules: bool,
    /// Whether the form shows no rule whole.
    pub(crate) brief: bool,
    first: Option<Span>,
}

impl Collection {
    /// Nothing so far, of an export in a form.
    pub(crate) fn new(form: &'static Form, depth: Depth) -> Self {
        Self {
            form,
            depth,
            export: Export::default(),
            ingress: Vec::new(),
            egress: Vec::new(),
            told: RemarkTally::new(form),
            profiles: None,
            stores: Stores::default(),
            effective: false,
            whole: (true, true),
            other_policy: OtherPolicy::Unsaid,
            security: ConnectionSecurity::default(),
            proxies: Proxies::default(),
            has_rules: false,
            brief: false,
            first: None,
        }
    }

    /// Adds a rule, and counts it. A rule that is named and not added must be counted in `export.rules_in_file` as well.
    pub(crate) fn add(&mut self, stated: &Stated<'_>) {
        self.export.rules_in_file += 1;
        self.has_rules = true;
        self.first.get_or_insert(stated.head);
        let of_policy = build::is_of_policy(stated);
        self.stores = self.stores.union(match of_policy {
            true => Stores::POLICY,
            false => Stores::LOCAL,
        });
        if self.depth == Depth::Heads {
            return;
        }
        if self.brief {
            self.told.brief(stated.head);
        }
        for odd in &stated.odd {
            let label = build::clip(&odd.label.text).into_owned();
            self.told.unknown_labels.add(label, odd.label.span);
        }
        // A rule of both directions is told of once.
        for (n, built) in build::build(self.form, stated).into_iter().enumerate() {
            match stated.told || n > 0 {
                true => self.keep(built.direction, built.rule),
                false => self.push(built, stated.head),
            }
        }
    }

    fn push(&mut self, built: Built<'_>, head: Span) {
        let mut missing: Vec<&str> = Vec::new();
        for remark in built.remarks {
            match remark {
                Remark::Missing { label } => missing.push((self.form.label)(label)),
                other => self.told.remark(other),
            }
        }
        let partial = self.form.may_lack_fields;
        if !missing.is_empty() && !partial {
            self.told.missing.add(missing.join(", "), head);
        }
        let unprinted = || built.rule.conditions().any(|c| c.test == Test::Unprinted);
        let lacks = partial && (!missing.is_empty() || unprinted());
        if !self.brief && (built.brief || lacks) {
            self.told.brief(head);
        }
        self.keep(built.direction, built.rule);
    }

    fn keep(&mut self, direction: Direction, rule: Rule) {
        match direction {
            Direction::In => self.ingress.push(rule),
            Direction::Out => self.egress.push(rule),
        }
    }

    /// Counts a connection security rule that requires nothing.
    pub(crate) fn idle_consec(&mut self, span: Span) {
        self.told.consec.add(String::new(), span);
    }

    /// The place of the first rule.
    pub(crate) fn first(&self) -> Option<Span> {
        self.first
    }

    /// Adds the settings of profiles, of any store.
    pub(crate) fn settings(&mut self, settings: WindowsProfiles) {
        self.profiles = Some(Box::new(match self.profiles.take() {
            Some(before) => before.merge(settings),
            None => settings,
        }));
    }

    /// Whether policy disables the rules that are not its own in every profile, so that those need not be known.
    fn local_rules_are_off(&self) -> bool {
        let profiles = self.profiles.as_deref();
        let settings = profiles.filter(|p| p.store != Store::Local);
        settings.is_some_and(WindowsProfiles::disables_local_rules)
    }

    /// The export. The settings stand in the point of the rules, or are a companion where there are none.
    pub(crate) fn finish(mut self, text: &str) -> Export {
        let told = self.told.problems(self.export.rules_in_file);
        self.export.problems.extend(told);
        self.export.problems.extend(self.proxies.problems());
        self.security.ingress.extend(self.proxies.demands());
        let has_point = self.has_rules || !self.security.is_empty();
        if has_point {
            let point = self.point(text);
            self.export.points.push(point);
        } else if let Some(settings) = self.profiles.take() {
            let companion = Companion::WindowsProfiles(settings);
            self.export.companions.push(companion);
        }
        self.export.problems.sort_by_key(|p: &Problem| p.span);
        self.export
    }

    fn point(&mut self, text: &str) -> Point {
        let label = self.first.unwrap_or_default();
        let known = self.effective || self.stores.has(Stores::LOCAL) || self.local_rules_are_off();
        let (ingress, egress) = (
            std::mem::take(&mut self.ingress),
            std::mem::take(&mut self.egress),
        );
        let body = Body::Lists(Lists {
            discipline: Discipline::BlockOverAllow,
            ingress: list(ingress, false, self.whole.0 && known, label),
            egress: list(egress, true, self.whole.1 && known, label),
        });
        let mut point = Point::new(PointKind::WindowsFirewall, Span::new(0, text.len()), body);
        point.label = label;
        point.brief = self.told.is_brief();
        point.stores = self.stores;
        point.other_policy = self.other_policy;
        if self.effective || self.stores.has(Stores::POLICY) {
            point.other_policy = OtherPolicy::Settled;
        }
        if self.effective {
            point.view = View::Effective;
            point.stores = Stores::BOTH;
        }
        point.windows = self.profiles.take();
        let security = std::mem::take(&mut self.security);
        point.security = (!security.is_empty()).then(|| Box::new(security));
        point
    }
}

/// The rules of one direction. Windows blocks inbound and allows outbound packets unless a profile says otherwise; where
/// rules are missing, what they leave over is not known.
fn list(rules: Vec<Rule>, allow: bool, known: bool, label: Span) -> RuleList {
    let origin = match known {
        true => DefaultOrigin::Assumed,
        false => DefaultOrigin::Unknown,
    };
    RuleList {
        default: DefaultVerdict {
            allow,
            origin,
            span: label,
        },
        rules,
    }
}
