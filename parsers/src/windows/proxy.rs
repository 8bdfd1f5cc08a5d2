//! Port proxies: connections to a port of the host that a service takes and passes on to another address, whatever listens
//! there itself (Microsoft, "netsh interface portproxy"). The firewall lets them in by the rules of that port; who answers is
//! not the host's own program.

use hylint_model::{
    Action, Clause, Condition, ConditionKind, Problem, ProblemKind, Rule, RuleOrigin, Span, Test,
};
use hylint_space::{AddrSet, Family, PacketBox, PortSet, ProtoSet, proto};
use std::net::IpAddr;

/// Rows that are told one by one.
const TOLD: usize = 20;

/// Distinct listeners that are told apart in what they take.
const APART: usize = 64;

/// One row.
#[derive(Debug)]
struct Proxy {
    text: String,
    name: String,
    /// What it takes; none on an address that no packet from elsewhere has.
    space: Option<PacketBox>,
    span: Span,
}

/// Every row of an export.
#[derive(Debug, Default)]
pub(crate) struct Proxies(Vec<Proxy>);

/// A row as it is printed.
pub(crate) struct Row<'a> {
    /// An address, or `*`.
    pub(crate) listen: &'a str,
    /// A number, or the name of a service.
    pub(crate) port: &'a str,
    pub(crate) to: &'a str,
    pub(crate) to_port: &'a str,
    /// What the kind of the row tells of its listener.
    pub(crate) family: Option<Family>,
}

impl Proxies {
    /// Adds a row.
    pub(crate) fn add(&mut self, row: &Row<'_>, span: Span) {
        let Row {
            listen,
            port,
            to,
            to_port,
            ..
        } = row;
        let to = match to.contains(':') {
            true => format!("[{to}]"),
            false => (*to).to_owned(),
        };
        let listen = match *listen {
            "*" => "any address",
            listen => listen,
        };
        self.0.push(Proxy {
            text: format!("TCP {port} at {listen} is forwarded to {to}:{to_port}"),
            name: format!("port proxy of TCP {port} to {to}:{to_port}"),
            space: row.space(),
            span,
        });
    }

    /// Adds the rows of a text inside the export, of which it is known where it stands as a whole.
    pub(crate) fn add_all(&mut self, rows: Self, span: Span) {
        self.0
            .extend(rows.0.into_iter().map(|p| Proxy { span, ..p }));
    }

    /// What is told of the rows.
    pub(crate) fn problems(&self) -> impl Iterator<Item = Problem> {
        let each = self.0.iter().take(TOLD).map(|p| {
            let message = format!(
                "port proxy: {}; hylint judges the firewall of this host alone",
                p.text
            );
            Problem::new(ProblemKind::Note, p.span, message)
        });
        let more = self.0.get(TOLD..).and_then(<[Proxy]>::first).map(|first| {
            let message = format!("{} more port proxies are not judged", self.0.len() - TOLD);
            Problem::new(ProblemKind::Note, first.span, message)
        });
        each.chain(more)
    }

    /// What the proxies keep from the host's own programs while they act, which their table does not prove.
    pub(crate) fn demands(&self) -> Vec<Rule> {
        let mut taken: Vec<(&str, PacketBox, Span)> = Vec::new();
        for p in &self.0 {
            let Some(space) = &p.space else { continue };
            if taken.iter().any(|(_, s, _)| s == space) {
                continue;
            }
            match taken.get_mut(APART) {
                None => taken.push((&p.name, space.clone(), p.span)),
                Some((name, rest, _)) => {
                    *name = "port proxies";
                    rest.dst = rest.dst.union(&space.dst);
                    rest.dport = rest.dport.union(&space.dport);
                }
            }
        }
        let rule = |(name, space, span): (&str, PacketBox, Span)| {
            let mut rule = Rule::new(span, Action::Deny);
            rule.name = name.into();
            // Policy that disables local rules does not stop a service.
            rule.origin = RuleOrigin::GroupPolicy;
            let answers = Condition::new(ConditionKind::Unknown, Test::Opaque, span, name);
            rule.clauses = std::iter::once(Clause {
                space,
                conditions: std::iter::once(answers).collect(),
            })
            .collect();
            rule
        };
        taken.into_iter().map(rule).collect()
    }
}

impl Row<'_> {
    fn space(&self) -> Option<PacketBox> {
        let listen: Option<IpAddr> = self.listen.trim_matches(['[', ']']).parse().ok();
        if listen.is_some_and(|a| a.is_loopback()) || self.listen.eq_ignore_ascii_case("localhost")
        {
            return None;
        }
        let own = listen.map(|a| match a {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        });
        // A host's addresses need not be known, so which of them listens tells nothing.
        let family = own.or(self.family);
        // The name of a service may be any port.
        let port = self.port.parse().ok();
        Some(PacketBox {
            dst: family.map_or_else(AddrSet::any, AddrSet::any_of),
            proto: ProtoSet::single(proto::TCP),
            dport: port.map_or_else(PortSet::full, PortSet::single),
            ..PacketBox::any()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rows: &[(&str, &str)]) -> Vec<(String, Option<u16>, bool)> {
        let mut all = Proxies::default();
        for (n, (listen, port)) in rows.iter().enumerate() {
            let row = Row {
                listen,
                port,
                to: "10.9.9.9",
                to_port: "1",
                family: Some(Family::V4),
            };
            all.add(&row, Span::new(n, n + 1));
        }
        let rules = all.demands();
        let one = |r: &Rule| {
            let c = r.clauses.first().unwrap();
            (
                r.name.to_string(),
                c.space.dport.only(),
                c.space.dst.has(Family::V6),
            )
        };
        rules.iter().map(one).collect()
    }

    #[test]
    fn a_proxy_takes_its_port_from_the_host_unless_it_listens_for_the_host_alone() {
        let name = "port proxy of TCP 3389 to 10.9.9.9:1".to_owned();
        let four = [(name.clone(), Some(3389), false)];
        assert_eq!(taken(&[("*", "3389"), ("0.0.0.0", "3389")]), four, "once");
        assert_eq!(taken(&[("::", "3389")]), [(name, Some(3389), true)]);
        assert_eq!(taken(&[("127.0.0.1", "3389"), ("localhost", "1")]), []);
        let any = (
            "port proxy of TCP https to 10.9.9.9:1".to_owned(),
            None,
            false,
        );
        assert_eq!(taken(&[("*", "https")]), [any]);
    }

    #[test]
    fn no_proxy_is_lost_among_many() {
        let ports: Vec<String> = (1..=200).map(|p: u16| p.to_string()).collect();
        let rows: Vec<_> = ports.iter().map(|p| ("*", p.as_str())).collect();
        assert_eq!(taken(&rows).len(), APART + 1);
        let mut all = Proxies::default();
        for (listen, port) in rows {
            let (to, to_port, family) = ("a", "1", None);
            let row = Row {
                listen,
                port,
                to,
                to_port,
                family,
            };
            all.add(&row, Span::new(0, 1));
        }
        let rules = all.demands();
        let clauses = rules.iter().flat_map(|r| &r.clauses);
        let ports = clauses.fold(PortSet::empty(), |all, c| all.union(&c.space.dport));
        assert_eq!(ports, PortSet::range(1, 200));
        assert_eq!(all.problems().count(), TOLD + 1);
    }
}
