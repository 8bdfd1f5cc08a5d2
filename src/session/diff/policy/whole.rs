//! All of them.

use super::changes::{At, Binding, Changes, Said, Side};
use super::inline;
use crate::common::diag::Diag;
use crate::finding::difference::PolicyChange;
use crate::finding::outcome::Outcome;
use crate::session::Session;
use crate::session::diff::packets::Names;
use crate::session::diff::shown::Showing;
use crate::session::diff::sides::{Policy, Sides};

/// Compares the site files, the matrices and the waivers in exports, in the order of hylint.toml.
///
/// # Errors
/// A site cannot be bound.
pub(in crate::session::diff) fn compare(
    sides: &Sides,
    names: &Names,
    old: &Outcome,
    new: &Outcome,
) -> Result<Vec<PolicyChange>, Vec<Diag>> {
    let Some(judge) = sides.judge() else {
        return Ok(Vec::new());
    };
    let showing = Showing::of(sides);
    let mut changes = Changes {
        old: side(&sides.old)?,
        new: side(&sides.new)?,
        matrix: &judge.site()?.matrix,
        showing: &showing,
        bindings: [
            Binding::of(&sides.old, &Names::default())?,
            Binding::of(&sides.new, names)?,
        ],
        policy: sides.policy,
        all: Vec::new(),
    };
    let was = changes.old.config.is_some();
    if was && changes.new.config.is_none() {
        changes.site_file(false);
    } else {
        if !was && changes.new.config.is_some() {
            changes.site_file(true);
        }
        changes.matrices(sides.old.own_matrix()?, sides.new.own_matrix()?);
        changes.deployment();
        changes.ports();
        changes.roles();
        changes.resolve();
        changes.hosts();
        changes.guards();
        changes.transits();
        changes.vias();
        changes.allows();
        changes.waives();
        changes.levels();
        changes.check();
    }
    let mut all = changes.all;
    if sides.policy == Policy::Old {
        all.extend(inline::compare(&showing, old, new));
    }
    Ok(all)
}

fn side(session: &Session) -> Result<Side<'_>, Vec<Diag>> {
    Ok(Side {
        config: session.config(),
        site: &session.site()?.bound.site,
    })
}

impl Changes<'_> {
    fn site_file(&mut self, added: bool) {
        let config = if added { self.new } else { self.old }.config;
        let name = config.map(|c| c.path.to_string());
        let message = match (added, self.policy) {
            (false, _) => "hylint.toml is removed, and with it all that it asks for",
            (true, Policy::New) => "hylint.toml is added: both sides are judged by it",
            (true, Policy::Old | Policy::None) => {
                "hylint.toml is added: both sides are judged without it"
            }
        };
        self.push(Said {
            key: crate::site::config::FILE_NAME.into(),
            at: At::Key("", ""),
            old: name.clone().filter(|_| !added),
            new: name.filter(|_| added),
            loosened: !added,
            message: message.into(),
        });
    }
}
