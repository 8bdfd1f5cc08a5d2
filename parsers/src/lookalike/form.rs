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
    /// No firewall, though rules may be quoted in it: a report or a baseline of hylint's own.
    Report,
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

/// A text that is no export.
pub(super) struct Text<'t> {
    pub(super) whole: &'t str,
    /// Its first 64 KiB.
    pub(super) head: &'t str,
}

impl<'t> Text<'t> {
    pub(super) fn new(whole: &'t str) -> Self {
        let end = (HEAD - 3..=HEAD).rev().find(|n| whole.is_char_boundary(*n));
        let head = end.and_then(|n| whole.get(..n)).unwrap_or(whole);
        Self { whole, head }
    }

    /// Lines of the head without blanks around them.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'t str> {
        self.head.lines().map(str::trim)
    }

    /// The first line that is not blank and no comment of `Export-Csv`.
    pub(super) fn first(&self) -> &'t str {
        let mut lines = self.lines();
        let first = lines.find(|l| !l.is_empty() && !l.starts_with("#TYPE"));
        first.unwrap_or("")
    }

    pub(super) fn has(&self, part: &str) -> bool {
        self.head.contains(part)
    }

    pub(super) fn has_all(&self, parts: &[&str]) -> bool {
        parts.iter().all(|p| self.has(p))
    }

    pub(super) fn has_any(&self, parts: &[&str]) -> bool {
        parts.iter().any(|p| self.has(p))
    }

    /// Whether any line begins with one of the texts.
    pub(super) fn begins(&self, starts: &[&str]) -> bool {
        self.lines()
            .any(|l| starts.iter().any(|s| l.starts_with(s)))
    }

    /// Whether a line is `key : value` with one of the values, or any value. The dash of a list in YAML is left out.
    pub(super) fn field(&self, key: &str, values: &[&str]) -> bool {
        self.lines()
            .any(|l| field(l.trim_start_matches("- "), key, values))
    }

    pub(super) fn fields(&self, keys: &[&str]) -> bool {
        keys.iter().all(|k| self.field(k, &[]))
    }

    /// Whether it is JSON by its first character.
    pub(super) fn is_json(&self) -> bool {
        self.head.trim_start().starts_with(['{', '['])
    }

    /// Whether it is JSON with all of these keys.
    pub(super) fn json(&self, keys: &[&str]) -> bool {
        let quoted = |k: &&str| {
            let mut rest = self.head;
            while let Some(at) = rest.find(*k) {
                let before = rest.get(..at).unwrap_or("");
                rest = rest.get(at + k.len()..).unwrap_or("");
                if before.ends_with('"') && rest.starts_with('"') {
                    return true;
                }
            }
            false
        };
        self.is_json() && keys.iter().all(quoted)
    }
}

/// Whether a line is `key : value` with one of the values, or any value.
fn field(line: &str, key: &str, values: &[&str]) -> bool {
    let rest = line.strip_prefix(key).map(str::trim_start);
    let value = rest.and_then(|r| r.strip_prefix(':')).map(str::trim);
    value.is_some_and(|v| values.is_empty() || values.contains(&v))
}
