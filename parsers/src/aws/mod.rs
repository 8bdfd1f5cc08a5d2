//! AWS EC2 JSON: security groups, network ACLs, their rules, and what `describe-*` says about interfaces, instances,
//! subnets and prefix lists beside them.
//!
//! Forms: the output of the AWS CLI, results of `--query` (bare arrays, arrays of permission arrays, single objects),
//! boto3 responses, recorded responses (`{"status_code", "data"}`), collectors that put several kinds in one object, and
//! several documents one after the other. The field meanings are those of the Amazon EC2 API Reference
//! (`IpPermission`, `SecurityGroupRule`, `NetworkAclEntry`).

mod acl;
mod companion;
mod document;
mod group;
mod listing;
mod peer;
mod reader;
mod rule;
mod shape;
mod traffic;

use crate::format::{FormatSpec, Input, Score};
use crate::model::Export;
use reader::Reader;

/// The format's registration.
pub const FORMAT: FormatSpec = FormatSpec {
    id: "aws",
    name: "AWS EC2 JSON",
    command: "aws ec2 describe-security-groups",
    detect,
    read,
};

fn detect(input: &Input<'_>) -> Score {
    input
        .json()
        .map_or(0, |json| document::score(json, &input.source.text))
}

fn read(input: &Input<'_>) -> Export {
    let mut reader = Reader::new(input.source);
    if let Some(json) = input.json() {
        reader.walk.errors(json);
        for document in json.documents(&input.source.text) {
            reader.document(document);
        }
    }
    reader.finish()
}
