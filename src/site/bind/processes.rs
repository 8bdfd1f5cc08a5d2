//! Programs and services of the processes that listen on a Windows host: sockets print their numbers, and another listing what
//! they are.

use crate::load::LoadedExport;
use crate::site::facts::Heard;
use hylint_model::{Companion, Process};
use rustc_hash::FxHashMap;

/// The process of the kernel, which serves http.sys and SMB, has this number on every Windows since XP (Mark Russinovich and
/// others, "Windows Internals", part 1, "System process").
const KERNEL: u32 = 4;

/// Its name, as rules and listings write it.
const SYSTEM: &str = "System";

/// Gives the sockets what listings of the same host say of their processes.
pub(super) fn join(heard: &mut Heard, listings: &[&LoadedExport]) {
    let mut all: FxHashMap<u32, Vec<&Process>> = FxHashMap::default();
    for c in listings.iter().flat_map(|e| &e.export.companions) {
        if let Companion::Processes(p) = c {
            heard.services |= p.services;
            for process in &p.processes {
                all.entry(process.pid).or_default().push(process);
            }
        }
    }
    for (socket, _) in &mut heard.sockets {
        let Some(pid) = socket.pid else { continue };
        let known = all.get(&pid).map_or(&[][..], Vec::as_slice);
        let mut programs: Vec<&str> = socket.programs.iter().map(|p| &**p).collect();
        programs.extend(known.iter().map(|p| &*p.program));
        // A path says more than a name.
        let best = programs.iter().find(|p| p.contains(['\\', '/']));
        let best = best.or_else(|| programs.first()).copied();
        let kernel = (pid == KERNEL).then_some(SYSTEM);
        let best = kernel.or(best).filter(|p| !p.is_empty()).map(Box::from);
        if socket.services.is_empty() {
            let mut services: Vec<Box<str>> = Vec::new();
            for s in known.iter().flat_map(|p| &p.services) {
                if !services.iter().any(|o| o.eq_ignore_ascii_case(s)) {
                    services.push(s.clone());
                }
            }
            socket.services = services;
        }
        socket.programs = best.into_iter().collect();
    }
}
