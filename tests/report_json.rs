//! The key contract of `check --format json`.

#![allow(clippy::unwrap_used)]

mod common;

use hylint::report::{RenderOptions, check_schema};
use serde_json::{Value, json};

fn document() -> Value {
    let text = common::render("json", &common::outcome(), &RenderOptions::default());
    assert!(text.ends_with("}\n"));
    serde_json::from_str(&text).unwrap()
}

fn keys(v: &Value) -> String {
    let mut k: Vec<_> = v.as_object().unwrap().keys().cloned().collect();
    k.sort();
    k.join(" ")
}

fn sorted(names: &str) -> String {
    let mut k: Vec<_> = names.split(',').collect();
    k.sort_unstable();
    k.join(" ")
}

#[test]
fn every_key_is_there_and_no_other() {
    let d = document();
    let expect = |v: &Value, names: &str| assert_eq!(keys(v), sorted(names));
    expect(
        &d,
        "schema_version,tool,evaluated_at,site,matrix,scope,assumptions,limits,lints_changed,exports,unread,requirements,findings,baseline,summary",
    );
    expect(&d["tool"], "name,version");
    expect(&d["site"], "name,path,sha256");
    expect(&d["matrix"], "id,version,sha256,requirements");
    expect(&d["scope"], "paths,hosts,elsewhere");
    expect(
        &d["scope"]["elsewhere"],
        "errors,warnings,notes,waived,baselined",
    );
    expect(
        &d["exports"][0],
        "path,format,encoding,sha256,bytes,rules,roles,role_source,unmodelled,exported_at,within",
    );
    expect(
        &d["requirements"][0],
        "id,row,from,to,status,reason,one_end,checks",
    );
    let check = &d["requirements"][0]["checks"][0];
    expect(
        check,
        "export,host,point,direction,status,src,dst,ports,evidence,witness,assumptions",
    );
    expect(&check["evidence"][0], "path,line,column,rule,kind");
    for f in d["findings"].as_array().unwrap() {
        expect(
            f,
            "code,severity,message,help,path,line,column,end_line,end_column,rule,host,point,direction,requirement,row,also,pairs,pairs_total,excess,excess_total,witness,reproduce,commands,related,assumptions,fingerprint,cause,waived,waiver,baselined",
        );
    }
    expect(&d["findings"][0]["witness"], "src,dst,proto,sport,dport");
    expect(&d["findings"][0]["related"][0], "path,line,column,label");
    expect(
        &d["summary"],
        "errors,warnings,notes,waived,baselined,requirements,checks,exports,rules,unmodelled,gate,verdict,applicable,not_proven,violated_in_baseline,one_end,unread,excluded,lints_off,lints_lowered,inline_waivers,contradicted_annotations,wide_allows",
    );
    let statuses = "violated,conditional,unverified,satisfied,waived,not-applicable";
    expect(&d["summary"]["requirements"], statuses);
    expect(&d["summary"]["checks"], statuses);
}

#[test]
fn values_are_those_of_the_outcome() {
    let d = document();
    assert_eq!(d["schema_version"], "1.0");
    assert_eq!(d["tool"]["name"], "hylint");
    let f = &d["findings"][0];
    assert_eq!(
        json!([
            f["path"],
            f["line"],
            f["column"],
            f["end_line"],
            f["end_column"]
        ]),
        json!(["exports/cm1.rules", 7, 4, 7, 9])
    );
    assert_eq!(f["severity"], "error");
    assert_eq!(f["also"], json!([14]));
    assert_eq!(f["witness"]["sport"], Value::Null);
    assert_eq!(f["related"][0]["line"], 240);
    for key in ["path", "line", "requirement", "row", "witness", "waived"] {
        assert_eq!(d["findings"][1][key], Value::Null, "{key}");
    }
    assert_eq!(d["findings"][3]["waived"], "CHG1");
    assert_eq!(
        d["findings"][3]["waiver"],
        json!({"owner": "network team", "until": "2027-03-31", "path": "hylint.toml", "line": 12, "inline": false})
    );
    assert_eq!(d["findings"][4]["baselined"], true);
    assert_eq!(
        d["baseline"],
        json!({"path": "baseline.json", "entries": 3, "gone": 2})
    );
    let s = &d["summary"];
    assert_eq!(
        json!([
            s["errors"],
            s["warnings"],
            s["notes"],
            s["waived"],
            s["baselined"]
        ]),
        json!([1, 1, 1, 1, 1])
    );
    assert_eq!(s["requirements"]["violated"], 1);
    assert_eq!(s["requirements"]["unverified"], 1);
    assert_eq!(s["checks"]["violated"], 1);
    assert_eq!(
        json!([s["exports"], s["rules"], s["unmodelled"]]),
        json!([1, 8, 1])
    );
    assert_eq!(d["requirements"][1]["reason"], "no export");
}

#[test]
fn hostile_names_reach_the_reader_but_not_the_terminal() {
    let mut o = common::outcome();
    let name = "a\x1b[2J\u{9b}31m\u{202e}b\"\\\n";
    o.findings[0].rule = Some(name.into());
    let text = common::render("json", &o, &RenderOptions::default());
    assert!(
        !text
            .chars()
            .any(|c| c != '\n' && c.is_control() || c == '\u{202e}')
    );
    let d: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(d["findings"][0]["rule"], name);
}

#[test]
fn the_schema_is_the_one_checked_in() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/check-1.0.json");
    let made = check_schema();
    if std::env::var_os("HYLINT_BLESS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "schema/check-1.0.json differs from the types: HYLINT_BLESS=1 cargo test rewrites it"
    );
    // Keys that may be null are still required.
    let schema: Value = serde_json::from_str(&made).unwrap();
    let required = &schema["$defs"]["FindingOut"]["required"];
    assert!(
        required.as_array().unwrap().contains(&json!("witness")),
        "{required}"
    );
}
