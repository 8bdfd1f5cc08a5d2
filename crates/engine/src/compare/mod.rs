//! Two answers about the same packets, and where they differ.

mod cells;
mod changes;
mod way;

pub use cells::{Cell, both, cells, closed, either, passing};
pub use changes::{Change, Seen, changes};
