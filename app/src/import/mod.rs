//! The import of a file, in five steps.
//!
//! The draft lives on the server; [`draft`] holds what it said last. What is decided is a plain function: [`step`] which step a
//! draft is at, [`change`] what a change does to it, [`upload`] how a file gets there. Each step is a component of its own.

pub mod change;
mod check_step;
mod confirm_step;
mod confirmation;
pub mod draft;
mod map_step;
mod plan_rows;
mod plan_table;
mod preview;
pub mod report;
mod review_step;
pub mod step;
mod stepper;
pub mod undo;
pub mod upload;
mod upload_step;
pub mod wizard;
