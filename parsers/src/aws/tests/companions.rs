use super::*;
use ProblemKind::{Incomplete, Malformed, Note};
use hylint_model::{Companion, Listing, NetworkInterface, Subnet};

fn interfaces(export: &Export) -> Vec<&NetworkInterface> {
    fn pick(c: &Companion) -> Option<&NetworkInterface> {
        match c {
            Companion::Interface(i) => Some(i),
            _ => None,
        }
    }
    export.companions.iter().filter_map(pick).collect()
}

#[test]
fn an_interface_binds_groups_to_addresses() {
    let export = read(
        r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1",
        "Attachment": {"InstanceId": "i-1", "AttachmentId": "x"}, "Association": {"PublicIp": "203.0.113.5"},
        "Groups": [{"GroupId": "sg-1", "GroupName": "a"}, {"GroupId": "sg-2", "GroupName": "b"}],
        "PrivateIpAddress": "10.0.0.4", "PrivateIpAddresses": [
          {"Primary": true, "PrivateIpAddress": "10.0.0.4", "Association": {"PublicIp": "203.0.113.5"}},
          {"Primary": false, "PrivateIpAddress": "10.0.0.9", "Association": null}],
        "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.0/28"}],
        "Ipv6Addresses": [{"Ipv6Address": "2001:db8::4"}], "TagSet": [{"Key": "Name", "Value": "cm1"}]}]}"#,
    );
    assert!(export.problems.is_empty(), "{:?}", export.problems);
    let eni = interfaces(&export)[0];
    assert_eq!(
        (&*eni.id, &*eni.name, &*eni.instance, &*eni.subnet),
        ("eni-1", "cm1", "i-1", "subnet-1")
    );
    assert_eq!(
        eni.private.to_string(),
        "10.0.0.4,10.0.0.9,10.0.1.0/28,2001:db8::4"
    );
    assert_eq!(eni.public.to_string(), "203.0.113.5");
    let points: Vec<_> = eni.points.iter().map(|p| &**p).collect();
    assert_eq!(points, ["sg-1", "sg-2"]);
}

#[test]
fn a_listing_of_interfaces_says_which_others_it_shows() {
    let eni =
        r#"{"NetworkInterfaceId": "eni-1", "SubnetId": "s-1", "PrivateIpAddress": "10.0.0.4"}"#;
    let listing = |text: &str| interfaces(&read(text))[0].listing;
    let all = format!(r#"{{"NetworkInterfaces": [{eni}]}}"#);
    assert_eq!(listing(&all), Listing::Whole);
    let page = format!(r#"{{"NextToken": "x", "NetworkInterfaces": [{eni}]}}"#);
    assert_eq!(listing(&page), Listing::Page);
    let last = format!(r#"{{"NextToken": "", "NetworkInterfaces": [{eni}]}}"#);
    assert_eq!(listing(&last), Listing::Whole);
    let of = format!(
        r#"{{"Reservations": [{{"Instances": [{{"InstanceId": "i-1", "SubnetId": "s-1", "NetworkInterfaces": [{eni}]}}]}}]}}"#
    );
    assert_eq!(listing(&of), Listing::Instances);
}

#[test]
fn instances_give_their_interfaces_with_name_and_tags() {
    let export = read(
        r#"{"Reservations": [{"Groups": [], "ReservationId": "r-1", "Instances": [
        {"InstanceId": "i-1", "SubnetId": "s-1", "VpcId": "v", "State": {"Name": "running"}, "SomethingNew": 1,
         "Tags": [{"Key": "Name", "Value": "sh1"}, {"Key": "Role", "Value": "session-host"}],
         "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "SubnetId": "s-1", "PrivateIpAddress": "10.0.0.4",
            "Groups": [{"GroupId": "sg-1"}], "Attachment": {"AttachmentId": "x"}}]},
        {"InstanceId": "i-2", "SubnetId": "s-1", "PrivateIpAddress": "10.0.0.5", "PublicIpAddress": "203.0.113.6",
         "SecurityGroups": [{"GroupId": "sg-2"}]},
        {"InstanceId": "i-3", "SubnetId": "s-1", "NetworkInterfaces": [], "State": {"Name": "terminated"}}]}]}"#,
    );
    assert!(export.problems.is_empty(), "{:?}", export.problems);
    let all = interfaces(&export);
    assert_eq!(all.len(), 2, "a terminated instance has none");
    assert_eq!((&*all[0].instance, &*all[0].name), ("i-1", "sh1"));
    assert_eq!(all[0].tags[1].value, "session-host");
    assert_eq!((&*all[1].instance, &*all[1].points[0]), ("i-2", "sg-2"));
    assert_eq!(all[1].private.to_string(), "10.0.0.5");
    assert_eq!(all[1].public.to_string(), "203.0.113.6");
}

#[test]
fn subnets_have_the_blocks_of_both_families() {
    let export = read(
        r#"{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24",
        "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/64", "AssociationId": "x"}], "Tags": null}]}"#,
    );
    let [Companion::Subnet(Subnet { addrs, network, .. })] = &export.companions[..] else {
        panic!("{:?}", export.companions)
    };
    assert_eq!(addrs.to_string(), "10.0.0.0/24,2001:db8::/64");
    assert_eq!(&**network, "vpc-1");
}

/// Key and addresses of every list, and the problems.
fn address_lists(path: &str, text: &str) -> (Vec<String>, Vec<ProblemKind>) {
    let export = read_as(path, text);
    let pick = |c: &Companion| match c {
        Companion::AddressList(l) => Some(format!("{} {}", l.key, l.addrs)),
        _ => None,
    };
    (
        export.companions.iter().filter_map(pick).collect(),
        kinds(&export.problems),
    )
}

#[test]
fn prefix_lists_with_their_blocks() {
    let text = r#"{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "s3", "Cidrs": ["10.0.0.0/9", "10.128.0.0/9"]}]}"#;
    assert_eq!(
        address_lists("x", text),
        (vec!["aws:pl-1 10.0.0.0/8".into()], vec![])
    );
    let text = r#"{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "s3", "Cidrs": ["10.0.0.0/9", "x"]}]}"#;
    let (found, problems) = address_lists("x", text);
    assert!(found.is_empty(), "a part of a list is not used");
    assert_eq!(problems, [Incomplete, Malformed]);
}

#[test]
fn managed_entries_get_their_id_from_beside_the_path_or_the_only_list() {
    let entries = r#""Entries": [{"Cidr": "10.0.0.0/8", "Description": "x"}]"#;
    let found = |path: &str, text: &str| address_lists(path, text);
    let want = |id: &str| vec![format!("aws:{id} 10.0.0.0/8")];
    let alone = format!("{{{entries}}}");
    assert_eq!(
        found("a/pl-0123abcd.json", &alone),
        (want("pl-0123abcd"), vec![])
    );
    let beside = format!(r#"{{"PrefixListId": "pl-9", {entries}}}"#);
    assert_eq!(found("x", &beside), (want("pl-9"), vec![]));
    // The files beside it may tell; the linker looks for them.
    assert_eq!(found("x", &alone), (vec![], vec![]));
    let list =
        |id: &str| format!(r#"{{"PrefixListId": "{id}", "PrefixListName": "n", "State": "s"}}"#);
    let managed = format!(r#"{{"PrefixLists": [{}]}} {alone}"#, list("pl-5"));
    assert_eq!(found("x", &managed), (want("pl-5"), vec![Note]));
    let two = format!(
        r#"{{"PrefixLists": [{}, {}]}} {alone}"#,
        list("pl-5"),
        list("pl-6")
    );
    assert_eq!(found("x", &two), (vec![], vec![Note, Note]));
    let page = format!(r#"{{"NextToken": "t", {entries}}}"#);
    let (lists, problems) = found("pl-0123abcd", &page);
    assert!(lists.is_empty(), "one page is not the list");
    assert!(problems.contains(&Incomplete));
}
