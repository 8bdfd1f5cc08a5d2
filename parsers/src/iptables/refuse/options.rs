//! The options that every rule may have, as getopt_long(3) is told of them (iptables/xshared.h, 1.8.9).

/// What an option wants behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wants {
    Nothing,
    Argument,
    /// One that is glued to it.
    Glued,
}

use Wants::{Argument as A, Glued as G, Nothing as N};

/// Long names with their letters.
pub(super) const LONG: &[(&str, char, Wants)] = &[
    ("append", 'A', A),
    ("delete", 'D', A),
    ("check", 'C', A),
    ("insert", 'I', A),
    ("replace", 'R', A),
    ("list", 'L', G),
    ("list-rules", 'S', G),
    ("flush", 'F', G),
    ("zero", 'Z', G),
    ("new-chain", 'N', A),
    ("delete-chain", 'X', G),
    ("rename-chain", 'E', A),
    ("policy", 'P', A),
    ("source", 's', A),
    ("destination", 'd', A),
    ("src", 's', A),
    ("dst", 'd', A),
    ("protocol", 'p', A),
    ("in-interface", 'i', A),
    ("jump", 'j', A),
    ("table", 't', A),
    ("match", 'm', A),
    ("numeric", 'n', N),
    ("out-interface", 'o', A),
    ("verbose", 'v', N),
    ("wait", 'w', G),
    ("wait-interval", 'W', G),
    ("exact", 'x', N),
    ("fragments", 'f', N),
    ("version", 'V', N),
    ("help", 'h', G),
    ("line-numbers", '0', N),
    ("modprobe", 'M', A),
    ("set-counters", 'c', A),
    ("goto", 'g', A),
    ("ipv4", '4', N),
    ("ipv6", '6', N),
];

/// The option that every rule may have of which a name without dashes is an abbreviation, as `--dest` is of
/// `--destination`: with its dashes, in the long form. `None` of a whole name, and of one that begins several options.
pub(in crate::iptables) fn base_option(name: &str) -> Option<&'static str> {
    const SPELLED: [(&str, &str); 10] = [
        ("source", "--source"),
        ("destination", "--destination"),
        ("protocol", "--protocol"),
        ("in-interface", "--in-interface"),
        ("out-interface", "--out-interface"),
        ("jump", "--jump"),
        ("goto", "--goto"),
        ("match", "--match"),
        ("fragments", "--fragments"),
        ("set-counters", "--set-counters"),
    ];
    if LONG.iter().any(|(n, ..)| *n == name) {
        return None;
    }
    let mut found = LONG.iter().filter(|(n, ..)| n.starts_with(name));
    let first = found.next()?;
    if found.any(|other| other.1 != first.1) {
        return None;
    }
    let spelled = SPELLED.iter().find(|(n, _)| *n == first.0);
    spelled.map(|(_, full)| *full)
}

/// What a letter wants; `None` of one that is no option.
pub(super) fn short(letter: char) -> Option<Wants> {
    let found = LONG.iter().find(|(_, l, _)| *l == letter && letter != '0');
    found.map(|(_, _, wants)| *wants)
}
