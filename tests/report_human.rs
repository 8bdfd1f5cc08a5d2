//! What people see: line and column are asserted against the text, never only by a snapshot.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{blocked, outcome, place, render};
use hylint::finding::{Code, Finding, Part, Related, Severity};
use hylint::report::RenderOptions;

fn human(findings: Vec<Finding>) -> String {
    let mut o = outcome();
    o.findings = findings;
    render("human", &o, &RenderOptions::default())
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
        "rows 12, 14 · broker.client-access · when closed: users cannot log in",
    );
    at(&text, "cm1 · filter · in");
    at(&text, "10.50.0.0/16 -> 10.20.1.11 and 2 pairs more");
    at(&text, "tcp 10.50.0.9 -> 10.20.1.11:443");
    at(&text, "move the allow before the block");
}

#[test]
fn an_excess_is_a_line_for_each_part_and_what_is_left_out_is_counted() {
    let part = |text: &str, short: Option<&str>| Part {
        text: text.into(),
        short: short.map(Into::into),
    };
    let mut f = blocked();
    f.excess = (1..=7)
        .map(|n| part(&format!("TCP {n} from anyone"), None))
        .collect();
    f.excess[1] = part(
        "TCP 2 from 10.0.0.1, 10.0.0.3, 10.0.0.5",
        Some("TCP 2 from 10.0.0.1 and 2 more"),
    );
    f.excess_total = 70;
    let text = human(vec![f]);
    let (line, _) = at(&text, "  unneeded  TCP 1 from anyone");
    let lines: Vec<&str> = text.lines().skip(line + 1).take(5).map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "TCP 2 from 10.0.0.1 and 2 more",
            "TCP 3 from anyone",
            "TCP 4 from anyone",
            "TCP 5 from anyone",
            "and 65 more parts"
        ]
    );
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
fn many_places_are_named_without_their_lines() {
    let mut f = blocked();
    f.related = (10..25)
        .map(|n| Related {
            place: place("a.rules", n, 1, 2, "-A INPUT -j DROP"),
            label: format!("label {n}"),
        })
        .collect();
    let text = human(vec![f]);
    assert_eq!(text.matches("│ -A INPUT").count(), 4, "{text}");
    at(&text, "a.rules:13:1 label 13");
    at(&text, "a.rules:18:1 label 18");
    at(&text, "6 more places");
    assert!(!text.contains("label 19"));
}

#[test]
fn findings_with_one_cause_are_folded_and_every_row_is_named() {
    let mut second = blocked();
    second.requirement = Some("broker.other".into());
    second.row = Some(30);
    second.also.clear();
    let mut elsewhere = blocked();
    elsewhere.place = Some(place("exports/cm2.rules", 7, 4, 5, "-A INPUT -j DROP"));
    let text = human(vec![blocked(), second, elsewhere]);
    assert_eq!(text.matches("error[blocked-flow]").count(), 2, "{text}");
    at(&text, "(1 more of the same cause)");
    at(&text, "row 30 · broker.other");
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
    at(&text, "1 unneeded-flow (-v shows them)");
    at(&text, "1 file that is no export");
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
    assert!(!text.contains("assumed       peer"), "{text}");
    o.findings.clear();
    let text = render("human", &o, &options);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("PASSED, "), "{text}");
    options.quiet = false;
    options.verbose = true;
    let text = render("human", &outcome(), &options);
    for part in [
        "note[unneeded-flow]",
        "README.md",
        "violated row 12",
        "exports/cm1.rules:7 INPUT#3",
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
