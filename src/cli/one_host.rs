//! Opens a session over single exports: what `trace` and `inspect` are given.

use super::fail::Failure;
use crate::finding::Severity;
use crate::load::Disk;
use crate::session::{Request, Session, SiteScope};
use std::sync::Arc;

/// Reads files of one host, each of which must be an export, in their order.
pub(super) fn open(request: Request) -> Result<Session, Failure> {
    if let Some(folder) = request.paths.iter().find(|p| p.is_dir()) {
        return Err(Failure::with_help(
            format!("{} is a folder, expected one export", folder.display()),
            "name a file in it",
        ));
    }
    let request = Request {
        scope: SiteScope::OneHost,
        ..request
    };
    let session = Session::open(Arc::new(Disk), request)?;
    let unread = session.unread().first();
    let unread = unread.map(|u| u.finding(Severity::Error, ""));
    if let Some(f) = session.unopened().first().or(unread.as_ref()) {
        let path = f.place.as_ref().map_or("", |p| &*p.path);
        let help = f.help.clone().unwrap_or_default();
        return Err(Failure::with_help(format!("{path}: {}", f.message), help));
    }
    Ok(session)
}
