//! Connection security rules of Windows: which packets pass only if their sender is authenticated.

use super::direction::Direction;
use super::rule::Rule;

/// What keeps packets out beside the firewall's rules: what connection security rules demand, as rules that block packets that
/// are not authenticated, and the ports that port proxies take from the host's programs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionSecurity {
    /// Of packets to the host.
    pub ingress: Vec<Rule>,
    /// Of packets from it.
    pub egress: Vec<Rule>,
}

impl ConnectionSecurity {
    /// The demands on packets of a direction.
    #[must_use]
    pub fn rules(&self, direction: Direction) -> &[Rule] {
        match direction {
            Direction::In => &self.ingress,
            Direction::Out => &self.egress,
            Direction::Forward => &[],
        }
    }

    /// Whether nothing is demanded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ingress.is_empty() && self.egress.is_empty()
    }
}
