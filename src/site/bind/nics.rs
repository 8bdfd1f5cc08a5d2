//! The interfaces of cloud exports: what several files say of one put together.

use super::Binder;
use crate::load::ExportId;
use hylint_model::{Companion, NetworkInterface, PublicAddress};
use hylint_space::{AddrSet, Family};
use std::collections::BTreeMap;

/// What the Internet reaches an interface of Azure by ("Public IP addresses" of the Azure documentation: Basic ones are
/// open unless a group closes them, Standard ones closed unless a group opens them).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum Facing {
    /// No public address, or a Standard one.
    #[default]
    Closed,
    /// A public address of a kind that the exports do not tell.
    Unknown,
    /// A Basic one.
    Open,
}

/// An interface, and the export that tells most of it.
#[derive(Clone, Debug)]
pub(super) struct Nic {
    pub at: ExportId,
    pub interface: NetworkInterface,
    pub facing: Facing,
}

impl Nic {
    /// All its addresses.
    pub(super) fn addrs(&self) -> AddrSet {
        self.interface.private.union(&self.interface.public)
    }

    /// Its addresses as layers in front of it and firewalls behind it see them. Clouds translate a public IPv4 address
    /// before any group or ACL is asked ("How network security groups filter network traffic" of the Azure documentation;
    /// "Internet gateways" of the Amazon VPC one).
    pub(super) fn inner(&self) -> AddrSet {
        match self.interface.private.is_empty() {
            true => self.interface.public.clone(),
            false => self.interface.private.clone(),
        }
    }

    /// Of some addresses those of this interface, as [`Self::inner`] has them.
    pub(super) fn seen_of(&self, addrs: &AddrSet) -> AddrSet {
        let inner = self.inner();
        let mut seen = inner.intersect(addrs);
        let from_outside = self.interface.public.intersect(addrs).subtract(&inner);
        for family in Family::BOTH.into_iter().filter(|f| from_outside.has(*f)) {
            seen = seen.union(&inner.only(family));
        }
        seen
    }

    /// Whether it is one of Azure.
    pub(super) fn is_azure(&self) -> bool {
        self.interface.id.starts_with('/') || self.interface.subnet.starts_with('/')
    }

    /// What of it is known by addresses alone: a public address of another file, an instance without its interfaces.
    fn is_part(&self) -> bool {
        let i = &self.interface;
        i.points.is_empty() && i.subnet.is_empty()
    }

    fn take(&mut self, other: &NetworkInterface) {
        let i = &mut self.interface;
        i.private = i.private.union(&other.private);
        i.public = i.public.union(&other.public);
        if i.instance.is_empty() {
            i.instance.clone_from(&other.instance);
        }
        if i.tags.is_empty() {
            i.tags.clone_from(&other.tags);
        }
    }

    /// Whether another one is guarded by the same things, as far as interfaces tell.
    fn is_like(&self, o: &Self) -> bool {
        let (a, b) = (&self.interface, &o.interface);
        let same = |a: &[Box<str>], b: &[Box<str>]| {
            let mut all: Vec<String> = a.iter().map(|x| x.to_ascii_lowercase()).collect();
            let mut other: Vec<String> = b.iter().map(|x| x.to_ascii_lowercase()).collect();
            all.sort();
            other.sort();
            all == other
        };
        a.subnet.eq_ignore_ascii_case(&b.subnet)
            && same(&a.points, &b.points)
            && same(&a.groups, &b.groups)
    }
}

impl Binder<'_> {
    /// The interfaces of some exports and of those in the folders of them, each once. One that files tell differently of
    /// stands for each way.
    pub(super) fn nics(&self, exports: &[ExportId]) -> Vec<Nic> {
        let mut all: Vec<Nic> = Vec::new();
        let mut by_id: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut parts: Vec<Nic> = Vec::new();
        let mut public: Vec<&PublicAddress> = Vec::new();
        for (at, c) in self.companions_of(&self.beside(exports)) {
            let nic = match c {
                Companion::Interface(i) => Nic {
                    at,
                    interface: (**i).clone(),
                    facing: Facing::Closed,
                },
                Companion::PublicAddress(p) => {
                    public.push(p);
                    continue;
                }
                _ => continue,
            };
            let id = nic.interface.id.to_ascii_lowercase();
            if id.is_empty() || nic.is_part() {
                parts.push(nic);
                continue;
            }
            let known = by_id.entry(id).or_default();
            let like = known
                .iter()
                .find(|n| all.get(**n).is_some_and(|o| o.is_like(&nic)));
            match like.and_then(|n| all.get_mut(*n)) {
                Some(same) => same.take(&nic.interface),
                None => {
                    known.push(all.len());
                    all.push(nic);
                }
            }
        }
        for part in parts {
            let i = &part.interface;
            let same = by_id
                .get(&i.id.to_ascii_lowercase())
                .filter(|n| !n.is_empty());
            if let Some(same) = same {
                for n in same {
                    if let Some(nic) = all.get_mut(*n) {
                        nic.take(i);
                    }
                }
                continue;
            }
            let of_instance = |n: &&mut Nic| {
                let of = &n.interface;
                !i.instance.is_empty()
                    && of.instance.eq_ignore_ascii_case(&i.instance)
                    && of.private.intersects(&i.private)
            };
            match all.iter_mut().find(of_instance) {
                Some(nic) if i.id.is_empty() => nic.take(i),
                _ => all.push(part),
            }
        }
        for nic in &mut all {
            face(nic, &public);
        }
        all
    }
}

/// Gives an interface its public addresses.
fn face(nic: &mut Nic, public: &[&PublicAddress]) {
    let i = &mut nic.interface;
    let mut named = i.public_ids.len();
    let mut facing = Facing::Closed;
    for p in public {
        let by_id = i
            .public_ids
            .iter()
            .any(|id| crate::link::same_id(id, &p.id));
        if !by_id && !crate::link::same_id(&p.interface, &i.id) {
            continue;
        }
        named = named.saturating_sub(usize::from(by_id));
        i.public = i.public.union(&p.addrs);
        facing = facing.max(match &*p.sku {
            "basic" => Facing::Open,
            "" => Facing::Unknown,
            _ => Facing::Closed,
        });
    }
    // A public address that is named and not exported, or printed without its kind.
    let unsaid = named > 0
        || i.public_ids.is_empty()
            && facing == Facing::Closed
            && !i.public.is_empty()
            && !public.iter().any(|p| p.addrs.intersects(&i.public));
    if unsaid {
        facing = facing.max(Facing::Unknown);
    }
    nic.facing = facing;
}
