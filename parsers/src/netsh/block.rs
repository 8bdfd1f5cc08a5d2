//! One rule's lines, before they are understood.

use super::lines::Line;
use crate::windows::words::Label;
use hylint_model::Span;

/// A line that continues a field: a wrapped list, an ICMP table row, a wrapped name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    pub(super) label: Label,
    pub(super) span: Span,
    /// Whether the line is indented, so that it begins a new entry; else the console cut the entry.
    pub(super) indented: bool,
}

/// A line inside a rule that is no field of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stray {
    /// The label if the line has one, else the line.
    pub(super) label: Span,
    pub(super) line: Span,
}

/// The lines from one rule name to the next.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The line with the rule's name; empty for a rule whose beginning is cut off.
    pub(super) name_line: Span,
    /// The label of the name where nothing knows it.
    pub(super) unknown_name: Option<Span>,
    /// From the name to the last line that belongs to the rule.
    pub(super) span: Span,
    /// Values by label.
    values: [Option<Span>; Label::FIELDS],
    pub(super) extras: Vec<Extra>,
    pub(super) strays: Vec<Stray>,
    /// Labels that occur twice with different values.
    pub(super) repeated: Vec<(Label, Span)>,
    /// A line that only connection security and main mode rules have.
    pub(super) consec: Option<Span>,
    /// Every line that such rules have beside the fields of firewall rules.
    pub(super) consec_lines: Vec<Span>,
    /// Lines that such rules have too.
    pub(super) consec_parts: Vec<Stray>,
    /// Whether the ruler under the name was met.
    pub(super) ruler: bool,
    /// The label of the last field.
    pub(super) last: Option<Label>,
    /// Whether a blank line followed the last line of the rule.
    pub(super) blank: bool,
    /// Columns before the name.
    pub(super) indent: usize,
}

impl Block {
    /// A block that starts at a line. `name` is the name's value if the line is a name line.
    pub(super) fn start(line: &Line<'_>, name: Option<Span>) -> Self {
        let mut block = Self {
            name_line: Span::default(),
            unknown_name: None,
            span: line.span(),
            values: [None; Label::FIELDS],
            extras: Vec::new(),
            strays: Vec::new(),
            repeated: Vec::new(),
            consec: None,
            consec_lines: Vec::new(),
            consec_parts: Vec::new(),
            ruler: false,
            last: None,
            blank: false,
            indent: line.indent,
        };
        if let Some(value) = name {
            block.name_line = line.span();
            block.set(Label::Name, value);
        }
        block
    }

    fn set(&mut self, label: Label, value: Span) {
        if let Some(slot) = self.values.get_mut(label as usize) {
            *slot = Some(value);
        }
        self.last = Some(label);
    }

    /// The value of a label on its own line.
    pub(super) fn get(&self, label: Label) -> Option<Span> {
        self.values.get(label as usize).copied().flatten()
    }

    /// The line with the rule's name; all of the rule where its beginning is cut off.
    pub(super) fn head(&self) -> Span {
        if self.name_line.is_empty() {
            self.span
        } else {
            self.name_line
        }
    }

    /// Whether the label occurs.
    pub(super) fn has(&self, label: Label) -> bool {
        self.get(label).is_some()
    }

    /// Whether the block only has a name so far.
    pub(super) fn only_name(&self) -> bool {
        self.last == Some(Label::Name) && self.strays.is_empty()
    }

    /// Adds a field. A label that is there already is kept aside.
    pub(super) fn field(&mut self, label: Label, value: Span, line: &Line<'_>) {
        if self.has(label) {
            self.repeated.push((label, value));
            self.last = Some(label);
        } else {
            self.set(label, value);
        }
        self.extend(line);
    }

    /// Adds a line to the last field.
    pub(super) fn continue_field(&mut self, label: Label, line: &Line<'_>) {
        self.extras.push(Extra {
            label,
            span: line.span(),
            indented: line.indent > self.indent,
        });
        self.extend(line);
    }

    /// The line belongs to the rule.
    pub(super) fn extend(&mut self, line: &Line<'_>) {
        self.span = self.span.to(line.span());
        self.blank = false;
    }

    /// Lines that continue a field.
    pub(super) fn extras(&self, label: Label) -> impl Iterator<Item = &Extra> {
        self.extras.iter().filter(move |e| e.label == label)
    }

    /// LineRole of a value with the lines that continue it.
    pub(super) fn whole(&self, label: Label) -> Option<Span> {
        let value = self.get(label)?;
        Some(self.extras(label).fold(value, |s, e| s.to(e.span)))
    }

    /// Whether the block is a rule of another kind: connection security or main mode.
    pub(super) fn is_consec(&self) -> bool {
        self.consec.is_some()
            || !self.consec_parts.is_empty()
                && !self.has(Label::Direction)
                && !self.has(Label::LocalIp)
    }
}

/// What a line without a known label looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heading {
    /// No colon.
    None,
    /// A colon at the end.
    LabelOnly,
    /// A colon with text on both sides.
    LabelAndValue,
}

/// Where a line that is no field belongs while a rule is open.
pub(super) enum LineRole {
    Continues(Label),
    Stray,
    Outside,
}

/// Tells where such a line belongs.
pub(super) fn role(block: &Block, line: &Line<'_>, heading: Heading) -> LineRole {
    let last = block.last.unwrap_or(Label::Name);
    let deeper = line.indent > block.indent;
    match last {
        Label::Name if !block.ruler && !block.blank => return LineRole::Continues(Label::Name),
        Label::Description => return LineRole::Continues(Label::Description),
        _ => {}
    }
    if block.blank {
        return LineRole::Outside;
    }
    match last {
        Label::LocalIp | Label::RemoteIp | Label::LocalPort | Label::RemotePort
            if is_list(line.text) || deeper && heading == Heading::None =>
        {
            return LineRole::Continues(last);
        }
        Label::Protocol if deeper && heading == Heading::None => return LineRole::Continues(last),
        Label::Program | Label::Group if heading == Heading::None => {
            return LineRole::Continues(last);
        }
        _ => {}
    }
    if heading == Heading::None && block.has(Label::Action) {
        return LineRole::Outside;
    }
    LineRole::Stray
}

/// Whether a line can only be part of an address or port list.
fn is_list(text: &str) -> bool {
    text.contains(['.', ',', ':', '-', '/'])
        && text
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b',' | b':' | b'-' | b'/' | b' '))
        || text.bytes().all(|b| b.is_ascii_digit())
}
