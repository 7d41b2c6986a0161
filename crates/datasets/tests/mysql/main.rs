//! Reading MySQL and MariaDB, against a real server: types, queries, descriptions, and how reading ends.

mod conformance;
mod describe;
mod ending;
mod importing;
mod proxy;
mod queries;
mod server;
#[path = "../suite/mod.rs"]
mod suite;
mod types;
