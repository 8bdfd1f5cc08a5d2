//! Keys that were looked up before: the objects of an export have the same keys, mostly in the same order.

use rustc_hash::FxHashMap;

/// Keys of one kind of object that are remembered; a hostile text may hold any number.
const MOST: usize = 64;

/// What keys turned out to be, by the name of the object's shape.
#[derive(Debug)]
pub struct Memo<P>(FxHashMap<&'static str, Vec<(Box<str>, P)>>);

impl<P> Default for Memo<P> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

/// The keys of one shape while an object is read.
#[derive(Debug)]
pub struct KnownKeys<P> {
    keys: Vec<(Box<str>, P)>,
    /// Where the next key is expected.
    next: usize,
}

impl<P: Copy> Memo<P> {
    /// Takes the keys of a shape, for one object.
    pub fn take(&mut self, shape: &'static str) -> KnownKeys<P> {
        KnownKeys {
            keys: std::mem::take(self.0.entry(shape).or_default()),
            next: 0,
        }
    }

    /// Gives them back.
    pub fn put(&mut self, shape: &'static str, known: KnownKeys<P>) {
        self.0.insert(shape, known.keys);
    }
}

impl<P: Copy> KnownKeys<P> {
    /// What a key is. `raw` is the key as written, quotes and escapes included; `look` finds it out.
    #[inline]
    pub fn get(&mut self, raw: &str, look: impl FnOnce() -> P) -> P {
        if let Some((key, place)) = self.keys.get(self.next)
            && **key == *raw
        {
            self.next += 1;
            return *place;
        }
        self.search(raw, look)
    }

    fn search(&mut self, raw: &str, look: impl FnOnce() -> P) -> P {
        let mut keys = self.keys.iter().enumerate();
        if let Some((at, (_, place))) = keys.find(|(_, (key, _))| **key == *raw) {
            self.next = at + 1;
            return *place;
        }
        let place = look();
        if self.keys.len() < MOST {
            self.keys.push((raw.into(), place));
            self.next = self.keys.len();
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_looked_up_once_in_any_order() {
        let mut memo = Memo::default();
        let mut looked = Vec::new();
        for keys in [["a", "b", "c"], ["c", "a", "b"], ["b", "d", "A"]] {
            let mut known = memo.take("a thing");
            for key in keys {
                let place = known.get(key, || {
                    looked.push(key);
                    key.as_bytes()[0]
                });
                assert_eq!(place, key.as_bytes()[0]);
            }
            memo.put("a thing", known);
        }
        assert_eq!(looked, ["a", "b", "c", "d", "A"]);
        let mut other = memo.take("another thing");
        assert_eq!(other.get("a", || 0), 0, "shapes are apart");
    }

    #[test]
    fn not_every_key_of_a_hostile_text_is_kept() {
        let mut memo = Memo::default();
        let mut known = memo.take("a thing");
        for n in 0..10_000 {
            assert_eq!(known.get(&n.to_string(), || n), n);
        }
        assert_eq!(known.keys.len(), MOST);
    }
}
