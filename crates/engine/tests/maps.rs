//! Verdict maps, sets that rules share, and several base chains at one hook: what readers of nftables make, and no reader
//! of iptables. Each is tried where it must act and where it must not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use hylint_engine::{
    Context, Decider, Direction, Effect, Indexes, LocalPolicy, PointId, RuleSet, RuleSets, SetId,
    evaluate, evaluate_logged,
};
use hylint_model::{
    self as model, Action, BaseChain, Body, Chain, ChainPolicy, ChainType, Clause, Condition,
    ConditionKind, Hook, NamedSet, Nat, NatKind, Netfilter, PacketField, Point, PointKind, Rule,
    Span, Table, TableFamily, Test, Values,
};
use hylint_space::{
    AddrSet, Family, FlagSet, IfaceExt, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet, TcpFlags,
};
use std::collections::BTreeMap;

struct One {
    points: Vec<Point>,
    indexes: Indexes,
}

impl RuleSets for One {
    fn set(&self, _: SetId) -> Option<RuleSet<'_>> {
        Some(RuleSet {
            points: &self.points,
            indexes: &self.indexes,
        })
    }
}

fn base(hook: Hook, kind: ChainType, priority: i32) -> BaseChain {
    BaseChain {
        hook,
        kind,
        priority,
        or_priority: None,
        family: TableFamily::Inet,
        devices: Vec::new(),
    }
}

fn chain(base: Option<BaseChain>, allow: bool, rules: Vec<Rule>) -> Chain {
    let policy = ChainPolicy {
        allow,
        span: Span::default(),
    };
    Chain {
        name: "chain".into(),
        policy: base.is_some().then_some(policy),
        base,
        span: Span::default(),
        rules,
    }
}

/// A chain of input that drops what its rules do not accept, and others behind it.
fn input(rules: Vec<Rule>, others: Vec<Chain>) -> Netfilter {
    let mut chains = vec![chain(
        Some(base(Hook::Input, ChainType::Filter, 0)),
        false,
        rules,
    )];
    chains.extend(others);
    whole(chains)
}

fn whole(chains: Vec<Chain>) -> Netfilter {
    let mut nf = Netfilter::new(vec![Table {
        name: "own".into(),
        family: TableFamily::Inet,
        filters: true,
        span: Span::default(),
        chains,
    }]);
    nf.whole = true;
    nf
}

fn tcp(ports: PortSet) -> PacketBox {
    PacketBox {
        proto: ProtoSet::single(6),
        dport: ports,
        ..PacketBox::any()
    }
}

fn port(n: u16) -> Clause {
    Clause {
        space: tcp(PortSet::single(n)),
        ..Clause::default()
    }
}

fn rule(at: usize, action: Action, clauses: impl IntoIterator<Item = Clause>) -> Rule {
    Rule {
        clauses: clauses.into_iter().collect(),
        ..Rule::new(Span::new(at, at + 1), action)
    }
}

fn map(at: usize, parts: Vec<(Clause, Action)>) -> Rule {
    let (clauses, actions): (Vec<Clause>, Vec<Action>) = parts.into_iter().unzip();
    rule(at, Action::Map(actions.into()), clauses)
}

fn packet(src: &str, dport: u16) -> PacketBox {
    PacketBox {
        src: AddrSet::parse(src).unwrap(),
        dst: AddrSet::parse("10.9.9.9").unwrap().only(Family::V4),
        sport: PortSet::single(40000),
        flags: FlagSet::exactly(TcpFlags::SYN),
        state: StateSet::exactly(StateSet::NEW, false, false),
        in_iface: IfaceSet::iface("eth0"),
        out_iface: IfaceSet::single(0),
        ..tcp(PortSet::single(dport))
    }
}

/// The effects of a packet that comes in with where the rules stand that decide it, by a scan and by the index.
fn effects(nf: &Netfilter, p: &PacketBox) -> Vec<(Effect, Option<u32>)> {
    let by = |indexes: Indexes| {
        let body = Body::Netfilter(nf.clone());
        let point = Point::new(PointKind::Netfilter, Span::default(), body);
        let points = vec![point];
        let one = One { points, indexes };
        let (resolve, local) = (BTreeMap::new(), AddrSet::empty());
        let policy = LocalPolicy::Literal {
            uid: None,
            gid: None,
            mac: None,
            mark: 0,
        };
        let ctx = Context::new(&one, &resolve, &local, policy);
        let branches = evaluate(&ctx, &[PointId::default()], Direction::In, p);
        let place = |d: &Decider<'_>| d.rule().map(|r| r.span.start);
        let mut all: Vec<_> = branches.iter().map(|b| (b.effect, place(&b.by))).collect();
        all.dedup();
        all
    };
    let all = by(Indexes::default());
    assert_eq!(all, by(Indexes::of_every_list()), "by the index");
    all
}

const ALLOW: Effect = Effect::Allow;
const DENY: Effect = Effect::Deny;

/// If all clauses got one action, or a part were asked after another had taken the packet, 22 or 80 would come out wrong.
#[test]
fn each_clause_of_a_map_has_its_own_action_under_one_rule() {
    let any = Clause::default();
    let rules = vec![
        map(
            1,
            vec![
                (port(22), Action::Allow),
                (port(23), Action::Deny),
                (port(80), Action::Jump(1)),
                (port(81), Action::Continue),
                (port(82), Action::Return),
                (port(83), Action::Goto(1)),
                // Overlaps all of them.
                (port(22), Action::Deny),
            ],
        ),
        rule(2, Action::Allow, [any.clone()]),
    ];
    let inner = chain(
        None,
        true,
        vec![
            rule(10, Action::Return, [port(83)]),
            rule(11, Action::Deny, [port(81)]),
        ],
    );
    let nf = input(rules, vec![inner]);
    let of = |n| effects(&nf, &packet("10.0.0.1", n));
    assert_eq!(of(22), [(ALLOW, Some(1))]);
    assert_eq!(of(23), [(DENY, Some(1))]);
    // It comes back from the chain and goes on behind the map.
    assert_eq!(of(80), [(ALLOW, Some(2))]);
    assert_eq!(of(81), [(ALLOW, Some(2))]);
    assert_eq!(of(82), [(DENY, None)], "the policy");
    assert_eq!(of(83), [(DENY, None)], "goto comes back to nobody");
    assert_eq!(of(443), [(ALLOW, Some(2))], "the map does not match it");
}

/// A path with two lines for one rule, or none, would not be the one that the packet goes.
#[test]
fn a_map_is_one_step_of_the_path() {
    let rules = vec![map(
        1,
        vec![(port(22), Action::Deny), (port(80), Action::Allow)],
    )];
    let body = Body::Netfilter(input(rules, Vec::new()));
    let one = One {
        points: vec![Point::new(PointKind::Netfilter, Span::default(), body)],
        indexes: Indexes::default(),
    };
    let (resolve, local) = (BTreeMap::new(), AddrSet::empty());
    let policy = LocalPolicy::Holds;
    let ctx = Context::new(&one, &resolve, &local, policy);
    let query = PacketBox {
        dport: PortSet::full(),
        ..packet("10.0.0.1", 0)
    };
    let mut steps = Vec::new();
    let points = [PointId::default()];
    let branches = evaluate_logged(&ctx, &points, Direction::In, &query, Some(&mut steps));
    let rules: Vec<_> = steps.iter().map(|s| s.rule.map(|r| r.span.start)).collect();
    assert_eq!(rules, [Some(1), None]);
    let by_map = branches.iter().filter(|b| b.by.rule().is_some());
    assert_eq!(by_map.count(), 2);
}

/// An open condition of a part leaves the parts behind it possible, and the rules behind the map.
#[test]
fn an_open_condition_of_a_map_holds_for_its_clause_alone() {
    let open = Condition::new(
        ConditionKind::Peer,
        Test::Opaque,
        Span::default(),
        "somebody",
    );
    let mut first = port(22);
    first.conditions.push(open);
    let nf = input(
        vec![
            map(1, vec![(first, Action::Allow), (port(23), Action::Allow)]),
            rule(2, Action::Deny, [Clause::default()]),
        ],
        Vec::new(),
    );
    let both = effects(&nf, &packet("10.0.0.1", 22));
    assert!(both.contains(&(ALLOW, Some(1))) && both.contains(&(DENY, Some(2))));
    assert_eq!(effects(&nf, &packet("10.0.0.1", 23)), [(ALLOW, Some(1))]);
}

fn named(members: Vec<Vec<Values>>) -> NamedSet {
    NamedSet {
        name: "peers".into(),
        span: Span::default(),
        members: members.into_iter().map(Vec::into_boxed_slice).collect(),
    }
}

fn in_set(fields: &[PacketField], negated: bool) -> Clause {
    let test = Test::Set {
        set: model::NamedSetId::new(0),
        fields: fields.into(),
    };
    let c = Condition::new(ConditionKind::Peer, test, Span::default(), "in @peers");
    let mut clause = Clause::default();
    clause.conditions.push(c.negate(negated));
    clause
}

/// A set of several fields is no product of its fields: 10.0.0.1 may use 22 alone, and 10.0.0.2 80 alone.
#[test]
fn members_of_several_fields_hold_together() {
    let addr = |a| Values::Addrs(AddrSet::parse(a).unwrap());
    let one = |n| Values::Ports(PortSet::single(n));
    let set = named(vec![
        vec![addr("10.0.0.1"), one(22)],
        vec![addr("10.0.0.2"), one(80)],
        // Overlaps the first.
        vec![addr("10.0.0.0/31"), one(22)],
    ]);
    let fields = [PacketField::Src, PacketField::Dport];
    let table = |negated| {
        let mut nf = input(
            vec![rule(1, Action::Allow, [in_set(&fields, negated)])],
            Vec::new(),
        );
        nf.sets = vec![set.clone()];
        nf
    };
    for (src, dport, member) in [
        ("10.0.0.1", 22, true),
        ("10.0.0.0", 22, true),
        ("10.0.0.2", 80, true),
        ("10.0.0.1", 80, false),
        ("10.0.0.2", 22, false),
    ] {
        let of = |negated| effects(&table(negated), &packet(src, dport));
        let (is, is_not) = ([(ALLOW, Some(1))], [(DENY, None)]);
        assert_eq!(of(false), if member { is } else { is_not }, "{src} {dport}");
        assert_eq!(of(true), if member { is_not } else { is }, "{src} {dport}");
    }
    // Of many packets at once exactly those of the members pass.
    let wide = PacketBox {
        src: AddrSet::parse("10.0.0.0/29").unwrap(),
        dport: PortSet::full(),
        ..packet("10.0.0.0", 0)
    };
    let nf = table(false);
    let both = effects(&nf, &wide);
    assert!(both.contains(&(ALLOW, Some(1))) && both.contains(&(DENY, None)));
    assert!(both.iter().all(|(e, _)| *e != Effect::Unknown));
}

/// A set that does not fit its use, or that is not there, is not decided: neither accepted nor dropped for sure.
#[test]
fn a_set_that_cannot_be_looked_up_is_an_open_condition() {
    let ports = named(vec![vec![Values::Ports(PortSet::single(22))]]);
    for sets in [vec![ports], Vec::new()] {
        let mut nf = input(
            vec![rule(1, Action::Allow, [in_set(&[PacketField::Src], false)])],
            Vec::new(),
        );
        nf.sets = sets;
        let both = effects(&nf, &packet("10.0.0.1", 22));
        assert_eq!(both.len(), 2, "{both:?}");
    }
}

/// An accept that ended the hook would let 22 in past the second chain, and a drop that ended its chain alone would let 23.
#[test]
fn an_accept_ends_its_own_base_chain_and_a_drop_ends_all() {
    let at = |priority, allow, rules| {
        chain(
            Some(base(Hook::Input, ChainType::Filter, priority)),
            allow,
            rules,
        )
    };
    let first = vec![
        rule(1, Action::Allow, [port(22)]),
        rule(2, Action::Deny, [port(23)]),
    ];
    let second = vec![
        rule(3, Action::Deny, [port(22)]),
        rule(4, Action::Allow, [port(23), port(80)]),
    ];
    // The second stands first in the file.
    let nf = whole(vec![at(10, false, second), at(-10, true, first)]);
    let of = |n| effects(&nf, &packet("10.0.0.1", n));
    assert_eq!(of(22), [(DENY, Some(3))]);
    assert_eq!(of(23), [(DENY, Some(2))]);
    assert_eq!(of(80), [(ALLOW, Some(4))]);
    assert_eq!(of(443), [(DENY, None)]);
}

/// The kernel asks no nat chain of a hook once one has translated the packet.
#[test]
fn the_first_nat_chain_that_translates_ends_the_others_of_its_hook() {
    let to = |at, port: u16, to: u16| {
        let nat = Nat {
            kind: NatKind::Redirect,
            addrs: None,
            ports: Some(PortSet::single(to)),
        };
        rule(at, Action::Nat(Box::new(nat)), [self::port(port)])
    };
    let at = |priority, rules| {
        let base = base(Hook::Prerouting, ChainType::Nat, priority);
        chain(Some(base), true, rules)
    };
    let accept = vec![rule(3, Action::Allow, [port(8080), port(9090)])];
    let filter = chain(Some(base(Hook::Input, ChainType::Filter, 0)), false, accept);
    let nf = whole(vec![
        filter,
        at(0, vec![to(2, 8080, 1), to(4, 90, 9090)]),
        at(-10, vec![to(1, 80, 8080)]),
    ]);
    let of = |n| effects(&nf, &packet("10.0.0.1", n));
    assert_eq!(of(80), [(ALLOW, Some(3))], "not translated a second time");
    assert_eq!(of(90), [(ALLOW, Some(3))], "the second chain is asked");
    assert_eq!(of(8080), [(DENY, None)], "to 1");
}

/// Chains of one interface do not see the packets of others.
#[test]
fn a_chain_of_an_interface_sees_what_comes_in_there() {
    let drops = vec![rule(1, Action::Deny, [Clause::default()])];
    let on = |device: &str| BaseChain {
        devices: vec![device.into()],
        ..base(Hook::Ingress, ChainType::Filter, 0)
    };
    let of = |device: &str| {
        let nf = whole(vec![chain(Some(on(device)), true, drops.clone())]);
        effects(&nf, &packet("10.0.0.1", 22))
    };
    assert_eq!(of("eth0"), [(DENY, Some(1))]);
    assert_eq!(of("eth1"), [(ALLOW, None)]);
}

/// Without a chain that filters, a dump of iptables does not say what passes; nftables does.
#[test]
fn a_hook_without_a_chain_lets_through_where_the_export_is_whole() {
    let of = |whole: bool| {
        let mut nf = self::whole(vec![chain(
            Some(base(Hook::Forward, ChainType::Filter, 0)),
            false,
            Vec::new(),
        )]);
        nf.whole = whole;
        effects(&nf, &packet("10.0.0.1", 22))
    };
    assert_eq!(of(true), [(ALLOW, None)]);
    assert_eq!(of(false), [(Effect::Unknown, None)]);
}

/// A chain for IPv6 alone says nothing of IPv4.
#[test]
fn a_chain_sees_the_packets_of_its_family() {
    for (family, effect) in [
        (TableFamily::Ip, DENY),
        (TableFamily::Inet, DENY),
        (TableFamily::Ip6, ALLOW),
        (TableFamily::Bridge, ALLOW),
    ] {
        let base = BaseChain {
            family,
            ..base(Hook::Input, ChainType::Filter, 0)
        };
        let nf = whole(vec![chain(Some(base), false, Vec::new())]);
        assert_eq!(effects(&nf, &packet("10.0.0.1", 22)), [(effect, None)]);
    }
}
