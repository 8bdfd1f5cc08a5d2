//! `netstat -lntup` of net-tools and BusyBox.

use super::lines::Line;
use super::socket::{Programs, Row, waits};
use hylint_space::proto;

/// Whether a line holds the heads of the columns, in any language.
pub(super) fn is_head(line: &Line<'_>) -> bool {
    let mut words = line.words();
    words.next() == Some("Proto") && words.next() == Some("Recv-Q")
}

/// The line above the heads of sockets of the Internet.
pub(super) fn title(line: &Line<'_>) -> bool {
    line.text.starts_with("Active Internet connections")
}

/// What a line is; `None` if it is no socket of netstat. BSD has the port behind a dot.
pub(super) fn read(line: &Line<'_>) -> Option<Row> {
    let mut words = line.words();
    let name = words.next()?;
    let protocol = match name {
        "tcp" | "tcp6" => proto::TCP,
        "udp" | "udp6" => proto::UDP,
        "raw" | "raw6" | "udplite" | "udplite6" | "sctp" | "unix" => {
            let numbers = words.filter(|w| w.parse::<u64>().is_ok()).count();
            return (numbers >= 1).then_some(Row::Other);
        }
        _ => return None,
    };
    let queues = [words.next()?, words.next()?];
    if !queues.iter().all(|q| q.parse::<u64>().is_ok()) {
        return None;
    }
    let (local, peer) = (words.next()?, words.next()?);
    if !local.contains(':') || !peer.contains(':') {
        return None;
    }
    // What waits has no peer, whatever the state is called.
    if !peer.ends_with(":*") {
        return Some(Row::Connected);
    }
    Some(waits(local, protocol, programs(line.text), line))
}

/// `812/sshd: /usr/sbin`, the last column.
fn programs(text: &str) -> Programs {
    let numbered = |w: &&str| {
        let pid = w.split_once('/').map(|(pid, _)| pid);
        pid.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let Some((pid, name)) = text
        .split_ascii_whitespace()
        .find(numbered)
        .and_then(|w| w.split_once('/'))
    else {
        return Programs::default();
    };
    Programs {
        names: vec![name.trim_end_matches(':').into()],
        pid: pid.parse().ok(),
    }
}
