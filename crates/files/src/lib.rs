//! The file store, over OpenDAL.
//!
//! Purpose: where finished files live until their retention ends: a folder by default, or a bucket of an S3-compatible server.
//!
//! Invariants:
//! - A file appears under its key only when it is complete; one that is given up leaves nothing.
//! - A file that was finished or copied is there also after a loss of power.
//! - Keys are made by jobs from task ids and fencing tokens, never from what people typed.
//! - Whoever holds a [`FileStore`] may read everything in it: owners are checked by the caller.

mod address;
mod bucket;
mod error;
mod folder;
mod store;
mod uploads;
mod writer;

pub use error::FileError;
pub use folder::sync_folder;
pub use store::{FileStore, Listed};
pub use writer::{FileWriter, Stored};
