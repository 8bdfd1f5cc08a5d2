//! What stands in a JSON document: which objects are groups, ACLs, rules or companions, and how to reach them.

use super::reader::Reader;
use crate::input::Score;
use crate::json::{Json, Kind, Value};
use hylint_model::{Companion, Problem, ProblemKind, Span, reworded};

/// Containers inside one another before a document is no longer followed; real wrappers need four.
const MAX_DEPTH: usize = 12;
/// Values looked at to detect the format; real exports show their kind among the first few.
const MAX_VISITS: usize = 512;

/// The score of a text that holds a group, an ACL or a listed rule.
pub(super) const CERTAIN: Score = 95;

/// The score of an empty list of what stands beside filters: other formats have lists of these names too, such as the
/// `subnets` of an Azure network.
const EMPTY: Score = 10;

/// What one object is by its keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    Group,
    Acl,
    ListedRule,
    Permission,
    AclEntry,
    PrefixEntry,
    Interface,
    Instance,
    Subnet,
    PrefixList,
}

/// What a list of a known name holds.
pub(super) const LISTS: [(&str, Item); 10] = [
    ("securitygroups", Item::Group),
    ("networkacls", Item::Acl),
    ("securitygrouprules", Item::ListedRule),
    ("networkinterfaces", Item::Interface),
    ("instances", Item::Instance),
    ("reservations", Item::Instance),
    ("subnets", Item::Subnet),
    ("prefixlists", Item::PrefixList),
    ("managedprefixlists", Item::PrefixList),
    ("entries", Item::PrefixEntry),
];

impl Item {
    fn is_filter(self) -> bool {
        matches!(
            self,
            Self::Group | Self::Acl | Self::ListedRule | Self::Permission | Self::AclEntry
        )
    }

    fn score(self) -> Score {
        match self {
            Self::Group | Self::Acl | Self::ListedRule => CERTAIN,
            Self::Permission | Self::AclEntry => 80,
            _ => COMPANION,
        }
    }
}

/// The list that a key names, without regard to case, `_` and `-`: collectors write `security_groups`.
fn list_of(key: &str) -> Option<Item> {
    let letters = |s: &str| {
        s.bytes()
            .filter(|b| !matches!(b, b'_' | b'-'))
            .map(|b| b.to_ascii_lowercase())
            .collect::<smallvec::SmallVec<[u8; 32]>>()
    };
    if key.len() > 24 {
        return None;
    }
    let key = letters(key);
    LISTS
        .iter()
        .find(|(name, _)| name.as_bytes() == key.as_slice())
        .map(|(_, item)| *item)
}

/// Keys that decide what an object is, one bit each.
const MARKS: [&str; 19] = [
    "IpPermissions",
    "IpPermissionsEgress",
    "NetworkAclId",
    "Entries",
    "SecurityGroupRuleId",
    "IsEgress",
    "IpProtocol",
    "IpRanges",
    "UserIdGroupPairs",
    "RuleNumber",
    "RuleAction",
    "NetworkInterfaceId",
    "InstanceId",
    "SubnetId",
    "CidrBlock",
    "PrefixListId",
    "PrefixListName",
    "Cidr",
    "VpcId",
];

/// What an object is, if its own keys tell.
pub(super) fn item_of(object: Value<'_>) -> Option<Item> {
    let mut marks = 0u32;
    for (k, _) in object.members() {
        let Some(key) = k.str() else { continue };
        let at = MARKS.iter().position(|m| m.eq_ignore_ascii_case(&key));
        marks |= at.map_or(0, |n| 1 << n);
    }
    let has = |name: &str| {
        let at = MARKS.iter().position(|m| *m == name);
        at.is_some_and(|n| marks & (1 << n) != 0)
    };
    Some(if has("IpPermissions") || has("IpPermissionsEgress") {
        Item::Group
    } else if has("NetworkAclId") && has("Entries") {
        Item::Acl
    } else if has("SecurityGroupRuleId") || (has("IsEgress") && has("IpProtocol")) {
        Item::ListedRule
    } else if has("IpProtocol") && (has("IpRanges") || has("UserIdGroupPairs")) {
        Item::Permission
    } else if has("RuleNumber") && has("RuleAction") {
        Item::AclEntry
    } else if has("NetworkInterfaceId") && has("SubnetId") {
        Item::Interface
    } else if has("InstanceId") && (has("SubnetId") || has("VpcId")) {
        Item::Instance
    } else if has("SubnetId") && has("CidrBlock") {
        Item::Subnet
    } else if has("PrefixListId") && has("PrefixListName") {
        Item::PrefixList
    } else if has("Cidr") {
        Item::PrefixEntry
    } else {
        return None;
    })
}

/// What the items of a list are, judged by the first object. A bare prefix list entry says too little.
fn bare_list(list: Value<'_>) -> Option<Item> {
    let first = list.items().next().filter(|v| v.kind() == Kind::Object)?;
    item_of(first).filter(|i| *i != Item::PrefixEntry)
}

/// Whether a list is words of a group and its permissions, as `[GroupId, IpPermissions]` of `--query` prints them.
fn is_row(list: Value<'_>) -> bool {
    list.kind() == Kind::Array
        && list.items().any(|v| v.kind() == Kind::String)
        && list.items().any(|v| bare_list(v) == Some(Item::Permission))
}

/// A member of an object that is a list of a known name and holds what the name says. An empty one is believed near the
/// top only, because other services use the same names for lists of ids.
fn known_list(key: Value<'_>, value: Value<'_>, depth: usize) -> Option<Item> {
    let item = list_of(&key.str()?)?;
    let near = depth <= 1;
    let believed = match value.kind() {
        Kind::Array if value.items().next().is_none() => near && item != Item::PrefixEntry,
        Kind::Array => match value.items().find(|v| v.kind() == Kind::Object) {
            // Groups and ACLs that are cut off, or that `--query` cut down, are still named as incomplete.
            Some(first) => item_of(first).map_or(near && item.is_filter(), |found| found == item),
            None => false,
        },
        Kind::Null => near && item.is_filter(),
        _ => false,
    };
    believed.then_some(item)
}

/// How sure it is that a text is of this format.
pub(super) fn score(json: &Json<'_>) -> Score {
    let mut best = 0;
    let mut visits = 0;
    let mut todo: Vec<(Value<'_>, usize)> = json.documents().take(64).map(|d| (d, 0)).collect();
    todo.reverse();
    while let Some((value, depth)) = todo.pop() {
        visits += 1;
        if visits > MAX_VISITS || best >= CERTAIN {
            break;
        }
        let own = match value.kind() {
            Kind::Object => item_of(value).filter(|i| *i != Item::PrefixEntry),
            _ => None,
        };
        if let Some(item) = own {
            best = best.max(item.score());
            continue;
        }
        for (key, member) in value.members() {
            if let Some(item) = known_list(key, member, depth) {
                let empty = !item.is_filter() && member.items().next().is_none();
                best = best.max(if empty { EMPTY } else { item.score() });
            }
        }
        if depth < MAX_DEPTH {
            let members = value.members().map(|(_, v)| v);
            let inner = members
                .chain(value.items().take(64))
                .filter(|v| matches!(v.kind(), Kind::Object | Kind::Array))
                .map(|v| (v, depth + 1));
            todo.extend(inner);
        }
    }
    if best == 0 && json.documents().any(is_other_answer) {
        return COMPANION;
    }
    best
}

/// The score of a text that holds only what stands beside filters.
const COMPANION: Score = 20;

/// Keys beside the lists of filters under which no filter and no companion stands: they are not followed.
const INERT: [&str; 21] = [
    "addresses",
    "carriergateways",
    "customergateways",
    "dhcpoptions",
    "egressonlyinternetgateways",
    "flowlogs",
    "internetgateways",
    "natgateways",
    "responsemetadata",
    "routetables",
    "stalesecuritygroupset",
    "transitgatewayattachments",
    "transitgatewayroutetables",
    "transitgateways",
    "transitgatewayvpcattachments",
    "vpcendpoints",
    "vpcendpointconnections",
    "vpcpeeringconnections",
    "vpcs",
    "vpnconnections",
    "vpngateways",
];

/// Whether a key names a list of resources that hold no rules: the answer of another `describe-` command.
fn is_inert(key: &str) -> bool {
    INERT.contains(&key.to_ascii_lowercase().replace('_', "").as_str())
}

/// Whether a document is the answer of a command that prints resources without rules.
fn is_other_answer(root: Value<'_>) -> bool {
    let mut lists = root.members().filter(|(_, v)| v.kind() == Kind::Array);
    lists.any(|(k, _)| {
        k.str()
            .is_some_and(|k| is_inert(&k) && !k.eq_ignore_ascii_case("addresses"))
    })
}

/// A step of reading a document.
enum Step<'a> {
    /// A value to follow: its depth, whether a key before it says egress, and the place to name if nothing is in it.
    Follow(Value<'a>, usize, bool, Option<Span>),
    /// Whether anything was found since there were so many things.
    Check(Span, usize),
}

/// A value inside another: whether a key says egress, and the place to name if nothing is in it.
type Inner<'a> = (Value<'a>, bool, Option<Span>);

impl<'a> Reader<'a> {
    /// Reads one document: finds what it holds at whatever depth its wrappers put it, and names what it does not take.
    pub(super) fn document(&mut self, root: Value<'a>) {
        let mut todo = vec![Step::Follow(root, 0, false, None)];
        while let Some(step) = todo.pop() {
            let (value, depth, egress) = match step {
                Step::Check(place, before) => {
                    if self.found() == before {
                        self.problem(
                            ProblemKind::Note,
                            place,
                            reworded(
                                "nothing below this is read: no security group, network ACL or rule",
                                "nothing under this is read: it holds no security group, network ACL or rule",
                            ),
                        );
                    }
                    continue;
                }
                Step::Follow(value, depth, egress, place) => {
                    todo.extend(place.map(|p| Step::Check(p, self.found())));
                    (value, depth, egress)
                }
            };
            let inner = match value.kind() {
                Kind::Array => self.array(value, depth, egress),
                Kind::Object => self.object(value, depth),
                _ => Vec::new(),
            };
            if let Some((deep, ..)) = inner.first().filter(|_| depth >= MAX_DEPTH) {
                self.dropped(
                    deep.span(),
                    "this is nested too deeply to be part of an export",
                );
                continue;
            }
            let follow = |(v, egress, place): Inner<'a>| Step::Follow(v, depth + 1, egress, place);
            todo.extend(inner.into_iter().rev().map(follow));
        }
    }

    /// How many things were taken or named so far.
    fn found(&self) -> usize {
        let out = &self.out;
        let taken = out.points.len() + out.companions.len() + out.rules_in_file;
        taken + self.objects.problems.len() + usize::from(self.empty_list.is_some())
    }

    /// One item of a known kind.
    fn item(&mut self, item: Item, object: Value<'a>) {
        let before = self.out.companions.len();
        match item {
            Item::Group => self.security_group(object),
            Item::Acl => self.network_acl(object),
            Item::ListedRule => self.listed_rule(object),
            Item::Interface => self.interface(object, "", &[]),
            Item::Instance => self.instance(object),
            Item::Subnet => self.subnet(object),
            Item::PrefixList => self.prefix_list(object),
            Item::Permission | Item::AclEntry | Item::PrefixEntry => {
                self.dropped(object.span(), "a rule outside of a list is not read");
            }
        }
        // A terminated instance has neither addresses nor groups.
        if !item.is_filter() && self.out.companions.len() == before {
            self.companion(Companion::Label(object.span()));
        }
    }

    /// A list without a name, or under a name that is not known. Returns what is to be followed.
    fn array(&mut self, list: Value<'a>, depth: usize, egress: bool) -> Vec<Inner<'a>> {
        match bare_list(list) {
            Some(Item::Permission) => {
                self.bare_permissions(list, egress);
                return Vec::new();
            }
            Some(Item::AclEntry) => {
                self.bare_entries(list);
                return Vec::new();
            }
            _ => {}
        }
        if list.items().any(is_row) {
            for row in list.items() {
                match row.kind() {
                    Kind::Array => self.group_row(row),
                    _ => self.dropped(row.span(), "a row of a group should be a list here"),
                }
            }
            return Vec::new();
        }
        if is_row(list) {
            self.group_row(list);
            return Vec::new();
        }
        // `SecurityGroups[*].IpPermissions`: a list of permissions for each group, some of them empty.
        if list.items().any(|v| bare_list(v) == Some(Item::Permission)) {
            for group in list.items() {
                self.bare_permissions(group, egress);
            }
            return Vec::new();
        }
        let mut inner = Vec::new();
        for value in list.items() {
            match value.kind() {
                Kind::Object | Kind::Array => {
                    inner.push((value, egress, (depth == 0).then(|| value.span())));
                }
                Kind::Invalid | Kind::Null => {}
                _ if depth == 0 => self.problem(
                    ProblemKind::Note,
                    value.span(),
                    reworded(
                        "value is not read: not an object of an export",
                        "this value is no object of an export and is not read",
                    ),
                ),
                _ => {}
            }
        }
        inner
    }

    /// An object that is an item itself, or holds lists of items, or wraps something. Returns what is to be followed.
    fn object(&mut self, object: Value<'a>, depth: usize) -> Vec<Inner<'a>> {
        if let Some(item) = item_of(object)
            && item != Item::PrefixEntry
        {
            self.item(item, object);
            return Vec::new();
        }
        let token = object.get_ci("NextToken");
        let more = token.is_some_and(|t| t.str().is_some_and(|s| !s.is_empty()));
        if let Some(token) = token
            && more
        {
            self.paged = true;
            self.page(token);
        }
        let headers = object
            .get_ci("ResponseMetadata")
            .and_then(|m| m.get_ci("HTTPHeaders"));
        if let Some(date) = headers.and_then(|h| h.get_ci("date"))
            && self.out.exported_at.is_none()
        {
            let text = date.str().unwrap_or_default().into_owned();
            self.out.exported_at = (!text.is_empty()).then_some((text, date.span()));
        }
        let mut inner = Vec::new();
        for (key, value) in object.members() {
            match known_list(key, value, depth) {
                Some(Item::PrefixEntry) => {
                    self.prefix_entries(value, object.get_ci("PrefixListId"), !more);
                }
                Some(item) => self.items(item, value),
                None if matches!(value.kind(), Kind::Object | Kind::Array) => {
                    let name = key.str().unwrap_or_default().to_ascii_lowercase();
                    let egress = name.contains("egress") || name.contains("outbound");
                    if !is_inert(&name) {
                        inner.push((value, egress, (depth <= 1).then(|| key.span())));
                    } else if value.kind() == Kind::Array && self.out.companions.is_empty() {
                        self.companion(Companion::Label(key.span()));
                    }
                }
                None => {}
            }
        }
        inner
    }

    /// The items of a list of a known name.
    fn items(&mut self, item: Item, list: Value<'a>) {
        let mut none = true;
        for object in list.items() {
            none = false;
            self.item(item, object);
        }
        if none && item.is_filter() {
            self.empty_list.get_or_insert(list.key_span());
        }
        if none {
            self.companion(Companion::Label(list.key_span()));
        }
    }

    fn page(&mut self, token: Value<'a>) {
        let problem = Problem::new(
            ProblemKind::Incomplete,
            token.key_span(),
            reworded(
                "`NextToken` says that this is one page: the rest of the export is missing",
                "`NextToken` says that this is one page and more of the export follows elsewhere",
            ),
        );
        self.push(
            problem
                .help("export without `--max-items` and `--no-paginate`, or add the other pages"),
        );
    }
}
