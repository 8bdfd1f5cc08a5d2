//! Every row of the matrix × format × direction × mutation: an export that holds everything a host needs, in the form in
//! which the platform writes it, with one rule changed. The change must be found, on that row and at that line, and
//! nothing else may be.
//!
//! What a finding advises is applied, too, after which the finding must be gone; `HYLINT_MUTATIONS=deep` runs the `trace`
//! commands of every case.
//!
//! `HYLINT_KEEP_MUTATIONS=1` keeps the folders of the cases that fail.
#![allow(unreachable_pub)] // the modules are private to this test
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

#[path = "common/advice.rs"]
mod advice;
#[path = "mutations/aws.rs"]
mod aws;
#[path = "mutations/azure.rs"]
mod azure;
#[path = "mutations/iptables.rs"]
mod iptables;
#[path = "mutations/json.rs"]
mod json;
#[path = "mutations/mutate.rs"]
mod mutate;
#[path = "mutations/netsh.rs"]
mod netsh;
#[path = "mutations/page.rs"]
mod page;
#[path = "mutations/plan.rs"]
mod plan;
#[path = "mutations/verify.rs"]
mod verify;

use hylint::rules::matrix::{Matrix, Requirement, RoleIx, builtin};
use mutate::{Case, Mutation, Platform};
use plan::{Dir, Plan, destinations, external};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Of so many cases one runs through the program instead of the library.
const BINARY: usize = 10;

/// Of so many cases the `trace` commands of one are run; each is a program of its own.
const TRACES: usize = 8;

/// The sites in which a row is judged at a host in a direction.
fn plans<'a>(matrix: &'a Matrix, req: &Requirement, dir: Dir) -> Vec<Plan<'a>> {
    let roles = match dir {
        Dir::In => destinations(req),
        Dir::Out => req.from.roles.clone(),
    };
    let mut out = Vec::new();
    for role in roles.into_iter().filter(|r| !external(matrix, *r)) {
        // One of several destinations is enough: the others are left out, each in turn.
        let all = destinations(req);
        let without: Vec<Option<RoleIx>> = match dir {
            _ if req.to_any.is_empty() => vec![None],
            Dir::In => all
                .iter()
                .filter(|r| **r != role)
                .map(|r| Some(*r))
                .collect(),
            Dir::Out => all.iter().map(|r| Some(*r)).collect(),
        };
        out.extend(without.into_iter().map(|w| Plan::new(matrix, role, w)));
    }
    out
}

/// Why a combination is no case, and how often: a case that silently vanished would show here.
const NOT_BUILT: [(&str, usize); 5] = [
    ("nobody exports the firewall of a cloud portal", 3),
    ("security groups have no denies", 175),
    ("the flow has one port", 684),
    ("the format knows no disabled rules", 525),
    ("what goes out is no excess", 1164),
];

/// Passed and all, of one format and mutation.
type Cell = (usize, usize);

#[test]
fn every_row_format_direction_and_mutation() {
    let matrix = builtin("hyworks").unwrap().unwrap();
    assert_eq!(matrix.requirements.len(), 75);
    let mut sites = Vec::new();
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    for req in &matrix.requirements {
        for dir in Dir::BOTH {
            let plans = plans(&matrix, req, dir);
            if plans.is_empty() {
                *skipped
                    .entry("nobody exports the firewall of a cloud portal")
                    .or_default() += 1;
            }
            sites.extend(plans.into_iter().map(|p| (req, dir, p)));
        }
    }
    let mut cases = Vec::new();
    for (req, dir, plan) in &sites {
        for platform in Platform::ALL {
            for mutation in Mutation::ALL {
                cases.push(Case {
                    req,
                    plan,
                    dir: *dir,
                    platform,
                    mutation,
                });
            }
        }
    }
    let deep = std::env::var("HYLINT_MUTATIONS").is_ok_and(|v| v == "deep");
    let results: Vec<_> = cases
        .par_iter()
        .enumerate()
        .map(|(n, c)| verify::run(c, n % BINARY == 7, deep || n % TRACES == 3))
        .collect();
    let mut table: BTreeMap<(Platform, Mutation), Cell> = BTreeMap::new();
    let mut failed: BTreeMap<(Platform, Mutation), Vec<String>> = BTreeMap::new();
    for (case, result) in cases.iter().zip(results) {
        match result {
            Err(reason) => *skipped.entry(reason).or_default() += 1,
            Ok(done) => {
                let key = (case.platform, case.mutation);
                let cell = table.entry(key).or_default();
                cell.1 += 1;
                match done {
                    Ok(()) => cell.0 += 1,
                    Err(e) => failed
                        .entry(key)
                        .or_default()
                        .push(format!("{}: {e}", case.name())),
                }
            }
        }
    }
    print(&table);
    for (reason, n) in &skipped {
        println!("{n:6} not built: {reason}");
    }
    for (key, all) in &failed {
        println!("\n{key:?}: {} failed", all.len());
        for f in all.iter().take(3) {
            println!("  {f}");
        }
    }
    assert_eq!(skipped, NOT_BUILT.into_iter().collect());
    let bad: usize = failed.values().map(Vec::len).sum();
    assert_eq!(
        bad,
        0,
        "{bad} of {} cases failed",
        table.values().map(|c| c.1).sum::<usize>()
    );
}

fn print(table: &BTreeMap<(Platform, Mutation), Cell>) {
    let mut line = format!("{:20}", "passed of cases");
    for p in Platform::ALL {
        line.push_str(&format!("{:>12}", p.name()));
    }
    println!("{line}");
    for m in Mutation::ALL {
        let mut line = format!("{:20}", m.name());
        for p in Platform::ALL {
            let text = table
                .get(&(p, m))
                .map_or_else(|| "-".to_owned(), |(ok, all)| format!("{ok}/{all}"));
            line.push_str(&format!("{text:>12}"));
        }
        println!("{line}");
    }
}
