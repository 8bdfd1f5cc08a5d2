//! One security rule.

use super::addr::{Alternative, End, TagMap, unknown};
use super::context::{Context, Fields};
use super::draft::Direction;
use super::keys::{RULE, RuleMembers};
use super::ports::{joined, ports, protocol};
use super::values::{is_blank, is_expression, last_segment, shown};
use crate::json::{Kind, Value};
use hylint_model::{
    Action, Clause, Condition, Field, ProblemKind, Rule, RuleOrigin, Side, Span, Wording, reworded,
};
use hylint_space::{PacketBox, PortSet};
use smallvec::SmallVec;
use thin_vec::ThinVec;

/// Clauses of one rule at most; a real rule has a few, one for each pair of tags.
const MAX_CLAUSES: usize = 256;

/// Whether a rule names application security groups.
pub(super) fn names_groups(cx: &mut Context, v: Value<'_>) -> bool {
    let fields = cx.fields(&RULE, v);
    let rule = RuleMembers::from(fields.values);
    let groups = [rule.source_groups, rule.destination_groups];
    let further = fields.further.iter().map(|(_, v)| *v);
    groups
        .into_iter()
        .flatten()
        .chain(further)
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
    if !is_whole(cx, v) {
        return None;
    }
    let fields = cx.fields(&RULE, v);
    let members = RuleMembers::from(fields.values);
    let named = |v: &Value<'_>| !is_blank(*v);
    // A listing of effective admin rules prints ids alone.
    let name = members.name.filter(named).or(members.id.filter(named));
    let full = name.and_then(Value::text).unwrap_or_default();
    let mut reader = RuleReader {
        cx,
        object: v,
        name: rule_name(&full),
        members,
        doubts: Vec::new(),
    };
    let direction = reader.direction()?;
    reader.doubt_oddities(&fields);
    let mut rule = reader.rule(map);
    if platform || is_default(&full, members.id, members.kind) {
        rule.origin = RuleOrigin::Platform;
    }
    Some((direction, rule))
}

/// Whether a value is an object that the text holds to its end. One that is not is named and dropped.
fn is_whole(cx: &mut Context, v: Value<'_>) -> bool {
    let (what, help) = match v.kind() {
        Kind::Object if !v.is_cut() => return true,
        Kind::Object => (
            Wording::from("the text ends inside this rule"),
            "export the file again, in full",
        ),
        _ => (
            match v.str() {
                Some(t) if t.contains("PSSecurityRule") => {
                    "a rule was printed as the name of its type: the export is too shallow".into()
                }
                _ => reworded(
                    "expected a rule here",
                    "this stands where a rule should and is none",
                ),
            },
            "export again, in PowerShell with `ConvertTo-Json -Depth 10`",
        ),
    };
    cx.dropped(cx.at(v), what, help);
    false
}

/// A rule while its members are read.
struct RuleReader<'c, 'a, 'n> {
    cx: &'c mut Context,
    object: Value<'a>,
    members: RuleMembers<'a>,
    /// The rule's own name.
    name: &'n str,
    /// What makes every clause one that may match or not.
    doubts: Vec<Condition>,
}

impl<'a> RuleReader<'_, 'a, '_> {
    fn rule(&mut self, map: &TagMap) -> Rule {
        let action = self.action();
        let mut rule = Rule::new(self.cx.at(self.object), action);
        rule.priority = Some(self.priority());
        self.note_state();
        rule.clauses = self.clauses(map);
        rule.fields = self.places();
        rule.name = self.name.into();
        let comment = self.members.description.and_then(Value::text);
        rule.comment = comment.map_or_else(Box::default, Box::from);
        rule
    }

    fn doubt(&mut self, why: String, at: Span) {
        self.doubts.push(unknown(why, at));
    }

    /// The direction; a rule without one is named and dropped.
    fn direction(&mut self) -> Option<Direction> {
        let value = self.members.direction;
        let direction = value.and_then(read_direction);
        if direction.is_none() {
            let name = self.name;
            let what = match value.map(|v| shown(v, &v.text().unwrap_or_default())) {
                Some(w) => reworded(
                    format!("unknown direction `{w}` of rule `{name}`"),
                    format!("rule `{name}` has the direction `{w}`, which is not known"),
                ),
                None => format!("rule `{name}` has no direction").into(),
            };
            let at = self.cx.at(self.object);
            self.cx
                .dropped(at, what, "export the group itself, with its values");
        }
        direction
    }

    /// Doubts a rule whose text is not JSON, that says things twice, or that has keys that are not known.
    fn doubt_oddities<const N: usize>(&mut self, fields: &Fields<'_, N>) {
        let (name, span) = (self.name, self.cx.at(self.object));
        if self.cx.is_broken(self.object) {
            self.doubt(format!("rule `{name}`, whose text is not JSON"), span);
        }
        if !fields.further.is_empty() {
            self.doubt(format!("rule `{name}`, which says things twice"), span);
        }
        for key in &fields.unknown {
            let word = key.str().unwrap_or_default();
            let why = format!("the unknown key `{word}` of rule `{name}`");
            self.doubt(why, self.cx.at(*key));
        }
    }

    fn action(&mut self) -> Action {
        let Some(v) = self.members.access.filter(|v| !is_blank(*v)) else {
            let why = self.cx.missing(self.object, "access", self.name);
            return Action::Opaque(why.into());
        };
        let text = v.text().unwrap_or_default();
        match text.trim() {
            word if word.eq_ignore_ascii_case("allow") => Action::Allow,
            word if word.eq_ignore_ascii_case("deny") => Action::Deny,
            word if word.eq_ignore_ascii_case("alwaysallow") => Action::Allow,
            word => {
                let why = self.cx.unreadable(v, "access", &shown(v, word));
                Action::Opaque(why.into())
            }
        }
    }

    /// A rule of unknown priority stands first and may match or not: it then can decide what it could decide anywhere.
    fn priority(&mut self) -> u32 {
        let v = self.members.priority.filter(|v| !is_blank(*v));
        if let Some(n) = v.and_then(Value::int).and_then(|n| u32::try_from(n).ok()) {
            return n;
        }
        let why = match v {
            Some(v) => {
                let word = shown(v, v.text().unwrap_or_default().trim());
                self.cx.unreadable(v, "priority", &word)
            }
            None => self.cx.missing(self.object, "priority", self.name),
        };
        let at = self.cx.at(v.unwrap_or(self.object));
        self.doubt(format!("{why} of rule `{}`", self.name), at);
        0
    }

    fn note_state(&mut self) {
        let Some(v) = self.members.state else { return };
        let text = v.str().unwrap_or_default();
        if !(text.is_empty() || text.eq_ignore_ascii_case("succeeded")) {
            let message = format!(
                "rule `{}` is in the state `{text}`; it is judged as if it were in effect",
                self.name
            );
            self.cx.problem(ProblemKind::Note, self.cx.at(v), message);
        }
    }

    fn clauses(&mut self, map: &TagMap) -> SmallVec<[Clause; 1]> {
        let space = self.transport();
        let members = self.members;
        let from = End {
            side: Side::Src,
            single: members.source,
            plural: members.sources.or(members.admin_sources),
            groups: members.source_groups,
            expanded: members.expanded_source,
        };
        let to = End {
            side: Side::Dst,
            single: members.destination,
            plural: members.destinations.or(members.admin_destinations),
            groups: members.destination_groups,
            expanded: members.expanded_destination,
        };
        let from = from.alternatives(self.cx, self.object, self.name, map);
        let to = to.alternatives(self.cx, self.object, self.name, map);
        self.pairs(&space, &from, &to)
    }

    /// Protocol and ports as a box of which the addresses are still open. What is not known is left wide and doubted.
    fn transport(&mut self) -> PacketBox {
        let m = self.members;
        let (object, name) = (self.object, self.name);
        let protocol = protocol(self.cx, object, name, m.protocol);
        let sport = [m.source_port, m.source_ports];
        let sport = ports(self.cx, object, name, "source port", sport);
        let dport = [m.destination_port, m.destination_ports];
        let dport = ports(self.cx, object, name, "destination port", dport);
        let sport = self.known_or(sport, PortSet::full);
        let dport = self.known_or(dport, PortSet::full);
        let mut space = PacketBox::any();
        match protocol {
            Err(why) => self.doubt(why, self.cx.at(object)),
            Ok(protocol) => {
                let bounded = !(sport.is_full() && dport.is_full());
                (space.proto, space.sport, space.dport) = joined(protocol, sport, dport);
                if bounded && space.sport.is_full() && space.dport.is_full() {
                    self.note_ignored_ports();
                }
            }
        }
        space
    }

    fn known_or<T>(&mut self, known: Result<T, String>, otherwise: fn() -> T) -> T {
        known.unwrap_or_else(|why| {
            self.doubt(why, self.cx.at(self.object));
            otherwise()
        })
    }

    fn note_ignored_ports(&mut self) {
        let ports = [self.members.source_port, self.members.destination_port];
        let v = ports.into_iter().flatten().next().unwrap_or(self.object);
        let message = format!(
            "the protocol of rule `{}` has no ports; its ports are ignored",
            self.name
        );
        self.cx.problem(ProblemKind::Note, self.cx.at(v), message);
    }

    /// A clause for each pair of a source and a destination.
    fn pairs(
        &mut self,
        space: &PacketBox,
        from: &[Alternative],
        to: &[Alternative],
    ) -> SmallVec<[Clause; 1]> {
        if from.len().saturating_mul(to.len()) > MAX_CLAUSES {
            return self.too_many_pairs(space);
        }
        let pairs = from.iter().flat_map(|f| to.iter().map(move |t| (f, t)));
        let clause = |(f, t): (&Alternative, &Alternative)| {
            let mut space = space.clone();
            space.src.clone_from(&f.addrs);
            space.dst.clone_from(&t.addrs);
            let conditions = f.condition.iter().chain(&t.condition).chain(&self.doubts);
            Clause {
                space,
                conditions: conditions.cloned().collect(),
            }
        };
        pairs.map(clause).collect()
    }

    fn too_many_pairs(&mut self, space: &PacketBox) -> SmallVec<[Clause; 1]> {
        let at = self.cx.at(self.object);
        let why = "more pairs of tags than one rule may have here";
        self.cx
            .problem(ProblemKind::Unmodelled, at, format!("the rule has {why}"));
        let clause = Clause {
            space: space.clone(),
            conditions: std::iter::once(unknown(why.to_owned(), at)).collect(),
        };
        std::iter::once(clause).collect()
    }

    /// The places of the fields that say something.
    fn places(&self) -> ThinVec<(Field, Span)> {
        let m = &self.members;
        let places = [
            (Field::Name, m.name),
            (Field::Priority, m.priority),
            (Field::Protocol, m.protocol),
            (Field::Action, m.access),
            (Field::Direction, m.direction),
            (Field::Source, m.source),
            (Field::Source, m.sources.or(m.admin_sources)),
            (Field::Source, m.source_groups),
            (Field::SourcePort, m.source_port),
            (Field::SourcePort, m.source_ports),
            (Field::Destination, m.destination),
            (Field::Destination, m.destinations.or(m.admin_destinations)),
            (Field::Destination, m.destination_groups),
            (Field::DestinationPort, m.destination_port),
            (Field::DestinationPort, m.destination_ports),
            (Field::Description, m.description),
        ];
        let said = |(field, value): (Field, Option<Value<'a>>)| {
            let v = value.filter(|v| !is_blank(*v))?;
            Some((field, self.cx.at(v)))
        };
        let places: SmallVec<[(Field, Span); 16]> = places.into_iter().filter_map(said).collect();
        places.as_slice().into()
    }
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
