//! What `ip addr`, `ip route`, `ip rule` and `ss` print of a Linux host, and their older counterparts of net-tools.
//!
//! None of it is a firewall: each listing is a companion, which tells of the firewall beside it. A text may hold several
//! listings, with or without the commands that printed them. `text` splits it into listings; one module reads the lines of each
//! kind.

mod addr;
mod command;
mod detect;
mod ifconfig;
mod json;
mod lines;
mod listing;
mod netstat;
mod route;
mod rule;
mod socket;
mod table;
mod take;
#[cfg(test)]
mod tests;
mod text;
mod torn;

use crate::input::{FormatSpec, Input};
use hylint_model::{Companion, Export, Problem};
pub(crate) use text::{ELSEWHERE, ON_THE_HOST};

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "iproute2",
    name: "Linux network listings",
    command: "ip -j addr; ip -j route; ip -j rule; ss -H -lntup",
    detect: detect::detect,
    read,
    edit: None,
    commands: None,
};

fn read(input: &Input<'_>) -> Export {
    let mut out = text::read(&input.source.text, 0, text::Alone::Yes);
    out.format = FORMAT.id;
    out
}

/// The listings in a text that begins at a place of a file and may hold an export of another format, and what could not be
/// read of them. Lines of that export are passed over.
pub(crate) fn beside(text: &str, start: usize) -> (Vec<Companion>, Vec<Problem>) {
    if !detect::may_hold(text) {
        return (Vec::new(), Vec::new());
    }
    let out = text::read(text, start, text::Alone::No);
    (out.companions, out.problems)
}

/// Whether a line without the blanks around it is one of a listing, or a command that prints one.
pub(crate) fn is_line(line: &str) -> bool {
    detect::is_line(line)
}
