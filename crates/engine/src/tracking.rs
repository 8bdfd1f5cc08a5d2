//! What connection tracking knows of a conversation, packet by packet, with the kernel's defaults (`tcp_loose` is 1,
//! `tcp_be_liberal` is 0; the tables of net/netfilter/nf_conntrack_proto_tcp.c).

use hylint_space::StateSet;

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    /// TCP: its SYN was seen and no answer.
    SynSent,
    /// Anything else.
    Open,
}

/// An entry of the table of connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Entry {
    /// The first packet that was tracked is one of the other side.
    by_reply: bool,
    progress: Progress,
    /// A packet against the first one's direction was tracked.
    replied: bool,
}

/// What is known before a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tracking {
    tcp: bool,
    entry: Option<Entry>,
}

impl Tracking {
    /// Nothing.
    pub(super) fn new(tcp: bool) -> Self {
        Self { tcp, entry: None }
    }

    /// Whether the packet with this number goes the other way than the first one. Of TCP these are SYN, SYN+ACK, and then
    /// from each side by turns an ACK and data behind it; of anything else one from each side by turns.
    pub(super) fn goes_back(self, number: usize) -> bool {
        let turn = if self.tcp && number > 1 {
            number / 2 + 1
        } else {
            number
        };
        turn % 2 == 1
    }

    /// Whether packets of a side are replies to the first one that was tracked; `None` without a connection.
    pub(super) fn is_reply(self, other_side: bool) -> Option<bool> {
        self.entry.map(|e| e.by_reply != other_side)
    }

    /// The state of the packet with this number, if it is tracked.
    pub(super) fn state(self, number: usize) -> StateSet {
        let Some(e) = self.entry else {
            // An answer opens no connection, and what comes later may be in the middle of one.
            return if self.tcp && number == 1 {
                StateSet::INVALID
            } else {
                StateSet::NEW
            };
        };
        let reply = e.by_reply != self.goes_back(number);
        if !reply && number > 0 && e.progress == Progress::SynSent {
            // Nobody answered the SYN that this would be an acknowledgement of.
            StateSet::INVALID
        } else if reply || e.replied {
            StateSet::ESTABLISHED
        } else {
            StateSet::NEW
        }
    }

    /// What is known after the packet with this number has passed.
    pub(super) fn after(self, number: usize, untracked: bool) -> Self {
        if untracked || self.state(number) == StateSet::INVALID {
            return self;
        }
        let other_side = self.goes_back(number);
        let entry = match self.entry {
            None => Entry {
                by_reply: other_side,
                progress: if self.tcp && number == 0 {
                    Progress::SynSent
                } else {
                    Progress::Open
                },
                replied: false,
            },
            Some(e) if e.by_reply != other_side => Entry {
                // A mere ACK is no answer to a SYN, and is ignored there.
                progress: if number == 1 {
                    Progress::Open
                } else {
                    e.progress
                },
                replied: true,
                ..e
            },
            Some(e) => e,
        };
        Self {
            entry: Some(entry),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The states that a conversation's packets have or would have, where those of some numbers are untracked.
    fn states(tcp: bool, untracked: &[usize], count: usize) -> Vec<StateSet> {
        let mut t = Tracking::new(tcp);
        let one = |n: usize| {
            let state = t.state(n);
            t = t.after(n, untracked.contains(&n));
            state
        };
        (0..count).map(one).collect()
    }

    const N: StateSet = StateSet::NEW;
    const E: StateSet = StateSet::ESTABLISHED;
    const I: StateSet = StateSet::INVALID;

    #[test]
    fn states_follow_from_what_was_tracked() {
        assert_eq!(states(true, &[], 6), [N, E, E, E, E, E]);
        // Only the request's packets are untracked: the answer opens nothing, the data behind it does.
        assert_eq!(states(true, &[0, 2, 3, 6, 7], 8), [N, I, N, N, N, N, E, E]);
        // Only the SYN is (SYNPROXY's rule): the ACK is picked up in the middle.
        assert_eq!(states(true, &[0], 6), [N, I, N, N, E, E]);
        // Only the replies are: the ACK belongs to no answer.
        assert_eq!(states(true, &[1, 4, 5], 7), [N, E, I, I, E, E, I]);
        assert_eq!(states(false, &[], 4), [N, E, E, E]);
        assert_eq!(states(false, &[0, 2], 4), [N, N, E, N]);
        assert_eq!(states(false, &[1, 3], 4), [N, E, N, E]);
    }
}
