//! `hylint diff` against evaluators that share nothing with it, not even its model: random exports of each format, once
//! rewritten so that they mean the same, once with one rule changed. Each packet at the edges of what either side says lies
//! in a box of the right kind, and in none where nothing changes for it.
//!
//! `HYLINT_DIFF` sets the number of pairs of each kind and format, `HYLINT_DIFF_SEEDS=3,17` names some, and
//! `HYLINT_DIFF_KEEP=FOLDER` writes pairs with faults to a folder.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "diff_oracle/ipt_make.rs"]
mod ipt_make;
#[path = "diff_oracle/ipt_same.rs"]
mod ipt_same;
#[path = "diff_oracle/ipt_text.rs"]
mod ipt_text;
#[path = "diff_oracle/iptables.rs"]
mod iptables;
#[path = "diff_oracle/lists.rs"]
mod lists;
#[path = "diff_oracle/lists_make.rs"]
mod lists_make;
#[path = "diff_oracle/lists_same.rs"]
mod lists_same;
#[path = "diff_oracle/lists_text.rs"]
mod lists_text;
#[path = "diff_oracle/packet.rs"]
mod packet;
#[path = "diff_oracle/pairs.rs"]
mod pairs;
#[path = "diff_oracle/report.rs"]
mod report;
#[path = "diff_oracle/trace.rs"]
mod trace;

use ipt_text::Style;
use iptables::Tables;
use lists::{Kind, Lists};
use packet::{Edges, Packet, Said, Way};
use pairs::{Pair, Side, changed, same};

impl Side for (Tables, Style) {
    fn files(&self) -> Vec<(String, String)> {
        let file = |h: &iptables::Half| {
            let name = if h.v6 { "rules.v6" } else { "rules.v4" };
            (format!("unit7/{name}"), ipt_text::text(h, &self.1))
        };
        self.0.halves().map(file).collect()
    }

    fn said(&self, p: &Packet) -> Option<Said> {
        self.0.said(p)
    }

    fn edges(&self) -> Edges {
        self.0.edges()
    }

    fn ways(&self) -> &'static [Way] {
        &[Way::In, Way::Out, Way::Forward]
    }
}

fn iptables(seed: u64, rewritten: bool) -> Pair<(Tables, Style)> {
    let mut rng = fastrand::Rng::with_seed(seed);
    loop {
        let old = ipt_make::tables(&mut rng);
        let mut new = old.clone();
        let told = if rewritten {
            Some(ipt_same::rewrite(&mut rng, &mut new).join("; "))
        } else {
            ipt_make::change(&mut rng, &mut new)
        };
        let styles = [Style::random(&mut rng), Style::random(&mut rng)];
        let [a, b] = if rewritten {
            styles
        } else {
            [styles[0].clone(), styles[0].clone()]
        };
        if let Some(told) = told {
            return Pair {
                old: (old, a),
                new: (new, b),
                told,
            };
        }
    }
}

/// Catches a change of wording that is called a change of effect.
#[test]
fn iptables_rewritten_without_effect() {
    same("iptables", |seed| iptables(seed, true));
}

/// Catches a packet whose verdict changes and that no box of that kind holds, and one that a box holds and does not change.
#[test]
fn iptables_with_one_rule_changed() {
    changed("iptables", |seed| iptables(seed, false));
}

/// Catches an evaluator of this test that reads the manual otherwise than `trace` does, which the kernel was asked about.
#[test]
fn the_evaluator_of_iptables_agrees_with_trace() {
    for seed in 0..30 {
        let pair = iptables(seed, false);
        for (half, (_, text)) in pair.old.0.halves().zip(pair.old.files()) {
            let mut edges = Edges::common();
            edges.merge(&pair.old.edges());
            let mut rng = fastrand::Rng::with_seed(seed);
            for way in pair.old.ways() {
                let packets = edges.packets(&mut rng, &[*way], &[half.v6], 150);
                trace::agrees(&text, *way, &packets, |p| pair.old.said(p));
            }
        }
    }
}

impl Side for (Lists, lists_text::Style) {
    fn files(&self) -> Vec<(String, String)> {
        lists_text::files(&self.0, &self.1)
    }

    fn said(&self, p: &Packet) -> Option<Said> {
        self.0.said(0, p)
    }

    fn points(&self) -> Vec<(String, Option<String>)> {
        let several = self.0.0[0].kind != Kind::Windows;
        let one = |p: &lists::Point| (p.id.clone(), several.then(|| p.name.clone()));
        self.0.0.iter().map(one).collect()
    }

    fn said_by(&self, id: &str, p: &Packet) -> Option<Said> {
        let n = self.0.0.iter().position(|p| p.id == id).unwrap();
        self.0.said(n, p)
    }

    fn edges(&self) -> Edges {
        self.0.edges()
    }

    fn ways(&self) -> &'static [Way] {
        &[Way::In, Way::Out]
    }
}

fn lists(kind: Kind, seed: u64, rewritten: bool) -> Pair<(Lists, lists_text::Style)> {
    let mut rng = fastrand::Rng::with_seed(seed);
    loop {
        let old = lists_make::lists(&mut rng, kind);
        let mut new = old.clone();
        let told = if rewritten {
            Some(lists_same::rewrite(&mut rng, &mut new).join("; "))
        } else {
            lists_make::change(&mut rng, &mut new)
        };
        let styles = [0, 1].map(|n| lists_text::Style(seed * 2 + if rewritten { n } else { 0 }));
        let [a, b] = styles;
        if let Some(told) = told {
            return Pair {
                old: (old, a),
                new: (new, b),
                told,
            };
        }
    }
}

/// Catches the same as that of iptables, where blocks win over allows and order is free.
#[test]
fn netsh() {
    same("netsh", |seed| lists(Kind::Windows, seed, true));
    changed("netsh", |seed| lists(Kind::Windows, seed, false));
}

/// Catches the same where allows unite.
#[test]
fn aws_security_groups() {
    same("aws groups", |seed| lists(Kind::Group, seed, true));
    changed("aws groups", |seed| lists(Kind::Group, seed, false));
}

/// Catches the same where numbers say the order, and answers of which nothing is remembered.
#[test]
fn aws_network_acls() {
    same("aws acls", |seed| lists(Kind::Acl, seed, true));
    changed("aws acls", |seed| lists(Kind::Acl, seed, false));
}

/// Catches the same where priorities and default rules decide.
#[test]
fn azure() {
    same("azure", |seed| lists(Kind::Nsg, seed, true));
    changed("azure", |seed| lists(Kind::Nsg, seed, false));
}

/// Catches an evaluator of this test that reads the vendors otherwise than `trace` does.
#[test]
fn the_evaluators_of_lists_agree_with_trace() {
    for kind in [Kind::Windows, Kind::Group, Kind::Acl, Kind::Nsg] {
        for seed in 0..25 {
            let (mut side, style) = lists(kind, seed, false).old;
            side.0.truncate(1);
            let (_, text) = lists_text::files(&side, &style).remove(0);
            let mut edges = Edges::common();
            edges.merge(&side.edges());
            let mut rng = fastrand::Rng::with_seed(seed);
            for way in [Way::In, Way::Out] {
                let packets = edges.packets(&mut rng, &[way], &[false, true], 150);
                trace::agrees(&text, way, &packets, |p| {
                    side.said(0, p).filter(|s| !s.unresolved)
                });
            }
        }
    }
}

/// What the judge itself takes for wrong: an answer that is right, and the same with one thing of it changed.
#[test]
fn a_wrong_box_is_noticed() {
    let half = |port: u16| {
        let of = iptables::Match {
            proto: Some(iptables::Not(false, packet::TCP)),
            dports: Some(iptables::Not(false, vec![(port, port)])),
            ..iptables::Match::default()
        };
        let accept = iptables::Rule {
            of,
            target: iptables::Target::Accept,
            comment: None,
        };
        let chain = |name: &str, policy, rules| iptables::Chain {
            name: name.into(),
            policy: Some(policy),
            rules,
        };
        let chains = vec![
            chain("INPUT", false, vec![accept]),
            chain("OUTPUT", true, Vec::new()),
        ];
        let tables = vec![iptables::Table {
            name: "filter",
            chains,
        }];
        Tables {
            v4: Some(iptables::Half { v6: false, tables }),
            v6: None,
        }
    };
    let (old, new) = (half(22), half(80));
    let right = |port: &str, change: &str| {
        serde_json::json!({
            "direction": "in", "change": change, "within": false, "src": "0.0.0.0/0", "dst": null, "proto": "tcp",
            "sport": null, "dport": port, "in_iface": null, "out_iface": null, "state": "NEW",
            "old": {"kind": "policy", "verdict": "deny"}, "new": {"kind": "rule", "verdict": "allow"}
        })
    };
    let faults = |boxes: Vec<serde_json::Value>| {
        let count = |kind: &str| boxes.iter().filter(|b| b["change"] == kind).count();
        let summary = serde_json::json!({"opened": count("opened"), "closed": count("closed"), "conditional": 0, "redirected": 0});
        let hosts = serde_json::json!({"added": [], "removed": []});
        let answer = serde_json::json!({"effect": "changed", "hosts": hosts, "packets": boxes, "summary": summary});
        let report = report::Report::of(1, answer).unwrap();
        let mut edges = Edges::common();
        edges.merge(&old.edges());
        edges.merge(&new.edges());
        let packets = edges.packets(&mut fastrand::Rng::with_seed(1), &[Way::In], &[false], 400);
        let wrong = packets
            .iter()
            .filter_map(|p| report.wrong(p, &old.said(p)?, &new.said(p)?, None));
        report.contradictions().len() + wrong.count()
    };
    assert_eq!(
        faults(vec![right("80", "opened"), right("22", "closed")]),
        0
    );
    let with = |key: &str, value: serde_json::Value| {
        let mut other = right("80", "opened");
        other[key] = value;
        faults(vec![other, right("22", "closed")])
    };
    assert!(faults(vec![right("80", "opened")]) > 0, "a box is missing");
    assert!(
        faults(vec![right("80", "closed"), right("22", "opened")]) > 0,
        "the kinds are swapped"
    );
    for (key, value) in [
        ("dport", "80-81".into()),
        ("dport", "79".into()),
        ("src", "0.0.0.0/1".into()),
        ("proto", serde_json::json!(["tcp", "udp"])),
        ("dst", "10.0.0.0/16".into()),
        ("direction", "out".into()),
        ("in_iface", serde_json::json!(["eth0"])),
        ("state", "ESTABLISHED".into()),
        ("within", serde_json::Value::Null),
    ] {
        assert!(with(key, value.clone()) > 0, "{key}: {value}");
    }
}
