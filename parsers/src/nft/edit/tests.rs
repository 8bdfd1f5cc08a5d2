#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::edit::{Change, EditError, List, ListRef, Position, RuleRef, apply};
use crate::nft::FORMAT;
use crate::source::Source;
use hylint_model::{Action, Export, Rule, Span};
use hylint_space::{PacketBox, PortSet, ProtoSet};

const RULESET: &str = "\
table inet filter {
\tchain input {
\t\ttype filter hook input priority 0; policy accept;
\t\tiifname \"lo\" accept # handle 4
\t\tudp sport 53 meta mark set 0x1 accept # handle 5
\t\ttcp dport 22 accept # handle 6
\t}

\tchain empty {
\t}

\tchain one { type filter hook output priority 0; policy drop; udp dport 53 accept; drop; }
}
";

fn read(text: &str) -> (Source, Export) {
    let source = Source::new("t", text, "UTF-8");
    let export = (FORMAT.read)(&crate::input::Input::new(&source));
    (source, export)
}

fn list(chain: usize) -> ListRef {
    let list = List::Chain { table: 0, chain };
    ListRef { point: 0, list }
}

fn port(port: u16) -> Box<Rule> {
    let mut rule = Rule::new(Span::default(), Action::Allow);
    rule.clauses[0].space = PacketBox {
        proto: ProtoSet::single(6),
        dport: PortSet::single(port),
        ..PacketBox::any()
    };
    Box::new(rule)
}

fn insert(at: Position) -> Change {
    Change::Insert {
        at,
        rule: port(443),
    }
}

fn at(chain: usize, index: usize) -> RuleRef {
    list(chain).rule(index)
}

fn edited(change: &Change) -> Result<String, EditError> {
    let (source, export) = read(RULESET);
    let edits = FORMAT.edit.unwrap()(&source, &export, change)?;
    Ok(apply(RULESET, &edits).unwrap())
}

fn commands(change: &Change) -> Result<Vec<String>, EditError> {
    let (source, export) = read(RULESET);
    FORMAT.commands.unwrap()(&source, &export, change)
}

#[test]
fn rules_are_inserted_removed_and_replaced_in_the_text() {
    let before = edited(&insert(Position::Before(at(0, 0)))).unwrap();
    let new = "\t\ttcp dport 443 accept\n\t\tiifname \"lo\" accept # handle 4\n";
    assert!(before.contains(new), "{before}");
    let end = edited(&insert(Position::End(list(0)))).unwrap();
    assert!(
        end.contains("accept # handle 6\n\t\ttcp dport 443 accept\n\t}"),
        "{end}"
    );
    let empty = edited(&insert(Position::End(list(1)))).unwrap();
    assert!(
        empty.contains("chain empty {\n\t\ttcp dport 443 accept\n\t}"),
        "{empty}"
    );
    let one = edited(&insert(Position::Before(at(2, 0)))).unwrap();
    assert!(
        one.contains("policy drop; tcp dport 443 accept; udp dport 53 accept; drop; }"),
        "{one}"
    );
    let removed = edited(&Change::Remove(at(0, 0))).unwrap();
    assert!(!removed.contains("iifname") && removed.lines().count() == RULESET.lines().count() - 1);
    let removed = edited(&Change::Remove(at(2, 0))).unwrap();
    assert!(removed.contains("policy drop; drop; }"), "{removed}");
    let new = Change::Replace {
        old: at(0, 0),
        new: port(443),
    };
    let replaced = edited(&new).unwrap();
    assert!(
        replaced.contains("\t\ttcp dport 443 accept # handle 4\n"),
        "{replaced}"
    );
}

#[test]
fn policies_are_set_in_the_text() {
    let policy = |chain, allow| Change::SetPolicy {
        list: list(chain),
        allow,
    };
    let closed = edited(&policy(0, false)).unwrap();
    assert!(closed.contains("priority 0; policy drop;\n"), "{closed}");
    let open = edited(&policy(2, true)).unwrap();
    assert!(open.contains("policy accept; udp"), "{open}");
    assert_eq!(edited(&policy(0, true)).unwrap(), RULESET);
    assert!(edited(&policy(1, false)).is_err(), "no base chain");
}

/// A rule of the file may be several of the model, and a command counts those of the file.
#[test]
fn commands_name_rules_as_nft_does() {
    let (_, export) = read(RULESET);
    let rules = list(0).rules(&export).unwrap().len();
    assert!(rules > 3, "the second rule is several of the model");
    let last = Position::Before(at(0, rules - 1));
    let want = "nft insert rule inet filter input index 2 'tcp dport 443 accept'";
    assert_eq!(commands(&insert(last)).unwrap(), [want]);
    let want = "nft add rule inet filter input 'tcp dport 443 accept'";
    assert_eq!(commands(&insert(Position::End(list(0)))).unwrap(), [want]);
    let want = "nft delete rule inet filter input handle 6";
    assert_eq!(commands(&Change::Remove(at(0, rules - 1))).unwrap(), [want]);
    let new = Change::Replace {
        old: at(0, 0),
        new: port(443),
    };
    let want = "nft replace rule inet filter input handle 4 'tcp dport 443 accept'";
    assert_eq!(commands(&new).unwrap(), [want]);
    let policy = Change::SetPolicy {
        list: list(0),
        allow: false,
    };
    let want = "nft add chain inet filter input '{ policy drop; }'";
    assert_eq!(commands(&policy).unwrap(), [want]);
}

#[test]
fn what_is_not_exact_is_refused() {
    let (_, export) = read(RULESET);
    let several = list(0).rules(&export).unwrap();
    let twice = (1..several.len()).find(|n| several[*n].span == several[n - 1].span);
    let inside = at(0, twice.unwrap());
    assert!(edited(&Change::Remove(inside)).is_err());
    assert!(edited(&insert(Position::Before(inside))).is_err());
    let no_handle = commands(&Change::Remove(at(2, 0)));
    assert!(
        matches!(no_handle, Err(EditError::Unsupported(_))),
        "{no_handle:?}"
    );
    let mut jump = port(1);
    jump.action = Action::Jump(2);
    let change = Change::Insert {
        at: Position::End(list(1)),
        rule: jump,
    };
    assert!(matches!(edited(&change), Err(EditError::NoForm { .. })));
    let hostile = Change::Insert {
        at: Position::End(list(0)),
        rule: {
            let mut rule = port(1);
            rule.comment = "x\"; flush ruleset; #".into();
            rule
        },
    };
    assert!(commands(&hostile).is_err());
}
