//! A run's outcome with every field filled, for the tests of the reports.
#![allow(dead_code, unreachable_pub)] // each test binary uses its part
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use hylint::finding::outcome::*;
use hylint::finding::{
    AssumptionId, Code, DeciderKind, Excerpt, Finding, Identity, Place, Related, RoleSource,
    Severity, Waiver, Witness,
};
use hylint::report::{RenderOptions, by_id};
use hylint_model::Direction;
use hylint_parsers::source::Position;

/// A place on one line that covers the first `len` characters of `text` from `column`.
pub fn place(path: &str, line: u32, column: u32, len: u32, text: &str) -> Place {
    Place {
        path: path.into(),
        start: Position { line, column },
        end: Position {
            line,
            column: column + len,
        },
        excerpt: Excerpt::of(line, 1, text),
    }
}

pub fn witness() -> Witness {
    Witness {
        src: "10.50.0.9".into(),
        dst: "10.20.1.11".into(),
        proto: "tcp".into(),
        sport: None,
        dport: Some(443),
    }
}

/// A finding without a place.
pub fn finding(code: Code, severity: Severity, message: &str) -> Finding {
    Finding::new(code, severity, message, Identity::of(&[message]), None)
}

pub fn blocked() -> Finding {
    let mut f = finding(
        Code::BlockedFlow,
        Severity::Error,
        "tcp/443 from workspace-client to controller-broker is blocked",
    );
    f.help = Some("move the allow before the block".into());
    f.place = Some(place(
        "exports/cm1.rules",
        7,
        4,
        5,
        "-A INPUT -p tcp -j DROP",
    ));
    f.label = "this rule drops it".into();
    f.rule = Some("INPUT#3".into());
    f.host = Some("cm1".into());
    f.point = Some("filter".into());
    f.direction = Some(Direction::In);
    f.requirement = Some("broker.client-access".into());
    f.row = Some(12);
    f.also = vec![14];
    f.pairs = vec!["10.50.0.0/16 -> 10.20.1.11".into()];
    f.pairs_total = 3;
    f.witness = Some(Box::new(witness()));
    f.related = vec![Related {
        place: place(
            "exports/cm1.rules",
            240,
            1,
            2,
            "-A INPUT -p tcp --dport 443 -j ACCEPT",
        ),
        label: "this allow comes too late".into(),
    }];
    f.assumptions = vec!["profile-domain".into()];
    f.fingerprint = "00ff".into();
    f.impact = Some("users cannot log in".into());
    f
}

pub fn outcome() -> Outcome {
    let check = Check {
        export: "exports/cm1.rules".into(),
        host: Some("cm1".into()),
        point: "filter".into(),
        direction: Direction::In,
        status: Status::Violated,
        src: "10.50.0.0/16".into(),
        dst: "10.20.1.11".into(),
        ports: vec!["443".into()],
        evidence: vec![
            Evidence {
                place: Some(place("exports/cm1.rules", 7, 4, 5, "-A INPUT -j DROP")),
                rule: "INPUT#3".into(),
                kind: DeciderKind::Rule,
            },
            Evidence {
                place: None,
                rule: String::new(),
                kind: DeciderKind::Implicit,
            },
        ],
        witness: Some(witness()),
        via: None,
        assumptions: vec!["peers-unknown".into()],
        facts: Vec::new(),
    };
    let requirement = |id: &str, row, status, reason: Option<&str>, checks| RequirementResult {
        id: id.into(),
        row,
        from: "workspace-client".into(),
        to: "controller-broker".into(),
        status,
        reason: reason.map(Into::into),
        one_end: false,
        checks,
        purpose: "login".into(),
        impact: "users cannot log in".into(),
    };
    let mut waived = finding(Code::AnyAny, Severity::Error, "everything is open");
    waived.waived = Some(Box::new(Waiver {
        reason: "CHG1".into(),
        owner: Some("network team".into()),
        until: "2027-03-31".parse().unwrap(),
        place: Some(place("hylint.toml", 12, 1, 9, "[[waive]]")),
        inline: false,
    }));
    let mut known = finding(Code::UnneededFlow, Severity::Warning, "tcp/8081 is open");
    known.baselined = true;
    Outcome {
        evaluated_at: "2026-11-23T00:00:00Z".into(),
        site: SiteInfo {
            name: "Pune".into(),
            path: Some("hylint.toml".into()),
            sha256: Some("ab".into()),
            draft: None,
        },
        matrix: MatrixInfo {
            id: "hyworks".into(),
            version: "1".into(),
            sha256: "cd".into(),
            requirements: 75,
        },
        assumptions: vec![Assumption {
            id: AssumptionId::PeersUnknown,
            text: "peer addresses are not declared".into(),
        }],
        limits: vec!["routes are not judged".into()],
        lints_changed: vec!["shadowed-rule = error".into()],
        exports: vec![ExportInfo {
            path: "exports/cm1.rules".into(),
            format: "iptables",
            encoding: "UTF-8",
            sha256: "ef".into(),
            bytes: 1234,
            points: 1,
            rules: 8,
            roles: vec!["controller-broker".into()],
            role_source: Some(RoleSource::Config),
            unmodelled: 1,
            exported_at: None,
            within: true,
        }],
        requirements: vec![
            requirement(
                "broker.client-access",
                12,
                Status::Violated,
                None,
                vec![check],
            ),
            requirement("a.b", 13, Status::Unverified, Some("no export"), vec![]),
            requirement("c.d", 14, Status::Satisfied, None, vec![]),
        ],
        findings: vec![
            blocked(),
            finding(
                Code::UndeclaredRole,
                Severity::Warning,
                "sql-server is not declared",
            ),
            finding(Code::UnneededFlow, Severity::Note, "tcp/8080 is open"),
            waived,
            known,
        ],
        unread: Vec::new(),
        not_exports: vec!["README.md".into()],
        narrowed: Narrowed::default(),
        baseline: Some(BaselineInfo {
            path: "baseline.json".into(),
            entries: 3,
            gone: 2,
        }),
        scope: Some(hylint::finding::outcome::FocusScope {
            paths: vec!["cm1/rules.txt".into()],
            hosts: vec!["cm1".into()],
            changed: false,
        }),
        elsewhere: Vec::new(),
        fail_on: Severity::Error,
    }
}

pub fn render(format: &str, o: &Outcome, options: &RenderOptions) -> String {
    let mut out = Vec::new();
    by_id(format).unwrap().write(o, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
