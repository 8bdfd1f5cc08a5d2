//! Rules as lines of a chain.

use super::action;
use super::condition;
use super::context::Context;
use super::dimension::{DIMS, Dim, OfFamily, families};
use super::form::{braced, error, quoted};
use crate::write::Result;
use hylint_model::{Action, Clause, Condition, Rule, Test};
use hylint_space::{AddrSet, Family, PacketBox, ProtoSet, StateSet};

/// What no packet is.
const NOTHING: &str = "ct state new ct state established";

/// Most elements of a set that one rule is written with.
const MAX_ELEMENTS: usize = 1 << 20;

/// Most parts that are compared with each other.
const MAX_PAIRS: usize = 512;

/// The lines of a rule.
pub(super) fn lines(rule: &Rule, context: &mut Context<'_>) -> Result<Vec<String>> {
    if !rule.enabled {
        return Err(error(rule.span, "nft has no disabled rules"));
    }
    let comment = comment(rule)?;
    let mut out = match &rule.action {
        Action::Map(actions) => mapped(rule, actions, context)?,
        one => plain(rule, &rule.clauses, one, context)?,
    };
    for line in &mut out {
        line.push_str(&comment);
    }
    Ok(out)
}

/// Limit of nft: bytes of a comment (`NFTNL_UDATA_COMMENT_MAXLEN`).
const MAX_COMMENT: usize = 128;

fn comment(rule: &Rule) -> Result<String> {
    if rule.comment.is_empty() {
        return Ok(String::new());
    }
    let text = quoted(&rule.comment).filter(|_| rule.comment.len() <= MAX_COMMENT);
    let text = text.ok_or_else(|| {
        error(
            rule.span,
            "a comment of nft has one line of at most 128 bytes and no quotation marks",
        )
    })?;
    Ok(format!(" comment {text}"))
}

/// The clauses without the states that the statement itself asks for: what reads the connection's mark is for packets
/// that have one.
fn without_implied(clauses: &[Clause], action: &Action) -> Vec<Clause> {
    let reads = match action {
        Action::RestoreMark { .. } => true,
        Action::SetConnMark { mask, .. } => *mask != u32::MAX,
        _ => false,
    };
    let mut out = clauses.to_vec();
    for clause in out.iter_mut().filter(|_| reads) {
        if clause.space.state == StateSet::TRACKED {
            clause.space.state = StateSet::FULL;
        }
    }
    out
}

/// The parts of a clause that are of one family each.
fn parts(clause: &Clause, table: Option<Family>) -> Vec<OfFamily> {
    let all = families(&clause.space, table).into_iter();
    all.filter(|p| !p.space.is_empty()).collect()
}

/// Clauses with one action.
fn plain(
    rule: &Rule,
    clauses: &[Clause],
    action: &Action,
    context: &mut Context<'_>,
) -> Result<Vec<String>> {
    let done = action::statement(rule, action, context)?;
    let clauses = &without_implied(clauses, action);
    let live: Vec<(&Clause, Vec<OfFamily>)> = clauses
        .iter()
        .map(|c| (c, parts(c, context.family)))
        .filter(|(_, p)| !p.is_empty())
        .collect();
    let Some((first, _)) = live.first() else {
        return Ok(vec![joined(&[NOTHING.to_owned()], &done)]);
    };
    let alike = live
        .iter()
        .all(|(c, _)| same(&c.conditions, &first.conditions));
    if alike {
        let each: Vec<&OfFamily> = live.iter().flat_map(|(_, p)| p).collect();
        if let Some(mut words) = together(&each, &first.conditions) {
            words.extend(conditions(rule, &first.conditions, context)?);
            return Ok(vec![joined(&words, &done)]);
        }
    }
    let count: usize = live.iter().map(|(_, p)| p.len()).sum();
    if count > 1 {
        once(rule, action, &live)?;
    }
    let mut out = Vec::with_capacity(count);
    for (clause, parts) in &live {
        for part in parts {
            let mut words = matches(part, &[], &clause.conditions).ok_or_else(|| unsaid(rule))?;
            words.extend(conditions(rule, &clause.conditions, context)?);
            out.push(joined(&words, &done));
        }
    }
    Ok(out)
}

fn unsaid(rule: &Rule) -> crate::write::WriteError {
    error(
        rule.span,
        "the packets of the rule cannot be told in one rule of nft",
    )
}

/// The same conditions, wherever they stand in the text.
fn same(a: &[Condition], b: &[Condition]) -> bool {
    let equal = |(a, b): (&Condition, &Condition)| {
        (a.kind, &a.test, a.negated, &a.text) == (b.kind, &b.test, b.negated, &b.text)
    };
    a.len() == b.len() && a.iter().zip(b).all(equal)
}

/// Several rules must not do twice what the rule does once.
fn once(rule: &Rule, action: &Action, live: &[(&Clause, Vec<OfFamily>)]) -> Result<()> {
    let all: Vec<&PacketBox> = live.iter().map(|(c, _)| &c.space).collect();
    if !acts_again(action) || !overlap(&all) {
        return Ok(());
    }
    Err(twice(rule))
}

fn twice(rule: &Rule) -> crate::write::WriteError {
    error(
        rule.span,
        "alternatives that overlap cannot be told in rules that act once",
    )
}

/// Whether an action that is taken twice is not the same as once.
fn acts_again(action: &Action) -> bool {
    match action {
        Action::Jump(_) | Action::Opaque(_) => true,
        Action::SetMark { value, mask } | Action::SetConnMark { value, mask } => value & !mask != 0,
        Action::RestoreMark { nfmask, ctmask } => ctmask & !nfmask != 0,
        Action::SaveMark { nfmask, ctmask } => nfmask & !ctmask != 0,
        _ => false,
    }
}

fn overlap(all: &[&PacketBox]) -> bool {
    let later = |i: usize| all.iter().skip(i + 1);
    let meets = |(i, a): (usize, &&PacketBox)| later(i).any(|b| a.intersects(b));
    all.len() > MAX_PAIRS || all.iter().enumerate().any(meets)
}

fn joined(words: &[String], done: &str) -> String {
    let mut all: Vec<&str> = words.iter().map(String::as_str).collect();
    if !done.is_empty() {
        all.push(done);
    }
    if all.is_empty() {
        // A rule has one statement at least.
        all.push("counter");
    }
    all.join(" ")
}

fn conditions(rule: &Rule, all: &[Condition], context: &mut Context<'_>) -> Result<Vec<String>> {
    let each = all.iter();
    each.map(|c| condition::text(rule, c, context)).collect()
}

/// The matches of a box; a condition on the connection says by itself that there is one.
fn matches(part: &OfFamily, but: &[Dim], conditions: &[Condition]) -> Option<Vec<String>> {
    let mut part = part.clone();
    let tracked = StateSet::TRACKED;
    if part.space.state == tracked && conditions.iter().any(condition::needs_connection) {
        part.space.state = StateSet::FULL;
    }
    part.matches(but)
}

/// Parts that one rule has: as one box, or as a set of what they differ in. `None` if there is no such rule.
fn together(parts: &[&OfFamily], conditions: &[Condition]) -> Option<Vec<String>> {
    let (mut base, mut dims) = common(parts)?;
    if let [dim] = dims.as_slice() {
        // Values of one dimension are one set, whatever parts they come in.
        unite(&mut base.space, parts, *dim);
        dims.clear();
    }
    let mut words = matches(&base, &dims, conditions)?;
    if !dims.is_empty() {
        let spaces: Vec<&PacketBox> = parts.iter().map(|p| &p.space).collect();
        if overlap(&spaces) {
            return None;
        }
        let mut elements = Vec::new();
        for part in parts {
            elements.extend(element(part, &base, &dims)?);
        }
        words.push(format!("{} {}", keys(&base, &dims)?, braced(&elements)));
    }
    Some(words)
}

/// Gives a box all values that the parts have of a dimension.
fn unite(space: &mut PacketBox, parts: &[&OfFamily], dim: Dim) {
    for PacketBox {
        src,
        dst,
        proto,
        sport,
        dport,
        state,
        in_iface,
        out_iface,
        ..
    } in parts.iter().map(|p| &p.space)
    {
        match dim {
            Dim::In => space.in_iface = space.in_iface.union(in_iface),
            Dim::Out => space.out_iface = space.out_iface.union(out_iface),
            Dim::Src => space.src = space.src.union(src),
            Dim::Dst => space.dst = space.dst.union(dst),
            Dim::Proto => space.proto = space.proto.union(proto),
            Dim::Sport => space.sport = space.sport.union(sport),
            Dim::Dport => space.dport = space.dport.union(dport),
            Dim::State => space.state = space.state.union(*state),
        }
    }
}

fn keys(base: &OfFamily, dims: &[Dim]) -> Option<String> {
    let keys: Option<Vec<String>> = dims.iter().map(|d| base.key(*d)).collect();
    Some(keys?.join(" . "))
}

/// What all parts have, and the dimensions in which they differ.
fn common(parts: &[&OfFamily]) -> Option<(OfFamily, Vec<Dim>)> {
    let first = *parts.first()?;
    let alike = |p: &&OfFamily| {
        (p.said, p.family) == (first.said, first.family) && p.space.flags == first.space.flags
    };
    if !parts.iter().all(alike) {
        return None;
    }
    let differ = |d: &Dim| parts.iter().any(|p| !equal(*d, &p.space, &first.space));
    let dims: Vec<Dim> = DIMS.into_iter().filter(differ).collect();
    let mut base = first.clone();
    let protocols = parts.iter().flat_map(|p| p.space.proto.iter());
    base.space.proto = protocols.collect::<ProtoSet>();
    Some((base, dims))
}

fn equal(dim: Dim, a: &PacketBox, b: &PacketBox) -> bool {
    match dim {
        Dim::In => a.in_iface == b.in_iface,
        Dim::Out => a.out_iface == b.out_iface,
        Dim::Src => a.src == b.src,
        Dim::Dst => a.dst == b.dst,
        Dim::Proto => a.proto == b.proto,
        Dim::Sport => a.sport == b.sport,
        Dim::Dport => a.dport == b.dport,
        Dim::State => a.state == b.state,
    }
}

/// Whether a part has every value of a dimension.
fn full(dim: Dim, part: &OfFamily, base: &OfFamily) -> bool {
    let b = &part.space;
    match dim {
        Dim::In => b.in_iface.is_full(),
        Dim::Out => b.out_iface.is_full(),
        Dim::Src => part.family.is_some_and(|f| b.src == AddrSet::any_of(f)),
        Dim::Dst => part.family.is_some_and(|f| b.dst == AddrSet::any_of(f)),
        Dim::Proto => b.proto.is_full() || b.proto == base.space.proto,
        Dim::Sport => b.sport.is_full(),
        Dim::Dport => b.dport.is_full(),
        Dim::State => b.state == StateSet::FULL,
    }
}

/// The elements that a part is: each combination of its values.
fn element(part: &OfFamily, base: &OfFamily, dims: &[Dim]) -> Option<Vec<String>> {
    // Of a dimension that it leaves open, the key's own words decide.
    let mut part = part.clone();
    if dims.contains(&Dim::Sport) || dims.contains(&Dim::Dport) {
        part.space.proto = part.space.proto.intersect(&base.space.proto);
    }
    let mut all = vec![String::new()];
    for dim in dims {
        let values = part.values(*dim)?;
        if all.len().saturating_mul(values.len()) > MAX_ELEMENTS {
            return None;
        }
        let add = |head: &String, value: &String| match head.as_str() {
            "" => value.clone(),
            head => format!("{head} . {value}"),
        };
        all = all
            .iter()
            .flat_map(|head| values.iter().map(move |v| add(head, v)))
            .collect();
    }
    Some(all)
}

/// A verdict map; rules in a row where nft has no map for it.
fn mapped(rule: &Rule, actions: &[Action], context: &mut Context<'_>) -> Result<Vec<String>> {
    if let Some(words) = map(rule, actions, context)? {
        return Ok(vec![words]);
    }
    if !in_a_row(&rule.clauses, actions) {
        return Err(twice(rule));
    }
    let mut out = Vec::new();
    for (clause, action) in rule.clauses.iter().zip(actions) {
        out.extend(plain(rule, std::slice::from_ref(clause), action, context)?);
    }
    Ok(out)
}

/// Whether rules in a row do the same as a map: a packet that one of them is for goes no further, or is for no other one.
fn in_a_row(clauses: &[Clause], actions: &[Action]) -> bool {
    let ends = |a: &Action| {
        matches!(
            a,
            Action::Allow | Action::Deny | Action::Goto(_) | Action::Return | Action::Nat(_)
        )
    };
    if actions.iter().all(ends) {
        return true;
    }
    let meets = |(i, (a, action)): (usize, (&Clause, &Action))| {
        !ends(action)
            && clauses.iter().skip(i + 1).any(|b| {
                let open = !matches!(action, Action::Continue) || !exclude(a, b);
                open && a.space.intersects(&b.space)
            })
    };
    clauses.len() <= MAX_PAIRS && !clauses.iter().zip(actions).enumerate().any(meets)
}

/// Whether no packet meets the conditions of both.
fn exclude(a: &Clause, b: &Clause) -> bool {
    let opposite = |x: &Condition, y: &Condition| match (&x.test, &y.test) {
        (Test::Mark { value: v, mask: m }, Test::Mark { value: w, mask: n })
        | (Test::ConnMark { value: v, mask: m }, Test::ConnMark { value: w, mask: n }) => {
            !x.negated && !y.negated && m == n && v != w
        }
        _ => false,
    };
    let each = a.conditions.iter();
    each.clone()
        .any(|x| b.conditions.iter().any(|y| opposite(x, y)))
}

fn map(rule: &Rule, actions: &[Action], context: &mut Context<'_>) -> Result<Option<String>> {
    let Some(first) = rule.clauses.first() else {
        return Ok(None);
    };
    let alike = rule
        .clauses
        .iter()
        .all(|c| same(&c.conditions, &first.conditions));
    let mut each = Vec::with_capacity(actions.len());
    for (clause, action) in rule.clauses.iter().zip(actions) {
        let Some(verdict) = action::verdict(rule, action, context)? else {
            return Ok(None);
        };
        for part in parts(clause, context.family) {
            each.push((part, verdict.clone()));
        }
    }
    let all: Vec<&OfFamily> = each.iter().map(|(p, _)| p).collect();
    let Some((base, dims)) = common(&all).filter(|(_, dims)| alike && !dims.is_empty()) else {
        return Ok(None);
    };
    let Some(elements) = map_elements(&each, &base, &dims) else {
        return Ok(None);
    };
    let (Some(mut words), Some(keys)) =
        (matches(&base, &dims, &first.conditions), keys(&base, &dims))
    else {
        return Ok(None);
    };
    words.extend(conditions(rule, &first.conditions, context)?);
    words.push(format!("{keys} vmap {{ {} }}", elements.join(", ")));
    Ok(Some(words.join(" ")))
}

fn map_elements(each: &[(OfFamily, String)], base: &OfFamily, dims: &[Dim]) -> Option<Vec<String>> {
    let mut elements = Vec::with_capacity(each.len());
    for (i, (part, verdict)) in each.iter().enumerate() {
        let whole = i + 1 == each.len() && dims.iter().all(|d| full(*d, part, base));
        if whole {
            elements.push(format!("* : {verdict}"));
            continue;
        }
        let keys = element(part, base, dims)?;
        elements.extend(keys.into_iter().map(|k| format!("{k} : {verdict}")));
    }
    Some(elements)
}
