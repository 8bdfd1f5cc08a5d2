#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::super::syntax::*;
use super::{Worded, parse};
use crate::json::Json;
use hylint_model::{Hook, NatKind, Problem, ProblemKind, TableFamily};

/// What nft 1.0.6 prints of a ruleset with every statement and expression that the kernel at hand takes.
const LISTING: &str = include_str!("listing.json");

fn read<T>(text: &str, with: impl FnOnce(&[Command<'_>], &[Problem]) -> T) -> T {
    let json = Json::parse(text);
    let mut problems = Vec::new();
    let worded = Worded::of(&json);
    let commands = parse(&json, &worded, &mut problems);
    with(&commands, &problems)
}

fn messages(text: &str) -> Vec<String> {
    read(text, |_, problems| {
        problems.iter().map(|p| p.message.clone()).collect()
    })
}

/// The statements of the only rule with these statements.
fn rule<T>(expr: &str, with: impl FnOnce(&[Statement<'_>], &[Problem]) -> T) -> T {
    let text = format!(
        r#"{{"nftables": [{{"rule": {{"family": "ip", "table": "t", "chain": "c", "expr": {expr}}}}}]}}"#
    );
    read(&text, |commands, problems| {
        let Object::Rule(rule) = &commands[0].object else {
            panic!("{commands:?}")
        };
        with(&rule.statements, problems)
    })
}

fn rules<'a>(commands: &'a [Command<'a>]) -> impl Iterator<Item = &'a RuleDecl<'a>> {
    commands.iter().filter_map(|c| match &c.object {
        Object::Rule(rule) => Some(&**rule),
        _ => None,
    })
}

/// A statement or an expression that nft prints and that were not known would make its rule conditional.
#[test]
fn all_that_a_listing_holds_is_known() {
    read(LISTING, |commands, problems| {
        assert_eq!(problems, []);
        assert_eq!(
            rules(commands).count(),
            LISTING.matches("{\"rule\"").count()
        );
        let unknown = rules(commands).filter(|r| format!("{r:?}").contains("Unknown"));
        let unknown: Vec<_> = unknown.map(|r| &LISTING[r.span.range()]).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    });
}

#[test]
fn objects_have_their_parts_and_places() {
    read(LISTING, |commands, _| {
        let chain = commands.iter().find_map(|c| match &c.object {
            Object::Chain(chain) if chain.target.name == "in" => Some(chain),
            _ => None,
        });
        let chain = chain.unwrap();
        let hook = chain.hook.as_ref().unwrap();
        assert_eq!(
            (hook.hook, &*hook.kind, hook.priority.offset),
            (Some(Hook::Input), "filter", 10)
        );
        let (allow, place) = chain.policy.unwrap();
        assert_eq!(
            (allow, &LISTING[place.range()]),
            (false, "\"policy\": \"drop\"")
        );
        assert_eq!(
            &LISTING[hook.span.range()],
            "\"type\": \"filter\", \"hook\": \"input\", \"prio\": 10"
        );
        let sets: Vec<_> = commands
            .iter()
            .filter_map(|c| match &c.object {
                Object::Set(set) => Some(&**set),
                _ => None,
            })
            .collect();
        let named = |name: &str| sets.iter().find(|s| s.target.name == name).unwrap();
        let [first, second] = named("s").elements.as_slice() else {
            panic!()
        };
        assert!(first.extra.as_ref().unwrap().expires && second.extra.is_none());
        assert!(named("s").flags.interval && named("s").flags.timeout);
        let limited = named("d").elements[0].extra.as_ref().unwrap();
        assert!(matches!(
            limited.statements[0].kind,
            StatementKind::Limit { over: false, .. }
        ));
        let verdict = named("m").elements[1].data.as_ref().unwrap();
        let ExprKind::Verdict(verdict) = &verdict.kind else {
            panic!("{verdict:?}")
        };
        assert_eq!(**verdict, Verdict::Jump("c".into()));
        let words = ["ipv4_addr", "inet_service"].map(Into::into).to_vec();
        assert_eq!(named("mm").data, Some(SetType::Named(words)));
        let first = rules(commands).next().unwrap();
        assert_eq!(
            (first.handle, first.comment.as_deref()),
            (Some(14), Some("hi"))
        );
        assert_eq!(first.place, RulePlace::Unsaid, "its handle is its own");
    });
}

#[test]
fn the_first_schema_is_read() {
    let old = r#"[{"match": {"left": {"payload": {"name": "tcp", "field": "dport"}}, "right": 22}},
        {"match": {"left": {"meta": "iifname"}, "right": "lo"}},
        {"vmap": {"left": {"ct": {"key": "saddr", "family": "ip", "dir": "original"}}, "right": "@m"}},
        {"mangle": {"left": {"meta": "mark"}, "right": 1}}]"#;
    rule(old, |statements, problems| {
        assert_eq!(problems, []);
        let StatementKind::Match { left, op, .. } = &statements[0].kind else {
            panic!()
        };
        assert_eq!(*op, MatchOp::Implicit);
        assert_eq!(left.kind, ExprKind::Payload("tcp".into(), "dport".into()));
        let StatementKind::Vmap(key, data) = &statements[2].kind else {
            panic!()
        };
        let ct = ExprKind::Ct {
            key: "ip saddr".into(),
            dir: Some(CtDirection::Original),
        };
        assert_eq!(key.kind, ct);
        assert_eq!(data.kind, ExprKind::SetRef("m".into()));
        assert!(matches!(statements[3].kind, StatementKind::Mangle(..)));
    });
}

/// Key order is the collector's, and `map` is an expression or a statement by its keys.
#[test]
fn statements_of_later_releases_are_read() {
    let new = r#"[{"map": {"op": "add", "elem": {"elem": {"timeout": 60, "val": {"payload": {"field": "saddr", "protocol": "ip"}}}},
            "data": 1, "map": "@m", "stmt": [{"limit": {"rate": 1, "per": "second", "inv": true}}]}},
        {"last": {"used": -1}}, {"secmark": "x"}, {"tunnel": "y"},
        {"match": {"op": "==", "left": {"fib": {"result": "check", "flags": ["saddr", "iif"]}}, "right": false}},
        {"match": {"op": "==", "left": {"payload": {"tunnel": "vxlan", "protocol": "ip", "field": "saddr"}}, "right": "10.0.0.1"}},
        {"dnat": {"addr": {"map": {"key": {"ct": {"key": "mark"}}, "data": {"set": [["*", "10.0.0.1"]]}}}, "type_flags": ["interval", "concat"]}}]"#;
    rule(new, |statements, problems| {
        assert_eq!(problems, []);
        let StatementKind::Update {
            op,
            set,
            key,
            data,
            statements: within,
        } = &statements[0].kind
        else {
            panic!()
        };
        assert_eq!((*op, &**set, data.is_some()), (UpdateOp::Add, "m", true));
        assert_eq!(key.kind, ExprKind::Payload("ip".into(), "saddr".into()));
        let text = "rate over 1/second".into();
        assert_eq!(within[0].kind, StatementKind::Limit { over: true, text });
        let StatementKind::Match { left, .. } = &statements[5].kind else {
            panic!()
        };
        assert_eq!(
            left.kind,
            ExprKind::Payload("vxlan ip".into(), "saddr".into()),
            "the inner header is not the packet's"
        );
        let StatementKind::Nat(nat) = &statements[6].kind else {
            panic!()
        };
        assert!(nat.concat && !nat.prefix && nat.kind == NatKind::Dnat);
    });
}

/// A key that is passed over may be what a match depends on.
#[test]
fn what_is_not_known_is_named_and_kept_as_unknown() {
    for (expr, message) in [
        (
            r#"[{"frobnicate": {"a": 1}}]"#,
            "unknown statement `frobnicate`: its effect is not modelled",
        ),
        (
            r#"[{"match": {"op": "==", "left": {"quux": 1}, "right": 1}}]"#,
            "unknown expression `quux`: its effect is not modelled",
        ),
        (
            r#"[{"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 1, "unless": 2}}]"#,
            "unknown key `unless` of a match: its effect is not modelled",
        ),
        (
            r#"[{"match": {"op": "~", "left": {"meta": {"key": "mark"}}, "right": 1}}]"#,
            "unknown statement `match`: its effect is not modelled",
        ),
        (
            r#"[{"match": {"op": "==", "left": {"meta": {"key": "mark"}}}}]"#,
            "a part of this is missing",
        ),
        (
            r#"[{"jump": {"target": ""}}]"#,
            "unknown statement `jump`: its effect is not modelled",
        ),
        (
            r#"[{"accept": null, "drop": null}]"#,
            "a statement is an object with one key: this is not read",
        ),
    ] {
        rule(expr, |statements, problems| {
            assert_eq!(problems[0].message, message);
            assert!(
                format!("{statements:?}").contains("Unknown"),
                "{statements:?}"
            );
        });
    }
}

#[test]
fn what_is_in_no_command_is_named_as_lost() {
    for item in [
        r#"{"rule": {"family": "ip", "table": "t", "expr": []}}"#,
        r#"{"rule": {"family": "ipx", "table": "t", "chain": "c", "expr": []}}"#,
        r#"{"rule": {"table": "t", "chain": "c", "expr": []}}"#,
        r#"{"rule": {"family": "ip", "table": "t", "chain": "c", "expr": {"accept": null}}}"#,
        r#"{"rule": [1]}"#,
        r#"{"policies": {"family": "ip"}}"#,
        r#"{"add": null}"#,
        r#"["rule"]"#,
        "7",
    ] {
        let text = format!("{{\"nftables\": [{item}]}}");
        read(&text, |commands, problems| {
            assert!(commands.is_empty(), "{item}");
            let [problem] = problems else {
                panic!("{item}: {problems:?}")
            };
            assert!(problem.dropped, "{item}");
            assert!(item.contains(&text[problem.span.range()]), "{item}");
        });
    }
}

#[test]
fn a_newer_schema_is_named() {
    let of = |n| format!(r#"{{"nftables": [{{"metainfo": {{"json_schema_version": {n}}}}}]}}"#);
    assert_eq!(messages(&of("1")), [""; 0]);
    let newer = "JSON schema version 2 is newer than 1, the one that is read: the ruleset may mean something else";
    assert_eq!(messages(&of("2")), [newer]);
    read(&of("2"), |_, p| {
        assert_eq!(p[0].kind, ProblemKind::Malformed)
    });
}

/// The rule in which the text ends may have had a further match; a set may have had further elements.
#[test]
fn text_that_is_cut_off_is_one_problem_and_no_rule_of_it_is_half_read() {
    let whole = read(LISTING, |commands, _| commands.len());
    for at in (LISTING.len() / 2..LISTING.len() - 4).step_by(97) {
        read(&LISTING[..at], |commands, problems| {
            assert!(problems.iter().any(|p| p.dropped), "{at}");
            assert!(commands.len() <= whole);
            let ended = rules(commands).all(|r| {
                LISTING[r.span.range()].ends_with(']') || LISTING[r.span.range()].ends_with('}')
            });
            assert!(ended, "{at}");
        });
    }
    let cut = r#"{"nftables": [{"set": {"family": "ip", "table": "t", "name": "s", "type": "mark", "elem": [1, 2"#;
    read(cut, |commands, problems| {
        assert_eq!(problems.len(), 1);
        let Object::Set(set) = &commands[0].object else {
            panic!()
        };
        assert!(set.flags.dynamic && set.elements.len() == 2);
    });
}

#[test]
fn commands_and_their_places() {
    let text = r#"{"nftables": [
        {"flush": {"ruleset": null}}, {"flush": {"ruleset": {"family": "ip6"}}},
        {"add": {"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 4, "expr": []}}},
        {"insert": {"rule": {"family": "inet", "table": "t", "chain": "c", "index": 2, "expr": []}}},
        {"delete": {"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 7}}},
        {"add": {"element": {"family": "inet", "table": "t", "name": "s", "elem": "10.0.0.1"}}},
        {"delete": {"chain": {"family": "inet", "table": "t", "name": "c"}}},
        {"list": {"ruleset": null}}]}"#;
    read(text, |commands, problems| {
        assert_eq!(problems, []);
        let kinds: Vec<_> = commands.iter().map(|c| c.kind).collect();
        use CommandKind::{Add, Delete, Flush, Insert, Other};
        assert_eq!(
            kinds,
            [Flush, Flush, Add, Insert, Delete, Add, Delete, Other]
        );
        assert_eq!(commands[0].object, Object::Ruleset(None));
        assert_eq!(commands[1].object, Object::Ruleset(Some(TableFamily::Ip6)));
        let places: Vec<_> = rules(commands).map(|r| (r.place, r.handle)).collect();
        let (handle, index) = (RulePlace::Handle, RulePlace::Index);
        assert_eq!(
            places,
            [(handle(4), None), (index(2), None), (handle(7), None)]
        );
        let Object::Elements(_, elements) = &commands[5].object else {
            panic!()
        };
        assert_eq!(elements.len(), 1);
    });
}

/// Nothing of a text may take the stack: readers run in threads with small ones.
#[test]
fn hostile_nesting_has_an_end() {
    let deep = format!("{}1{}", r#"{"&": [1, "#.repeat(5000), "]}".repeat(5000));
    let expr = format!(r#"[{{"match": {{"op": "==", "left": {deep}, "right": 1}}}}]"#);
    rule(&expr, |statements, problems| {
        assert_eq!(
            problems[0].message,
            "this is nested too deeply and is not read"
        );
        assert_eq!(statements.len(), 1);
    });
    let wide = format!(
        r#"[{{"match": {{"op": "==", "left": {{"|": [{}1]}}, "right": 1}}}}]"#,
        "1,".repeat(100_000)
    );
    rule(&wide, |statements, _| assert_eq!(statements.len(), 1));
}

#[test]
fn collectors_wrap_what_nft_prints() {
    let text = r#"{"ok": true, "results": [{"stdout": {"nftables": [{"table": {"family": "ip", "name": "a"}}]}},
        {"stdout": {"nftables": [{"table": {"family": "ip", "name": "b"}}]}}]}"#;
    read(text, |commands, problems| {
        assert_eq!(problems, []);
        let names = commands.iter().map(|c| match &c.object {
            Object::Table(t) => t.target.table.to_string(),
            _ => String::new(),
        });
        assert_eq!(names.collect::<Vec<_>>(), ["a", "b"]);
    });
}

/// nft 0.9 prints statements that it has no JSON for as text.
#[test]
fn statements_may_be_words() {
    rule(
        r#"["notrack", "drop", "frob x"]"#,
        |statements, problems| {
            let kinds: Vec<_> = statements.iter().map(|s| &s.kind).collect();
            let [StatementKind::Notrack, drop, StatementKind::Unknown(text)] = kinds.as_slice()
            else {
                panic!("{kinds:?}")
            };
            assert_eq!(**drop, StatementKind::Verdict(Verdict::Drop));
            assert_eq!((&**text, problems.len()), ("frob x", 1));
        },
    );
}

/// nft before 1.0.7 says no more of an extension than that there is one.
#[test]
fn an_extension_without_a_name_is_a_target_at_the_end() {
    rule(
        r#"[{"xt": null}, {"counter": null}, {"xt": null}]"#,
        |s, _| {
            let target = |n: usize| matches!(s[n].kind, StatementKind::Xt { target: true, .. });
            assert_eq!([target(0), target(2)], [false, true]);
        },
    );
    rule(
        r#"[{"xt": {"type": "match", "name": "addrtype"}}]"#,
        |s, _| {
            let xt = StatementKind::Xt {
                target: false,
                name: "addrtype".into(),
            };
            assert_eq!(s[0].kind, xt);
        },
    );
}

/// nft 1.0.6 has no JSON for a chain that stands in a rule and prints its text.
#[test]
fn a_chain_in_words_is_read_and_has_its_places() {
    let text = r#"{"nftables": [{"rule": {"family": "ip", "table": "t", "chain": "in",
        "expr": ["goto {\n\t\ttcp dport 22 accept\n\t\tip saddr { 10.0.0.1, 10.0.0.2 } \u0064rop\n\t}", {"drop": null}]}}]}"#;
    read(text, |commands, problems| {
        assert_eq!(problems, []);
        let rule = rules(commands).next().unwrap();
        let StatementKind::Verdict(Verdict::Anonymous(inner, true)) = &rule.statements[0].kind
        else {
            panic!("{rule:?}")
        };
        let texts: Vec<&str> = inner.iter().map(|r| &text[r.span.range()]).collect();
        assert_eq!(texts[0], "tcp dport 22 accept");
        assert_eq!(texts[1], r"ip saddr { 10.0.0.1, 10.0.0.2 } \u0064rop");
        let StatementKind::Match { right, .. } = &inner[1].statements[0].kind else {
            panic!()
        };
        assert_eq!(&text[right.span.range()], "{ 10.0.0.1, 10.0.0.2 }");
        assert_eq!(rule.statements.len(), 2);
    });
}

/// What nft prints of a long chain is cut off, and may let packets pass.
#[test]
fn a_statement_in_words_that_is_cut_off_may_decide() {
    let text = r#"{"nftables": [{"chain": {"family": "ip", "table": "t", "name": "in", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
        {"rule": {"family": "ip", "table": "t", "chain": "in", "expr": ["goto {\n\t\ttcp dport 22 acc", {"drop": null}]}}]}"#;
    let source = crate::source::Source::new("x", text, "UTF-8");
    let export = (crate::nft::FORMAT.read)(&crate::input::Input::new(&source));
    let rule = export.points[0].rules().next().unwrap();
    assert!(
        matches!(rule.action, hylint_model::Action::Opaque(_)),
        "{rule:?}"
    );
    assert_eq!(export.lost(), 0);
}
