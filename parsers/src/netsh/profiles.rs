//! Profile settings: `netsh advfirewall show allprofiles`, `currentprofile`, `domainprofile` and so on.
//!
//! A heading with a colon, a ruler, then lines of label and value that only blanks part. The policy's value and most labels
//! are never translated; the state's label and value are.

use super::lines::Line;
use crate::windows::vocab::{Entry, Vocabulary};
use crate::windows::words::{Class, Word};
use hylint_model::{
    InboundPolicy, Problem, ProblemKind, ProfileSettings, Profiles, Span, WindowsProfiles, reworded,
};

/// What a section is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Settings of a profile, by its index.
    Settings(usize),
    /// A profile that is active: the section names its network.
    Active(Profiles),
    /// A heading that no vocabulary has.
    Unknown,
    /// Settings that do not matter here (logging, global settings).
    Other,
}

/// An open section.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) kind: Kind,
    heading: Span,
    settings: ProfileSettings,
    /// Lines after the ruler.
    lines: usize,
}

/// The section that a heading opens, if it is one.
pub(super) fn heading(v: &Vocabulary, label: &str) -> Option<Kind> {
    let index = |e: Entry<Word>| match e.meaning {
        Word::Domain => Some(0),
        Word::Private => Some(1),
        Word::Public => Some(2),
        _ => None,
    };
    if let Some(at) = v.word(Class::Header, label).and_then(index) {
        return Some(Kind::Settings(at));
    }
    if let Some(at) = v.word(Class::Active, label).and_then(index) {
        return Some(Kind::Active(Profiles(1 << at)));
    }
    // Nothing rests on a section of another kind.
    v.hint(Class::Section, label).map(|_| Kind::Other)
}

impl Section {
    pub(super) fn open(kind: Kind, line: &Line<'_>) -> Self {
        Self {
            kind,
            heading: line.span(),
            settings: ProfileSettings {
                span: line.span(),
                ..ProfileSettings::default()
            },
            lines: 0,
        }
    }

    /// Reads one line of the section.
    pub(super) fn line(&mut self, v: &Vocabulary, line: &Line<'_>, problems: &mut Vec<Problem>) {
        self.lines += 1;
        let (label, value) = columns(line.text);
        let span = value_span(line, value);
        if self.kind == Kind::Unknown {
            if policy(value).is_some() {
                problems.push(unknown_heading(self.heading));
                self.kind = Kind::Other;
            }
            return;
        }
        let Kind::Settings(_) = self.kind else { return };
        let setting = v.word(Class::Setting, label).map(|e| e.meaning);
        if let Some((inbound, outbound)) = policy(value) {
            self.settings.inbound = inbound.map(|p| (p, span));
            self.settings.outbound_allow = outbound.map(|p| (p, span));
        } else if setting == Some(Word::LocalRules) {
            self.switch(v, value, span, problems);
        } else if setting == Some(Word::State) || self.lines == 1 && !value.is_empty() {
            self.state(v, value, span, problems);
        } else if setting == Some(Word::Policy) && !unset(v, value) {
            problems.push(unknown_value("Firewall Policy", value, span));
        } else {
            return;
        }
        self.settings.span = self.settings.span.to(line.span());
    }

    fn state(&mut self, v: &Vocabulary, value: &str, span: Span, problems: &mut Vec<Problem>) {
        match v.word(Class::State, value) {
            Some(e) => {
                self.settings.enabled = Some((e.meaning == Word::On, span));
            }
            None if unset(v, value) => {}
            None => problems.push(unknown_value("State", value, span)),
        }
    }

    fn switch(&mut self, v: &Vocabulary, value: &str, span: Span, problems: &mut Vec<Problem>) {
        match v.word(Class::Switch, value).map(|e| e.meaning) {
            Some(Word::Enable) => self.settings.local_rules = Some((true, span)),
            Some(Word::Disable) => self.settings.local_rules = Some((false, span)),
            _ if unset(v, value) => {}
            _ => problems.push(unknown_value("LocalFirewallRules", value, span)),
        }
    }

    /// The settings with what an earlier section of the same profile said (`show currentprofile` beside `allprofiles`).
    fn merged(&self, before: ProfileSettings, problems: &mut Vec<Problem>) -> ProfileSettings {
        let new = self.settings.clone();
        let (enabled, a) = later(before.enabled, new.enabled);
        let (inbound, b) = later(before.inbound, new.inbound);
        let (outbound_allow, c) = later(before.outbound_allow, new.outbound_allow);
        let (local_rules, d) = later(before.local_rules, new.local_rules);
        if a || b || c || d {
            let message =
                "the settings of the profile stand here twice and differ; the later ones are used";
            let message = reworded(
                "the profile has two different sets of settings: the later one is used",
                message,
            );
            let problem = Problem::new(ProblemKind::Malformed, self.heading, message);
            problems.push(problem.help("export the profiles once, after the last change"));
        }
        ProfileSettings {
            enabled,
            inbound,
            outbound_allow,
            local_rules,
            span: new.span,
        }
    }

    /// Adds what was read to the host's profiles.
    pub(super) fn close(
        self,
        into: &mut WindowsProfiles,
        active: bool,
        problems: &mut Vec<Problem>,
    ) {
        let span = self.settings.span;
        let whole = if into.span.is_empty() {
            span
        } else {
            into.span.to(span)
        };
        let now = match self.kind {
            Kind::Settings(at) => {
                if let Some(slot) = into.profiles.get_mut(at) {
                    let before = slot.take().unwrap_or_default();
                    *slot = Some(self.merged(before, problems));
                }
                active.then_some(Profiles(1 << at))
            }
            Kind::Active(profile) => Some(profile),
            Kind::Unknown | Kind::Other => return,
        };
        into.span = whole;
        if let Some(profile) = now {
            let (set, place) = into.active.unwrap_or((Profiles(0), self.heading));
            into.active = Some((Profiles(set.0 | profile.0), place));
        }
    }
}

/// The later of two values; whether they differ.
fn later<T: PartialEq>(
    old: Option<(T, Span)>,
    new: Option<(T, Span)>,
) -> (Option<(T, Span)>, bool) {
    let differ = matches!((&old, &new), (Some(a), Some(b)) if a.0 != b.0);
    (new.or(old), differ)
}

/// Label and value of a settings line: parted by two blanks or a tab, else by the last blank.
fn columns(text: &str) -> (&str, &str) {
    let parted = text
        .split_once("  ")
        .or_else(|| text.split_once('\t'))
        .or_else(|| text.rsplit_once(' '));
    let (label, value) = parted.unwrap_or((text, ""));
    (
        label.trim().trim_end_matches([':', '：']).trim_end(),
        value.trim(),
    )
}

fn value_span(line: &Line<'_>, value: &str) -> Span {
    let end = line.start + line.text.len();
    Span::new(end.saturating_sub(value.len()), end)
}

type Policy = (Option<InboundPolicy>, Option<bool>);

/// `BlockInbound,AllowOutbound` and its kin; either half may be `NotConfigured`.
fn policy(value: &str) -> Option<Policy> {
    let (inbound, outbound) = value.split_once(',')?;
    let inbound = match inbound.trim() {
        "BlockInbound" => Some(InboundPolicy::Block),
        "AllowInbound" => Some(InboundPolicy::Allow),
        "BlockInboundAlways" => Some(InboundPolicy::BlockAlways),
        "NotConfigured" => None,
        _ => return None,
    };
    let outbound = match outbound.trim() {
        "AllowOutbound" => Some(true),
        "BlockOutbound" => Some(false),
        "NotConfigured" => None,
        _ => return None,
    };
    Some((inbound, outbound))
}

/// Whether a settings line holds a firewall policy, in any language.
pub(super) fn is_policy_line(text: &str) -> bool {
    policy(columns(text).1).is_some()
}

/// `NotConfigured`, or `N/A` with the remark that only a Group Policy store has the setting.
fn unset(v: &Vocabulary, value: &str) -> bool {
    value.starts_with("N/A")
        || v.word(Class::Switch, value)
            .is_some_and(|e| e.meaning == Word::Unset)
}

fn unknown_value(setting: &str, value: &str, span: Span) -> Problem {
    let value = crate::windows::build::clip(value);
    Problem::new(
        ProblemKind::Malformed,
        span,
        reworded(
            format!("unknown value `{value}` of {setting}: the setting of the profile is unknown"),
            format!(
                "`{value}` is no known value of {setting}, so the profile's setting is not known"
            ),
        ),
    )
    .help(super::state::ENGLISH)
}

fn unknown_heading(span: Span) -> Problem {
    Problem::new(
        ProblemKind::Malformed,
        span,
        reworded(
            "unknown profile in the heading: its settings are not used",
            "the heading names no known profile, so its settings are not used",
        ),
    )
    .help(super::state::ENGLISH)
}
