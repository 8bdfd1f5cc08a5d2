//! What happens behind an error: it is told, and the text goes on with the next statement.

use super::cursor::{Fail, Parser, Read};
use super::lexer::{Kind, Token};
use hylint_model::{Problem, ProblemKind, Span};

/// What is lost with a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lost {
    /// A rule.
    Rule,
    /// No rule.
    Nothing,
}

/// What a brace opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Brace {
    /// Statements: a line is one of them.
    Block,
    /// Elements, with commas between.
    List,
}

const CUT: &str = "export the whole ruleset again: `nft list ruleset`";

impl Parser<'_, '_> {
    /// Checks that a statement ends here.
    pub(super) fn ended(&self) -> Read<()> {
        match self.at_end() {
            true => Ok(()),
            false => self.fail("`;` or the end of the line"),
        }
    }

    /// Tells why a statement cannot be read, and passes it.
    pub(super) fn recover(&mut self, start: u32, fail: Fail, lost: Lost) {
        let mut problem = Problem::new(ProblemKind::Malformed, fail.span, fail.message);
        if self.kind() == Kind::End && self.including.is_empty() {
            let message = match lost {
                Lost::Rule => "the text ends inside this rule",
                Lost::Nothing => "the text ends inside this statement",
            };
            self.cut = true;
            problem = Problem::new(ProblemKind::Malformed, self.since(start), message).help(CUT);
        }
        self.in_rule = lost == Lost::Rule;
        let lines = self.skip_statement(start);
        // A block that is passed may hold rules.
        if lost == Lost::Rule || lines {
            problem = problem.dropped();
        }
        if !fail.told || problem.dropped {
            self.tell(problem);
        }
    }

    /// Tells that a block does not end.
    pub(super) fn unclosed(&mut self, what: &str, head: Span) {
        if self.cut {
            return;
        }
        self.cut = true;
        let message = format!("the text ends inside {what}: `}}` is missing");
        let problem = Problem::new(ProblemKind::Malformed, head, message);
        self.tell(problem.help(CUT));
    }

    /// The braces that a statement has opened so far and not closed.
    fn open_braces(&self, start: u32) -> Vec<Brace> {
        let mut lexer = self.lexer.from(start);
        let mut open = Vec::new();
        let mut last = lexer.next();
        let mut token = last;
        while token.span.start < self.token.span.start && token.kind != Kind::End {
            match token.kind {
                Kind::Open => open.push(self.brace(last)),
                Kind::Close => drop(open.pop()),
                _ => {}
            }
            last = token;
            token = lexer.next();
        }
        open
    }

    /// What a brace behind a token opens, as far as that tells.
    fn brace(&self, before: Token) -> Brace {
        match (before.kind, self.text(before.span)) {
            (Kind::Word, "jump" | "goto") => Brace::Block,
            (Kind::Word, _) if self.in_rule => Brace::List,
            (Kind::Word | Kind::Quoted, _) => Brace::Block,
            _ => Brace::List,
        }
    }

    /// Passes the rest of a statement. Whether it goes over several lines.
    fn skip_statement(&mut self, start: u32) -> bool {
        let mut open = self.open_braces(start);
        let mut last = self.token;
        let mut lines = false;
        loop {
            if !open.is_empty() && self.begins_block() {
                self.unbalanced = true;
                return lines;
            }
            match self.kind() {
                Kind::End => {
                    self.cut |= self.including.is_empty();
                    return lines;
                }
                Kind::Close | Kind::Semicolon | Kind::Newline if open.is_empty() => return lines,
                Kind::Newline => {
                    self.newlines();
                    let goes_on = matches!(last.kind, Kind::Comma | Kind::Open)
                        || matches!(self.kind(), Kind::Comma | Kind::Close);
                    // The lines of a list end with commas: elsewhere its brace is missing.
                    while !goes_on && open.last() == Some(&Brace::List) {
                        open.pop();
                    }
                    if open.is_empty() {
                        return lines;
                    }
                    lines = true;
                    continue;
                }
                Kind::Open => open.push(self.brace(last)),
                Kind::Close => drop(open.pop()),
                _ => {}
            }
            last = self.bump();
        }
    }

    /// Whether a table, a chain or a set begins here: then a brace before is not closed.
    pub(super) fn begins_block(&self) -> bool {
        let word = self.word();
        if !matches!(word, "table" | "chain" | "set" | "map" | "flowtable") {
            return false;
        }
        let mut ahead = self.lexer;
        let mut words = 0;
        loop {
            match ahead.next().kind {
                Kind::Word => words += 1,
                Kind::Open => return words == 1 || (word == "table" && words == 2),
                _ => return false,
            }
        }
    }

    /// A block begins where only statements may stand.
    pub(super) fn missing_close(&mut self, what: &str) {
        let told = std::mem::take(&mut self.unbalanced);
        if told {
            return;
        }
        let message = format!("`}}` is missing before this: {what} is still open");
        let problem = Problem::new(ProblemKind::Malformed, self.token.span, message);
        self.tell(problem);
    }
}
