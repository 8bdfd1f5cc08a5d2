//! What changes of the exports let a required flow through: the advice of a finding, tried out before it is given.
//!
//! Each step is a change where the packets are stopped; the changed exports are then judged again, until the flow passes or
//! nothing is left to change. Only changes after which it passes are told.

mod block;
mod flow;
mod narrow;
mod numbers;
mod place;
mod planned;
mod trial;

pub use narrow::Narrowed;
pub use planned::Step;
pub use trial::Remedies;
