//! JSON with places: a flat tape, read once, without recursion.
//!
//! Takes what real files hold: comments, trailing commas, several documents one after the other, and text that is cut
//! off. Each such thing that RFC 8259 does not allow and that may lose data is an [`JsonError`]; comments and trailing
//! commas are not.

pub mod embedded;
pub mod memo;
pub mod walk;

use crate::scan;
use hylint_model::Span;
use std::borrow::Cow;
use std::ops::Range;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `{…}`; children are keys, each followed by its value.
    Object,
    /// `[…]`.
    Array,
    /// A string, key or value.
    String,
    /// A number, kept as text.
    Number,
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
    /// Text that is no JSON value; an error names it.
    Invalid,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// A string with a backslash in it.
    escaped: bool,
    span: Span,
    /// Index of the node after this one's subtree.
    next: u32,
}

/// Something that is not JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JsonError {
    /// Where.
    pub span: Span,
    /// What.
    pub message: &'static str,
}

/// Parsed documents.
#[derive(Debug, Default)]
pub struct Json<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    roots: Vec<u32>,
    /// Containers that the text's end left open, outermost first, so ascending.
    unclosed: Vec<u32>,
    /// Everything that was not JSON, in order, at most [`Json::MAX_ERRORS`].
    pub errors: Vec<JsonError>,
    /// Deepest nesting seen.
    pub depth: usize,
    /// What stands behind `hylint:` in comments `// hylint: …`, in order.
    pub notes: Vec<Span>,
}

/// A value with its text.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    json: &'a Json<'a>,
    at: u32,
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

impl<'t> Json<'t> {
    /// Errors kept; a file that is not JSON at all would give thousands.
    pub const MAX_ERRORS: usize = 100;
    /// Containers in one another; a text that nests deeper is no export, and is not read further.
    pub const MAX_DEPTH: usize = 1 << 16;

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

    /// Parses every document of a text.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let mut p = Parser::new(text);
        // A typical export has a node each 16 bytes.
        p.out.nodes.reserve(text.len() / 16);
        p.run();
        p.out
    }

    /// The documents, in order.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = Value<'_>> {
        let roots = self.roots.iter();
        roots.map(|at| Value {
            json: self,
            at: *at,
        })
    }

    fn node(&self, at: u32) -> Node {
        self.nodes.get(at as usize).copied().unwrap_or(Node {
            kind: Kind::Null,
            escaped: false,
            span: Span::default(),
            next: u32::MAX,
        })
    }
}

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

    /// Whether a backslash is in it.
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
        self.error(start, "this is no JSON value");
    }

    fn run(&mut self) {
        loop {
            self.blanks();
            let start = self.at;
            let Some(b) = self.peek() else { break };
            let wants_key = self.open.last().is_some_and(|o| o.object && o.key);
            match b {
                b'{' | b'[' if self.open.len() >= Json::MAX_DEPTH => {
                    self.error(
                        start,
                        "this is nested too deeply: the text is not read further",
                    );
                    self.at = self.bytes.len();
                }
                b'{' | b'[' => {
                    if wants_key {
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
                b'}' | b']' => {
                    self.at += 1;
                    let want = if self.in_object() { b'}' } else { b']' };
                    if self.open.is_empty() || b != want {
                        self.error(start, "this bracket closes nothing that is open");
                        if self.open.is_empty() {
                            continue;
                        }
                    }
                    if self.in_object() && !wants_key {
                        // `{"a"}` or `{"a":}`: keys and values must stay paired.
                        self.error(start, "a value is missing before this bracket");
                        self.push(Kind::Null, start);
                    }
                    self.close();
                    self.value_done();
                }
                b',' => self.at += 1,
                b':' if self.in_object() && !wants_key => self.at += 1,
                b'"' => {
                    let escaped = self.string();
                    self.push_text(Kind::String, start, escaped);
                    if let Some(top) = self.open.last_mut() {
                        top.key = !wants_key;
                    }
                }
                _ => self.scalar(start, wants_key),
            }
        }
        if !self.open.is_empty() {
            let end = self.bytes.len();
            let last = self.text.char_indices().next_back();
            self.error(
                last.map_or(0, |(at, _)| at),
                "the text ends inside an object or array: it is cut off",
            );
            self.out.unclosed = self.open.iter().map(|o| o.node).collect();
            while !self.open.is_empty() {
                if self.open.last().is_some_and(|o| o.object && !o.key) {
                    self.push(Kind::Null, end);
                }
                self.close();
                self.value_done();
            }
        }
    }

    fn scalar(&mut self, start: usize, wants_key: bool) {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let len = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')))
            .unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or_default();
        let kind = match word {
            b"true" => Kind::True,
            b"false" => Kind::False,
            b"null" => Kind::Null,
            [b'-' | b'0'..=b'9', ..]
                if word
                    .iter()
                    .all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) =>
            {
                Kind::Number
            }
            _ => Kind::Invalid,
        };
        if kind == Kind::Invalid || wants_key || self.open.is_empty() {
            self.garbage();
            if self.open.is_empty() || wants_key {
                return;
            }
            self.push(Kind::Invalid, start);
        } else {
            self.at += len;
            self.push(kind, start);
        }
        self.value_done();
    }
}

impl<'a> Value<'a> {
    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.json.node(self.at).kind
    }

    /// Its text's place, brackets and quotes included.
    #[must_use]
    pub fn span(self) -> Span {
        self.json.node(self.at).span
    }

    /// Its text as written.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.json.text.get(self.span().range()).unwrap_or("")
    }

    /// The string, unescaped; `None` for other kinds.
    #[must_use]
    pub fn str(self) -> Option<Cow<'a, str>> {
        let node = self.json.node(self.at);
        (node.kind == Kind::String).then(|| {
            let Range { start, end } = node.span.range();
            let inner = self.json.text.get(start + 1..end).unwrap_or("");
            let inner = inner.strip_suffix('"').unwrap_or(inner);
            if node.escaped {
                unescape(inner)
            } else {
                Cow::Borrowed(inner)
            }
        })
    }

    /// A string or number as text; `None` for other kinds.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Number => Some(Cow::Borrowed(self.raw())),
            _ => self.str(),
        }
    }

    /// A whole number, also when it is written as a string.
    #[must_use]
    pub fn int(self) -> Option<i64> {
        self.text()?.trim().parse().ok()
    }

    /// A truth value.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// Whether the text ends inside this object or array: what should follow is unknown, and its last value may be cut.
    #[must_use]
    pub fn is_cut(self) -> bool {
        self.json.unclosed.binary_search(&self.at).is_ok()
    }

    /// The place of the key before this value. Only for values of an object's members: a key is the node before.
    #[must_use]
    pub fn key_span(self) -> Span {
        self.json.node(self.at.saturating_sub(1)).span
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether no value is in it: an empty array or object, and any value of another kind.
    #[must_use]
    pub fn is_childless(self) -> bool {
        self.json.node(self.at).next == self.at.saturating_add(1)
    }

    fn children(self) -> impl Iterator<Item = Value<'a>> {
        let end = self.json.node(self.at).next;
        let mut at = self.at.saturating_add(1);
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let v = Value {
                    json: self.json,
                    at,
                };
                at = self.json.node(at).next;
                v
            })
        })
    }

    /// Elements of an array; nothing for other kinds.
    pub fn items(self) -> impl Iterator<Item = Value<'a>> {
        let is = self.kind() == Kind::Array;
        self.children().filter(move |_| is)
    }

    /// Members of an object as key and value; nothing for other kinds. A key may occur more than once.
    pub fn members(self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let is = self.kind() == Kind::Object;
        let mut all = self.children();
        std::iter::from_fn(move || {
            if is {
                Some((all.next()?, all.next()?))
            } else {
                None
            }
        })
    }

    /// The first member with the key, letter by letter.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.members()
            .find(|(k, _)| k.str().is_some_and(|k| k == key))
            .map(|(_, v)| v)
    }

    /// The first member with the key in any ASCII case.
    #[must_use]
    pub fn get_ci(self, key: &str) -> Option<Value<'a>> {
        self.members()
            .find(|(k, _)| k.str().is_some_and(|k| k.eq_ignore_ascii_case(key)))
            .map(|(_, v)| v)
    }
}

fn unescape(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    let mut high: Option<u32> = None;
    while let Some(c) = chars.next() {
        let c = if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            flush(&mut high, &mut out);
            out.push(c);
            continue;
        };
        if c != 'u' {
            flush(&mut high, &mut out);
        }
        match c {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => {
                let hex: String = chars.clone().take(4).collect();
                let Some(code) = u32::from_str_radix(&hex, 16)
                    .ok()
                    .filter(|_| hex.len() == 4)
                else {
                    flush(&mut high, &mut out);
                    out.push(char::REPLACEMENT_CHARACTER);
                    continue;
                };
                chars.by_ref().take(4).for_each(drop);
                match (high.take(), code) {
                    (Some(h), 0xDC00..=0xDFFF) => {
                        let c = 0x1_0000 + ((h - 0xD800) << 10) + (code - 0xDC00);
                        out.push(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    (before, 0xD800..=0xDBFF) => {
                        if before.is_some() {
                            out.push(char::REPLACEMENT_CHARACTER);
                        }
                        high = Some(code);
                    }
                    (before, _) => {
                        if before.is_some() {
                            out.push(char::REPLACEMENT_CHARACTER);
                        }
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                }
            }
            other => out.push(other),
        }
    }
    flush(&mut high, &mut out);
    Cow::Owned(out)
}

/// A high surrogate without its low half becomes U+FFFD.
fn flush(high: &mut Option<u32>, out: &mut String) {
    if high.take().is_some() {
        out.push(char::REPLACEMENT_CHARACTER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one<'a>(json: &'a Json<'a>) -> Value<'a> {
        json.documents().next().expect("a document")
    }

    #[test]
    fn reads_values_with_their_places() {
        let text = r#"{"a": [1, "x\u00e9\n", true, null], "b": {"c": -2.5e3}}"#;
        let j = Json::parse(text);
        assert!(j.errors.is_empty(), "{:?}", j.errors);
        let v = one(&j);
        let items: Vec<_> = v.get("a").unwrap().items().map(Value::raw).collect();
        assert_eq!(items, ["1", r#""x\u00e9\n""#, "true", "null"]);
        assert_eq!(
            v.get("a").unwrap().items().nth(1).unwrap().str().unwrap(),
            "xé\n"
        );
        assert_eq!(v.get("b").unwrap().raw(), r#"{"c": -2.5e3}"#);
        let childless = |text| one(&Json::parse(text)).is_childless();
        assert_eq!(
            ["{}", "[ ]", "[0]", "{\"a\": {}}"].map(childless),
            [true, true, false, false]
        );
        assert_eq!(v.get_ci("B").unwrap().get("c").unwrap().raw(), "-2.5e3");
    }

    #[test]
    fn takes_what_real_files_hold() {
        let text = "// c\n{\"a\": 1, /* x */ \"b\": [1,2,],}\n{\"second\": 2}";
        let j = Json::parse(text);
        assert!(j.errors.is_empty(), "{:?}", j.errors);
        assert_eq!(j.documents().count(), 2);
    }

    #[test]
    fn cut_text_keeps_what_was_read_and_says_so() {
        for cut in [
            "{\"a\": [1, {\"b\": \"x",
            "{\"a\": [1, {\"b\":",
            "{\"a\": [1, {\"b\"",
            "{\"a\": [1,",
        ] {
            let j = Json::parse(cut);
            assert!(!j.errors.is_empty(), "{cut}");
            assert_eq!(
                one(&j).get("a").unwrap().items().next().unwrap().int(),
                Some(1),
                "{cut}"
            );
        }
    }

    #[test]
    fn depth_needs_no_stack_and_has_an_end() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        let deepest = nested(Json::MAX_DEPTH);
        let j = Json::parse(&deepest);
        assert_eq!((j.depth, j.errors.as_slice()), (Json::MAX_DEPTH, &[][..]));
        let deeper = nested(Json::MAX_DEPTH + 1);
        let j = Json::parse(&deeper);
        assert_eq!(j.depth, Json::MAX_DEPTH);
        assert_eq!(j.errors[0].span.start as usize, Json::MAX_DEPTH);
    }

    #[test]
    fn surrogates_and_bad_escapes() {
        assert_eq!(unescape(r"\ud83d\ude00"), "😀");
        assert_eq!(unescape(r"\ud83d!"), "\u{fffd}!");
        assert_eq!(unescape(r"\uZZZZ"), "\u{fffd}ZZZZ");
        assert_eq!(unescape(r"a\\\/"), r"a\/");
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_spans_lie_on_boundaries(text in "[\\[\\]{},:\"\\\\ a0é/*\\n-]{0,60}") {
            let j = Json::parse(&text);
            for n in &j.nodes {
                proptest::prop_assert!(text.get(n.span.range()).is_some());
            }
            let mut todo: Vec<_> = j.documents().collect();
            while let Some(v) = todo.pop() {
                todo.extend(v.items());
                todo.extend(v.members().map(|(_, v)| v));
            }
            for e in &j.errors {
                proptest::prop_assert!(text.get(e.span.range()).is_some(), "{e:?}");
            }
        }
    }
}
