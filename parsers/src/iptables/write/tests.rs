use super::*;
use crate::iptables::builtin::TableName;
use crate::iptables::read::read_leniently as read_text;
use crate::iptables::{base_chain, write};
use hylint_model::Span;
use hylint_model::{
    Action, AddrTypes, ChainPolicy, Clause, Condition, ConditionKind, Nat, NatKind, Side,
    TableFamily, Test,
};
use hylint_space::{
    AddrSet, FlagSet, IfaceExt, IfaceSet, PacketBox, PortSet, ProtoSet, RangeSet, StateSet,
    TcpFlags,
};
use proptest::prelude::*;
use smallvec::SmallVec;

fn v4() -> impl Strategy<Value = AddrSet> {
    let block = (any::<u32>(), 1u8..=32)
        .prop_map(|(a, n)| AddrSet::cidr(std::net::Ipv4Addr::from(a).into(), n).unwrap());
    let range = (any::<u32>(), any::<u32>()).prop_map(|(a, b)| AddrSet {
        v4: RangeSet::range(a.min(b), a.max(b)),
        v6: RangeSet::empty(),
    });
    let all = || AddrSet::any_of(Family::V4);
    let several = prop::collection::vec(block.clone(), 2..5)
        .prop_map(|v| v.iter().fold(AddrSet::empty(), |a, b| a.union(b)));
    let mixed = prop::collection::vec(range.clone(), 2..4)
        .prop_map(|v| v.iter().fold(AddrSet::empty(), |a, b| a.union(b)));
    prop_oneof![
        3 => Just(all()),
        3 => block.clone(),
        1 => block.prop_map(move |b| all().subtract(&b)),
        1 => range.clone(),
        1 => range.prop_map(move |b| all().subtract(&b)),
        1 => several,
        1 => mixed,
    ]
}

fn v6() -> impl Strategy<Value = AddrSet> {
    let block = (any::<u128>(), 1u8..=128)
        .prop_map(|(a, n)| AddrSet::cidr(std::net::Ipv6Addr::from(a).into(), n).unwrap());
    let range = (any::<u128>(), any::<u128>()).prop_map(|(a, b)| AddrSet {
        v4: RangeSet::empty(),
        v6: RangeSet::range(a.min(b), a.max(b)),
    });
    let all = || AddrSet::any_of(Family::V6);
    prop_oneof![
        3 => Just(all()),
        3 => block.clone(),
        1 => block.prop_map(move |b| all().subtract(&b)),
        1 => range.prop_map(move |b| all().subtract(&b)),
    ]
}

fn port_set() -> impl Strategy<Value = PortSet> {
    let range = (any::<u16>(), any::<u16>()).prop_map(|(a, b)| (a.min(b), a.max(b)));
    prop_oneof![
        3 => Just(PortSet::full()),
        2 => any::<u16>().prop_map(PortSet::single),
        1 => any::<u16>().prop_map(|p| PortSet::single(p).complement()),
        1 => range.clone().prop_map(|(a, b)| PortSet::range(a, b)),
        2 => prop::collection::vec(any::<u16>(), 1..40).prop_map(|v| v.into_iter().map(|p| (p, p)).collect()),
        1 => prop::collection::vec(range, 1..6).prop_map(|v| v.into_iter().collect()),
    ]
}

fn flag_set() -> impl Strategy<Value = FlagSet> {
    let one = (0u8..64, 0u8..64).prop_map(|(m, v)| FlagSet::masked(TcpFlags(m), TcpFlags(m & v)));
    prop_oneof![
        4 => Just(FlagSet::FULL),
        2 => one.clone(),
        1 => one.prop_map(FlagSet::complement),
        1 => any::<u64>().prop_map(FlagSet),
    ]
}

fn state_set() -> impl Strategy<Value = StateSet> {
    let names = [
        StateSet::NEW,
        StateSet::ESTABLISHED,
        StateSet::RELATED,
        StateSet::INVALID,
        StateSet::UNTRACKED,
        StateSet::DNAT,
        StateSet::SNAT,
    ];
    let list = prop::sample::subsequence(names.to_vec(), 1..4)
        .prop_map(|v| v.into_iter().fold(StateSet(0), StateSet::union));
    prop_oneof![
        3 => Just(StateSet::FULL),
        2 => list.clone(),
        1 => list.clone().prop_map(StateSet::complement),
        1 => (list.clone(), list).prop_map(|(a, b)| StateSet(a.0 & b.complement().0)),
    ]
}

fn iface() -> impl Strategy<Value = IfaceSet> {
    let name = "[a-z]{1,5}[0-9.-]{0,4}[+]?";
    prop_oneof![
        4 => Just(IfaceSet::full()),
        2 => name.prop_map(|n: String| IfaceSet::iface(&n)),
        1 => name.prop_map(|n: String| IfaceSet::iface(&n).complement()),
    ]
}

/// Protocol, "source ports", "destination ports" and flags that may occur together.
fn upper(v6: bool) -> impl Strategy<Value = (ProtoSet, PortSet, PortSet, FlagSet)> {
    let full = || (PortSet::full(), PortSet::full(), FlagSet::FULL);
    let bare = move |p: ProtoSet| {
        let (s, d, f) = full();
        (p, s, d, f)
    };
    let icmp = if v6 { 58 } else { 1 };
    let small = |v: Vec<u16>| -> PortSet { v.into_iter().map(|n| (n, n)).collect() };
    let kinds = prop::collection::vec(0u16..255, 1..4).prop_map(small);
    prop_oneof![
        1 => Just(bare(ProtoSet::full())),
        1 => (1u8..255).prop_map(move |p| bare(ProtoSet::single(p))),
        1 => (1u8..255).prop_map(move |p| bare(ProtoSet::single(p).complement())),
        1 => Just(bare([(6, 6), (17, 17)].into_iter().collect())),
        4 => (port_set(), port_set(), flag_set()).prop_map(|(s, d, f)| (ProtoSet::single(6), s, d, f)),
        2 => (prop_oneof![Just(17u8), Just(132), Just(33), Just(136)], port_set(), port_set())
            .prop_map(|(p, s, d)| (ProtoSet::single(p), s, d, FlagSet::FULL)),
        1 => (port_set(), port_set()).prop_map(|(s, d)| {
            ([(6, 6), (17, 17)].into_iter().collect(), s, d, FlagSet::FULL)
        }),
        1 => kinds.clone().prop_map(move |t| (ProtoSet::single(icmp), t, PortSet::full(), FlagSet::FULL)),
        1 => kinds.clone().prop_map(move |t| (ProtoSet::single(icmp), t.complement(), PortSet::full(), FlagSet::FULL)),
        1 => (0u16..255, kinds.clone()).prop_map(move |(t, c)| (ProtoSet::single(icmp), PortSet::single(t), c, FlagSet::FULL)),
        1 => (0u16..255, kinds).prop_map(move |(t, c)| {
            (ProtoSet::single(icmp), PortSet::single(t), c.complement(), FlagSet::FULL)
        }),
    ]
}

fn space(v6_: bool) -> impl Strategy<Value = PacketBox> {
    let addr = move || if v6_ { v6().boxed() } else { v4().boxed() };
    (addr(), addr(), upper(v6_), state_set(), iface(), iface()).prop_map(
        |(src, dst, (proto, sport, dport, flags), state, in_iface, out_iface)| PacketBox {
            src,
            dst,
            proto,
            sport,
            dport,
            flags,
            state,
            in_iface,
            out_iface,
        },
    )
}

fn condition(v6: bool) -> impl Strategy<Value = Condition> {
    use ConditionKind::{Local, Peer, Rate, Unknown};
    let side = || prop_oneof![Just(Side::Src), Just(Side::Dst)];
    let hops = if v6 { "hl" } else { "ttl" };
    let made = |kind, test, text: String| Condition::new(kind, test, Span::default(), text);
    let tested =
        prop_oneof![
            ("[a-z][A-Za-z0-9_;#^$]{0,8}", side()).prop_map(move |(n, side)| made(
                Peer,
                Test::Named {
                    key: format!("ipset:{n}").into(),
                    side
                },
                "set".into()
            )),
            ("[a-z]{1,8}", prop::collection::vec(side(), 2..4)).prop_map(move |(n, sides)| made(
                Peer,
                Test::IpSet {
                    name: n.into(),
                    sides
                },
                "set".into()
            )),
            any::<[u8; 6]>().prop_map(move |m| {
                let t: Vec<String> = m.iter().map(|b| format!("{b:02x}")).collect();
                made(Peer, Test::Mac(t.join(":").into()), "mac".into())
            }),
            (0u32..70000, 0u32..9).prop_map(move |(a, n)| made(
                Local,
                Test::Uid(RangeSet::range(a, a + n)),
                "uid".into()
            )),
            (0u32..70000, 0u32..9).prop_map(move |(a, n)| made(
                Local,
                Test::Gid(RangeSet::range(a, a + n)),
                "gid".into()
            )),
            (any::<u32>(), any::<u32>()).prop_map(move |(value, mask)| made(
                Unknown,
                Test::Mark {
                    value: value & mask,
                    mask
                },
                "m".into()
            )),
            (any::<u32>(), any::<u32>()).prop_map(move |(value, mask)| made(
                Unknown,
                Test::ConnMark {
                    value: value & mask,
                    mask
                },
                "m".into()
            )),
            (side(), 1u16..256).prop_map(move |(side, t)| made(
                Unknown,
                Test::AddrType {
                    side,
                    types: AddrTypes(t),
                    single: false
                },
                "a".into()
            )),
            prop_oneof![Just("unicast"), Just("broadcast"), Just("multicast")]
                .prop_map(move |k| made(Unknown, Test::PktType(k.into()), "p".into())),
            (any::<u16>(), any::<u16>()).prop_map(move |(a, b)| made(
                Unknown,
                Test::Length(RangeSet::range(a.min(b), a.max(b))),
                "l".into()
            )),
            (0u8..64).prop_map(move |v| made(Unknown, Test::Dscp(RangeSet::single(v)), "d".into())),
            any::<u8>().prop_map(move |v| made(
                Unknown,
                Test::Ttl(RangeSet::single(v)),
                format!("{hops} is")
            )),
            (1u8..255).prop_map(move |v| made(
                Unknown,
                Test::Ttl(RangeSet::range(0, v)),
                "below".into()
            )),
            (1u8..255).prop_map(move |v| made(
                Unknown,
                Test::Ttl(RangeSet::range(v, 255)),
                "above".into()
            )),
            Just(()).prop_map(move |()| made(Unknown, Test::Fragment, "fragment".into())),
            Just(()).prop_map(move |()| made(Peer, Test::IpSec, "IPsec policy (out)".into())),
            Just(()).prop_map(move |()| made(Unknown, Test::ReversePath, "rpfilter".into())),
        ];
    let spelled = (1u32..100).prop_map(move |n| {
        made(
            Rate,
            Test::Rate(Some(true)),
            format!("limit --limit {n}/sec --limit-burst 5"),
        )
    });
    let worded = Just(()).prop_map(move |()| {
        Condition::new(Unknown, Test::Opaque, Span::default(), "! --tos 0x1/0x3")
    });
    prop_oneof![
        8 => (tested, any::<bool>()).prop_map(|(c, n)| c.negate(n)),
        1 => spelled,
        1 => worded,
    ]
}

fn nat(v6: bool) -> impl Strategy<Value = Nat> {
    let addr = if v6 {
        (any::<u128>(), 0u128..9)
            .prop_map(|(a, n)| {
                let a = a >> 1;
                AddrSet {
                    v4: RangeSet::empty(),
                    v6: RangeSet::range(a, a + n),
                }
            })
            .boxed()
    } else {
        (any::<u32>(), 0u32..9)
            .prop_map(|(a, n)| {
                let a = a >> 1;
                AddrSet {
                    v4: RangeSet::range(a, a + n),
                    v6: RangeSet::empty(),
                }
            })
            .boxed()
    };
    let ports =
        prop::option::of((1u16..60000, 0u16..9).prop_map(|(a, n)| PortSet::range(a, a + n)));
    (0usize..4, addr, ports).prop_map(|(k, a, ports)| match k {
        0 => Nat {
            kind: NatKind::Dnat,
            addrs: Some(a),
            ports,
        },
        1 => Nat {
            kind: NatKind::Snat,
            addrs: Some(a),
            ports,
        },
        2 => Nat {
            kind: NatKind::Redirect,
            addrs: None,
            ports,
        },
        _ => Nat {
            kind: NatKind::Masquerade,
            addrs: None,
            ports,
        },
    })
}

fn copies() -> impl Strategy<Value = Action> {
    let mask = || prop_oneof![Just(u32::MAX), any::<u32>()];
    (any::<bool>(), mask(), mask()).prop_map(|(restore, nfmask, ctmask)| match restore {
        true => Action::RestoreMark { nfmask, ctmask },
        false => Action::SaveMark { nfmask, ctmask },
    })
}

/// Chains 0 and 1 are base chains, 2 and 3 are the table's own.
fn action(v6: bool) -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => Just(Action::Allow),
        3 => Just(Action::Deny),
        1 => Just(Action::Return),
        1 => Just(Action::Continue),
        2 => (2u32..4).prop_map(Action::Jump),
        1 => (2u32..4).prop_map(Action::Goto),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(value, mask)| Action::SetMark { value, mask }),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(value, mask)| Action::SetConnMark { value, mask }),
        1 => copies(),
        1 => Just(Action::Notrack),
        1 => nat(v6).prop_map(|n| Action::Nat(Box::new(n))),
        1 => Just(Action::Opaque("NFQUEUE --queue-num 3".into())),
    ]
}

fn rule(v6: bool) -> impl Strategy<Value = Rule> {
    (
        space(v6),
        prop::collection::vec(condition(v6), 0..3),
        action(v6),
        "[a-z \"\\\\é!-]{0,9}",
    )
        .prop_map(|(space, conditions, action, comment)| {
            let mut rule = Rule::new(Span::new(1, 2), action);
            rule.clauses = SmallVec::from_elem(
                Clause {
                    space,
                    conditions: conditions.into(),
                },
                1,
            );
            rule.comment = comment.into();
            rule
        })
}

fn table(v6: bool, name: &'static str) -> impl Strategy<Value = Table> {
    let rules = prop::collection::vec(rule(v6), 0..4);
    (prop::collection::vec(rules, 4..=4), any::<bool>()).prop_map(move |(mut rules, allow)| {
        let policy = Some(ChainPolicy {
            allow,
            span: Span::default(),
        });
        let family = if v6 {
            TableFamily::Ip6
        } else {
            TableFamily::Ip
        };
        let chain = |n: &str, policy, rules| Chain {
            base: base_chain(name, n, family),
            name: n.into(),
            policy,
            span: Span::default(),
            rules,
        };
        let mut next = || rules.pop().unwrap_or_default();
        let chains = vec![
            chain("PREROUTING", policy, next()),
            chain("OUTPUT", policy, next()),
            chain("own-1", None, next()),
            chain("f2b:x", None, next()),
        ];
        Table {
            name: name.into(),
            family,
            filters: name == "filter",
            span: Span::default(),
            chains,
        }
    })
}

fn point(v6: bool) -> impl Strategy<Value = Point> {
    let names = prop::sample::subsequence(TableName::EACH.map(|(_, n)| n).to_vec(), 1..4);
    names
        .prop_flat_map(move |names| names.into_iter().map(|n| table(v6, n)).collect::<Vec<_>>())
        .prop_map(move |tables| {
            let body = Body::Netfilter(Netfilter::new(tables));
            let mut p = Point::new(PointKind::Netfilter, Span::default(), body);
            p.families = if v6 {
                hylint_model::Families::V6
            } else {
                hylint_model::Families::V4
            };
            p
        })
}

/// One clause for each rule and all its lines: the union of their boxes as disjoint pieces is compared by the callers.
fn boxes(rules: &[&Rule]) -> Vec<PacketBox> {
    let all = rules.iter().flat_map(|r| &r.clauses);
    all.map(|c| c.space.clone())
        .filter(|b| !b.is_empty())
        .collect()
}

fn minus(a: &[PacketBox], b: &[PacketBox]) -> usize {
    let mut left = a.to_vec();
    for cut in b {
        left = left.iter().flat_map(|l| l.subtract(cut)).collect();
    }
    left.len()
}

fn marks(r: &Rule) -> Vec<(ConditionKind, String)> {
    let key = |c: &Condition| match &c.test {
        // A number of hops that is not above another is one below the next.
        Test::Ttl(s) => format!("{:?}", if c.negated { s.complement() } else { s.clone() }),
        Test::Opaque | Test::Rate(_) => format!("{} {}", c.negated, c.text),
        t => format!("{} {t:?}", c.negated),
    };
    // `-f` is no match and is read before them.
    let mut all: Vec<_> = r.conditions().map(|c| (c.kind, key(c))).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn what_is_written_reads_back_as_the_same_model(a in point(false), b in point(true)) {
        let text = match write([&a, &b]) {
            Ok(t) => t,
            // The only limits that the generator reaches.
            Err(e) => {
                prop_assert!(e.message.contains("more than one rule can hold") || e.message.contains("longer than"), "{}", e.message);
                return Ok(());
            }
        };
        let back = read_text(&text);
        prop_assert!(back.problems.iter().all(|p| p.kind != hylint_model::ProblemKind::Malformed), "{:?}\n{text}", back.problems);
        prop_assert_eq!(back.points.len(), 2);
        for (want, have) in [&a, &b].into_iter().zip(&back.points) {
            prop_assert_eq!(want.families, have.families);
            let (Body::Netfilter(w), Body::Netfilter(h)) = (&want.body, &have.body) else { panic!() };
            prop_assert_eq!(w.tables().len(), h.tables().len());
            for (w, h) in w.tables().iter().zip(h.tables()) {
                prop_assert_eq!(&w.name, &h.name);
                prop_assert_eq!(w.chains.len(), h.chains.len());
                for (w, h) in w.chains.iter().zip(&h.chains) {
                    prop_assert_eq!(&w.name, &h.name);
                    prop_assert_eq!(&w.base, &h.base);
                    prop_assert_eq!(w.policy.map(|p| p.allow), h.policy.map(|p| p.allow));
                    same_chain(&w.rules, &h.rules, &text)?;
                }
            }
        }
        prop_assert_eq!(write(&back.points).unwrap(), text, "a fixed point");
    }
}

/// Walks both chains: each rule takes the lines that follow until its packets are all told.
fn same_chain(want: &[Rule], have: &[Rule], text: &str) -> std::result::Result<(), TestCaseError> {
    let mut lines = have.iter();
    for rule in want {
        let mut group = Vec::new();
        let whole = boxes(&[rule]);
        loop {
            let Some(line) = lines.next() else {
                prop_assert!(false, "lines are missing\n{text}");
                break;
            };
            prop_assert_eq!(&line.action, &rule.action);
            prop_assert_eq!(&line.comment, &rule.comment);
            if !boxes(&[line]).is_empty() {
                prop_assert_eq!(marks(line), marks(rule));
            }
            group.push(line);
            if minus(&whole, &boxes(&group)) == 0 {
                break;
            }
        }
        prop_assert_eq!(
            minus(&boxes(&group), &whole),
            0,
            "too much is matched\n{}",
            text
        );
    }
    prop_assert!(lines.next().is_none(), "lines are left\n{text}");
    Ok(())
}

fn chain_of(body: &str) -> Export {
    read_text(&format!(
        "# Generated by iptables-save v1.8.9\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n:web - [0:0]\n{body}\nCOMMIT\n"
    ))
}

use hylint_model::Export;

/// Lines that the writer gives back word for word.
#[test]
fn plain_rules_are_written_as_iptables_save_prints_them() {
    for line in [
        "-A INPUT -s 10.0.0.0/8 -i eth0 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT",
        "-A INPUT ! -s 10.0.0.1/32 -p udp -m udp ! --sport 53 -j DROP",
        "-A INPUT -p tcp -m multiport --dports 80,443,8000:8010 -j web",
        "-A INPUT -p tcp -m multiport --ports 80,443 -g web",
        "-A INPUT -p icmp -m icmp ! --icmp-type 3/4 -j DROP",
        "-A INPUT -p icmp -m icmp --icmp-type 8 -m limit --limit 1/sec -j ACCEPT",
        "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m comment --comment \"a \\\"b\\\" c\" -j ACCEPT",
        "-A INPUT -m set ! --match-set w-;r#^ src -j DROP",
        "-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.5",
        "-A INPUT -s 10.0.0.1/32,10.0.0.9/32 -j ACCEPT",
        "-A INPUT -m owner ! --uid-owner 1000-1999 -j RETURN",
        "-A INPUT ! -p tcp -j ACCEPT",
        "-A INPUT -m conntrack --ctstate NEW -m conntrack ! --ctorigdst 10.0.0.0/8 -j ACCEPT",
        "-A INPUT -m rpfilter --loose --accept-local --invert -j DROP",
        "-A INPUT -j CONNMARK --restore-mark --nfmask 0xf0 --ctmask 0xf0",
        "-A INPUT -p tcp -m tcp --sport 1024:65535 --dport 22 -j NFQUEUE --queue-num 0",
    ] {
        let first = chain_of(line);
        assert!(first.problems.is_empty(), "{line}: {:?}", first.problems);
        let text = write(&first.points).unwrap_or_else(|e| panic!("{line}: {}", e.message));
        let have = text.lines().find(|l| l.starts_with("-A")).unwrap_or("");
        assert_eq!(have, line);
    }
}

#[test]
fn what_a_dump_cannot_say_is_an_error_with_its_place() {
    let spoil = |change: fn(&mut Rule)| {
        let mut e = chain_of("-A INPUT -p tcp -m tcp --dport 22 -j web");
        let point = &mut e.points[0];
        point.rules_mut().for_each(change);
        let span = point.rules().next().unwrap().span;
        assert!(!span.is_empty());
        assert_eq!(write(&e.points).unwrap_err().span, span);
    };
    spoil(|r| r.enabled = false);
    spoil(|r| r.action = Action::Bypass);
    spoil(|r| r.action = Action::Jump(77));
    spoil(|r| r.action = Action::Opaque("a rule that is cut".into()));
    spoil(|r| r.comment = "two\nlines".into());
    spoil(|r| r.clauses[0].space.proto = ProtoSet::full());
    spoil(|r| r.clauses[0].space.proto = ProtoSet::single(0));
    spoil(|r| r.clauses[0].space.in_iface = IfaceSet::range(5, 99));
    spoil(|r| r.clauses[0].space.dport = (0..3000).map(|n| (n * 20, n * 20)).collect());
    spoil(|r| {
        let service = Test::Service("Dnscache".into());
        let c = Condition::new(ConditionKind::Local, service, Span::default(), "service");
        r.clauses[0].conditions.push(c);
    });
    // Two overlapping alternatives would jump twice.
    spoil(|r| {
        let mut other = r.clauses[0].clone();
        other.space.dport = PortSet::range(20, 30);
        r.clauses.push(other);
    });
    spoil(|r| {
        let text = "-j evil\n-A INPUT -j ACCEPT";
        let c = Condition::new(ConditionKind::Unknown, Test::Opaque, Span::default(), text);
        r.clauses[0].conditions.push(c);
    });
}

#[test]
fn a_dump_of_unknown_family_keeps_it_open() {
    let e = read_text(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n-A INPUT -6 -s fe80::/10 -j ACCEPT\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n",
    );
    assert!(e.points[0].families_assumed);
    let text = write(&e.points).unwrap();
    assert!(
        text.contains("-A INPUT -6 -s fe80::/10 -j ACCEPT"),
        "{text}"
    );
    // A rule that would settle the family on reading cannot be written without a header.
    let mut named = e.points[0].clone();
    for r in named.rules_mut() {
        r.clauses[0].space = PacketBox {
            proto: ProtoSet::single(1),
            ..PacketBox::any()
        };
    }
    assert!(write([&named]).is_err());
}
