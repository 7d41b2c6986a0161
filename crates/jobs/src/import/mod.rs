//! Imports: a file becomes a draft, the draft a plan, the plan rows of a database; and these go again where a person wants so.
//!
//! ```text
//! bytes ─upload▶ Draft: recognised, matched ─▶ CheckJob: rows staged in chunks
//!   CheckPartJob (many): rows as values, compared with the database ─▶ checked chunks
//! CheckJob, resumed: duplicates across chunks, file of errors ─▶ plan
//! plan ─▶ ImportJob ─▶ ImportPartJob (many): a transaction with its row of the ledger ─▶ report
//! import ─▶ UndoJob ─▶ UndoPartJob (many): a transaction with its row of the ledger ─▶ report
//! ```
//!
//! Invariants:
//! - Rows that are wrong are data: a check with errors has succeeded.
//! - A plan is carried out once, and what is written is what was planned: else its transaction writes nothing, and the rest stops.
//! - What takes rows back is stored before they are written, and stays as long as the record of the import.
//! - How an import ended is what the ledger of its database says, never what a worker remembers.

mod calls;
mod check;
mod check_part;
mod chunk;
mod commit;
mod commit_part;
mod draft;
mod faults;
mod hand_over;
pub mod local;
mod look;
mod matching;
mod memory;
mod place;
mod plan;
mod report;
mod rows;
mod settings;
mod stage;
mod stored;
pub mod sweep;
mod template;
mod transaction;
mod turns;
mod undo;
mod unique;
mod upload;

pub use check::{CheckJob, CheckOrder, CheckOutput};
pub use check_part::{CheckPartJob, CheckPartOrder, CheckPartOutput};
pub use commit::{ImportJob, ImportOrder, ImportOutput};
pub use commit_part::{ImportPartJob, ImportPartOrder};
pub use hand_over::HandOver;
pub use plan::PlanSpec;
pub use settings::ImportSettings;
pub use template::Template;
pub use transaction::PartOutcome;
pub use undo::{UndoJob, UndoOrder, UndoPartJob, UndoPartOrder};

pub(crate) use check::Course;
pub(crate) use look::refusal;
pub(crate) use stored::SCRATCH_PREFIX;
pub(crate) use turns::Turns;

/// Runs of a task after which it is given up, where what failed may pass: with the pauses between them that is about two minutes, in
/// which a database is started anew.
pub(crate) const ATTEMPTS: u32 = 6;
