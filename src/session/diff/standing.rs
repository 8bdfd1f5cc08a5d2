//! Which findings of the new side were there before, and which of the old side are gone.

use crate::finding::{Code, Finding, Group, Place, Severity};
use hylint_space::{AddrSet, PortSet};
use std::collections::{BTreeMap, BTreeSet};

/// A finding by its number, and what it has in common with those that may be the same one.
pub(super) struct Named<'o> {
    pub(super) at: usize,
    pub(super) finding: &'o Finding,
    pub(super) group: String,
}

/// Those that only the old side has, and those that only the new side has.
type Sides<'n, 'o> = (Vec<&'n Named<'o>>, Vec<&'n Named<'o>>);

/// What remains of equal findings when each that was there is matched: with one of the same rule and text before any other,
/// so that of two copies the one that was added is named.
pub(super) fn equal<'n, 'o>(known: Vec<&'n Named<'o>>, found: Vec<&'n Named<'o>>) -> Sides<'n, 'o> {
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, k) in known.iter().enumerate().rev() {
        alike.entry(read_as(k.finding)).or_default().push(at);
    }
    let mut left: Vec<Option<&Named<'_>>> = known.into_iter().map(Some).collect();
    let mut others: Vec<&Named<'_>> = Vec::new();
    for n in found {
        let of = alike.get_mut(&read_as(n.finding)).and_then(Vec::pop);
        let slot = of.and_then(|at| left.get_mut(at));
        let was = slot.and_then(|k| k.take_if(|k| is_as_before(k.finding, n.finding)));
        if was.is_none() {
            others.push(n);
        }
    }
    let mut known: Vec<&Named<'_>> = left.into_iter().flatten().collect();
    let mut found = others;
    found.retain(|n| {
        let at = known
            .iter()
            .position(|k| is_as_before(k.finding, n.finding));
        at.map(|at| known.swap_remove(at)).is_none()
    });
    // One that grew is new, and what it was before is not gone.
    let grown = found.len().min(known.len());
    known.sort_by_key(|n| n.at);
    known.drain(..grown);
    (known, found)
}

/// Whether a finding says no more than one that was there before.
fn is_as_before(known: &Finding, found: &Finding) -> bool {
    found.severity <= known.severity && found.identity.is_within(&known.identity)
}

/// How a finding reads in its file.
fn read_as(f: &Finding) -> (Option<&str>, Option<String>) {
    let text = f.place.as_ref().and_then(Place::covered);
    (f.rule.as_deref(), text)
}

/// Where a required flow of a finding fails, and which way it goes, whatever stops it.
pub(super) fn flow_of(f: &Finding) -> Option<String> {
    if f.code.group() != Group::Required {
        return None;
    }
    // The firewall of a host is called like its file.
    let path = f.place.as_ref().map(|p| &*p.path);
    let point = f.point.as_deref().filter(|p| Some(*p) != path);
    let way = f.direction.map_or("", hylint_model::Direction::as_str);
    Some([whose(f), point.unwrap_or_default(), way].join("\0"))
}

/// Of the flows that fail at one point: what fails that did not fail, and what failed of which nothing does any more. By
/// which rule, and which rows share a finding, does not count.
pub(super) fn flows<'n, 'o>(known: Vec<&'n Named<'o>>, found: Vec<&'n Named<'o>>) -> Sides<'n, 'o> {
    let before: Vec<Failing<'_>> = known.iter().map(|n| Failing::of(n.finding)).collect();
    let behind: Vec<Failing<'_>> = found.iter().map(|n| Failing::of(n.finding)).collect();
    let new = found.iter().zip(&behind);
    let new = new.filter(|(_, f)| !f.was_there(&before));
    let gone = known.iter().zip(&before);
    let gone = gone.filter(|(_, f)| !behind.iter().any(|b| b.meets(f)));
    (
        gone.map(|(n, _)| *n).collect(),
        new.map(|(n, _)| *n).collect(),
    )
}

/// A required flow that fails.
struct Failing<'o> {
    finding: &'o Finding,
    /// Rows of the matrix; of an implied flow its id.
    rows: Vec<String>,
    transport: &'o str,
    ports: PortSet,
    peers: &'o AddrSet,
}

impl<'o> Failing<'o> {
    fn of(finding: &'o Finding) -> Self {
        let mut parts = finding.identity.as_str().split('\0');
        let transport = parts.next().unwrap_or_default();
        let port = |text: &str| {
            let (lo, hi) = text.split_once('-').unwrap_or((text, text));
            Some((lo.parse().ok()?, hi.parse().ok()?))
        };
        let ports = parts.next().unwrap_or_default().split(", ");
        let rows = finding.row.iter().chain(&finding.also).map(u32::to_string);
        let id = finding.requirement.iter().filter(|_| finding.row.is_none());
        Self {
            finding,
            rows: rows.chain(id.cloned()).collect(),
            transport,
            ports: ports.filter_map(port).collect(),
            peers: &finding.identity.peers,
        }
    }

    /// How much of the flow fails, for certain.
    fn rank(&self) -> u8 {
        match self.finding.code {
            Code::ConditionalFlow => 0,
            Code::PartialFlow => 1,
            _ => 2,
        }
    }

    /// Whether each of its rows failed for as many peers.
    fn was_there(&self, before: &[Self]) -> bool {
        self.rows.iter().all(|row| {
            let mut alike = before.iter().filter(|k| {
                k.rows.contains(row)
                    && k.rank() >= self.rank()
                    && k.finding.severity >= self.finding.severity
                    && k.transport == self.transport
                    && self.ports.is_subset(&k.ports)
            });
            let first = alike.next();
            let peers = first.map(|k| self.peers.subtract(k.peers));
            let left = peers.map(|p| alike.fold(p, |left, k| left.subtract(k.peers)));
            left.is_some_and(|l| l.is_empty())
        })
    }

    fn meets(&self, other: &Self) -> bool {
        let row = self.rows.iter().any(|r| other.rows.contains(r));
        let peers = self.peers.is_empty() || self.peers.intersects(other.peers);
        row && self.transport == other.transport && self.ports.intersects(&other.ports) && peers
    }
}

/// Leaves out what rules open that were written anew or narrowed: where nothing opens, what a rule opens too much was open
/// before, and told as gravely of other rules.
pub(super) fn rewritten<'n, 'o>(
    old: Vec<&'n Named<'o>>,
    new: Vec<&'n Named<'o>>,
    opens: &dyn Fn(&Finding) -> bool,
) -> Sides<'n, 'o> {
    let is_excess = |n: &Named<'_>| n.finding.code.group() == Group::Excess;
    let mut gravest: BTreeMap<&str, Severity> = BTreeMap::new();
    for n in old.iter().filter(|n| is_excess(n)) {
        let most = gravest.entry(whose(n.finding)).or_insert(Severity::Note);
        *most = n.finding.severity.max(*most);
    }
    let was_there = |n: &&Named<'_>| {
        let most = gravest.get(whose(n.finding));
        let told = most.is_some_and(|most| n.finding.severity <= *most);
        is_excess(n) && told && !opens(n.finding)
    };
    let (again, new): (Vec<_>, Vec<_>) = new.into_iter().partition(was_there);
    let again = again
        .into_iter()
        .map(|n| (whose(n.finding), n.finding.code));
    let again: BTreeSet<(&str, Code)> = again.collect();
    let mut old = old;
    old.retain(|n| !again.contains(&(whose(n.finding), n.finding.code)));
    (old, new)
}

/// The host of a finding, else its file.
fn whose(f: &Finding) -> &str {
    let path = f.place.as_ref().map(|p| &*p.path);
    f.host.as_deref().or(path).unwrap_or_default()
}
