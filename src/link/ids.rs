//! Ids of cloud resources, and keys of names.

/// The key of `[resolve]` of the tag `VirtualNetwork`.
pub const VIRTUAL_NETWORK: &str = "azure:VirtualNetwork";
/// The key of the tag `Internet`.
pub const INTERNET: &str = "azure:Internet";
/// The key of the spaces of connected peerings without `allowVirtualNetworkAccess`, which are in neither tag.
pub const NO_ACCESS: &str = "azure:peering without access";

/// The last part of an Azure resource id, or the whole of any other id.
#[must_use]
pub fn short_name(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Whether two resource ids are the same. Azure's are case-insensitive; AWS's are lower case anyway.
#[must_use]
pub fn same_id(a: &str, b: &str) -> bool {
    !a.is_empty() && a.eq_ignore_ascii_case(b)
}

/// The part of a resource id before `/word/`, whatever its case.
#[must_use]
pub fn parent<'i>(id: &'i str, word: &str) -> Option<&'i str> {
    let lower = id.to_ascii_lowercase();
    let at = lower.rfind(&format!("/{}/", word.to_ascii_lowercase()))?;
    id.get(..at).filter(|p| !p.is_empty())
}
