//! Policy as code: what stands in `rules/`, and what people write of the same kind.

pub mod matrix;
pub mod platform;
