//! The text of a value as its container writes it, and the places of its parts.

use crate::json::escape::unescape as json;
use crate::windows::stated::Said;
use hylint_model::Span;
use std::borrow::Cow;

/// How a container writes the characters of a string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Escape {
    /// As they are.
    None,
    /// A backslash before backslashes and quotes: `.reg`.
    Backslash,
    /// Backslashes are doubled where a program printed them so, and are single else.
    Doubled,
    /// JSON.
    Json,
    /// XML entities.
    Xml,
}

/// A string of an export.
#[derive(Clone, Debug)]
pub(crate) enum Text<'a> {
    /// As it stands in the file, from an offset.
    Written {
        /// The characters of the file.
        raw: &'a str,
        /// Where they begin.
        at: usize,
        /// What they stand for.
        escape: Escape,
    },
    /// Put together of what stands at a place (bytes in hexadecimal, a value over several lines).
    Joined {
        /// The string.
        value: Box<str>,
        /// Its place.
        span: Span,
    },
}

impl<'a> Text<'a> {
    /// A part of the file's text, as it is.
    pub(crate) fn plain(raw: &'a str, at: usize) -> Self {
        Self::Written {
            raw,
            at,
            escape: Escape::None,
        }
    }

    /// Its place.
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Written { raw, at, .. } => Span::new(*at, at + raw.len()),
            Self::Joined { span, .. } => *span,
        }
    }

    /// What it says.
    pub(crate) fn value(&self) -> Cow<'a, str> {
        match self {
            Self::Written { raw, escape, .. } => unescape(raw, *escape),
            Self::Joined { value, .. } => Cow::Owned(value.to_string()),
        }
    }

    /// The texts between bars, the last one too where no bar ends it.
    pub(crate) fn between_bars(&self) -> Vec<Said<'a>> {
        match self {
            Self::Written { raw, at, escape } if !hides_bars(raw, *escape) => {
                let mut from = *at;
                let each = raw.split('|').map(|part| {
                    let span = Span::new(from, from + part.len());
                    from += part.len() + 1;
                    Said {
                        text: unescape(part, *escape),
                        span,
                    }
                });
                each.collect()
            }
            Self::Written { .. } | Self::Joined { .. } => {
                let (value, span) = (self.value(), self.span());
                let each = value.split('|').map(|part| Said {
                    text: Cow::Owned(part.to_owned()),
                    span,
                });
                each.collect()
            }
        }
    }
}

/// Name and value of `name=value`; `None` without an equals sign.
pub(crate) fn pair<'a, 's>(said: &'s Said<'a>) -> Option<(&'s str, Said<'a>)> {
    let (name, _) = said.text.split_once('=')?;
    let behind = name.len() + 1;
    let text = match &said.text {
        Cow::Borrowed(t) => Cow::Borrowed(t.get(behind..)?),
        Cow::Owned(t) => Cow::Owned(t.get(behind..)?.to_owned()),
    };
    let (start, end) = (said.span.start as usize, said.span.end as usize);
    // Names hold nothing that a container escapes, and what it escapes is longer there.
    let span = match end - start >= said.text.len() {
        true => Span::new(start + behind, end),
        false => said.span,
    };
    Some((name, Said { text, span }))
}

fn hides_bars(raw: &str, escape: Escape) -> bool {
    escape == Escape::Json && raw.contains("\\u007") || escape == Escape::Xml && raw.contains("&#")
}

/// What an escaped text stands for.
pub(crate) fn unescape(raw: &str, escape: Escape) -> Cow<'_, str> {
    match escape {
        Escape::Json if raw.contains('\\') => json(raw),
        Escape::Backslash if raw.contains('\\') => Cow::Owned(without_backslashes(raw)),
        Escape::Doubled if is_doubled(raw) => Cow::Owned(raw.replace("\\\\", "\\")),
        Escape::Xml if raw.contains('&') => match quick_xml::escape::unescape(raw) {
            Ok(text) => text,
            Err(_) => Cow::Borrowed(raw),
        },
        _ => Cow::Borrowed(raw),
    }
}

/// Whether each backslash has another one beside it. A path to another machine begins with two, and goes on with single ones.
fn is_doubled(raw: &str) -> bool {
    let mut run = 0_usize;
    let mut any = false;
    for b in raw.bytes().chain([b' ']) {
        match b {
            b'\\' => run += 1,
            _ if run % 2 == 1 => return false,
            _ => {
                any |= run > 0;
                run = 0;
            }
        }
    }
    any
}

fn without_backslashes(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('\\', Some(next @ ('\\' | '"'))) => {
                out.push(next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(raw: &str, escape: Escape) -> Vec<(String, String)> {
        let file = format!("==>{raw}");
        let text = Text::Written { raw, at: 3, escape };
        let all = text.between_bars();
        let each = all
            .iter()
            .map(|s| (s.text.to_string(), file[s.span.range()].to_owned()));
        each.collect()
    }

    // Fails if a place is off where characters are escaped before it.
    #[test]
    fn parts_have_their_places_in_the_escaped_text() {
        let said = parts(r#"v2.31|App=C:\\a\"b|Name=x"#, Escape::Backslash);
        let want = [
            ("v2.31", "v2.31"),
            (r#"App=C:\a"b"#, r#"App=C:\\a\"b"#),
            ("Name=x", "Name=x"),
        ];
        assert_eq!(said, want.map(|(a, b)| (a.to_owned(), b.to_owned())));
        let said = parts(r"v2.31|App=C:\\a\u0026", Escape::Json);
        assert_eq!(said[1], (r"App=C:\a&".into(), r"App=C:\\a\u0026".into()));
        let said = parts(r"v2.31\u007cName=a", Escape::Json);
        assert_eq!(said[1].0, "Name=a", "a bar may be escaped itself");
        assert_eq!(parts("a&amp;b|c", Escape::Xml)[0].0, "a&b");
        assert_eq!(parts(r"C:\\a|b", Escape::Doubled)[0].0, r"C:\a");
        assert_eq!(parts(r"\\srv\a|b", Escape::Doubled)[0].0, r"\\srv\a");
    }

    #[test]
    fn a_pair_is_split_at_its_first_equals_sign() {
        let text = Text::plain("Name=a=b|Desc", 7);
        let all = text.between_bars();
        let (name, value) = pair(&all[0]).unwrap();
        assert_eq!(
            (name, &*value.text, value.span),
            ("Name", "a=b", Span::new(12, 15))
        );
        assert!(pair(&all[1]).is_none());
    }
}
