//! `route -n` and `netstat -rn`: tables with columns.

use super::lines::Line;
use super::route::{Read, destination};
use hylint_model::{Route, RouteKind};
use hylint_space::{AddrSet, Family};
use std::net::Ipv4Addr;

/// Which table lines belong to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Columns {
    /// `Destination Gateway Genmask Flags Metric Ref Use Iface`.
    Metric,
    /// `Destination Gateway Genmask Flags MSS Window irtt Iface`.
    Window,
    /// `Destination Next Hop Flag Met Ref Use If`.
    NextHop,
}

/// The columns that a line with heads names. The mask's is the same word in every language.
pub(super) fn columns(line: &Line<'_>) -> Option<Columns> {
    let has = |word: &str| line.words().any(|w| w == word);
    match () {
        // With `-ee`, both stand side by side.
        () if has("Genmask") && has("MSS") && !has("Metric") => Some(Columns::Window),
        () if has("Genmask") => Some(Columns::Metric),
        () if has("Hop") && has("Next") && has("Met") => Some(Columns::NextHop),
        () => None,
    }
}

/// The line above the heads.
pub(super) fn title(line: &Line<'_>) -> bool {
    let text = line.text;
    text.starts_with("Kernel IP") || text.starts_with("Kernel-IP")
}

/// The route of a line.
pub(super) fn read(line: &Line<'_>, columns: Columns) -> Option<Read> {
    let words: Vec<&str> = line.words().collect();
    let interface = *match columns {
        Columns::NextHop => words.get(6),
        Columns::Metric | Columns::Window => words.get(7),
    }?;
    let (to, length, flags, metric, family) = match columns {
        Columns::NextHop => {
            let [to, _, flags, metric, ..] = words.as_slice() else {
                return None;
            };
            let to = to.replace("[::]", "::");
            let (set, length, _) = destination(&to)?;
            // The kernel's own last route has the metric -1.
            let metric: i64 = metric.parse().ok()?;
            (
                set,
                length,
                *flags,
                u32::try_from(metric).unwrap_or(u32::MAX),
                Family::V6,
            )
        }
        Columns::Metric | Columns::Window => {
            let [to, _, mask, flags, metric, ..] = words.as_slice() else {
                return None;
            };
            let mask: u32 = mask.parse::<Ipv4Addr>().ok()?.into();
            let length = u8::try_from(mask.leading_ones()).ok()?;
            let to = match *to {
                "default" => "0.0.0.0",
                "link-local" => "169.254.0.0",
                "loopback" => "127.0.0.0",
                to => to,
            };
            let set = AddrSet::cidr(to.parse::<Ipv4Addr>().ok()?.into(), length)?;
            let metric = match columns {
                Columns::Metric => metric.parse().ok()?,
                _ => 0,
            };
            (Some(set), length, *flags, metric, Family::V4)
        }
    };
    let kind = match () {
        () if flags.contains('!') => RouteKind::Refused,
        () if interface == "lo" => RouteKind::Own,
        () => RouteKind::Unicast,
    };
    let route = Route {
        to: to.unwrap_or_else(AddrSet::empty),
        length,
        kind,
        table: "main".into(),
        interfaces: vec![interface.into()],
        metric,
        down: false,
        span: line.span(),
    };
    Some(Read {
        route,
        family: Some(family),
        gateways: Vec::new(),
        whole: true,
    })
}
