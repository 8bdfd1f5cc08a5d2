//! Lists that the console Windows Defender Firewall with Advanced Security (wf.msc) exports: `Action`, `Export List`.
//!
//! A list has a line of headings and a line for each rule, with tabs or commas, of the columns that the user chose. A list of
//! Inbound Rules or of Outbound Rules does not say which of the two it is. It shows no service, no kind of interface and no
//! ICMP types.

mod columns;
mod head;
mod read;
mod state;
mod table;

use crate::input::{FormatSpec, Input, Score};
use hylint_model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "wfmsc",
    name: "Lists of wf.msc",
    command: "wf.msc: select Inbound Rules, then Action > Export List",
    detect,
    read,
    edit: None,
    commands: None,
};

fn detect(input: &Input<'_>) -> Score {
    head::score(&input.source.text)
}

fn read(input: &Input<'_>) -> Export {
    Export {
        format: FORMAT.id,
        ..read::read(input.source, input.depth)
    }
}
