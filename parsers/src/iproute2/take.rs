//! Puts a line into the listing that is open, if it is of it.

use super::addr::{self, Last};
use super::lines::{Line, numbered};
use super::listing::{Addresses, Layout, Listing, RouteList, SocketList};
use super::{ifconfig, netstat, route, rule, socket, table};

/// Whether a line is of a listing, which then holds it.
pub(super) fn take(listing: &mut Listing, line: &Line<'_>) -> bool {
    match listing {
        Listing::Addresses(l) => address(l, line),
        Listing::Routes(l) => a_route(l, line),
        Listing::Rules(l) => match rule::read(line) {
            Some(rule) => {
                l.rules.push(rule);
                true
            }
            None => {
                numbered(line.text).is_some() && {
                    l.bad.push(line.span());
                    true
                }
            }
        },
        Listing::Sockets(l) => a_socket(l, line),
    }
}

fn address(list: &mut Addresses, line: &Line<'_>) -> bool {
    match list.layout {
        Layout::Blocks => in_block(list, line),
        Layout::OneLine => match addr::one_line(line) {
            Some((interface, own)) => {
                list.push(interface);
                list.lifetimes |= line.text.contains("valid_lft");
                own_address(list, own, line);
                true
            }
            None => false,
        },
        Layout::Brief => match addr::brief(line) {
            Some((interface, all)) => {
                list.push(interface);
                for own in all {
                    own_address(list, own, line);
                }
                true
            }
            None => false,
        },
        Layout::Ifconfig => match ifconfig::head(line) {
            Some(interface) => {
                list.push(interface);
                true
            }
            None if line.is_indented() => {
                if let Some(own) = ifconfig::address(line) {
                    own_address(list, own, line);
                }
                true
            }
            None => false,
        },
        Layout::Json => false,
    }
}

fn own_address(list: &mut Addresses, own: Result<addr::Own, ()>, line: &Line<'_>) {
    match own {
        Ok(own) => list.add(&own),
        Err(()) => list.bad.push(line.span()),
    }
}

fn in_block(list: &mut Addresses, line: &Line<'_>) -> bool {
    if let Some(interface) = addr::head(line) {
        list.last = Last::Head;
        list.push(interface);
        if !addr::is_whole_head(line) {
            list.bad.push(line.span());
        }
        return true;
    }
    if !line.is_indented() {
        let cut = numbered(line.text).is_some() && addr::one_line(line).is_none();
        if cut {
            list.bad.push(line.span());
        }
        return cut;
    }
    let text = line.trimmed();
    if let Some(link) = text.strip_prefix("link/") {
        list.links += 1;
        if link.starts_with("loopback")
            && let Some(last) = list.interfaces.last_mut()
        {
            last.loopback = true;
        }
    }
    list.lifetimes |= text.starts_with("valid_lft");
    list.last = addr::last(text);
    if let Some(own) = addr::address(text) {
        own_address(list, own, line);
    }
    true
}

fn a_route(list: &mut RouteList, line: &Line<'_>) -> bool {
    if table::title(line) {
        return true;
    }
    if let Some(columns) = table::columns(line) {
        list.columns = Some(columns);
        return true;
    }
    if let Some(columns) = list.columns {
        match table::read(line, columns) {
            Some(read) => list.reads.push(read),
            None if line.words().count() > 1
                && line.words().next().is_some_and(|w| w.contains(['.', ':'])) =>
            {
                list.bad.push(line.span());
            }
            None => return false,
        }
        return true;
    }
    if route::is_next_hop(line) {
        if let Some(last) = list.reads.last_mut() {
            last.next_hop(line);
        }
        return true;
    }
    let read = route::begins(line).then(|| route::read(line)).flatten();
    match read {
        Some(read) => list.reads.push(read),
        None if line.is_indented() => {}
        None if line.words().next().and_then(route::destination).is_some() => {
            list.bad.push(line.span())
        }
        None => return false,
    }
    true
}

fn a_socket(list: &mut SocketList, line: &Line<'_>) -> bool {
    if socket::is_head(line) || netstat::is_head(line) || netstat::title(line) {
        list.heads = true;
        return true;
    }
    if let Some(row) = socket::read(line).or_else(|| netstat::read(line)) {
        list.add(row, line);
        return true;
    }
    let first = line.words().next().unwrap_or("");
    if line.is_indented() || is_notice(line.trimmed()) || line.trimmed().starts_with("Proto RefCnt")
    {
        return true;
    }
    let begun = ["tcp", "udp", "tcp6", "udp6", "LISTEN", "UNCONN", "ESTAB"].contains(&first);
    if begun {
        list.bad.push(line.span());
    }
    begun
}

/// What tools say beside their listings.
pub(super) fn is_notice(text: &str) -> bool {
    let starts = [
        "(Not all processes",
        "(No info could be read",
        "will not be shown",
        "Active UNIX domain",
        "Active Internet connections",
        "iptables",
        "exit",
        "logout",
    ];
    starts.iter().any(|s| text.starts_with(s))
}
