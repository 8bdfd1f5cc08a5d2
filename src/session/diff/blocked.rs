//! Required flows that do not pass, on either side: one that stays blocked is the same finding, whatever blocks it now.

use super::packets::Names;
use crate::finding::{Code, Finding, Group, Severity};
use hylint_model::Direction;
use hylint_space::AddrSet;

/// A required flow that does not pass, under the old side's names.
pub(super) struct Blocked {
    /// Code, host, point and direction.
    at: (Code, Option<String>, Option<String>, Option<Direction>),
    severity: Severity,
    rows: Vec<u32>,
    /// Transport and ports.
    ports: String,
    peers: AddrSet,
}

impl Blocked {
    /// What a finding is about, if that is a required flow.
    pub(super) fn of(f: &Finding, names: &Names) -> Option<Self> {
        let row = f.row.filter(|_| f.code.group() == Group::Required)?;
        // What stops it comes last.
        let (ports, _) = f.identity.as_str().rsplit_once('\0')?;
        let host = f.host.as_ref().map(|h| names.host(h).to_owned());
        let point = f.point.as_ref().map(|p| match names.paths.get(p.as_str()) {
            Some(old) => old.to_string(),
            None => p.clone(),
        });
        Some(Self {
            at: (f.code, host, point, f.direction),
            severity: f.severity,
            rows: f.also.iter().copied().chain([row]).collect(),
            ports: ports.to_owned(),
            peers: f.identity.peers.clone(),
        })
    }

    /// Whether each of its rows fails there for as many peers among these, too.
    pub(super) fn is_within(&self, others: &[Self]) -> bool {
        let alike =
            |o: &&Self| o.at == self.at && o.severity >= self.severity && o.ports == self.ports;
        self.rows.iter().all(|row| {
            let mut of_row = others.iter().filter(|o| o.rows.contains(row)).filter(alike);
            of_row.any(|o| self.peers.is_subset(&o.peers))
        })
    }
}
