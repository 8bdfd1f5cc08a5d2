//! A packet as fields of text, as tables of packets have them.

use hylint::session::trace::{COLUMNS, Fields, Packet};
use hylint_space::TcpFlags;
use std::collections::BTreeMap;
use std::fmt;

/// Fields by column; what is not there is empty.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Row(pub(crate) BTreeMap<String, String>);

const FLAGS: [&str; 6] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

impl Row {
    pub(crate) fn get(&self, column: &str) -> &str {
        self.0.get(column).map_or("", String::as_str)
    }

    pub(crate) fn set(&mut self, column: &str, value: impl Into<String>) {
        self.0.insert(column.to_owned(), value.into());
    }

    /// The cells in the order of [`COLUMNS`].
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        COLUMNS.iter().map(|c| self.get(c))
    }

    pub(crate) fn packet(&self) -> Packet {
        Packet::parse(&Fields::of_columns(self.cells())).unwrap_or_else(|e| panic!("{e}: {self}"))
    }

    /// The fields that a packet is read from, without its state, which its other fields imply.
    pub(crate) fn of(p: &Packet) -> Self {
        let mut row = Self::default();
        let port = |p: Option<(u16, u16)>| p.map_or_else(String::new, |(n, _)| n.to_string());
        let id = |n: Option<u32>| n.map_or_else(String::new, |n| n.to_string());
        row.set("src", p.src.to_string());
        row.set("dst", p.dst.to_string());
        row.set("proto", name(p.proto));
        row.set("sport", port(p.sport));
        row.set("dport", port(p.dport));
        row.set("in_iface", &*p.in_iface);
        row.set("out_iface", &*p.out_iface);
        row.set("flags", p.flags.map_or_else(String::new, flags));
        row.set("smac", p.smac.as_deref().unwrap_or_default());
        row.set("mark", p.mark.to_string());
        row.set("uid", id(p.uid));
        row.set("gid", id(p.gid));
        row
    }

    /// A packet like any other.
    #[cfg(test)]
    pub(crate) fn example() -> Self {
        let fields = [
            ("src", "10.0.0.1"),
            ("dst", "10.0.0.2"),
            ("proto", "tcp"),
            ("sport", "1024"),
            ("dport", "22"),
            ("flags", "SYN"),
        ];
        Self(fields.map(|(k, v)| (k.to_owned(), v.to_owned())).into())
    }
}

/// The lab knows these by name.
fn name(proto: u8) -> String {
    match proto {
        1 => "icmp".to_owned(),
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        47 => "gre".to_owned(),
        58 => "ipv6-icmp".to_owned(),
        n => n.to_string(),
    }
}

fn flags(f: TcpFlags) -> String {
    let set = FLAGS.iter().enumerate().filter(|(i, _)| f.0 >> i & 1 == 1);
    let names: Vec<&str> = set.map(|(_, n)| *n).collect();
    if names.is_empty() {
        "NONE".to_owned()
    } else {
        names.join("+")
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.0.iter().filter(|(_, v)| !v.is_empty());
        let each: Vec<String> = said.map(|(k, v)| format!("{k}={v}")).collect();
        f.write_str(&each.join(" "))
    }
}

#[test]
fn a_row_of_a_packet_is_read_as_the_packet() {
    let packet = Row::example().packet();
    assert_eq!(Row::of(&packet).packet(), packet);
}
