//! A rule while its options are read.

use super::token::Token;
use hylint_model::{
    Action, Clause, Condition, ConditionKind, Field, ProblemKind, Span, Test, Wording, reworded,
};
use hylint_space::{AddrSet, PacketBox, PortSet, ProtoSet, proto};
use smallvec::SmallVec;
use thin_vec::ThinVec;

/// Number of values that an option takes.
pub(super) mod arity {
    /// A flag.
    pub(in super::super) const NONE: u8 = 0;
    /// One value.
    pub(in super::super) const ONE: u8 = 1;
    /// Two values.
    pub(in super::super) const TWO: u8 = 2;
    /// One value that may look like an option.
    pub(in super::super) const TEXT: u8 = 9;
}

/// The long options of a match or target (without dashes) and how many values each takes.
pub(super) type OptionTable = &'static [(&'static str, u8)];

/// One option as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opt<'a> {
    /// The match or target it belongs to, by its order on the line.
    pub(super) call: usize,
    /// Its full name without dashes.
    pub(super) name: &'a str,
    /// Whether `!` stands before it or before its value.
    pub(super) negated: bool,
    /// First value; empty if missing.
    pub(super) a: Token<'a>,
    /// Second value; empty if missing.
    pub(super) b: Token<'a>,
    /// Option, negation and values.
    pub(super) span: Span,
}

/// The options of one match or target.
#[derive(Debug)]
pub(super) struct Args<'d, 'a> {
    /// Options of the whole rule.
    pub(super) all: &'d [Opt<'a>],
    /// Which of them are meant.
    pub(super) call: usize,
    /// From the match's or target's name to its last option.
    pub(super) span: Span,
    /// That text.
    pub(super) text: &'a str,
    /// The match's or target's name.
    pub(super) name: &'a str,
}

impl<'d, 'a> Args<'d, 'a> {
    /// The options, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'d Opt<'a>> {
        let call = self.call;
        self.all.iter().filter(move |o| o.call == call)
    }

    /// The last option of a name.
    pub(super) fn get(&self, name: &str) -> Option<&'d Opt<'a>> {
        self.iter().filter(|o| o.name == name).last()
    }
}

/// Most clauses of one rule; beyond it the alternatives become one condition that is not modelled.
const MAX_CLAUSES: usize = 256;

/// What is known of a rule so far.
#[derive(Debug)]
pub(super) struct Draft {
    /// What every clause is inside of.
    pub(super) space: PacketBox,
    /// Further factors: the packet fits a clause of each.
    alternatives: Vec<SmallVec<[Clause; 2]>>,
    /// Conditions of every clause.
    pub(super) conditions: ThinVec<Condition>,
    /// Places.
    pub(super) fields: SmallVec<[(Field, Span); 8]>,
    /// Text of the comment match.
    pub(super) comment: String,
    /// The first thing that was not taken as written.
    pub(super) problem: Option<(ProblemKind, Span, Wording)>,
    /// See [`super::rule::Context`].
    pub(super) merges_ports: bool,
}

impl Draft {
    /// A rule for every packet of a box.
    pub(super) fn new(space: PacketBox, merges_ports: bool) -> Self {
        Self {
            space,
            alternatives: Vec::new(),
            conditions: ThinVec::new(),
            fields: SmallVec::new(),
            comment: String::new(),
            problem: None,
            merges_ports,
        }
    }

    /// Adds a condition.
    pub(super) fn condition(
        &mut self,
        kind: ConditionKind,
        test: Test,
        span: Span,
        text: impl Into<Box<str>>,
        negated: bool,
    ) {
        self.conditions
            .push(Condition::new(kind, test, span, text).negate(negated));
    }

    /// Remembers a problem; the first one of a rule is told.
    pub(super) fn note(&mut self, kind: ProblemKind, span: Span, message: impl Into<Wording>) {
        if self.problem.is_none() {
            self.problem = Some((kind, span, message.into()));
        }
    }

    /// A condition that is not modelled, with its problem.
    pub(super) fn unknown(&mut self, span: Span, text: &str) {
        self.unmodelled(Test::Opaque, span, text);
    }

    /// The same with a test of a kind.
    pub(super) fn unmodelled(&mut self, test: Test, span: Span, text: &str) {
        self.condition(ConditionKind::Unknown, test, span, text, false);
        self.note(ProblemKind::Unmodelled, span, unmodelled(text));
    }

    /// A target of which `why` says what is not known: what becomes of the packet stays open, with its problem.
    pub(super) fn unmodelled_target(&mut self, args: &Args<'_, '_>, why: &str) -> Action {
        let text = args.text;
        let message = format!("`{text}`: {why}, so what becomes of the packet stays open");
        self.note(ProblemKind::Unmodelled, args.span, message);
        Action::Opaque(text.into())
    }

    /// A value that cannot be read: a condition that is not modelled, with its problem.
    pub(super) fn unreadable(&mut self, opt: &Opt<'_>, what: &str) {
        let text = format!("--{} {}", opt.name, opt.a.value());
        self.condition(
            ConditionKind::Unknown,
            Test::Opaque,
            opt.span,
            text,
            opt.negated,
        );
        self.note(
            ProblemKind::Malformed,
            opt.span,
            reworded(
                format!("invalid {what} `{}`", opt.a.value()),
                format!("`{}` is no {what}", opt.a.value()),
            ),
        );
    }

    /// A rule that iptables does not load: nothing is known of it, with its problem.
    pub(super) fn refused(&mut self, span: Span, why: impl std::fmt::Display) {
        let text = "a rule that iptables refuses";
        self.condition(ConditionKind::Unknown, Test::Opaque, span, text, false);
        let message = format!("iptables refuses the rule: {why}");
        self.note(ProblemKind::Malformed, span, message);
    }

    /// Narrows the protocol by a match that iptables loads beside `-p` of that protocol alone.
    pub(super) fn proto_of(&mut self, args: &Args<'_, '_>, protocol: u8) {
        if self.space.proto.only() != Some(protocol) {
            let name = args.name;
            let why =
                format_args!("`-m {name}` needs `-p` with its protocol before it or after it");
            self.refused(args.span, why);
        }
        self.proto(&ProtoSet::single(protocol));
    }

    /// Narrows the protocol.
    pub(super) fn proto(&mut self, set: &ProtoSet) {
        self.space.proto = self.space.proto.intersect(set);
    }

    /// Narrows to protocols that carry ports.
    pub(super) fn with_ports(&mut self) {
        let first = self.space.proto.iter().next();
        if !first.is_some_and(|(a, b)| a == b && proto::has_ports(a)) {
            self.proto(&proto::with_ports());
        }
    }

    /// Narrows source ports (or ICMP types).
    pub(super) fn sport(&mut self, set: &PortSet, negated: bool) {
        self.space.sport = narrowed(&self.space.sport, set, negated);
    }

    /// Narrows destination ports (or ICMP codes).
    pub(super) fn dport(&mut self, set: &PortSet, negated: bool) {
        self.space.dport = narrowed(&self.space.dport, set, negated);
    }

    /// Narrows source addresses. A negated set keeps the addresses of both families that it does not hold.
    pub(super) fn src(&mut self, set: &AddrSet, negated: bool) {
        self.space.src = addresses(&self.space.src, set, negated);
    }

    /// Narrows destination addresses.
    pub(super) fn dst(&mut self, set: &AddrSet, negated: bool) {
        self.space.dst = addresses(&self.space.dst, set, negated);
    }

    /// The packet is in one of the boxes.
    pub(super) fn any_of(&mut self, boxes: impl IntoIterator<Item = PacketBox>) {
        let clause = |space| Clause {
            space,
            conditions: ThinVec::new(),
        };
        self.any_clause(boxes.into_iter().map(clause));
    }

    /// The packet fits one of the clauses.
    pub(super) fn any_clause(&mut self, clauses: impl IntoIterator<Item = Clause>) {
        self.alternatives.push(clauses.into_iter().collect());
    }

    /// The clauses.
    pub(super) fn clauses(&mut self, span: Span) -> SmallVec<[Clause; 1]> {
        let product: usize = self.alternatives.iter().map(SmallVec::len).product();
        if product > MAX_CLAUSES {
            self.alternatives.clear();
            self.unknown(span, "more alternatives than one rule can hold");
        }
        let mut out = SmallVec::from_buf([Clause {
            space: std::mem::take(&mut self.space),
            conditions: std::mem::take(&mut self.conditions),
        }]);
        for factor in &self.alternatives {
            out = out
                .iter()
                .flat_map(|c| factor.iter().map(|f| both(c, f)))
                .filter(|c| !c.space.is_empty())
                .collect();
        }
        out
    }
}

/// What is told of a match that is not modelled.
pub(super) fn unmodelled(text: &str) -> String {
    format!("`{text}` is not modelled: whether a packet matches it stays open")
}

/// What fits both clauses.
fn both(a: &Clause, b: &Clause) -> Clause {
    Clause {
        space: a.space.intersect(&b.space),
        conditions: a.conditions.iter().chain(&b.conditions).cloned().collect(),
    }
}

fn narrowed(have: &PortSet, set: &PortSet, negated: bool) -> PortSet {
    if negated {
        have.subtract(set)
    } else {
        have.intersect(set)
    }
}

fn addresses(have: &AddrSet, set: &AddrSet, negated: bool) -> AddrSet {
    if negated {
        have.subtract(set)
    } else {
        have.intersect(set)
    }
}
