//! A bar on standard error while a long run lasts.

use crate::common::progress::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Shorter runs are over before anybody reads a bar.
const LONG: Duration = Duration::from_secs(1);
/// Redraws in a second.
const RATE: u8 = 10;

pub(super) struct Bar {
    bar: ProgressBar,
    start: Instant,
    terminal: bool,
    shown: AtomicBool,
}

impl Bar {
    /// A bar that shows itself once the run is long, if standard error is a terminal and nobody asked for quiet.
    pub(super) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
        Self {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            start: Instant::now(),
            terminal: !quiet && io::stderr().is_terminal(),
            shown: AtomicBool::new(false),
        }
    }

    /// Takes the bar off the terminal.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, stage: &'static str, steps: usize) {
        self.bar.reset();
        self.bar.set_length(steps as u64);
        self.bar.set_message(stage);
    }

    fn step(&self) {
        self.bar.inc(1);
        let due = self.terminal && self.start.elapsed() > LONG;
        if due && !self.shown.swap(true, Ordering::Relaxed) {
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(RATE));
        }
    }
}
