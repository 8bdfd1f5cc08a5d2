//! Two listings of one table, of which each may leave something out.

use super::condition::{Condition, Test};
use super::netfilter::{Chain, Table};
use super::rule::{Action, Rule};
use hylint_space::{AddrSet, Family, IfaceSet, PacketBox};
use std::collections::{BTreeMap, BTreeSet};

impl Action {
    /// What a rule is handed to that stands for rules which a listing leaves out.
    pub const NOT_LISTED: &'static str = "a rule that is not listed";

    fn is_gap(&self) -> bool {
        matches!(self, Self::Opaque(what) if **what == *Self::NOT_LISTED)
    }
}

impl Condition {
    /// How the text of a condition goes on that stands for what a listing does not tell.
    const UNTOLD: &'static str = "(at byte ";

    /// Whether it stands for something that the text of its rule does not tell.
    #[must_use]
    pub fn is_untold(&self) -> bool {
        self.test == Test::Opaque && self.text.contains(Self::UNTOLD)
    }
}

impl Rule {
    /// How many of its conditions stand for what its text does not tell.
    #[must_use]
    pub fn untold(&self) -> usize {
        self.conditions().filter(|c| c.is_untold()).count()
    }
}

/// In what two listings of a table contradict each other, in words; `None` if both may be of one state of it. A chain that one
/// of them lacks is none, nor is what a listing leaves out.
#[must_use]
pub fn contradiction(a: &Table, b: &Table) -> Option<String> {
    let names: BTreeMap<&str, &Chain> = b.chains.iter().map(|c| (&*c.name, c)).collect();
    a.chains.iter().find_map(|one| {
        let other = names.get(&*one.name)?;
        chains((a, one), (b, other))
    })
}

/// The rules of a chain as they stand in the text: one may be several in the model.
fn written(rules: &[Rule]) -> impl Iterator<Item = &[Rule]> {
    rules.chunk_by(|a, b| a.span == b.span)
}

fn chains((a, x): (&Table, &Chain), (b, y): (&Table, &Chain)) -> Option<String> {
    let name = &x.name;
    let policies = x.policy.zip(y.policy);
    if policies.is_some_and(|(p, q)| p.allow != q.allow) {
        return Some(format!("in the policy of chain `{name}`"));
    }
    let mut others = written(&y.rules);
    for (n, rule) in written(&x.rules).enumerate() {
        let other = others.next();
        let gap = |r: Option<&[Rule]>| r.is_some_and(|r| r.iter().any(|r| r.action.is_gap()));
        if gap(Some(rule)) || gap(other) {
            return None;
        }
        if !other.is_some_and(|o| may_be_one((a, rule), (b, o))) {
            return Some(format!("from rule {} of chain `{name}` on", n + 1));
        }
    }
    let more = others.next()?;
    let gap = more.iter().any(|r| r.action.is_gap());
    (!gap).then(|| format!("in the number of rules of chain `{name}`"))
}

/// Whether two texts may be of one rule.
fn may_be_one((t, a): (&Table, &[Rule]), (u, b): (&Table, &[Rule])) -> bool {
    let (Some(x), Some(y)) = (a.last(), b.last()) else {
        return false;
    };
    let chain = |t: &Table, at: u32| t.chains.get(at as usize).map(|c| c.name.clone());
    match (&x.action, &y.action) {
        (Action::Opaque(_), _) | (_, Action::Opaque(_)) => return true,
        (Action::Jump(p), Action::Jump(q)) | (Action::Goto(p), Action::Goto(q))
            if chain(t, *p) != chain(u, *q) =>
        {
            return false;
        }
        (p, q) if std::mem::discriminant(p) != std::mem::discriminant(q) => return false,
        // Whether such a rule matches decides nothing, and listings are not asked for it.
        (Action::Continue, _) => return true,
        _ => {}
    }
    let families = Family::BOTH.into_iter();
    let families: Vec<Family> = families
        .filter(|f| t.family.has(*f) && u.family.has(*f))
        .collect();
    let (mut p, mut q) = (Asked::of(a, &families), Asked::of(b, &families));
    if p.blind || q.blind {
        p.widen();
        q.widen();
    }
    let shared = p.names == q.names;
    match (p.open || !shared, q.open || !shared) {
        (false, false) => {
            let tests = p.worded || q.worded || p.tests == q.tests;
            tests && within(&p.spaces, &q.spaces) && within(&q.spaces, &p.spaces)
        }
        (true, false) => within(&q.spaces, &p.spaces),
        (false, true) => within(&p.spaces, &q.spaces),
        (true, true) => {
            let meets = |s: &PacketBox| q.spaces.iter().any(|o| !s.intersect(o).is_empty());
            p.spaces.iter().any(meets) || p.spaces.is_empty() && q.spaces.is_empty()
        }
    }
}

/// What the text of a rule asks of packets.
struct Asked {
    spaces: Vec<PacketBox>,
    /// Conditions that both texts write alike.
    tests: BTreeSet<String>,
    /// Names in the place of addresses.
    names: BTreeSet<String>,
    /// It prints no interfaces.
    blind: bool,
    /// It may ask for more.
    open: bool,
    /// It asks for what only words tell.
    worded: bool,
}

impl Asked {
    fn of(rules: &[Rule], families: &[Family]) -> Self {
        let mut out = Self {
            spaces: Vec::new(),
            tests: BTreeSet::new(),
            names: BTreeSet::new(),
            blind: false,
            open: false,
            worded: false,
        };
        let of = |f: &Family| PacketBox {
            src: AddrSet::any_of(*f),
            dst: AddrSet::any_of(*f),
            ..PacketBox::any()
        };
        for clause in rules.iter().flat_map(|r| &r.clauses) {
            let each = families.iter().map(|f| clause.space.intersect(&of(f)));
            out.spaces.extend(each.filter(|s| !s.is_empty()));
        }
        for c in rules.iter().flat_map(Rule::conditions) {
            match &c.test {
                Test::Opaque if c.unprinted() == Some("interface") => out.blind = true,
                Test::Opaque => {
                    out.worded = true;
                    out.open |= c.is_untold();
                }
                Test::Named { key, side } => {
                    out.names.insert(format!("{key} {side:?} {}", c.negated));
                }
                test => {
                    out.tests.insert(format!("{test:?} {}", c.negated));
                }
            }
        }
        out
    }

    fn widen(&mut self) {
        for s in &mut self.spaces {
            (s.in_iface, s.out_iface) = (IfaceSet::full(), IfaceSet::full());
        }
    }
}

/// Whether every packet of some boxes is in others.
fn within(boxes: &[PacketBox], others: &[PacketBox]) -> bool {
    boxes.iter().all(|s| {
        let mut left = vec![s.clone()];
        for cut in others {
            left = left.iter().flat_map(|l| l.subtract(cut)).collect();
        }
        left.is_empty()
    })
}
