//! Writes groups as `az network nsg list` prints them: what [`crate::azure::FORMAT`] reads back as the same model.

use crate::azure::addr::named;
use crate::json::escape::quoted;
use crate::write::{Result, WriteError};
use hylint_model::{
    Action, Body, Clause, Condition, ConditionKind, Point, Rule, RuleOrigin, Side, Span, Test,
};
use hylint_space::{AddrSet, PortSet, ProtoSet, proto};
use std::fmt::Write as _;

/// Why a rule or a part of it cannot be written.
pub(super) type Part<T> = std::result::Result<T, &'static str>;

/// Writes groups, one object each. Default rules that stand in no file are left out, as reading adds them.
///
/// # Errors
/// The first rule that a network security group cannot express.
pub fn write(points: &[&Point]) -> Result<String> {
    let mut out = String::from("[");
    for (n, point) in points.iter().enumerate() {
        out.push_str(if n == 0 { "\n" } else { ",\n" });
        group(&mut out, point)?;
    }
    out.push_str("\n]\n");
    Ok(out)
}

fn error(point: &Point, span: Span, message: &'static str) -> WriteError {
    WriteError::new("Azure", span, message).of_point(point)
}

fn group(out: &mut String, point: &Point) -> Result<()> {
    let Body::Lists(lists) = &point.body else {
        return Err(error(point, point.span, "chains"));
    };
    out.push_str("  {\n");
    for (title, platform) in [("defaultSecurityRules", true), ("securityRules", false)] {
        let _ = write!(out, "    \"{title}\": [");
        let mut separator = "\n";
        for (direction, list) in [("Inbound", &lists.ingress), ("Outbound", &lists.egress)] {
            for r in &list.rules {
                let is_platform = r.origin == RuleOrigin::Platform;
                if is_platform != platform || (is_platform && r.span.is_empty()) {
                    continue;
                }
                out.push_str(separator);
                separator = ",\n";
                rule(out, r, direction).map_err(|what| error(point, r.span, what).of_rule(r))?;
            }
        }
        out.push_str(if separator == "\n" {
            "],\n"
        } else {
            "\n    ],\n"
        });
    }
    for (title, ids) in [
        ("networkInterfaces", &point.interfaces),
        ("subnets", &point.subnets),
    ] {
        let ids: Vec<_> = ids
            .iter()
            .map(|i| format!("{{\"id\": {}}}", quoted(i)))
            .collect();
        let _ = writeln!(out, "    \"{title}\": [{}],", ids.join(", "));
    }
    let tags: Vec<_> = point
        .tags
        .iter()
        .map(|t| format!("{}: {}", quoted(&t.key), quoted(&t.value)))
        .collect();
    let _ = writeln!(out, "    \"tags\": {{{}}},", tags.join(", "));
    let _ = writeln!(out, "    \"id\": {},", quoted(&point.id));
    let _ = writeln!(out, "    \"name\": {},", quoted(&point.name));
    out.push_str("    \"type\": \"Microsoft.Network/networkSecurityGroups\"\n  }");
    Ok(())
}

fn rule(out: &mut String, r: &Rule, direction: &str) -> Part<()> {
    let access = match r.action {
        Action::Allow => "Allow",
        Action::Deny => "Deny",
        _ => return Err("an action that is neither allow nor deny"),
    };
    let priority = r.priority.ok_or("a rule without a priority")?;
    if !r.enabled {
        return Err("a disabled rule");
    }
    let [src, dst] = ends(r)?;
    let Some(first) = r.clauses.first() else {
        return Err("a rule that matches nothing");
    };
    let space = &first.space;
    let mut plain = space.clone();
    plain.src = AddrSet::any();
    plain.dst = AddrSet::any();
    (plain.proto, plain.sport, plain.dport) = (ProtoSet::full(), PortSet::full(), PortSet::full());
    if !plain.is_any() {
        return Err("flags, states or interfaces");
    }
    let ports_any = space.sport.is_full() && space.dport.is_full();
    let protocol = protocol(&space.proto, ports_any)?;
    let _ = write!(
        out,
        "      {{\n        \"access\": \"{access}\",\n        \"description\": {},\n",
        quoted(&r.comment)
    );
    for (end, e, ports) in [
        ("destination", dst, &space.dport),
        ("source", src, &space.sport),
    ] {
        list(out, end, "AddressPrefix", "es", &e.words);
        if !e.groups.is_empty() {
            let ids: Vec<_> = e
                .groups
                .iter()
                .map(|g| format!("{{\"id\": {}}}", quoted(g)))
                .collect();
            let ids = ids.join(", ");
            let _ = writeln!(out, "        \"{end}ApplicationSecurityGroups\": [{ids}],");
        }
        list(out, end, "PortRange", "s", &port_words(ports));
    }
    let _ = write!(
        out,
        "        \"direction\": \"{direction}\",\n        \"name\": {},\n        \"priority\": {priority},\n        \"protocol\": \"{protocol}\"\n      }}",
        quoted(&r.name)
    );
    Ok(())
}

/// Words for one end of a rule.
#[derive(Default)]
pub(super) struct End {
    pub(super) words: Vec<String>,
    pub(super) groups: Vec<String>,
}

type Key<'a> = (&'a AddrSet, Option<&'a Condition>);

/// The ends of a rule: its clauses must be every pair of them.
pub(super) fn ends(r: &Rule) -> Part<[End; 2]> {
    let mut sides: [Vec<Key<'_>>; 2] = [Vec::new(), Vec::new()];
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let Some(first) = r.clauses.first() else {
        return Err("a rule that matches nothing");
    };
    let transport = |c: &Clause| {
        (
            c.space.proto == first.space.proto,
            c.space.sport == first.space.sport,
            c.space.dport == first.space.dport,
        )
    };
    for c in &r.clauses {
        if transport(c) != (true, true, true) {
            return Err("alternatives with different protocols or ports");
        }
        let [from, to] = split(c)?;
        let [sources, destinations] = &mut sides;
        let pair = (
            place(sources, (&c.space.src, from)),
            place(destinations, (&c.space.dst, to)),
        );
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let [sources, destinations] = &sides;
    if pairs.len() != sources.len() * destinations.len() {
        return Err("pairs of sources and destinations that are no product");
    }
    Ok([end(sources)?, end(destinations)?])
}

fn place<'a>(all: &mut Vec<Key<'a>>, key: Key<'a>) -> usize {
    let same = |k: &Key<'_>| {
        let told = |c: Option<&Condition>| c.map(|c| (c.test.clone(), c.negated));
        k.0 == key.0 && told(k.1) == told(key.1)
    };
    all.iter().position(same).unwrap_or_else(|| {
        all.push(key);
        all.len() - 1
    })
}

/// A clause's conditions by the end that they are about.
fn split(c: &Clause) -> Part<[Option<&Condition>; 2]> {
    let [mut from, mut to] = [None, None];
    for condition in &c.conditions {
        let slot = match (&condition.test, condition.kind) {
            (
                Test::Named {
                    side: Side::Src, ..
                },
                ConditionKind::Peer,
            ) => &mut from,
            (
                Test::Named {
                    side: Side::Dst, ..
                },
                ConditionKind::Peer,
            ) => &mut to,
            _ => return Err("a condition that is no service tag or application security group"),
        };
        if slot.replace(condition).is_some() {
            return Err("two conditions on one end");
        }
    }
    Ok([from, to])
}

fn end(keys: &[Key<'_>]) -> Part<End> {
    let mut out = End::default();
    for (addrs, condition) in keys {
        let Some(c) = condition else {
            if addrs.is_any() {
                out.words.push("*".to_owned());
            } else {
                out.words.extend(addrs.texts());
            }
            continue;
        };
        let Test::Named { key, side } = &c.test else {
            return Err("a condition that is no service tag or application security group");
        };
        let Some(tag) = key.strip_prefix("azure:") else {
            return Err("a name of another platform");
        };
        if c.negated {
            return Err("a negated name");
        } else if **addrs != named(tag, *side, c.span).addrs {
            return Err("a name for a part of its addresses");
        } else if let Some(group) = tag.strip_prefix("asg/") {
            out.groups.push(format!(
                "/providers/Microsoft.Network/applicationSecurityGroups/{group}"
            ));
        } else {
            out.words.push(tag.to_owned());
        }
    }
    if out.words.is_empty() && out.groups.is_empty() {
        return Err("an end without addresses");
    }
    Ok(out)
}

pub(super) fn protocol(set: &ProtoSet, ports_any: bool) -> Part<String> {
    let numbers: Vec<(u8, u8)> = set.iter().collect();
    let name = match numbers.as_slice() {
        [(proto::TCP, proto::TCP)] => "Tcp",
        [(proto::UDP, proto::UDP)] => "Udp",
        [(proto::ICMP, proto::ICMP), (proto::ICMPV6, proto::ICMPV6)] if ports_any => "Icmp",
        [(50, 50)] if ports_any => "Esp",
        [(51, 51)] if ports_any => "Ah",
        _ if set.is_full() && ports_any => "*",
        _ if !ports_any && *set == proto::with_ports() => "*",
        [(lo, hi)] if ports_any => return Ok(format!("{lo}-{hi}")),
        [(lo, hi)] if lo == hi && proto::has_ports(*lo) => return Ok(lo.to_string()),
        _ => return Err("this set of protocols"),
    };
    Ok(name.to_owned())
}

pub(super) fn port_words(set: &PortSet) -> Vec<String> {
    if set.is_full() {
        return vec!["*".to_owned()];
    }
    let word = |(lo, hi)| {
        if lo == hi {
            format!("{lo}")
        } else {
            format!("{lo}-{hi}")
        }
    };
    set.iter().map(word).collect()
}

/// A singular and a plural field, of which one is used.
fn list(out: &mut String, end: &str, field: &str, plural: &str, words: &[String]) {
    let (one, many) = match words {
        [one] => (Some(one), &[][..]),
        many => (None, many),
    };
    if let Some(one) = one {
        let _ = writeln!(out, "        \"{end}{field}\": {},", quoted(one));
    }
    let many: Vec<_> = many.iter().map(|w| quoted(w)).collect();
    let many = many.join(", ");
    let _ = writeln!(out, "        \"{end}{field}{plural}\": [{many}],");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::FORMAT;
    use crate::input::Input;
    use crate::source::Source;
    use hylint_model::Export;
    use proptest::prelude::*;

    fn read(text: &str) -> Export {
        let source = Source::new("x.json", text, "UTF-8");
        (FORMAT.read)(&Input::new(&source))
    }

    type Told = (
        String,
        Option<u32>,
        Action,
        String,
        Vec<(hylint_space::PacketBox, Vec<(Test, bool)>)>,
    );

    /// Everything of a point but places.
    fn told(p: &Point) -> Vec<Told> {
        let clause = |c: &Clause| {
            let tests = c.conditions.iter().map(|c| (c.test.clone(), c.negated));
            (c.space.clone(), tests.collect())
        };
        p.rules()
            .map(|r| {
                let clauses = r.clauses.iter().map(clause).collect();
                let (name, comment) = (r.name.to_string(), r.comment.to_string());
                (name, r.priority, r.action.clone(), comment, clauses)
            })
            .collect()
    }

    fn round(text: &str) {
        let before = read(text);
        let points: Vec<&Point> = before.points.iter().collect();
        let written = write(&points).unwrap_or_else(|e| panic!("{e}: {text}"));
        let after = read(&written);
        assert!(
            after
                .problems
                .iter()
                .all(|p| p.kind == hylint_model::ProblemKind::Note),
            "{written}: {:?}",
            after.problems
        );
        assert_eq!(before.points.len(), after.points.len());
        assert_eq!(before.rules_in_model(), after.rules_in_file, "{written}");
        for (a, b) in before.points.iter().zip(&after.points) {
            assert_eq!(
                (&a.id, &a.name, &a.subnets, &a.interfaces),
                (&b.id, &b.name, &b.subnets, &b.interfaces)
            );
            assert_eq!(told(a), told(b), "{written}");
        }
    }

    fn addresses() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            Just("Internet".to_owned()),
            Just("VirtualNetwork".to_owned()),
            Just("AzureLoadBalancer".to_owned()),
            Just("Storage.WestEurope".to_owned()),
            Just("0.0.0.0/0".to_owned()),
            (any::<[u8; 4]>(), 0u8..=32)
                .prop_map(|([a, b, c, d], n)| format!("{a}.{b}.{c}.{d}/{n}")),
            any::<u16>().prop_map(|n| format!("2001:db8:{n:x}::/48")),
        ];
        prop_oneof![
            Just("\"*\"".to_owned()),
            prop::collection::vec(word, 1..4).prop_map(|w| format!("[\"{}\"]", w.join("\",\""))),
        ]
    }

    fn ports() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("\"*\"".to_owned()),
            prop::collection::vec((any::<u16>(), any::<u16>()), 1..4).prop_map(|r| {
                let words: Vec<_> = r
                    .iter()
                    .map(|(a, b)| format!("\"{}-{}\"", a.min(b), a.max(b)))
                    .collect();
                format!("[{}]", words.join(","))
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(
            src in addresses(), dst in addresses(), sport in ports(), dport in ports(),
            protocol in prop_oneof![Just("*"), Just("Tcp"), Just("udp"), Just("Icmp"), Just("Esp"), Just("89"), Just("132")],
            allow in any::<bool>(), inbound in any::<bool>(), priority in 100u32..4097, comment in "[a-z\"\\\\\u{1}é]{0,8}",
        ) {
            let text = format!(
                r#"{{"name": "w", "id": "/s/w", "subnets": [{{"id": "/v/subnets/a"}}], "securityRules": [{{"name": "r",
                "priority": {priority}, "protocol": "{protocol}", "access": "{}", "direction": "{}", "description": {},
                "sourcePortRanges": {sport}, "destinationPortRanges": {dport},
                "sourceAddressPrefixes": {src}, "destinationAddressPrefixes": {dst}}}]}}"#,
                if allow { "Allow" } else { "Deny" },
                if inbound { "Inbound" } else { "Outbound" },
                quoted(&comment),
            );
            round(&text);
        }
    }

    #[test]
    fn groups_of_applications_and_default_rules_are_written_too() {
        let rule = |name: &str, src: &str| {
            format!(
                r#"{{"name": "{name}", "priority": 100, "protocol": "Tcp", "access": "Allow", "direction": "Inbound",
                "sourcePortRange": "*", "destinationPortRange": "22", "destinationAddressPrefix": "*", {src}}}"#
            )
        };
        let asg = r#""sourceApplicationSecurityGroups": [{"id": "/x/web"}]"#;
        let any = r#""sourceAddressPrefix": "*""#;
        round(&format!(
            r#"[{{"name": "w", "securityRules": [{}], "defaultSecurityRules": [{}]}}, {{"name": "v", "securityRules": []}}]"#,
            rule("a", asg),
            rule("AllowVnetInBound", any)
        ));
    }

    #[test]
    fn what_azure_cannot_say_is_refused() {
        let text = r#"{"name": "w", "securityRules": [{"name": "r", "priority": 100, "protocol": "Tcp", "access": "Allow",
            "direction": "Inbound", "sourcePortRange": "*", "destinationPortRange": "[parameters('p')]",
            "sourceAddressPrefix": "*", "destinationAddressPrefix": "*"}]}"#;
        let e = read(text);
        let fault = write(&[&e.points[0]]).unwrap_err();
        assert_eq!((&*fault.point, &*fault.rule), ("w", "r"));
        let mut e = read(&text.replace("[parameters('p')]", "22"));
        assert!(write(&[&e.points[0]]).is_ok());
        for rule in e.points[0].rules_mut() {
            rule.clauses[0].space.state = hylint_space::StateSet::NEW;
        }
        assert!(write(&[&e.points[0]]).is_err(), "a group has no states");
    }
}
