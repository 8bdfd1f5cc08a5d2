//! `tasklist /svc`, `tasklist /v` and `tasklist`: a table, CSV or lists, in any language.

use super::lines::{Command, Line, Tool};
use super::words::{self, Meaning};
use hylint_model::{CUT_OFF, Process, Processes, Span};

/// The kernel's process, which serves http.sys and SMB, and the idle one have these numbers on every Windows.
const OWN: [u32; 2] = [0, 4];

/// A row.
struct Row {
    name: String,
    pid: u32,
    rest: String,
    span: Span,
}

/// Processes that are being read.
#[derive(Default)]
pub(super) struct Tasklist {
    rows: Vec<Row>,
    span: Option<Span>,
    /// Columns of the table: where each begins and ends, in characters.
    columns: Vec<(usize, usize)>,
    services: bool,
    /// Fields of a list that are being read.
    fields: Vec<(String, Span)>,
    open: bool,
    /// Lines of it are left out.
    part: bool,
}

/// The columns that a ruler of `=` draws.
fn ruler(text: &str) -> Vec<(usize, usize)> {
    if !text.starts_with("====") || text.chars().any(|c| c != '=' && c != ' ') {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut begin = None;
    for (n, c) in text.chars().chain(std::iter::once(' ')).enumerate() {
        match (c, begin) {
            ('=', None) => begin = Some(n),
            (' ', Some(at)) => {
                out.push((at, n));
                begin = None;
            }
            _ => {}
        }
    }
    out
}

/// The characters of a line from one place to another.
fn column(text: &str, from: usize, to: usize) -> String {
    let chars = text.chars().skip(from).take(to.saturating_sub(from));
    chars.collect::<String>().trim().to_owned()
}

impl Tasklist {
    /// Takes the line; false if it is none of the listing.
    pub(super) fn line(&mut self, line: &Line<'_>, command: Option<&Command>) -> bool {
        let text = line.text.trim_end();
        let columns = ruler(text);
        // `tasklist /m` prints modules in the place of services.
        let modules = command.is_some_and(|c| c.tool == Tool::Tasklist && c.word("m"));
        if columns.len() >= 3 {
            self.services = columns.len() == 3 && !modules;
            self.columns = columns;
            self.open = true;
            return true;
        }
        if let Some(cells) = csv(text) {
            return self.cells(&cells, line.span(), modules);
        }
        if self.open && !self.columns.is_empty() {
            return self.row(line);
        }
        self.field(line)
    }

    fn row(&mut self, line: &Line<'_>) -> bool {
        let [(a, b), (c, d), rest @ ..] = self.columns.as_slice() else {
            return false;
        };
        let (mut name, pid) = (column(line.text, *a, *b), column(line.text, *c, *d));
        // The column cuts longer names.
        if name.chars().count() >= b - a && !name.to_ascii_lowercase().ends_with(".exe") {
            name.push(CUT_OFF);
        }
        let last = rest.first().map_or(String::new(), |(from, _)| {
            column(line.text, *from, usize::MAX)
        });
        if name.is_empty() && pid.is_empty() && !last.is_empty() && self.services {
            if let Some(row) = self.rows.last_mut() {
                row.rest.push_str(&last);
                row.span = row.span.to(line.span());
            }
            return true;
        }
        let Ok(pid) = pid.parse() else {
            self.open = line.is_blank() && self.rows.is_empty();
            return false;
        };
        self.push(name, pid, last, line.span());
        true
    }

    fn push(&mut self, name: String, pid: u32, rest: String, span: Span) {
        self.span = Some(self.span.map_or(span, |s| s.to(span)));
        let rest = if self.services { rest } else { String::new() };
        self.rows.push(Row {
            name,
            pid,
            rest,
            span,
        });
    }

    fn cells(&mut self, cells: &[String], span: Span, modules: bool) -> bool {
        match cells {
            [_, pid, _, ..] if pid.eq_ignore_ascii_case("PID") => {
                self.services = cells.len() == 3 && !modules;
                self.span = Some(span);
                true
            }
            [name, pid, rest @ ..] if rest.len() == 1 || rest.len() >= 3 => {
                let Ok(pid) = pid.parse() else { return false };
                // Without a heading three columns are those of `/svc`.
                self.services |= rest.len() == 1 && !modules;
                self.push(name.clone(), pid, rest.concat(), span);
                true
            }
            _ => false,
        }
    }

    /// A field of `/fo list`: blocks whose second label is PID.
    fn field(&mut self, line: &Line<'_>) -> bool {
        let text = line.text.trim();
        let parted = text.split_once(':').filter(|(_, v)| v.starts_with(' '));
        match parted {
            Some((label, value)) => {
                let is_pid = label.trim().eq_ignore_ascii_case("PID");
                let fits = match self.fields.len() {
                    0 => value.trim().contains(|c: char| c.is_ascii_alphabetic()),
                    1 => is_pid,
                    _ => true,
                };
                if !fits {
                    self.fields.clear();
                }
                if fits && line.indent() == 0 {
                    self.fields.push((value.trim().to_owned(), line.span()));
                }
                self.fields.len() > 1
            }
            None if text.is_empty() => self.block(),
            None if self.fields.len() == 3 && line.indent() > 8 => {
                if let Some((value, _)) = self.fields.last_mut() {
                    value.push_str(text);
                }
                true
            }
            None => {
                self.fields.clear();
                false
            }
        }
    }

    /// Ends a block of a list.
    fn block(&mut self) -> bool {
        let fields = std::mem::take(&mut self.fields);
        let [(name, span), (pid, at), rest @ ..] = fields.as_slice() else {
            return false;
        };
        let Ok(pid) = pid.parse() else { return false };
        self.services |= rest.len() == 1;
        let services = rest.first().map_or("", |(v, _)| v.as_str());
        self.push(name.clone(), pid, services.to_owned(), span.to(*at));
        true
    }

    /// The file ends within the last line. Returns whether the number or the services of its row may be cut: it is not read.
    pub(super) fn ends_within(&mut self, line: &Line<'_>) -> bool {
        let ruled = self.columns.get(1).map(|(_, end)| *end);
        self.close();
        let quoted = csv(line.text).is_some();
        let nothing = self.nothing();
        let Some(last) = self.rows.last() else {
            return false;
        };
        let whole = match ruled {
            _ if quoted => true,
            _ if self.services => is_nothing(&last.rest, nothing.as_deref()),
            Some(end) => !column(line.text, end, usize::MAX).is_empty(),
            None => false,
        };
        if !whole {
            self.rows.pop();
        }
        !whole
    }

    /// What stands in the place of services where there are none, in the language of the listing.
    fn nothing(&self) -> Option<String> {
        let own = self.rows.iter().find(|r| OWN.contains(&r.pid));
        own.map(|r| r.rest.clone())
    }

    /// Lines of it are left out.
    pub(super) fn leaves_out(&mut self) {
        self.part = true;
    }

    /// Nothing more of this listing follows.
    pub(super) fn close(&mut self) {
        self.block();
        self.open = false;
        self.columns.clear();
    }

    pub(super) fn finish(mut self) -> Option<Processes> {
        self.close();
        // Services go on in a line that is not there.
        let goes_on = |r: &Row| self.services && r.rest.ends_with(',');
        if self.rows.last().is_some_and(goes_on) {
            self.rows.pop();
        }
        let nothing = self.nothing();
        let is_service = |text: &&str| !text.is_empty() && !is_nothing(text, nothing.as_deref());
        let process = |r: &Row| Process {
            pid: r.pid,
            program: r.name.as_str().into(),
            services: match self.services {
                true => r
                    .rest
                    .split(',')
                    .map(str::trim)
                    .filter(is_service)
                    .map(Into::into)
                    .collect(),
                false => Vec::new(),
            },
            span: r.span,
        };
        Some(Processes {
            processes: self.rows.iter().map(process).collect(),
            services: self.services && !self.part,
            span: self.span.filter(|_| !self.rows.is_empty())?,
        })
    }
}

/// Whether a text stands for no service.
fn is_nothing(text: &str, own: Option<&str>) -> bool {
    own == Some(text) || words::is(text, Meaning::Nothing)
}

/// The cells of a line in which every cell is quoted.
fn csv(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('"')?.strip_suffix('"')?;
    let cells: Vec<String> = inner.split("\",\"").map(str::to_owned).collect();
    (cells.len() >= 3 && cells.iter().all(|c| !c.contains('"'))).then_some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::winnet::lines::lines;

    fn read(text: &str) -> Vec<(String, u32, String)> {
        let mut list = Tasklist::default();
        for line in lines(text, 0) {
            list.line(&line, None);
        }
        let all = list.finish().unwrap().processes;
        let told = |p: Process| (p.program.to_string(), p.pid, p.services.join("+"));
        all.into_iter().map(told).collect()
    }

    fn want(all: &[(&str, u32, &str)]) -> Vec<(String, u32, String)> {
        let own = |(p, n, s): &(&str, u32, &str)| ((*p).to_owned(), *n, (*s).to_owned());
        all.iter().map(own).collect()
    }

    // The word for "none" is what the idle process has, in any language.
    #[test]
    fn services_of_a_process_stand_on_several_lines() {
        for (head, none) in [
            ("Image Name                     PID Services", "N/A"),
            ("映像名称                       PID 服务", "暂缺"),
            (
                "Abbildname                     PID Dienste",
                "Unbekanntes Wort",
            ),
        ] {
            let text = format!(
                "\n{head}\n========================= ======== ============================================\nSystem Idle Process              0 {none}\nSystem                           4 {none}\nsvchost.exe                     60 BrokerInfrastructure, DcomLaunch, Power,\n                                   SystemEventsBroker\nMicrosoft.ActiveDirectory     3268 ADWS\n\nC:\\>"
            );
            assert_eq!(
                read(&text),
                want(&[
                    ("System Idle Process", 0, ""),
                    ("System", 4, ""),
                    (
                        "svchost.exe",
                        60,
                        "BrokerInfrastructure+DcomLaunch+Power+SystemEventsBroker"
                    ),
                    ("Microsoft.ActiveDirectory…", 3268, "ADWS"),
                ]),
            );
        }
    }

    #[test]
    fn tables_without_services_csv_and_lists_are_read() {
        let table = "Image Name                     PID Session Name        Session#    Mem Usage\n========================= ======== ================ =========== ============\nSystem                           4 Services                   0        144 K\nsqlservr.exe                  2416 Services                   0    412,332 K\n";
        assert_eq!(
            read(table),
            want(&[("System", 4, ""), ("sqlservr.exe", 2416, "")])
        );
        let csv = "\"Image Name\",\"PID\",\"Services\"\n\"System\",\"4\",\"N/A\"\n\"svchost.exe\",\"840\",\"RpcEptMapper,RpcSs\"\n";
        let two = want(&[
            ("System", 4, ""),
            ("svchost.exe", 840, "RpcEptMapper+RpcSs"),
        ]);
        assert_eq!(read(csv), two);
        let list = "\nImage Name:   System\nPID:          4\nServices:     N/A\n\nImage Name:   svchost.exe\nPID:          840\nServices:     RpcEptMapper,\n              RpcSs\n";
        assert_eq!(read(list), two);
        let usual = "\"sqlservr.exe\",\"2416\",\"Services\",\"0\",\"412,332 K\"\n";
        assert_eq!(read(usual), want(&[("sqlservr.exe", 2416, "")]));
    }
}
