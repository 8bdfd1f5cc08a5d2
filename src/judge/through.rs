//! Flows through a load balancer, a virtual address or a NAT: each end is judged by what it sees.
//!
//! Senders see the front and its ports, hosts see the sources and their own ports. The senders of a via use no other way to
//! the hosts behind it, unless the site says so. A host behind a via reaches the others behind it by their own addresses,
//! unless the site names its role among the senders.

use super::flows::{Flows, Peers};
use super::interfaces::leads;
use crate::rules::matrix::RoleIx;
use crate::site::{Host, Transit, Via};
use hylint_engine::{Direction, PointId};
use hylint_space::AddrSet;
use std::borrow::Cow;

/// On which side of a via a check is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Packets go to the front.
    Front,
    /// Packets come from behind it, to the hosts.
    Behind,
}

/// The via that a check's packets go through.
#[derive(Clone, Copy, Debug)]
pub struct Through<'a> {
    /// Which.
    pub via: &'a Via,
    /// Where the check is.
    pub side: Side,
}

impl<'a> Through<'a> {
    const fn front(via: &'a Via) -> Self {
        let side = Side::Front;
        Self { via, side }
    }

    const fn behind(via: &'a Via) -> Self {
        let side = Side::Behind;
        Self { via, side }
    }

    /// The ports that packets have here for those that a requirement names.
    #[must_use]
    pub fn ports(&self, ports: &'a [u16]) -> &'a [u16] {
        match self.side {
            Side::Front => ports,
            Side::Behind => self.via.behind(ports),
        }
    }
}

/// A way of a flow at a point: the guarded side, its peers, and the via between them if there is one.
#[derive(Clone, Debug)]
pub struct Way<'a> {
    /// The guarded side, empty when unknown.
    pub me: Cow<'a, AddrSet>,
    /// The other side.
    pub peers: Peers,
    /// What is between them.
    pub through: Option<Through<'a>>,
}

/// Peers at known addresses.
pub(super) const fn at(addrs: AddrSet) -> Peers {
    Peers {
        addrs,
        unknown: false,
        external: false,
    }
}

impl Way<'_> {
    /// Whether it is through a via.
    pub(super) fn is_of(&self, via: &Via) -> bool {
        self.through.is_some_and(|t| std::ptr::eq(t.via, via))
    }

    /// Whether its two ends share no family of addresses, so that nothing can be asked.
    pub(super) fn is_apart(&self) -> bool {
        let known = !self.peers.unknown && !self.me.is_empty() && !self.peers.addrs.is_empty();
        known && self.through.is_some() && !self.me.shares_family(&self.peers.addrs)
    }
}

impl<'a> Flows<'a> {
    /// The ways of a flow between a host with the roles `mine` and hosts with the roles `other`, the direct one first.
    #[must_use]
    pub fn ways(
        &self,
        host: &'a Host<PointId>,
        direction: Direction,
        mine: &[RoleIx],
        other: &[RoleIx],
    ) -> Vec<Way<'a>> {
        let (mut direct, ways) = match direction {
            Direction::Out => self.ways_out(host, mine, other),
            Direction::In | Direction::Forward => self.ways_in(host, mine, other),
        };
        direct = direct.filter(|p| p.unknown || !p.addrs.is_empty());
        let direct = direct.map(|peers| Way {
            me: Cow::Borrowed(&host.seen),
            peers,
            through: None,
        });
        direct.into_iter().chain(ways).collect()
    }

    /// To the fronts, and to what is behind none.
    fn ways_out(
        &self,
        host: &'a Host<PointId>,
        mine: &[RoleIx],
        other: &[RoleIx],
    ) -> (Option<Peers>, Vec<Way<'a>>) {
        let mut ways = Vec::new();
        let (mut gone, mut whole) = (AddrSet::empty(), Vec::new());
        let to = self.across(other, mine);
        for via in self.site.vias.iter().filter(|v| !v.front.is_empty()) {
            let served = mine.iter().filter(|r| via.sends(**r)).count();
            let own = via.senders.is_none() && host.is_behind(via);
            if served == 0 || own || !to.iter().any(|r| via.leads_to(*r)) {
                continue;
            }
            ways.push(Way {
                me: Cow::Borrowed(&host.seen),
                peers: at(via.front.clone()),
                through: Some(Through::front(via)),
            });
            if !via.direct && served == mine.len() {
                gone = gone.union(&via.addrs);
                whole.extend(&via.whole);
            }
        }
        let left: Vec<RoleIx> = other
            .iter()
            .copied()
            .filter(|r| !whole.contains(r))
            .collect();
        let mut direct = self.peers(&left, mine, &host.addrs);
        if let Some(p) = &mut direct {
            p.addrs = p.addrs.subtract(&gone);
        }
        (direct, ways)
    }

    /// From the sources of the vias that a host is behind, and from who goes through none.
    fn ways_in(
        &self,
        host: &'a Host<PointId>,
        mine: &[RoleIx],
        other: &[RoleIx],
    ) -> (Option<Peers>, Vec<Way<'a>>) {
        let mut ways = Vec::new();
        let (mut gone, mut beside): (Vec<RoleIx>, _) = (Vec::new(), AddrSet::empty());
        for via in self.site.vias.iter().filter(|v| host.is_behind(v)) {
            let served = self
                .across(other, mine)
                .into_iter()
                .filter(|r| via.sends(*r));
            let served: Vec<RoleIx> = served.collect();
            if !via.direct {
                gone.extend(&served);
                beside = beside.union(&self.behind_too(via, &served));
            }
            let Some(senders) = self.senders(via, &served, mine, &host.addrs) else {
                continue;
            };
            ways.push(Way {
                me: match via.carried {
                    true => Cow::Borrowed(&via.front),
                    false => Cow::Borrowed(&host.seen),
                },
                peers: seen(via, senders),
                through: Some(Through::behind(via)),
            });
        }
        let left: Vec<RoleIx> = other
            .iter()
            .copied()
            .filter(|r| !gone.contains(r))
            .collect();
        let mut direct = self.peers(&left, mine, &host.addrs);
        let beside = beside.subtract(&host.addrs);
        if !beside.is_empty() {
            let p = direct.get_or_insert_with(|| at(AddrSet::empty()));
            p.addrs = p.addrs.union(&beside);
        }
        (direct, ways)
    }

    /// The hosts of these roles that go through a via. `None` if there are none.
    fn senders(
        &self,
        via: &Via,
        served: &[RoleIx],
        mine: &[RoleIx],
        me: &AddrSet,
    ) -> Option<Peers> {
        let mut peers = self.peers(served, mine, me)?;
        if via.senders.is_none() {
            peers.addrs = peers.addrs.subtract(&via.addrs);
        }
        (peers.unknown || !peers.addrs.is_empty()).then_some(peers)
    }

    /// Those of the senders that are behind the via themselves and use the hosts' own addresses.
    fn behind_too(&self, via: &Via, served: &[RoleIx]) -> AddrSet {
        if via.senders.is_some() {
            return AddrSet::empty();
        }
        let all = self
            .site
            .hosts
            .iter()
            .filter(|h| h.is_behind(via) && h.declared);
        let theirs = all.filter(|h| h.roles.iter().any(|r| served.contains(r)));
        theirs.fold(AddrSet::empty(), |all, h| all.union(&h.addrs))
    }

    /// The ways through the load balancer of a via, if a host is it: what its senders send to it, and what it sends on.
    #[must_use]
    pub(super) fn relayed(
        &self,
        host: &'a Host<PointId>,
        direction: Direction,
        from: &[RoleIx],
        to: &[RoleIx],
    ) -> Vec<Way<'a>> {
        let vias = self.site.vias.iter().filter(|v| host.carries(v));
        let mut out = Vec::new();
        for via in vias {
            let to: Vec<RoleIx> = to.iter().copied().filter(|r| via.leads_to(*r)).collect();
            let served: Vec<RoleIx> = from.iter().copied().filter(|r| via.sends(*r)).collect();
            if to.is_empty() {
                continue;
            }
            let Some(senders) = self.senders(via, &served, &[], &host.addrs) else {
                continue;
            };
            let own = via.sources.intersect(&host.every);
            out.push(match direction {
                Direction::Out => Way {
                    me: match own.is_empty() {
                        true => Cow::Borrowed(&host.seen),
                        false => Cow::Owned(own),
                    },
                    peers: at(self.addrs(&to).intersect(&via.addrs)),
                    through: Some(Through::behind(via)),
                },
                Direction::In | Direction::Forward => Way {
                    me: Cow::Owned(via.front.intersect(&host.addrs)),
                    peers: senders,
                    through: Some(Through::front(via)),
                },
            });
        }
        out.retain(|w| w.peers.unknown || !w.peers.addrs.is_empty());
        out
    }

    /// The ways of a flow from a role to another one through a forwarding firewall. `crosses` says whether it crosses it at
    /// all where the site does not say so of the via.
    #[must_use]
    pub(super) fn forwarded(
        &self,
        transit: &'a Transit<PointId>,
        (from, to): (RoleIx, RoleIx),
        crosses: impl Fn(&AddrSet) -> bool,
    ) -> Vec<Way<'a>> {
        let (src, dst) = (self.addrs(&[from]), self.addrs(&[to]));
        let mut direct = dst.clone();
        let mut out = Vec::new();
        for (n, via) in self.site.vias.iter().enumerate() {
            if !via.sends(from) || !via.leads_to(to) {
                continue;
            }
            let senders = match via.senders {
                None => src.subtract(&via.addrs),
                Some(_) => src.clone(),
            };
            let hosts = dst.intersect(&via.addrs);
            if !via.direct {
                direct = direct.subtract(&via.addrs);
            }
            let front = if via.front.is_empty() {
                &hosts
            } else {
                &via.front
            };
            let from_behind = match via.sources.is_empty() {
                true => senders.clone(),
                false => via.sources.clone(),
            };
            let said = transit.to_front.iter().any(|(_, v)| *v == n)
                || transit.behind.iter().any(|(v, _)| *v == n);
            let (before, behind) = match said {
                true => (
                    transit.to_front.contains(&(from, n)),
                    // A role that lives on the hosts of one that is named is behind the same firewall.
                    transit
                        .behind
                        .iter()
                        .any(|(v, r)| *v == n && self.is_on(to, *r)),
                ),
                false if transit.is_told() && !crosses(front) => (false, false),
                false => match (
                    leads(transit, &senders, front),
                    leads(transit, &from_behind, &hosts),
                ) {
                    // Nothing tells on which side it is: senders know the front alone.
                    (false, false) => (crosses(front), false),
                    told => told,
                },
            };
            let mut way = |me: &AddrSet, peers: &AddrSet, through| {
                out.push(Way {
                    me: Cow::Owned(me.clone()),
                    peers: at(peers.subtract(me)),
                    through: Some(through),
                });
            };
            if before {
                way(front, &senders, Through::front(via));
            }
            if behind {
                let me = if via.carried { &via.front } else { &hosts };
                way(me, &from_behind, Through::behind(via));
            }
        }
        if crosses(&direct) {
            let peers = at(src.subtract(&direct));
            let way = Way {
                me: Cow::Owned(direct),
                peers,
                through: None,
            };
            out.insert(0, way);
        }
        out.retain(|w| !w.me.is_empty() && !w.peers.addrs.is_empty());
        out
    }

    /// Whether the hosts of a role are those of another one.
    fn is_on(&self, role: RoleIx, other: RoleIx) -> bool {
        let state = self.site.roles.get(usize::from(role.0));
        role == other || state.is_some_and(|s| s.lives_on == Some(other))
    }

    /// Whether a flow between these roles may go through a via.
    pub(super) fn has_via(&self, from: RoleIx, to: RoleIx) -> bool {
        let mut vias = self.site.vias.iter();
        vias.any(|v| v.sends(from) && v.leads_to(to))
    }

    /// A wanted flow behind each via that a host is behind: who is needed there as source. `None` in place of the sources are
    /// the senders themselves, by their roles. Of `from` those are left that use the hosts' own addresses.
    #[must_use]
    pub fn split(&self, host: &Host<PointId>, from: &[RoleIx]) -> (Vec<RoleIx>, Vec<Behind<'a>>) {
        let mut direct = from.to_vec();
        let mut out = Vec::new();
        for via in self.site.vias.iter().filter(|v| host.is_behind(v)) {
            let served: Vec<RoleIx> = from.iter().copied().filter(|r| via.sends(*r)).collect();
            // Of nobody, the flow is that of everyone whom the site does not name.
            if served.is_empty() && !(from.is_empty() && via.senders.is_none()) {
                continue;
            }
            if !via.direct {
                direct.retain(|r| !served.contains(r));
            }
            let beside = self.behind_too(via, &served).subtract(&host.addrs);
            out.push(Behind {
                via,
                from: served,
                beside,
            });
        }
        (direct, out)
    }
}

/// A wanted flow at a host behind a via.
#[derive(Clone, Debug)]
pub struct Behind<'a> {
    /// Which.
    pub via: &'a Via,
    /// The roles of its senders.
    pub from: Vec<RoleIx>,
    /// Senders that are behind the via, too, and use the hosts' own addresses.
    pub beside: AddrSet,
}

/// What the hosts behind a via see of its senders.
fn seen(via: &Via, senders: Peers) -> Peers {
    match via.sources.is_empty() {
        true => senders,
        false => at(via.sources.clone()),
    }
}
