//! What the exports do not say, as a short list: each question with the key that answers it.

use super::candidate::Candidate;
use super::found::Name;
use super::survey::Survey;
use super::vias::Via;
use crate::rules::matrix::{AccessRule, RoleIx};

/// Names in one question; the others are counted.
const NAMED: usize = 6;

/// Roles that are asked for one by one; more are one question.
const APART: usize = 2;

/// One question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// What is asked, one sentence.
    pub ask: String,
    /// The key to write, and where.
    pub key: String,
}

/// The questions of a draft; a number is a question's place in the list, from 1.
#[derive(Default)]
pub(super) struct Questions {
    pub(super) list: Vec<Question>,
    pub(super) addresses: usize,
    pub(super) likely: usize,
    pub(super) roles: usize,
    /// Of the roles that every site has, and that nothing tells anything of.
    pub(super) core: Vec<(RoleIx, usize)>,
    pub(super) access: usize,
    pub(super) names: usize,
    pub(super) profile: usize,
    pub(super) groups: usize,
    pub(super) unread: usize,
    pub(super) vias: usize,
}

/// `a, b and 3 more`.
fn some(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut shown: Vec<String> = names.iter().take(NAMED).map(|n| (*n).to_owned()).collect();
    let last = match more {
        0 => shown.pop().unwrap_or_default(),
        n => format!("{n} more"),
    };
    match shown.is_empty() {
        true => last,
        false => format!("{} and {last}", shown.join(", ")),
    }
}

fn names(hosts: &[Candidate], which: impl Fn(&Candidate) -> bool) -> Vec<&str> {
    let fitting = hosts.iter().filter(|h| which(h));
    fitting.map(|h| h.name.as_str()).collect()
}

impl Questions {
    /// What is to be asked of these hosts, groups, names and files that were not read.
    pub(super) fn of(
        s: &Survey<'_>,
        hosts: &[Candidate],
        groups: usize,
        resolve: &[Name],
        (unread, vias): (&[&str], &[Via]),
    ) -> Self {
        let mut q = Self::default();
        let bare = names(hosts, |h| h.stands() && h.addresses.is_empty());
        if !bare.is_empty() {
            q.addresses = q.ask(
                format!("Which addresses {} {} have?", does(bare.len()), some(&bare)),
                format!("`addresses = [\"…\"]` in {} [[host]]", its(bare.len())),
            );
        }
        let likely = hosts.iter().filter(|h| !h.certain && !h.roles.is_empty());
        let likely: Vec<String> = likely
            .map(|h| format!("{} ({})", h.name, h.roles.join(", ")))
            .collect();
        if !likely.is_empty() {
            let names: Vec<&str> = likely.iter().map(String::as_str).collect();
            let (are, role) = match likely.len() {
                1 => ("Is the role", "its"),
                _ => ("Are the roles", "their"),
            };
            q.likely = q.ask(
                format!("{are} of {} right?", some(&names)),
                format!("{role} [[host]], without the #"),
            );
        }
        let open = names(hosts, |h| !h.certain && h.roles.is_empty());
        if !open.is_empty() {
            let role = if open.len() == 1 { "role" } else { "roles" };
            q.roles = q.ask(
                format!("Which {role} {} {} have?", does(open.len()), some(&open)),
                format!(
                    "`roles = [\"…\"]` in {} [[host]], without the #",
                    its(open.len())
                ),
            );
        }
        q.core_roles(s);
        let mut rows = s.matrix.requirements.iter();
        if rows.any(|r| r.access == AccessRule::DirectOnly) {
            q.access = q.ask(
                "How do clients connect: directly, through a gateway, or both?".into(),
                "`access` under [deployment]; direct is assumed".into(),
            );
        }
        let unsaid = names(hosts, |h| h.stands() && h.windows == Some(None));
        if !unsaid.is_empty() {
            q.profile = q.ask(
                format!("Which Windows profile is active on {}?", some(&unsaid)),
                format!(
                    "`profile` in {} [[host]]; domain is assumed",
                    its(unsaid.len())
                ),
            );
        }
        if groups > 0 {
            let what = if groups == 1 {
                "1 group"
            } else {
                &format!("{groups} groups")
            };
            q.groups = q.ask(
                format!("Which hosts {} {what} guard?", does(groups)),
                "`points` in a [[host]]".into(),
            );
        }
        if !unread.is_empty() {
            let (what, them) = match unread.len() {
                1 => ("file", "it"),
                _ => ("files", "them"),
            };
            q.unread = q.ask(
                format!(
                    "Are these firewalls? The {what} could not be read: {}",
                    some(unread)
                ),
                format!(
                    "export {them} again, or remove {} [[host]]",
                    its(unread.len())
                ),
            );
        }
        if !vias.is_empty() {
            let fronts: Vec<&str> = vias.iter().map(|v| v.front.as_str()).collect();
            let address = if fronts.len() == 1 {
                "address"
            } else {
                "addresses"
            };
            q.vias = q.ask(
                format!(
                    "Do senders reach hosts through the {address} {}?",
                    some(&fronts)
                ),
                "[[via]] without the #, if they do".into(),
            );
        }
        if !resolve.is_empty() {
            let keys: Vec<&str> = resolve.iter().map(|n| n.key.as_str()).collect();
            q.names = q.ask(
                format!("Which addresses do rules mean by {}?", some(&keys)),
                "their lines under [resolve]".into(),
            );
        }
        q
    }

    /// Asks for the roles that every site has and of which nothing is known: one by one, or all of them at once.
    fn core_roles(&mut self, s: &Survey<'_>) {
        let roles = nowhere(s);
        let id = |r: &RoleIx| s.matrix.role(*r).map_or("", |r| r.id.as_str());
        let ids: Vec<&str> = roles.iter().map(id).collect();
        if ids.len() > APART {
            let n = self.ask(
                format!("Where are {}?", some(&ids)),
                "their lines under [roles], or [] for one that this site does not have".into(),
            );
            self.core = roles.into_iter().map(|r| (r, n)).collect();
            return;
        }
        for (role, id) in roles.iter().zip(ids) {
            let name = s.matrix.role(*role).map_or("", |r| r.name.as_str());
            let name = match name.is_empty() || name == id {
                true => id.to_owned(),
                false => format!("{id} ({name})"),
            };
            let n = self.ask(
                format!("Where is {name}?"),
                format!("`{id} = [\"…\"]` under [roles], or [] if this site has none"),
            );
            self.core.push((*role, n));
        }
    }

    fn ask(&mut self, ask: String, key: String) -> usize {
        self.list.push(Question { ask, key });
        self.list.len()
    }
}

fn does(n: usize) -> &'static str {
    if n == 1 { "does" } else { "do" }
}

fn its(n: usize) -> &'static str {
    if n == 1 { "its" } else { "their" }
}

/// Roles that a run without a site file takes to be there, and of which it knows no host.
fn nowhere(s: &Survey<'_>) -> Vec<RoleIx> {
    let site = &s.bound.site;
    let roles = site.roles.iter().enumerate();
    let there = roles.filter(|(_, r)| r.exists && r.lives_on.is_none() && r.addrs.is_empty());
    let there = there.filter_map(|(n, _)| u16::try_from(n).ok().map(RoleIx));
    let hosted = |r: &RoleIx| site.hosts.iter().any(|h| h.roles.contains(r));
    there.filter(|r| !hosted(r)).collect()
}
