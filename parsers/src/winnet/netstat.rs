//! `netstat -ano`, `netstat -abno`, `netstat -an`: rows of sockets, in any language.
//!
//! A row of TCP listens where its foreign address is 0.0.0.0:0 or `[::]:0`, whatever the word for its state.

use super::lines::{Command, Line, Tool};
use super::words::{self, Meaning};
use hylint_model::{Families, Problem, ProblemKind, Socket, Sockets, Span};
use hylint_space::{AddrSet, Family, proto};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A row.
struct Row<'a> {
    protocol: u8,
    addr: Option<IpAddr>,
    port: Option<u16>,
    listens: bool,
    /// Its state is no known word, and its addresses decide.
    odd: Option<&'a str>,
    pid: Option<u32>,
    /// Its state and its far end are there.
    whole: bool,
}

/// Whether a line begins as a row does.
pub(super) fn is_row(line: &Line<'_>) -> bool {
    let mut words = line.text.split_whitespace();
    let protocol = words.next().is_some_and(|w| protocol(w).is_some());
    let local = words.next().is_some_and(|w| w.contains(':'));
    protocol && local && words.next().is_none_or(|w| w.contains(':'))
}

fn protocol(word: &str) -> Option<u8> {
    match word {
        "TCP" | "TCPv6" => Some(proto::TCP),
        "UDP" | "UDPv6" => Some(proto::UDP),
        _ => None,
    }
}

/// Address and port of one end; none of each that is a name.
fn end(text: &str) -> (Option<IpAddr>, Option<u16>) {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let host = host.trim_matches(['[', ']']);
    let host = host.split('%').next().unwrap_or(host);
    (host.parse().ok(), port.parse().ok())
}

fn row<'a>(words: &[&'a str]) -> Option<Row<'a>> {
    let [first, local, foreign, rest @ ..] = words else {
        return None;
    };
    let protocol = protocol(first)?;
    let (addr, port) = end(local);
    // Behind the process `-t` prints the offload state.
    let number = |w: &&str| w.bytes().all(|b| b.is_ascii_digit());
    let at = rest.iter().position(number);
    let (state, pid) = match at.and_then(|at| Some((rest.get(..at)?, rest.get(at)?))) {
        Some((state, pid)) => (state, pid.parse().ok()),
        None => (rest, None),
    };
    let waits = foreign.ends_with(":0") || foreign.ends_with(":*");
    let joined = state.join(" ");
    let bound = words::is(&joined, Meaning::Bound);
    let known = words::is(&joined, Meaning::Listening);
    let tcp = protocol == proto::TCP;
    Some(Row {
        protocol,
        addr,
        port,
        listens: if tcp {
            (waits || known) && !bound
        } else {
            foreign.ends_with(":*") || *foreign == "*:*"
        },
        odd: (tcp && waits && !bound && !known)
            .then(|| state.first().copied())
            .flatten(),
        pid,
        whole: (foreign.ends_with(":*") || end(foreign).1.is_some()) && (!tcp || !state.is_empty()),
    })
}

/// What the last row is, for the case that the file ends in it.
#[derive(Clone, Copy, Debug)]
struct Last {
    span: Span,
    pid: Option<u32>,
    /// Its state and its far end are there.
    whole: bool,
    /// It listens.
    listens: bool,
}

/// Sockets that are being read.
#[derive(Default)]
pub(super) struct Netstat {
    sockets: Vec<(Socket, bool)>,
    span: Option<Span>,
    /// A heading stands above the first row.
    headed: bool,
    /// Something lets only some rows through, or hides them.
    part: bool,
    /// Rows of each protocol, listening or not.
    rows: (usize, usize),
    families: (bool, bool),
    /// Rows with a process.
    with_pid: usize,
    odd: Option<(Span, String)>,
    unread: Option<Span>,
    last_pid: bool,
    /// Processes of the rows before the last one.
    pids: BTreeSet<u32>,
    /// The last row.
    last: Option<Last>,
    /// The service that stands between a row and its program.
    component: Option<String>,
    open: bool,
}

impl Netstat {
    /// Takes the line; false if it is none of the listing. `next` is the line after it, `above` the one before.
    pub(super) fn line<'a>(
        &mut self,
        line: &Line<'a>,
        next: Option<&Line<'a>>,
        command: Option<&Command>,
        above: Option<&Line<'_>>,
    ) -> Taken {
        if is_row(line) {
            return self.row(line, next, command, above);
        }
        if !self.open {
            return Taken::No;
        }
        let text = line.text.trim();
        if let Some(program) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            return self.program(program);
        }
        // The names of services and modules stand alone, indented.
        if line.indent() > 0 && !text.is_empty() && line.command().is_none() {
            let one = text.split_whitespace().count() == 1 && !text.contains(['\\', ':']);
            self.component = one.then(|| text.to_owned());
            return Taken::Yes;
        }
        Taken::No
    }

    fn row<'a>(
        &mut self,
        line: &Line<'a>,
        next: Option<&Line<'a>>,
        command: Option<&Command>,
        above: Option<&Line<'_>>,
    ) -> Taken {
        let mut words: Vec<&'a str> = line.text.split_whitespace().collect();
        let mut span = line.span();
        let mut taken = Taken::Yes;
        // A narrow console breaks rows.
        let number = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit());
        let broken =
            words.len() < 3 || words.len() == 3 && words.first() == Some(&"TCP") && self.last_pid;
        let headless = !words.iter().skip(3).any(|w| number(w));
        let lone = |n: &Line<'_>| headless && number(n.text.trim());
        if let Some(next) = next.filter(|n| !is_row(n) && (broken && n.indent() == 0 || lone(n))) {
            let more = next.text.split_whitespace();
            if !next.is_blank() && next.command().is_none() {
                words.extend(more);
                span = span.to(next.span());
                taken = Taken::Two;
            }
        }
        if self.span.is_none() {
            self.headed = above.is_some_and(is_heading);
        }
        if let Some(c) = command.filter(|c| c.tool == Tool::Netstat) {
            self.part |= c.filtered || !c.has('a');
        }
        self.span = Some(self.span.map_or(span, |s| s.to(span)));
        self.open = true;
        self.component = None;
        self.pids.extend(self.last.and_then(|l| l.pid));
        let Some(row) = row(&words) else {
            self.unread = self.unread.or(Some(span));
            self.last = Some(Last {
                span,
                pid: None,
                whole: false,
                listens: false,
            });
            return taken;
        };
        self.last = Some(Last {
            span,
            pid: row.pid,
            whole: row.whole,
            listens: row.listens && row.addr.is_some() && row.port.is_some(),
        });
        self.last_pid = row.pid.is_some();
        self.with_pid += usize::from(row.pid.is_some());
        match row.protocol {
            proto::TCP => self.rows.0 += 1,
            _ => self.rows.1 += 1,
        }
        match row.addr {
            Some(IpAddr::V4(_)) => self.families.0 = true,
            Some(IpAddr::V6(_)) => self.families.1 = true,
            None => {}
        }
        if !row.listens {
            return taken;
        }
        if let (Some(word), None) = (row.odd, &self.odd) {
            self.odd = Some((span, word.to_owned()));
        }
        let (Some(addr), Some(port)) = (row.addr, row.port) else {
            self.unread = self.unread.or(Some(span));
            return taken;
        };
        let every = addr.is_unspecified();
        let family = match addr {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        };
        let addrs = match every {
            true => AddrSet::any_of(family),
            false => AddrSet::host(addr),
        };
        let socket = Socket {
            protocol: row.protocol,
            addrs,
            port,
            interface: "".into(),
            programs: Vec::new(),
            services: Vec::new(),
            pid: row.pid,
            span,
        };
        self.sockets.push((socket, every && family == Family::V6));
        taken
    }

    /// The program of the last row, as `netstat -b` prints it.
    fn program(&mut self, name: &str) -> Taken {
        if !name.contains(|c: char| c.is_alphanumeric()) {
            self.part = true;
            return Taken::Yes;
        }
        let service = self.component.take();
        if let Some((socket, _)) = self.sockets.last_mut()
            && socket.programs.is_empty()
        {
            socket.programs.push(name.into());
            socket.services.extend(service.map(Into::into));
        }
        Taken::Yes
    }

    /// The file ends within the last line. Returns whether that may be a part of one: a row that may be a part is not read.
    pub(super) fn ends_within(&mut self, line: &Line<'_>) -> bool {
        let Some(last) = self.last else { return false };
        if last.span != line.span() {
            // What stands below a row is the program in brackets.
            let whole = line.text.trim_end().ends_with(']');
            self.part |= !whole;
            return !whole;
        }
        let digits = |pid: u32| pid.to_string();
        let whole = match last.pid {
            // The number of a process may be a part of another one.
            Some(pid) => {
                let own = digits(pid);
                let longer = |p: &u32| *p != pid && digits(*p).starts_with(&own);
                self.pids.contains(&pid) && !self.pids.iter().any(longer)
            }
            None => last.whole && self.with_pid == 0,
        };
        if !whole {
            self.part = true;
            self.unread = self.unread.filter(|at| *at != last.span);
            if last.listens {
                self.sockets.pop();
            }
        }
        !whole
    }

    /// Lines of it are left out.
    pub(super) fn leaves_out(&mut self) {
        self.part = true;
    }

    /// Nothing more of this listing follows.
    pub(super) fn close(&mut self) {
        self.open = false;
    }

    /// The listing, if there is one, and what is to be said of it.
    pub(super) fn finish(mut self, end: usize) -> (Option<Sockets>, Vec<Problem>) {
        let mut problems = Vec::new();
        let Some(span) = self.span else {
            return (None, problems);
        };
        if let Some(at) = self.unread {
            let message = "a row of netstat is not read: its address or port is no number";
            let problem = Problem::new(ProblemKind::Disputed, at, message);
            problems.push(problem.help("run `netstat -ano`, which prints numbers"));
            self.part = true;
        }
        if let Some((at, word)) = &self.odd {
            let message = format!(
                "unknown state `{}` of a socket: its foreign address says that it listens",
                crate::windows::build::clip(word)
            );
            problems.push(Problem::new(ProblemKind::Note, *at, message));
        }
        // The last row of a file that was cut has no process where others have.
        let cut = span.end as usize >= end && !self.last_pid && self.with_pid > 0;
        self.part |= cut || !self.headed;
        let has = |p: u8| self.sockets.iter().any(|(s, _)| s.protocol == p);
        let (tcp, udp) = (has(proto::TCP), self.rows.1 > 0 && has(proto::UDP));
        let families = Families {
            v4: self.families.0,
            v6: self.families.1,
        };
        let listing = Sockets {
            sockets: dual(self.sockets),
            tcp,
            udp,
            families,
            whole: !self.part,
            span,
        };
        (Some(listing), problems)
    }
}

/// What a reader did with a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    No,
    Yes,
    /// The next one, too.
    Two,
}

/// Sockets of which those that wait on every IPv6 address wait on those of IPv4 as well where no other socket of the port
/// does: a dual-mode socket may be printed once.
pub(crate) fn dual(sockets: Vec<(Socket, bool)>) -> Vec<Socket> {
    let v4: std::collections::HashSet<(u8, u16)> = sockets
        .iter()
        .filter(|(s, _)| s.addrs.has(Family::V4))
        .map(|(s, _)| (s.protocol, s.port))
        .collect();
    let each = sockets.into_iter();
    each.map(|(mut s, every)| {
        if every && !v4.contains(&(s.protocol, s.port)) {
            s.addrs = AddrSet::any();
        }
        s
    })
    .collect()
}

/// Whether a line may head a table: several columns, no digits.
fn is_heading(line: &Line<'_>) -> bool {
    let columns = line
        .text
        .trim()
        .split("  ")
        .filter(|c| !c.trim().is_empty());
    let digits = line.text.contains(|c: char| c.is_ascii_digit());
    !digits && columns.count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::winnet::lines::lines;

    fn read(text: &str) -> (Sockets, Vec<Problem>) {
        let all = lines(text, 0);
        let mut netstat = Netstat::default();
        let mut command = None;
        let mut above = None;
        let mut at = 0;
        while let Some(line) = all.get(at) {
            if let Some(c) = line.command() {
                command = Some(c);
                netstat.close();
            } else if !line.is_blank() {
                let next = all.get(at + 1);
                if netstat.line(line, next, command.as_ref(), above.as_ref()) == Taken::Two {
                    at += 1;
                }
                above = Some(*line);
            }
            at += 1;
        }
        let (sockets, problems) = netstat.finish(text.len());
        (sockets.unwrap(), problems)
    }

    fn told(s: &Sockets) -> Vec<(u16, Option<u32>)> {
        s.sockets.iter().map(|s| (s.port, s.pid)).collect()
    }

    const HEAD: &str = "Active Connections\n\n  Proto  Local Address          Foreign Address        State           PID\n";

    // Each row as a public capture in that language prints it; the last one is mojibake of a code page.
    #[test]
    fn a_row_listens_in_every_language() {
        for state in [
            "LISTENING",
            "ABHÖREN",
            "ESCUCHANDO",
            "IN ASCOLTO",
            "À L'ÉCOUTE",
            "NASŁUCHIWANIE",
            "LYSSNAR",
            "DINLENIYOR",
            "侦听",
            "ABH™REN",
        ] {
            let text = format!(
                "{HEAD}  TCP    0.0.0.0:135            0.0.0.0:0              {state}       1052\n  TCP    10.0.0.1:135            10.0.0.2:5000              HERGESTELLT       1052\n"
            );
            let (s, problems) = read(&text);
            assert_eq!(told(&s), [(135, Some(1052))], "{state}");
            assert!(s.whole && s.tcp && !s.udp, "{state}");
            assert_eq!(problems.len(), usize::from(state.contains('™')), "{state}");
        }
    }

    #[test]
    fn bound_sockets_and_connections_do_not_listen() {
        let (s, _) = read(&format!(
            "{HEAD}  TCP    0.0.0.0:55113          0.0.0.0:0              BOUND           20756\n  TCP    127.0.0.1:8411         127.0.0.1:58296        TIME_WAIT       0\n  UDP    0.0.0.0:500            *:*                                    1420\n"
        ));
        assert_eq!(told(&s), [(500, Some(1420))]);
        assert!(!s.tcp && s.udp);
    }

    #[test]
    fn programs_and_services_stand_behind_their_row() {
        let (s, _) = read(&format!(
            "{HEAD}  TCP    0.0.0.0:22             0.0.0.0:0              LISTENING       2016\n [sshd.exe]\n  TCP    0.0.0.0:445            0.0.0.0:0              LISTENING       4\n Can not obtain ownership information\n  TCP    0.0.0.0:3389           0.0.0.0:0              LISTENING       416\n  TermService\n [svchost.exe]\n"
        ));
        let programs: Vec<_> = s
            .sockets
            .iter()
            .map(|s| (s.programs.join(","), s.services.join(",")))
            .collect();
        let want = [("sshd.exe", ""), ("", ""), ("svchost.exe", "TermService")];
        assert_eq!(programs, want.map(|(p, s)| (p.to_owned(), s.to_owned())));
        assert!(s.whole);
    }

    #[test]
    fn a_filtered_listing_proves_no_absence() {
        let row = "  TCP    0.0.0.0:80             0.0.0.0:0              LISTENING       4\n";
        assert!(!read(row).0.whole, "no heading");
        let filtered = format!("C:\\>netstat -ano | findstr LISTENING\n{HEAD}{row}");
        assert!(!read(&filtered).0.whole);
        let without_all = format!("C:\\>netstat -no\n\n{HEAD}{row}");
        assert!(!read(&without_all).0.whole);
        assert!(!read(&format!("{HEAD}{row} [...]\n")).0.whole);
        assert!(read(&format!("C:\\>netstat -ano\n\n{HEAD}{row}")).0.whole);
        let cut = format!("{HEAD}{row}  TCP    0.0.0.0:135            0.0.0.0:0              LIST");
        assert!(!read(&cut).0.whole, "cut off");
    }

    #[test]
    fn addresses_of_both_families_and_broken_rows_are_read() {
        let (s, _) = read(&format!(
            "{HEAD}  TCP    [::]:88                [::]:0                 LISTENING       816\n  TCP    [::]:445               [::]:0                 LISTENING       4\n  TCP    0.0.0.0:445            0.0.0.0:0              LISTENING       4\n  TCP    [fe80::88a3:7388:e822:ac71%4]:53  [::]:0                 LISTENING       3328\n  UDP    [fe80::88a3:7388:e822:ac71%4]:1900  *:*                               \n1720\n"
        ));
        let families: Vec<_> = s
            .sockets
            .iter()
            .map(|s| (s.port, s.addrs.has(Family::V4), s.addrs.has(Family::V6)))
            .collect();
        let want = [
            (88, true, true),
            (445, false, true),
            (445, true, false),
            (53, false, true),
            (1900, false, true),
        ];
        assert_eq!(families, want);
    }
}
