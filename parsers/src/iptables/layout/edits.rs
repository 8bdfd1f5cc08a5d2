//! Commands that change what stands before them (`-D`, `-R`, `-F`, `-X`, `-E`): worked out as iptables-restore does, so
//! that the model holds the result. iptables-save prints none; files for iptables-restore and lists of commands do.

use super::super::builtin::is_base_chain;
use super::super::place::Place;
use super::super::refuse::{self, By};
use super::super::rule::{self, Sameness};
use super::super::token::{Token, Tokens};
use super::lines::TableLines;
use super::splitter::Splitter;
use hylint_model::{ProblemKind, Span};
use hylint_space::PacketBox;

/// Reading a rule again to compare it costs about as much as moving so many places.
const READ: usize = 200;

/// One command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    Delete,
    Replace,
    Flush,
    RemoveChain,
    Rename,
    Check,
}

/// Why an edit changes nothing: the end of a sentence that begins with the command.
type Refusal = String;

impl<'a> Splitter<'a> {
    /// Applies an edit to the open table; one that iptables-restore would refuse is told.
    pub(super) fn edit(&mut self, edit: Edit, word: &str, mut tokens: Tokens<'a>, span: Span) {
        let name = tokens.peek().filter(|t| !t.is_option()).map(|t| t.text);
        if name.is_some() {
            tokens.next();
        }
        let done = match (edit, name) {
            (Edit::Delete, Some(chain)) => self.delete(chain, tokens, span),
            (Edit::Replace, Some(chain)) => self.replace(chain, tokens, span),
            (Edit::Check, Some(chain)) => self.check(chain, tokens, span),
            (Edit::Flush, name) => {
                self.nothing_more(tokens, false);
                self.flush(name, span)
            }
            (Edit::RemoveChain, name) => {
                self.nothing_more(tokens, false);
                self.remove_chains(name, span)
            }
            (Edit::Rename, Some(chain)) => match tokens.next() {
                Some(new) => {
                    self.nothing_more(tokens, false);
                    self.rename(chain, new.text, span)
                }
                None => Err("names no new chain".into()),
            },
            (_, None) => Err("names no chain".into()),
        };
        // Rules may have moved, so the last one is not known to be the one that a cut line belongs to.
        self.last_rule = None;
        if let Err(why) = done {
            let message = format!("`{word}` {why}, so the rules are read as if it were not there");
            // A command of a list fails by itself, and takes away what was there before, if anything.
            let fails = self.out.shell && self.out.tolerant && self.budget > 0;
            let kind = match fails && edit != Edit::Replace {
                true => ProblemKind::Note,
                false => ProblemKind::Malformed,
            };
            self.problem(kind, span, message);
        }
    }

    pub(super) fn spend(&mut self, work: usize) -> Result<(), Refusal> {
        match self.budget.checked_sub(work) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => {
                self.budget = 0;
                Err("comes after more edits than are worked out".into())
            }
        }
    }

    /// The chain's number and its number of rules.
    fn find(&self, chain: &str) -> Result<(usize, usize), Refusal> {
        let found = self.open.as_ref().and_then(|t| {
            let i = *t.index.get(chain)? as usize;
            Some((i, t.chains.get(i)?.rules.len()))
        });
        found.ok_or_else(|| format!("names the chain `{chain}`, which is not there"))
    }

    pub(super) fn chain_rules(
        &mut self,
        i: usize,
    ) -> Option<&mut std::collections::VecDeque<Place>> {
        Some(&mut self.open.as_mut()?.chains.get_mut(i)?.rules)
    }

    /// `-D chain number` or `-D chain rule`.
    fn delete(&mut self, chain: &str, tokens: Tokens<'a>, span: Span) -> Result<(), Refusal> {
        let (i, len) = self.find(chain)?;
        let at = match tokens.peek() {
            Some(t) if !t.is_option() && !t.is_bang() => {
                let mut rest = tokens.clone();
                rest.next();
                self.nothing_more(rest, false);
                number(t.text, len)?
            }
            _ => {
                let place = Place::new(span, tokens.offset());
                self.first_like(i, len, place)?
            }
        };
        self.spend(at.min(len - at) + 1)?;
        if self.chain_rules(i).and_then(|r| r.remove(at)).is_some() {
            self.out.rules -= 1;
        }
        Ok(())
    }

    /// `-C chain rule`, which fails where there is no such rule.
    fn check(&mut self, chain: &str, tokens: Tokens<'a>, span: Span) -> Result<(), Refusal> {
        let (i, len) = self.find(chain)?;
        self.first_like(i, len, Place::new(span, tokens.offset()))
            .map(drop)
    }

    /// The first rule of a chain that says what `wanted` says.
    fn first_like(&mut self, i: usize, len: usize, wanted: Place) -> Result<usize, Refusal> {
        self.spend(len.saturating_mul(READ))?;
        let found = self.open.as_ref().and_then(|table| {
            let context = rule::Context {
                text: self.text,
                space: PacketBox::any(),
                chains: &table.index,
                merges_ports: false,
                shell: self.out.shell,
            };
            let mut reader = Sameness::new(&context, wanted);
            let rules = &table.chains.get(i)?.rules;
            rules.iter().position(|place| reader.is(*place))
        });
        found.ok_or_else(|| "names a rule that the chain does not have".into())
    }

    /// `-R chain number rule`.
    fn replace(&mut self, chain: &str, mut tokens: Tokens<'a>, span: Span) -> Result<(), Refusal> {
        let (i, len) = self.find(chain)?;
        let at = number(tokens.next().map_or("", |t| t.text), len)?;
        self.disputed(By::Nft, span, "it ends with a fault at `-R`");
        let place = Place::new(span, tokens.offset());
        if let Some(old) = self.chain_rules(i).and_then(|r| r.get_mut(at)) {
            *old = place;
        }
        Ok(())
    }

    /// `-F [chain]`.
    fn flush(&mut self, name: Option<&'a str>, span: Span) -> Result<(), Refusal> {
        if self.out.shell
            && let Some(table) = self.open.as_mut()
        {
            // The kernel's chains are there before a list names them.
            match name.filter(|n| is_base_chain(n)) {
                Some(name) => _ = table.chain(name, span),
                None => table.flushed |= name.is_none(),
            }
        }
        let one = name.map(|n| self.find(n)).transpose()?;
        let Some(table) = self.open.as_mut() else {
            return Ok(());
        };
        let chains = match one {
            Some((i, _)) => table.chains.get_mut(i..=i),
            None => Some(&mut table.chains[..]),
        };
        for chain in chains.into_iter().flatten() {
            self.out.rules -= chain.rules.len();
            chain.rules.clear();
            chain.fresh = true;
        }
        Ok(())
    }

    /// `-X [chain]`: only chains without rules can be removed, and not those of the kernel.
    fn remove_chains(&mut self, name: Option<&str>, span: Span) -> Result<(), Refusal> {
        let count = self.open.as_ref().map_or(0, |t| t.chains.len());
        self.spend(count)?;
        let Some(name) = name else {
            let full = self.open.as_mut().and_then(remove_empty_chains);
            return full.map_or(Ok(()), |chain| Err(not_empty(chain)));
        };
        let (i, len) = self.find(name)?;
        if len > 0 {
            return Err(not_empty(name));
        }
        if self.open.as_ref().is_some_and(|t| t.has_base(name)) {
            self.disputed(By::Legacy, span, "it removes no chain of the kernel");
            return Ok(());
        }
        if self.is_called(name) {
            return Err(format!("removes the chain `{name}`, which a rule calls"));
        }
        if let Some(table) = self.open.as_mut() {
            table.keep_chains(|n, _| n != i);
        }
        Ok(())
    }

    /// Whether a rule of the open table goes to a chain.
    fn is_called(&mut self, name: &str) -> bool {
        let table = self.open.as_ref();
        let places = table
            .into_iter()
            .flat_map(|t| &t.chains)
            .flat_map(|c| &c.rules);
        let goes = |w: &[Token<'_>]| matches!(w, [o, v] if matches!(o.text, "-j" | "-g" | "--jump" | "--goto") && v.text == name);
        let mut count = 0;
        let found = places.into_iter().any(|p| {
            count += 1;
            let words: Vec<_> = Tokens::of(self.text, p.span, self.out.shell).collect();
            words.windows(2).any(goes)
        });
        // What it cost is taken from what edits may cost.
        self.budget = self.budget.saturating_sub(count * READ);
        found
    }

    /// `-E old new`. Rules that jump to the chain go on doing so, so the old name stays known.
    fn rename(&mut self, old: &str, new: &'a str, span: Span) -> Result<(), Refusal> {
        let (i, _) = self.find(old)?;
        let Some(table) = self.open.as_mut() else {
            return Ok(());
        };
        if table.index.contains_key(new) {
            return Err(format!("gives a chain the name `{new}`, which another has"));
        }
        if table.has_base(old) {
            return Err(format!("renames the chain `{old}`, which is the kernel's"));
        }
        if let Some((by, why)) = refuse::other_chain_name(new) {
            self.disputed(by, span, why);
        }
        let Some(table) = self.open.as_mut() else {
            return Ok(());
        };
        let number = u32::try_from(i).unwrap_or(u32::MAX);
        table.index.insert(new, number);
        if let Some(chain) = table.chains.get_mut(i) {
            table.renamed.insert(chain.name);
            chain.name = new;
            chain.span = span;
        }
        table.last = None;
        self.disputed(
            By::Nft,
            span,
            "it cannot rename a chain that the same table makes",
        );
        Ok(())
    }

    /// Tells of a line of a table that one backend refuses.
    fn disputed(&mut self, by: By, span: Span, why: &str) {
        if self.open.as_ref().is_some_and(|t| !t.listing) && !self.out.shell {
            self.out.problems.push(refuse::disputed(by, span, why));
        }
    }
}

fn not_empty(chain: &str) -> Refusal {
    format!("removes the chain `{chain}`, which has rules")
}

/// A rule's place in its chain, from its number.
fn number(text: &str, len: usize) -> Result<usize, Refusal> {
    let at = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    at.filter(|at| *at < len)
        .ok_or_else(|| format!("names the rule number `{text}`, which the chain does not have"))
}

/// Removes every chain that is not the kernel's, or none where one has rules: that one's name.
fn remove_empty_chains<'a>(table: &mut TableLines<'a>) -> Option<&'a str> {
    let own = |name: &str| !is_base_chain(name);
    let mut user = table.chains.iter().filter(|c| own(c.name));
    if let Some(full) = user.find(|c| !c.rules.is_empty()) {
        return Some(full.name);
    }
    table.keep_chains(|_, name| !own(name));
    None
}

impl TableLines<'_> {
    /// Removes the other chains. Names, those of renamed chains too, follow the chains that stay.
    fn keep_chains(&mut self, keep: impl Fn(usize, &str) -> bool) {
        let mut next = 0;
        let numbers: Vec<Option<u32>> = self
            .chains
            .iter()
            .enumerate()
            .map(|(i, c)| {
                keep(i, c.name).then(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        let number = |i: usize| numbers.get(i).copied().flatten();
        let mut i = 0;
        self.chains.retain(|_| {
            i += 1;
            number(i - 1).is_some()
        });
        self.index.retain(|_, i| match number(*i as usize) {
            Some(new) => {
                *i = new;
                true
            }
            None => false,
        });
        self.last = None;
    }
}
