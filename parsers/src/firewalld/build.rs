//! Makes the ruleset of zones and policies.

use super::age;
use super::draft::{Draft, Drafts, Kind};
use super::matches::{self, Match, Matches};
use super::own::{Element, Own, Policy, Target, Word, Zone};
use super::ruleset::{Origin, OriginId, Ruleset};
use hylint_model::{Condition, ConditionKind, Problem, ProblemKind, Side, Span, Test};
use std::collections::{BTreeMap, BTreeSet};
use std::mem;

/// Tables and hooks that packets of zones go through.
const PLACES: [(&str, &str, &str); 5] = [
    (
        "mangle",
        "PREROUTING",
        "filter hook prerouting priority mangle + 10",
    ),
    (
        "nat",
        "PREROUTING",
        "nat hook prerouting priority dstnat + 10",
    ),
    (
        "nat",
        "POSTROUTING",
        "nat hook postrouting priority srcnat + 10",
    ),
    ("filter", "INPUT", "filter hook input priority filter + 10"),
    (
        "filter",
        "FORWARD",
        "filter hook forward priority filter + 10",
    ),
];

/// Prefixes of IPv6 that embed IPv4 addresses which are none of a host on the Internet (RFC 3964).
const EMBEDDED: &str = "ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2002::/24, 2002:a00::/24, 2002:7f00::/24, 2002:a9fe::/32, \
    2002:ac10::/28, 2002:c0a8::/32, 2002:e000::/19 } reject with icmpv6 addr-unreachable";

/// What firewalld writes for itself.
const OWN: OriginId = 0;

/// The zones that packets may be of which no source and no interface puts into one.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults {
    /// Places among the zones; of several one is it, and nothing tells which.
    pub zones: Vec<usize>,
}

/// Makes the ruleset. `defaults`: the default zone, or those that may be it. `others`: there may be zones that no file shows.
pub(super) fn build(
    own: &Own,
    defaults: &Defaults,
    others: Option<Span>,
    problems: &mut Vec<Problem>,
) -> Ruleset {
    let names = names(own);
    let mut work = Build {
        own,
        names,
        out: Ruleset::new(),
        matches: Matches::new(own),
        problems,
        zones: Vec::new(),
        policies: Vec::new(),
        mangle: false,
        nat: false,
    };
    work.drafts();
    work.base_chains();
    work.dispatch(defaults, others);
    work.zone_chains();
    work.policy_chains();
    work.sets();
    work.out
}

/// The names of zones in chains: their own, where nftables takes them.
pub(super) fn names(own: &Own) -> Vec<String> {
    let name = |(n, z): (usize, &Zone)| match matches::is_name(&z.name) {
        true => z.name.to_string(),
        false => format!("zone{n}"),
    };
    own.zones.iter().enumerate().map(name).collect()
}

struct Build<'o, 'p> {
    own: &'o Own,
    names: Vec<String>,
    out: Ruleset,
    matches: Matches<'o>,
    problems: &'p mut Vec<Problem>,
    /// The rules of each zone.
    zones: Vec<Vec<Draft>>,
    /// Those of each policy.
    policies: Vec<Vec<Draft>>,
    /// Some rule marks packets.
    mangle: bool,
    /// Some rule translates addresses.
    nat: bool,
}

impl Build<'_, '_> {
    fn drafts(&mut self) {
        for z in &self.own.zones {
            let mut drafts = Drafts::new(
                &mut self.matches,
                &mut self.out,
                self.problems,
                format!("zone {}", z.name),
            );
            drafts.of(&z.rules, true);
            self.zones.push(drafts.done());
        }
        for p in &self.own.policies {
            let mut drafts = Drafts::new(
                &mut self.matches,
                &mut self.out,
                self.problems,
                format!("policy {}", p.name),
            );
            drafts.of(&p.rules, false);
            self.policies.push(drafts.done());
        }
        let all = || self.zones.iter().chain(&self.policies).flatten();
        self.mangle = all().any(|d| d.kind == Kind::Mangle);
        self.nat = all().any(|d| matches!(d.kind, Kind::NatPre | Kind::NatPost));
    }

    /// Whether some rule is of a table.
    fn needs(&self, table: &str) -> bool {
        match table {
            "mangle" => self.mangle,
            "nat" => self.nat,
            _ => true,
        }
    }

    fn base_chains(&mut self) {
        for (table, hook, head) in PLACES {
            if table == "filter" && hook == "INPUT" {
                self.prerouting();
            }
            if !self.needs(table) {
                continue;
            }
            let chain = format!("{table}_{hook}");
            self.out.chain(&chain, head);
            if table == "filter" {
                self.first(&chain, hook);
            }
            self.out.rule(&chain, format!("jump {chain}_ZONES"), OWN);
            if table == "filter" {
                self.out
                    .rule(&chain, "reject with icmpx admin-prohibited", OWN);
            }
        }
        self.output();
    }

    /// What passes or is refused before zones are asked.
    fn first(&mut self, chain: &str, hook: &str) {
        self.out
            .rule(chain, "ct state { established, related } accept", OWN);
        self.translated(chain);
        self.out.rule(chain, "iifname \"lo\" accept", OWN);
        self.out.rule(chain, "ct state invalid drop", OWN);
        if hook == "FORWARD" && !self.own.conf.no_rfc3964 {
            self.out.rule(chain, EMBEDDED, OWN);
        }
    }

    /// Packets whose destination was changed: all of them pass, or with `StrictForwardPorts` those to ports that firewalld
    /// itself forwards (firewalld 2.3, core/nftables.py).
    fn translated(&mut self, chain: &str) {
        if self.own.conf.strict_forward.is_none() {
            self.out.rule(chain, "ct status dnat accept", OWN);
            return;
        }
        let called = format!("{chain}_dnat");
        self.out.chain(&called, "");
        self.out
            .rule(chain, format!("ct status dnat jump {called}"), OWN);
        for port in self.forwarded(chain) {
            let rule = format!("ct original proto-dst {port} accept");
            self.out.rule(&called, rule, OWN);
        }
        self.out
            .rule(&called, "reject with icmpx admin-prohibited", OWN);
    }

    /// The ports that zones and policies forward to this host, to others, or from this host.
    fn forwarded(&self, chain: &str) -> BTreeSet<String> {
        let zones = self.own.zones.iter().map(|z| (false, &z.rules));
        let policies = self.own.policies.iter();
        let policies = policies.map(|p| (has(&p.ingress, "HOST"), &p.rules));
        let forward = |e: &Element| match e {
            Element::ForwardPort(f) => {
                Some((f.to_addr.is_some(), matches::ports(&f.from.port.text)?))
            }
            _ => None,
        };
        let mut out = BTreeSet::new();
        for (own, rules) in zones.chain(policies) {
            let rich = rules.rich.iter().filter_map(|r| r.element.as_ref());
            let all = rules.items.iter().map(|(e, _)| e).chain(rich);
            out.extend(all.filter_map(forward).filter_map(|(to_other, port)| {
                let place = match (own, to_other) {
                    (true, _) => "filter_OUTPUT",
                    (false, true) => "filter_FORWARD",
                    (false, false) => "filter_INPUT",
                };
                (place == chain).then_some(port)
            }));
        }
        out
    }

    fn prerouting(&mut self) {
        if self.own.conf.no_rpfilter {
            return;
        }
        let chain = "filter_PREROUTING";
        self.out
            .chain(chain, "filter hook prerouting priority filter + 10");
        self.out.rule(chain, "icmpv6 type { 134, 135 } accept", OWN);
        let rule = "meta nfproto ipv6 fib saddr . mark . iif oif missing drop";
        self.out.rule(chain, rule, OWN);
    }

    fn output(&mut self) {
        let nat = self
            .own
            .policies
            .iter()
            .zip(&self.policies)
            .any(|(p, drafts)| {
                has(&p.ingress, "HOST") && drafts.iter().any(|d| d.kind == Kind::NatPre)
            });
        if nat {
            self.out.chain("nat_OUTPUT", "nat hook output priority -90");
            self.out
                .rule("nat_OUTPUT", "jump nat_OUTPUT_POLICIES_pre", OWN);
            self.out
                .rule("nat_OUTPUT", "jump nat_OUTPUT_POLICIES_post", OWN);
            self.out.chain("nat_OUTPUT_POLICIES_pre", "");
            self.out.chain("nat_OUTPUT_POLICIES_post", "");
        }
        let chain = "filter_OUTPUT";
        self.out
            .chain(chain, "filter hook output priority filter + 10");
        self.out
            .rule(chain, "ct state { established, related } accept", OWN);
        if self.own.conf.strict_forward.is_some() {
            self.translated(chain);
        }
        self.out.rule(chain, "oifname \"lo\" accept", OWN);
        if !self.own.conf.no_rfc3964 {
            self.out.rule(chain, EMBEDDED, OWN);
        }
        for when in ["pre", "post"] {
            let called = format!("filter_OUTPUT_POLICIES_{when}");
            self.out.chain(&called, "");
            self.out.rule(chain, format!("jump {called}"), OWN);
        }
    }

    /// Which zone a packet is of: its source tells, then its interface, then it is the default zone's.
    fn dispatch(&mut self, defaults: &Defaults, others: Option<Span>) {
        for (table, hook, _) in PLACES {
            if !self.needs(table) {
                continue;
            }
            let chain = format!("{table}_{hook}_ZONES");
            self.out.chain(&chain, "");
            if let Some(at) = others.filter(|_| table == "filter") {
                self.other_zones(&chain, at);
            }
            let out = hook == "POSTROUTING";
            for ((_, kind), zone, m) in self.bindings(out) {
                let by_source = kind == 0;
                let Some(name) = self.names.get(zone) else {
                    continue;
                };
                let zone = self.own.zones.get(zone);
                let drifts = by_source
                    && table == "filter"
                    && zone.is_some_and(|z| age::passes_on(self.own, z));
                let verb = if drifts { "jump" } else { "goto" };
                let goto = format!("{verb} {}", zone_chain(table, hook, name));
                let at = zone.map_or(Span::default(), |z| z.head);
                self.line(&chain, &m, &goto, at);
            }
            let last = defaults.zones.len().saturating_sub(1);
            for (n, zone) in defaults.zones.iter().enumerate() {
                let (Some(name), Some(z)) = (self.names.get(*zone), self.own.zones.get(*zone))
                else {
                    continue;
                };
                let goto = format!("goto {}", zone_chain(table, hook, name));
                if let Some(at) = self.lands_elsewhere(z) {
                    let side = if out { Side::Dst } else { Side::Src };
                    self.by_another_zone(&chain, side, at);
                }
                let mut m = Match::default();
                if n < last {
                    let text = format!("default zone {}", z.name);
                    m.conditions.push(Condition::new(
                        ConditionKind::Peer,
                        Test::Opaque,
                        z.head,
                        text,
                    ));
                }
                self.line(&chain, &m, &goto, z.head);
            }
        }
    }

    /// Where it shows that the interfaces of the host are in other zones than the default one: a listing of what runs shows
    /// each with its zone, a connection of NetworkManager names its own, and `eth+` takes all that begin so.
    fn lands_elsewhere(&self, default: &Zone) -> Option<Span> {
        if !default.interfaces.is_empty() {
            return None;
        }
        let others = self.own.zones.iter().filter(|z| z.name != default.name);
        let takes = |z: &&Zone| {
            let open = z.interfaces.iter().any(|i| i.text.ends_with('+'));
            open || (!z.permanent || z.by_connection)
                && z.interfaces.iter().any(|i| &*i.text != "lo")
        };
        others.into_iter().find(takes).map(|_| default.head)
    }

    /// A packet of which no interface is known may come by one of another zone. One by an interface that no zone names is the
    /// default zone's.
    fn by_another_zone(&mut self, chain: &str, side: Side, at: Span) {
        let text = "an interface of another zone";
        let condition = Condition::new(ConditionKind::Peer, Test::Opaque, at, text);
        let origin = self.out.origin(Origin {
            conditions: vec![condition],
            closing: true,
            condition_at: at,
            unknown_interface: Some(side),
            ..Origin::default()
        });
        self.out.rule(chain, "return", origin);
    }

    /// Zones that no file shows may take packets first.
    fn other_zones(&mut self, chain: &str, at: Span) {
        let text = "a zone that is not in the listing";
        let condition = Condition::new(ConditionKind::Peer, Test::Opaque, at, text);
        let origin = self.out.origin(Origin {
            conditions: vec![condition],
            closing: true,
            opaque: Some(text.to_owned()),
            ..Origin::default()
        });
        self.out.rule(chain, "accept", origin);
    }

    /// A rule of firewalld's own with what must hold.
    fn line(&mut self, chain: &str, m: &Match, verdict: &str, at: Span) {
        let origin = match m.conditions.is_empty() {
            true => OWN,
            false => self.out.origin(Origin {
                conditions: m.conditions.clone(),
                closing: true,
                condition_at: at,
                ..Origin::default()
            }),
        };
        let blank = if m.text.is_empty() { "" } else { " " };
        self.out
            .rule(chain, format!("{}{blank}{verdict}", m.text), origin);
    }

    /// The sources and interfaces of zones in the order in which they are asked.
    fn bindings(&mut self, out: bool) -> Vec<((i32, u8), usize, Match)> {
        let side = if out { Side::Dst } else { Side::Src };
        let mut order: Vec<usize> = (0..self.own.zones.len()).collect();
        order.sort_by_key(|n| self.own.zones.get(*n).map(|z| &z.name));
        let (mut sources, mut interfaces) = (Vec::new(), Vec::new());
        for n in order {
            let Some(zone) = self.own.zones.get(n) else {
                continue;
            };
            let priority = if out {
                zone.egress_priority
            } else {
                zone.ingress_priority
            };
            for s in &zone.sources {
                match self.matches.end(s, side, false) {
                    Ok((m, _)) => sources.push(((priority, 0), n, m)),
                    Err(why) => {
                        // Packets of any source may be of this zone.
                        self.out.in_part = true;
                        problem(self.problems, s.span, why);
                    }
                }
            }
            for i in &zone.interfaces {
                match interface(&i.text) {
                    Some(name) => {
                        let key = if out { "oifname" } else { "iifname" };
                        interfaces.push(((priority, 1), n, Match::of(format!("{key} \"{name}\""))));
                    }
                    None => {
                        self.out.in_part = true;
                        let message = format!("invalid interface name `{}`", i.text);
                        problem(self.problems, i.span, message);
                    }
                }
            }
        }
        // Each is inserted before those that are there.
        interfaces.reverse();
        sources.extend(interfaces);
        sources.sort_by_key(|(order, ..)| *order);
        sources
    }

    fn zone_chains(&mut self) {
        let all: Vec<Vec<Draft>> = mem::take(&mut self.zones);
        for (n, drafts) in all.iter().enumerate() {
            let (Some(zone), Some(name)) = (self.own.zones.get(n), self.names.get(n).cloned())
            else {
                continue;
            };
            for (table, hook, _) in PLACES {
                if !self.needs(table) {
                    continue;
                }
                let chain = zone_chain(table, hook, &name);
                self.out.chain(&chain, "");
                self.called(&chain, table, hook, "pre");
                let kind = match (table, hook) {
                    ("mangle", _) => Kind::Mangle,
                    ("nat", "PREROUTING") => Kind::NatPre,
                    ("nat", _) => Kind::NatPost,
                    (_, "INPUT") => Kind::Filter,
                    _ => Kind::Forward,
                };
                if kind == Kind::Forward {
                    self.forward(zone, &chain);
                }
                self.put(&chain, drafts, |d| d.kind == kind);
                self.called(&chain, table, hook, "post");
                if table == "filter" {
                    if hook == "INPUT" {
                        self.icmp(zone, &chain);
                    }
                    let whose = format!("zone {}", zone.name);
                    let drifts = age::passes_on(self.own, zone);
                    self.closing(&chain, zone.target, zone.target_at, (&whose, drifts));
                }
            }
        }
        self.zones = all;
    }

    /// Among its own interfaces and sources a zone forwards.
    fn forward(&mut self, zone: &Zone, chain: &str) {
        let Some(at) = zone.forward else { return };
        let named = |name: &str| Origin {
            span: at,
            name: format!("zone {}: forward to {name}", zone.name),
            ..Origin::default()
        };
        for i in &zone.interfaces {
            if let Some(name) = interface(&i.text) {
                let origin = self.out.origin(Origin {
                    closing: true,
                    ..named(&i.text)
                });
                self.out
                    .rule(chain, format!("oifname \"{name}\" accept"), origin);
            }
        }
        for s in &zone.sources {
            if let Ok((m, _)) = self.matches.end(s, Side::Dst, false) {
                let origin = self.out.origin(Origin {
                    closing: true,
                    conditions: m.conditions.clone(),
                    ..named(&s.text)
                });
                let blank = if m.text.is_empty() { "" } else { " " };
                self.out
                    .rule(chain, format!("{}{blank}accept", m.text), origin);
            }
        }
    }

    /// Jumps to the policies before or behind the rules of a zone.
    fn called(&mut self, chain: &str, table: &str, hook: &str, when: &str) {
        let called = format!("{table}_{hook}_POLICIES_{when}");
        self.out.chain(&called, "");
        self.out.rule(chain, format!("jump {called}"), OWN);
    }

    /// The rules of a chain in the order of its phases.
    fn put(&mut self, chain: &str, drafts: &[Draft], fits: impl Fn(&Draft) -> bool) {
        let mut own: Vec<&Draft> = drafts.iter().filter(|d| fits(d)).collect();
        own.sort_by_key(|d| (d.phase, d.priority));
        for d in own {
            self.out.rule(chain, d.text.clone(), d.origin);
        }
    }

    /// ICMP passes a zone that neither drops nor rejects, unless it is turned round.
    fn icmp(&mut self, zone: &Zone, chain: &str) {
        let turned = zone.rules.icmp_inversion;
        let verdict = match (zone.target, turned) {
            (Target::Drop | Target::Reject, _) | (Target::Accept, None) => return,
            (_, Some(_)) => "reject with icmpx admin-prohibited",
            (_, None) => "accept",
        };
        let origin = self.out.origin(Origin {
            span: turned.unwrap_or(zone.target_at),
            closing: true,
            ..Origin::default()
        });
        self.out
            .rule(chain, format!("meta l4proto {{ 1, 58 }} {verdict}"), origin);
    }

    /// What happens to packets that no rule decides. To accept them all is a rule. `drifts`: they may pass on to another zone.
    fn closing(&mut self, chain: &str, target: Target, at: Span, (whose, drifts): (&str, bool)) {
        let verdict = match target {
            Target::Continue => return,
            Target::Accept => "accept",
            Target::Drop => "drop",
            Target::Default | Target::Reject => "reject with icmpx admin-prohibited",
        };
        let accepts = target == Target::Accept;
        let name = if accepts {
            format!("{whose}: target ACCEPT")
        } else {
            String::new()
        };
        let text = "no drifting to the zone of the interface";
        let condition = Condition::new(ConditionKind::Unknown, Test::Opaque, at, text);
        let origin = self.out.origin(Origin {
            span: at,
            name,
            conditions: drifts.then_some(condition).into_iter().collect(),
            closing: !accepts,
            ..Origin::default()
        });
        self.out.rule(chain, verdict, origin);
    }

    fn policy_chains(&mut self) {
        let own = self.own;
        let mut order: Vec<usize> = (0..own.policies.len()).collect();
        order.sort_by_key(|n| own.policies.get(*n).map(|p| (p.priority, &p.name)));
        let all = mem::take(&mut self.policies);
        for n in order {
            let (Some(policy), Some(drafts)) = (own.policies.get(n), all.get(n)) else {
                continue;
            };
            self.policy(n, policy, drafts);
        }
        self.policies = all;
    }

    fn policy(&mut self, n: usize, policy: &Policy, drafts: &[Draft]) {
        let name = match matches::is_name(&policy.name) {
            true => policy.name.to_string(),
            false => format!("policy{n}"),
        };
        let when = if policy.priority < 0 { "pre" } else { "post" };
        let to_host = has(&policy.egress, "HOST");
        let from_host = has(&policy.ingress, "HOST");
        let active = self.is_active(policy);
        for (table, hook) in self.places(policy) {
            let kind = match (table, hook) {
                ("mangle", _) => Kind::Mangle,
                ("nat", "POSTROUTING") => Kind::NatPost,
                ("nat", _) => Kind::NatPre,
                _ => Kind::Filter,
            };
            let of_filter =
                |d: &Draft| d.kind == kind || kind == Kind::Filter && d.kind == Kind::Forward;
            if kind != Kind::Filter && !drafts.iter().any(of_filter) {
                continue;
            }
            let short = match (table, hook) {
                ("filter", _) if to_host => "IN",
                (_, "OUTPUT") => "OUT",
                ("filter", _) => "FWD",
                (_, "POSTROUTING") => "POST",
                _ => "PRE",
            };
            let chain = format!("{table}_{short}_policy_{name}");
            self.out.chain(&chain, "");
            self.put(&chain, drafts, of_filter);
            if kind == Kind::Filter {
                let whose = format!("policy {}", policy.name);
                self.closing(&chain, policy.target, policy.target_at, (&whose, false));
            }
            let dispatch = format!("{table}_{hook}_POLICIES_{when}");
            if !active || !self.out.has(&dispatch) {
                continue;
            }
            let from = if from_host {
                Vec::new()
            } else {
                self.ends(&policy.ingress, Side::Src)
            };
            let to = if to_host {
                Vec::new()
            } else {
                self.ends(&policy.egress, Side::Dst)
            };
            let whole = (None, Match::default());
            let from = if from.is_empty() {
                vec![whole.clone()]
            } else {
                from
            };
            let to = if to.is_empty() { vec![whole] } else { to };
            for (a, source) in &from {
                for (b, destination) in &to {
                    if a.is_some() && b.is_some() && a != b {
                        continue;
                    }
                    let m = source.clone().and(destination);
                    self.line(&dispatch, &m, &format!("jump {chain}"), policy.head);
                }
            }
        }
    }

    fn is_active(&self, policy: &Policy) -> bool {
        let bound = |name: &str| {
            let zone = self.own.zones.iter().find(|z| *z.name == *name);
            zone.is_some_and(|z| !z.interfaces.is_empty() || !z.sources.is_empty())
        };
        let any = |zones: &[Word]| {
            zones
                .iter()
                .any(|z| matches!(&*z.text, "HOST" | "ANY") || bound(&z.text))
        };
        !policy.disabled && any(&policy.ingress) && any(&policy.egress)
    }

    /// Where packets of a policy are.
    fn places(&self, policy: &Policy) -> Vec<(&'static str, &'static str)> {
        let (from, to) = (&policy.ingress, &policy.egress);
        let of_interfaces = to.iter().any(|z| {
            let zone = self.own.zones.iter().find(|o| *o.name == *z.text);
            zone.is_some_and(|z| !z.interfaces.is_empty())
        });
        let pre = [("nat", "PREROUTING"), ("mangle", "PREROUTING")];
        let post = ("nat", "POSTROUTING");
        let mut out = Vec::new();
        match () {
            () if has(from, "ANY") && has(to, "HOST") => {
                out.push(("filter", "INPUT"));
                out.extend(pre);
            }
            () if has(to, "HOST") => out.push(("filter", "INPUT")),
            () if has(from, "HOST") => out.extend([("filter", "OUTPUT"), ("nat", "OUTPUT")]),
            () if has(to, "ANY") => {
                out.push(("filter", "FORWARD"));
                out.extend(pre);
                out.push(post);
            }
            () => {
                out.extend([("filter", "FORWARD"), post]);
                if !of_interfaces {
                    out.extend(pre);
                }
            }
        }
        out
    }

    /// The interfaces and sources of zones.
    fn ends(&mut self, zones: &[Word], side: Side) -> Vec<(Option<&'static str>, Match)> {
        let mut out = Vec::new();
        let mut names = BTreeMap::new();
        let key = match side {
            Side::Src => "iifname",
            Side::Dst => "oifname",
        };
        for z in zones.iter().filter(|z| !matches!(&*z.text, "ANY" | "HOST")) {
            let Some(zone) = self.own.zones.iter().find(|o| *o.name == *z.text) else {
                continue;
            };
            for i in &zone.interfaces {
                if let Some(name) = interface(&i.text) {
                    names.insert(name, ());
                }
            }
            for s in &zone.sources {
                if let Ok((m, family)) = self.matches.end(s, side, false) {
                    out.push((family.map(matches::ip), m));
                }
            }
        }
        let interfaces = names
            .into_keys()
            .map(|n| (None, Match::of(format!("{key} \"{n}\""))));
        interfaces.chain(out).collect()
    }

    /// The sets that rules name.
    fn sets(&mut self) {
        for name in mem::take(&mut self.matches.used) {
            let Some(set) = self.own.ipsets.get(&name) else {
                continue;
            };
            let Some(kind) = matches::kind(set) else {
                continue;
            };
            let mut elements = Vec::new();
            for e in &set.entries {
                match matches::member(set, &e.text) {
                    Ok(text) => elements.push(text),
                    Err(why) => problem(self.problems, e.span, why),
                }
            }
            let interval =
                set.kind.contains("ip") || set.kind.contains("net") || set.kind.contains("port");
            self.out.set(&name, &kind, interval, &elements);
        }
    }
}

fn has(zones: &[Word], name: &str) -> bool {
    zones.iter().any(|z| &*z.text == name)
}

fn zone_chain(table: &str, hook: &str, zone: &str) -> String {
    let short = match (table, hook) {
        ("filter", "INPUT") => "IN",
        ("filter", _) => "FWD",
        (_, "POSTROUTING") => "POST",
        _ => "PRE",
    };
    format!("{table}_{short}_{zone}")
}

/// An interface as nftables names it; `+` at its end is any rest.
fn interface(name: &str) -> Option<String> {
    let bad = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\' | '/' | '*' | '{' | '}')
    };
    if name.is_empty() || name.len() > 15 || name.contains(bad) || name == "+" {
        return None;
    }
    Some(match name.strip_suffix('+') {
        Some(begin) => format!("{begin}*"),
        None => name.to_owned(),
    })
}

fn problem(problems: &mut Vec<Problem>, span: Span, why: String) {
    if !problems.iter().any(|p| p.span == span) {
        problems.push(Problem::new(ProblemKind::Malformed, span, why));
    }
}
