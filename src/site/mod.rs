//! The site: what is where. Read from hylint.toml, from options, or worked out from the exports.

pub mod bind;
pub mod config;
mod faces;
mod facts;
mod nested;
mod parts;
pub mod role_names;
mod via;

pub use bind::{Bound, Listening, Overrides, bind};
pub use config::{Config, find, load, load_matrix};
pub use faces::Routing;
pub use facts::{Heard, HostFacts, Keyword};
pub use nested::nested;
pub use parts::{
    Access, Allow, Host, Layer, Levels, LintLevel, Outside, RequireEvidence, RoleState, Site,
    Transit, Waive,
};
pub use via::Via;
