//! Matches that the packet itself or its connection decides.

use super::columns::Word;
use super::spec::{Cursor, Spec};
use crate::iptables::names;
use hylint_model::{ConditionKind, Span};

/// Reads one; `None` if it is none of them.
pub(super) fn one<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    let first = c.peek()?.span;
    let not = c.bang();
    let word = c.next()?;
    match word.text {
        "state" => {
            let states = c.next()?;
            spec.call("state", first);
            spec.option("--state", states.text, not, c.since(first));
            return Some(());
        }
        key if conntrack(key).is_some() => return connection(c, spec, word, not),
        _ if not => return None,
        _ => {}
    }
    match word.text {
        "tcp" => ports(c, spec, "tcp", first)?,
        "udp" => ports(c, spec, "udp", first)?,
        "udplite" => ports(c, spec, "udplite", first)?,
        "sctp" => ports(c, spec, "sctp", first)?,
        "dccp" => ports(c, spec, "dccp", first)?,
        "multiport" => multiport(c, spec, first)?,
        "source" | "destination" if c.all(&["IP", "range"]) => {
            let (not, range) = (c.bang(), c.next()?);
            let src = word.text == "source";
            let option = if src { "--src-range" } else { "--dst-range" };
            spec.call("iprange", c.since(first));
            spec.option(option, range.text, not, c.since(first));
        }
        "ADDRTYPE" if c.take("match") => types(c, spec, first)?,
        "icmp" | "icmptype" => icmp(c, spec, word, ("icmp", "--icmp-type"))?,
        "ipv6-icmp" | "ipv6-icmptype" => icmp(c, spec, word, ("icmp6", "--icmpv6-type"))?,
        _ => return None,
    }
    Some(())
}

fn conntrack(key: &str) -> Option<&'static str> {
    Some(match key {
        "ctstate" => "--ctstate",
        "ctproto" => "--ctproto",
        "ctorigsrc" => "--ctorigsrc",
        "ctorigdst" => "--ctorigdst",
        "ctreplsrc" => "--ctreplsrc",
        "ctrepldst" => "--ctrepldst",
        "ctorigsrcport" => "--ctorigsrcport",
        "ctorigdstport" => "--ctorigdstport",
        "ctreplsrcport" => "--ctreplsrcport",
        "ctrepldstport" => "--ctrepldstport",
        "ctstatus" => "--ctstatus",
        "ctexpire" => "--ctexpire",
        "ctdir" => "--ctdir",
        _ => return None,
    })
}

/// The options of one match follow each other; one that comes again is of the next.
fn connection<'a>(
    c: &mut Cursor<'_, 'a>,
    spec: &mut Spec<'a>,
    first: Word<'a>,
    not: bool,
) -> Option<()> {
    spec.call("conntrack", first.span);
    let (mut word, mut not, mut seen) = (first, not, Vec::new());
    // Of a packet without a connection one match asks for its state alone (`conntrack_mt` in net/netfilter/xt_conntrack.c);
    // two matches print the same, and the second one does not match it.
    let mut loose = false;
    loop {
        let option = conntrack(word.text)?;
        let value = c.next()?;
        let named = option.ends_with("src") || option.ends_with("dst");
        let address = value.text.split('/').next().unwrap_or("");
        if named && address.parse::<std::net::IpAddr>().is_err() {
            let text = format!("the addresses of `{}`", value.text);
            spec.open(ConditionKind::Peer, &text, value.span);
        } else {
            spec.option(option, value.text, not, word.span.to(value.span));
        }
        let has = |state: &str| value.text.split(',').any(|s| s == state) != not;
        loose |= option == "--ctstate" && (has("INVALID") || has("UNTRACKED"));
        seen.push(option);
        let mut ahead = *c;
        not = ahead.bang();
        let next = ahead.next();
        let again = |w: &Word<'_>| conntrack(w.text).is_some_and(|o| !seen.contains(&o));
        let Some(next) = next.filter(again) else {
            if loose && seen.len() > 1 {
                let all = c.since(first.span);
                let words = c.text.get(all.range()).unwrap_or("");
                let text = format!("`{words}`, of one match or of two");
                spec.open(ConditionKind::Unknown, &text, all);
            }
            return Some(());
        };
        (*c, word) = (ahead, next);
    }
}

/// A port or a range; names are those that every system has.
fn port(text: &str) -> bool {
    text.split(':')
        .all(|p| p.is_empty() || names::port(p).is_some())
}

fn ports<'a>(
    c: &mut Cursor<'_, 'a>,
    spec: &mut Spec<'a>,
    protocol: &'static str,
    first: Span,
) -> Option<()> {
    spec.call(protocol, first);
    loop {
        let (option, value) = if let Some(v) = c.glued("spts:").or_else(|| c.glued("spt:")) {
            ("--sport", v)
        } else if let Some(v) = c.glued("dpts:").or_else(|| c.glued("dpt:")) {
            ("--dport", v)
        } else if let Some(v) = c.glued("flags:").filter(|_| protocol == "tcp") {
            let (not, value) = v.negation();
            let (mask, set) = value.split_once('/')?;
            let (mask, set) = (flags(mask)?, flags(set)?);
            spec.option("--tcp-flags", mask, not, v.span);
            spec.word(set, v.span);
            continue;
        } else if let Some(v) = c.glued("option=").filter(|_| protocol == "tcp") {
            let (not, value) = v.negation();
            spec.option("--tcp-option", value, not, v.span);
            continue;
        } else if matches!(protocol, "sctp" | "dccp") && special(c, spec, protocol) {
            continue;
        } else {
            return Some(());
        };
        let (not, range) = value.negation();
        if port(range) {
            spec.option(option, range, not, value.span);
        } else {
            let text = format!("the port of service `{range}`");
            spec.open(ConditionKind::Unknown, &text, value.span);
        }
    }
}

/// Chunks of SCTP, types and options of DCCP.
fn special<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, protocol: &'static str) -> bool {
    let first = c.peek();
    let not = c.ahead(0) == "!";
    let word = c.ahead(usize::from(not));
    let chunk = protocol == "sctp" && matches!(word, "any" | "all" | "only");
    let types = word.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit());
    let dccp = protocol == "dccp" && (types && !is_target(word) || word.starts_with("option="));
    let Some(first) = first.filter(|_| chunk || dccp) else {
        return false;
    };
    let count = usize::from(not) + 1 + usize::from(chunk);
    for _ in 0..count {
        c.next();
    }
    let text = format!("`{protocol}` chunks, types or options");
    spec.open(ConditionKind::Unknown, &text, c.since(first.span));
    true
}

fn is_target(word: &str) -> bool {
    crate::iptables::TARGETS.iter().any(|t| t.name == word)
        || ["ADDRTYPE", "MAC", "PKTTYPE", "STRING", "PHYSDEV", "TIME"].contains(&word)
}

/// Names of flags, or their bits.
fn flags(text: &str) -> Option<String> {
    let Some(bits) = text.strip_prefix("0x") else {
        return Some(text.to_owned());
    };
    let bits = u8::from_str_radix(bits, 16).ok()?;
    const NAMES: [&str; 6] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];
    if bits >> NAMES.len() != 0 {
        return None;
    }
    let set = NAMES
        .iter()
        .enumerate()
        .filter(|(i, _)| bits & (1 << i) != 0);
    let names: Vec<&str> = set.map(|(_, n)| *n).collect();
    Some(match names.is_empty() {
        true => "NONE".to_owned(),
        false => names.join(","),
    })
}

fn multiport<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span) -> Option<()> {
    let option = match c.next()?.text {
        "dports" => "--dports",
        "sports" => "--sports",
        "ports" => "--ports",
        _ => return None,
    };
    let value = c.next()?;
    let (not, list) = value.negation();
    spec.call("multiport", first);
    if list.split(',').all(port) {
        spec.option(option, list, not, c.since(first));
    } else {
        let text = format!("the ports of services `{list}`");
        spec.open(ConditionKind::Unknown, &text, value.span);
    }
    Some(())
}

fn types<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span) -> Option<()> {
    spec.call("addrtype", first);
    let mut any = false;
    for (key, option) in [("src-type", "--src-type"), ("dst-type", "--dst-type")] {
        if let Some(value) = c.value(key) {
            let (not, list) = value.negation();
            spec.option(option, list, not, c.since(first));
            any = true;
        }
    }
    for (key, option) in [
        ("limit-in", "--limit-iface-in"),
        ("limit-out", "--limit-iface-out"),
    ] {
        if c.take(key) {
            spec.flag(option, c.since(first));
        }
    }
    any.then_some(())
}

/// `icmptype 3 code 4`, `icmp !type 8`, `icmp echo-request`, and the form of old versions, `icmp type 8 code 0`.
fn icmp<'a>(
    c: &mut Cursor<'_, 'a>,
    spec: &mut Spec<'a>,
    first: Word<'a>,
    (name, option): (&'static str, &'static str),
) -> Option<()> {
    let mut not = false;
    let numeric = first.text.ends_with("type") || {
        let glued = matches!(c.ahead(0), "type" | "!type");
        not = glued && c.ahead(0).starts_with('!');
        glued && c.next().is_some()
    };
    if !numeric {
        let value = c.next()?;
        let (not, named) = value.negation();
        let known = named == "any" || names::icmp(named, name == "icmp6").is_some();
        if !known {
            return None;
        }
        spec.call(name, c.since(first.span));
        spec.option(option, named, not, c.since(first.span));
        return Some(());
    }
    let kind = c.next()?;
    let number: u8 = kind.text.parse().ok()?;
    spec.call(name, c.since(first.span));
    if number == 255 {
        c.value("code");
        spec.option(option, "any", not, c.since(first.span));
    } else if let Some(code) = c.value("code") {
        let both = format!("{number}/{}", code.text);
        spec.option(option, both, not, c.since(first.span));
    } else if let Some(codes) = c.value("codes") {
        if not {
            return None;
        }
        // A save file has no range of codes.
        spec.option(option, number.to_string(), false, c.since(first.span));
        spec.open(
            ConditionKind::Unknown,
            "a range of codes, `icmp`",
            codes.span,
        );
    } else {
        spec.option(option, number.to_string(), not, c.since(first.span));
    }
    Some(())
}
