//! A connection with its transaction: how it begins, how long it may wait, and how it ends.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, UrlError};

use super::fault::Fault;

/// How long a server may take to take a connection and begin the transaction.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long is tried to tell a server that its work is no longer wanted.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a polite end of a connection may take.
const FINISH_TIMEOUT: Duration = Duration::from_secs(1);
/// Time between two looks at the stop flag while the server is waited for.
const TICK: Duration = Duration::from_millis(50);
/// The largest packet that the protocol's clients take; a row is one, and the server has a limit of its own.
const PACKET_BYTES_MAX: usize = 1 << 30;
/// How the session differs from what the server's administrator may have set:
/// moments come in UTC; the server waits for an hour until a reader that is busy takes more (60 s by default); nothing caps the
/// rows; and CHAR columns come without the blanks that fill them.
const SETTINGS: &str = "SET SESSION time_zone = '+00:00', net_write_timeout = 3600, wait_timeout = 3600, \
     sql_select_limit = 18446744073709551615, sql_big_selects = 1, \
     sql_mode = REPLACE(@@sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', '')";

/// Reads an address such as `mysql://user:password@host:3306/database`. With `?require_ssl=true` the connection is encrypted, and
/// the server's certificate and name are checked: against the usual authorities, or against those of the file that `ssl_ca=`
/// names. `verify_identity=false` leaves out the name, and `verify_ca=false` both.
pub(super) fn options(url: &str) -> Result<Opts, UrlError> {
    let (before, settings) = url.split_once('?').unwrap_or((url, ""));
    let (authorities, settings): (Vec<&str>, Vec<&str>) = settings
        .split('&')
        .filter(|setting| !setting.is_empty())
        .partition(|setting| setting.starts_with("ssl_ca="));
    let given = Opts::from_url(&format!("{before}?{}", settings.join("&")))?;
    let mut encryption = given.ssl_opts().cloned();
    if let Some(path) = authorities.first().and_then(|setting| setting.strip_prefix("ssl_ca=")) {
        let roots = vec![PathBuf::from(path).into()];
        encryption = Some(encryption.unwrap_or_default().with_root_certs(roots));
    }
    Ok(OptsBuilder::from_opts(given)
        .ssl_opts(encryption)
        .max_allowed_packet(Some(PACKET_BYTES_MAX))
        .wait_timeout(Some(3600))
        // The server would have to be asked for its socket first.
        .prefer_socket(false)
        .into())
}

/// How a session is made that only reads: a snapshot.
pub(super) const READS: [&str; 2] = [
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
];
/// How a session is made that compares rows with many others, for which it needs tables of its own: no transaction that is
/// declared to only read may make these (<https://dev.mysql.com/doc/refman/8.0/en/commit.html>).
pub(super) const COMPARES: [&str; 2] = [READS[0], "START TRANSACTION WITH CONSISTENT SNAPSHOT"];
/// How a session is made that writes, without its transaction. Each statement sees what others have committed before it; values
/// that don't fit are errors, and a 0 is a 0 where numbers are given by the server.
/// Nothing of ours takes long between two statements, so that a process that was frozen does not hold its locks for ever.
pub(super) const WRITES: [&str; 2] = [
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'), wait_timeout = 120",
];

/// A connection within its transaction.
pub(super) struct Session {
    connection: Conn,
    id: u64,
    is_mariadb: bool,
    /// What the server was told of how long a statement may take; `None` for its own setting.
    limit: Option<Duration>,
}

impl Session {
    /// Connects and runs the statements that make the session, which mostly begin a transaction; with its moment by the server's
    /// clock. That is asked before, so that whatever was there at the moment is seen.
    pub(super) async fn begin(opts: Opts, making: [&str; 2]) -> Result<(Session, Timestamp), Fault> {
        let mut connection = Conn::new(opts).await?;
        for statement in ["SET NAMES utf8mb4", SETTINGS] {
            connection.query_drop(statement).await?;
        }
        let asked =
            "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%d %H:%i:%s.%f'), CONNECTION_ID(), VERSION()";
        let answer: Option<(String, u64, String)> = connection.query_first(asked).await?;
        let (now, id, version) = answer.ok_or(Fault::Closed)?;
        let at = now.parse().and_then(|now: DateTime| TimeZone::UTC.to_timestamp(now));
        let at = at.map_err(|_| Fault::Refused("the server tells no time of day".to_owned()))?;
        let is_mariadb = version.contains("MariaDB");
        for statement in making {
            connection.query_drop(statement).await?;
        }
        Ok((Session { connection, id, is_mariadb, limit: None }, at))
    }

    pub(super) fn connection(&mut self) -> &mut Conn {
        &mut self.connection
    }

    /// The id by which the server knows it.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Has the server end statements that take longer, even if this process is no more.
    pub(super) async fn limit_statements(&mut self, within: Option<Duration>) -> Result<(), Fault> {
        if within == self.limit {
            return Ok(());
        }
        // Zero would mean no limit.
        let millis = within.map(|within| within.as_millis().max(1));
        let set = match (self.is_mariadb, millis) {
            // https://mariadb.com/kb/en/aborting-statements/: seconds, to the microsecond.
            (true, Some(millis)) => format!("max_statement_time = {}.{:03}", millis / 1000, millis % 1000),
            (true, None) => "max_statement_time = DEFAULT".to_owned(),
            // https://dev.mysql.com/doc/refman/8.0/en/server-system-variables.html#sysvar_max_execution_time: milliseconds.
            (false, Some(millis)) => format!("max_execution_time = {}", millis.min(u128::from(u32::MAX))),
            (false, None) => "max_execution_time = DEFAULT".to_owned(),
        };
        self.connection.query_drop(format!("SET SESSION {set}")).await?;
        self.limit = within;
        Ok(())
    }

    /// Ends the transaction and the connection.
    pub(super) async fn finish(self) {
        // What can't be ended politely ends with the connection.
        let _ = tokio::time::timeout(FINISH_TIMEOUT, self.connection.disconnect()).await;
    }
}

/// Ends a connection of the same person in the server, with whatever it does.
pub(super) async fn kill(opts: Opts, id: u64) {
    let killing = async {
        let mut connection = Conn::new(opts).await?;
        connection.query_drop(format!("KILL CONNECTION {id}")).await?;
        connection.disconnect().await
    };
    // Where it fails, because the server is gone or full, it notices when it next writes to the connection, which is closed.
    let _ = tokio::time::timeout(KILL_TIMEOUT, killing).await;
}

/// When waiting has to end.
pub(super) struct Limits {
    stop: Arc<AtomicBool>,
    until: Option<Instant>,
}

impl Limits {
    pub(super) fn new(stop: &Arc<AtomicBool>, within: Option<Duration>) -> Limits {
        Limits { stop: Arc::clone(stop), until: within.and_then(|within| Instant::now().checked_add(within)) }
    }

    /// Does the work unless it has to end before; then the work is dropped where it is.
    pub(super) async fn guard<T, E: Into<Fault>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Fault> {
        let over = async {
            loop {
                if let Some(fault) = self.reached() {
                    break fault;
                }
                tokio::time::sleep(TICK).await;
            }
        };
        let (work, over) = (pin!(work), pin!(over));
        tokio::select! {
            biased;
            fault = over => Err(fault),
            done = work => done.map_err(Into::into),
        }
    }

    /// Why it has to end now.
    fn reached(&self) -> Option<Fault> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(Fault::Stopped);
        }
        self.until.filter(|until| Instant::now() > *until).map(|_| Fault::TimedOut { by_server: false })
    }

    /// What is behind a fault: a connection may also break because of a stop that another noticed first.
    pub(super) fn cause_of(&self, fault: Fault) -> Fault {
        match fault {
            Fault::Sql(_) if self.stop.load(Ordering::Relaxed) => Fault::Stopped,
            fault => fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_to_encrypt() {
        let plain = options("mysql://ann:p%40ss@db.example:3307/shop").expect("an address");
        assert_eq!(
            (plain.ip_or_hostname(), plain.tcp_port(), plain.db_name()),
            ("db.example", 3307, Some("shop"))
        );
        assert_eq!((plain.user(), plain.pass()), (Some("ann"), Some("p@ss")));
        assert!(plain.ssl_opts().is_none());
        let checked = options("mysql://db/shop?ssl_ca=/etc/ca.pem&require_ssl=true").expect("an address");
        let checked = checked.ssl_opts().expect("encrypted");
        assert!(checked.root_certs().len() == 1 && !checked.accept_invalid_certs());
        let trusting = options("mysql://db/shop?require_ssl=true&verify_ca=false").expect("an address");
        assert!(trusting.ssl_opts().expect("encrypted").accept_invalid_certs());
        assert!(options("mysql://db/shop?ssl_ca=/etc/ca.pem").expect("an address").ssl_opts().is_some());
        assert!(options("mysql://db/shop?sslmode=require").is_err());
    }
}
