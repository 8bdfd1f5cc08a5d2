use super::*;
use crate::load::{Disk, discover};
use std::fs;

/// Files below a folder, and what the first one includes when the folder is given.
fn composed(root: &Path, files: &[(&str, &str)], main: &str) -> Composed {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let found = discover(&Disk, &[root.to_path_buf()], &|_| false).unwrap();
    let file = found
        .files
        .iter()
        .find(|f| f.shown.ends_with(main))
        .unwrap();
    let text = fs::read_to_string(&file.open).unwrap();
    compose(&Disk, file, &Source::new(&*file.shown, text, "UTF-8")).unwrap()
}

/// What each include stands for, in words: the paths of files from the root on.
fn told(root: &Path, c: &Composed) -> Vec<String> {
    let root = shown(root);
    let path = |n: &usize| c.files[*n].path.strip_prefix(&*root).unwrap()[1..].to_owned();
    let one = |i: &Include| match i {
        Include::Parts(p) => p.iter().map(path).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    };
    c.source.includes.values().map(one).collect()
}

// Fails if a path of the host is not found below the folder that stands for `/` or `/etc`, or in a flat folder.
#[test]
fn paths_of_the_host_are_found_in_the_given_folder() {
    for main in [
        "sh1/etc/nftables.conf",
        "sh1/nftables.conf",
        "sh1/nftables/main.nft",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let etc = main.rsplit_once("/n").unwrap().0;
        let (a, b) = (
            format!("{etc}/nftables/a.nft"),
            format!("{etc}/nftables/b.nft"),
        );
        let files = [
            (main, "include \"/etc/nftables/a.nft\"\n"),
            (&*a, "include \"/etc/nftables/b.nft\""),
            (&*b, "table inet b { }\n"),
            // Of another host.
            ("sh2/etc/nftables/a.nft", "table inet other { }\n"),
        ];
        let c = composed(dir.path(), &files, main);
        assert_eq!(told(dir.path(), &c), [&*a, &*b], "{main}");
        let at = c.source.text.find("table inet").unwrap();
        let at = u32::try_from(at).unwrap();
        assert!(c.source.part(at).unwrap().path.ends_with("b.nft"));
        assert_eq!(c.source.position(at).line, 1);
    }
}

// Fails if a pattern takes hidden files or files of another folder, or is a mistake where it takes none.
#[test]
fn patterns_take_the_files_of_their_folder_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        (
            "etc/nftables.conf",
            "include \"/etc/nftables.d/*.nft\"\ninclude \"/etc/empty.d/*.nft\"\ninclude \"nftables.d/[ab]*\"\n\
             include \"/etc/nftables.d/\"\ninclude \"none.d/*\"\ninclude \"/etc/none.d/*\"\ninclude \"../*.no\"\n",
        ),
        ("etc/empty.d/readme", "\n"),
        ("etc/nftables.d/b.nft", "\n"),
        ("etc/nftables.d/a.nft", ""),
        ("etc/nftables.d/.c.nft", "\n"),
        ("etc/nftables.d/d.txt", "\n"),
        ("etc/e.nft", "\n"),
    ];
    let c = composed(dir.path(), &files, "nftables.conf");
    let both = "etc/nftables.d/a.nft etc/nftables.d/b.nft";
    assert_eq!(
        told(dir.path(), &c),
        [both, "", both, "", "", "", "Outside"]
    );
    assert_eq!(c.files.len(), 2);
    assert_eq!(without_files(&c.source).len(), 4);
    // Without the folder above it nothing tells that a folder is not on the host.
    let alone = [("nftables.conf", "include \"/etc/none.d/*\"\n")];
    let dir = tempfile::tempdir().unwrap();
    let c = composed(dir.path(), &alone, "nftables.conf");
    assert_eq!(told(dir.path(), &c), ["Missing"]);
}

#[cfg(unix)]
// Fails if what is outside the given folder is read: by `..`, by a link, or by an absolute path.
#[test]
fn nothing_outside_the_given_folder_is_read() {
    let all = tempfile::tempdir().unwrap();
    let dir = all.path().join("given");
    fs::create_dir_all(&dir).unwrap();
    let secret = all.path().join("secret.nft");
    fs::write(&secret, "table inet s { }\n").unwrap();
    std::os::unix::fs::symlink(&secret, dir.join("link.nft")).unwrap();
    std::os::unix::fs::symlink(all.path(), dir.join("up")).unwrap();
    let text = format!(
        "include \"../secret.nft\"\ninclude \"link.nft\"\ninclude \"up/secret.nft\"\ninclude \"up/*.nft\"\n\
         include \"{}\"\ninclude \"/etc/passwd\"\n",
        secret.display()
    );
    let c = composed(&dir, &[("main.nft", &text)], "main.nft");
    let found = told(&dir, &c);
    assert_eq!(
        found,
        [
            "Outside", "Outside", "Outside", "Outside", "Missing", "Missing"
        ]
    );
    assert!(c.files.is_empty());
}

// Fails if a file that includes itself is read for ever, or a file twice.
#[test]
fn files_may_include_each_other_and_themselves() {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        ("main.nft", "include \"./a.nft\"\ninclude \"a.nft\"\n"),
        (
            "a.nft",
            "include \"a.nft\"\ninclude \"main.nft\"\ninclude \"gone.nft\"\ninclude \"b.nft\"",
        ),
        ("b.nft", "\0\0\0\0"),
    ];
    let c = composed(dir.path(), &files, "main.nft");
    let found = told(dir.path(), &c);
    assert_eq!(found[..5], ["a.nft", "a.nft", "a.nft", "Itself", "Missing"]);
    assert!(found[5].starts_with("Unreadable"), "{found:?}");
    assert_eq!(c.files.len(), 1);
}
