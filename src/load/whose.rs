//! Which entries of the site name which files.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Whether two files are of one host, as far as hylint.toml says whose they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kin {
    /// One entry names both.
    Same,
    /// Each is named, and by no entry in common.
    Other,
    /// It does not say.
    Unsaid,
}

/// The entries that name each file, by the path as reported. It is one for all files of a run.
#[derive(Clone, Debug, Default)]
pub struct Whose(Arc<BTreeMap<Arc<str>, Vec<usize>>>);

impl PartialEq for Whose {
    /// Of a file it says what the site file says, which is compared by itself.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Whose {}

impl Whose {
    /// Of files with the entries that name them.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = (Arc<str>, Vec<usize>)>) -> Self {
        let named = files.into_iter().filter(|(_, entries)| !entries.is_empty());
        Self(Arc::new(named.collect()))
    }

    /// Whether two files are of one host.
    pub(super) fn kin(&self, one: &str, other: &str) -> Kin {
        match (self.0.get(one), self.0.get(other)) {
            (Some(a), Some(b)) if a.iter().any(|e| b.contains(e)) => Kin::Same,
            (Some(_), Some(_)) => Kin::Other,
            _ => Kin::Unsaid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_entry_are_of_one_host() {
        let of = |path: &str, entries: &[usize]| (Arc::from(path), entries.to_vec());
        let whose = Whose::new([of("a", &[0, 2]), of("b", &[2]), of("c", &[1]), of("d", &[])]);
        assert_eq!(whose.kin("a", "b"), Kin::Same);
        assert_eq!(whose.kin("b", "c"), Kin::Other);
        assert_eq!(whose.kin("a", "d"), Kin::Unsaid);
    }
}
