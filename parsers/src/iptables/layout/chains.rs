//! Chains, policies and rules of the open table.

use super::super::family;
use super::super::place::Place;
use super::super::token::Tokens;
use super::edits::Edit;
use super::{BASE_CHAINS, Splitter};
use hylint_model::{ChainPolicy, ProblemKind, Span};
use hylint_space::Family;

#[derive(Clone, Copy)]
enum Command {
    Append,
    Insert,
    New,
    Policy,
    Edit(Edit),
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
        // iptables-nft takes anything for the policy of a chain that is not the kernel's, counters as well.
        let counters = policy.text.starts_with('[') && !BASE_CHAINS.contains(&name.text);
        if !counters && !matches!(policy.text, "ACCEPT" | "DROP" | "-" | "QUEUE" | "RETURN") {
            return self.other(line, span);
        }
        if self.open.is_none() {
            self.begin(None, span, true);
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
        if table.renamed.contains(name) {
            let message =
                format!("a chain takes the name `{name}`, which another had before it was renamed");
            return self.problem(ProblemKind::Malformed, span, message);
        }
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
        let mut tokens = Tokens::of(self.text, span, self.out.shell);
        let mut word = tokens.next().map_or("", |t| t.text);
        let family = family::only(word);
        if family.is_some() {
            word = tokens.next().map_or("", |t| t.text);
        }
        let kind = match word {
            "-A" | "--append" => Command::Append,
            "-I" | "--insert" => Command::Insert,
            "-N" | "--new-chain" | "--new" => Command::New,
            "-P" | "--policy" => Command::Policy,
            "-D" | "--delete" => Command::Edit(Edit::Delete),
            "-R" | "--replace" => Command::Edit(Edit::Replace),
            "-F" | "--flush" => Command::Edit(Edit::Flush),
            "-X" | "--delete-chain" => Command::Edit(Edit::RemoveChain),
            "-E" | "--rename-chain" => Command::Edit(Edit::Rename),
            "-C" | "--check" | "-L" | "--list" | "-S" | "--list-rules" | "-Z" | "--zero" | "-h"
            | "--help" | "-V" | "--version" => Command::Nothing,
            _ => return self.other(line, span),
        };
        // A policy, or a rule taken away, in one of two families is more than one table can say.
        if family.is_some() && matches!(kind, Command::Policy | Command::Edit(_)) {
            return self.other(line, span);
        }
        if matches!(kind, Command::Policy) {
            self.next_listing(tokens.peek().map_or("", |t| t.text));
        }
        let opens = matches!(kind, Command::Policy | Command::New)
            || (self.out.dumps.is_empty() && matches!(kind, Command::Append | Command::Insert));
        if !self.open_implicit(span, opens) {
            return self.other(line, span);
        }
        if let Command::Edit(edit) = kind {
            return self.edit(edit, word, tokens, span);
        }
        let chain = tokens.next();
        match (kind, chain) {
            (Command::Append | Command::Insert, Some(chain)) if !chain.is_option() => {
                let insert = matches!(kind, Command::Insert);
                self.rule(chain.text, tokens, (span, family), insert);
            }
            (Command::New, Some(chain)) => self.declare(chain.text, span),
            (Command::Policy, Some(chain)) => match tokens.next() {
                Some(policy) => self.set_policy(chain.text, policy.text, policy.span, span),
                None => self.other(line, span),
            },
            // It asks, or sets counters to zero: no rule is other than before.
            (Command::Nothing, _) => {}
            _ => self.other(line, span),
        }
    }

    pub(super) fn rule(
        &mut self,
        chain: &'a str,
        mut tokens: Tokens<'a>,
        (span, family): (Span, Option<Family>),
        insert: bool,
    ) {
        self.flush_garbage();
        self.out.rules += 1;
        let before = insert.then(|| insertion(&mut tokens)).flatten();
        let mut place = Place::new(span, tokens.offset());
        place.family = family;
        let Some(table) = self.open.as_mut() else {
            return;
        };
        let i = table.chain(chain, span);
        let renamed = !table.renamed.is_empty() && table.renamed.contains(chain);
        let Some(c) = table.chains.get_mut(i) else {
            return;
        };
        let len = c.rules.len();
        if !insert {
            c.rules.push_back(place);
            self.last_rule = Some((i, len));
        } else {
            self.insert(i, place, before.unwrap_or(0));
        }
        if renamed {
            let message = format!("a rule of the chain `{chain}`, which has another name by now");
            self.problem(ProblemKind::Malformed, span, message);
        }
    }

    /// Puts a rule before the one with the index `at`, or last where that does not work.
    fn insert(&mut self, chain: usize, place: Place, at: usize) {
        let len = self.chain_rules(chain).map_or(0, |r| r.len());
        let refused = if at > len {
            Some(format!(
                "the chain has {len} rules, so none can be put at number {}",
                at + 1
            ))
        } else {
            self.spend(at.min(len - at))
                .err()
                .map(|why| format!("`-I` {why}"))
        };
        let at = if refused.is_some() { len } else { at };
        if let Some(rules) = self.chain_rules(chain) {
            rules.insert(at, place);
        }
        self.last_rule = Some((chain, at));
        if let Some(why) = refused {
            let message = format!("{why}; the rule is read as the chain's last");
            self.problem(ProblemKind::Malformed, place.span, message);
        }
    }
}

/// The number after `-I chain`, as an index.
fn insertion(tokens: &mut Tokens<'_>) -> Option<usize> {
    let n = tokens.peek()?.text.parse::<usize>().ok()?;
    tokens.next();
    Some(n.saturating_sub(1))
}
