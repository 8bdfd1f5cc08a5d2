//! Carries commands out.

use super::super::syntax::{
    ChainDecl, Command, CommandKind, Element, Object, RuleDecl, RulePlace, TableDecl, Target,
};
use super::super::text::INCLUDED;
use super::table::{Ruleset, Table};
use hylint_model::{Problem, ProblemKind, Span};
use std::collections::HashSet;

/// The tables that are there after the commands, with what nft would refuse of them.
pub(in super::super) fn carry_out<'a>(
    commands: Vec<Command<'a>>,
    problems: &mut Vec<Problem>,
) -> Ruleset<'a> {
    let mut ruleset = Ruleset::default();
    let mut carrying = Carrying {
        ruleset: &mut ruleset,
        problems,
    };
    for command in commands {
        carrying.command(command);
    }
    ruleset
}

struct Carrying<'r, 'a> {
    ruleset: &'r mut Ruleset<'a>,
    problems: &'r mut Vec<Problem>,
}

impl<'a> Carrying<'_, 'a> {
    fn command(&mut self, command: Command<'a>) {
        let Command { kind, object, span } = command;
        match kind {
            CommandKind::Add | CommandKind::Create | CommandKind::Insert => {
                self.add(kind, object, span);
            }
            CommandKind::Replace => self.replace(object),
            CommandKind::Delete => {
                self.found(&object, span);
                self.delete(object);
            }
            CommandKind::Destroy => self.delete(object),
            CommandKind::Flush => {
                // Before it is filled anew, what was there before is emptied.
                if self.ruleset.flushed {
                    self.found(&object, span);
                }
                self.flush(object);
            }
            CommandKind::Other => {}
        }
    }

    fn add(&mut self, kind: CommandKind, object: Object<'a>, span: Span) {
        match object {
            Object::Table(decl) => {
                if kind == CommandKind::Create && self.ruleset.table(&decl.target).is_some() {
                    let message = format!("the table `{}` is there already", decl.target.table);
                    self.malformed(decl.head, message);
                }
                self.ruleset.add(decl, span, true);
            }
            Object::Chain(decl) => {
                let there =
                    |t: &Table<'_>| t.chain(&decl.target.name).is_some_and(|(_, c)| c.declared);
                let table = self.ruleset.table(&decl.target);
                if kind == CommandKind::Create && table.is_some_and(|t| there(t)) {
                    let message = format!("the chain `{}` is there already", decl.target.name);
                    self.malformed(decl.head, message);
                }
                self.table(&decl.target, decl.head).add_chain(*decl, true);
            }
            Object::Set(decl) => self.table(&decl.target, decl.head).add_set(*decl),
            Object::Elements(target, elements) => {
                let known = self.table(&target, span).set_mut(&target.name);
                match known {
                    Some(set) => set.elements.extend(elements),
                    None => self.no_set(&target, span),
                }
            }
            Object::Rule(rule) => self.add_rule(kind, *rule),
            Object::Ruleset(_) | Object::Other(..) => {}
        }
    }

    /// The table of an object, which another file declares if this one does not.
    fn table(&mut self, target: &Target<'a>, span: Span) -> &mut Table<'a> {
        let decl = TableDecl {
            target: Target {
                name: "".into(),
                handle: None,
                ..target.clone()
            },
            dormant: false,
            unknown_flag: false,
            owner: false,
            comment: None,
            iptables: false,
            head: span,
        };
        self.ruleset.add(decl, span, false)
    }

    fn add_rule(&mut self, kind: CommandKind, rule: RuleDecl<'a>) {
        let table = self.table(&rule.target, rule.span);
        let bare = ChainDecl {
            target: rule.target.clone(),
            hook: None,
            policy: None,
            comment: None,
            head: Span::default(),
        };
        table.add_chain(bare, false);
        let Some(chain) = table.chain_mut(&rule.target.name) else {
            return;
        };
        let len = chain.rules.len();
        let before = kind == CommandKind::Insert;
        let beside = |at: usize| if before { at } else { at + 1 };
        let at = match rule.place {
            // No rule has the handle 0: nft takes it for none.
            RulePlace::Unsaid | RulePlace::Handle(0) if before => Some(0),
            RulePlace::Unsaid | RulePlace::Handle(0) => Some(len),
            RulePlace::Index(n) => usize::try_from(n).ok().filter(|n| *n < len).map(beside),
            RulePlace::Handle(h) => chain
                .rules
                .iter()
                .position(|r| r.handle == Some(h))
                .map(beside),
        };
        // Where a rule goes that the file does not show is not known.
        let (span, found) = (rule.span, at.is_some());
        chain.rules.insert(at.unwrap_or(len).min(len), rule);
        if !found {
            let message =
                "the rule goes beside one that this file does not hold, so its place is not known";
            self.malformed(span, message.to_owned());
        }
    }

    /// The place of the rule that a command means.
    fn meant(&mut self, rule: &RuleDecl<'a>) -> Option<(&mut Vec<RuleDecl<'a>>, usize)> {
        let chain = self
            .ruleset
            .table(&rule.target)?
            .chain_mut(&rule.target.name)?;
        let at = match rule.place {
            RulePlace::Unsaid => None,
            RulePlace::Index(n) => usize::try_from(n).ok().filter(|n| *n < chain.rules.len()),
            RulePlace::Handle(h) => chain.rules.iter().position(|r| r.handle == Some(h)),
        }?;
        Some((&mut chain.rules, at))
    }

    fn replace(&mut self, object: Object<'a>) {
        let Object::Rule(rule) = object else { return };
        let span = rule.span;
        match self.meant(&rule) {
            Some((rules, at)) => {
                let old = rules.get_mut(at).map(|r| std::mem::replace(r, *rule));
                self.gone(old.into_iter().collect());
            }
            None => {
                let message = "the rule that is replaced is not in this file";
                self.problems
                    .push(Problem::new(ProblemKind::Malformed, span, message).dropped());
            }
        }
    }

    /// Tells of an object that is taken away or emptied and that is not there: nft refuses the file, unless the object is of
    /// what was there before.
    fn found(&mut self, object: &Object<'a>, span: Span) {
        let (target, what) = match object {
            Object::Table(decl) => (&decl.target, "table"),
            Object::Chain(decl) => (&decl.target, "chain"),
            Object::Set(decl) => (&decl.target, "set"),
            Object::Elements(target, _) => (target, "set"),
            Object::Rule(rule) => (&rule.target, "rule"),
            Object::Ruleset(_) | Object::Other(..) => return,
        };
        let there = match object {
            Object::Rule(rule) => self.meant(rule).is_some(),
            _ => self.ruleset.table(target).is_some_and(|table| match what {
                "table" => true,
                "chain" => table.chain(&target.name).is_some(),
                _ => table.set(&target.name).is_some(),
            }),
        };
        if there {
            return;
        }
        if self.ruleset.flushed {
            let message = format!(
                "the {what} that is changed here is not in this file, which starts from nothing"
            );
            return self.malformed(span, message);
        }
        let message = format!("the {what} that is changed here is not in this file");
        // A handle may be that of any rule.
        let of_this = what == "rule" && self.ruleset.table(target).is_some();
        let problem = match of_this {
            true => Problem::new(ProblemKind::Incomplete, span, message).reason(INCLUDED),
            false => Problem::new(ProblemKind::Note, span, message),
        };
        self.problems.push(problem);
    }

    fn delete(&mut self, object: Object<'a>) {
        match object {
            Object::Table(decl) => {
                let Target { family, table, .. } = &decl.target;
                let gone = self.ruleset.remove(|f, t| f == *family && t == table);
                self.gone(gone);
            }
            Object::Chain(decl) => {
                let table = self.ruleset.table(&decl.target);
                let gone = table.and_then(|t| t.remove_chain(&decl.target.name));
                self.gone(gone.unwrap_or_default());
            }
            Object::Set(decl) => {
                if let Some(table) = self.ruleset.table(&decl.target) {
                    table.remove_set(&decl.target.name);
                }
            }
            Object::Elements(target, elements) => self.delete_elements(&target, &elements),
            Object::Rule(rule) => {
                let old = self.meant(&rule).map(|(rules, at)| rules.remove(at));
                self.gone(old.into_iter().collect());
            }
            Object::Ruleset(_) | Object::Other(..) => {}
        }
    }

    fn delete_elements(&mut self, target: &Target<'a>, elements: &[Element<'a>]) {
        let set = self
            .ruleset
            .table(target)
            .and_then(|t| t.set_mut(&target.name));
        if let Some(set) = set {
            let gone: HashSet<String> = elements.iter().map(|e| e.key.to_string()).collect();
            set.elements.retain(|e| !gone.contains(&e.key.to_string()));
        }
    }

    fn flush(&mut self, object: Object<'a>) {
        match object {
            Object::Ruleset(family) => {
                self.ruleset.flushed |= family.is_none();
                let gone = self.ruleset.remove(|f, _| family.is_none_or(|of| of == f));
                self.gone(gone);
            }
            Object::Table(decl) => {
                let chains = self.ruleset.table(&decl.target).map(|t| &mut t.chains);
                let each = chains.into_iter().flatten();
                let gone = each.flat_map(|c| std::mem::take(&mut c.rules)).collect();
                self.gone(gone);
            }
            Object::Chain(decl) => {
                let table = self.ruleset.table(&decl.target);
                let chain = table.and_then(|t| t.chain_mut(&decl.target.name));
                let gone = chain.map(|c| std::mem::take(&mut c.rules));
                self.gone(gone.unwrap_or_default());
            }
            Object::Set(decl) => {
                let table = self.ruleset.table(&decl.target);
                if let Some(set) = table.and_then(|t| t.set_mut(&decl.target.name)) {
                    set.elements.clear();
                }
            }
            Object::Elements(..) | Object::Rule(_) | Object::Other(..) => {}
        }
    }

    /// Tells of rules that a later command takes away.
    fn gone(&mut self, rules: Vec<RuleDecl<'a>>) {
        for rule in rules {
            let message = "a later command of the file takes the rule away";
            let problem = Problem::new(ProblemKind::Note, rule.span, message);
            self.problems.push(problem.dropped().reason("replaced"));
        }
    }

    fn no_set(&mut self, target: &Target<'a>, span: Span) {
        let message = format!(
            "the set `{}` is not declared in the table `{}`, so its elements belong nowhere",
            target.name, target.table
        );
        // Nothing else is there after a flush.
        let kind = match self.ruleset.flushed {
            true => ProblemKind::Malformed,
            false => ProblemKind::Incomplete,
        };
        self.problems.push(Problem::new(kind, span, message));
    }

    fn malformed(&mut self, span: Span, message: String) {
        self.problems
            .push(Problem::new(ProblemKind::Malformed, span, message));
    }
}
