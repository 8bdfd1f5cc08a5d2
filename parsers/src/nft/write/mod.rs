//! Writes a ruleset as `nft list ruleset` and `nft -j list ruleset` print it: what the readers read back is the same policy.
//!
//! A rule becomes one rule where nft can say it in one, else several in a row that say the same. A ruleset of nft can say
//! less than the model, and what it cannot say is an error, never left out: everything that is written is read back and
//! compared before it is returned.

mod action;
mod condition;
mod context;
mod dimension;
mod expr;
mod form;
mod json;
mod line;
mod ruleset;
mod statement;
mod states;
mod verify;

#[cfg(test)]
mod tests;

pub(super) use form::is_name;
pub(super) use ruleset::family as family_word;

use crate::write::Result;
use form::error;
use hylint_model::{Body, Export, Netfilter, Point, PointKind};

/// Writes points as text, and has `read` read them back. See [`super::write`].
///
/// # Errors
/// The first rule or point that nft cannot say.
pub(super) fn text<'p>(
    points: impl IntoIterator<Item = &'p Point>,
    read: fn(&str) -> Export,
) -> Result<String> {
    let (point, written) = written(points)?;
    verify::verify(point, &written.counts, &written.text, read)?;
    Ok(written.text)
}

/// The same as JSON.
///
/// # Errors
/// Likewise.
pub(super) fn json<'p>(
    points: impl IntoIterator<Item = &'p Point>,
    read: fn(&str) -> Export,
) -> Result<String> {
    let (point, written) = written(points)?;
    let text = json::of(point, &written.text)?;
    verify::verify(point, &written.counts, &text, read)?;
    Ok(text)
}

/// The only point, and its text.
fn written<'p>(
    points: impl IntoIterator<Item = &'p Point>,
) -> Result<(&'p Point, ruleset::Written)> {
    let mut points = points.into_iter();
    let Some(point) = points.next() else {
        return Err(error(Default::default(), "there is no firewall to write"));
    };
    if points.next().is_some() {
        return Err(error(point.span, "a ruleset of nft is one firewall"));
    }
    let body = netfilter(point)?;
    Ok((point, ruleset::written(body)?))
}

fn netfilter(point: &Point) -> Result<&Netfilter> {
    match &point.body {
        Body::Netfilter(body) if point.kind == PointKind::Netfilter => Ok(body),
        _ => Err(error(point.span, "this point is no netfilter firewall")),
    }
}
