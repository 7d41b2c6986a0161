//! Reading MySQL and MariaDB, against a real server: types, queries, and how reading ends.

mod ending;
mod proxy;
mod queries;
mod server;
mod types;
