//! From the values of a registry to an export.

use super::fields::{self, RuleText};
use super::key::{ControlSet, Part, Place, Store};
use super::profiles::AllSettings;
use super::rule::{self, Context, LOCAL, POLICY};
use super::scan::{self, Data, Scan, Value, Way, is_rule_text};
use super::state::{FORM, FULL};
use super::store::Registry;
use super::text::Text;
use crate::input::Input;
use crate::lookalike::policy;
use crate::windows::collection::Collection;
use crate::windows::stated::Stated;
use hylint_model::{Export, OtherPolicy, Problem, ProblemKind, Span, Stores};
use std::borrow::Cow;

pub(super) fn read(input: &Input<'_>) -> Export {
    let text = input.source.text.as_str();
    let scan = match input.json() {
        Some(json) => scan::scan_json(json),
        None => scan::scan_text(text),
    };
    let mut reader = Reader {
        out: Collection::new(&FORM, input.depth),
        settings: AllSettings::default(),
        aside: Aside::default(),
        way: scan.way,
    };
    if let Some(json) = input.json() {
        reader.errors(json);
    }
    reader.read(scan, text);
    let mut export = reader.out.finish(text);
    if export.points.is_empty() && export.companions.is_empty() && export.problems.is_empty() {
        export.problem(
            ProblemKind::Empty,
            Span::default(),
            "the export has no rules",
        );
    }
    export
}

/// Values that are no rules of this host's firewall, by their place, with the place of the first.
#[derive(Debug, Default)]
struct Aside {
    defaults: Count,
    restricted: Count,
    hyper_v: Count,
    elsewhere: Count,
    loose: Count,
    ignored: Count,
    replaced: Count,
    old: Count,
    open: Count,
}

#[derive(Debug, Default)]
struct Count {
    n: usize,
    first: Span,
}

impl Count {
    fn add(&mut self, span: Span) {
        if self.n == 0 {
            self.first = span;
        }
        self.n += 1;
    }

    /// `a rule` or `n rules`, with the verb that follows.
    fn rules(&self, one: &str, many: &str) -> String {
        match self.n {
            1 => format!("a rule {one}"),
            n => format!("{n} rules {many}"),
        }
    }
}

struct Reader {
    out: Collection,
    settings: AllSettings,
    aside: Aside,
    way: Way,
}

impl Reader {
    /// Names what is no JSON: a row may be cut off.
    fn errors(&mut self, json: &crate::json::Json<'_>) {
        let mut objects = crate::json::object::ObjectReader::default();
        objects.errors(json, Some("export again"));
        self.out.export.problems.append(&mut objects.problems);
    }

    fn read(&mut self, mut scan: Scan<'_>, text: &str) {
        self.out.export.annotations = std::mem::take(&mut scan.annotations);
        let registry = Registry::of(scan);
        for (place, value) in registry.values() {
            self.value(place, value);
        }
        for value in &registry.loose {
            self.loose(value);
        }
        for value in &registry.replaced {
            if is_rule_text(&text_of(value)) {
                self.aside.replaced.add(value.span);
            }
        }
        for (place, span) in &registry.malformed {
            if matches!(place, Place::Firewall(..)) {
                self.out.export.rules_in_file += 1;
                self.broken(
                    *span,
                    "the line is no value, and may be one that is cut off",
                );
            }
        }
        for span in &registry.unread {
            self.out.export.rules_in_file += 1;
            self.broken(
                *span,
                "a rule string stands in a text that is not read: it may allow or block",
            );
        }
        self.stores(&registry, text);
        self.sets(&registry);
        let printed = self.way == Way::Printed;
        let settings = std::mem::take(&mut self.settings);
        for windows in settings.finish(printed) {
            self.out.settings(windows);
        }
        self.told();
    }

    fn value(&mut self, place: Place, value: &Value<'_>) {
        let is_rule = || is_rule_text(&text_of(value));
        match place {
            Place::Firewall(store, Part::Rules, _) => self.rule(Some(store), value),
            Place::Firewall(store, Part::OpenPorts(_) | Part::Programs(_), _) => {
                self.old(store, value);
            }
            Place::Firewall(store, Part::Exceptions(_), _) => self.exception(store, value),
            Place::Firewall(_, Part::Profile(_), _) => {
                let problem = self.settings.take(place, value);
                self.out.export.problems.extend(problem);
            }
            Place::Firewall(_, Part::ConSec, _) => {}
            Place::Defaults if is_rule() => self.aside.defaults.add(value.span),
            Place::Restricted if is_rule() => self.aside.restricted.add(value.span),
            Place::HyperV if is_rule() => self.aside.hyper_v.add(value.span),
            Place::Firewall(_, Part::Inert, _) | Place::Elsewhere if is_rule() => {
                self.aside.elsewhere.add(value.span);
            }
            _ => {}
        }
    }

    /// A rule under no key: which store it is of is not known.
    fn loose(&mut self, value: &Value<'_>) {
        if is_rule_text(&text_of(value)) {
            self.aside.loose.add(value.span);
            self.rule(None, value);
        }
    }

    fn rule(&mut self, store: Option<Store>, value: &Value<'_>) {
        let text = match &value.data {
            Data::Text(text) => text,
            Data::Broken(why, span) => {
                self.out.export.rules_in_file += 1;
                return self.broken(
                    *span,
                    format!("{why}, so the rule cannot be read: it may allow or block"),
                );
            }
            Data::Number(..) | Data::Other(_) | Data::Deleted(_) => {
                if !value.name.value().is_empty() {
                    self.ignored(value.span);
                }
                return;
            }
        };
        let Some(split) = fields::split(text) else {
            if !text.value().trim().is_empty() {
                self.ignored(value.span);
            }
            return;
        };
        if let Some(span) = split.open {
            self.aside.open.add(span);
        }
        let stated = self.state(store, value, text, split);
        self.out.add(&stated);
    }

    fn state<'a>(
        &self,
        store: Option<Store>,
        value: &Value<'a>,
        text: &Text<'a>,
        split: RuleText<'a>,
    ) -> Stated<'a> {
        let id = value.name.value();
        let head = match id.is_empty() {
            true => text.span(),
            false => value.name.span(),
        };
        let context = Context {
            span: value.span,
            head,
            id,
            source: store.map(|s| match s {
                Store::Local => LOCAL,
                Store::Policy | Store::Mdm => POLICY,
            }),
        };
        let mut stated = rule::state(&split.fields, context);
        for odd in split.odd {
            stated.odd(odd.clone(), odd);
        }
        if let Some(span) = split.open {
            let text = "the end of the rule, which may be cut off";
            stated.conditions.push(rule::open(span, text));
        }
        stated
    }

    /// A value that Windows takes for no rule.
    fn ignored(&mut self, span: Span) {
        self.aside.ignored.add(span);
    }

    fn broken(&mut self, span: Span, message: impl Into<Cow<'static, str>>) {
        let message: Cow<'static, str> = message.into();
        let problem = Problem::new(ProblemKind::Malformed, span, message).dropped();
        self.out.export.problems.push(problem.help("export again"));
    }

    /// A port or program of the form of Windows XP. Windows takes those of policy for rules, and has made rules of the others
    /// when it was upgraded (Microsoft, "Windows Firewall: Define inbound port exceptions").
    fn old(&mut self, store: Store, value: &Value<'_>) {
        let text = text_of(value);
        if text.trim().is_empty() {
            return;
        }
        if store == Store::Local {
            return self.aside.old.add(value.span);
        }
        self.out.export.rules_in_file += 1;
        let what = match text.get(..60) {
            Some(head) => format!("{head}…"),
            None => text.into_owned(),
        };
        let message = format!(
            "exception `{what}` of policy in the form of Windows XP is not read: it may allow inbound packets"
        );
        let problem = Problem::new(ProblemKind::Malformed, value.span, message).dropped();
        let help = "make an inbound rule of it in the policy (Windows Defender Firewall with Advanced Security)";
        self.out.export.problems.push(problem.help(help));
    }

    /// A service that a policy of the old form opens.
    fn exception(&mut self, store: Store, value: &Value<'_>) {
        let name = value.name.value();
        let opens = name.eq_ignore_ascii_case("Enabled") || name.starts_with("Allow");
        if store == Store::Local || !opens || value.data.number() == Some(0) {
            return;
        }
        let message = format!(
            "exception `{name}` of policy in the form of Windows XP is not modelled: it may allow inbound packets"
        );
        let problem = Problem::new(ProblemKind::Unmodelled, value.span, message);
        let help = "make an inbound rule of it in the policy (Windows Defender Firewall with Advanced Security)";
        self.out.export.problems.push(problem.help(help));
    }

    /// Whose rules the export shows.
    fn stores(&mut self, registry: &Registry<'_>, text: &str) {
        let rules = |wanted: &'static [Store]| move |place: Place| matches!(place, Place::Firewall(s, Part::Rules, _) if wanted.contains(&s));
        if registry.shows(rules(&[Store::Local])) {
            self.out.stores = self.out.stores.union(Stores::LOCAL);
            self.out.has_rules = true;
        }
        let policy = |place| {
            matches!(
                place,
                Place::Firewall(Store::Policy, Part::Inert | Part::Rules, _)
            )
        };
        if registry.shows(policy) {
            self.out.stores = self.out.stores.union(Stores::POLICY);
        } else if self.way == Way::Printed {
            self.out.other_policy = match policy::of(text) {
                OtherPolicy::Shown => OtherPolicy::Unsaid,
                told => told,
            };
        }
        let changes = match self.way {
            Way::Commands => self.out.first(),
            Way::Printed => registry.deleted,
        };
        if let Some(span) = changes.filter(|_| !registry.begins_anew) {
            self.way = Way::Commands;
            self.out.whole = (false, false);
            let message = "changes of a registry: what else the host has is not known";
            let problem = Problem::new(ProblemKind::Incomplete, span, message);
            self.out.export.problems.push(problem.help(FULL));
        }
    }

    fn sets(&mut self, registry: &Registry<'_>) {
        for (set, span) in &registry.other_sets {
            let name = match set {
                ControlSet::Current => "CurrentControlSet".to_owned(),
                ControlSet::Numbered(n) => format!("ControlSet{n:03}"),
            };
            let message =
                format!("`{name}` is not the current control set: its rules are not used");
            self.out.export.problem(ProblemKind::Note, *span, message);
        }
    }

    /// Names what is no rule of the host.
    fn told(&mut self) {
        let aside = std::mem::take(&mut self.aside);
        let mut note = |count: &Count, message: String, kind: ProblemKind, help: Option<&str>| {
            if count.n == 0 {
                return;
            }
            let mut problem = Problem::new(kind, count.first, message);
            if let Some(help) = help {
                problem = problem.help(help);
            }
            self.out.export.problems.push(problem);
        };
        let note_kind = ProblemKind::Note;
        let c = &aside.defaults;
        let text = c.rules(
            "of the key Defaults does not act: Windows starts with it",
            "of the key Defaults do not act: Windows starts with them",
        );
        note(c, text, note_kind, None);
        let c = &aside.restricted;
        let text = c.rules("of RestrictedServices restricts a service or an app, and is not merged with the others", "of RestrictedServices restrict services and apps, and are not merged with the others");
        note(c, text, note_kind, None);
        let c = &aside.hyper_v;
        let text = c.rules(
            "of the Hyper-V firewall is for virtual machines, and is not judged",
            "of the Hyper-V firewall are for virtual machines, and are not judged",
        );
        note(c, text, note_kind, None);
        let c = &aside.old;
        let text = c.rules(
            "in the form of Windows XP does not act: Windows has made a rule of it",
            "in the form of Windows XP do not act: Windows has made rules of them",
        );
        note(c, text, note_kind, None);
        let c = &aside.loose;
        let text = c.rules(
            "has no key above it: whether it is the host's own or of policy is not known",
            "have no key above them: whether they are the host's own or of policy is not known",
        );
        note(
            c,
            text,
            ProblemKind::Incomplete,
            Some("export again, with the line of the key"),
        );
        for (c, one, many, kind) in [
            (
                &aside.elsewhere,
                "stands under a key in which Windows looks for none: it does not act",
                "stand under a key in which Windows looks for none: they do not act",
                ProblemKind::Malformed,
            ),
            (
                &aside.ignored,
                "has no version at its beginning: Windows ignores it",
                "have no version at their beginning: Windows ignores them",
                note_kind,
            ),
            (
                &aside.open,
                "does not end with a bar, so it may be cut off: it may match or not",
                "do not end with a bar, so they may be cut off: they may match or not",
                ProblemKind::Malformed,
            ),
            (
                &aside.replaced,
                "is replaced by a later value of the same name",
                "are replaced by later values of the same names",
                note_kind,
            ),
        ] {
            let text = c.rules(one, many);
            note(c, text, kind, None);
        }
    }
}

/// The text of a value; empty if it is none.
fn text_of<'a>(value: &Value<'a>) -> Cow<'a, str> {
    match &value.data {
        Data::Text(text) => text.value(),
        _ => Cow::Borrowed(""),
    }
}
