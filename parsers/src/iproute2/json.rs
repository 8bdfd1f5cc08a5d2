//! What `ip -j` prints: an array of interfaces, of routes or of rules.

use super::addr::{Own, is_name, is_up, network};
use super::listing::{Addresses, Layout, RouteList, RuleList};
use super::route::{self, Read};
use super::rule::{family_of, negate};
use crate::json::{Json, Value};
use hylint_model::{HostInterface, Route, RouteKind, RoutingRule, Span};
use hylint_space::{AddrSet, Family};

/// One array.
#[derive(Debug)]
pub(super) enum Array {
    Addresses(Addresses),
    Routes(RouteList),
    Rules(RuleList),
    /// An empty one, which does not tell what it would list.
    Empty,
    /// Something else.
    Other,
}

/// Where the array or object at the start of a text ends, and whether its last bracket is there.
pub(super) fn end(text: &str) -> (usize, bool) {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, b) in text.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (at + 1, true);
                }
            }
            _ => {}
        }
    }
    (text.len(), false)
}

/// Reads the array at the start of a text that stands at a place of the file.
pub(super) fn read(text: &str, base: usize) -> Array {
    let json = Json::parse(text);
    let Some(root) = json.documents().next() else {
        return Array::Other;
    };
    let at = At { base };
    let mut items = root.items().filter(|i| !i.is_childless());
    let Some(first) = items.next() else {
        return Array::Empty;
    };
    let has = |key: &str| first.get(key).is_some();
    let all = || root.items().filter(|i| !i.is_childless());
    match () {
        () if has("ifname") => {
            let mut list = Addresses::new(Layout::Json);
            // Filtered versions before 5.0 print `{}` for what they leave out.
            list.partial = root.items().any(Value::is_childless);
            list.cut = root.is_cut();
            for item in all() {
                at.interface(item, &mut list);
            }
            Array::Addresses(list)
        }
        () if has("dst")
            && (has("dev") || has("nexthops") || has("gateway") || has("type") || has("flags")) =>
        {
            let mut list = RouteList {
                cut: root.is_cut(),
                ..RouteList::default()
            };
            for item in all().filter(|i| !i.is_cut()) {
                match at.route(item) {
                    Some(read) => list.reads.push(read),
                    None => list.bad.push(at.span(item)),
                }
            }
            Array::Routes(list)
        }
        () if has("priority") && (has("table") || has("action") || has("goto") || has("src")) => {
            let mut list = RuleList {
                cut: root.is_cut(),
                ..RuleList::default()
            };
            for item in all().filter(|i| !i.is_cut()) {
                match at.rule(item) {
                    Some(rule) => list.rules.push(rule),
                    None => list.bad.push(at.span(item)),
                }
            }
            Array::Rules(list)
        }
        () => Array::Other,
    }
}

fn text(value: Value<'_>, key: &str) -> Option<String> {
    Some(value.get(key)?.text()?.into_owned())
}

/// Where the text of an array begins in the file.
#[derive(Clone, Copy)]
struct At {
    base: usize,
}

impl At {
    /// The place of a value's first line.
    fn span(self, value: Value<'_>) -> Span {
        let own = value.span();
        let first = value.raw().lines().next().map_or(own.len(), str::len);
        let start = self.base + own.range().start;
        Span::new(start, start + first.max(1))
    }

    fn interface(self, item: Value<'_>, list: &mut Addresses) {
        // What is cut off before its addresses may be a part of a name.
        if item.is_cut() && item.get("addr_info").is_none() {
            list.cut = true;
            return;
        }
        let Some(name) = text(item, "ifname").filter(|n| is_name(n)) else {
            list.bad.push(self.span(item));
            return;
        };
        let flags: Vec<String> = item
            .get("flags")
            .iter()
            .flat_map(|f| f.items())
            .filter_map(|f| Some(f.str()?.into_owned()))
            .collect();
        let state = text(item, "operstate");
        let flag = |f: &str| flags.iter().any(|g| g == f);
        list.links += usize::from(item.get("link_type").is_some());
        list.interfaces.push(HostInterface {
            loopback: flag("LOOPBACK") || name == "lo",
            name: name.into(),
            index: item
                .get("ifindex")
                .and_then(|i| u32::try_from(i.int()?).ok()),
            up: (!flags.is_empty()).then(|| is_up(flag, state.as_deref())),
            master: text(item, "master").unwrap_or_default().into(),
            // Its name tells a reader which one it is.
            span: item.get("ifname").map_or(self.span(item), |n| self.span(n)),
            ..HostInterface::default()
        });
        let Some(addresses) = item.get("addr_info") else {
            // `ip -j link` prints none.
            list.partial = true;
            return;
        };
        list.cut |= item.is_cut() || addresses.is_cut();
        let whole = |a: &Value<'_>| !a.is_childless() && !a.is_cut();
        for own in addresses.items().filter(whole) {
            match address(own) {
                Some(own) => list.add(&own),
                None => list.bad.push(self.span(own)),
            }
        }
    }

    fn route(self, item: Value<'_>) -> Option<Read> {
        let typed = text(item, "type");
        let kind = typed
            .as_deref()
            .map_or(Some(RouteKind::Unicast), route::kind);
        let to = text(item, "dst")?;
        let (set, length, _) = route::destination(&to)?;
        let family = |text: &str| family_of(text);
        let via = item.get("via").and_then(|v| text(v, "family"));
        let other = via.map(|f| if f == "inet6" { Family::V4 } else { Family::V6 });
        let near = ["gateway", "prefsrc"];
        let near = near.iter().find_map(|k| family(&text(item, k)?));
        let by_key = match () {
            () if item.get("pref").is_some() => Some(Family::V6),
            () if item.get("scope").is_some() => Some(Family::V4),
            () => None,
        };
        let flag = |value: Value<'_>, f: &str| {
            let mut flags = value.get("flags").into_iter().flat_map(Value::items);
            flags.any(|v| v.str().is_some_and(|s| s == f))
        };
        let hops = || item.get("nexthops").into_iter().flat_map(Value::items);
        let mut interfaces: Vec<Box<str>> = Vec::new();
        let own = text(item, "dev").into_iter();
        let others = hops()
            .filter(|h| !flag(*h, "dead"))
            .filter_map(|h| text(h, "dev"));
        for name in own.chain(others) {
            if !interfaces.iter().any(|i| **i == *name) {
                interfaces.push(name.into());
            }
        }
        let others = hops().filter(|h| !flag(*h, "onlink"));
        let all = others.chain((!flag(item, "onlink")).then_some(item));
        let gateways = all.filter_map(|h| text(h, "gateway")?.parse().ok());
        let gateways = gateways.collect();
        let hop_family = hops().find_map(|h| family(&text(h, "gateway")?));
        // `from` and `tos` pick some of the packets.
        let some = item.get("from").is_some() || item.get("tos").is_some();
        let kind = kind.filter(|_| !some).unwrap_or(RouteKind::Other);
        Some(Read {
            family: set
                .as_ref()
                .and_then(|s| Family::BOTH.into_iter().find(|f| s.has(*f)))
                .or(other)
                .or(near)
                .or(hop_family)
                .or(by_key),
            gateways,
            whole: !interfaces.is_empty() || !matches!(kind, RouteKind::Unicast | RouteKind::Own),
            route: Route {
                to: set.unwrap_or_else(AddrSet::empty),
                length,
                kind,
                table: text(item, "table").map_or("main".into(), |t| route::table(&t)),
                interfaces,
                metric: text(item, "metric")
                    .and_then(|m| m.parse().ok())
                    .unwrap_or(0),
                down: flag(item, "linkdown") || flag(item, "dead"),
                span: self.span(item),
            },
        })
    }

    fn rule(self, item: Value<'_>) -> Option<(RoutingRule, Option<Family>)> {
        let mut rule = RoutingRule {
            priority: u32::try_from(item.get("priority")?.int()?).ok()?,
            from: AddrSet::any(),
            to: AddrSet::any(),
            narrowed: false,
            table: "".into(),
            suppress: None,
            span: self.span(item),
        };
        let mut family = None;
        let (mut from, mut to) = ((None, None), (None, None));
        let mut negated = false;
        for (key, value) in item.members() {
            let key = key.str()?;
            let said = value.text().unwrap_or_default();
            match &*key {
                "priority" | "protocol" | "action" => {}
                // Its value is `null`.
                "not" => negated = true,
                "src" if said == "all" => {}
                "src" => from.0 = Some(said.into_owned()),
                "srclen" => from.1 = Some(said.into_owned()),
                "dst" if said == "all" => {}
                "dst" => to.0 = Some(said.into_owned()),
                "dstlen" => to.1 = Some(said.into_owned()),
                "table" => rule.table = route::table(&said),
                "suppress_prefixlen" | "suppress_prefixlength" => rule.suppress = said.parse().ok(),
                _ => rule.narrowed = true,
            }
        }
        for (said, set) in [(from, &mut rule.from), (to, &mut rule.to)] {
            let (Some(addr), length) = said else { continue };
            family = family.or(family_of(&addr));
            let text = match length {
                Some(n) if !addr.contains('/') => format!("{addr}/{n}"),
                _ => addr,
            };
            match AddrSet::parse(&text) {
                Some(read) => *set = read,
                None => rule.narrowed = true,
            }
        }
        if negated {
            negate(&mut rule);
        }
        Some((rule, family))
    }
}

fn address(item: Value<'_>) -> Option<Own> {
    let local = text(item, "local")?;
    let length = item.get("prefixlen")?.int()?;
    // `address` is the peer's, whose network it is then.
    let of = text(item, "address").unwrap_or_else(|| local.clone());
    Some(Own {
        addr: local.parse().ok()?,
        network: network(&format!("{of}/{length}"))?,
        refused: item.get("dadfailed").and_then(Value::bool) == Some(true),
    })
}
