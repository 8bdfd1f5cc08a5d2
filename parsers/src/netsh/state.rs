//! What a block of lines states of a rule.

use super::block::Block;
use crate::windows::form::Form;
use crate::windows::stated::{Said, Stated};
use crate::windows::words::Label;
use hylint_model::Span;
use std::borrow::Cow;

/// The command of a full export.
pub(super) const FULL: &str = "run `netsh advfirewall firewall show rule name=all verbose`";

/// What to do about a string that is not known.
pub(super) const ENGLISH: &str = "export with PowerShell, which is the same in every language: run the script that `hylint collect windows` prints";

/// How netsh speaks.
pub(super) const FORM: Form = Form {
    label: Label::english,
    full: FULL,
    unknown: ENGLISH,
    missing: "export again: netsh prints these lines for every such rule",
    brief: (
        "have no Program, Service, Security and InterfaceTypes lines, which may narrow them",
        "0 of 0 rules print no Program, Service, Security and InterfaceTypes lines: what may narrow them is not known",
    ),
    may_lack_fields: false,
    icmp_heading: true,
    names_packages: false,
};

/// The fields of a block.
pub(super) fn state<'a>(text: &'a str, block: &Block) -> Stated<'a> {
    let slice = |span: Span| text.get(span.range()).unwrap_or("");
    let mut out = Stated::new(block.span, block.head());
    for label in Label::each_field() {
        let Some(value) = block.get(label) else {
            continue;
        };
        match label {
            // With its line ends.
            Label::Description => {
                let span = block.whole(label).unwrap_or(value);
                out.set(label, slice(span), span);
            }
            // The lines below a protocol are rows of its table.
            Label::Protocol => out.set(label, slice(value), value),
            _ => {
                let span = block.whole(label).unwrap_or(value);
                out.set(label, joined(text, block, label), span);
            }
        }
    }
    let rows = block.extras(Label::Protocol);
    out.icmp = rows.map(|e| Said::new(slice(e.span), e.span)).collect();
    let decides = [Label::Enabled, Label::Direction, Label::Action];
    let read = decides.iter().filter(|l| block.has(**l)).count();
    if block.unknown_name.is_some() && read <= 1 {
        out.unread = true;
        return out;
    }
    for stray in block.strays.iter().chain(&block.consec_parts) {
        let label = slice(stray.label);
        let label = label.trim_end_matches([':', '：']).trim_end();
        let whole = Said::new(slice(stray.line), stray.line);
        out.odd(Said::new(label, stray.label), whole);
    }
    let differs = |(label, span): &&(Label, Span)| {
        let first = block.get(*label);
        first.is_none_or(|s| slice(s) != slice(*span))
    };
    out.repeated = block.repeated.iter().filter(differs).copied().collect();
    out
}

/// A value with the lines that continue it. The console cuts inside an entry; an indented line begins a new one.
fn joined<'a>(text: &'a str, block: &Block, label: Label) -> Cow<'a, str> {
    let slice = |span: Span| text.get(span.range()).unwrap_or("");
    let mut out = Cow::Borrowed(block.get(label).map_or("", slice));
    for extra in block.extras(label) {
        let more = slice(extra.span);
        let list = !matches!(label, Label::Name | Label::Program | Label::Group);
        let joined = out.to_mut();
        if extra.indented && list && !joined.ends_with(',') && !more.starts_with(',') {
            joined.push(',');
        }
        joined.push_str(more);
    }
    out
}
