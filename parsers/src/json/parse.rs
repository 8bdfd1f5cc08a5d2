//! From text to tape.

use super::tape::{Json, JsonError, Kind, NO_VALUE, Node, TRUNCATED, UNMATCHED};
use crate::scan;
use hylint_model::Span;

impl<'t> Json<'t> {
    /// Whether a text begins like JSON: after blanks and comments `{`, or `[` and a value that an export may hold (a prompt
    /// may begin with the name of a host in brackets).
    #[must_use]
    pub fn sniff(text: &str) -> bool {
        let mut p = Parser::new(text);
        p.blanks();
        match p.peek() {
            Some(b'{') => true,
            Some(b'[') => {
                p.at += 1;
                p.blanks();
                matches!(p.peek(), None | Some(b'{' | b'[' | b'"' | b']'))
            }
            _ => false,
        }
    }

    /// Parses every document of a text. What is not JSON is in [`Json::errors`], and the rest is read.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let mut p = Parser::new(text);
        // A typical export has a node each 16 bytes.
        p.out.nodes.reserve(text.len() / 16);
        p.run();
        p.out
    }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    out: Json<'a>,
    open: Vec<Open>,
}

/// A container that is not closed yet.
#[derive(Clone, Copy)]
struct Open {
    /// Index of its node.
    node: u32,
    /// Whether it is an object.
    object: bool,
    /// Whether the next string in it is a key, if it is an object.
    key: bool,
}

/// Blanks, comments and errors.
impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            out: Json {
                text,
                ..Json::default()
            },
            open: Vec::new(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn error(&mut self, start: usize, message: &'static str) {
        if self.out.errors.len() < Json::MAX_ERRORS {
            let end = self.at.max(start + 1).min(self.bytes.len());
            self.out.errors.push(JsonError {
                span: Span::new(start.min(end), end),
                message,
            });
        }
    }

    /// Skips blanks and comments.
    #[inline]
    fn blanks(&mut self) {
        while let Some(rest) = self.bytes.get(self.at..) {
            match rest {
                [b' ', ..] => self.at += scan::spaces(rest),
                [b'\n' | b'\r' | b'\t', ..] => self.at += 1,
                [b'/' | 0xEF, ..] if self.comment() => {}
                _ => return,
            }
        }
    }

    /// Skips a comment or a byte order mark; false if none is here.
    #[cold]
    fn comment(&mut self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest {
            [0xEF, 0xBB, 0xBF, ..] => self.at += 3,
            [b'/', b'/', ..] => {
                let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                self.note(len);
                self.at += len;
            }
            [b'/', b'*', ..] => match memchr::memmem::find(rest, b"*/") {
                Some(n) => self.at += n + 2,
                None => {
                    let start = self.at;
                    self.at = self.bytes.len();
                    self.error(start, "a comment is not closed");
                }
            },
            _ => return false,
        }
        true
    }

    /// Keeps the text of a comment of `len` bytes here if it is meant for hylint.
    fn note(&mut self, len: usize) {
        let comment = self.text.get(self.at + 2..self.at + len).unwrap_or("");
        let Some(text) = comment.trim_start().strip_prefix("hylint:") else {
            return;
        };
        let end = self.at + 2 + comment.trim_end().len();
        let text = text.trim();
        self.out.notes.push(Span::new(end - text.len(), end));
    }
}

/// Nodes and the containers that hold them.
impl Parser<'_> {
    fn push(&mut self, kind: Kind, start: usize) -> u32 {
        self.push_text(kind, start, false)
    }

    #[inline]
    fn push_text(&mut self, kind: Kind, start: usize, escaped: bool) -> u32 {
        let index = u32::try_from(self.out.nodes.len()).unwrap_or(u32::MAX);
        self.out.nodes.push(Node {
            kind,
            escaped,
            span: Span::new(start, self.at),
            next: index.saturating_add(1),
        });
        if self.open.is_empty() {
            self.out.roots.push(index);
        }
        index
    }

    fn close(&mut self) {
        let next = u32::try_from(self.out.nodes.len()).unwrap_or(u32::MAX);
        if let Some(open) = self.open.pop()
            && let Some(node) = self.out.nodes.get_mut(open.node as usize)
        {
            node.next = next;
            node.span = Span {
                start: node.span.start,
                end: Span::new(self.at, self.at).end,
            };
        }
    }

    fn in_object(&self) -> bool {
        self.open.last().is_some_and(|o| o.object)
    }

    /// After a value: the object it belongs to expects a key again.
    fn value_done(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.key = true;
        }
    }

    /// Whether the next value is a key of an object.
    fn wants_key(&self) -> bool {
        self.open.last().is_some_and(|o| o.object && o.key)
    }

    /// Whether the next value is a member's, whose key was read.
    fn wants_value(&self) -> bool {
        self.open.last().is_some_and(|o| o.object && !o.key)
    }
}

/// Tokens.
impl Parser<'_> {
    fn run(&mut self) {
        loop {
            self.blanks();
            let Some(b) = self.peek() else { break };
            self.token(b);
        }
        if !self.open.is_empty() {
            self.end_inside();
        }
    }

    #[inline]
    fn token(&mut self, b: u8) {
        match b {
            b'{' | b'[' => self.open(b),
            b'}' | b']' => self.bracket(b),
            b',' => self.at += 1,
            b':' if self.wants_value() => self.at += 1,
            b'"' => self.quoted(),
            _ => self.scalar(),
        }
    }

    #[inline]
    fn open(&mut self, b: u8) {
        let start = self.at;
        if self.open.len() >= Json::MAX_DEPTH {
            return self.too_deep(start);
        }
        if self.wants_key() {
            self.error(start, "a key is missing here");
            self.push(Kind::Invalid, start);
        }
        self.at += 1;
        let object = b == b'{';
        let kind = if object { Kind::Object } else { Kind::Array };
        let node = self.push(kind, start);
        self.open.push(Open {
            node,
            object,
            key: true,
        });
        self.out.depth = self.out.depth.max(self.open.len());
    }

    #[cold]
    fn too_deep(&mut self, start: usize) {
        self.error(
            start,
            "this is nested too deeply: the text is not read further",
        );
        self.at = self.bytes.len();
    }

    #[inline]
    fn bracket(&mut self, b: u8) {
        let start = self.at;
        self.at += 1;
        let want = if self.in_object() { b'}' } else { b']' };
        if self.open.is_empty() || b != want {
            self.error(start, UNMATCHED);
        }
        if self.open.is_empty() {
            return;
        }
        if self.wants_value() {
            // `{"a"}` or `{"a":}`: keys and values must stay paired.
            self.error(start, "a value is missing before this bracket");
            self.push(Kind::Null, start);
        }
        self.close();
        self.value_done();
    }

    #[inline]
    fn quoted(&mut self) {
        let start = self.at;
        let escaped = self.string();
        self.push_text(Kind::String, start, escaped);
        if let Some(top) = self.open.last_mut() {
            // A key of an object is followed by its value, and everything else by what a container begins with.
            top.key = !(top.object && top.key);
        }
    }

    /// The text ends inside a container: what is open is closed, and the last key gets a value.
    #[cold]
    fn end_inside(&mut self) {
        let end = self.bytes.len();
        let last = self.text.char_indices().next_back();
        self.error(last.map_or(0, |(at, _)| at), TRUNCATED);
        self.out.unclosed = self.open.iter().map(|o| o.node).collect();
        while !self.open.is_empty() {
            if self.wants_value() {
                self.push(Kind::Null, end);
            }
            self.close();
            self.value_done();
        }
    }

    fn scalar(&mut self) {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let inside = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        let len = rest.iter().position(|b| !inside(b)).unwrap_or(rest.len());
        let kind = kind_of(rest.get(..len).unwrap_or_default());
        if kind == Kind::Invalid || self.wants_key() || self.open.is_empty() {
            self.garbage();
            if self.open.is_empty() || self.wants_key() {
                return;
            }
            self.push(Kind::Invalid, start);
        } else {
            self.at += len;
            self.push(kind, start);
        }
        self.value_done();
    }

    /// Takes a string; whether a backslash is in it.
    fn string(&mut self) -> bool {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            match scan::string_end(rest) {
                Some(n) if rest.get(n) == Some(&b'"') => {
                    self.at += n + 1;
                    return escaped;
                }
                Some(n) => {
                    escaped = true;
                    // The escaped character may be longer than a byte: stay on a boundary.
                    self.at += n + 1;
                    let len = self
                        .text
                        .get(self.at..)
                        .and_then(|t| t.chars().next())
                        .map_or(0, char::len_utf8);
                    self.at += len;
                }
                None => {
                    self.at = self.bytes.len();
                    self.error(start, "a string is not closed: the text is cut off here");
                    return escaped;
                }
            }
        }
    }

    /// Skips text that is no value, up to where one may follow.
    fn garbage(&mut self) {
        let start = self.at;
        let stop = |b: &u8| matches!(b, b',' | b']' | b'}' | b'\n' | b'{' | b'[' | b'"');
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest
            .iter()
            .skip(1)
            .position(stop)
            .map_or(rest.len(), |n| n + 1);
        self.error(start, NO_VALUE);
    }
}

/// What a word without quotes is.
fn kind_of(word: &[u8]) -> Kind {
    let of_number = |b: &u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    match word {
        b"true" => Kind::True,
        b"false" => Kind::False,
        b"null" => Kind::Null,
        [b'-' | b'0'..=b'9', ..] if word.iter().all(of_number) => Kind::Number,
        _ => Kind::Invalid,
    }
}
