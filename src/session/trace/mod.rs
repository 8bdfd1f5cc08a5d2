//! What one export does with one packet, taken literally: `hylint trace`.

mod packet;
mod process;
mod render;
mod select;
mod table;
mod tracer;

pub use packet::{COLUMNS, FieldError, Fields, Packet};
pub use process::Processes;
pub use render::{write_human, write_human_row, write_json, write_ndjson};
pub use select::{SelectError, Selection, select};
pub use table::{Reader, TableError, packet as row_packet};
pub use tracer::{Decided, Hop, Traced, Tracer, Verdict};
