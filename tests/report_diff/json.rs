//! The key contract of `diff --format json`.

use super::made::{none, render, whole};
use hylint::report::RenderOptions;
use hylint::report::diff::schema;
use serde_json::{Value, json};

fn document(d: &hylint::finding::difference::Difference) -> Value {
    let text = render("json", d, &RenderOptions::default());
    assert!(text.ends_with("}\n"));
    serde_json::from_str(&text).unwrap()
}

fn has(v: &Value, names: &str) {
    let mut keys: Vec<_> = v.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    let mut wanted: Vec<_> = names.split(',').collect();
    wanted.sort_unstable();
    assert_eq!(keys.join(","), wanted.join(","));
}

/// Catches a key that goes away or changes its name.
#[test]
fn every_key_is_there_and_no_other() {
    let d = document(&whole());
    has(
        &d,
        "schema_version,tool,evaluated_at,effect,old,new,hosts,policy,requirements,findings,packets,envelope,fail_on,limits,summary",
    );
    has(&d["old"], "name,site,matrix,exports");
    has(&d["hosts"], "added,removed");
    has(
        &d["policy"][0],
        "key,old,new,loosened,message,path,line,column",
    );
    has(&d["requirements"][0], "row,id,old,new,worse,purpose,impact");
    has(&d["findings"], "new,gone");
    for p in d["packets"].as_array().unwrap() {
        has(
            p,
            "host,point,direction,change,within,src,dst,proto,sport,dport,in_iface,out_iface,flags,state,conditions,old,new",
        );
        for side in ["old", "new"] {
            has(&p[side], "path,line,column,rule,kind,verdict,translated");
        }
    }
    has(
        &d["summary"],
        "opened,closed,conditional,redirected,within,worse,better,new,gone,failing,loosened,gate,verdict",
    );
}

/// Catches a box whose `any`, one or several values have another form than readers know, a rule's name for a policy, and
/// counts that differ from the lists.
#[test]
fn values_are_those_of_the_change() {
    let d = document(&whole());
    let [opened, _, conditional, redirected, closed] = d["packets"].as_array().unwrap().as_slice()
    else {
        panic!("five boxes")
    };
    assert_eq!(opened["src"], "10.0.0.0/8");
    assert_eq!(opened["dst"], Value::Null);
    assert_eq!(opened["dport"], "3389");
    assert_eq!(opened["in_iface"], Value::Null);
    assert_eq!(opened["flags"], "SYN");
    assert_eq!(
        opened["old"],
        json!({"path": "before/sh1.rules", "line": 3, "column": 1, "rule": null, "kind": "policy", "verdict": "deny", "translated": null})
    );
    assert_eq!(opened["new"]["rule"], "line 9");
    assert_eq!(opened["new"]["verdict"], "allow");
    assert_eq!(closed["host"], Value::Null);
    assert_eq!(closed["direction"], "forward");
    assert_eq!(closed["src"], json!(["10.1.0.0/16", "10.2.0.0/16"]));
    assert_eq!(closed["proto"], json!(["tcp", "udp"]));
    assert_eq!(closed["dport"], json!(["53", "5353-5360"]));
    assert_eq!(closed["in_iface"], json!(["eth0", "eth1"]));
    assert_eq!(closed["out_iface"], json!({"not": ["docker0"]}));
    assert_eq!(redirected["new"]["translated"], "10.0.0.6:8080");
    assert_eq!(conditional["conditions"].as_array().unwrap().len(), 1);
    assert_eq!(d["effect"], "changed");
    assert_eq!(
        d["requirements"][2],
        json!({"row": 80, "id": "own.row", "old": null, "new": "satisfied", "worse": false, "purpose": "login", "impact": "Users cannot log in."})
    );
    let s = &d["summary"];
    assert_eq!(
        [
            "opened",
            "closed",
            "conditional",
            "redirected",
            "worse",
            "better",
            "loosened"
        ]
        .map(|k| s[k].as_u64().unwrap()),
        [2, 1, 1, 1, 1, 2, 1]
    );
    assert_eq!(s["within"], false);
    assert_eq!(s["gate"], "FAILED");
}

/// Catches an effect that is told from anything but packets and hosts.
#[test]
fn the_effect_is_none_exactly_without_packets_and_hosts() {
    let mut d = none();
    assert_eq!(document(&d)["effect"], "none");
    d.requirements = whole().requirements;
    d.findings = whole().findings;
    d.policy = whole().policy;
    assert_eq!(document(&d)["effect"], "none");
    d.hosts.added = vec!["x".into()];
    assert_eq!(document(&d)["effect"], "changed");
    d.hosts.added.clear();
    d.packets = vec![super::made::closed()];
    assert_eq!(document(&d)["effect"], "changed");
}

/// Catches a schema that differs from what is written.
#[test]
fn the_schema_is_the_one_checked_in_and_takes_what_is_written() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/diff-1.0.json");
    let made = schema();
    if std::env::var_os("HYLINT_BLESS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "schema/diff-1.0.json differs from the types: HYLINT_BLESS=1 cargo test rewrites it"
    );
    let schema: Value = serde_json::from_str(&made).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for d in [none(), whole()] {
        let document = document(&d);
        let wrong: Vec<String> = validator
            .iter_errors(&document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    let mut wrong = document(&whole());
    wrong["packets"][0]["src"] = json!(7);
    assert!(!validator.is_valid(&wrong));
}
