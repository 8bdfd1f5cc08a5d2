//! Names of exports, sites and files in the reports of a change: nothing in them acts on what reads the report.

use super::made::{conditional, none, render, whole};
use super::scanner::{COMMANDS, harmless, repeated};
use hylint::finding::difference::{Difference, Interfaces};
use hylint::report::RenderOptions;
use hylint::report::diff::DIFF_FORMATS;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

const NAMES: [&str; 13] = [
    "aaa<script>alert(1)</script>",
    "bbb<img src=x onerror=alert(1)>\"'",
    "ccc\u{1b}[2J\u{1b}[31m\u{9b}31m",
    "%0A::error::eee",
    "\u{202e}fff\u{2066}\u{200b}",
    "ggg]]>--></td></table><x>",
    "hhh[link](http://evil.example) ![i](http://evil.example/i)",
    "iii```` ` | a | b |",
    "jjj@team #12 www.evil.example GH-1",
    "kkk\\|\\\\| x `y\\|` |\n| z |",
    "##[error]ooo ##vso[task.complete]",
    "ppp{{7*7}}${x}$(x)</details>",
    "qqq`|`rrr|`",
];

/// A change in which everything that has a name has this one.
fn named(name: &str) -> Difference {
    let own = || name.to_owned();
    let mut d = whole();
    for s in [&mut d.old, &mut d.new] {
        s.name = own();
        s.site.name = own();
        s.site.path = Some(own());
        s.matrix.id = own();
        s.matrix.version = own();
        for e in &mut s.exports {
            e.path = format!("{name}/{}", e.path).into();
            e.roles = vec![own()];
        }
    }
    d.hosts.added = (0..20).map(|_| own()).collect();
    d.limits = vec![own()];
    for r in &mut d.requirements {
        r.id = own();
        r.impact = own();
        r.purpose = own();
    }
    for p in &mut d.policy {
        p.key = own();
        p.old = Some(own());
        p.new = Some(own());
        p.message = own();
    }
    for f in d.findings.new.iter_mut().chain(&mut d.findings.gone) {
        f.message = own();
        f.help = Some(own());
        f.host = Some(own());
        f.rule = Some(own());
        f.related[0].label = own();
        f.label = own();
    }
    let mut other = conditional();
    other.host = None;
    d.packets.push(other);
    for p in &mut d.packets {
        p.host = p.host.as_ref().map(|_| own());
        p.point = own();
        p.src = vec![own(), own()];
        p.dst = vec![own()];
        p.dport = vec![own()];
        p.proto = vec![own()];
        p.in_iface = Interfaces::Named(vec![own()]);
        p.out_iface = Interfaces::Not(vec![own()]);
        p.flags = Some(own());
        p.state = Some(own());
        p.conditions = vec![own()];
        for side in [&mut p.old, &mut p.new] {
            side.translated = Some(own());
            side.evidence.rule = own();
            if let Some(place) = &mut side.evidence.place {
                place.path = own().into();
            }
        }
    }
    // A rule without a name is quoted.
    let line = format!("-A INPUT {name} -j ACCEPT");
    let new = &mut d.packets[0].new.evidence;
    new.rule = "line 9".into();
    let len = line.chars().count() as u32;
    new.place = Some(super::common::place(name, 9, 1, len, &line));
    d
}

fn acts(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Catches a name that acts on a terminal, in a browser, in a comment or in what reads JSON.
#[test]
fn no_name_acts() {
    let long = format!("qqq{}", "W".repeat(10_000));
    let escaped = format!("sss`{}", "@|<".repeat(100));
    for name in NAMES
        .iter()
        .copied()
        .chain([long.as_str(), escaped.as_str()])
    {
        let d = named(name);
        for (format, _) in DIFF_FORMATS {
            for verbose in [false, true] {
                let options = RenderOptions {
                    verbose,
                    ..RenderOptions::default()
                };
                let text = render(format, &d, &options);
                let bad = text.chars().find(|c| acts(*c));
                assert_eq!(bad, None, "{format} of {name:?}");
                match *format {
                    "json" => json(&text, name),
                    "sarif" => sarif(&text, name),
                    "html" => page(&text, name),
                    "markdown" => comment(&text, name),
                    _ => assert!(text.lines().all(|l| l.chars().count() < 1_400), "{text}"),
                }
            }
        }
    }
}

fn json(text: &str, name: &str) {
    let d: Value = serde_json::from_str(text).unwrap();
    assert_eq!(d["packets"][0]["host"], name);
    assert_eq!(d["packets"][1]["new"]["rule"], name);
}

fn sarif(text: &str, name: &str) {
    let log: Value = serde_json::from_str(text).unwrap();
    for r in log["runs"][0]["results"].as_array().unwrap() {
        let message = r["message"]["text"].as_str().unwrap();
        for target in message.replace("\\]", "").split("](").skip(1) {
            let target = target.split(')').next().unwrap();
            assert!(target.parse::<u32>().is_ok(), "{name:?}: {message}");
        }
    }
}

/// Only our own elements and attributes.
fn page(text: &str, name: &str) {
    let body = text.split("</style>").nth(1).unwrap();
    assert_eq!(text.matches("</style>").count(), 1, "{name:?}");
    let known = "head body html header main footer section article figure figcaption h1 h2 h3 p em strong span code pre mark br dl dt dd ul li table thead tbody tr th td div";
    let known: Vec<&str> = known.split(' ').collect();
    for tag in body.split('<').skip(1) {
        let inner = tag.split('>').next().unwrap();
        let element = inner.trim_start_matches('/').split(' ').next().unwrap();
        assert!(known.contains(&element), "{name:?}: <{inner}>");
        let rest = inner.replace("class=\"", "").replace("data-head=\"", "");
        assert!(!rest.contains('='), "{name:?}: <{inner}>");
    }
    assert!(text.contains("default-src 'none'"));
}

/// Rendered, it has no link, image or HTML but ours, no word that GitHub links, and every row all cells of its table.
fn comment(text: &str, name: &str) {
    assert!(text.len() <= 60_000, "{name:?}: {}", text.len());
    let (mut columns, mut cells, mut words) = (0, 0, String::new());
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Strikethrough) => {
                panic!("{name:?}: {event:?}")
            }
            Event::Start(Tag::Table(all)) => columns = all.len(),
            Event::Start(Tag::TableRow) => cells = 0,
            Event::Start(Tag::TableCell) => cells += 1,
            Event::End(TagEnd::TableRow) => assert_eq!(cells, columns, "{name:?}"),
            Event::Html(h) | Event::InlineHtml(h) => {
                let ours = [
                    "<details>",
                    "<summary>",
                    "</summary>",
                    "</details>",
                    "Evidence for change control (PCI DSS 1.2.2)",
                    "<sub>",
                    "</sub>",
                    "<br>",
                    "<code>",
                    "</code>",
                    "<!-- -->",
                ];
                let left = ours.iter().fold(h.to_string(), |s, o| s.replace(o, ""));
                let left = left.trim_matches(|c: char| c.is_whitespace() || c.is_ascii_digit());
                assert!(left.is_empty(), "{name:?}: {h}");
                words.push('\u{0}');
            }
            Event::Text(t) => words.push_str(&t),
            _ => words.push(' '),
        }
    }
    for linked in ["@team", "#12", "www.e", "http://", "GH-1"] {
        assert!(!words.contains(linked), "{name:?}: {linked} in {words}");
    }
}

/// Catches a table whose rows are torn by a cell: the columns of a table without rows prove nothing.
#[test]
fn a_pipe_stays_in_its_cell() {
    let text = render("markdown", &named("x|y"), &RenderOptions::default());
    let mut tables = 0;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        tables += usize::from(matches!(event, Event::Start(Tag::TableRow)));
    }
    assert!(tables > 8, "{tables} rows in\n{text}");
}

/// Catches a line that a runner of builds obeys, wherever it breaks.
#[test]
fn no_report_speaks_to_a_runner() {
    for command in COMMANDS {
        let d = named(&repeated(command));
        for (format, _) in DIFF_FORMATS {
            harmless(
                &render(format, &d, &RenderOptions::default()),
                false,
                format,
            );
        }
    }
    let (first, rest) = COMMANDS.split_at(6);
    for name in [first.join(" "), rest.join(" "), repeated(COMMANDS[0])] {
        let d = named(&name);
        for width in 40..=200 {
            for (verbose, color) in [(false, false), (true, true)] {
                let options = RenderOptions {
                    width,
                    verbose,
                    color,
                    ..RenderOptions::default()
                };
                harmless(&render("human", &d, &options), false, "human");
            }
        }
    }
}

/// Catches a report that grows past what a comment takes, or says nothing of what it leaves out.
#[test]
fn a_comment_has_room_for_any_change() {
    let mut d = whole();
    let one = d.findings.new[0].clone();
    d.findings.new = (0..500)
        .map(|n| {
            let mut f = one.clone();
            f.message = format!("finding {n} {}", "x".repeat(200));
            f
        })
        .collect();
    let boxes = d.packets.clone();
    d.packets = (0..3_000_u32)
        .map(|n| {
            let mut p = boxes[n as usize % boxes.len()].clone();
            p.host = Some(format!("host-{n}"));
            p.dport = vec![n.to_string()];
            p
        })
        .collect();
    let change = d.requirements[0].clone();
    d.requirements = (0..400).map(|_| change.clone()).collect();
    let policy = d.policy[0].clone();
    d.policy = (0..400).map(|_| policy.clone()).collect();
    d.hosts.added = (0..400).map(|n| format!("h{n}")).collect();
    let export = d.new.exports[0].clone();
    d.new.exports = (0..1_000)
        .map(|n| {
            let mut e = export.clone();
            e.path = format!("after/{n}.rules").into();
            e
        })
        .collect();
    let text = render("markdown", &d, &RenderOptions::default());
    assert!(text.len() <= 60_000, "{}", text.len());
    assert!(text.contains("not shown for want of room"));
    assert!(
        text.contains("FAILED") && text.contains("PCI DSS"),
        "{text}"
    );
    comment(&text.replace(" more rows", ""), "long");
    let quiet = render("human", &d, &RenderOptions::default());
    assert!(quiet.lines().count() < 180, "{}", quiet.lines().count());
    let _ = render("markdown", &none(), &RenderOptions::default());
}
