//! From a rule's lists to boxes of packets.

use super::build::{Builder, Remark};
use super::ports::End;
use super::stated::Direction;
use super::values::{self, List, Part, Parts, Protocol};
use super::vocab::Vocabulary;
use super::words::Label;
use super::{addresses, ports};
use hylint_model::{Action, Clause, Condition, Side, Span};
use hylint_space::{AddrSet, Family, PacketBox, PortSet, ProtoSet, proto};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use thin_vec::ThinVec;

/// Most clauses that one rule may need; real rules need one to six. Beyond it the rule is kept as undecided.
const MAX_CLAUSES: usize = 256;

impl Builder<'_, '_> {
    /// The rule as a union of boxes: the product of its lists.
    pub(crate) fn clauses(
        &mut self,
        direction: Direction,
        action: &Action,
    ) -> SmallVec<[Clause; 1]> {
        let protocol = self.protocol();
        let ends = self.ends(direction, action);
        let ports = self.ports(protocol);
        let rows = self.icmp_rows(protocol);
        let count = ends.0.len() * ends.1.len() * ports.0.len() * ports.1.len() * rows.len();
        if count > MAX_CLAUSES {
            self.undecided(self.stated.span, format!("{count} combinations"));
            return smallvec![self.clause(PacketBox::any(), &[])];
        }
        self.only_clause = count == 1;
        let mut out = SmallVec::new();
        for local in &ends.0 {
            for remote in &ends.1 {
                for row in &rows {
                    let base = Shape {
                        direction,
                        protocol,
                        local,
                        remote,
                        row,
                    };
                    self.push_clauses(&base, &ports, &mut out);
                }
            }
        }
        out
    }

    fn push_clauses(
        &mut self,
        base: &Shape<'_>,
        ports: &(Parts<PortSet>, Parts<PortSet>),
        out: &mut SmallVec<[Clause; 1]>,
    ) {
        for lport in &ports.0 {
            for rport in &ports.1 {
                let open = [
                    &base.local.condition,
                    &base.remote.condition,
                    &lport.condition,
                    &rport.condition,
                ];
                out.push(self.clause(base.space(lport, rport), &open));
            }
        }
    }

    fn clause(&mut self, space: PacketBox, open: &[&Option<Condition>]) -> Clause {
        let mut conditions: ThinVec<Condition> = if self.only_clause {
            std::mem::take(&mut self.conditions).into_iter().collect()
        } else {
            self.conditions.iter().cloned().collect()
        };
        conditions.extend(open.iter().filter_map(|c| (*c).clone()));
        Clause { space, conditions }
    }

    /// `None` if the protocol is not known.
    fn protocol(&mut self) -> Option<Protocol> {
        let Some((text, span)) = self.said(Label::Protocol) else {
            self.missing(Label::Protocol);
            return None;
        };
        let protocol = values::protocol(self.v, &text);
        if protocol.is_none() {
            self.unknown(Label::Protocol, text, span);
        }
        protocol
    }

    fn ends(&mut self, direction: Direction, action: &Action) -> (Parts<AddrSet>, Parts<AddrSet>) {
        let (local, remote) = match direction {
            Direction::In => (Side::Dst, Side::Src),
            Direction::Out => (Side::Src, Side::Dst),
        };
        let bounded = *action == Action::Allow;
        (
            self.addresses(Label::LocalIp, local, bounded),
            self.addresses(Label::RemoteIp, remote, bounded),
        )
    }

    fn addresses(&mut self, label: Label, side: Side, bounded: bool) -> Parts<AddrSet> {
        let Some((text, span)) = self.said(label) else {
            self.missing(label);
            return whole(AddrSet::any());
        };
        let list = addresses::addresses(self.v, &text, side, span, bounded);
        self.parts(label, list, span)
    }

    fn parts<T>(&mut self, label: Label, list: List<T>, span: Span) -> Parts<T> {
        if let Some(token) = list.unknown {
            let value = Cow::Owned(token.into());
            self.remarks.push(Remark::Unknown { label, value, span });
        }
        list.parts
    }

    fn ports(&mut self, protocol: Option<Protocol>) -> (Parts<PortSet>, Parts<PortSet>) {
        // PowerShell prints a port keyword for protocols that have no ports.
        if matches!(protocol, Some(Protocol::Number(p)) if !proto::has_ports(p)) {
            return (whole(PortSet::full()), whole(PortSet::full()));
        }
        let needed = matches!(protocol, Some(Protocol::Number(proto::TCP | proto::UDP)));
        (
            self.port_list(Label::LocalPort, needed),
            self.port_list(Label::RemotePort, needed),
        )
    }

    fn port_list(&mut self, label: Label, needed: bool) -> Parts<PortSet> {
        let Some((text, span)) = self.said(label) else {
            if needed {
                self.missing(label);
            }
            return whole(PortSet::full());
        };
        let end = match label {
            Label::RemotePort => End::Remote,
            _ => End::Local,
        };
        let list = ports::ports(self.v, &text, end, span);
        self.parts(label, list, span)
    }

    /// ICMP types and codes. In a table the first row that is no number is its heading.
    fn icmp_rows(&mut self, protocol: Option<Protocol>) -> SmallVec<[Row; 1]> {
        let mut rows: SmallVec<[Row; 1]> = SmallVec::new();
        let icmp = matches!(protocol, Some(Protocol::Number(p)) if proto::is_icmp(p));
        let mut strange = None;
        for (n, said) in self.stated.icmp.iter().enumerate() {
            match icmp_row(self.v, &said.text) {
                Some(row) if icmp => rows.push(row),
                None if n == 0 && icmp && self.form.icmp_heading => {}
                _ => strange = Some(said),
            }
        }
        if let Some(said) = strange {
            let span = Some(said.span).filter(|s| !s.is_empty());
            let (text, span) = (said.text.clone(), span.unwrap_or(self.stated.head));
            self.unknown(Label::Protocol, text, span);
            rows.clear();
        }
        if rows.is_empty() {
            rows.push((PortSet::full(), PortSet::full()));
        }
        rows
    }
}

/// ICMP types and codes.
type Row = (PortSet, PortSet);

/// `3    4`, `3:4`, `8:*`, `8` or `Any`.
fn icmp_row(v: &Vocabulary, text: &str) -> Option<Row> {
    let set = |t: &str| {
        if t == "*" || v.is_any(t) {
            Some(PortSet::full())
        } else {
            t.parse::<u8>().ok().map(|n| PortSet::single(n.into()))
        }
    };
    let parted = text
        .split_once("  ")
        .or_else(|| text.split_once([' ', '\t', ':']));
    match parted {
        Some((kind, code)) => Some((set(kind.trim())?, set(code.trim())?)),
        None => Some((set(text.trim())?, PortSet::full())),
    }
}

fn whole<T>(set: T) -> Parts<T> {
    smallvec![Part {
        set,
        proto: None,
        condition: None
    }]
}

/// One combination of a rule's lists, without its ports.
struct Shape<'a> {
    direction: Direction,
    protocol: Option<Protocol>,
    local: &'a Part<AddrSet>,
    remote: &'a Part<AddrSet>,
    row: &'a Row,
}

impl Shape<'_> {
    fn space(&self, lport: &Part<PortSet>, rport: &Part<PortSet>) -> PacketBox {
        let (src, dst, sport, dport) = match self.direction {
            Direction::In => (self.remote, self.local, rport, lport),
            Direction::Out => (self.local, self.remote, lport, rport),
        };
        let mut space = PacketBox {
            src: src.set.clone(),
            dst: dst.set.clone(),
            ..PacketBox::any()
        };
        let some_port = !lport.set.is_full() || !rport.set.is_full();
        match self.protocol {
            Some(Protocol::Number(p)) => {
                space.proto = ProtoSet::single(p);
                if let Some(family) = icmp_family(p) {
                    space.src = space.src.only(family);
                    space.dst = space.dst.only(family);
                    space.sport = self.row.0.clone();
                    space.dport = self.row.1.clone();
                }
                if proto::has_ports(p) {
                    space.sport = sport.set.clone();
                    space.dport = dport.set.clone();
                }
            }
            // Ports bind the protocols that have them; a rule of any protocol with a port says nothing of the others.
            Some(Protocol::Any) if some_port => {
                space.proto = [(proto::TCP, proto::TCP), (proto::UDP, proto::UDP)]
                    .into_iter()
                    .collect();
                space.sport = sport.set.clone();
                space.dport = dport.set.clone();
            }
            Some(Protocol::Any) => {}
            None => {
                space.sport = sport.set.clone();
                space.dport = dport.set.clone();
            }
        }
        for p in [lport.proto, rport.proto].into_iter().flatten() {
            space.proto = space.proto.intersect(&ProtoSet::single(p));
        }
        space
    }
}

fn icmp_family(p: u8) -> Option<Family> {
    match p {
        proto::ICMP => Some(Family::V4),
        proto::ICMPV6 => Some(Family::V6),
        _ => None,
    }
}
