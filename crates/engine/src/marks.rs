//! Packet and connection marks along a path (iptables-extensions(8): MARK, CONNMARK).

/// A mark of which some bits may not be known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    /// The bits that are known; 0 elsewhere.
    value: u32,
    known: u32,
}

impl Mark {
    /// Any mark.
    pub(crate) const ANY: Self = Self { value: 0, known: 0 };

    /// Exactly this one.
    pub(crate) const fn exactly(value: u32) -> Self {
        Self {
            value,
            known: u32::MAX,
        }
    }

    /// The mark after `(mark & !clear) ^ (other & take)`.
    pub(crate) fn mixed(self, clear: u32, other: Self, take: u32) -> Self {
        let known = (self.known | clear) & (other.known | !take);
        Self {
            value: ((self.value & !clear) ^ (other.value & take)) & known,
            known,
        }
    }

    /// Whether `mark & mask == value`; `None` if bits that are not known decide.
    pub(crate) fn is(self, value: u32, mask: u32) -> Option<bool> {
        if value & !mask != 0 || (self.value ^ value) & mask & self.known != 0 {
            return Some(false);
        }
        (mask & !self.known == 0).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every mark of three bits that the known bits allow.
    fn all(m: Mark) -> Vec<u32> {
        (0..8).filter(|v| v & m.known == m.value).collect()
    }

    #[test]
    fn what_is_known_is_what_every_possible_mark_has_in_common() {
        let some = (0..8).flat_map(|known| {
            (0..8).map(move |v| Mark {
                value: v & known,
                known,
            })
        });
        let some: Vec<Mark> = some.collect();
        for (a, b) in some.iter().flat_map(|a| some.iter().map(move |b| (*a, *b))) {
            for (clear, take) in (0..8).flat_map(|c| (0..8).map(move |t| (c, t))) {
                let mixed = a.mixed(clear, b, take);
                let results: Vec<u32> = all(a)
                    .iter()
                    .flat_map(|x| all(b).into_iter().map(move |y| (x & !clear) ^ (y & take)))
                    .collect();
                let same = |bit: &u32| {
                    let first = results.first().map(|r| r & bit);
                    results.iter().all(|r| Some(r & bit) == first)
                };
                let known = [1, 2, 4].iter().filter(|bit| same(bit)).sum::<u32>();
                assert_eq!(mixed.known & 7, known, "{a:?} {b:?} {clear} {take}");
                assert!(results.iter().all(|r| r & known == mixed.value & 7));
            }
        }
        for m in some {
            for (value, mask) in (0..8).flat_map(|v| (0..8).map(move |mask| (v, mask))) {
                let each: Vec<bool> = all(m).iter().map(|x| x & mask == value).collect();
                let sure = each.iter().all(|b| *b == each[0]).then(|| each[0]);
                assert_eq!(m.is(value, mask), sure, "{m:?} {value} {mask}");
            }
        }
    }
}
