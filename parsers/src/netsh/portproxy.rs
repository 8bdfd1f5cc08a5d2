//! Port proxies beside the rules (`netsh interface portproxy show all`): connections that the machine passes on elsewhere.

use super::lines::Line;
use hylint_model::{Problem, ProblemKind, Span};

/// Rows that are told one by one.
const TOLD: usize = 20;

/// The table of a capture.
#[derive(Debug, Default)]
pub(super) struct PortProxies {
    open: bool,
    rows: Vec<(String, Span)>,
    more: usize,
}

impl PortProxies {
    /// Takes a line that is no field of a rule; true if it is part of the table. The table has four columns, whatever the
    /// language, under a ruler of its own for each.
    pub(super) fn line(&mut self, line: &Line<'_>) -> bool {
        let mut columns = line.text.split_whitespace();
        let four = [
            columns.next(),
            columns.next(),
            columns.next(),
            columns.next(),
        ];
        let [Some(listen), Some(port), Some(to), Some(to_port)] = four else {
            self.open = false;
            return false;
        };
        if columns.next().is_some() {
            self.open = false;
            return false;
        }
        let dashes = |t: &str| t.len() >= 4 && t.bytes().all(|b| b == b'-');
        if [listen, port, to, to_port].into_iter().all(dashes) {
            self.open = true;
            return true;
        }
        let number = |t: &str| t.parse::<u16>().is_ok();
        if !self.open || !number(port) || !number(to_port) {
            return false;
        }
        if self.rows.len() < TOLD {
            let text = format!("TCP {port} at {listen} is forwarded to {to}:{to_port}");
            self.rows.push((text, line.span()));
        } else {
            self.more += 1;
        }
        true
    }

    /// A line of another kind ends the table.
    pub(super) fn close(&mut self) {
        self.open = false;
    }

    /// What is told of the table.
    pub(super) fn problems(&self) -> impl Iterator<Item = Problem> {
        let each = self.rows.iter().map(|(text, span)| {
            let message =
                format!("port proxy: {text}; hylint judges the firewall of this host alone");
            Problem::new(ProblemKind::Note, *span, message)
        });
        let more = (self.more > 0).then(|| {
            let span = self.rows.last().map(|(_, s)| *s).unwrap_or_default();
            let message = format!("{} more port proxies are not judged", self.more);
            Problem::new(ProblemKind::Note, span, message)
        });
        each.chain(more)
    }
}
