//! Work on all cores, results in the order of the items.
//!
//! Everything in this crate that uses several threads does so by [`map`]. A map within a map runs on the one thread that it
//! is called on: a worker that waited there would take up another item of the outer map, and that one yet another, until
//! its stack is full, or until it asks for a lock that it holds already.

use rayon::prelude::*;
use std::cell::Cell;

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as one that works on an item.
struct Busy(bool);

impl Busy {
    fn enter() -> Self {
        Self(BUSY.replace(true))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUSY.set(self.0);
    }
}

/// Maps each item, on several threads where there are several items and this thread does not work on one already.
pub fn map<T: Send, R: Send>(items: Vec<T>, f: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    if items.len() < 2 || BUSY.get() {
        return items.into_iter().map(f).collect();
    }
    let one = |item| {
        let _busy = Busy::enter();
        f(item)
    };
    items.into_par_iter().map(one).collect()
}

/// Runs `f` on this thread alone.
pub fn alone<R>(f: impl FnOnce() -> R) -> R {
    let _busy = Busy::enter();
    f()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::current;

    #[test]
    fn an_inner_map_stays_on_its_thread_and_the_order_is_kept() {
        let outer: Vec<u32> = (0..200).collect();
        let all = map(outer, |n| {
            let here = current().id();
            let inner = map((0..50).collect(), |m: u32| (current().id(), m));
            assert!(inner.iter().all(|(id, _)| *id == here));
            (n, inner.last().map(|(_, m)| *m))
        });
        let want: Vec<_> = (0..200).map(|n| (n, Some(49))).collect();
        assert_eq!(all, want);
        let here = current().id();
        let ids = alone(|| map((0..50).collect(), |_: u32| current().id()));
        assert!(ids.iter().all(|id| *id == here));
    }
}
