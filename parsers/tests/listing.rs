//! Listings of the real tools against their save files: rule by rule the same model.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test prints what it compares and fails by panicking"
)]

use hylint_model::{
    Action, Body, Clause, Condition, ConditionKind, Export, Rule, Span, Table, Test,
};
use hylint_parsers::format;
use hylint_parsers::source::Source;
use std::path::{Path, PathBuf};

fn read(path: &Path) -> Export {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let source = Source::new("x", text.as_str(), "UTF-8");
    format::read(&source).unwrap_or_else(|| panic!("{} is not read", path.display()))
}

fn tables(export: &Export) -> Vec<&Table> {
    let points = export.points.iter();
    points
        .flat_map(|p| match &p.body {
            Body::Netfilter(n) => n.tables(),
            Body::Lists(_) => &[],
        })
        .collect()
}

/// What a rule says, without its places.
fn said(rule: &Rule) -> (Vec<Clause>, Action, String) {
    let bare = |c: &Condition| Condition {
        span: Span::default(),
        // Names of tables of rates and all of a time are not printed; each is drawn anew in any case.
        text: match (c.kind, &c.test) {
            (ConditionKind::Rate, _) | (_, Test::ExtensionHeader) => "".into(),
            _ => c.without_place().replace('"', "").into(),
        },
        ..c.clone()
    };
    let clauses = rule.clauses.iter().map(|c| Clause {
        space: c.space.clone(),
        conditions: c.conditions.iter().map(bare).collect(),
    });
    (
        clauses.collect(),
        rule.action.clone(),
        rule.comment.to_string(),
    )
}

/// Words of conditions that no listing prints, and which of them a rule may rest on.
fn open(rule: &Rule) -> Vec<String> {
    let conditions = rule.clauses.iter().flat_map(|c| &c.conditions);
    conditions.map(|c| c.text.to_string()).collect()
}

/// How the rules of a listing compare with those of the save file.
#[derive(Default)]
struct Compared {
    same: usize,
    open: Vec<String>,
    wrong: Vec<String>,
}

fn compare(save: &Path, listing: &Path) -> Compared {
    let (a, b) = (read(save), read(listing));
    assert_eq!(b.lost(), 0, "{}", listing.display());
    let mut out = Compared::default();
    let text = std::fs::read(save).unwrap();
    let text = String::from_utf8_lossy(&text);
    for t in tables(&a) {
        if t.chains
            .iter()
            .all(|c| c.base.is_none() || c.policy.is_none())
        {
            println!("  table {} of {} is not loaded", t.name, save.display());
            continue;
        }
        let same = tables(&b).into_iter().find(|o| o.name == t.name);
        let listed = same.unwrap_or_else(|| panic!("{}: no table {}", listing.display(), t.name));
        for chain in &t.chains {
            let (_, other) = listed
                .chain(&chain.name)
                .unwrap_or_else(|| panic!("{}: no chain {}", listing.display(), chain.name));
            assert_eq!(chain.policy.map(|p| p.allow), other.policy.map(|p| p.allow));
            assert_eq!(chain.rules.len(), other.rules.len(), "{}", chain.name);
            for (x, y) in chain.rules.iter().zip(&other.rules) {
                one(&text, x, y, &mut out);
            }
        }
    }
    out
}

fn one(text: &str, saved: &Rule, listed: &Rule, out: &mut Compared) {
    let (x, y) = (said(saved), said(listed));
    let line = text.get(saved.span.range()).unwrap_or("").to_owned();
    let name = |a: &Action| match a {
        Action::Opaque(text) => text.split(' ').next().map(str::to_owned),
        _ => None,
    };
    // Whether such a rule matches decides nothing.
    let idle = x.1 == Action::Continue && y.1 == Action::Continue;
    let handed = name(&x.1).is_some() && name(&x.1) == name(&y.1) && x.0 == y.0;
    if x == y || idle || handed {
        out.same += 1;
    } else if x.1 == y.1 && open(listed).iter().any(|t| t.contains("(at byte ")) {
        out.open.push(format!("{line}\n    {:?}", open(listed)));
    } else {
        out.wrong.push(format!("{line}\n    {x:?}\n    {y:?}"));
    }
}

fn folder() -> PathBuf {
    match std::env::var_os("HYLINT_LISTINGS") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/listing"),
    }
}

// Fails if what a match or target prints is taken for something else than what it says. `HYLINT_LISTINGS` names another
// folder of pairs `NAME.save` and `NAME.nvL`, made by `iptables-save` and `iptables -t TABLE -nvL` of the same rules.
#[test]
fn listings_say_what_save_files_say() {
    let mut pairs = 0;
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "save"))
        .collect();
    all.sort();
    let mut wrong = Vec::new();
    for save in all {
        let listing = save.with_extension("nvL");
        let found = compare(&save, &listing);
        println!(
            "{}: {} the same, {} open, {} wrong",
            save.display(),
            found.same,
            found.open.len(),
            found.wrong.len()
        );
        for o in &found.open {
            println!("  open: {o}");
        }
        wrong.extend(found.wrong);
        pairs += 1;
    }
    assert!(pairs > 0, "no pairs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
