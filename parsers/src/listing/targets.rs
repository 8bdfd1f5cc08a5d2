//! What targets print at the end of a line, as the options of a save file.

use super::spec::{Cursor, Spec};
use hylint_model::Span;

/// The words with which what a target prints begins, where it is not its own name. Targets that print nothing have none.
const BEGIN: &[(&str, &[&str])] = &[
    ("REJECT", &["reject-with"]),
    ("REDIRECT", &["redir", "random"]),
    ("MASQUERADE", &["masq", "random", "random-fully"]),
    ("CT", &["CT", "NOTRACK"]),
    (
        "NFLOG",
        &[
            "nflog-prefix",
            "nflog-group",
            "nflog-range",
            "nflog-size",
            "nflog-threshold",
        ],
    ),
    ("SET", &["add-set", "del-set", "map-set"]),
    ("IDLETIMER", &["timeout:"]),
    ("RATEEST", &["name"]),
    ("LED", &["led-trigger-id:"]),
];

/// Whether what a target prints begins here.
pub(super) fn begins(target: &str, c: &Cursor<'_, '_>) -> bool {
    let Some(word) = c.peek() else { return false };
    if matches!(target, "DNAT" | "SNAT" | "NETMAP" | "SAME") {
        return word.text.starts_with("to:") || word.text == "random";
    }
    match BEGIN.iter().find(|(name, _)| *name == target) {
        Some((_, begin)) => begin.iter().any(|b| word.text.starts_with(b)),
        None => word.text == target,
    }
}

/// Reads what a target prints; words that are left over are none of it.
pub(super) fn read<'a>(target: &str, c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) {
    let before = *c;
    let words = spec.words.len();
    let read = match target {
        "REJECT" => {
            c.next();
            value(c, spec, "--reject-with")
        }
        "DNAT" => to(c, spec, "--to-destination"),
        "SNAT" => to(c, spec, "--to-source"),
        "NETMAP" | "SAME" => to(c, spec, "--to"),
        "REDIRECT" => {
            if c.all(&["redir", "ports"]) {
                value(c, spec, "--to-ports");
            }
            random(c, spec)
        }
        "MASQUERADE" => {
            if c.all(&["masq", "ports:"]) {
                value(c, spec, "--to-ports");
            }
            random(c, spec)
        }
        "MARK" => {
            c.next();
            mark(c, spec, false)
        }
        "CONNMARK" => {
            c.next();
            mark(c, spec, true)
        }
        "CT" => tracking(c, spec),
        "NFQUEUE" => queue(c, spec),
        "SET" => set(c, spec),
        _ => {
            // Nothing of it changes what becomes of the packet.
            while c.next().is_some() {}
            Some(())
        }
    };
    if read.is_none() {
        *c = before;
        spec.words.truncate(words);
    }
}

fn value<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, option: &'static str) -> Option<()> {
    let value = c.next()?;
    spec.option(option, value.text, false, value.span);
    Some(())
}

fn random<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    for (word, flag) in [
        ("random", "--random"),
        ("random-fully", "--random-fully"),
        ("persistent", "--persistent"),
        ("random-fully", "--random-fully"),
    ] {
        let at = c.peek().map_or(Span::default(), |w| w.span);
        if c.take(word) {
            spec.flag(flag, at);
        }
    }
    Some(())
}

fn to<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, option: &'static str) -> Option<()> {
    while let Some(address) = c.glued("to:") {
        spec.option(option, address.text, false, address.span);
        random(c, spec)?;
    }
    random(c, spec)
}

fn mark<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, connection: bool) -> Option<()> {
    let command = c.next()?;
    let option = match command.text {
        "set" => "--set-mark",
        "xset" => "--set-xmark",
        "and" => "--and-mark",
        "or" => "--or-mark",
        "xor" => "--xor-mark",
        "save" | "restore" if connection => {
            let save = command.text == "save";
            let flag = if save {
                "--save-mark"
            } else {
                "--restore-mark"
            };
            spec.flag(flag, command.span);
            for (key, option) in [
                ("mask", "--mask"),
                ("nfmask", "--nfmask"),
                ("ctmask", "--ctmask"),
                ("nfmask", "--nfmask"),
            ] {
                if let Some(mask) = c.value(key) {
                    let value = mask.text.trim_start_matches('~');
                    spec.option(option, value, false, mask.span);
                }
            }
            return Some(());
        }
        _ => return None,
    };
    value(c, spec, option)
}

fn tracking<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    let first = c.next()?;
    if first.text == "NOTRACK" {
        spec.flag("--notrack", first.span);
        return Some(());
    }
    if c.take("notrack") || c.take("NOTRACK") {
        spec.flag("--notrack", c.since(first.span));
    }
    for (key, option) in [
        ("zone", "--zone"),
        ("zone-orig", "--zone-orig"),
        ("zone-reply", "--zone-reply"),
        ("helper", "--helper"),
        ("ctevents", "--ctevents"),
        ("expevents", "--expevents"),
        ("timeout", "--timeout"),
    ] {
        if let Some(value) = c.value(key) {
            spec.option(option, value.text, false, value.span);
        }
    }
    Some(())
}

fn queue<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    c.next()?;
    match c.next()?.text {
        "num" => value(c, spec, "--queue-num")?,
        "balance" => value(c, spec, "--queue-balance")?,
        _ => return None,
    }
    for (word, flag) in [
        ("bypass", "--queue-bypass"),
        ("cpu-fanout", "--queue-cpu-fanout"),
    ] {
        let at = c.peek().map_or(Span::default(), |w| w.span);
        if c.take(word) {
            spec.flag(flag, at);
        }
    }
    Some(())
}

fn set<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    loop {
        let option = match c.ahead(0) {
            "add-set" => "--add-set",
            "del-set" => "--del-set",
            "map-set" => "--map-set",
            "timeout" => {
                c.next();
                value(c, spec, "--timeout")?;
                continue;
            }
            "exist" => {
                let word = c.next()?;
                spec.flag("--exist", word.span);
                continue;
            }
            "map-mark" | "map-prio" | "map-queue" => {
                let word = c.next()?;
                let flag = match word.text {
                    "map-mark" => "--map-mark",
                    "map-prio" => "--map-prio",
                    _ => "--map-queue",
                };
                spec.flag(flag, word.span);
                continue;
            }
            _ => return Some(()),
        };
        c.next()?;
        let (name, sides) = (c.next()?, c.next()?);
        spec.option(option, name.text, false, name.span);
        spec.word(sides.text, sides.span);
    }
}
