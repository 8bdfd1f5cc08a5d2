//! What people see of a change.

use super::common::finding;
use super::made::{closed, none, opened, render, whole};
use hylint::finding::difference::{Difference, Envelope};
use hylint::finding::outcome::Status;
use hylint::finding::{Code, Severity};
use hylint::report::RenderOptions;

fn human(d: &Difference) -> String {
    render("human", d, &RenderOptions::default())
}

fn verbose(d: &Difference) -> String {
    let options = RenderOptions {
        verbose: true,
        ..RenderOptions::default()
    };
    render("human", d, &options)
}

fn last(text: &str) -> &str {
    text.lines().last().unwrap()
}

/// Catches a change of the order, a decision without its line, and a verdict that is not the last line.
#[test]
fn requirements_come_first_and_the_verdict_last() {
    let text = human(&whole());
    let order = [
        "worse     row 12 (broker.client-access): satisfied → violated",
        "          Users cannot log in.",
        "better    row 16",
        "1 new finding\nerror[blocked-flow]: ",
        "1 finding gone\nwarning[unneeded-flow]: ",
        "1 flow opens outside hylint.toml\n+ `sh1`: inbound TCP 3389 from 10.0.0.0/8\n",
        "    before  blocked by the policy of INPUT (before/sh1.rules:3)\n",
        "    after   allowed by after/sh1.rules:9\n",
        "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 3389 -j ACCEPT",
        "1 flow depends on conditions\n? `sh1`: inbound ICMP type 8 from any IPv4 source",
        "    if      set `admins` contains the source\n",
        "1 flow is redirected\n~ `sh1`: inbound TCP 80 from any source",
        "    before  allowed by before/sh1.rules:5, NAT: 10.0.0.5:8080",
        "1 flow opens inside hylint.toml",
        "1 flow is newly blocked\n- `fw1`: forwarded TCP and UDP 53, 5353-5360 from 10.1.0.0/16 and 10.2.0.0/16 to",
        "(in eth0 or eth1, out any but docker0)",
        "hosts     1 added: `sh9`\n          2 removed: `old1` and `old2`",
        "loosened  ",
        "limits    ",
        "FAILED: 1 requirement is worse, 1 new finding at or above error, 1 flow opens outside hylint.toml, ",
    ];
    let mut from = 0;
    for what in order {
        let at = text[from..].find(what);
        from += at.unwrap_or_else(|| panic!("{what:?} is not in its place in\n{text}"));
    }
    assert!(last(&text).starts_with("FAILED: "));
    for line in text.lines() {
        assert!(
            line.chars().count() <= 80 || line.starts_with(['F', 'e', 'w']),
            "{line:?} is longer than 80 columns"
        );
    }
}

/// Catches what breaks being told of a requirement that nothing says is broken.
#[test]
fn what_is_not_proven_is_not_told_as_broken() {
    let mut d = whole();
    d.requirements[0].new = Some(Status::Unverified);
    let text = human(&d);
    assert!(
        text.contains("satisfied → unverified\n          if it is blocked: Users cannot log in."),
        "{text}"
    );
}

/// Catches noise where a change does nothing.
#[test]
fn no_change_in_effect_is_two_lines() {
    let text = human(&none());
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(
        last(&text),
        "PASSED, no change in effect · 2 exports, 16 rules, 1 file differs"
    );
    let quiet = RenderOptions {
        quiet: true,
        ..RenderOptions::default()
    };
    let text = render("human", &whole(), &quiet);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("FAILED: "));
}

/// Catches a box that is neither shown nor counted, a fold of boxes that differ, and `-v` that leaves one out.
#[test]
fn equal_boxes_are_folded_and_the_rest_is_counted() {
    let mut d = none();
    d.packets = (0..36).map(|n| opened(&format!("sh{n}"))).collect();
    let text = human(&d);
    assert!(
        text.contains("36 flows open outside hylint.toml\n+ 36 hosts (`sh0`, `sh1`, `sh2` and 33 more): inbound TCP 3389 from"),
        "{text}"
    );
    assert_eq!(text.matches("before/sh").count(), 1, "{text}");
    assert!(verbose(&d).contains("`sh35`"));

    // Each host has its own address at its own end.
    for (n, p) in d.packets.iter_mut().enumerate() {
        p.dst = vec![format!("10.20.0.{n}")];
    }
    let text = human(&d);
    assert!(
        text.contains("and 33 more): inbound TCP 3389 from 10.0.0.0/8\n  to their own addresses\n"),
        "{text}"
    );
    d.packets.truncate(1);
    assert!(human(&d).contains("from 10.0.0.0/8 to 10.20.0.0\n"));

    d.packets = (1..=22)
        .map(|n| {
            let mut p = opened(&format!("sh{n}"));
            p.dport = vec![(3000 + n).to_string()];
            p
        })
        .collect();
    let text = human(&d);
    assert!(
        text.contains("  and 12 more flows, -v lists them\n"),
        "{text}"
    );
    assert_eq!(text.matches("\n+ `sh").count(), 10, "{text}");
    assert_eq!(verbose(&d).matches("\n+ `sh").count(), 22);

    // Another decision, another direction or another range is another line.
    d.packets = vec![opened("a"), opened("b"), opened("c")];
    d.packets[1].src = vec!["10.0.0.0/9".into()];
    d.packets[2].new.evidence.rule = "Allow RDP".into();
    assert_eq!(human(&d).matches("\n+ `").count(), 3);
    // Lists that begin alike are not equal.
    let list = |last: &str| {
        let all = [
            "10.0.0.1", "10.0.0.3", "10.0.0.5", "10.0.0.7", "10.0.0.9", last,
        ];
        all.map(str::to_owned).to_vec()
    };
    d.packets = vec![opened("a"), opened("b")];
    d.packets[0].src = list("10.0.0.11");
    d.packets[1].src = list("10.0.0.13");
    assert_eq!(human(&d).matches("\n+ `").count(), 2);
    assert!(verbose(&d).contains("10.0.0.13"));
}

/// Catches boxes of one rule that are told as if several rules changed, and both families told apart where neither matters.
#[test]
fn boxes_of_one_decision_share_its_lines() {
    let mut d = none();
    let with = |src: &str, port: &str| {
        let mut p = opened("sh1");
        p.src = vec![src.into()];
        p.dport = vec![port.into()];
        p
    };
    d.packets = vec![
        with("0.0.0.0/0", "22"),
        with("::/0", "22"),
        with("10.0.0.0/8", "80"),
    ];
    let text = human(&d);
    assert!(
        text.contains("+ `sh1`: inbound TCP 22 from any source\n  and inbound TCP 80 from 10.0.0.0/8\n    before"),
        "{text}"
    );
    assert_eq!(text.matches("    before").count(), 1);
    d.packets.remove(1);
    assert!(human(&d).contains("inbound TCP 22 from any IPv4 source"));
}

/// Catches a rule against which many stood, and that is told as often as they were, or not counted.
#[test]
fn a_rule_against_many_is_told_once() {
    let mut d = none();
    d.packets = (1..=30)
        .map(|n| {
            let mut p = opened("sh1");
            p.dport = vec![(3000 + n).to_string()];
            let old = &mut p.old.evidence;
            old.rule = format!("Block {n}");
            old.kind = hylint::finding::DeciderKind::Rule;
            old.place.as_mut().unwrap().start.line = n;
            p
        })
        .collect();
    d.packets.push(opened("cm1"));
    let text = human(&d);
    assert!(
        text.contains("31 flows open outside hylint.toml\n+ `sh1`: inbound TCP 3001 from"),
        "{text}"
    );
    assert!(
        text.contains("  and 26 more by these rules\n    before"),
        "{text}"
    );
    assert!(text.contains("rule \"Block 1\""), "{text}");
    assert_eq!(text.matches("and 29 more rules").count(), 1, "{text}");
    assert!(text.contains("+ `cm1`: inbound TCP 3389"), "{text}");
    let all = verbose(&d);
    assert_eq!(all.matches("\n+ `sh1`").count(), 30);
    assert!(!all.contains("more rules"));
    let comment = render("markdown", &d, &RenderOptions::default());
    assert!(comment.contains("and 29 more rules"), "{comment}");
}

/// Catches a verdict without its reason.
#[test]
fn the_verdict_names_each_reason() {
    let mut d = none();
    d.packets = vec![opened("sh1"), opened("sh2"), closed()];
    assert_eq!(
        last(&human(&d)),
        "FAILED: 2 flows open outside hylint.toml · 2 exports, 16 rules, 1 file differs"
    );
    d.envelope = Envelope::None;
    assert!(
        last(&human(&d)).starts_with("FAILED: 2 flows open, and no hylint.toml says what may · ")
    );
    d.envelope = Envelope::Old;
    d.packets[0].within = true;
    d.packets[1].within = true;
    d.requirements = whole().requirements.split_off(1);
    d.findings.new = vec![finding(Code::UnneededFlow, Severity::Warning, "x")];
    assert!(
        last(&human(&d)).starts_with(
            "PASSED, 2 flows open inside hylint.toml, 1 flow is newly blocked, 2 requirements better, 1 new finding · "
        ),
        "{}",
        last(&human(&d))
    );
    d.packets.clear();
    d.findings.new.clear();
    d.requirements.clear();
    d.new.exports.clear();
    assert_eq!(
        last(&human(&d)),
        "NOT RUN: no firewall was read after (after) · 2 → 0 exports, 16 → 0 rules, 2 files differ"
    );
}

/// Catches colour where nobody asked for it, and none where somebody did.
#[test]
fn colour_is_for_terminals() {
    assert!(!human(&whole()).contains('\x1b'));
    let options = RenderOptions {
        color: true,
        ..RenderOptions::default()
    };
    assert!(render("human", &whole(), &options).contains("\x1b[1;31mFAILED"));
}
