//! Names findings so that they are known again in the next run, wherever they stand in their files by then.
//!
//! A fingerprint is made of the code, the requirement, the host (else the file), the point, the direction and the
//! finding's [`Identity`](crate::finding::Identity): the normalized match of the rule and nothing of its place or name.
//! Findings that agree in all of that are numbered, so that two equal faults are two.

use crate::common::hash::digest;
use crate::common::paths;
use crate::finding::{Finding, Place};
use hylint_model::Direction;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Findings that one thread names before it takes others; fewer are not worth a second thread.
const AT_ONCE: usize = 1024;

/// Gives every finding its fingerprint: 32 hex digits, and `-2`, `-3` … for further equal ones, in the order of the
/// findings. Paths count relative to `base`, the folder of hylint.toml or else the working directory, so that it does
/// not matter how the run was started; `exports` tells which names of points are paths.
pub fn assign(findings: &mut [Finding], base: &Path, exports: &BTreeSet<&str>) {
    let mut files: BTreeMap<Arc<str>, String> = BTreeMap::new();
    for p in findings.iter().filter_map(|f| f.place.as_ref()) {
        if !files.contains_key(&p.path) {
            files.insert(p.path.clone(), paths::relative(&p.path, base));
        }
    }
    let file = |p: &Place| files.get(&p.path).map_or("", String::as_str);
    hylint_parallel::map(findings.chunks_mut(AT_ONCE).collect(), |part| {
        for f in part {
            let whose = match (&f.host, &f.place) {
                (Some(host), _) => host,
                (None, Some(p)) => file(p),
                (None, None) => "",
            };
            f.fingerprint = of(f, whose, exports);
        }
    });
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    for f in findings {
        let n = seen.entry(f.fingerprint.clone()).or_insert(0);
        *n += 1;
        if *n > 1 {
            f.fingerprint = format!("{}-{n}", f.fingerprint);
        }
    }
}

fn of(f: &Finding, whose: &str, exports: &BTreeSet<&str>) -> String {
    // The firewall of a host has no name of its own, and a file may be called anything.
    let point = f.point.as_deref().filter(|p| !exports.contains(p));
    let parts = [
        f.code.in_fingerprints(),
        f.requirement.as_deref().unwrap_or_default(),
        whose,
        point.unwrap_or_default(),
        f.direction.map_or("", Direction::as_str),
        f.identity.as_str(),
    ];
    digest(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Code, Identity, Place, Severity};

    fn finding(path: &str, line: u32) -> Finding {
        let mut place = Place::file(&path.into());
        place.start.line = line;
        let identity = Identity::of(&["allow|any"]);
        let message = "a rule lets anyone in";
        let mut f = Finding::new(Code::AnyAny, Severity::Error, message, identity, place);
        f.rule = Some("a name".into());
        f
    }

    fn assigned(mut all: Vec<Finding>) -> Vec<String> {
        assign(&mut all, Path::new("site"), &["site/a.txt"].into());
        all.into_iter().map(|f| f.fingerprint).collect()
    }

    #[test]
    fn the_place_and_the_name_do_not_count_and_equal_ones_are_numbered() {
        let here = finding("site/a.txt", 3);
        let mut there = finding("site/a.txt", 70);
        there.rule = Some("another name".into());
        let [one, two] = assigned(vec![here, there]).try_into().unwrap();
        assert_eq!((one.len(), two), (32, format!("{one}-2")));
    }

    #[test]
    fn everything_else_counts() {
        let changes: [fn(&mut Finding); 7] = [
            |f| f.code = Code::UnneededFlow,
            |f| f.requirement = Some("a.b".into()),
            |f| f.host = Some("h".into()),
            |f| f.point = Some("sg-1".into()),
            |f| f.direction = Some(Direction::Out),
            |f| f.identity = Identity::of(&["deny|any"]),
            |f| f.place = Some(Place::file(&"site/b.txt".into())),
        ];
        let mut all = vec![finding("site/a.txt", 1)];
        all.extend(changes.iter().map(|change| {
            let mut f = finding("site/a.txt", 1);
            change(&mut f);
            f
        }));
        let names: BTreeSet<String> = assigned(all).into_iter().collect();
        assert_eq!(names.len(), changes.len() + 1);
        assert!(names.iter().all(|n| !n.contains('-')));
    }

    #[test]
    fn the_file_of_a_host_does_not_count_nor_does_how_the_run_names_it() {
        let at = |path: &str, base: &str, host: Option<&str>| {
            let mut f = [finding(path, 1)];
            f[0].host = host.map(Into::into);
            f[0].point = Some(path.into());
            assign(&mut f, Path::new(base), &[path].into());
            f[0].fingerprint.clone()
        };
        assert_eq!(at("site/a.txt", "site", None), at("./a.txt", ".", None));
        assert_eq!(at("a.txt", ".", Some("h")), at("b.txt", ".", Some("h")));
        assert_ne!(at("a.txt", ".", None), at("b.txt", ".", None));
    }
}
