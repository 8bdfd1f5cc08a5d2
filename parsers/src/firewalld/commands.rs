//! A change as commands of firewall-cmd.

use super::build;
use super::own::{Act, Element, End, EndKind, Own, PortOf, Rich, Rules, Word};
use super::read::settled;
use crate::edit::{Change, EditError, List, ListRef, Position, RuleRef};
use crate::shell::posix as quoted;
use crate::source::Source;
use hylint_model::{Action, Body, Export, Rule, RuleOrigin, Span};
use hylint_space::{AddrSet, Family, PortSet, StateSet, proto};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Commands that a change may take.
const COMMANDS: usize = 64;

/// Takes what is stored into what runs.
const RELOAD: &str = "firewall-cmd --reload";

/// The commands of [`crate::input::CommandsFn`].
pub(super) fn commands(
    source: &Source,
    export: &Export,
    change: &Change,
) -> Result<Vec<String>, EditError> {
    let known = known(source);
    if known.own.cut || known.own.contradicted {
        return Err(EditError::Unsupported(
            "the zones are not shown whole, so that nothing tells what a rule changes",
        ));
    }
    let work = Work {
        source,
        export,
        own: &known.own,
        priorities: &known.priorities,
    };
    let mut lines = match change {
        Change::Insert { at, rule } => work.insert(*at, rule)?,
        Change::Remove(rule) => vec![work.remove(*rule)?],
        Change::Replace { old, new } => {
            let mut lines = work.insert(Position::Before(*old), new)?;
            lines.push(work.remove(*old)?);
            lines
        }
        Change::SetPolicy { .. } | Change::LetRulesDecide { .. } | Change::SetEnabled { .. } => {
            return Err(EditError::Unsupported("firewalld has no such setting"));
        }
    };
    if lines.len() > COMMANDS {
        return Err(EditError::Unsupported("the change takes too many commands"));
    }
    lines.push(RELOAD.to_owned());
    Ok(lines)
}

/// What a source says, for the commands of all its findings.
struct Known {
    path: String,
    text: String,
    parts: Vec<(Span, Arc<str>)>,
    own: Own,
    /// Of its rich rules, by where they begin and end.
    priorities: HashMap<(u32, u32), i32>,
}

thread_local! {
    /// The last source that was asked about: findings of one file come one after the other.
    static LAST: RefCell<Option<Rc<Known>>> = const { RefCell::new(None) };
}

fn known(source: &Source) -> Rc<Known> {
    let parts = || source.parts.iter().map(|p| (p.span, p.path.clone()));
    let same = |k: &&Rc<Known>| {
        k.path == source.path && k.text == source.text && parts().eq(k.parts.iter().cloned())
    };
    let last = LAST.with_borrow(|last| last.as_ref().filter(same).cloned());
    last.unwrap_or_else(|| {
        let own = settled(source);
        let zones = own.zones.iter().flat_map(|z| &z.rules.rich);
        let rich = zones.chain(own.policies.iter().flat_map(|p| &p.rules.rich));
        let priorities = rich.map(|r| ((r.span.start, r.span.end), r.priority));
        let new = Rc::new(Known {
            path: source.path.clone(),
            text: source.text.clone(),
            parts: parts().collect(),
            priorities: priorities.collect(),
            own,
        });
        LAST.set(Some(new.clone()));
        new
    })
}

struct Work<'a> {
    source: &'a Source,
    export: &'a Export,
    own: &'a Own,
    priorities: &'a HashMap<(u32, u32), i32>,
}

/// Whose rules are changed, as an option of firewall-cmd.
struct Whose(String);

/// Bytes of a zone's name in a command: firewalld takes fewer (`max_zone_name_len`).
const LONGEST: usize = 64;

impl Whose {
    fn command(&self, option: &str, value: &str) -> Result<String, EditError> {
        let value = match value {
            "" => String::new(),
            value => format!("={}", quoted(value)?),
        };
        Ok(format!(
            "firewall-cmd --permanent {} --{option}{value}",
            self.0
        ))
    }
}

impl Work<'_> {
    /// The zone or policy of a chain to which packets of a host come.
    fn whose(&self, list: ListRef) -> Result<Whose, EditError> {
        let List::Chain { table, chain } = list.list else {
            return Err(EditError::Missing);
        };
        let point = self
            .export
            .points
            .get(list.point)
            .ok_or(EditError::Missing)?;
        let Body::Netfilter(n) = &point.body else {
            return Err(EditError::Missing);
        };
        let table = n.tables().get(table).ok_or(EditError::Missing)?;
        let name = &*table.chains.get(chain).ok_or(EditError::Missing)?.name;
        let of_policy = |short: &str| name.strip_prefix(short);
        if let Some(policy) =
            of_policy("filter_IN_policy_").or_else(|| of_policy("filter_OUT_policy_"))
        {
            return Ok(Whose(format!("--policy={}", quoted(policy)?)));
        }
        let zone = name
            .strip_prefix("filter_IN_")
            .ok_or(EditError::Unsupported(
                "firewalld has no zone or policy for the rule",
            ))?;
        let names = build::names(self.own);
        let at = names.iter().position(|n| n == zone);
        let zone = at
            .and_then(|at| self.own.zones.get(at))
            .map_or(zone, |z| &z.name);
        if zone.len() > LONGEST {
            return Err(EditError::Unsupported(
                "no zone of firewalld has so long a name",
            ));
        }
        Ok(Whose(format!("--zone={}", quoted(zone)?)))
    }

    fn insert(&self, at: Position, rule: &Rule) -> Result<Vec<String>, EditError> {
        let list = at.list();
        let whose = self.whose(list)?;
        let unread = |r: &Rule| matches!(r.action, Action::Opaque(_)) && r.span.is_empty();
        if list
            .rules(self.export)
            .is_some_and(|all| all.iter().any(unread))
        {
            return Err(EditError::Unsupported(
                "a rule of the zone cannot be read, and may come first",
            ));
        }
        let index = match at {
            Position::Before(next) => next.index,
            Position::End(list) => list.rules(self.export).map_or(0, <[Rule]>::len),
        };
        let priority = self.priority(list, index);
        let verdict = match rule.action {
            Action::Allow => "accept",
            Action::Deny => "reject",
            _ => return Err(EditError::Unsupported("firewalld has no such action")),
        };
        let mut out = Vec::new();
        for clause in &rule.clauses {
            let b = &clause.space;
            let new = b.state.0 & StateSet::NEW.0 != 0;
            let plain = b.in_iface.is_full() && b.out_iface.is_full() && b.sport.is_full();
            if !clause.conditions.is_empty() || !new || !plain {
                return Err(EditError::Unsupported(
                    "firewall-cmd has no words for the rule",
                ));
            }
            for element in elements(&b.proto.iter().collect::<Vec<_>>(), &b.dport)? {
                let bare = b.src.is_any() && b.dst.is_any() && verdict == "accept" && priority == 0;
                if let Some((option, value)) = element.option.clone().filter(|_| bare) {
                    out.push(whose.command(option, &value)?);
                    continue;
                }
                for ends in ends(&b.src, &b.dst) {
                    let first = match priority {
                        0 => String::new(),
                        p => format!(" priority=\"{p}\""),
                    };
                    let text = format!("rule{first}{ends}{} {verdict}", element.rich);
                    out.push(whose.command("add-rich-rule", &text)?);
                }
            }
            if out.len() > COMMANDS {
                break;
            }
        }
        Ok(out)
    }

    /// The priority at which a rule comes before those that deny from an index on.
    fn priority(&self, list: ListRef, index: usize) -> i32 {
        let rules = list.rules(self.export).unwrap_or_default();
        let later = rules.iter().skip(index);
        let denies = later.filter(|r| r.action == Action::Deny && r.origin != RuleOrigin::Platform);
        let of = |r: &Rule| {
            let known = self.priorities.get(&(r.span.start, r.span.end));
            known.copied().unwrap_or(0)
        };
        match denies.map(of).min() {
            None => 0,
            // Those without a priority come behind each that has a negative one, and before each that has a positive one.
            Some(p) if p > 0 => 0,
            Some(p) => p.saturating_sub(1).max(-32768),
        }
    }

    fn all(&self) -> impl Iterator<Item = (String, &Rules, Option<Span>)> {
        let zones = self.own.zones.iter();
        let zones = zones.map(|z| ("zone", &z.name, &z.rules, z.target_at));
        let policies = self.own.policies.iter();
        let policies = policies.map(|p| ("policy", &p.name, &p.rules, p.target_at));
        zones.chain(policies).map(|(kind, name, rules, target)| {
            let name = quoted(name).unwrap_or_default();
            (format!("--{kind}={name}"), rules, Some(target))
        })
    }

    fn remove(&self, rule: RuleRef) -> Result<String, EditError> {
        let span = rule.find(self.export).ok_or(EditError::Missing)?.span;
        for (whose, rules, target) in self.all() {
            if whose.ends_with('=') {
                continue;
            }
            let whose = Whose(whose);
            if let Some((element, _)) = rules.items.iter().find(|(_, s)| *s == span) {
                let (option, value) = option(element);
                return whose.command(&format!("remove-{option}"), &value);
            }
            if let Some(rich) = rules.rich.iter().find(|r| r.span == span) {
                return whose.command("remove-rich-rule", &self.text(rich)?);
            }
            if target == Some(span) {
                return whose.command("set-target", "default");
            }
        }
        Err(EditError::Unsupported(
            "the rule is of no zone and no policy",
        ))
    }

    /// A rich rule as firewall-cmd takes it.
    fn text(&self, rich: &Rich) -> Result<String, EditError> {
        let own = self.source.slice(rich.span);
        if own.starts_with("rule") && !own.contains('\n') {
            return Ok(own.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
        }
        if rich.log.is_some() || rich.audit.is_some() {
            return Err(EditError::Unsupported(
                "the rule logs, in words that XML alone has",
            ));
        }
        let mut out = "rule".to_owned();
        if rich.priority != 0 {
            out.push_str(&format!(" priority=\"{}\"", rich.priority));
        }
        if let Some(w) = &rich.family {
            out.push_str(&format!(" family=\"{}\"", w.text));
        }
        for (name, end) in [("source", &rich.source), ("destination", &rich.destination)] {
            if let Some(End { not, kind, word }) = end {
                let key = match kind {
                    EndKind::Address => "address",
                    EndKind::Mac => "mac",
                    EndKind::IpSet => "ipset",
                };
                let not = if *not { " NOT" } else { "" };
                out.push_str(&format!(" {name}{not} {key}=\"{}\"", word.text));
            }
        }
        if let Some(e) = &rich.element {
            out.push_str(&said(e));
        }
        match &rich.act {
            Some(Act::Accept) => out.push_str(" accept"),
            Some(Act::Reject) => out.push_str(" reject"),
            Some(Act::Drop) => out.push_str(" drop"),
            Some(Act::Mark(w)) => out.push_str(&format!(" mark set=\"{}\"", w.text)),
            None => {}
        }
        if let Some(w) = &rich.limit {
            out.push_str(&format!(" limit value=\"{}\"", w.text));
        }
        Ok(out)
    }
}

/// An element of a rich rule.
fn said(e: &Element) -> String {
    let port = |name: &str, p: &PortOf| {
        format!(
            " {name} port=\"{}\" protocol=\"{}\"",
            p.port.text, p.protocol.text
        )
    };
    let word = |w: &Option<Word>, key: &str| {
        w.as_ref()
            .map_or_else(String::new, |w| format!(" {key}=\"{}\"", w.text))
    };
    match e {
        Element::Service(w) => format!(" service name=\"{}\"", w.text),
        Element::Port(p) => port("port", p),
        Element::SourcePort(p) => port("source-port", p),
        Element::ForwardPort(f) => format!(
            "{}{}{}",
            port("forward-port", &f.from),
            word(&f.to_port, "to-port"),
            word(&f.to_addr, "to-addr")
        ),
        Element::Protocol(w) => format!(" protocol value=\"{}\"", w.text),
        Element::IcmpBlock(w) => format!(" icmp-block name=\"{}\"", w.text),
        Element::IcmpType(w) => format!(" icmp-type name=\"{}\"", w.text),
        Element::Masquerade => " masquerade".into(),
        Element::MssClamp => " tcp-mss-clamp".into(),
    }
}

/// The option of firewall-cmd for an element, and its value.
fn option(e: &Element) -> (&'static str, String) {
    let port = |p: &PortOf| format!("{}/{}", p.port.text, p.protocol.text);
    match e {
        Element::Service(w) => ("service", w.text.to_string()),
        Element::Port(p) => ("port", port(p)),
        Element::SourcePort(p) => ("source-port", port(p)),
        Element::Protocol(w) => ("protocol", w.text.to_string()),
        Element::IcmpBlock(w) | Element::IcmpType(w) => ("icmp-block", w.text.to_string()),
        Element::Masquerade | Element::MssClamp => ("masquerade", String::new()),
        Element::ForwardPort(f) => {
            let word = |w: &Option<Word>| w.as_ref().map_or("", |w| &w.text).to_owned();
            let mut text = format!("port={}:proto={}", f.from.port.text, f.from.protocol.text);
            for (key, w) in [("toport", &f.to_port), ("toaddr", &f.to_addr)] {
                if w.is_some() {
                    text.push_str(&format!(":{key}={}", word(w)));
                }
            }
            ("forward-port", text)
        }
    }
}

/// What a new rule is about: an option where it stands alone, and words of a rich rule.
struct New {
    option: Option<(&'static str, String)>,
    rich: String,
}

fn elements(protocols: &[(u8, u8)], ports: &PortSet) -> Result<Vec<New>, EditError> {
    let unsupported = EditError::Unsupported("firewall-cmd has no words for the protocol");
    let mut out = Vec::new();
    let all = protocols.iter().flat_map(|(lo, hi)| *lo..=*hi);
    if protocols == [(0, u8::MAX)] {
        return match ports.is_full() {
            true => Ok(vec![New {
                option: None,
                rich: String::new(),
            }]),
            false => Err(unsupported),
        };
    }
    for number in all.take(COMMANDS) {
        let name = match number {
            proto::TCP => "tcp",
            proto::UDP => "udp",
            proto::SCTP => "sctp",
            proto::DCCP => "dccp",
            _ => "",
        };
        if name.is_empty() || ports.is_full() {
            if !ports.is_full() {
                return Err(unsupported);
            }
            out.push(New {
                option: Some(("add-protocol", number.to_string())),
                rich: format!(" protocol value=\"{number}\""),
            });
            continue;
        }
        for (lo, hi) in ports.iter() {
            let port = match lo == hi {
                true => lo.to_string(),
                false => format!("{lo}-{hi}"),
            };
            out.push(New {
                option: Some(("add-port", format!("{port}/{name}"))),
                rich: format!(" port port=\"{port}\" protocol=\"{name}\""),
            });
        }
    }
    Ok(out)
}

/// The ends of rich rules that together are these sets.
fn ends(src: &AddrSet, dst: &AddrSet) -> Vec<String> {
    if src.is_any() && dst.is_any() {
        return vec![String::new()];
    }
    let mut out = Vec::new();
    for family in Family::BOTH {
        let (from, to) = (src.only(family), dst.only(family));
        if from.is_empty() || to.is_empty() {
            continue;
        }
        let word = match family {
            Family::V4 => "ipv4",
            Family::V6 => "ipv6",
        };
        let each = |set: &AddrSet, name: &str| -> Vec<String> {
            match *set == AddrSet::any_of(family) {
                true => vec![String::new()],
                false => set
                    .prefixes()
                    .into_iter()
                    .take(COMMANDS + 1)
                    .map(|(a, len)| {
                        let whole = len == if a.is_ipv4() { 32 } else { 128 };
                        let len = if whole {
                            String::new()
                        } else {
                            format!("/{len}")
                        };
                        format!(" {name} address=\"{a}{len}\"")
                    })
                    .collect(),
            }
        };
        for a in each(&from, "source") {
            for b in each(&to, "destination") {
                out.push(format!(" family=\"{word}\"{a}{b}"));
            }
        }
    }
    out
}
