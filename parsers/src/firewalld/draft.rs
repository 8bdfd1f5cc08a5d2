//! The rules of a zone or a policy, each for the chain and the phase in which firewalld puts it.

use super::matches::{self, Match, Matches};
use super::own::{Act, Element, Forward, Rich, Rules, Word};
use super::ruleset::{Origin, OriginId, Ruleset};
use hylint_model::{Condition, ConditionKind, Field, Problem, ProblemKind, Side, Span, Test};
use hylint_space::Family;

/// The kind of chain that a rule is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Packets to this host, or those of a policy.
    Filter,
    /// Packets through this host.
    Forward,
    /// New destinations.
    NatPre,
    /// New sources.
    NatPost,
    /// Marks.
    Mangle,
}

/// Phases of a chain, in their order.
const PRE: u8 = 0;
const LOG: u8 = 1;
const DENY: u8 = 2;
const ALLOW: u8 = 3;
/// What a service may open whose ports are not known: what is surely open goes before it.
const UNKNOWN: u8 = 4;
const POST: u8 = 5;

const REJECT: &str = "reject with icmpx admin-prohibited";

/// A rule with its place.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub kind: Kind,
    pub phase: u8,
    pub priority: i32,
    pub text: String,
    pub origin: OriginId,
}

/// The rules of one zone or policy as they are made.
pub(super) struct Drafts<'a, 'o> {
    matches: &'a mut Matches<'o>,
    out: &'a mut Ruleset,
    problems: &'a mut Vec<Problem>,
    whose: String,
    drafts: Vec<Draft>,
}

impl<'a, 'o> Drafts<'a, 'o> {
    /// Rules of a zone or policy of this name.
    pub(super) fn new(
        matches: &'a mut Matches<'o>,
        out: &'a mut Ruleset,
        problems: &'a mut Vec<Problem>,
        whose: String,
    ) -> Self {
        Self {
            matches,
            out,
            problems,
            whose,
            drafts: Vec::new(),
        }
    }

    /// Those that were made.
    pub(super) fn done(self) -> Vec<Draft> {
        self.drafts
    }

    /// Makes them all. `zone`: they are of a zone.
    pub(super) fn of(&mut self, rules: &Rules, zone: bool) {
        for (element, span) in &rules.items {
            self.missing(element, *span);
            if let Err(why) = self.item(element, *span, rules.icmp_inversion.is_some()) {
                self.out.refused = true;
                self.unread(*span);
                self.refused(*span, why);
            }
        }
        for span in &rules.unread {
            self.unread(*span);
        }
        for rich in &rules.rich {
            if let Some(element) = &rich.element {
                self.missing(element, rich.span);
            }
            if let Err(why) = self.rich(rich, zone) {
                self.unread(rich.span);
                self.refused(rich.span, why);
            }
        }
    }

    /// What cannot be read may decide any packet of its zone or policy.
    fn unread(&mut self, span: Span) {
        for kind in [Kind::Filter, Kind::Forward] {
            let text = "a rule that cannot be read";
            let condition = Condition::new(ConditionKind::Unknown, Test::Opaque, span, text);
            let origin = self.out.origin(Origin {
                conditions: vec![condition],
                closing: true,
                opaque: Some(text.to_owned()),
                condition_at: span,
                ..Origin::default()
            });
            self.push((kind, PRE, i32::MIN), &Match::default(), "accept", origin);
        }
    }

    fn refused(&mut self, span: Span, why: String) {
        let problem = Problem::new(ProblemKind::Malformed, span, why);
        let problem = problem
            .help("firewalld does not take it: correct it, then `firewall-cmd --check-config`");
        self.problems.push(problem.dropped());
    }

    /// Says which services nothing defines.
    fn missing(&mut self, element: &Element, span: Span) {
        for name in self.matches.missing(element) {
            let at = match element {
                Element::Service(w) => w.span,
                _ => span,
            };
            let message = format!(
                "service `{name}` is not defined in the export: which ports it opens is not known"
            );
            let help = if is_plain(&name) {
                format!(
                    "put the output of `firewall-cmd --info-service={name}` or `/etc/firewalld/services/{name}.xml` beside this file"
                )
            } else {
                "put its file of `/etc/firewalld/services` beside this file".to_owned()
            };
            let problem = Problem::new(ProblemKind::Incomplete, at, message);
            self.problems.push(problem.help(help));
        }
    }

    fn origin(&mut self, span: Span, name: &str, fields: &[(Field, Span)], m: &Match) -> OriginId {
        // What it opens is not known, so nothing is said to be open.
        let unknown = m
            .conditions
            .iter()
            .find(|c| c.kind == ConditionKind::Unknown);
        self.out.origin(Origin {
            opaque: unknown.map(|c| c.text.to_string()),
            span,
            name: format!("{}: {name}", self.whose),
            fields: fields.to_vec(),
            conditions: m.conditions.clone(),
            ..Origin::default()
        })
    }

    fn push(
        &mut self,
        (kind, phase, priority): (Kind, u8, i32),
        m: &Match,
        verdict: &str,
        origin: OriginId,
    ) {
        let blank = if m.text.is_empty() { "" } else { " " };
        self.drafts.push(Draft {
            kind,
            phase,
            priority,
            text: format!("{}{blank}{verdict}", m.text),
            origin,
        });
    }

    fn item(&mut self, element: &Element, span: Span, turned: bool) -> Result<(), String> {
        let name = matches::words(element);
        let fields = matches::fields(element);
        let all = self.matches.element(element)?;
        for m in &all {
            let origin = self.origin(span, &name, &fields, m);
            match element {
                Element::IcmpBlock(_) | Element::IcmpType(_) => match turned {
                    true => self.push((Kind::Filter, ALLOW, 0), m, "accept", origin),
                    false => self.push((Kind::Filter, DENY, 0), m, REJECT, origin),
                },
                Element::ForwardPort(f) => {
                    let (family, to) = destination(f)?;
                    let m = Match::of(format!("meta nfproto {}", proto(family))).and(m);
                    self.push((Kind::NatPre, ALLOW, 0), &m, &to, origin);
                }
                Element::Masquerade => {
                    let m = Match::of("meta nfproto ipv4 oifname != \"lo\"");
                    self.push((Kind::NatPost, ALLOW, 0), &m, "masquerade", origin);
                }
                Element::MssClamp => {
                    let clamp = "tcp flags syn / syn tcp option maxseg size set rt mtu";
                    self.push((Kind::Forward, ALLOW, 0), m, clamp, origin);
                }
                Element::Service(_)
                | Element::Port(_)
                | Element::Protocol(_)
                | Element::SourcePort(_) => {
                    let phase = if is_unknown(m) { UNKNOWN } else { ALLOW };
                    self.push((Kind::Filter, phase, 0), m, "accept", origin);
                }
            }
        }
        Ok(())
    }

    fn rich(&mut self, rich: &Rich, zone: bool) -> Result<(), String> {
        let (prefix, mut families) = self.prefix(rich)?;
        let all = match &rich.element {
            Some(element) => self.matches.element(element)?,
            None => vec![Match::default()],
        };
        let mut fields: Vec<(Field, Span)> = rich
            .element
            .as_ref()
            .map(matches::fields)
            .unwrap_or_default();
        fields.extend(rich.source.as_ref().map(|e| (Field::Source, e.word.span)));
        fields.extend(
            rich.destination
                .as_ref()
                .map(|e| (Field::Destination, e.word.span)),
        );
        fields.push((
            Field::Action,
            if rich.act_span.is_empty() {
                rich.span
            } else {
                rich.act_span
            },
        ));
        let name = named(rich);
        if families.is_empty() {
            families.extend(Family::BOTH);
        }
        for m in &all {
            if !fits(&m.text, &families) {
                continue;
            }
            let m = prefix.clone().and(m);
            let origin = self.origin(rich.span, &name, &fields, &m);
            self.one(rich, zone, &m, origin)?;
        }
        Ok(())
    }

    /// The family and the ends of a rich rule.
    fn prefix(&mut self, rich: &Rich) -> Result<(Match, Vec<Family>), String> {
        let mut out = Match::default();
        let mut families = Vec::new();
        if let Some(word) = &rich.family {
            let family = match &*word.text {
                "ipv4" => Family::V4,
                "ipv6" => Family::V6,
                other => return Err(format!("unknown family `{other}`")),
            };
            families.push(family);
            out = Match::of(format!("meta nfproto {}", proto(family)));
        }
        let ends = [(&rich.destination, Side::Dst), (&rich.source, Side::Src)];
        for (end, side) in ends {
            let Some(end) = end else { continue };
            let (m, family) = self.matches.rich_end(end, side)?;
            if let (Some(own), Some(given)) = (family, families.first())
                && own != *given
            {
                return Err(format!(
                    "address `{}` is not of the family of the rule",
                    end.word.text
                ));
            }
            if families.is_empty() {
                families.extend(family);
            }
            out = out.and(&m);
        }
        Ok((out, families))
    }

    fn one(&mut self, rich: &Rich, zone: bool, m: &Match, origin: OriginId) -> Result<(), String> {
        let denies = matches!(rich.act, Some(Act::Reject | Act::Drop))
            || matches!(rich.element, Some(Element::IcmpBlock(_)));
        let phase = |zero: u8| match rich.priority {
            0 => zero,
            p if p < 0 => PRE,
            _ => POST,
        };
        let act = match (denies, is_unknown(m)) {
            (true, _) => phase(DENY),
            (false, true) => phase(UNKNOWN),
            (false, false) => phase(ALLOW),
        };
        let filter = match (&rich.act, zone) {
            // firewalld takes such a rule for packets to anywhere.
            (Some(Act::Mark(_)), true) => Kind::Forward,
            _ => Kind::Filter,
        };
        match &rich.element {
            Some(Element::ForwardPort(f)) => {
                let (family, to) = destination(f)?;
                let m = match rich.family {
                    Some(_) => m.clone(),
                    None => Match::of(format!("meta nfproto {}", proto(family))).and(m),
                };
                self.push((Kind::NatPre, act, rich.priority), &m, &to, origin);
                return Ok(());
            }
            Some(Element::Masquerade) => {
                let m = m.clone().and(&Match::of("oifname != \"lo\""));
                self.push(
                    (Kind::NatPost, act, rich.priority),
                    &m,
                    "masquerade",
                    origin,
                );
                return Ok(());
            }
            Some(Element::MssClamp) => {
                let clamp = "tcp flags syn / syn tcp option maxseg size set rt mtu";
                self.push((Kind::Forward, act, rich.priority), m, clamp, origin);
                return Ok(());
            }
            _ => {}
        }
        for log in [&rich.log, &rich.audit].into_iter().flatten() {
            let text = format!("{}log", limit(log.as_ref())?);
            self.push((filter, phase(LOG), rich.priority), m, &text, origin);
        }
        let limited = limit(rich.limit.as_ref())?;
        let verdict = match &rich.act {
            Some(Act::Accept) => "accept".to_owned(),
            Some(Act::Reject) => REJECT.to_owned(),
            Some(Act::Drop) => "drop".to_owned(),
            Some(Act::Mark(word)) => {
                let text = format!("{limited}{}", mark(&word.text)?);
                self.push((Kind::Mangle, act, rich.priority), m, &text, origin);
                return Ok(());
            }
            None if matches!(rich.element, Some(Element::IcmpBlock(_))) => REJECT.to_owned(),
            None => return Ok(()),
        };
        self.push(
            (filter, act, rich.priority),
            m,
            &format!("{limited}{verdict}"),
            origin,
        );
        Ok(())
    }
}

/// Whether it is what a service opens whose ports are not known.
fn is_unknown(m: &Match) -> bool {
    m.conditions
        .iter()
        .any(|c| c.kind == ConditionKind::Unknown)
}

/// A rich rule in words: what it is about, for whom, and what it does.
fn named(rich: &Rich) -> String {
    let mut out = "rich rule".to_owned();
    if let Some(element) = &rich.element {
        out.push_str(&format!(" {}", matches::words(element)));
    }
    for (word, end) in [("from", &rich.source), ("to", &rich.destination)] {
        if let Some(end) = end {
            let not = if end.not { "not " } else { "" };
            out.push_str(&format!(" {word} {not}{}", end.word.text));
        }
    }
    out.push_str(match &rich.act {
        Some(Act::Accept) => " accept",
        Some(Act::Reject) => " reject",
        Some(Act::Drop) => " drop",
        Some(Act::Mark(_)) => " mark",
        None => "",
    });
    out
}

/// Whether a match is of one of the families.
fn fits(text: &str, families: &[Family]) -> bool {
    let begins = |words: &[&str]| words.iter().any(|w| text.starts_with(w));
    let only = match () {
        () if begins(&["icmp type", "ip daddr"]) => Some(Family::V4),
        () if begins(&["icmpv6 type", "ip6 daddr"]) => Some(Family::V6),
        () => None,
    };
    only.is_none_or(|f| families.contains(&f))
}

const fn proto(family: Family) -> &'static str {
    match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    }
}

/// Where a forwarded port goes, and in which family.
fn destination(f: &Forward) -> Result<(Family, String), String> {
    let port = match &f.to_port {
        Some(w) => {
            Some(matches::ports(&w.text).ok_or_else(|| format!("invalid port `{}`", w.text))?)
        }
        None => None,
    };
    match (&f.to_addr, port) {
        (None, Some(port)) => Ok((Family::V4, format!("redirect to :{port}"))),
        (None, None) => Err("the forwarded port has no other port and no other host".into()),
        (Some(w), port) => {
            let (family, address) = matches::network(&w.text)
                .filter(|(_, text)| !text.contains('/'))
                .ok_or_else(|| format!("invalid address `{}`", w.text))?;
            let ip = matches::ip(family);
            let to = match (family, port) {
                (_, None) => address,
                (Family::V4, Some(port)) => format!("{address}:{port}"),
                (Family::V6, Some(port)) => format!("[{address}]:{port}"),
            };
            Ok((family, format!("dnat {ip} to {to}")))
        }
    }
}

/// `3/m`, `3/minute`.
fn limit(word: Option<&Word>) -> Result<String, String> {
    let Some(word) = word else {
        return Ok(String::new());
    };
    let wrong = || format!("invalid limit `{}`", word.text);
    let (rate, unit) = word.text.split_once('/').ok_or_else(wrong)?;
    let rate: u32 = rate.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
    let unit = match unit {
        "s" | "sec" | "second" => "second",
        "m" | "min" | "minute" => "minute",
        "h" | "hour" => "hour",
        "d" | "day" => "day",
        _ => return Err(wrong()),
    };
    Ok(format!("limit rate {rate}/{unit} "))
}

/// `0x1`, `1/0xff`.
fn mark(text: &str) -> Result<String, String> {
    let number = |t: &str| {
        let hex = t.strip_prefix("0x").or_else(|| t.strip_prefix("0X"));
        let n = match hex {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => t.parse(),
        };
        n.map_err(|_| format!("invalid mark `{text}`"))
    };
    match text.split_once('/') {
        Some((value, mask)) => Ok(format!(
            "meta mark set meta mark & 0x{:08x} ^ 0x{:08x}",
            number(mask)?,
            number(value)?
        )),
        None => Ok(format!("meta mark set 0x{:08x}", number(text)?)),
    }
}

/// Whether a name may stand in a command as it is; firewalld has no others.
pub(super) fn is_plain(name: &str) -> bool {
    let own = |c: char| c.is_alphanumeric() || "._-/".contains(c);
    !name.is_empty() && !name.starts_with('-') && name.chars().all(own)
}
