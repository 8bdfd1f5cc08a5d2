//! What a row states of a rule.

use super::columns::Column;
use super::head::{Head, Told};
use super::table::Cell;
use crate::windows::form::Form;
use crate::windows::narrow::{self, By};
use crate::windows::stated::{Direction, Said, Stated};
use crate::windows::values::tokens;
use crate::windows::vocab::Vocabulary;
use crate::windows::words::{Class, Label, Word};
use hylint_model::{Condition, ConditionKind, Span, Test};
use std::borrow::Cow;

/// How the console speaks.
pub(super) const FORM: Form = Form {
    label,
    full: FULL,
    unknown: UNKNOWN,
    missing: "export the list with the columns that the console shows by default",
    brief: (
        "have no Service and Interface Types columns, which may narrow them",
        "0 of 0 rules have no Service and Interface Types columns, which may narrow them",
    ),
    may_lack_fields: false,
    icmp_heading: false,
    names_packages: true,
};

/// What to do where a list says too little.
pub(super) const FULL: &str = "export with the PowerShell script that `hylint collect windows` prints: it shows services, interfaces and ICMP types";

const UNKNOWN: &str = "export with the PowerShell script that `hylint collect windows` prints, whose words are the same in every language";

fn label(label: Label) -> &'static str {
    let column = match label {
        Label::Name => Column::Name,
        Label::Group => Column::Group,
        Label::Profiles => Column::Profile,
        Label::Enabled => Column::Enabled,
        Label::Action => Column::Action,
        Label::Program => Column::Program,
        Label::LocalIp => Column::LocalAddress,
        Label::RemoteIp => Column::RemoteAddress,
        Label::Protocol => Column::Protocol,
        Label::LocalPort => Column::LocalPort,
        Label::RemotePort => Column::RemotePort,
        Label::Direction => Column::Direction,
        Label::Source => Column::Source,
        Label::Description => Column::Description,
        Label::Service => Column::Service,
        Label::Interfaces => Column::Interfaces,
        Label::Peers => Column::Computers,
        other => return other.english(),
    };
    column.heading()
}

/// One row as it stands in the list.
pub(super) struct Line<'a> {
    pub(super) cells: Vec<Cell<'a>>,
    pub(super) span: Span,
    /// Whether it has every cell, and ends as the headings do.
    pub(super) whole: bool,
}

/// The rule of a row. `direction` is that of the list, where it is known.
pub(super) fn state<'a>(head: &Head, line: &Line<'a>, direction: Option<Direction>) -> Stated<'a> {
    let Line { cells, span, whole } = line;
    let span = *span;
    let mut row = Row {
        v: Vocabulary::get(),
        out: Stated::new(span, span),
    };
    if let Some(direction) = direction {
        let word = match direction {
            Direction::In => "In",
            Direction::Out => "Out",
        };
        row.out.imply(Label::Direction, word);
    }
    if head.has(Column::Direction) && !head.has(Column::Enabled) {
        // Monitoring lists the rules that act.
        row.out.imply(Label::Enabled, "Yes");
    }
    for (n, cell) in cells.iter().enumerate() {
        match head.columns.get(n) {
            Some(Some(column)) => row.cell(*column, cell),
            Some(None) => row.unknown(head, n, cell),
            None if cell.text.is_empty() => {}
            None => row.odd("a cell without a heading", cell),
        }
    }
    // The console ends no row before its last column.
    if !whole {
        let whole = Said::new("the row is cut off", span);
        row.out.odd(whole.clone(), whole);
    }
    if head.by == Told::Translation {
        let (kind, test) = (ConditionKind::Unknown, Test::Opaque);
        let condition = Condition::new(kind, test, head.span, "the columns are guessed");
        row.out.conditions.push(condition);
    }
    row.icmp();
    row.out
}

struct Row<'a> {
    v: &'static Vocabulary,
    out: Stated<'a>,
}

impl<'a> Row<'a> {
    fn cell(&mut self, column: Column, cell: &Cell<'a>) {
        // Every rule has a value for each column but these.
        let empty = cell.text.is_empty();
        if empty && !matches!(column, Column::Group | Column::Description) {
            return;
        }
        match column {
            Column::Name => self.set(Label::Name, cell),
            Column::Group => self.set(Label::Group, cell),
            Column::Description => self.set(Label::Description, cell),
            Column::Enabled => self.set(Label::Enabled, cell),
            Column::Direction => self.direction(cell),
            Column::Source => self.set(Label::Source, cell),
            Column::Program => self.set(Label::Program, cell),
            Column::Service => self.set(Label::Service, cell),
            Column::Interfaces => self.set(Label::Interfaces, cell),
            Column::Edge => self.set(Label::Edge, cell),
            Column::Protocol => self.set(Label::Protocol, cell),
            Column::Profile => self.list(Label::Profiles, cell, profile),
            Column::LocalAddress => self.list(Label::LocalIp, cell, address),
            Column::RemoteAddress => self.list(Label::RemoteIp, cell, address),
            Column::LocalPort => self.list(Label::LocalPort, cell, port),
            Column::RemotePort => self.list(Label::RemotePort, cell, port),
            Column::Action => self.action(cell),
            Column::Override => self.overrides(cell),
            Column::Users | Column::Computers => self.narrowed(By::Peers, cell),
            Column::Principals => self.narrowed(By::LocalUser, cell),
            Column::Owner => self.narrowed(By::Owner, cell),
            Column::Package => self.narrowed(By::Package, cell),
        }
    }

    fn set(&mut self, label: Label, cell: &Cell<'a>) {
        self.out.set(label, cell.text.clone(), cell.span);
    }

    /// A list, each entry in the words of netsh.
    fn list(&mut self, label: Label, cell: &Cell<'a>, word: fn(&str) -> Option<&'static str>) {
        let plain = tokens(&cell.text).all(|t| word(t).is_none() && !t.contains(' '));
        let text = match plain {
            true => cell.text.clone(),
            false => {
                let each = tokens(&cell.text).map(|t| match word(t) {
                    Some(word) => word.to_owned(),
                    None => t.to_owned(),
                });
                Cow::Owned(each.collect::<Vec<_>>().join(","))
            }
        };
        self.out.set(label, text, cell.span);
    }

    fn direction(&mut self, cell: &Cell<'a>) {
        let text = match cell.text.to_ascii_lowercase().as_str() {
            "inbound" => Cow::Borrowed("In"),
            "outbound" => Cow::Borrowed("Out"),
            _ => cell.text.clone(),
        };
        self.out.set(Label::Direction, text, cell.span);
    }

    /// `Secure` allows what IPsec has authenticated.
    fn action(&mut self, cell: &Cell<'a>) {
        let secure = ["secure", "allow if secure", "allow secure connections"];
        let overriding = self.out.text(Label::Action) == "Bypass";
        let text = match cell.text.to_ascii_lowercase() {
            t if secure.contains(&&*t) => {
                self.out.set(Label::Security, "Authenticate", cell.span);
                Cow::Borrowed("Allow")
            }
            _ => cell.text.clone(),
        };
        if !overriding {
            self.out.set(Label::Action, text, cell.span);
        }
    }

    /// A rule that overrides blocks is one for authenticated peers.
    fn overrides(&mut self, cell: &Cell<'a>) {
        let word = self.v.word(Class::Bool, &cell.text).map(|e| e.meaning);
        match word {
            Some(Word::No) => {}
            Some(Word::Yes) => self.out.set(Label::Action, "Bypass", cell.span),
            _ => self.odd(Column::Override.heading(), cell),
        }
    }

    fn narrowed(&mut self, by: By, cell: &Cell<'a>) {
        if !self.v.is_any(&cell.text) {
            let condition = narrow::narrowed(by, &cell.text, cell.span);
            self.out.conditions.push(condition);
        }
    }

    /// A column whose heading nothing knows narrows nothing where it says Any.
    fn unknown(&mut self, head: &Head, n: usize, cell: &Cell<'a>) {
        if cell.text.is_empty() || self.v.is_any(&cell.text) {
            return;
        }
        let (text, span) = head.headings.get(n).cloned().unwrap_or_default();
        let whole = Said::new(cell.text.clone(), cell.span);
        self.out.odd(Said::new(text, span), whole);
    }

    fn odd(&mut self, label: &'static str, cell: &Cell<'a>) {
        let whole = Said::new(cell.text.clone(), cell.span);
        self.out.odd(Said::new(label, cell.span), whole);
    }

    /// No column holds the types of an ICMP rule.
    fn icmp(&mut self) {
        let protocol = self.out.text(Label::Protocol);
        if protocol.to_ascii_lowercase().starts_with("icmp") {
            let place = self.out.place(Label::Protocol);
            let text = "the ICMP types are not listed";
            let condition = Condition::new(ConditionKind::Unknown, Test::Passing, place, text);
            self.out.conditions.push(condition);
        }
    }
}

fn profile(token: &str) -> Option<&'static str> {
    let all = ["all", "any"];
    all.iter()
        .any(|w| token.eq_ignore_ascii_case(w))
        .then_some("Any")
}

/// Names of the console for addresses that only the host knows, as its dialog for a rule's scope has them.
fn address(token: &str) -> Option<&'static str> {
    match token.to_ascii_lowercase().as_str() {
        "local subnet" => Some("LocalSubnet"),
        "dns servers" => Some("DNS"),
        "dhcp servers" => Some("DHCP"),
        "wins servers" => Some("WINS"),
        "default gateway" => Some("DefaultGateway"),
        "remote corp network" => Some("RemoteCorpNetwork"),
        "playto renderers" | "play to renderers" => Some("Ply2Renders"),
        _ => None,
    }
}

/// Names of the console for ports, as its dialog for protocols and ports has them.
fn port(token: &str) -> Option<&'static str> {
    match token.to_ascii_lowercase().as_str() {
        "all ports" => Some("Any"),
        "rpc dynamic ports" => Some("RPC"),
        "rpc endpoint mapper" => Some("RPC-EPMap"),
        "edge traversal" => Some("Teredo"),
        "playto discovery" | "play to discovery" => Some("Ply2Disc"),
        _ => None,
    }
}
