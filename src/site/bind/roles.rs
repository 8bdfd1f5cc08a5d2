//! Which roles the site has, and their addresses.

use super::Binder;
use crate::rules::matrix::{Presence, RoleIx};
use crate::site::RoleState;

impl Binder<'_> {
    /// The state of every role. Hosts gain the roles that live on theirs.
    pub(super) fn role_states(&mut self) -> Vec<RoleState> {
        let mut states: Vec<RoleState> = Vec::with_capacity(self.matrix.roles.len());
        for (at, role) in self.matrix.roles.iter().enumerate() {
            let ix = RoleIx(u16::try_from(at).unwrap_or(u16::MAX));
            let declared = self.config.and_then(|c| c.roles.get(&ix));
            let absent = declared.is_some_and(|a| a.is_empty());
            let mut state = RoleState {
                addrs: declared.cloned().unwrap_or_default(),
                exists: declared.is_some() && !absent,
                absent,
                lives_on: None,
                implied: false,
            };
            for host in self.hosts.iter().filter(|h| h.roles.contains(&ix)) {
                state.addrs = state.addrs.union(&host.addrs);
                state.exists = true;
            }
            // Without a site file nobody could declare anything: what every site has is taken to be there.
            state.exists |= self.config.is_none() && role.presence == Presence::Core;
            states.push(state);
        }
        self.move_in(&mut states);
        self.imply(&mut states);
        states
    }

    /// What the roles of the site imply is there, whether or not the site says so.
    fn imply(&self, states: &mut [RoleState]) {
        let there = self.matrix.roles.iter().zip(states.iter());
        let there = there.filter(|(_, s)| s.exists);
        let implied: Vec<RoleIx> = there.flat_map(|(r, _)| r.implies.clone()).collect();
        for ix in implied {
            if let Some(s) = states.get_mut(usize::from(ix.0)) {
                s.implied = true;
                s.exists |= self.config.is_none() && !s.absent;
            }
        }
    }

    /// Roles that nobody declared move in with the role that they live on.
    fn move_in(&mut self, states: &mut [RoleState]) {
        let index = |r: RoleIx| usize::from(r.0);
        // A role may live on one that itself lives on another; each round settles one more step.
        for _ in 0..self.matrix.roles.len() {
            let mut changed = false;
            for (at, role) in self.matrix.roles.iter().enumerate() {
                let Some(on) = role.lives_on else { continue };
                let exists = |r: RoleIx| states.get(index(r)).is_some_and(|s: &RoleState| s.exists);
                let may = exists(on) && role.lives_if.is_none_or(exists);
                let Some(owner) = states.get(index(on)).cloned() else {
                    continue;
                };
                let Some(state) = states.get_mut(at) else {
                    continue;
                };
                if state.exists || state.absent || !may {
                    continue;
                }
                *state = RoleState {
                    addrs: owner.addrs,
                    exists: true,
                    absent: false,
                    lives_on: owner.lives_on.or(Some(on)),
                    implied: false,
                };
                let ix = RoleIx(u16::try_from(at).unwrap_or(u16::MAX));
                for host in self.hosts.iter_mut().filter(|h| h.roles.contains(&on)) {
                    host.roles.push(ix);
                }
                changed = true;
            }
            if !changed {
                break;
            }
        }
    }
}
