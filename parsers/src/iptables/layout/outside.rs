//! Lines outside of the tables: what a terminal, a collector or another command printed around a dump.

use super::listing::prompt;
use super::splitter::Splitter;
use crate::lookalike::linux;
use crate::terminal::changes_rules;
use hylint_model::{Problem, ProblemKind, Span, Wording, reworded};

/// Fields of a set (ipset(8), `list`).
const SET: [&str; 10] = [
    "Name: ",
    "Type: hash:",
    "Type: bitmap:",
    "Type: list:",
    "Revision: ",
    "Size in memory: ",
    "References: ",
    "Number of entries: ",
    "Header: ",
    "Members:",
];

/// How much of these lines is kept, as much as is looked at of a file that is no export.
const KEPT: usize = 64 * 1024;

impl<'a> Splitter<'a> {
    /// Takes in a line outside of any table.
    pub(super) fn outside(&mut self, line: &'a str, span: Span) {
        self.remember_outside(line);
        // Listings of the host's addresses, routes and sockets are read with the dump.
        let set = self.is_of_set(line);
        if !set && !crate::iproute2::is_line(line) {
            self.outside.first.get_or_insert(span);
            self.outside.lines += 1;
        }
        let command = shown_command(line);
        self.outside.captured |= command.is_some() || collector(line).is_some();
        if let Some(host) = collector(line).or_else(|| prompt_host(line)) {
            self.outside.host = Some(host);
        }
        match command {
            Some(command) if self.inside && changes_rules(command) => {
                let message = reworded(
                    "a command after the dump changes rules, and the dump does not show the result",
                    "a command behind the dump changes rules, and the dump does not show what comes of it",
                );
                let problem = Problem::new(ProblemKind::Incomplete, span, message);
                self.out
                    .problems
                    .push(problem.help("export again after the last change"));
            }
            None if changes_rules(line) => {
                let message = command_outside();
                self.problem(ProblemKind::Malformed, span, message);
            }
            _ => {}
        }
    }

    /// Whether a line is of what `ipset list` prints, which is read with the dump.
    fn is_of_set(&mut self, line: &str) -> bool {
        let first = line.split_ascii_whitespace().next().unwrap_or("");
        let digit = first.starts_with(|c: char| c.is_ascii_hexdigit());
        let member = self.outside.members && digit && first.contains(['.', ':']);
        self.outside.members = member || line.trim_end() == "Members:";
        member || SET.iter().any(|f| line.starts_with(f))
    }

    /// Keeps a line for [`Splitter::beside`].
    pub(super) fn remember_outside(&mut self, line: &str) {
        let kept = &mut self.outside.text;
        if self.open.is_none() && kept.len() + line.len() < KEPT {
            kept.push_str(line);
            kept.push('\n');
        }
    }

    /// Tells of rules beside those of iptables that stand in the same text: a listing of nft, a running firewalld.
    pub(super) fn beside(&mut self) {
        let Some(first) = self.outside.first else {
            return;
        };
        let Some(sign) = linux::sign(&self.outside.text) else {
            return;
        };
        let mut tables = self.out.dumps.iter().flat_map(|d| &d.tables);
        let own = |name: &str| linux::is_front_end(name);
        if sign.front_end && tables.any(|t| t.chains.iter().any(|c| own(c.name))) {
            return;
        }
        let by_nft = self.out.dumps.iter().any(|d| {
            let header = d.header.and_then(|h| self.text.get(h.range()));
            header.is_some_and(|h| h.contains("(nf_tables)"))
        });
        if by_nft && sign.own_tables {
            return;
        }
        self.out.others.push((None, first));
        let what = sign.what;
        let message = reworded(
            format!(
                "the file has {what} beside the dump: rules that iptables does not show are not read"
            ),
            format!(
                "the file holds {what} beside the dump, and rules that iptables does not show are not read"
            ),
        );
        let problem = Problem::new(ProblemKind::Incomplete, first, message);
        self.out.problems.push(problem.help(sign.instead));
    }
}

/// What is told of a command for which there is no table.
pub(super) fn command_outside() -> Wording {
    reworded(
        "command outside any table: iptables-restore stops here and loads nothing after it",
        "a command outside of any table: the tools stop here, and what follows is not loaded",
    )
}

/// The command behind a prompt, or behind the `+` of a shell that traces.
fn shown_command(line: &str) -> Option<&str> {
    if let Some(traced) = line.strip_prefix("+ ") {
        return Some(traced);
    }
    if !prompt(line) {
        return None;
    }
    let at = line.find(['#', '$', '%'])?;
    Some(line.get(at + 1..).unwrap_or("").trim_start())
}

/// The host that a collector names: `sh1 | CHANGED | rc=0 >>` of Ansible, `==> sh1/iptables <==` of head(1) and tail(1).
fn collector(line: &str) -> Option<&str> {
    if let Some((host, rest)) = line.split_once(" | ") {
        let states = ["CHANGED", "SUCCESS", "FAILED", "UNREACHABLE"];
        return states
            .iter()
            .any(|s| rest.starts_with(s))
            .then_some(host.trim());
    }
    let path = line.strip_prefix("==> ")?.strip_suffix(" <==")?;
    Some(path.rsplit_once('/').map_or(path, |(folder, _)| folder))
}

/// The host in a prompt such as `root@fw:~#` or `[root@fw ~]#`.
fn prompt_host(line: &str) -> Option<&str> {
    if !prompt(line) {
        return None;
    }
    let (_, rest) = line.split_ascii_whitespace().next()?.split_once('@')?;
    let end = rest.find([':', ']', '#', '$', '%', '~']);
    let host = rest.get(..end.unwrap_or(rest.len()))?;
    (!host.is_empty()).then_some(host)
}
