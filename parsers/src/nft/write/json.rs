//! The tree of a ruleset as JSON (libnftables-json(5)), in the order of a listing: of each table its chains, sets and rules.

use super::super::syntax::{
    ChainDecl, Command, Object, RuleDecl, SetDecl, SetType, TableDecl, Target,
};
use super::super::text;
use super::expr::{self, member, object, quoted};
use super::form::error;
use super::ruleset::family;
use super::statement;
use crate::source::Source;
use crate::write::Result;
use hylint_model::{Point, Span, TableFamily};

/// What nft says of itself; its version is that of the schema's reference.
const METAINFO: &str =
    r#"{"metainfo": {"version": "1.0.6", "release_name": "hylint", "json_schema_version": 1}}"#;

/// The JSON of a ruleset that is written as text.
pub(super) fn of(point: &Point, text: &str) -> Result<String> {
    let source = Source::new("", text, "UTF-8");
    let mut problems = Vec::new();
    let commands = text::parse(&source, &mut problems);
    let unsaid = || error(point.span, "the ruleset has no form in JSON");
    if !problems.is_empty() {
        return Err(unsaid());
    }
    let mut tables: Vec<Listed> = Vec::new();
    for command in &commands {
        add(&mut tables, command).ok_or_else(unsaid)?;
    }
    let each = tables.into_iter().flat_map(|t| {
        let Listed {
            table,
            chains,
            sets,
            rules,
            ..
        } = t;
        std::iter::once(table)
            .chain(chains)
            .chain(sets)
            .chain(rules)
    });
    let all: Vec<String> = std::iter::once(METAINFO.to_owned()).chain(each).collect();
    Ok(format!("{{\"nftables\": [\n{}\n]}}\n", all.join(",\n")))
}

/// A table's objects.
struct Listed {
    key: (TableFamily, String),
    table: String,
    chains: Vec<String>,
    sets: Vec<String>,
    rules: Vec<String>,
}

fn add(tables: &mut Vec<Listed>, command: &Command<'_>) -> Option<()> {
    match &command.object {
        Object::Table(decl) => tables.push(table(decl)),
        Object::Chain(decl) => of_target(tables, &decl.target)?.chains.push(chain(decl)?),
        Object::Set(decl) => of_target(tables, &decl.target)?.sets.push(set(decl)?),
        Object::Rule(decl) => of_target(tables, &decl.target)?.rules.push(rule(decl)?),
        _ => return None,
    }
    Some(())
}

fn of_target<'t>(tables: &'t mut [Listed], target: &Target<'_>) -> Option<&'t mut Listed> {
    let own = |t: &&mut Listed| t.key.0 == target.family && t.key.1 == target.table;
    tables.iter_mut().rev().find(own)
}

fn table(decl: &TableDecl<'_>) -> Listed {
    let target = &decl.target;
    let members = [
        member("family", quoted(family(target.family))),
        member("name", quoted(&target.table)),
    ];
    Listed {
        key: (target.family, target.table.to_string()),
        table: format!("{{\"table\": {{{}}}}}", members.join(", ")),
        chains: Vec::new(),
        sets: Vec::new(),
        rules: Vec::new(),
    }
}

/// Family, table and name of an object.
fn head(target: &Target<'_>, key: &'static str) -> Vec<String> {
    vec![
        member("family", quoted(family(target.family))),
        member("table", quoted(&target.table)),
        member(key, quoted(&target.name)),
    ]
}

fn chain(decl: &ChainDecl<'_>) -> Option<String> {
    let mut members = head(&decl.target, "name");
    if let Some(hook) = &decl.hook {
        if hook.priority.name.is_some() {
            return None;
        }
        members.push(member("type", quoted(&hook.kind)));
        members.push(member("hook", quoted(&hook.word)));
        members.push(member("prio", hook.priority.offset.to_string()));
        match hook.devices.as_slice() {
            [] => {}
            [one] => members.push(member("dev", quoted(one))),
            many => {
                let many: Vec<String> = many.iter().map(|d| quoted(d)).collect();
                members.push(member("dev", format!("[{}]", many.join(", "))));
            }
        }
    }
    if let Some((allow, Span { .. })) = decl.policy {
        let word = if allow { "accept" } else { "drop" };
        members.push(member("policy", quoted(word)));
    }
    Some(format!("{{\"chain\": {{{}}}}}", members.join(", ")))
}

fn set(decl: &SetDecl<'_>) -> Option<String> {
    let mut members = head(&decl.target, "name");
    let kind = match decl.key.as_ref()? {
        SetType::Typeof(of) => object("typeof", expr::json(of)?),
        SetType::Named(types) => {
            let types: Vec<String> = types.iter().map(|t| quoted(t)).collect();
            match types.as_slice() {
                [one] => one.clone(),
                many => format!("[{}]", many.join(", ")),
            }
        }
    };
    members.push(member("type", kind));
    if decl.data.is_some() {
        return None;
    }
    let flags = [
        ("constant", decl.flags.constant),
        ("interval", decl.flags.interval),
        ("timeout", decl.flags.timeout),
        ("dynamic", decl.flags.dynamic),
    ];
    let flags: Vec<String> = flags
        .iter()
        .filter(|(_, on)| *on)
        .map(|(word, _)| quoted(word))
        .collect();
    if !flags.is_empty() {
        members.push(member("flags", format!("[{}]", flags.join(", "))));
    }
    if !decl.elements.is_empty() {
        members.push(member("elem", expr::elements(&decl.elements)?));
    }
    Some(format!("{{\"set\": {{{}}}}}", members.join(", ")))
}

fn rule(decl: &RuleDecl<'_>) -> Option<String> {
    let mut members = head(&decl.target, "chain");
    if let Some(comment) = &decl.comment {
        members.push(member("comment", quoted(comment)));
    }
    let statements: Option<Vec<String>> = decl.statements.iter().map(statement::json).collect();
    members.push(member("expr", format!("[{}]", statements?.join(", "))));
    Some(format!("{{\"rule\": {{{}}}}}", members.join(", ")))
}
