//! Which outputs of direct rules are there.

/// Which outputs of direct rules are there: of what runs, and of what is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Shown {
    runs: [bool; 2],
    stored: [bool; 2],
}

/// What an output lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lists {
    /// `--get-all-rules`.
    Rules,
    /// `--get-all-passthroughs`.
    Passthroughs,
}

impl Shown {
    /// Keeps that an output is there.
    pub(super) fn put(&mut self, permanent: bool, lists: Lists) {
        let side = if permanent {
            &mut self.stored
        } else {
            &mut self.runs
        };
        if let Some(slot) = side.get_mut(lists as usize) {
            *slot = true;
        }
    }

    /// Keeps all that another one does.
    pub(super) fn join(&mut self, other: Self) {
        let own = self.runs.iter_mut().chain(&mut self.stored);
        let other = other.runs.into_iter().chain(other.stored);
        own.zip(other).for_each(|(a, b)| *a |= b);
    }

    /// Whether what runs is there, and what is stored.
    pub(super) fn both(self, lists: Lists) -> bool {
        let has = |side: [bool; 2]| side.get(lists as usize) == Some(&true);
        has(self.runs) && has(self.stored)
    }

    /// Keeps what an output without a line says, by the name of its file.
    pub(super) fn put_empty(&mut self, path: &str) {
        let lists = match has_word(path, &["passthrough", "passthroughs"]) {
            true => Lists::Passthroughs,
            false => Lists::Rules,
        };
        self.put(is_permanent(path), lists);
    }
}

/// Whether a file is called after what is stored, and not after what runs.
pub(super) fn is_permanent(path: &str) -> bool {
    has_word(path, &["permanent"])
}

fn has_word(path: &str, words: &[&str]) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let mut own = name.split(|c: char| !c.is_ascii_alphanumeric());
    own.any(|w| words.iter().any(|o| w.eq_ignore_ascii_case(o)))
}
