//! What the counter of a rule says: `counter packets 5 bytes 300` as text, and as JSON.

use hylint_model::Hits;

/// What the only counter in the text of a rule says. A named counter is an object of its own, which may be of many rules.
pub(super) fn of(rule: &str) -> Hits {
    let mut found = Hits::Unprinted;
    let mut rest = rule;
    let json = rule.starts_with('{');
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"counter") {
        let (before, behind) = (
            rest.get(..at).unwrap_or(""),
            rest.get(at + 7..).unwrap_or(""),
        );
        // Text in quotes is a comment or a prefix, and what is in braces counts elements.
        let quoted = !json && count(before, '"') % 2 == 1;
        let inside = !json && count(before, '{') > count(before, '}');
        if !quoted
            && !inside
            && let Some(packets) = packets(behind, json)
        {
            if found != Hits::Unprinted {
                return Hits::Unprinted;
            }
            found = Hits::of(packets);
        }
        // What was counted of the text before stays so.
        if quoted {
            let end = behind.find('"').map_or(behind.len(), |n| n + 1);
            rest = behind.get(end..).unwrap_or("");
        } else if inside {
            let end = behind.find('}').map_or(behind.len(), |n| n + 1);
            rest = behind.get(end..).unwrap_or("");
        } else {
            rest = behind;
        }
    }
    found
}

fn count(text: &str, c: char) -> usize {
    text.matches(c).count()
}

/// The number behind `packets`, which follows the word at once.
fn packets(behind: &str, json: bool) -> Option<u64> {
    let filler = |c: char| c.is_whitespace() || json && matches!(c, '"' | ':' | '{');
    let rest = behind.trim_start_matches(filler).strip_prefix("packets")?;
    let digits = rest.trim_start_matches(filler);
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails if a number of something else is taken for what the rule counted.
    #[test]
    fn counters_of_rules() {
        for (rule, hits) in [
            (
                "tcp dport 22 counter packets 5 bytes 300 accept",
                Hits::Some,
            ),
            ("counter packets 0 bytes 0 accept", Hits::None),
            ("tcp dport 22 accept", Hits::Unprinted),
            ("tcp dport 22 counter accept", Hits::Unprinted),
            ("counter name \"web\" accept", Hits::Unprinted),
            ("accept comment \"counter packets 7\"", Hits::Unprinted),
            (
                "ip saddr { 10.0.0.1 counter packets 7 bytes 8 } counter packets 0 bytes 0 accept",
                Hits::None,
            ),
            (
                "log prefix \"counter packets 1\" counter packets 0 bytes 0",
                Hits::None,
            ),
            (
                "{\"expr\": [{\"counter\": {\"packets\": 3, \"bytes\": 4}}]}",
                Hits::Some,
            ),
            (
                "{\"expr\": [{\"counter\": null}, {\"accept\": null}]}",
                Hits::Unprinted,
            ),
        ] {
            assert_eq!(of(rule), hits, "{rule}");
        }
    }
}
