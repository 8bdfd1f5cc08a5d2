//! Finds the files, reads them, and hashes them.
//!
//! Nothing is passed over in silence: each file is an export, or in [`Loaded::unread`], or has a finding.

mod discover;
mod export;
mod files;
mod git;
mod ids;
mod include;
mod names;
mod overlay;
mod problems;
mod read;
mod renamed;
mod seal;
mod summary;
mod unmodelled;
mod unread;
mod walk;
mod whose;
mod zone_names;
mod zones;

pub use discover::{Discovered, FileRef, Missing, discover};
pub use export::{LoadedExport, Summary};
pub use files::{Disk, Files, Kind, Moved, Walked};
pub use git::{GitError, GitTree};
pub use ids::{ExportId, Heads, RunPoint};
pub use include::Included;
pub use names::{NameKind, name_kind, original};
pub use overlay::Overlay;
pub use problems::{classify, export_findings, left_out};
pub use read::{
    Body, Keep, Loaded, NoExport, Read, load, read, read_again, read_bytes_as, read_whole, sizes,
};
pub use renamed::{Held, Renamed};
pub use seal::Seal;
pub use summary::{Opening, PLACED, openings};
pub use unmodelled::{Unmodelled, unmodelled};
pub use unread::{Sign, Unread, Why};
pub use walk::{CONFIG_NAME, shown};
pub use whose::Whose;
