//! What happens behind an error: it is told, and the text goes on with the next statement.

use super::cursor::{Fail, Parser, Read};
use super::lexer::Kind;
use hylint_model::{Problem, ProblemKind, Span};

/// What is lost with a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lost {
    /// A rule.
    Rule,
    /// No rule.
    Nothing,
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
            self.cut = true;
            problem.span = self.since(start);
            problem = problem.help(CUT);
        } else if let Some(help) = fail.help {
            problem = problem.help(help);
        }
        if lost == Lost::Rule {
            problem = problem.dropped();
        }
        self.tell(problem);
        self.skip_statement(start);
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

    /// Braces that a statement has opened so far and not closed.
    fn open_braces(&self, start: u32) -> usize {
        let mut lexer = self.lexer.from(start);
        let mut open = 0_usize;
        loop {
            let token = lexer.next();
            if token.span.start >= self.token.span.start || token.kind == Kind::End {
                return open;
            }
            match token.kind {
                Kind::Open => open += 1,
                Kind::Close => open = open.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Passes the rest of a statement.
    pub(super) fn skip_statement(&mut self, start: u32) {
        let mut open = self.open_braces(start);
        loop {
            match self.kind() {
                Kind::End => return,
                Kind::Close | Kind::Semicolon | Kind::Newline if open == 0 => return,
                Kind::Newline => {
                    self.newlines();
                    if self.begins_block() {
                        self.unbalanced = true;
                        return;
                    }
                    continue;
                }
                Kind::Open => open += 1,
                Kind::Close => open -= 1,
                _ => {}
            }
            self.bump();
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
