//! Listings of firewalld that end before they should.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use hylint_model::{Body, Export, ProblemKind};
use hylint_parsers::format::read;
use hylint_parsers::source::Source;

const ZONES: &str = include_str!("../../tests/formats/zones.txt");

fn parsed(text: &str) -> Option<Export> {
    read(&Source::new("zones.txt", text, "UTF-8"))
}

/// What the export says of a part that is missing.
fn told(e: &Export) -> Vec<&str> {
    let each = e
        .problems
        .iter()
        .filter(|p| p.kind == ProblemKind::Incomplete);
    let messages = each.map(|p| &*p.message);
    messages.filter(|m| m.contains("cut off")).collect()
}

fn is_open(e: &Export) -> bool {
    let body = |b: &Body| matches!(b, Body::Netfilter(n) if n.in_part);
    e.points.iter().all(|p| body(&p.body))
}

// Fails if a zone of which a part is missing counts as one without settings, or as none.
#[test]
fn a_cut_anywhere_but_behind_a_zone_is_told() {
    let mut cuts = 0;
    for at in 1..ZONES.len() {
        let text = &ZONES[..at];
        let Some(e) = parsed(text).filter(|e| e.format == "firewalld") else {
            continue;
        };
        // Nothing tells such ends from the end of the output.
        let last = text.trim_end().rsplit('\n').next().unwrap();
        let whole = last.trim() == "rich rules:" || last.ends_with(" accept");
        if whole {
            assert_eq!(told(&e), [""; 0], "{text}");
            continue;
        }
        assert!(is_open(&e), "{text}");
        assert_eq!(told(&e).len(), 1, "{text}: {:?}", e.problems);
        cuts += 1;
    }
    assert!(cuts > 400, "{cuts}");
}

// Fails if words that a session leaves behind a listing are taken for the beginning of a zone.
#[test]
fn what_stands_behind_a_listing_is_no_cut() {
    for end in [
        "",
        "\n",
        "\npublic\n",
        "\n[root@sh1 ~]# exit\n",
        "\nlogout\n",
        "\nConnection to sh1 closed.\n",
        "\n# saved by hand\n",
        "\nThe zones of sh1 as of today.\n",
    ] {
        let e = parsed(&format!("{ZONES}{end}")).unwrap();
        assert_eq!((told(&e), is_open(&e)), (vec![], false), "{end:?}");
    }
    for end in [
        "\nwork",
        "\nwork\n",
        "\nwork (act",
        "\npubli",
        "\n  t",
        "\nwork\n  t\n",
    ] {
        let e = parsed(&format!("{ZONES}{end}")).unwrap();
        assert_eq!((told(&e).len(), is_open(&e)), (1, true), "{end:?}");
    }
}
