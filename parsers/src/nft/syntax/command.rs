//! Commands and the objects that they are about.

use super::rule::{Element, Expr, RuleDecl, Target};
use hylint_model::{Hook, Span, TableFamily};
use std::borrow::Cow;

/// What a command does. A block (`table inet x { chain y { … } }`) and a listing are commands that add.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CommandKind {
    /// `add`, a block, or an object of a listing.
    Add,
    /// `create`: an error if it is there.
    Create,
    /// `insert rule`.
    Insert,
    /// `replace rule`.
    Replace,
    /// `delete`.
    Delete,
    /// `destroy`: as delete, and no error if it is not there.
    Destroy,
    /// `flush`.
    Flush,
    /// `list`, `reset`, `rename`, `monitor`, `describe`, `import` …: changes no rule (`rename` is [`Object::Other`] with its text).
    Other,
}

/// One command.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Command<'a> {
    /// What it does.
    pub kind: CommandKind,
    /// To what.
    pub object: Object<'a>,
    /// Its whole text.
    pub span: Span,
}

/// An object of a command.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Object<'a> {
    /// The whole ruleset, or that of one family (`flush ruleset inet`).
    Ruleset(Option<TableFamily>),
    /// A table.
    Table(TableDecl<'a>),
    /// A chain.
    Chain(Box<ChainDecl<'a>>),
    /// A rule (of `delete rule` and `replace rule`, the place names the old one).
    Rule(Box<RuleDecl<'a>>),
    /// A set or map.
    Set(Box<SetDecl<'a>>),
    /// Elements of a set or map.
    Elements(Target<'a>, Vec<Element<'a>>),
    /// Something that no verdict depends on: flowtable, counter, quota, limit, ct helper, ct timeout, ct expectation, synproxy,
    /// secmark, or the metainfo.
    Other(ObjectKind, Target<'a>),
}

/// Kinds of objects that only statements name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ObjectKind {
    /// `flowtable`
    Flowtable,
    /// `counter`
    Counter,
    /// `quota`
    Quota,
    /// `limit`
    Limit,
    /// `ct helper`, `ct timeout`, `ct expectation`
    CtObject,
    /// `synproxy`
    Synproxy,
    /// `secmark`
    Secmark,
    /// `tunnel` and whatever comes: its text is the target's name.
    Unknown,
}

/// A table.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct TableDecl<'a> {
    /// Which.
    pub target: Target<'a>,
    /// `flags dormant`: its chains are not called.
    pub dormant: bool,
    /// A flag that is not known: it may be dormant.
    pub unknown_flag: bool,
    /// `flags owner`: a running program holds it.
    pub owner: bool,
    /// Its comment.
    pub comment: Option<Cow<'a, str>>,
    /// The remark before it says that iptables-nft manages it.
    pub iptables: bool,
    /// `table inet x`, without the block.
    pub head: Span,
}

/// A chain. A block for a chain that is there adds rules to it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ChainDecl<'a> {
    /// Which.
    pub target: Target<'a>,
    /// Where the kernel calls it; `None` of a chain that only rules call.
    pub hook: Option<Hooking<'a>>,
    /// `policy accept` (true) or `policy drop`, with its place.
    pub policy: Option<(bool, Span)>,
    /// Its comment.
    pub comment: Option<Cow<'a, str>>,
    /// `chain x`, without the block.
    pub head: Span,
}

/// `type filter hook input device eth0 priority filter + 10`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Hooking<'a> {
    /// `filter`, `nat`, `route`; another word is kept.
    pub kind: Cow<'a, str>,
    /// The hook; `None` if its word is not one of a hook.
    pub hook: Option<Hook>,
    /// The hook's word.
    pub word: Cow<'a, str>,
    /// The priority.
    pub priority: Priority<'a>,
    /// `device x`, `devices = { … }`.
    pub devices: Vec<Cow<'a, str>>,
    /// The whole line.
    pub span: Span,
}

/// `filter + 10`, `-150`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Priority<'a> {
    /// `raw`, `mangle`, `dstnat`, `filter`, `security`, `srcnat`, `out`; `None` where only a number is written.
    pub name: Option<Cow<'a, str>>,
    /// The number, or what is added to the name.
    pub offset: i32,
}

/// The type of a set's elements.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum SetType<'a> {
    /// `type ipv4_addr . inet_service`: the words.
    Named(Vec<Cow<'a, str>>),
    /// `typeof ip saddr . tcp dport`.
    Typeof(Expr<'a>),
}

/// Flags of a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SetFlags {
    /// `constant`: nothing changes it.
    pub constant: bool,
    /// `dynamic`: rules write it.
    pub dynamic: bool,
    /// `interval`.
    pub interval: bool,
    /// `timeout`: elements may go by themselves.
    pub timeout: bool,
    /// `limit`, `quota` or `ct count` of its own, which every lookup asks as well.
    pub limited: bool,
}

/// A set or map.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SetDecl<'a> {
    /// Which.
    pub target: Target<'a>,
    /// What is looked up; `None` if the declaration does not say (an error of nft).
    pub key: Option<SetType<'a>>,
    /// What it maps to (`verdict`, a type, or `typeof`); `None` for a set.
    pub data: Option<SetType<'a>>,
    /// Flags.
    pub flags: SetFlags,
    /// `size n`: no more elements than these.
    pub size: Option<u64>,
    /// `elements = { … }`.
    pub elements: Vec<Element<'a>>,
    /// `set x`, without the block.
    pub head: Span,
}
