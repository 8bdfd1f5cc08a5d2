//! Numbers of things in lists, each list's of a type of its own, so that one cannot be taken for another.

/// Declares a number of a thing in a list: `new` from its place, `index` back to it.
#[macro_export]
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
        pub struct $name(u32);

        impl $name {
            /// Of the thing at a place of the list. Places past the largest number are all the last one.
            #[must_use]
            pub fn new(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }

            /// The place in the list.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}
