//! Lists of plain commands that change rules.

use super::inert;
use super::lexer::{Command, Line, Lines};
use hylint_model::{Backend, Span};
use hylint_space::Family;

/// A program that changes rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Program {
    /// `iptables` or `ip6tables`.
    Tables(Family),
    /// `ipset`.
    Sets,
    /// `nft`.
    Nft,
    /// Another one, which changes none.
    Inert,
    /// `exit`, behind which nothing is run.
    Exit,
    /// `set -e`: a command that fails is the last one.
    Strict,
}

/// A list of plain commands.
#[derive(Debug)]
pub(crate) struct List {
    /// Comments and commands, with the program of each and the number of the word behind it.
    pub(crate) lines: Vec<(Line, Program, usize)>,
    /// Of nft; else of iptables.
    pub(crate) nft: bool,
}

/// The names of the programs, for a look at a text before it is split.
const NAMES: [&str; 2] = ["tables", "nft"];

/// Whether the first command of a text is one of these lists: that is soon known, and few texts are.
pub(crate) fn begins_list(text: &str) -> bool {
    let named = |n: &&str| memchr::memmem::find(text.as_bytes(), n.as_bytes()).is_some();
    if !NAMES.iter().any(named) {
        return false;
    }
    let mut lines = Lines::new(text);
    let command = lines.find_map(|l| match l {
        Ok(Line::Comment(_)) => None,
        Ok(Line::Command(c)) => Some(program(text, &c).is_some()),
        Err(_) => Some(false),
    });
    command == Some(true)
}

/// The list that a text is; none if it is a script, or has no command that adds a rule or closes a chain.
pub(crate) fn list(text: &str) -> Option<List> {
    if !begins_list(text) {
        return None;
    }
    let mut out = List {
        lines: Vec::new(),
        nft: false,
    };
    let (mut tables, mut rules, mut ended) = (false, false, false);
    let mut backend = None;
    for line in Lines::new(text) {
        let line = line.ok()?;
        let (program, at) = match &line {
            Line::Comment(_) => (Program::Inert, 0),
            // What stands behind an `exit` is not run.
            Line::Command(_) if ended => return None,
            Line::Command(c) => program(text, c)?,
        };
        if let Line::Command(c) = &line {
            match program {
                Program::Tables(_) => {
                    // Rules of two tools are in tables of their own.
                    let name = c.words.get(at.wrapping_sub(1)).map(|w| w.value(text));
                    let own = Backend::of_program(&name.unwrap_or_default());
                    if *backend.get_or_insert(own) != own {
                        return None;
                    }
                    rules |= appends(text, c, at);
                }
                Program::Nft => rules |= adds(text, c, at),
                _ => {}
            }
        }
        ended |= program == Program::Exit;
        tables |= matches!(program, Program::Tables(_) | Program::Sets);
        out.nft |= program == Program::Nft;
        out.lines.push((line, program, at));
    }
    (rules && !(tables && out.nft)).then_some(out)
}

/// The last command of a list whose text ends without the end of a line, if it may go on: its last word may be a part of a number
/// or of a name, or another one may follow.
pub(crate) fn torn(text: &str) -> Option<Span> {
    let ended = text.trim_end_matches([' ', '\t']).ends_with(['\n', '\r']);
    let list = list(text).filter(|_| !ended)?;
    let (Line::Command(last), program, _) = list.lines.last()? else {
        return None;
    };
    let word = last.words.last()?;
    let said = text.get(word.span.range()).unwrap_or("");
    let closed = match program {
        Program::Nft => said.ends_with(['}', ';', '\'', '"']) || VERDICTS.contains(&said),
        Program::Tables(_) => said.ends_with(['\'', '"']) || is_last(said),
        Program::Sets => false,
        Program::Inert | Program::Exit | Program::Strict => true,
    };
    (!closed).then(|| last.span())
}

/// Words that end a rule of nft.
const VERDICTS: [&str; 6] = [
    "accept",
    "drop",
    "reject",
    "return",
    "continue",
    "masquerade",
];

/// Whether a word ends a rule of iptables: a target without options that matter, or what REJECT answers with.
pub(crate) fn is_last(word: &str) -> bool {
    let targets = [
        "ACCEPT",
        "DROP",
        "REJECT",
        "RETURN",
        "MASQUERADE",
        "NOTRACK",
    ];
    let answers = ["-unreachable", "-prohibited", "tcp-reset"];
    targets.contains(&word) || answers.iter().any(|a| word.ends_with(a))
}

/// Whether a command of iptables adds a rule, or makes a policy that drops.
fn appends(text: &str, command: &Command, at: usize) -> bool {
    let adds = ["-A", "-I", "--append", "--insert"];
    let own = || command.words.iter().skip(at).map(|w| w.value(text));
    let closes = own().any(|w| w == "-P" || w == "--policy") && own().any(|w| w == "DROP");
    closes || own().any(|w| adds.iter().any(|a| w.starts_with(a)))
}

/// Whether a command of nft adds something.
fn adds(text: &str, command: &Command, at: usize) -> bool {
    let mut own = command.words.iter().skip(at).map(|w| w.value(text));
    let verb = own.find(|w| !w.starts_with('-')).unwrap_or_default();
    ["add", "insert", "create"]
        .iter()
        .any(|a| verb.trim_start().starts_with(a))
}

/// The program of a command, and the number of the first word behind its name; none if it may do anything.
pub(crate) fn program(text: &str, command: &Command) -> Option<(Program, usize)> {
    let values = command.values(text);
    let words: Vec<&str> = values.iter().map(String::as_str).collect();
    // A name in quotes is no word of the shell's own.
    let is_plain = |at: usize| command.words.get(at).is_some_and(super::Word::is_plain);
    let mut at = 0;
    while matches!(words.get(at), Some(&("sudo" | "doas"))) && is_plain(at) {
        at += 1;
        while words
            .get(at)
            .is_some_and(|w| matches!(*w, "-n" | "-E" | "-H" | "-S"))
        {
            at += 1;
        }
    }
    let first = *words.get(at)?;
    let rest = words.get(at + 1..).unwrap_or(&[]);
    if at == 0 && rest.is_empty() && is_assigned(text, command) {
        return Some((Program::Inert, 1));
    }
    // `A=b program`, and a variable that holds a program.
    if !is_plain(at) || first.contains('=') {
        return None;
    }
    let name = first.rsplit('/').next().unwrap_or(first);
    let program = match name {
        "iptables" | "iptables-nft" | "iptables-legacy" if !inert::is_inert(name, rest) => {
            Program::Tables(Family::V4)
        }
        "ip6tables" | "ip6tables-nft" | "ip6tables-legacy" if !inert::is_inert(name, rest) => {
            Program::Tables(Family::V6)
        }
        "ipset" if !inert::is_inert(name, rest) => Program::Sets,
        "nft" => match rest.iter().find(|w| !w.starts_with('-')) {
            _ if rest.iter().any(|w| is_file(w)) => return None,
            Some(&("monitor" | "-")) | None => return None,
            Some(&"list") => Program::Inert,
            Some(_) => Program::Nft,
        },
        "exit" if rest.len() < 2 => Program::Exit,
        "set" if rest.iter().any(|w| is_strict(w)) && inert::is_inert(name, rest) => {
            Program::Strict
        }
        _ if inert::is_inert(name, rest) => Program::Inert,
        _ => return None,
    };
    Some((program, at + 1))
}

/// Whether a command is the assignment of a variable that no command of a list is made of.
fn is_assigned(text: &str, command: &Command) -> bool {
    let word = command.words.first().map_or(Span::default(), |w| w.span);
    let said = text.get(word.range()).unwrap_or("");
    let name = said.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && inert::is_locale(said)
}

/// Options of nft(8) that take commands from a file or from the person at the keyboard, or change nothing.
fn is_file(word: &str) -> bool {
    matches!(
        word,
        "-f" | "--file"
            | "-i"
            | "--interactive"
            | "-c"
            | "--check"
            | "-I"
            | "--includepath"
            | "-D"
            | "--define"
    )
}

fn is_strict(word: &str) -> bool {
    word == "-o"
        || word
            .strip_prefix('-')
            .is_some_and(|o| !o.starts_with('-') && o.contains('e'))
}
