//! What can end the reading, and what it means.

use std::io::ErrorKind;

use arrow_schema::ArrowError;
use mysql_async::{DriverError, Error, IoError, UrlError};

use crate::error::SourceError;

/// Why a statement was not read to its end.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was told to stop, or the sink has enough.
    Stopped,
    /// It took too long, as the server noticed or was noticed here.
    TimedOut {
        by_server: bool,
    },
    /// The server did not answer while it was connected to.
    Unanswered,
    /// The connection is no more.
    Closed,
    /// The server, or the way to it.
    Sql(Error),
    /// A column that is declared as what its SQL type is not.
    Misfit {
        column: String,
        sql_type: String,
        declared: &'static str,
    },
    /// What is asked for can't be.
    Refused(String),
    /// A value that its column can't hold.
    BadValue {
        column: String,
        row: u64,
        found: &'static str,
        declared: &'static str,
    },
    Schema(ArrowError),
}

/// Statements that ended for what may be otherwise in a moment: too many connections, a server that shuts down or starts, a
/// broken connection, a lock, a table that was altered since the snapshot (<https://mariadb.com/kb/en/mariadb-error-code-reference/>,
/// <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>).
const TRANSIENT: [u16; 21] = [
    1040, 1053, 1077, 1079, 1080, 1152, 1153, 1158, 1159, 1160, 1161, 1184, 1203, 1205, 1213, 1412, 1927,
    2006, 2013, 3168, 3169,
];
/// Texts that can't be compared.
const UNLIKE_TEXTS: [u16; 3] = [1267, 1270, 1271];
/// A statement that took too long, in MariaDB and in MySQL.
const TIMED_OUT: [u16; 2] = [1969, 3024];

impl Fault {
    /// The same while a connection is being made, where no statement can take long.
    pub(super) fn of_connecting(self) -> Fault {
        match self {
            Fault::TimedOut { .. } => Fault::Unanswered,
            fault => fault,
        }
    }

    /// Whether the server may not have noticed that it has nothing to do any more.
    pub(super) fn leaves_work_in_the_server(&self) -> bool {
        match self {
            Fault::Stopped
            | Fault::TimedOut { .. }
            | Fault::Misfit { .. }
            | Fault::Refused(_)
            | Fault::BadValue { .. }
            | Fault::Schema(_) => true,
            Fault::Sql(_) | Fault::Closed | Fault::Unanswered => false,
        }
    }

    pub(super) fn explained(self, dataset: &str) -> SourceError {
        let dataset = dataset.to_owned();
        match self {
            Fault::Stopped => SourceError::Stopped,
            Fault::TimedOut { .. } => SourceError::Timeout { dataset },
            Fault::Unanswered => database(dataset, "the server does not answer", true),
            Fault::Closed => database(dataset, "the connection was closed", true),
            Fault::Sql(error) => {
                let is_transient = match &error {
                    Error::Server(error) => TRANSIENT.contains(&error.code),
                    // What does not hold of a certificate will not hold in a moment, nor will its file be there.
                    Error::Io(IoError::Io(error)) => !matches!(
                        error.kind(),
                        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::NotFound
                    ),
                    Error::Driver(DriverError::ConnectionClosed) => true,
                    Error::Io(_) | Error::Driver(_) | Error::Url(_) | Error::Other(_) => false,
                };
                match error {
                    // Without the client's own words around what the server says.
                    Error::Server(error) => database(dataset, error, is_transient),
                    error => database(dataset, error, is_transient),
                }
            }
            Fault::Misfit { column, sql_type, declared } => SourceError::Misfit {
                key: format!("dataset.{dataset}.column.{column}.type"),
                sql_type,
                declared,
            },
            Fault::Refused(problem) => database(dataset, problem, false),
            Fault::BadValue { column, row, found, declared } => {
                SourceError::BadValue { column, row, found: found.to_owned(), declared }
            }
            Fault::Schema(error) => SourceError::Schema(error),
        }
    }
}

fn database(
    dataset: String,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    is_transient: bool,
) -> SourceError {
    SourceError::Database { dataset, source: source.into(), is_transient }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        match &error {
            Error::Server(server) if TIMED_OUT.contains(&server.code) => Fault::TimedOut { by_server: true },
            Error::Server(server) if UNLIKE_TEXTS.contains(&server.code) => Fault::Refused(format!(
                "a text of a filter has letters that its column's character set has not, or texts of two columns can't be \
                 compared: {}",
                server.message
            )),
            _ => Fault::Sql(error),
        }
    }
}

impl From<UrlError> for Fault {
    fn from(error: UrlError) -> Fault {
        Fault::Sql(Error::Url(error))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Fault {
        Fault::Sql(error.into())
    }
}

impl From<ArrowError> for Fault {
    fn from(error: ArrowError) -> Fault {
        Fault::Schema(error)
    }
}
