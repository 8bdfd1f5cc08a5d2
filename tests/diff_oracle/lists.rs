//! Rules of Windows, AWS and Azure, and what the vendors' documentation says they do with a packet.

use crate::packet::{Block, Edges, ICMP, ICMP6, Packet, Said, TCP, UDP, Verdict, Way, has_ports};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Windows,
    Group,
    Acl,
    Nsg,
}

/// What an empty list of blocks or ports says: any.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) inbound: bool,
    pub(crate) allow: bool,
    pub(crate) enabled: bool,
    /// Its number, where order decides.
    pub(crate) number: u32,
    /// Windows: from Group Policy.
    pub(crate) policy: bool,
    /// Windows: it acts in the domain profile.
    pub(crate) domain: bool,
    pub(crate) proto: Option<u8>,
    pub(crate) icmp: Option<u8>,
    pub(crate) src: Vec<Block>,
    pub(crate) dst: Vec<Block>,
    pub(crate) sports: Vec<(u16, u16)>,
    pub(crate) dports: Vec<(u16, u16)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Inbound {
    Block,
    Allow,
    Always,
}

/// A Windows host's domain profile.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Profile {
    pub(crate) on: bool,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: bool,
    pub(crate) local_rules: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Point {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
    pub(crate) profile: Profile,
}

/// A side: the points of one export.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Lists(pub(crate) Vec<Point>);

impl Rule {
    pub(crate) fn hits(&self, p: &Packet) -> bool {
        let block = |all: &[Block], n| all.is_empty() || all.iter().any(|b| b.contains(p.v6, n));
        let ports = |all: &[(u16, u16)], n| {
            all.is_empty()
                || has_ports(p.proto) && all.iter().any(|(lo, hi)| (*lo..=*hi).contains(&n))
        };
        self.inbound == (p.way == Way::In)
            && self.proto.is_none_or(|n| n == p.proto)
            && self.icmp.is_none_or(|t| u16::from(t) == p.sport)
            && block(&self.src, p.src)
            && block(&self.dst, p.dst)
            && ports(&self.sports, p.sport)
            && ports(&self.dports, p.dport)
    }
}

impl Point {
    fn first(&self, p: &Packet) -> Option<&Rule> {
        let hits = self.rules.iter().filter(|r| r.hits(p));
        hits.min_by_key(|r| r.number)
    }

    /// Whether it passes; none where a default rule decides that names what is not exported.
    fn passes(&self, p: &Packet) -> Option<bool> {
        match self.kind {
            Kind::Windows => Some(self.windows(p, true)),
            Kind::Group => Some(self.rules.iter().any(|r| r.hits(p))),
            Kind::Acl => Some(self.first(p).is_some_and(|r| r.allow)),
            Kind::Nsg => self.first(p).map(|r| r.allow),
        }
    }

    /// In the domain profile, else in the public one.
    fn windows(&self, p: &Packet, domain: bool) -> bool {
        let s = &self.profile;
        if !s.on {
            return true;
        }
        if p.way == Way::In && s.inbound == Inbound::Always {
            return false;
        }
        let acts = |r: &&Rule| r.enabled && (r.domain || !domain) && (s.local_rules || r.policy);
        let hits: Vec<&Rule> = self
            .rules
            .iter()
            .filter(acts)
            .filter(|r| r.hits(p))
            .collect();
        if hits.iter().any(|r| !r.allow) {
            return false;
        }
        let default = if p.way == Way::In {
            s.inbound == Inbound::Allow
        } else {
            s.outbound
        };
        !hits.is_empty() || default
    }

    fn said(&self, p: &Packet) -> Option<Said> {
        // A word for ICMP of one family may mean both.
        if self.kind == Kind::Nsg
            && p.v6
            && p.proto == ICMP6
            && self.rules.iter().any(|r| r.proto == Some(ICMP))
        {
            return None;
        }
        let Some(passes) = self.passes(p) else {
            return Some(Said {
                unresolved: true,
                ..Said::of(true)
            });
        };
        let mut said = Said::of(passes);
        if self.kind == Kind::Windows {
            said.elsewhere = Said::of(self.windows(p, false)).verdict;
        }
        if passes {
            said.talk = match (self.kind, p.proto) {
                // What it lets begin it lets go on.
                (Kind::Windows | Kind::Group | Kind::Nsg, _) => Some(Verdict::Allow),
                (Kind::Acl, TCP | UDP) => Some(self.answered(p)),
                _ => None,
            };
        }
        Some(said)
    }

    /// A network ACL remembers nothing.
    fn answered(&self, p: &Packet) -> Verdict {
        let way = if p.way == Way::In { Way::Out } else { Way::In };
        let back = Packet {
            way,
            src: p.dst,
            dst: p.src,
            sport: p.dport,
            dport: p.sport,
            ..p.clone()
        };
        let passes = self.first(&back).is_some_and(|r| r.allow);
        if passes {
            Verdict::Allow
        } else {
            Verdict::Deny
        }
    }
}

impl Lists {
    pub(crate) fn said(&self, point: usize, p: &Packet) -> Option<Said> {
        self.0[point].said(p)
    }

    pub(crate) fn edges(&self) -> Edges {
        let mut e = Edges::default();
        for r in self.0.iter().flat_map(|p| &p.rules) {
            for (source, all) in [(true, &r.src), (false, &r.dst)] {
                for b in all {
                    e.block(source, *b);
                    e.block(!source, *b);
                }
            }
            for (source, all) in [(true, &r.sports), (false, &r.dports)] {
                for range in all {
                    e.ports(source, *range);
                    // The answer has them at the other end.
                    if self.0[0].kind == Kind::Acl {
                        e.ports(!source, *range);
                    }
                }
            }
            r.proto.into_iter().for_each(|n| e.proto(n));
            r.icmp.into_iter().for_each(|n| e.icmp(n));
        }
        e
    }
}
