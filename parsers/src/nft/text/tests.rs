//! What the text form says, construct by construct.

use super::parse;
use crate::source::Source;

/// Problems of a text with their places.
fn problems(text: &str) -> Vec<String> {
    let source = Source::new("x", text, "UTF-8");
    let mut problems = Vec::new();
    parse(&source, &mut problems);
    let show = |p: &hylint_model::Problem| {
        let at = source.position(p.span.start);
        let dropped = if p.dropped { " dropped" } else { "" };
        format!(
            "{}:{}: {:?}{dropped}: {}",
            at.line, at.column, p.kind, p.message
        )
    };
    problems.iter().map(show).collect()
}

#[test]
fn a_listing_and_a_file_are_read_whole() {
    let listing = "table inet f { # handle 1\n\tset s { # handle 2\n\t\ttype ipv4_addr . inet_service\n\t\tflags interval,timeout\n\
        \t\telements = { 10.0.0.0/8 . 80-90 timeout 1h expires 2m,\n\t\t\t     1.2.3.4 . 22 }\n\t}\n\n\
        \tchain input { # handle 3\n\t\ttype filter hook input priority filter - 5; policy drop;\n\
        \t\tct state vmap { established : accept, related : accept } # handle 4\n\
        \t\tip saddr . tcp dport @s counter packets 1 bytes 2 accept comment \"x\" # handle 5\n\t}\n}\n";
    assert_eq!(problems(listing), [""; 0]);
    let file = "#!/usr/sbin/nft -f\nflush ruleset\ndefine wan = { \"eth0\", eth1 }\ntable ip nat {\n define p = 8080\n chain pre {\n\
        type nat hook prerouting priority -100\n iifname $wan tcp dport \\\n $p dnat to 10.0.0.2:80; ip daddr ::1 drop }\n}\n";
    assert_eq!(problems(file), [""; 0]);
}

/// `HYLINT_NFT_TEXTS=FOLDER`: other files than those of this repository, each without a problem.
#[test]
fn given_files_are_read_whole() {
    let Ok(folder) = std::env::var("HYLINT_NFT_TEXTS") else {
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    let mut failed = 0;
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for problem in problems(&text) {
            println!("{}:{problem}", file.display());
            failed += 1;
        }
    }
    assert_eq!(failed, 0);
}
