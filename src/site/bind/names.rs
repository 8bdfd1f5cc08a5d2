//! What the names in a host's rules stand for where it is.

use super::Binder;
use crate::link::{self, INTERNET, NO_ACCESS, VIRTUAL_NETWORK};
use crate::site::Host;
use hylint_model::PointKind;
use std::sync::Arc;

impl Binder<'_> {
    /// Gives a host what `VirtualNetwork` and `Internet` stand for in its subnet: `subnet`, else the one that its address is
    /// in, else those that its group says it guards.
    pub(super) fn name_tags(&mut self, host: &mut Host, subnet: Option<&str>) {
        let points = host.layers.iter().flat_map(|l| &l.points);
        let points: Vec<_> = points.filter_map(|at| self.point(*at)).collect();
        let azure = |k: PointKind| matches!(k, PointKind::Nsg | PointKind::AdminRules);
        if !points.iter().any(|p| azure(p.kind)) {
            return;
        }
        let guarded = points.iter().flat_map(|p| &p.subnets);
        let guarded: Vec<String> = guarded.map(|s| s.to_string()).collect();
        let place = subnet.map(str::to_owned).or_else(|| {
            let by_address = self.azure.subnet_with(&host.every).map(str::to_owned);
            by_address.or_else(|| match guarded.as_slice() {
                [one] => Some(one.clone()),
                _ => None,
            })
        });
        let network = guarded
            .iter()
            .find_map(|s| link::parent(s, "subnets"))
            .or_else(|| self.azure.only_network());
        let tags = self.azure.tags(place.as_deref(), network);
        let own = |key: &str, b: &Self| {
            // What hylint.toml says, for the site or for the host, goes before.
            b.known.contains(key) || b.resolve.get(key) != host.resolve.get(key)
        };
        let mut resolve = (*host.resolve).clone();
        let mut open = (*host.open).clone();
        let shared = |k: &&String| {
            let group = k.strip_prefix(link::GROUPS);
            group.is_some_and(|g| self.azure.is_shared_name(g)) && !own(k, self)
        };
        let shared: Vec<String> = host.resolve.keys().filter(shared).cloned().collect();
        let here = place.as_deref().and_then(|s| link::parent(s, "subnets"));
        for key in shared {
            let group = key.strip_prefix(link::GROUPS).unwrap_or_default();
            if let Some((members, unknown)) = self.azure.members(group, here.or(network)) {
                resolve.insert(key.clone(), members);
                open.insert(key, unknown);
            }
        }
        let said = own(VIRTUAL_NETWORK, self);
        let Some(tags) = tags else {
            // Another network's meaning of the tag does not hold here.
            if !said && (place.is_some() || network.is_some()) {
                resolve.remove(VIRTUAL_NETWORK);
                open.remove(VIRTUAL_NETWORK);
            }
            host.resolve = Arc::new(resolve);
            host.open = Arc::new(open);
            return;
        };
        if !said {
            let subnet = place.as_deref().unwrap_or_default();
            let tables = self.azure.default_routes(subnet);
            host.widened_by = tables.iter().map(|t| t.name.clone()).collect();
            resolve.insert(VIRTUAL_NETWORK.to_owned(), tags.network);
            open.insert(VIRTUAL_NETWORK.to_owned(), tags.open);
            for table in &tags.missing {
                self.table_not_exported(&host.name, table, &host.layers);
            }
        }
        resolve.insert(NO_ACCESS.to_owned(), tags.no_access);
        open.insert(NO_ACCESS.to_owned(), tags.maybe_no_access);
        if !own(INTERNET, self) {
            resolve.insert(INTERNET.to_owned(), tags.internet);
        }
        host.resolve = Arc::new(resolve);
        host.open = Arc::new(open);
    }
}
