//! The view of an export that `inspect --format json` writes.

use super::facts::{FactView, facts};
use super::zones;
use crate::lints::place;
use crate::load::{LoadedExport, Unmodelled, unmodelled};
use crate::rules::platform;
use hylint_model::{
    Action, Body, Clause, Condition, DefaultOrigin, DefaultVerdict, Field, InboundPolicy, Nat,
    NatKind, Netfilter, Point, ProfileSettings, Profiles, Rule, RuleList, Table, WindowsProfiles,
};
use hylint_parsers::source::Source;
use hylint_parsers::{firewalld, nft};
use hylint_space::{AddrSet, Family, PortSet, ProtoSet, StateSet, proto};
use serde::Serialize;

/// What `inspect --format json` writes.
#[derive(Serialize, Debug)]
pub struct Inspection {
    /// Format id.
    pub format: &'static str,
    /// Encoding.
    pub encoding: &'static str,
    /// In file order.
    pub points: Vec<PointView>,
    /// What stands beside rules, by line.
    pub facts: Vec<FactView>,
    /// What is not in the model as written, by line.
    pub unmodelled: Vec<UnmodelledView>,
}

/// A point.
#[derive(Serialize, Debug)]
pub struct PointView {
    /// Name, else id, else the file's path.
    pub name: String,
    /// As in [`hylint_model::PointKind`].
    pub kind: &'static str,
    /// `ipv4`, `ipv6` or `both`.
    pub family: &'static str,
    /// Connection tracking.
    pub stateful: bool,
    /// Packets to the guarded hosts; null for netfilter.
    pub ingress: Option<ListView>,
    /// Packets from them; null for netfilter.
    pub egress: Option<ListView>,
    /// Forwarded packets; null where the format has no list for them.
    pub transit: Option<ListView>,
    /// netfilter chains.
    pub chains: Vec<ChainView>,
    /// Windows: the settings of each profile that the export holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<ProfileView>,
    /// Whether the defaults stand in the export; for people.
    #[serde(skip)]
    pub(super) assumed: [bool; 2],
    #[serde(skip)]
    pub(super) brief: bool,
}

/// What an export says of a Windows profile. Each is null where it says nothing.
#[derive(Serialize, Debug)]
pub struct ProfileView {
    /// `domain`, `private` or `public`.
    pub name: &'static str,
    /// Whether the firewall is on.
    pub enabled: Option<bool>,
    /// `allow`, `deny` or `deny-always`: inbound packets that no rule allows.
    pub inbound: Option<&'static str>,
    /// `allow` or `deny`: outbound packets that no rule blocks.
    pub outbound: Option<&'static str>,
    /// Whether rules that are not Group Policy's act.
    pub local_rules: Option<bool>,
}

/// A direction.
#[derive(Serialize, Debug)]
pub struct ListView {
    /// `allow`, `deny` or `unknown`.
    pub default: &'static str,
    /// In file order.
    pub rules: Vec<RuleView>,
}

/// A chain.
#[derive(Serialize, Debug)]
pub struct ChainView {
    /// The family of its table, of a ruleset of nft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<&'static str>,
    /// Table.
    pub table: String,
    /// Name.
    pub name: String,
    /// `filter`, `nat` or `route`, of a base chain of nft.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The hook at which the kernel calls it, of a base chain of nft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<&'static str>,
    /// Its place among the chains of the hook, of a base chain of nft; lower ones come first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// The interfaces that it is bound to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
    /// The program that writes it, if one is known to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<&'static str>,
    /// `ACCEPT` or `DROP`; null for a user chain.
    pub policy: Option<&'static str>,
    /// In order.
    pub rules: Vec<RuleView>,
}

/// A rule. A set is its members with commas, `any` or `none`; where a rule has several alternatives that differ, theirs
/// stand side by side with ` | `. For ICMP `sport` is the type and `dport` the code.
#[derive(Serialize, Debug)]
pub struct RuleView {
    /// From 1; null for a rule of the platform that the file does not hold.
    pub line: Option<u32>,
    /// Its column from 1, where a long line holds more than it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The included file in which it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Name, or empty.
    pub name: String,
    /// `allow`, `deny`, `bypass`, `jump CHAIN`, `return`, `continue` …
    pub action: String,
    /// Whether it acts.
    pub enabled: bool,
    /// Addresses.
    pub src: String,
    /// Addresses.
    pub dst: String,
    /// Names or numbers.
    pub protocol: String,
    /// Ports or ICMP types.
    pub sport: String,
    /// Ports or ICMP codes.
    pub dport: String,
    /// What must hold beside the packet's addresses, protocol and ports.
    pub conditions: Vec<String>,
    /// Priority or rule number, where the format has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Windows profiles in which it acts, where these are not all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<&'static str>,
}

/// Something that is not in the model as the file writes it.
#[derive(Serialize, Debug)]
pub struct UnmodelledView {
    /// From 1, in its file.
    pub line: u32,
    /// The included file in which it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The text, cut past 300 characters.
    pub text: String,
    /// Why.
    pub reason: String,
    /// True if the line is in no rule of the model.
    pub dropped: bool,
}

impl From<Unmodelled> for UnmodelledView {
    fn from(u: Unmodelled) -> Self {
        Self {
            line: u.line,
            file: u.path.map(|p| p.to_string()),
            text: u.text,
            reason: u.reason,
            dropped: u.dropped,
        }
    }
}

impl Inspection {
    /// The view of an export.
    #[must_use]
    pub fn of(e: &LoadedExport) -> Self {
        Self {
            format: e.export.format,
            encoding: e.source.encoding,
            points: e.export.points.iter().map(|p| point(e, p)).collect(),
            facts: facts(e),
            unmodelled: unmodelled(&e.source, &e.export)
                .into_iter()
                .map(UnmodelledView::from)
                .collect(),
        }
    }
}

fn point(e: &LoadedExport, p: &Point) -> PointView {
    let name = [&p.name, &p.id]
        .into_iter()
        .find(|n| !n.is_empty())
        .map_or_else(|| e.path.to_string(), ToString::to_string);
    let (ingress, egress, chains) = match &p.body {
        Body::Lists(l) => (
            Some(list(&e.source, &l.ingress)),
            Some(list(&e.source, &l.egress)),
            Vec::new(),
        ),
        Body::Netfilter(n) if e.export.format == firewalld::ID => {
            let [into, out, _] = zoned(e, n);
            (Some(into), Some(out), Vec::new())
        }
        Body::Netfilter(n) => (None, None, chains(e, n)),
    };
    let transit = match &p.body {
        Body::Netfilter(n) if e.export.format == firewalld::ID => {
            let [_, _, through] = zoned(e, n);
            Some(through)
        }
        _ => None,
    };
    PointView {
        name,
        kind: p.kind.as_str(),
        family: p.families.as_str(),
        stateful: p.stateful,
        ingress,
        egress,
        transit,
        chains,
        profiles: p.windows.as_deref().map_or_else(Vec::new, profile_views),
        brief: p.brief,
        assumed: match &p.body {
            Body::Lists(l) => {
                [&l.ingress, &l.egress].map(|l| l.default.origin == DefaultOrigin::Assumed)
            }
            Body::Netfilter(_) => [false; 2],
        },
    }
}

pub(super) fn profile_views(w: &WindowsProfiles) -> Vec<ProfileView> {
    let verdict = |allow: bool| if allow { "allow" } else { "deny" };
    let view = |(name, p): (&'static str, &ProfileSettings)| ProfileView {
        name,
        enabled: p.enabled.map(|e| e.0),
        inbound: p.inbound.map(|(i, _)| match i {
            InboundPolicy::Allow => "allow",
            InboundPolicy::Block => "deny",
            InboundPolicy::BlockAlways => "deny-always",
        }),
        outbound: p.outbound_allow.map(|o| verdict(o.0)),
        local_rules: p.local_rules.map(|l| l.0),
    };
    let named = Profiles::EACH.iter().zip(&w.profiles);
    named
        .filter_map(|((_, name), p)| Some((*name, p.as_ref()?)))
        .map(view)
        .collect()
}

/// The rules of zones and policies: into the host, out of it, through it.
fn zoned(e: &LoadedExport, n: &Netfilter) -> [ListView; 3] {
    let defaults = ["deny", "allow", "deny"].into_iter();
    let mut views = defaults.zip(zones::lists(n)).map(|(default, list)| {
        let view = |l: &zones::Listed<'_>| RuleView {
            enabled: l.rule.enabled && l.acts,
            ..rule(&e.source, l.rule, Some(l.table), false)
        };
        ListView {
            default,
            rules: list.iter().map(view).collect(),
        }
    });
    let empty = || ListView {
        default: "unknown",
        rules: Vec::new(),
    };
    std::array::from_fn(|_| views.next().unwrap_or_else(empty))
}

fn list(source: &Source, l: &RuleList) -> ListView {
    ListView {
        default: verdict(l.default),
        rules: l
            .rules
            .iter()
            .map(|r| rule(source, r, None, false))
            .collect(),
    }
}

fn verdict(d: DefaultVerdict) -> &'static str {
    match (d.origin, d.allow) {
        (DefaultOrigin::Unknown, _) => "unknown",
        (_, true) => "allow",
        (_, false) => "deny",
    }
}

fn chains(e: &LoadedExport, n: &Netfilter) -> Vec<ChainView> {
    let nft = e.export.format == nft::ID;
    let of_table = |t: &Table| -> Vec<ChainView> {
        let view = |c: &hylint_model::Chain| {
            let base = c.base.as_ref().filter(|_| nft);
            let devices = base.map(|b| b.devices.iter().map(ToString::to_string));
            let owner = platform::owner(t.family, &t.name, &c.name);
            ChainView {
                family: nft.then(|| t.family.as_str()),
                table: t.name.to_string(),
                name: c.name.to_string(),
                kind: base.map(|b| b.kind.as_str()),
                hook: base.map(|b| b.hook.as_str()),
                priority: base.map(|b| b.priority),
                devices: devices.into_iter().flatten().collect(),
                owner: owner.map(|o| o.name.as_str()),
                policy: c.policy.map(|p| if p.allow { "ACCEPT" } else { "DROP" }),
                rules: c
                    .rules
                    .iter()
                    .map(|r| rule(&e.source, r, Some(t), nft))
                    .collect(),
            }
        };
        t.chains.iter().map(view).collect()
    };
    n.tables().iter().flat_map(of_table).collect()
}

fn rule(source: &Source, r: &Rule, table: Option<&Table>, nft: bool) -> RuleView {
    RuleView {
        line: (!r.span.is_empty()).then(|| source.position(r.span.start).line),
        column: place::column(source, r.span),
        file: source.part(r.span.start).map(|p| p.path.to_string()),
        name: r.name.to_string(),
        action: action(&r.action, table),
        enabled: r.enabled,
        src: sides(r, |c| addrs(&c.space.src)),
        dst: sides(r, |c| addrs(&c.space.dst)),
        protocol: sides(r, |c| protocols(&c.space.proto)),
        sport: sides(r, |c| ports(&c.space.sport)),
        dport: sides(r, |c| ports(&c.space.dport)),
        conditions: conditions(source, r, nft),
        priority: r.priority,
        profiles: match r.profiles {
            Profiles::ALL => Vec::new(),
            some => Profiles::EACH
                .iter()
                .filter(|(p, _)| some.intersects(*p))
                .map(|(_, name)| *name)
                .collect(),
        },
    }
}

/// One text where all alternatives agree, else all of them.
fn sides(r: &Rule, text: impl Fn(&Clause) -> String) -> String {
    let mut texts: Vec<String> = r.clauses.iter().map(text).collect();
    match texts.first() {
        None => return "none".into(),
        Some(first) if texts.iter().all(|t| t == first) => texts.truncate(1),
        Some(_) => {}
    }
    texts.join(" | ")
}

fn addrs(a: &AddrSet) -> String {
    match (
        *a == AddrSet::any_of(Family::V4),
        *a == AddrSet::any_of(Family::V6),
    ) {
        (true, _) => "0.0.0.0/0".into(),
        (_, true) => "::/0".into(),
        _ => a.to_string(),
    }
}

fn ports(p: &PortSet) -> String {
    if p.is_full() {
        return "any".into();
    }
    if p.is_empty() {
        return "none".into();
    }
    let texts: Vec<String> = p
        .iter()
        .map(|(lo, hi)| {
            if lo == hi {
                lo.to_string()
            } else {
                format!("{lo}-{hi}")
            }
        })
        .collect();
    texts.join(",")
}

fn protocols(p: &ProtoSet) -> String {
    if p.is_full() {
        return "any".into();
    }
    if p.is_empty() {
        return "none".into();
    }
    let name = |n: u8| match n {
        proto::ICMP => "icmp".to_owned(),
        proto::TCP => "tcp".to_owned(),
        proto::UDP => "udp".to_owned(),
        proto::ICMPV6 => "icmpv6".to_owned(),
        proto::SCTP => "sctp".to_owned(),
        n => n.to_string(),
    };
    let texts: Vec<String> = p
        .iter()
        .map(|(lo, hi)| {
            if lo == hi {
                name(lo)
            } else {
                format!("{lo}-{hi}")
            }
        })
        .collect();
    texts.join(",")
}

fn action(a: &Action, table: Option<&Table>) -> String {
    let chain = |ix: &u32| {
        table
            .and_then(|t| t.chains.get(*ix as usize))
            .map_or("?", |c| &*c.name)
            .to_owned()
    };
    match a {
        Action::Allow => "allow".into(),
        Action::Deny => "deny".into(),
        Action::Bypass => "bypass".into(),
        Action::Jump(c) => format!("jump {}", chain(c)),
        Action::Goto(c) => format!("goto {}", chain(c)),
        Action::Return => "return".into(),
        Action::Continue | Action::Track => "continue".into(),
        Action::SetMark { value, mask } => format!("set-mark {value:#x}/{mask:#x}"),
        Action::SetConnMark { value, mask } => format!("set-connmark {value:#x}/{mask:#x}"),
        Action::RestoreMark { nfmask, ctmask } => copied("restore-mark", *nfmask, *ctmask),
        Action::SaveMark { nfmask, ctmask } => copied("save-mark", *nfmask, *ctmask),
        Action::LoseMark { connection: false } => "set-mark unknown".into(),
        Action::LoseMark { connection: true } => "set-connmark unknown".into(),
        Action::Notrack => "notrack".into(),
        Action::Nat(n) => nat(n),
        Action::Opaque(t) => format!("unknown {t}"),
        Action::Map(all) => {
            let each: Vec<String> = all.iter().map(|a| action(a, table)).collect();
            each.join(" | ")
        }
    }
}

fn copied(what: &str, nfmask: u32, ctmask: u32) -> String {
    match (nfmask, ctmask) {
        (u32::MAX, u32::MAX) => what.into(),
        _ => format!("{what} {nfmask:#x}/{ctmask:#x}"),
    }
}

fn nat(n: &Nat) -> String {
    let kind = match n.kind {
        NatKind::Dnat => "dnat",
        NatKind::Redirect => "redirect",
        NatKind::Snat => "snat",
        NatKind::Masquerade => "masquerade",
        NatKind::Netmap => "netmap",
    };
    let mut text = kind.to_owned();
    if let Some(a) = &n.addrs {
        text.push_str(&format!(" to {a}"));
    }
    if let Some(p) = &n.ports {
        text.push_str(&format!(" port {}", ports(p)));
    }
    text
}

/// The conditions of all alternatives, and the dimensions of the box that have no key of their own, in the file's words.
fn conditions(source: &Source, r: &Rule, nft: bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let named = [
        (Field::State, "state"),
        (Field::Flags, "flags"),
        (Field::InInterface, "in-interface"),
        (Field::OutInterface, "out-interface"),
    ];
    for (field, name) in named {
        if let Some(span) = r.field(field) {
            if nft {
                out.extend(of_nft(source.slice(span), r, field, name));
                continue;
            }
            let text = source.slice(span).trim();
            // An option of iptables names itself.
            out.push(match text.starts_with(['-', '!']) {
                true => text.to_owned(),
                false => format!("{name} {text}"),
            });
        }
    }
    for text in r.conditions().map(|c| described(c, nft)) {
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

/// A condition; the place that tells two of one text apart says nothing to people.
fn described(c: &Condition, nft: bool) -> String {
    match (nft, c.negated) {
        (false, _) => c.describe(),
        (true, false) => c.without_place().into_owned(),
        (true, true) => format!("not {}", c.without_place()),
    }
}

/// What a match of nft asks for, whichever of its forms the file has: what is compared stands before the value, and not in its
/// place.
fn of_nft(text: &str, r: &Rule, field: Field, name: &str) -> Option<String> {
    let every = |has: fn(&Clause) -> bool| r.clauses.iter().all(has);
    match field {
        Field::State => states(r),
        Field::InInterface if every(|c| c.space.in_iface.contains(0)) => {
            Some(format!("{name} not {}", plain(text)))
        }
        Field::OutInterface if every(|c| c.space.out_iface.contains(0)) => {
            Some(format!("{name} not {}", plain(text)))
        }
        _ => Some(format!("{name} {}", plain(text))),
    }
}

/// The states and the translation that a rule asks for.
fn states(r: &Rule) -> Option<String> {
    const NAMES: [(StateSet, &str); 5] = [
        (StateSet::NEW, "new"),
        (StateSet::ESTABLISHED, "established"),
        (StateSet::RELATED, "related"),
        (StateSet::INVALID, "invalid"),
        (StateSet::UNTRACKED, "untracked"),
    ];
    let each = r.clauses.iter().map(|c| c.space.state);
    let all = each.fold(StateSet(0), StateSet::union);
    let names = NAMES.iter().filter(|(s, _)| s.0 & all.0 != 0);
    let names: Vec<&str> = names.map(|(_, n)| *n).collect();
    let mut parts = Vec::new();
    if names.len() < NAMES.len() {
        parts.push(format!("state {}", names.join(",")));
    }
    for (set, name) in [(StateSet::DNAT, "dnat"), (StateSet::SNAT, "snat")] {
        if all.0 & !set.0 == 0 {
            parts.push(format!("status {name}"));
        } else if all.0 & set.0 == 0 {
            parts.push(format!("status not {name}"));
        }
    }
    (!parts.is_empty()).then(|| parts.join(" and "))
}

/// A value as nft lists it: of its JSON the words without what holds them together.
fn plain(text: &str) -> String {
    let text = text.trim();
    if !text.starts_with(['"', '[', '{']) {
        return text.to_owned();
    }
    let words = text.split(|c: char| c.is_whitespace() || "\"[]{},:".contains(c));
    let words = words.filter(|w| !matches!(*w, "" | "set" | "prefix" | "range" | "elem" | "val"));
    words.collect::<Vec<_>>().join(",")
}
