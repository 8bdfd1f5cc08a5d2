//! What people see: line and column are asserted against the text, never only by a snapshot.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{blocked, outcome, place, render};
use hylint::finding::{Cause, Code, Counted, Finding, Part, Related, Reproduce, Severity};
use hylint::report::{RenderOptions, Show};

fn human(findings: Vec<Finding>) -> String {
    let mut o = outcome();
    o.findings = findings;
    o.assumptions.clear();
    let options = RenderOptions {
        width: 120,
        ..RenderOptions::default()
    };
    render("human", &o, &options)
}

fn everything(findings: Vec<Finding>) -> String {
    let mut o = outcome();
    o.findings = findings;
    let options = RenderOptions {
        verbose: true,
        width: 120,
        ..RenderOptions::default()
    };
    render("human", &o, &options)
}

/// The line of `text` that contains `what`, and the column (from 0) at which it does.
fn at(text: &str, what: &str) -> (usize, usize) {
    text.lines()
        .enumerate()
        .find_map(|(n, l)| l.find(what).map(|b| (n, l[..b].chars().count())))
        .unwrap_or_else(|| panic!("{what:?} is not in\n{text}"))
}

#[test]
fn a_finding_shows_its_lines_with_their_numbers_and_marks() {
    let text = human(vec![blocked()]);
    at(&text, "error[blocked-flow]");
    at(&text, "[exports/cm1.rules:7:4]");
    at(&text, "[exports/cm1.rules:240:1]");
    let (line, column) = at(&text, "7 │ -A INPUT -p tcp -j DROP");
    let code = column + "7 │ ".chars().count();
    // The mark under the line covers columns 4 to 8 of the file.
    let mark = text.lines().nth(line + 1).unwrap();
    let marked: Vec<usize> = mark
        .chars()
        .enumerate()
        .filter(|(_, c)| matches!(c, '─' | '┬'))
        .map(|(n, _)| n + 1 - code)
        .collect();
    assert_eq!(marked, [4, 5, 6, 7, 8], "{text}");
    at(&text, "240 │ -A INPUT -p tcp --dport 443 -j ACCEPT");
    at(&text, "this allow comes too late");
    at(
        &text,
        "rows 12, 14 (broker.client-access): users cannot log in",
    );
    at(&text, "10.50.0.0/16 -> 10.20.1.11 and 2 pairs more");
    at(&text, "move the allow before the block");
}

#[test]
fn exact_packets_are_shown_only_when_everything_is() {
    let part = |text: &str, short: Option<&str>| Part {
        text: text.into(),
        short: short.map(Into::into),
    };
    let mut f = blocked();
    f.excess = vec![
        part("TCP 1 from any source", None),
        part(
            "TCP 2 from 10.0.0.1, 10.0.0.3, 10.0.0.5",
            Some("TCP 2 from 10.0.0.1 and 2 more"),
        ),
    ];
    f.excess_total = 70;
    let exact = [
        "open        TCP 1 from any source",
        "TCP 2 from 10.0.0.1, 10.0.0.3, 10.0.0.5",
        "and 68 more parts",
        "tcp 10.50.0.9 -> 10.20.1.11:443",
        "cm1 · filter · in",
        "fingerprint 00ff",
    ];
    let text = human(vec![f.clone()]);
    assert!(exact.iter().all(|e| !text.contains(e)), "{text}");
    let text = everything(vec![f]);
    for e in exact {
        at(&text, e);
    }
}

#[test]
fn a_long_line_is_cut_around_its_label_and_keeps_its_column() {
    let long = format!("{}HERE{}", "x".repeat(200), "y".repeat(30));
    let mut f = blocked();
    f.related.clear();
    f.place = Some(place("one.json", 1, 201, 4, &long));
    let text = human(vec![f]);
    at(&text, "[one.json:1:201]");
    let (line, column) = at(&text, "HERE");
    let mark = text.lines().nth(line + 1).unwrap();
    let first = mark.chars().position(|c| matches!(c, '─' | '┬')).unwrap();
    assert_eq!(first, column, "{text}");
    assert!(text.lines().nth(line).unwrap().chars().count() < 180);
}

/// A mark that goes on in the terminal's next row stands under the wrong text.
#[test]
fn no_mark_is_drawn_past_the_width() {
    let rule = format!("-A INPUT -m comment --comment {} -j DROP", "x".repeat(90));
    let mut o = outcome();
    let mut f = blocked();
    f.related.clear();
    f.place = Some(place("a.rules", 3, 1, 128, &rule));
    o.findings = vec![f];
    for width in [60, 80, 100] {
        let options = RenderOptions {
            width,
            ..RenderOptions::default()
        };
        let text = render("human", &o, &options);
        assert!(text.contains("-j DROP"), "{text}");
        let marks = text.lines().filter(|l| l.trim_start().starts_with('·'));
        let longest = marks.map(|l| l.chars().count()).max().unwrap();
        assert!(longest <= width && longest > width / 2, "{width}: {text}");
    }
}

#[test]
fn two_labels_on_one_line_are_one_snippet_and_another_file_is_another() {
    let line = "-A INPUT -p tcp --dport 444 -j ACCEPT";
    let mut f = blocked();
    f.place = Some(place("a.rules", 3, 10, 6, line));
    f.related = vec![
        Related {
            place: place("a.rules", 3, 17, 11, line),
            label: "one digit off".into(),
        },
        Related {
            place: place("b.rules", 9, 1, 2, "-A OUTPUT -j DROP"),
            label: "there".into(),
        },
    ];
    let text = human(vec![f]);
    assert_eq!(text.matches("│ -A INPUT").count(), 1, "{text}");
    at(&text, "one digit off");
    at(&text, "[b.rules:9:1]");
    at(&text, "9 │ -A OUTPUT -j DROP");
    assert!(!text.contains("Failed to read"), "{text}");
}

#[test]
fn addresses_of_undeclared_peers_are_shown_only_with_everything() {
    let mut f = blocked();
    f.reproduce = vec![Reproduce {
        command: "hylint trace x --src 1.0.0.1".into(),
        verdict: "deny",
    }];
    let made_up = ["10.50.0.0/16 -> 10.20.1.11", "--src 1.0.0.1"];
    let declared = human(vec![f.clone()]);
    assert!(made_up.iter().all(|m| declared.contains(m)), "{declared}");
    // The outcome assumes that the peers are not declared.
    let mut o = outcome();
    o.findings = vec![f.clone()];
    let text = render("human", &o, &RenderOptions::default());
    assert!(made_up.iter().all(|m| !text.contains(m)), "{text}");
    let text = everything(vec![f]);
    assert!(made_up.iter().all(|m| text.contains(m)), "{text}");
}

#[test]
fn a_field_of_the_deciding_rule_is_shown_with_everything() {
    let mut f = blocked();
    let mut rule = place(
        "a.txt",
        3,
        1,
        9,
        "Rule Name: x\nEnabled: Yes\nRemoteIP: Any",
    );
    rule.end.line = 9;
    f.place = Some(rule);
    let field = |line| Related {
        place: place("a.txt", line, 1, 8, "RemoteIP: Any"),
        label: format!("in line {line}"),
    };
    f.related = vec![field(7), field(40)];
    let text = human(vec![f.clone()]);
    assert!(!text.contains("in line 7"), "{text}");
    at(&text, "in line 40");
    at(&everything(vec![f]), "in line 7");
}

#[test]
fn many_places_are_named_without_their_lines() {
    let mut f = blocked();
    f.related = (10..25)
        .map(|n| Related {
            place: place("a.rules", n, 1, 2, "-A INPUT -j DROP"),
            label: format!("label {n}"),
        })
        .collect();
    let text = human(vec![f.clone()]);
    assert_eq!(text.matches("│ -A INPUT").count(), 3, "{text}");
    at(&text, "a.rules:12:1 label 12");
    at(&text, "a.rules:15:1 label 15");
    at(&text, "9 more (-v)");
    assert!(!text.contains("label 16"));
    at(&everything(vec![f]), "a.rules:24:1 label 24");
}

/// Two findings of a cause, at two lines of one file and on two hosts.
fn of_one_cause() -> [Finding; 2] {
    let mut first = blocked();
    first.cause = Some(Cause::of(&["drop|tcp"]));
    let mut second = first.clone();
    second.requirement = Some("broker.other".into());
    second.row = Some(30);
    second.also.clear();
    second.fingerprint = "11ff".into();
    second.host = Some("cm2".into());
    second.place = Some(place("exports/cm2.rules", 7, 4, 5, "-A INPUT -j DROP"));
    [first, second]
}

#[test]
fn findings_of_one_cause_are_one_with_every_row_and_host() {
    let [first, second] = of_one_cause();
    let mut alone = blocked();
    alone.message = "another one".into();
    let text = human(vec![first.clone(), second.clone(), alone]);
    assert_eq!(text.matches("error[blocked-flow]").count(), 2, "{text}");
    at(&text, "is blocked (3 requirements, 2 hosts)\n".trim_end());
    at(
        &text,
        "rows 12, 14 (broker.client-access): users cannot log in (on 1 of 2 hosts)",
    );
    at(&text, "row 30 (broker.other)");
    at(&text, "  hosts       cm1, cm2");
    at(&text, "3 errors");
    // The fold is known by its cause, whoever comes first.
    let known = |findings: Vec<Finding>| {
        let text = everything(findings);
        let (line, _) = at(&text, "fingerprint ");
        text.lines().nth(line).unwrap().to_owned()
    };
    let both = known(vec![first.clone(), second.clone()]);
    assert_eq!(both, known(vec![second, first.clone()]));
    assert_ne!(both, known(vec![first]));
}

#[test]
fn a_cause_tells_its_findings_in_a_sentence_of_its_own() {
    let [mut first, mut second] = of_one_cause();
    for (f, line) in [(&mut first, 7), (&mut second, 9)] {
        f.host = None;
        f.requirement = None;
        f.place = Some(place("a.rules", line, 4, 5, "-A INPUT -p tcp -j DROP"));
        let cause = f.cause.take().unwrap();
        f.cause = Some(cause.told(Counted::Places, "rules can never match: line 3 drops all"));
    }
    let text = human(vec![first.clone(), second]);
    at(
        &text,
        "error[blocked-flow]: 2 rules can never match: line 3 drops all",
    );
    at(&text, "  also        line 9");
    // One alone keeps its own.
    let text = human(vec![first]);
    assert!(!text.contains("can never match"), "{text}");
}

/// The commands of another host have its rule numbers, and may open what only that one needs.
#[test]
fn a_fold_over_hosts_advises_the_first_host_alone_and_names_it() {
    let [mut first, mut second] = of_one_cause();
    for (f, host) in [(&mut first, "cm1"), (&mut second, "cm2")] {
        f.help = Some(format!("limit the rule to what {host} needs"));
        f.commands = vec![format!("iptables -I INPUT 4 # {host}")];
    }
    let text = human(vec![first.clone(), second.clone()]);
    at(
        &text,
        "on `cm1`: limit the rule to what cm1 needs (--show all: the other hosts)",
    );
    at(&text, "iptables -I INPUT 4 # cm1");
    assert!(
        !text.contains("# cm2") && !text.contains("what cm2"),
        "{text}"
    );
    // Two rows of one host that fail by the same packet need one rule.
    second.host.clone_from(&first.host);
    let text = human(vec![first.clone(), second.clone()]);
    assert!(!text.contains("# cm2"), "{text}");
    second.witness.as_mut().unwrap().dport = Some(444);
    at(&human(vec![first, second]), "# cm2");
}

#[test]
fn show_all_shows_each_of_one_cause() {
    let mut o = outcome();
    o.findings = of_one_cause().into();
    let options = RenderOptions {
        show: Some(Show::All),
        ..RenderOptions::default()
    };
    let text = render("human", &o, &options);
    assert_eq!(text.matches("error[blocked-flow]").count(), 2, "{text}");
    assert!(!text.contains("2 hosts"), "{text}");
}

#[test]
fn errors_come_before_warnings_and_what_is_open_before_what_is_blocked() {
    let of = |code, severity| common::finding(code, severity, "x");
    let text = human(vec![
        of(Code::ShadowedRule, Severity::Warning),
        of(Code::MalformedExport, Severity::Error),
        of(Code::OverPermissiveSource, Severity::Warning),
        blocked(),
        of(Code::AnyAny, Severity::Error),
    ]);
    let order = [
        "error[any-any]",
        "error[blocked-flow]",
        "error[malformed-export]",
        "warning[over-permissive-source]",
        "warning[shadowed-rule]",
    ];
    let lines = order.map(|o| at(&text, o).0);
    assert!(lines.is_sorted(), "{text}");
}

#[test]
fn a_long_report_begins_with_a_digest_and_shows_the_rest_in_short() {
    let mut all: Vec<Finding> = (0..20).map(|_| blocked()).collect();
    all.push(common::finding(Code::StalePort, Severity::Warning, "x"));
    let text = human(all);
    assert!(
        text.starts_with("20 errors, 1 warning in 1 export (8 rules)\n"),
        "{text}"
    );
    assert!(at(&text, "errors      20 blocked-flow").0 < 5, "{text}");
    assert_eq!(
        text.matches("│ -A INPUT -p tcp -j DROP").count(),
        10,
        "{text}"
    );
    at(&text, "11 more in short (--show all):");
    assert_eq!(text.matches("error[blocked-flow]").count(), 20, "{text}");
    assert!(!human(vec![blocked()]).starts_with("1 error"));
}

#[test]
fn statistics_count_by_code_and_show_no_finding() {
    let mut o = outcome();
    o.findings = of_one_cause().into();
    o.findings
        .push(common::finding(Code::StalePort, Severity::Warning, "x"));
    let options = RenderOptions {
        statistics: true,
        ..RenderOptions::default()
    };
    let text = render("human", &o, &options);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "findings  causes  severity  code",
            "       2       1  error     blocked-flow",
            "       1       1  warning   stale-port",
        ]
    );
    assert!(lines[4].starts_with("FAILED: "), "{text}");
    assert_eq!(lines.len(), 5, "{text}");
}

#[test]
fn concise_is_one_line_a_finding_and_the_verdict() {
    let mut o = outcome();
    o.findings = of_one_cause().into();
    o.findings
        .push(common::finding(Code::StalePort, Severity::Warning, "x\ny"));
    let text = render("concise", &o, &RenderOptions::default());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "exports/cm1.rules:7:4: error[blocked-flow] tcp/443 from workspace-client to controller-broker is blocked",
            "exports/cm2.rules:7:4: error[blocked-flow] tcp/443 from workspace-client to controller-broker is blocked",
            "hylint.toml:1:1: warning[stale-port] x\\ny",
        ]
    );
    assert!(lines[3].starts_with("FAILED: "), "{text}");
    assert_eq!(lines.len(), 4);
}

#[test]
fn hostile_text_never_reaches_the_terminal() {
    let bad = "x\x1b[2J\r\n\u{202e}y\u{9b}31m";
    let mut f = blocked();
    f.message = format!("rule {bad}");
    f.label = bad.into();
    f.help = Some(bad.into());
    f.host = Some(bad.into());
    f.requirement = Some(bad.into());
    f.pairs = vec![bad.into()];
    f.assumptions = vec![bad.into()];
    f.excess = vec![Part {
        text: bad.into(),
        short: Some(bad.into()),
    }];
    f.excess_total = 2;
    f.place = Some(place(&format!("{bad}.txt"), 7, 1, 5, bad));
    f.related = vec![Related {
        place: place("b\x07.txt", 1, 1, 1, bad),
        label: bad.into(),
    }];
    let mut o = outcome();
    o.findings = vec![f];
    o.site.name = bad.into();
    o.not_exports = vec![bad.into()];
    o.exports[0].path = bad.into();
    o.exports[0].roles = vec![bad.into()];
    o.requirements[0].checks[0].evidence[0].rule = bad.into();
    o.requirements[0].checks[0].point = bad.into();
    o.requirements[1].reason = Some(bad.into());
    o.assumptions[0].text = bad.into();
    for (quiet, verbose) in [(false, false), (false, true), (true, false)] {
        let options = RenderOptions {
            quiet,
            verbose,
            ..RenderOptions::default()
        };
        let text = render("human", &o, &options);
        let found = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(found, None, "{text}");
        // A line end in a name must not start a line of its own.
        assert!(
            !text
                .lines()
                .any(|l| l.starts_with('\u{fffd}') || l.starts_with('y'))
        );
    }
}

#[test]
fn the_summary_says_first_what_was_assumed_and_not_proven() {
    let text = render("human", &outcome(), &RenderOptions::default());
    let assumed = at(&text, "peer addresses are not declared (peers-unknown)").0;
    let unproven = at(&text, "1 unverified: no export (row 13)").0;
    let counts = at(&text, "1 violated · 1 unverified · 1 satisfied").0;
    let verdict = at(&text, "FAILED: 1 finding at or above error").0;
    assert!(
        assumed < unproven && unproven < counts && counts < verdict,
        "{text}"
    );
    assert_eq!(verdict + 1, text.lines().count());
    at(
        &text,
        "1 error, 1 warning, 1 note, 1 waived, 1 in the baseline",
    );
    at(&text, "1 unneeded-flow (-v)");
    at(&text, "1 file is not an export (-v)");
    assert!(!text.contains("note[unneeded-flow]"));
}

#[test]
fn quiet_is_errors_and_one_line_and_verbose_is_everything() {
    let mut options = RenderOptions {
        quiet: true,
        ..RenderOptions::default()
    };
    let mut o = outcome();
    let text = render("human", &o, &options);
    assert!(text.contains("error[blocked-flow]") && !text.contains("undeclared-role"));
    assert!(!text.contains("assumed     peer"), "{text}");
    o.findings.clear();
    let text = render("human", &o, &options);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("PASSED, "), "{text}");
    options.quiet = false;
    options.verbose = true;
    options.width = 120;
    let text = render("human", &outcome(), &options);
    for part in [
        "note[unneeded-flow]",
        "README.md",
        "violated row 12",
        "exports/cm1.rules:7",
        "any-any: everything is open (CHG1, network team, until 2027-03-31, hylint.toml:12)",
    ] {
        at(&text, part);
    }
}

#[test]
fn the_verdict_follows_the_threshold_and_a_run_without_exports_is_no_success() {
    let mut o = outcome();
    o.findings = vec![common::finding(Code::StalePort, Severity::Warning, "x")];
    let options = RenderOptions::default();
    at(&render("human", &o, &options), "PASSED");
    o.fail_on = Severity::Warning;
    at(
        &render("human", &o, &options),
        "FAILED: 1 finding at or above warning",
    );
    o.exports.clear();
    at(
        &render("human", &o, &RenderOptions::default()),
        "NOT RUN: no export was judged",
    );
}

#[test]
fn colour_only_when_asked_for() {
    let color = RenderOptions {
        color: true,
        ..RenderOptions::default()
    };
    assert!(render("human", &outcome(), &color).contains("\x1b["));
    assert!(!render("human", &outcome(), &RenderOptions::default()).contains('\x1b'));
}
