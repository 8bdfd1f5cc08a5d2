//! Real files, where a folder of them is at hand: `HYLINT_CORPUS`, else `shared/corpus` beside a folder above the repository.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use hylint::finding::Finding;
use hylint::load::{Disk, FileRef, LoadedExport, NoExport, read_whole};
use std::path::{Path, PathBuf};

/// The files of a folder of the corpus, in order, or none with a printed reason.
///
/// # Panics
/// If `HYLINT_CORPUS` is no folder.
pub fn files(folder: &str) -> Vec<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut roots: Vec<PathBuf> = above.skip(1).map(|a| a.join("shared/corpus")).collect();
    if let Some(set) = std::env::var_os("HYLINT_CORPUS") {
        roots = vec![set.into()];
        assert!(roots[0].is_dir(), "HYLINT_CORPUS is no folder");
    }
    let Some(root) = roots.iter().find(|r| r.is_dir()) else {
        println!("SKIPPED: no folder of real files (HYLINT_CORPUS, or ../shared/corpus)");
        return Vec::new();
    };
    let walk = walkdir::WalkDir::new(root.join(folder)).sort_by_file_name();
    let found = walk
        .into_iter()
        .flatten()
        .filter(|e| e.file_type().is_file());
    found.map(walkdir::DirEntry::into_path).collect()
}

/// The name of a file without its folders.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Reads a file that is shown by its name alone.
pub fn read(path: &Path) -> Result<(LoadedExport, Vec<Finding>), NoExport> {
    let file = FileRef {
        shown: name(path).into(),
        ..FileRef::new(path.into(), true)
    };
    read_whole(&Disk, &file)
}

/// The text of a file in UTF-8, or in UTF-16LE with its mark.
pub fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(wide) => {
            let units = wide
                .chunks_exact(2)
                .map(|b| u16::from_le_bytes([b[0], b[1]]));
            String::from_utf16_lossy(&units.collect::<Vec<_>>())
        }
        None => String::from_utf8_lossy(&bytes).into_owned(),
    }
}
