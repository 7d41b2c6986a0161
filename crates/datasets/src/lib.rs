//! Dataset definitions, validated queries, and SQL sources that stream Arrow batches.
//!
//! Purpose: everything between a person's wish ("paid orders since August, newest first") and rows.
//!
//! How it fits together: [`config`] is what `longshore.toml` says; [`catalog`] checks it and keeps the
//! [`dataset`]s; [`query`] turns a request into a checked [`Query`], or into what is wrong with it per
//! field; `statement` makes SQL of it; [`source`] runs that in one snapshot of the database, of which there
//! is one kind a database (`sqlite`, `postgres`, `mysql`); `columns` gathers values into batches. [`introspect`] asks a
//! database what a table is made of, and [`mod@check`] compares that with a dataset. [`import`] is the way back: cells of a file are
//! checked against the database, written, and taken back.
//!
//! Invariants:
//! - This is the only crate that speaks SQL. Names in SQL come from the configuration, values travel as
//!   parameters; nothing of a request becomes SQL text.
//! - Every order ends with the dataset's unique key, so that it is total.
//! - An export is one statement in one transaction; OFFSET serves only the pages on the screen.
//! - Sums of decimals and whole numbers are exact; nothing of them passes through floating point.
//! - Databases are opened read-only, but by [`import`], which is the one that writes.

pub mod catalog;
pub mod check;
mod columns;
pub mod config;
pub mod daily;
pub mod database;
pub mod dataset;
pub mod demo;
mod double;
pub mod error;
pub mod import;
pub mod introspect;
mod mysql;
mod postgres;
pub mod query;
pub mod schema;
pub mod source;
mod sqlite;
mod statement;
pub mod text;
pub mod value;

pub use catalog::Catalog;
pub use config::CatalogConfig;
pub use database::{Address, Database};
pub use dataset::{Column, DailyStatistics, Dataset};
pub use error::{ConfigError, SourceError};
pub use query::Query;
