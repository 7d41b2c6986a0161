//! The world outside: a database that knows nothing of the runner.
//!
//! A transfer inserts its row, which is unique by task, and adds one to the counter in one transaction: the way in which an
//! effect outside happens exactly once although runs may overlap and repeat.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use rusqlite::{Connection, params};

/// A process that is stopped in the middle of a transaction keeps the others waiting for so long.
const BUSY: Duration = Duration::from_secs(60);

/// The ledger. Clones share a connection.
#[derive(Clone, Debug)]
pub struct Ledger {
    connection: Arc<Mutex<Connection>>,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The parent of the task, for children.
    pub parent: Option<String>,
}

impl Ledger {
    /// Opens the ledger, and creates it if it is missing.
    ///
    /// # Errors
    /// If the file can't be opened.
    pub fn open(path: &Path) -> anyhow::Result<Ledger> {
        let connection = Connection::open(path).with_context(|| format!("can't open {}", path.display()))?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.execute_batch(
            "create table if not exists transfer (task text primary key, parent text, number integer, run text);
             create table if not exists counter (id integer primary key check (id = 1), value integer not null);
             insert or ignore into counter values (1, 0);",
        )?;
        Ok(Ledger { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs `work` on a thread where waiting for the disk holds up nobody.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let connection = Arc::clone(&self.connection);
        let worked = tokio::task::spawn_blocking(move || {
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        Ok(worked.await??)
    }

    /// Does a task's transfer, unless an earlier run of it has.
    ///
    /// # Errors
    /// If the database does not answer; nothing is done then.
    pub async fn transfer(
        &self,
        task: String,
        parent: Option<String>,
        number: u64,
        run: String,
    ) -> anyhow::Result<()> {
        self.off_thread(move |connection| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let inserted = transaction.execute(
                "insert or ignore into transfer values (?1, ?2, ?3, ?4)",
                params![task, parent, number as i64, run],
            )?;
            if inserted == 1 {
                transaction.execute("update counter set value = value + 1", [])?;
            }
            transaction.commit()
        })
        .await
    }

    /// Transfers of a parent's children.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn of_parent(&self, parent: String) -> anyhow::Result<u32> {
        self.off_thread(move |connection| {
            connection
                .query_row("select count(*) from transfer where parent = ?1", [parent], |row| row.get(0))
        })
        .await
    }

    /// All rows by task, and the counter.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn all(&self) -> anyhow::Result<(HashMap<String, Row>, u64)> {
        self.off_thread(|connection| {
            let mut select = connection.prepare("select task, parent from transfer")?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, Row { parent: row.get(1)? })))?;
            let rows = rows.collect::<rusqlite::Result<_>>()?;
            let counter: i64 = connection.query_row("select value from counter", [], |row| row.get(0))?;
            Ok((rows, counter as u64))
        })
        .await
    }
}
