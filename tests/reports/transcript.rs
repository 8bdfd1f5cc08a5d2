//! What a pipeline shows of the faulty examples, kept to be read: `HYLINT_UPDATE=1 cargo test --test reports` writes it anew.

use super::{example, root};

#[test]
fn annotations_and_comments_are_as_kept() {
    for (site, name) in [
        ("windows-dc/faulty", "windows-dc"),
        ("cloud-hybrid/faulty", "cloud-hybrid"),
    ] {
        for format in ["github", "markdown"] {
            let path = root().join(format!("tests/reports/transcripts/{name}.{format}"));
            let made = example(site, format).0;
            if std::env::var_os("HYLINT_UPDATE").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &made).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            let differs = kept.lines().zip(made.lines()).find(|(a, b)| a != b);
            assert!(
                kept == made,
                "{}: HYLINT_UPDATE=1 writes it anew; first difference: {differs:#?}",
                path.display()
            );
        }
    }
}
