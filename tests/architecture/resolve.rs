//! The modules of a crate, and which module a path leads to: the one that declares the item, whichever re-exports it.

use crate::tokens::{Named, Words, words};
use std::collections::BTreeMap;

/// A module, which may be inline.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its path from the root of the crate.
    pub(crate) path: Vec<String>,
    /// The file that it is in.
    pub(crate) file: String,
    pub(crate) words: Words,
}

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Target {
    pub(crate) module: usize,
    /// Whether it is the module itself and no item of it.
    pub(crate) whole: bool,
}

/// A crate's modules.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    pub(crate) modules: Vec<Module>,
    by_path: BTreeMap<Vec<String>, usize>,
}

/// Longer chains of re-exports are a circle.
const DEEPEST: usize = 24;

impl Crate {
    /// Reads a crate's files. Those of binaries are not part of it, and neither are those that are for tests.
    pub(crate) fn read(files: &[(String, String)]) -> Self {
        let mut all = Self::default();
        for (name, text) in files.iter().filter(|(name, _)| name != "main.rs") {
            all.add(path_of(name), name, words(text));
        }
        all.drop_tests();
        all.index();
        all
    }

    fn add(&mut self, path: Vec<String>, file: &str, mut words: Words) {
        for (name, inner) in std::mem::take(&mut words.inline) {
            let path = path.iter().cloned().chain([name]).collect();
            self.add(path, file, inner);
        }
        let file = file.to_owned();
        self.modules.push(Module { path, file, words });
    }

    fn drop_tests(&mut self) {
        let inside = |m: &Module| {
            let below = |t: &String| {
                m.path
                    .iter()
                    .cloned()
                    .chain([t.clone()])
                    .collect::<Vec<_>>()
            };
            m.words.tests.iter().map(below).collect::<Vec<_>>()
        };
        let tests: Vec<Vec<String>> = self.modules.iter().flat_map(inside).collect();
        self.modules
            .retain(|m| !tests.iter().any(|t| m.path.starts_with(t)));
    }

    fn index(&mut self) {
        let each = self.modules.iter().enumerate();
        self.by_path = each.map(|(i, m)| (m.path.clone(), i)).collect();
    }

    /// Where a path leads that a module names; `None` if out of the crate, or to an item of the module itself.
    pub(crate) fn target(&self, from: usize, path: &[String]) -> Option<Target> {
        self.follow(from, path, 0)
    }

    fn follow(&self, from: usize, path: &[String], depth: usize) -> Option<Target> {
        if depth > DEEPEST {
            return None;
        }
        let (mut at, rest) = self.start(from, path, depth)?;
        for (n, segment) in rest.iter().enumerate() {
            if !at.whole {
                return Some(at);
            }
            let last = n + 1 == rest.len();
            at = self.step(at.module, segment, last, depth)?;
        }
        Some(at)
    }

    /// What a path begins with, and what is left of it.
    fn start<'p>(
        &self,
        from: usize,
        path: &'p [String],
        depth: usize,
    ) -> Option<(Target, &'p [String])> {
        let own = &self.modules[from].path;
        let ups = path.iter().take_while(|s| *s == "super").count();
        let (base, taken) = match path.first()?.as_str() {
            "crate" => (&own[..0], 1),
            "super" => (&own[..own.len().checked_sub(ups)?], ups),
            "self" => {
                let ups = path.iter().skip(1).take_while(|s| *s == "super").count();
                (&own[..own.len().checked_sub(ups)?], 1 + ups)
            }
            first => return Some((self.in_scope(from, first, depth)?, &path[1..])),
        };
        let module = *self.by_path.get(base)?;
        Some((
            Target {
                module,
                whole: true,
            },
            &path[taken..],
        ))
    }

    /// A name without `crate`, `self` or `super` before it: a module below, or something that is imported.
    fn in_scope(&self, from: usize, name: &str, depth: usize) -> Option<Target> {
        let child = self.child(from, name);
        child.or_else(|| self.imported(from, name, depth))
    }

    fn child(&self, of: usize, name: &str) -> Option<Target> {
        let path: Vec<String> = self.modules[of]
            .path
            .iter()
            .cloned()
            .chain([name.to_owned()])
            .collect();
        self.by_path.get(&path).map(|m| Target {
            module: *m,
            whole: true,
        })
    }

    fn imported(&self, by: usize, name: &str, depth: usize) -> Option<Target> {
        let words = &self.modules[by].words;
        if words.items.contains(name) {
            return None;
        }
        let mut named = words
            .imports
            .iter()
            .filter(|i| i.name.as_deref() == Some(name));
        let found = named.find_map(|i| self.import(by, &i.path, depth));
        let globs = || words.imports.iter().filter(|i| i.name.is_none());
        found.or_else(|| globs().find_map(|g| self.through(by, &g.path, name, depth)))
    }

    /// An import's own path may begin with the name that it gives, and then means something outside.
    fn import(&self, by: usize, path: &Named, depth: usize) -> Option<Target> {
        let outside = !matches!(path.segments[0].as_str(), "crate" | "self" | "super");
        let named = |n: &Option<String>| n.as_ref() == Some(&path.segments[0]);
        let itself = outside
            && self.modules[by]
                .words
                .imports
                .iter()
                .any(|i| named(&i.name) && i.path == *path);
        if itself && self.child(by, &path.segments[0]).is_none() {
            return None;
        }
        self.follow(by, &path.segments, depth + 1)
    }

    /// What a name is that `*` of a module brings in, if it does.
    fn through(&self, by: usize, glob: &Named, name: &str, depth: usize) -> Option<Target> {
        let of = self.import(by, glob, depth)?;
        if !of.whole || of.module == by {
            return None;
        }
        let declared = self.modules[of.module].words.items.contains(name);
        let item = declared.then_some(Target {
            module: of.module,
            whole: false,
        });
        item.or_else(|| self.child(of.module, name))
            .or_else(|| self.imported(of.module, name, depth + 1))
    }

    /// One segment on from a module.
    fn step(&self, at: usize, segment: &str, last: bool, depth: usize) -> Option<Target> {
        let item = Target {
            module: at,
            whole: false,
        };
        // A function may have the name of the module that declares it: `pub use run::run`.
        let child = self
            .child(at, segment)
            .filter(|_| !last || self.imported(at, segment, depth).is_none());
        if let Some(child) = child {
            return Some(child);
        }
        Some(self.imported(at, segment, depth + 1).unwrap_or(item))
    }

    /// What `*` of a module brings in and the module uses.
    pub(crate) fn used_by_glob(&self, by: usize, glob: &Named) -> Vec<Target> {
        let idents = self.modules[by].words.idents.iter();
        idents
            .filter_map(|name| self.through(by, glob, name, 0))
            .collect()
    }
}

/// The module of a file.
fn path_of(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let mut path: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib")) {
        path.pop();
    }
    path
}
