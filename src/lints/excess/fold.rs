//! Findings about many rules at once: those that open what nothing needs, and Windows' own.

use super::review::PointReview;
use super::told::Told;
use super::words::{self, Folded};
use crate::finding::{Code, Finding, Identity, Part, Related, Severity};
use crate::judge::Narrowed;
use crate::lints::chain;
use crate::lints::place::{self, rule_span};
use hylint_engine::Decider;
use hylint_model::{Action, Clause, Rule};
use hylint_space::{Family, PacketBox, RangeSet, Scalar};
use sha2::{Digest, Sha256};

/// Built-in and unneeded rules named beside the first one of a folded finding.
const NAMED: usize = 5;

/// Rules for whose change a folded finding gives commands.
const CHANGED: usize = 20;

/// Rules that one finding is about, with the first parts of their excess.
#[derive(Default)]
pub(super) struct Fold<'a> {
    pub(super) rules: Vec<&'a Rule>,
    parts: Vec<Part>,
    total: usize,
    narrow: Vec<Option<Narrowed>>,
}

impl<'a> Fold<'a> {
    /// Parts that are told yet.
    pub(super) fn room(&self) -> usize {
        Finding::PARTS.saturating_sub(self.parts.len())
    }

    /// What makes the rules vanish from the finding, if it is known of each.
    fn narrow(&mut self) -> Option<Vec<Narrowed>> {
        let all = std::mem::take(&mut self.narrow);
        let whole = all.len() == self.rules.len() && !all.is_empty();
        all.into_iter().collect::<Option<_>>().filter(|_| whole)
    }

    /// Adds what comes in the place of the rule that was added last. Of more than a few rules nobody runs a command for each.
    pub(super) fn narrowing(&mut self, narrow: impl FnOnce() -> Option<Narrowed>) {
        if self.rules.len() <= CHANGED {
            self.narrow.push(narrow());
        }
    }

    /// Adds a rule, the parts of its excess that are told, and how many it has.
    pub(super) fn add(&mut self, rule: &'a Rule, parts: Vec<Part>, total: usize) {
        self.rules.push(rule);
        self.parts.extend(parts);
        self.total += total;
    }
}

impl Folded {
    fn code(self) -> Code {
        match self {
            Self::Undeclared => Code::OverPermissiveSource,
            Self::Builtin | Self::Lacking | Self::Unneeded => Code::UnneededFlow,
        }
    }

    /// INVARIANT: what the finding is known by, whatever its help says by now. Baselines hold it.
    fn known_as(self) -> &'static str {
        match self {
            Self::Builtin => {
                "disable the groups that this host does not use, or limit their remote addresses"
            }
            Self::Lacking => "open in a family without an address",
            Self::Undeclared => "open to anyone, and the peers are not declared",
            Self::Unneeded => {
                "remove the rules, or say why they are there: `[[allow]]` in hylint.toml"
            }
        }
    }
}

impl<'a> PointReview<'a, '_> {
    fn fold(
        &self,
        mut fold: Fold<'_>,
        what: Folded,
        severity: Severity,
        said: &words::Both,
    ) -> Option<Told> {
        let narrow = fold.narrow();
        let rules = &fold.rules;
        let first = rules.first()?;
        let place =
            |r: &Rule| place::place(self.exports, self.at, rule_span(self.exports, self.at, r));
        let digests: Vec<[u8; 16]> = rules.iter().map(|r| digest(r)).collect();
        let kind = [self.profile_name(), severity.as_str(), what.known_as()];
        // Which rules Windows brings along is the same everywhere to a reader.
        let own = if what == Folded::Builtin {
            &[][..]
        } else {
            &digests
        };
        let cause = words::of_folds(&kind, own, said.many());
        let identity = Identity::of(&kind).with_members(digests);
        let owner = chain::of_owner(self.exports, self.at, rules);
        let message = said.one(self.guard.name) + &owner;
        let mut f = self.finding(what.code(), severity, message, identity, place(first));
        f.cause = Some(cause);
        f.label = what.label(rules.len());
        let decider = Decider::Rule {
            at: self.at,
            rule: first,
        };
        f.rule = Some(place::decider_name(self.exports, &decider));
        let others = rules.iter().skip(1).take(NAMED);
        f.related = others
            .filter_map(|r| {
                Some(Related {
                    place: place(r)?,
                    label: what.label(1),
                })
            })
            .collect();
        f.help = Some(what.help(rules.len()).to_owned());
        f.excess = fold.parts;
        f.excess_total = fold.total;
        Some(Told { narrow, ..f.into() })
    }

    /// Built-in rules: those that open a sensitive service to anyone, else all.
    pub(super) fn fold_builtin(&self, all: Fold<'_>, sensitive: Fold<'_>) -> Option<Told> {
        let (fold, severity) = if sensitive.rules.is_empty() {
            (all, Severity::Note)
        } else {
            (sensitive, Severity::Warning)
        };
        let said = words::builtin(fold.rules.len(), severity);
        self.fold(fold, Folded::Builtin, severity, &said)
    }

    /// Rules that let anyone in for flows whose peers nobody declared, with what they let in.
    pub(super) fn fold_undeclared(&self, fold: Fold<'_>, opened: &[PacketBox]) -> Option<Told> {
        let said = words::undeclared(opened);
        self.fold(fold, Folded::Undeclared, Severity::Warning, &said)
    }

    /// Rules of a family of which no host behind the point has an address.
    pub(super) fn fold_lacking(&self, fold: Fold<'_>) -> Option<Told> {
        let family = if self.lacking.has(Family::V6) {
            Family::V6
        } else {
            Family::V4
        };
        let linked = self.has_linked(family);
        let said = words::lacking(fold.rules.len(), family.as_str(), linked);
        self.fold(fold, Folded::Lacking, Severity::Note, &said)
    }

    pub(super) fn fold_unneeded(&self, fold: Fold<'_>) -> Option<Told> {
        let said = words::unneeded(fold.rules.len());
        self.fold(fold, Folded::Unneeded, Severity::Note, &said)
    }
}

/// Half a SHA-256 over what a rule matches and does, without its place, name and rank. Equal rules have equal digests in
/// whatever order they list their alternatives. Baselines hold it, so its bytes do not change between versions.
fn digest(rule: &Rule) -> [u8; 16] {
    let mut bytes = Vec::with_capacity(128);
    bytes.push(match &rule.action {
        Action::Allow => 0,
        Action::Nat(_) => 1,
        Action::Map(_) => 3,
        // None of them lets anything in by itself.
        _ => 2,
    });
    if let Action::Nat(nat) = &rule.action {
        text(&format!("{nat:?}"), &mut bytes);
    }
    if let Action::Map(_) = &rule.action {
        text(&place::normalized(rule), &mut bytes);
    }
    bytes.push(u8::from(rule.enabled));
    bytes.extend(rule.profiles.0.to_le_bytes());
    number(rule.clauses.len(), &mut bytes);
    if let [one] = rule.clauses.as_slice() {
        clause(one, &mut bytes);
    } else {
        let each = rule.clauses.iter().map(|c| {
            let mut one = Vec::new();
            clause(c, &mut one);
            one
        });
        let mut all: Vec<Vec<u8>> = each.collect();
        all.sort_unstable();
        bytes.extend(all.iter().flatten());
    }
    let hash = Sha256::digest(&bytes);
    let mut half = [0; 16];
    half.iter_mut().zip(hash).for_each(|(h, b)| *h = b);
    half
}

fn clause(c: &Clause, out: &mut Vec<u8>) {
    let b = &c.space;
    ranges(&b.src.v4, |n| n.to_le_bytes(), out);
    ranges(&b.src.v6, |n| n.to_le_bytes(), out);
    ranges(&b.dst.v4, |n| n.to_le_bytes(), out);
    ranges(&b.dst.v6, |n| n.to_le_bytes(), out);
    ranges(&b.proto, |n| n.to_le_bytes(), out);
    ranges(&b.sport, |n| n.to_le_bytes(), out);
    ranges(&b.dport, |n| n.to_le_bytes(), out);
    ranges(&b.in_iface, |n| n.to_le_bytes(), out);
    ranges(&b.out_iface, |n| n.to_le_bytes(), out);
    out.extend(b.flags.0.to_le_bytes());
    out.extend(b.state.0.to_le_bytes());
    let mut conditions: Vec<(bool, &str)> =
        c.conditions.iter().map(|c| (c.negated, &*c.text)).collect();
    conditions.sort_unstable();
    number(conditions.len(), out);
    for (negated, said) in conditions {
        out.push(u8::from(negated));
        text(said, out);
    }
}

fn text(s: &str, out: &mut Vec<u8>) {
    number(s.len(), out);
    out.extend(s.as_bytes());
}

/// A length: every sequence says where it ends, so that no two rules have the same bytes.
fn number(n: usize, out: &mut Vec<u8>) {
    match u8::try_from(n) {
        Ok(short) if short < FULL => out.push(short),
        _ => {
            out.push(u8::MAX);
            out.extend((n as u64).to_le_bytes());
        }
    }
}

/// Stands for the set of every value, which most sets are.
const FULL: u8 = u8::MAX - 1;

fn ranges<T: Scalar, const N: usize>(
    set: &RangeSet<T>,
    bytes: impl Fn(T) -> [u8; N],
    out: &mut Vec<u8>,
) {
    if set.is_full() {
        out.push(FULL);
        return;
    }
    number(set.len(), out);
    for (lo, hi) in set.iter() {
        out.extend(bytes(lo));
        out.extend(bytes(hi));
    }
}

#[cfg(test)]
mod tests {
    use super::digest;
    use hylint_model::{Action, Clause, Rule, Span};
    use hylint_space::PortSet;
    use std::collections::BTreeSet;

    fn rule(ports: &[u16]) -> Rule {
        let mut r = Rule::new(Span::default(), Action::Allow);
        let clause = |p: &u16| {
            let mut c = Clause::default();
            c.space.dport = PortSet::single(*p);
            c
        };
        r.clauses = ports.iter().map(clause).collect();
        r
    }

    #[test]
    fn the_order_of_alternatives_and_the_name_do_not_count_and_the_match_does() {
        let mut named = rule(&[443, 22]);
        named.name = "web".into();
        named.span = Span::new(7, 9);
        assert_eq!(digest(&named), digest(&rule(&[22, 443])));
        let mut disabled = rule(&[22, 443]);
        disabled.enabled = false;
        let all = [
            rule(&[22]),
            rule(&[443]),
            rule(&[22, 443]),
            rule(&[]),
            disabled,
        ];
        let digests: BTreeSet<[u8; 16]> = all.iter().map(digest).collect();
        assert_eq!(digests.len(), all.len());
    }

    /// Baselines hold digests: on another machine, or in the next version, they must be these.
    #[test]
    fn a_digest_is_what_it_was() {
        let hex: String = digest(&rule(&[443]))
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(hex, "3a1189f292e0266fb36c2001e5a1a17e");
    }
}
