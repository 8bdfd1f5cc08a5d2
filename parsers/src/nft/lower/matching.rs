//! What a match asks of packets, as alternatives of which one must fit.

use super::super::syntax::{BinaryOp, Element, Expr, ExprKind, MatchOp};
use super::constant;
use super::field::{Field, Looked, addr_type, looked_at, of_family, with_ports};
use super::table::Lowering;
use super::value::{self, Unread, Within};
use crate::iptables::under_mask;
use hylint_model::{
    AddrTypes, Clause, Condition, ConditionKind, ConnTest, Problem, ProblemKind, Side, Span, Test,
};
use hylint_space::{AddrSet, Family, FlagSet, PacketBox, RangeSet, Scalar, StateSet, TcpFlags};
use std::net::IpAddr;
use thin_vec::{ThinVec, thin_vec};

/// Alternatives: a packet matches if it is in one of them.
pub(super) type Alternatives = Vec<Clause>;

/// A match in words and in the text.
#[derive(Clone, Copy)]
pub(super) struct Said<'t> {
    /// What is asked, without the negation: equal texts ask the same.
    pub text: &'t str,
    /// Its place.
    pub span: Span,
}

/// What a field is compared with.
pub(super) struct Operand<'e, 'a> {
    /// Constants that are always among them.
    pub sure: Vec<&'e Expr<'a>>,
    /// Constants that may be among them, as they go by themselves.
    pub passing: Vec<&'e Expr<'a>>,
    /// Which others are among them is not known, and why.
    pub open: Option<Open>,
    /// The set's name, where it has one.
    pub set: Option<&'e str>,
    /// They were written as a set, in which each stands for itself alone.
    pub is_set: bool,
}

/// Why the members of a set are not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Open {
    /// Rules write it while packets pass.
    Dynamic,
    /// The file does not hold its members.
    Elsewhere,
}

/// One box and nothing else.
pub(super) fn of_box(space: PacketBox) -> Clause {
    Clause {
        space,
        conditions: ThinVec::new(),
    }
}

fn one(space: PacketBox, condition: Condition) -> Alternatives {
    vec![Clause {
        space,
        conditions: thin_vec![condition],
    }]
}

/// What fits both; an empty box is left out.
pub(super) fn both(a: &[Clause], b: &[Clause]) -> Alternatives {
    let mut out = Vec::with_capacity(a.len().max(b.len()));
    for x in a {
        for y in b {
            let space = x.space.intersect(&y.space).paired();
            if !space.is_empty() {
                let mut conditions = x.conditions.clone();
                for c in &y.conditions {
                    let known = conditions.iter().any(|have| {
                        have.text == c.text
                            && have.negated == c.negated
                            && have.kind != ConditionKind::Rate
                    });
                    if !known {
                        conditions.push(c.clone());
                    }
                }
                out.push(Clause { space, conditions });
            }
        }
    }
    out
}

/// Elements that are named in the text of a condition.
const NAMED: usize = 64;

/// A text in which numbers are decimal and nothing is quoted: listings and JSON write both in their own way.
pub(super) fn canonical(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '0']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let inside = before.chars().last().or(out.chars().last());
        let inside =
            inside.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_'));
        let digits = from.strip_prefix("0x").filter(|_| !inside);
        let len = digits.map_or(0, |d| d.bytes().take_while(u8::is_ascii_hexdigit).count());
        let number = digits.and_then(|d| u64::from_str_radix(d.get(..len)?, 16).ok());
        rest = match (number, from.strip_prefix('"')) {
            (Some(n), _) => {
                out.push_str(&n.to_string());
                from.get(len + 2..).unwrap_or("")
            }
            (None, Some(rest)) => rest,
            (None, None) => {
                out.push('0');
                from.get(1..).unwrap_or("")
            }
        };
    }
    out.push_str(rest);
    out
}

impl<'r, 'a> Lowering<'r, 'a> {
    /// `left op right`.
    pub(super) fn matched(
        &mut self,
        left: &Expr<'a>,
        op: MatchOp,
        right: &Expr<'a>,
        span: Span,
    ) -> Alternatives {
        let positive = match op {
            MatchOp::Ne | MatchOp::Not | MatchOp::Eq => MatchOp::Implicit,
            op => op,
        };
        let text = match &right.kind {
            // Nobody reads a set of thousands.
            ExprKind::Set(elements) if elements.len() > NAMED => {
                let at = right.span.start;
                format!("{left} {{ {} elements at byte {at} }}", elements.len())
            }
            _ => canonical(&format!("{left}{positive}{right}")),
        };
        let said = Said { text: &text, span };
        if let ExprKind::Concat(parts) = &left.kind {
            return self.concat(parts, op, right, said);
        }
        if let Some(done) = self.bits_of_connection(left, op, right, said) {
            return done;
        }
        if let Some(done) = self.masked_address(left, op, right) {
            return done;
        }
        let looked = looked_at(left, self.family);
        if matches!(op, MatchOp::Lt | MatchOp::Gt | MatchOp::Le | MatchOp::Ge) {
            return self.ordered(&looked, op, right, said);
        }
        let operand = self.operand(right);
        self.among(&looked, op, &operand, said)
    }

    /// Tells of a condition that is not modelled, once a rule.
    pub(super) fn unmodelled(&mut self, condition: &Condition) {
        let open = condition.kind == ConditionKind::Unknown && !condition.test.is_modelled();
        if open && !self.told {
            self.told = true;
            let text = condition.without_place();
            let message =
                format!("`{text}` is not modelled: whether a packet matches it stays open");
            self.problems.push(Problem::new(
                ProblemKind::Unmodelled,
                condition.span,
                message,
            ));
        }
    }

    /// A match with a value that nft refuses, which is told once.
    fn refused(&mut self, said: Said<'_>, value: &Expr<'_>) -> Condition {
        if self.refused.insert(value.span.start) {
            let message =
                format!("`{value}` is no value that nft takes here: it does not load this");
            self.problems
                .push(Problem::new(ProblemKind::Malformed, value.span, message));
        }
        Condition::new(ConditionKind::Unknown, Test::Passing, said.span, said.text)
    }

    /// A match with a value that cannot be read.
    pub(super) fn unreadable(&mut self, said: Said<'_>) -> Condition {
        let condition = Condition::new(ConditionKind::Unknown, Test::Passing, said.span, said.text);
        self.unmodelled(&condition);
        condition
    }

    /// What a field is compared with, sets looked up.
    pub(super) fn operand<'e>(&self, right: &'e Expr<'a>) -> Operand<'e, 'a>
    where
        'r: 'e,
    {
        let mut operand = Operand {
            sure: Vec::new(),
            passing: Vec::new(),
            open: None,
            set: None,
            is_set: true,
        };
        match &right.kind {
            ExprKind::SetRef(name) => {
                operand.set = Some(name);
                match self.table.set(name) {
                    // What a limit lets through is as open as what rules write.
                    Some((_, set)) if self.limited(set) => operand.open = Some(Open::Dynamic),
                    Some((_, set)) => {
                        operand.open = self.openness(set);
                        operand.take(&set.elements);
                    }
                    None => operand.open = Some(Open::Elsewhere),
                }
            }
            ExprKind::Set(elements) => operand.take(elements),
            ExprKind::Element(element) => operand.take(std::slice::from_ref(element)),
            _ => {
                operand.is_set = false;
                operand.sure.push(right);
            }
        }
        operand
    }

    /// One field compared with constants. With `Ne` and `Not` those that are none of them match.
    pub(super) fn among(
        &mut self,
        looked: &Looked,
        op: MatchOp,
        operand: &Operand<'_, 'a>,
        said: Said<'_>,
    ) -> Alternatives {
        let negated = matches!(op, MatchOp::Ne | MatchOp::Not);
        if looked.of_any {
            let own = Looked {
                field: looked.field.clone(),
                needs: looked.needs.intersect(&with_ports(true)),
                of_any: false,
            };
            let mut out = self.among(&own, op, operand, said);
            out.push(self.other_bytes(&looked.needs, said, negated));
            return out;
        }
        // An element of a set is compared as a whole.
        let op = match op {
            MatchOp::Implicit if operand.is_set => MatchOp::Eq,
            op => op,
        };
        let mut sure = match self.values(looked, op, &operand.sure, said, negated) {
            Ok(found) => found,
            Err(clauses) => return clauses,
        };
        if operand.passing.is_empty() && operand.open.is_none() {
            return sure;
        }
        let passing = match self.values(looked, op, &operand.passing, said, false) {
            Ok(found) => found,
            Err(clauses) => return clauses,
        };
        let name = operand.set.unwrap_or("");
        if operand.open.is_some() {
            let condition = self.member(looked, name, said).negate(negated);
            return with_open(looked, sure, condition, negated);
        }
        // Whether an element that expires is still there is one question for all of them.
        let text = format!("{} (an element that expires)", said.text);
        let condition = Condition::new(ConditionKind::Peer, Test::Opaque, said.span, text);
        if negated {
            let mut out = Vec::new();
            for clause in &sure {
                let mut left = vec![clause.space.clone()];
                for p in &passing {
                    left = left.iter().flat_map(|b| b.subtract(&p.space)).collect();
                }
                out.extend(left.into_iter().map(|space| Clause {
                    space,
                    conditions: clause.conditions.clone(),
                }));
            }
            let gone = with(&both(&sure, &passing), &condition.negate(true));
            out.extend(gone);
            return out;
        }
        sure.extend(with(&passing, &condition));
        sure
    }

    /// Packets of protocols without ports, whose bytes at that place are compared.
    pub(super) fn other_bytes(&self, needs: &PacketBox, said: Said<'_>, negated: bool) -> Clause {
        let condition = Condition::new(ConditionKind::Unknown, Test::Opaque, said.span, said.text);
        Clause {
            space: needs.intersect(&with_ports(false)),
            conditions: thin_vec![condition.negate(negated)],
        }
    }

    /// The membership of a set whose elements are not known.
    fn member(&self, looked: &Looked, name: &str, said: Said<'_>) -> Condition {
        let test = match looked.field {
            Field::Addr(side, _) => Test::Named {
                key: format!("nft:{name}").into(),
                side,
            },
            _ => Test::Opaque,
        };
        Condition::new(ConditionKind::Peer, test, said.span, said.text)
    }

    /// Packets whose field has one of the values, or (negated) none of them. `Err` holds the alternatives where a value
    /// cannot be read, as a condition.
    fn values(
        &mut self,
        looked: &Looked,
        op: MatchOp,
        values: &[&Expr<'a>],
        said: Said<'_>,
        negated: bool,
    ) -> std::result::Result<Alternatives, Alternatives> {
        let needs = &looked.needs;
        match &looked.field {
            Field::Flags(mask) => Ok(self.flags(*mask, op, values, said, (needs, negated))),
            Field::State => Ok(self.states(op, values, said, (needs, negated))),
            Field::Status => Ok(self.status(op, values, said, (needs, negated))),
            Field::Way => Ok(self.way(values, said, (needs, negated))),
            Field::Mark(u32::MAX) => {
                let test = |value, mask| Test::Mark { value, mask };
                Ok(self.marks(values, said, (needs, negated), test))
            }
            Field::ConnMark(u32::MAX) => {
                let test = |value, mask| Test::ConnMark { value, mask };
                Ok(self.marks(values, said, (needs, negated), test))
            }
            Field::Mark(mask) => {
                let test = |value| Test::Mark { value, mask: *mask };
                Ok(self.masked(values, said, (needs, negated), test))
            }
            Field::ConnMark(mask) => {
                let test = |value| Test::ConnMark { value, mask: *mask };
                Ok(self.masked(values, said, (needs, negated), test))
            }
            Field::AddrType(side) => Ok(self.types(*side, values, said, (needs, negated))),
            Field::Mac => Ok(self.hardware(values, said, (needs, negated))),
            Field::PktType => Ok(self.packet_type(values, said, (needs, negated))),
            Field::RouteBack => Ok(self.route_back(values, said, (needs, negated))),
            Field::Fragment => Ok(self.zero(values, said, (needs, negated), Test::Fragment)),
            Field::Absent => Ok(self.zero(values, said, (needs, negated), Test::ExtensionHeader)),
            Field::Condition(kind, test) => {
                let condition = Condition::new(*kind, test.clone(), said.span, said.text);
                self.unmodelled(&condition);
                Ok(one(needs.clone(), condition.negate(negated)))
            }
            field => self.dimension(field, needs, values, said, negated),
        }
    }

    /// A field that is a dimension of packets, or a number.
    fn dimension(
        &mut self,
        field: &Field,
        needs: &PacketBox,
        values: &[&Expr<'a>],
        said: Said<'_>,
        negated: bool,
    ) -> std::result::Result<Alternatives, Alternatives> {
        let mut all: Option<Within> = None;
        let mut names: Vec<String> = Vec::new();
        let mut addrs: Vec<(u32, u32)> = Vec::new();
        let mut wide: Vec<(u128, u128)> = Vec::new();
        let mut ports: Vec<(u16, u16)> = Vec::new();
        for value in values {
            match value::within(field, value) {
                // Sets hold values by the hundred thousand: they are put in order once.
                Some(Ok(Within::Addrs(set))) => {
                    addrs.extend(set.v4.iter());
                    wide.extend(set.v6.iter());
                }
                Some(Ok(Within::Ports(set))) => ports.extend(set.iter()),
                Some(Ok(within)) => match &mut all {
                    Some(have) => have.add(within),
                    None => all = Some(within),
                },
                Some(Err(Unread::Name)) => names.push(value.to_string()),
                Some(Err(Unread::Refused)) => {
                    let condition = self.refused(said, value);
                    return Err(one(needs.clone(), condition.negate(negated)));
                }
                Some(Err(Unread::Other)) | None => {
                    let condition = self.unreadable(said);
                    return Err(one(needs.clone(), condition.negate(negated)));
                }
            }
        }
        if all.is_none() {
            all = match field {
                Field::Addr(..) | Field::ConnAddr(..) => Some(Within::Addrs(AddrSet {
                    v4: addrs.into_iter().collect(),
                    v6: wide.into_iter().collect(),
                })),
                Field::Port(_) | Field::ConnPort(..) | Field::IcmpType(_) | Field::IcmpCode(_) => {
                    Some(Within::Ports(ports.into_iter().collect()))
                }
                Field::Protocol => Some(Within::Protocols(RangeSet::empty())),
                Field::Family | Field::EtherType => Some(Within::Families(false, false)),
                Field::Interface(_) | Field::InterfaceType(_) => {
                    Some(Within::Interfaces(RangeSet::empty()))
                }
                _ => Some(Within::Numbers(RangeSet::empty())),
            };
        }
        let Some(within) = all else {
            return Ok(Vec::new());
        };
        let mut out = self.inside(field, needs, within, said, negated);
        if !names.is_empty() {
            // Which value a name stands for, the machine knows that loads the file.
            let text = format!("{} (by name: {})", said.text, names.join(", "));
            let condition = Condition::new(ConditionKind::Peer, Test::Opaque, said.span, text);
            self.unmodelled(&condition);
            let condition = condition.negate(negated);
            let looked = Looked {
                field: field.clone(),
                needs: needs.clone(),
                of_any: false,
            };
            out = with_open(&looked, out, condition, negated);
        }
        Ok(out)
    }

    /// A field whose values are known.
    fn inside(
        &mut self,
        field: &Field,
        needs: &PacketBox,
        within: Within,
        said: Said<'_>,
        negated: bool,
    ) -> Alternatives {
        let test = match (field, &within) {
            (Field::ConnAddr(reply, side, _), Within::Addrs(set)) => {
                Test::Connection(Box::new(ConnTest::Addr {
                    reply: *reply,
                    side: *side,
                    set: set.clone(),
                }))
            }
            (Field::ConnPort(reply, side), Within::Ports(set)) => {
                Test::Connection(Box::new(ConnTest::Port {
                    reply: *reply,
                    side: *side,
                    set: set.clone(),
                }))
            }
            (Field::Length, Within::Numbers(set)) => Test::Length(narrowed(set)),
            (Field::Ttl, Within::Numbers(set)) => Test::Ttl(narrowed(set)),
            (Field::Dscp, Within::Numbers(set)) => Test::Dscp(narrowed(set)),
            (Field::Uid, Within::Numbers(set)) => Test::Uid(set.clone()),
            (Field::Gid, Within::Numbers(set)) => Test::Gid(set.clone()),
            _ => {
                let within = if negated { within.complement() } else { within };
                return boxes(field, needs, within)
                    .map(of_box)
                    .into_iter()
                    .collect();
            }
        };
        let kind = match field {
            Field::Uid | Field::Gid => ConditionKind::Local,
            _ => ConditionKind::Unknown,
        };
        let condition = Condition::new(kind, test, said.span, said.text);
        one(needs.clone(), condition.negate(negated))
    }

    /// `left < right` and the like.
    fn ordered(
        &mut self,
        looked: &Looked,
        op: MatchOp,
        right: &Expr<'a>,
        said: Said<'_>,
    ) -> Alternatives {
        if let Field::Condition(kind, test) = &looked.field {
            let condition = Condition::new(*kind, test.clone(), said.span, said.text);
            self.unmodelled(&condition);
            return one(looked.needs.clone(), condition);
        }
        if looked.of_any {
            let own = Looked {
                field: looked.field.clone(),
                needs: looked.needs.intersect(&with_ports(true)),
                of_any: false,
            };
            let mut out = self.ordered(&own, op, right, said);
            out.push(self.other_bytes(&looked.needs, said, false));
            return out;
        }
        let mark = |connection: bool| {
            move |value: u32, mask: u32| match connection {
                true => Test::ConnMark { value, mask },
                false => Test::Mark { value, mask },
            }
        };
        if let (Field::Mark(u32::MAX) | Field::ConnMark(u32::MAX), Some(n)) =
            (&looked.field, constant::number(right))
        {
            let range = compared(op, n);
            let test = mark(matches!(looked.field, Field::ConnMark(_)));
            return self.marked(&range, said, (&looked.needs, false), test);
        }
        if let (Field::Flags(mask), Some(bits)) = (&looked.field, constant::flags(right)) {
            let mask = mask.unwrap_or(u8::MAX);
            let fits = |c: &u8| match op {
                MatchOp::Lt => c & mask < bits,
                MatchOp::Le => c & mask <= bits,
                MatchOp::Gt => c & mask > bits,
                _ => c & mask >= bits,
            };
            let set = (0..=TcpFlags::ALL.0).filter(fits);
            let mut space = looked.needs.clone();
            space.flags = FlagSet(set.fold(0, |all, c| all | FlagSet::exactly(TcpFlags(c)).0));
            return vec![of_box(space)];
        }
        let within = match value::within(&looked.field, right) {
            Some(Ok(Within::Ports(set))) => Within::Ports(from_first(op, &set)),
            Some(Ok(Within::Protocols(set))) => Within::Protocols(from_first(op, &set)),
            Some(Ok(Within::Numbers(set))) => Within::Numbers(from_first(op, &set)),
            Some(Ok(Within::Addrs(set))) => Within::Addrs(AddrSet {
                v4: from_first(op, &set.v4),
                v6: from_first(op, &set.v6),
            }),
            Some(Err(Unread::Refused)) => {
                let condition = self.refused(said, right);
                return one(looked.needs.clone(), condition);
            }
            _ => {
                let condition = self.unreadable(said);
                return one(looked.needs.clone(), condition);
            }
        };
        self.inside(&looked.field, &looked.needs, within, said, false)
    }

    /// TCP flags. Without an operator any of the bits will do; in a set, and with one, all bits are compared.
    fn flags(
        &mut self,
        mask: Option<u8>,
        op: MatchOp,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
    ) -> Alternatives {
        let mut all = FlagSet(0);
        for value in values {
            let Some(bits) = constant::flags(value) else {
                let condition = self.unreadable(said);
                return one(needs.clone(), condition.negate(negated));
            };
            let set = match (op, mask) {
                (MatchOp::Implicit | MatchOp::Not, None) => {
                    FlagSet::masked(TcpFlags(bits & TcpFlags::ALL.0), TcpFlags(0)).complement()
                }
                (_, None) => value::exactly(bits),
                (_, Some(mask)) if bits & !mask == 0 => {
                    let low = TcpFlags::ALL.0;
                    // Bits that packets of a flow do not have.
                    if bits & !low == 0 {
                        FlagSet::masked(TcpFlags(mask & low), TcpFlags(bits & low))
                    } else {
                        FlagSet(0)
                    }
                }
                (_, Some(_)) => FlagSet(0),
            };
            all.0 |= set.0;
        }
        let set = if negated { all.complement() } else { all };
        let mut space = needs.clone();
        space.flags = set;
        vec![of_box(space)]
    }

    /// States of the connection, of which a packet has one.
    fn states(
        &mut self,
        op: MatchOp,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
    ) -> Alternatives {
        let mut all = StateSet(0);
        for value in values {
            let Some(set) = value::states(value) else {
                let condition = self.unreadable(said);
                return one(needs.clone(), condition.negate(negated));
            };
            // Compared as a whole, several bits are in no packet.
            let several = matches!(&value.kind, ExprKind::List(l) if l.len() > 1)
                || matches!(value.kind, ExprKind::Binary(_));
            let exact = matches!(op, MatchOp::Eq | MatchOp::Ne);
            if !(several && exact) {
                all = all.union(set);
            }
        }
        let set = if negated { all.complement() } else { all };
        let mut space = needs.clone();
        space.state = StateSet(needs.state.0 & set.0);
        vec![of_box(space)]
    }

    /// Status of the connection: any of the bits, without an operator.
    fn status(
        &mut self,
        op: MatchOp,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
    ) -> Alternatives {
        let exact = matches!(op, MatchOp::Eq | MatchOp::Ne);
        let mut names: Vec<&str> = Vec::new();
        for value in values {
            match &value.kind {
                ExprKind::List(parts) => names.extend(parts.iter().filter_map(Expr::symbol)),
                _ => names.extend(value.symbol()),
            }
        }
        if exact || names.is_empty() {
            let condition = self.unreadable(said);
            return one(needs.clone(), condition.negate(negated));
        }
        self.status_bits(&names, said, (needs, negated))
    }

    /// Whether any of some bits of the status is set, or (negated) none.
    fn status_bits(
        &mut self,
        names: &[&str],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
    ) -> Alternatives {
        let mut states = StateSet(0);
        let mut later = false;
        for name in names {
            match *name {
                "dnat" => states = states.union(StateSet::DNAT),
                "snat" => states = states.union(StateSet::SNAT),
                "expected" | "seen-reply" | "assured" | "confirmed" | "dying" => later = true,
                _ => {
                    let condition = self.unreadable(said);
                    return one(needs.clone(), condition.negate(negated));
                }
            }
        }
        let mut moved = needs.clone();
        moved.state = StateSet(needs.state.0 & states.0);
        let mut still = needs.clone();
        still.state = StateSet(needs.state.0 & !states.0);
        let test = Test::Connection(Box::new(ConnTest::Later));
        let condition = Condition::new(ConditionKind::Unknown, test, said.span, said.text);
        match (later, negated) {
            (false, false) => vec![of_box(moved)],
            (false, true) => vec![of_box(still)],
            (true, true) => one(still, condition.negate(true)),
            (true, false) => {
                let mut out = vec![of_box(moved)];
                out.extend(one(still, condition));
                out.retain(|c| !c.space.is_empty());
                out
            }
        }
    }

    /// `ip saddr & 255.0.0.3 == 10.0.0.1`.
    fn masked_address(
        &self,
        left: &Expr<'a>,
        op: MatchOp,
        right: &Expr<'a>,
    ) -> Option<Alternatives> {
        let ExprKind::Binary(b) = &left.kind else {
            return None;
        };
        let looked = looked_at(&b.left, self.family);
        let Field::Addr(_, family) = looked.field else {
            return None;
        };
        let negated = match op {
            MatchOp::Implicit | MatchOp::Eq => false,
            MatchOp::Ne => true,
            _ => return None,
        };
        let (mask, wanted) = (b.right.symbol()?, right.symbol()?);
        if b.op != BinaryOp::And {
            return None;
        }
        // Bits outside of the mask are never there.
        let (m, w) = (mask.parse::<IpAddr>().ok()?, wanted.parse::<IpAddr>().ok()?);
        let outside = match (m, w) {
            (IpAddr::V4(m), IpAddr::V4(w)) => u32::from(w) & !u32::from(m) != 0,
            (IpAddr::V6(m), IpAddr::V6(w)) => u128::from(w) & !u128::from(m) != 0,
            _ => return None,
        };
        let set = match outside {
            true => AddrSet::empty(),
            false => under_mask(&format!("{wanted}/{mask}"))?.only(family),
        };
        let within = Within::Addrs(if negated { set.complement() } else { set });
        let found = boxes(&looked.field, &looked.needs, within);
        Some(found.map(of_box).into_iter().collect())
    }

    /// `ct state & (new | established) != 0`, `ct status & dnat == dnat`.
    fn bits_of_connection(
        &mut self,
        left: &Expr<'a>,
        op: MatchOp,
        right: &Expr<'a>,
        said: Said<'_>,
    ) -> Option<Alternatives> {
        let ExprKind::Binary(b) = &left.kind else {
            return None;
        };
        let ExprKind::Ct { key, dir: None } = &b.left.kind else {
            return None;
        };
        if b.op != BinaryOp::And || !matches!(&**key, "state" | "status") {
            return None;
        }
        let names = bit_names(&b.right);
        let zero = constant::number(right) == Some(0);
        let whole = names.len() == 1 && bit_names(right) == names;
        let negated = match (op, zero, whole) {
            (MatchOp::Ne, true, _) => false,
            (MatchOp::Eq | MatchOp::Implicit, true, _) => true,
            (MatchOp::Eq | MatchOp::Implicit, _, true) => false,
            (MatchOp::Ne, _, true) => true,
            _ => {
                let condition = self.unreadable(said);
                return Some(one(PacketBox::any(), condition.negate(op == MatchOp::Ne)));
            }
        };
        let text = format!("{}", b.left) + " " + &names.join(",");
        let said = Said {
            text: &text,
            ..said
        };
        let needs = looked_at(&b.left, self.family).needs;
        if &**key == "status" {
            return Some(self.status_bits(&names, said, (&needs, negated)));
        }
        let Some(set) = value::states(&b.right) else {
            let condition = self.unreadable(said);
            return Some(one(needs, condition.negate(negated)));
        };
        let mut space = needs;
        let set = if negated { set.complement() } else { set };
        space.state = StateSet(space.state.0 & set.0);
        Some(vec![of_box(space)])
    }

    fn way(
        &mut self,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
    ) -> Alternatives {
        let one_of = |name: &str| values.iter().any(|v| v.symbol() == Some(name));
        let (to, back) = (
            one_of("original") || one_of("0"),
            one_of("reply") || one_of("1"),
        );
        match (to != negated, back != negated) {
            (true, true) => vec![of_box(needs.clone())],
            (false, false) => Vec::new(),
            (_, reply) => {
                let test = Test::Connection(Box::new(ConnTest::Way { reply }));
                let text = format!("ct direction {}", if reply { "reply" } else { "original" });
                let condition = Condition::new(ConditionKind::Unknown, test, said.span, text);
                one(needs.clone(), condition)
            }
        }
    }

    /// Marks: one of the values, or none of them.
    fn marks(
        &mut self,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
        test: impl Fn(u32, u32) -> Test,
    ) -> Alternatives {
        let mut all = RangeSet::empty();
        for v in values {
            let ends = match &v.kind {
                ExprKind::Range(ends) => (constant::number(&ends.0), constant::number(&ends.1)),
                _ => {
                    let n = constant::number(v);
                    (n, n)
                }
            };
            let (Some(lo), Some(hi)) = ends else {
                let condition = self.unreadable(said);
                return one(needs.clone(), condition.negate(negated));
            };
            all.insert(lo, hi);
        }
        self.marked(&all, said, (needs, negated), test)
    }

    /// Values of a mark under a mask: one of them, or none.
    fn masked(
        &mut self,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
        test: impl Fn(u32) -> Test,
    ) -> Alternatives {
        let numbers: Option<Vec<u32>> = values.iter().map(|v| constant::number(v)).collect();
        let Some(numbers) = numbers else {
            let condition = self.unreadable(said);
            return one(needs.clone(), condition.negate(negated));
        };
        let each = numbers.into_iter().map(|n| {
            let test = test(n);
            let text = mark_text(&test);
            Condition::new(ConditionKind::Unknown, test, said.span, text).negate(negated)
        });
        alternatives(each, needs, negated)
    }

    /// Marks of some ranges, each as blocks that a mask tells.
    fn marked(
        &mut self,
        marks: &RangeSet<u32>,
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
        test: impl Fn(u32, u32) -> Test,
    ) -> Alternatives {
        let blocks: Vec<(u32, u32)> = marks.iter().flat_map(|(lo, hi)| blocks(lo, hi)).collect();
        if blocks.is_empty() {
            return match negated {
                true => vec![of_box(needs.clone())],
                false => Vec::new(),
            };
        }
        let each = blocks.into_iter().map(|(value, mask)| {
            let test = test(value, mask);
            let text = mark_text(&test);
            Condition::new(ConditionKind::Unknown, test, said.span, text).negate(negated)
        });
        alternatives(each, needs, negated)
    }

    fn types(
        &mut self,
        side: Side,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
    ) -> Alternatives {
        let types = values
            .iter()
            .try_fold(0, |all, v| Some(all | v.symbol().and_then(addr_type)?.0));
        let condition = match types {
            Some(types) => {
                let test = Test::AddrType {
                    side,
                    types: AddrTypes(types),
                    single: true,
                };
                Condition::new(ConditionKind::Unknown, test, said.span, said.text)
            }
            None => self.unreadable(said),
        };
        one(needs.clone(), condition.negate(negated))
    }

    fn hardware(
        &mut self,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
    ) -> Alternatives {
        let mut each = Vec::new();
        for v in values {
            let Some(mac) = v.symbol() else {
                let condition = self.unreadable(said);
                return one(needs.clone(), condition.negate(negated));
            };
            let mac = full_mac(mac);
            let text = format!("source MAC {mac}");
            let test = Test::Mac(mac.into());
            each.push(Condition::new(ConditionKind::Peer, test, said.span, text).negate(negated));
        }
        alternatives(each.into_iter(), needs, negated)
    }

    fn packet_type(
        &mut self,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
    ) -> Alternatives {
        let mut each = Vec::new();
        for v in values {
            let kind = match v.symbol() {
                Some("host" | "unicast" | "0") => "unicast",
                Some("broadcast" | "1") => "broadcast",
                Some("multicast" | "2") => "multicast",
                // Frames for others, which no host takes.
                Some("other" | "3") => continue,
                _ => {
                    let condition = self.unreadable(said);
                    return one(needs.clone(), condition.negate(negated));
                }
            };
            let test = Test::PktType(kind.into());
            let text = format!("packet type {kind}");
            each.push(
                Condition::new(ConditionKind::Unknown, test, said.span, text).negate(negated),
            );
        }
        alternatives(each.into_iter(), needs, negated)
    }

    /// `fib saddr . iif oif missing`: no route back by the interface that the packet came in by.
    fn route_back(
        &mut self,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
    ) -> Alternatives {
        let exists = match values {
            [v] => match v.symbol() {
                Some("missing" | "false" | "0") => Some(false),
                Some("exists" | "true") => Some(true),
                _ => None,
            },
            _ => None,
        };
        let Some(exists) = exists else {
            let condition = self.unreadable(said);
            return one(needs.clone(), condition.negate(negated));
        };
        let text = "a route back by the interface that it came in by";
        let condition = Condition::new(ConditionKind::Unknown, Test::ReversePath, said.span, text);
        one(needs.clone(), condition.negate(exists == negated))
    }

    /// Something that packets of a flow do not have: whether it is 0, missing, or not.
    fn zero(
        &mut self,
        values: &[&Expr<'a>],
        said: Said<'_>,
        (needs, negated): (&PacketBox, bool),
        test: Test,
    ) -> Alternatives {
        let none = match values {
            [v] => match v.symbol() {
                Some("missing" | "false" | "0") => true,
                Some("exists" | "true" | "1") => false,
                _ if test == Test::Fragment => false,
                _ => {
                    let condition = self.unreadable(said);
                    return one(needs.clone(), condition.negate(negated));
                }
            },
            _ => false,
        };
        let condition = Condition::new(ConditionKind::Unknown, test, said.span, said.text);
        one(needs.clone(), condition.negate(none != negated))
    }
}

impl<'e, 'a> Operand<'e, 'a> {
    fn take(&mut self, elements: &'e [Element<'a>]) {
        let passing = |e: &&Element<'_>| e.extra.as_ref().is_some_and(|x| x.expires);
        self.passing
            .extend(elements.iter().filter(passing).map(|e| &e.key));
        self.sure
            .extend(elements.iter().filter(|e| !passing(e)).map(|e| &e.key));
    }
}

/// What is less or greater than a value, or (`<=`, `>=`) the value as well.
fn compared<T: Scalar>(op: MatchOp, at: T) -> RangeSet<T> {
    let all = RangeSet::full();
    let side = match op {
        MatchOp::Lt | MatchOp::Le => all.first().map(|lo| RangeSet::range(lo, at)),
        _ => all.last().map(|hi| RangeSet::range(at, hi)),
    };
    let side = side.unwrap_or_default();
    match op {
        MatchOp::Lt | MatchOp::Gt => side.subtract(&RangeSet::single(at)),
        _ => side,
    }
}

/// The same of the first value of a set; nothing where it has none.
fn from_first<T: Scalar>(op: MatchOp, set: &RangeSet<T>) -> RangeSet<T> {
    set.first().map(|at| compared(op, at)).unwrap_or_default()
}

/// The same under one more condition.
pub(super) fn with(clauses: &[Clause], condition: &Condition) -> Alternatives {
    let mut out = clauses.to_vec();
    for clause in &mut out {
        clause.conditions.push(condition.clone());
    }
    out
}

/// Members that are known, and others that a condition tells.
fn with_open(
    looked: &Looked,
    mut sure: Alternatives,
    condition: Condition,
    negated: bool,
) -> Alternatives {
    if negated {
        return with(&sure, &condition);
    }
    sure.retain(|c| !c.space.is_empty());
    let mut left = vec![looked.needs.clone()];
    for clause in sure.iter().filter(|c| c.conditions.is_empty()) {
        left = left
            .iter()
            .flat_map(|b| b.subtract(&clause.space))
            .collect();
    }
    for space in left {
        sure.extend(one(space, condition.clone()));
    }
    sure
}

/// Each condition alone, or all of them together where they are negated.
fn alternatives(
    each: impl Iterator<Item = Condition>,
    needs: &PacketBox,
    negated: bool,
) -> Alternatives {
    if negated {
        return vec![Clause {
            space: needs.clone(),
            conditions: each.collect(),
        }];
    }
    each.flat_map(|c| one(needs.clone(), c)).collect()
}

/// A hardware address with two digits a byte (nft takes one, too).
fn full_mac(text: &str) -> String {
    let bytes: Vec<String> = text
        .split(':')
        .map(|b| format!("{:0>2}", b.to_ascii_lowercase()))
        .collect();
    bytes.join(":")
}

/// Numbers of a range as blocks of which a mask tells all (`value`, `mask`).
fn blocks(lo: u32, hi: u32) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    let (mut at, end) = (u64::from(lo), u64::from(hi));
    while at <= end {
        let align = match at {
            0 => 32,
            at => at.trailing_zeros().min(32),
        };
        let room = (end - at + 1).ilog2();
        let bits = align.min(room);
        let size = 1u64 << bits;
        let value = u32::try_from(at).unwrap_or(u32::MAX);
        out.push((value, u32::try_from((1u64 << 32) - size).unwrap_or(0)));
        at += size;
    }
    out
}

fn mark_text(test: &Test) -> String {
    match test {
        Test::ConnMark { value, mask } => format!("connmark {value:#x}/{mask:#x}"),
        Test::Mark { value, mask } => format!("mark {value:#x}/{mask:#x}"),
        _ => String::new(),
    }
}

fn bit_names<'e>(value: &'e Expr<'_>) -> Vec<&'e str> {
    match &value.kind {
        ExprKind::Binary(b) => {
            let mut all = bit_names(&b.left);
            all.extend(bit_names(&b.right));
            all
        }
        ExprKind::List(parts) => parts.iter().flat_map(bit_names).collect(),
        _ => value.symbol().into_iter().collect(),
    }
}

fn narrowed<T: hylint_space::Scalar + TryFrom<u32>>(set: &RangeSet<u32>) -> RangeSet<T> {
    let cut = |v: u32| T::try_from(v).ok();
    let full = RangeSet::<T>::full();
    let most = full.last();
    let each = set.iter().filter_map(|(lo, hi)| {
        let lo = cut(lo)?;
        Some((lo, cut(hi).or(most)?))
    });
    each.collect()
}

/// The packets whose dimension has these values; `None` of a field that is none.
pub(super) fn boxes(field: &Field, needs: &PacketBox, within: Within) -> Option<PacketBox> {
    let mut b = needs.clone();
    match (field, within) {
        (Field::Addr(Side::Src, _), Within::Addrs(set)) => b.src = b.src.intersect(&set),
        (Field::Addr(Side::Dst, _), Within::Addrs(set)) => b.dst = b.dst.intersect(&set),
        (Field::Port(Side::Src) | Field::IcmpType(_), Within::Ports(set)) => b.sport = set,
        (Field::Port(Side::Dst) | Field::IcmpCode(_), Within::Ports(set)) => b.dport = set,
        (Field::Protocol, Within::Protocols(set)) => b.proto = b.proto.intersect(&set),
        (Field::Family | Field::EtherType, Within::Families(v4, v6)) => {
            let mut none = of_family(Family::V4);
            match (v4, v6) {
                (true, true) => none = PacketBox::any(),
                (true, false) => {}
                (false, true) => none = of_family(Family::V6),
                (false, false) => none.src = AddrSet::empty(),
            }
            b = b.intersect(&none);
        }
        (Field::Interface(false) | Field::InterfaceType(false), Within::Interfaces(set)) => {
            b.in_iface = set
        }
        (Field::Interface(true) | Field::InterfaceType(true), Within::Interfaces(set)) => {
            b.out_iface = set
        }
        _ => return None,
    }
    Some(b.paired())
}
