//! How much of the Internet a set of sources holds: the one answer to "is this anyone?".

use super::addr::AddrSet;
use super::class;
use super::range::RangeSet;
use std::sync::LazyLock;

/// How much of the Internet a set of sources holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Exposure {
    /// Less than a block: the networks of companies, of countries, of a content network.
    #[default]
    Few,
    /// At least one public IPv4 /8 or IPv6 /16.
    Block,
    /// At least 2^30 public IPv4 addresses or a quarter of 2000::/3, in however many pieces.
    Anyone,
}

/// Public IPv4 addresses from which on it is anyone: of 2^32 addresses some 3.7 thousand million are public.
const V4_ANYONE: u128 = 1 << 30;
/// A quarter of 2000::/3.
const V6_ANYONE: u128 = 1 << 123;
/// The bits behind a /8 and a /16.
const V4_BLOCK: u32 = 24;
const V6_BLOCK: u32 = 112;

/// The public addresses of each IPv4 /8 that has private ones as well and more public ones.
static MIXED: LazyLock<Vec<RangeSet<u32>>> = LazyLock::new(|| {
    let block = |n: u8| {
        let lo = u32::from(n) << V4_BLOCK;
        RangeSet::range(lo, lo | ((1 << V4_BLOCK) - 1))
    };
    let public = |n: u8| block(n).intersect(&class::public().v4);
    let mixed = |part: &RangeSet<u32>| {
        let n = part.count();
        (1 << (V4_BLOCK - 1)..1 << V4_BLOCK).contains(&n)
    };
    (0..=u8::MAX).map(public).filter(mixed).collect()
});

impl Exposure {
    /// Of the public addresses among these.
    #[must_use]
    pub fn of(sources: &AddrSet) -> Self {
        if Self::most(sources.v4.count(), sources.v6.count()) == Self::Few {
            return Self::Few;
        }
        let public = sources.intersect(class::public());
        let most = Self::most(public.v4.count(), public.v6.count());
        if most == Self::Block && !has_block(&public) {
            return Self::Few;
        }
        most
    }

    /// The most that so many public IPv4 and IPv6 addresses can be.
    #[must_use]
    pub fn most(v4: u128, v6: u128) -> Self {
        if v4 >= V4_ANYONE || v6 >= V6_ANYONE {
            Self::Anyone
        } else if v4 >= 1 << (V4_BLOCK - 1) || v6 >= 1 << V6_BLOCK {
            Self::Block
        } else {
            Self::Few
        }
    }
}

/// Whether all public addresses of a block are among these, which are public.
fn has_block(public: &AddrSet) -> bool {
    let four = |(lo, hi): (u32, u32)| whole(lo.into(), hi.into(), V4_BLOCK);
    public.v4.iter().any(four)
        || public.v6.iter().any(|(lo, hi)| whole(lo, hi, V6_BLOCK))
        || MIXED.iter().any(|block| block.is_subset(&public.v4))
}

/// Whether a range holds a whole aligned block of so many bits.
fn whole(lo: u128, hi: u128, bits: u32) -> bool {
    let size = 1_u128 << bits;
    let first = lo.div_ceil(size);
    // The block after the last whole one.
    let end = hi.checked_add(1).map_or(u128::MAX / size, |n| n / size);
    first < end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Exposure {
        let sets = texts.iter().filter_map(|t| AddrSet::parse(t));
        Exposure::of(&sets.fold(AddrSet::empty(), |all, one| all.union(&one)))
    }

    /// Catches a way to write "anyone" in pieces that is not seen, and a country that is taken for anyone.
    #[test]
    fn anyone_is_a_sum_and_a_block_is_whole() {
        for (texts, want) in [
            (&["0.0.0.0/0"][..], Exposure::Anyone),
            (&["::/0"], Exposure::Anyone),
            (&["0.0.0.0/1"], Exposure::Anyone),
            (&["128.0.0.0/1"], Exposure::Anyone),
            (&["2000::/4"], Exposure::Anyone),
            (&["3000::/5"], Exposure::Anyone),
            (&["3000::/6"], Exposure::Block),
            (&["64.0.0.0/2"], Exposure::Block),
            (&["0.0.0.0/2", "64.0.0.0/2"], Exposure::Anyone),
            (
                &["1.0.0.0-9.255.255.255", "11.0.0.0-99.255.255.255"],
                Exposure::Anyone,
            ),
            (&["8.0.0.0/5"], Exposure::Block),
            (&["8.0.0.0/8"], Exposure::Block),
            (&["8.0.0.0/9", "8.128.0.0/9"], Exposure::Block),
            (&["8.0.0.0/9", "9.0.0.0/9"], Exposure::Few),
            (&["8.128.0.0-9.127.255.255"], Exposure::Few),
            (&["172.0.0.0/8"], Exposure::Block),
            (&["172.32.0.0/11", "172.64.0.0/10"], Exposure::Few),
            (
                &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
                Exposure::Few,
            ),
            (&["fc00::/7"], Exposure::Few),
            (&["2a00::/16"], Exposure::Block),
            (&["2a00::/17", "2a01::/17"], Exposure::Few),
            (&["224.0.0.0/3"], Exposure::Few),
            (&["104.16.0.0/12", "2606:4700::/32"], Exposure::Few),
        ] {
            assert_eq!(of(texts), want, "{texts:?}");
        }
    }
}
