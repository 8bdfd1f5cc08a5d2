//! Listings that are parts of one table, and those of one that was listed before.

use super::lines::Block;
use super::tables::{self, Listed, TABLES, detail, is_said, place};
use super::{apply, translate};
use crate::input::Depth;
use crate::iptables;
use hylint_model::{Body, Table, contradiction};
use hylint_space::Family;

/// Most parts of a table that are compared with another listing of it.
const MOST_PARTS: usize = 64;

/// Most listings of one text that are read to be compared.
const MOST_READ: usize = 256;

/// Puts the listings of a text to their tables. Of one that is listed again, the earlier listing is `replaced`.
pub(super) fn sort<'a>(text: &'a str, blocks: Vec<Block<'a>>) -> (Vec<Listed<'a>>, Vec<Block<'a>>) {
    let (mut all, mut replaced): (Vec<Listed<'a>>, Vec<Block<'a>>) = (Vec::new(), Vec::new());
    let mut views = Views {
        text,
        left: MOST_READ,
    };
    for block in blocks {
        let table = tables::table(text, &block);
        let own = tables::family(text, &block);
        let shown = block.shown.filter(|s| s.family.is_some());
        let backend = shown.map(|s| s.backend);
        // A listing that does not say it is most likely of the tool of the one before it.
        let last = all.last().map(|l| l.family);
        let family = own.or_else(|| {
            let free = |f: &Family| all.iter().all(|l| l.family != Some(*f) || l.table != table);
            last.flatten().filter(free)
        });
        let same = all.iter_mut().find(|l| {
            // The tools of two names were asked because each has its rules.
            let apart = matches!((l.backend, backend), (Some(a), Some(b)) if a != b);
            let may_be = l.family == family || l.family.is_none() || family.is_none();
            l.table == table && !apart && may_be
        });
        let names = tables::names(text, &block);
        let Some(listed) = same else {
            all.push(Listed {
                family,
                backend,
                table,
                parts: vec![block],
                unclear: None,
                changed: None,
                names,
            });
            continue;
        };
        listed.family = listed.family.or(family);
        listed.backend = listed.backend.or(backend);
        let saves = |b: &Block<'_>| !b.saved.is_empty();
        let again = saves(&block) && listed.parts.iter().any(saves)
            || names.iter().any(|c| listed.names.contains(c));
        if !again {
            listed.names.extend(names);
            listed.parts.push(block);
            continue;
        }
        // Of one command the later output is the newer one. Two commands show one state.
        let one = |b: &&Block<'_>| is_said(b) && saves(b) == saves(&block);
        let few = listed.parts.len() <= MOST_PARTS;
        let sure = few && is_said(&block) && listed.parts.iter().all(|b| one(&b));
        // What says more is taken; of equals, the later.
        let says = |b: &Block<'_>| (b.chains.len().max(b.saved.len()), detail(b));
        let taken = few && listed.parts.iter().all(|b| says(&block) >= says(b));
        if !(sure && taken)
            && let Some(what) = views.difference(listed, &block)
        {
            listed.unclear.get_or_insert((place(&block), what));
        }
        if taken {
            replaced.append(&mut listed.parts);
            listed.names = names;
            listed.parts.push(block);
        } else {
            replaced.push(block);
        }
    }
    adopt(&mut all);
    all.sort_by_key(|l| TABLES.iter().position(|t| *t == l.table));
    (all, replaced)
}

/// A listing that does not say its family is of that of another one in the file.
fn adopt(all: &mut [Listed<'_>]) {
    let known: Vec<(&str, Family)> = all
        .iter()
        .filter_map(|l| Some((l.table, l.family?)))
        .collect();
    for listed in all.iter_mut().filter(|l| l.family.is_none()) {
        let free = |f: &Family| !known.contains(&(listed.table, *f));
        listed.family = known.iter().map(|(_, f)| *f).find(free);
    }
}

/// Reads listings of one table, to compare them.
struct Views<'a> {
    text: &'a str,
    /// How many more are read.
    left: usize,
}

impl<'a> Views<'a> {
    /// In what another listing shows another state of a table.
    fn difference(&mut self, listed: &Listed<'a>, other: &Block<'a>) -> Option<String> {
        let family = listed.family;
        let Some(rest) = self.left.checked_sub(listed.parts.len() + 1) else {
            return Some("too many to compare".to_owned());
        };
        self.left = rest;
        let one = self.table(listed.table, family, &listed.parts);
        let other = self.table(listed.table, family, std::slice::from_ref(other));
        // Of one that has lost lines nothing tells where they stood.
        contradiction(&one?, &other?)
    }

    /// What some listings show of a table; `None` if lines of it may be missing anywhere.
    fn table(
        &self,
        table: &'static str,
        family: Option<Family>,
        parts: &[Block<'a>],
    ) -> Option<Table> {
        let listed = Listed {
            family,
            backend: None,
            table,
            parts: parts.to_vec(),
            unclear: None,
            changed: None,
            names: Default::default(),
        };
        let written = translate::write(self.text, family, &[], &[&listed]);
        if written.doubts.iter().any(|(_, _, d)| d.anywhere.is_some()) {
            return None;
        }
        let mut read = iptables::read_written(&written.file.text, "", Depth::Whole);
        apply::apply(&written.file, &mut read);
        let Body::Netfilter(n) = read.points.into_iter().next()?.body else {
            return None;
        };
        n.into_tables().into_iter().next()
    }
}
