//! What a matrix holds: roles, requirements between them, and when they count.

use std::ops::Range;

/// Index of a role in [`Matrix::roles`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RoleIx(pub u16);

/// When a role is expected to be in a site.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Presence {
    /// Always: a site that says nothing of it is told so.
    Core,
    /// Outside the site, without fixed addresses (a cloud portal).
    External,
    /// Only if the site has it.
    Optional,
}

/// Where the hosts of a role are that a site declares nothing of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Audience {
    /// At addresses of the site, which it has not declared.
    #[default]
    Site,
    /// Anywhere on the Internet, by the vendor's design: what they need may be open to everyone.
    Anyone,
}

/// One role.
#[derive(Clone, PartialEq, Debug)]
pub struct Role {
    /// Id, as in hylint.toml.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Expectation.
    pub presence: Presence,
    /// The role whose hosts it lives on unless the site declares it.
    pub lives_on: Option<RoleIx>,
    /// It lives there only if this role exists in the site.
    pub lives_if: Option<RoleIx>,
    /// Lower-case spellings in paths, tags and group names, its id included.
    pub aliases: Vec<String>,
    /// Keys of `[resolve]` or tags that stand for an external role's addresses (`azure:AzureCloud`), for egress.
    pub destinations: Vec<String>,
    /// Its port is that of this role: a site that moves the one moves the other.
    pub ports_with: Option<RoleIx>,
    /// Roles that every site with this one has.
    pub implies: Vec<RoleIx>,
    /// Where its hosts are.
    pub audience: Audience,
}

/// A name for several roles; every member that exists counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Id.
    pub id: String,
    /// Members.
    pub roles: Vec<RoleIx>,
}

/// A feature of a deployment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feature {
    /// Key of `[deployment] features`.
    pub id: String,
    /// The role whose existence turns it on.
    pub role: RoleIx,
}

/// One end of a requirement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct End {
    /// The name as in the matrix: a role or a group.
    pub name: String,
    /// The roles it stands for.
    pub roles: Vec<RoleIx>,
}

/// Transport protocol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// IP protocol number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }

    /// `tcp` or `udp`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// Ports in runs, `first` and `last`. Two neighbours stay two ports, as a vendor's table writes them.
#[must_use]
pub fn port_runs(ports: &[u16]) -> Vec<(u16, u16)> {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for p in ports {
        match runs.last_mut() {
            Some(run) if run.1.checked_add(1) == Some(*p) => run.1 = *p,
            _ => runs.push((*p, *p)),
        }
    }
    let pair = |r: &(u16, u16)| r.1 - r.0 == 1;
    let split = |r: (u16, u16)| match pair(&r) {
        true => vec![(r.0, r.0), (r.1, r.1)],
        false => vec![r],
    };
    runs.into_iter().flat_map(split).collect()
}

/// A run of ports as a text, such as `443` or `6000-6003`; `join` stands between its ends.
#[must_use]
pub fn port_text((first, last): (u16, u16), join: char) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}{join}{last}"),
    }
}

/// How many of the ports are needed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Require {
    /// Each.
    All,
    /// One and the same through every layer.
    Any,
}

/// Whether a site may move the port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Customizable {
    /// No.
    No,
    /// Yes.
    Yes,
    /// On the other product.
    Peer,
}

impl Customizable {
    /// As in matrix.tsv.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Peer => "peer",
        }
    }
}

/// How the deployment's access mode bears on a requirement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AccessRule {
    /// Not touched.
    Always,
    /// Required when clients connect directly; with a gateway it must stay closed.
    DirectOnly,
}

/// One requirement.
#[derive(Clone, PartialEq, Debug)]
pub struct Requirement {
    /// Stable, speaking id.
    pub id: String,
    /// Row of the vendor's table.
    pub row: u32,
    /// Who opens the connection.
    pub from: End,
    /// Who accepts it.
    pub to: End,
    /// Further ends of which any one suffices instead of `to` (row 60); each judged like `to` if its role exists.
    pub to_any: Vec<End>,
    /// What for.
    pub purpose: String,
    /// Transport.
    pub transport: Transport,
    /// Ports, ascending.
    pub ports: Vec<u16>,
    /// All or any of the ports.
    pub require: Require,
    /// Application protocol, lower case.
    pub application_protocol: String,
    /// Whether the site may move it.
    pub customizable: Customizable,
    /// Mandatory when it applies.
    pub mandatory: bool,
    /// The vendor's cell, raw.
    pub vendor_mandatory: String,
    /// Feature that must be on: the name of a role whose existence turns it on, unless the site overrides it.
    pub feature: Option<String>,
    /// Access mode.
    pub access: AccessRule,
    /// Programs or services that may listen on the port, lower case; empty: not known.
    pub listeners: Vec<String>,
    /// Parts, in lower case, of the paths of programs and the names of services that may listen where `listeners` is empty;
    /// empty: any may.
    pub programs: Vec<String>,
    /// Whether replies are needed.
    pub reply: bool,
    /// Needs hosts of `from` other than the hosts of this role (row 38).
    pub separate_from: Option<RoleIx>,
    /// What breaks when it is closed.
    pub impact: String,
    /// Where it stands in the vendor's documentation.
    pub reference: String,
    /// How an ambiguity of the table is settled, or empty.
    pub note: String,
    /// Index into [`Matrix::files`].
    pub file: usize,
    /// Place in that file.
    pub span: Range<usize>,
}

/// A flow that the vendor's remarks imply and the table does not list.
#[derive(Clone, PartialEq, Debug)]
pub struct Implied {
    /// Id.
    pub id: String,
    /// Who.
    pub from: End,
    /// To whom.
    pub to: End,
    /// Transport.
    pub transport: Transport,
    /// Ports.
    pub ports: Vec<u16>,
    /// Why it is there.
    pub reason: String,
    /// True: judged as a warning when unmet (gateway legs); false: only never excess (UDP 3389 beside TCP 3389).
    pub judged: bool,
    /// Only in this access mode: true gateway, false direct, none any.
    pub gateway: Option<bool>,
    /// Parts, in lower case, of the paths of the programs that may listen; empty: any may.
    pub programs: Vec<String>,
}

/// A matrix.
#[derive(Clone, PartialEq, Debug)]
pub struct Matrix {
    /// Id, `hyworks` for the built-in one.
    pub id: String,
    /// Version.
    pub version: String,
    /// Name for people.
    pub name: String,
    /// Hex SHA-256 over its files in order.
    pub sha256: String,
    /// Names of its files.
    pub files: Vec<String>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Groups of roles.
    pub groups: Vec<Group>,
    /// Features.
    pub features: Vec<Feature>,
    /// In row order.
    pub requirements: Vec<Requirement>,
    /// Implied flows.
    pub implied: Vec<Implied>,
}

impl Matrix {
    /// A role by index.
    #[must_use]
    pub fn role(&self, ix: RoleIx) -> Option<&Role> {
        self.roles.get(usize::from(ix.0))
    }

    /// A role's index by id.
    #[must_use]
    pub fn role_ix(&self, id: &str) -> Option<RoleIx> {
        self.roles
            .iter()
            .position(|r| r.id == id)
            .and_then(|i| u16::try_from(i).ok())
            .map(RoleIx)
    }

    /// The roles that a name stands for: a role's own index, or a group's members; empty if there is no such name.
    #[must_use]
    pub fn roles_named(&self, name: &str) -> Vec<RoleIx> {
        if let Some(ix) = self.role_ix(name) {
            return vec![ix];
        }
        let group = self.groups.iter().find(|g| g.id == name);
        group.map_or_else(Vec::new, |g| g.roles.clone())
    }

    /// The rows of the requirements that a role is an end of.
    pub fn rows_of(&self, role: RoleIx) -> impl Iterator<Item = u32> {
        let rows = self.requirements.iter();
        rows.filter(move |r| r.from.roles.contains(&role) || r.to.roles.contains(&role))
            .map(|r| r.row)
    }

    /// A requirement by id.
    #[must_use]
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|r| r.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_and_more_ports_in_a_row_are_a_range() {
        let text = |ports: &[u16]| {
            let runs = port_runs(ports).into_iter();
            runs.map(|r| port_text(r, '-'))
                .collect::<Vec<_>>()
                .join(",")
        };
        assert_eq!(text(&[443]), "443");
        assert_eq!(text(&[5671, 5672]), "5671,5672");
        assert_eq!(
            text(&[25, 6000, 6001, 6002, 65534, 65535]),
            "25,6000-6002,65534,65535"
        );
        assert_eq!(text(&(49152..=65535).collect::<Vec<_>>()), "49152-65535");
    }
}
