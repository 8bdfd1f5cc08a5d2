//! Chains, policies and rules of the open table.

use super::super::rule::Place;
use super::super::token::Tokens;
use super::{BASE_CHAINS, Splitter};
use crate::model::{ChainPolicy, TableName};
use crate::problem::ProblemKind;
use crate::source::Span;

#[derive(Clone, Copy)]
enum Command {
    Append,
    Insert,
    New,
    Policy,
    Edit,
    Nothing,
}

impl<'a> Splitter<'a> {
    pub(super) fn declaration(&mut self, line: &'a str, span: Span) {
        let mut tokens = Tokens::new(
            self.text,
            Span {
                start: span.start + 1,
                end: span.end,
            },
        );
        let (name, policy) = (tokens.next(), tokens.next());
        let (Some(name), Some(policy)) = (name, policy) else {
            return self.other(line, span);
        };
        if !matches!(policy.text, "ACCEPT" | "DROP" | "-" | "QUEUE" | "RETURN") {
            return self.other(line, span);
        }
        if self.open.is_none() {
            self.begin(Some(TableName::Filter), span, true);
            self.problem(
                ProblemKind::Malformed,
                span,
                "a chain before any table line: the dump's beginning is missing",
            );
        }
        self.declare(name.text, span);
        self.set_policy(name.text, policy.text, policy.span, span);
    }

    pub(super) fn declare(&mut self, name: &'a str, span: Span) {
        let Some(table) = self.open.as_mut() else {
            return;
        };
        let i = table.chain(name, span);
        let Some(chain) = table.chains.get_mut(i) else {
            return;
        };
        let (again, filled) = (!chain.span.is_empty(), !chain.rules.is_empty());
        if !again {
            chain.span = span;
        } else if filled {
            self.problem(
                ProblemKind::Malformed,
                span,
                format!("the chain `{name}` is declared again after its rules"),
            );
        } else {
            self.problem(
                ProblemKind::Note,
                span,
                format!("the chain `{name}` is declared twice"),
            );
        }
    }

    pub(super) fn set_policy(&mut self, name: &'a str, policy: &str, place: Span, line: Span) {
        let Some(table) = self.open.as_mut() else {
            return;
        };
        if !BASE_CHAINS.contains(&name) || policy == "-" {
            return;
        }
        let i = table.chain(name, line);
        let allow = match policy {
            "ACCEPT" => true,
            "DROP" => false,
            _ => {
                let message = format!("`{policy}` is no policy that is modelled");
                return self.problem(ProblemKind::Malformed, place, message);
            }
        };
        if let Some(chain) = table.chains.get_mut(i) {
            chain.policy = Some(ChainPolicy { allow, span: place });
            if chain.span.is_empty() {
                chain.span = line;
            }
        }
    }

    pub(super) fn counters(&mut self, line: &'a str, span: Span) {
        let rule = line
            .find(']')
            .map(|i| (i + 1, line.get(i + 1..).unwrap_or("")))
            .filter(|(_, rest)| rest.trim_start().starts_with('-'));
        match rule {
            Some((i, rest)) => {
                let skip = i + rest.len() - rest.trim_start().len();
                let start = span.start as usize + skip;
                self.command(rest.trim_start(), Span::new(start, span.end as usize));
            }
            None => self.other(line, span),
        }
    }

    pub(in super::super) fn command(&mut self, line: &'a str, span: Span) {
        let mut tokens = Tokens::new(self.text, span);
        let word = tokens.next().map_or("", |t| t.text);
        let kind = match word {
            "-A" | "--append" => Command::Append,
            "-I" | "--insert" => Command::Insert,
            "-N" | "--new-chain" | "--new" => Command::New,
            "-P" | "--policy" => Command::Policy,
            "-D" | "--delete" | "-R" | "--replace" | "-F" | "--flush" | "-X" | "--delete-chain"
            | "-E" | "--rename-chain" => Command::Edit,
            "-C" | "--check" | "-L" | "--list" | "-S" | "--list-rules" | "-Z" | "--zero" | "-h"
            | "--help" | "-V" | "--version" => Command::Nothing,
            _ => return self.other(line, span),
        };
        let opens = matches!(kind, Command::Policy | Command::New)
            || (self.out.dumps.is_empty() && matches!(kind, Command::Append | Command::Insert));
        if !self.open_implicit(span, opens) {
            return self.other(line, span);
        }
        let chain = tokens.next();
        match (kind, chain) {
            (Command::Append | Command::Insert, Some(chain)) if !chain.is_option() => {
                self.rule(chain.text, tokens, span, matches!(kind, Command::Insert));
            }
            (Command::New, Some(chain)) => self.declare(chain.text, span),
            (Command::Policy, Some(chain)) => match tokens.next() {
                Some(policy) => self.set_policy(chain.text, policy.text, policy.span, span),
                None => self.other(line, span),
            },
            (Command::Edit, chain) => self.edit(word, chain.map(|c| c.text), span),
            (Command::Nothing, _) => {
                self.problem(ProblemKind::Note, span, format!("`{word}` changes no rule"))
            }
            _ => self.other(line, span),
        }
    }

    /// A command that changes rules that stand before it. A dump has none; their result is not worked out.
    pub(super) fn edit(&mut self, word: &str, chain: Option<&str>, span: Span) {
        let empty = self.open.as_ref().is_none_or(|t| match chain {
            Some(name) => t
                .index
                .get(name)
                .and_then(|i| t.chains.get(*i as usize))
                .is_none_or(|c| c.rules.is_empty()),
            None => t.chains.iter().all(|c| c.rules.is_empty()),
        });
        if empty {
            let message = format!("`{word}` changes no rule");
            return self.problem(ProblemKind::Note, span, message);
        }
        self.problem(
            ProblemKind::Malformed,
            span,
            format!("`{word}` changes rules that stand before it; the rules are read as if it were not there"),
        );
    }

    pub(super) fn rule(
        &mut self,
        chain: &'a str,
        mut tokens: Tokens<'a>,
        span: Span,
        insert: bool,
    ) {
        self.flush_garbage();
        self.out.rules += 1;
        let mut at = 0usize;
        if insert
            && let Some(number) = tokens.peek()
            && let Ok(n) = number.text.parse::<usize>()
        {
            tokens.next();
            at = n.saturating_sub(1);
        }
        let Some(table) = self.open.as_mut() else {
            return;
        };
        let place = Place {
            span,
            body: tokens.offset(),
            cut: false,
        };
        let i = table.chain(chain, span);
        if let Some(c) = table.chains.get_mut(i) {
            if insert {
                at = at.min(c.rules.len());
                c.rules.insert(at, place);
            } else {
                at = c.rules.len();
                c.rules.push_back(place);
            }
            self.last_rule = Some((i, at));
        }
    }
}
