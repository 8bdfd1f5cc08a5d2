//! Times as exports print them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads the times that exports print, as UTC where they name no zone.
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(t) = text.parse::<Timestamp>() {
        return Some(t);
    }
    // `Tue Mar  3 04:05:06 2026`, as iptables-save prints it.
    if let Ok(z) = jiff::fmt::rfc2822::parse(text) {
        return Some(z.timestamp());
    }
    let single: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    [
        "%a %b %d %H:%M:%S %Y",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
    ]
    .iter()
    .find_map(|f| DateTime::strptime(f, &single).ok())
    .and_then(|d| d.to_zoned(TimeZone::UTC).ok())
    .map(|z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn reads_the_times_of_exports() {
        for t in [
            "Tue Mar  3 04:05:06 2026",
            "Sat Mar 13 21:02:03 2021",
            "2026-03-03T04:05:06Z",
            "2026-03-03 04:05:06",
            "Tue, 03 Mar 2026 04:05:06 GMT",
        ] {
            assert!(moment(t).is_some(), "{t}");
        }
        assert_eq!(
            moment("Tue Mar  3 04:05:06 2026").unwrap().to_string(),
            "2026-03-03T04:05:06Z"
        );
        assert!(moment("yesterday").is_none());
    }
}
