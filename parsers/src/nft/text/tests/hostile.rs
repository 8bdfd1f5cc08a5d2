//! Texts that are cut off, wrong or made to hurt.

use super::{rule, said};
use crate::nft::syntax::Object;
use crate::source::Source;
use hylint_model::Problem;
use proptest::prelude::*;

/// A listing with a set, a map, several chains and an anonymous chain.
const LISTING: &str = "table inet f {\n\tset s {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = { 10.0.0.0/8, 192.168.0.1,\n\t\t\t     192.168.1.1 }\n\t}\n\
    \tmap m {\n\t\ttype inet_service : verdict\n\t\telements = { 22 : accept, 80 : goto web }\n\t}\n\
    \tchain web {\n\t\tip saddr @s accept comment \"a } b\"\n\t\tjump {\n\t\t\tip saddr 10.0.0.1 accept\n\t\t\tdrop\n\t\t}\n\t}\n\
    \tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\t\ttcp dport vmap @m\n\t\ttcp dport { 53, 853 } counter packets 1 bytes 2 accept\n\t}\n}\n";

fn parsed(text: &str) -> (Vec<String>, Vec<Problem>) {
    let source = Source::new("x", text, "UTF-8");
    let mut problems = Vec::new();
    let commands = super::parse(&source, &mut problems);
    let rules = commands
        .iter()
        .filter(|c| matches!(c.object, Object::Rule(_)));
    (rules.map(super::shown).collect(), problems)
}

// Fails if a listing that is cut off anywhere passes, is told more than once, or has half a rule.
#[test]
fn a_text_that_is_cut_off_is_one_problem() {
    let (whole, problems) = parsed(LISTING);
    assert!(problems.is_empty());
    // Before the last brace there is a table that does not end.
    let open = LISTING.find('{').unwrap() + 1;
    for end in (open..LISTING.len() - 2).filter(|n| LISTING.is_char_boundary(*n)) {
        let text = &LISTING[..end];
        let (rules, problems) = parsed(text);
        assert_eq!(problems.len(), 1, "{text:?}: {problems:?}");
        assert!(whole.starts_with(&rules), "{text:?}: {rules:?}");
    }
}

// Fails if what is wrong in one statement takes others with it.
#[test]
fn each_error_is_told_at_its_place_and_the_next_statement_is_read() {
    let text = "table inet f {\n\tset s {\n\t\ttype ipv4_addr\n\t\telements = { 1.2.3.4, 5.6.7.8\n\t}\n\tfrobnicate x {\n\t\taccept\n\t}\n\
        \tchain input {\n\t\ttype filter hook input priority filter; policy dorp;\n\t\ttcp dprot 23 accept\n\t\tfoo bar; tcp dport 1 accept\n\
        \t\ttcp dport { 22, 80 accept\n\t\tudp dport 53 accept\n\t\ttcp dport {\n\t\t\t22,\n\t\t\tx y,\n\t\t\t80 } accept\n\
        \t\tjump {\n\t\t\tnonsense\n\t\t\taccept\n\t\t}\n\t\tip saddr $gone drop\n\t\tlog prefix \"open\n\t\taccept\n\t}\n}\nadd rule inet f\nfrob\n}\nadd table ip z\n";
    let said = said(text);
    assert_eq!(
        said.commands,
        [
            "Add table Inet f",
            "Add set s { 1.2.3.4, 5.6.7.8 }",
            "Add chain input filter input filter+0 []",
            "Add rule input: tcp dport 1 ; accept",
            "Add rule input: udp dport 53 ; accept",
            "Add rule input: accept",
            "Add table Ip z",
        ]
    );
    assert_eq!(
        said.problems,
        [
            "6:2 dropped: found `frobnicate` where a part of a set (`type`, `flags`, `elements` …) is expected",
            "10:50: `dorp` is not a policy: `accept` or `drop` is expected",
            "11:7 dropped: `dprot` is not a field of the header `tcp`",
            "12:3 dropped: `foo` does not begin a statement of nftables",
            "13:22 dropped: found `accept` where `,` or `}` is expected",
            "17:6 dropped: found `y` where `,` or `}` is expected",
            "20:4 dropped: `nonsense` does not begin a statement of nftables",
            "23:12 dropped: the variable `$gone` is not defined before it is used here",
            "24:14 dropped: this quote is not closed",
            "28:16 dropped: the line ends where the name of a chain is expected",
            "29:1 dropped: `frob` is not a command of nftables",
            "30:1: this `}` closes nothing",
        ]
    );
}

#[test]
fn hostile_nesting_and_growth_have_an_end() {
    let deep = [
        "jump { ".repeat(100_000),
        format!("tcp dport {}", "{ ".repeat(100_000)),
        format!("meta mark {}", "(".repeat(100_000)),
        format!("meta mark set {}1", "1|".repeat(100_000)),
    ];
    for text in deep {
        let text = format!("table ip x {{\nchain y {{\n{text}\n}}\n}}\n");
        let (rules, problems) = parsed(&text);
        assert!(rules.is_empty());
        assert!(
            problems[0].message.starts_with("this nests too deep"),
            "{problems:?}"
        );
        assert!(problems[0].dropped);
    }
    let mut text = String::from("define a0 = { 1.2.3.4, 1.2.3.5 }\n");
    for n in 1..40 {
        let before = n - 1;
        text += &format!("define a{n} = {{ $a{before}, $a{before}, $a{before} }}\n");
    }
    text += "add rule x c ip saddr $a39 accept\n";
    let (_, problems) = parsed(&text);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[1].dropped);
    // A value that is defined anew from itself does not nest without end.
    let anew = format!("define a = 1\n{}", "redefine a = $a | 1\n".repeat(10_000));
    assert!(
        parsed(&anew).1[0]
            .message
            .starts_with("this nests too deep")
    );
}

#[test]
fn many_problems_are_counted() {
    let text = format!(
        "table ip x {{\nchain y {{\n{}}}\n}}\n",
        "foo\n".repeat(20_000)
    );
    let (_, problems) = parsed(&text);
    let last = problems.last().unwrap();
    assert_eq!(problems.len(), 10_001);
    assert_eq!(
        last.message,
        "10000 more statements from here on cannot be read"
    );
    assert!(last.dropped);
}

// Fails if the time for elements grows faster than their number.
#[test]
fn many_elements_are_read() {
    let elements: Vec<String> = (0..200_000_u32)
        .map(|n| format!("{}", std::net::Ipv4Addr::from(n)))
        .collect();
    let text = format!(
        "add element ip t s {{ {} }}\nadd element ip t s {{ 1,",
        elements.join(",\n")
    );
    let source = Source::new("x", text, "UTF-8");
    let mut problems = Vec::new();
    let commands = super::parse(&source, &mut problems);
    let [command] = &commands[..] else {
        panic!("{} commands", commands.len());
    };
    let Object::Elements(_, found) = &command.object else {
        panic!("{command:?}");
    };
    assert_eq!(found.len(), elements.len());
    assert_eq!(problems.len(), 1);
}

#[test]
fn characters_of_other_alphabets_are_read() {
    assert_eq!(
        rule("iifname \"größe\" accept comment \"日本\""),
        "iifname \"größe\" ; accept (日本)"
    );
    assert_eq!(
        said("größe\n").problems,
        ["1:1 dropped: `größe` is not a command of nftables"]
    );
}

fn pieces() -> impl Strategy<Value = String> {
    let words = prop_oneof![
        Just("table ip x {\n"),
        Just("chain c {\n"),
        Just("set s {\n"),
        Just("}\n"),
        Just("{ "),
        Just("} "),
        Just("tcp dport "),
        Just("22 "),
        Just(", "),
        Just("accept\n"),
        Just("jump "),
        Just("elements = "),
        Just("type ipv4_addr\n"),
        Just("define a = "),
        Just("$a "),
        Just("\""),
        Just("# handle 3\n"),
        Just("# xt_x\n"),
        Just("\\\n"),
        Just("; "),
        Just(" . "),
        Just("vmap "),
        Just(": "),
        Just("1.2.3.4/8 "),
        Just("::1"),
        Just("add rule x c "),
        Just("include \"x\"\n"),
        Just("limit rate "),
        Just("meta mark set "),
        Just("(1 | "),
        Just("@s "),
        Just("é"),
        Just("dnat to "),
        Just("type filter hook input priority "),
        Just("policy drop;"),
    ];
    prop::collection::vec(words, 0..60).prop_map(|w| w.concat())
}

proptest! {
    // Fails on a panic, a loop without end, or a problem outside the text.
    #[test]
    fn any_text_has_an_end(text in prop_oneof![pieces(), ".{0,200}"]) {
        let (_, problems) = parsed(&text);
        for p in problems {
            prop_assert!(text.get(p.span.range()).is_some(), "{p:?}");
        }
    }
}
