//! Dataset definitions, validated queries, and SQL sources that stream Arrow batches.
//!
//! Purpose: everything between a person's wish ("paid orders since August, newest first") and rows.
//!
//! How it fits together: [`config`] is what `longshore.toml` says; [`catalog`] checks it and keeps the
//! [`dataset`]s; [`query`] turns a request into a checked [`Query`], or into what is wrong with it per
//! field; [`sqlite`] runs queries in one snapshot of the database.
//!
//! Invariants:
//! - This is the only crate that speaks SQL. Names in SQL come from the configuration, values travel as
//!   parameters; nothing of a request becomes SQL text.
//! - Every order ends with the dataset's unique key, so that it is total.
//! - An export is one statement in one transaction; OFFSET serves only the pages on the screen.
//! - Sums of decimals and whole numbers are exact; nothing of them passes through floating point.
//! - Databases are opened read-only.

pub mod catalog;
pub mod config;
pub mod dataset;
pub mod demo;
pub mod error;
pub mod query;
pub mod schema;
pub mod sqlite;
pub mod text;
pub mod value;

pub use catalog::Catalog;
pub use config::CatalogConfig;
pub use dataset::{Column, DailyStatistics, Dataset};
pub use error::{ConfigError, SourceError};
pub use query::Query;
