//! The jobs themselves; the only crate that joins tasks, sheets, datasets and files.
//!
//! Purpose: what Longshore does for people, below any user interface. [`Centre`] answers the calls of a
//! front end; [`export::ExportJob`], [`statistics::StatisticsJob`] and its [`statistics::PartJob`] are what a worker
//! runs.
//!
//! Invariants:
//! - Whose task it is is checked here, for every call that names one; somebody else's task is answered
//!   as one that does not exist.
//! - A request is checked before a task exists, and again when the task runs: the configuration may have
//!   changed in between.
//! - Texts for people are not made here, but for file names and headers: answers carry codes and numbers.

pub mod caller;
pub mod centre;
pub mod download;
pub mod error;
pub mod export;
pub mod file;
pub mod import;
pub mod kinds;
pub mod leftovers;
mod request;
pub mod statistics;
mod stop;
pub mod verify;
pub mod view;
mod work_error;

pub use caller::Caller;
pub use centre::{Centre, CentreSettings};
pub use download::Download;
pub use error::CentreError;
pub use import::ImportSettings;
pub use kinds::registry;
pub use longshore_sheets::Compression;
pub use request::CheckedOrder;
