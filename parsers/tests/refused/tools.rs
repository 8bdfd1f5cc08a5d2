//! Asks the real tools, each family and backend in a network namespace of its own.

use crate::generate::Kind;
use crate::verdict::Verdict;
use std::path::Path;
use std::process::{Command, Stdio};

/// Loads every file of the folder `FILES`, and leaves the tool's status and words beside each. Tables and sets are as they
/// were before each of them.
const SCRIPT: &str = r#"
ipset create s hash:ip family "$INET"
ip link set lo up
for f in "$FILES"/*.rules; do
    timeout 20 "$TOOL" < "$f" > "$f.said" 2>&1
    echo $? > "$f.$BACKEND"
    mv "$f.said" "$f.$BACKEND.said"
done
"#;

/// What the messages of the tools and the kernel are where something is not there: a module, a set, an object, a user, a
/// name that no resolver knows.
const LACKS: [&str; 14] = [
    "Couldn't load match",
    "Couldn't load target",
    "missing kernel module",
    "not supported, missing",
    "doesn't exist.",
    "Bad OUTPUT value",
    "Bad uid",
    "unsupported revision",
    "Temporary failure in name resolution",
    "Name or service not known",
    "No address associated with hostname",
    "cannot open",
    "Cannot open",
    "Kernel module",
];

/// Messages about a name, with what stands before it: the machine's own tables may not know it.
const NAMES: [&str; 8] = [
    "invalid port/service `",
    "Port \"",
    "Port `",
    "unknown protocol \"",
    "could not map name ",
    "-owner\" option: \"",
    "host/network `",
    "unknown header `",
];

/// Options that name an object of the kernel, of which its refusal says nothing.
const OBJECTS: [&str; 7] = [
    "--helpe",
    "--timeou",
    "--nfacct",
    "--pat",
    "--alg",
    "--selct",
    "-p udplite",
];

#[derive(Clone, Default)]
struct Answer {
    refused: bool,
    said: String,
}

fn run(kinds: &[&Kind], v6: bool, backend: &str) -> Vec<Answer> {
    let name = format!("hylint-refused-{}-{v6}-{backend}", std::process::id());
    let dir = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&dir).unwrap();
    let file = |i: usize| dir.join(format!("{i:06}.rules"));
    for (i, k) in kinds.iter().enumerate() {
        std::fs::write(file(i), k.file()).unwrap();
    }
    let base = if v6 { "ip6tables" } else { "iptables" };
    let status = Command::new("unshare")
        .args(["-n", "sh", "-c", SCRIPT])
        .env("FILES", &dir)
        .env("TOOL", format!("{base}-{backend}-restore"))
        .env("BACKEND", backend)
        .env("INET", if v6 { "inet6" } else { "inet" })
        .stdin(Stdio::null())
        .status()
        .unwrap_or_else(|e| panic!("CANNOT RUN: unshare: {e}"));
    assert!(
        status.success(),
        "CANNOT RUN: needs root, iptables, ipset and unshare"
    );
    let answer = |i: usize| {
        let path = |end: &str| format!("{}.{end}", file(i).display());
        let status = std::fs::read_to_string(path(backend)).unwrap_or_default();
        let said = std::fs::read(path(&format!("{backend}.said"))).unwrap_or_default();
        Answer {
            refused: status.trim() != "0",
            said: String::from_utf8_lossy(&said).into_owned(),
        }
    };
    let out = (0..kinds.len()).map(answer).collect();
    std::fs::remove_dir_all(Path::new(&dir)).unwrap();
    out
}

/// What the tools say of each kind.
pub(crate) fn ask(kinds: &[Kind]) -> Vec<Verdict> {
    let mut out = vec![Verdict::Lacks; kinds.len()];
    for v6 in [false, true] {
        let of: Vec<(usize, &Kind)> = kinds
            .iter()
            .enumerate()
            .filter(|(_, k)| k.v6 == v6)
            .collect();
        let texts: Vec<&Kind> = of.iter().map(|(_, k)| *k).collect();
        let [legacy, nft] = std::thread::scope(|s| {
            let each = ["legacy", "nft"].map(|b| {
                s.spawn({
                    let texts = &texts;
                    move || run(texts, v6, b)
                })
            });
            each.map(|t| t.join().unwrap())
        });
        if let Some(path) = std::env::var_os("HYLINT_REFUSED_LOG") {
            use std::io::Write as _;
            let mut log = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .unwrap();
            for ((k, l), n) in texts.iter().zip(&legacy).zip(&nft) {
                let said = |a: &Answer| a.said.trim().replace('\n', " / ");
                writeln!(
                    log,
                    "{k}\tL{}\tN{}\t{}\t{}",
                    u8::from(l.refused),
                    u8::from(n.refused),
                    said(l),
                    said(n)
                )
                .unwrap();
            }
        }
        for (((i, k), l), n) in of.iter().zip(&legacy).zip(&nft) {
            out[*i] = verdict(k, l, n);
        }
    }
    out
}

/// Whether the name that a message is about may be known elsewhere.
fn about_a_name(said: &str) -> bool {
    NAMES.iter().any(|n| {
        said.split(n).skip(1).any(|rest| {
            let word: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "-_.+".contains(*c))
                .collect();
            let whole = rest[word.len()..].starts_with(['\'', '"', ' ']);
            whole && word.starts_with(|c: char| c.is_ascii_alphabetic())
        })
    })
}

fn lacks(kind: &Kind, a: &Answer) -> bool {
    let by_kernel = a.said.contains("failed") && !a.said.contains("Error occurred");
    let object = OBJECTS.iter().any(|o| kind.text.contains(o));
    // No current machine has it.
    let gone = kind.text.contains("udplite");
    a.refused
        && (gone
            || LACKS.iter().any(|m| a.said.contains(m))
            || about_a_name(&a.said)
            || by_kernel && object)
}

fn verdict(kind: &Kind, legacy: &Answer, nft: &Answer) -> Verdict {
    if lacks(kind, legacy) || lacks(kind, nft) {
        return Verdict::Lacks;
    }
    match (legacy.refused, nft.refused) {
        (false, false) => Verdict::Loads,
        (true, true) => Verdict::Both,
        (true, false) => Verdict::Legacy,
        (false, true) => Verdict::Nft,
    }
}
