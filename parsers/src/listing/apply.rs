//! Gives what was read of the written save file the places of the listing, and what the listing leaves open.

use super::save_file::{About, Gen};
use hylint_model::{Action, Body, Condition, Export, Netfilter, OtherRules, Point, Rule, Test};

/// Puts the places of the listing in.
pub(super) fn apply(file: &Gen, export: &mut Export) {
    for point in &mut export.points {
        place(file, point);
    }
    for p in &mut export.problems {
        p.span = file.back(p.span);
    }
    for (_, span) in &mut export.annotations {
        *span = file.back(*span);
    }
}

fn place(file: &Gen, point: &mut Point) {
    point.span = file.back(point.span);
    point.label = file.back(point.label);
    let Body::Netfilter(n) = &mut point.body else {
        return;
    };
    let old = std::mem::take(n);
    let (others, unloaded, front_end) = (old.others, old.unloaded.clone(), old.front_end);
    let mut tables = old.into_tables();
    for table in &mut tables {
        for rule in table.chains.iter_mut().flat_map(|c| &mut c.rules) {
            let about = file.rules.get(&rule.span.start);
            rule.relocate(&|span| file.back(span));
            if let Some(about) = about {
                open(rule, about);
            }
        }
        let mut rules: Vec<Vec<Rule>> = Vec::new();
        for chain in &mut table.chains {
            rules.push(std::mem::take(&mut chain.rules));
        }
        table.relocate(&|span| file.back(span));
        for (chain, rules) in table.chains.iter_mut().zip(rules) {
            chain.rules = rules;
        }
    }
    *n = Netfilter::new(tables);
    (n.unloaded, n.front_end) = (unloaded, front_end);
    n.others = match others {
        OtherRules::Shown(at) => OtherRules::Shown(file.back(at)),
        other => other,
    };
}

fn open(rule: &mut Rule, about: &About) {
    rule.hits = about.hits;
    if let Some(why) = &about.opaque {
        rule.action = Action::Opaque(why.clone());
    }
    for o in &about.opens {
        let condition = Condition::new(o.kind, Test::Opaque, o.span, &*o.text);
        for clause in &mut rule.clauses {
            clause.conditions.push(condition.clone());
        }
    }
}
