//! The exports of a part with what their scope says in their rules, ready for the engine.

use super::parts::Part;
use crate::finding::Finding;
use crate::judge::Exports;
use crate::link;
use crate::load::ExportId;
use crate::session::bodies::Changed;
use crate::session::material::Material;
use hylint_engine::{Indexes, SetId};
use std::sync::{Arc, OnceLock};

/// A part's exports with what their scope says in their rules.
#[derive(Debug)]
pub(in crate::session) struct LinkedPart {
    /// The exports, by the part's numbers.
    pub exports: Exports,
    /// What reading and linking them found.
    pub said: Vec<Finding>,
}

impl LinkedPart {
    /// Takes the exports of a part, or reads them again, and links them.
    ///
    /// # Errors
    /// A file of it is not what it was when it was read first.
    pub(in crate::session) fn new(
        material: &Material,
        part: &Part,
        indexes: impl Fn() -> Indexes,
    ) -> Result<Self, Changed> {
        let mut exports = Vec::with_capacity(part.exports.len());
        let mut said = Vec::new();
        for at in &part.exports {
            let (export, found) = material.take(*at)?;
            exports.push(export);
            said.extend(found);
        }
        let (heads, links) = (&material.heads, &material.links);
        let each = exports.iter().zip(&part.exports);
        let sets: Vec<_> = each
            .map(|(e, at)| link::set_files(e, *at, heads, &links.index))
            .collect();
        for (e, at) in exports.iter_mut().zip(&part.exports) {
            let known = material.known();
            said.extend(link::settle(e, *at, heads, &links.index, known));
        }
        let mut views = part.unite(&mut exports, (heads, links), &mut said);
        let mut exports = part.exports(links, exports, indexes);
        for (n, mut files) in sets.into_iter().enumerate() {
            files.extend(views.remove(&n).unwrap_or_default());
            if !files.is_empty() {
                exports.sets_stand_in(SetId::new(n), files);
            }
        }
        Ok(Self { exports, said })
    }
}

/// Linked parts, where they are kept, by their first export.
#[derive(Debug, Default)]
pub(in crate::session) struct LinkedParts(Vec<OnceLock<Arc<LinkedPart>>>);

impl LinkedParts {
    /// For so many exports; of none, nothing is kept.
    pub(in crate::session) fn new(exports: usize) -> Self {
        Self((0..exports).map(|_| OnceLock::new()).collect())
    }

    /// A linked part, with indexes by `new` where it is not kept already.
    ///
    /// # Errors
    /// A file of it is not what it was when it was read first.
    pub(in crate::session) fn get(
        &self,
        material: &Material,
        part: &Part,
        new: impl Fn() -> Indexes,
    ) -> Result<Arc<LinkedPart>, Changed> {
        let link = || LinkedPart::new(material, part, new).map(Arc::new);
        let first = part.exports.first().copied().map(ExportId::index);
        let Some(slot) = first.and_then(|e| self.0.get(e)) else {
            return link();
        };
        match slot.get() {
            Some(linked) => Ok(linked.clone()),
            None => {
                let linked = link()?;
                Ok(slot.get_or_init(|| linked).clone())
            }
        }
    }
}
