//! Real files of what stands beside and around a firewall's save file, where a folder of them is at hand: `HYLINT_CORPUS`, else
//! `../shared/corpus` beside the repository. Each is read whole: each of its rules, as the text itself tells how many there
//! are, is in the model or is named; each fact of a listing is in the model; and what is no export is named or passed over.
//!
//! `cargo test --test around_corpus -- --nocapture` prints the table.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it leaves out and fails by panicking"
)]

#[path = "common/invariants.rs"]
mod invariants;
#[path = "common/real.rs"]
mod real;

use hylint::load::NoExport;
use hylint_model::Companion;
use invariants::export_holds;
use real::{files, name, read, text};
use regex::Regex;

const FOLDERS: [&str; 5] = ["firewalld", "listings", "facts", "facts-windows", "mixed"];

fn matches(text: &str, pattern: &str) -> usize {
    Regex::new(pattern).unwrap().find_iter(text).count()
}

/// Rules of a file, as its text tells; `None` where no simple count does.
fn rules(folder: &str, text: &str) -> Option<usize> {
    match folder {
        // Each line behind the heads of a chain that is not empty.
        "listings" if text.contains("Chain ") => {
            let mut inside = false;
            let rules = text.lines().filter(|line| {
                let head = line.trim_start().starts_with("num ")
                    || line.contains(" prot ") && line.contains("source");
                if line.starts_with("Chain ") || head {
                    inside = head;
                    return false;
                }
                inside && line.split_whitespace().count() > 3
            });
            Some(rules.count())
        }
        "listings" => Some(matches(text, r"(?m)^\s*(?:\[\d+:\d+\] )?-[AI] ")),
        _ => None,
    }
}

/// Facts of a listing, as its text tells: the members of sets, interfaces, routes, sockets, and what listens.
fn facts(name: &str, text: &str) -> Option<usize> {
    Some(match name {
        n if n.contains("ipset") => {
            let mut inside = false;
            let members = text.lines().filter(|l| {
                let l = l.trim();
                let head = l.starts_with("Members:");
                let other = l.is_empty() || l.starts_with("Name:");
                inside = head || inside && !other;
                inside && !head
            });
            members.count()
        }
        n if n.contains("ip-j-addr") => matches(text, r#""ifname":"#),
        n if n.contains("ip-addr") => matches(text, r"(?m)^\s*\d+: \S+: <"),
        n if n.contains("ip-route-show") => text.lines().filter(|l| !l.trim().is_empty()).count(),
        n if n.contains("ss-tulpen") => matches(text, r"(?m)^(?:tcp|udp)"),
        _ => return None,
    })
}

fn held(companion: &Companion) -> Option<usize> {
    Some(match companion {
        Companion::IpSet(s) => s.entries.len(),
        Companion::HostInterfaces(l) => l.interfaces.len(),
        Companion::Routes(l) => l.routes.len(),
        Companion::Sockets(l) => l.sockets.len(),
        _ => return None,
    })
}

// Fails if a rule or a fact of a real file is neither in the model nor named, or a file is not read and not named.
#[test]
fn every_file_is_read_whole() {
    println!(
        "{:<52} {:<16} {:>5} {:>5} {:>5} {:>5} {:>6} {:>6}",
        "file", "format", "text", "rules", "model", "lost", "facts", "held"
    );
    let mut faults = Vec::new();
    for folder in FOLDERS {
        for path in files(folder) {
            let name = name(&path);
            let shown = format!("{folder}/{name}");
            let text = text(&path);
            let (told, said) = (rules(folder, &text), facts(&name, &text));
            let number = |n: Option<usize>| n.map_or("-".to_owned(), |n| n.to_string());
            let export = match read(&path) {
                Ok((e, _)) => e,
                Err(NoExport::Unread(u)) => {
                    println!("{shown:<52} unread: {}", u.what());
                    // Templates and pages are none.
                    if folder != "mixed" && u.like.is_none() {
                        faults.push(format!("{shown}: unread, {}", u.what()));
                    }
                    continue;
                }
                Err(NoExport::Failed(f)) => {
                    faults.push(format!("{shown}: {}", f.message));
                    continue;
                }
            };
            export_holds(&export);
            let x = &export.export;
            let all: Vec<usize> = x.companions.iter().filter_map(held).collect();
            let sum = (!all.is_empty()).then(|| all.iter().sum::<usize>());
            println!(
                "{shown:<52} {:<16} {:>5} {:>5} {:>5} {:>5} {:>6} {:>6}",
                x.format,
                number(told),
                x.rules_in_file,
                x.rules_in_model(),
                x.lost(),
                number(said),
                number(sum)
            );
            if x.lost() > 0 {
                faults.push(format!("{shown}: {} lost", x.lost()));
            }
            if told.is_some_and(|n| n != x.rules_in_file) {
                faults.push(format!(
                    "{shown}: {} rules, and its text has {told:?}",
                    x.rules_in_file
                ));
            }
            let problems = x.problems.iter().any(|p| !p.message.is_empty());
            if said.is_some_and(|n| sum.unwrap_or(0) < n) && !problems {
                faults.push(format!("{shown}: {sum:?} facts, and its text has {said:?}"));
            }
            if x.points.is_empty() && x.companions.is_empty() && x.problems.is_empty() {
                faults.push(format!("{shown}: nothing is read of it and nothing said"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
