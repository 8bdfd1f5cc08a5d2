//! Commands: the lines of a file outside of blocks.

use super::cursor::{Parser, Read};
use super::lexer::Kind;
use super::recover::Lost;
use crate::nft::syntax::{Command, CommandKind, Object, ObjectKind, RuleDecl, RulePlace, Target};
use hylint_model::{Problem, ProblemKind, TableFamily};

/// Commands that change no rule.
const OTHERS: [&str; 9] = [
    "list", "reset", "rename", "monitor", "describe", "import", "export", "get", "quit",
];

impl<'a> Parser<'a, '_> {
    /// The commands of a file, up to its end or a `}` that closes nothing.
    pub(super) fn commands(&mut self) {
        loop {
            self.separators();
            if matches!(self.kind(), Kind::Close | Kind::End) {
                return;
            }
            self.unbalanced = false;
            self.pasted();
            if self.kind() == Kind::XtRemark {
                self.pass_line();
            }
            if self.at_end() || self.common(&mut |p| p.commands()) {
                continue;
            }
            let start = self.token.span.start;
            let lost = match self.speaks_of_rule() {
                true => Lost::Rule,
                false => Lost::Nothing,
            };
            if let Err(fail) = self.command().and_then(|()| self.ended()) {
                self.recover(start, *fail, lost);
            }
        }
    }

    /// All commands of the source.
    pub(super) fn whole_file(&mut self) {
        loop {
            self.commands();
            if self.kind() == Kind::End {
                break;
            }
            let message = "this `}` closes nothing";
            let problem = Problem::new(ProblemKind::Malformed, self.token.span, message);
            self.tell(problem);
            self.bump();
        }
        if let (count @ 1.., first, dropped) = self.unlisted {
            let message = format!("{count} more statements from here on cannot be read");
            let problem = Problem::new(ProblemKind::Malformed, first, message);
            self.problems.push(match dropped {
                true => problem.dropped(),
                false => problem,
            });
        }
    }

    /// Whether the command adds or changes a rule, as far as its first words tell.
    fn speaks_of_rule(&self) -> bool {
        let first = self.word();
        let what = match first {
            "add" | "insert" | "replace" | "create" => self.second_word(),
            _ => first,
        };
        let others = [
            "table",
            "chain",
            "set",
            "map",
            "element",
            "flush",
            "delete",
            "destroy",
            "flowtable",
            "counter",
            "quota",
            "limit",
            "ct",
            "secmark",
            "synproxy",
        ];
        !others.contains(&what) && !OTHERS.contains(&what)
    }

    fn command(&mut self) -> Read<()> {
        let start = self.token.span.start;
        let kind = match self.word() {
            "add" => CommandKind::Add,
            "create" => CommandKind::Create,
            "insert" => CommandKind::Insert,
            "replace" => CommandKind::Replace,
            "delete" => CommandKind::Delete,
            "destroy" => CommandKind::Destroy,
            "flush" => CommandKind::Flush,
            "table" | "chain" | "rule" | "set" | "map" | "element" | "flowtable" | "counter"
            | "quota" | "limit" | "ct" | "secmark" | "synproxy" | "tunnel" => {
                return self.object(CommandKind::Add, start);
            }
            "ip" | "ip6" | "inet" | "arp" | "bridge" | "netdev" => {
                return self.rule_command(CommandKind::Add, start);
            }
            word if OTHERS.contains(&word) => return self.other(start),
            "" => return self.fail("a command"),
            word => return self.bare_rule(word, start),
        };
        self.bump();
        self.object(kind, start)
    }

    /// A rule may be added without any word before its table: `filter input drop`.
    fn bare_rule(&mut self, word: &str, start: u32) -> Read<()> {
        let at = self.token.span;
        if !self.second_word().is_empty() && self.rule_command(CommandKind::Add, start).is_ok() {
            return Ok(());
        }
        Self::fault(at, format!("`{word}` is not a command of nftables"))
    }

    fn object(&mut self, kind: CommandKind, start: u32) -> Read<()> {
        match self.word() {
            "table" => self.table_of(kind, start),
            "chain" => {
                let target = self.target("the name of a chain")?;
                self.chain(kind, target, start);
                Ok(())
            }
            "rule" => {
                self.bump();
                self.rule_command(kind, start)
            }
            "set" | "map" | "meter" | "flow" => {
                if self.word() == "flow" {
                    self.bump();
                }
                let target = self.target("the name of a set")?;
                self.set_block(kind, target, start);
                Ok(())
            }
            "element" => {
                let target = self.target("the name of a set")?;
                let elements = self.elements()?;
                let object = Object::Elements(target, elements);
                self.push(kind, object, start);
                Ok(())
            }
            "ruleset" => {
                self.bump();
                let family = self.family();
                self.push(kind, Object::Ruleset(family), start);
                Ok(())
            }
            word => match self.object_kind(word) {
                Some(object) => {
                    if object == ObjectKind::CtObject {
                        self.bump();
                    }
                    let target = self.target("the name of an object")?;
                    self.object_block(kind, object, target, start)
                }
                None if matches!(kind, CommandKind::Add | CommandKind::Insert) => {
                    self.rule_command(kind, start)
                }
                None => self.fail("`table`, `chain`, `rule`, `set`, `map` or `element`"),
            },
        }
    }

    fn push(&mut self, kind: CommandKind, object: Object<'a>, start: u32) {
        let span = self.since(start);
        self.commands.push(Command { kind, object, span });
    }

    fn table_of(&mut self, kind: CommandKind, start: u32) -> Read<()> {
        self.bump();
        let family = self.family().unwrap_or(TableFamily::Ip);
        let handle = self.handle_word()?;
        let table = match handle {
            Some(_) => "",
            None => self.name("the name of a table")?,
        };
        let target = Target {
            family,
            table: table.into(),
            name: "".into(),
            handle,
        };
        self.table_block(kind, target, start);
        Ok(())
    }

    /// `handle n`
    fn handle_word(&mut self) -> Read<Option<u64>> {
        match self.word() == "handle" && self.second().kind == Kind::Word {
            true => {
                self.bump();
                self.number("a handle").map(Some)
            }
            false => Ok(None),
        }
    }

    /// `chain inet table name`: the word, the family, the table and the object.
    fn target(&mut self, wanted: &str) -> Read<Target<'a>> {
        self.bump();
        let family = self.family().unwrap_or(TableFamily::Ip);
        let table = self.name("the name of a table")?;
        let handle = self.handle_word()?;
        let name = match handle {
            Some(_) => "",
            None => self.name(wanted)?,
        };
        Ok(Target {
            family,
            table: table.into(),
            name: name.into(),
            handle,
        })
    }

    fn rule_command(&mut self, kind: CommandKind, start: u32) -> Read<()> {
        let family = self.family().unwrap_or(TableFamily::Ip);
        let table = self.name("the name of a table")?;
        let chain = self.name("the name of a chain")?;
        let target = Target {
            family,
            table: table.into(),
            name: chain.into(),
            handle: None,
        };
        let place = self.place()?;
        let rule = match kind {
            CommandKind::Add | CommandKind::Create | CommandKind::Insert | CommandKind::Replace => {
                let mut rule = self.rule(&target, place)?;
                rule.span = self.since(start);
                rule
            }
            _ => RuleDecl {
                target,
                place,
                handle: None,
                statements: Vec::new(),
                comment: None,
                span: self.since(start),
            },
        };
        self.push(kind, Object::Rule(Box::new(rule)), start);
        Ok(())
    }

    fn place(&mut self) -> Read<RulePlace> {
        let place = match self.eat_any(&["position", "handle", "index"]) {
            Some("index") => RulePlace::Index(self.number("a number")?),
            Some(_) => RulePlace::Handle(self.number("a handle")?),
            None => RulePlace::Unsaid,
        };
        Ok(place)
    }

    /// A command that changes no rule.
    fn other(&mut self, start: u32) -> Read<()> {
        let mut open = 0_usize;
        while !self.at_end() || (open > 0 && self.kind() != Kind::End) {
            match self.kind() {
                Kind::Open => open += 1,
                Kind::Close => open -= 1,
                _ => {}
            }
            self.bump();
        }
        let span = self.since(start);
        let target = Target {
            family: TableFamily::Ip,
            table: "".into(),
            name: self.text(span).into(),
            handle: None,
        };
        self.push(
            CommandKind::Other,
            Object::Other(ObjectKind::Unknown, target),
            start,
        );
        Ok(())
    }

    /// Passes a prompt and a command line of a shell that were copied with a listing. Of `nft add …`, the command is left.
    fn pasted(&mut self) {
        if !self.begins_line() {
            return;
        }
        let start = self.token.span.start;
        let rest = self.lexer.from(start).rest();
        let line = rest.lines().next().unwrap_or("");
        let Some(command) = shell_command(line) else {
            return;
        };
        let reads = |w: &str| matches!(w, "list" | "-f" | "--file" | "-c" | "monitor");
        let skip = match command {
            "" => line.len(),
            _ if command.split_ascii_whitespace().any(reads) => line.len(),
            _ => line.len() - command.len(),
        };
        self.go(hylint_model::Span::new(0, start as usize + skip).end);
    }
}

/// What follows `nft` and its options on a line of a shell; empty if only a prompt stands there.
fn shell_command(line: &str) -> Option<&str> {
    let line = line.trim_end();
    let prompt = |p: &str| p.is_empty() || p.ends_with(['#', '$', '>', '%']);
    if line.contains('@') && line.ends_with(['#', '$']) && !line.contains('{') {
        return Some("");
    }
    let at = line.find("nft ")?;
    let (before, after) = line.split_at_checked(at)?;
    let before = before
        .trim_end_matches("/usr/sbin/")
        .trim_end_matches("/sbin/");
    let before = before.trim_end().trim_end_matches("sudo").trim_end();
    if !prompt(before) {
        return None;
    }
    let mut command = after.strip_prefix("nft")?.trim_start();
    while command.starts_with(['-', '–']) {
        let (option, rest) = command.split_once([' ', '\t']).unwrap_or((command, ""));
        if matches!(option, "-f" | "--file" | "-c") {
            return Some("");
        }
        command = rest.trim_start();
    }
    Some(command)
}
