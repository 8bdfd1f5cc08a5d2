//! The views of one firewall.

use crate::load::RunPoint;

/// The views of one firewall in several exports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Views {
    /// The one that is judged: the ruleset of nftables, the best view of a Windows firewall.
    pub main: RunPoint,
    /// The others: dumps of iptables-save and ip6tables-save, other forms of the ruleset; exports of a Windows firewall by
    /// other tools or of other stores. Of an export without points, its filters or settings, the first place.
    pub others: Vec<RunPoint>,
}
