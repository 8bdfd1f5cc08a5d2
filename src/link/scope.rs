//! Which files belong together, and what is found where they are joined.

use super::ids::VIRTUAL_NETWORK;
use crate::finding::{Code, Finding, Identity, Known, Place, Severity};
use crate::load::{ExportId, Heads, LoadedExport, RunPoint};
use hylint_model::Span;
use hylint_space::AddrSet;
use std::collections::BTreeMap;

/// What the files of each scope say of each other.
#[derive(Debug, Default)]
pub struct Links {
    /// Which exports are of one scope.
    pub index: Index,
    /// The export in which the settings of a Windows firewall stand, where that is not its own.
    pub settings: BTreeMap<RunPoint, ExportId>,
    /// Windows firewalls of which files beside them tell whether a Group Policy acts.
    pub policies: Vec<RunPoint>,
    /// Names that the exports use and their companions define, by their key of `[resolve]`.
    pub resolve: BTreeMap<String, AddrSet>,
    /// Addresses of which the exports do not tell whether such a name holds them.
    pub open: BTreeMap<String, AddrSet>,
    /// What could not be joined.
    pub findings: Vec<Finding>,
}

/// What to do where a policy acts and its rules are not exported.
const EFFECTIVE: &str = "export the rules in effect, too: `netsh advfirewall monitor show firewall rule name=all verbose`, with the command in the file";

/// Names with their addresses.
type Names = BTreeMap<String, AddrSet>;

impl Links {
    /// Names as hylint.toml resolves them, over what exports say; and addresses of which it is still not known whether a name
    /// holds them. Of the members of a group, interfaces tell first: hylint.toml adds what they leave open.
    #[must_use]
    pub fn with_known(&self, known: Names) -> (Names, Names) {
        let (mut resolve, mut open) = (self.resolve.clone(), self.open.clone());
        for (key, addrs) in known {
            let left = open.remove(&key);
            let slot = resolve.entry(key.clone()).or_default();
            *slot = match left {
                Some(left) if key != VIRTUAL_NETWORK => slot.union(&addrs.intersect(&left)),
                _ => addrs,
            };
        }
        (resolve, open)
    }
}

/// Which exports are of one scope.
#[derive(Debug, Default)]
pub struct Index {
    /// For each export the host or transit entries that name it, as numbers.
    claims: Vec<Vec<usize>>,
    entries: BTreeMap<usize, Vec<ExportId>>,
    folders: BTreeMap<String, Vec<ExportId>>,
}

impl Index {
    /// Indexes exports by what names them and by folder.
    #[must_use]
    pub fn new(exports: &Heads, claims: &[Vec<usize>]) -> Self {
        let mut index = Self {
            claims: claims.to_vec(),
            ..Self::default()
        };
        for (i, e) in exports.each() {
            let folder = crate::common::paths::folder(&e.path).to_owned();
            index.folders.entry(folder).or_default().push(i);
            for c in claims.get(i.index()).into_iter().flatten() {
                index.entries.entry(*c).or_default().push(i);
            }
        }
        index
    }

    /// Exports that an entry names.
    #[must_use]
    pub fn of_entry(&self, entry: usize) -> &[ExportId] {
        self.entries.get(&entry).map_or(&[], Vec::as_slice)
    }

    /// Exports of a folder.
    #[must_use]
    pub fn of_folder(&self, folder: &str) -> &[ExportId] {
        self.folders.get(folder).map_or(&[], Vec::as_slice)
    }

    pub(super) fn claims(&self, export: ExportId) -> &[usize] {
        self.claims.get(export.index()).map_or(&[], Vec::as_slice)
    }

    /// Exports of the scope of one, itself included: those that its entries name, and those of its folder that no other
    /// entry names.
    #[must_use]
    pub fn scope(&self, exports: &Heads, at: ExportId) -> Vec<ExportId> {
        let own = self.claims(at);
        let mut all: Vec<ExportId> = own
            .iter()
            .flat_map(|c| self.of_entry(*c))
            .copied()
            .collect();
        let folder = exports
            .get(at)
            .map_or("", |e| crate::common::paths::folder(&e.path));
        let free = |i: &&ExportId| own.is_empty() || self.claims(**i).is_empty();
        all.extend(self.of_folder(folder).iter().filter(free));
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A finding at a place of an export.
pub(super) fn finding(
    export: &LoadedExport,
    span: Span,
    severity: Severity,
    message: String,
    known: &Known<'_>,
    help: &str,
) -> Finding {
    let mut f = Finding::new(
        Code::IncompleteExport,
        severity,
        message,
        Identity::known(known),
        export.place(span),
    );
    f.help = Some(help.to_owned());
    f
}

/// That a policy acts on a host, of which a file tells, and its rules are in no export.
pub(super) fn policy_not_exported(path: &str, place: Place) -> Finding {
    let message = format!(
        "Group Policy acts on this host (`{path}`), but the export holds none of its rules: what Windows allows is not proven"
    );
    let identity = Identity::known(&Known::PolicyBeside);
    let mut f = Finding::new(
        Code::IncompleteExport,
        Severity::Warning,
        message,
        identity,
        place,
    );
    f.help = Some(EFFECTIVE.to_owned());
    f
}
