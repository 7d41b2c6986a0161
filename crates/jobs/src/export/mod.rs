//! Export: a checked order becomes a task; the task becomes one complete file and its manifest.
//!
//! ```text
//! ExportRequest ─check▶ payload ─task▶ ExportJob::run
//!   reader thread  ──RecordBatch──▶  encoder thread  ──bytes──▶  file store writer     (write.rs)
//!   (one snapshot)    bounded         (any format)     bounded    (complete or absent)
//!   a file that grows too large ends, is a finished part, and stands in the checkpoint  (part.rs)
//!   one part ─▶ that is the file; several ─▶ a ZIP archive of them                      (archive.rs)
//! ```
//!
//! A run that takes over reads all rows again, in a snapshot of its own, and keeps the finished parts whose rows are still the
//! same ([`digest`]): reading is quick, encoding and compressing is not.

mod archive;
mod digest;
mod encode;
mod local;
mod manifest;
pub(crate) mod name;
mod order;
mod part;
mod pipe;
mod plan;
mod run;
mod settings;
mod store;
mod write;

pub use local::{LocalError, LocalExport, LocalFile, export_to_file};
pub use order::{ExportOrder, check, request_of};
pub use run::ExportJob;
pub use settings::{ExportSettings, PART_BYTES_MAX};
