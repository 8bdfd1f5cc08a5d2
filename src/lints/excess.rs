//! What rules let in that nobody needs: `any-any`, `exposed-to-internet`, `over-permissive-source`,
//! `over-permissive-port`, `bypasses-gateway`, `unneeded-flow`, `default-allow`, `firewall-off`, `stale-port`.
//!
//! The excess of a rule is its own box minus every needed flow of the hosts behind the point, minus the platform's
//! background. Each rule gets at most one finding, the gravest.

mod beyond;
mod classify;
mod defaults;
mod elsewhere;
mod entry;
mod fold;
mod inner;
mod jointly;
mod kept;
mod narrow;
mod needed;
mod outside;
mod parts;
mod passing;
mod points;
mod review;
mod scene;
mod sums;
mod sweep;
mod told;
mod via;
mod weigh;
mod words;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

pub(crate) use outside::outside;
pub(crate) use points::findings;
