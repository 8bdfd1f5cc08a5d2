//! ufw's files: `before.rules`, `after.rules` and `user.rules` with those of IPv6, `/etc/default/ufw` and `ufw.conf`.
//!
//! `ufw-init` loads them one after the other into one table of iptables, between chains of its own
//! (`/lib/ufw/ufw-init-functions` of ufw 0.36). [`set`] tells the files of a text apart, [`load`] puts their rules together as
//! `ufw-init` does, and the reader of iptables reads the result: each rule keeps its place in its file.

mod load;
mod made;
mod read;
mod set;

use crate::input::FormatSpec;

pub use read::ID;
pub use set::{FILES, MAIN, is_of_set};

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: read::ID,
    name: "ufw rules",
    command: "iptables-save",
    detect: read::detect,
    read: read::read,
    edit: None,
    commands: None,
};
