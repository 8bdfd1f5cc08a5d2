//! How far a run is, for whoever waits for it.

/// Told of each step of a run, from any thread.
pub trait Progress: Sync {
    /// A stage of so many steps begins: `reading` files, or `judging` what belongs together.
    fn begin(&self, stage: &'static str, steps: usize);
    /// One step of the stage is done.
    fn step(&self);
}

/// Nobody waits.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &'static str, _: usize) {}
    fn step(&self) {}
}
