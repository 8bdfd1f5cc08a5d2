//! Files that are not of this repository, on request.

use super::said;

/// `HYLINT_NFT_TEXTS=FOLDER`: texts for nft, each without a problem.
#[test]
fn given_files_are_read_whole() {
    let Ok(folder) = std::env::var("HYLINT_NFT_TEXTS") else {
        return;
    };
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut failed = 0;
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for problem in said(&text).problems {
            println!("{}:{problem}", file.display());
            failed += 1;
        }
    }
    assert_eq!(failed, 0);
}
