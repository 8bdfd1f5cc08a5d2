//! Rule-space analysis: what the rules of a list do to each other, whatever firewall they are of.

mod bounds;
mod entries;
mod index;
mod kinds;
mod list;
mod packet;
mod split;
mod summary;
mod tags;
mod tree;

pub use entries::Entries;
pub use index::Index;
pub use kinds::Kinds;
pub use list::{Fate, OrderedList, Superseded, each};
pub use packet::Packet;
pub use summary::{Takes, of_table};
