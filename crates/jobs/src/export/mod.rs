//! Export: a checked order becomes a task; the task becomes one complete file.
//!
//! ```text
//! ExportRequest ─check▶ payload ─task▶ ExportJob::run
//!   reader thread  ──RecordBatch──▶  encoder thread  ──bytes──▶  file store writer
//!   (one snapshot)    bounded         (XLSX or CSV)    bounded    (complete or absent)
//! ```

pub(crate) mod name;
mod order;
mod pipe;
mod run;

pub use order::{ExportOrder, check, request_of};
pub use run::ExportJob;
