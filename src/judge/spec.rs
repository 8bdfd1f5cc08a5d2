//! What a requirement asks of each check.

use super::through::Through;
use crate::rules::matrix::Require;
use crate::rules::platform;
use hylint_model::{Direction, Listener};
use hylint_space::PortSet;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct FlowSpec<'a> {
    /// IP protocol.
    pub protocol: u8,
    /// Ports.
    pub ports: &'a [u16],
    /// All or any.
    pub require: Require,
    /// Expected listeners.
    pub listeners: &'a [String],
    /// What tells the vendor's programs, one of which listens where `listeners` is empty.
    pub programs: &'a [String],
    /// Whether a reply is needed.
    pub reply: bool,
    /// Ephemeral source ports.
    pub ephemeral: &'a PortSet,
    /// False if the site did not set them.
    pub ephemeral_declared: bool,
}

impl<'a> FlowSpec<'a> {
    /// What is asked on a side of a via: the ports are those that packets have there.
    #[must_use]
    pub fn through(&self, through: Option<Through<'a>>) -> Self {
        Self {
            ports: through.map_or(self.ports, |t| t.ports(self.ports)),
            ..*self
        }
    }

    /// The process that a rule of this direction may name. The listener is behind the guard only when packets come in.
    #[must_use]
    pub fn listener(&self, direction: Direction) -> Listener<'a> {
        let names: &'a [String] = if direction == Direction::Out {
            &[]
        } else {
            self.listeners
        };
        platform::expected(names, self.programs)
    }
}
