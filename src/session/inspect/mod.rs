//! What a reader made of an export, for people to check: `hylint inspect`.

mod facts;
mod human;
mod view;
mod zones;

pub use facts::FactView;
pub use human::write_human;
pub use view::{ChainView, Inspection, ListView, PointView, ProfileView, RuleView, UnmodelledView};
