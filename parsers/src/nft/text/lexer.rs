//! Splits the text of nftables into tokens, as the scanner of nft does. A word is whatever stands unquoted between blanks
//! and signs: a name, a number, an address. What a comment tells about the ruleset is kept beside the token behind it.

use hylint_model::Span;
use std::net::Ipv6Addr;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A name, a number or an address.
    Word,
    /// Text in quotes.
    Quoted,
    /// A quote that is not closed on its line or later.
    Unclosed,
    /// `# xt_name`, which nft without libxtables prints in place of an extension of iptables.
    XtRemark,
    /// The end of a line.
    Newline,
    /// The end of the text.
    End,
    /// `{`
    Open,
    /// `}`
    Close,
    /// `(`
    ParenOpen,
    /// `)`
    ParenClose,
    /// `[`
    BracketOpen,
    /// `]`
    BracketClose,
    /// `;`
    Semicolon,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// `=`
    Assign,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `!`
    Not,
    /// `<`
    Lt,
    /// `>`
    Gt,
    /// `<=`
    Le,
    /// `>=`
    Ge,
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `+`
    Plus,
    /// `-`
    Dash,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `@`
    At,
    /// `$`
    Dollar,
    /// Any other sign.
    Other,
}

/// What a comment says that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Note {
    /// Nothing.
    #[default]
    None,
    /// `# handle 4`
    Handle(u64),
    /// The table below is managed by iptables-nft.
    Iptables,
}

/// A token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// Its place; quotes are part of it.
    pub(super) span: Span,
    /// What the comment before it says.
    pub(super) note: Note,
}

/// The tokens of a part of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

/// Bytes of names; flex: `[a-zA-Z_.][a-zA-Z0-9/\-_.]*`. Other alphabets are read too, so that the message names the word.
const NAME: u8 = 1;
/// Bytes of words that begin with a digit.
const NUMBER: u8 = 2;
/// Bytes of addresses.
const ADDRESS: u8 = 4;
/// Blanks.
const BLANK: u8 = 8;

/// Which of these a byte is.
const fn class(byte: u8) -> u8 {
    match byte {
        b' ' | b'\t' => BLANK,
        b'a'..=b'f' | b'A'..=b'F' | b'0'..=b'9' | b'.' => NAME | NUMBER | ADDRESS,
        b'g'..=b'z' | b'G'..=b'Z' | b'_' | 0x80.. => NAME | NUMBER,
        b'/' | b'-' => NAME,
        b':' => ADDRESS,
        _ => 0,
    }
}

const fn is(byte: u8, wanted: u8) -> bool {
    class(byte) & wanted != 0
}

/// How many bytes of a class the bytes begin with.
fn run(bytes: &[u8], class: u8) -> usize {
    let len = bytes.iter().position(|b| !is(*b, class));
    len.unwrap_or(bytes.len())
}

/// How many carriage returns the bytes begin with, and whether they alone end a line, as nothing else ends it behind them.
fn returns(bytes: &[u8]) -> (usize, bool) {
    let len = bytes.iter().position(|b| *b != b'\r');
    len.map_or((bytes.len(), false), |n| (n, bytes.get(n) != Some(&b'\n')))
}

fn is_group(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A hardware address: groups of two digits.
fn is_hardware(text: &str) -> bool {
    text.split(':').count() > 2 && text.split(':').all(|g| is_group(g, 2))
}

/// A class of traffic control (`1:10`), as nft tells it from a number and what it maps to.
fn is_class(text: &str, next: Option<u8>) -> bool {
    let groups = text.split_once(':');
    let fits = groups.is_some_and(|(a, b)| is_group(a, 4) && is_group(b, 4));
    fits && matches!(next, Some(b' ' | b'\t' | b'\n' | b':' | b'-' | b'}' | b','))
}

/// More than an address has: one of IPv6 has 39 characters, one of InfiniBand 59.
const LONGEST: usize = 65;

/// How many bytes the address with colons has that the bytes begin with.
fn colons(text: &str) -> Option<usize> {
    let start = text.as_bytes().get(..LONGEST).unwrap_or(text.as_bytes());
    let len = run(start, ADDRESS);
    let whole = text.get(..len)?;
    if len == LONGEST || !whole.contains(':') {
        return None;
    }
    let next = text.as_bytes().get(len).copied();
    let ends = !next.is_some_and(|b| is(b, NUMBER) && b != b'.');
    let is_address = |t: &str| t.parse::<Ipv6Addr>().is_ok();
    if ends && (is_address(whole) || is_hardware(whole) || is_class(whole, next)) {
        return Some(len);
    }
    // A colon behind an address is one of its own, and what it maps to may begin with a digit of an address.
    let mut short = whole;
    while let Some(at) = short.rfind(':') {
        short = short.get(..at)?;
        if is_address(short) || is_hardware(short) {
            return Some(short.len());
        }
    }
    None
}

impl<'a> Lexer<'a> {
    /// The tokens of `text[span]`.
    pub(super) fn new(text: &'a str, span: Span) -> Self {
        let range = span.range();
        Self {
            text,
            at: range.start,
            end: range.end.min(text.len()),
        }
    }

    /// The text that is not taken yet.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..self.end).unwrap_or("")
    }

    /// The first line end that is a carriage return alone.
    pub(super) fn lone_return(mut self) -> Option<Span> {
        let bytes = self.rest().as_bytes();
        let other = |b: &u8| !matches!(b, b'\r' | b'\n');
        memchr::memchr_iter(b'\r', bytes).find(|at| bytes.get(at + 1).is_some_and(other))?;
        loop {
            let token = self.next();
            let first = self.text.as_bytes().get(token.span.range().start);
            match token.kind {
                Kind::End => return None,
                Kind::Newline if first == Some(&b'\r') => return Some(token.span),
                _ => {}
            }
        }
    }

    /// Where the next token is looked for.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The same tokens from an earlier or later place on.
    pub(super) fn from(mut self, at: u32) -> Self {
        self.at = (at as usize).min(self.end);
        self
    }

    fn take(&mut self, kind: Kind, len: usize, note: Note) -> Token {
        let start = self.at;
        self.at = (start + len).min(self.end);
        Token {
            kind,
            span: Span::new(start, self.at),
            note,
        }
    }

    /// Passes a comment. What it says is returned, or how long the remark is that stands for a statement.
    fn comment(&mut self) -> Result<Note, usize> {
        let rest = self.rest();
        let len = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let line = rest.get(..len).unwrap_or("");
        if let Some(len) = xt_remark(line) {
            return Err(len);
        }
        self.at += len;
        let body = line.trim_start_matches('#').trim();
        if let Some(handle) = body.strip_prefix("handle ") {
            return Ok(handle.trim().parse().map_or(Note::None, Note::Handle));
        }
        let managed = body.contains("is managed by iptables-nft");
        Ok(if managed { Note::Iptables } else { Note::None })
    }

    /// The next token; [`Kind::End`] at the end, again and again.
    pub(super) fn next(&mut self) -> Token {
        let mut note = Note::None;
        loop {
            let bytes = self.rest().as_bytes();
            match bytes {
                [b' ' | b'\t', ..] => self.at += run(bytes, BLANK),
                [b'\r', ..] => match returns(bytes) {
                    (len, true) => return self.take(Kind::Newline, len, note),
                    (len, false) => self.at += len,
                },
                [b'\\', b'\n', ..] => self.at += 2,
                [b'\\', b'\r', b'\n', ..] => self.at += 3,
                [b'#', ..] => match self.comment() {
                    Ok(said) => note = said,
                    Err(len) => return self.take(Kind::XtRemark, len, note),
                },
                [] => return self.take(Kind::End, 0, note),
                [first, ..] => return self.token(*first, note),
            }
        }
    }

    fn token(&mut self, first: u8, note: Note) -> Token {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        if (first.is_ascii_hexdigit() || bytes.starts_with(b"::"))
            && let Some(len) = colons(rest)
        {
            return self.take(Kind::Word, len, note);
        }
        if first.is_ascii_digit() {
            return self.take(Kind::Word, run(bytes, NUMBER), note);
        }
        let starts = first.is_ascii_alphabetic() || first == b'_' || first >= 0x80;
        if starts || (first == b'.' && bytes.get(1).is_some_and(|b| is(*b, NAME))) {
            return self.take(Kind::Word, name(bytes), note);
        }
        if first == b'"' {
            return self.quoted(note);
        }
        let (kind, len) = sign(bytes);
        if kind == Kind::Other && bytes.starts_with(b"\\*") {
            return self.take(
                Kind::Word,
                2 + name(bytes.get(2..).unwrap_or_default()),
                note,
            );
        }
        self.take(kind, len, note)
    }

    fn quoted(&mut self, note: Note) -> Token {
        let bytes = self.rest().as_bytes();
        let inside = bytes.get(1..).unwrap_or_default();
        match memchr::memchr(b'"', inside) {
            Some(len) => self.take(Kind::Quoted, len + 2, note),
            None => {
                let line = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
                self.take(Kind::Unclosed, line, note)
            }
        }
    }
}

/// The length of a name with what may follow it: `eth*`, `eth\*`.
fn name(bytes: &[u8]) -> usize {
    let len = run(bytes, NAME);
    match bytes.get(len..) {
        Some([b'*', ..]) => len + 1,
        Some([b'\\', b'*', rest @ ..]) => len + 2 + run(rest, NAME),
        _ => len,
    }
}

fn sign(bytes: &[u8]) -> (Kind, usize) {
    match bytes {
        [b'=', b'=', ..] => (Kind::Eq, 2),
        [b'!', b'=', ..] => (Kind::Ne, 2),
        [b'<', b'=', ..] => (Kind::Le, 2),
        [b'>', b'=', ..] => (Kind::Ge, 2),
        [b'<', b'<', ..] => (Kind::ShiftLeft, 2),
        [b'>', b'>', ..] => (Kind::ShiftRight, 2),
        [first, ..] => (single(*first), 1),
        [] => (Kind::End, 0),
    }
}

const fn single(byte: u8) -> Kind {
    match byte {
        b'\n' => Kind::Newline,
        b'{' => Kind::Open,
        b'}' => Kind::Close,
        b'(' => Kind::ParenOpen,
        b')' => Kind::ParenClose,
        b'[' => Kind::BracketOpen,
        b']' => Kind::BracketClose,
        b';' => Kind::Semicolon,
        b',' => Kind::Comma,
        b':' => Kind::Colon,
        b'.' => Kind::Dot,
        b'=' => Kind::Assign,
        b'!' => Kind::Not,
        b'<' => Kind::Lt,
        b'>' => Kind::Gt,
        b'&' => Kind::And,
        b'|' => Kind::Or,
        b'^' => Kind::Xor,
        b'+' => Kind::Plus,
        b'-' => Kind::Dash,
        b'*' => Kind::Star,
        b'/' => Kind::Slash,
        b'@' => Kind::At,
        b'$' => Kind::Dollar,
        _ => Kind::Other,
    }
}

/// The length of a remark `# xt_name` that stands where nft could not print an extension. What follows it is then still the
/// rule; a sentence about some extension is a comment.
fn xt_remark(line: &str) -> Option<usize> {
    let body = line.trim_start_matches('#').trim_start();
    let from = line.len() - body.len();
    let name = body.strip_prefix("xt_")?;
    let len = name
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    let (name, after) = name.split_at_checked(len)?;
    let next = after.split_ascii_whitespace().next();
    let goes_on = next.is_none_or(|w| GOES_ON.contains(&w));
    (!name.is_empty() && goes_on).then_some(from + "xt_".len() + len)
}

/// Words that a rule goes on with behind an extension.
const GOES_ON: [&str; 22] = [
    "#",
    "accept",
    "comment",
    "counter",
    "ct",
    "dnat",
    "drop",
    "fib",
    "goto",
    "ip",
    "ip6",
    "jump",
    "limit",
    "log",
    "masquerade",
    "meta",
    "queue",
    "redirect",
    "reject",
    "return",
    "snat",
    "tcp",
];
