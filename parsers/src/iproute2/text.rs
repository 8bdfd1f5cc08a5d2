//! Splits a text into listings, by the commands between them and by what their lines look like.

use super::addr::Last;
use super::command::{self, Asked, What};
use super::lines::{Line, lines, numbered};
use super::listing::{Addresses, End, Layout, Listing, RouteList, RuleList, SocketList};
use super::{addr, ifconfig, json, netstat, route, rule, socket, table};
use hylint_model::{Companion, Export, Families, Problem, ProblemKind, RoutingRules, Span};

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
        stray: None,
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
    reader.finish(!text.ends_with('\n'))
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
    /// The first line that is of no listing, and how many there are.
    stray: Option<(Span, usize)>,
}

impl Reader {
    fn line(&mut self, line: &Line<'_>) {
        let text = line.trimmed();
        if text.is_empty() {
            // The file ends in the blanks before an address.
            if let (false, Some((Listing::Addresses(l), _))) =
                (line.text.is_empty(), &mut self.open)
            {
                l.last = Last::Open;
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
            self.asked = Some(asked).filter(|a| a.what != What::Other);
            return;
        }
        if let Some((listing, span)) = &mut self.open
            && take(listing, line)
        {
            *span = span.to(line.span());
            return;
        }
        let weak = self.alone == Alone::Yes || self.asked.is_some();
        if let Some(mut listing) = begin(line, weak) {
            self.close();
            take(&mut listing, line);
            self.open = Some((listing, line.span()));
        } else if self.alone == Alone::No {
            self.close();
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
        self.close_at(false);
    }

    fn close_at(&mut self, torn: bool) {
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
        let end = End { asked, span, torn };
        let at = self.asked_at.unwrap_or(span);
        // Of a listing that tells nothing, it does not matter what is wrong with it.
        if self.asked.as_ref().is_some_and(|a| a.elsewhere) {
            let problem = Problem::new(ProblemKind::Disputed, at, ELSEWHERE);
            self.out.problems.push(problem.help(ON_THE_HOST));
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
                self.out.problems.push(problem.help(ON_THE_HOST));
                return;
            }
        }
        let companion = listing.close(end, &mut self.out.problems);
        self.out.companions.push(companion);
    }

    fn finish(mut self, torn: bool) -> Export {
        self.close_at(torn);
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

/// A listing that tells nothing, so that the file is known for one.
fn nothing(span: Span) -> Companion {
    Companion::RoutingRules(Box::new(RoutingRules {
        rules: Vec::new(),
        families: Families {
            v4: false,
            v6: false,
        },
        whole: true,
        span,
    }))
}

const ELSEWHERE: &str = "this listing is of another network namespace or container: it says nothing of the host, and is not used";
const ON_THE_HOST: &str = "save the output of the command that runs on the host itself";

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

/// What tools say beside their listings.
fn is_notice(text: &str) -> bool {
    let starts = [
        "(Not all processes",
        "(No info could be read",
        "will not be shown",
        "Active UNIX domain",
        "Active Internet connections",
        "iptables",
        "exit",
        "logout",
    ];
    starts.iter().any(|s| text.starts_with(s))
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

/// Whether a line is of a listing, which then holds it.
fn take(listing: &mut Listing, line: &Line<'_>) -> bool {
    match listing {
        Listing::Addresses(l) => address(l, line),
        Listing::Routes(l) => a_route(l, line),
        Listing::Rules(l) => match rule::read(line) {
            Some(rule) => {
                l.rules.push(rule);
                true
            }
            None => {
                numbered(line.text).is_some() && {
                    l.bad.push(line.span());
                    true
                }
            }
        },
        Listing::Sockets(l) => a_socket(l, line),
    }
}

fn address(list: &mut Addresses, line: &Line<'_>) -> bool {
    match list.layout {
        Layout::Blocks => in_block(list, line),
        Layout::OneLine => match addr::one_line(line) {
            Some((interface, own)) => {
                list.push(interface);
                own_address(list, own, line);
                true
            }
            None => false,
        },
        Layout::Brief => match addr::brief(line) {
            Some((interface, all)) => {
                list.push(interface);
                for own in all {
                    own_address(list, own, line);
                }
                true
            }
            None => false,
        },
        Layout::Ifconfig => match ifconfig::head(line) {
            Some(interface) => {
                list.push(interface);
                true
            }
            None if line.is_indented() => {
                if let Some(own) = ifconfig::address(line) {
                    own_address(list, own, line);
                }
                true
            }
            None => false,
        },
        Layout::Json => false,
    }
}

fn own_address(list: &mut Addresses, own: Result<addr::Own, ()>, line: &Line<'_>) {
    match own {
        Ok(own) => list.add(&own),
        Err(()) => list.bad.push(line.span()),
    }
}

fn in_block(list: &mut Addresses, line: &Line<'_>) -> bool {
    if let Some(interface) = addr::head(line) {
        list.last = Last::Head;
        list.push(interface);
        if !addr::is_whole_head(line) {
            list.bad.push(line.span());
        }
        return true;
    }
    if !line.is_indented() {
        let cut = numbered(line.text).is_some() && addr::one_line(line).is_none();
        if cut {
            list.bad.push(line.span());
        }
        return cut;
    }
    let text = line.trimmed();
    if let Some(link) = text.strip_prefix("link/") {
        list.links += 1;
        if link.starts_with("loopback")
            && let Some(last) = list.interfaces.last_mut()
        {
            last.loopback = true;
        }
    }
    list.lifetimes |= text.starts_with("valid_lft");
    list.last = addr::last(text);
    if let Some(own) = addr::address(text) {
        own_address(list, own, line);
    }
    true
}

fn a_route(list: &mut RouteList, line: &Line<'_>) -> bool {
    if table::title(line) {
        return true;
    }
    if let Some(columns) = table::columns(line) {
        list.columns = Some(columns);
        return true;
    }
    if let Some(columns) = list.columns {
        match table::read(line, columns) {
            Some(read) => list.reads.push(read),
            None if line.words().count() > 1
                && line.words().next().is_some_and(|w| w.contains(['.', ':'])) =>
            {
                list.bad.push(line.span());
            }
            None => return false,
        }
        return true;
    }
    if route::is_next_hop(line) {
        if let Some(last) = list.reads.last_mut() {
            last.next_hop(line);
        }
        return true;
    }
    let read = route::begins(line).then(|| route::read(line)).flatten();
    match read {
        Some(read) => list.reads.push(read),
        None if line.is_indented() => {}
        None if line.words().next().and_then(route::destination).is_some() => {
            list.bad.push(line.span())
        }
        None => return false,
    }
    true
}

fn a_socket(list: &mut SocketList, line: &Line<'_>) -> bool {
    if socket::is_head(line) || netstat::is_head(line) || netstat::title(line) {
        list.heads = true;
        return true;
    }
    if let Some(row) = socket::read(line).or_else(|| netstat::read(line)) {
        list.add(row, line.span());
        return true;
    }
    let first = line.words().next().unwrap_or("");
    if line.is_indented() || is_notice(line.trimmed()) || line.trimmed().starts_with("Proto RefCnt")
    {
        return true;
    }
    let begun = ["tcp", "udp", "tcp6", "udp6", "LISTEN", "UNCONN", "ESTAB"].contains(&first);
    if begun {
        list.bad.push(line.span());
    }
    begun
}
