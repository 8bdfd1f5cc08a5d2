//! What a requirement asks of each check.

use crate::rules::matrix::Require;
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
    /// Whether a reply is needed.
    pub reply: bool,
    /// Ephemeral source ports.
    pub ephemeral: &'a PortSet,
    /// False if the site did not set them.
    pub ephemeral_declared: bool,
}
