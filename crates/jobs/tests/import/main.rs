//! Imports from upload to undo, on real parts: a SQLite database, an embedded task store, a folder of files.

#[path = "../support/mod.rs"]
mod support;

mod draft;
mod duplicates;
mod endings;
mod flow;
mod people;
mod refusals;
mod template;
