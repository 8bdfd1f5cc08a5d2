//! A host that a draft may have.

use super::evidence::Evidence;

/// One possible `[[host]]`.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Candidate {
    pub(super) name: String,
    /// Role ids.
    pub(super) roles: Vec<String>,
    /// How much what says the role is worth: more for what people wrote than for a path, and for a path than for ports.
    pub(super) worth: u8,
    /// What its rules say for its role, else for those that fit best.
    pub(super) evidence: Vec<Evidence>,
    /// What says so, or what speaks for it.
    pub(super) reason: String,
    /// An export says so, so it may stand in the file.
    pub(super) certain: bool,
    /// A run without a site file does not know it as a host of its own.
    pub(super) is_new: bool,
    /// It stands in the file without a role: as a host its findings are reported, and its role is asked.
    pub(super) roleless: bool,
    /// The finding that would be gone if it stood in the file.
    pub(super) instead: Option<String>,
    /// The run without a site file takes this role for what guards it.
    pub(super) taken: bool,
    pub(super) addresses: Vec<String>,
    /// Addresses that its rules name as their destination, with the place of the first of them.
    pub(super) maybe: Vec<(String, String)>,
    /// Those that a listing of the host's own shows, with its place.
    pub(super) shown: Option<(Vec<String>, String)>,
    /// Paths of files, relative to the folder.
    pub(super) exports: Vec<String>,
    /// Names of cloud points, where no interface binds them.
    pub(super) points: Vec<String>,
    /// It is Windows, and these profiles are active, if an export says so.
    pub(super) windows: Option<Option<&'static str>>,
    /// Its rules are about what goes through it.
    pub(super) forwards: bool,
}

impl Candidate {
    /// Whether it stands in the file, and is no comment.
    pub(super) fn stands(&self) -> bool {
        self.certain || self.roleless
    }

    /// Ports of its first role that are open, in thousandths.
    pub(super) fn share(&self) -> usize {
        self.evidence.first().map_or(0, Evidence::share)
    }
}
