//! The JSON Schemas of hylint.toml and of matrices, which editors complete and check by: they say what the readers say.
//!
//! tests/docs.rs holds the files in schema/ to what is made of the keys, and writes them anew.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use hylint::common::toml_keys::{Key, Keys, Kind};
use hylint::common::toml_schema::json_of;
use hylint::load::Disk;
use hylint::rules::matrix::{self, Matrix};
use hylint::site::config;
use jsonschema::Validator;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use toml::{Table, Value};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a schema is of.
struct Form {
    name: &'static str,
    schema: fn() -> String,
    keys: &'static Keys,
    /// A file that holds each table once, with what must be there.
    least: &'static str,
    reads: fn(&str) -> bool,
}

const SITE: Form = Form {
    name: "hylint-toml",
    schema: config::schema,
    keys: &config::FILE,
    least: r#"
[site]
[deployment]
[ports]
[roles]
[resolve]
[[host]]
name = "x"
[[transit]]
exports = []
[[via]]
front = "10.0.0.1"
hosts = ["10.0.0.2"]
[[allow]]
from = "any"
to = "any"
port = "udp/*"
reason = "x"
[[waive]]
code = "any-any"
rule = "x"
until = 2027-03-31
reason = "x"
owner = "x"
[lints]
[check]
"#,
    reads: |text| {
        static MATRIX: LazyLock<Matrix> =
            LazyLock::new(|| matrix::builtin(matrix::DEFAULT).unwrap().unwrap());
        config::read("hylint.toml", text, &MATRIX).is_ok()
    },
};

const MATRIX: Form = Form {
    name: "matrix",
    schema: matrix::schema,
    keys: &matrix::FILE,
    // The names that the examples of the keys use.
    least: r#"
[matrix]
id = "x"
[[role]]
id = "x"
lives-on = "web"
[[role]]
id = "web"
[[role]]
id = "database"
[[role]]
id = "client"
[[role]]
id = "replica"
[[role]]
id = "recording-server"
[[group]]
id = "all"
roles = ["web"]
[[feature]]
id = "new"
role = "web"
[[feature]]
id = "recording"
role = "web"
[[requirement]]
id = "x.y"
row = 1
from = "web"
to = "web"
transport = "tcp"
ports = [1]
mandatory = true
[[implied]]
id = "x.z"
from = "web"
to = "web"
transport = "tcp"
ports = [1]
reason = "x"
"#,
    reads: |text| matrix::read(&[("m.toml", text)]).is_ok(),
};

impl Form {
    fn validator(&self) -> Validator {
        let schema = serde_json::from_str(&(self.schema)()).unwrap();
        jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap()
    }
}

fn valid(schema: &Validator, text: &str) -> bool {
    let table: Table = toml::from_str(text).unwrap();
    schema.is_valid(&json_of(&Value::Table(table)))
}

#[test]
fn they_are_schemas() {
    for form in [SITE, MATRIX] {
        let schema: serde_json::Value = serde_json::from_str(&(form.schema)()).unwrap();
        assert!(jsonschema::draft7::meta::is_valid(&schema), "{}", form.name);
    }
}

/// The schema of the report included.
#[test]
fn the_program_prints_them() {
    for (name, schema) in [
        ("hylint-toml", config::schema()),
        ("matrix", matrix::schema()),
        ("check", hylint::report::check_schema()),
        ("diff", hylint::report::diff::schema()),
    ] {
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_hylint"))
            .args(["schema", name])
            .output()
            .unwrap();
        assert!(out.status.success(), "{name}");
        assert!(out.stdout == schema.as_bytes(), "{name}");
    }
}

/// The TOML files below the folders whose name `wanted` takes.
fn files(folders: &[&str], wanted: fn(&str) -> bool) -> Vec<PathBuf> {
    let all = folders
        .iter()
        .flat_map(|f| walkdir::WalkDir::new(root().join(f)));
    let mut all: Vec<PathBuf> = all
        .map(|e| e.unwrap().into_path())
        .filter(|p| wanted(&p.file_name().unwrap().to_string_lossy()))
        .collect();
    all.sort();
    assert!(!all.is_empty(), "{folders:?}");
    all
}

/// An editor marks nothing in a file that hylint takes: every site file of the examples and tests.
#[test]
fn site_files_that_load_are_valid() {
    let schema = SITE.validator();
    let all = files(&["examples", "tests"], |n| n == "hylint.toml");
    let mut loaded = 0;
    for path in &all {
        if config::load(&Disk, path, None).is_err() {
            continue;
        }
        loaded += 1;
        let text = std::fs::read_to_string(path).unwrap();
        assert!(valid(&schema, &text), "{} loads", path.display());
    }
    assert!(loaded * 10 > all.len() * 9, "{loaded} of {}", all.len());
}

/// Of the built-in matrix, each file by itself.
#[test]
fn the_builtin_matrix_is_valid() {
    let schema = MATRIX.validator();
    for path in files(&["rules/hyworks"], |n| n.ends_with(".toml")) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(valid(&schema, &text), "{}", path.display());
    }
}

/// Values of every type and of the forms that several keys have.
const SAMPLES: &[&str] = &[
    "\"\"",
    "\" \"",
    "\"x\"",
    "\"10.0.0.1\"",
    "\"443\"",
    "0",
    "-1",
    "1",
    "65535",
    "65536",
    "99999999999",
    "1.5",
    "true",
    "2027-03-31",
    "2027-03-31T10:00:00Z",
    "10:00:00",
    "[]",
    "[1]",
    "[0]",
    "[\"1-2\"]",
    "[true]",
    "[[]]",
    "[\"10.0.0.0/8\"]",
    "[1, \"2-3\"]",
    "{}",
    "{ x = 1 }",
    "{ x = true }",
    "{ \"host:x\" = [1] }",
    "[{}]",
];

/// Sets a key in the first table of a name, or in the file.
fn with(text: &str, table: &str, key: &str, value: &str) -> String {
    let value: Table = toml::from_str(&format!("x = {value}")).unwrap();
    let mut whole: Table = toml::from_str(text).unwrap();
    let at = match whole.get_mut(table) {
        Some(Value::Array(all)) => all[0].as_table_mut().unwrap(),
        Some(t) => t.as_table_mut().unwrap(),
        None => &mut whole,
    };
    at.insert(key.into(), value["x"].clone());
    toml::to_string(&whole).unwrap()
}

/// Whether a value holds a string or a name: what they mean may depend on the matrix, which a schema does not know. A date
/// is a string to a schema.
fn has_text(value: &str) -> bool {
    value.contains(['"', '=', ':']) || value.starts_with("2027")
}

/// Calls `look` with each key and the name of its table.
fn each_key(keys: &'static Keys, look: &mut impl FnMut(&'static str, &'static Key)) {
    for key in keys.each {
        look(keys.name, key);
        if let Kind::Table(own) | Kind::Tables(own) = key.kind {
            each_key(own, look);
        }
    }
}

/// Reader and schema are asked of the same files, one for each key and value. The schema refuses nothing that the reader
/// takes, and takes nothing of a wrong type.
#[test]
fn reader_and_schema_agree_on_every_key() {
    for form in [SITE, MATRIX] {
        let schema = form.validator();
        assert!((form.reads)(form.least), "{}", form.name);
        assert!(valid(&schema, form.least), "{}", form.name);
        let mut wrong = Vec::new();
        let mut tried = 0;
        each_key(form.keys, &mut |table, key| {
            for value in SAMPLES {
                if matches!(key.kind, Kind::Tables(_)) && *value == "[]" {
                    continue; // what the other tables name is gone then
                }
                let text = with(form.least, table, key.name, value);
                let (reads, valid) = ((form.reads)(&text), valid(&schema, &text));
                tried += 1;
                if reads && !valid || valid && !reads && !has_text(value) {
                    wrong.push(format!(
                        "[{table}] {} = {value}: the reader says {reads}, the schema {valid}",
                        key.name
                    ));
                }
            }
        });
        assert!(wrong.is_empty(), "{}\n{}", form.name, wrong.join("\n"));
        assert!(tried > 500, "{tried}");
    }
}

/// What an editor shows as an example is taken by both.
#[test]
fn examples_of_keys_are_taken() {
    for form in [SITE, MATRIX] {
        let schema = form.validator();
        each_key(form.keys, &mut |table, key| {
            if key.example.is_empty() {
                let inner = matches!(key.kind, Kind::Table(_) | Kind::Tables(_) | Kind::Map(_));
                assert!(inner, "[{table}] {} has no example", key.name);
                return;
            }
            let text = with(form.least, table, key.name, key.example);
            assert!(
                valid(&schema, &text),
                "[{table}] {} = {}",
                key.name,
                key.example
            );
            assert!(
                (form.reads)(&text),
                "[{table}] {} = {}",
                key.name,
                key.example
            );
        });
    }
}

/// A key that is not declared, one that is missing, a word that is none, a name that no lint has.
#[test]
fn mistakes_are_refused_by_both() {
    for form in [SITE, MATRIX] {
        let schema = form.validator();
        each_key(form.keys, &mut |table, key| {
            let text = with(form.least, table, &format!("{}x", key.name), "1");
            assert!(!valid(&schema, &text), "[{table}] {}x", key.name);
            assert!(!(form.reads)(&text), "[{table}] {}x", key.name);
            if matches!(key.kind, Kind::Word(_)) {
                let text = with(form.least, table, key.name, "\"x\"");
                assert!(!valid(&schema, &text), "[{table}] {} = x", key.name);
                assert!(!(form.reads)(&text), "[{table}] {} = x", key.name);
            }
            if key.needed {
                let line = form
                    .least
                    .split_once(&format!("[{table}]"))
                    .and_then(|(_, t)| t.find(&format!("\n{} =", key.name)).map(|at| (t, at)));
                let (tail, at) = line.unwrap_or_else(|| panic!("[{table}] {}", key.name));
                let start = form.least.len() - tail.len() + at + 1;
                let end = start + form.least[start..].find('\n').unwrap();
                let text = [&form.least[..start], &form.least[end..]].concat();
                assert!(!valid(&schema, &text), "[{table}] without {}", key.name);
                assert!(!(form.reads)(&text), "[{table}] without {}", key.name);
            }
        });
    }
    let schema = SITE.validator();
    for text in [
        "[lints]\nany = \"error\"",
        "[lints]\nunbound-point = \"off\"",
        "[resolve]\n\"x:y\" = []",
        "[resolve]\n\"aws:\" = []",
        "[[waive]]\ncode = \"any-any\"\nuntil = 2027-03-31\nreason = \"x\"\nowner = \"x\"",
        "[[waive]]\ncode = \"any-any\"\nrule = \"x\"\nuntil = \"soon\"\nreason = \"x\"\nowner = \"x\"",
        "[[allow]]\nfrom = \"any\"\nto = \"any\"\nport = \"5985\"\nreason = \"x\"",
        "[[host]]\nname = \"x\"\naddresses = [\"10.0.0\", \"ten\"]",
    ] {
        assert!(!(SITE.reads)(text), "{text}");
        assert!(!valid(&schema, text), "{text}");
    }
}
