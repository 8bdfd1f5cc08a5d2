//! From the objects of a text to an export.

use super::asked::{Asked, Prints, Store};
use super::form::{COLLECT, FORM};
use super::found::Found;
use super::ipsec;
use super::join::{self, Joined};
use super::lost;
use super::network::Network;
use super::props::Prop;
use super::record::{Kind, Record};
use super::rule;
use super::settings::Beside;
use super::texts::Texts;
use super::words::{self, Origin};
use crate::input::Input;
use crate::lookalike::policy;
use crate::windows::collection::Collection;
use crate::windows::tell;
use hylint_model::{
    Companion, Condition, ConditionKind, Export, OtherPolicy, Problem, ProblemKind, Profiles, Span,
    Stores, Test,
};
use std::collections::BTreeSet;

/// Below this number of rules an export without any rule of one direction may just be short.
const MANY_RULES: usize = 50;

/// Reads a source.
pub(super) fn read(input: &Input<'_>) -> Export {
    let texts = Texts::of(input);
    let mut found = Found::default();
    texts.read(&mut found);
    let joined = join::join(&mut found);
    let mut host = Host {
        out: Collection::new(&FORM, input.depth),
        found: &found,
        counted: (0, 0),
    };
    host.rules(&joined);
    host.left(&joined);
    host.beside(&joined);
    host.gaps();
    host.marks();
    host.policy(&input.source.text);
    let mut export = host.out.finish(&input.source.text);
    crate::winnet::beside(&input.source.text, &mut export);
    export.problems.append(&mut found.problems);
    export.annotations.append(&mut found.annotations);
    export.problems.sort_by_key(|p| p.span);
    export
}

struct Host<'f, 'a> {
    out: Collection,
    found: &'f Found<'a>,
    /// Inbound and outbound rules.
    counted: (usize, usize),
}

/// The part of the firewall that a rule was printed from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// What is in effect.
    Effect,
    /// A store.
    Store,
    /// What it is from is not said; others beside it are in effect.
    Unsaid,
    /// Restrictions of services.
    Apart,
}

impl<'a> Host<'_, 'a> {
    fn store(&self, record: &Record<'_>) -> Option<Store> {
        self.found.contexts.get(record.context)?.store()
    }

    /// Which part of the firewall a rule is from. Only of what is in effect does Windows say where it is enforced.
    fn from(&self, record: &Record<'_>) -> From {
        let store = self.store(record);
        if store == Some(Store::Apart) || rule::origin(record) == Some(Origin::Apart) {
            return From::Apart;
        }
        let enforced = |r: &Record<'_>| {
            let words = r.get(Prop::Enforcement).map_or(&[][..], |c| c.words());
            words.iter().any(|w| !is_not_applicable(&w.text))
        };
        match store {
            Some(Store::Active) => From::Effect,
            None if enforced(record) => From::Effect,
            // A status that is lost or not there says nothing of the store.
            None => From::Unsaid,
            Some(_) => From::Store,
        }
    }

    fn rules(&mut self, joined: &Joined<'a>) {
        let parts: Vec<From> = joined.rules.iter().map(|r| self.from(r)).collect();
        let effective = parts.contains(&From::Effect) || self.found.active;
        self.out.has_rules |= self.found.active;
        let stated = joined.rules.iter().zip(&parts);
        let active = stated.filter(|(_, from)| **from == From::Effect);
        let active: BTreeSet<&str> = active.filter_map(|(r, _)| r.id()).collect();
        let of_policy = |r: &Record<'_>| rule::origin(r) == Some(Origin::Policy);
        let mixed = joined.rules.iter().any(of_policy) && !joined.rules.iter().all(of_policy);
        // Only what is in effect holds rules of policy and of the host together.
        let unsaid = joined.rules.iter().all(|r| self.store(r).is_none());
        self.out.effective = effective || mixed && unsaid;
        let mut apart: Vec<Span> = Vec::new();
        let mut stored: Vec<&Record<'a>> = Vec::new();
        for (record, from) in joined.rules.iter().zip(&parts) {
            match from {
                From::Apart => apart.push(record.span),
                From::Store if effective => stored.push(record),
                From::Unsaid if effective && is_of_store(record) => {
                    match record.id().is_some_and(|id| active.contains(id)) {
                        true => stored.push(record),
                        false => self.rule(record, true),
                    }
                }
                From::Store | From::Unsaid | From::Effect => self.rule(record, false),
            }
        }
        self.out
            .export
            .problems
            .extend(lost::problems(&joined.rules));
        self.apart(&apart);
        self.stored(&stored, joined);
        self.shared(&joined.shared);
        self.wholeness(joined);
    }

    /// Adds a rule; `idle` if it may be one of a store that is not in effect.
    fn rule(&mut self, record: &Record<'a>, idle: bool) {
        let of_store = match self.store(record) {
            Some(Store::Persistent) => Some(Origin::Local),
            Some(Store::Resultant | Store::Policy) => Some(Origin::Policy),
            _ => None,
        };
        let origin = rule::origin(record).or(of_store);
        let direction = record.one(Prop::Direction);
        match direction.and_then(|w| words::direction(&w.text)) {
            Some("In") => self.counted.0 += 1,
            Some(_) => self.counted.1 += 1,
            None => {
                self.counted.0 += 1;
                self.counted.1 += 1;
            }
        }
        let mut stated = rule::state(record, origin);
        if idle {
            let text = "EnforcementStatus NotApplicable";
            let open = Condition::new(ConditionKind::Unknown, Test::Passing, stated.head, text);
            stated.conditions.push(open);
        }
        self.out.add(&stated);
    }

    /// What may be missing may block whatever the rest allows.
    fn gaps(&mut self) {
        if !self.out.has_rules {
            return;
        }
        for (span, text) in &self.found.gaps {
            self.out.whole = (false, false);
            ipsec::unseen(*span, text, Profiles::ALL, None, &mut self.out);
        }
    }

    /// Restrictions of services are no rules of the host: a service needs an allow of both.
    fn apart(&mut self, rules: &[Span]) {
        let Some(first) = rules.first() else { return };
        let message = match rules.len() {
            1 => "1 rule restricts a service or is built into Windows (service hardening): it allows nothing that other rules do not".to_owned(),
            n => format!(
                "{n} rules restrict services or are built into Windows (service hardening): they allow nothing that other rules do not"
            ),
        };
        let problem = Problem::new(ProblemKind::Note, *first, message);
        self.out.export.problems.push(problem);
    }

    /// Rules of a store beside those in effect: the same ones, or ones that are not in effect.
    fn stored(&mut self, stored: &[&Record<'a>], joined: &Joined<'a>) {
        let active = joined.rules.iter().filter(|r| self.from(r) == From::Effect);
        let active: BTreeSet<&str> = active.filter_map(|r| r.id()).collect();
        let acts = |r: &&&Record<'a>| {
            let word = r.one(Prop::Enabled);
            word.and_then(|w| words::enabled(&w.text)) != Some("No")
        };
        let lacking = stored.iter().filter(acts);
        let lacking: Vec<&&Record<'a>> = lacking
            .filter(|r| r.id().is_none_or(|id| !active.contains(id)))
            .collect();
        if let Some(first) = lacking.first() {
            let rules = match lacking.len() {
                1 => "1 enabled rule of the host's own store is".to_owned(),
                n => format!("{n} enabled rules of the host's own store are"),
            };
            let message = format!("{rules} not in ActiveStore, so not in effect");
            let problem = Problem::new(ProblemKind::Note, first.span, message);
            self.out.export.problems.push(problem);
        }
    }

    fn shared(&mut self, rules: &[Span]) {
        let Some(first) = rules.first() else { return };
        let rules = match rules.len() {
            1 => "1 rule has".to_owned(),
            n => format!("{n} rules have"),
        };
        let message = format!(
            "{rules} an InstanceID with several different filters: which of them apply is not known"
        );
        let problem = Problem::new(ProblemKind::Malformed, *first, message);
        self.out.export.problems.push(problem.help(COLLECT));
    }

    /// Whether every rule of each direction is there.
    fn wholeness(&mut self, joined: &Joined<'a>) {
        let found = self.found;
        let asked = |r: &Record<'_>| found.contexts.get(r.context)?.asked.as_ref();
        let unasked = joined.rules.iter().any(|r| asked(r).is_none());
        let asked: Vec<&Asked> = joined.rules.iter().filter_map(asked).collect();
        if let Some(some) = asked.iter().find(|a| a.some) {
            let problem = tell::selected(some.span, FORM.full);
            self.out.export.problems.push(problem);
        }
        let total = joined.rules.len();
        let shows = |inbound: bool, count: usize| {
            let all = asked.iter().filter(|a| a.prints == Prints::Rules);
            let mut all = all.filter(|a| !a.some && a.inbound.is_none_or(|i| i == inbound));
            match asked.is_empty() {
                true => count > 0 || total < MANY_RULES,
                false => unasked || all.next().is_some(),
            }
        };
        let whole = (shows(true, self.counted.0), shows(false, self.counted.1));
        let told = asked.iter().any(|a| a.some);
        let first = joined.rules.first().map(|r| r.span);
        for (is, count, inbound) in [
            (whole.0, self.counted.0, true),
            (whole.1, self.counted.1, false),
        ] {
            if let Some(first) = first.filter(|_| !is && count == 0 && !told) {
                let problem = tell::left_out(inbound, first, FORM.full);
                self.out.export.problems.push(problem);
            }
        }
        self.out.whole = whole;
    }

    /// Filters that belong to no rule of the file.
    fn left(&mut self, joined: &Joined<'a>) {
        let (Some(first), Some(last)) = (joined.left.first(), joined.left.last()) else {
            return;
        };
        if !self.out.has_rules {
            let companion = Companion::WindowsFilters {
                span: first.to(*last),
            };
            self.out.export.companions.push(companion);
            return;
        }
        let filters = match joined.left.len() {
            1 => "1 filter belongs".to_owned(),
            n => format!("{n} filters belong"),
        };
        let message = format!("{filters} to no rule of the export by InstanceID");
        let problem = Problem::new(ProblemKind::Note, *first, message);
        self.out.export.problems.push(problem);
    }

    fn beside(&mut self, joined: &Joined<'a>) {
        let mut beside = Beside::of(&joined.beside, self.found);
        for settings in beside.settings.drain(..) {
            self.out.settings(settings);
        }
        let network = Network::of(&joined.beside, self.found);
        let companions = network.companions(&mut beside.problems);
        self.out.export.companions.extend(companions);
        self.out.export.problems.append(&mut beside.problems);
        for (kind, record) in &joined.beside {
            match kind {
                Kind::Proxy => self.proxy(record),
                Kind::Failed => self.failed(record),
                _ => {}
            }
        }
        for (text, span) in &self.found.proxies {
            self.out
                .proxies
                .add_all(crate::netsh::port_proxies(text), *span);
        }
        // Settings alone go to the rules of another file.
        if self.out.has_rules {
            for (profiles, inbound, span, text) in &beside.unknown {
                ipsec::unseen(*span, text, *profiles, *inbound, &mut self.out);
            }
        }
        ipsec::demands(&joined.beside, &mut self.out);
    }

    fn proxy(&mut self, record: &Record<'a>) {
        let word = |prop| record.one(prop).map_or("", |w| &*w.text);
        let line = format!(
            "add v4tov4 listenaddress={} listenport={} connectaddress={} connectport={}",
            word(Prop::ListenAddress),
            word(Prop::ListenPort),
            word(Prop::ConnectAddress),
            word(Prop::ConnectPort)
        );
        self.out
            .proxies
            .add_all(crate::netsh::port_proxies(&line), record.span);
    }

    /// A command that failed while the export was made.
    fn failed(&mut self, record: &Record<'a>) {
        let word = |prop| record.one(prop).map_or("", |w| &*w.text);
        let (command, failure) = (word(Prop::Command), word(Prop::Failure));
        let lower = format!("{command} {failure}").to_ascii_lowercase();
        let unseen = Unseen::of(&lower);
        let message = match command.is_empty() {
            true => "a command failed on the host: what it would have shown is not in the export"
                .to_owned(),
            false => format!(
                "`{}` failed on the host: what it would have shown is not in the export",
                crate::windows::build::clip(command)
            ),
        };
        // Without its rules nothing of the firewall is known.
        let kind = match unseen {
            Unseen::Rules => ProblemKind::Malformed,
            Unseen::Security | Unseen::Other => ProblemKind::Incomplete,
        };
        let problem = Problem::new(kind, record.span, message);
        let help = format!(
            "correct what it says and export again: {}",
            crate::windows::build::clip(failure)
        );
        self.out.export.problems.push(problem.help(help));
        let text = match unseen {
            Unseen::Rules => "the rules are not in the export",
            Unseen::Security => "connection security rules are not in the export",
            Unseen::Other => return,
        };
        if unseen == Unseen::Rules {
            self.out.whole = (false, false);
            self.out.has_rules = true;
            self.out.other_policy = OtherPolicy::Shown;
        }
        if self.out.has_rules {
            ipsec::unseen(record.span, text, Profiles::ALL, None, &mut self.out);
        }
    }

    /// The host and the time that the text names.
    fn marks(&mut self) {
        let own = |name: &str| {
            let first = name.split('.').next().unwrap_or(name);
            first.to_ascii_lowercase()
        };
        let is_address = |name: &str| name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let mut hosts = self.found.hosts.iter();
        if let Some((first, span)) = hosts.next() {
            self.out.export.host_name = Some((first.clone(), *span));
            // A short name may be that of the same host.
            let whole = |name: &str| is_address(name) || name.contains('.');
            let differ = |h: &str| match (is_address(h), is_address(first)) {
                (false, false) if whole(h) && whole(first) => !h.eq_ignore_ascii_case(first),
                (false, false) => own(h) != own(first),
                (true, true) => h != first,
                _ => false,
            };
            let other = hosts.find(|(h, _)| differ(h));
            if let Some((other, span)) = other {
                let problem = tell::several_hosts(first, other, *span);
                self.out.export.problems.push(problem);
                self.out.whole = (false, false);
                if self.out.has_rules {
                    let text = "rules of another host are in the file";
                    ipsec::unseen(*span, text, Profiles::ALL, None, &mut self.out);
                }
            }
        }
        self.out.export.exported_at.clone_from(&self.found.made);
    }

    /// What the text tells of Group Policy beside its rules.
    fn policy(&mut self, text: &str) {
        if self.out.effective || self.out.stores.has(Stores::POLICY) {
            return;
        }
        if self.out.other_policy == OtherPolicy::Unsaid {
            self.out.other_policy = policy::of(text);
        }
    }
}

/// What is not in an export because a command failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unseen {
    /// The rules that are in effect. Whatever is not known may be those.
    Rules,
    Security,
    Other,
}

impl Unseen {
    /// What a failed command, in lower case, would have shown.
    fn of(command: &str) -> Self {
        let has = |text: &str| command.contains(text);
        let others = [
            "persistentstore",
            "get-netfirewallprofile",
            "filter",
            "netconnectionprofile",
            "netipaddress",
            "netroute",
            "nettcpconnection",
            "netudpendpoint",
            "process",
            "win32_service",
            "dnsclient",
            "get-itemproperty",
            "portproxy",
        ];
        match () {
            () if has("ipsec") || has("consec") => Self::Security,
            () if has("get-netfirewallrule") && !has("persistentstore") => Self::Rules,
            () if others.iter().any(|o| has(o)) => Self::Other,
            () => Self::Rules,
        }
    }
}

/// Whether Windows says of a rule that it was read from a store that is not in effect.
fn is_of_store(record: &Record<'_>) -> bool {
    let words = record.get(Prop::Enforcement).map_or(&[][..], |c| c.words());
    !words.is_empty() && words.iter().all(|w| is_not_applicable(&w.text))
}

fn is_not_applicable(word: &str) -> bool {
    word.eq_ignore_ascii_case("NotApplicable") || word == "0"
}
