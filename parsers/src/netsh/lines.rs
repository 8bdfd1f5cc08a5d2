//! Physical lines of a console capture, without what copying put around them.

use crate::scan;
use crate::source::Source;
use crate::windows::dash::is_dash;
use crate::windows::words::Label;
use hylint_model::Span;

/// One line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Offset of the first byte of `text` in the file.
    pub(super) start: usize,
    /// The text without marks, indentation, trailing blanks and line end.
    pub(super) text: &'a str,
    /// Columns before the text, marks counted as blanks.
    pub(super) indent: usize,
}

impl Line<'_> {
    /// Place of the text.
    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.start + self.text.len())
    }

    /// Whether the line is a ruler: dashes and nothing else, at least ten bytes of them. Web pages turn several into one
    /// longer dash.
    pub(super) fn is_ruler(&self) -> bool {
        self.text.len() >= 10 && self.text.chars().all(is_dash)
    }

    /// Whether the line is a console prompt, with or without a command.
    pub(super) fn is_prompt(&self) -> bool {
        let t = self.text;
        let drive = |t: &str| {
            let b = t.as_bytes();
            b.first().is_some_and(u8::is_ascii_alphabetic)
                && b.get(1) == Some(&b':')
                && b.get(2) == Some(&b'\\')
        };
        let shell = t
            .strip_prefix("PS ")
            .is_some_and(|rest| drive(rest) || rest.starts_with("\\\\"));
        t.contains('>') && (drive(t) || shell || remote_host(t).is_some())
            || t.starts_with("netsh>")
            || t.starts_with("netsh advfirewall")
    }
}

/// The host of a PowerShell remoting prompt: `[SRV01]: PS C:\>`.
pub(super) fn remote_host(text: &str) -> Option<&str> {
    let (host, rest) = text.strip_prefix('[')?.split_once(']')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_';
    (rest.starts_with(": PS ") && !host.is_empty() && host.bytes().all(plain)).then_some(host)
}

/// Whether two names at prompts are of two hosts. One may be the full name of the other; an address tells nothing of a name.
pub(super) fn are_other_hosts(a: &str, b: &str) -> bool {
    let is_address = |h: &str| h.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let label = |h: &str| h.split('.').next().unwrap_or(h).to_ascii_lowercase();
    match (is_address(a), is_address(b)) {
        (true, true) => a != b,
        (false, false) => label(a) != label(b),
        _ => false,
    }
}

/// Splits a text into lines. `Select-String -Context` puts two blanks or `> ` before each line, a quotation `> `.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len()));
    ends.map_while(move |end| {
        let line = text.get(at..end)?;
        let start = at;
        at = end + 1;
        Some(clean(start, line))
    })
}

/// The same of a source, which counts its lines once for all.
pub(super) fn of(source: &Source) -> impl Iterator<Item = Line<'_>> {
    source.lines().map(|(start, line)| clean(start, line))
}

fn clean(start: usize, line: &str) -> Line<'_> {
    let mark = |b: &u8| matches!(b, b' ' | b'\t' | b'>');
    let indent = line.bytes().take_while(|b| mark(b)).count();
    let text = line.get(indent..).unwrap_or("");
    // Pages indent by no-break blanks.
    let wide = match text.as_bytes().first() {
        Some(b) if !b.is_ascii() => text.len() - text.trim_start().len(),
        _ => 0,
    };
    let indent = indent + wide;
    let text = text.get(wide..).unwrap_or("");
    Line {
        start: start + indent,
        text: trim_end(text),
        indent,
    }
}

/// Cuts blanks, line ends and no-break blanks off the end.
fn trim_end(text: &str) -> &str {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r');
    let cut = text.bytes().rev().take_while(|b| blank(b)).count();
    let text = text.get(..text.len() - cut).unwrap_or("");
    match text.as_bytes().last() {
        Some(b) if !b.is_ascii() => text.trim_end(),
        _ => text,
    }
}

/// Cuts blanks off the start; cheap where the text is ASCII.
fn trim_start(text: &str) -> &str {
    let text = text
        .get(scan::spaces(text.as_bytes())..)
        .unwrap_or_default();
    let text = if text.starts_with('\t') {
        text.trim_start_matches([' ', '\t'])
    } else {
        text
    };
    match text.as_bytes().first() {
        Some(b) if !b.is_ascii() => text.trim_start(),
        _ => text,
    }
}

/// Splits `label: value` at the first colon (`:` or the fullwidth one). The label has no trailing blank (French puts one
/// there, often not breaking), the value no blanks around it. `None` without a colon.
pub(super) fn split_label(line: &str) -> Option<(&str, &str)> {
    let ascii = memchr::memchr(b':', line.as_bytes());
    let head = line.get(..ascii.unwrap_or(line.len()))?;
    let wide = if head.is_ascii() {
        None
    } else {
        head.find('：')
    };
    let (at, len) = match (wide, ascii) {
        (Some(w), _) => (w, '：'.len_utf8()),
        (None, Some(a)) => (a, 1),
        (None, None) => return None,
    };
    let label = trim_end(trim_start(line.get(..at)?));
    Some((label, trim_end(trim_start(line.get(at + len..)?))))
}

/// Labels that stood before: the rules of an export have the same ones, in the same order.
#[derive(Default)]
pub(super) struct Familiar<'a> {
    labels: Vec<(&'a str, Label)>,
    /// Where the next label is expected.
    next: usize,
}

impl<'a> Familiar<'a> {
    /// Labels that are remembered; a rule has fewer.
    const MOST: usize = 24;

    /// What [`split_label`] and the vocabulary say of a line whose label stood before: the label and the value.
    pub(super) fn find(&mut self, line: &'a str) -> Option<(Label, &'a str)> {
        let (before, from) = self.labels.split_at_checked(self.next)?;
        for (n, (text, label)) in from.iter().chain(before).enumerate() {
            if let Some(value) = line.strip_prefix(text).and_then(|l| l.strip_prefix(':')) {
                self.next = (self.next + n + 1) % self.labels.len();
                return Some((*label, trim_end(trim_start(value))));
            }
        }
        None
    }

    /// Remembers a label that the line begins with.
    pub(super) fn add(&mut self, line: &'a str, text: &'a str, label: Label) {
        let bare = line.strip_prefix(text).is_some_and(|l| l.starts_with(':'));
        if bare && self.labels.len() < Self::MOST {
            self.labels.push((text, label));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn familiar_labels_are_split_as_others_are() {
        let mut familiar = Familiar::default();
        let lines = ["A:  1", "B b: x: y ", "Nom\u{a0}:  2", "A： 3", "A:"];
        for line in lines {
            let (text, _) = split_label(line).unwrap();
            familiar.add(line, text, Label::Action);
        }
        let texts: Vec<_> = familiar.labels.iter().map(|(text, _)| *text).collect();
        assert_eq!(texts, ["A", "B b", "A"], "a colon follows at once");
        for line in [
            "B b:\t \u{a0}z",
            "A: 1",
            "A:",
            "B b:: ",
            "A:\u{3000}1\u{3000}",
            "A:   b ",
        ] {
            let found = familiar.find(line).map(|(_, value)| value);
            assert_eq!(found, split_label(line).map(|(_, value)| value), "{line}");
        }
        for line in ["Nom\u{a0}:  2", "A： 3", "B", "AB: 1", "b b: 2"] {
            assert!(familiar.find(line).is_none(), "{line}");
        }
    }

    #[test]
    fn lines_lose_marks_and_keep_their_places() {
        let text = "  Rule Name:  a\r\n> LocalPort:   5000 \n\nx";
        let all: Vec<_> = lines(text).collect();
        let texts: Vec<_> = all.iter().map(|l| l.text).collect();
        assert_eq!(texts, ["Rule Name:  a", "LocalPort:   5000", "", "x"]);
        for l in &all {
            assert_eq!(text.get(l.span().range()), Some(l.text));
        }
        assert_eq!(all[1].indent, 2);
    }

    #[test]
    fn a_label_ends_at_the_first_colon_of_either_width() {
        assert_eq!(
            split_label("Rule Name:   a: b"),
            Some(("Rule Name", "a: b"))
        );
        assert_eq!(
            split_label("Nom de la règle :   x"),
            Some(("Nom de la règle", "x"))
        );
        assert_eq!(split_label("Nom\u{a0}:   x"), Some(("Nom", "x")));
        assert_eq!(split_label("規則名：x:1"), Some(("規則名", "x:1")));
        assert_eq!(split_label("Type    Code"), None);
    }

    #[test]
    fn prompts_are_not_labels() {
        let line = |text| Line {
            start: 0,
            text,
            indent: 0,
        };
        assert!(line(r"C:\Users\x>netsh advfirewall firewall show rule name=all").is_prompt());
        assert!(line(r"PS C:\> netsh advfirewall show allprofiles").is_prompt());
        assert!(line(r"[srv-01]: PS C:\Users\a\Documents> netsh").is_prompt());
        assert!(!line(r"Program:  C:\a>b").is_prompt());
        assert_eq!(remote_host(r"[srv-01]: PS C:\>"), Some("srv-01"));
        assert_eq!(remote_host("[x y]: PS"), None);
    }
}
