//! For people.
