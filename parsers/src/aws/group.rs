//! Security groups: `describe-security-groups`, and lists of permissions that `--query` cut out of it.

use super::peer::Peer;
use super::reader::{Reader, doubt, given, text};
use super::rule::{Parts, describe};
use super::shape;
use super::traffic::Traffic;
use crate::input::Depth;
use crate::json::{Kind, Value};
use hylint_model::{
    Action, Body, Condition, DefaultOrigin, DefaultVerdict, Discipline, Lists, Point, PointKind,
    Problem, ProblemKind, Rule, RuleList, Side, Span, Tag, reworded,
};
use hylint_space::Family;

const WHOLE: &str = "export the groups with `aws ec2 describe-security-groups`, without `--query`";

/// A default deny: stated by the list that stands in the export, or unknown because there is none.
pub(super) fn deny(origin: DefaultOrigin, span: Span) -> DefaultVerdict {
    DefaultVerdict {
        allow: false,
        origin,
        span,
    }
}

/// A point of the union of its rules.
pub(super) fn group_point(span: Span, ingress: RuleList, egress: RuleList) -> Point {
    let body = Body::Lists(Lists {
        discipline: Discipline::UnionOfAllows,
        ingress,
        egress,
    });
    Point::new(PointKind::SecurityGroup, span, body)
}

impl<'a> Reader<'a> {
    /// One element of `SecurityGroups`.
    pub(super) fn security_group(&mut self, object: Value<'a>) {
        if object.kind() != Kind::Object {
            return self.dropped(object.span(), "a security group should be an object here");
        }
        let fields = self.objects.read(&shape::GROUP, object);
        let [id, name, vpc, owner, ingress, egress, tags, about] = fields.values;
        let first_byte = Span {
            start: object.span().start,
            end: object.span().start + 1,
        };
        let label = id.or(name).map_or(first_byte, Value::span);
        let owner = text(owner);
        let ingress = self.permissions(ingress, Side::Src, &owner, label, object.is_cut());
        let egress = self.permissions(egress, Side::Dst, &owner, label, object.is_cut());
        let mut point = group_point(object.span(), ingress, egress);
        point.id = text(id);
        point.name = text(name);
        point.network = text(vpc);
        point.label = label;
        point.tags = self.tags(tags);
        if let Some(about) = about {
            self.note(about, &mut point.tags);
        }
        self.out.points.push(point);
    }

    /// A bare list of permissions: a group without id whose other direction is not in the export. The list's direction
    /// is not in it either; it is taken as ingress unless the key before it says egress.
    pub(super) fn bare_permissions(&mut self, list: Value<'a>, egress: bool) {
        let (ingress, egress) = if egress {
            (None, Some(list))
        } else {
            (Some(list), None)
        };
        self.cut_group(list, ingress, egress, (None, None));
    }

    /// `SecurityGroups[*].[GroupId, GroupName, IpPermissions]`: words of the group, and its permissions. A second list is
    /// taken as what the group lets out.
    pub(super) fn group_row(&mut self, row: Value<'a>) {
        let words = || row.items().filter(|v| v.kind() == Kind::String);
        let is_id = |v: &Value<'_>| v.str().is_some_and(|s| s.starts_with("sg-"));
        let id = words().find(is_id);
        let name = words().find(|v| !is_id(v));
        let mut lists = row.items().filter(|v| v.kind() == Kind::Array);
        let (ingress, egress) = (lists.next(), lists.next());
        for more in lists {
            self.dropped(more.span(), "a third list of one group is not read");
        }
        self.cut_group(row, ingress, egress, (id, name));
    }

    /// A group of which the export holds lists of permissions and not what they are called.
    fn cut_group(
        &mut self,
        place: Value<'a>,
        ingress: Option<Value<'a>>,
        egress: Option<Value<'a>>,
        (id, name): (Option<Value<'a>>, Option<Value<'a>>),
    ) {
        let first_byte = Span {
            start: place.span().start,
            end: place.span().start + 1,
        };
        let label = id.or(name).map_or(first_byte, Value::span);
        let message = match (ingress, egress) {
            (Some(_), Some(_)) => {
                "these lists of permissions do not name their direction: they are taken as `IpPermissions` and \
                 `IpPermissionsEgress` of one group"
            }
            (None, _) => {
                "this list of permissions names neither its group nor its direction: it is taken as the \
                 `IpPermissionsEgress` of one group, and what the group lets in is unknown"
            }
            (_, None) if id.or(name).is_some() => {
                "this list of permissions does not name its direction: it is taken as the `IpPermissions` of the \
                 group, and what the group lets out is unknown"
            }
            (_, None) => {
                "this list of permissions names neither its group nor its direction: it is taken as the \
                 `IpPermissions` of one group, and what the group lets out is unknown"
            }
        };
        let mut direction = |list: Option<Value<'a>>, side| match list {
            Some(_) => {
                let mut given = self.permissions(list, side, "", label, false);
                given.default.span = label;
                given
            }
            None => RuleList {
                default: deny(DefaultOrigin::Unknown, label),
                rules: Vec::new(),
            },
        };
        let (ingress, egress) = (direction(ingress, Side::Src), direction(egress, Side::Dst));
        let problem = Problem::new(ProblemKind::Incomplete, label, message);
        self.push(problem.help(WHOLE));
        let mut point = group_point(place.span(), ingress, egress);
        point.label = label;
        point.id = text(id);
        point.name = text(name);
        self.out.points.push(point);
    }

    /// One direction of a group.
    fn permissions(
        &mut self,
        list: Option<Value<'a>>,
        side: Side,
        owner: &str,
        label: Span,
        group_is_cut: bool,
    ) -> RuleList {
        let mut out = RuleList {
            default: deny(DefaultOrigin::Unknown, label),
            rules: Vec::new(),
        };
        let Some(list) = list else {
            if !group_is_cut {
                self.absent(side, label);
            }
            return out;
        };
        if list.kind() != Kind::Array {
            self.dropped(list.span(), "permissions should be a list here");
            return out;
        }
        let origin = if list.is_cut() {
            DefaultOrigin::Unknown
        } else {
            DefaultOrigin::Implicit
        };
        out.default = deny(origin, list.key_span());
        let heads = self.depth == Depth::Heads;
        if !heads {
            out.rules.reserve_exact(entries(list));
        }
        for permission in list.items() {
            if heads && !self.names_prefix_lists(permission) {
                continue;
            }
            self.permission(permission, side, owner, &mut out.rules);
        }
        out
    }

    /// Whether a permission lets in a prefix list, whose entries other files hold.
    fn names_prefix_lists(&mut self, permission: Value<'a>) -> bool {
        let fields = self.objects.read(&shape::PERMISSION, permission);
        let [_, _, _, _, _, prefixes, _, _] = fields.values;
        prefixes.is_some_and(|p| p.items().next().is_some())
    }

    fn absent(&mut self, side: Side, label: Span) {
        let (key, way) = match side {
            Side::Src => ("IpPermissions", "in"),
            Side::Dst => ("IpPermissionsEgress", "out"),
        };
        let message =
            format!("`{key}` is not in the export of this group: what it lets {way} is unknown");
        let problem = Problem::new(ProblemKind::Incomplete, label, message);
        self.push(problem.help(WHOLE));
    }

    /// One permission: a rule for each of its address entries.
    fn permission(&mut self, object: Value<'a>, side: Side, owner: &str, rules: &mut Vec<Rule>) {
        if object.kind() != Kind::Object {
            return self.dropped(object.span(), "a permission should be an object here");
        }
        let fields = self.objects.read(&shape::PERMISSION, object);
        let [protocol, from, to, v4, v6, prefixes, groups, again] = fields.values;
        let again = again.filter(|a| v4.is_none_or(|v4| blocks(v4) != blocks(*a)));
        let lists = [v4, v6, prefixes, groups, again];
        if lists.iter().all(Option::is_none) && !object.is_cut() {
            return self.dropped(
                object.span(),
                reworded(
                    "permission without address lists: its peers are unknown",
                    "the permission prints none of its address lists: whom it lets in is unknown",
                ),
            );
        }
        let ports = (from, to);
        let traffic = Traffic::read(self, protocol, ports, ports, object.span());
        let cut = object.is_cut() && (from.is_none() || to.is_none());
        let mut maker = Maker {
            side,
            owner,
            traffic: &traffic,
            doubt: match fields.unknown {
                Some(key) => Some(doubt(key, self.source.slice(key))),
                None => cut.then(|| doubt(object.span(), "the permission is cut off")),
            },
        };
        let before = self.out.rules_in_file;
        for (list, what) in lists.into_iter().zip(LISTS) {
            let Some(list) = list else { continue };
            if list.kind() != Kind::Array {
                self.dropped(list.span(), format!("{what} should be a list here"));
            }
            for entry in list.items() {
                maker.entry(self, entry, what, rules);
            }
        }
        if self.out.rules_in_file == before {
            self.problem(
                ProblemKind::Note,
                object.span(),
                reworded(
                    "permission matches nothing: it has no address entry",
                    "the permission has no address entry, so it matches nothing",
                ),
            );
        }
    }

    /// `hylint: key=value …` in a description: tags `hylint:key` of the group.
    fn note(&mut self, about: Value<'_>, tags: &mut Vec<Tag>) {
        let about_text = about.str().unwrap_or_default();
        let Some(rest) = about_text.trim_start().strip_prefix("hylint:") else {
            return;
        };
        for (key, value) in rest.split_whitespace().filter_map(|w| w.split_once('=')) {
            tags.push(Tag {
                key: format!("hylint:{key}"),
                value: value.to_owned(),
                span: about.span(),
            });
        }
        self.notes.push((rest.trim().to_owned(), about.span()));
    }
}

/// How many entries the lists of a direction's permissions hold.
fn entries(permissions: Value<'_>) -> usize {
    let lists = permissions.items().flat_map(Value::members);
    lists.map(|(_, list)| list.items().count()).sum()
}

/// The lists of address entries, in the order of [`shape::PERMISSION`].
const LISTS: [&str; 5] = [
    "IpRanges",
    "Ipv6Ranges",
    "PrefixListIds",
    "UserIdGroupPairs",
    "Ipv4Ranges",
];

/// The IPv4 blocks of a list, as objects or as plain strings.
fn blocks(list: Value<'_>) -> Vec<String> {
    let block = |entry: Value<'_>| match entry.kind() {
        Kind::Object => entry.get_ci("CidrIp").map(|b| text(Some(b)).into()),
        _ => entry.str().map(|s| s.into_owned()),
    };
    let mut all: Vec<String> = list.items().filter_map(block).collect();
    all.sort();
    all
}

/// What the entries of one permission share.
struct Maker<'p> {
    side: Side,
    owner: &'p str,
    traffic: &'p Traffic,
    doubt: Option<Condition>,
}

impl Maker<'_> {
    fn entry<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        entry: Value<'a>,
        list: &str,
        rules: &mut Vec<Rule>,
    ) {
        let whole = match entry.kind() {
            Kind::Object => !entry.is_cut(),
            Kind::String => entry.raw().len() > 1 && entry.raw().ends_with('"'),
            _ => false,
        };
        if !whole {
            let message = format!("an entry of {list} that is cut off or no object is not read");
            return reader.dropped(entry.span(), message);
        }
        reader.out.rules_in_file += 1;
        let (peer, about, unknown) = self.peer(reader, entry, list);
        let doubt = self.doubt.clone().or_else(|| {
            let key = unknown?;
            Some(doubt(key, reader.source.slice(key)))
        });
        let parts = Parts {
            span: entry.span(),
            side: self.side,
            action: Action::Allow,
            traffic: self.traffic,
            doubt,
        };
        let mut rule = reader.rule(parts, [peer]);
        describe(&mut rule, about);
        rules.push(rule);
    }

    fn peer<'a>(
        &self,
        reader: &mut Reader<'a>,
        entry: Value<'a>,
        list: &str,
    ) -> (Peer, Option<Value<'a>>, Option<Span>) {
        let family = if list == "Ipv6Ranges" {
            Family::V6
        } else {
            Family::V4
        };
        if entry.kind() == Kind::String {
            // AWS Config prints blocks as plain strings.
            let peer = match list {
                "PrefixListIds" => Peer::prefix_list(entry, self.side),
                "UserIdGroupPairs" => Peer::unknown(entry.span(), entry.raw()),
                _ => Peer::block(reader, entry, family),
            };
            return (peer, None, None);
        }
        if list == "UserIdGroupPairs" {
            let (peer, about) = Peer::group(reader, entry, self.side, self.owner);
            return (peer, about, None);
        }
        let fields = reader.objects.read(&shape::ENTRY, entry);
        let [v4, v6, prefix, about] = fields.values;
        let peer = match (v4.filter(given), v6.filter(given), prefix.filter(given)) {
            (Some(block), None, None) => Peer::block(reader, block, Family::V4),
            (None, Some(block), None) => Peer::block(reader, block, Family::V6),
            (None, None, Some(id)) => Peer::prefix_list(id, self.side),
            _ => {
                let message =
                    format!("an entry of {list} names no single address block or prefix list");
                reader.problem(ProblemKind::Malformed, entry.span(), &*message);
                Peer::unknown(entry.span(), &message)
            }
        };
        (peer, about, fields.unknown)
    }
}
