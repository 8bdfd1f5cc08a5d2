//! Reports of Group Policy as XML: `Get-GPOReport -ReportType Xml` (one policy, or all of a domain) and `gpresult /x` (the
//! policies that apply to a computer). Of a report the firewall's part is read; its rules have the fields of rule strings,
//! each as an element.

mod admin;
mod detect;
mod read;
#[cfg(test)]
mod tests;
mod xml;

use crate::input::{FormatSpec, Input, Score};
use hylint_model::Export;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "gpo",
    name: "Group Policy report",
    command: "Get-GPOReport -Name POLICY -ReportType Xml -Path policy.xml",
    detect,
    read,
    edit: None,
    commands: None,
};

fn detect(input: &Input<'_>) -> Score {
    detect::score(&input.source.text)
}

fn read(input: &Input<'_>) -> Export {
    Export {
        format: FORMAT.id,
        ..read::read(input)
    }
}
