//! What Windows prints of its network: `ipconfig`, `route print`, `netstat -ano`, `tasklist /svc`, in any language.
//!
//! None of it is a firewall: each listing is a companion, which tells of the firewall beside it. The listings may stand in
//! one file with each other and with exports of the firewall, whose readers ask here for them.

mod ipconfig;
mod lines;
mod machine;
mod netstat;
mod routes;
mod tasklist;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use ipconfig::is_tunnel;
pub(crate) use machine::{Machine, of_parameters};
pub(crate) use netstat::dual;

use crate::elided::{LEFT_OUT, is_elided};
use crate::input::{FormatSpec, Input, Score};
use crate::part::{self, Shown};
use crate::unused::nothing;
use hylint_model::{Companion, Export, Problem, ProblemKind, Span};
use ipconfig::IpConfig;
use lines::{Command, Line, Tool};
use netstat::{Netstat, Taken};
use routes::RoutePrint;
use tasklist::Tasklist;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "windows-network",
    name: "Windows network listings",
    command: "ipconfig /all; route print; netstat -ano; tasklist /svc",
    detect,
    read,
    edit: None,
    commands: None,
};

/// Exports of a firewall that hold a listing as well are read as those.
const SURE: Score = 25;

/// How much of a text is looked at.
const HEAD: usize = 256 * 1024;

fn detect(input: &Input<'_>) -> Score {
    let text = input.source.text.as_str();
    if crate::json::Json::sniff(text) {
        return 0;
    }
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    match Listings::of(text.get(..end).unwrap_or(text), Beside::Nothing).found() {
        true => SURE,
        false => 0,
    }
}

fn read(input: &Input<'_>) -> Export {
    let mut export = Export {
        format: FORMAT.id,
        ..Export::default()
    };
    let source = input.source;
    let listings = Listings::of(&source.text, Beside::Nothing);
    if let Some((span, text)) = &listings.unread {
        let message = format!(
            "a line that may be of a listing is not read: `{}`",
            crate::windows::build::clip(text)
        );
        export.problem(ProblemKind::Note, *span, message);
    }
    listings.give(&mut export);
    export
}

/// Adds the listings that stand in a text beside rules.
pub(crate) fn beside(text: &str, export: &mut Export) {
    if may_hold(text) {
        Listings::of(text, Beside::Rules).give(export);
    }
}

/// Whether a text may hold a listing at all: most exports of a firewall do not, and are long.
fn may_hold(text: &str) -> bool {
    let has = |mark: &str| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
    let called = ["ipconfig", "netstat", "tasklist", "route print"];
    has(". . .")
        || has("=====")
        || has("  TCP    ")
        || has("\",\"PID\",\"")
        || called.into_iter().any(has)
}

const UNREAD: &str = "the output of this command is not read";

/// How to get a whole listing.
const fn again(shown: Shown) -> &'static str {
    match shown {
        Shown::Addresses => "save the output of `ipconfig /all` again",
        Shown::Routes | Shown::Rules => "save the output of `route print` again",
        Shown::Sockets => "save the output of `netstat -ano` again",
        Shown::Processes => "save the output of `tasklist /svc` again",
    }
}

/// What else stands in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    /// Rules of a firewall, which may be of another machine than listings of it.
    Rules,
}

/// Which listing took a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Netstat,
    Tasklist,
    Routes,
    IpConfig,
    Nobody,
}

/// The listings of a text.
#[derive(Default)]
struct Listings {
    ip: IpConfig,
    netstat: Netstat,
    routes: RoutePrint,
    tasks: Tasklist,
    host: Option<(String, Span)>,
    /// The machine that a command names which printed a listing.
    machine: Option<(String, Span)>,
    /// Commands whose listings are not used, each with why.
    unused: Vec<(Span, String)>,
    /// The first line that has an address and that nothing took.
    unread: Option<(Span, String)>,
    /// The last line, if it may be cut off, and what its listing shows.
    torn: Option<(Shown, Span)>,
    /// Commands behind which nothing was read yet, though they printed something: the last of these, and those before.
    silent: Vec<Span>,
    /// The first line that stands for others of a listing.
    elided: Option<Span>,
    end: usize,
}

impl Listings {
    fn of(text: &str, beside: Beside) -> Self {
        let mut out = Self {
            end: text.trim_end().len(),
            ..Self::default()
        };
        let all = lines::lines(text, 0);
        let whole = text.ends_with(['\n', '\r', '>', '\0']);
        let mut command: Option<Command> = None;
        // Why what follows is passed over, until its first line has told that it is a listing.
        let (mut passed, mut why) = (false, None);
        let mut above: Option<Line<'_>> = None;
        let mut last: Option<(Line<'_>, By)> = None;
        let mut called: Option<Span> = None;
        // What stands between one command and the next, and a line in it that stands for others.
        let mut taken: Vec<By> = Vec::new();
        let mut elided: Option<Span> = None;
        let mut at = 0;
        while let Some(line) = all.get(at) {
            at += 1;
            if let Some(c) = line.command() {
                out.close();
                called = c.lists().then(|| line.span());
                why = out.is_of_another(&c, line.span(), beside);
                passed = why.is_some();
                command = Some(c);
                above = None;
                last = None;
                taken.clear();
                elided = None;
                continue;
            }
            if passed {
                if is_of_listing(line) {
                    out.unused.extend(why.take());
                }
                continue;
            }
            if is_elided(line.text) {
                elided.get_or_insert(line.span());
                for by in taken.drain(..) {
                    out.leaves_out(by, line.span());
                }
                continue;
            }
            if line.is_blank() {
                out.tasks.line(line, None);
                continue;
            }
            let rest = all.get(at..).unwrap_or_default();
            // These commands end each line. An editor may have taken the last end away, or the file was cut.
            let torn = !whole && rest.iter().all(Line::is_blank);
            if torn && out.ip.is_part(line) && !netstat::is_row(line) {
                out.torn = Some((Shown::Addresses, line.span()));
                last = None;
                continue;
            }
            let (more, by) = out.line(line, rest, command.as_ref(), above.as_ref());
            at += more;
            match elided {
                Some(span) => out.leaves_out(by, span),
                None if !taken.contains(&by) => taken.push(by),
                None => {}
            }
            match (by, called) {
                (By::Nobody, Some(at)) if out.silent.last() != Some(&at) => out.silent.push(at),
                (By::Nobody, _) | (_, None) => {}
                (_, Some(at)) => {
                    out.silent.retain(|s| *s != at);
                    called = None;
                }
            }
            above = Some(*line);
            last = Some((*line, by));
        }
        if let Some((line, by)) = last.filter(|_| !whole) {
            let part = match by {
                By::Netstat => (out.netstat.ends_within(&line), Shown::Sockets),
                By::Tasklist => (out.tasks.ends_within(&line), Shown::Processes),
                By::Routes => (out.routes.ends_within(), Shown::Routes),
                By::IpConfig => (false, Shown::Addresses),
                By::Nobody => (out.routes.begins_row(&line), Shown::Routes),
            };
            out.torn = Some((part.1, line.span())).filter(|_| part.0);
        }
        out
    }

    /// Why what a command prints is not of the host that the text is of, with the command's place; `None` if it may be.
    fn is_of_another(
        &mut self,
        command: &Command,
        at: Span,
        beside: Beside,
    ) -> Option<(Span, String)> {
        let machine = command.machine.as_ref()?;
        if command.tool == Tool::Other || command.by_prompt && beside == Beside::Rules {
            return None;
        }
        let why = match machine {
            Machine::Unnamed => ELSEWHERE.to_owned(),
            Machine::Named(name) if beside == Beside::Rules => of_other(name),
            Machine::Named(name) => {
                let (first, _) = self.machine.get_or_insert_with(|| (name.clone(), at));
                if machine::is_same(first, name) {
                    return None;
                }
                of_other(name)
            }
        };
        Some((at, why))
    }

    /// Lines of a listing are left out, for which the one at a place stands.
    fn leaves_out(&mut self, by: By, at: Span) {
        match by {
            By::Netstat => self.netstat.leaves_out(),
            By::Tasklist => self.tasks.leaves_out(),
            By::Routes => self.routes.leaves_out(),
            By::IpConfig => self.ip.leaves_out(),
            By::Nobody => return,
        }
        self.elided.get_or_insert(at);
    }

    /// Takes a line, and returns how many of the following ones belong to it, and which listing it is of.
    fn line<'a>(
        &mut self,
        line: &Line<'a>,
        rest: &[Line<'a>],
        command: Option<&Command>,
        above: Option<&Line<'_>>,
    ) -> (usize, By) {
        match self.netstat.line(line, rest.first(), command, above) {
            Taken::Yes => return (0, By::Netstat),
            Taken::Two => return (1, By::Netstat),
            Taken::No => {}
        }
        let by = if self.tasks.line(line, command) {
            By::Tasklist
        } else if self.routes.line(line, command) {
            By::Routes
        } else if self.ip.line(line, rest, command) {
            By::IpConfig
        } else {
            By::Nobody
        };
        if by != By::Nobody {
            self.netstat.close();
            return (0, by);
        }
        let text = line.text.trim();
        if command.is_some_and(|c| c.tool == Tool::HostName)
            && self.host.is_none()
            && !text.contains(char::is_whitespace)
        {
            self.host = Some((text.to_owned(), line.span()));
            return (0, By::Nobody);
        }
        let address = |w: &str| {
            let plain = w.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            plain.parse::<std::net::Ipv4Addr>().is_ok()
        };
        if self.unread.is_none() && text.split_whitespace().any(address) {
            self.unread = Some((line.span(), text.to_owned()));
        }
        (0, By::Nobody)
    }

    fn close(&mut self) {
        self.ip.close();
        self.netstat.close();
        self.routes.close();
        self.tasks.close();
    }

    /// Whether there is any listing.
    fn found(self) -> bool {
        if !self.unused.is_empty() {
            return true;
        }
        let (sockets, _) = self.netstat.finish(self.end);
        sockets.is_some()
            || self.ip.finish().is_some()
            || self.routes.finish().is_some_and(|r| r.routes.len() > 1)
            || self.tasks.finish().is_some()
    }

    /// Puts the listings into an export.
    fn give(mut self, export: &mut Export) {
        let host = self.ip.host().or(self.host);
        let host = self.machine.or(host);
        let mut found: Vec<Companion> = Vec::new();
        found.extend(
            self.ip
                .finish()
                .map(|l| Companion::HostInterfaces(Box::new(l))),
        );
        let cut = self.routes.is_cut();
        found.extend(self.routes.finish().map(|l| Companion::Routes(Box::new(l))));
        let (sockets, mut problems) = self.netstat.finish(self.end);
        match (self.torn, cut) {
            (Some((shown, at)), _) => problems.push(part::torn(shown, at, again(shown))),
            (None, Some(at)) => problems.push(part::cut(Shown::Routes, at, again(Shown::Routes))),
            (None, None) => {}
        }
        found.extend(sockets.map(|l| Companion::Sockets(Box::new(l))));
        found.extend(
            self.tasks
                .finish()
                .map(|l| Companion::Processes(Box::new(l))),
        );
        for at in &self.silent {
            export.problem(ProblemKind::Note, *at, UNREAD);
        }
        for (at, message) in self.unused {
            if found.is_empty() {
                found.push(nothing(at));
            }
            let problem = Problem::new(ProblemKind::Disputed, at, message);
            export.problems.push(problem.help(ON_THE_HOST));
        }
        if found.is_empty() {
            return;
        }
        found.sort_by_key(|c| c.of_host());
        export.companions.extend(found);
        export.problems.extend(problems);
        if let Some(at) = self.elided {
            let problem = Problem::new(ProblemKind::Disputed, at, LEFT_OUT);
            export
                .problems
                .push(problem.help("save the whole output of the command"));
        }
        if export.host_name.is_none() {
            export.host_name = host;
        }
    }
}

/// Whether a line begins as those of a listing do.
fn is_of_listing(line: &Line<'_>) -> bool {
    netstat::is_row(line) || ipconfig::field(line).is_some() || line.text.starts_with("=====")
}

const ELSEWHERE: &str =
    "this listing is of another machine or container: it says nothing of the host, and is not used";
const ON_THE_HOST: &str = "save the output of the command that runs on the host itself";

fn of_other(name: &str) -> String {
    format!(
        "this listing is of the machine `{}`, and the rest of the file may be of another: it is not used",
        crate::windows::build::clip(name)
    )
}
