//! The engine against a naive evaluator that shares nothing with it but the model: one packet at a time, every value of
//! every condition tried.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_arguments
)]

use hylint::engine::{Context, Direction, Effect, LocalPolicy, evaluate};
use hylint::load::LoadedExport;
use hylint_parsers::model::{
    Action, Body, Chain, ChainPolicy, Clause, Condition, ConditionKind, DefaultOrigin,
    DefaultVerdict, Discipline, Export, Lists, Nat, NatKind, Netfilter, Point, PointKind, Profiles,
    Rule, RuleList, Side, Table, TableName, Test,
};
use hylint_parsers::source::{Source, Span};
use hylint_parsers::space::{
    AddrSet, FlagSet, IfaceSet, PacketBox, PortSet, ProtoSet, RangeSet, StateSet, TcpFlags,
    iface_name,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A packet of a small universe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Packet {
    v6: bool,
    src: u32,
    dst: u32,
    proto: u8,
    sport: u16,
    dport: u16,
    flags: u8,
    state: u32,
    iface: &'static str,
}

const STATES: [StateSet; 3] = [StateSet::NEW, StateSet::ESTABLISHED, StateSet::INVALID];
const IFACES: [&str; 3] = ["", "eth0", "wan1"];

fn addr_set(v6: bool, a: u32) -> AddrSet {
    if v6 {
        AddrSet {
            v4: RangeSet::empty(),
            v6: RangeSet::single(a.into()),
        }
    } else {
        AddrSet {
            v4: RangeSet::single(a),
            v6: RangeSet::empty(),
        }
    }
}

fn as_box(p: &Packet) -> PacketBox {
    PacketBox {
        src: addr_set(p.v6, p.src),
        dst: addr_set(p.v6, p.dst),
        proto: ProtoSet::single(p.proto),
        sport: PortSet::single(p.sport),
        dport: PortSet::single(p.dport),
        flags: if p.proto == 6 {
            FlagSet::exactly(TcpFlags(p.flags))
        } else {
            FlagSet::FULL
        },
        state: StateSet::exactly(STATES[p.state as usize], false, false),
        in_iface: IfaceSet::single(iface_name(p.iface)),
        out_iface: IfaceSet::single(0),
    }
}

/// The naive view of a packet on its way.
#[derive(Clone, Debug)]
struct Walker {
    p: Packet,
    dnat: bool,
    untracked: bool,
    mark: u32,
}

fn has(set: &AddrSet, v6: bool, a: u32) -> bool {
    if v6 {
        set.v6.contains(a.into())
    } else {
        set.v4.contains(a)
    }
}

fn in_box(b: &PacketBox, w: &Walker) -> bool {
    let p = &w.p;
    let state = if w.untracked {
        StateSet::exactly(StateSet::UNTRACKED, false, false)
    } else {
        StateSet::exactly(STATES[p.state as usize], w.dnat, false)
    };
    has(&b.src, p.v6, p.src)
        && has(&b.dst, p.v6, p.dst)
        && b.proto.contains(p.proto)
        && b.sport.contains(p.sport)
        && b.dport.contains(p.dport)
        && (p.proto != 6 || b.flags.0 >> p.flags & 1 == 1)
        && b.state.0 & state.0 != 0
        && b.in_iface.contains(iface_name(p.iface))
}

/// What may happen to a packet.
type Outcomes = BTreeSet<u8>;
const ALLOW: u8 = 0;
const DENY: u8 = 1;
const UNKNOWN: u8 = 2;

struct Naive<'a> {
    vars: &'a BTreeMap<String, bool>,
}

impl Naive<'_> {
    /// Whether a rule may match, and whether it may miss.
    fn may(&self, r: &Rule, w: &Walker) -> (bool, bool) {
        let (mut match_, mut miss) = (false, true);
        for c in &r.clauses {
            if !in_box(&c.space, w) {
                continue;
            }
            let mut sure = true;
            let mut possible = true;
            for cond in &c.conditions {
                match (&cond.test, cond.kind) {
                    (Test::Mark { value, mask }, _) => {
                        let holds = (w.mark & mask == *value) != cond.negated;
                        possible &= holds;
                        sure &= holds;
                    }
                    (_, ConditionKind::Rate) => sure = false,
                    _ => {
                        let holds = self.vars[&*cond.text] != cond.negated;
                        possible &= holds;
                        sure &= holds;
                    }
                }
            }
            match_ |= possible;
            miss &= !sure;
        }
        (match_, miss)
    }

    fn list(&self, rules: &[&Rule], default: bool, w: &Walker, out: &mut Outcomes) {
        for (i, r) in rules.iter().enumerate() {
            let (hit, miss) = self.may(r, w);
            if hit {
                out.insert(if r.action == Action::Deny {
                    DENY
                } else {
                    ALLOW
                });
            }
            if hit && miss {
                self.list(&rules[i + 1..], default, w, out);
            }
            if !miss {
                return;
            }
            if hit {
                return;
            }
        }
        out.insert(if default { ALLOW } else { DENY });
    }

    /// Runs a chain from a rule on; `k` goes on with what comes back out of the chain.
    fn chain(
        &self,
        t: &Table,
        chain: usize,
        at: usize,
        w: &Walker,
        back: &mut dyn FnMut(Walker),
        accept: &mut dyn FnMut(Walker),
        out: &mut Outcomes,
    ) {
        let Some(r) = t.chains[chain].rules.get(at) else {
            return back(w.clone());
        };
        let (hit, miss) = self.may(r, w);
        if miss {
            self.chain(t, chain, at + 1, w, back, accept, out);
        }
        if !hit {
            return;
        }
        let mut w = w.clone();
        match &r.action {
            Action::Allow => accept(w),
            Action::Deny => {
                out.insert(DENY);
            }
            Action::Opaque(_) => {
                out.insert(UNKNOWN);
            }
            Action::Return => back(w),
            Action::SetMark { value, mask } => {
                w.mark = (w.mark & !mask) ^ value;
                self.chain(t, chain, at + 1, &w, back, accept, out);
            }
            Action::Notrack => {
                w.untracked = true;
                self.chain(t, chain, at + 1, &w, back, accept, out);
            }
            Action::Nat(n) => {
                if let Some(a) = &n.addrs {
                    w.p.dst = if w.p.v6 {
                        u32::try_from(a.v6.first().unwrap()).unwrap()
                    } else {
                        a.v4.first().unwrap()
                    };
                }
                if let Some(p) = &n.ports {
                    w.p.dport = p.first().unwrap();
                }
                w.dnat = true;
                accept(w);
            }
            Action::Jump(to) => {
                let mut came: Vec<Walker> = Vec::new();
                self.chain(t, *to as usize, 0, &w, &mut |x| came.push(x), accept, out);
                for x in came {
                    self.chain(t, chain, at + 1, &x, back, accept, out);
                }
            }
            Action::Goto(to) => self.chain(t, *to as usize, 0, &w, back, accept, out),
            _ => self.chain(t, chain, at + 1, &w, back, accept, out),
        }
    }

    fn hook(
        &self,
        nf: &Netfilter,
        table: TableName,
        name: &str,
        from: Vec<Walker>,
        out: &mut Outcomes,
    ) -> Vec<Walker> {
        let Some(t) = nf.table(table) else {
            return from;
        };
        let Some((index, c)) = t.chain(name) else {
            return from;
        };
        let mut passed = Vec::new();
        for w in from {
            if table == TableName::Nat && (w.p.state != 0 || w.untracked) {
                passed.push(w);
                continue;
            }
            let (mut came, mut ok) = (Vec::new(), Vec::new());
            self.chain(
                t,
                index,
                0,
                &w,
                &mut |x| came.push(x),
                &mut |x| ok.push(x),
                out,
            );
            passed.append(&mut ok);
            if c.policy.is_some_and(|p| p.allow) {
                passed.append(&mut came);
            } else if !came.is_empty() {
                out.insert(DENY);
            }
        }
        passed
    }

    fn netfilter(&self, nf: &Netfilter, p: &Packet, out: &mut Outcomes) {
        use TableName::{Filter, Mangle, Nat, Raw};
        let mut w = vec![Walker {
            p: p.clone(),
            dnat: false,
            untracked: false,
            mark: 0,
        }];
        for t in [Raw, Mangle, Nat] {
            w = self.hook(nf, t, "PREROUTING", w, out);
        }
        let (on, here): (Vec<_>, Vec<_>) = w
            .into_iter()
            .partition(|w| w.dnat && !(w.p.v6 && w.p.dst == 1));
        let here = self.hook(nf, Filter, "INPUT", here, out);
        let on = self.hook(nf, Filter, "FORWARD", on, out);
        if !here.is_empty() || !on.is_empty() {
            out.insert(ALLOW);
        }
    }
}

fn range() -> impl Strategy<Value = (u32, u32)> {
    (0u32..4, 0u32..4).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

fn addrs() -> impl Strategy<Value = AddrSet> {
    prop_oneof![
        3 => Just(AddrSet::any()),
        2 => (range(), range()).prop_map(|(a, b)| AddrSet {
            v4: RangeSet::range(a.0, a.1),
            v6: RangeSet::range(b.0.into(), b.1.into()),
        }),
        1 => range().prop_map(|a| AddrSet { v4: RangeSet::range(a.0, a.1), v6: RangeSet::empty() }),
    ]
}

fn ports() -> impl Strategy<Value = PortSet> {
    prop_oneof![2 => Just(PortSet::full()), 2 => (0u16..3, 0u16..3).prop_map(|(a, b)| PortSet::range(a.min(b), a.max(b)))]
}

fn condition() -> impl Strategy<Value = Condition> {
    let span = Span::default();
    (0u8..4, any::<bool>(), 0u32..3).prop_map(move |(kind, negated, n)| {
        let c = match kind {
            0 => Condition::new(ConditionKind::Peer, Test::Opaque, span, format!("c{n}")),
            1 => Condition::new(ConditionKind::Unknown, Test::Opaque, span, format!("c{n}")),
            2 => Condition::new(ConditionKind::Rate, Test::Opaque, span, format!("r{n}")),
            _ => Condition::new(
                ConditionKind::Unknown,
                Test::Mark { value: n, mask: 3 },
                span,
                format!("mark {n}"),
            ),
        };
        // A rate condition is never certain, negated or not.
        let rate = c.kind == ConditionKind::Rate;
        c.negate(negated && !rate)
    })
}

fn clause() -> impl Strategy<Value = Clause> {
    let protos = prop_oneof![
        Just(ProtoSet::full()),
        Just(ProtoSet::single(6)),
        Just(ProtoSet::single(17))
    ];
    let states = prop_oneof![2 => Just(StateSet::FULL), 1 => Just(StateSet::NEW), 1 => Just(StateSet::ESTABLISHED.union(StateSet::UNTRACKED)), 1 => Just(StateSet::DNAT)];
    let ifaces = prop_oneof![3 => Just(IfaceSet::full()), 1 => Just(IfaceSet::single(iface_name("eth0"))), 1 => Just(IfaceSet::single(iface_name("eth0")).complement())];
    let flags =
        prop_oneof![3 => Just(FlagSet::FULL), 1 => Just(FlagSet::masked(TcpFlags(2), TcpFlags(2)))];
    let conditions = prop_oneof![5 => Just(vec![]), 2 => prop::collection::vec(condition(), 1..3)];
    (
        addrs(),
        addrs(),
        protos,
        ports(),
        ports(),
        states,
        ifaces,
        (flags, conditions),
    )
        .prop_map(
            |(src, dst, proto, sport, dport, state, in_iface, (flags, conditions))| {
                let tcp = proto == ProtoSet::single(6);
                Clause {
                    space: PacketBox {
                        src,
                        dst,
                        proto,
                        sport,
                        dport,
                        state,
                        in_iface,
                        flags: if tcp { flags } else { FlagSet::FULL },
                        out_iface: IfaceSet::full(),
                    },
                    conditions: conditions.into_iter().collect(),
                }
            },
        )
}

fn rule(action: impl Strategy<Value = Action> + 'static) -> impl Strategy<Value = Rule> {
    (
        prop::collection::vec(clause(), 1..3),
        action,
        0u32..4,
        1u8..8,
        prop::bool::weighted(0.9),
    )
        .prop_map(|(clauses, action, priority, profiles, enabled)| {
            let mut r = Rule::new(Span::new(0, 1), action);
            r.clauses = clauses.into_iter().collect();
            r.priority = Some(priority);
            r.profiles = Profiles(profiles);
            r.enabled = enabled;
            r
        })
}

fn verdicts() -> impl Strategy<Value = Action> {
    prop_oneof![Just(Action::Allow), Just(Action::Deny)]
}

fn chain_actions(chains: u32, own: u32) -> BoxedStrategy<Action> {
    let verdict = prop_oneof![
        4 => Just(Action::Allow),
        4 => Just(Action::Deny),
        2 => Just(Action::Return),
        1 => Just(Action::Continue),
        1 => Just(Action::Opaque("NFQUEUE".into())),
        1 => (0u32..3).prop_map(|value| Action::SetMark { value, mask: 3 }),
    ];
    if own + 1 >= chains {
        return verdict.boxed();
    }
    // Jumps go to later chains only: the kernel refuses loops.
    prop_oneof![3 => verdict, 2 => (own + 1..chains, any::<bool>()).prop_map(|(to, goto)| if goto { Action::Goto(to) } else { Action::Jump(to) })].boxed()
}

fn table(name: TableName, hooks: &'static [&'static str]) -> impl Strategy<Value = Table> {
    let n = u32::try_from(hooks.len()).unwrap() + 2;
    let chains: Vec<_> = (0..n)
        .map(|i| {
            // Base chains cannot be jumped to: they count as the first ones.
            let own = i.max(u32::try_from(hooks.len()).unwrap() - 1);
            let nat = prop_oneof![
                Just(Action::Return),
                (0u32..4, 0u16..3).prop_map(|(a, p)| Action::Nat(Box::new(Nat {
                    kind: NatKind::Dnat,
                    addrs: Some(AddrSet {
                        v4: RangeSet::single(a),
                        v6: RangeSet::single(a.into())
                    }),
                    ports: Some(PortSet::single(p)),
                })))
            ];
            let action = match name {
                TableName::Nat => nat.boxed(),
                TableName::Raw => prop_oneof![Just(Action::Notrack), Just(Action::Return)].boxed(),
                _ => chain_actions(n, own),
            };
            (prop::collection::vec(rule(action), 0..4), any::<bool>())
        })
        .collect();
    chains.prop_map(move |chains| Table {
        name,
        span: Span::default(),
        chains: chains
            .into_iter()
            .enumerate()
            .map(|(i, (rules, allow))| Chain {
                name: hooks
                    .get(i)
                    .map_or_else(|| format!("user{i}").into(), |h| (*h).into()),
                policy: hooks.get(i).map(|_| ChainPolicy {
                    allow,
                    span: Span::default(),
                }),
                span: Span::default(),
                rules: rules
                    .into_iter()
                    .map(|mut r| {
                        r.enabled = true;
                        r
                    })
                    .collect(),
            })
            .collect(),
    })
}

fn netfilter() -> impl Strategy<Value = Point> {
    (
        table(TableName::Filter, &["INPUT", "FORWARD"]),
        prop::option::of(table(TableName::Nat, &["PREROUTING"])),
        prop::option::of(table(TableName::Raw, &["PREROUTING"])),
        prop::option::of(table(TableName::Mangle, &["PREROUTING"])),
    )
        .prop_map(|(f, n, r, m)| {
            let tables = [Some(f), n, r, m].into_iter().flatten().collect();
            Point::new(
                PointKind::Netfilter,
                Span::default(),
                Body::Netfilter(Netfilter { tables }),
            )
        })
}

fn lists() -> impl Strategy<Value = Point> {
    let kinds = prop_oneof![
        Just((PointKind::WindowsFirewall, Discipline::BlockOverAllow)),
        Just((PointKind::Nsg, Discipline::Priority)),
        Just((PointKind::SecurityGroup, Discipline::UnionOfAllows)),
    ];
    (
        kinds,
        prop::collection::vec(rule(verdicts()), 0..6),
        any::<bool>(),
    )
        .prop_map(|((kind, discipline), rules, allow)| {
            let allow = allow && kind == PointKind::WindowsFirewall;
            let list = |rules| RuleList {
                default: DefaultVerdict {
                    allow,
                    origin: DefaultOrigin::Implicit,
                    span: Span::default(),
                },
                rules,
            };
            Point::new(
                kind,
                Span::default(),
                Body::Lists(Lists {
                    discipline,
                    ingress: list(rules),
                    egress: list(vec![]),
                }),
            )
        })
}

fn packet() -> impl Strategy<Value = Packet> {
    (
        any::<bool>(),
        0u32..4,
        0u32..4,
        prop_oneof![Just(6u8), Just(17), Just(47)],
        0u16..3,
        0u16..3,
        prop_oneof![Just(2u8), Just(18), Just(0)],
        0u32..3,
        0usize..3,
    )
        .prop_map(
            |(v6, src, dst, proto, sport, dport, flags, state, i)| Packet {
                v6,
                src,
                dst,
                proto,
                sport,
                dport,
                flags,
                state,
                iface: IFACES[i],
            },
        )
}

fn naive(point: &Point, p: &Packet) -> Outcomes {
    let names: BTreeSet<String> = point
        .rules()
        .flat_map(|r| r.clauses.iter())
        .flat_map(|c| &c.conditions)
        .filter(|c| c.text.starts_with('c'))
        .map(|c| c.text.to_string())
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    let mut out = Outcomes::new();
    for bits in 0u32..1 << names.len() {
        let vars = names
            .iter()
            .enumerate()
            .map(|(i, n)| (n.clone(), bits >> i & 1 == 1))
            .collect();
        let n = Naive { vars: &vars };
        match &point.body {
            Body::Netfilter(nf) => n.netfilter(nf, p, &mut out),
            Body::Lists(l) => {
                let w = Walker {
                    p: p.clone(),
                    dnat: false,
                    untracked: false,
                    mark: 0,
                };
                let acts = |r: &&Rule| r.enabled && r.profiles.intersects(Profiles::DOMAIN);
                let mut rules: Vec<&Rule> = match l.discipline {
                    Discipline::BlockOverAllow => l.ingress.rules.iter().filter(acts).collect(),
                    _ => l.ingress.rules.iter().filter(|r| r.enabled).collect(),
                };
                match l.discipline {
                    Discipline::Priority => rules.sort_by_key(|r| r.priority),
                    Discipline::BlockOverAllow => rules.sort_by_key(|r| r.action != Action::Deny),
                    Discipline::UnionOfAllows => rules.retain(|r| r.action == Action::Allow),
                    Discipline::FirstMatch => {}
                }
                n.list(&rules, l.ingress.default.allow, &w, &mut out);
            }
        }
    }
    out
}

fn loaded(export: Export) -> LoadedExport {
    let source = Source::new("x", "", "UTF-8");
    LoadedExport::new("x".into(), source, export, String::new(), 0)
}

fn engine(point: &Point, packets: &[Packet]) -> Vec<Outcomes> {
    let export = Export {
        points: vec![point.clone()],
        ..Export::default()
    };
    let loaded = [loaded(export)];
    let (resolve, local) = (BTreeMap::new(), AddrSet::empty());
    let policy = LocalPolicy::Literal {
        uid: None,
        gid: None,
        mac: None,
        mark: 0,
    };
    let ctx = Context {
        exports: &loaded,
        resolve: &resolve,
        local: &local,
        profile: Profiles::DOMAIN,
        policy,
        filter_only: false,
    };
    packets
        .iter()
        .map(|p| {
            let branches = evaluate(&ctx, &[(0, 0)], Direction::In, &as_box(p));
            branches
                .iter()
                .map(|b| match b.effect {
                    Effect::Allow => ALLOW,
                    Effect::Deny => DENY,
                    Effect::Unknown => UNKNOWN,
                })
                .collect()
        })
        .collect()
}

/// Cases for a run: `HYLINT_ORACLE` sets them for the full one.
fn cases(default: u32) -> ProptestConfig {
    let n = std::env::var("HYLINT_ORACLE")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default);
    ProptestConfig {
        cases: n,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn lists_equal_the_naive_evaluator(point in lists(), packets in prop::collection::vec(packet(), 24)) {
        for (p, got) in packets.iter().zip(engine(&point, &packets)) {
            prop_assert_eq!(got, naive(&point, p), "{:?}", p);
        }
    }

    #[test]
    fn chains_equal_the_naive_evaluator(point in netfilter(), packets in prop::collection::vec(packet(), 24)) {
        let open = point.rules().flat_map(|r| r.clauses.iter()).any(|c| c.conditions.iter().any(|c| !matches!(c.test, Test::Mark { .. })));
        for (p, got) in packets.iter().zip(engine(&point, &packets)) {
            let want = naive(&point, p);
            if open {
                // Joined branches forget what their paths do not share: more may then seem possible, never less.
                prop_assert!(got.is_superset(&want), "{:?}: {:?} lacks some of {:?}", p, got, want);
            } else {
                prop_assert_eq!(got, want, "{:?}", p);
            }
        }
    }

    #[test]
    fn a_set_of_packets_is_judged_as_each_of_them(point in netfilter(), packets in prop::collection::vec(packet(), 8)) {
        let export = Export { points: vec![point.clone()], ..Export::default() };
        let loaded = [loaded(export)];
        let (resolve, local) = (BTreeMap::new(), AddrSet::empty());
        let policy = LocalPolicy::Literal { uid: None, gid: None, mac: None, mark: 0 };
        let ctx = Context { exports: &loaded, resolve: &resolve, local: &local, profile: Profiles::DOMAIN, policy, filter_only: false };
        let v4 = AddrSet { v4: RangeSet::range(0, 3), v6: RangeSet::empty() };
        let all = PacketBox {
            src: v4.clone(), dst: v4,
            sport: PortSet::range(0, 2), dport: PortSet::range(0, 2),
            state: StateSet::exactly(StateSet::FULL, false, false),
            in_iface: IFACES.iter().map(|i| (iface_name(i), iface_name(i))).collect(),
            out_iface: IfaceSet::single(0),
            ..PacketBox::any()
        };
        let branches = evaluate(&ctx, &[(0, 0)], Direction::In, &all);
        for p in packets.iter().filter(|p| !p.v6) {
            let one = as_box(p);
            let whole: Outcomes = branches.iter().filter(|b| b.space.intersects(&one)).map(|b| match b.effect { Effect::Allow => ALLOW, Effect::Deny => DENY, Effect::Unknown => UNKNOWN }).collect();
            let alone = engine(&point, std::slice::from_ref(p)).remove(0);
            prop_assert!(whole.is_superset(&alone), "{:?}: {:?} lacks some of {:?}", p, whole, alone);
        }
    }
}

#[test]
fn a_named_set_that_is_not_resolved_is_open_and_a_resolved_one_is_not() {
    let mut r = Rule::new(Span::new(0, 1), Action::Allow);
    r.clauses[0].conditions.push(Condition::new(
        ConditionKind::Peer,
        Test::Named {
            key: "ipset:admins".into(),
            side: Side::Src,
        },
        Span::default(),
        "admins",
    ));
    let list = |rules| RuleList {
        default: DefaultVerdict {
            allow: false,
            origin: DefaultOrigin::Implicit,
            span: Span::default(),
        },
        rules,
    };
    let point = Point::new(
        PointKind::Nsg,
        Span::default(),
        Body::Lists(Lists {
            discipline: Discipline::Priority,
            ingress: list(vec![r]),
            egress: list(vec![]),
        }),
    );
    let export = Export {
        points: vec![point],
        ..Export::default()
    };
    let loaded = [loaded(export)];
    let local = AddrSet::empty();
    let policy = LocalPolicy::Literal {
        uid: None,
        gid: None,
        mac: None,
        mark: 0,
    };
    let p = Packet {
        v6: false,
        src: 1,
        dst: 2,
        proto: 6,
        sport: 1,
        dport: 2,
        flags: 2,
        state: 0,
        iface: "",
    };
    let effects = |resolve: &BTreeMap<String, AddrSet>| -> Vec<Effect> {
        let ctx = Context {
            exports: &loaded,
            resolve,
            local: &local,
            profile: Profiles::ALL,
            policy,
            filter_only: false,
        };
        evaluate(&ctx, &[(0, 0)], Direction::In, &as_box(&p))
            .iter()
            .map(|b| b.effect)
            .collect()
    };
    assert_eq!(effects(&BTreeMap::new()).len(), 2);
    assert_eq!(
        effects(&BTreeMap::from([(
            "ipset:admins".into(),
            addr_set(false, 1)
        )])),
        [Effect::Allow]
    );
    assert_eq!(
        effects(&BTreeMap::from([(
            "ipset:admins".into(),
            addr_set(false, 3)
        )])),
        [Effect::Deny]
    );
}
