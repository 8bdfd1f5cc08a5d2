//! Where the objects of a ruleset are in a document.

use crate::json::Value;

/// Containers around the list of objects: collectors wrap what commands print.
const MAX_WRAPPERS: usize = 8;
/// Values that are looked at for the list of objects.
const MAX_VISITS: usize = 4096;

/// The list of objects in a document: the value of `nftables`, wherever a collector put it. True where its object has
/// another one before it.
pub(super) fn lists<'a>(document: Value<'a>) -> Vec<(Value<'a>, bool)> {
    let mut found = Vec::new();
    let mut todo = vec![(document, 0)];
    let mut visits = 0;
    while let Some((value, depth)) = todo.pop() {
        visits += 1;
        if visits > MAX_VISITS {
            break;
        }
        let here = todo.len();
        let mut again = false;
        for (key, member) in value.members() {
            if key.raw() == "\"nftables\"" {
                found.push((member, std::mem::replace(&mut again, true)));
            } else if depth < MAX_WRAPPERS {
                todo.push((member, depth + 1));
            }
        }
        if depth < MAX_WRAPPERS {
            todo.extend(value.items().map(|v| (v, depth + 1)));
        }
        // Document order.
        if let Some(new) = todo.get_mut(here..) {
            new.reverse();
        }
    }
    found
}
