//! Classes of addresses: what the Internet's registries assign them to.

use super::addr::AddrSet;
use std::sync::LazyLock;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident: [$($text:literal),* $(,)?];)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name() -> &'static AddrSet {
                static SET: LazyLock<AddrSet> = LazyLock::new(|| of(&[$($text),*]));
                &SET
            }
        )*

        #[cfg(test)]
        const TEXTS: &[&str] = &[$($($text),*),*];
    };
}

classes! {
    /// The host itself (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3).
    loopback: ["127.0.0.0/8", "::1"];
    /// No address yet (RFC 1122, 3.2.1.3; RFC 4291, 2.5.2).
    unspecified: ["0.0.0.0", "::"];
    /// Groups of hosts (RFC 5771; RFC 4291, 2.7).
    multicast: ["224.0.0.0/4", "ff00::/8"];
    /// Reserved for future use, and the limited broadcast (RFC 1112, 4; RFC 919).
    future: ["240.0.0.0/4"];
    /// One link (RFC 3927; RFC 4291, 2.5.6).
    link_local: ["169.254.0.0/16", "fe80::/10"];
    /// One site (RFC 1918; RFC 4193).
    private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
    /// Between a provider and its customers (RFC 6598).
    shared: ["100.64.0.0/10"];
    /// Protocol assignments, examples, benchmarks and the retired relays of 6to4: no host of a site has one (RFC 6890,
    /// RFC 5737, RFC 3849, RFC 2544, RFC 7526).
    unassigned: [
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
    ];
    /// Unicast addresses of both families: 1.0.0.0–223.255.255.255 without loopback; global unicast (RFC 4291, 2.5.4) and
    /// unique local (RFC 4193).
    hosts: ["1.0.0.0-126.255.255.255", "128.0.0.0-223.255.255.255", "2000::/3", "fc00::/7"];
}

/// Addresses that are not routed on the Internet: private, shared and link-local.
#[must_use]
pub fn internal() -> &'static AddrSet {
    static SET: LazyLock<AddrSet> = LazyLock::new(|| private().union(shared()).union(link_local()));
    &SET
}

/// Addresses that are routed on the Internet: those of [`hosts`] that are not [`internal`].
#[must_use]
pub fn public() -> &'static AddrSet {
    static SET: LazyLock<AddrSet> = LazyLock::new(|| hosts().subtract(internal()));
    &SET
}

fn of(texts: &[&str]) -> AddrSet {
    let sets = texts.iter().filter_map(|t| AddrSet::parse(t));
    sets.fold(AddrSet::empty(), |all, one| all.union(&one))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a prefix with a typing error, which would be missing from its class.
    #[test]
    fn every_prefix_is_one_without_host_bits() {
        for text in TEXTS {
            let set = AddrSet::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(set.texts().collect::<Vec<_>>(), [*text]);
        }
    }

    /// Catches a class that takes what belongs to another.
    #[test]
    fn an_address_is_of_the_classes_that_are_documented() {
        let of = |text: &str| {
            let one = AddrSet::parse(text).unwrap();
            let classes = [
                ("loopback", loopback()),
                ("multicast", multicast()),
                ("internal", internal()),
                ("hosts", hosts()),
                ("public", public()),
            ];
            let holding = classes.iter().filter(|(_, set)| one.is_subset(set));
            holding.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
        };
        let want = [
            ("127.0.0.1", "loopback"),
            ("::1", "loopback"),
            ("239.1.1.1", "multicast"),
            ("ff02::1", "multicast"),
            ("172.31.255.255", "internal hosts"),
            ("172.32.0.0", "hosts public"),
            ("100.127.0.1", "internal hosts"),
            ("169.254.169.254", "internal hosts"),
            ("fe80::1", "internal"),
            ("fd00::1", "internal hosts"),
            ("2001:db8::1", "hosts public"),
            ("0.0.0.0", ""),
            ("255.255.255.255", ""),
        ];
        for (text, classes) in want {
            assert_eq!(of(text), classes, "{text}");
        }
    }
}
