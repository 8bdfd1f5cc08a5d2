//! From the lines of a list to an export.

use super::columns::Column;
use super::head::{Head, Told};
use super::state::{self, FORM, FULL, Line};
use super::table::cells;
use crate::input::Depth;
use crate::source::Source;
use crate::windows::collection::Collection;
use crate::windows::stated::Direction;
use hylint_model::{Export, Problem, ProblemKind, Span};

/// Lines behind the headings among which the first row is looked for.
const AHEAD: usize = 4;

/// Reads every list of a file: those of Inbound Rules and of Outbound Rules may stand in one.
pub(super) fn read(source: &Source, depth: Depth) -> Export {
    let mut reader = Reader {
        collection: Collection::new(&FORM, depth),
        list: None,
        title: None,
        file: in_name(&source.path),
        known: (false, false),
        vague: false,
        later: 0,
    };
    reader.collection.brief = true;
    let lines: Vec<(usize, &str)> = source
        .lines()
        .filter(|(_, line)| !line.trim().is_empty())
        .collect();
    for (n, (start, line)) in lines.iter().enumerate() {
        let ahead = lines.iter().skip(n + 1).take(AHEAD);
        let next = ahead.map(|(_, l)| *l).find(|l| l.contains(['\t', ',']));
        let line = *line;
        if reader.is_stray(line, n, &lines) {
            reader.stray(*start, line);
            continue;
        }
        reader.line(
            *start,
            line.trim_end_matches('\r'),
            next,
            n + 1 == lines.len(),
        );
    }
    reader.finish(&source.text)
}

/// A list whose rows are being read.
struct List<'a> {
    head: Head,
    rows: Vec<Line<'a>>,
    /// What the line above its headings says.
    titled: Option<Direction>,
}

struct Reader<'a> {
    collection: Collection,
    list: Option<List<'a>>,
    /// What the last line says that is part of no list.
    title: Option<Direction>,
    /// What the file's name says.
    file: Option<Direction>,
    /// Whether there is a list of inbound rules, and one of outbound rules.
    known: (bool, bool),
    /// Whether there is a list of neither.
    vague: bool,
    /// A line with cells that stands behind those looked at.
    later: usize,
}

impl<'a> Reader<'a> {
    /// Whether a line without cells stands between rows of one list: a piece of a row, or something else that was put there.
    fn is_stray(&mut self, line: &str, n: usize, lines: &[(usize, &str)]) -> bool {
        let Some(list) = self.list.as_ref().filter(|_| annotation(line).is_none()) else {
            return false;
        };
        let has_cells =
            |l: &str| cells(0, l.trim_end_matches('\r'), list.head.delimiter).len() >= 2;
        if has_cells(line) || title(line).is_some() {
            return false;
        }
        if self.later <= n {
            let behind = lines.iter().enumerate().skip(n + 1);
            let mut rows = behind.filter(|(_, (_, l))| has_cells(l));
            let Some((at, _)) = rows.next() else {
                return false;
            };
            self.later = at;
        }
        let row = lines.get(self.later).map_or("", |(_, l)| l);
        Head::of(0, row, None).is_none()
    }

    /// Keeps a line that is no row as one that is cut: it may be any rule.
    fn stray(&mut self, start: usize, line: &'a str) {
        let line = line.trim_end();
        if let Some(list) = &mut self.list {
            list.rows.push(Line {
                cells: cells(start, line, list.head.delimiter),
                span: Span::new(start, start + line.len()),
                whole: false,
            });
        }
    }

    fn line(&mut self, start: usize, line: &'a str, next: Option<&str>, last: bool) {
        if let Some(text) = annotation(line) {
            let end = start + line.trim_end().len();
            let span = Span::new(end - text.len(), end);
            self.collection
                .export
                .annotations
                .push((text.to_owned(), span));
            return;
        }
        if let Some(head) = Head::of(start, line, next) {
            self.close();
            let titled = self.title.take();
            self.list = Some(List {
                head,
                rows: Vec::new(),
                titled,
            });
            return;
        }
        let Some(list) = &mut self.list else {
            self.title = title(line);
            return;
        };
        let row = cells(start, line, list.head.delimiter);
        // The last line may be cut inside its first cell.
        let cut = last && line.contains(char::is_alphanumeric);
        if row.len() < 2 && !cut {
            self.close();
            self.title = title(line);
            return;
        }
        let span = Span::new(start, start + line.trim_end().len());
        let head = &list.head;
        let ended = head.delimiter.ends(line);
        let missing = head.columns.len().saturating_sub(row.len());
        // Without a delimiter behind each line, one may stand before an empty last cell.
        let whole = match head.ended {
            true => ended && missing == 0,
            false => missing == 0 || missing == 1 && ended,
        };
        list.rows.push(Line {
            cells: row,
            span,
            whole,
        });
    }

    fn close(&mut self) {
        let Some(list) = self.list.take() else {
            return;
        };
        let head = &list.head;
        self.headings(head);
        let stated = list.titled.or_else(|| self.guessed(&list));
        match stated {
            _ if head.has(Column::Direction) => self.known = (true, true),
            Some(Direction::In) => self.known.0 = true,
            Some(Direction::Out) => self.known.1 = true,
            None => self.vague = true,
        }
        // Only Monitoring has the column, and lists what is in effect.
        let monitored = head.has(Column::Direction) && !head.has(Column::Enabled);
        self.collection.effective |= monitored;
        self.collection.has_rules |= !list.rows.is_empty();
        for row in &list.rows {
            self.collection.add(&state::state(head, row, stated));
        }
    }

    fn headings(&mut self, head: &Head) {
        let problem = match head.by {
            Told::English => return,
            Told::Position => Problem::new(
                ProblemKind::Note,
                head.span,
                "headings in another language: the columns are read in the order of the console",
            ),
            Told::Translation => Problem::new(
                ProblemKind::Malformed,
                head.span,
                "headings in another language: what the columns are is a guess, so every rule may match or not",
            )
            .help(FULL),
        };
        self.collection.export.problems.push(problem);
    }

    /// The direction that the names of rules tell, or else the name of the file.
    fn guessed(&mut self, list: &List<'a>) -> Option<Direction> {
        let span = list.head.span;
        let (direction, by) = match (named(list), self.file) {
            _ if list.head.has(Column::Direction) => return None,
            // A few names may be anything; those of Windows are most of a whole list.
            (Some((direction, rules, true)), Some(other)) if other != direction => {
                let (this, other) = match direction {
                    Direction::In => ("inbound", "outbound"),
                    Direction::Out => ("outbound", "inbound"),
                };
                let message = format!(
                    "the names of {rules} say {this} and the file's name says {other}, so every rule may be of either"
                );
                let problem = Problem::new(ProblemKind::Malformed, span, message);
                self.collection.export.problems.push(problem.help(FULL));
                return None;
            }
            (_, Some(direction)) => (direction, "the file's name".to_owned()),
            (Some((direction, rules, _)), None) => (direction, format!("the names of {rules}")),
            (None, None) => return None,
        };
        let word = match direction {
            Direction::In => "inbound",
            Direction::Out => "outbound",
        };
        let message = format!("the list is read as one of {word} rules, by {by}");
        let problem = Problem::new(ProblemKind::Note, span, message);
        self.collection.export.problems.push(problem);
        Some(direction)
    }

    fn finish(mut self, text: &str) -> Export {
        self.close();
        let no_rules = !self.collection.has_rules;
        self.collection.whole = match self.vague {
            true => (false, false),
            false => self.known,
        };
        if no_rules {
            let problem =
                Problem::new(ProblemKind::Empty, Span::default(), "the list has no rules");
            self.collection.export.problems.push(problem.help(FULL));
        }
        self.collection.finish(text)
    }
}

/// The direction that the names of rules tell, how many do, and whether that is a good part of them: Windows ends the names of its own rules, and many programs
/// theirs, with `(TCP-In)` or `(TCP-Out)`, and a list is of one direction.
fn named(list: &List<'_>) -> Option<(Direction, String, bool)> {
    let columns = &list.head.columns;
    let at = columns.iter().position(|c| *c == Some(Column::Name))?;
    let ending = |end: &str| {
        let named = list.rows.iter().filter(|row| {
            let name = row.cells.get(at).map_or("", |c| &*c.text);
            name.ends_with(end)
        });
        named.count()
    };
    let (direction, count) = match (ending("-In)"), ending("-Out)")) {
        (n, 0) if n > 0 => (Direction::In, n),
        (0, n) if n > 0 => (Direction::Out, n),
        _ => return None,
    };
    let rules = if count == 1 { "rule" } else { "rules" };
    let many = count * 3 >= list.rows.len();
    Some((direction, format!("{count} {rules}"), many))
}

/// The direction that a file's name has a word for.
fn in_name(path: &str) -> Option<Direction> {
    let name = path.rsplit(['/', '\\']).next()?.to_lowercase();
    match (name.contains("inbound"), name.contains("outbound")) {
        (true, false) => Some(Direction::In),
        (false, true) => Some(Direction::Out),
        _ => None,
    }
}

/// `# hylint: key=value …` between rows.
fn annotation(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix('#')?;
    rest.trim_start().strip_prefix("hylint:").map(str::trim)
}

/// A line that says of which rules the list below it is, in the words of the console.
fn title(line: &str) -> Option<Direction> {
    let text: String = line
        .trim_matches(|c: char| !c.is_alphabetic())
        .to_lowercase();
    match text.as_str() {
        "inbound rules" | "inbound" => Some(Direction::In),
        "outbound rules" | "outbound" => Some(Direction::Out),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hylint_model::{Action, Body, DefaultOrigin, Lists};

    const HEAD: &str = "Name\tGroup\tProfile\tEnabled\tAction\tOverride\tProgram\tLocal Address\tRemote Address\tProtocol\tLocal Port\tRemote Port\tAuthorized Users\tAuthorized Computers\tAuthorized Local Principals\tLocal User Owner\tApplication Package\t\r\n";

    fn row(name: &str, ports: &str, action: &str) -> String {
        format!(
            "{name}\t\tAll\tYes\t{action}\tNo\tAny\tAny\tLocal subnet, 10.0.0.1\tTCP\t{ports}\tAny\tAny\tAny\tAny\tAny\tAny\t\r\n"
        )
    }

    fn exported(text: &str) -> Export {
        let source = Source::new("x", text, "UTF-8");
        let export = read(&source, Depth::Whole);
        assert_eq!(export.lost(), 0, "{text}");
        export
    }

    fn lists(export: &Export) -> &Lists {
        match &export.points[0].body {
            Body::Lists(lists) => lists,
            _ => panic!("no lists"),
        }
    }

    fn told(export: &Export, part: &str) -> usize {
        let all = export.problems.iter();
        all.filter(|p| p.message.contains(part)).count()
    }

    /// Fails if a line that is no row ends the list, and a block behind it is lost.
    #[test]
    fn a_line_between_rows_is_kept_and_ends_no_list() {
        for between in [
            "-- More --",
            "PS C:\\>",
            "a\r\nb\r\nc\r\nd\r\ne\r\nf",
            "half of a na",
        ] {
            let (a, b) = (row("Web", "80", "Allow"), row("Rdp", "3389", "Block"));
            let e = exported(&format!("Inbound Rules\r\n{HEAD}{a}{between}\r\n{b}"));
            let rules = &lists(&e).ingress.rules;
            let last = rules.last().unwrap();
            assert_eq!(
                (&*last.name, &last.action),
                ("Rdp", &Action::Deny),
                "{between}"
            );
            let between: Vec<_> = between.lines().collect();
            assert_eq!(rules.len(), 2 + between.len(), "{between:?}");
            let stray = rules.get(1).unwrap();
            assert!(matches!(stray.action, Action::Opaque(_)), "{between:?}");
        }
        let end = exported(&format!(
            "Inbound Rules\r\n{HEAD}{}Done.\r\nBye.\r\n",
            row("Web", "80", "Allow")
        ));
        assert_eq!(lists(&end).ingress.rules.len(), 1, "behind the last row");
        let two = format!(
            "Inbound Rules\r\n{HEAD}{0}Outbound Rules\r\n{HEAD}{0}",
            row("Web", "80", "Allow")
        );
        let two = exported(&two);
        assert_eq!(
            (
                lists(&two).ingress.rules.len(),
                lists(&two).egress.rules.len()
            ),
            (1, 1)
        );
    }

    #[test]
    fn a_list_without_a_direction_may_be_of_either() {
        let e = exported(&format!("{HEAD}\r\n{}", row("Web", "80, 443", "Allow")));
        let lists = lists(&e);
        assert_eq!(
            (lists.ingress.rules.len(), lists.egress.rules.len()),
            (1, 1)
        );
        assert!(matches!(lists.ingress.rules[0].action, Action::Opaque(_)));
        assert_eq!(lists.ingress.default.origin, DefaultOrigin::Unknown);
        assert_eq!(
            told(&e, "1 of 1 rules do not say whether they are inbound"),
            1
        );
    }

    #[test]
    fn a_title_or_the_names_tell_the_direction() {
        let outbound = format!("Outbound Rules\r\n{HEAD}{}", row("Web", "80", "Block"));
        let e = exported(&outbound);
        assert_eq!(lists(&e).egress.rules[0].action, Action::Deny);
        assert_eq!(lists(&e).ingress.default.origin, DefaultOrigin::Unknown);
        assert_eq!(lists(&e).egress.default.origin, DefaultOrigin::Assumed);
        let named = format!(
            "{HEAD}{}{}",
            row("Core (TCP-In)", "1", "Allow"),
            row("Web", "80, 443", "Allow")
        );
        let e = exported(&named);
        let web = &lists(&e).ingress.rules[1];
        assert_eq!((web.action.clone(), web.clauses.len()), (Action::Allow, 2));
        assert!(web.clauses[0].space.dport.contains(443));
        assert_eq!(told(&e, "by the names of 1 rule"), 1);
        let both = format!("{named}{}", row("Core (TCP-Out)", "1", "Allow"));
        assert!(matches!(
            lists(&exported(&both)).ingress.rules[1].action,
            Action::Opaque(_)
        ));
        let two = format!(
            "Inbound Rules\n{HEAD}{}\nOutbound\n{HEAD}{}",
            row("a", "1", "Allow"),
            row("b", "2", "Allow")
        );
        let e = exported(&two);
        assert_eq!(
            (lists(&e).ingress.rules.len(), lists(&e).egress.rules.len()),
            (1, 1)
        );
    }

    #[test]
    fn a_row_that_is_cut_is_kept_and_undecided() {
        let whole = format!("Inbound Rules\n{HEAD}{}", row("Web", "80", "Allow"));
        for cut in [1, 5, 8] {
            let text = format!(
                "{whole}{}",
                "Mail\t\tAll\tYes\tAllow".get(..cut * 2 + 1).unwrap()
            );
            let e = exported(&text);
            assert_eq!(e.rules_in_file, 2, "{text}");
            assert!(
                e.problems.iter().any(|p| p.kind == ProblemKind::Malformed),
                "{text}"
            );
        }
        let e = exported(&format!(
            "{whole}x\t\tAll\tYes\tAllow\tNo\tAny\tAny\tAny\tTCP\t80\tAny\tAny\tAny\tAny\tAny\tAny\tmore\n"
        ));
        assert_eq!(told(&e, "a cell without a heading"), 1);
    }

    #[test]
    fn what_the_list_does_not_show_is_told() {
        let icmp = row("Ping", "Any", "Allow").replace("TCP", "ICMPv4");
        let e = exported(&format!("Inbound Rules\n{HEAD}{icmp}"));
        let rule = &lists(&e).ingress.rules[0];
        assert!(rule.conditions().any(|c| c.text.contains("ICMP types")));
        assert!(e.points[0].brief);
        assert_eq!(told(&e, "1 of 1 rules have no Service"), 1);
        let secure = row("RDP", "3389", "Secure");
        let e = exported(&format!("Inbound Rules\n{HEAD}{secure}"));
        let rule = &lists(&e).ingress.rules[0];
        assert!(
            rule.conditions()
                .any(|c| c.test == hylint_model::Test::IpSec)
        );
    }
}
