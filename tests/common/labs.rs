//! The parts of `tests/kernel.rs` with which rulesets of nft are held to the running kernel, and what runs them: each lab is a
//! direction and a family in network namespaces of its own. `use labs::*` at the root of a test gives the parts the names by
//! which they know each other. tests/kernel.rs names its parts itself, so that one which nothing uses is still noticed.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test uses its part of the harness of tests/kernel.rs"
)]

#[path = "../oracle/chains.rs"]
pub(crate) mod chains;
#[path = "../oracle/conversations.rs"]
pub(crate) mod conversations;
#[path = "../differential/mod.rs"]
pub(crate) mod differential;
#[path = "../kernel/jobs.rs"]
pub(crate) mod jobs;
#[path = "../oracle/lists.rs"]
pub(crate) mod lists;
#[path = "../oracle/naive.rs"]
pub(crate) mod naive;
#[path = "../kernel/nft.rs"]
pub(crate) mod nft;
#[path = "../kernel/small.rs"]
pub(crate) mod small;
#[path = "../oracle/tables.rs"]
pub(crate) mod tables;
#[path = "../kernel/tally.rs"]
pub(crate) mod tally;
#[path = "../oracle/universe.rs"]
pub(crate) mod universe;

use differential::kernel::Lab;
use hylint_engine::Direction;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use tally::Tally;

pub(crate) const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel/kernel.py");
pub(crate) const HYLINT: &str = env!("CARGO_BIN_EXE_hylint");

/// Labs that run at a time.
const AT_A_TIME: usize = 2;

/// Whether the whole size is asked for.
pub(crate) fn is_deep() -> bool {
    std::env::var("HYLINT_KERNEL").is_ok_and(|v| v == "deep")
}

/// Panics where the tools or the rights are missing, which the script has said.
pub(crate) fn need_tools() {
    let tools = Command::new("python3").args([SCRIPT, "tools"]).status();
    assert!(
        tools.is_ok_and(|t| t.success()),
        "the comparison could not run here: see above"
    );
}

/// The folder for rulesets, packets and answers: the one that the environment names, else this.
pub(crate) fn keep(folder: &Path) -> PathBuf {
    let kept = std::env::var_os("HYLINT_KERNEL_KEEP").map(PathBuf::from);
    let keep = kept.unwrap_or_else(|| folder.to_owned());
    std::fs::create_dir_all(&keep).unwrap();
    keep
}

/// Each direction of each family, with the rules of nft as they are.
fn labs() -> Vec<Lab> {
    let each = [4, 6].into_iter().flat_map(|version| {
        [Direction::In, Direction::Forward, Direction::Out].map(|direction| Lab {
            direction,
            version,
            backend: "native",
        })
    });
    each.collect()
}

/// What every lab found; one that breaks off has failed.
pub(crate) fn in_labs(run: impl Fn(Lab, &Mutex<Tally>) -> Result<(), String> + Sync) -> Tally {
    let (todo, tally) = (Mutex::new(labs().into_iter()), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let lab = todo.lock().unwrap().next();
                    let Some(lab) = lab else { break };
                    if let Err(e) = run(lab, &tally) {
                        println!("{} broke off: {e}", lab.name());
                        tally.lock().unwrap().failed.push(lab.name());
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap()
}
