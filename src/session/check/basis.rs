//! What judging goes by.

use crate::judge::{Flows, Row};
use crate::session::material::Material;
use crate::site::Bound;

/// What judging goes by, whichever part is judged.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    pub material: &'a Material,
    pub bound: &'a Bound,
    pub flows: Flows<'a>,
    pub rows: &'a [Row<'a>],
}
