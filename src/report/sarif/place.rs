//! Places: relative URIs, regions, and the files of the run with their hashes.

use super::types::{
    Artifact, ArtifactContent, ArtifactLocation, Location, LogicalLocation, Message,
    PhysicalLocation, Region,
};
use crate::common::sanitize::{limited, text};
use crate::finding::outcome::{ExportInfo, Outcome, SiteInfo};
use crate::finding::{Finding, Place};
use crate::report::words;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;

/// What relative URIs are relative to: the folder in which hylint was called, the checkout's root in a pipeline.
const BASE: &str = "%SRCROOT%";
/// What may not stand in the path of a URI as it is (RFC 3986, 3.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The files of the run.
#[derive(Default)]
pub(in crate::report) struct Artifacts {
    pub(in crate::report) list: Vec<Artifact>,
    index: BTreeMap<String, i64>,
}

impl Artifacts {
    /// The exports in path order, then the site file.
    pub(in crate::report) fn of(o: &Outcome) -> Self {
        let mut all = Self::default();
        all.add(&o.exports, &o.site);
        all
    }

    /// Adds exports and a site file; a path that is there already stays as it is.
    pub(in crate::report) fn add(&mut self, exports: &[ExportInfo], site: &SiteInfo) {
        for e in exports {
            let mut a = artifact(&e.path, &e.sha256, "analysisTarget");
            a.length = i64::try_from(e.bytes).ok();
            a.encoding = Some(e.encoding.to_owned());
            self.push(&e.path, a);
        }
        if let (Some(path), Some(sha256)) = (&site.path, &site.sha256) {
            let role = "userSpecifiedConfiguration";
            self.push(path, artifact(path, sha256, role));
        }
    }

    fn push(&mut self, path: &str, a: Artifact) {
        if self.index.contains_key(path) {
            return;
        }
        let at = i64::try_from(self.list.len()).unwrap_or(-1);
        self.index.insert(path.to_owned(), at);
        self.list.push(a);
    }

    /// A reference to a file; one that is not in the list (it could not be read) has no index.
    pub(in crate::report) fn at(&self, path: &str) -> ArtifactLocation {
        let mut l = uri(path);
        l.index = self.index.get(path).copied();
        l
    }
}

fn artifact(path: &str, sha256: &str, role: &'static str) -> Artifact {
    Artifact {
        hashes: Some(BTreeMap::from([("sha-256", sha256.to_owned())])),
        location: Some(uri(path)),
        roles: Some(vec![role]),
        ..Default::default()
    }
}

/// A path as a URI: relative to [`BASE`], or `file:` where it is absolute.
fn uri(path: &str) -> ArtifactLocation {
    let escaped = utf8_percent_encode(path, ESCAPED).to_string();
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || drive {
        let slash = if drive { "/" } else { "" };
        let uri = format!(
            "file://{slash}{}",
            escaped.replacen("%3A", ":", usize::from(drive))
        );
        return ArtifactLocation {
            uri: Some(uri),
            ..Default::default()
        };
    }
    ArtifactLocation {
        uri: Some(escaped),
        uri_base_id: Some(BASE),
        ..Default::default()
    }
}

/// Says what the base is and not where, so that the same run gives the same log on every machine.
pub(in crate::report) fn bases() -> BTreeMap<&'static str, ArtifactLocation> {
    let text = "The folder in which hylint was called.";
    let base = ArtifactLocation {
        description: Some(message(text)),
        ..Default::default()
    };
    BTreeMap::from([(BASE, base)])
}

/// A plain message.
pub(in crate::report) fn message(text: &str) -> Message {
    Message {
        text: Some(text.to_owned()),
    }
}

/// Keeps a text from being a link: `[text](target)` is one in a SARIF message (3.11.6).
pub(in crate::report) fn plain(s: &str) -> String {
    if s.contains("](") {
        in_link(s)
    } else {
        s.to_owned()
    }
}

/// A text between the brackets of a link.
pub(in crate::report) fn in_link(s: &str) -> String {
    s.replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]")
}

/// Where a finding is shown. One without a file is at the start of the site file or the first export, since viewers drop
/// results without a place.
pub(in crate::report) fn primary(o: &Outcome, artifacts: &Artifacts, f: &Finding) -> Location {
    let mut l = match &f.place {
        Some(p) => {
            let label = (!f.label.is_empty()).then_some((0, f.label.as_str()));
            location(artifacts, p, label)
        }
        None => beginning(artifacts, words::path(o, f)),
    };
    l.id = None;
    l.logical_locations = logical(f);
    l
}

/// A place, with its number and label.
pub(in crate::report) fn location(
    artifacts: &Artifacts,
    p: &Place,
    label: Option<(usize, &str)>,
) -> Location {
    let mut l = Location {
        physical_location: Some(physical(artifacts, &p.path, region(p))),
        ..Default::default()
    };
    if let Some((id, label)) = label {
        l.id = i64::try_from(id).ok();
        l.message = Some(message(&plain(&text(label))));
    }
    l
}

/// The start of a file, of what is at no line of it.
pub(in crate::report) fn beginning(artifacts: &Artifacts, path: &str) -> Location {
    Location {
        physical_location: Some(physical(artifacts, path, start())),
        ..Default::default()
    }
}

fn physical(artifacts: &Artifacts, path: &str, region: Region) -> PhysicalLocation {
    PhysicalLocation {
        artifact_location: Some(artifacts.at(path)),
        region: Some(region),
    }
}

fn region(p: &Place) -> Region {
    let covered = p.covered().filter(|t| !t.is_empty());
    Region {
        end_column: Some(i64::from(p.end.column)),
        end_line: Some(i64::from(p.end.line)),
        snippet: covered.map(|t| ArtifactContent {
            text: Some(t.to_owned()),
        }),
        start_column: Some(i64::from(p.start.column)),
        start_line: Some(i64::from(p.start.line)),
    }
}

/// The start of a file.
fn start() -> Region {
    Region {
        end_column: Some(1),
        end_line: Some(1),
        snippet: None,
        start_column: Some(1),
        start_line: Some(1),
    }
}

/// Host, point and rule as a name that is not a place in a file.
pub(in crate::report) fn logical(f: &Finding) -> Option<Vec<LogicalLocation>> {
    let parts: Vec<&str> = [&f.host, &f.point, &f.rule]
        .into_iter()
        .filter_map(|p| p.as_deref())
        .collect();
    let last = parts.last()?;
    let one = LogicalLocation {
        fully_qualified_name: Some(limited(&parts.join("/"), words::SENTENCE).into_owned()),
        kind: Some("resource"),
        name: Some(text(last).into_owned()),
    };
    Some(vec![one])
}
