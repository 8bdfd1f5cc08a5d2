//! Values of properties, in whatever form they are printed.

use super::props::{Prop, Shape};
use hylint_model::Span;
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// One word or text with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) span: Span,
}

/// What a value holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Content<'a> {
    /// Nothing: null, an empty list, an empty cell.
    Empty,
    /// Its words.
    Words(SmallVec<[Word<'a>; 1]>),
    /// PowerShell printed the name of a type, or cut the value: what it held is lost.
    Lost,
}

/// A value with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cell<'a> {
    pub(super) content: Content<'a>,
    pub(super) span: Span,
}

impl<'a> Cell<'a> {
    pub(super) const fn empty(span: Span) -> Self {
        let content = Content::Empty;
        Self { content, span }
    }

    pub(super) const fn lost(span: Span) -> Self {
        let content = Content::Lost;
        Self { content, span }
    }

    /// A value that is printed as one text.
    pub(super) fn of_text(prop: Prop, text: Cow<'a, str>, span: Span) -> Self {
        let shape = prop.shape();
        let whole = text.trim();
        if whole.is_empty() {
            return Self::empty(span);
        }
        if shape == Shape::Text {
            return Self::of_words(smallvec![Word { text, span }], span);
        }
        if is_lost(whole) {
            return Self::lost(span);
        }
        let braces = whole.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
        let listed = braces.filter(|inner| !is_guid(inner));
        let inner = listed.unwrap_or(whole);
        match listed {
            Some(inner) if inner.trim().is_empty() => return Self::empty(span),
            Some(inner) if is_cut(inner.trim_end()) => return Self::lost(span),
            _ => {}
        }
        let by = |c: char| match shape {
            Shape::Words => matches!(c, ',' | ';' | '|') || c.is_whitespace(),
            Shape::Texts => matches!(c, ',' | ';' | '|'),
            Shape::One | Shape::Text => false,
        };
        let parts = inner
            .split(by)
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let words: SmallVec<[Word<'a>; 1]> = match &text {
            Cow::Borrowed(borrowed) => parts.map(|part| part_of(borrowed, part, span)).collect(),
            Cow::Owned(_) => parts
                .map(|part| Word {
                    text: Cow::Owned(part.to_owned()),
                    span,
                })
                .collect(),
        };
        if words.iter().any(|w| is_lost(&w.text)) {
            return Self::lost(span);
        }
        Self::of_words(words, span)
    }

    /// A value whose words are known; none of them makes it empty.
    pub(super) fn of_words(words: SmallVec<[Word<'a>; 1]>, span: Span) -> Self {
        let content = match words.is_empty() {
            true => Content::Empty,
            false => Content::Words(words),
        };
        Self { content, span }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.content == Content::Empty
    }

    pub(super) fn is_lost(&self) -> bool {
        self.content == Content::Lost
    }

    /// Its words; none if it is empty or lost.
    pub(super) fn words(&self) -> &[Word<'a>] {
        match &self.content {
            Content::Words(words) => words,
            Content::Empty | Content::Lost => &[],
        }
    }

    /// Its only word; of several, none.
    pub(super) fn one(&self) -> Option<&Word<'a>> {
        match self.words() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// The word that a part of a text is. A text of the file has its own place, others that of the whole value.
fn part_of<'a>(whole: &'a str, part: &str, span: Span) -> Word<'a> {
    let within = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize);
    let range = within.map(|at| at..at + part.len());
    let text = range.clone().and_then(|r| whole.get(r));
    let exact = span.len() == whole.len();
    let place = match (within, exact) {
        (Some(at), true) => {
            let start = span.start as usize + at;
            Span::new(start, start + part.len())
        }
        _ => span,
    };
    Word {
        text: text.map_or_else(|| Cow::Owned(part.to_owned()), Cow::Borrowed),
        span: place,
    }
}

/// Whether a text is what PowerShell prints for a value that it does not show: the name of a type, an object in one line,
/// or a text that the console cut.
pub(super) fn is_lost(text: &str) -> bool {
    const TYPES: [&str; 5] = [
        "System.Object",
        "System.Collections.",
        "Microsoft.Management.Infrastructure.",
        "Microsoft.PowerShell.",
        "MSFT_Net",
    ];
    text.starts_with("@{")
        || text.starts_with("System.") && text.ends_with("[]")
        || TYPES.iter().any(|t| text.starts_with(t))
        || is_cut(text)
}

/// Whether the console, or the limit of printed elements, cut a text.
pub(super) fn is_cut(text: &str) -> bool {
    text.ends_with("...") || text.ends_with('…')
}

/// Whether the text between braces is a GUID, whose braces are its own.
fn is_guid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(prop: Prop, text: &'static str) -> Vec<String> {
        let cell = Cell::of_text(prop, Cow::Borrowed(text), Span::new(0, text.len()));
        if cell.is_lost() {
            return vec!["LOST".into()];
        }
        for w in cell.words() {
            assert_eq!(text.get(w.span.range()), Some(&*w.text));
        }
        cell.words().iter().map(|w| w.text.to_string()).collect()
    }

    // Fails if a list is read as one word, a path as several, or what is cut as a value.
    #[test]
    fn lists_are_read_however_they_are_joined_and_what_is_cut_is_lost() {
        let ports = |text| words(Prop::LocalPort, text);
        for text in [
            "80,443",
            "80;443",
            "80|443",
            "80 443",
            "{80, 443}",
            " 80 ,443",
        ] {
            assert_eq!(ports(text), ["80", "443"], "{text}");
        }
        for text in [
            "{80, 443, 1, 2...}",
            "{80, 443, 1, 2…}",
            "System.String[]",
            "System.Object[]",
            "@{value=System.Object[]; Count=2}",
            "MSFT_NetProtocolPortFilter (InstanceID = \"x\")",
            "10.0.0.1,10.0...",
        ] {
            assert_eq!(ports(text), ["LOST"], "{text}");
        }
        assert!(ports("{}").is_empty() && ports("  ").is_empty());
        let program = r"C:\Program Files\A, B\a.exe";
        assert_eq!(words(Prop::Program, program), [program]);
        let aliases = words(Prop::Alias, "{vEthernet (Default Switch), WLAN}");
        assert_eq!(aliases, ["vEthernet (Default Switch)", "WLAN"]);
        // The text of a person may end like a cut one, and the group of an app package looks like an object.
        assert_eq!(
            words(Prop::Group, "@{Microsoft.X?ms-resource://X}").len(),
            1
        );
    }
}
