//! Splits a text into simple commands as a POSIX shell does (Shell Command Language, 2.2, 2.3 and 2.10), and stops where it
//! holds anything else.

use hylint_model::Span;

/// The place of what makes a text a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Script(pub(crate) Span);

/// A word of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Word {
    /// With its quotes.
    pub(crate) span: Span,
    /// The parts of the text that the word is made of, without quotes and escapes.
    pub(crate) pieces: Vec<Span>,
}

impl Word {
    /// What the command is given.
    pub(crate) fn value(&self, text: &str) -> String {
        let pieces = self.pieces.iter();
        pieces.map(|p| text.get(p.range()).unwrap_or("")).collect()
    }

    /// Whether it has no quotes and no escapes.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.pieces.as_slice(), [one] if *one == self.span)
    }
}

/// A command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Command {
    /// Its program and what that is given.
    pub(crate) words: Vec<Word>,
    /// Its output goes to a file or is thrown away.
    pub(crate) redirected: bool,
    /// It may fail without any consequence (`|| true`).
    pub(crate) may_fail: bool,
}

impl Command {
    /// From the first word to the last one.
    pub(crate) fn span(&self) -> Span {
        let first = self.words.first().map_or(Span::default(), |w| w.span);
        self.words.last().map_or(first, |w| first.to(w.span))
    }

    /// The values of its words.
    pub(crate) fn values(&self, text: &str) -> Vec<String> {
        self.words.iter().map(|w| w.value(text)).collect()
    }
}

/// What a text holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// From `#` to the end of its line.
    Comment(Span),
    Command(Command),
}

/// The commands and comments of a text, in order; it ends at the first thing that is neither.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    at: usize,
    ended: bool,
}

/// How a command ends.
enum End {
    Line,
    /// `||`: the command behind it comes where this one fails.
    Or,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            ended: false,
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// The byte order is that of the text; whatever is not ASCII is part of a word.
    fn script<T>(&self) -> Result<T, Script> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let len = rest.chars().next().map_or(0, char::len_utf8);
        Err(Script(Span::new(self.at, self.at + len)))
    }

    /// Passes blanks and lines that go on.
    fn blanks(&mut self) {
        loop {
            match (self.byte(0), self.byte(1), self.byte(2)) {
                (Some(b' ' | b'\t'), ..) => self.at += 1,
                (Some(b'\r'), Some(b'\n') | None, _) => self.at += 1,
                (Some(b'\\'), Some(b'\n'), _) => self.at += 2,
                (Some(b'\\'), Some(b'\r'), Some(b'\n')) => self.at += 3,
                _ => return,
            }
        }
    }

    fn comment(&mut self) -> Span {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = self.text.get(self.at..self.at + len).unwrap_or("");
        let span = Span::new(self.at, self.at + line.trim_end().len());
        self.at += len;
        span
    }

    /// A word, if one begins here.
    fn word(&mut self) -> Result<Option<Word>, Script> {
        let start = self.at;
        let mut pieces: Vec<Span> = Vec::new();
        let mut add = |from: usize, to: usize| match pieces.last_mut() {
            Some(last) if last.end == Span::new(from, from).start => {
                *last = last.to(Span::new(from, to))
            }
            _ => pieces.push(Span::new(from, to)),
        };
        // Braces and commas without quotes, which some shells expand.
        let (mut open, mut list) = (false, false);
        while let Some(b) = self.byte(0) {
            match b {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' => break,
                b'\r' if matches!(self.byte(1), Some(b'\n') | None) => break,
                b'$' | b'`' | b'(' | b')' | b'*' | b'?' | b'[' => return self.script(),
                b'~' if self.at == start => return self.script(),
                b'}' if open && list => return self.script(),
                b'\\' => match (self.byte(1), self.byte(2)) {
                    (Some(b'\n'), _) => self.at += 2,
                    (Some(b'\r'), Some(b'\n')) => self.at += 3,
                    (None, _) => return self.script(),
                    _ => {
                        self.at += 1;
                        let rest = self.text.get(self.at..).unwrap_or("");
                        let len = rest.chars().next().map_or(1, char::len_utf8);
                        add(self.at, self.at + len);
                        self.at += len;
                    }
                },
                b'\'' => {
                    let body = self.at + 1;
                    let rest = self.text.as_bytes().get(body..).unwrap_or(&[]);
                    let Some(len) = memchr::memchr(b'\'', rest) else {
                        return self.script();
                    };
                    add(body, body + len);
                    self.at = body + len + 1;
                }
                b'"' => self.quoted(&mut add)?,
                _ => {
                    open |= b == b'{';
                    list |= open && (b == b',' || b == b'.' && self.byte(1) == Some(b'.'));
                    add(self.at, self.at + 1);
                    self.at += 1;
                }
            }
        }
        Ok((self.at > start).then(|| Word {
            span: Span::new(start, self.at),
            pieces,
        }))
    }

    /// What stands in double quotes.
    fn quoted(&mut self, add: &mut impl FnMut(usize, usize)) -> Result<(), Script> {
        self.at += 1;
        // An empty string is a word, too.
        add(self.at, self.at);
        loop {
            match (self.byte(0), self.byte(1)) {
                (Some(b'"'), _) => {
                    self.at += 1;
                    return Ok(());
                }
                (None | Some(b'$' | b'`'), _) => return self.script(),
                (Some(b'\\'), Some(b'"' | b'\\' | b'$' | b'`')) => {
                    add(self.at + 1, self.at + 2);
                    self.at += 2;
                }
                (Some(b'\\'), Some(b'\n')) => self.at += 2,
                _ => {
                    add(self.at, self.at + 1);
                    self.at += 1;
                }
            }
        }
    }

    /// A redirection of output, if one stands here: `>`, `>>`, `2>`, `2>&1`, `&>`.
    fn redirection(&mut self) -> Result<bool, Script> {
        let digits = usize::from(self.byte(0).is_some_and(|b| b.is_ascii_digit()));
        let begins = match (self.byte(digits), self.byte(digits + 1)) {
            (Some(b'>'), _) => digits + 1,
            (Some(b'&'), Some(b'>')) if digits == 0 => 2,
            _ => return Ok(false),
        };
        self.at += begins;
        if matches!(self.byte(0), Some(b'>' | b'|')) {
            self.at += 1;
        }
        if self.byte(0) == Some(b'&') {
            self.at += 1;
            if !matches!(self.byte(0), Some(b'0'..=b'9' | b'-')) {
                return self.script();
            }
            self.at += 1;
            return Ok(true);
        }
        self.blanks();
        match self.word()? {
            Some(_) => Ok(true),
            None => self.script(),
        }
    }

    fn command(&mut self) -> Result<(Command, End), Script> {
        let mut out = Command {
            words: Vec::new(),
            redirected: false,
            may_fail: false,
        };
        let end = loop {
            self.blanks();
            if self.redirection()? {
                out.redirected = true;
                continue;
            }
            match (self.byte(0), self.byte(1)) {
                (None | Some(b'\n' | b'#'), _) => break End::Line,
                (Some(b';'), Some(b';')) => return self.script(),
                (Some(b';'), _) => {
                    self.at += 1;
                    break End::Line;
                }
                (Some(b'|'), Some(b'|')) => {
                    self.at += 2;
                    break End::Or;
                }
                (Some(b'&' | b'|' | b'<'), _) => return self.script(),
                _ => out.words.extend(self.word()?),
            }
        };
        match out.words.is_empty() {
            true => self.script(),
            false => Ok((out, end)),
        }
    }

    fn line(&mut self) -> Result<Option<Line>, Script> {
        loop {
            self.blanks();
            match self.byte(0) {
                None => return Ok(None),
                Some(b'\n') => self.at += 1,
                Some(b'#') => return Ok(Some(Line::Comment(self.comment()))),
                Some(_) => break,
            }
        }
        let (mut command, end) = self.command()?;
        if matches!(end, End::Or) {
            let at = self.at;
            let (other, end) = self.command()?;
            let nothing = other.values(self.text);
            let nothing = matches!(nothing.as_slice(), [w] if w == "true" || w == ":");
            if !nothing || matches!(end, End::Or) {
                self.at = at;
                return self.script();
            }
            command.may_fail = true;
        }
        Ok(Some(Line::Command(command)))
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Line, Script>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let line = self.line();
        self.ended = !matches!(line, Ok(Some(_)));
        line.transpose()
    }
}
