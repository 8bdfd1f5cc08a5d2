//! Sets that rules name and that no table declares.

use super::super::ruleset::Table;
use super::super::syntax::{Expr, ExprKind, RuleDecl, Statement, StatementKind, Verdict};
use hylint_model::{Problem, ProblemKind};
use std::collections::HashSet;

/// Tells of each set that rules of a table look up and that the table does not have, once: nft refuses the text.
pub(super) fn undeclared(table: &Table<'_>, problems: &mut Vec<Problem>) {
    let mut missing = Missing {
        table,
        told: HashSet::new(),
        problems,
    };
    let rules = table.chains.iter().flat_map(|c| &c.rules);
    rules.for_each(|rule| missing.rule(rule));
}

struct Missing<'t, 'p, 'a> {
    table: &'t Table<'a>,
    told: HashSet<&'t str>,
    problems: &'p mut Vec<Problem>,
}

impl<'t> Missing<'t, '_, '_> {
    fn rule(&mut self, rule: &'t RuleDecl<'_>) {
        for statement in &rule.statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &'t Statement<'_>) {
        match &statement.kind {
            StatementKind::Match { left, right, .. } => self.exprs([left, right]),
            StatementKind::Vmap(key, data) => self.exprs([key, data]),
            StatementKind::Mangle(_, value) => self.expr(value),
            StatementKind::Nat(nat) => self.exprs(nat.addr.iter().chain(&nat.port)),
            StatementKind::Verdict(Verdict::Anonymous(rules, _)) => {
                rules.iter().for_each(|rule| self.rule(rule));
            }
            _ => {}
        }
    }

    fn exprs<'x: 't>(&mut self, all: impl IntoIterator<Item = &'t Expr<'x>>) {
        all.into_iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &'t Expr<'_>) {
        match &expr.kind {
            ExprKind::SetRef(name) if self.table.set(name).is_none() && self.told.insert(name) => {
                let table = &self.table.decl.target.table;
                let message = format!("the set `{name}` is not in the table `{table}`");
                self.problems
                    .push(Problem::new(ProblemKind::Malformed, expr.span, message));
            }
            ExprKind::Map(lookup) => {
                self.expr(&lookup.key);
                self.expr(&lookup.data);
            }
            ExprKind::Concat(parts) | ExprKind::List(parts) => {
                parts.iter().for_each(|part| self.expr(part));
            }
            ExprKind::Binary(binary) => {
                self.expr(&binary.left);
                self.expr(&binary.right);
            }
            _ => {}
        }
    }
}
