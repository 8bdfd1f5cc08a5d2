//! `undeclared-role`: requirements that rest on the addresses of roles which nothing declares, once for a run.
//!
//! A point that lets some sources use a required flow and not others cannot be judged without the addresses of the peers.
//! What is missing is the same for every row and host, so it is one finding with the rows that it holds up.

use super::required::not_shown;
use crate::finding::{Code, Finding, Identity, Known, Place, Severity};
use crate::judge::{Cause, Checked, Exports, Failure, Flows, Judged};
use crate::rules::matrix::{End, Implied, Matrix, Presence, RoleIx};
use crate::site::{Host, Site};
use hylint_engine::Direction;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Roles that a message names.
const NAMED: usize = 2;
/// Keys that the help names.
const KEYS: usize = 3;

/// A flow that the matrix asks for, by its number there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Flow {
    Required(usize),
    Implied(usize),
}

/// A flow that cannot be judged at a host because nothing declares its peers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldUp {
    flow: Flow,
    /// Hash of the flow, the host and the direction.
    member: [u8; 16],
    /// Whose addresses are missing.
    roles: Vec<RoleIx>,
    /// It fails a run.
    error: bool,
}

/// The requirements of a part that are held up at its hosts. `rows` are their numbers in the matrix.
#[must_use]
pub fn required(
    flows: Flows<'_>,
    exports: &Exports,
    judged: &[Judged<'_>],
    rows: impl Iterator<Item = usize>,
) -> Vec<HeldUp> {
    let mut out = Vec::new();
    for (row, j) in rows.zip(judged) {
        let to = || std::iter::once(&j.req.to).chain(&j.req.to_any);
        for (c, f) in held_up(exports, &j.checks) {
            let roles = match c.guard.direction {
                Direction::Out => missing(flows.site, to()),
                Direction::In | Direction::Forward => missing(flows.site, [&j.req.from]),
            };
            out.push(HeldUp {
                flow: Flow::Required(row),
                member: member(&j.req.id, c),
                roles,
                error: f.over_budget() || j.req.mandatory && !f.only_rate(),
            });
        }
    }
    out
}

/// The same of an implied flow, by its number in the matrix.
#[must_use]
pub fn implied(
    site: &Site,
    exports: &Exports,
    (number, flow): (usize, &Implied),
    checks: &[Checked<'_>],
) -> Vec<HeldUp> {
    let one = |(c, f): (&Checked<'_>, &Failure<'_>)| {
        let other = match c.guard.direction {
            Direction::Out => &flow.to,
            Direction::In | Direction::Forward => &flow.from,
        };
        HeldUp {
            flow: Flow::Implied(number),
            member: member(&flow.id, c),
            roles: missing(site, [other]),
            error: f.over_budget(),
        }
    };
    held_up(exports, checks).map(one).collect()
}

fn held_up<'c, 'a>(
    exports: &'c Exports,
    checks: &'c [Checked<'a>],
) -> impl Iterator<Item = (&'c Checked<'a>, &'c Failure<'a>)> {
    let failing = checks.iter().filter_map(|c| Some((c, c.failure.as_ref()?)));
    failing.filter(|(c, f)| f.cause == Cause::PeersUnknown && !not_shown(exports, c, f))
}

fn member(id: &str, c: &Checked<'_>) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in [id, c.guard.name, c.guard.direction.as_str()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut half = [0; 16];
    let all = hash.finalize();
    half.iter_mut().zip(all).for_each(|(h, b)| *h = b);
    half
}

/// The roles of some ends that are in the site without an address. One that lives on another's hosts has its addresses.
fn missing<'e>(site: &Site, ends: impl IntoIterator<Item = &'e End>) -> Vec<RoleIx> {
    let mut out = Vec::new();
    for r in ends.into_iter().flat_map(|e| &e.roles) {
        let Some(state) = site.roles.get(usize::from(r.0)) else {
            continue;
        };
        let owner = state.lives_on.unwrap_or(*r);
        if state.exists && state.addrs.is_empty() && !out.contains(&owner) {
            out.push(owner);
        }
    }
    out
}

/// What the finding says of the run.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The matrix.
    pub matrix: &'a Matrix,
    /// The site.
    pub site: &'a Site,
    /// Numbers of the requirements that nothing proves at all.
    pub unverified: Vec<usize>,
    /// The command that drafts a site file.
    pub draft: &'a str,
    /// Where the site file declares roles, if there is one.
    pub place: Option<Place>,
}

/// The finding, and what those are known by that say of one of its roles alone that nothing declares it; none if nothing is
/// held up.
#[must_use]
pub fn finding(held: &[HeldUp], asked: Asked<'_>) -> Option<(Finding, Vec<Identity>)> {
    if held.is_empty() {
        return None;
    }
    let mut flows: BTreeMap<Flow, BTreeSet<RoleIx>> = BTreeMap::new();
    for h in held {
        flows.entry(h.flow).or_default().extend(&h.roles);
    }
    if !asked.site.configured {
        for row in &asked.unverified {
            let roles = nowhere(&asked, *row);
            if !roles.is_empty() {
                flows.entry(Flow::Required(*row)).or_default().extend(roles);
            }
        }
    }
    let severity = match held.iter().any(|h| h.error) {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let mut count: BTreeMap<RoleIx, usize> = BTreeMap::new();
    for r in flows.values().flatten() {
        *count.entry(*r).or_default() += 1;
    }
    let mut roles: Vec<RoleIx> = count.keys().copied().collect();
    roles.sort_by_key(|r| (std::cmp::Reverse(count.get(r).copied()), *r));
    let nobody = match asked.site.configured {
        true => "hylint.toml does not declare",
        false => "nothing declares",
    };
    let (what, verb) = subject(&flows);
    let message = format!(
        "{what} {verb} the addresses of {}, which {nobody}",
        named(asked.matrix, &roles)
    );
    let members = held.iter().map(|h| h.member).collect();
    let identity = Identity::known(&Known::PeersUndeclared).with_members(members);
    let help = help(&asked, &roles);
    let mut f = Finding::new(
        Code::UndeclaredRole,
        severity,
        message,
        identity,
        asked.place,
    );
    let row = |flow: &Flow| match flow {
        Flow::Required(n) => asked.matrix.requirements.get(*n).map(|r| r.row),
        Flow::Implied(_) => None,
    };
    let rows: BTreeSet<u32> = flows.keys().filter_map(row).collect();
    let mut rows = rows.into_iter();
    f.row = rows.next();
    f.also = rows.collect();
    f.help = Some(help);
    let alone = roles.iter().map(|r| alone(asked.matrix, *r)).collect();
    Some((f, alone))
}

/// What the finding is known by that says of one role that nothing declares it.
fn alone(matrix: &Matrix, role: RoleIx) -> Identity {
    let name = matrix.role(role).map_or("", |r| &r.name);
    let rows: Vec<u32> = matrix.rows_of(role).collect();
    Identity::known(&Known::RoleUndeclared {
        role: name,
        rows: &rows,
    })
}

/// The core roles of a requirement that no export and no option tells anything of.
fn nowhere(asked: &Asked<'_>, row: usize) -> Vec<RoleIx> {
    let Some(req) = asked.matrix.requirements.get(row) else {
        return Vec::new();
    };
    let core = |r: &RoleIx| {
        let role = asked.matrix.role(*r);
        role.is_some_and(|r| r.presence == Presence::Core)
    };
    let ends = [&req.from, &req.to].into_iter().chain(&req.to_any);
    let mut roles = missing(asked.site, ends);
    roles.retain(core);
    roles
}

/// `12 requirements` or `1 implied flow`, and the verb.
fn subject(flows: &BTreeMap<Flow, BTreeSet<RoleIx>>) -> (String, &'static str) {
    let all = flows.len();
    let rows = flows
        .keys()
        .filter(|f| matches!(f, Flow::Required(_)))
        .count();
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let parts = [(rows, "requirement"), (all - rows, "implied flow")];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, what)| plural(*n, what)).collect();
    let verb = if all == 1 { "needs" } else { "need" };
    (parts.join(" and "), verb)
}

fn id(matrix: &Matrix, role: RoleIx) -> &str {
    matrix.role(role).map_or("", |r| &r.id)
}

/// `` `a`, `b` and 3 more roles ``.
fn named(matrix: &Matrix, roles: &[RoleIx]) -> String {
    let quoted = |r: &RoleIx| format!("`{}`", id(matrix, *r));
    // "and 1 more role" is longer than its name.
    let shown = if roles.len() <= NAMED + 1 {
        roles.len()
    } else {
        NAMED
    };
    let mut names: Vec<String> = roles.iter().take(shown).map(quoted).collect();
    let last = match roles.len() - shown {
        0 => names.pop().unwrap_or_default(),
        n => format!("{n} more roles"),
    };
    match names.as_slice() {
        [] => last,
        all => format!("{} and {last}", all.join(", ")),
    }
}

fn help(asked: &Asked<'_>, roles: &[RoleIx]) -> String {
    if !asked.site.configured {
        let draft = asked.draft;
        return format!("run `{draft}`: it drafts a hylint.toml and asks for them");
    }
    let mut keys: Vec<String> = Vec::new();
    for r in roles {
        let hosts = asked.site.hosts.iter();
        // An entry for several roles without an export says that they are there, and is no one host.
        let own = |h: &Host| {
            let states = h
                .roles
                .iter()
                .map(|r| asked.site.roles.get(usize::from(r.0)));
            states.flatten().filter(|s| s.lives_on.is_none()).count() == 1
        };
        let mut bare = hosts.filter(|h| {
            h.roles.contains(r) && h.addrs.is_empty() && (!h.layers.is_empty() || own(h))
        });
        let key = match bare.next() {
            Some(h) => format!("`addresses = [\"…\"]` to the [[host]] \"{}\"", h.name),
            None => format!("`{} = [\"…\"]` under [roles]", id(asked.matrix, *r)),
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let more = keys.len().saturating_sub(KEYS);
    keys.truncate(KEYS);
    let more = match more {
        0 => String::new(),
        n => format!(", and {n} more"),
    };
    format!("add {}{more}", keys.join(", "))
}
