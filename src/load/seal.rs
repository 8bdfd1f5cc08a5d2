//! By what a file that is read twice is known again.

use highway::{HighwayHash, HighwayHasher, Key};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// A keyed hash of a file's bytes. The key is random and of this process alone, so nobody can write two files of one seal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Seal([u64; 2]);

static KEY: LazyLock<Key> = LazyLock::new(|| {
    let word = || RandomState::new().build_hasher().finish();
    Key([word(), word(), word(), word()])
});

impl Seal {
    /// The seal of a file with these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(HighwayHasher::new(*KEY).hash128(bytes))
    }

    /// The seal of a file with this one and of the files that it includes.
    #[must_use]
    pub fn with(self, included: &[Self]) -> Self {
        if included.is_empty() {
            return self;
        }
        let all = std::iter::once(&self).chain(included);
        let bytes: Vec<u8> = all.flat_map(|s| s.0).flat_map(u64::to_le_bytes).collect();
        Self::of(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_or_byte_more_is_another_seal() {
        let text = b"-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT\n".repeat(9);
        let seal = Seal::of(&text);
        assert_eq!(seal, Seal::of(&text.clone()));
        for at in 0..text.len() {
            let mut other = text.clone();
            if let Some(b) = other.get_mut(at) {
                *b ^= 1;
            }
            assert_ne!(seal, Seal::of(&other), "{at}");
            assert_ne!(seal, Seal::of(text.get(..at).unwrap_or_default()), "{at}");
        }
    }
}
