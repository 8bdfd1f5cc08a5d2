//! Sets and maps: concatenations, verdict maps, and which members a set has.

use super::super::syntax::{Element, Expr, ExprKind, MatchOp, SetDecl};
use super::constant;
use super::field::{Field, Looked, looked_at, with_ports};
use super::matching::{Alternatives, Open, Operand, Said, both, canonical, of_box, with};
use super::table::{Lowering, limits};
use super::value::{self, Within};
use hylint_model::{
    Clause, Condition, ConditionKind, NamedSet, NamedSetId, PacketField, Side, Test, Values,
};
use hylint_space::{PacketBox, proto};

/// Elements of a concatenation that become clauses of the rule; more become a set that rules name.
const CLAUSES: usize = 64;

impl<'r, 'a> Lowering<'r, 'a> {
    /// Why the members of a set are not those of the file, if they are not.
    pub(super) fn openness(&self, set: &SetDecl<'_>) -> Option<Open> {
        if set.flags.dynamic || self.written.contains_key(&*set.target.name) {
            return Some(Open::Dynamic);
        }
        // A set of a configuration without elements waits for others to fill it.
        let waits = set.elements.is_empty() && !set.flags.constant;
        (!self.listing && waits).then_some(Open::Elsewhere)
    }

    /// Whether every lookup asks a limit, a quota or a count as well: one of the set, or of its elements.
    pub(super) fn limited(&self, set: &SetDecl<'_>) -> bool {
        let of_element = |e: &Element<'_>| {
            e.extra
                .as_ref()
                .is_some_and(|x| x.statements.iter().any(limits))
        };
        set.flags.limited
            || self.written.get(&*set.target.name) == Some(&true)
            || set.elements.iter().any(of_element)
    }

    /// Whether a rule that writes a set may end there: the set has a limit, or no room.
    pub(super) fn may_refuse(&self, name: &str) -> bool {
        let Some((_, set)) = self.table.set(name) else {
            return false;
        };
        let held = u64::try_from(set.elements.len()).unwrap_or(u64::MAX);
        self.limited(set) || set.size.is_some_and(|size| held >= size)
    }

    /// `a . b op right`.
    pub(super) fn concat(
        &mut self,
        parts: &[Expr<'a>],
        op: MatchOp,
        right: &Expr<'a>,
        said: Said<'_>,
    ) -> Alternatives {
        let looked: Vec<Looked> = parts.iter().map(|p| looked_at(p, self.family)).collect();
        let negated = matches!(op, MatchOp::Ne | MatchOp::Not);
        let needs = all_needs(&looked);
        let operand = self.operand(right);
        let open = operand.open.is_some() || (negated && !operand.passing.is_empty());
        if open {
            let condition = Condition::new(ConditionKind::Peer, Test::Opaque, said.span, said.text);
            let mut out = Vec::new();
            if !negated {
                for element in &operand.sure {
                    out.extend(self.element(parts, &looked, element, said));
                }
            }
            out.push(Clause {
                space: needs,
                conditions: [condition.negate(negated)].into_iter().collect(),
            });
            return out;
        }
        let mut out = self.members(parts, &looked, (&operand.sure, operand.set), negated, said);
        if !operand.passing.is_empty() {
            let text = format!("{} (an element that expires)", said.text);
            let condition = Condition::new(ConditionKind::Peer, Test::Opaque, said.span, text);
            let passing = self.members(parts, &looked, (&operand.passing, None), false, said);
            out.extend(with(&passing, &condition));
        }
        out
    }

    /// Packets whose fields are one of the elements, or (negated) none.
    fn members(
        &mut self,
        parts: &[Expr<'a>],
        looked: &[Looked],
        (elements, name): (&[&Expr<'a>], Option<&str>),
        negated: bool,
        said: Said<'_>,
    ) -> Alternatives {
        let needs = all_needs(looked);
        if elements.len() > CLAUSES || negated {
            if let Some((set, fields)) = self.named(looked, elements, name, said) {
                let test = Test::Set { set, fields };
                let condition = Condition::new(ConditionKind::Unknown, test, said.span, said.text);
                let bytes = looked.iter().any(|l| l.of_any) && !self.tells_ports(looked, elements);
                let space = match bytes {
                    true => needs.intersect(&with_ports(true)),
                    false => needs.clone(),
                };
                let mut out = vec![Clause {
                    space,
                    conditions: [condition.negate(negated)].into_iter().collect(),
                }];
                out.extend(bytes.then(|| self.other_bytes(&needs, said, negated)));
                return out;
            }
            if negated {
                let condition = self.unreadable(said);
                return vec![Clause {
                    space: needs,
                    conditions: [condition.negate(true)].into_iter().collect(),
                }];
            }
        }
        let mut out = Vec::with_capacity(elements.len());
        for element in elements {
            out.extend(self.element(parts, looked, element, said));
        }
        out
    }

    /// Packets whose fields are those of one element.
    fn element(
        &mut self,
        parts: &[Expr<'a>],
        looked: &[Looked],
        element: &Expr<'a>,
        said: Said<'_>,
    ) -> Alternatives {
        let whole = std::slice::from_ref(element);
        let values = match &element.kind {
            ExprKind::Concat(values) => values.as_slice(),
            _ => whole,
        };
        let mut out = vec![of_box(PacketBox::any())];
        if matches!(element.kind, ExprKind::Wildcard) {
            return vec![of_box(all_needs(looked))];
        }
        for ((part, looked), value) in parts.iter().zip(looked).zip(values) {
            let text = canonical(&format!("{part} {value}"));
            let said = Said {
                text: &text,
                ..said
            };
            // A variable may put a whole set into one part.
            let operand = match value.kind {
                ExprKind::Set(_) => self.operand(value),
                _ => Operand::single(value),
            };
            let found = self.among(looked, MatchOp::Implicit, &operand, said);
            out = both(&out, &found);
        }
        if values.len() != looked.len() {
            let condition = self.unreadable(said);
            out = with(&out, &condition);
        }
        out
    }

    /// Whether the elements say the protocol, and it is always one with ports.
    fn tells_ports(&self, looked: &[Looked], elements: &[&Expr<'a>]) -> bool {
        let Some(at) = looked.iter().position(|l| l.field == Field::Protocol) else {
            return false;
        };
        elements.iter().all(|e| {
            let value = match &e.kind {
                ExprKind::Concat(values) => values.get(at),
                _ => None,
            };
            match value.and_then(|v| value::within(&Field::Protocol, v)) {
                Some(Ok(Within::Protocols(set))) => set.is_subset(&proto::with_ports()),
                _ => false,
            }
        })
    }

    /// The packets that have what an expression looks at.
    pub(super) fn needs(&self, expr: &Expr<'a>) -> PacketBox {
        match &expr.kind {
            ExprKind::Concat(parts) => {
                let each = parts.iter().map(|p| self.needs(p));
                each.fold(PacketBox::any(), |all, n| all.intersect(&n))
                    .paired()
            }
            ExprKind::Binary(b) => self
                .needs(&b.left)
                .intersect(&self.needs(&b.right))
                .paired(),
            ExprKind::Map(lookup) => self.needs(&lookup.key),
            ExprKind::Element(element) => self.needs(&element.key),
            ExprKind::Payload(..)
            | ExprKind::Meta(_)
            | ExprKind::Ct { .. }
            | ExprKind::ExtHdr(..)
            | ExprKind::TcpOption(..) => looked_at(expr, self.family).needs,
            _ => PacketBox::any(),
        }
    }

    /// The elements as a set that the rules name, held once; `None` if it has fields that packets do not have as dimensions.
    fn named(
        &mut self,
        looked: &[Looked],
        elements: &[&Expr<'a>],
        name: Option<&str>,
        said: Said<'_>,
    ) -> Option<(NamedSetId, Box<[PacketField]>)> {
        let fields: Option<Box<[PacketField]>> =
            looked.iter().map(|l| packet_field(&l.field)).collect();
        let fields = fields?;
        let key = (name.unwrap_or("").to_owned(), fields.clone());
        if name.is_some()
            && let Some(id) = self.known.get(&key)
        {
            return Some((*id, fields));
        }
        let mut members = Vec::with_capacity(elements.len());
        for element in elements {
            let whole = std::slice::from_ref(*element);
            let values = match &element.kind {
                ExprKind::Concat(values) => values.as_slice(),
                _ => whole,
            };
            if values.len() != looked.len() {
                return None;
            }
            let each = looked.iter().zip(values);
            let row: Option<Box<[Values]>> = each
                .map(|(looked, value)| {
                    Some(match value::within(&looked.field, value)?.ok()? {
                        Within::Addrs(set) => Values::Addrs(set),
                        Within::Ports(set) => Values::Ports(set),
                        Within::Protocols(set) => Values::Protocols(set),
                        Within::Interfaces(set) => Values::Interfaces(set),
                        _ => return None,
                    })
                })
                .collect();
            members.push(row?);
        }
        let id = NamedSetId::new(self.sets.len());
        self.sets.push(NamedSet {
            name: name.unwrap_or("").into(),
            span: said.span,
            members,
        });
        if name.is_some() {
            self.known.insert(key, id);
        }
        Some((id, fields))
    }

    /// What each element of a map is for, with its data: the first that fits a packet decides. The last part, of a map whose
    /// elements are not all known, has none.
    pub(super) fn mapped<'e>(
        &mut self,
        key: &Expr<'a>,
        data: &'e Expr<'a>,
        said: Said<'_>,
    ) -> Vec<(Alternatives, Option<&'e Expr<'a>>)>
    where
        'r: 'e,
    {
        let mut limited = false;
        let (elements, open): (&'e [Element<'a>], Option<Open>) = match &data.kind {
            ExprKind::Set(elements) => (elements, None),
            ExprKind::SetRef(name) => match self.table.set(name) {
                Some((_, set)) => {
                    limited = self.limited(set);
                    (&set.elements, self.openness(set))
                }
                None => (&[], Some(Open::Elsewhere)),
            },
            _ => (&[], Some(Open::Elsewhere)),
        };
        let parts = match &key.kind {
            ExprKind::Concat(parts) => parts.as_slice(),
            _ => std::slice::from_ref(key),
        };
        let looked: Vec<Looked> = parts.iter().map(|p| looked_at(p, self.family)).collect();
        let drawn = drawn(key, elements);
        let (last, rest): (Vec<_>, Vec<_>) = elements
            .iter()
            .partition(|e| matches!(e.key.kind, ExprKind::Wildcard));
        let mut out = Vec::with_capacity(elements.len() + 1);
        let count = rest.len();
        for (i, element) in rest.into_iter().chain(last).enumerate() {
            let mut found = match drawn && i + 1 == count {
                // What is drawn is one of the values.
                true => vec![of_box(all_needs(&looked))],
                false => self.element(parts, &looked, &element.key, said),
            };
            let extra = element.extra.as_deref();
            if extra.is_some_and(|x| x.expires) {
                let text = format!("{key} {} (an element that expires)", element.key);
                let condition = Condition::new(ConditionKind::Peer, Test::Opaque, said.span, text);
                found = with(&found, &condition);
            }
            if limited && extra.is_none_or(|x| x.statements.is_empty()) {
                let text = format!("{key} {} (an element with a limit)", element.key);
                let test = Test::Rate(None);
                let condition = Condition::new(ConditionKind::Rate, test, said.span, text);
                found = with(&found, &condition);
            }
            for statement in extra.map_or(&[][..], |x| &x.statements) {
                if let Some(condition) = self.limiting(statement) {
                    found = with(&found, &condition);
                }
            }
            if let Some(data) = &element.data {
                out.push((found, Some(data)));
            }
        }
        if open.is_some() {
            out.push((vec![of_box(all_needs(&looked))], None));
        }
        out
    }
}

/// Whether the key is drawn by chance or by a hash, and the elements are all the values that it may have.
fn drawn(key: &Expr<'_>, elements: &[Element<'_>]) -> bool {
    let (modulus, offset) = match &key.kind {
        ExprKind::NumGen(n) => (n.modulus, n.offset),
        ExprKind::Hash(h) => (h.modulus, h.offset),
        _ => return false,
    };
    let mut covered = 0u64;
    for element in elements {
        let (lo, hi) = match &element.key.kind {
            ExprKind::Range(ends) => (constant::number(&ends.0), constant::number(&ends.1)),
            _ => {
                let n = constant::number(&element.key);
                (n, n)
            }
        };
        let (Some(lo), Some(hi)) = (lo, hi) else {
            return false;
        };
        if lo < offset || lo > hi {
            return false;
        }
        covered += u64::from(hi - lo) + 1;
    }
    modulus > 0 && covered == u64::from(modulus)
}

/// Packets that have all of the fields.
fn all_needs(looked: &[Looked]) -> PacketBox {
    let each = looked.iter().map(|l| &l.needs);
    each.fold(PacketBox::any(), |all, n| all.intersect(n))
        .paired()
}

fn packet_field(field: &Field) -> Option<PacketField> {
    Some(match field {
        Field::Addr(Side::Src, _) => PacketField::Src,
        Field::Addr(Side::Dst, _) => PacketField::Dst,
        Field::Port(Side::Src) => PacketField::Sport,
        Field::Port(Side::Dst) => PacketField::Dport,
        Field::Protocol => PacketField::Protocol,
        Field::Interface(false) => PacketField::InInterface,
        Field::Interface(true) => PacketField::OutInterface,
        _ => return None,
    })
}

impl<'e, 'a> Operand<'e, 'a> {
    /// One constant, compared as an element is.
    pub(super) fn single(value: &'e Expr<'a>) -> Self {
        Self {
            sure: vec![value],
            passing: Vec::new(),
            open: None,
            set: None,
            is_set: true,
        }
    }
}
