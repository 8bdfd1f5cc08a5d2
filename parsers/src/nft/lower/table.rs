//! One table: its chains, those that stand in its rules, and what its rules have in common.

use super::super::ruleset::Table;
use super::super::syntax::{RuleDecl, Statement, StatementKind, Target, Verdict};
use super::field::of_family;
use hylint_model::{
    self as model, NamedSet, NamedSetId, PacketField, Problem, ProblemKind, Rule, Span, TableFamily,
};
use hylint_space::{Family, PacketBox};
use std::collections::{HashMap, HashSet};

/// Chains inside each other that are followed; nft refuses more than 16 (`NFT_JUMP_STACK_SIZE`).
const NESTED: usize = 64;

/// The reason of a problem with what a listing of a part does not show.
pub(in crate::nft) const ELSEWHERE: &str = "elsewhere";

/// One table on its way.
pub(super) struct Lowering<'r, 'a> {
    pub(super) table: &'r Table<'a>,
    /// The family whose packets alone the table sees, if it is one.
    pub(super) family: Option<Family>,
    /// Packets that it sees.
    pub(super) space: PacketBox,
    pub(super) listing: bool,
    /// What the listing does not show may be there.
    pub(super) part: bool,
    /// Sets that rules write; true of those whose elements get a limit by it.
    pub(super) written: HashMap<&'r str, bool>,
    /// Sets of all tables so far.
    pub(super) sets: &'r mut Vec<NamedSet>,
    /// Those of named sets, by what they are looked up by.
    pub(super) known: HashMap<(String, Box<[PacketField]>), NamedSetId>,
    /// Chains that stand in rules, behind those of the table.
    pub(super) inner: Vec<model::Chain>,
    pub(super) depth: usize,
    /// The chain whose rules are read.
    pub(super) chain_name: &'r str,
    /// A problem of the rule was told already.
    pub(super) told: bool,
    /// Where values stand that nft refuses and that are told.
    pub(super) refused: HashSet<u32>,
    pub(super) problems: &'r mut Vec<Problem>,
}

impl<'r, 'a> Lowering<'r, 'a> {
    pub(super) fn new(
        table: &'r Table<'a>,
        listing: bool,
        sets: &'r mut Vec<NamedSet>,
        problems: &'r mut Vec<Problem>,
    ) -> Self {
        let family = match table.decl.target.family {
            TableFamily::Ip => Some(Family::V4),
            TableFamily::Ip6 => Some(Family::V6),
            _ => None,
        };
        let rules = table.chains.iter().flat_map(|c| &c.rules);
        let mut written = HashMap::new();
        rules.for_each(|r| writes(&r.statements, &mut written));
        Self {
            table,
            family,
            space: family.map_or_else(PacketBox::any, of_family),
            listing,
            part: false,
            written,
            sets,
            known: HashMap::new(),
            inner: Vec::new(),
            depth: 0,
            chain_name: "",
            told: false,
            refused: HashSet::new(),
            problems,
        }
    }

    pub(super) fn table(&mut self) -> model::Table {
        let decl = &self.table.decl;
        let Target { family, table, .. } = &decl.target;
        let mut chains: Vec<model::Chain> = Vec::with_capacity(self.table.chains.len());
        for chain in &self.table.chains {
            self.chain_name = &chain.decl.target.name;
            let mut rules = Vec::with_capacity(chain.rules.len());
            for rule in &chain.rules {
                rules.extend(self.rule(rule));
            }
            let (base, policy) = self.base(chain);
            chains.push(model::Chain {
                name: (*chain.decl.target.name).into(),
                base,
                policy,
                span: chain.decl.head,
                rules,
            });
        }
        chains.append(&mut self.inner);
        model::Table {
            name: (**table).into(),
            family: *family,
            filters: true,
            span: decl.head,
            chains,
        }
    }

    /// The chain of a name.
    pub(super) fn chain(&mut self, name: &str, span: Span) -> Option<u32> {
        let found = self.table.chain(name).map(|(at, _)| at);
        if found.is_none() {
            let table = &self.table.decl.target.table;
            self.problems.push(match self.part {
                true => {
                    let message = format!(
                        "the listing does not show the chain `{name}` of the table `{table}`"
                    );
                    Problem::new(ProblemKind::Incomplete, span, message)
                        .help("give the whole ruleset: `nft -j list ruleset`")
                        .reason(ELSEWHERE)
                }
                false => {
                    let message = format!("the chain `{name}` is not in the table `{table}`");
                    Problem::new(ProblemKind::Malformed, span, message)
                }
            });
        }
        found.and_then(|at| u32::try_from(at).ok())
    }

    /// Adds a chain that stands in a rule.
    pub(super) fn append(&mut self, span: Span, rules: Vec<Rule>) -> u32 {
        let at = self.table.chains.len() + self.inner.len();
        self.inner.push(model::Chain {
            name: format!("{} {{…}}", self.chain_name).into(),
            base: None,
            policy: None,
            span,
            rules,
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// `jump { rules }`.
    pub(super) fn anonymous(&mut self, rules: &'r [RuleDecl<'a>], span: Span) -> u32 {
        let at = self.append(span, Vec::new());
        if self.depth >= NESTED {
            let message = "the rule holds more chains inside each other than nft loads";
            self.problems
                .push(Problem::new(ProblemKind::Malformed, span, message));
            return at;
        }
        self.depth += 1;
        let read: Vec<Rule> = rules.iter().flat_map(|r| self.rule(r)).collect();
        self.depth -= 1;
        let place = (at as usize).checked_sub(self.table.chains.len());
        if let Some(chain) = place.and_then(|p| self.inner.get_mut(p)) {
            chain.rules = read;
        }
        at
    }
}

/// The sets that statements write.
fn writes<'r>(statements: &'r [Statement<'_>], out: &mut HashMap<&'r str, bool>) {
    for statement in statements {
        match &statement.kind {
            StatementKind::Update {
                set, statements, ..
            } => {
                *out.entry(set).or_default() |= statements.iter().any(limits);
            }
            StatementKind::Verdict(Verdict::Anonymous(rules, _)) => {
                rules.iter().for_each(|r| writes(&r.statements, out));
            }
            _ => {}
        }
    }
}

/// Whether a statement lets only some packets go on, by what came before.
pub(super) fn limits(statement: &Statement<'_>) -> bool {
    matches!(
        statement.kind,
        StatementKind::Limit { .. } | StatementKind::Quota { .. } | StatementKind::CtCount { .. }
    )
}
