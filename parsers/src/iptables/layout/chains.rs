//! Chains, policies and rules of the open table.

use super::super::place::Place;
use super::super::refuse::{self, By};
use super::super::token::{Token, Tokens};
use super::super::{builtin::is_base_chain, family};
use super::Splitter;
use super::edits::Edit;
use hylint_model::{ChainPolicy, Hits, Problem, ProblemKind, Span, reworded};
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
        // Quotes are nothing special here.
        let mut words = line.get(1..).unwrap_or("").split_ascii_whitespace();
        let (Some(name), Some(policy)) = (words.next(), words.next()) else {
            return self.other(line, span);
        };
        let base = is_base_chain(name);
        if base && !matches!(policy, "ACCEPT" | "DROP" | "-" | "QUEUE" | "RETURN") {
            return self.other(line, span);
        }
        if self.open.is_none() {
            self.begin(None, span, true);
            self.problem(
                ProblemKind::Malformed,
                span,
                reworded(
                    "chain before any table: the beginning of the dump is missing",
                    "a chain before any table line: the dump's beginning is missing",
                ),
            );
        }
        if let Some((by, why)) = refuse::chain_name(name) {
            self.out.problems.push(refuse::disputed(by, span, why));
        }
        // iptables-nft takes anything for the policy of a chain that is not the kernel's, counters as well.
        let own = self.open.as_ref().is_some_and(|t| t.has_base(name));
        if !own && policy != "-" {
            let why = "a chain that is not the kernel's has no policy";
            self.out
                .problems
                .push(refuse::disputed(By::Legacy, span, why));
        }
        self.declare(name, span);
        let at = line.rfind(policy).unwrap_or(0) + span.start as usize;
        let first = line.find(name).unwrap_or(0) + name.len();
        let at = line
            .get(first..)
            .and_then(|l| l.find(policy))
            .map_or(at, |i| span.start as usize + first + i);
        self.set_policy(name, policy, Span::new(at, at + policy.len()), span);
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
        } else if self.out.shell {
            let message = format!("chain `{name}` exists already: it keeps its rules");
            self.problem(ProblemKind::Note, span, message);
        } else if !is_base_chain(name) {
            // iptables-nft makes it anew, without the rules that it had.
            let dropped = std::mem::take(&mut chain.rules);
            self.last_rule = None;
            let why = format!("the chain `{name}` is declared again");
            self.out
                .problems
                .push(refuse::disputed(By::Legacy, span, &why));
            for place in dropped.iter().filter(|_| filled) {
                let message = "a rule of a chain that is declared again, which empties it";
                let problem = Problem::new(ProblemKind::Note, place.span, message);
                self.out.problems.push(problem.dropped().reason("replaced"));
            }
        }
    }

    pub(super) fn set_policy(&mut self, name: &'a str, policy: &str, place: Span, line: Span) {
        let Some(table) = self.open.as_mut() else {
            return;
        };
        if !is_base_chain(name) || policy == "-" {
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
            // `[packets:bytes]`, of which the first may not be empty, nor both.
            .filter(|i| {
                line.get(1..*i)
                    .is_some_and(|c| c.find(':').is_some_and(|at| at > 0))
            })
            .map(|i| (i + 1, line.get(i + 1..).unwrap_or("")))
            .filter(|(_, rest)| rest.trim_start().starts_with('-'));
        match rule {
            Some((i, rest)) => {
                let skip = i + rest.len() - rest.trim_start().len();
                let start = span.start as usize + skip;
                let packets = line.get(1..i).and_then(|c| c.split(':').next());
                let packets = packets.and_then(|p| p.trim().parse().ok());
                self.hits = packets.map_or(Hits::Unprinted, Hits::of);
                self.command(rest.trim_start(), Span::new(start, span.end as usize));
                self.hits = Hits::Unprinted;
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
        let mut glued = None;
        if let Some((command, chain)) = spelled(word) {
            (word, glued) = (command, chain);
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
            "-C" | "--check" => Command::Edit(Edit::Check),
            "-L" | "--list" | "-S" | "--list-rules" | "-Z" | "--zero" | "-h" | "--help" | "-V"
            | "--version" => Command::Nothing,
            _ => return self.other(line, span),
        };
        if glued.is_some() && matches!(kind, Command::Edit(_) | Command::Nothing) {
            return self.other(line, span);
        }
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
        let chain = match glued {
            Some(name) => Some(Token { text: name, span }),
            None => tokens.next(),
        };
        let whole = self.open.as_ref().is_some_and(|t| !t.listing) && !self.out.shell;
        match (kind, chain) {
            (Command::New, Some(chain)) if whole => {
                self.nothing_more(tokens, false);
                self.new_chain(chain.text, span);
            }
            (Command::Append | Command::Insert, Some(chain)) if !chain.is_option() => {
                let insert = matches!(kind, Command::Insert);
                self.rule(chain.text, tokens, (span, family), insert);
            }
            (Command::New, Some(chain)) => self.declare(chain.text, span),
            (Command::Policy, Some(chain))
                if whole && self.open.as_ref().is_some_and(|t| !t.has_base(chain.text)) =>
            {
                self.problem(
                    ProblemKind::Malformed,
                    span,
                    reworded(
                        format!("chain `{}` cannot have a policy", chain.text),
                        format!("`{}` is no chain that has a policy", chain.text),
                    ),
                );
            }
            (Command::Policy, Some(chain)) => match tokens.next() {
                Some(policy) => {
                    if tokens.peek().is_none_or(|t| t.text != "-c") {
                        self.nothing_more(tokens, false);
                    }
                    self.set_policy(chain.text, policy.text, policy.span, span);
                }
                None => self.other(line, span),
            },
            // It asks, or sets counters to zero: no rule is other than before.
            (Command::Nothing, chain) => self.asked(word, chain, tokens),
            _ => self.other(line, span),
        }
    }

    /// Tells of a word behind a command that takes no more.
    pub(super) fn nothing_more(&mut self, tokens: Tokens<'a>, lists: bool) {
        let whole = self.open.as_ref().is_some_and(|t| !t.listing) && !self.out.shell;
        let more = refuse::rest(tokens, lists).filter(|_| whole);
        if let Some(at) = more {
            let word = self.text.get(at.range()).unwrap_or("");
            let message = reworded(
                format!("unexpected `{word}` after the command"),
                format!("`{word}` does not go with the command"),
            );
            self.problem(ProblemKind::Malformed, at, message);
        }
    }

    /// `-L`, `-S` or `-Z` in a table, which name a chain that is there, or none.
    fn asked(&mut self, word: &str, chain: Option<Token<'a>>, mut tokens: Tokens<'a>) {
        let lists = matches!(word, "-L" | "--list");
        let Some(table) = self
            .open
            .as_ref()
            .filter(|t| !t.listing && !self.out.shell && !word.starts_with("-h"))
        else {
            return;
        };
        let Some(chain) = chain else { return };
        if chain.is_option() {
            let from = Span {
                start: chain.span.start,
                end: tokens.rest().end,
            };
            return self.nothing_more(Tokens::new(self.text, from), lists);
        }
        if !table.index.contains_key(chain.text) && !table.has_base(chain.text) {
            let message = reworded(
                format!("`{word}` names the unknown chain `{}`", chain.text),
                format!(
                    "`{word}` names the chain `{}`, which is not there",
                    chain.text
                ),
            );
            return self.problem(ProblemKind::Malformed, chain.span, message);
        }
        if tokens.peek().is_some_and(|t| t.text.parse::<u32>().is_ok()) {
            tokens.next();
        }
        self.nothing_more(tokens, lists);
    }

    /// `-N` in a table.
    fn new_chain(&mut self, name: &'a str, span: Span) {
        if let Some((by, why)) = refuse::new_chain_name(name) {
            self.out.problems.push(refuse::disputed(by, span, why));
        }
        if self
            .open
            .as_ref()
            .is_some_and(|t| t.index.contains_key(name) || t.has_base(name))
        {
            return self.problem(
                ProblemKind::Malformed,
                span,
                reworded(
                    format!("chain `{name}` exists already"),
                    format!("the chain `{name}` is there already"),
                ),
            );
        }
        self.declare(name, span);
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
        place.hits = self.hits;
        place.late = !insert || before.unwrap_or(0) > 0;
        place.alone = self.out.shell && self.out.tolerant;
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
            let message = reworded(
                format!("rule of chain `{chain}`, which was renamed before"),
                format!("a rule of the chain `{chain}`, which has another name by now"),
            );
            self.problem(ProblemKind::Malformed, span, message);
        }
    }

    /// Puts a rule before the one with the index `at`, or last where that does not work.
    fn insert(&mut self, chain: usize, place: Place, at: usize) {
        let len = self.chain_rules(chain).map_or(0, |r| r.len());
        let chains = self.open.as_ref().map(|t| &t.chains);
        let known = chains.and_then(|c| c.get(chain)).is_some_and(|c| c.fresh);
        if at > len && place.alone && known {
            self.last_rule = None;
            let message = format!(
                "iptables refuses the command: the chain has {len} rules, so none can be put at number {}",
                at.wrapping_add(1)
            );
            let problem = Problem::new(ProblemKind::Malformed, place.span, message);
            self.out.problems.push(problem.dropped());
            return;
        }
        let refused = if at > len {
            Some(format!(
                "the chain has {len} rules, so none can be put at number {}",
                at.wrapping_add(1)
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

/// `-AINPUT`, `--append=INPUT` and `--app INPUT` as a command and perhaps its chain.
fn spelled(word: &str) -> Option<(&'static str, Option<&str>)> {
    let (name, chain) = match word.strip_prefix("--") {
        Some(long) => match long.split_once('=') {
            Some((name, chain)) => (name, Some(chain)),
            None => (long, None),
        },
        None => {
            let command = match word.get(..2)? {
                "-A" => "-A",
                "-I" => "-I",
                "-N" => "-N",
                _ => return None,
            };
            let chain = word.get(2..).filter(|c| !c.is_empty());
            return chain.map(|c| (command, Some(c)));
        }
    };
    // No other option of iptables begins so.
    let full = [
        ("append", "-A", "ap"),
        ("insert", "-I", "ins"),
        ("new-chain", "-N", "ne"),
        ("policy", "-P", "pol"),
        ("flush", "-F", "fl"),
        ("delete-chain", "-X", "delete-"),
        ("rename-chain", "-E", "ren"),
        ("check", "-C", "ch"),
        ("zero", "-Z", "z"),
    ];
    let found = full
        .iter()
        .find(|(long, _, least)| long.starts_with(name) && name.starts_with(least));
    found.map(|(_, command, _)| (*command, chain))
}

/// The number after `-I chain`, as an index.
fn insertion(tokens: &mut Tokens<'_>) -> Option<usize> {
    let n = tokens.peek()?.text.parse::<usize>().ok()?;
    tokens.next();
    // Rules count from 1.
    Some(n.checked_sub(1).unwrap_or(usize::MAX))
}
