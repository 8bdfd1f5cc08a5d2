//! A rule: its statements and their expressions.

use hylint_model::{NatKind, Span, TableFamily};
use std::borrow::Cow;

/// Which table, or which object of a table.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Target<'a> {
    /// Family; `ip` where none is written.
    pub family: TableFamily,
    /// The table.
    pub table: Cow<'a, str>,
    /// The object in it; empty for the table itself or where a handle names it.
    pub name: Cow<'a, str>,
    /// `handle n`.
    pub handle: Option<u64>,
}

/// Where a rule goes, or which one is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RulePlace {
    /// No place given: the end (add) or the beginning (insert).
    Unsaid,
    /// `position n`, `handle n`: the rule with this handle, behind or before which it goes, or which is meant.
    Handle(u64),
    /// `index n`: the same by number from 0.
    Index(u64),
}

/// A rule.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct RuleDecl<'a> {
    /// Its chain (the name of the target).
    pub target: Target<'a>,
    /// Where it goes, or which one is meant.
    pub place: RulePlace,
    /// Its own handle in a listing (`# handle 4`, JSON `handle`).
    pub handle: Option<u64>,
    /// In order.
    pub statements: Vec<Statement<'a>>,
    /// `comment "…"`.
    pub comment: Option<Cow<'a, str>>,
    /// Its text.
    pub span: Span,
}

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

/// What a rejected packet is answered with: packets that cannot be answered so are not rejected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rejection {
    /// Whatever fits the packet (`icmpx`, or nothing said).
    Any,
    /// `with icmp …`: IPv4 alone.
    Icmp,
    /// `with icmpv6 …`: IPv6 alone.
    Icmpv6,
    /// `with tcp reset`: TCP alone.
    TcpReset,
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
    Reject(Rejection),
    /// `notrack`.
    Notrack,
    /// `log`, `counter`, `last`, `meta nftrace set …` are [`Self::Mangle`]; whatever neither matches nor changes a packet.
    Silent,
    /// `limit rate …`, with `over` where the flag is set. A named limit (`limit name "x"`) too.
    Limit {
        /// It matches what exceeds the rate.
        over: bool,
        /// What is said of it, as nft lists it: `rate over 10/second burst 3 packets`, `name "x"`.
        text: Cow<'a, str>,
    },
    /// `quota …`, also a named one.
    Quota {
        /// It matches what exceeds the quota.
        over: bool,
        /// What is said of it, as nft lists it: `over 10 mbytes`, `name "x"`.
        text: Cow<'a, str>,
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

/// An expression with its place.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Expr<'a> {
    /// Its text.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind<'a>,
}

/// An expression (nft(8), "EXPRESSIONS").
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum ExprKind<'a> {
    /// A constant: a number, a name, an address, as written and without quotes. What it stands for, its type decides.
    Symbol(Cow<'a, str>),
    /// A constant in quotes (text) that no name is looked up for: an interface, a helper.
    Quoted(Cow<'a, str>),
    /// `addr/len`.
    Prefix {
        /// The address.
        addr: Cow<'a, str>,
        /// Bits.
        len: u8,
    },
    /// `low-high`.
    Range(Box<(Expr<'a>, Expr<'a>)>),
    /// `a . b`: the parts.
    Concat(Vec<Expr<'a>>),
    /// `a,b` without braces: bits of a bitmask of which any may be set (or a list where a statement takes several values).
    List(Vec<Expr<'a>>),
    /// `{ … }`: an anonymous set, map or verdict map.
    Set(Vec<Element<'a>>),
    /// `@name`: a named set or map.
    SetRef(Cow<'a, str>),
    /// `*`: whatever nothing else of the set matches.
    Wildcard,
    /// `key map data` or `key vmap data`.
    Map(Box<Lookup<'a>>),
    /// Bit operations and shifts.
    Binary(Box<Binary<'a>>),
    /// A verdict: the data of a verdict map.
    Verdict(Box<Verdict<'a>>),
    /// A field of a header (`ip saddr`, `tcp dport`, `th dport`, `icmp type`, `ether saddr`, `vlan id`, `arp operation` …):
    /// protocol and field as nft lists them.
    Payload(Cow<'a, str>, Cow<'a, str>),
    /// `@base,offset,length` in bits.
    RawPayload {
        /// Where the offset counts from.
        base: PayloadBase,
        /// Bits.
        offset: u32,
        /// Bits.
        len: u32,
    },
    /// `meta key`; the key as listed (`iifname`, `l4proto`, `mark` …).
    Meta(Cow<'a, str>),
    /// `ct [original|reply] [ip|ip6] key`.
    Ct {
        /// The key as listed: `state`, `saddr`, `proto-dst` …; with the family before it where one is written (`ip saddr`).
        key: Cow<'a, str>,
        /// Of which direction.
        dir: Option<CtDirection>,
    },
    /// `fib …`.
    Fib(Box<Fib<'a>>),
    /// `rt key` of routing data (`classid`, `nexthop`, `mtu`, `ipsec`), with the family before it where one is written.
    Rt(Cow<'a, str>),
    /// `socket key` (`transparent`, `mark`, `wildcard`, `cgroupv2 level n`).
    Socket(Cow<'a, str>),
    /// `osf name` or `osf version`, with its ttl word.
    Osf(Cow<'a, str>),
    /// `ipsec …`, whole text.
    Ipsec(Cow<'a, str>),
    /// An IPv6 extension header's field, or whether there is one (empty field): `frag more-fragments`, `exthdr hbh`.
    ExtHdr(Cow<'a, str>, Cow<'a, str>),
    /// `tcp option name field`; an empty field asks whether it is there.
    TcpOption(Cow<'a, str>, Cow<'a, str>),
    /// `ip option …`, `sctp chunk …`, `dccp option …`: whole text.
    OtherOption(Cow<'a, str>),
    /// `numgen`.
    NumGen(Box<NumGen>),
    /// `jhash`, `symhash`.
    Hash(Box<Hash<'a>>),
    /// An element with extras where a single one may stand (JSON `elem`).
    Element(Box<Element<'a>>),
    /// Something that is not known to hylint; its text.
    Unknown(Cow<'a, str>),
}

/// An element of a set or map.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Element<'a> {
    /// What is looked up.
    pub key: Expr<'a>,
    /// What it maps to; `None` in a set.
    pub data: Option<Expr<'a>>,
    /// Timeout, comment and statements, where it has any.
    pub extra: Option<Box<ElementExtra<'a>>>,
}

/// What an element has beside its key.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct ElementExtra<'a> {
    /// It goes after some time (`timeout`, `expires`), by itself.
    pub expires: bool,
    /// Its comment.
    pub comment: Option<Cow<'a, str>>,
    /// `counter`, `limit`, `quota`, `ct count`, `last` of the element.
    pub statements: Vec<Statement<'a>>,
}

/// `key map { … }`, `key vmap @name`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Lookup<'a> {
    /// What is looked up.
    pub key: Expr<'a>,
    /// A set with data, or a named map.
    pub data: Expr<'a>,
}

/// `left op right`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Binary<'a> {
    /// The operation.
    pub op: BinaryOp,
    /// Left.
    pub left: Expr<'a>,
    /// Right.
    pub right: Expr<'a>,
}

/// A bit operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BinaryOp {
    /// `|`
    Or,
    /// `&`
    And,
    /// `^`
    Xor,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

/// What the offset of raw payload counts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PayloadBase {
    /// `ll`
    Link,
    /// `nh`
    Network,
    /// `th`
    Transport,
    /// `ih`
    Inner,
}

/// A direction of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CtDirection {
    /// That of its first packet.
    Original,
    /// That of the replies.
    Reply,
}

/// `fib FLAGS RESULT`: `fib saddr . iif oif`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Fib<'a> {
    /// `saddr`, `daddr`, `mark`, `iif`, `oif`.
    pub flags: Vec<Cow<'a, str>>,
    /// `oif`, `oifname`, `type`, or (newer, with a boolean) `check`.
    pub result: Cow<'a, str>,
}

/// `numgen inc|random mod N offset M`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct NumGen {
    /// `random`, else `inc`.
    pub random: bool,
    /// One more than the largest value.
    pub modulus: u32,
    /// Added to the value.
    pub offset: u32,
}

/// `jhash EXPR mod N [seed S] [offset M]`, `symhash mod N`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Hash<'a> {
    /// What is hashed; `None` for `symhash`.
    pub of: Option<Expr<'a>>,
    /// One more than the largest value; 0 if none is given.
    pub modulus: u32,
    /// Added to the value.
    pub offset: u32,
}

impl<'a> Expr<'a> {
    /// An expression at a place.
    pub(crate) fn new(span: Span, kind: ExprKind<'a>) -> Self {
        Self { span, kind }
    }

    /// Whether a comparison without an operator asks for bits of it (types of nft that are bitmasks).
    pub(crate) fn is_bitmask(&self) -> bool {
        match &self.kind {
            ExprKind::Payload(protocol, field) => protocol == "tcp" && field == "flags",
            ExprKind::Ct { key, .. } => matches!(&**key, "state" | "status" | "label" | "event"),
            _ => false,
        }
    }

    /// The text of a constant, quoted or not.
    pub(crate) fn symbol(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Symbol(text) | ExprKind::Quoted(text) => Some(text),
            _ => None,
        }
    }
}

// Sets hold elements by the million.
const _: () = assert!(size_of::<Expr<'_>>() <= 64 && size_of::<Element<'_>>() <= 136);
