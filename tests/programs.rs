//! What the engine makes of a program, a service or an owner that a rule asks for, when it judges a required flow. The
//! oracle (tests/oracle.rs) takes packets literally and never gets here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use hylint::judge::Exports;
use hylint::load::LoadedExport;
use hylint::rules::platform;
use hylint_engine::{Carry, Context, Direction, Effect, LocalPolicy, PointId, evaluate};
use hylint_model::{
    Action, Body, Clause, Condition, ConditionKind, DefaultOrigin, DefaultVerdict, Discipline,
    Export, Lists, Point, PointKind, Rule, RuleList, Span, Test,
};
use hylint_parsers::source::Source;
use hylint_space::{AddrSet, PacketBox, PortSet, ProtoSet, RangeSet, StateSet, TcpFlags};
use std::collections::BTreeMap;

const LISTENERS: &[&str] = &["termservice", "sqlservr"];

/// A required flow whose listener nobody names, of a vendor whose programs are known by their folder.
fn of_vendor(vendor: &[String]) -> LocalPolicy<'_> {
    LocalPolicy::Required(platform::expected(&[], vendor))
}

fn vendor() -> Vec<String> {
    vec!["accops".into(), "propalms".into()]
}

/// A clause of TCP to a port.
fn https() -> PacketBox {
    PacketBox {
        proto: ProtoSet::single(6),
        dport: PortSet::single(443),
        ..PacketBox::any()
    }
}

fn local(test: Test) -> Condition {
    let text = format!("{test:?}");
    Condition::new(ConditionKind::Local, test, Span::default(), text)
}

fn program(name: &str) -> Condition {
    local(Test::Program(name.into()))
}

fn service(name: &str) -> Condition {
    local(Test::Service(name.into()))
}

fn rule(action: Action, space: PacketBox, conditions: &[Condition]) -> Rule {
    let mut r = Rule::new(Span::new(0, 1), action);
    let clause = Clause {
        space,
        conditions: conditions.iter().cloned().collect(),
    };
    r.clauses = [clause].into_iter().collect();
    r
}

/// What happens to a new connection to port 443 at a list of these rules, and whether on an assumption.
fn judged(rules: Vec<Rule>, policy: LocalPolicy<'_>) -> Vec<(Effect, bool)> {
    let list = |rules| RuleList {
        default: DefaultVerdict {
            allow: false,
            origin: DefaultOrigin::Implicit,
            span: Span::default(),
        },
        rules,
    };
    let lists = Lists {
        discipline: Discipline::Priority,
        ingress: list(rules),
        egress: list(Vec::new()),
    };
    let point = Point::new(PointKind::Nsg, Span::default(), Body::Lists(lists));
    let export = Export {
        points: vec![point],
        ..Export::default()
    };
    let source = Source::new("x", "", "UTF-8");
    let exports = Exports::from([LoadedExport::new(
        "x".into(),
        source,
        export,
        String::new(),
        0,
    )]);
    let (resolve, own) = (BTreeMap::new(), AddrSet::empty());
    let ctx = Context::new(&exports, &resolve, &own, policy);
    let query = PacketBox {
        src: AddrSet::parse("10.0.0.0/24").unwrap(),
        dst: AddrSet::parse("10.1.0.1").unwrap(),
        flags: hylint_space::FlagSet::exactly(TcpFlags::SYN),
        state: StateSet::exactly(StateSet::NEW, false, false),
        ..https()
    };
    let mut all: Vec<(Effect, bool)> = evaluate(&ctx, &[PointId::default()], Direction::In, &query)
        .iter()
        .map(|b| (b.effect, !b.assumed.is_empty()))
        .collect();
    all.sort_by_key(|(e, assumed)| (*e as u8, *assumed));
    all.dedup();
    all
}

fn required(action: Action, space: PacketBox, conditions: &[Condition]) -> Vec<(Effect, bool)> {
    let listeners: Vec<String> = LISTENERS.iter().map(|l| (*l).into()).collect();
    let rules = vec![rule(action, space, conditions)];
    judged(rules, LocalPolicy::Required(platform::listener(&listeners)))
}

const ASSUMED: &[(Effect, bool)] = &[(Effect::Allow, true)];
const NOT: &[(Effect, bool)] = &[(Effect::Deny, false)];
const OPEN: &[(Effect, bool)] = &[(Effect::Allow, false), (Effect::Deny, false)];

#[test]
fn an_allow_for_the_listener_or_for_one_that_is_not_known_carries_the_flow() {
    let svchost = r"%SystemRoot%\System32\svchost.exe";
    for (conditions, want) in [
        (vec![service("TermService")], ASSUMED),
        (vec![program(r"C:\SQL\Binn\sqlservr.exe")], ASSUMED),
        (vec![program("/opt/sql/SQLSERVR")], ASSUMED),
        (vec![program(r"C:\x\other.exe")], NOT),
        (vec![service("Spooler")], NOT),
        // These hold many services: who listens is the service's matter, and not known without one.
        (vec![program(svchost)], ASSUMED),
        (vec![program("System")], ASSUMED),
        (vec![program(svchost), service("TermService")], ASSUMED),
        (vec![program(svchost), service("Spooler")], NOT),
        (vec![service("*")], ASSUMED),
        (vec![program(r"C:\x\other.exe"), service("*")], NOT),
        // Any other program says nothing of this one.
        (vec![program(r"C:\x\other.exe").negate(true)], ASSUMED),
    ] {
        assert_eq!(
            required(Action::Allow, https(), &conditions),
            want,
            "{conditions:?}"
        );
    }
    // Nobody says who listens.
    for name in [r"C:\x\other.exe", r"C:\SQL\Binn\sqlservr.exe"] {
        let rules = vec![rule(Action::Allow, https(), &[program(name)])];
        assert_eq!(
            judged(rules, LocalPolicy::Required(platform::listener(&[]))),
            ASSUMED,
            "{name}"
        );
    }
}

#[test]
fn a_block_stops_its_own_listener_only() {
    let blocked = |condition: Condition| {
        let listeners: Vec<String> = LISTENERS.iter().map(|l| (*l).into()).collect();
        let rules = vec![
            rule(Action::Deny, https(), &[condition]),
            rule(Action::Allow, https(), &[]),
        ];
        judged(rules, LocalPolicy::Required(platform::listener(&listeners)))
    };
    let passes: &[(Effect, bool)] = &[(Effect::Allow, false)];
    assert_eq!(blocked(service("TermService")), [(Effect::Deny, true)]);
    assert_eq!(blocked(service("Spooler")), passes);
    assert_eq!(blocked(program(r"C:\x\other.exe")), passes);
    // Which service it is stays open, and so does whose port the system assigned.
    assert_eq!(blocked(program("svchost.exe")), OPEN);
    assert_eq!(blocked(local(Test::SystemPort)), OPEN);
    assert_eq!(blocked(local(Test::Uid(RangeSet::single(0)))), OPEN);
    assert_eq!(blocked(local(Test::Gid(RangeSet::single(0)))), OPEN);
    assert_eq!(blocked(local(Test::Opaque)), OPEN);
    let package = |named| local(Test::Package { named });
    assert_eq!(blocked(package(false)), [(Effect::Deny, true)]);
    // No server is an app: a block of one that is named stops none.
    assert_eq!(blocked(package(true)), passes);
}

// Fails if a flow is satisfied by a rule whose program a block of any port stops before it: only one process listens.
#[test]
fn an_allow_does_not_carry_for_a_program_that_a_block_of_any_port_names() {
    let any_port = || PacketBox {
        dport: PortSet::full(),
        ..https()
    };
    let app = program(r"C:\x\app.exe");
    let twofold = [app.clone(), service("Spooler")];
    for (block, allow, want) in [
        (vec![app.clone()], vec![app.clone()], NOT),
        (vec![program(r"C:\x\b.exe")], vec![app.clone()], ASSUMED),
        (vec![app.clone()], vec![], &[(Effect::Allow, false)]),
        // Another service of the program may listen.
        (twofold.to_vec(), vec![app.clone()], ASSUMED),
        (twofold.to_vec(), twofold.to_vec(), NOT),
        // Windows tells no case apart.
        (vec![program(r"C:\X\APP.EXE")], vec![app.clone()], NOT),
    ] {
        let rules = vec![
            rule(Action::Deny, any_port(), &block),
            rule(Action::Allow, https(), &allow),
        ];
        let got = judged(rules, of_vendor(&vendor()));
        assert_eq!(got, want, "{block:?} {allow:?}");
    }
}

// Fails if a block that was passed over decides a later block that asks the same: whether that one stops the flow is open,
// whatever the order.
#[test]
fn a_block_of_any_port_leaves_a_block_of_the_port_open() {
    let any_port = PacketBox {
        dport: PortSet::full(),
        ..https()
    };
    let app = [program(r"C:\x\app.exe")];
    let any = rule(Action::Deny, any_port, &app);
    let named = rule(Action::Deny, https(), &app);
    let allow = rule(Action::Allow, https(), &[]);
    for blocks in [[any.clone(), named.clone()], [named, any]] {
        let rules = blocks.into_iter().chain([allow.clone()]).collect();
        let got = judged(rules, LocalPolicy::Required(platform::listener(&[])));
        assert_eq!(got, OPEN);
    }
}

// Fails if what a block of any port says of some packets is said of others.
#[test]
fn a_block_of_any_port_from_elsewhere_stops_nothing() {
    let from = |lo: u32, hi: u32| PacketBox {
        src: AddrSet {
            v4: RangeSet::range(lo, hi),
            v6: RangeSet::empty(),
        },
        ..https()
    };
    let app = [program(r"C:\x\app.exe")];
    let of_any_port = |space: PacketBox| PacketBox {
        dport: PortSet::full(),
        ..space
    };
    let both: &[(Effect, bool)] = &[(Effect::Allow, true), (Effect::Deny, false)];
    for (block, want) in [
        (from(0, 0x00FF_FFFF), ASSUMED),
        (from(0x0A00_0000, 0x0AFF_FFFF), NOT),
        (from(0x0A00_0000, 0x0A00_0000), both),
    ] {
        let rules = vec![
            rule(Action::Deny, of_any_port(block.clone()), &app),
            rule(Action::Allow, https(), &app),
        ];
        let got = judged(rules, of_vendor(&vendor()));
        assert_eq!(got, want, "{block:?}");
    }
}

// Fails if `trace` says that an export lets through or stops what `check` rests no requirement on.
#[test]
fn what_is_not_printed_decides_a_packet_only_where_ports_are_named() {
    let any_port = || PacketBox {
        dport: PortSet::full(),
        ..https()
    };
    let literal = LocalPolicy::Literal {
        uid: None,
        gid: None,
        mac: None,
        mark: 0,
    };
    let brief = [local(Test::Unprinted)];
    let is = |rules: Vec<Rule>, want: &[(Effect, bool)]| assert_eq!(judged(rules, literal), want);
    is(vec![rule(Action::Allow, https(), &brief)], ASSUMED);
    is(vec![rule(Action::Allow, any_port(), &brief)], OPEN);
    // What narrows one rule says nothing of another.
    let rules = vec![
        rule(Action::Deny, any_port(), &brief),
        rule(Action::Allow, any_port(), &brief),
    ];
    is(rules, OPEN);
}

#[test]
fn a_condition_on_the_process_carries_only_what_names_its_ports() {
    let any_port = PacketBox {
        dport: PortSet::full(),
        ..https()
    };
    let nearly_any = PacketBox {
        dport: PortSet::range(1, u16::MAX),
        ..https()
    };
    let any_protocol = PacketBox {
        proto: ProtoSet::full(),
        ..https()
    };
    let half = PacketBox {
        dport: PortSet::range(1, 32_767),
        ..https()
    };
    for (space, carry) in [
        (https(), Carry::Finite),
        (half, Carry::Finite),
        (any_port, Carry::PortLess),
        (nearly_any, Carry::PortLess),
        (any_protocol, Carry::PortLess),
    ] {
        assert_eq!(Carry::of(&space), carry, "{space:?}");
        let want = if carry == Carry::Finite { ASSUMED } else { NOT };
        for condition in [
            service("Spooler2"),
            local(Test::Uid(RangeSet::single(0))),
            local(Test::Package { named: false }),
            local(Test::Package { named: true }),
        ] {
            let other = condition.test == Test::Package { named: true };
            let want = if other || condition.text.contains("Spooler") {
                NOT
            } else {
                want
            };
            let got = required(
                Action::Allow,
                space.clone(),
                std::slice::from_ref(&condition),
            );
            assert_eq!(got, want, "{condition:?} {space:?}");
        }
    }
    assert_eq!(
        required(Action::Allow, https(), &[local(Test::SystemPort)]),
        NOT,
        "whatever the system put there, it is not the required service"
    );
}

/// A clause of TCP to any port.
fn any_port() -> PacketBox {
    PacketBox {
        dport: PortSet::full(),
        ..https()
    }
}

// Fails if the way in which Microsoft opens a SQL Server instance, an allow of any port for its program, counts as no rule.
#[test]
fn an_allow_of_any_port_carries_its_own_listener_only() {
    let svchost = program(r"C:\Windows\System32\svchost.exe");
    for (conditions, want) in [
        (vec![program(r"C:\SQL\Binn\sqlservr.exe")], ASSUMED),
        (vec![service("TermService")], ASSUMED),
        (vec![svchost.clone(), service("termservice")], ASSUMED),
        (
            vec![program("sqlservr.exe"), service("MSSQL$PROD")],
            ASSUMED,
        ),
        (vec![svchost.clone()], NOT),
        (vec![svchost, service("Spooler")], NOT),
        (vec![program(r"C:\SQL\sqlbrowser.exe")], NOT),
        (vec![service("*")], NOT),
    ] {
        for space in [any_port(), PacketBox::any()] {
            let got = required(Action::Allow, space, &conditions);
            assert_eq!(got, want, "{conditions:?}");
        }
    }
    // Nobody says who listens, so no program is known to be it.
    let rules = vec![rule(
        Action::Allow,
        any_port(),
        &[program(r"C:\Accops\a.exe")],
    )];
    assert_eq!(judged(rules, of_vendor(&vendor())), NOT);
}

// Fails if a block that the firewall's prompt wrote, of any port for the program, is passed over where it may be the listener.
#[test]
fn a_block_of_any_port_stops_whoever_is_or_may_be_the_listener() {
    let passes: &[(Effect, bool)] = &[(Effect::Allow, false)];
    let blocked: &[(Effect, bool)] = &[(Effect::Deny, true)];
    let svchost = program(r"%SystemRoot%\system32\svchost.exe");
    let listeners: Vec<String> = ["sqlservr.exe", "mssqlserver"].map(String::from).to_vec();
    let names = vendor();
    let known = LocalPolicy::Required(platform::expected(&listeners, &names));
    let of_windows: Vec<String> = ["termservice", "svchost.exe"].map(String::from).to_vec();
    let windows = LocalPolicy::Required(platform::expected(&of_windows, &names));
    let open = of_vendor(&names);
    for (policy, conditions, want) in [
        (known, vec![program(r"D:\SQL\SQLSERVR.EXE")], blocked),
        (known, vec![service("MSSQLSERVER")], blocked),
        (known, vec![program(r"C:\Mozilla\firefox.exe")], passes),
        (known, vec![program("java.exe")], passes),
        (known, vec![svchost.clone()], passes),
        (windows, vec![svchost.clone()], blocked),
        (
            windows,
            vec![svchost.clone(), service("TermService")],
            blocked,
        ),
        (windows, vec![svchost.clone(), service("Dhcp")], passes),
        (windows, vec![service("Dhcp")], passes),
        (
            open,
            vec![program(r"C:\Program Files\ACCOPS\x\y.exe")],
            OPEN,
        ),
        (open, vec![program(r"C:\x\PropalmsService.exe")], OPEN),
        (open, vec![service("AccopsAgent")], OPEN),
        (open, vec![svchost.clone()], OPEN),
        (open, vec![svchost.clone(), service("*")], OPEN),
        (open, vec![svchost.clone(), service("AccopsAgent")], OPEN),
        (open, vec![svchost, service("Spooler")], passes),
        (open, vec![program("System")], OPEN),
        (open, vec![program(r"C:\Java\bin\java.exe")], OPEN),
        (open, vec![service("*")], OPEN),
        (open, vec![program(r"C:\Mozilla\firefox.exe")], passes),
        (open, vec![service("Spooler")], passes),
        // Of a matrix that says nothing of its vendor any program may listen.
        (
            LocalPolicy::Required(platform::listener(&[])),
            vec![program(r"C:\Mozilla\firefox.exe")],
            OPEN,
        ),
    ] {
        for space in [https(), any_port(), PacketBox::any()] {
            let rules = vec![
                rule(Action::Deny, space, &conditions),
                rule(Action::Allow, https(), &[]),
            ];
            assert_eq!(judged(rules, policy), want, "{conditions:?}");
        }
    }
}

// Fails if what a brief export does not print makes a block of any port for the listener pass for one that says nothing.
#[test]
fn a_block_for_the_listener_in_a_brief_export_is_open() {
    let block = [program(r"C:\Accops\a.exe"), local(Test::Unprinted)];
    let rules = vec![
        rule(Action::Deny, any_port(), &block),
        rule(Action::Allow, https(), &[]),
    ];
    assert_eq!(judged(rules, of_vendor(&vendor())), OPEN);
}

#[test]
fn excess_takes_any_process_to_listen() {
    for condition in [
        service("Spooler"),
        program(r"C:\x\other.exe"),
        local(Test::SystemPort),
    ] {
        let rules = vec![rule(
            Action::Allow,
            https(),
            std::slice::from_ref(&condition),
        )];
        assert_eq!(judged(rules, LocalPolicy::Holds), ASSUMED, "{condition:?}");
    }
}

/// Catches a deny that may not apply, or an allow for somebody, that hides the allow for everybody behind it.
#[test]
fn excess_behind_a_rule_that_may_not_apply_is_seen() {
    let open = |kind, test| Condition::new(kind, test, Span::default(), "it may be");
    let unnamed = PacketBox {
        dport: PortSet::full(),
        ..https()
    };
    for (action, space, condition, hidden) in [
        (
            Action::Deny,
            https(),
            open(ConditionKind::Rate, Test::Opaque),
            false,
        ),
        (
            Action::Deny,
            https(),
            open(ConditionKind::Peer, Test::Opaque),
            false,
        ),
        (
            Action::Deny,
            https(),
            open(ConditionKind::Unknown, Test::Opaque),
            false,
        ),
        (
            Action::Deny,
            unnamed.clone(),
            program(r"C:\x\other.exe"),
            false,
        ),
        (Action::Deny, https(), program(r"C:\x\other.exe"), false),
        (
            Action::Allow,
            https(),
            open(ConditionKind::Peer, Test::Opaque),
            false,
        ),
        // The export says no more, and the block names its port.
        (Action::Deny, https(), local(Test::Unprinted), true),
        (Action::Deny, unnamed, local(Test::Unprinted), false),
    ] {
        let rules = vec![
            rule(action.clone(), space, std::slice::from_ref(&condition)),
            rule(Action::Allow, https(), &[]),
        ];
        let open = judged(rules, LocalPolicy::Holds)
            .iter()
            .any(|(effect, _)| *effect == Effect::Allow);
        assert_eq!(open, !hidden, "{action:?} {condition:?}");
    }
}
