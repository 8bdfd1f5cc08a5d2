//! A change as commands of nft.

use super::super::syntax::{Command, Object, RuleDecl};
use super::super::write::family_word;
use super::super::{json, text};
use super::place::{ChainAt, Effect, Result, resolved};
use super::written::Written;
use crate::edit::{Change, EditError};
use crate::json::Json;
use crate::shell::posix as quoted;
use crate::source::Source;
use hylint_model::{Export, Span};

/// The commands of [`crate::input::CommandsFn`].
pub(in super::super) fn commands(
    source: &Source,
    export: &Export,
    change: &Change,
) -> Result<Vec<String>> {
    let (at, effect) = resolved(export, change)?;
    let chain = named(&at)?;
    let (from, to, new) = match effect {
        Effect::Policy(allow) => {
            let policy = if allow { "accept" } else { "drop" };
            return Ok(vec![format!(
                "nft add chain {chain} '{{ policy {policy}; }}'"
            )]);
        }
        Effect::Splice { from, to, new } => (from, to, new),
    };
    let new = match new {
        Some(rule) => Written::of(&at, rule)?,
        None => Written::default(),
    };
    let lines: Vec<String> = new.lines.iter().map(|l| quoted(l)).collect::<Result<_>>()?;
    if from < to {
        let old = at.span(from).ok_or(EditError::Missing)?;
        let handle = handle(source, old).ok_or(EditError::Unsupported(
            "the export has no handles, by which nft names a rule: export `nft -a list ruleset`",
        ))?;
        return Ok(match lines.as_slice() {
            [] => vec![format!("nft delete rule {chain} handle {handle}")],
            [one] => vec![format!("nft replace rule {chain} handle {handle} {one}")],
            many => {
                let insert = |l: &String| format!("nft insert rule {chain} position {handle} {l}");
                let delete = format!("nft delete rule {chain} handle {handle}");
                many.iter().map(insert).chain([delete]).collect()
            }
        });
    }
    if from == at.chain.rules.len() {
        let add = |l: &String| format!("nft add rule {chain} {l}");
        return Ok(lines.iter().map(add).collect());
    }
    let first = at.before(from);
    let insert =
        |(n, l): (usize, &String)| format!("nft insert rule {chain} index {} {l}", first + n);
    Ok(lines.iter().enumerate().map(insert).collect())
}

/// Family, table and chain.
fn named(at: &ChainAt<'_>) -> Result<String> {
    let family = family_word(at.table.family);
    let plain = |name: &str| {
        if name.starts_with('-') || !super::super::write::is_name(name) {
            return Err(EditError::Unsafe(
                "the name of the table or chain is none that nft takes",
            ));
        }
        quoted(name)
    };
    let _ = at.point;
    Ok(format!(
        "{family} {} {}",
        plain(&at.table.name)?,
        plain(&at.chain.name)?
    ))
}

/// The handle of the rule at a place, where the export has it.
fn handle(source: &Source, span: Span) -> Option<u64> {
    let mut problems = Vec::new();
    if json::is_json(&source.text) {
        let document = Json::parse(&source.text);
        let worded = json::Worded::of(&document);
        return found(&json::parse(&document, &worded, &mut problems), span);
    }
    found(&text::parse(source, &mut problems), span)
}

fn found(commands: &[Command<'_>], span: Span) -> Option<u64> {
    let rules = commands.iter().filter_map(|c| match &c.object {
        Object::Rule(rule) => Some(&**rule),
        _ => None,
    });
    let mut same = rules.filter(|r: &&RuleDecl<'_>| r.span == span);
    same.next()?.handle
}
