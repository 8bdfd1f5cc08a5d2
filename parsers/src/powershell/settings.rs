//! Profiles, networks and addresses that stand beside rules.

use super::asked::Store as Asked;
use super::cell::{Cell, Word};
use super::found::Found;
use super::props::Prop;
use super::record::{Kind, Record};
use super::words;
use crate::windows::build::clip;
use hylint_model::{
    InboundPolicy, Problem, ProblemKind, ProfileSettings, Profiles, Span, Store, WindowsProfiles,
};

/// What stands beside rules.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// By store, in the order of the text.
    pub(super) settings: Vec<WindowsProfiles>,
    /// Settings that cannot be read: of which profiles, of inbound packets alone or outbound ones alone.
    pub(super) unknown: Vec<(Profiles, Option<bool>, Span, String)>,
    /// Names of the host's interfaces.
    interfaces: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

impl Beside {
    /// Takes the objects that are no rules and no filters.
    pub(super) fn of(all: &[(Kind, Record<'_>)], found: &Found<'_>) -> Self {
        let mut out = Self::default();
        let known = all.iter().filter(|(k, _)| *k == Kind::Address);
        let names = known.filter_map(|(_, r)| r.one(Prop::Alias));
        out.interfaces = names.map(|w| w.text.to_lowercase()).collect();
        for (kind, record) in all {
            match kind {
                Kind::Profile => out.profile(record, found),
                Kind::Setting => out.active(record.get(Prop::ActiveProfile), words::profiles),
                // Another network, which the command leaves out, may have another profile.
                Kind::Connection if is_part(record, found) => out.part(record),
                Kind::Connection => out.active(record.get(Prop::Category), |words| {
                    words::category(&words.first()?.text)
                }),
                _ => {}
            }
        }
        out
    }

    /// Tells once that a listing shows some of the networks.
    fn part(&mut self, record: &Record<'_>) {
        let told = self.problems.iter().any(|p| p.message == PART);
        if record.get(Prop::Category).is_some() && !told {
            let problem = Problem::new(ProblemKind::Note, record.span, PART);
            self.problems
                .push(problem.help("save the output of `Get-NetConnectionProfile`"));
        }
    }

    fn profile(&mut self, record: &Record<'_>, found: &Found<'_>) {
        let name = record.one(Prop::Name).or_else(|| record.one(Prop::Profile));
        let name = name.or_else(|| record.one(Prop::InstanceId));
        let of = |w: &Word<'_>| {
            let number = words::profiles(std::slice::from_ref(w));
            let last = w.text.rsplit('|').next().unwrap_or_default();
            words::profile(last).or(number.filter(|p| p.name().is_some()))
        };
        let Some(which) = name.and_then(of) else {
            let message = "settings of a profile without its name: they are not used";
            self.problems
                .push(Problem::new(ProblemKind::Malformed, record.span, message));
            return;
        };
        let mut new = ProfileSettings {
            span: record.span,
            ..ProfileSettings::default()
        };
        let mut read = Read {
            record,
            problems: &mut self.problems,
            unknown: Vec::new(),
        };
        new.enabled = read.boolean(Prop::Enabled);
        new.local_rules = read.boolean(Prop::AllowLocal);
        let inbound = read.allows(Prop::DefaultInbound);
        let rules = read.boolean(Prop::AllowInbound);
        new.inbound = match (rules, inbound) {
            (Some((false, span)), _) => Some((InboundPolicy::BlockAlways, span)),
            (_, Some((true, span))) => Some((InboundPolicy::Allow, span)),
            (_, Some((false, span))) => Some((InboundPolicy::Block, span)),
            (_, None) => None,
        };
        new.outbound_allow = read.allows(Prop::DefaultOutbound);
        let unknown = std::mem::take(&mut read.unknown);
        let each = unknown.into_iter().map(|(prop, span)| {
            let inbound = match prop {
                Prop::DefaultOutbound => Some(false),
                Prop::DefaultInbound | Prop::AllowInbound => Some(true),
                _ => None,
            };
            let text = format!("{} of the profile is not known", prop.name());
            (which, inbound, span, text)
        });
        self.unknown.extend(each);
        self.disabled(record, &mut new);
        let store = store(record, found, &new);
        self.put(store, which, new);
    }

    /// Interfaces on which the firewall filters nothing. If they are the host's, or its own are not known, the profile is off.
    fn disabled(&mut self, record: &Record<'_>, new: &mut ProfileSettings) {
        let Some(cell) = record.get(Prop::Disabled).filter(|c| !c.is_empty()) else {
            return;
        };
        let none = |w: &Word<'_>| {
            let text = w.text.trim();
            text.is_empty() || words::is_unset(text, "0") || text == "{}"
        };
        if !cell.is_lost() && cell.words().iter().all(none) {
            return;
        }
        let own = |w: &Word<'_>| {
            let name = w.text.trim().to_lowercase();
            self.interfaces.contains(&name) || name == "any"
        };
        let unsure = cell.is_lost() || self.interfaces.is_empty();
        if unsure || cell.words().iter().any(own) {
            new.enabled = Some((false, cell.span));
        }
        let names: Vec<&str> = cell.words().iter().map(|w| &*w.text).collect();
        let message = format!(
            "Windows Firewall filters nothing on interfaces that DisabledInterfaceAliases names: `{}`",
            clip(&names.join(", "))
        );
        let problem = Problem::new(ProblemKind::Disputed, cell.span, message);
        let help = "set it back: `Set-NetFirewallProfile -DisabledInterfaceAliases NotConfigured`";
        self.problems
            .push(problem.help(help).label("filters nothing there"));
    }

    fn put(&mut self, store: Store, which: Profiles, new: ProfileSettings) {
        let at = self.settings.iter().position(|s| s.store == store);
        let at = at.unwrap_or_else(|| {
            self.settings.push(WindowsProfiles {
                store,
                span: new.span,
                ..WindowsProfiles::default()
            });
            self.settings.len() - 1
        });
        let Some(all) = self.settings.get_mut(at) else {
            return;
        };
        all.span = all.span.to(new.span);
        let slots = Profiles::EACH.iter().zip(&mut all.profiles);
        for (_, slot) in slots.filter(|((p, _), _)| *p == which) {
            if let Some(before) = slot.as_ref().filter(|b| !b.agree(&new)) {
                let message =
                    "the profile has two different sets of settings: the later one is used";
                let problem = Problem::new(ProblemKind::Malformed, before.span, message);
                let help = "export the profiles once, after the last change";
                self.problems.push(problem.help(help));
            }
            let before = slot.take().unwrap_or_default();
            *slot = Some(new.clone().or(before));
        }
    }

    /// The profiles of the networks that the host is connected to.
    fn active(&mut self, cell: Option<&Cell<'_>>, read: impl Fn(&[Word<'_>]) -> Option<Profiles>) {
        let Some(cell) = cell else { return };
        if cell.is_empty() {
            return;
        }
        let now = read(cell.words()).filter(|p| p.0 != 0).unwrap_or_else(|| {
            let text = cell.words().first().map_or("", |w| &*w.text);
            let message = format!(
                "unknown value `{}` of a network's category: which profile is active is not known",
                clip(text)
            );
            let problem = Problem::new(ProblemKind::Malformed, cell.span, message);
            self.problems.push(problem.help(super::form::COLLECT));
            Profiles::ALL
        });
        let slot = self.settings.iter_mut().find_map(|s| s.active.as_mut());
        match slot {
            Some((all, _)) => *all = all.union(now),
            None => self.settings.push(WindowsProfiles {
                active: Some((now, cell.span)),
                span: cell.span,
                ..WindowsProfiles::default()
            }),
        }
    }
}

const PART: &str =
    "the command shows some of the networks: which profiles are active is not known from it";

/// Whether a command picked some of the objects.
fn is_part(record: &Record<'_>, found: &Found<'_>) -> bool {
    let context = found.contexts.get(record.context);
    let asked = context.and_then(|c| c.asked.as_ref());
    asked.is_some_and(|a| a.some)
}

/// The store that settings are of. Only policy, or what is in effect, has a value for whether local rules act.
fn store(record: &Record<'_>, found: &Found<'_>, settings: &ProfileSettings) -> Store {
    let context = found.contexts.get(record.context);
    let name = record.one(Prop::Store).map(|w| Asked::named(&w.text));
    match name.or_else(|| context?.store()) {
        Some(Asked::Active) => Store::Effective,
        Some(Asked::Persistent) => Store::Local,
        Some(Asked::Resultant | Asked::Policy) => Store::Policy,
        Some(Asked::Apart) | None if settings.local_rules.is_some() => Store::Effective,
        Some(Asked::Apart) | None => Store::Local,
    }
}

struct Read<'r, 'a> {
    record: &'r Record<'a>,
    problems: &'r mut Vec<Problem>,
    /// Settings whose value is not known.
    unknown: Vec<(Prop, Span)>,
}

impl Read<'_, '_> {
    /// A setting that is on or off; none if nobody configured it.
    fn boolean(&mut self, prop: Prop) -> Option<(bool, Span)> {
        self.setting(prop, "2", words::gpo_boolean)
    }

    /// Whether packets that no rule decides pass.
    fn allows(&mut self, prop: Prop) -> Option<(bool, Span)> {
        self.setting(prop, "0", |word| match words::action(word)? {
            "Allow" => Some(true),
            "Block" => Some(false),
            _ => None,
        })
    }

    fn setting(
        &mut self,
        prop: Prop,
        unset: &str,
        read: impl Fn(&str) -> Option<bool>,
    ) -> Option<(bool, Span)> {
        let cell = self.record.get(prop)?;
        let said = cell.one();
        let value = said.and_then(|w| read(&w.text));
        if value.is_none()
            && !cell.is_empty()
            && !said.is_some_and(|w| words::is_unset(&w.text, unset))
        {
            let text = said.map_or("", |w| &*w.text);
            let message = format!(
                "unknown value `{}` of {}: the setting of the profile is unknown",
                clip(text),
                prop.name()
            );
            let problem = Problem::new(ProblemKind::Malformed, cell.span, message);
            self.problems.push(problem.help(super::form::COLLECT));
            self.unknown.push((prop, cell.span));
        }
        Some((value?, cell.span))
    }
}
