//! `route print` and `netstat -r`: tables of both families, in any language.

use super::ipconfig::mask;
use super::lines::{Command, Line};
use hylint_model::{Families, Route, RouteKind, Routes, Span};
use hylint_space::AddrSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Routes that are being read.
#[derive(Default)]
pub(super) struct RoutePrint {
    routes: Vec<Route>,
    span: Option<Span>,
    families: (bool, bool),
    /// The gateway of the last row stands on a line of its own.
    waits: bool,
    open: bool,
    /// A ruler stands around the rows, which a filter leaves out.
    ruled: bool,
    /// No ruler stands below the last row yet: the table may go on.
    in_rows: bool,
    /// Another line stands below the last row.
    below: bool,
    part: bool,
}

impl RoutePrint {
    /// Takes the line; false if it is none of the listing.
    pub(super) fn line(&mut self, line: &Line<'_>, command: Option<&Command>) -> bool {
        let text = line.text.trim();
        let words: Vec<&str> = text.split_whitespace().collect();
        if std::mem::take(&mut self.waits) && words.len() == 1 && line.indent() > 16 {
            return true;
        }
        let ruler = text.len() > 20 && text.bytes().all(|b| b == b'=');
        self.part |= command.is_some_and(|c| c.filtered);
        if ruler {
            self.open = true;
            self.ruled = true;
            self.in_rows = false;
            return true;
        }
        if let Some(route) = v4(&words, line.span()) {
            self.families.0 = true;
            self.push(route);
            return true;
        }
        if let Some(route) = v6(&words, line.span()) {
            self.families.1 = true;
            self.waits = words.len() == 3;
            self.push(route);
            return true;
        }
        self.below = true;
        is_persistent(&words) || self.open && is_interface(text)
    }

    fn push(&mut self, route: Route) {
        let span = route.span;
        self.open = true;
        self.in_rows = true;
        self.below = false;
        self.span = Some(self.span.map_or(span, |s| s.to(span)));
        self.routes.push(route);
    }

    /// The file ends within the last line. Returns whether that is a row, whose metric or gateway may be cut: it is not read.
    pub(super) fn ends_within(&mut self) -> bool {
        if self.in_rows && !self.below {
            self.part = true;
            self.routes.pop();
        }
        self.part
    }

    /// The file ends within a line that nothing takes. Returns whether it may be the beginning of a row.
    pub(super) fn begins_row(&mut self, line: &Line<'_>) -> bool {
        let digits = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/');
        let mut words = line.text.split_whitespace();
        let begun = self.open && self.ruled && words.all(|w| w.chars().all(digits));
        self.part |= begun;
        begun
    }

    /// Where the last row stands, if the ruler below it is missing.
    pub(super) fn is_cut(&self) -> Option<Span> {
        let last = self.routes.last().map(|r| r.span);
        last.filter(|_| self.ruled && self.in_rows && !self.part)
    }

    /// Lines of it are left out.
    pub(super) fn leaves_out(&mut self) {
        self.part = true;
    }

    /// Nothing more of this listing follows.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.waits = false;
    }

    pub(super) fn finish(self) -> Option<Routes> {
        Some(Routes {
            families: Families {
                v4: self.families.0,
                v6: self.families.1,
            },
            every_table: true,
            whole: self.ruled && !self.in_rows && !self.part,
            span: self.span?,
            routes: self.routes,
        })
    }
}

/// `network mask gateway interface metric`; the words for a gateway on the link are any number.
fn v4(words: &[&str], span: Span) -> Option<Route> {
    let [to, netmask, gateway @ .., interface, metric] = words else {
        return None;
    };
    let to: Ipv4Addr = to.parse().ok()?;
    let length = mask(netmask)?;
    let own: Ipv4Addr = interface.parse().ok()?;
    let metric: u32 = metric.parse().ok()?;
    if gateway.is_empty() {
        return None;
    }
    let on_link = gateway.iter().all(|g| g.parse::<Ipv4Addr>().is_err());
    let hosts = to.is_multicast() || to.is_broadcast() || length == 32 && on_link && to == own;
    Some(route(
        to.into(),
        length,
        (hosts, own.to_string(), metric),
        span,
    ))
}

/// `interface metric prefix gateway`.
fn v6(words: &[&str], span: Span) -> Option<Route> {
    let [index, metric, to, ..] = words else {
        return None;
    };
    let index: u32 = index.parse().ok()?;
    let metric: u32 = metric.parse().ok()?;
    let (addr, length) = to.split_once('/')?;
    let addr: Ipv6Addr = addr.parse().ok()?;
    let length: u8 = length.parse().ok()?;
    let hosts = addr.is_multicast() || length == 128 && words.len() != 4;
    Some(route(
        addr.into(),
        length,
        (hosts, index.to_string(), metric),
        span,
    ))
}

fn route(to: IpAddr, length: u8, (hosts, by, metric): (bool, String, u32), span: Span) -> Route {
    Route {
        to: AddrSet::cidr(to, length).unwrap_or_else(AddrSet::empty),
        length,
        kind: match hosts {
            true => RouteKind::Own,
            false => RouteKind::Unicast,
        },
        table: "main".into(),
        interfaces: vec![by.into()],
        metric,
        down: false,
        span,
    }
}

/// A row of the persistent routes, which are among the active ones while they act.
fn is_persistent(words: &[&str]) -> bool {
    let [to, netmask, gateway, _metric @ ..] = words else {
        return false;
    };
    let v4 = |w: &str| w.parse::<Ipv4Addr>().is_ok();
    v4(to) && mask(netmask).is_some() && v4(gateway) && words.len() >= 4
}

/// ` 12...18 66 da 00 00 01 ......Intel(R) Ethernet Connection`.
fn is_interface(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0
        && text
            .get(digits..)
            .is_some_and(|rest| rest.starts_with("..."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::winnet::lines::lines;

    fn read(text: &str) -> Vec<(String, String, u32, bool)> {
        let mut r = RoutePrint::default();
        for line in lines(text, 0) {
            r.line(&line, None);
        }
        let told = |r: &Route| {
            let to: Vec<_> = r.to.texts().collect();
            (
                to.join(" "),
                r.interfaces[0].to_string(),
                r.metric,
                r.kind == RouteKind::Own,
            )
        };
        r.finish().unwrap().routes.iter().map(told).collect()
    }

    #[test]
    fn rows_are_read_by_place_whatever_the_words_for_on_link() {
        for link in ["On-link", "Auf Verbindung", "En vínculo", "On-link "] {
            let text = format!(
                "IPv4 Route Table\n===========================================================================\nActive Routes:\nNetwork Destination        Netmask          Gateway       Interface  Metric\n          0.0.0.0          0.0.0.0    192.168.50.66   192.168.50.140     25\n     192.168.50.0    255.255.255.0   {link}    192.168.50.140    281\n   192.168.50.140  255.255.255.255   {link}    192.168.50.140    281\n===========================================================================\nPersistent Routes:\n  Network Address          Netmask  Gateway Address  Metric\n         10.9.0.0      255.255.0.0     192.168.50.1       1\n"
            );
            let own = |to: &str, m: u32, hosts: bool| {
                (to.to_owned(), "192.168.50.140".to_owned(), m, hosts)
            };
            let want = [
                own("0.0.0.0/0", 25, false),
                own("192.168.50.0/24", 281, false),
                own("192.168.50.140", 281, true),
            ];
            assert_eq!(read(&text), want, "{link}");
        }
    }

    #[test]
    fn gateways_of_ipv6_may_stand_on_the_next_line() {
        let text = "IPv6 Route Table\n===========================================================================\nActive Routes:\n If Metric Network Destination      Gateway\n 12    281 ::/0                     fe80::1\n 12    281 2001:db8:0:1::/64        On-link\n 12    281 2001:db8:0:1:2fca:962c:aebd:dabc/128\n                                    On-link\n  1    331 ff00::/8                 On-link\n";
        let told: Vec<_> = read(text)
            .into_iter()
            .map(|(to, by, _, own)| (to, by, own))
            .collect();
        let own = |to: &str, by: &str, o: bool| (to.to_owned(), by.to_owned(), o);
        let want = [
            own("::/0", "12", false),
            own("2001:db8:0:1::/64", "12", false),
            own("2001:db8:0:1:2fca:962c:aebd:dabc", "12", true),
            own("ff00::/8", "1", true),
        ];
        assert_eq!(told, want);
    }
}
