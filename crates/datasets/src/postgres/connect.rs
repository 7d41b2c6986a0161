//! A connection that runs on the thread that uses it, and that a stop flag ends.
//!
//! The client library is asynchronous; its runtime here has no thread of its own, so that rows are received and decoded by the
//! thread that asked for them and nothing is handed over between threads. What is no longer needed is kept for whoever asks next
//! (`idle`).

use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{idle, tls};
use crate::error::SourceError;

/// How often the stop flag is looked at while the server is awaited.
pub(super) const STOP_CHECK: Duration = Duration::from_millis(25);
/// How long a server may take to answer at first, where the address does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server that is being left may take to notice.
const FAREWELL: Duration = Duration::from_millis(400);
/// How long a server may take to say that a connection which was kept is still there.
const PROBE: Duration = Duration::from_secs(1);
/// A connection over which nothing comes for this long is asked whether it is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// The same where the address says nothing: the client library's own value.
const KEEPALIVE_IDLE_UNSET: Duration = Duration::from_secs(2 * 60 * 60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;

/// A connection and what it runs on.
pub(super) struct Connection {
    /// Taken only when the connection is left.
    parts: Option<Parts>,
    url: String,
    stop: Arc<AtomicBool>,
    /// What errors name.
    dataset: String,
    /// Whether the server is at work for it.
    pub(super) is_busy: bool,
    /// Whether a transaction was begun that has not ended.
    pub(super) is_in_transaction: bool,
}

/// A connection by itself. Dropping it takes leave of the server.
pub(super) struct Parts {
    runtime: Option<Runtime>,
    client: Option<Client>,
    driver: JoinHandle<()>,
    tls: MakeRustlsConnect,
}

impl Connection {
    /// Connects, or takes a connection that was kept. Setting `stop` ends that, and every later wait.
    pub(super) fn open(dataset: &str, url: &str, stop: &Arc<AtomicBool>) -> Result<Connection, SourceError> {
        let parts = match kept(url, stop) {
            Some(parts) => parts,
            None => connected(dataset, url, stop)?,
        };
        Ok(Connection {
            parts: Some(parts),
            url: url.to_owned(),
            stop: Arc::clone(stop),
            dataset: dataset.to_owned(),
            is_busy: false,
            is_in_transaction: false,
        })
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Waits for what the server is asked, or for the stop flag.
    ///
    /// # Errors
    /// [`SourceError::Stopped`] if it was told to stop, else what the server says.
    pub(super) fn ask<'a, T, F>(&'a mut self, ask: impl FnOnce(&'a Client) -> F) -> Result<T, SourceError>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        let Some((runtime, client)) = self.parts.as_ref().and_then(Parts::both) else {
            return Err(SourceError::Stopped);
        };
        self.is_busy = true;
        let answer = runtime.block_on(until_stopped(&self.stop, ask(client)));
        let answer = answer.ok_or(SourceError::Stopped)?;
        self.is_busy = false;
        answer.map_err(|error| source_error(&self.dataset, error))
    }

    /// Waits for what looks at the stop flag itself, and says what went wrong.
    pub(super) fn run<'a, T, F>(&'a mut self, run: impl FnOnce(&'a AtomicBool) -> F) -> Result<T, SourceError>
    where
        F: Future<Output = Result<T, SourceError>>,
    {
        let Some((runtime, _)) = self.parts.as_ref().and_then(Parts::both) else {
            return Err(SourceError::Stopped);
        };
        let answer = runtime.block_on(run(&self.stop));
        // What the server has refused it does not go on with.
        self.is_busy = !matches!(answer, Ok(_) | Err(SourceError::Database { .. }));
        answer
    }
}

impl Drop for Connection {
    /// Keeps the connection for whoever asks next, or leaves the server: what it still does for the connection is cancelled.
    fn drop(&mut self) {
        let Some(mut parts) = self.parts.take() else { return };
        if self.is_busy {
            parts.cancel();
        } else if !self.is_in_transaction || parts.answers("ROLLBACK", FAREWELL) {
            idle::keep(&self.url, parts);
        }
    }
}

impl Parts {
    fn both(&self) -> Option<(&Runtime, &Client)> {
        self.runtime.as_ref().zip(self.client.as_ref())
    }

    /// Whether the server says within that time that it has done so.
    fn answers(&self, sql: &str, within: Duration) -> bool {
        let Some((runtime, client)) = self.both().filter(|_| !self.driver.is_finished()) else {
            return false;
        };
        let answer =
            runtime.block_on(async { tokio::time::timeout(within, client.batch_execute(sql)).await });
        matches!(answer, Ok(Ok(())))
    }

    /// Has the server end what it is at.
    fn cancel(&mut self) {
        let Some((runtime, client)) = self.both().filter(|_| !self.driver.is_finished()) else { return };
        let cancel = client.cancel_token();
        let cancelling = cancel.cancel_query(self.tls.clone());
        runtime.block_on(async { drop(tokio::time::timeout(FAREWELL, cancelling).await) });
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        drop(self.client.take());
        let driver = &mut self.driver;
        runtime.block_on(async { drop(tokio::time::timeout(FAREWELL, driver).await) });
        runtime.shutdown_background();
    }
}

/// A connection that was kept and is still there.
fn kept(url: &str, stop: &AtomicBool) -> Option<Parts> {
    while !stop.load(Ordering::Relaxed) {
        let parts = idle::take(url)?;
        if parts.answers("", PROBE) {
            return Some(parts);
        }
    }
    None
}

fn connected(dataset: &str, url: &str, stop: &AtomicBool) -> Result<Parts, SourceError> {
    let refused = |source: Box<dyn std::error::Error + Send + Sync>| SourceError::Database {
        dataset: dataset.to_owned(),
        source,
        is_transient: false,
    };
    let (url, trust) = tls::split(url);
    let config = configured(&url).map_err(|error| refused(Box::new(Told(error))))?;
    let tls = tls::connector(&trust).map_err(refused)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| refused(error.into()))?;
    let connecting = until_stopped(stop, config.connect(tls.clone()));
    let (client, connection) = match runtime.block_on(connecting) {
        Some(Ok(connected)) => connected,
        failed => {
            // A name that is still being looked up is not waited for.
            runtime.shutdown_background();
            return Err(failed
                .and_then(Result::err)
                .map_or(SourceError::Stopped, |error| source_error(dataset, error)));
        }
    };
    // How a connection ended is told to whoever waits for an answer.
    let driver = runtime.spawn(async move { drop(connection.await) });
    Ok(Parts { runtime: Some(runtime), client: Some(client), driver, tls })
}

/// The answer, or `None` once the flag is set.
async fn until_stopped<T>(stop: &AtomicBool, answer: impl Future<Output = T>) -> Option<T> {
    let mut answer = std::pin::pin!(answer);
    loop {
        match tokio::time::timeout(STOP_CHECK, &mut answer).await {
            Ok(answer) => return Some(answer),
            Err(_) if stop.load(Ordering::Relaxed) => return None,
            Err(_) => {}
        }
    }
}

fn configured(url: &str) -> Result<Config, tokio_postgres::Error> {
    let mut config = Config::from_str(url)?;
    if config.get_application_name().is_none() {
        config.application_name("longshore");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_keepalives_idle() == KEEPALIVE_IDLE_UNSET {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(KEEPALIVE_RETRIES);
    }
    Ok(config)
}

/// An error with what the server says of it; the client library's own text names only the kind.
#[derive(Debug)]
struct Told(tokio_postgres::Error);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(error) = self.0.as_db_error() else {
            write!(f, "{}", self.0)?;
            let mut cause = std::error::Error::source(&self.0);
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
            return Ok(());
        };
        f.write_str(error.message())?;
        error.hint().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl std::error::Error for Told {}

/// What an error of the server or the connection means.
pub(super) fn source_error(dataset: &str, error: tokio_postgres::Error) -> SourceError {
    let is_transient = is_transient(&error);
    SourceError::Database { dataset: dataset.to_owned(), source: Box::new(Told(error)), is_transient }
}

/// Whether it may be otherwise in a moment (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn is_transient(error: &tokio_postgres::Error) -> bool {
    if let Some(code) = error.code() {
        let is_of = |class: &str| code.code().starts_with(class);
        // Connection exceptions, serialization failures and deadlocks, insufficient resources, operator intervention but for a
        // query that was cancelled.
        return is_of("08")
            || is_of("40")
            || is_of("53")
            || (is_of("57P") && *code != SqlState::DATABASE_DROPPED);
    }
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let connection = causes.find_map(|cause| cause.downcast_ref::<std::io::Error>());
    error.is_closed()
        || connection.is_some_and(|error| {
            !matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput)
        })
}

/// What the server says itself, where it was the server that failed.
pub(super) fn said(error: &SourceError) -> Option<&DbError> {
    let SourceError::Database { source, .. } = error else { return None };
    source.downcast_ref::<Told>()?.0.as_db_error()
}

/// Whether a statement was ended before its time.
pub(super) fn is_cancelled(error: &SourceError) -> bool {
    let SourceError::Database { source, .. } = error else { return false };
    let error = source.downcast_ref::<Told>();
    error.and_then(|Told(error)| error.code()) == Some(&SqlState::QUERY_CANCELED)
}
