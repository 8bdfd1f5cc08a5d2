//! Reads a ruleset: commands, the tables that they make, and the model of these.

use super::syntax::{Command, CommandKind, Object, RuleDecl, StatementKind, Verdict};
use super::write as written;
use super::{counted, json, list, lower, parts, ruleset, text};
use crate::input::Input;
use crate::plain;
use crate::source::Source;
use crate::write::WriteError;
use hylint_model::{Body, Export, OtherRules, Point, PointKind, Problem, ProblemKind, Span, View};
use std::collections::HashSet;

/// The format's id in outputs.
pub const ID: &str = "nft";

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// What the kernel has: all tables of all families.
    Listing,
    /// What it shall be given; other tables may be there.
    Configuration,
    /// A listing of one table, or of less.
    Part,
}

pub(super) fn read(input: &Input<'_>) -> Export {
    let list = list::commands(input.source);
    let source = list.as_ref().unwrap_or(input.source);
    let mut problems = Vec::new();
    let worded;
    let (commands, form) = match input.json() {
        Some(document) => {
            worded = json::Worded::of(document);
            let commands = json::parse(document, &worded, &mut problems);
            let added = |c: &Command<'_>| c.kind == CommandKind::Add;
            let listing = source.text.contains("\"metainfo\"") && commands.iter().all(added);
            let form = if listing {
                Form::Listing
            } else {
                Form::Configuration
            };
            (commands, form)
        }
        None => {
            let commands = text::parse(source, &mut problems);
            let form = form_of(&source.text);
            problems.extend(again(&commands, &source.text, form));
            (commands, form)
        }
    };
    let dropped = problems.iter().filter(|p| p.dropped).count();
    let rules_in_file = dropped + commands.iter().map(rules_of).sum::<usize>();
    let stale = list.as_ref().and_then(|_| list::unknown_start(&commands));
    let tables = ruleset::carry_out(commands, &mut problems);
    let listed = form != Form::Configuration;
    let mut netfilter = lower::lower(&tables, listed, form == Form::Part, &mut problems);
    if form != Form::Listing && !tables.flushed {
        netfilter.others = OtherRules::Hidden;
    }
    // What an included file that is not here says, or the table that this file adds to, is not known.
    let included = |p: &Problem| p.reason == Some(text::INCLUDED);
    let chains = problems.iter().any(|p| p.reason == Some(lower::ELSEWHERE));
    netfilter.in_part = chains || tables.flagged() || problems.iter().any(included);
    let malformed = problems.iter().any(|p| p.kind == ProblemKind::Malformed);
    if let Some(part) = parts::told(&tables, input.json().is_some()) {
        netfilter.in_part = true;
        // Where the text is cut off, that is why a declaration is missing.
        problems.extend((!malformed).then_some(part));
    }
    if let Some(stale) = stale {
        netfilter.in_part = true;
        problems.push(stale);
    }
    if let Some(at) = list.as_ref().and_then(|_| plain::torn(&input.source.text)) {
        netfilter.in_part = true;
        let message = "last command may be cut off: the list may not hold every rule";
        let problem = Problem::new(ProblemKind::Incomplete, at, message);
        let help = "save the file again, with the end of its last line";
        problems.push(problem.help(help).label("may be cut off"));
    }
    // nft loads a file as a whole or not at all.
    netfilter.broken = malformed;
    if malformed {
        netfilter.unloaded = netfilter.tables().iter().map(|t| t.name.clone()).collect();
    }
    problems.sort_by_key(|p| p.span.start);
    let mut export = Export {
        format: ID,
        problems,
        rules_in_file,
        annotations: annotations(source),
        ..Export::default()
    };
    let span = Span::new(0, source.text.len());
    let label = tables.tables.first().map_or(span, |t| t.decl.head);
    let mut point = Point::new(PointKind::Netfilter, span, Body::Netfilter(netfilter));
    point.label = label;
    if form == Form::Listing {
        point.view = View::Effective;
    }
    for rule in point.rules_mut() {
        rule.hits = counted::of(source.slice(rule.span));
    }
    export.points.push(point);
    export
}

/// Writes a netfilter point as `nft list ruleset` prints it. A ruleset holds one firewall.
///
/// # Errors
/// The first rule, chain or point that nft cannot say: another kind of point, several points, a disabled rule, a rate (of
/// which the model does not hold the number), a name or a comment that nft does not take.
pub fn write<'p>(points: impl IntoIterator<Item = &'p Point>) -> Result<String, WriteError> {
    written::text(points, read_text)
}

/// The same as `nft -j list ruleset` prints it.
///
/// # Errors
/// Likewise.
pub fn write_json<'p>(points: impl IntoIterator<Item = &'p Point>) -> Result<String, WriteError> {
    written::json(points, read_text)
}

/// Reads a text.
pub(super) fn read_text(text: &str) -> Export {
    read(&Input::new(&Source::new("", text, "UTF-8")))
}

/// Rules that a command holds.
fn rules_of(command: &Command<'_>) -> usize {
    match (&command.object, command.kind) {
        (Object::Rule(_), CommandKind::Delete | CommandKind::Destroy) => 0,
        (Object::Rule(rule), _) => nested(rule),
        _ => 0,
    }
}

/// A rule and those of the chains that stand in it.
fn nested(rule: &RuleDecl<'_>) -> usize {
    let inner = rule.statements.iter().map(|s| match &s.kind {
        StatementKind::Verdict(Verdict::Anonymous(rules, _)) => rules.iter().map(nested).sum(),
        _ => 0,
    });
    1 + inner.sum::<usize>()
}

/// Tells of a second listing behind the first one: of another host, or of another time.
fn again(commands: &[Command<'_>], text: &str, form: Form) -> Option<Problem> {
    if form == Form::Configuration {
        return None;
    }
    let mut seen = HashSet::new();
    let twice = commands.iter().find_map(|c| match &c.object {
        Object::Table(t) => {
            let new = seen.insert((t.target.family, t.target.table.clone()));
            (!new).then_some(t.head)
        }
        _ => None,
    });
    let mut shown = memchr::memmem::find_iter(text.as_bytes(), b"list ruleset").skip(1);
    let shown = || {
        shown
            .next()
            .map(|at| Span::new(at, at + "list ruleset".len()))
    };
    let span = twice.or_else(shown)?;
    let message = "the file holds a second listing: which of the two is in force is not known";
    let problem = Problem::new(ProblemKind::Malformed, span, message);
    Some(problem.help("save each listing to a file of its own"))
}

/// A listing has its tables in blocks and nothing around them, and prints the policy of every base chain.
fn form_of(text: &str) -> Form {
    const COMMANDS: [&str; 9] = [
        "define", "include", "add", "flush", "delete", "destroy", "insert", "create", "replace",
    ];
    if text.starts_with("#!") {
        return Form::Configuration;
    }
    let (mut depth, mut part) = (0usize, false);
    for line in text.lines().map(str::trim) {
        let word = line.split_ascii_whitespace().next().unwrap_or("");
        let hooked = word == "type" && line.contains(" hook ");
        let written = match depth {
            // The command line of a listing of a part.
            0 if line.contains("nft ") && line.contains(" list ") => {
                part |= !line.contains("ruleset");
                false
            }
            0 => COMMANDS.contains(&word),
            _ if hooked => !(line.contains("; policy ") && line.ends_with(';')),
            _ => {
                let remark = line.starts_with('#') && !line.starts_with("# handle");
                remark || line.contains('$') || matches!(word, "define" | "include")
            }
        };
        if written {
            return Form::Configuration;
        }
        let open = line.matches('{').count();
        let close = line.matches('}').count();
        depth = (depth + open).saturating_sub(close);
    }
    if part { Form::Part } else { Form::Listing }
}

/// Comments for hylint.
fn annotations(source: &Source) -> Vec<(String, Span)> {
    let mut out = Vec::new();
    if !source.text.contains("hylint:") {
        return out;
    }
    for (start, line) in source.lines() {
        let code = line.trim();
        if let Some(rest) = code.strip_prefix('#')
            && let Some(text) = rest.trim_start().strip_prefix("hylint:")
        {
            let end = start + line.trim_end().len();
            let text = text.trim();
            out.push((text.to_owned(), Span::new(end - text.len(), end)));
        }
    }
    out
}
