//! A file that is nothing but `iptables …` commands, one after the other: what they build is read as a dump.

use super::builtin::{TableName, is_base_chain};
use super::layout::{Dump, Layout, Splitter, TableLines};
use super::token::Tokens;
use crate::plain::{self, Line, Program};
use hylint_model::{Backend, Problem, ProblemKind, Span};
use hylint_space::Family;

/// A command of one of the tools.
struct Command {
    family: Family,
    table: TableName,
    /// From the command's own option (`-A` …) to its last word.
    at: Span,
}

/// Family, table and the place where the command's own option begins; none where the words, as a shell takes them, are not
/// those that the reader of rules takes.
fn command(
    text: &str,
    command: &plain::Command,
    (family, first): (Family, usize),
) -> Option<Command> {
    let words = command.words.get(first..)?;
    let (mut table, mut start) = (TableName::Filter, None);
    let mut values = words.iter().map(|w| w.value(text));
    let mut at = 0;
    while let Some(word) = values.next() {
        let own = words.get(at)?;
        at += 1;
        let option = own.is_plain() && word.len() > 1 && word.starts_with('-');
        if !option {
            continue;
        }
        if matches!(word.as_str(), "-t" | "--table") {
            table = TableName::parse(&values.next()?)?;
            at += 1;
        } else if let Some(name) = word.strip_prefix("--table=") {
            table = TableName::parse(name)?;
        } else if start.is_none() && !is_general(&word) {
            start = Some(own.span);
        }
    }
    let at = start?.to(command.span());
    let at = Span {
        start: start?.start,
        end: at.end,
    };
    same(text, words, at).then_some(Command { family, table, at })
}

/// Options that go before a command and say nothing of rules.
fn is_general(word: &str) -> bool {
    matches!(
        word,
        "-w" | "--wait"
            | "-W"
            | "--wait-interval"
            | "-v"
            | "--verbose"
            | "-n"
            | "--numeric"
            | "-x"
            | "--exact"
    ) || word.starts_with("--wait=")
        || word.starts_with("--wait-interval=")
        || word
            .strip_prefix("-w")
            .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether the reader of rules takes the same words from the command as a shell.
fn same(text: &str, words: &[plain::Word], at: Span) -> bool {
    let own = words.iter().filter(|w| w.span.start >= at.start);
    let mut tokens = Tokens::of(text, at, true);
    let all = own.into_iter().all(|w| {
        let value = w.value(text);
        tokens.next().is_some_and(|t| {
            let token = t.value();
            token == value || token == "\\!" && value == "!"
        })
    });
    all && tokens.next().is_none()
}

/// The words of `ipset` as `ipset save` prints them: where the set's command begins. None for what is not one of these.
fn set_line(text: &str, command: &plain::Command, first: usize) -> Option<Span> {
    let mut words = command.words.get(first..)?.iter();
    let word = words.find(|w| !w.value(text).starts_with('-'))?;
    let at = Span {
        start: word.span.start,
        end: command.span().end,
    };
    let plain = words
        .clone()
        .all(|w| w.is_plain() || w.value(text).contains(' '));
    (plain && super::ipset::is_line(text.get(at.range())?)).then_some(at)
}

/// Whether a text is such a list: any other line makes it a script that does more than it says.
pub(super) fn is_commands(text: &str) -> bool {
    let Some(list) = plain::list(text).filter(|l| !l.nft) else {
        return false;
    };
    list.lines
        .iter()
        .all(|(line, program, first)| match (line, program) {
            (Line::Command(c), Program::Tables(family)) => {
                command(text, c, (*family, *first)).is_some()
            }
            (Line::Command(c), Program::Sets) => set_line(text, c, *first).is_some(),
            _ => true,
        })
}

/// A rule that names a set which the list creates only below it.
struct Early {
    set: String,
    at: Span,
}

/// Sets that rules name before the list creates them: iptables refuses such a command on a host that has no set of the name
/// (`set_get_nfnl_byname` of extensions/libxt_set.h), and takes it where the list runs once more.
fn early_sets(text: &str, lines: &[(Line, Program, usize)]) -> Vec<Early> {
    let mut named: Vec<Early> = Vec::new();
    let mut out: Vec<Early> = Vec::new();
    let mut created: Vec<String> = Vec::new();
    for (line, program, first) in lines {
        let Line::Command(c) = line else { continue };
        let mut words = c.words.iter().skip(*first).map(|w| w.value(text));
        match program {
            Program::Sets => {
                let mut own = words.filter(|w| !w.starts_with('-'));
                if own.next().as_deref() == Some("create")
                    && let Some(name) = own.next()
                {
                    if !created.contains(&name)
                        && let Some(i) = named.iter().position(|e| e.set == name)
                    {
                        out.push(named.swap_remove(i));
                    }
                    created.push(name);
                }
            }
            Program::Tables(_) => {
                while let Some(word) = words.next() {
                    let names = matches!(
                        word.as_str(),
                        "--match-set" | "--add-set" | "--del-set" | "--map-set"
                    );
                    let set = names.then(|| words.next()).flatten();
                    let set = set.filter(|s| !created.contains(s));
                    if let Some(set) = set
                        && named.iter().all(|e| e.set != set)
                    {
                        named.push(Early { set, at: c.span() });
                    }
                }
            }
            _ => {}
        }
    }
    out
}

/// Splits such a list.
pub(super) fn split(text: &str) -> Layout<'_> {
    let mut work = Work {
        text,
        splitter: Splitter::new(text),
        dumps: Vec::new(),
        strict: false,
    };
    work.splitter.out.shell = true;
    let lines = plain::list(text).map(|l| l.lines).unwrap_or_default();
    let early = early_sets(text, &lines);
    for Early { set, at } in &early {
        let message = format!(
            "the rule names the set `{set}`, which the list creates below it: iptables refuses the rule on a host without the set"
        );
        let help = format!("create the set `{set}` before the rule");
        let problem = Problem::new(ProblemKind::Incomplete, *at, message);
        work.splitter.out.problems.push(problem.help(help));
    }
    let is_early = |name: &str| early.iter().any(|e| e.set == name);
    for (line, program, first) in lines {
        match (line, program) {
            (Line::Comment(span), _) => {
                work.splitter
                    .comment(text.get(span.range()).unwrap_or(""), span);
            }
            (Line::Command(c), Program::Tables(family)) => {
                if let Some(found) = command(text, &c, (family, first)) {
                    let last = c.span().range().end == text.len();
                    work.command(&found, c.span(), (c.may_fail, last));
                }
            }
            (Line::Command(c), Program::Sets) => {
                let mut words = c.words.iter().skip(first).map(|w| w.value(text));
                // What such a set holds decides nothing: the rule may not be there.
                let own = words.by_ref().filter(|w| !w.starts_with('-')).nth(1);
                if !own.is_some_and(|name| is_early(&name)) {
                    let lines = &mut work.splitter.out.set_lines;
                    lines.extend(set_line(text, &c, first));
                }
            }
            (_, Program::Strict) => work.strict = true,
            _ => {}
        }
    }
    for dump in &mut work.dumps {
        dump.tables.sort_by_key(|t| t.span.start);
    }
    work.tell_start();
    let mut out = work.splitter.out;
    out.dumps = work.dumps;
    out
}

/// The work in progress.
struct Work<'t> {
    text: &'t str,
    splitter: Splitter<'t>,
    dumps: Vec<Dump<'t>>,
    /// A command that fails ends the list.
    strict: bool,
}

impl Work<'_> {
    /// `last`: the text ends with it, without the end of its line, so that it may be cut.
    fn command(&mut self, found: &Command, span: Span, (may_fail, last): (bool, bool)) {
        let known = self
            .dumps
            .iter()
            .position(|d| d.family == Some(found.family));
        let i = known.unwrap_or_else(|| {
            self.dumps.push(Dump {
                family: Some(found.family),
                header: None,
                backend: Backend::Unsaid,
                tables: Vec::new(),
                span,
            });
            self.dumps.len() - 1
        });
        let Some(dump) = self.dumps.get_mut(i) else {
            return;
        };
        dump.span = dump.span.to(span);
        let table = dump.tables.iter().position(|t| t.name == Some(found.table));
        self.splitter.open = Some(match table {
            Some(t) => dump.tables.swap_remove(t),
            None => TableLines::new(Some(found.table), span, false),
        });
        self.splitter.out.tolerant = may_fail || !self.strict;
        self.splitter
            .command(self.text.get(found.at.range()).unwrap_or(""), found.at);
        if last {
            self.splitter.mark_cut();
        }
        dump.tables.extend(self.splitter.open.take());
    }

    /// Tells of chains that the list adds rules to, or gives a policy, and does not flush first.
    fn tell_start(&mut self) {
        for dump in &mut self.dumps {
            for table in dump
                .tables
                .iter_mut()
                .filter(|t| t.name == Some(TableName::Filter))
            {
                let stale = table
                    .chains
                    .iter_mut()
                    .filter(|c| is_base_chain(c.name) && !c.fresh);
                let mut names = Vec::new();
                for chain in stale {
                    chain.policy = None;
                    names.push(chain.name);
                }
                if names.is_empty() {
                    continue;
                }
                let tool = match dump.family {
                    Some(Family::V6) => "ip6tables",
                    _ => "iptables",
                };
                let message = format!(
                    "the list does not flush {} first: rules that the host had before are not known",
                    names.join(", ")
                );
                let problem = Problem::new(ProblemKind::Incomplete, table.span, message);
                let help = format!(
                    "begin the list with `{tool} -F`, or give the output of `{tool}-save` on the host"
                );
                self.splitter.out.problems.push(problem.help(help));
            }
        }
    }
}
