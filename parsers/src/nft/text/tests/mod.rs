//! What the text form says, construct by construct.

mod constructs;
mod files;
mod given;
mod hostile;

use super::parse;
use crate::nft::syntax::{Command, Object};
use crate::source::Source;
use hylint_model::Problem;

/// What a text says, and its problems with their places.
struct Said {
    commands: Vec<String>,
    problems: Vec<String>,
}

fn shown(command: &Command<'_>) -> String {
    let what = match &command.object {
        Object::Ruleset(family) => format!("ruleset {family:?}"),
        Object::Table(table) => format!(
            "table {:?} {}{}{}",
            table.target.family,
            table.target.table,
            if table.iptables { " iptables" } else { "" },
            if table.dormant { " dormant" } else { "" }
        ),
        Object::Chain(chain) => {
            let hook = chain.hook.as_ref().map_or_else(String::new, |h| {
                let name = h.priority.name.as_deref().unwrap_or("");
                format!(
                    " {} {} {name}{:+} {:?}",
                    h.kind, h.word, h.priority.offset, h.devices
                )
            });
            let policy = match chain.policy {
                Some((true, _)) => " accept",
                Some((false, _)) => " drop",
                None => "",
            };
            format!("chain {}{hook}{policy}", chain.target.name)
        }
        Object::Rule(rule) => {
            let statements: Vec<String> = rule.statements.iter().map(ToString::to_string).collect();
            let handle = rule.handle.map_or_else(String::new, |h| format!(" #{h}"));
            let comment = rule
                .comment
                .as_deref()
                .map_or_else(String::new, |c| format!(" ({c})"));
            format!(
                "rule {}: {}{comment}{handle} {:?}",
                rule.target.name,
                statements.join(" ; "),
                rule.place
            )
        }
        Object::Set(set) => {
            let elements: Vec<String> = set.elements.iter().map(ToString::to_string).collect();
            format!("set {} {{ {} }}", set.target.name, elements.join(", "))
        }
        Object::Elements(target, elements) => {
            let elements: Vec<String> = elements.iter().map(ToString::to_string).collect();
            format!("elements {} {{ {} }}", target.name, elements.join(", "))
        }
        Object::Other(kind, target) => format!("{kind:?} {}", target.name),
    };
    format!("{:?} {}", command.kind, what.replace(" Unsaid", ""))
}

fn listed(source: &Source, problems: &[Problem]) -> Vec<String> {
    let show = |p: &Problem| {
        let at = source.position(p.span.start);
        let dropped = if p.dropped { " dropped" } else { "" };
        format!("{}:{}{dropped}: {}", at.line, at.column, p.message)
    };
    problems.iter().map(show).collect()
}

fn said_of(source: &Source) -> Said {
    let mut problems = Vec::new();
    let commands = parse(source, &mut problems);
    Said {
        commands: commands.iter().map(shown).collect(),
        problems: listed(source, &problems),
    }
}

fn said(text: &str) -> Said {
    said_of(&Source::new("x", text, "UTF-8"))
}

/// The statements of one rule.
fn rule(text: &str) -> String {
    let said = said(&format!(
        "table inet t {{\n\tchain c {{\n\t\t{text}\n\t}}\n}}\n"
    ));
    assert_eq!(said.problems, [""; 0], "{text}");
    let rules: Vec<&str> = said
        .commands
        .iter()
        .filter_map(|c| c.strip_prefix("Add rule c: "))
        .collect();
    rules.join(" / ")
}
