//! Tells listings from other texts.

use super::command::{self, What};
use super::lines::{Line, lines};
use super::{addr, ifconfig, netstat, route, rule, socket, table};
use crate::elided::is_elided;
use crate::input::{Input, Score};

/// How much of a text is looked at.
const HEAD: usize = 64 * 1024;

/// Lines that are looked at.
const LINES: usize = 400;

/// Certain where a line is of one kind of listing and of nothing else; likely where all lines are routes, rules or interfaces in
/// brief.
pub(super) fn detect(input: &Input<'_>) -> Score {
    let text = input.source.text.as_str();
    let head = head(text);
    let begin = head.trim_start();
    if begin.starts_with('{') {
        return 0;
    }
    if begin.starts_with('[') && is_json(begin) {
        return 90;
    }
    of_text(head)
}

fn head(text: &str) -> &str {
    let end = (HEAD.saturating_sub(3)..=HEAD)
        .rev()
        .find(|n| text.is_char_boundary(*n));
    end.and_then(|n| text.get(..n)).unwrap_or(text)
}

/// Whether an array holds what `ip -j` prints.
fn is_json(text: &str) -> bool {
    let inner = text.strip_prefix('[').unwrap_or(text).trim_start();
    let object = inner.trim_start_matches(['{', '}', ',', ' ', '\n', '\r', '\t']);
    // Its first key is one of these in every version.
    let first = [
        "\"ifindex\"",
        "\"ifname\"",
        "\"dst\"",
        "\"type\"",
        "\"priority\"",
        "\"link_index\"",
    ];
    if !inner.starts_with('{') || !first.iter().any(|k| object.starts_with(k)) {
        return false;
    }
    let has = |key: &str| memchr::memmem::find(text.as_bytes(), key.as_bytes()).is_some();
    has("\"ifname\"") && (has("\"addr_info\"") || has("\"flags\"") && has("\"mtu\""))
        || has("\"dst\"")
            && (has("\"dev\"") || has("\"protocol\"") || has("\"nexthops\""))
            && !has("\"nftables\"")
        || has("\"priority\"") && has("\"src\"") && (has("\"table\"") || has("\"action\""))
}

fn of_text(head: &str) -> Score {
    let (mut weak, mut other, mut asked) = (0, 0, false);
    let mut last_is_other = false;
    for line in lines(head).filter(|l| !l.trimmed().is_empty()).take(LINES) {
        if is_sure(&line) || line.text.starts_with('[') && is_json(line.text) {
            return 70;
        }
        if let Some(command) = command::command(line.trimmed()) {
            asked |= !matches!(command.what, What::Other);
            continue;
        }
        // What is left out says nothing of the rest.
        if is_elided(line.text) {
            continue;
        }
        last_is_other = false;
        let full = addr::brief(&line).is_some_and(|(_, all)| !all.is_empty());
        if route::begins(&line) || rule::read(&line).is_some() || full {
            weak += 1;
        } else if addr::brief(&line).is_none() && !line.is_indented() && !line.text.starts_with('#')
        {
            other += 1;
            last_is_other = true;
        }
    }
    // The last line may be cut off.
    other -= i32::from(last_is_other && weak > 0);
    match (weak, other) {
        (1.., 0) => 60,
        (1.., _) if asked => 50,
        (1.., few) if few * 4 <= weak => 40,
        _ => 0,
    }
}

/// Whether a line is of one kind of listing and of nothing else.
fn is_sure(line: &Line<'_>) -> bool {
    addr::head(line).is_some()
        || addr::one_line(line).is_some()
        || ifconfig::head(line).is_some()
        || table::title(line)
        || table::columns(line).is_some()
        || socket::is_head(line)
        || netstat::title(line)
        || netstat::is_head(line)
        || socket::read(line).is_some()
        || netstat::read(line).is_some()
}

/// First words of the lines below the head of an interface or of a route.
const BELOW: [&str; 9] = [
    "inet",
    "inet6",
    "valid_lft",
    "altname",
    "nexthop",
    "ether",
    "RX",
    "TX",
    "UP",
];

/// Whether a line without the blanks around it is one of a listing, or a command that prints one.
pub(super) fn is_line(text: &str) -> bool {
    let line = Line {
        text,
        at: 0,
        torn: false,
    };
    let first = line.words().next().unwrap_or("");
    is_sure(&line)
        || BELOW.contains(&first)
        || first.starts_with("link/")
        || route::begins(&line)
        || rule::read(&line).is_some()
        || command::command(text).is_some_and(|c| c.what != What::Other)
}

/// Whether a text of another format may hold a listing, so that it is worth looking through.
pub(super) fn may_hold(text: &str) -> bool {
    let signs = [
        " mtu ",
        "Recv-Q",
        "Kernel IP",
        "encap:",
        "\"ifname\"",
        "\"prefsrc\"",
        " LISTEN ",
        " UNCONN ",
    ];
    let has = |s: &&str| memchr::memmem::find(text.as_bytes(), s.as_bytes()).is_some();
    signs.iter().any(has) || has(&"ip ") && (has(&" dev ") || has(&" lookup "))
}
