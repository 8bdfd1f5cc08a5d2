//! The last line of a text that ends without the end of a line: an editor took it away, or the text was cut off within the line.
//!
//! A line counts as whole where its last word cannot be a part of another one that matters. What may be a part of a line is not
//! read: a number or a name that lost its end is another one.

use super::addr::{self, Last};
use super::lines::{Line, numbered};
use super::listing::{Addresses, Layout, Listing, RouteList, SocketList};
use super::route::{self, kind};
use super::socket::Row;
use super::take::take;
use super::{ifconfig, netstat, socket, table};
use hylint_model::Socket;

/// Whether the last line of a text is of a listing and may be a part of a line.
pub(super) fn is_part(listing: &Listing, line: &Line<'_>) -> bool {
    if !line.torn {
        return false;
    }
    let mut read = listing.clone();
    match take(&mut read, line) {
        true => !is_whole(listing, line),
        false => may_begin(listing, line),
    }
}

/// Whether the blanks at the end of a text may begin a line of a listing.
pub(super) fn goes_on(listing: &Listing, line: &Line<'_>) -> bool {
    match listing {
        Listing::Addresses(l) => l.layout == Layout::Blocks && line.is_indented(),
        // Next hops stand behind a tab.
        Listing::Routes(l) => l.columns.is_none() && line.text.starts_with('\t'),
        Listing::Rules(_) | Listing::Sockets(_) => false,
    }
}

/// Whether a blank ends the last word of a line: `ip` and `netstat` print one behind the last column.
fn is_spaced(line: &Line<'_>) -> bool {
    line.text.ends_with([' ', '\t'])
}

fn is_whole(listing: &Listing, line: &Line<'_>) -> bool {
    match listing {
        Listing::Addresses(l) => address(l, line),
        Listing::Routes(l) => a_route(l, line),
        Listing::Rules(_) => {
            let words: Vec<&str> = line.words().collect();
            let keyed = |w: &[&str]| matches!(w.first(), Some(&("lookup" | "table" | "goto")));
            let acts = words.windows(2).any(keyed)
                || words
                    .iter()
                    .any(|w| ["unreachable", "prohibit", "blackhole", "nop"].contains(w));
            let known = |w: &&str| KERNEL.contains(w) || *w == "static";
            // `suppress_prefixlength` may stand behind a table, but not in the kernel's own last rules.
            let own = words
                .first()
                .is_some_and(|w| matches!(*w, "0:" | "32766:" | "32767:"));
            acts && own && (is_spaced(line) || words.last().is_some_and(known))
        }
        Listing::Sockets(l) => a_socket(l, line),
    }
}

/// Tables that have a name in every kernel.
const KERNEL: [&str; 3] = ["local", "main", "default"];

fn last<'t>(line: &Line<'t>) -> Option<&'t str> {
    line.words().last()
}

fn address(list: &Addresses, line: &Line<'_>) -> bool {
    let text = line.trimmed();
    match list.layout {
        Layout::Blocks if !line.is_indented() => false,
        Layout::Blocks => match addr::last(text) {
            Last::Whole => true,
            Last::Address => !list.lifetimes && is_scoped(text),
            Last::Head | Last::Open => false,
        },
        Layout::OneLine => match text.split_once('\\') {
            Some((_, below)) => addr::last(below.trim()) == Last::Whole,
            None => !list.lifetimes && is_scoped(text),
        },
        Layout::Brief => in_brief(line),
        Layout::Ifconfig => of_ifconfig(line),
        Layout::Json => true,
    }
}

/// Whether a line of an address is whole: behind its scope, one of IPv4 has its label.
fn is_scoped(text: &str) -> bool {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let Some(at) = words.iter().position(|w| *w == "scope") else {
        return false;
    };
    let known = words
        .get(at + 1)
        .is_some_and(|s| ["global", "link", "host", "site"].contains(s));
    known && (words.contains(&"inet6") || words.len() > at + 2)
}

/// Addresses stand one behind the other, those of IPv6 last and the link-local one behind the wider ones
/// (`ipv6_link_dev_addr`): only that one ends a line.
fn in_brief(line: &Line<'_>) -> bool {
    let Some((addr, length)) = last(line).and_then(|w| w.split_once('/')) else {
        return false;
    };
    let is_last = addr == "::1" || addr.starts_with("fe80:");
    is_last && (is_spaced(line) || is_longest(addr, length))
}

/// Whether a prefix length cannot have another digit.
fn is_longest(prefix: &str, length: &str) -> bool {
    let most = if prefix.contains(':') { 128 } else { 32 };
    length.parse::<u32>().is_ok_and(|n| n * 10 > most)
}

/// An address is whole where the mask or another field stands behind it. A listing of `ifconfig` never shows all of them.
fn of_ifconfig(line: &Line<'_>) -> bool {
    let Some(own) = ifconfig::address(line) else {
        return true;
    };
    let words: Vec<&str> = line.words().collect();
    let [.., before, last] = words.as_slice() else {
        return false;
    };
    // Behind the mask, version 2 prints the other end of a tunnel, where there is no broadcast address.
    let tunnel = words.contains(&"netmask") && !words.contains(&"broadcast");
    let local = words.get(1).is_some_and(|a| a.starts_with("127."));
    let open = *before == "prefixlen" || tunnel && !local;
    own.is_ok() && !open && !last.starts_with("P-t-P:") && !last.contains('/')
}

/// Words that end a route: scopes, who made it, flags, preferences.
const ENDS: [&str; 26] = [
    "link",
    "host",
    "global",
    "site",
    "nowhere",
    "kernel",
    "boot",
    "static",
    "redirect",
    "ra",
    "dhcp",
    "zebra",
    "bird",
    "babel",
    "bgp",
    "ospf",
    "isis",
    "rip",
    "eigrp",
    "onlink",
    "linkdown",
    "dead",
    "pervasive",
    "low",
    "medium",
    "high",
];

/// Keys whose values are not read.
const UNREAD: [&str; 9] = [
    "src", "mtu", "advmss", "hoplimit", "expires", "window", "rtt", "initcwnd", "weight",
];

fn a_route(list: &RouteList, line: &Line<'_>) -> bool {
    if table::title(line) || table::columns(line).is_some() {
        return false;
    }
    let words: Vec<&str> = line.words().collect();
    let Some(last) = words.last() else {
        return false;
    };
    if let Some(columns) = list.columns {
        // Columns behind the interface are not read.
        let more = columns != table::Columns::NextHop && words.len() > 8;
        return more || is_spaced(line) || is_named(list, last);
    }
    let key = words
        .len()
        .checked_sub(2)
        .and_then(|n| words.get(n))
        .copied()
        .unwrap_or("");
    if is_spaced(line) || ENDS.contains(last) && key != "dev" || UNREAD.contains(&key) {
        // Of two routes to one destination, the metric decides, which may be lost.
        let to = |r: &route::Read| (r.route.length, r.route.to.clone());
        let own = route::read(line).filter(|r| r.route.metric == 0);
        let again = |own: route::Read| list.reads.iter().any(|r| to(r) == to(&own));
        return line.is_indented() || !own.is_some_and(again);
    }
    match (key, last.split_once('/')) {
        ("dev", _) => is_named(list, last),
        ("table", _) => KERNEL.contains(last),
        // `blackhole 10.66.0.0/16` is a route already.
        (_, Some((_, length))) => {
            words.len() == 2 && kind(key).is_some() && is_longest(last, length)
        }
        _ => false,
    }
}

/// Whether a word is the name of an interface of other routes, and none of their names begins with it and goes on.
fn is_named(list: &RouteList, word: &str) -> bool {
    let mut names = list.reads.iter().flat_map(|r| &r.route.interfaces);
    let longer = |n: &str| n.len() > word.len() && n.starts_with(word);
    let mut known = false;
    names.all(|n| {
        known |= **n == *word;
        !longer(n)
    }) && known
}

fn a_socket(list: &SocketList, line: &Line<'_>) -> bool {
    if socket::is_head(line) || netstat::is_head(line) || netstat::title(line) {
        return false;
    }
    let Some(row) = socket::read(line).or_else(|| netstat::read(line)) else {
        return false;
    };
    let Row::Waits(own) = row else {
        let mut ends = line.words().filter(|w| w.contains(':'));
        // `0.0.0.0:` may be the beginning of `0.0.0.0:*`.
        let peer = ends.nth(1).is_some_and(|w| !w.ends_with(':'));
        return row == Row::Other || row == Row::Connected && peer;
    };
    let mut words = line.words().skip_while(|w| !w.contains(':')).skip(1);
    let is_peer = words.next().is_some_and(|w| w.ends_with(":*"));
    let ended = match line.text.split_once("users:(") {
        Some((_, programs)) => programs.contains("))"),
        None if is_spaced(line) || last(line) == Some("-") => true,
        // The name of the last program may be a part.
        None => own.programs.is_empty() || list.sockets.iter().any(|s| is_same(s, &own)),
    };
    let column = list.sockets.iter().any(|s| !s.programs.is_empty());
    let lacks = column && own.programs.is_empty() && last(line) != Some("-");
    is_peer && ended && !lacks
}

/// Whether two sockets are of one process.
fn is_same(a: &Socket, b: &Socket) -> bool {
    a.pid == b.pid && a.programs == b.programs
}

/// Whether a line that no reader takes may be the beginning of one that a listing holds.
fn may_begin(listing: &Listing, line: &Line<'_>) -> bool {
    let text = line.trimmed();
    let number = text.trim_end_matches(':');
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let begins = |all: &[&str]| all.iter().any(|w| w.starts_with(text));
    match listing {
        Listing::Addresses(l) => match l.layout {
            Layout::Blocks | Layout::OneLine => is_number || numbered(text).is_some(),
            Layout::Brief => line.words().next().is_some_and(addr::is_name),
            Layout::Ifconfig | Layout::Json => false,
        },
        Listing::Routes(l) => {
            let first = line.words().next().unwrap_or("");
            let digits =
                |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/' | '[' | ']');
            let to = first.chars().all(digits);
            to || l.columns.is_none() && (kind(first).is_some() || begins(&route::FIRST))
        }
        Listing::Rules(_) => is_number,
        Listing::Sockets(_) => begins(&[
            "tcp", "udp", "tcp6", "udp6", "raw6", "nl", "u_str", "u_dgr", "u_seq", "p_raw",
            "p_dgr", "v_str", "LISTEN", "UNCONN", "ESTAB", "unix",
        ]),
    }
}
