//! Variables: `define` in a file, a table or a chain. A variable stands for its value where it is used; one that is not
//! defined yet is unknown, so that none can stand for itself.

use crate::nft::syntax::{Element, Expr, ExprKind};
use std::collections::BTreeMap;

/// Expressions that variables may become altogether, beside one for each [`BYTES`] of the text: definitions of definitions
/// grow by multiplication, and memory is bounded by the text.
const MOST: usize = 200_000;

/// Bytes of the text for which variables may become another expression.
const BYTES: usize = 16;

/// How many expressions the variables of a text may become.
pub(super) const fn most(bytes: usize) -> usize {
    MOST + bytes / BYTES
}

/// A value with what its use costs.
#[derive(Clone, Debug)]
pub(super) struct Value<'a> {
    /// What the variable stands for; `None` if that cannot be read.
    pub(super) expr: Option<Expr<'a>>,
    /// Expressions in it.
    pub(super) weight: usize,
    /// How deep they nest.
    pub(super) depth: u32,
}

/// The variables of the blocks around a place, those of the file first.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    blocks: Vec<BTreeMap<&'a str, Value<'a>>>,
}

/// How many expressions there are, and how deep they nest.
fn measure(expr: &Expr<'_>) -> (usize, u32) {
    let join = |parts: &mut dyn Iterator<Item = (usize, u32)>| {
        let (weight, depth) = parts.fold((0, 0), |(w, d), (pw, pd)| (w + pw, d.max(pd)));
        (weight + 1, depth + 1)
    };
    match &expr.kind {
        ExprKind::Range(ends) => join(&mut [&ends.0, &ends.1].into_iter().map(measure)),
        ExprKind::Concat(parts) | ExprKind::List(parts) => join(&mut parts.iter().map(measure)),
        ExprKind::Set(elements) => join(&mut elements.iter().flat_map(inside).map(measure)),
        ExprKind::Map(map) => join(&mut [&map.key, &map.data].into_iter().map(measure)),
        ExprKind::Binary(two) => join(&mut [&two.left, &two.right].into_iter().map(measure)),
        ExprKind::Element(element) => join(&mut inside(element).map(measure)),
        _ => (1, 1),
    }
}

fn inside<'e, 'a>(element: &'e Element<'a>) -> impl Iterator<Item = &'e Expr<'a>> {
    std::iter::once(&element.key).chain(&element.data)
}

impl<'a> Scopes<'a> {
    /// The scope of a file.
    pub(super) fn new() -> Self {
        Self {
            blocks: vec![BTreeMap::new()],
        }
    }

    /// A block begins.
    pub(super) fn open(&mut self) {
        self.blocks.push(BTreeMap::new());
    }

    /// The block ends.
    pub(super) fn close(&mut self) {
        if self.blocks.len() > 1 {
            self.blocks.pop();
        }
    }

    /// Defines a variable in this block. False if there is one in a block around it and may not be (`define` twice).
    pub(super) fn define(&mut self, name: &'a str, expr: Option<Expr<'a>>, again: bool) -> bool {
        let (weight, depth) = expr.as_ref().map_or((0, 0), measure);
        let value = Value {
            expr,
            weight,
            depth,
        };
        let new = again || self.get(name).is_none();
        if let Some(block) = self.blocks.last_mut() {
            block.insert(name, value);
        }
        new
    }

    /// Forgets a variable of this block, if there is one.
    pub(super) fn undefine(&mut self, name: &str) {
        if let Some(block) = self.blocks.last_mut() {
            block.remove(name);
        }
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.blocks.iter().rev().find_map(|b| b.get(name))
    }
}
