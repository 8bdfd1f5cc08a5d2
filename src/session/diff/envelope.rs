//! What a change may open: what the old site requires, implies and allows.

use super::sides::Sides;
use crate::common::diag::Diag;
use crate::finding::difference::Envelope;
use hylint_model::Direction;
use hylint_space::PacketBox;

/// The flows that may be open.
#[derive(Debug)]
pub(super) struct Flows {
    kind: Envelope,
}

impl Flows {
    /// Those of the old site, else of the new one.
    ///
    /// # Errors
    /// The site cannot be bound.
    pub(super) fn of(_: &Sides) -> Result<Self, Vec<Diag>> {
        Ok(Self {
            kind: Envelope::None,
        })
    }

    /// Whose they are.
    pub(super) fn kind(&self) -> Envelope {
        self.kind
    }

    /// Whether every packet of a box that goes one way at a host is among them. `host` is the old side's name of it; the
    /// packets' own end is any address of it.
    pub(super) fn hold(&self, _host: Option<&str>, _way: Direction, _packets: &PacketBox) -> bool {
        false
    }
}
