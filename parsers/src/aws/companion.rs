//! What binds groups and ACLs to hosts: interfaces, instances, subnets, prefix lists.

use super::reader::{Reader, text};
use super::shape;
use crate::json::{Kind, Value};
use hylint_model::{
    AddressList, Companion, ListPart, Listing, NetworkInterface, Problem, ProblemKind, Subnet, Tag,
    reworded,
};
use hylint_space::AddrSet;

/// The name that people gave a resource.
fn name_tag(tags: &[Tag]) -> Box<str> {
    tags.iter()
        .find(|t| t.key == "Name")
        .map_or_else(Box::default, |t| t.value.as_str().into())
}

impl<'a> Reader<'a> {
    /// Adds the addresses under a value: an address, an object of an address, or a list of either.
    fn addresses(&mut self, value: Option<Value<'a>>, private: &mut AddrSet, public: &mut AddrSet) {
        let Some(value) = value else { return };
        match value.kind() {
            Kind::String if !value.raw().trim_matches('"').is_empty() => {
                if let Some(set) = self.cidr(value) {
                    *private = private.union(&set);
                }
            }
            Kind::Object => self.address(value, private, public),
            Kind::Array => {
                for item in value.items() {
                    match item.kind() {
                        Kind::Object => self.address(item, private, public),
                        _ => {
                            if let Some(set) = self.cidr(item) {
                                *private = private.union(&set);
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// One address object with its public association.
    fn address(&mut self, object: Value<'a>, private: &mut AddrSet, public: &mut AddrSet) {
        let [v4, v6, prefix4, prefix6, public_ip, association] =
            self.objects.read(&shape::INTERFACE_ADDRESS, object).values;
        let own = [v4, v6, prefix4, prefix6];
        for value in own.into_iter().flatten() {
            self.add(value, private);
        }
        if let Some(value) = public_ip {
            self.add(value, public);
        }
        if let Some(association) = association {
            let [.., public_ip, _] = self
                .objects
                .read(&shape::INTERFACE_ADDRESS, association)
                .values;
            if let Some(value) = public_ip {
                self.add(value, public);
            }
        }
    }

    fn add(&mut self, value: Value<'a>, to: &mut AddrSet) {
        if value.raw().trim_matches('"').is_empty() {
            return;
        }
        if let Some(set) = self.cidr(value) {
            *to = to.union(&set);
        }
    }

    fn group_ids(&mut self, groups: Option<Value<'a>>) -> Vec<Box<str>> {
        let id = |item: Value<'a>| {
            let [group, _, _, name] = self.objects.read(&shape::IDENTIFIER, item).values;
            let id = text(group.or(name));
            (!id.is_empty()).then_some(id)
        };
        groups
            .into_iter()
            .flat_map(Value::items)
            .filter_map(id)
            .collect()
    }

    /// One network interface, by itself or of an instance.
    pub(super) fn interface(&mut self, object: Value<'a>, instance: &str, tags: &[Tag]) {
        let [
            id,
            v4,
            v4_list,
            v6,
            v6_list,
            v4_prefixes,
            v6_prefixes,
            association,
            groups,
            subnet,
            attachment,
            tag_set,
        ] = self.objects.read(&shape::INTERFACE, object).values;
        let (mut private, mut public) = (AddrSet::empty(), AddrSet::empty());
        for value in [
            v4,
            v4_list,
            v6,
            v6_list,
            v4_prefixes,
            v6_prefixes,
            association,
        ] {
            self.addresses(value, &mut private, &mut public);
        }
        let of_instance = !instance.is_empty();
        let mut all_tags = tags.to_vec();
        all_tags.extend(self.tags(tag_set));
        let instance = match attachment {
            Some(attachment) if instance.is_empty() => {
                let [_, id, ..] = self.objects.read(&shape::IDENTIFIER, attachment).values;
                text(id)
            }
            _ => instance.into(),
        };
        let label = id.map_or(object.span(), Value::span);
        let listing = match (of_instance, self.paged) {
            (_, true) => Listing::Page,
            (true, false) => Listing::Instances,
            (false, false) => Listing::Whole,
        };
        let interface = NetworkInterface {
            id: text(id),
            name: name_tag(&all_tags),
            private,
            public,
            points: self.group_ids(groups),
            groups: Vec::new(),
            public_ids: Vec::new(),
            subnet: text(subnet),
            instance,
            tags: all_tags,
            listing,
            span: label,
        };
        self.companion(Companion::Interface(Box::new(interface)));
    }

    /// One instance: an interface for each of its own, or one that is made of what the instance itself says.
    pub(super) fn instance(&mut self, object: Value<'a>) {
        let [id, interfaces, v4, v6, public_ip, groups, subnet, tags] =
            self.objects.read(&shape::INSTANCE, object).values;
        let tags = self.tags(tags);
        let id = text(id);
        if let Some(list) = interfaces {
            for interface in list.items() {
                self.interface(interface, &id, &tags);
            }
            return;
        }
        let (mut private, mut public) = (AddrSet::empty(), AddrSet::empty());
        for value in [v4, v6].into_iter().flatten() {
            self.add(value, &mut private);
        }
        if let Some(value) = public_ip {
            self.add(value, &mut public);
        }
        if private.is_empty() {
            return;
        }
        let interface = NetworkInterface {
            name: name_tag(&tags),
            private,
            public,
            points: self.group_ids(groups),
            subnet: text(subnet),
            instance: id,
            tags,
            listing: match self.paged {
                true => Listing::Page,
                false => Listing::Instances,
            },
            span: object.span(),
            ..NetworkInterface::default()
        };
        self.companion(Companion::Interface(Box::new(interface)));
    }

    /// One element of `Subnets`.
    pub(super) fn subnet(&mut self, object: Value<'a>) {
        let [id, v4, v6, vpc, tags] = self.objects.read(&shape::SUBNET, object).values;
        let mut addrs = AddrSet::empty();
        if let Some(block) = v4 {
            self.add(block, &mut addrs);
        }
        for item in v6.into_iter().flat_map(Value::items) {
            let [_, _, block, _] = self.objects.read(&shape::IDENTIFIER, item).values;
            if let Some(block) = block {
                self.add(block, &mut addrs);
            }
        }
        let tags = self.tags(tags);
        self.companion(Companion::Subnet(Subnet {
            id: text(id),
            name: name_tag(&tags),
            addrs,
            network: text(vpc),
            points: Vec::new(),
            routes: Box::default(),
            span: object.span(),
        }));
    }

    /// One element of `PrefixLists`: with its blocks (`describe-prefix-lists`) or without (`describe-managed-prefix-lists`).
    pub(super) fn prefix_list(&mut self, object: Value<'a>) {
        let [id, cidrs] = self.objects.read(&shape::PREFIX_LIST, object).values;
        let id = text(id);
        let Some(cidrs) = cidrs else {
            let problem = Problem::new(
                ProblemKind::Note,
                object.span(),
                reworded(
                    format!("the output lacks the address blocks of {id}"),
                    format!("this output does not hold the address blocks of {id}"),
                ),
            );
            self.push(problem.help(format!(
                "export them with `aws ec2 get-managed-prefix-list-entries --prefix-list-id {id}`"
            )));
            self.managed = Some(match self.managed {
                None => Some(id.clone()),
                Some(_) => None,
            });
            self.companion(Companion::ListPart(ListPart {
                key: format!("aws:{id}").into(),
                addrs: None,
                span: object.span(),
            }));
            return;
        };
        let blocks: Vec<_> = cidrs.items().collect();
        self.address_list(&id, object, &blocks, !cidrs.is_cut());
    }

    /// The output of `get-managed-prefix-list-entries`, which does not name the list: the id is taken from beside the
    /// entries, from the file's name, or from the only managed list of the same file.
    pub(super) fn prefix_entries(&mut self, list: Value<'a>, id: Option<Value<'a>>, whole: bool) {
        let mut blocks = Vec::new();
        let mut complete = whole && !list.is_cut();
        for item in list.items() {
            match self.objects.read(&shape::PREFIX_ENTRY, item).values {
                [Some(block)] => blocks.push(block),
                [None] => complete = false,
            }
        }
        let beside = id.and_then(Value::text).map(Box::<str>::from);
        let only = || self.managed.clone().flatten();
        let found = beside
            .or_else(|| id_in_path(&self.source.path))
            .or_else(only);
        match found {
            Some(id) => self.address_list(&id, list, &blocks, complete),
            None => {
                // Which list it is, the files beside it may tell.
                if let Some(addrs) = self.whole_list("", list, &blocks, complete) {
                    self.companion(Companion::ListPart(ListPart {
                        key: Box::default(),
                        addrs: Some(addrs),
                        span: list.key_span(),
                    }));
                }
            }
        }
    }

    /// Keeps a list only as a whole.
    fn address_list(&mut self, id: &str, object: Value<'a>, blocks: &[Value<'a>], whole: bool) {
        let Some(addrs) = self.whole_list(id, object, blocks, whole) else {
            return;
        };
        self.companion(Companion::AddressList(AddressList {
            key: format!("aws:{id}").into(),
            addrs,
            span: object.span(),
        }));
    }

    /// The addresses of a list that is whole: a part would make others look as if they were not in it.
    fn whole_list(
        &mut self,
        id: &str,
        object: Value<'a>,
        blocks: &[Value<'a>],
        whole: bool,
    ) -> Option<AddrSet> {
        let mut addrs = AddrSet::empty();
        let mut whole = whole;
        for block in blocks {
            match self.cidr(*block) {
                Some(set) => addrs = addrs.union(&set),
                None => whole = false,
            }
        }
        if !whole {
            self.problem(
                ProblemKind::Incomplete,
                object.span(),
                match id {
                    "" => reworded(
                        "incomplete prefix list is not used",
                        "this prefix list is not whole, so it is not used",
                    ),
                    id => reworded(
                        format!("incomplete prefix list {id} is not used"),
                        format!("the prefix list {id} is not whole, so it is not used"),
                    ),
                },
            );
            return None;
        }
        Some(addrs)
    }
}

/// A prefix list's id in a file's path: `pl-` and at least eight hexadecimal digits.
fn id_in_path(path: &str) -> Option<Box<str>> {
    path.match_indices("pl-").find_map(|(at, _)| {
        let rest = path.get(at..)?;
        let end = rest
            .bytes()
            .skip(3)
            .position(|b| !b.is_ascii_hexdigit())
            .map_or(rest.len(), |n| n + 3);
        (end >= 11).then(|| rest.get(..end).map(Into::into))?
    })
}

#[cfg(test)]
mod tests {
    use super::id_in_path;

    #[test]
    fn a_prefix_list_id_is_found_in_a_path() {
        assert_eq!(
            id_in_path("x/pl-0a1b2c3d4e5f.json").as_deref(),
            Some("pl-0a1b2c3d4e5f")
        );
        assert_eq!(
            id_in_path("simpl-e/pl-0a1b2c3d").as_deref(),
            Some("pl-0a1b2c3d")
        );
        assert_eq!(id_in_path("pl-entries.json"), None);
        assert_eq!(id_in_path("pl-abc.json"), None);
    }
}
