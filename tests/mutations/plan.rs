//! The site, the flows that one host needs, and the rules for them, before any format.

use hylint::rules::matrix::{Matrix, Presence, Require, Requirement, RoleIx, Transport};

/// Which way a rule or flow goes, seen from the judged host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Dir {
    In,
    Out,
}

impl Dir {
    pub const BOTH: [Self; 2] = [Self::In, Self::Out];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
        }
    }
}

/// Protocol of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proto {
    Tcp,
    Udp,
    Any,
}

/// A rule in no format.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Names the rule in the marks of a page.
    pub key: String,
    pub title: String,
    pub dir: Dir,
    pub allow: bool,
    pub enabled: bool,
    /// Addresses of the other side; empty: any.
    pub peers: Vec<String>,
    pub proto: Proto,
    /// Ports of the service; empty: any.
    pub ports: Vec<(u16, u16)>,
    /// Rows that rest on it.
    pub rows: Vec<u32>,
}

/// One judged host of one role in the site.
pub struct Plan<'a> {
    pub matrix: &'a Matrix,
    pub role: RoleIx,
    /// Role that this site does not have (row 60 is met by either of two).
    pub without: Option<RoleIx>,
    pub me: String,
    pub rules: Vec<Rule>,
}

/// Networks rather than servers.
const WIDE: [(&str, &str); 7] = [
    ("workspace-client", "10.50.0.0/16"),
    ("user-browser", "10.51.0.0/16"),
    ("hysecure-client", "10.52.0.0/16"),
    ("admin-browser", "10.53.7.0/28"),
    // The portals of clouds: documentation ranges of RFC 5737.
    ("azure-portal", "192.0.2.0/24"),
    ("aws-portal", "198.51.100.0/24"),
    ("oracle-cloud", "203.0.113.0/24"),
];

/// Where the administrators sit; what comes from there is covered by `[[allow]]`.
pub const ADMINS: &str = "10.9.9.0/28";
/// The monitoring server, too.
pub const MONITOR: &str = "10.9.8.5";

fn id(matrix: &Matrix, role: RoleIx) -> &str {
    &matrix.role(role).unwrap().id
}

pub fn external(matrix: &Matrix, role: RoleIx) -> bool {
    matrix.role(role).unwrap().presence == Presence::External
}

/// Declared addresses of a role, the judged host's own one first.
pub fn addresses(matrix: &Matrix, role: RoleIx) -> Vec<String> {
    match WIDE.iter().find(|(r, _)| *r == id(matrix, role)) {
        Some((_, net)) => vec![(*net).to_owned()],
        None => (11..14)
            .map(|n| format!("10.21.{}.{n}", role.0 + 1))
            .collect(),
    }
}

/// The address of a host of the role.
fn host(matrix: &Matrix, role: RoleIx) -> String {
    match WIDE.iter().find(|(r, _)| *r == id(matrix, role)) {
        Some((_, net)) => format!("{}.9", net.rsplit_once('.').unwrap().0),
        None => format!("10.21.{}.11", role.0 + 1),
    }
}

/// All the roles that can meet a requirement as its destination.
pub fn destinations(req: &Requirement) -> Vec<RoleIx> {
    let any = req.to_any.iter().flat_map(|e| &e.roles);
    req.to.roles.iter().chain(any).copied().collect()
}

impl<'a> Plan<'a> {
    pub fn new(matrix: &'a Matrix, role: RoleIx, without: Option<RoleIx>) -> Self {
        let mut plan = Self {
            matrix,
            role,
            without,
            me: host(matrix, role),
            rules: Vec::new(),
        };
        for req in &matrix.requirements {
            if destinations(req).contains(&role) {
                plan.flow(req, Dir::In, &req.from.roles);
            }
            if req.from.roles.contains(&role) {
                plan.flow(req, Dir::Out, &destinations(req));
            }
        }
        plan
    }

    /// Adds the rule for a requirement, or its row to the rule that already says the same.
    fn flow(&mut self, req: &Requirement, dir: Dir, others: &[RoleIx]) {
        let peers: Vec<String> = others
            .iter()
            .filter(|r| Some(**r) != self.without)
            .flat_map(|r| addresses(self.matrix, *r))
            .filter(|a| *a != self.me)
            .collect();
        if peers.is_empty() {
            return;
        }
        let ports = match req.require {
            Require::All => req.ports.clone(),
            // One of them is enough: the last.
            Require::Any => req.ports[req.ports.len() - 1..].to_vec(),
        };
        let rule = Rule {
            key: format!("row{}{}", req.row, dir.as_str()),
            title: format!(
                "HyWorks {} {}",
                req.id.replace('.', " "),
                if dir == Dir::In { "in" } else { "out" }
            ),
            dir,
            allow: true,
            enabled: true,
            peers,
            proto: match req.transport {
                Transport::Tcp => Proto::Tcp,
                Transport::Udp => Proto::Udp,
            },
            ports: ports.iter().map(|p| (*p, *p)).collect(),
            rows: vec![req.row],
        };
        let same = |r: &&mut Rule| {
            (r.dir, &r.peers, r.proto, &r.ports) == (rule.dir, &rule.peers, rule.proto, &rule.ports)
        };
        match self.rules.iter_mut().find(same) {
            Some(r) => r.rows.push(req.row),
            None => self.rules.push(rule),
        }
    }

    /// The rule that a row rests on.
    pub fn rule(&self, row: u32, dir: Dir) -> &Rule {
        self.rules
            .iter()
            .find(|r| r.dir == dir && r.rows.contains(&row))
            .unwrap()
    }

    /// hylint.toml.
    pub fn site(&self) -> String {
        let quoted = |all: &[String]| {
            let each: Vec<String> = all.iter().map(|a| format!("\"{a}\"")).collect();
            format!("[{}]", each.join(", "))
        };
        let mut out = String::from(
            "[site]\nname = \"Generated\"\nmatrix = \"hyworks\"\n\n[deployment]\naccess = \"direct\"\n\n[roles]\n",
        );
        for (at, role) in self.matrix.roles.iter().enumerate() {
            let ix = RoleIx(at as u16);
            let mut all = addresses(self.matrix, ix);
            if Some(ix) == self.without {
                all.clear();
            }
            all.retain(|a| *a != self.me);
            out.push_str(&format!("{} = {}\n", role.id, quoted(&all)));
        }
        out.push_str(&format!(
            "\n[resolve]\n\"azure:VirtualNetwork\" = [\"{me}/32\"]\n\n[[host]]\nname = \"h1\"\naddresses = [\"{me}\"]\nroles = [\"{}\"]\n\
             exports = [\"h1/*\"]\n",
            id(self.matrix, self.role),
            me = self.me,
        ));
        for (from, port, reason) in [
            (ADMINS, "tcp/22", "SSH of the administrators"),
            (ADMINS, "tcp/5985-5986", "WinRM of the administrators"),
            (ADMINS, "icmp", "ping of the administrators"),
            (MONITOR, "tcp/10050", "monitoring"),
        ] {
            out.push_str(&format!(
                "\n[[allow]]\nfrom = \"{from}\"\nto = \"{}\"\nport = \"{port}\"\nreason = \"{reason}\"\n",
                self.me
            ));
        }
        out
    }
}
