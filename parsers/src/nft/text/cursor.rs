//! Where the parser is, and what every part of it does: looking at words, taking them, and telling what is wrong.

use super::lexer::{Kind, Lexer, Note, Token};
use super::scope::Scopes;
use crate::nft::syntax::{Command, Statement};
use crate::source::Source;
use hylint_model::{Problem, Span};

/// Why a statement cannot be read.
#[derive(Debug)]
pub(super) struct Fail {
    /// The text that is wrong.
    pub(super) span: Span,
    /// What is wrong.
    pub(super) message: String,
    /// It has been told where its cause is.
    pub(super) told: bool,
}

/// What was read, or why it cannot be.
pub(super) type Read<T> = Result<T, Box<Fail>>;

/// How deep blocks, sets and operators may nest.
const DEEPEST: u32 = 200;

/// Problems that are listed one by one.
const MOST_PROBLEMS: usize = 10_000;

/// The parser of one source.
pub(super) struct Parser<'a, 'p> {
    /// The text.
    pub(super) source: &'a Source,
    /// What follows the token that is looked at.
    pub(super) lexer: Lexer<'a>,
    /// The token that is looked at.
    pub(super) token: Token,
    /// Where the last taken token ends.
    pub(super) end: u32,
    /// What was read.
    pub(super) commands: Vec<Command<'a>>,
    /// The statements so far of the rules that are being read.
    pub(super) statements: Vec<Statement<'a>>,
    /// What could not be.
    pub(super) problems: &'p mut Vec<Problem>,
    /// Variables.
    pub(super) scopes: Scopes<'a>,
    /// What variables have become so far.
    pub(super) expanded: usize,
    /// Bytes of all parts that were read, each time they were.
    pub(super) included: usize,
    /// How far the commas of sets are counted.
    pub(super) counted: usize,
    /// The parts of the text that are being read, by their numbers.
    pub(super) including: Vec<usize>,
    /// A remark has said that the next table is managed by iptables-nft.
    pub(super) managed: bool,
    /// The text ended inside a block, and that has been told.
    pub(super) cut: bool,
    /// What is passed is a rule.
    pub(super) in_rule: bool,
    /// Problems that are not listed, the place of the first, and whether rules are lost with them.
    pub(super) unlisted: (usize, Span, bool),
    /// A statement was passed up to a block, as its braces do not match.
    pub(super) unbalanced: bool,
    depth: u32,
}

impl<'a, 'p> Parser<'a, 'p> {
    /// A parser at the beginning of a source.
    pub(super) fn new(source: &'a Source, problems: &'p mut Vec<Problem>) -> Self {
        let mut lexer = Lexer::new(&source.text, source.own());
        let token = lexer.next();
        Self {
            source,
            lexer,
            token,
            end: 0,
            commands: Vec::new(),
            statements: Vec::new(),
            problems,
            scopes: Scopes::new(),
            expanded: 0,
            included: 0,
            counted: 0,
            including: Vec::new(),
            managed: false,
            cut: false,
            in_rule: false,
            unlisted: (0, Span::default(), false),
            unbalanced: false,
            depth: 0,
        }
    }

    /// The kind of the token that is looked at.
    pub(super) const fn kind(&self) -> Kind {
        self.token.kind
    }

    /// The text of a span.
    pub(super) fn text(&self, span: Span) -> &'a str {
        self.source.text.get(span.range()).unwrap_or("")
    }

    /// The word that is looked at; empty if it is no word.
    pub(super) fn word(&self) -> &'a str {
        match self.token.kind {
            Kind::Word => self.text(self.token.span),
            _ => "",
        }
    }

    /// The token behind the one that is looked at.
    pub(super) fn second(&self) -> Token {
        let mut ahead = self.lexer;
        ahead.next()
    }

    /// The word behind the one that is looked at; empty if it is no word.
    pub(super) fn second_word(&self) -> &'a str {
        let second = self.second();
        match second.kind {
            Kind::Word => self.text(second.span),
            _ => "",
        }
    }

    /// Takes the token.
    pub(super) fn bump(&mut self) -> Token {
        let token = self.token;
        self.end = token.span.end;
        self.token = self.lexer.next();
        token
    }

    /// Takes the token if it is of this kind.
    pub(super) fn eat(&mut self, kind: Kind) -> bool {
        let is = self.token.kind == kind;
        if is {
            self.bump();
        }
        is
    }

    /// Takes the word if it is this one.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let is = self.word() == word;
        if is {
            self.bump();
        }
        is
    }

    /// Takes the word if it is one of these.
    pub(super) fn eat_any(&mut self, words: &[&str]) -> Option<&'a str> {
        let word = self.word();
        words.contains(&word).then(|| {
            self.bump();
            word
        })
    }

    /// Goes back (or on) to a place of the text.
    pub(super) fn go(&mut self, at: u32) {
        self.lexer = self.lexer.from(at);
        self.token = self.lexer.next();
    }

    /// From a place to the end of the last taken token.
    pub(super) fn since(&self, start: u32) -> Span {
        Span {
            start,
            end: self.end.max(start),
        }
    }

    /// What the token that is looked at cannot be.
    pub(super) fn fail<T>(&self, wanted: &str) -> Read<T> {
        let message = match self.token.kind {
            Kind::End => format!("the text ends where {wanted} is expected"),
            Kind::Newline => format!("the line ends where {wanted} is expected"),
            Kind::Unclosed => "this quote is not closed".to_owned(),
            _ => {
                let found = self.text(self.token.span);
                format!("found `{found}` where {wanted} is expected")
            }
        };
        Self::fault(self.token.span, message)
    }

    /// What is wrong with a text.
    pub(super) fn fault<T>(span: Span, message: impl Into<String>) -> Read<T> {
        Err(Box::new(Fail {
            span,
            message: message.into(),
            told: false,
        }))
    }

    /// Takes a token of this kind.
    pub(super) fn expect(&mut self, kind: Kind, wanted: &str) -> Read<Token> {
        match self.token.kind == kind {
            true => Ok(self.bump()),
            false => self.fail(wanted),
        }
    }

    /// Takes this word.
    pub(super) fn expect_word(&mut self, word: &str) -> Read<()> {
        match self.eat_word(word) {
            true => Ok(()),
            false => self.fail(&format!("`{word}`")),
        }
    }

    /// Takes any word.
    pub(super) fn any_word(&mut self, wanted: &str) -> Read<&'a str> {
        let token = self.expect(Kind::Word, wanted)?;
        Ok(self.text(token.span))
    }

    /// Takes a word or a text in quotes, without these.
    pub(super) fn string(&mut self, wanted: &str) -> Read<&'a str> {
        match self.token.kind {
            Kind::Quoted => {
                let token = self.bump();
                Ok(self.unquoted(token.span))
            }
            _ => self.any_word(wanted),
        }
    }

    /// The text between the quotes.
    pub(super) fn unquoted(&self, span: Span) -> &'a str {
        self.text(span).trim_matches('"')
    }

    /// Takes a number, decimal or hexadecimal.
    pub(super) fn number(&mut self, wanted: &str) -> Read<u64> {
        let Some(number) = number(self.word()) else {
            return self.fail(wanted);
        };
        self.bump();
        Ok(number)
    }

    /// Takes the name of a table, a chain or a set. Tools other than nft make names that nft lists and does not read.
    pub(super) fn name(&mut self, wanted: &str) -> Read<&'a str> {
        match self.token.kind {
            Kind::Quoted => return self.string(wanted),
            Kind::Word | Kind::Other | Kind::Star | Kind::Plus | Kind::Dash => {}
            _ => return self.fail(wanted),
        }
        let rest = self.lexer.from(self.token.span.start).rest();
        let ends = |c: char| {
            c.is_whitespace() || matches!(c, '{' | '}' | ';' | ':' | ',' | '"' | '#' | '\\')
        };
        let len = rest.find(ends).unwrap_or(rest.len());
        let start = self.token.span.start;
        let name = rest.get(..len).unwrap_or("");
        self.end = Span::new(start as usize + len, start as usize + len).end;
        self.go(self.end);
        Ok(name)
    }

    /// Passes the ends of lines.
    pub(super) fn newlines(&mut self) {
        while self.token.kind == Kind::Newline {
            self.bump();
        }
    }

    /// Passes the ends of statements.
    pub(super) fn separators(&mut self) {
        loop {
            self.managed |= self.token.note == Note::Iptables;
            match self.token.kind {
                Kind::Newline | Kind::Semicolon => drop(self.bump()),
                // Alone on its line it is a comment.
                Kind::XtRemark if matches!(self.second().kind, Kind::Newline | Kind::End) => {
                    self.bump();
                }
                Kind::Word if self.is_terminal() => self.pass_line(),
                _ => return,
            }
        }
    }

    /// What nft tells on the terminal beside a listing (`XT target DNAT not found`) is on a line of its own.
    fn is_terminal(&self) -> bool {
        self.word() == "XT"
            && self.begins_line()
            && self
                .lexer
                .rest()
                .lines()
                .next()
                .is_some_and(|l| l.ends_with(" not found"))
    }

    /// Whether only blanks stand before the token on its line.
    pub(super) fn begins_line(&self) -> bool {
        let before = self.source.text.get(..self.token.span.start as usize);
        let before = before.unwrap_or("").trim_end_matches([' ', '\t']);
        before.is_empty() || before.ends_with('\n')
    }

    /// Passes the rest of the line.
    pub(super) fn pass_line(&mut self) {
        while !matches!(self.token.kind, Kind::Newline | Kind::End) {
            self.bump();
        }
    }

    /// Whether a statement ends here.
    pub(super) const fn at_end(&self) -> bool {
        matches!(
            self.token.kind,
            Kind::Newline | Kind::Semicolon | Kind::Close | Kind::End
        )
    }

    /// The handle in a comment behind the last taken token.
    pub(super) const fn handle(&self) -> Option<u64> {
        match self.token.note {
            Note::Handle(handle) => Some(handle),
            _ => None,
        }
    }

    /// One level deeper.
    pub(super) fn deepen(&mut self, by: u32) -> Read<()> {
        self.depth = self.depth.saturating_add(by);
        match self.depth > DEEPEST {
            true => Self::fault(self.token.span, "this nests too deep to be read"),
            false => Ok(()),
        }
    }

    /// How deep this is; given back to [`Self::rise`].
    pub(super) const fn depth(&self) -> u32 {
        self.depth
    }

    /// Back to a former depth.
    pub(super) const fn rise(&mut self, depth: u32) {
        self.depth = depth;
    }

    /// Tells a problem. After many, the rest is counted: memory is bounded by the text.
    pub(super) fn tell(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
            return;
        }
        let (count, first, dropped) = self.unlisted;
        let first = match count {
            0 => problem.span,
            _ => first,
        };
        self.unlisted = (count + 1, first, dropped || problem.dropped);
    }
}

/// A number as nft reads it, where a leading zero makes it an octal one.
pub(super) fn number(text: &str) -> Option<u64> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match (hex, text.strip_prefix('0')) {
        (Some(digits), _) => u64::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) if !digits.is_empty() => u64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}
