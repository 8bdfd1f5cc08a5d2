//! `[roles]`, and the addresses that hosts add to them.

use super::changes::{At, Changes, Said, addresses, some_addresses};
use crate::common::words::{list, s};
use crate::rules::matrix::RoleIx;
use crate::site::RoleState;

/// A role on both sides.
struct Pair {
    role: RoleIx,
    old: RoleState,
    new: RoleState,
}

impl Changes<'_> {
    pub(super) fn roles(&mut self) {
        let pairs = self.old.site.roles.iter().zip(&self.new.site.roles);
        let pairs: Vec<Pair> = (0u16..)
            .zip(pairs)
            .filter(|(_, (a, b))| !goes_with_owner(a, b))
            .map(|(n, (a, b))| Pair {
                role: RoleIx(n),
                old: a.clone(),
                new: b.clone(),
            })
            .collect();
        for pair in pairs {
            self.role_change(&pair);
        }
    }

    fn role_change(&mut self, p: &Pair) {
        let id = self.role(p.role).to_owned();
        let grown = p.new.addrs.subtract(&p.old.addrs);
        let left = p.old.addrs.subtract(&p.new.addrs);
        let configured = self.old.config.is_some() || self.new.config.is_some();
        let vanished = p.old.exists && !p.new.exists || !p.old.absent && p.new.absent;
        let said = |r: &RoleState| match r.absent {
            true => Some("[]".to_owned()),
            false => some_addresses(&r.addrs),
        };
        let (loosened, message) = match () {
            () if !grown.is_empty() => (
                true,
                format!(
                    "`{id}` gets {}: its flows may be open there",
                    addresses(&grown)
                ),
            ),
            // Without a site file a role is there as long as a host has it, and hosts are told apart.
            () if !configured => return,
            () if vanished => (true, self.not_asked(p.role, &id)),
            () if !left.is_empty() => (
                true,
                format!(
                    "nothing is required of `{id}` at {} any more",
                    addresses(&left)
                ),
            ),
            () if !p.old.exists && p.new.exists => {
                (false, format!("`{id}` is in the site: its rows apply"))
            }
            () if p.old.absent && !p.new.absent => {
                let text = format!("`{id}` may be in the site: its addresses are not declared");
                (false, text)
            }
            () => return,
        };
        self.push(Said {
            key: format!("roles.{id}"),
            at: At::Key("roles", &id),
            old: said(&p.old),
            new: said(&p.new),
            loosened,
            message,
        });
    }

    fn not_asked(&self, role: RoleIx, id: &str) -> String {
        let rows: Vec<String> = self.matrix.rows_of(role).map(|r| r.to_string()).collect();
        let which = match rows.len() {
            0 => "nothing".to_owned(),
            n if n > 6 => format!("{n} rows"),
            n => format!("row{} {}", s(n), list(&rows)),
        };
        format!("`{id}` is no longer in the site: {which} no longer judged")
    }
}

/// Whether a role lives on another one's hosts, and what becomes of it is told of that role.
fn goes_with_owner(old: &RoleState, new: &RoleState) -> bool {
    let lives = |r: &RoleState| r.lives_on.is_some();
    let gone = |r: &RoleState| !r.exists && !r.absent;
    match (lives(old), lives(new)) {
        (true, true) => true,
        (true, false) => gone(new),
        (false, true) => gone(old),
        (false, false) => false,
    }
}
