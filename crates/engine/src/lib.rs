//! The engine: what a firewall does with a set of packets. It knows no vendor, no requirement, no file, no path and no text.
//!
//! A query is a box of packets. It is pushed through ordered rules; what a rule takes leaves the residual, and the run stops
//! when nothing is left. A rule whose match is undecided forks: its packets go on both as matched and as not matched.

mod align;
mod candidates;
mod changed;
mod compare;
mod connection;
mod context;
mod conversation;
mod ends;
mod evaluate;
mod facts;
mod followed;
mod grown;
mod indexes;
mod likeness;
mod lists;
mod marks;
mod matching;
mod nat;
mod netfilter;
mod outcome;
mod packets;
mod past;
mod piece;
mod process;
mod routes;
pub mod rulespace;
mod sets;
mod tracking;
mod trail;
mod tri;
mod verdict;

pub use changed::{Packets, Suspects, suspects};
pub use compare::{Cell, Change, Seen, both, cells, changes, closed, either, passing};
pub use context::{BRANCH_BUDGET, Context};
pub use conversation::converse;
pub use evaluate::{evaluate, evaluate_logged};
pub use grown::grown;
pub use hylint_model::Direction;
pub use indexes::{Indexes, ListId};
pub use netfilter::Step;
pub use outcome::{Branch, Decider, Effect, Onward, Reason, Stage};
pub use process::{Carry, LocalPolicy, Process};
pub use sets::{PointId, RuleSet, RuleSets, SetId};
pub use verdict::{Cuts, Judgement, covers, subtract_all, union_addrs};
