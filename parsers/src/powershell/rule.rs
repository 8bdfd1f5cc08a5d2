//! From an object to what it states of a rule.

use super::cell::{Cell, Word};
use super::props::{Part, Prop};
use super::record::Record;
use super::words::{self, Origin};
use crate::windows::build::clip;
use crate::windows::narrow::{By, narrowed};
use crate::windows::stated::{Said, Stated};
use crate::windows::words::Label;
use hylint_model::{Condition, ConditionKind, Span, Test};
use hylint_space::proto;
use std::borrow::Cow;

/// Properties of filters, with the fields that they state.
const FIELDS: &[(Prop, Label)] = &[
    (Prop::Protocol, Label::Protocol),
    (Prop::LocalAddress, Label::LocalIp),
    (Prop::RemoteAddress, Label::RemoteIp),
    (Prop::LocalPort, Label::LocalPort),
    (Prop::RemotePort, Label::RemotePort),
];

/// Reads a word of an enumeration in the words of netsh.
type Read = fn(&str) -> Option<&'static str>;

/// Where a rule comes from, if its object says so.
pub(super) fn origin(record: &Record<'_>) -> Option<Origin> {
    let kind = record.one(Prop::StoreType);
    if let Some(origin) = kind.and_then(|w| words::origin(&w.text)) {
        return Some(origin);
    }
    let name = record
        .one(Prop::StoreName)
        .or_else(|| record.one(Prop::Store))?;
    Some(match &*name.text.to_ascii_lowercase() {
        "persistentstore" => Origin::Local,
        "staticservicestore" | "configurableservicestore" | "systemdefaults" => Origin::Apart,
        "activestore" | "none" | "" => return None,
        _ => Origin::Policy,
    })
}

/// What an object states of a rule. `origin` is where it comes from, if anything says so.
pub(super) fn state<'a>(record: &Record<'a>, origin: Option<Origin>) -> Stated<'a> {
    let mut state = State {
        record,
        out: Stated::new(record.span, head(record)),
    };
    state.texts();
    state.status();
    state.enums();
    state.source(origin);
    state.filters();
    state.narrowed();
    state.oddities();
    state.out
}

/// The place of the rule's name, else of its first property.
fn head(record: &Record<'_>) -> Span {
    let named = [Prop::DisplayName, Prop::Name, Prop::InstanceId];
    let place = |p: &Prop| record.get(*p).map(|c| c.span).filter(|s| !s.is_empty());
    named.iter().find_map(place).unwrap_or(record.span)
}

struct State<'a, 'r> {
    record: &'r Record<'a>,
    out: Stated<'a>,
}

impl<'a> State<'a, '_> {
    fn word(&self, prop: Prop) -> Option<&Word<'a>> {
        self.record.one(prop)
    }

    fn texts(&mut self) {
        let names = [Prop::DisplayName, Prop::Name, Prop::InstanceId];
        // The reference of a group is the same in every language, its name is not.
        let groups = [Prop::Group, Prop::DisplayGroup];
        for (label, props) in [
            (Label::Name, &names[..]),
            (Label::Group, &groups[..]),
            (Label::Description, &[Prop::Description][..]),
        ] {
            if let Some(w) = props.iter().find_map(|p| self.record.one(*p)) {
                self.out.set(label, w.text.clone(), w.span);
            }
        }
    }

    /// Windows says of a rule in effect why it does not act (Microsoft Learn, "MSFT_NetFirewallRule", EnforcementStatus).
    /// A profile that is not active, whose rules are optimized out, may be so later, and what a number says is not told apart.
    fn status(&mut self) {
        let enabled = self.word(Prop::Enabled);
        if enabled.and_then(|w| words::enabled(&w.text)) == Some("No") {
            return;
        }
        let harmless = [
            "Enforced",
            "Full",
            "NotApplicable",
            "ProfileInactive",
            "InactiveProfile",
            "DisabledInProfile",
            "OptimizedOut",
        ];
        let cell = self.record.get(Prop::Enforcement);
        let known = |w: &Word<'_>| {
            let word = w.text.trim();
            harmless.iter().any(|h| h.eq_ignore_ascii_case(word)) || word.parse::<u32>().is_ok()
        };
        let acts = cell.is_none_or(|c| c.words().is_empty() || c.words().iter().any(known));
        if let Some(cell) = cell.filter(|_| !acts) {
            let text = format!("EnforcementStatus {}", clip(&list(cell)));
            self.open(cell.span, text);
        }
        let failed = |w: &&Word<'_>| w.text.eq_ignore_ascii_case("Error") || w.text == "3";
        if let Some(w) = self.word(Prop::PrimaryStatus).filter(failed) {
            let span = w.span;
            self.open(span, "PrimaryStatus Error".to_owned());
        }
    }

    fn enums(&mut self) {
        let each: [(Prop, Label, Read); 4] = [
            (Prop::Enabled, Label::Enabled, words::enabled),
            (Prop::Direction, Label::Direction, words::direction),
            (Prop::Action, Label::Action, words::action),
            (Prop::Edge, Label::Edge, words::edge),
        ];
        for (prop, label, read) in each {
            let Some(cell) = self.record.get(prop) else {
                continue;
            };
            match cell.one() {
                Some(w) => {
                    let known = read(&w.text).map(Cow::Borrowed);
                    let text = known.unwrap_or_else(|| w.text.clone());
                    self.out.set(label, text, w.span);
                }
                None if cell.is_lost() && label == Label::Enabled => {
                    self.lost(label, "Yes", prop, cell)
                }
                None => {}
            }
        }
        let over = self.word(Prop::Override);
        let over = over.and_then(|w| Some((words::gpo_boolean(&w.text)?, w.span)));
        if let (Some((true, span)), "Allow") = (over, self.out.text(Label::Action)) {
            self.out.set(Label::Action, "Bypass", span);
        }
        let Some(cell) = self.record.get(Prop::Profile) else {
            return;
        };
        if cell.is_lost() {
            return self.lost(
                Label::Profiles,
                "Domain,Private,Public",
                Prop::Profile,
                cell,
            );
        }
        let text = match words::profiles(cell.words()) {
            Some(set) => words::profile_words(set),
            None if cell.is_empty() => return,
            None => list(cell),
        };
        self.out.set(Label::Profiles, text, cell.span);
    }

    fn source(&mut self, origin: Option<Origin>) {
        let place = self
            .record
            .get(Prop::StoreType)
            .or(self.record.get(Prop::StoreName));
        let span = place.map(|c| c.span).unwrap_or_default();
        match origin {
            Some(Origin::Local | Origin::Apart) => {
                self.out.set(Label::Source, "Local Setting", span)
            }
            Some(Origin::Policy) => self.out.set(Label::Source, "Group Policy Setting", span),
            None => {}
        }
    }

    /// What a lost value leaves open: the rule may match whatever the field could hold, or not.
    fn lost(&mut self, label: Label, any: &'static str, prop: Prop, cell: &Cell<'a>) {
        self.out.set(label, any, cell.span);
        self.open(cell.span, format!("{} is lost", prop.name()));
    }

    fn open(&mut self, span: Span, text: String) {
        let span = match span.is_empty() {
            true => self.out.head,
            false => span,
        };
        let condition = Condition::new(ConditionKind::Unknown, Test::Passing, span, text);
        self.out.conditions.push(condition);
    }

    /// Protocol, addresses and ports.
    fn filters(&mut self) {
        for (prop, label) in FIELDS {
            match self.record.get(*prop) {
                Some(cell) if cell.is_lost() => self.lost(*label, "Any", *prop, cell),
                Some(cell) if !cell.is_empty() => self.out.set(*label, list(cell), cell.span),
                _ => {}
            }
        }
        // What is cut off, or printed in one line, held these fields: that is told once for the file.
        if let Some(span) = self
            .record
            .lost
            .or(self.record.cut.then_some(self.record.span))
        {
            for (_, label) in FIELDS {
                self.out.imply(*label, "Any");
            }
            self.out.imply(Label::Enabled, "Yes");
            self.out.imply(Label::Profiles, "Domain,Private,Public");
            self.out.imply(Label::Security, "NotRequired");
            self.open(span, "a part of the rule is lost".to_owned());
            self.out.told = true;
        }
        self.icmp();
        self.unprinted();
    }

    /// Exports that are selected by hand mostly lack what few rules have: the address of the host, the port on the other
    /// side, users and interfaces. What such a rule names counts as written, under the assumption of brief exports; an end
    /// or a port of its service that is not exported is unknown.
    fn unprinted(&mut self) {
        let (service, other) = match self.out.text(Label::Direction) {
            "In" => (Label::LocalPort, Label::RemotePort),
            "Out" => (Label::RemotePort, Label::LocalPort),
            _ => return,
        };
        let there = |label| self.out.has(label);
        let protocol = self.out.text(Label::Protocol);
        let ported = ["TCP", "UDP", "6", "17"]
            .iter()
            .any(|p| p.eq_ignore_ascii_case(protocol));
        let known = there(Label::Protocol) && there(Label::RemoteIp) && (there(service) || !ported);
        let absent = |prop| self.record.get(prop).is_none();
        let of = |label| FIELDS.iter().find(|(_, l)| *l == label).map(|(p, _)| *p);
        let lacking: Vec<Label> = [Label::LocalIp, other]
            .into_iter()
            .filter(|l| !there(*l) && of(*l).is_some_and(absent))
            .collect();
        let said = |prop| self.record.get(prop).is_some_and(|c| !c.is_empty());
        let programs = said(Prop::Program) && said(Prop::Service);
        // Without these two, the rule may be for some interfaces alone.
        let interfaces = said(Prop::InterfaceType) && said(Prop::Alias);
        let lost = self.record.lost.is_some() || self.record.cut;
        let security = said(Prop::Authentication) && !lost;
        if known {
            for label in &lacking {
                self.out.imply(*label, "Any");
            }
        }
        // Without the security of a rule it is brief, whatever else is there.
        if security && (known && !lacking.is_empty() || !programs || !interfaces) {
            let span = self.out.head;
            let kind = ConditionKind::Local;
            let condition = Condition::new(kind, Test::Unprinted, span, "brief-export");
            self.out.conditions.push(condition);
        }
    }

    /// For protocols of no ports PowerShell prints a port keyword, which means nothing there.
    fn icmp(&mut self) {
        let protocol = self.word(Prop::Protocol).map(|w| &*w.text).unwrap_or("");
        let number = protocol.parse::<u8>().ok();
        let is_icmp = ["ICMPv4", "ICMPv6", "ICMP"]
            .iter()
            .any(|p| p.eq_ignore_ascii_case(protocol))
            || number.is_some_and(proto::is_icmp);
        let Some(cell) = self.record.get(Prop::Icmp) else {
            if is_icmp {
                self.open(self.out.head, "IcmpType is not exported".to_owned());
            }
            return;
        };
        match is_icmp {
            true if cell.is_lost() => self.open(cell.span, "IcmpType is lost".to_owned()),
            true if cell.is_empty() => {
                self.open(self.out.head, "IcmpType is not exported".to_owned());
            }
            true => {
                let rows = cell.words().iter();
                self.out.icmp = rows.map(|w| Said::new(w.text.clone(), w.span)).collect();
            }
            false => {}
        }
    }

    /// Programs, services, interfaces, users, security, and whatever else narrows a rule.
    fn narrowed(&mut self) {
        self.program();
        self.security();
        self.interfaces();
        for (prop, by) in [
            (Prop::Package, By::Package),
            (Prop::Family, By::Package),
            (Prop::AppId, By::AppId),
            (Prop::Owner, By::Owner),
            (Prop::LocalUser, By::LocalUser),
            (Prop::Keywords, By::DynamicKeyword),
            (Prop::Alias, By::Interface),
            (Prop::Dynamic, By::DynamicTarget),
        ] {
            self.narrow(prop, by);
        }
        let platform = self.record.get(Prop::Platform);
        if let Some(cell) = platform.filter(|c| !c.is_lost() && !words::is_every_platform(c)) {
            self.condition(cell, By::Platform);
        }
        let negated = self.record.get(Prop::Negated).filter(|c| !c.is_empty());
        let plain = |c: &Cell<'_>| c.one().and_then(|w| words::gpo_boolean(&w.text)) == Some(false);
        if let Some(cell) = negated.filter(|c| !plain(c)) {
            self.open(cell.span, "a filter is negated".to_owned());
        }
    }

    /// A property that narrows the rule unless it is empty or any.
    fn narrow(&mut self, prop: Prop, by: By) {
        let Some(cell) = self.record.get(prop) else {
            return;
        };
        // Of the enumeration of dynamic targets 0 is any.
        let any = |w: &Word<'_>| {
            w.text.eq_ignore_ascii_case("Any") || prop == Prop::Dynamic && w.text == "0"
        };
        if cell.is_lost() {
            self.open(cell.span, format!("{} is lost", prop.name()));
        } else if !cell.words().iter().any(any) && !cell.is_empty() {
            self.condition(cell, by);
        }
    }

    fn condition(&mut self, cell: &Cell<'a>, by: By) {
        let condition = narrowed(by, &list(cell), cell.span);
        self.out.conditions.push(condition);
    }

    /// `Any` is any process for both; `*` is any service, but only a service.
    fn program(&mut self) {
        for (prop, label) in [
            (Prop::Program, Label::Program),
            (Prop::Service, Label::Service),
        ] {
            let Some(cell) = self.record.get(prop) else {
                continue;
            };
            let Some(w) = cell.one() else {
                if cell.is_lost() {
                    self.open(cell.span, format!("{} is lost", prop.name()));
                }
                continue;
            };
            let any = w.text.eq_ignore_ascii_case("Any");
            match label {
                Label::Service if any => {}
                Label::Service if w.text == "*" => self.out.set(label, "Any", w.span),
                // As Windows itself writes it: `SYSTEM` for what the kernel listens to.
                Label::Program if w.text.eq_ignore_ascii_case("System") => {
                    self.out.set(label, "System", w.span);
                }
                _ => self.out.set(label, w.text.clone(), w.span),
            }
        }
    }

    fn security(&mut self) {
        let authentication = self.record.get(Prop::Authentication);
        let encryption = self.record.get(Prop::Encryption);
        for prop in [
            Prop::Authentication,
            Prop::Encryption,
            Prop::Override,
            Prop::RemoteMachine,
            Prop::RemoteUser,
        ] {
            if let Some(cell) = self.record.get(prop).filter(|c| c.is_lost()) {
                self.open(cell.span, format!("{} is lost", prop.name()));
            }
        }
        let encrypted = encryption.and_then(Cell::one);
        // Nothing is encrypted that is not authenticated.
        let demands = |w: &&Word<'_>| words::encryption(&w.text) != Some(None);
        let said = authentication.and_then(Cell::one);
        if let Some(w) = said.or(encrypted.filter(demands)) {
            let known = words::authentication(&w.text);
            let encrypted = encrypted.and_then(|e| {
                words::encryption(&e.text)
                    .flatten()
                    .or_else(|| words::encryption(&e.text).is_none().then_some("AuthEnc"))
            });
            let text = encrypted.or(known).map(Cow::Borrowed);
            let text = text.unwrap_or_else(|| w.text.clone());
            self.out.set(Label::Security, text, w.span);
        }
        let any = |w: &&Word<'_>| !w.text.eq_ignore_ascii_case("Any");
        let peers: Vec<&Word<'_>> = [Prop::RemoteMachine, Prop::RemoteUser]
            .iter()
            .filter_map(|p| self.record.one(*p))
            .filter(any)
            .collect();
        if let Some(first) = peers.first() {
            let texts: Vec<&str> = peers.iter().map(|w| &*w.text).collect();
            self.out.set(Label::Peers, texts.join(" "), first.span);
        }
    }

    fn interfaces(&mut self) {
        let Some(cell) = self.record.get(Prop::InterfaceType) else {
            return;
        };
        if cell.is_lost() {
            self.open(cell.span, "InterfaceType is lost".to_owned());
        } else if !cell.is_empty() {
            let text = words::interface_types(cell).map(Cow::Owned);
            let text = text.unwrap_or_else(|| list(cell));
            self.out.set(Label::Interfaces, text, cell.span);
        }
    }

    fn oddities(&mut self) {
        for odd in &self.record.odd {
            // What a script adds says the same in every rule.
            let text = format!("property `{}`", clip(&odd.name));
            let kind = ConditionKind::Unknown;
            let condition = Condition::new(kind, Test::Opaque, odd.span, text);
            self.out.conditions.push(condition);
        }
        for (prop, span) in &self.record.repeated {
            let label = FIELDS.iter().find(|(p, _)| p == prop).map(|(_, l)| *l);
            let own = match prop {
                Prop::Enabled => Some(Label::Enabled),
                Prop::Direction => Some(Label::Direction),
                Prop::Action => Some(Label::Action),
                Prop::Profile => Some(Label::Profiles),
                Prop::Program => Some(Label::Program),
                Prop::Service => Some(Label::Service),
                _ => None,
            };
            // What the other value says counts as well.
            match label.or(own) {
                Some(Label::Enabled) => self.out.set(Label::Enabled, "Yes", *span),
                Some(Label::Profiles) => {
                    self.out
                        .set(Label::Profiles, "Domain,Private,Public", *span);
                }
                Some(
                    label @ (Label::LocalIp
                    | Label::RemoteIp
                    | Label::LocalPort
                    | Label::RemotePort),
                ) => self.out.set(label, "Any", *span),
                _ => {}
            }
            match label.or(own) {
                Some(label) => self.out.repeated.push((label, *span)),
                None if prop.part() == Part::Filter => {
                    self.open(*span, format!("{} is printed twice", prop.name()));
                }
                None => {}
            }
        }
    }
}

/// The words of a value as one list.
fn list<'a>(cell: &Cell<'a>) -> Cow<'a, str> {
    match cell.words() {
        [one] => one.text.clone(),
        words => {
            let texts: Vec<&str> = words.iter().map(|w| &*w.text).collect();
            Cow::Owned(texts.join(","))
        }
    }
}
