//! A change as commands of iptables or ip6tables.

use super::chain::{ChainAt, Result};
use super::resolved::{Effect, Resolved, Splice};
use crate::edit::EditError;
use crate::iptables::matches::MATCHES;
use crate::iptables::targets::TARGETS;
use crate::iptables::token::Tokens;
use crate::shell::posix as quoted;
use hylint_model::{Clause, Families, Field, Rule, Span, Test};
use hylint_space::Family;

/// The commands, in order.
pub(super) fn commands(text: &str, resolved: &Resolved<'_>) -> Result<Vec<String>> {
    let at = &resolved.at;
    let tool = Tool {
        start: format!(
            "{} -t {}",
            program(at, &resolved.effect)?,
            quoted(&at.table.name)?
        ),
        chain: chain(at)?,
    };
    match &resolved.effect {
        Effect::Policy(allow) => {
            let policy = if *allow { "ACCEPT" } else { "DROP" };
            Ok(vec![tool.line("-P", "", &[policy.into()])])
        }
        Effect::Splice(splice) => spliced(text, at, splice, &tool),
    }
}

/// The tool that the point is named after; else that of the dump's family; where the dump does not say it, that of the new rule's addresses.
fn program(at: &ChainAt<'_>, effect: &Effect) -> Result<&'static str> {
    let has = |family| {
        let Effect::Splice(splice) = effect else {
            return false;
        };
        let clauses = splice.new.rules.iter().flat_map(|r| &r.clauses);
        let named = |c: &Clause| c.space.src.has(family) && c.space.dst.has(family);
        clauses.clone().any(named)
    };
    const BY_NAME: [&str; 4] = [
        "iptables-legacy",
        "ip6tables-legacy",
        "iptables-nft",
        "ip6tables-nft",
    ];
    if let Some(name) = BY_NAME.into_iter().find(|n| *n == &*at.point.name) {
        return Ok(name);
    }
    match (at.point.families, has(Family::V4), has(Family::V6)) {
        (Families::V4, ..) | (_, true, false) => Ok("iptables"),
        (Families::V6, ..) | (_, false, true) => Ok("ip6tables"),
        _ => Err(EditError::Unsupported(
            "the export does not say whether it is IPv4 or IPv6",
        )),
    }
}

fn chain(at: &ChainAt<'_>) -> Result<String> {
    let name = &at.chain.name;
    if name.starts_with(['-', '!']) {
        return Err(EditError::Unsafe("the chain's name looks like an option"));
    }
    quoted(name)
}

/// What every command begins with.
struct Tool {
    start: String,
    chain: String,
}

impl Tool {
    fn line(&self, command: &str, number: &str, rest: &[String]) -> String {
        let mut line = format!("{} {command} {}", self.start, self.chain);
        let rest = rest.iter().map(String::as_str);
        for word in [number].into_iter().chain(rest).filter(|w| !w.is_empty()) {
            line.push(' ');
            line.push_str(word);
        }
        line
    }

    fn numbered(&self, command: &str, number: usize, rest: &[String]) -> String {
        self.line(command, &number.to_string(), rest)
    }
}

fn spliced(text: &str, at: &ChainAt<'_>, splice: &Splice, tool: &Tool) -> Result<Vec<String>> {
    let new: Vec<Words> = splice
        .new
        .lines
        .iter()
        .map(|l| words(l))
        .collect::<Result<_>>()?;
    if splice.at == at.chain.rules.len() {
        return Ok(new.iter().map(|w| tool.line("-A", "", &w.words)).collect());
    }
    if new.is_empty()
        && splice.removed == 1
        && let Some(words) = by_match(text, at, splice.at)
    {
        return Ok(vec![tool.line("-D", "", &words)]);
    }
    let mut number = 1;
    for rule in at.chain.rules.iter().take(splice.at) {
        number += made(text, rule)?;
    }
    let gone = at.chain.rules.iter().skip(splice.at).take(splice.removed);
    let gone: usize = gone.map(|r| made(text, r)).sum::<Result<_>>()?;
    if let ([one], 1) = (new.as_slice(), gone)
        && one.rules == 1
    {
        return Ok(vec![tool.numbered("-R", number, &one.words)]);
    }
    let mut out = Vec::new();
    for w in &new {
        out.push(tool.numbered("-I", number, &w.reversed()));
        number += w.rules;
    }
    // Each takes the number of the one before it.
    out.extend((0..gone).map(|_| tool.numbered("-D", number, &[])));
    Ok(out)
}

/// The words that pick the rule with this index by what it says: its number is another one after each change before it.
/// `None` if they pick an earlier rule, or cannot be told from a line of a dump.
fn by_match(text: &str, at: &ChainAt<'_>, index: usize) -> Option<Vec<String>> {
    let said = |rule: &Rule| {
        let line = text.get(rule.span.range())?.trim();
        let line = match line.strip_prefix('[') {
            Some(counted) => counted.split_once("] ")?.1,
            None => line,
        };
        line.starts_with("-A ").then_some(line)
    };
    let line = said(at.chain.rules.get(index)?)?;
    let earlier = at.chain.rules.iter().take(index);
    if earlier.filter_map(said).any(|e| e == line) {
        return None;
    }
    words(line).ok().map(|w| w.words)
}

/// How many rules the tool makes of a line: one for each pair of the addresses that its lists name.
fn made(text: &str, rule: &Rule) -> Result<usize> {
    let host = |t: &Test| matches!(t, Test::Named { key, .. } if key.starts_with("host:"));
    if rule.conditions().any(|c| host(&c.test)) {
        return Err(EditError::Unsupported(
            "the rule number depends on how a host name resolves",
        ));
    }
    let lists = |field| {
        let places = rule.fields.iter().filter(move |(f, _)| *f == field);
        places
            .map(|(_, span)| entries(text.get(span.range()).unwrap_or("")))
            .product::<usize>()
    };
    Ok(lists(Field::Source) * lists(Field::Destination))
}

/// Entries of a comma list.
fn entries(text: &str) -> usize {
    text.matches(',').count() + 1
}

/// A rule's words, quoted.
struct Words {
    words: Vec<String>,
    /// Places of address lists.
    lists: Vec<usize>,
    /// How many rules the tool makes of them.
    rules: usize,
}

impl Words {
    /// The words for `-I`: of a list, the tool puts each rule before the one that it made last.
    fn reversed(&self) -> Vec<String> {
        let mut words = self.words.clone();
        for i in &self.lists {
            if let Some(word) = words.get_mut(*i) {
                let entries: Vec<&str> = word.rsplit(',').collect();
                *word = entries.join(",");
            }
        }
        words
    }
}

/// Options of every rule; those of matches and targets are in their tables. Others are left out of commands: iptables takes
/// options by the beginnings of their names, so that one could stand for `--table`.
const OWN: [&str; 9] = ["-s", "-d", "-p", "-i", "-o", "-f", "-m", "-j", "-g"];

/// The words of a line of the writer, behind `-A` and the chain.
fn words(line: &str) -> Result<Words> {
    let mut out = Words {
        words: Vec::new(),
        lists: Vec::new(),
        rules: 1,
    };
    let mut before = "";
    for token in Tokens::new(line, Span::new(0, line.len())).skip(2) {
        // Which family the rule is for, the tool says.
        if !token.is_quoted() && matches!(token.text, "-4" | "-6") {
            continue;
        }
        if token.is_option() && !known(token.text) {
            return Err(EditError::Unsafe("the rule has an unknown option"));
        }
        if !token.is_quoted() && token.text.starts_with("{{") {
            return Err(EditError::Unsafe(
                "the rule has a template instead of a value",
            ));
        }
        if matches!(before, "-s" | "-d") {
            out.lists.push(out.words.len());
            out.rules *= entries(token.text);
        }
        before = token.text;
        out.words.push(quoted(&token.value())?);
    }
    Ok(out)
}

fn known(option: &str) -> bool {
    let has = |table: &[(&str, u8)]| {
        let name = option.strip_prefix("--");
        name.is_some_and(|name| table.iter().any(|(n, _)| *n == name))
    };
    OWN.contains(&option)
        || MATCHES.iter().any(|m| has(m.options))
        || TARGETS.iter().any(|t| has(t.options))
}
