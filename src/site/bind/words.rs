//! What binding says: the one place of its sentences and help.

use crate::common::words::{count, list, s, some, verb};
use crate::finding::{Cause, Code, Counted, Finding, Identity, Place, Severity};
use crate::load::{Unread, Why};
use hylint_model::PointKind;

/// Names that a message lists; help lists more.
const NAMED: usize = 2;
/// Names that help lists.
const LISTED: usize = 10;

/// A finding in words.
pub(super) struct Said {
    pub(super) message: String,
    pub(super) help: String,
    /// The same of several.
    pub(super) cause: Option<Cause>,
}

impl Said {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
            cause: None,
        }
    }

    fn folded(mut self, parts: &[&str], counted: Counted, text: impl Into<String>) -> Self {
        self.cause = Some(Cause::of(parts).told(counted, text));
        self
    }
}

/// A finding in the words of binding.
pub(super) fn told(
    code: Code,
    severity: Severity,
    said: Said,
    identity: Identity,
    place: impl Into<Option<Place>>,
) -> Finding {
    let mut f = Finding::new(code, severity, said.message, identity, place);
    f.help = Some(said.help);
    f.cause = said.cause;
    f
}

/// Names for help, where a message does not list them all.
fn choices(names: &[String]) -> String {
    match names.len() > NAMED {
        true => format!("; exported are {}", some(names, LISTED)),
        false => String::new(),
    }
}

/// Points of a kind, as people say it.
fn points(n: usize, kind: PointKind) -> String {
    let kind = match kind {
        PointKind::NetworkAcl => "network ACL".to_owned(),
        kind => kind.as_str().replace('-', " "),
    };
    count(n, &kind)
}

/// Several points of a kind, and nothing says which guards a host. `example` is the key of one; `configured` where there is
/// a hylint.toml.
pub(super) fn guard_unsaid(
    kind: PointKind,
    names: &[String],
    n: usize,
    host: &str,
    example: &str,
    configured: bool,
) -> Said {
    let how = match configured {
        true => format!("add `points = [\"{example}\"]` to [[host]] \"{host}\" in hylint.toml"),
        false => format!(
            "write a hylint.toml with `points = [\"{example}\"]` in a [[host]], or tag the resource with hylint:role"
        ),
    };
    Said::new(
        format!(
            "cannot tell which of {} guard{} `{host}`: {}",
            points(n, kind),
            if n == 1 { "s" } else { "" },
            some(names, NAMED)
        ),
        format!(
            "{how}, or put the exported network interfaces beside the file{}",
            choices(names)
        ),
    )
}

/// Points of an export that guard no host.
pub(super) fn guard_nobody(names: &[String], n: usize) -> Said {
    Said::new(
        format!(
            "{} of this export {} no host of the site{}",
            count(n, "point"),
            verb(n, "guards", "guard"),
            match some(names, NAMED).as_str() {
                "" => String::new(),
                names => format!(": {names}"),
            }
        ),
        format!(
            "name those that guard a host in `points` of its [[host]]{}",
            choices(names)
        ),
    )
    .folded(
        &["nobody"],
        Counted::Places,
        "exports have points that guard no host of the site",
    )
}

/// `points` names what no export of the host holds. `near` is a name that it may mean.
pub(super) fn no_such_point(host: &str, name: &str, names: &[String], near: Option<&str>) -> Said {
    Said::new(
        format!("`points` of `{host}` names `{name}`, which is in none of its exports"),
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "export the point, or correct `points`{}",
                match names {
                    [] => String::new(),
                    names => format!("; exported are {}", some(names, LISTED)),
                }
            ),
        },
    )
}

/// Nothing tells the role of an export; `path` is relative to hylint.toml, if there is one, and `draft` the command that
/// drafts one.
pub(super) fn role_unsaid(path: Option<&str>, draft: &str) -> Said {
    let help = match path {
        Some(path) => format!(
            "add to hylint.toml: [[host]] name = \"NAME\", roles = [\"ROLE\"], exports = [\"{path}\"]"
        ),
        None => format!("run `{draft}`, which asks for the role, or give it with --role ROLE"),
    };
    Said::new(
        "cannot tell the role of this export, so it is not checked against requirements",
        help,
    )
    .folded(
        &["unsaid"],
        Counted::Places,
        "exports have no known role, so they are not checked against requirements",
    )
}

/// An annotation or a tag names a role that the matrix does not have.
pub(super) fn no_such_role(name: &str, near: Option<&str>) -> Said {
    Said::new(
        format!("unknown role `{name}`: the matrix has no such role"),
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "list the roles with `hylint matrix list`".into(),
        },
    )
}

/// An annotation says otherwise than hylint.toml, which overrides it, or than the path, which it overrides.
pub(super) fn annotation_contradicts(path: bool) -> Said {
    Said::new(
        match path {
            true => "the annotation contradicts the path and overrides it",
            false => "the annotation contradicts hylint.toml, which overrides it",
        },
        "correct the annotation, or remove it",
    )
}

/// A tag says otherwise than hylint.toml.
pub(super) fn tag_contradicts(key: &str) -> Said {
    Said::new(
        format!("the tag `{key}` contradicts hylint.toml, which overrides it"),
        "correct the tag, or remove it",
    )
}

/// An entry of the site file: a host by its name, or a transit.
pub(super) fn entry(name: &str) -> String {
    match name {
        "" => "a [[transit]]".to_owned(),
        name => format!("`{name}`"),
    }
}

/// No export of an entry was read. `matched`: some file matches, and holds no firewall.
pub(super) fn no_export(name: &str, matched: bool, wanted: &str, help: String) -> Said {
    let why = match matched {
        true => format!("{wanted} holds no firewall"),
        false => format!("no file matches {wanted}"),
    };
    let whose = entry(name);
    Said::new(
        format!("no export of {whose} was read, so its rules are not checked: {why}"),
        help,
    )
}

/// A glob of an entry that no file matches, or, if it is a path, a file that is not there.
pub(super) fn no_file(name: &str, glob: &str, is_path: bool, help: String) -> Said {
    let whose = entry(name);
    Said::new(
        match is_path {
            true => format!("`exports` of {whose} names `{glob}`, which does not exist"),
            false => format!("no file matches `{glob}` in `exports` of {whose}"),
        },
        help,
    )
}

/// netfilter of one family only.
pub(super) fn no_family(host: &str, family: &str, command: &str) -> Said {
    Said::new(
        format!("the {family} rules of `{host}` are not exported"),
        format!("export them with `{command}` beside this file"),
    )
    .folded(
        &["family", family],
        Counted::Hosts,
        format!("hosts have no exported {family} rules"),
    )
}

/// hylint.toml does not declare a role.
pub(super) fn role_undeclared(id: &str, rows: &[u32]) -> Said {
    let all: Vec<String> = rows.iter().map(u32::to_string).collect();
    Said::new(
        format!(
            "{} {} the addresses of `{id}`, which hylint.toml does not declare",
            count(rows.len(), "requirement"),
            verb(rows.len(), "needs", "need"),
        ),
        format!(
            "add `{id} = [\"ADDRESS\"]` under [roles], or `{id} = []` if the site has none (row{} {})",
            s(rows.len()),
            all.join(", ")
        ),
    )
}

/// hylint.toml does not say how clients connect.
pub(super) fn access_undeclared() -> Said {
    Said::new(
        "hylint.toml does not say whether clients connect through the gateway",
        "add `access = \"gateway\"`, `\"direct\"` or `\"both\"` under [deployment]; direct is assumed",
    )
}

/// Two copies of resources that differ: why one is judged, or none is known to count.
pub(super) enum Copied<'p> {
    /// The newer one.
    Newest(&'p str),
    /// Each where it is named.
    Chosen,
    /// Both.
    Together,
    /// Nothing tells.
    Unknown,
}

/// `first` and `more` resources differ between two files, of which the second is `glob` in hylint.toml.
pub(super) fn copies_differ(
    first: &str,
    more: usize,
    [a, b]: [&str; 2],
    glob: &str,
    how: &Copied<'_>,
) -> Said {
    let what = match more {
        0 => format!("`{first}` differs"),
        more => format!("`{first}` and {more} more differ"),
    };
    let why = match how {
        Copied::Newest(path) => format!("`{path}` is newer and is checked"),
        Copied::Chosen => "each is checked where hylint.toml names it".to_owned(),
        Copied::Together => "both were saved within an hour and are checked".to_owned(),
        Copied::Unknown => "cannot tell which one is in force".to_owned(),
    };
    Said::new(
        format!("{what} between `{a}` and `{b}`: {why}"),
        format!(
            "remove one of the two, or name the one in force in hylint.toml: `exports = [\"{glob}\"]`"
        ),
    )
}

/// A file beside those of a host shows the same firewall as they do, and hylint.toml does not name it.
pub(super) fn other_view(host: &str, path: &str) -> Said {
    Said::new(
        format!("`{path}` is checked as a part of `{host}`, beside whose exports it lies"),
        format!("name it in `exports` of `{host}`, or move it away if it is of another host"),
    )
}

/// A name in `points` that several resources have.
pub(super) fn ambiguous_point(host: &str, name: &str, ids: &[String]) -> Said {
    let example = ids.first().map_or("", String::as_str);
    Said::new(
        format!(
            "`{name}` in `points` of `{host}` is the name of {} resources: {}",
            ids.len(),
            some(ids, NAMED)
        ),
        format!(
            "name the resource by its id: `points = [\"{example}\"]`{}",
            choices(ids)
        ),
    )
}

/// `points` names what no exported interface of the host has.
pub(super) fn on_no_interface(host: &str, name: &str) -> Said {
    Said::new(
        format!(
            "`points` of `{host}` names `{name}`, which does not guard its exported interfaces"
        ),
        "remove it from `points`, or export the interfaces again: they override `points`",
    )
}

/// An exported interface or subnet has a layer that `points` does not name.
pub(super) fn not_in_points(host: &str, title: &str, key: &str) -> Said {
    Said::new(
        format!("`points` of `{host}` does not name `{title}`, which guards one of its interfaces"),
        format!(
            "add \"{key}\" to `points`, or remove `points`: the exported interfaces override it"
        ),
    )
}

/// How a layer that was not exported is exported.
fn export_it(command: &str) -> String {
    format!("put the output of `{command}` beside this file")
}

/// An interface has a group that no export holds.
pub(super) fn group_not_exported(host: &str, id: &str) -> Said {
    Said::new(
        format!("security group `{id}` on an interface of `{host}` is not exported"),
        export_it(&format!(
            "aws ec2 describe-security-groups --group-ids {id}"
        )),
    )
    .folded(
        &["group", id],
        Counted::Hosts,
        format!("hosts have security group `{id}` on an interface, and it is not exported"),
    )
}

/// An interface of AWS is exported without its groups.
pub(super) fn no_group_named(host: &str, interface: &str) -> Said {
    Said::new(
        format!(
            "interface {interface} of `{host}` is exported without its security groups; every interface has one"
        ),
        export_it("aws ec2 describe-network-interfaces"),
    )
    .folded(
        &["ungrouped"],
        Counted::Hosts,
        "hosts have an interface that is exported without its security groups",
    )
}

/// No ACL of a subnet is exported.
pub(super) fn acl_not_exported(subnet: &str) -> Said {
    Said::new(
        format!("the network ACL of subnet {subnet} is not exported; every subnet has one"),
        export_it(&format!(
            "aws ec2 describe-network-acls --filters Name=association.subnet-id,Values={subnet}"
        )),
    )
    .folded(
        &["acl"],
        Counted::Findings,
        "subnets have no exported network ACL; every subnet has one",
    )
}

/// An interface or a subnet of Azure names a group that no export holds.
pub(super) fn nsg_not_exported(host: &str, name: &str, id: &str) -> Said {
    Said::new(
        format!("network security group `{name}` guards `{host}` and is not exported"),
        export_it(&format!("az network nsg show --ids {id}")),
    )
    .folded(
        &["nsg", &name.to_ascii_lowercase()],
        Counted::Hosts,
        format!("hosts are guarded by network security group `{name}`, which is not exported"),
    )
}

/// A subnet of Azure is not exported, so that nothing tells whether it has a group.
pub(super) fn subnet_not_exported(host: &str, name: &str, id: &str) -> Said {
    Said::new(
        format!("subnet `{name}` of `{host}` is not exported, so its network security group is unknown"),
        export_it(&format!("az network vnet subnet show --ids {id}")),
    )
    .folded(
        &["subnet", &name.to_ascii_lowercase()],
        Counted::Hosts,
        format!(
            "hosts are in subnet `{name}`, which is not exported, so its network security group is unknown"
        ),
    )
}

/// A subnet of Azure names a route table that no export holds.
pub(super) fn table_not_exported(host: &str, name: &str, id: &str) -> Said {
    Said::new(
        format!(
            "route table `{name}` of the subnet of `{host}` is not exported; its routes may widen VirtualNetwork"
        ),
        export_it(&format!("az network route-table show --ids {id}")),
    )
    .folded(
        &["route table", &name.to_ascii_lowercase()],
        Counted::Hosts,
        format!(
            "hosts are in subnets with route table `{name}`, which is not exported; its routes may widen VirtualNetwork"
        ),
    )
}

/// Files named after a role hold no firewall.
pub(super) fn no_firewall(role: &str, path: &str, files: usize) -> Said {
    let what = match files {
        1 => format!("`{path}` holds"),
        n => format!("`{path}` and {} more hold", n - 1),
    };
    Said::new(
        format!("no firewall of role `{role}` is exported: {what} no rules"),
        "export the rules into the same folder",
    )
}

/// That no other export of a host or role was read, for the end of a sentence about a file.
pub(super) fn alone(whose: &str) -> String {
    format!("; no other export of {whose} was read")
}

/// That an entry names the file.
pub(super) fn is_named(entry: &str) -> String {
    format!(", and `exports` of {entry} names it")
}

/// That a glob of an entry matches the file, which shows no sign of a firewall.
pub(super) fn is_matched(entry: &str) -> String {
    format!("; a glob of {entry} matches it, and it shows no sign of a firewall")
}

/// The other files of one form.
pub(super) fn as_do(paths: &[&str]) -> String {
    let named: Vec<String> = paths.iter().map(|p| format!("`{p}`")).collect();
    match named.is_empty() {
        true => String::new(),
        false => format!(
            ", as {} {}",
            verb(paths.len(), "does", "do"),
            some(&named, 5)
        ),
    }
}

/// Files of one form that are not read are one.
pub(super) fn of_unread(u: &Unread) -> Cause {
    let what = u.what();
    let told = match (u.why, u.like) {
        (_, Some(_)) => format!("files are not read: they look like {what}"),
        (Why::Empty, None) => "files are empty".to_owned(),
        (Why::Binary, None) => "files are binary and not read".to_owned(),
        (Why::TooLarge, None) => "files are larger than 4 GiB and not read".to_owned(),
        (Why::Device, None) => "paths are pipes, sockets or devices and not read".to_owned(),
        (Why::Copy, None) => "files are backup copies by their names and not read".to_owned(),
        (Why::Unknown, None) => "files are not firewall exports that hylint knows".to_owned(),
    };
    Cause::of(&["unread", what]).told(Counted::Places, told)
}

/// The role of an export is inferred from the ports that it opens.
pub(super) fn inferred(path: &str, role: &str, score: f64) -> String {
    format!("{path} is taken for {role} by the ports that it opens (score {score:.2})")
}

/// Without a site file nobody declares peers.
pub(super) const NO_PEERS: &str = "There is no hylint.toml, so the addresses of peers are unknown: a flow counts as \
                                   allowed only if every source is";

/// A via that no requirement goes through: the message, and what to do.
pub(super) fn unused_via(label: &str) -> (String, String) {
    (
        format!("no required flow goes through {label}"),
        "give its hosts the roles that are reached through it, correct `for`, or remove the entry"
            .into(),
    )
}

/// A host or role that has no address of the family that is at its end of a via: the message, and what to do.
pub(super) fn apart(who: &str, via: &str, there: &str, v4: bool) -> (String, String) {
    let (own, other) = if v4 {
        ("IPv4", "IPv6")
    } else {
        ("IPv6", "IPv4")
    };
    let help = match there {
        "the front" => {
            format!("add an {own} address to `front`, or the {other} addresses of {who}")
        }
        "the sources" => format!(
            "add the {own} addresses that {who} sees to `sources`, or the {other} addresses of {who}"
        ),
        _ => format!("add what the hosts see to `sources`, or the {other} addresses of {who}"),
    };
    let message = format!(
        "{who} has {own} addresses only, and {there} of {via} only {other} ones: nothing is judged between them"
    );
    (message, help)
}

/// At the header of such an entry.
pub(super) const APART: &str = "its ends share no family of addresses";

/// At the header of an entry that no flow needs.
pub(super) const UNUSED_VIA: &str = "no required flow uses it";

/// The paths of an entry, in quotes.
pub(super) fn wanted(globs: &[&str]) -> String {
    let all: Vec<String> = globs.iter().map(|g| format!("`{g}`")).collect();
    list(&all)
}

/// Labels of what a host's own listings say otherwise than hylint.toml.
pub(super) const DECLARED: &str = "declared here";
pub(super) const LISTED_ADDRESSES: &str = "its addresses";
pub(super) const LISTED_INTERFACES: &str = "its interfaces";
pub(super) const ROUTED: &str = "leads there";

pub(super) const ROUTED_BY: &str = "leads by it";

/// A route by an interface that the host does not have.
pub(super) fn stale_route(host: &str, interface: &str) -> Said {
    Said::new(
        format!("a route of `{host}` leads by `{interface}`, which is not among its interfaces: the routes are not used"),
        format!("save `ip -j addr`, `ip -j route show table all` and `ip -j rule` of `{host}` again, at one time"),
    )
    .folded(
        &["stale"],
        Counted::Hosts,
        "hosts have routes by interfaces that they do not have",
    )
}

/// hylint.toml declares an address that the host's listing does not show.
pub(super) fn no_such_address(host: &str, address: &str, shown: &[String]) -> Said {
    let instead = match shown {
        [] => String::new(),
        all => format!(" (it shows {})", some(all, LISTED)),
    };
    Said::new(
        format!("`{host}` does not have the address {address} that hylint.toml declares"),
        format!("correct `addresses` of [[host]] \"{host}\"{instead}, or save the listing of its addresses again"),
    )
    .folded(
        &["unlisted"],
        Counted::Hosts,
        "hosts do not have an address that hylint.toml declares",
    )
}

/// hylint.toml names an interface that the host does not have.
pub(super) fn no_such_interface(host: &str, interface: &str, shown: &[String]) -> Said {
    Said::new(
        format!("`{host}` has no interface `{interface}`, which hylint.toml names"),
        format!(
            "name one that it has in `interfaces`: {}",
            some(shown, LISTED)
        ),
    )
    .folded(
        &["unnamed"],
        Counted::Hosts,
        "hosts do not have an interface that hylint.toml names",
    )
}

/// hylint.toml and the host's routes name different interfaces for some peers.
pub(super) fn other_way(host: &str, peers: &[String], said: &str, routed: &str) -> Said {
    let peers = some(peers, NAMED);
    Said::new(
        format!(
            "`{host}` reaches {peers} by `{routed}`, and hylint.toml says `{said}`, which is judged"
        ),
        "correct `interfaces` in hylint.toml, or remove it: the routes are used then",
    )
    .folded(
        &["rerouted"],
        Counted::Hosts,
        "hosts reach peers by other interfaces than hylint.toml says",
    )
}

/// Labels of listings that are of another machine, or of no host.
pub(super) const THE_HOST: &str = "the host";
pub(super) const OF_WHICH: &str = "of which host?";

/// At the name in a listing.
pub(super) fn names(machine: &str) -> String {
    format!("names `{machine}`")
}

/// A listing names another machine than the host beside whose rules it lies.
pub(super) fn other_machine(host: &str, machine: &str) -> Said {
    Said::new(
        format!("a listing beside the rules of `{host}` is of `{machine}`: it settles nothing"),
        format!("save it on `{host}` again; if `{machine}` is this host, write `name = \"{machine}\"` in its [[host]]"),
    )
    .folded(
        &["stranger"],
        Counted::Hosts,
        "hosts have listings of another machine beside their rules",
    )
}

/// The rules that are given of a host were printed on another machine.
pub(super) fn rules_of_another(host: &str, machine: &str) -> Said {
    Said::new(
        format!("the rules that are given of `{host}` are of `{machine}`"),
        format!(
            "export them on `{host}`, or give the file in the [[host]] of `{machine}`; if `{machine}` is this host, write \
             `name = \"{machine}\"` in its [[host]]"
        ),
    )
}

/// A listing shows no address that hylint.toml declares for the host beside whose rules it lies.
pub(super) fn no_declared_address(host: &str, shown: &[String]) -> Said {
    let shown = some(shown, LISTED);
    Said::new(
        format!("a listing beside the rules of `{host}` has none of its declared addresses: it settles nothing"),
        format!("save it on `{host}` again; if it is of this host, correct `addresses` of its [[host]] (it shows {shown})"),
    )
    .folded(
        &["readdressed"],
        Counted::Hosts,
        "hosts have listings without their declared addresses beside their rules",
    )
}

/// A listing that names no machine, beside one that shows none of the host's declared addresses.
pub(super) fn beside_no_declared_address(host: &str) -> Said {
    Said::new(
        format!("a listing of `{host}` lies beside one that has none of its declared addresses: it settles nothing"),
        format!("save both on `{host}` again; if they are of this host, correct `addresses` of its [[host]]"),
    )
    .folded(
        &["readdressed", "beside"],
        Counted::Hosts,
        "hosts have listings beside those without their declared addresses",
    )
}

/// Listings that are of no host of the site, each with what it is in hylint.toml.
pub(super) fn listings_of_nobody(files: &[(String, String)]) -> Said {
    let named: Vec<String> = files.iter().map(|(f, _)| format!("`{f}`")).collect();
    let line: Vec<String> = files
        .iter()
        .take(LISTED)
        .map(|(_, glob)| format!("\"{glob}\""))
        .collect();
    Said::new(
        format!(
            "listings fit no host and settle nothing: {}",
            some(&named, NAMED)
        ),
        format!(
            "add them to the exports of a [[host]], `exports = […, {}]`, or put them into the folder of its rules",
            line.join(", ")
        ),
    )
}
