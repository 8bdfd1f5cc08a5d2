//! AWS EC2 JSON: security groups, network ACLs, their rules, and what `describe-*` says about interfaces, instances,
//! subnets and prefix lists beside them.
//!
//! Forms: the output of the AWS CLI, results of `--query` (bare arrays, arrays of permission arrays, single objects),
//! boto3 responses, recorded responses (`{"status_code", "data"}`), collectors that put several kinds in one object, and
//! several documents one after the other. The field meanings are those of the Amazon EC2 API Reference
//! (`IpPermission`, `SecurityGroupRule`, `NetworkAclEntry`).

mod acl;
pub mod catalog;
mod command;
mod companion;
mod document;
mod group;
mod listing;
mod peer;
mod reader;
mod rule;
mod shape;
mod traffic;
mod write;

#[cfg(test)]
mod tests;

use crate::input::{FormatSpec, Input, Score};
use crate::json::{Json, embedded};
use hylint_model::{Export, ProblemKind, Span};
use reader::Reader;
use std::ops::Range;

pub use crate::write::WriteError;
pub use write::write;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "aws",
    name: "AWS EC2 JSON",
    command: "aws ec2 describe-security-groups",
    detect,
    read,
    edit: None,
    commands: Some(command::commands),
};

fn detect(input: &Input<'_>) -> Score {
    let text = &input.source.text;
    match input.json() {
        Some(json) => document::score(json),
        None if embedded_blocks(text).is_empty() => 0,
        None => EMBEDDED,
    }
}

fn read(input: &Input<'_>) -> Export {
    if let Some(json) = input.json() {
        return read_documents(input, json, None);
    }
    let blocks = embedded_blocks(&input.source.text);
    let text = embedded::only(&input.source.text, &blocks);
    let json = Json::parse(&text);
    read_documents(input, &json, Some(&blocks))
}

/// Reads every document; `blocks` are their places if they stand inside other text.
fn read_documents(input: &Input<'_>, json: &Json<'_>, blocks: Option<&[Range<usize>]>) -> Export {
    let source = input.source;
    let mut reader = Reader::new(source, input.depth);
    reader.objects.errors(json, None);
    for document in json.documents() {
        reader.document(document);
    }
    if let Some(blocks) = blocks {
        name_surroundings(&mut reader, &source.text, blocks);
    }
    reader.finish_listing();
    Export {
        format: FORMAT.id,
        ..reader.finish()
    }
}

/// The score of JSON inside other text: less than of any format whose text it is.
const EMBEDDED: Score = 40;

/// Blocks that hold a whole group, ACL or rule listing, in a text that is not JSON.
fn embedded_blocks(text: &str) -> Vec<Range<usize>> {
    let marks = [
        "\"IpPermissions",
        "\"NetworkAcls\"",
        "\"SecurityGroupRules\"",
    ];
    let has = |m: &&str| memchr::memmem::find(text.as_bytes(), m.as_bytes()).is_some();
    if !marks.iter().any(has) {
        return Vec::new();
    }
    embedded::blocks(text, |json, _| document::score(json) >= document::CERTAIN)
}

/// One note for the text around the blocks: where the first of it stands.
fn name_surroundings(reader: &mut Reader<'_>, text: &str, blocks: &[Range<usize>]) {
    let mut from = 0;
    for until in blocks.iter().map(|b| b.start).chain([text.len()]) {
        let between = text.get(from..until).unwrap_or("");
        if !between.trim().is_empty() {
            let start = from + between.len() - between.trim_start().len();
            let line = between.trim().lines().next().unwrap_or("");
            reader.problem(
                ProblemKind::Note,
                Span::new(start, start + line.len()),
                "the export stands inside other text, which is not read",
            );
            return;
        }
        from = blocks
            .iter()
            .find(|b| b.start == until)
            .map_or(until, |b| b.end);
    }
}
