//! From the values of a registry to an export.

use super::aside::Aside;
use super::consec::{self, Consec};
use super::fields::{self, RuleText};
use super::key::{ControlSet, Part, Place, Store};
use super::mdm::{self, Mdm};
use super::profiles::AllSettings;
use super::rule::{self, Context, LOCAL, POLICY};
use super::scan::{self, Data, Scan, Value, Way, is_rule_text};
use super::state::{FORM, FULL};
use super::store::Registry;
use super::text::Text;
use crate::input::Input;
use crate::lookalike::policy;
use crate::windows::build::clip;
use crate::windows::collection::Collection;
use crate::windows::proxy::Row;
use crate::windows::stated::Stated;
use crate::windows::words::Label;
use hylint_model::{Export, OtherPolicy, Problem, ProblemKind, Span, Stores};
use hylint_space::Family;
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
        consec: Vec::new(),
        off: None,
        way: scan.way,
        end: match text.ends_with('\n') {
            true => usize::MAX,
            false => text.trim_end().len(),
        },
    };
    if let Some(json) = input.json() {
        reader.errors(json);
        if mdm::is_likely(text) {
            reader.mdm(mdm::read(json));
        }
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

/// How the text of a Registry.pol file begins ([`crate::pol`]).
pub(super) const POLICY_FILE: &str = "; Registry.pol";

struct Reader {
    out: Collection,
    settings: AllSettings,
    aside: Aside,
    consec: Vec<Consec>,
    /// Where the service of the firewall is disabled.
    off: Option<Span>,
    way: Way,
    /// Where the text ends inside a line.
    end: usize,
}

impl Reader {
    /// Names what is no JSON: a row may be cut off.
    fn errors(&mut self, json: &crate::json::Json<'_>) {
        let mut objects = crate::json::object::ObjectReader::default();
        objects.errors(json, Some("export again"));
        self.out.export.problems.append(&mut objects.problems);
    }

    /// The rules and settings of a policy of device management.
    fn mdm(&mut self, policy: Mdm<'_>) {
        self.out.stores = self.out.stores.union(Stores::POLICY);
        for rule in policy.rules {
            let name = rule.fields.iter().find(|f| f.name == "Name");
            let context = Context {
                span: rule.span,
                head: name.map_or(rule.span, |f| f.value.span),
                id: Cow::Borrowed(""),
                source: Some(POLICY),
                off_unless_said: false,
            };
            self.out.add(&rule::state(&rule.fields, context));
        }
        for (profile, name, number, span) in policy.settings {
            let problem = self
                .settings
                .set(Store::Mdm, profile, (&name, number), span);
            self.out.export.problems.extend(problem);
        }
        if let Some(span) = policy.unread.first() {
            let message =
                "settings of firewall profiles in an endpoint protection profile are not read";
            let problem = Problem::new(ProblemKind::Unmodelled, *span, message);
            let help =
                "export what is in effect on the host, with the output of `hylint collect windows`";
            self.out.export.problems.push(problem.help(help));
        }
    }

    fn read(&mut self, mut scan: Scan<'_>, text: &str) {
        self.out.export.annotations = std::mem::take(&mut scan.annotations);
        let hosts = std::mem::take(&mut scan.hosts);
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
            if let Place::Firewall(store, ..) = place {
                let message = "the line is no value, and may be one that is cut off";
                self.broken(Some(*store), *span, message);
            }
        }
        for span in &registry.unread {
            let message = "a rule string stands in a text that is not read: it may allow or block";
            self.broken(None, *span, message);
        }
        self.gaps(&registry, text);
        for host in hosts {
            if let Some((other, span)) = host.other {
                let first = host.first;
                let message = format!(
                    "the file has captures of several hosts, `{}` and `{}`: their rules cannot be told apart",
                    clip(&first),
                    clip(&other)
                );
                let help = "save the rows of each host to a file of their own";
                self.gap(span, message, help);
                break;
            }
        }
        self.out.security = consec::demands(&self.consec);
        self.stores(&registry, text);
        self.sets(&registry);
        let printed = self.way == Way::Printed;
        let mut settings = std::mem::take(&mut self.settings);
        if let Some(span) = self.off {
            settings.turn_off(span);
        }
        for windows in settings.finish(printed) {
            self.out.settings(windows);
        }
        let told = std::mem::take(&mut self.aside).told();
        self.out.export.problems.extend(told);
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
            Place::Firewall(store, Part::ConSec, _) => self.consec(store, value),
            Place::Service(_) => self.service(value),
            Place::Proxies(family) => self.proxy(family, value),
            Place::RestrictedHere if is_rule() => self.restriction(value),
            Place::Unresolved if is_rule() => {
                let message = "a rule stands under a key that is a variable, or is cut off: it may allow or block";
                self.broken(None, value.span, message);
            }
            Place::Defaults if is_rule() => self.aside.defaults.add(value.span),
            Place::Restricted if is_rule() => self.aside.restricted.add(value.span),
            Place::HyperV if is_rule() => self.aside.hyper_v.add(value.span),
            Place::Firewall(_, Part::Inert, _) | Place::Elsewhere if is_rule() => {
                self.aside.elsewhere.add(value.span);
            }
            _ => {}
        }
    }

    /// A port proxy: `0.0.0.0/3389` is the listener, `10.9.9.9/3389` where its connections go.
    fn proxy(&mut self, family: Family, value: &Value<'_>) {
        let to = text_of(value);
        if let (Some((listen, port)), Some((to, to_port))) =
            (value.name.value().split_once('/'), to.split_once('/'))
        {
            let row = Row {
                listen,
                port,
                to,
                to_port,
                family: Some(family),
            };
            self.out.proxies.add(&row, value.span);
        }
    }

    /// How the service `mpssvc` starts; 4 is disabled, and nothing is filtered then.
    fn service(&mut self, value: &Value<'_>) {
        let is_start = value.name.value().eq_ignore_ascii_case("Start");
        if is_start && value.data.number() == Some(4) {
            self.off = Some(value.span);
        }
    }

    /// A connection security rule.
    fn consec(&mut self, store: Store, value: &Value<'_>) {
        let message = "a connection security rule is cut off or malformed: it may demand IPsec";
        let text = match &value.data {
            Data::Text(text) => text,
            Data::Broken(_, span) => return self.broken(Some(store), *span, message),
            _ => return,
        };
        let split = fields::split(text);
        if let Some(span) = split.as_ref().and_then(|s| s.open) {
            self.broken(Some(store), span, message);
        }
        let read = split.and_then(|s| Consec::of(&s.fields, value.span));
        if read.as_ref().is_some_and(|r| !r.requires()) {
            self.out.idle_consec(value.span);
        }
        self.consec.extend(read);
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
                let message = format!("{why}, so the rule cannot be read: it may allow or block");
                let span = if span.is_empty() { value.span } else { *span };
                return self.broken(store, span, message);
            }
            Data::Number(..) | Data::Other(_) | Data::Deleted(_) | Data::Removed(_) => {
                if !value.name.value().is_empty() {
                    self.aside.typed.add(value.span);
                }
                return;
            }
        };
        let Some(split) = fields::split(text) else {
            let said = text.value();
            let at_end = value.span.end as usize >= self.end;
            if is_begun(&said) && (at_end || !said.trim().is_empty()) {
                let message = "the rule is cut off: it may allow or block";
                self.broken(store, value.span, message);
            } else if !said.trim().is_empty() {
                self.ignored(value.span);
            }
            return;
        };
        let named = split
            .fields
            .iter()
            .any(|f| f.name.eq_ignore_ascii_case("Name"));
        let at_end = value.span.end as usize >= self.end;
        if split.fields.is_empty() && split.odd.is_empty() || at_end && !named {
            return self.broken(
                store,
                value.span,
                "the rule is cut off: it may allow or block",
            );
        }
        if let Some(span) = split.open {
            self.aside.open.add(span);
        }
        let says = |f: &fields::Field<'_>| f.name.eq_ignore_ascii_case("Active");
        let block = |f: &fields::Field<'_>| {
            f.name.eq_ignore_ascii_case("Action") && f.value.text.eq_ignore_ascii_case("Block")
        };
        if split.open.is_none() && !split.fields.iter().any(|f| says(f) || block(f)) {
            self.aside.inactive.add(text.span());
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
            off_unless_said: split.open.is_none(),
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

    /// Something that is not read, and may be a rule.
    fn broken(&mut self, store: Option<Store>, span: Span, message: impl Into<Cow<'static, str>>) {
        self.open(store, span, message, "export again");
    }

    /// Names something that is not read, and keeps a rule of which nothing is known for it: it may allow or block.
    fn open(
        &mut self,
        store: Option<Store>,
        span: Span,
        message: impl Into<Cow<'static, str>>,
        help: &'static str,
    ) {
        let message: Cow<'static, str> = message.into();
        let start = span.start as usize;
        let span = match span.is_empty() {
            true => Span::new(start.saturating_sub(1), start.max(1)),
            false => span,
        };
        let mut stated = rule::unread(span);
        let source = match store {
            Some(Store::Policy | Store::Mdm) => Some(POLICY),
            Some(Store::Local) => Some(LOCAL),
            None => None,
        };
        if let Some(source) = source {
            stated.imply(Label::Source, source);
        }
        let stores = self.out.stores;
        self.out.add(&stated);
        if store.is_none() {
            self.out.stores = stores;
        }
        let problem = Problem::new(ProblemKind::Malformed, span, message);
        self.out.export.problems.push(problem.help(help));
    }

    /// Places at which the text is not whole.
    fn gaps(&mut self, registry: &Registry<'_>, text: &str) {
        for (why, span) in registry.gaps.iter().take(MOST_GAPS) {
            self.gap(
                *span,
                format!("{why}: rules may be missing"),
                "export again",
            );
        }
        if text.starts_with(POLICY_FILE)
            && let Some(at) = text.rfind(crate::pol::DAMAGED)
        {
            let line = text.get(at..).unwrap_or("").lines().next().unwrap_or("");
            let n = line.strip_prefix(crate::pol::DAMAGED).unwrap_or("");
            let message = format!(
                "the file ends in the middle of its record {}, or that has a wrong length: it and those after it are not read",
                clip(n)
            );
            let span = Span::new(at, at + line.len());
            self.gap(span, message, "export again");
            self.out.has_rules = true;
        }
        if let Some(span) = registry.unsure_set {
            let message = "control sets differ, and which of them Windows starts with is not exported (`Select\\Current`)";
            self.gap(span, message, "export again, with the key `Select`");
        }
    }

    /// Names a place at which rules are missing, or may be others: what the rest of them do is not proven.
    fn gap(&mut self, span: Span, message: impl Into<Cow<'static, str>>, help: &'static str) {
        let message: Cow<'static, str> = message.into();
        self.out.whole = (false, false);
        let problem = Problem::new(ProblemKind::Malformed, span, message);
        self.out.export.problems.push(problem.help(help));
    }

    /// A restriction of a service, which is not merged with the rules. One that blocks may keep packets from the service that
    /// the rules allow.
    fn restriction(&mut self, value: &Value<'_>) {
        self.aside.restricted.add(value.span);
        let text = text_of(value).to_ascii_lowercase();
        if !text.contains("|action=block|") || text.contains("|active=false|") {
            return;
        }
        let service = text.split('|').find_map(|f| f.strip_prefix("svc="));
        let message = format!(
            "a restriction of service `{}` blocks packets, and is not merged with the rules: whether it keeps out what they allow is not judged",
            clip(service.unwrap_or("*"))
        );
        let problem = Problem::new(ProblemKind::Incomplete, value.span, message);
        let help = "remove the restriction if the service has to be reached";
        self.out.export.problems.push(problem.help(help));
    }

    /// A port or program of the form of Windows XP. Windows takes those of policy for rules, and has made rules of the others
    /// when it was upgraded (Microsoft, "Windows Firewall: Define inbound port exceptions").
    fn old(&mut self, store: Store, value: &Value<'_>) {
        let text = text_of(value);
        // `3389:TCP:10.0.0.0/8:disabled:Name`
        let off = text
            .split(':')
            .any(|part| part.trim().eq_ignore_ascii_case("disabled"));
        if text.trim().is_empty() || off {
            return;
        }
        if store == Store::Local {
            return self.aside.old.add(value.span);
        }
        let what = match text.get(..60) {
            Some(head) => format!("{head}…"),
            None => text.into_owned(),
        };
        let message = format!(
            "exception `{what}` of policy in the form of Windows XP is not read: it may allow inbound packets"
        );
        let help = "make an inbound rule of it in the policy (Windows Defender Firewall with Advanced Security)";
        self.open(Some(store), value.span, message, help);
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
        let settings = registry
            .first(|place| matches!(place, Place::Firewall(Store::Policy, Part::Profile(_), _)));
        let whole = text.starts_with(POLICY_FILE) || registry.names_policy(text);
        if whole || registry.shows(rules(&[Store::Policy])) {
            self.out.stores = self.out.stores.union(Stores::POLICY);
            // The file of one policy tells nothing of others.
            self.out.has_rules |= !text.starts_with(POLICY_FILE);
        } else if let Some(span) = settings {
            self.out.other_policy = OtherPolicy::Shown;
            self.out.has_rules = true;
            let message = "settings of policy without the key of its rules: what Windows allows is not proven";
            let problem = Problem::new(ProblemKind::Incomplete, span, message);
            self.out.export.problems.push(problem.help(FULL));
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
}

/// More gaps of one file are not told.
const MOST_GAPS: usize = 20;

/// Whether a text is nothing, or how a rule string begins: `v2.3`.
fn is_begun(text: &str) -> bool {
    let rest = text.trim();
    let rest = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
    rest.len() < 8
        && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && rest.len() < text.trim().len().max(1)
}

/// The text of a value; empty if it is none.
fn text_of<'a>(value: &Value<'a>) -> Cow<'a, str> {
    match &value.data {
        Data::Text(text) => text.value(),
        _ => Cow::Borrowed(""),
    }
}
