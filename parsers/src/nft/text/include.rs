//! `include`, and the definitions of variables: what may stand in every block.

use super::super::include::DEEPEST;
use super::cursor::{Parser, Read};
use super::expr::Mode;
use super::lexer::{Kind, Lexer};
use super::recover::Lost;
use crate::source::Include;
use hylint_model::{Problem, ProblemKind, Span};

/// How often files may be included on average: two that include each other's includes twice grow by multiplication.
const MOST_TIMES: usize = 16;

/// The reason of a problem with a file that is included.
pub(in crate::nft) const INCLUDED: &str = "include";

impl<'a> Parser<'a, '_> {
    /// Reads a line that may stand in every block. `body` reads the items of the block, for files that are included in it.
    /// False if it is another line.
    pub(super) fn common(&mut self, body: &mut dyn FnMut(&mut Self)) -> bool {
        let start = self.token.span.start;
        let read = match self.word() {
            "define" | "redefine" => self.define(),
            "undefine" => self.undefine(),
            "include" => self.include(body),
            _ => return false,
        };
        if let Err(fail) = read.and_then(|()| self.ended()) {
            self.recover(start, *fail, Lost::Nothing);
        }
        true
    }

    fn define(&mut self) -> Read<()> {
        let again = self.word() == "redefine";
        self.bump();
        let span = self.token.span;
        let name = self.any_word("the name of a variable")?;
        self.expect(Kind::Assign, "`=`")?;
        let depth = self.depth();
        let value = self.list(Mode::Constant);
        self.rise(depth);
        let (value, read) = match value {
            Ok(value) => (Some(value), Ok(())),
            Err(fail) => (None, Err(fail)),
        };
        match self.scopes.define(name, value, again) {
            true => read,
            false => Self::fault(span, format!("the variable `{name}` is defined twice")),
        }
    }

    fn undefine(&mut self) -> Read<()> {
        self.bump();
        let name = self.any_word("the name of a variable")?;
        self.scopes.undefine(name);
        Ok(())
    }

    fn include(&mut self, body: &mut dyn FnMut(&mut Self)) -> Read<()> {
        let word = self.bump().span;
        let file = self
            .expect(Kind::Quoted, "the path of a file in quotes")?
            .span;
        let path = self.unquoted(file);
        let span = word.to(file);
        let source = self.source;
        let many = super::super::is_pattern(path);
        let message = match source.includes.get(&word.start) {
            Some(Include::Parts(parts)) => {
                self.ended()?;
                return self.include_parts(parts, span, body);
            }
            Some(Include::Missing) if many => {
                format!("the folder of the included files `{path}` is not in this folder")
            }
            Some(Include::Outside) if many => {
                format!("the included files `{path}` are outside this folder")
            }
            Some(Include::Missing) => format!("the included file `{path}` is not in this folder"),
            Some(Include::Outside) => format!("the included file `{path}` is outside this folder"),
            Some(Include::Unreadable(why)) => {
                format!("the included file `{path}` cannot be read: {why}")
            }
            Some(Include::Itself) => return Self::fault(span, format!("`{path}` includes itself")),
            None => format!("the included file `{path}` is not read"),
        };
        let problem = Problem::new(ProblemKind::Incomplete, span, message).reason(INCLUDED);
        self.tell(problem.help(format!(
            "put `{path}` beside this file, or export the ruleset with `nft list ruleset`"
        )));
        Ok(())
    }

    fn include_parts(
        &mut self,
        parts: &'a [usize],
        at: Span,
        body: &mut dyn FnMut(&mut Self),
    ) -> Read<()> {
        for part in parts {
            let Some(found) = self.source.parts.get(*part) else {
                continue;
            };
            let path = &found.path;
            if self.including.contains(part) {
                return Self::fault(at, format!("`{path}` includes itself"));
            }
            if self.including.len() >= DEEPEST {
                return Self::fault(
                    at,
                    format!("`{path}` is included more than {DEEPEST} files deep"),
                );
            }
            self.included += found.span.len();
            if self.included > MOST_TIMES * self.source.text.len() {
                // The first one tells of all.
                let first = self.included - found.span.len() <= MOST_TIMES * self.source.text.len();
                let message = format!("`{path}` is included so often that the rest is not read");
                return match first {
                    true => Self::fault(at, message),
                    false => Ok(()),
                };
            }
            self.including.push(*part);
            let here = (self.lexer, self.token, self.end, self.cut);
            self.lexer = Lexer::new(&self.source.text, found.span);
            self.token = self.lexer.next();
            self.included(body);
            (self.lexer, self.token, self.end, self.cut) = here;
            self.including.pop();
        }
        Ok(())
    }

    /// Reads a part to its end.
    fn included(&mut self, body: &mut dyn FnMut(&mut Self)) {
        loop {
            body(self);
            if self.kind() == Kind::End {
                return;
            }
            let message = "this `}` closes nothing in this file";
            let problem = Problem::new(ProblemKind::Malformed, self.token.span, message);
            self.tell(problem);
            self.bump();
        }
    }
}
