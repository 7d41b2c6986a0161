//! Reading MySQL and MariaDB, against a real server: types, queries, descriptions, and how reading ends.

mod conformance;
mod definitions;
mod describe;
mod ending;
mod importing;
mod meaning;
mod proxy;
mod queries;
mod server;
#[path = "../suite/mod.rs"]
mod suite;
mod types;
