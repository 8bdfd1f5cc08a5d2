//! What one packet of a conversation leaves to the next, at one point: a connection, and what was found out on the way.

use super::ends::{End, Ends};
use super::facts::Fact;
use super::marks::Mark;
use hylint_space::{AddrSet, IfaceSet, PortSet};
use smallvec::SmallVec;

/// What packets that have passed leave behind.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Trail<'a> {
    /// Connection tracking did not take them for a connection.
    pub(crate) untracked: bool,
    /// The connection's mark.
    pub(crate) connmark: Mark,
    /// Values of open conditions that hold for every packet of the conversation.
    pub(crate) facts: SmallVec<[Fact<'a>; 2]>,
    /// Their source was translated, or may have been.
    pub(crate) masked: bool,
    /// Where their destination was moved to.
    pub(crate) moved: Option<Moved>,
    /// The source was given back that the peer knows.
    pub(crate) unmasked: bool,
}

/// A destination after translation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Moved {
    pub(crate) addrs: AddrSet,
    pub(crate) ports: PortSet,
    /// One of this host's own addresses, whichever it is.
    pub(crate) redirected: bool,
    /// Whose it is.
    pub(crate) end: End,
    /// It was sent on and not delivered here.
    pub(crate) on: bool,
    /// The interface that leads there, if it is another one than was asked about.
    pub(crate) out: Option<IfaceSet>,
    /// The connection may count as translated, and it may not (a translation onto itself leaves no trace).
    pub(crate) nat: bool,
    pub(crate) still: bool,
}

impl Moved {
    /// Whether it is known where exactly.
    pub(crate) fn is_one(&self) -> bool {
        self.addrs.v4.count() + self.addrs.v6.count() == 1 && self.ports.count() == 1
    }
}

/// What a packet starts with that others of its conversation came before.
#[derive(Clone, Debug)]
pub(crate) struct Start<'a> {
    pub(crate) ends: Ends,
    pub(crate) connmark: Mark,
    pub(crate) facts: SmallVec<[Fact<'a>; 2]>,
    pub(crate) known: Option<Box<Known>>,
}

/// What connection tracking knows of a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    /// It goes the way of the replies.
    pub(crate) reply: bool,
    /// Where its destination will be moved to.
    pub(crate) dst: Option<Moved>,
    /// The source that it will get back at the end.
    pub(crate) src: Option<(AddrSet, PortSet)>,
    /// Until its destination is given back it is for the address that its peer was shown.
    pub(crate) behind: Option<AddrSet>,
    /// Its own source, once it has got the other back.
    pub(crate) shown: Option<(AddrSet, PortSet)>,
    /// The destination was.
    pub(crate) was_behind: bool,
}

impl Known {
    /// Of packets that are told apart at one end of their way nothing is known at the other.
    pub(crate) fn blurs(&self) -> bool {
        self.src.is_some() || self.behind.is_some() || self.was_behind
    }
}
