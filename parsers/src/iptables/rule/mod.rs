//! One rule line: options to a rule of the model.

mod base;
mod read;
mod reader;
mod same;

pub(super) use read::{open, open_behind, read};
pub(super) use reader::{Context, Scratch};
pub(super) use same::Sameness;
