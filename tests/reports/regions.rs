//! Every region of SARIF is the text that it names, in any encoding: columns count characters, lines end as the file has
//! them.

use super::harness::Hylint;
use super::{SITES, example, json, root};
use hylint_parsers::decode::decode;
use serde_json::Value;

/// The text of a region, cut from the file by line and column alone.
fn cut(text: &str, region: &Value) -> String {
    let n = |key: &str| region[key].as_u64().unwrap() as usize;
    let lines: Vec<&str> = text
        .split('\n')
        .map(|l| l.strip_suffix('\r').unwrap_or(l))
        .collect();
    let (first, last) = (n("startLine"), n("endLine"));
    let mut out = Vec::new();
    for line in first..=last {
        let chars: Vec<char> = lines[line - 1].chars().collect();
        let from = if line == first {
            n("startColumn") - 1
        } else {
            0
        };
        let to = if line == last {
            n("endColumn") - 1
        } else {
            chars.len()
        };
        assert!(
            from <= to && to <= chars.len(),
            "{region} in {:?}",
            lines[line - 1]
        );
        out.push(chars[from..to].iter().collect::<String>());
    }
    out.join("\n")
}

/// Every physical location below a value.
fn locations<'a>(v: &'a Value, into: &mut Vec<&'a Value>) {
    match v {
        Value::Object(map) => {
            into.extend(map.get("physicalLocation"));
            map.values().for_each(|v| locations(v, into));
        }
        Value::Array(all) => all.iter().for_each(|v| locations(v, into)),
        _ => {}
    }
}

/// Holds every region against its file; gives the texts.
fn hold(log: &Value, read: impl Fn(&str) -> Vec<u8>) -> Vec<String> {
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    let mut all = Vec::new();
    locations(log, &mut all);
    let mut texts = Vec::new();
    for l in all {
        let uri = l["artifactLocation"]["uri"].as_str().unwrap();
        let text = decode(read(uri)).unwrap().text;
        let region = &l["region"];
        let found = cut(&text, region);
        if let Some(snippet) = region["snippet"]["text"].as_str() {
            assert_eq!(found, snippet, "{uri} {region}");
        }
        texts.push(found);
    }
    texts
}

#[test]
fn regions_of_the_examples_are_their_text() {
    for site in SITES {
        let log = json(&example(site, "sarif").0);
        let texts = hold(&log, |uri| std::fs::read(root().join(uri)).unwrap());
        assert!(texts.len() > 15, "{site}");
        assert!(texts.iter().all(|t| !t.is_empty()), "{site}: {texts:?}");
    }
}

/// Rules whose columns differ in bytes, UTF-16 units and characters, and which tabs and CRLF stand around.
const RULES: &str = "*filter\r\n:INPUT DROP [0:0]\r\n:FORWARD DROP [0:0]\r\n:OUTPUT ACCEPT [0:0]\r\n\
    \t-A INPUT -m comment --comment \"r\u{e8}gle \u{1f600} \u{4e2d}\" -p tcp --dport 5555 -j ACCEPT\r\n\
    -A INPUT -m comment --comment \"\u{1f600}\" -p tcp --dport 1:65535 -j ACCEPT\r\nCOMMIT\r\n";

#[test]
fn columns_count_characters_in_every_encoding() {
    let utf16 = |order: fn(u16) -> [u8; 2], bom: [u8; 2]| {
        let units = RULES.encode_utf16().flat_map(order);
        bom.into_iter().chain(units).collect::<Vec<u8>>()
    };
    let with_bom = [&[0xef, 0xbb, 0xbf], RULES.as_bytes()].concat();
    let files: [(&str, Vec<u8>); 5] = [
        ("plain.rules", RULES.into()),
        ("lf only.rules", RULES.replace('\r', "").into()),
        ("bom.rules", with_bom),
        ("le.rules", utf16(u16::to_le_bytes, [0xff, 0xfe])),
        ("be.rules", utf16(u16::to_be_bytes, [0xfe, 0xff])),
    ];
    for (name, bytes) in files {
        let h = Hylint::new().file(&format!("x/{name}"), &bytes);
        let h = h.args("x --format sarif --role session-host --address 10.20.10.31");
        let log = h.run().json();
        let file = h.path(&format!("x/{name}"));
        let texts = hold(&log, |uri| {
            assert_eq!(uri, format!("x/{}", name.replace(' ', "%20")));
            std::fs::read(&file).unwrap()
        });
        let rule = "-A INPUT -m comment --comment \"\u{1f600}\" -p tcp --dport 1:65535 -j ACCEPT";
        assert!(texts.iter().any(|t| t == rule), "{name}: {texts:#?}");
        let artifact = &log["runs"][0]["artifacts"][0];
        assert_eq!(
            artifact["hashes"]["sha-256"],
            hylint::common::hash::sha256(&bytes),
            "{name}"
        );
        assert_eq!(artifact["length"], bytes.len(), "{name}");
    }
}
