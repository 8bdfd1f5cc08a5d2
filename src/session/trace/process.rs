//! Which process is behind the port of a traced packet: the one that the caller names, else the one that the matrix expects.

use super::packet::Packet;
use crate::rules::matrix::Requirement;
use crate::rules::platform;
use hylint_engine::{Direction, Process};
use hylint_model::{Body, Listener, Point, Test};
use hylint_space::{PacketBox, proto};

/// Where the process is looked up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Processes<'a> {
    /// The program that the caller names, by its path or its file name.
    pub program: Option<&'a str>,
    /// The short name of the service that the caller names.
    pub service: Option<&'a str>,
    /// The rows whose listener is expected where the caller names none.
    pub rows: &'a [Requirement],
}

impl<'a> Processes<'a> {
    /// The process behind the port of a packet; and, where it is that of a row, what is assumed of it. Rows that fit the packet
    /// and expect different listeners say nothing.
    #[must_use]
    pub fn of(&self, packet: &Packet, direction: Direction) -> (Process<'a>, Option<String>) {
        let (program, service) = (self.program, self.service);
        if program.is_some() || service.is_some() {
            return (Process::Named { program, service }, None);
        }
        let port = match packet.dport {
            Some((lo, hi)) if lo == hi && proto::has_ports(packet.proto) => lo,
            _ => return (Process::Unknown, None),
        };
        let Some((listener, row)) = self.expected(packet.proto, port, direction) else {
            return (Process::Unknown, None);
        };
        let who = if listener.names.is_empty() {
            "a program of the vendor, which the matrix does not name".to_owned()
        } else {
            listener.names.join(" or ")
        };
        let text = format!("the process is that of row {} ({}): {who}", row.row, row.id);
        (Process::Expected(listener), Some(text))
    }

    /// The process that the rows expect behind a port, and the first of them. `None` if none has the port, or they expect
    /// different ones.
    #[must_use]
    pub fn expected(
        &self,
        protocol: u8,
        port: u16,
        direction: Direction,
    ) -> Option<(Listener<'a>, &'a Requirement)> {
        let mut fits = self
            .rows
            .iter()
            .filter(|r| r.transport.number() == protocol && r.ports.contains(&port));
        let first = fits.next()?;
        // Of what the host sends, the row's listener is at the other end.
        let names: &'a [String] = if direction == Direction::Out {
            &[]
        } else {
            &first.listeners
        };
        let differs = |r: &Requirement| r.listeners != first.listeners;
        if direction != Direction::Out && fits.any(differs) {
            return None;
        }
        Some((platform::expected(names, &first.programs), first))
    }

    /// Whether a rule that may match the packets asks for a program or a service.
    #[must_use]
    pub fn matter(point: &Point, direction: Direction, query: &PacketBox) -> bool {
        let Body::Lists(lists) = &point.body else {
            return false;
        };
        let list = if direction == Direction::Out {
            &lists.egress
        } else {
            &lists.ingress
        };
        let mut clauses = list.rules.iter().flat_map(|r| &r.clauses);
        clauses.any(|c| {
            let mut tests = c.conditions.iter().map(|c| &c.test);
            tests.any(|t| matches!(t, Test::Program(_) | Test::Service(_)))
                && c.space.intersects(query)
        })
    }
}
