//! One security rule.

use super::addr::{Alternative, End, TagMap, unknown};
use super::context::{Context, is_blank, is_expression, last_segment};
use super::keys::RULE;
use super::ports::{Known, joined, missing, ports, protocol, shown, unreadable};
use crate::json::{Kind, Value};
use hylint_model::{Action, Clause, Condition, Field, ProblemKind, Rule, RuleOrigin, Side, Span};
use hylint_space::{PacketBox, PortSet, ProtoSet};
use smallvec::SmallVec;

/// The direction of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Direction {
    /// To the guarded hosts.
    Inbound,
    /// From them.
    Outbound,
}

/// Clauses of one rule at most; a real rule has a few, one for each pair of tags.
const MAX_CLAUSES: usize = 256;

/// Whether a rule names application security groups.
pub(super) fn names_groups(cx: &mut Context, v: Value<'_>) -> bool {
    let f = cx.fields(&RULE, v);
    let [.., sources, _, _, _, destinations, _] = f.values;
    let all = [sources, destinations].into_iter().flatten();
    all.chain(f.further.iter().map(|(_, v)| *v))
        .any(|v| !is_blank(v))
}

/// Reads a rule. A rule whose direction or text is not known is named and dropped; whatever else is not known makes it
/// a rule that may match or not.
pub(super) fn read(
    cx: &mut Context,
    v: Value<'_>,
    platform: bool,
    map: &TagMap,
) -> Option<(Direction, Rule)> {
    cx.rules_in_file += 1;
    let span = cx.at(v);
    if v.kind() != Kind::Object {
        let what = match v.str() {
            Some(t) if t.contains("PSSecurityRule") => {
                "a rule was printed as the name of its type: the export is too shallow"
            }
            _ => "this stands where a rule should and is none",
        };
        cx.dropped(
            span,
            what,
            "export again, in PowerShell with `ConvertTo-Json -Depth 10`",
        );
        return None;
    }
    if v.is_cut() {
        let help = "export the file again, in full";
        cx.dropped(span, "the text ends inside this rule", help);
        return None;
    }
    let f = cx.fields(&RULE, v);
    let [
        name,
        id,
        kind,
        priority,
        proto,
        access,
        direction,
        description,
        state,
        sport,
        sports,
        dport,
        dports,
        src,
        srcs,
        src_groups,
        src_expanded,
        dst,
        dsts,
        dst_groups,
        dst_expanded,
    ] = f.values;
    let full = name.and_then(Value::text).unwrap_or_default();
    let platform = platform || is_default(&full, id, kind);
    let name_text = rule_name(&full);

    let Some(dir) = direction.and_then(read_direction) else {
        let word = direction.map(|d| shown(d, &d.text().unwrap_or_default()));
        let what = match word {
            Some(w) => format!("rule `{name_text}` has the direction `{w}`, which is not known"),
            None => format!("rule `{name_text}` has no direction"),
        };
        cx.dropped(span, what, "export the group itself, with its values");
        return None;
    };
    let mut doubts: Vec<Condition> = Vec::new();
    if cx.is_broken(v) {
        doubts.push(unknown(
            format!("rule `{name_text}`, whose text is not JSON"),
            span,
        ));
    }
    if !f.further.is_empty() {
        doubts.push(unknown(
            format!("rule `{name_text}`, which says things twice"),
            span,
        ));
    }
    for key in &f.unknown {
        let word = key.str().unwrap_or_default();
        doubts.push(unknown(
            format!("the unknown key `{word}` of rule `{name_text}`"),
            cx.at(*key),
        ));
    }
    let mut rule = Rule::new(span, action(cx, v, access, name_text));
    rule.priority = Some(read_priority(cx, v, priority, name_text, &mut doubts));
    note_state(cx, state, name_text);

    let protocol = protocol(cx, v, name_text, proto);
    let sports = ports(cx, v, name_text, "source port", [sport, sports]);
    let dports = ports(cx, v, name_text, "destination port", [dport, dports]);
    let space = transport(
        cx,
        v,
        name_text,
        [sport, dport],
        (protocol, sports, dports),
        &mut doubts,
    );
    let from = End {
        side: Side::Src,
        single: src,
        plural: srcs,
        groups: src_groups,
        expanded: src_expanded,
    };
    let to = End {
        side: Side::Dst,
        single: dst,
        plural: dsts,
        groups: dst_groups,
        expanded: dst_expanded,
    };
    let from_sets = from.alternatives(cx, v, name_text, map);
    let to_sets = to.alternatives(cx, v, name_text, map);
    rule.clauses = clauses(cx, v, &space, &from_sets, &to_sets, &doubts);

    let places = [
        (Field::Name, name),
        (Field::Priority, priority),
        (Field::Protocol, proto),
        (Field::Action, access),
        (Field::Direction, direction),
        (Field::Source, src),
        (Field::Source, srcs),
        (Field::Source, src_groups),
        (Field::SourcePort, sport),
        (Field::SourcePort, f.values.get(10).copied().flatten()),
        (Field::Destination, dst),
        (Field::Destination, dsts),
        (Field::Destination, dst_groups),
        (Field::DestinationPort, dport),
        (Field::DestinationPort, f.values.get(12).copied().flatten()),
        (Field::Description, description),
    ];
    let places = places.into_iter().filter_map(|(field, value)| {
        let v = value.filter(|v| !is_blank(*v))?;
        Some((field, cx.at(v)))
    });
    let places: SmallVec<[(Field, Span); 16]> = places.collect();
    rule.fields = places.as_slice().into();
    rule.name = name_text.into();
    rule.comment = description
        .and_then(Value::text)
        .map_or_else(Box::default, Box::from);
    if platform {
        rule.origin = RuleOrigin::Platform;
    }
    Some((dir, rule))
}

/// A rule's own name: `list-effective-nsg` puts the list's name before it, ARM the group's.
fn rule_name(full: &str) -> &str {
    if is_expression(full) {
        // `[concat(parameters('nsg'), '/AllowSSH')]`: the last quoted text holds the name.
        let quoted = full.rsplit('\'').nth(1).unwrap_or(full);
        return match quoted {
            q if q.contains('(') || q.is_empty() => full,
            q if full.contains(',') => last_segment(q),
            _ => full,
        };
    }
    last_segment(full)
}

/// Whether a rule is one of the platform's, from its effective name, its id or its type.
fn is_default(name: &str, id: Option<Value<'_>>, kind: Option<Value<'_>>) -> bool {
    const LIST: &str = "defaultSecurityRules";
    let ends = |t: &str, n: usize| {
        let bytes = t.as_bytes();
        let tail = bytes.get(bytes.len().saturating_sub(n)..);
        tail.is_some_and(|t| t.eq_ignore_ascii_case(LIST.as_bytes()))
    };
    let list = |t: &str| t.rsplit_once('/').is_some_and(|(l, _)| ends(l, LIST.len()));
    list(name)
        || id.and_then(Value::str).is_some_and(|t| list(&t))
        || kind
            .and_then(Value::str)
            .is_some_and(|t| ends(&t, LIST.len()))
}

fn read_direction(v: Value<'_>) -> Option<Direction> {
    let text = v.str()?;
    let is = |w: &str| text.trim().eq_ignore_ascii_case(w);
    match () {
        () if is("inbound") => Some(Direction::Inbound),
        () if is("outbound") => Some(Direction::Outbound),
        () => None,
    }
}

fn action(cx: &mut Context, rule: Value<'_>, access: Option<Value<'_>>, name: &str) -> Action {
    let Some(v) = access.filter(|v| !is_blank(*v)) else {
        return Action::Opaque(missing(cx, rule, "access", name).into());
    };
    let text = v.text().unwrap_or_default();
    let word = text.trim();
    if word.eq_ignore_ascii_case("allow") {
        Action::Allow
    } else if word.eq_ignore_ascii_case("deny") {
        Action::Deny
    } else {
        let word = shown(v, word);
        Action::Opaque(unreadable(cx, v, "access", &word).into())
    }
}

/// A rule of unknown priority stands first and may match or not: it then can decide what it could decide anywhere.
fn read_priority(
    cx: &mut Context,
    rule: Value<'_>,
    v: Option<Value<'_>>,
    name: &str,
    doubts: &mut Vec<Condition>,
) -> u32 {
    let v = v.filter(|v| !is_blank(*v));
    if let Some(n) = v.and_then(Value::int).and_then(|n| u32::try_from(n).ok()) {
        return n;
    }
    let why = match v {
        Some(v) => {
            let word = shown(v, v.text().unwrap_or_default().trim());
            unreadable(cx, v, "priority", &word)
        }
        None => missing(cx, rule, "priority", name),
    };
    let at = cx.at(v.unwrap_or(rule));
    doubts.push(unknown(format!("{why} of rule `{name}`"), at));
    0
}

fn note_state(cx: &mut Context, state: Option<Value<'_>>, name: &str) {
    let Some(v) = state else { return };
    let text = v.str().unwrap_or_default();
    if !(text.is_empty() || text.eq_ignore_ascii_case("succeeded")) {
        let at = cx.at(v);
        cx.problem(
            ProblemKind::Note,
            at,
            format!("rule `{name}` is in the state `{text}`; it is judged as if it were in effect"),
        );
    }
}

type Transport = (Known<ProtoSet>, Known<PortSet>, Known<PortSet>);

/// Protocol and ports as a box of which the addresses are still open. What is not known is left wide and doubted.
fn transport(
    cx: &mut Context,
    rule: Value<'_>,
    name: &str,
    port_values: [Option<Value<'_>>; 2],
    (protocol, sports, dports): Transport,
    doubts: &mut Vec<Condition>,
) -> PacketBox {
    let at = cx.at(rule);
    let mut doubt = |why: String| doubts.push(unknown(why, at));
    let sport = sports.unwrap_or_else(|why| {
        doubt(why);
        PortSet::full()
    });
    let dport = dports.unwrap_or_else(|why| {
        doubt(why);
        PortSet::full()
    });
    let mut space = PacketBox::any();
    match protocol {
        Err(why) => doubt(why),
        Ok(protocol) => {
            let bounded = !(sport.is_full() && dport.is_full());
            (space.proto, space.sport, space.dport) = joined(protocol, sport, dport);
            if bounded && space.sport.is_full() && space.dport.is_full() {
                let v = port_values.into_iter().flatten().next().unwrap_or(rule);
                let at = cx.at(v);
                cx.problem(
                    ProblemKind::Note,
                    at,
                    format!("the protocol of rule `{name}` has no ports; its ports are ignored"),
                );
            }
        }
    }
    space
}

fn clauses(
    cx: &mut Context,
    rule: Value<'_>,
    space: &PacketBox,
    from: &[Alternative],
    to: &[Alternative],
    doubts: &[Condition],
) -> SmallVec<[Clause; 1]> {
    if from.len().saturating_mul(to.len()) > MAX_CLAUSES {
        let at = cx.at(rule);
        let why = "more pairs of tags than one rule may have here";
        cx.problem(ProblemKind::Unmodelled, at, format!("the rule has {why}"));
        let clause = Clause {
            space: space.clone(),
            conditions: std::iter::once(unknown(why.to_owned(), at)).collect(),
        };
        return std::iter::once(clause).collect();
    }
    let mut out = SmallVec::new();
    for f in from {
        for t in to {
            let mut space = space.clone();
            space.src.clone_from(&f.addrs);
            space.dst.clone_from(&t.addrs);
            let conditions = f.condition.iter().chain(&t.condition).chain(doubts);
            out.push(Clause {
                space,
                conditions: conditions.cloned().collect(),
            });
        }
    }
    out
}
