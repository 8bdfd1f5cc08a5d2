//! Changes made by hand.

use super::common::{blocked, place};
use hylint::finding::difference::{
    ChangeKind, Decision, Difference, Envelope, Findings, Hosts, Interfaces, PacketChange,
    PacketVerdict, PolicyChange, RequirementChange, State,
};
use hylint::finding::outcome::{Evidence, ExportInfo, MatrixInfo, SiteInfo, Status};
use hylint::finding::{DeciderKind, RoleSource, Severity};
use hylint::report::RenderOptions;
use hylint::report::diff::by_id;
use hylint_model::Direction;

fn export(path: &str, sha256: &str) -> ExportInfo {
    ExportInfo {
        path: path.into(),
        format: "iptables",
        encoding: "UTF-8",
        sha256: sha256.repeat(32),
        bytes: 1234,
        points: 1,
        rules: 8,
        roles: vec!["session-host".into()],
        role_source: Some(RoleSource::Config),
        unmodelled: 0,
        exported_at: None,
        within: true,
    }
}

fn state(name: &str, hashes: [&str; 2]) -> State {
    State {
        name: name.into(),
        site: SiteInfo {
            name: "Pune".into(),
            path: Some(format!("{name}/hylint.toml")),
            sha256: Some("ab".repeat(32)),
            draft: None,
        },
        matrix: MatrixInfo {
            id: "hyworks".into(),
            version: "1".into(),
            sha256: "cd".repeat(32),
            requirements: 75,
        },
        exports: vec![
            export(&format!("{name}/cm1.rules"), hashes[0]),
            export(&format!("{name}/sh1.rules"), hashes[1]),
        ],
        known_as: ["old/cm1.rules", "old/sh1.rules"].map(Into::into).into(),
    }
}

/// A change without effect.
pub(crate) fn none() -> Difference {
    Difference {
        evaluated_at: "2026-11-23T00:00:00Z".into(),
        old: state("before", ["e0", "e1"]),
        new: state("after", ["e0", "e2"]),
        hosts: Hosts::default(),
        policy: Vec::new(),
        requirements: Vec::new(),
        findings: Findings::default(),
        packets: Vec::new(),
        envelope: Envelope::Old,
        fail_on: Severity::Error,
        limits: vec!["routes are not judged".into()],
    }
}

/// What decides: a rule of iptables by its line.
pub(crate) fn by_line(verdict: PacketVerdict, path: &str, line: u32, text: &str) -> Decision {
    Decision {
        verdict,
        evidence: Evidence {
            place: Some(place(path, line, 1, text.len() as u32, text)),
            rule: format!("line {line}"),
            kind: DeciderKind::Rule,
        },
        translated: None,
    }
}

/// What decides: the policy of a chain.
pub(crate) fn by_policy(verdict: PacketVerdict, path: &str) -> Decision {
    let text = ":INPUT DROP [0:0]";
    Decision {
        verdict,
        evidence: Evidence {
            place: Some(place(path, 3, 1, text.len() as u32, text)),
            rule: "INPUT".into(),
            kind: DeciderKind::Policy,
        },
        translated: None,
    }
}

/// TCP 3389 from 10.0.0.0/8 opens at a host, outside the envelope.
pub(crate) fn opened(host: &str) -> PacketChange {
    let old = format!("before/{host}.rules");
    let new = format!("after/{host}.rules");
    PacketChange {
        host: Some(host.into()),
        point: "filter".into(),
        direction: Direction::In,
        change: ChangeKind::Opened,
        within: false,
        src: vec!["10.0.0.0/8".into()],
        dst: Vec::new(),
        proto: vec!["tcp".into()],
        sport: Vec::new(),
        dport: vec!["3389".into()],
        in_iface: Interfaces::Any,
        out_iface: Interfaces::Any,
        flags: Some("SYN".into()),
        state: Some("NEW".into()),
        conditions: Vec::new(),
        old: by_policy(PacketVerdict::Deny, &old),
        new: by_line(
            PacketVerdict::Allow,
            &new,
            9,
            "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 3389 -j ACCEPT",
        ),
    }
}

/// UDP 53 and 5353 of a forwarded flow closes.
pub(crate) fn closed() -> PacketChange {
    PacketChange {
        host: None,
        point: "fw1".into(),
        direction: Direction::Forward,
        change: ChangeKind::Closed,
        src: vec!["10.1.0.0/16".into(), "10.2.0.0/16".into()],
        dst: vec!["10.9.0.1".into()],
        proto: vec!["tcp".into(), "udp".into()],
        dport: vec!["53".into(), "5353-5360".into()],
        in_iface: Interfaces::Named(vec!["eth0".into(), "eth1".into()]),
        out_iface: Interfaces::Not(vec!["docker0".into()]),
        old: by_line(
            PacketVerdict::Allow,
            "before/fw1.rules",
            20,
            "-A FORWARD -j ACCEPT",
        ),
        new: by_policy(PacketVerdict::Deny, "after/fw1.rules"),
        ..opened("fw1")
    }
}

/// A NAT target that moves.
pub(crate) fn redirected() -> PacketChange {
    let to = |verdict: PacketVerdict, path: &str, to: &str| Decision {
        translated: Some(to.into()),
        ..by_line(
            verdict,
            path,
            5,
            "-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT",
        )
    };
    PacketChange {
        change: ChangeKind::Redirected,
        src: Vec::new(),
        dport: vec!["80".into()],
        old: to(PacketVerdict::Allow, "before/sh1.rules", "10.0.0.5:8080"),
        new: to(PacketVerdict::Allow, "after/sh1.rules", "10.0.0.6:8080"),
        ..opened("sh1")
    }
}

/// A flow that depends on a set's members.
pub(crate) fn conditional() -> PacketChange {
    PacketChange {
        change: ChangeKind::Conditional,
        src: vec!["0.0.0.0/0".into()],
        proto: vec!["icmp".into()],
        sport: vec!["8".into()],
        dport: Vec::new(),
        flags: None,
        conditions: vec!["set `admins` contains the source".into()],
        new: by_line(
            PacketVerdict::Conditional,
            "after/sh1.rules",
            11,
            "-A INPUT -p icmp -m set --match-set admins src -j ACCEPT",
        ),
        ..opened("sh1")
    }
}

/// A change with everything in it; it fails.
pub(crate) fn whole() -> Difference {
    let mut gone = blocked();
    gone.message = "`cm1` allows TCP 8080 from any source; nothing requires it".into();
    gone.place = Some(place(
        "before/cm1.rules",
        4,
        1,
        8,
        "-A INPUT -p tcp --dport 8080 -j ACCEPT",
    ));
    gone.code = hylint::finding::Code::UnneededFlow;
    gone.severity = Severity::Warning;
    let change = |row, id: &str, old, new, worse| RequirementChange {
        id: id.into(),
        row,
        old,
        new,
        worse,
        purpose: "login".into(),
        impact: "Users cannot log in.".into(),
    };
    let mut inside = opened("cm1");
    inside.within = true;
    inside.dport = vec!["443".into()];
    Difference {
        hosts: Hosts {
            added: vec!["sh9".into()],
            removed: vec!["old1".into(), "old2".into()],
        },
        policy: vec![PolicyChange {
            key: "lints.any-any".into(),
            old: Some("error".into()),
            new: Some("off".into()),
            loosened: true,
            message: "`lints.any-any` goes from error to off".into(),
            place: Some(place("after/hylint.toml", 12, 1, 15, "any-any = \"off\"")),
        }],
        requirements: vec![
            change(
                12,
                "broker.client-access",
                Some(Status::Satisfied),
                Some(Status::Violated),
                true,
            ),
            change(
                16,
                "session-host.session-info",
                Some(Status::Unverified),
                Some(Status::Satisfied),
                false,
            ),
            change(80, "own.row", None, Some(Status::Satisfied), false),
        ],
        findings: Findings {
            new: vec![blocked()],
            gone: vec![gone],
        },
        packets: vec![opened("sh1"), inside, conditional(), redirected(), closed()],
        ..none()
    }
}

/// A report.
pub(crate) fn render(format: &str, d: &Difference, options: &RenderOptions) -> String {
    let mut out = Vec::new();
    by_id(format).unwrap().write(d, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
