//! Rule-space analysis: what the rules of a list do to each other, whatever firewall they are of.

mod entries;
mod index;
mod list;
mod split;
mod summary;
mod tags;
mod tree;

pub use entries::Entries;
pub use index::{Index, Kinds, Packet};
pub use list::{Fate, OrderedList, Superseded, each};
pub use summary::{Takes, of_table};
