//! What the judge says of a requirement.

use super::check::Checked;
use crate::rules::matrix::Requirement;

/// A requirement's checks at the hosts that are judged here, with everything that findings and reports need.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// The requirement.
    pub req: &'a Requirement,
    /// Its ports in this site.
    pub ports: &'a [u16],
    /// Its checks, by host and layer.
    pub checks: Vec<Checked<'a>>,
}
