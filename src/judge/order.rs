//! Where a check stands among those of its requirement.

/// The number of a host or of a forwarding firewall among those that are judged together. It means nothing outside of
/// the part of the run that they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct InPart(pub usize);

/// The number of a host or of a forwarding firewall in the site.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct InSite(pub usize);

/// Which end of a flow a check is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Leg {
    /// Its source's host, which it leaves.
    #[default]
    Out,
    /// Its destination's host, which it enters.
    In,
    /// A host that is both.
    Local,
    /// A firewall between the two.
    Forward,
}

/// Where a check stands among those of its requirement. `N` is [`InPart`] or [`InSite`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Order<N> {
    /// Which end it is about.
    pub leg: Leg,
    /// The host or forwarding firewall.
    pub who: N,
}
