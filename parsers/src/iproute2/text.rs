//! Splits a text into listings, by the commands between them and by what their lines look like.

use super::command::{self, Asked, What};
use super::lines::{Line, lines};
use super::listing::{Addresses, End, Layout, Listing, RouteList, RuleList, SocketList, last_line};
use super::take::{is_notice, take};
use super::{addr, ifconfig, json, netstat, route, rule, socket, table, torn};
use crate::elided::is_elided;
use crate::unused::nothing;
use hylint_model::{Export, Problem, ProblemKind, Span};

/// Whether a text holds nothing but listings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Alone {
    Yes,
    /// It is an export of another format, whose lines are passed over.
    No,
}

/// Reads every listing of a text that begins at a place of a file.
pub(super) fn read(text: &str, start: usize, alone: Alone) -> Export {
    let mut reader = Reader {
        alone,
        out: Export::default(),
        asked: None,
        open: None,
        asked_at: None,
        host: None,
        elided: None,
        stray: None,
        torn: None,
    };
    let mut passed = 0;
    for line in lines(text) {
        if line.at < passed {
            continue;
        }
        let rest = text.get(line.at..).unwrap_or("");
        let at = start + line.at;
        match array(rest) {
            Some(length) => {
                passed = line.at + length;
                reader.array(rest.get(..length).unwrap_or(""), at);
            }
            None => reader.line(&Line { at, ..line }),
        }
    }
    reader.finish()
}

/// The length of the JSON array that a text begins with. A prompt may begin with a bracket, too.
fn array(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('[')?.trim_start();
    inner.starts_with(['{', ']']).then(|| json::end(rest).0)
}

struct Reader {
    alone: Alone,
    out: Export,
    /// The last command, which printed what follows.
    asked: Option<Asked>,
    open: Option<(Listing, Span)>,
    /// Where that command stands.
    asked_at: Option<Span>,
    /// The host that its prompt names.
    host: Option<Box<str>>,
    /// A line since that command that stands for others.
    elided: Option<Span>,
    /// The first line that is of no listing, and how many there are.
    stray: Option<(Span, usize)>,
    /// The last line, if it is of the listing that is open and may be cut off.
    torn: Option<Span>,
}

impl Reader {
    fn line(&mut self, line: &Line<'_>) {
        let text = line.trimmed();
        if text.is_empty() {
            // The file ends in the blanks before an address or a next hop.
            if line.torn
                && let Some((listing, span)) = &self.open
                && torn::goes_on(listing, line)
            {
                self.torn = Some(last_line(*span));
            }
            return;
        }
        if let Some(said) = text
            .strip_prefix('#')
            .and_then(|t| t.trim_start().strip_prefix("hylint:"))
        {
            if self.alone == Alone::Yes {
                self.out
                    .annotations
                    .push((said.trim().to_owned(), line.span()));
            }
            return;
        }
        if let Some(asked) = command::command(text) {
            self.close();
            self.host.clone_from(&asked.host);
            self.asked_at = Some(line.span());
            self.elided = None;
            self.asked = Some(asked).filter(|a| a.what != What::Other);
            return;
        }
        if is_elided(text) {
            self.elided.get_or_insert(line.span());
            return;
        }
        if let Some((listing, span)) = &mut self.open {
            if torn::is_part(listing, line) {
                *span = span.to(line.span());
                self.torn = Some(line.span());
                return;
            }
            if take(listing, line) {
                *span = span.to(line.span());
                return;
            }
        }
        let weak = self.alone == Alone::Yes || self.asked.is_some();
        if let Some(mut listing) = begin(line, weak) {
            self.close();
            if torn::is_part(&listing, line) {
                self.torn = Some(line.span());
            } else {
                take(&mut listing, line);
            }
            self.open = Some((listing, line.span()));
        } else if self.alone == Alone::No {
            self.close();
            self.elided = None;
        } else if !text.starts_with('#') && !is_notice(text) {
            let stray = self.stray.get_or_insert((line.span(), 0));
            stray.1 += 1;
        }
    }

    fn array(&mut self, text: &str, at: usize) {
        self.close();
        let span = Span::new(at, at + text.len());
        let listing = match json::read(text, at) {
            json::Array::Addresses(l) => Listing::Addresses(l),
            json::Array::Routes(l) => Listing::Routes(l),
            json::Array::Rules(l) => Listing::Rules(l),
            json::Array::Empty => return,
            json::Array::Other => {
                let stray = self.stray.get_or_insert((Span::new(at, at + 1), 0));
                stray.1 += 1;
                return;
            }
        };
        self.open = Some((listing, span));
        self.close();
    }

    fn close(&mut self) {
        let Some((listing, span)) = self.open.take() else {
            return;
        };
        let what = match &listing {
            Listing::Addresses(_) => What::Addresses,
            Listing::Routes(_) => What::Routes,
            Listing::Rules(_) => What::Rules,
            Listing::Sockets(_) => What::Sockets,
        };
        let asked = self.asked.as_ref().filter(|a| a.what == what);
        let elided = self.elided;
        let end = End {
            asked,
            span,
            torn: self.torn.take(),
            elided,
        };
        let at = self.asked_at.unwrap_or(span);
        // Of a listing that tells nothing, it does not matter what is wrong with it.
        if self.asked.as_ref().is_some_and(|a| a.elsewhere) {
            let problem = Problem::new(ProblemKind::Disputed, at, ELSEWHERE);
            self.out
                .problems
                .push(problem.help(ON_THE_HOST).label(FOREIGN));
            self.out.companions.push(nothing(at));
            return;
        }
        if let Some(host) = &self.host {
            let (first, _) = self
                .out
                .host_name
                .get_or_insert_with(|| (host.to_string(), at));
            if !same_host(first, host) {
                let problem = Problem::new(ProblemKind::Disputed, at, other_host(host, first));
                self.out
                    .problems
                    .push(problem.help(ON_THE_HOST).label(FOREIGN));
                return;
            }
        }
        let companion = listing.close(end, &mut self.out.problems);
        self.out.companions.push(companion);
    }

    fn finish(mut self) -> Export {
        self.close();
        if let Some((at, count)) = self.stray.filter(|_| self.alone == Alone::Yes) {
            let what = match count {
                1 => "1 line is not read: it is".to_owned(),
                n => format!("{n} lines are not read: they are"),
            };
            let message =
                format!("{what} no output of `ip`, `ss`, `ifconfig`, `route` or `netstat`");
            self.out
                .problems
                .push(Problem::new(ProblemKind::Note, at, message));
        }
        self.out.problems.sort_by_key(|p| p.span);
        self.out
    }
}

pub(crate) const ELSEWHERE: &str = "this listing is of another network namespace or container: it says nothing of the host, and is not used";
const FOREIGN: &str = "of another machine";
pub(crate) const ON_THE_HOST: &str = "save the output of the command that runs on the host itself";

fn other_host(name: &str, first: &str) -> String {
    format!(
        "this listing is of the host `{name}`, and the first one of the file is of `{first}`: it is not used"
    )
}

/// Whether two names are of one host: with or without its domain.
fn same_host(a: &str, b: &str) -> bool {
    let first = |n: &str| n.split('.').next().unwrap_or(n).to_ascii_lowercase();
    first(a) == first(b)
}

/// The listing that a line begins. Weak signs count where a command asked for a listing, or where nothing else is in the text.
fn begin(line: &Line<'_>, weak: bool) -> Option<Listing> {
    let addresses = |layout| Some(Listing::Addresses(Addresses::new(layout)));
    if addr::head(line).is_some() {
        return addresses(Layout::Blocks);
    }
    if addr::one_line(line).is_some() {
        return addresses(Layout::OneLine);
    }
    if ifconfig::head(line).is_some() {
        return addresses(Layout::Ifconfig);
    }
    if table::title(line) || table::columns(line).is_some() {
        return Some(Listing::Routes(RouteList::default()));
    }
    let sockets = socket::is_head(line) || netstat::is_head(line) || netstat::title(line);
    if sockets || socket::read(line).is_some() || netstat::read(line).is_some() {
        return Some(Listing::Sockets(SocketList::default()));
    }
    if !weak {
        return None;
    }
    if rule::read(line).is_some() {
        return Some(Listing::Rules(RuleList::default()));
    }
    if addr::brief(line).is_some() {
        return addresses(Layout::Brief);
    }
    route::begins(line).then(|| Listing::Routes(RouteList::default()))
}
