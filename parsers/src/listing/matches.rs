//! What matches print behind the columns (the `print` functions of iptables' `extensions/`), as the options of a save file.

use super::columns::Word;
use super::spec::{Cursor, Spec};
use super::{packet, rates};
use hylint_model::Span;

/// Reads one match; false if the word begins none that is known, and nothing is taken.
pub(super) fn one<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> bool {
    let (before, words, opens) = (*c, spec.words.len(), spec.opens.len());
    let read: [for<'w, 't> fn(&mut Cursor<'w, 't>, &mut Spec<'t>) -> Option<()>; 5] =
        [packet::one, plain, rates::one, others, headers];
    for f in read {
        if f(c, spec).is_some() {
            return true;
        }
        *c = before;
        spec.words.truncate(words);
        spec.opens.truncate(opens);
    }
    false
}

/// A value whose negation is glued to it.
pub(super) fn signed<'a>(w: Word<'a>) -> (bool, &'a str) {
    w.negation()
}

/// Matches with one value.
fn plain<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    let first = c.peek()?.span;
    let not = c.bang();
    let word = c.next()?;
    match word.text {
        "match-set" | "set" => {
            let (name, sides) = (c.next()?, c.next()?);
            let span = c.since(first);
            spec.call("set", span);
            spec.option("--match-set", name.text, not, span);
            spec.word(sides.text, span);
            if c.take("return-nomatch") {
                spec.flag("--return-nomatch", c.since(first));
            }
            return Some(());
        }
        "owner" | "OWNER" => return owner(c, spec, first, not),
        _ if not => return None,
        _ => {}
    }
    match word.text {
        "mark" | "MARK" if c.take("match") => {
            let (not, value) = (c.bang(), c.next()?);
            spec.call("mark", c.since(first));
            spec.option("--mark", value.text, not, c.since(first));
        }
        "connmark" | "CONNMARK" if c.take("match") => {
            let (not, value) = (c.bang(), c.next()?);
            spec.call("connmark", c.since(first));
            spec.option("--mark", value.text, not, c.since(first));
        }
        "MAC" => {
            let (not, value) = (c.bang(), c.next()?);
            spec.call("mac", c.since(first));
            spec.option("--mac-source", value.text, not, c.since(first));
        }
        "PKTTYPE" => {
            let sign = c.next()?.text;
            let value = c.next()?;
            let not = match sign {
                "=" => false,
                "!=" => true,
                _ => return None,
            };
            spec.call("pkttype", c.since(first));
            spec.option("--pkt-type", value.text, not, c.since(first));
        }
        "TTL" | "HL" if c.take("match") => hops(c, spec, first)?,
        "length" => {
            let (not, value) = signed(c.next()?);
            spec.call("length", c.since(first));
            spec.option("--length", value, not, c.since(first));
        }
        "DSCP" if c.take("match") => {
            let (not, value) = signed(c.next()?);
            spec.call("dscp", c.since(first));
            spec.option("--dscp", value, not, c.since(first));
        }
        "tos" | "TOS" => tos(c, spec, first)?,
        "tcpmss" if c.take("match") => {
            let (not, value) = signed(c.next()?);
            spec.call("tcpmss", c.since(first));
            spec.option("--mss", value, not, c.since(first));
        }
        "helper" if c.take("match") => {
            let not = c.bang();
            let value = c.quoted()?;
            spec.call("helper", c.since(first));
            spec.text("--helper", &value, not, c.since(first));
        }
        "u32" => {
            let not = c.bang();
            let value = c.quoted()?;
            spec.call("u32", c.since(first));
            spec.text("--u32", &value, not, c.since(first));
        }
        "STRING" if c.take("match") => string(c, spec, first)?,
        "rpfilter" => {
            spec.call("rpfilter", first);
            for (word, flag) in [
                ("loose", "--loose"),
                ("validmark", "--validmark"),
                ("accept-local", "--accept-local"),
                ("invert", "--invert"),
            ] {
                if c.take(word) {
                    spec.flag(flag, c.since(first));
                }
            }
        }
        _ => return None,
    }
    Some(())
}

fn hops<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span) -> Option<()> {
    let name = c.next()?.text;
    let (sign, value) = (c.next()?.text, c.next()?);
    let v6 = name == "HL";
    let (option, not) = match (sign, v6) {
        ("==", false) => ("--ttl-eq", false),
        ("!=", false) => ("--ttl-eq", true),
        ("<", false) => ("--ttl-lt", false),
        (">", false) => ("--ttl-gt", false),
        ("==", true) => ("--hl-eq", false),
        ("!=", true) => ("--hl-eq", true),
        ("<", true) => ("--hl-lt", false),
        (">", true) => ("--hl-gt", false),
        _ => return None,
    };
    spec.call(if v6 { "hl" } else { "ttl" }, c.since(first));
    spec.option(option, value.text, not, c.since(first));
    Some(())
}

/// `tos match0x10/0x3f`, `tos match Minimize-Delay` (linux/ip.h).
fn tos<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span) -> Option<()> {
    let word = c.next()?.text.strip_prefix("match")?;
    let (not, mut value) = (word.starts_with('!'), word.trim_start_matches('!'));
    if value.is_empty() {
        value = c.next()?.text;
    }
    let number = match value {
        "Minimize-Delay" => "0x10/0x3f",
        "Maximize-Throughput" => "0x08/0x3f",
        "Maximize-Reliability" => "0x04/0x3f",
        "Minimize-Cost" => "0x02/0x3f",
        "Normal-Service" => "0x00/0x3f",
        other => other,
    };
    spec.call("tos", c.since(first));
    spec.option("--tos", number, not, c.since(first));
    Some(())
}

fn owner<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span, not: bool) -> Option<()> {
    if c.all(&["socket", "exists"]) {
        spec.call("owner", c.since(first));
        if not {
            spec.word("!", first);
        }
        spec.flag("--socket-exists", c.since(first));
        return Some(());
    }
    let option = match c.next()?.text {
        "UID" => "--uid-owner",
        "GID" => "--gid-owner",
        _ => return None,
    };
    if !c.take("match") {
        return None;
    }
    let value = c.next()?.text;
    spec.call("owner", c.since(first));
    // Without -n the names of users are printed; the first one has one name everywhere.
    let value = if value == "root" { "0" } else { value };
    spec.option(option, value, not, c.since(first));
    if c.all(&["incl.", "suppl.", "groups"]) {
        spec.flag("--suppl-groups", c.since(first));
    }
    Some(())
}

fn string<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span) -> Option<()> {
    let not = c.bang();
    let value = c.quoted()?;
    spec.call("string", first);
    let hex = value.starts_with('|') && value.ends_with('|');
    let option = if hex { "--hex-string" } else { "--string" };
    spec.text(option, &value, not, c.since(first));
    if c.all(&["ALGO", "name"]) {
        let algo = c.next()?.text;
        spec.option("--algo", algo, false, c.since(first));
    }
    for (key, option) in [("FROM", "--from"), ("TO", "--to")] {
        if let Some(value) = c.value(key) {
            spec.option(option, value.text, false, c.since(first));
        }
    }
    if c.take("ICASE") {
        spec.flag("--icase", c.since(first));
    }
    Some(())
}

/// Matches that the packet and its connection do not decide.
fn others<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    let first = c.peek()?.span;
    let word = c.next()?;
    match word.text {
        "PHYSDEV" if c.take("match") => {
            spec.call("physdev", first);
            loop {
                let before = *c;
                let not = c.bang();
                let Some(option) = c.peek().filter(|w| w.text.starts_with("--physdev-")) else {
                    *c = before;
                    break;
                };
                c.next();
                if not {
                    spec.word("!", option.span);
                }
                spec.word(option.text, option.span);
                if matches!(option.text, "--physdev-in" | "--physdev-out") {
                    let name = c.next()?;
                    spec.word(name.text, name.span);
                }
            }
        }
        "policy" if c.take("match") => policy(c, spec, first)?,
        "socket" => {
            spec.call("socket", first);
            for flag in ["--transparent", "--nowildcard", "--restore-skmark"] {
                if c.take(flag) {
                    spec.flag(flag, c.since(first));
                }
            }
        }
        "cpu" | "cgroup" | "realm" | "connlabel" => {
            let (not, value) = (c.bang(), c.next()?);
            let (name, option) = match word.text {
                "cpu" => ("cpu", "--cpu"),
                "realm" => ("realm", "--realm"),
                "connlabel" => ("connlabel", "--label"),
                _ if value.text.starts_with('/') => ("cgroup", "--path"),
                _ => ("cgroup", "--cgroup"),
            };
            spec.call(name, c.since(first));
            spec.option(option, value.text, not, c.since(first));
            if name == "connlabel" && c.take("set") {
                spec.flag("--set", c.since(first));
            }
        }
        "nfacct-name" => {
            let name = c.next()?;
            spec.call("nfacct", c.since(first));
            spec.option("--nfacct-name", name.text, false, c.since(first));
        }
        "eui64" => spec.call("eui64", first),
        _ => return None,
    }
    Some(())
}

fn policy<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span) -> Option<()> {
    spec.call("policy", first);
    let dir = c.value("dir")?;
    spec.option("--dir", dir.text, false, c.since(first));
    let pol = c.value("pol")?;
    spec.option("--pol", pol.text, false, c.since(first));
    if c.take("strict") {
        spec.flag("--strict", c.since(first));
    }
    loop {
        let before = *c;
        // `[0]` begins the first element of a strict policy, `[1]` the next one.
        if let Some(number) = c.glued("[") {
            if number.text != "0]" {
                spec.flag("--next", number.span);
            }
            continue;
        }
        let (not, key) = (c.bang(), c.next());
        let option = match key.map_or("", |w| w.text) {
            "reqid" => "--reqid",
            "spi" => "--spi",
            "proto" => "--proto",
            "mode" => "--mode",
            "tunnel-dst" => "--tunnel-dst",
            "tunnel-src" => "--tunnel-src",
            _ => {
                *c = before;
                return Some(());
            }
        };
        let not = c.bang() || not;
        let value = c.next()?.text;
        let named = match (option, value) {
            ("--proto", "50") => "esp",
            ("--proto", "51") => "ah",
            ("--proto", "108") => "ipcomp",
            _ => value,
        };
        spec.option(option, named, not, c.since(first));
    }
}

/// Extension headers of IPv6, and headers that name a security association: what they print behind their names is left
/// out, as nothing of it decides packets of a flow.
fn headers<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    let first = c.next()?;
    let keys: &[&str] = match first.text {
        "rt" => &[
            "type:",
            "segsleft",
            "length:",
            "reserved",
            "0-addrs",
            "0-not-strict",
        ],
        "frag" => &[
            "id:", "ids:", "length:", "reserved", "first", "more", "last",
        ],
        "hbh" | "dst" => &["length:", "opts"],
        "srh" => &["next-hdr:", "hdr-len-", "segs-left-", "last-entry-", "tag:"],
        _ => return security(first, c, spec),
    };
    let name = match first.text {
        "rt" => "rt",
        "frag" => "frag",
        "hbh" => "hbh",
        "dst" => "dst",
        _ => "srh",
    };
    spec.call(name, first.span);
    while c
        .peek()
        .is_some_and(|w| keys.iter().any(|k| w.text.starts_with(k)))
    {
        let word = c.next()?;
        if matches!(word.text, "opts" | "0-addrs") {
            c.next()?;
        }
    }
    Some(())
}

fn security<'a>(first: Word<'a>, c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    let (name, option) = match first.text {
        "esp" => ("esp", "--espspi"),
        "ah" => ("ah", "--ahspi"),
        "comp" => ("ipcomp", "--ipcompspi"),
        "mh" => ("mh", "--mh-type"),
        _ => return None,
    };
    spec.call(name, first.span);
    let value = c.glued("spi:").or_else(|| c.glued("spis:"));
    let value = value.or_else(|| {
        let digit = |w: &Word<'_>| w.negation().1.starts_with(|c: char| c.is_ascii_digit());
        (name == "mh" && c.peek().as_ref().is_some_and(digit))
            .then(|| c.next())
            .flatten()
    });
    if let Some(value) = value {
        let (not, number) = value.negation();
        spec.option(option, number, not, c.since(first.span));
    }
    Some(())
}
