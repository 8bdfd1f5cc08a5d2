//! The exit status.

use std::process::ExitCode;

/// The same for every output format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// 0: nothing at or above the threshold.
    Clean,
    /// 1: findings at or above it.
    Findings,
    /// 2: it could not run, or no export was judged.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(e: Exit) -> Self {
        match e {
            Exit::Clean => Self::from(0),
            Exit::Findings => Self::from(1),
            Exit::Failed => Self::from(2),
        }
    }
}
