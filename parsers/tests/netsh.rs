//! The netsh reader on whole captures, and on the corpus of real exports where it is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing
)]

use hylint_model::{
    Action, Companion, Condition, ConditionKind, DefaultOrigin, Export, Field, InboundPolicy,
    Point, Problem, ProblemKind, Profiles, Rule, RuleOrigin, Side, Test,
};
use hylint_parsers::decode::decode;
use hylint_parsers::format::{self, Input};
use hylint_parsers::netsh;
use hylint_parsers::source::Source;
use hylint_space::{AddrSet, Family, PortSet, ProtoSet};
use std::path::Path;

fn source(text: &str) -> Source {
    Source::new("export.txt", text, "UTF-8")
}

/// Reads a text that must be known as netsh output.
fn read(text: &str) -> Export {
    let source = source(text);
    let input = Input::new(&source);
    assert_eq!(
        format::detect(&input).map(|f| f.id),
        Some("netsh"),
        "{text}"
    );
    let export = (netsh::FORMAT.read)(&input);
    assert_eq!(export.lost(), 0);
    export
}

fn point(export: &Export) -> &Point {
    export.points.first().expect("a point")
}

fn only(export: &Export) -> &Rule {
    let rules: Vec<_> = point(export).rules().collect();
    assert_eq!(rules.len(), 1, "{:?}", export.problems);
    rules[0]
}

fn problems(export: &Export, kind: ProblemKind) -> Vec<&Problem> {
    export.problems.iter().filter(|p| p.kind == kind).collect()
}

fn texts(rule: &Rule) -> Vec<&str> {
    rule.conditions().map(|c| &*c.text).collect()
}

/// A verbose rule; `lines` replace or add fields by label.
fn verbose(lines: &[(&str, &str)]) -> String {
    let defaults = [
        ("Rule Name", "web"),
        ("Description", ""),
        ("Enabled", "Yes"),
        ("Direction", "In"),
        ("Profiles", "Domain,Private,Public"),
        ("Grouping", ""),
        ("LocalIP", "Any"),
        ("RemoteIP", "Any"),
        ("Protocol", "TCP"),
        ("LocalPort", "443"),
        ("RemotePort", "Any"),
        ("Edge traversal", "No"),
        ("InterfaceTypes", "Any"),
        ("Security", "NotRequired"),
        ("Rule source", "Local Setting"),
        ("Action", "Allow"),
    ];
    let mut out = String::new();
    let extra = lines
        .iter()
        .filter(|(l, _)| !defaults.iter().any(|(d, _)| d == l));
    let action = (
        "Action",
        lines
            .iter()
            .find(|(l, _)| *l == "Action")
            .map_or("Allow", |(_, v)| v),
    );
    let fields = defaults.iter().filter(|(l, _)| *l != "Action").chain(extra);
    for (label, value) in fields.chain(std::iter::once(&action)) {
        let value = lines
            .iter()
            .find(|(l, _)| l == label)
            .map_or(*value, |(_, v)| v);
        if value == "-" || (*label == "Description" && value.is_empty()) {
            continue;
        }
        out += &format!("{:<38}{value}\n", format!("{label}:"));
        if *label == "Rule Name" {
            out += &"-".repeat(70);
            out.push('\n');
        }
    }
    format!("\n{out}")
}

#[test]
fn a_verbose_rule_has_its_box_its_fields_and_no_condition() {
    let text = verbose(&[
        ("RemoteIP", "10.0.0.0/24,2001:db8::/32"),
        ("Grouping", "Web"),
        ("Description", "front end"),
    ]) + "Ok.\n";
    let export = read(&text);
    assert_eq!(export.problems, []);
    let rule = only(&export);
    assert_eq!(
        (&*rule.name, &*rule.group, &*rule.comment),
        ("web", "Web", "front end")
    );
    assert_eq!(
        (
            rule.action.clone(),
            rule.enabled,
            rule.origin,
            rule.profiles
        ),
        (Action::Allow, true, RuleOrigin::Local, Profiles::ALL)
    );
    assert_eq!(rule.conditions().count(), 0);
    let space = &rule.clauses[0].space;
    assert_eq!(
        space.src,
        AddrSet::parse("10.0.0.0/24")
            .unwrap()
            .union(&AddrSet::parse("2001:db8::/32").unwrap())
    );
    assert_eq!(
        (space.proto.clone(), space.dport.clone()),
        (ProtoSet::single(6), PortSet::single(443))
    );
    assert!(space.dst.is_any() && space.sport.is_full());
    assert!(!point(&export).brief);
    let src = source(&text);
    let at = |f| src.slice(rule.field(f).unwrap());
    assert_eq!(
        (
            at(Field::Name),
            at(Field::Source),
            at(Field::DestinationPort),
            at(Field::Origin)
        ),
        ("web", "10.0.0.0/24,2001:db8::/32", "443", "Local Setting")
    );
    assert!(
        src.slice(rule.span).starts_with("Rule Name:") && src.slice(rule.span).ends_with("Allow")
    );
    let position = src.position(rule.field(Field::DestinationPort).unwrap().start);
    assert_eq!((position.line, position.column), (12, 39));
}

#[test]
fn the_local_end_of_an_outbound_rule_is_its_source() {
    let text = verbose(&[
        ("Direction", "Out"),
        ("LocalIP", "10.0.0.5"),
        ("RemoteIP", "192.0.2.0/24"),
        ("LocalPort", "1000"),
        ("RemotePort", "389,636"),
    ]);
    let export = read(&text);
    let rule = only(&export);
    let space = &rule.clauses[0].space;
    assert_eq!(space.src, AddrSet::parse("10.0.0.5").unwrap());
    assert_eq!(space.dst, AddrSet::parse("192.0.2.0/24").unwrap());
    assert_eq!(space.sport, PortSet::single(1000));
    assert_eq!(space.dport, [(389, 389), (636, 636)].into_iter().collect());
}

#[test]
fn what_narrows_a_verbose_rule_is_a_condition() {
    let text = verbose(&[
        ("Program", r"C:\srv\a.exe"),
        ("Service", "W3SVC"),
        ("InterfaceTypes", "LAN"),
        ("Security", "Authenticate"),
    ]);
    let export = read(&text);
    let rule = only(&export);
    let kinds: Vec<_> = rule.conditions().map(|c| (c.kind, &c.test)).collect();
    assert_eq!(
        kinds,
        [
            (ConditionKind::Local, &Test::Program(r"C:\srv\a.exe".into())),
            (ConditionKind::Local, &Test::Service("W3SVC".into())),
            (ConditionKind::Peer, &Test::IpSec),
            (ConditionKind::Local, &Test::InterfaceTypes { wired: true }),
        ]
    );
    let bypass = read(&verbose(&[("Action", "Bypass")]));
    assert_eq!(only(&bypass).action, Action::Bypass);
    assert_eq!(
        only(&bypass)
            .conditions()
            .map(|c| &c.test)
            .collect::<Vec<_>>(),
        [&Test::IpSec]
    );
}

#[test]
fn app_package_rules_are_known_by_their_texts() {
    let package = |lines: &[(&str, &str)]| {
        let export = read(&verbose(lines));
        only(&export)
            .conditions()
            .any(|c| matches!(c.test, Test::Package { .. }))
    };
    assert!(package(&[(
        "Rule Name",
        "@{A_1.0_x64__h?ms-resource://A/Resources/name}"
    )]));
    assert!(
        package(&[
            ("Rule Name", "App"),
            ("Grouping", "App"),
            ("Protocol", "Any")
        ]),
        "its references were resolved"
    );
    assert!(
        !package(&[
            ("Rule Name", "App"),
            ("Grouping", "App"),
            ("Action", "Block")
        ]),
        "a block is not narrowed by a guess"
    );
    assert!(!package(&[
        ("Rule Name", "@FirewallAPI.dll,-80206"),
        ("Program", "System")
    ]));
}

#[test]
fn a_brief_export_is_told_once() {
    let brief = |name: &str| {
        verbose(&[
            ("Rule Name", name),
            ("InterfaceTypes", "-"),
            ("Security", "-"),
            ("Rule source", "-"),
        ])
    };
    let export = read(&(brief("a") + &brief("b") + &verbose(&[])));
    let told = problems(&export, ProblemKind::Incomplete);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].message.starts_with("2 of 3 rules"),
        "{}",
        told[0].message
    );
    assert!(told[0].help.as_ref().unwrap().contains("verbose"));
    assert!(point(&export).brief);
    let rules: Vec<_> = point(&export).rules().collect();
    assert_eq!(texts(rules[0]), ["brief-export"]);
    assert_eq!(rules[0].conditions().next().unwrap().test, Test::Unprinted);
    assert_eq!(texts(rules[2]), [""; 0]);
}

#[test]
fn an_icmp_table_is_one_clause_a_row() {
    let table = "ICMPv4\n                                      Type    Code\n                                      3       4   \n                                      8       Any ";
    let export = read(&verbose(&[
        ("Protocol", table),
        ("LocalPort", "-"),
        ("RemotePort", "-"),
    ]));
    assert_eq!(export.problems, []);
    let rule = only(&export);
    let rows: Vec<_> = rule
        .clauses
        .iter()
        .map(|c| (c.space.sport.clone(), c.space.dport.clone()))
        .collect();
    assert_eq!(
        rows,
        [
            (PortSet::single(3), PortSet::single(4)),
            (PortSet::single(8), PortSet::full())
        ]
    );
    assert!(
        rule.clauses
            .iter()
            .all(|c| c.space.proto == ProtoSet::single(1) && !c.space.src.has(Family::V6))
    );
    assert_eq!(
        rule.fields
            .iter()
            .filter(|(f, _)| *f == Field::Icmp)
            .count(),
        3
    );

    let odd = table.replace("8       Any", "8 to 11, perhaps");
    let export = read(&verbose(&[
        ("Protocol", &odd),
        ("LocalPort", "-"),
        ("RemotePort", "-"),
    ]));
    assert!(
        only(&export)
            .conditions()
            .any(|c| c.kind == ConditionKind::Unknown)
    );
    assert_eq!(problems(&export, ProblemKind::Unmodelled).len(), 1);
}

#[test]
fn wrapped_lists_are_joined_where_the_console_cut_them() {
    let indented = "192.0.2.1/32,\n                                      192.0.2.2/32\n                                      2001:db8::1";
    let cut = "192.0.2.1/32,192.0.2.2/3\n2,2001:db\n8::1";
    let want = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
        .iter()
        .map(|a| AddrSet::parse(a).unwrap())
        .fold(AddrSet::empty(), |s, a| s.union(&a));
    for list in [indented, cut] {
        let export = read(&verbose(&[("RemoteIP", list)]));
        assert_eq!(export.problems, [], "{list}");
        assert_eq!(only(&export).clauses[0].space.src, want);
    }
}

#[test]
fn keywords_have_bounds_and_conditions() {
    let export = read(&verbose(&[
        ("RemoteIP", "LocalSubnet"),
        ("LocalPort", "80,RPC"),
    ]));
    let rule = only(&export);
    assert_eq!(rule.clauses.len(), 2);
    let named = |c: &&Condition| {
        c.test
            == Test::Named {
                key: "windows:LocalSubnet".into(),
                side: Side::Src,
            }
    };
    assert_eq!(rule.conditions().filter(named).count(), 2);
    assert!(
        !rule.clauses[0]
            .space
            .src
            .contains("8.8.8.8".parse().unwrap())
    );
    assert_eq!(rule.clauses[1].space.dport, PortSet::range(49152, 65535));
    let teredo = read(&verbose(&[("Protocol", "UDP"), ("LocalPort", "Teredo")]));
    assert_eq!(
        only(&teredo).conditions().next().unwrap().kind,
        ConditionKind::Local
    );
    let any = read(&verbose(&[("Protocol", "Any"), ("LocalPort", "53317")]));
    let space = &only(&any).clauses[0].space;
    assert_eq!(
        (space.proto.clone(), space.dport.clone()),
        (
            [(6, 6), (17, 17)].into_iter().collect(),
            PortSet::single(53317)
        )
    );
}

#[test]
fn a_capture_that_ends_inside_the_label_of_a_name_lost_a_rule() {
    let whole = "Rule Name: a\nEnabled: Yes\nDirection: In\nProfiles: Domain\nLocalIP: Any\nRemoteIP: Any\n\
        Protocol: Any\nEdge traversal: No\nAction: Allow\n\n";
    for (end, cut) in [
        ("R", true),
        ("Rule N", true),
        ("Regelna", true),
        ("Rule Name", true),
        // What netsh prints at the end, and lines that are whole.
        ("Ok.", false),
        ("Rule N\n", false),
        ("", false),
    ] {
        let export = read(&format!("{whole}{end}"));
        assert_eq!(export.rules_in_model(), 1, "{end:?}");
        let named = |p: &Problem| p.dropped && p.message.contains("inside a rule's name");
        assert_eq!(export.problems.iter().any(named), cut, "{end:?}");
        assert_eq!(
            (export.rules_in_file, export.lost()),
            (1 + usize::from(cut), 0)
        );
    }
}

#[test]
fn what_is_cut_off_is_counted_and_named() {
    let whole = verbose(&[]);
    let body: String = whole.lines().skip(8).map(|l| format!("{l}\n")).collect();
    let export = read(&(body + &whole));
    assert_eq!((export.rules_in_file, export.rules_in_model()), (2, 2));
    assert_eq!(problems(&export, ProblemKind::Malformed).len(), 1);
    assert!(export.problems[0].message.contains("without its beginning"));
    // It may be any rule that ends like this, of either direction.
    let hylint_model::Body::Lists(lists) = &point(&export).body else {
        panic!()
    };
    assert_eq!(
        (lists.ingress.rules.len(), lists.egress.rules.len()),
        (2, 1)
    );
    assert!(matches!(lists.egress.rules[0].action, Action::Opaque(_)));

    let end = whole.find("Action").unwrap();
    let export = read(&(whole.clone() + &whole[..end]));
    assert_eq!((export.rules_in_file, export.rules_in_model()), (2, 2));
    assert!(
        export
            .problems
            .iter()
            .any(|p| p.message.contains("lacks Action"))
    );
}

#[test]
fn a_rule_that_may_say_more_is_kept_as_undecided() {
    let undecided = |lines: &[(&str, &str)]| {
        let export = read(&verbose(lines));
        let unknown = only(&export)
            .conditions()
            .any(|c| c.kind == ConditionKind::Unknown);
        (unknown, export.problems.len())
    };
    assert_eq!(undecided(&[("Enabled", "Perhaps")]), (true, 1));
    assert_eq!(undecided(&[("Protocol", "XTP")]), (true, 1));
    assert_eq!(undecided(&[("LocalPort", "http")]), (true, 1));
    assert_eq!(undecided(&[("RemoteIP", "-")]), (true, 1));
    assert_eq!(undecided(&[("Profiles", "Domain,Guest")]), (true, 1));
    assert_eq!(undecided(&[("Rauhwolle", "x")]), (true, 1));
    assert_eq!(undecided(&[("Enabled", "Yes\nEnabled:    No")]), (true, 1));
    for label in ["Action", "Direction"] {
        let export = read(&(verbose(&[(label, "Peut-être")]) + &verbose(&[])));
        assert_eq!(export.rules_in_model(), 2);
        assert!(export.problems[0].message.contains("`Peut-être`"));
        let help = export.problems[0].help.as_deref().unwrap_or_default();
        assert!(!help.contains("src"), "{help}");
        let mut rules = point(&export).rules();
        assert!(rules.any(|r| matches!(r.action, Action::Opaque(_))));
    }
}

#[test]
fn a_translated_direction_is_read_where_the_capture_proves_the_other() {
    let at = |name: &str, value: &str| {
        let export = read(&(verbose(&[("Rule Name", name), ("Direction", value)]) + &verbose(&[])));
        let hylint_model::Body::Lists(lists) = &point(&export).body else {
            panic!()
        };
        (
            lists.ingress.rules.len(),
            lists.egress.rules.len(),
            problems(&export, ProblemKind::Note).len(),
            problems(&export, ProblemKind::Malformed).len(),
        )
    };
    assert_eq!(at("Bureau (TCP-In)", "Actif"), (2, 0, 0, 0));
    // `Dans` is a translation that nothing proves; so is `Inactif`, and the capture has the proven word for the other.
    assert_eq!(at("Bureau", "Dans"), (2, 1, 0, 1), "named, not guessed");
    assert_eq!(at("Bureau", "Inactif"), (1, 1, 0, 0));
}

#[test]
fn a_rule_that_lacks_lines_is_told_once_with_all_of_them() {
    let cut = verbose(&[("LocalIP", "-"), ("RemoteIP", "-"), ("RemotePort", "-")]);
    let export = read(&(cut.clone() + &cut));
    let told = problems(&export, ProblemKind::Malformed);
    assert_eq!(told.len(), 1, "{told:?}");
    for part in ["2 rules", "LocalIP", "RemoteIP", "RemotePort"] {
        assert!(told[0].message.contains(part), "{}", told[0].message);
    }
    assert_eq!((export.rules_in_model(), export.lost()), (2, 0));
    let undecided = |r: &Rule| r.conditions().any(|c| c.kind == ConditionKind::Unknown);
    assert!(point(&export).rules().all(undecided));
}

/// Every rule of the corpus that was understood can be written and comes back.
#[test]
fn the_corpus_can_be_written() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let corpus = above
        .map(|a| a.join("shared/corpus/netsh"))
        .find(|p| p.exists())
        .unwrap_or_default();
    let Ok(dir) = std::fs::read_dir(corpus) else {
        eprintln!("skipped: no corpus beside the workspace");
        return;
    };
    for path in dir.map(|e| e.unwrap().path()) {
        let decoded = decode(std::fs::read(&path).unwrap()).unwrap();
        let source = Source::new("x", decoded.text, decoded.encoding);
        let export = (netsh::FORMAT.read)(&Input::new(&source));
        for point in export.points {
            let mut point = point;
            let hylint_model::Body::Lists(lists) = &mut point.body else {
                panic!()
            };
            let known = |r: &Rule| {
                !matches!(r.action, Action::Opaque(_))
                    && r.conditions()
                        .all(|c| c.kind != ConditionKind::Unknown || c.test == Test::SystemPort)
            };
            lists.ingress.rules.retain(known);
            lists.egress.rules.retain(known);
            let text = netsh::write(&point).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let back = read(&text);
            assert_eq!(
                back.rules_in_model(),
                point.rule_count(),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn an_unknown_label_is_told_once_with_how_to_add_it() {
    let export = read(&(verbose(&[("Rauhwolle", "x")]) + &verbose(&[("Rauhwolle", "y")])));
    let told = problems(&export, ProblemKind::Malformed);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].message.contains("`Rauhwolle`") && told[0].message.contains("2 times"),
        "{}",
        told[0].message
    );
    assert!(told[0].help.as_ref().unwrap().contains("lang"));
}

#[test]
fn a_rule_of_an_unknown_language_for_its_name_is_still_a_rule() {
    let text = verbose(&[]).replace("Rule Name:", "Säännön nimi:");
    let export = read(&(verbose(&[]) + &text));
    assert_eq!((export.rules_in_file, export.rules_in_model()), (2, 2));
    assert_eq!(problems(&export, ProblemKind::Malformed).len(), 1);
}

#[test]
fn names_keep_colons_and_wrap() {
    let export = read(&verbose(&[("Rule Name", "a: b (x:y)")]));
    assert_eq!(&*only(&export).name, "a: b (x:y)");
    let name = "@{A_1.0_x64__h?ms-resource://A/Reso";
    let text = verbose(&[("Rule Name", name)]).replacen(
        name,
        &format!("{name}\nurces/ms-resource:name}}"),
        1,
    );
    let export = read(&text);
    assert_eq!(
        &*only(&export).name,
        "@{A_1.0_x64__h?ms-resource://A/Resources/ms-resource:name}"
    );
    assert_eq!(export.problems, []);
}

#[test]
fn a_description_may_run_over_lines_that_look_like_fields() {
    let export = read(&verbose(&[("Description", "first\nNote: second\n\nthird")]));
    assert_eq!(&*only(&export).comment, "first\nNote: second\n\nthird");
    assert_eq!(export.problems, []);
}

#[test]
fn select_string_marks_and_fences_are_no_part_of_the_text() {
    let marked: String = verbose(&[])
        .lines()
        .map(|l| {
            if l.starts_with("LocalPort") {
                format!("> {l}\n")
            } else {
                format!("  {l}\n")
            }
        })
        .collect();
    let export = read(&format!(
        "```\n{marked}Ok.\n```\nSome prose: with a colon.\n"
    ));
    assert_eq!(export.problems, []);
    assert_eq!(only(&export).clauses[0].space.dport, PortSet::single(443));
}

const PROFILES: &str = "
Domain Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       BlockInbound,AllowOutbound
LocalFirewallRules                    N/A (GPO-store only)
LocalConSecRules                      N/A (GPO-store only)
InboundUserNotification               Enable
RemoteManagement                      Disable
UnicastResponseToMulticast            Enable

Logging:
LogAllowedConnections                 Disable
LogDroppedConnections                 Disable
FileName                              %systemroot%\\system32\\LogFiles\\Firewall\\pfirewall.log
MaxFileSize                           4096

Private Profile Settings:
----------------------------------------------------------------------
State                                 OFF
Firewall Policy                       BlockInboundAlways,BlockOutbound
LocalFirewallRules                    Disable
Ok.
";

#[test]
fn profile_settings_belong_to_the_point_of_the_same_file() {
    for text in [
        format!("{PROFILES}{}", verbose(&[])),
        format!("{}Ok.\n{PROFILES}", verbose(&[])),
    ] {
        let export = read(&text);
        assert_eq!(export.problems, []);
        let windows = point(&export).windows.as_ref().unwrap();
        let domain = windows.profiles[0].as_ref().unwrap();
        assert_eq!(domain.enabled.map(|e| e.0), Some(true));
        assert_eq!(domain.inbound.map(|e| e.0), Some(InboundPolicy::Block));
        assert_eq!(
            (domain.outbound_allow.map(|e| e.0), domain.local_rules),
            (Some(true), None)
        );
        let private = windows.profiles[1].as_ref().unwrap();
        assert_eq!(private.enabled.map(|e| e.0), Some(false));
        assert_eq!(
            private.inbound.map(|e| e.0),
            Some(InboundPolicy::BlockAlways)
        );
        assert_eq!(
            (
                private.outbound_allow.map(|e| e.0),
                private.local_rules.map(|e| e.0)
            ),
            (Some(false), Some(false))
        );
        assert_eq!(source(&text).slice(private.enabled.unwrap().1), "OFF");
        assert!(windows.profiles[2].is_none() && windows.active.is_none());
        assert_eq!(only(&export).clauses[0].space.dport, PortSet::single(443));
    }
}

#[test]
fn profile_settings_alone_are_a_companion() {
    let export = read(PROFILES);
    assert!(export.points.is_empty());
    assert!(matches!(
        export.companions.as_slice(),
        [Companion::WindowsProfiles(_)]
    ));
    let current = format!("PS C:\\> netsh advfirewall show currentprofile\n{PROFILES}");
    let export = read(&current.replace("Private Profile", "Domain Profile"));
    let [Companion::WindowsProfiles(w)] = export.companions.as_slice() else {
        panic!()
    };
    assert_eq!(w.active.map(|a| a.0), Some(Profiles::DOMAIN));
    let monitor = "\nPrivate Profile:\n------------------------------\nmyhome\nOk.\n".to_owned()
        + &verbose(&[]);
    assert_eq!(
        point(&read(&monitor))
            .windows
            .as_ref()
            .unwrap()
            .active
            .map(|a| a.0),
        Some(Profiles::PRIVATE)
    );
}

#[test]
fn a_profile_that_stands_twice_is_merged_and_a_difference_is_told() {
    let short = "\nDomain Profile Settings:\n------------------------------\nFirewall Policy                       BlockInbound,AllowOutbound\n\nOk.\n";
    let export = read(&format!("{PROFILES}{short}{}", verbose(&[])));
    assert_eq!(export.problems, []);
    let enabled = |e: &Export| {
        point(e).windows.as_ref().unwrap().profiles[0]
            .as_ref()
            .unwrap()
            .enabled
    };
    assert_eq!(enabled(&export).map(|e| e.0), Some(true));
    let off = short.replace(
        "Firewall Policy ",
        "State                                 OFF\nFirewall Policy ",
    );
    let export = read(&format!("{PROFILES}{off}{}", verbose(&[])));
    assert_eq!(enabled(&export).map(|e| e.0), Some(false));
    let [p] = export.problems.as_slice() else {
        panic!("{:?}", export.problems)
    };
    assert_eq!(p.kind, ProblemKind::Malformed);
}

#[test]
fn security_associations_and_global_settings_are_no_rules() {
    let sa = "\nMain Mode SA at 11/24/2026 10:00:00\n----------------------------------------------------------------------\nLocal IP Address:                     10.0.0.1\nRemote IP Address:                    10.0.0.2\nAuth1:                                ComputerKerb\nMM Offer:                             None-AES128-SHA256\nHealth Cert:                          No\nOk.\n";
    let global = "\nGlobal Settings:\n----------------------------------------------------------------------\nIPsec:\nStrongCRLCheck                        0:Disabled\n\nStatefulFTP                           Enable\n\nMain Mode:\nKeyLifetime                           480min,0sess\nForceDH                               No\n\nCategories:\nBootTimeRuleCategory                  Windows Firewall\n\nOk.\n";
    for text in [
        format!("{}{sa}{global}", verbose(&[])),
        format!("{global}{sa}{}", verbose(&[])),
    ] {
        let export = read(&text);
        assert_eq!(export.problems, []);
        assert_eq!(only(&export).clauses[0].space.dport, PortSet::single(443));
    }
}

#[test]
fn profile_settings_in_other_languages() {
    let french = "Paramètres Profil de domaine :\n------------\nÉtat                                  Actif\nStratégie de pare-feu                 BlockInbound,AllowOutbound\nLocalFirewallRules                    N/A (magasin d’objets de stratégie de groupe uniquement)\n";
    let chinese = "公用配置文件 设置:\n------------\n状态                                  关闭\n防火墙策略                          BlockInbound,AllowOutbound\nLocalFirewallRules                    启用\n";
    let export = read(&format!("{french}\n{chinese}"));
    assert_eq!(export.problems, []);
    let [Companion::WindowsProfiles(w)] = export.companions.as_slice() else {
        panic!()
    };
    assert_eq!(
        w.profiles[0].as_ref().unwrap().enabled.map(|e| e.0),
        Some(true)
    );
    let public = w.profiles[2].as_ref().unwrap();
    assert_eq!(
        (public.enabled.map(|e| e.0), public.local_rules.map(|e| e.0)),
        (Some(false), Some(true))
    );

    let export = read(&french.replace("Paramètres Profil de domaine", "Asetukset"));
    assert_eq!(
        problems(&export, ProblemKind::Malformed).len(),
        1,
        "an unknown heading is told"
    );
    let export = read(&french.replace("Actif", "Peut-être"));
    assert!(export.problems[0].message.contains("`Peut-être`"));
}

#[test]
fn connection_security_rules_are_not_firewall_rules() {
    let consec = "\nRule Name:                            isolation\n----------------------------------------------------------------------\nEnabled:                              Yes\nProfiles:                             Domain,Private,Public\nType:                                 Static\nMode:                                 Transport\nEndpoint1:                            Any\nEndpoint2:                            Any\nProtocol:                             Any\nAction:                               RequireInRequestOut\nAuth1:                                ComputerKerb\nMainModeSecMethods:                   DHGroup2-AES128-SHA1\n";
    let export = read(&(consec.to_owned() + &verbose(&[])));
    assert_eq!((export.rules_in_file, export.rules_in_model()), (1, 1));
    assert_eq!(export.problems, []);
    let mild = consec.replace("RequireIn", "RequestIn");
    assert_eq!(
        problems(&read(&(mild + &verbose(&[]))), ProblemKind::Note).len(),
        1
    );
}

/// A connection security rule; `lines` replace or add fields by label.
fn consec(name: &str, action: &str, lines: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("Rule Name", name),
        ("Enabled", "Yes"),
        ("Profiles", "Domain,Private,Public"),
        ("Type", "Static"),
        ("Mode", "Transport"),
        ("Endpoint1", "Any"),
        ("Endpoint2", "Any"),
        ("Protocol", "Any"),
        ("Action", action),
        ("Auth1", "ComputerKerb"),
    ];
    for (label, value) in lines {
        match fields.iter_mut().find(|(l, _)| l == label) {
            Some(f) => f.1 = value,
            None => fields.insert(7, (label, value)),
        }
    }
    let lines = fields.iter().map(|(l, v)| format!("{l}:    {v}\n"));
    let text: String = lines.collect();
    format!(
        "\n{}\n",
        text.replacen('\n', "\n----------------------------\n", 1)
    )
}

// Fails if a rule that keeps out whoever does not authenticate is taken for none, or for one that it is not.
#[test]
fn what_connection_security_rules_require_is_read_less_what_others_exempt() {
    let demanded = |rules: &[String]| {
        let export = read(&(rules.concat() + &verbose(&[])));
        let security = point(&export).security.clone().unwrap_or_default();
        let of = |all: &[Rule], src: &str, dst: &str, port: u16| {
            let (src, dst) = (src.parse().unwrap(), dst.parse().unwrap());
            let mut hit = Profiles::NONE;
            for r in all {
                let meets = r.clauses.iter().any(|c| {
                    c.space.src.contains(src)
                        && c.space.dst.contains(dst)
                        && c.space.proto.contains(6)
                        && c.space.sport.contains(50_000)
                        && c.space.dport.contains(port)
                });
                if meets {
                    hit = hit.union(r.profiles);
                }
            }
            hit.0
        };
        (
            of(&security.ingress, "10.1.0.1", "10.2.0.2", 443),
            of(&security.ingress, "10.9.0.1", "10.2.0.2", 443),
            of(&security.egress, "10.2.0.2", "10.1.0.1", 443),
        )
    };
    let require = |lines: &[(&str, &str)]| consec("r", "RequireInRequestOut", lines);
    let exempt = |lines: &[(&str, &str)]| consec("e", "NoAuthentication", lines);
    assert_eq!(demanded(&[require(&[])]), (7, 7, 0));
    assert_eq!(
        demanded(&[consec("r", "RequireInRequireOut", &[])]),
        (7, 7, 7)
    );
    assert_eq!(
        demanded(&[consec("r", "RequireInClearOut", &[])]),
        (7, 7, 0)
    );
    assert_eq!(
        demanded(&[consec("r", "RequestInRequestOut", &[])]),
        (0, 0, 0)
    );
    assert_eq!(
        demanded(&[consec("r", "VereisIn", &[])]),
        (7, 7, 7),
        "not read"
    );
    assert_eq!(demanded(&[require(&[("Enabled", "No")])]), (0, 0, 0));
    assert_eq!(demanded(&[require(&[("Profiles", "Public")])]), (4, 4, 0));
    assert_eq!(
        demanded(&[require(&[("Endpoint2", "10.1.0.0/16")])]),
        (7, 0, 0)
    );
    assert_eq!(
        demanded(&[require(&[("Endpoint1", "10.1.0.0/16")])]),
        (7, 0, 0)
    );
    assert_eq!(demanded(&[require(&[("Protocol", "UDP")])]), (0, 0, 0));
    let port = [("Protocol", "TCP"), ("Port1", "443")];
    assert_eq!(demanded(&[require(&port)]), (7, 7, 0));
    let other = [("Protocol", "TCP"), ("Port1", "444")];
    assert_eq!(demanded(&[require(&other)]), (0, 0, 0));
    let near = [("Endpoint2", "10.1.0.0/16")];
    assert_eq!(demanded(&[require(&[]), exempt(&near)]), (0, 7, 0));
    assert_eq!(demanded(&[exempt(&[]), require(&[])]), (0, 0, 0));
    let domain = [("Endpoint2", "10.1.0.0/16"), ("Profiles", "Domain")];
    assert_eq!(demanded(&[require(&[]), exempt(&domain)]), (6, 7, 0));
    // An exemption of which something is not understood exempts nothing.
    let vague = [("Endpoint2", "10.1.0.0/16"), ("Rauhwolle", "x")];
    assert_eq!(demanded(&[require(&[]), exempt(&vague)]), (7, 7, 0));
}

// Fails if a capture of a page whose dashes and quotes were made typographic loses its rules or their fields.
#[test]
fn a_text_pasted_from_a_page_is_read() {
    let text = verbose(&[
        ("RemoteIP", "10.0.0.1\u{2013}10.0.0.9"),
        ("LocalPort", "5000\u{2013}5010"),
    ]);
    let dashes = "\u{2014}".repeat(23) + "-";
    let plain = text
        .lines()
        .find(|l| l.starts_with("---"))
        .unwrap()
        .to_owned();
    let pasted = text.replace(&plain, &dashes).replace("  ", "\u{a0} ");
    let export = read(&pasted);
    assert_eq!(export.problems, []);
    let rule = only(&export);
    assert!(!rule.name.contains('\u{2014}'), "{}", rule.name);
    let space = &rule.clauses[0].space;
    assert_eq!(space.dport, PortSet::range(5000, 5010));
    assert!(space.src.contains("10.0.0.9".parse().unwrap()));
}

// Fails if what stands beside the rules is dropped without a word.
#[test]
fn port_proxies_and_foreign_output_are_told() {
    let listing = "C:\\>netsh interface portproxy show all\n\nListen on ipv4:             Connect to ipv4:\n\nAddress         Port        Address         Port\n--------------- ----------  --------------- ----------\n*               3389        172.30.195.130  3389\n";
    let export = read(&(verbose(&[]) + listing));
    let told: Vec<&str> = export.problems.iter().map(|p| &*p.message).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("TCP 3389 at any address is forwarded"));
    for command in [
        "getmac",
        "route print",
        "ipconfig /all",
        "netstat -ano",
        "tasklist /svc",
    ] {
        let export = read(&(verbose(&[]) + "C:\\>" + command + "\n\nActive Routes\n"));
        let told: Vec<&str> = export.problems.iter().map(|p| &*p.message).collect();
        assert_eq!(
            told,
            ["the output of this command is not read"],
            "{command}"
        );
        let empty = read(&(verbose(&[]) + "C:\\>" + command + "\n\nC:\\>exit\n"));
        assert_eq!(empty.problems.len(), 0, "{command}");
    }
    let table = "\nActive Connections\n\n  Proto  Local Address          Foreign Address        State           PID\n  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1052\n";
    let listed = read(&(verbose(&[]) + "C:\\>netstat -ano\n" + table));
    assert_eq!((listed.problems.len(), listed.companions.len()), (0, 1));
    assert_eq!(export.rules_in_file, 1);
}

#[test]
fn the_words_of_a_russian_2008_r2_are_read() {
    let text = "\nИмя правила:                          http\n----------------------------------------------------------------------\nВключен:                              Да\nНаправление:                          Вход\nProfiles:                             Домен,Частный,Публичный\nГруппировка:                          \nLocalIP:                              Любой\nУдаленный IP-адрес:                   192.168.4.1/32\nПротокол:                             TCP\nЛокальный порт:                       8081\nУдаленный порт:                       Любой\nОбход узлов:                          Нет\nДействие:                             Разрешить\nОК.\n";
    for encoding in [encoding_rs::IBM866, encoding_rs::WINDOWS_1251] {
        let (bytes, ..) = encoding.encode(text);
        let decoded = decode(bytes.into_owned()).unwrap();
        assert_eq!(decoded.text, text);
        let export = read(&decoded.text);
        let rule = only(&export);
        assert_eq!(rule.action, Action::Allow);
        assert_eq!(
            problems(&export, ProblemKind::Malformed),
            [] as [&Problem; 0]
        );
    }
}

#[test]
fn a_prompt_tells_the_host_and_what_was_asked_for() {
    let prompt =
        "[srv01]: PS C:\\Users\\a> netsh advfirewall firewall show rule name=all dir=in verbose\n";
    let export = read(&(prompt.to_owned() + &verbose(&[])));
    assert_eq!(
        export.host_name.as_ref().map(|h| h.0.as_str()),
        Some("srv01")
    );
    let hylint_model::Body::Lists(lists) = &point(&export).body else {
        panic!()
    };
    assert_eq!(
        (lists.ingress.default.origin, lists.egress.default.origin),
        (DefaultOrigin::Assumed, DefaultOrigin::Unknown)
    );
    assert_eq!(problems(&export, ProblemKind::Incomplete).len(), 1);
    let some = "C:\\>netsh advfirewall firewall show rule name=web\n".to_owned() + &verbose(&[]);
    assert_eq!(problems(&read(&some), ProblemKind::Incomplete).len(), 1);
    let all =
        "C:\\>netsh advfirewall firewall show rule name=all verbose\n".to_owned() + &verbose(&[]);
    assert_eq!(read(&all).problems, []);
    // Both parts in one file are the whole.
    let out = "C:\\>netsh advfirewall firewall show rule name=all dir=out\n\nNo rules match the specified criteria.\n";
    let both = read(&(prompt.to_owned() + &verbose(&[]) + out));
    assert_eq!(problems(&both, ProblemKind::Incomplete).len(), 0);
}

#[test]
fn annotations_stand_between_rules_only() {
    let text = format!(
        "# hylint: role=session-host\n{}Ok.\n# hylint: host=a\n",
        verbose(&[("Description", "x\n# hylint: role=evil")])
    );
    let export = read(&text);
    let annotations: Vec<_> = export
        .annotations
        .iter()
        .map(|(t, s)| (t.as_str(), source(&text).slice(*s).to_owned()))
        .collect();
    assert_eq!(
        annotations,
        [
            ("role=session-host", "role=session-host".into()),
            ("host=a", "host=a".into())
        ]
    );
}

#[test]
fn german_in_its_console_code_page_is_read() {
    let text = "
Regelname:                            Server über alles
----------------------------------------------------------------------
Aktiviert:                            Ja
Richtung:                             Aus
Profile:                              Domäne,Öffentlich
Gruppierung:
Lokales IP:                           Beliebig
Remote-IP:                            LocalSubnet
Protokoll:                            UDP
Lokaler Port:                         Beliebig
Remoteport:                           53
Edgeausnahme:                         Nein
Aktion:                               Zulassen
OK.
";
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| match c {
            'ü' => 0x81,
            'ä' => 0x84,
            'Ö' => 0x99,
            c => c as u8,
        })
        .collect();
    let decoded = decode(bytes).unwrap();
    assert_eq!(decoded.encoding, "IBM850");
    let export = read(&decoded.text);
    let rule = only(&export);
    assert_eq!(
        (&*rule.name, rule.profiles),
        ("Server über alles", Profiles(5))
    );
    assert_eq!(rule.clauses[0].space.dport, PortSet::single(53));
    assert_eq!(
        export.problems.len(),
        1,
        "only that it is brief: {:?}",
        export.problems
    );
}

/// Fails if a table beside the rules is only told of, so that a flow of its port passes for proven.
#[test]
fn what_a_port_proxy_takes_is_kept_from_the_hosts_programs() {
    let table = "\nOk.\n\nListen on ipv6:             Connect to ipv4:\n\nAddress         Port        Address         Port\n--------------- ----------  --------------- ----------\n*               443         10.9.9.9        80\n127.0.0.1       22          10.9.9.9        22\n";
    let export = read(&(verbose(&[]) + table));
    let security = point(&export).security.as_ref().expect("what is kept");
    let names: Vec<_> = security.ingress.iter().map(|r| &*r.name).collect();
    assert_eq!(names, ["port proxy of TCP 443 to 10.9.9.9:80"]);
    let space = &security.ingress[0].clauses[0].space;
    assert_eq!(space.dport.only(), Some(443));
    assert!(!space.dst.has(hylint_space::Family::V4));
    assert!(security.ingress[0].clauses[0].conditions[0].is_proxy());
}

/// Labels as Danish Windows prints them, which keeps those of addresses and ports.
#[test]
fn a_rule_in_an_unknown_language_among_others_may_be_any() {
    let danish = [
        ("Rule Name:", "Regelnavn:"),
        ("Enabled:", "Aktiveret:"),
        ("Direction:", "Retning:"),
        ("Profiles:", "Profiler:"),
        ("Action:", "Handling:"),
        ("Protocol:", "Protokol:"),
    ];
    let block = verbose(&[
        ("Rule Name", "rdp"),
        ("Action", "Bloker"),
        ("Program", "Alle"),
    ]);
    let block = danish.iter().fold(block, |b, (en, da)| b.replace(en, da));
    let export = read(&(verbose(&[]) + "\nOk.\n" + &block));
    assert_eq!(export.rules_in_file, 2);
    let rules: Vec<_> = point(&export).rules().collect();
    let unread: Vec<_> = rules.iter().filter(|r| &*r.name == "rdp").collect();
    assert_eq!(unread.len(), 2, "of both directions: {rules:?}");
    for rule in unread {
        assert_eq!(
            rule.action,
            Action::Opaque("its language is not read".into())
        );
        let text = "the fields of rule `rdp`";
        assert!(
            rule.clauses
                .iter()
                .all(|c| c.conditions.iter().any(|c| &*c.text == text))
        );
        assert!(
            !rule
                .conditions()
                .any(|c| matches!(c.test, Test::Program(_)))
        );
    }
    let told: Vec<_> = problems(&export, ProblemKind::Malformed);
    let told: Vec<_> = told.iter().map(|p| &*p.message).collect();
    assert_eq!(
        told,
        ["a rule is in a language that hylint does not read, and may allow or block"]
    );
}

#[test]
fn other_texts_are_not_netsh() {
    let format_list = "\r\nName                  : x\r\nDisplayName           : x\r\nDescription           : y\r\nEnabled               : True\r\nProfile               : Domain\r\nDirection             : Inbound\r\nAction                : Allow\r\nEdgeTraversalPolicy   : Block\r\n";
    for text in [
        format_list,
        "",
        "Description: a note\nAction: buy milk\n",
        "# Generated by iptables-save\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n",
        "{\"Action\": \"Allow\"}",
    ] {
        let source = source(text);
        assert_eq!((netsh::FORMAT.detect)(&Input::new(&source)), 0, "{text}");
    }
}

#[test]
fn an_export_without_rules_is_a_firewall_without_rules() {
    let export = read("\nNo rules match the specified criteria.\n\n");
    assert_eq!(
        export.problems.iter().map(|p| p.kind).collect::<Vec<_>>(),
        [ProblemKind::Note]
    );
    assert_eq!(point(&export).rules().count(), 0);
    // Of the rules of another kind it says nothing about the firewall.
    let consec = "C:\\>netsh advfirewall consec show rule name=all\n\nNo rules match the specified criteria.\n";
    let profiles = "Domain Profile Settings: \n----------------------------------------------------------------------\nState                                 ON\nFirewall Policy                       BlockInbound,AllowOutbound\n";
    let export = read(&(profiles.to_owned() + consec));
    assert!(export.points.is_empty());
}

#[test]
fn the_corpus_loses_no_rule() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let corpus = above
        .map(|a| a.join("shared/corpus"))
        .find(|p| p.exists())
        .unwrap_or_default();
    let Ok(dir) = std::fs::read_dir(corpus.join("netsh")) else {
        eprintln!("skipped: no corpus beside the workspace");
        return;
    };
    let mut files: Vec<_> = dir.map(|e| e.unwrap().path()).collect();
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let decoded = decode(std::fs::read(&path).unwrap()).unwrap();
        let source = Source::new(name.clone(), decoded.text, decoded.encoding);
        let input = Input::new(&source);
        assert_eq!(
            format::detect(&input).map(|f| f.id),
            Some("netsh"),
            "{name}"
        );
        let export = (netsh::FORMAT.read)(&input);
        let rules: Vec<_> = export.points.iter().flat_map(Point::rules).collect();
        let conditions: usize = rules.iter().map(|r| r.conditions().count()).sum();
        let undecided = rules
            .iter()
            .filter(|r| r.conditions().any(|c| c.kind == ConditionKind::Unknown))
            .count();
        println!(
            "{name} [{}]: {} in file, {} in model, {conditions} conditions, {undecided} undecided, {} lost",
            source.encoding,
            export.rules_in_file,
            rules.len(),
            export.lost()
        );
        for p in &export.problems {
            println!(
                "    {:?}{} {}: {}",
                p.kind,
                if p.dropped { " DROPPED" } else { "" },
                source.position(p.span.start).line,
                p.message
            );
        }
        assert_eq!(export.lost(), 0, "{name}");
        for rule in rules {
            let text = source.slice(rule.span);
            assert!(!text.is_empty() && text.starts_with(text.lines().next().unwrap()));
            let line = source.line_span(source.position(rule.span.start).line);
            assert!(source.slice(line).ends_with(text.lines().next().unwrap()));
            let action = rule.field(Field::Action).unwrap_or_default();
            assert!(text.contains(source.slice(action)), "{name}");
            // One whose beginning is cut off has none.
            let written = rule.field(Field::Name).unwrap_or_default();
            assert_eq!(source.slice(written), &*rule.name);
        }
        if name.contains("full") {
            assert_eq!(
                problems(&export, ProblemKind::Malformed),
                Vec::<&Problem>::new(),
                "{name}"
            );
        }
    }
    let path = corpus.join("mixed/neg-powershell-get-netfirewallrule-utf16le-bom.txt");
    let decoded = decode(std::fs::read(path).unwrap()).unwrap();
    assert_eq!(decoded.encoding, "UTF-16LE");
    let source = Source::new("neg", decoded.text, decoded.encoding);
    assert_eq!((netsh::FORMAT.detect)(&Input::new(&source)), 0);
}

/// Lines that captures are made of, and some that they are not, in any order.
fn pieces() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let line = prop::sample::select(vec![
        "Rule Name:     a",
        "Rule Name:",
        "----------------------------------------",
        "",
        "Enabled:   Yes",
        "Enabled: No",
        "Direction:  In",
        "Direction: Out",
        "Direction: Actif",
        "Profiles: Domain",
        "Grouping:",
        "LocalIP: Any",
        "RemoteIP: 10.0.0.1,LocalSubnet,",
        "                  10.0.0.2",
        "2001:db8::/3",
        "Protocol: ICMPv4",
        "          Type    Code",
        "          8       Any",
        "Protocol: TCP",
        "LocalPort: RPC,80-",
        "RemotePort: Any",
        "Security: NotRequired",
        "Action: Allow",
        "Action: Block",
        "Action:",
        "Ok.",
        "Description: x",
        "Note: y",
        "Domain Profile Settings:",
        "State      ON",
        "Firewall Policy     BlockInbound,AllowOutbound",
        "Logging:",
        "PS C:\\> netsh advfirewall show currentprofile",
        "Endpoint1: Any",
        "Type: Static",
        "# hylint: a=b",
        "```",
        "規則名：x",
        "方向:  入力",
        "Règle inconnue :   é",
        "> LocalPort: 1",
        ":",
        "：",
        " : ",
    ]);
    let any = prop_oneof![9 => line.prop_map(str::to_owned), 1 => "\\PC{0,12}"];
    prop::collection::vec(any, 0..60).prop_map(|lines| lines.join("\n"))
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    /// Every name line and every fragment is a rule of the model or a problem that names it, whatever the order of lines.
    #[test]
    fn no_capture_panics_or_loses_a_rule(text in pieces()) {
        let source = source(&text);
        let export = (netsh::FORMAT.read)(&Input::new(&source));
        let dropped = export.problems.iter().filter(|p| p.dropped).count();
        assert_eq!(export.rules_in_file, export.rules_in_model() + dropped);
        for rule in export.points.iter().flat_map(Point::rules) {
            for (_, span) in &rule.fields {
                assert!(text.get(span.range()).is_some());
                assert!(rule.span.start <= span.start && span.end <= rule.span.end);
            }
        }
        for problem in &export.problems {
            assert!(text.get(problem.span.range()).is_some(), "{problem:?}");
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        if let Ok(d) = decode(bytes) {
            assert!(!d.text.starts_with('\u{feff}') && !d.text.contains('\0'));
        }
    }
}

// Fails if a capture that ends with an error passes for all rules, or two dumps in one file for one.
#[test]
fn a_capture_that_ends_with_an_error_or_another_dump_is_not_whole() {
    let rule = "Rule Name:                            a\n----------------------------------------------------------------------\nEnabled:                              Yes\nDirection:                            In\nProfiles:                             Domain,Private,Public\nGrouping:                             \nLocalIP:                              Any\nRemoteIP:                             Any\nProtocol:                             TCP\nLocalPort:                            3389\nRemotePort:                           Any\nEdge traversal:                       No\nAction:                               Allow\n";
    let told = |text: &str| {
        let export = hylint_parsers::format::read(&Source::new("x", text, "UTF-8")).unwrap();
        let malformed = |p: &&hylint_model::Problem| p.kind == ProblemKind::Malformed;
        let all: Vec<_> = export.problems.iter().filter(malformed).collect();
        assert!(all.len() <= 1, "{all:#?}");
        all.first().map(|p| p.message.clone())
    };
    assert_eq!(told(&format!("{rule}\nOk.\n")), None);
    for error in [
        "Access is denied.",
        "The requested operation requires elevation (Run as administrator).",
    ] {
        assert!(
            told(&format!("{rule}\nOk.\n\n{error}\n")).is_some(),
            "{error}"
        );
    }
    let key = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules\n";
    let block =
        "    b    REG_SZ    v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=3389|Name=b|\n";
    assert!(told(&format!("{rule}\nOk.\n\n{key}{block}")).is_some());
}
