//! Rules whose filters stand in files beside them, read together.

use crate::common::paths;
use crate::load::{Heads, LoadedExport};
use hylint_model::Companion;
use hylint_parsers::format;
use std::sync::Arc;

/// The bodies, in the order of the heads, each with the filters of its rules that lie beside it.
pub(super) fn joined(heads: &Heads, bodies: Vec<Arc<LoadedExport>>) -> Vec<Arc<LoadedExport>> {
    let is_filters = |head: &LoadedExport| {
        let mut companions = head.export.companions.iter();
        let of_filters = companions.any(|c| matches!(c, Companion::WindowsFilters { .. }));
        head.export.points.is_empty() && of_filters
    };
    let both = heads.iter().zip(&bodies);
    let filters = both.filter(|(head, _)| is_filters(head));
    let filters: Vec<Arc<LoadedExport>> = filters.map(|(_, body)| body.clone()).collect();
    if filters.is_empty() {
        return bodies;
    }
    let of_one_host = |a: &LoadedExport, b: &LoadedExport| {
        paths::folder(&a.path) == paths::folder(&b.path)
            && paths::host_words(&a.path) == paths::host_words(&b.path)
    };
    let with_filters = |e: Arc<LoadedExport>| {
        if !e.export.points.iter().any(|p| p.kind.has_profiles()) {
            return e;
        }
        let mut whole = (*e).clone();
        for f in filters.iter().filter(|f| of_one_host(&e, f)) {
            let own = f.source.slice(f.source.own());
            whole.source.add_part(f.path.clone(), own);
        }
        match format::read(&whole.source) {
            Some(export) if !whole.source.parts.is_empty() => {
                whole.export = export;
                Arc::new(whole)
            }
            _ => e,
        }
    };
    bodies.into_iter().map(with_filters).collect()
}
