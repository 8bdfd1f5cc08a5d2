//! Which file imports which, with the line.

use crate::resolve::{Crate, Target};
use crate::tokens::Named;

/// One file's use of another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Arrow {
    pub(crate) from: String,
    pub(crate) line: usize,
    pub(crate) to: String,
}

/// Every arrow between the files of a crate. Re-exports are resolved to the file that declares the item.
pub(crate) fn arrows(all: &Crate) -> Vec<Arrow> {
    let mut out: Vec<Arrow> = (0..all.modules.len())
        .flat_map(|m| of_module(all, m))
        .collect();
    out.sort_by(|a, b| (&a.from, &a.to, a.line).cmp(&(&b.from, &b.to, b.line)));
    out.dedup_by(|a, b| (&a.from, &a.to) == (&b.from, &b.to));
    out
}

fn of_module(all: &Crate, m: usize) -> Vec<Arrow> {
    let module = &all.modules[m];
    let words = &module.words;
    let arrow = |path: &Named, t: Target| Arrow {
        from: module.file.clone(),
        line: path.line,
        to: all.modules[t.module].file.clone(),
    };
    let resolved = |path: &Named| all.target(m, &path.segments).map(|t| (t, path.clone()));
    // The import of a module alone says nothing yet: the paths that go through it do.
    let imports = words.imports.iter().filter(|i| i.name.is_some());
    let imports = imports
        .filter_map(|i| resolved(&i.path))
        .filter(|(t, _)| !t.whole);
    let paths = words.paths.iter().filter_map(resolved);
    let globs = words.imports.iter().filter(|i| i.name.is_none());
    let globs = globs.flat_map(|g| {
        all.used_by_glob(m, &g.path)
            .into_iter()
            .map(|t| (t, g.path.clone()))
    });
    let every = imports.chain(paths).chain(globs.filter(|(t, _)| !t.whole));
    every
        .map(|(t, path)| arrow(&path, t))
        .filter(|a| a.from != a.to)
        .collect()
}
