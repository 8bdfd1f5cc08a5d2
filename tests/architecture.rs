//! The declared direction of the house: which crate may depend on which, which part of `src/` on which, and that no
//! modules import each other in a circle. The sources are read as tokens, so that a name in a comment, a string or a test
//! counts for nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "architecture/crates.rs"]
mod crates;
#[path = "architecture/cycles.rs"]
mod cycles;
#[path = "architecture/modules.rs"]
mod modules;
#[path = "architecture/order.rs"]
mod order;
#[path = "architecture/resolve.rs"]
mod resolve;
#[path = "architecture/tokens.rs"]
mod tokens;

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files of a folder of the repository: path below that folder, and text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let folder = root().join(folder);
    let walk = walkdir::WalkDir::new(&folder).sort_by_file_name();
    let files = walk.into_iter().map(|e| e.unwrap().into_path());
    let rust = files.filter(|p| p.extension().is_some_and(|e| e == "rs"));
    rust.map(|p| {
        let name = p.strip_prefix(&folder).unwrap().to_str().unwrap();
        (
            name.replace('\\', "/"),
            std::fs::read_to_string(&p).unwrap(),
        )
    })
    .collect()
}

/// A made-up tree.
#[cfg(test)]
fn tree(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    files.iter().map(owned).collect()
}
