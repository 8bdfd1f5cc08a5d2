//! The way of packets at a point.

use super::netfilter::Hook;
use std::fmt;

/// Which way packets go, seen from what is guarded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// To one of its addresses.
    In,
    /// From one of its addresses.
    Out,
    /// Through it.
    Forward,
}

impl Direction {
    /// The name in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Forward => "forward",
        }
    }

    /// The hook of Linux that decides what passes this way.
    #[must_use]
    pub const fn hook(self) -> Hook {
        match self {
            Self::In => Hook::Input,
            Self::Out => Hook::Output,
            Self::Forward => Hook::Forward,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
