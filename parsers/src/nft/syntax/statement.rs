//! Statements: the parts of a rule.

use super::command::RuleDecl;
use super::expr::Expr;
use hylint_model::{NatKind, Span};
use std::borrow::Cow;

/// A statement with its place.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Statement<'a> {
    /// Its text.
    pub span: Span,
    /// What it is.
    pub kind: StatementKind<'a>,
}

/// How a match compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MatchOp {
    /// No operator, or JSON's `in`: bits of a bitmask any of which may be set, else equal or member of.
    Implicit,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `>`
    Gt,
    /// `<=`
    Le,
    /// `>=`
    Ge,
    /// `!` before a bitmask: none of the bits.
    Not,
}

/// A verdict (nft(8), "VERDICT STATEMENT").
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Verdict<'a> {
    /// `accept`
    Accept,
    /// `drop`
    Drop,
    /// `continue`
    Continue,
    /// `return`
    Return,
    /// `jump chain`
    Jump(Cow<'a, str>),
    /// `goto chain`
    Goto(Cow<'a, str>),
    /// `jump { rules }`, and `goto { rules }` where the flag is set.
    Anonymous(Vec<RuleDecl<'a>>, bool),
    /// `queue` as the data of a map.
    Queue,
}

/// What a dynamic set statement does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UpdateOp {
    /// `add @set { … }`
    Add,
    /// `update @set { … }`
    Update,
    /// `delete @set { … }`
    Delete,
}

/// A statement (nft(8), "STATEMENTS").
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum StatementKind<'a> {
    /// `left op right`.
    Match {
        /// What is compared.
        left: Expr<'a>,
        /// How.
        op: MatchOp,
        /// With what.
        right: Expr<'a>,
    },
    /// A verdict.
    Verdict(Verdict<'a>),
    /// `key vmap data`.
    Vmap(Expr<'a>, Expr<'a>),
    /// `expression set value`: `meta mark set 1`, `ct mark set meta mark`, `ip dscp set cs1`, `tcp option maxseg size set rt mtu`.
    Mangle(Expr<'a>, Expr<'a>),
    /// `snat`, `dnat`, `masquerade`, `redirect`.
    Nat(Box<NatStmt<'a>>),
    /// `reject`, whatever it answers.
    Reject,
    /// `notrack`.
    Notrack,
    /// `log`, `counter`, `last`, `meta nftrace set …` are [`Self::Mangle`]; whatever neither matches nor changes a packet.
    Silent,
    /// `limit rate …`, with `over` where the flag is set. A named limit (`limit name "x"`) too.
    Limit {
        /// It matches what exceeds the rate.
        over: bool,
    },
    /// `quota …`, also a named one.
    Quota {
        /// It matches what exceeds the quota.
        over: bool,
    },
    /// `ct count …`.
    CtCount {
        /// It matches what exceeds the count.
        over: bool,
        /// The count.
        count: u64,
    },
    /// `queue …`; the flag is `bypass`.
    Queue {
        /// Packets pass if nobody listens.
        bypass: bool,
    },
    /// `tproxy to …`.
    Tproxy,
    /// `synproxy …`, also a named one.
    Synproxy,
    /// `flow add @table`, `flow offload`.
    Flow,
    /// `dup to …`: a copy goes elsewhere.
    Dup,
    /// `fwd to …`: the packet goes elsewhere.
    Fwd,
    /// `ct helper set …`, `ct timeout set …`, `ct expectation set …`: names an object of the kind.
    CtObject(Cow<'a, str>),
    /// `add @set { key [statements] [: data] }`, and the older `meter name { key statements }` (its name, [`UpdateOp::Add`]).
    /// Its statements match or not: what follows runs only if they do.
    Update {
        /// What is done.
        op: UpdateOp,
        /// The set.
        set: Cow<'a, str>,
        /// The key that is stored.
        key: Expr<'a>,
        /// The data, of a map.
        data: Option<Expr<'a>>,
        /// `limit`, `quota`, `ct count`, `counter`.
        statements: Vec<Statement<'a>>,
    },
    /// An extension of iptables that nft cannot show: `xt match "addrtype"`, `xt target "CHECKSUM"`, or the remark that
    /// stands in its place (`# xt_addrtype`).
    Xt {
        /// A target; else a match (or a watcher).
        target: bool,
        /// Its name.
        name: Cow<'a, str>,
    },
    /// Something that is not known to hylint; its text.
    Unknown(Cow<'a, str>),
}

/// A translation.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct NatStmt<'a> {
    /// `snat`, `dnat`, `masquerade` or `redirect`; `dnat ip prefix to` is [`NatKind::Netmap`] where source or destination
    /// networks are mapped onto each other: see `prefix`.
    pub kind: NatKind,
    /// `ip` or `ip6` between the word and `to`.
    pub family: Option<Cow<'a, str>>,
    /// The new addresses: a constant, a range, a prefix, a map; or address and port in one concatenation or map.
    pub addr: Option<Expr<'a>>,
    /// The new ports.
    pub port: Option<Expr<'a>>,
    /// `prefix to`: host bits are kept.
    pub prefix: bool,
    /// `addr . port` or `interval` were written before `to` (`type_flags` of JSON): the map holds both.
    pub concat: bool,
    /// `random`, `fully-random`, `persistent`.
    pub flags: Vec<Cow<'a, str>>,
}

impl<'a> Statement<'a> {
    /// A statement at a place.
    pub(crate) fn new(span: Span, kind: StatementKind<'a>) -> Self {
        Self { span, kind }
    }
}
