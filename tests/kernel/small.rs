//! Rulesets and packets of the oracle's universe, as far as the kernel takes them: the kernel, the engine and the naive
//! evaluator on one ruleset, each two held against each other.

use crate::differential::engine::{Engine, Program};
use crate::differential::kernel::{Kernel, Lab, Loaded};
use crate::differential::naive::Naive;
use crate::differential::row::Row;
use crate::differential::{Case, Difference, Evaluator, Probe, compare};
use crate::jobs::kept;
use crate::tally::Tally;
use crate::{HYLINT, tables, universe};
use hylint::session::trace::Packet;
use hylint_engine::Direction;
use hylint_model::{Body, Families, Point, Span};
use hylint_parsers::source::Source;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::Path;
use std::sync::Mutex;

/// A ruleset with a number, in a lab.
pub(crate) fn tried(
    kernel: &mut Kernel,
    lab: Lab,
    seed: u64,
    count: usize,
    keep: &Path,
    tally: &Mutex<Tally>,
) -> Result<(), String> {
    let mut random = runner(lab, seed);
    let point = tables::iptables()
        .new_tree(&mut random)
        .map_err(|e| e.to_string())?
        .current();
    let Loaded { rules, .. } = kernel.load(&written(point, lab.version)?)?;
    let dump = kept(kernel, lab, &format!("small-{seed}"), &rules, keep)?;
    // All read what the kernel has, not what was to be loaded.
    let layers = [read(&dump.path)?];
    let probes = packets(&mut random, lab, rules.contains("*nat"), count)?;
    let case = Case {
        layers: &layers,
        direction: lab.direction,
        profile: None,
        dump: Some(&dump),
        filter_only: false,
    };
    tally
        .lock()
        .unwrap()
        .small_ruleset(layers[0].iter().map(Point::rule_count).sum());
    let held = |left: &mut dyn Evaluator, right: &mut dyn Evaluator| -> Result<(), String> {
        let compared = compare(left, right, &case, &probes)?;
        let told = |d: &Difference| format!("{}: {d}", dump.path.display());
        let wrong: Vec<String> = compared.differences.iter().map(told).collect();
        let between = format!("{} and {}", left.name(), right.name());
        tally
            .lock()
            .unwrap()
            .add_small(&lab.name(), &between, &compared.pairs, &wrong);
        Ok(())
    };
    held(kernel, &mut Naive)?;
    held(kernel, &mut Program(HYLINT))?;
    held(&mut Engine, &mut Naive)
}

/// Numbers of a ruleset's own: the same in every run.
fn runner(lab: Lab, seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    let named = format!("{} {seed}", lab.name());
    for (to, from) in bytes.iter_mut().zip(named.bytes()) {
        *to = from;
    }
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
    )
}

/// The rules of one family, without those that a dump has no words for.
fn written(mut point: Point, version: u8) -> Result<String, String> {
    point.families = if version == 6 {
        Families::V6
    } else {
        Families::V4
    };
    for (n, rule) in point.rules_mut().enumerate() {
        rule.span = Span::new(n, n + 1);
    }
    loop {
        let bad = match hylint_parsers::iptables::write([&point]) {
            Ok(text) => return Ok(text),
            Err(e) => e,
        };
        let before = point.rule_count();
        each_chain(&mut point, |all| all.retain(|r| r.span != bad.span));
        if point.rule_count() == before {
            return Err(format!("{bad:?}"));
        }
    }
}

/// Changes the rules of each chain.
fn each_chain(point: &mut Point, change: impl Fn(&mut Vec<hylint_model::Rule>)) {
    let Body::Netfilter(nf) = &mut point.body else {
        return;
    };
    let ids: Vec<_> = nf.chains().map(|(id, _, _)| id).collect();
    for id in ids {
        nf.chain_rules_mut(id).into_iter().for_each(&change);
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<Point>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let export = hylint_parsers::format::read(&Source::new("x", text, "UTF-8"));
    Ok(export.ok_or("no export")?.points)
}

/// Packets that can be sent in the lab, each in the state that the kernel gives it.
fn packets(
    random: &mut TestRunner,
    lab: Lab,
    nat: bool,
    count: usize,
) -> Result<Vec<Probe>, String> {
    let mut out = Vec::new();
    while out.len() < count {
        let p = universe::packet()
            .new_tree(random)
            .map_err(|e| e.to_string())?
            .current();
        // What a host sends to itself does not leave it.
        let leaves = lab.direction != Direction::Out || p.src != p.dst;
        if p.src.is_ipv6() == (lab.version == 6) && leaves {
            let row = Row::of(&sendable(p, lab, nat));
            out.push(Probe {
                packet: row.packet(),
                row: Some(row),
            });
        }
    }
    Ok(out)
}

/// The packet without what it cannot have in the lab's direction.
fn sendable(mut p: Packet, lab: Lab, nat: bool) -> Packet {
    if lab.direction == Direction::Out {
        (p.in_iface, p.smac) = ("".into(), None);
        // The lab sends as root.
        (p.uid, p.gid) = (Some(0), Some(0));
    } else {
        (p.uid, p.gid) = (None, None);
    }
    if lab.direction == Direction::In && !nat {
        p.out_iface = "".into();
    }
    p
}
