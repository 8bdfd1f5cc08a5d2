//! The state of one reading, and the small things that every object needs.

use super::shape;
use crate::input::Depth;
use crate::json::object::ObjectReader;
use crate::json::{Kind, Value};
use crate::source::Source;
use hylint_model::{
    Companion, Condition, ConditionKind, Export, Point, Problem, ProblemKind, Rule, Span, Tag,
    Test, Wording, reworded,
};
use hylint_space::{AddrSet, v4_prefix};
use rustc_hash::FxHashMap;
use std::net::IpAddr;

/// Problems listed one by one; the rest is counted.
const MAX_PROBLEMS: usize = 10_000;

/// One export on its way into the model.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source,
    pub(super) depth: Depth,
    /// Objects' members and all problems.
    pub(super) objects: ObjectReader,
    pub(super) out: Export,
    /// Groups of a rule listing, in order of appearance.
    pub(super) listed: Vec<Listed>,
    pub(super) listed_index: FxHashMap<Box<str>, usize>,
    /// The first problem that is not listed any more, as grave as the gravest of them, and how many there are.
    pub(super) unlisted: Option<(Problem, usize)>,
    /// A list of groups, ACLs or rules without a member: its place.
    pub(super) empty_list: Option<Span>,
    /// The only managed prefix list of the file without blocks; `Some(None)` once there are two.
    pub(super) managed: Option<Option<Box<str>>>,
    /// A token says that what follows is one page.
    pub(super) paged: bool,
    /// Text after `hylint:` in a group's description, with its place.
    pub(super) notes: Vec<(String, Span)>,
}

/// A group that rules of the listing name.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) id: Box<str>,
    /// The id in its first rule.
    pub(super) label: Span,
    pub(super) span: Span,
    pub(super) ingress: Vec<Rule>,
    pub(super) egress: Vec<Rule>,
}

/// A condition for what could not be understood: the rule is kept and its verdict stays open.
pub(super) fn doubt(span: Span, text: impl Into<Box<str>>) -> Condition {
    Condition::new(ConditionKind::Unknown, Test::Opaque, span, text)
}

/// A string or number as owned text; empty if absent or of another kind.
pub(super) fn text(value: Option<Value<'_>>) -> Box<str> {
    value
        .and_then(Value::text)
        .map_or_else(Box::default, Box::from)
}

/// An address as written and the block that it stands for.
fn block(text: &str) -> Option<(IpAddr, AddrSet)> {
    if let Some((address, length)) = v4_prefix(text) {
        return Some((address.into(), AddrSet::cidr(address.into(), length)?));
    }
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    match length {
        Some(length) => Some((address, AddrSet::cidr(address, length.parse().ok()?)?)),
        None => Some((address, AddrSet::host(address))),
    }
}

/// Whether a value says anything: some tools print `""` for a field that is not set.
pub(super) fn given(value: &Value<'_>) -> bool {
    value.kind() != Kind::String || !value.raw().trim_matches(['"', ' ']).is_empty()
}

/// A truth value, also when a tool wrote it as a string.
pub(super) fn truth(value: Option<Value<'_>>) -> Option<bool> {
    let value = value?;
    value.bool().or_else(|| match &*value.str()? {
        s if s.eq_ignore_ascii_case("true") => Some(true),
        s if s.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    })
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source, depth: Depth) -> Self {
        Self {
            source,
            depth,
            objects: ObjectReader::default(),
            out: Export::default(),
            listed: Vec::new(),
            listed_index: FxHashMap::default(),
            unlisted: None,
            empty_list: None,
            managed: None,
            paged: false,
            notes: Vec::new(),
        }
    }

    /// Records a problem, or counts it once there are very many: a hostile text could hold one in every other byte.
    pub(super) fn push(&mut self, problem: Problem) {
        if self.objects.problems.len() < MAX_PROBLEMS {
            self.objects.problems.push(problem);
        } else {
            let unlisted = self.unlisted.get_or_insert((problem.clone(), 0));
            unlisted.0.kind = unlisted.0.kind.min(problem.kind);
            unlisted.0.dropped |= problem.dropped;
            unlisted.1 += 1;
        }
    }

    pub(super) fn problem(&mut self, kind: ProblemKind, span: Span, message: impl Into<Wording>) {
        self.push(Problem::new(kind, span, message));
    }

    /// Text that held a rule, or may have, and that is in no rule of the model.
    pub(super) fn dropped(&mut self, span: Span, message: impl Into<Wording>) {
        // What is not listed is named as one, so it counts as one.
        self.out.rules_in_file += usize::from(self.objects.problems.len() < MAX_PROBLEMS);
        let problem = Problem::new(ProblemKind::Malformed, span, message);
        self.push(problem.dropped());
    }

    /// The items of a list. A value that is no list is named and yields nothing.
    pub(super) fn list(&mut self, value: Option<Value<'a>>, what: &str) -> Vec<Value<'a>> {
        match value {
            None => Vec::new(),
            Some(v) if v.kind() == Kind::Array => v.items().collect(),
            Some(v) => {
                self.dropped(v.span(), format!("{what} should be a list here"));
                Vec::new()
            }
        }
    }

    /// Reads an address or a CIDR block as EC2 writes it; `None` and a problem if it is neither.
    pub(super) fn cidr(&mut self, value: Value<'_>) -> Option<AddrSet> {
        let text = value.str().unwrap_or_default();
        let text = text.trim();
        let Some((address, set)) = block(text) else {
            let raw = value.raw();
            let message = format!("invalid address or CIDR block {raw}");
            let problem = Problem::new(ProblemKind::Malformed, value.span(), message);
            self.push(problem.known_as(format!("{raw} is no address block")));
            return None;
        };
        if set.first() != Some(address) {
            let message = reworded(
                format!("{text} has bits set after its prefix length and is read as {set}"),
                format!("{text} has bits set behind its prefix; it is read as {set}"),
            );
            self.problem(ProblemKind::Note, value.span(), message);
        }
        Some(set)
    }

    /// Tags in the form `[{"Key", "Value"}]`, or as an object of names and values.
    pub(super) fn tags(&mut self, value: Option<Value<'a>>) -> Vec<Tag> {
        let Some(value) = value else {
            return Vec::new();
        };
        let tag = |key: Option<Value<'_>>, value: Option<Value<'_>>, at: Span| Tag {
            key: key.and_then(Value::text).unwrap_or_default().into_owned(),
            value: value.and_then(Value::text).unwrap_or_default().into_owned(),
            span: value.map_or(at, Value::span),
        };
        if value.kind() == Kind::Object {
            return value
                .members()
                .map(|(k, v)| tag(Some(k), Some(v), k.span()))
                .collect();
        }
        let read = |item: Value<'a>| {
            let [key, value] = self.objects.read(&shape::TAG, item).values;
            tag(key, value, item.span())
        };
        value.items().map(read).collect()
    }

    pub(super) fn companion(&mut self, companion: Companion) {
        self.out.companions.push(companion);
    }

    /// Names what the whole file lacks, and orders the problems.
    pub(super) fn finish(mut self) -> Export {
        self.name_twins();
        self.apply_notes();
        if let Some(span) = self.empty_list
            && self.out.points.is_empty()
        {
            // A region without any is a whole answer; whoever counts on it says that nothing was read.
            let problem = Problem::new(
                ProblemKind::Note,
                span,
                reworded(
                    "the list has no security group and no network ACL",
                    "the list holds no security group and no network ACL",
                ),
            );
            self.push(problem.help(
                "check the region, the profile and the filters of the command that made the export",
            ));
        }
        if let Some((mut problem, count)) = self.unlisted {
            self.out.rules_in_file += usize::from(problem.dropped);
            problem.message = format!("{count} further problems from here on are not listed");
            self.objects.problems.push(problem);
        }
        self.objects.problems.sort_by_key(|p| p.span);
        self.out.problems = std::mem::take(&mut self.objects.problems);
        self.out
    }

    /// The same group twice: two states of it may be mixed, and their union is neither.
    fn name_twins(&mut self) {
        let mut first: FxHashMap<&str, &Point> = FxHashMap::default();
        let mut twins = Vec::new();
        for point in self.out.points.iter().filter(|p| !p.id.is_empty()) {
            let Some(before) = first.get(&*point.id) else {
                first.insert(&point.id, point);
                continue;
            };
            let bare = |p: &Point| {
                let text = self.source.slice(p.span).bytes();
                text.filter(|b| !b.is_ascii_whitespace())
            };
            let same = bare(before).eq(bare(point));
            let (kind, message) = if same {
                (
                    ProblemKind::Note,
                    reworded(
                        format!("{} is in the export twice, with equal text", point.id),
                        format!("{} stands twice in the export, with equal text", point.id),
                    ),
                )
            } else {
                (
                    ProblemKind::Malformed,
                    reworded(
                        format!(
                            "{} is in the export twice with different text: its rules are not certain",
                            point.id
                        ),
                        format!(
                            "{} stands twice in the export with different text, so its rules are not certain",
                            point.id
                        ),
                    ),
                )
            };
            twins.push(
                Problem::new(kind, point.label, message)
                    .help("export each group once, at one point in time"),
            );
        }
        self.objects.problems.append(&mut twins);
    }

    /// A description `hylint: key=value …` speaks for the whole file only if its group is the only point; the tags that
    /// it gives the group hold in any case.
    fn apply_notes(&mut self) {
        if self.out.points.len() == 1 {
            self.out.annotations = std::mem::take(&mut self.notes);
        }
    }
}
