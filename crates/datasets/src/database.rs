//! Where a database is, and how long it may take.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// A database of the configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    /// Its id in the configuration.
    pub id: String,
    /// Where it is.
    pub address: Address,
    /// How long one statement may take, the sending of its rows included. `None`: as long as the task may.
    pub statement_timeout: Option<Duration>,
}

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A file.
    Sqlite(PathBuf),
    /// A server, as a `postgres://` address.
    Postgres(String),
    /// A server of MySQL or MariaDB, as a `mysql://` address.
    MySql(String),
}

impl Address {
    /// Reads an address; relative paths are below `base`. `None` for a form that is none of the three.
    pub fn parse(url: &str, base: &Path) -> Option<Address> {
        let (scheme, rest) = url.split_once(':')?;
        match scheme {
            "sqlite" if !rest.is_empty() => Some(Address::Sqlite(base.join(rest))),
            "postgres" | "postgresql" if rest.starts_with("//") => Some(Address::Postgres(url.to_owned())),
            // MariaDB speaks the same protocol.
            "mysql" | "mariadb" if rest.starts_with("//") => Some(Address::MySql(format!("mysql:{rest}"))),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // An address can hold a password.
        f.debug_struct("Database").field("id", &self.id).finish_non_exhaustive()
    }
}
