//! The requirement matrix: policy as data.

mod builtin;
pub mod example;
mod keys;
mod known;
mod raw;
mod requirement;
mod resolve;

pub use builtin::{BUILTIN, DEFAULT, builtin};
pub use keys::{FILE, schema};
pub(crate) use known::BuiltinNames;
pub(crate) use raw::{port_range as read_port_range, ports as read_ports};
pub use requirement::{
    AccessRule, Audience, Customizable, End, Feature, Group, Implied, Matrix, Presence, Require,
    Requirement, Role, RoleIx, Transport, port_runs, port_text,
};
pub use resolve::read;
