//! Matches on rates, counts and times.

use super::spec::{Cursor, Spec};
use hylint_model::{ConditionKind, Span};

/// Reads one; `None` if it is none of them.
pub(super) fn one<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>) -> Option<()> {
    let first = c.peek()?.span;
    let not = c.bang();
    let word = c.next()?;
    match word.text {
        "recent:" => return recent(c, spec, first, not),
        "connbytes" => {
            let value = c.next()?;
            spec.call("connbytes", first);
            spec.option("--connbytes", value.text, not, c.since(first));
            for (key, option) in [
                ("mode", "--connbytes-mode"),
                ("direction", "--connbytes-dir"),
            ] {
                if c.all(&["connbytes", key]) {
                    let value = c.next()?;
                    spec.option(option, value.text, false, c.since(first));
                }
            }
            return Some(());
        }
        _ if not => return None,
        _ => {}
    }
    match word.text {
        "limit:" => limit(c, spec, first)?,
        // Up to 1.4.3 the mask stands behind a slash, without the word.
        "#conn" => {
            let (key, sign, value) = (c.next()?.text, c.next()?.text, c.next()?);
            let (side, mask) = key.split_once('/')?;
            let option = match sign {
                "<=" => "--connlimit-upto",
                ">" => "--connlimit-above",
                _ => return None,
            };
            let side = match side {
                "src" => "--connlimit-saddr",
                "dst" => "--connlimit-daddr",
                _ => return None,
            };
            spec.call("connlimit", c.since(first));
            spec.option(option, value.text, false, c.since(first));
            spec.option("--connlimit-mask", mask, false, c.since(first));
            spec.flag(side, c.since(first));
        }
        "statistic" if c.take("mode") => {
            let mode = c.next()?;
            spec.call("statistic", first);
            spec.option("--mode", mode.text, false, c.since(first));
            let keys = [("probability", "--probability"), ("every", "--every")];
            let not = c.bang();
            for (key, option) in keys {
                if let Some(value) = c.value(key) {
                    spec.option(option, value.text, not, c.since(first));
                    if key == "every" {
                        let packet = c.value("packet").map_or("0", |w| w.text);
                        spec.option("--packet", packet, false, c.since(first));
                    }
                }
            }
        }
        "quota:" => {
            let value = c.next()?;
            c.take("bytes");
            // Whether it is negated is not printed.
            spec.open(ConditionKind::Rate, "quota", c.since(first));
            let _ = value;
        }
        "TIME" => time(c, spec, first),
        _ => return None,
    }
    Some(())
}

fn limit<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span) -> Option<()> {
    if let Some(rate) = c.value("avg") {
        spec.call("limit", first);
        spec.option("--limit", rate.text, false, c.since(first));
        let burst = c.value("burst").filter(|b| b.text != "5");
        if let Some(burst) = burst {
            spec.option("--limit-burst", burst.text, false, c.since(first));
        }
        return Some(());
    }
    spec.call("hashlimit", first);
    if c.take("above") {
        let rate = c.next()?;
        spec.option("--hashlimit-above", rate.text, false, c.since(first));
    } else if c.all(&["up", "to"]) {
        let rate = c.next()?;
        spec.option("--hashlimit-upto", rate.text, false, c.since(first));
    } else {
        return None;
    }
    // Its name is not printed.
    for (key, option) in [
        ("burst", "--hashlimit-burst"),
        ("mode", "--hashlimit-mode"),
        ("htable-size", "--hashlimit-htable-size"),
        ("htable-max", "--hashlimit-htable-max"),
        ("htable-gcinterval", "--hashlimit-htable-gcinterval"),
        ("htable-expire", "--hashlimit-htable-expire"),
        ("srcmask", "--hashlimit-srcmask"),
        ("dstmask", "--hashlimit-dstmask"),
    ] {
        if let Some(value) = c.value(key) {
            let value = match key {
                "mode" => value.text.replace('-', ",").into(),
                _ => std::borrow::Cow::Borrowed(value.text),
            };
            spec.option(option, value, false, c.since(first));
        }
    }
    if c.take("rate-match") {
        spec.flag("--hashlimit-rate-match", c.since(first));
    }
    if let Some(value) = c.value("rate-interval") {
        let option = "--hashlimit-rate-interval";
        spec.option(option, value.text, false, c.since(first));
    }
    Some(())
}

fn recent<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span, not: bool) -> Option<()> {
    let command = match c.next()?.text {
        "SET" => "--set",
        "CHECK" => "--rcheck",
        "UPDATE" => "--update",
        "REMOVE" => "--remove",
        _ => return None,
    };
    spec.call("recent", first);
    if not {
        spec.word("!", first);
    }
    spec.flag(command, c.since(first));
    for (key, option) in [("seconds:", "--seconds"), ("hit_count:", "--hitcount")] {
        if let Some(value) = c.value(key) {
            spec.option(option, value.text, false, c.since(first));
        }
        if key == "seconds:" && c.take("reap") {
            spec.flag("--reap", c.since(first));
        }
    }
    if c.take("TTL-Match") {
        spec.flag("--rttl", c.since(first));
    }
    if let Some(name) = c.value("name:") {
        spec.option("--name", name.text, false, c.since(first));
    }
    let side = c.value("side:").map(|s| s.text);
    if let Some(mask) = c.value("mask:") {
        spec.option("--mask", mask.text, false, c.since(first));
    }
    match side {
        Some("source") => spec.flag("--rsource", c.since(first)),
        Some("dest") => spec.flag("--rdest", c.since(first)),
        _ => {}
    }
    Some(())
}

/// Only what people know a time by is kept; the rest of the words belong to it.
fn time<'a>(c: &mut Cursor<'_, 'a>, spec: &mut Spec<'a>, first: Span) {
    spec.call("time", first);
    loop {
        if let Some(from) = c.value("from") {
            spec.option("--timestart", from.text, false, c.since(first));
            if let Some(to) = c.value("to") {
                spec.option("--timestop", to.text, false, c.since(first));
            }
        } else if let Some(days) = c.value("on") {
            let month = days.text.starts_with(|c: char| c.is_ascii_digit());
            if !month {
                spec.option("--weekdays", days.text, false, c.since(first));
            }
        } else if c.all(&["starting", "from"]) || c.all(&["until", "date"]) {
            c.next();
            c.next();
        } else if !(c.take("UTC") || c.take("contiguous") || c.take("kerneltz")) {
            return;
        }
    }
}
