//! Reading MySQL and MariaDB, against a real server: types, queries, descriptions, and how reading ends.

mod describe;
mod ending;
mod proxy;
mod queries;
mod server;
mod types;
