//! What a ruleset of nftables says, whether it was written as text or as JSON: commands, the objects that they are about,
//! statements and expressions, in the terms of nft(8) and libnftables-json(5). Nothing is resolved here but variables and
//! includes, which only the text form has.

mod command;
mod print;
mod rule;

pub(crate) use command::{
    ChainDecl, Command, CommandKind, Hooking, Object, ObjectKind, Priority, SetDecl, SetFlags,
    SetType, TableDecl,
};
pub(crate) use rule::{
    Binary, BinaryOp, CtDirection, Element, ElementExtra, Expr, ExprKind, Fib, Hash, Lookup,
    MatchOp, NatStmt, NumGen, PayloadBase, Rejection, RuleDecl, RulePlace, Statement,
    StatementKind, Target, UpdateOp, Verdict,
};
