//! What a file declares, imports and names, by its tokens. `cfg(test)` items are skipped.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// A path as it is written, with its line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

/// An item of a `use` declaration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Import {
    pub(crate) path: Named,
    /// The name that it has here; `None` for `*`.
    pub(crate) name: Option<String>,
}

/// A module's own words. Inline modules are modules of their own.
#[derive(Clone, Default, Debug)]
pub(crate) struct Words {
    pub(crate) imports: Vec<Import>,
    /// Paths of two and more segments.
    pub(crate) paths: Vec<Named>,
    /// Names of the items that it declares.
    pub(crate) items: BTreeSet<String>,
    /// Every identifier in it, for imports by `*`.
    pub(crate) idents: BTreeSet<String>,
    pub(crate) inline: Vec<(String, Words)>,
    /// Modules in files of their own that are for tests.
    pub(crate) tests: Vec<String>,
}

/// The words of a file.
pub(crate) fn words(text: &str) -> Words {
    let stream: TokenStream = text.parse().unwrap_or_else(|e| panic!("{e}"));
    let mut words = Words::default();
    words.read(&tokens(stream), true);
    words
}

fn tokens(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

impl Words {
    /// Reads a row of tokens. `items` says that it is a module's own, where items are declared.
    fn read(&mut self, row: &[TokenTree], items: bool) {
        let mut at = 0;
        while at < row.len() {
            at += self.one(&row[at..], items).max(1);
        }
    }

    /// Reads what the row begins with, and returns how many tokens that was.
    fn one(&mut self, row: &[TokenTree], items: bool) -> usize {
        if is_test(row) {
            return self.skip_test(row);
        }
        match &row[0] {
            TokenTree::Group(g) => self.group(g),
            TokenTree::Ident(i) if i == "use" => return self.import(row),
            TokenTree::Ident(i) if i == "pub" => return 1 + usize::from(is_scope(row.get(1))),
            TokenTree::Ident(i) if i == "mod" && items => return self.module(row),
            TokenTree::Ident(i) if items && declares(i) => return self.item(row),
            TokenTree::Ident(_) => return self.path(row),
            // What comes after `::` is not the beginning of a path.
            TokenTree::Punct(p) if p.as_char() == ':' && is_colons(row) => {
                return 2 + self.rest_of_path(&row[2..]).len() * 3;
            }
            _ => {}
        }
        1
    }

    fn group(&mut self, g: &Group) {
        self.read(&tokens(g.stream()), false);
    }

    /// Skips an item that is for tests alone, with its attribute.
    fn skip_test(&mut self, row: &[TokenTree]) -> usize {
        let mut at = 2;
        while matches!(&row[at], TokenTree::Punct(p) if p.as_char() == '#') {
            at += 2;
        }
        let is_use = |t: &TokenTree| matches!(t, TokenTree::Ident(i) if i == "use");
        let uses = row[at..].iter().take(3).any(is_use);
        let ends = |t: &TokenTree| match t {
            TokenTree::Punct(p) => p.as_char() == ';',
            TokenTree::Group(g) => g.delimiter() == Delimiter::Brace && !uses,
            _ => false,
        };
        let len = row[at..]
            .iter()
            .position(ends)
            .unwrap_or(row.len() - at - 1);
        let item = &row[at..=at + len];
        let name = item.iter().skip_while(|t| t.to_string() != "mod").nth(1);
        self.tests.extend(name.map(ToString::to_string));
        at + len + 1
    }

    fn module(&mut self, row: &[TokenTree]) -> usize {
        let Some(TokenTree::Group(body)) = row.get(2) else {
            return 2;
        };
        let mut inner = Words::default();
        inner.read(&tokens(body.stream()), true);
        self.inline.push((row[1].to_string(), inner));
        3
    }

    fn item(&mut self, row: &[TokenTree]) -> usize {
        let name = row[1..].iter().find_map(|t| match t {
            TokenTree::Ident(i) if i != "mut" && !declares(i) => Some(i.to_string()),
            _ => None,
        });
        self.items.extend(name);
        1
    }

    /// A path from its first segment on.
    fn path(&mut self, row: &[TokenTree]) -> usize {
        let first = row[0].to_string();
        let rest = match is_colons(&row[1..]) {
            true => self.rest_of_path(row.get(3..).unwrap_or_default()),
            false => Vec::new(),
        };
        self.idents.insert(first.clone());
        let len = 1 + rest.len() * 3;
        if !rest.is_empty() {
            let segments = std::iter::once(first).chain(rest).collect();
            self.paths.push(Named {
                segments,
                line: line(&row[0]),
            });
        }
        len
    }

    /// The segments that a row begins with; the `::` before it is read already.
    fn rest_of_path(&self, row: &[TokenTree]) -> Vec<String> {
        let mut out = Vec::new();
        let mut row = row;
        while let Some(TokenTree::Ident(i)) = row.first() {
            out.push(i.to_string());
            if !is_colons(&row[1..]) {
                break;
            }
            row = &row[3..];
        }
        out
    }

    fn import(&mut self, row: &[TokenTree]) -> usize {
        let end = row
            .iter()
            .position(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == ';'));
        // `use<'a>` of a type.
        let Some(end) =
            end.filter(|_| !matches!(&row[1], TokenTree::Punct(p) if p.as_char() == '<'))
        else {
            return 1;
        };
        self.tree(&row[1..end], &[]);
        end + 1
    }

    /// A tree of imports below a path.
    fn tree(&mut self, row: &[TokenTree], above: &[String]) {
        let mut path = above.to_vec();
        let mut name = None;
        let mut at = 0;
        while at < row.len() {
            match &row[at] {
                TokenTree::Ident(i) if i == "as" => {
                    name = Some(row[at + 1].to_string());
                    at += 1;
                }
                TokenTree::Ident(i) => path.push(i.to_string()),
                TokenTree::Group(g) => return self.branches(g, &path),
                TokenTree::Punct(p) if p.as_char() == '*' => return self.add(path, None, &row[at]),
                _ => {}
            }
            at += 1;
        }
        if path.last().is_some_and(|l| l == "self") && path.len() > 1 {
            path.pop();
        }
        let name = name.or_else(|| path.last().cloned());
        if let Some(at) = row.last() {
            self.add(path, name, at);
        }
    }

    fn branches(&mut self, g: &Group, above: &[String]) {
        let inner = tokens(g.stream());
        let comma = |t: &TokenTree| matches!(t, TokenTree::Punct(p) if p.as_char() == ',');
        for branch in inner.split(comma) {
            self.tree(branch, above);
        }
    }

    fn add(&mut self, segments: Vec<String>, name: Option<String>, at: &TokenTree) {
        let line = line(at);
        let path = Named { segments, line };
        self.imports.push(Import { path, name });
    }
}

fn line(t: &TokenTree) -> usize {
    t.span().start().line
}

fn declares(i: &Ident) -> bool {
    let kinds = [
        "fn",
        "struct",
        "enum",
        "trait",
        "type",
        "const",
        "static",
        "union",
        "macro_rules",
    ];
    kinds.iter().any(|k| i == k)
}

/// `(crate)` and the like after `pub`.
fn is_scope(t: Option<&TokenTree>) -> bool {
    matches!(t, Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Parenthesis)
}

fn is_colons(row: &[TokenTree]) -> bool {
    let colon = |t: &TokenTree| matches!(t, TokenTree::Punct(p) if p.as_char() == ':');
    row.len() > 1 && colon(&row[0]) && colon(&row[1])
}

/// `#[cfg(test)]`, `#[cfg(all(test, …))]` or `#[test]`.
fn is_test(row: &[TokenTree]) -> bool {
    let [TokenTree::Punct(p), TokenTree::Group(g), ..] = row else {
        return false;
    };
    let said: String = g.stream().to_string().split_whitespace().collect();
    p.as_char() == '#'
        && (said == "test" || said == "cfg(test)" || said.starts_with("cfg(all(test,"))
}
