//! What a form is, and the text that is asked for one.

/// A form that is not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lookalike {
    /// What the file is, as it stands after "it looks like".
    pub what: &'static str,
    /// What to do instead, as it stands after "help:".
    pub instead: &'static str,
    /// What it stands for.
    pub standing: Standing,
}

/// What a file of a form stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    /// The firewall of one host or device.
    Host,
    /// The firewalls of an account, a subscription or a project.
    Account,
    /// What a command printed instead of an export: an error text.
    Refusal,
    /// A source that rules are made from, of which a repository may hold hundreds.
    Source,
    /// A container whose contents cannot be seen: a compressed file, an archive, a spreadsheet.
    Container,
    /// No firewall: a report or a baseline of hylint's own, which may quote rules, or what a command prints of other things.
    Other,
}

/// How much of a text is looked at.
pub(super) const HEAD: usize = 64 * 1024;

/// How a form is told, what it is called, and what to do instead.
pub(super) struct Form {
    pub(super) fits: fn(&Text<'_>) -> bool,
    what: &'static str,
    instead: &'static str,
    standing: Standing,
}

impl Form {
    pub(super) const fn new(
        standing: Standing,
        fits: fn(&Text<'_>) -> bool,
        what: &'static str,
        instead: &'static str,
    ) -> Self {
        Self {
            fits,
            what,
            instead,
            standing,
        }
    }

    pub(super) const fn lookalike(&self) -> Lookalike {
        Lookalike {
            what: self.what,
            instead: self.instead,
            standing: self.standing,
        }
    }
}

/// A text that is no export, looked through once for all forms.
pub(super) struct Text<'t> {
    pub(super) whole: &'t str,
    /// Its first 64 KiB.
    pub(super) head: &'t str,
    /// Lines of the head without blanks around them.
    lines: Vec<&'t str>,
    is_json: bool,
}

impl<'t> Text<'t> {
    pub(super) fn new(whole: &'t str) -> Self {
        let end = (HEAD - 3..=HEAD).rev().find(|n| whole.is_char_boundary(*n));
        let head = end.and_then(|n| whole.get(..n)).unwrap_or(whole);
        Self {
            whole,
            head,
            lines: head.lines().map(str::trim).collect(),
            is_json: head.trim_start().starts_with(['{', '[']),
        }
    }

    /// Lines of the head without blanks around them.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'t str> {
        self.lines.iter().copied()
    }

    /// The first line that is not blank and no comment of `Export-Csv`.
    pub(super) fn first(&self) -> &'t str {
        let mut lines = self.lines();
        let first = lines.find(|l| !l.is_empty() && !l.starts_with("#TYPE"));
        first.unwrap_or("")
    }

    pub(super) fn has(&self, part: &str) -> bool {
        memchr::memmem::find(self.head.as_bytes(), part.as_bytes()).is_some()
    }

    pub(super) fn has_all(&self, parts: &[&str]) -> bool {
        parts.iter().all(|p| self.has(p))
    }

    pub(super) fn has_any(&self, parts: &[&str]) -> bool {
        parts.iter().any(|p| self.has(p))
    }

    /// Whether any line begins with one of the texts.
    pub(super) fn begins(&self, starts: &[&str]) -> bool {
        let mut starts = starts.iter().filter(|s| self.has(s));
        starts.any(|s| self.lines.iter().any(|l| l.starts_with(s)))
    }

    /// Whether a line is `key : value` with one of the values, or any value.
    pub(super) fn field(&self, key: &str, values: &[&str]) -> bool {
        let has = |l: &str| {
            let line = l.trim_start_matches("- ").split_once(':');
            line.is_some_and(|(k, v)| {
                k.trim_end() == key && (values.is_empty() || values.contains(&v.trim()))
            })
        };
        self.has(key) && self.lines().any(has)
    }

    pub(super) fn fields(&self, keys: &[&str]) -> bool {
        keys.iter().all(|k| self.field(k, &[]))
    }

    /// The first key of the first object, where it is JSON.
    pub(super) fn first_key(&self) -> Option<&'t str> {
        if !self.is_json {
            return None;
        }
        let key = self
            .head
            .trim_start_matches(|c: char| c.is_whitespace() || c == '[');
        let key = key.strip_prefix('{')?.trim_start().strip_prefix('"')?;
        key.split('"').next()
    }

    /// Whether it is JSON by its first character.
    pub(super) fn is_json(&self) -> bool {
        self.is_json
    }

    /// Whether it is JSON with all of these keys.
    pub(super) fn json(&self, keys: &[&str]) -> bool {
        let head = self.head.as_bytes();
        let quoted = |key: &&str| {
            let mut all = memchr::memmem::find_iter(head, key.as_bytes());
            all.any(|at| {
                let before = at.checked_sub(1).and_then(|n| head.get(n));
                before == Some(&b'"') && head.get(at + key.len()) == Some(&b'"')
            })
        };
        self.is_json && keys.iter().all(quoted)
    }
}
