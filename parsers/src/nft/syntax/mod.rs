//! What a ruleset of nftables says, whether it was written as text or as JSON: commands, the objects that they are about,
//! statements and expressions, in the terms of nft(8) and libnftables-json(5). Nothing is resolved here but variables and
//! includes, which only the text form has.

mod command;
mod expr;
mod print;
mod statement;

pub(crate) use command::{
    ChainDecl, Command, CommandKind, Hooking, Object, ObjectKind, Priority, RuleDecl, RulePlace,
    SetDecl, SetFlags, SetType, TableDecl, Target,
};
pub(crate) use expr::{
    Binary, BinaryOp, CtDirection, Element, ElementExtra, Expr, ExprKind, Fib, Hash, Lookup,
    NumGen, PayloadBase,
};
pub(crate) use statement::{MatchOp, NatStmt, Statement, StatementKind, UpdateOp, Verdict};
