//! Texts that hold an export, or what looks like one, as a part of something else: a script that loads a dump, a page that
//! quotes one, a description of the form of one.

use super::form::Standing::{self, Other};
use super::form::{Form, HEAD, Text};
use crate::format::{self, Input};
use crate::source::Source;

const NAME_IT: &str = "give the export itself, or name this very file in `exports` of its [[host]]";

/// What a text is whatever it is called and whoever names it.
pub(super) const NEVER: &[Form] = &[
    Form::new(
        Other,
        schema,
        "a schema, which describes the form of a document",
        "give the document itself",
    ),
    Form::new(
        Standing::Source,
        patch,
        "a patch, which holds a part of a file",
        "apply it, and give the file that it changes",
    ),
];

/// What stands around an export in a text that nobody calls one.
pub(super) const AROUND: &[Form] = &[
    Form::new(
        Standing::Source,
        script,
        "a script, a cloud-init or a kickstart file that holds an export",
        NAME_IT,
    ),
    Form::new(
        Standing::Source,
        fenced,
        "documentation that quotes an export",
        NAME_IT,
    ),
];

/// What a file that is called like a source is, where a reader finds an export in it.
pub(super) const CALLED: Form = Form::new(
    Standing::Source,
    |_| true,
    "a script, a template or a program that holds an export",
    NAME_IT,
);

/// Bytes in which a description of a form says that it is one.
const BEGINNING: usize = 4096;

/// Beginnings of diffs, as `diff`, git, `svn` and git-format-patch(1) write them.
const DIFFS: [&str; 6] = ["diff ", "--- ", "*** ", "Index: ", "From ", "commit "];

/// Whether a text may be one of these at all.
pub(super) fn may_be(text: &str) -> bool {
    let begin = text.trim_start();
    if begin.starts_with(['{', '[']) {
        let marks = [
            "$schema",
            "$id",
            "openapi",
            "swagger",
            "endpointPrefix",
            "provider_schemas",
        ];
        return marks.iter().any(|m| has(begin, BEGINNING, m));
    }
    let first = begin.lines().next().unwrap_or("");
    DIFFS.iter().any(|d| first.starts_with(d))
}

/// Whether something of [`AROUND`] may stand around an export in a text.
pub(super) fn may_stand_around(text: &str) -> bool {
    let begin = text.trim_start();
    begin.starts_with("#!")
        || begin.starts_with("#cloud-config")
        || has(text, HEAD, "```")
        || has(text, HEAD, "%end")
}

/// Whether the first bytes of a text hold a mark.
fn has(text: &str, bytes: usize, mark: &str) -> bool {
    let text = text.as_bytes();
    let part = text.get(..bytes).unwrap_or(text);
    memchr::memmem::find(part, mark.as_bytes()).is_some()
}

/// JSON Schema, OpenAPI, the service descriptions of AWS SDKs (botocore) and the provider schemas of Terraform.
fn schema(t: &Text<'_>) -> bool {
    if !t.is_json() {
        return false;
    }
    let first = t.first_key().unwrap_or("");
    matches!(first, "openapi" | "swagger" | "$id")
        || first == "$schema" && t.has("json-schema.org/")
        || t.json(&["$schema", "properties"]) && t.has("json-schema.org/")
        || t.json(&["openapi", "paths"])
        || t.json(&["swagger", "paths"])
        || t.json(&["apiVersion", "endpointPrefix", "operations"])
        || t.json(&["provider_schemas"])
}

/// A unified or context diff.
fn patch(t: &Text<'_>) -> bool {
    let first = t.first();
    let hunk = |l: &str| l.starts_with("@@ -") || l == "***************";
    DIFFS.iter().any(|h| first.starts_with(h)) && t.lines().any(hunk)
}

/// An interpreter's line but for the loaders of rules, the mark of cloud-init, or the sections of a kickstart file.
fn script(t: &Text<'_>) -> bool {
    let first = t.first();
    let loader = ["iptables", "ip6tables", "nft", "ipset"];
    first.starts_with("#cloud-config")
        || t.lines().any(|l| l == "%end") && t.begins(&["%post", "%pre"])
        || first.starts_with("#!") && !loader.iter().any(|l| first.contains(l))
}

/// Markdown: an export inside of fences, and none outside of them.
fn fenced(t: &Text<'_>) -> bool {
    let fence = |l: &&str| l.starts_with("```");
    if !t.has("```") || t.lines().filter(fence).take(2).count() < 2 {
        return false;
    }
    let mut is_inside = false;
    let (mut inside, mut outside) = (String::new(), String::new());
    for line in t.whole.lines() {
        if line.trim_start().starts_with("```") {
            is_inside = !is_inside;
            continue;
        }
        let part = if is_inside { &mut inside } else { &mut outside };
        part.push_str(line);
        part.push('\n');
    }
    let source = |text: String| Source::new("", text, "UTF-8");
    format::is_sure(&source(inside)) && format::detect(&Input::new(&source(outside))).is_none()
}
