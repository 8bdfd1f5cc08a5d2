//! Joins files of one scope: what one file of a host says of another's rules.
//!
//! A scope is the files of one `[[host]]` or `[[transit]]`, or else the files of one folder.

mod azure;
mod beside;
mod facts;
mod ids;
mod ipset;
mod own_side;
mod policy;
mod scope;
mod unite;
mod windows;

use crate::finding::Finding;
use crate::load::{ExportId, Heads, LoadedExport};
use hylint_model::{Body, OtherRules};
use hylint_space::AddrSet;
use std::collections::BTreeMap;

pub use azure::{Azure, Tags, public};
pub use beside::{Beside, Tells};
pub use facts::GROUPS;
pub use ids::{INTERNET, NO_ACCESS, VIRTUAL_NETWORK, parent, same_id, short_name};
pub use ipset::files as set_files;
pub use scope::{Index, Links};
pub use unite::{
    Other, Views, WindowsView, further_tables, has_filters, has_policy, has_proxies,
    hold_other_tables, is_loaded_from, is_main, is_of_policy_alone, is_ruleset, is_zones,
    kind_of_view, shows_files, unite, unite_windows, views_of_windows,
};

impl Links {
    /// Joins what exports say beside their rules; [`settle`] then carries it into the rules of each. `claims` are for each
    /// export the entries of the site that name it; `beside` are files of rules that no reader
    /// takes, or that tell of such rules.
    #[must_use]
    pub fn join(heads: &mut Heads, claims: &[Vec<usize>], beside: &[Beside<'_>]) -> Self {
        let mut out = Self {
            index: Index::new(heads, claims),
            ..Self::default()
        };
        windows::join(heads, &mut out);
        facts::resolve(heads, &mut out);
        beside::join(heads, &mut out, beside);
        policy::join(heads, &mut out, beside);
        out
    }
}

/// Carries what the files of its scope say into the rules of the export with this number. `known` are names that the
/// site itself resolves, which go before what files say.
pub fn settle(
    export: &mut LoadedExport,
    at: ExportId,
    heads: &Heads,
    index: &Index,
    known: &BTreeMap<String, AddrSet>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    ipset::settle(export, at, heads, index, known, &mut findings);
    if let Some(head) = heads.get(at) {
        for (p, head) in export.export.points.iter_mut().zip(&head.export.points) {
            p.windows.clone_from(&head.windows);
            p.other_policy = head.other_policy;
            // Heads are without what their own text says of other rules.
            if let (Body::Netfilter(own), Body::Netfilter(head)) = (&mut p.body, &head.body)
                && matches!(head.others, OtherRules::Shown(_))
            {
                own.others = head.others;
            }
        }
    }
    own_side::settle(&mut export.export);
    findings
}

#[cfg(test)]
mod tests;
