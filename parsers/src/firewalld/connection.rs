//! Connections of NetworkManager, which keep the zones of their interfaces (nm-settings-keyfile(5), nm-settings-ifcfg-rh(5)):
//! `firewall-cmd --permanent --add-interface` writes there, and no file of firewalld names the interface.

use super::own::{Connection, Own, Word};
use super::settle;
use hylint_model::{Problem, ProblemKind, Span};

/// Keys of ifcfg files.
const KEYS: [&str; 8] = [
    "DEVICE",
    "ONBOOT",
    "BOOTPROTO",
    "NM_CONTROLLED",
    "IPADDR",
    "UUID",
    "HWADDR",
    "STARTMODE",
];

/// Whether a text is a connection.
pub(super) fn is(text: &str) -> bool {
    is_keyfile(text) || is_ifcfg(text)
}

fn is_keyfile(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.any(|l| l == "[connection]")
        && lines.any(|l| l.starts_with("uuid=") || l.starts_with("type="))
}

fn is_ifcfg(text: &str) -> bool {
    let lines = || text.lines().map(str::trim);
    let plain = |l: &str| l.is_empty() || l.starts_with('#') || l.contains('=');
    let known = |l: &str| {
        l.split_once('=')
            .is_some_and(|(k, _)| KEYS.contains(&k.trim()))
    };
    lines().all(plain) && lines().filter(|l| known(l)).count() >= 2
}

/// Reads the connection of a text that begins at an offset.
pub(super) fn read(own: &mut Own, text: &str, at: usize, path: &str) {
    let keyfile = is_keyfile(text);
    let (mut interface, mut zone, mut section) = (None, None, "");
    let mut start = at;
    for line in text.split_inclusive('\n') {
        let begin = start + (line.len() - line.trim_start().len());
        start += line.len();
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        let word = || Word::new(value, Span::new(begin, begin + line.len()));
        match key.trim() {
            _ if value.is_empty() => {}
            "interface-name" if keyfile && section == "connection" => interface = Some(word()),
            "zone" if keyfile && section == "connection" => zone = Some(word()),
            "DEVICE" if !keyfile => interface = Some(word()),
            "ZONE" if !keyfile => zone = Some(word()),
            _ => {}
        }
    }
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    if let (None, Some(zone), Some(name)) = (&interface, &zone, file.strip_prefix("ifcfg-")) {
        interface = Some(Word::new(name, zone.span));
    }
    if let Some(zone) = zone {
        own.connections.push(Connection { interface, zone });
    }
}

/// Puts the interfaces of connections into their zones, where no listing of what runs shows in which they are.
pub(super) fn bind(own: &mut Own) {
    let all = std::mem::take(&mut own.connections);
    if own.zones.iter().any(|z| !z.permanent) || own.zones.is_empty() {
        return;
    }
    for Connection { interface, zone } in all {
        let Some(interface) = interface else {
            let message = format!(
                "the connection is in zone `{}` and names no interface: which one is in that zone is not known",
                zone.text
            );
            doubt(own, zone.span, message);
            continue;
        };
        let known = |own: &Own| own.zones.iter().position(|z| z.name == zone.text);
        if known(own).is_none() {
            settle::shipped(own, &zone.text);
        }
        let Some(place) = known(own) else {
            let message = format!(
                "interface `{}` is in zone `{}`, which is not in the export: what it accepts is not known",
                interface.text, zone.text
            );
            doubt(own, zone.span, message);
            continue;
        };
        let other =
            own.zones.iter().enumerate().find(|(n, z)| {
                *n != place && z.interfaces.iter().any(|i| i.text == interface.text)
            });
        if let Some((_, other)) = other {
            let message = format!(
                "NetworkManager puts interface `{}` into zone `{}`, and firewalld has it in `{}`: which is in force is not known",
                interface.text, zone.text, other.name
            );
            doubt(own, zone.span, message);
            continue;
        }
        if let Some(z) = own.zones.get_mut(place) {
            z.by_connection = true;
            if z.interfaces.iter().all(|i| i.text != interface.text) {
                z.interfaces.push(interface);
            }
        }
    }
}

fn doubt(own: &mut Own, at: Span, message: String) {
    own.cut = true;
    let problem = Problem::new(ProblemKind::Incomplete, at, message);
    own.problems
        .push(problem.help("add the output of `firewall-cmd --list-all-zones`"));
}
