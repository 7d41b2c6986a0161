//! Tasks in one file of one process: a redb database, durable when a call returns.
//!
//! `tables` says what is kept, `write` stores changes in one transaction, `read` finds them, `course` keeps the time going when
//! the clock is set. redb locks its file, so that a
//! second process on the same folder is refused.

mod course;
mod read;
mod tables;
mod write;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use longshore_protocol::{OwnerId, TaskId};
use redb::{Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, WriteTransaction};

use self::course::Course;
use self::tables::{CLOCK, HISTORY, LAST, LATEST, TASK};
use self::write::OwnedChange;
use super::{Change, Committed, DueIndex, Loaded, Stats, StoreError, TaskStore};
use crate::doorbell::Doorbell;
use crate::entity::{Lane, Slot, Task, Timestamp};
use crate::limits::Limits;
use crate::placement::Placement;

/// Tells the time in milliseconds since the Unix epoch.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The embedded task store.
#[derive(Clone)]
pub struct EmbeddedStore {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    path: String,
    /// Whether what is committed outlives a loss of power.
    is_lasting: bool,
    clock: Clock,
    course: Mutex<Course>,
    doorbell: Doorbell,
}

impl EmbeddedStore {
    /// Opens the store in `path`, and creates it if it is missing.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process has it open, [`StoreError::Embedded`] if it can't be read
    /// or created.
    pub fn open(path: &Path) -> Result<EmbeddedStore, StoreError> {
        EmbeddedStore::open_with_clock(path, Arc::new(system_clock))
    }

    /// Opens one that goes with this process: nothing waits for the disk, since nobody looks for its tasks after a loss of power.
    ///
    /// # Errors
    /// As [`EmbeddedStore::open`].
    pub fn open_scratch(path: &Path) -> Result<EmbeddedStore, StoreError> {
        EmbeddedStore::open_as(path, Arc::new(system_clock), false)
    }

    /// Like [`EmbeddedStore::open`], with another clock than the system's.
    ///
    /// # Errors
    /// As [`EmbeddedStore::open`].
    pub fn open_with_clock(path: &Path, clock: Clock) -> Result<EmbeddedStore, StoreError> {
        EmbeddedStore::open_as(path, clock, true)
    }

    fn open_as(path: &Path, clock: Clock, is_lasting: bool) -> Result<EmbeddedStore, StoreError> {
        let name = path.display().to_string();
        let database = Database::create(path).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { path: name.clone() },
            other => StoreError::Embedded { path: name.clone(), source: Box::new(other.into()) },
        })?;
        let (course, doorbell) = (Mutex::default(), Doorbell::default());
        let inner = Inner { database, path: name, is_lasting, clock, course, doorbell };
        inner.failing(|inner| {
            let tx = inner.begin_write()?;
            tables::create(&tx)?;
            let latest = tx.open_table(CLOCK)?.get(LATEST)?.map(|guard| guard.value());
            *inner.course() = Course::from(latest.unwrap_or_default());
            tx.commit()?;
            Ok(())
        })?;
        Ok(EmbeddedStore { inner: Arc::new(inner) })
    }

    /// Runs `work` on a thread where waiting for the disk holds up nobody.
    async fn off_thread<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || work(&inner)).await.map_err(|_| StoreError::Interrupted)?
    }
}

fn system_clock() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

impl Inner {
    fn begin_write(&self) -> Result<WriteTransaction, redb::Error> {
        let mut tx = self.database.begin_write()?;
        if !self.is_lasting {
            tx.set_durability(Durability::None)?;
        }
        Ok(tx)
    }

    /// The time, never before what was told earlier, also when somebody sets the system's clock back.
    fn now(&self) -> Timestamp {
        let told = (self.clock)();
        Timestamp::from_millis(self.course().at(told))
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failing<T>(&self, work: impl FnOnce(&Inner) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        work(self).map_err(|error| StoreError::Embedded { path: self.path.clone(), source: Box::new(error) })
    }

    /// Reads in one snapshot.
    fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        self.failing(|inner| work(&inner.database.begin_read()?))
    }

    fn loaded(&self, tx: &ReadTransaction, id: &str) -> Result<Loaded, StoreError> {
        let task = self.task(tx, id)?;
        let parent = match task.as_ref().and_then(|task| task.parent.as_ref()) {
            Some(parent) => self.task(tx, parent.as_str())?,
            None => None,
        };
        let ahead = match &task {
            Some(task) => self.failing(|_| read::ahead(tx, task))?,
            None => None,
        };
        Ok(Loaded { task, parent, ahead, now: self.now() })
    }

    fn task(&self, tx: &ReadTransaction, id: &str) -> Result<Option<Task>, StoreError> {
        let json = self.failing(|_| Ok(tx.open_table(TASK)?.get(id)?.map(|guard| guard.value().to_vec())))?;
        json.map(|json| {
            serde_json::from_slice(&json)
                .map_err(|source| StoreError::Unreadable { id: id.to_owned(), source })
        })
        .transpose()
    }

    fn begin_read(&self) -> Result<ReadTransaction, StoreError> {
        self.failing(|inner| Ok(inner.database.begin_read()?))
    }

    fn commit(&self, changes: &[OwnedChange], limits: &Limits) -> Result<Committed, StoreError> {
        let committed = self.failing(|inner| {
            let tx = inner.begin_write()?;
            match write::write(&tx, changes, limits)? {
                Committed::Done => {
                    tx.open_table(CLOCK)?.insert(LATEST, inner.now().as_millis())?;
                    tx.commit()?;
                }
                // Dropping the transaction undoes it.
                refused => return Ok(refused),
            }
            Ok(Committed::Done)
        })?;
        let is_ready = |change: &OwnedChange| {
            change.after.as_ref().is_some_and(|task| Placement::of(task).ready.is_some())
        };
        if committed == Committed::Done && changes.iter().any(is_ready) {
            self.doorbell.ring();
        }
        Ok(committed)
    }
}

fn owned(change: &Change<'_>) -> Result<OwnedChange, StoreError> {
    let json = match change.after() {
        Some(task) => serde_json::to_vec(task)
            .map_err(|source| StoreError::Unreadable { id: task.id.to_string(), source })?,
        None => Vec::new(),
    };
    let not_ended = match change {
        Change::NotEnded(task) => Some(task.id.clone()),
        Change::Create(_) | Change::Replace { .. } | Change::Remove(_) => None,
    };
    Ok(OwnedChange { before: change.before().cloned(), after: change.after().cloned(), json, not_ended })
}

#[async_trait]
impl TaskStore for EmbeddedStore {
    async fn load(&self, id: &TaskId) -> Result<Loaded, StoreError> {
        let id = id.clone();
        self.off_thread(move |inner| inner.loaded(&inner.begin_read()?, id.as_str())).await
    }

    async fn load_slot(&self, slot: &Slot) -> Result<Loaded, StoreError> {
        let slot = slot.clone();
        self.off_thread(move |inner| {
            let tx = inner.begin_read()?;
            match inner.failing(|_| read::holder(&tx, &slot))? {
                Some(id) => inner.loaded(&tx, &id),
                None => Ok(Loaded { task: None, parent: None, ahead: None, now: inner.now() }),
            }
        })
        .await
    }

    async fn commit(&self, changes: &[Change<'_>], limits: &Limits) -> Result<Committed, StoreError> {
        let changes = changes.iter().map(owned).collect::<Result<Vec<_>, _>>()?;
        let limits = limits.clone();
        self.off_thread(move |inner| inner.commit(&changes, &limits)).await
    }

    async fn next(&self, lanes: &[Lane], limits: &Limits, limit: usize) -> Result<Vec<Loaded>, StoreError> {
        let (lanes, limits) = (lanes.to_vec(), limits.clone());
        self.off_thread(move |inner| {
            let tx = inner.begin_read()?;
            let ids = inner.failing(|_| read::next(&tx, &lanes, &limits, limit))?;
            ids.iter().map(|id| inner.loaded(&tx, id.as_str())).collect()
        })
        .await
    }

    async fn due(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.off_thread(move |inner| inner.read(|tx| read::ids(tx, index, Some(inner.now()), limit))).await
    }

    async fn listed(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.off_thread(move |inner| inner.read(|tx| read::ids(tx, index, None, limit))).await
    }

    async fn history(&self, owner: &OwnerId, limit: usize) -> Result<(Vec<Task>, Timestamp), StoreError> {
        let owner = owner.clone();
        self.off_thread(move |inner| {
            let tx = inner.begin_read()?;
            let ids = inner.failing(|_| {
                let table = tx.open_table(HISTORY)?;
                let mut ids = Vec::new();
                let all = (owner.as_str(), 0, "")..(owner.as_str(), u64::MAX, LAST);
                for entry in table.range(all)?.rev().take(limit) {
                    ids.push(entry?.0.value().2.to_owned());
                }
                Ok(ids)
            })?;
            let mut tasks = Vec::with_capacity(ids.len());
            for id in ids {
                tasks.extend(inner.task(&tx, &id)?);
            }
            Ok((tasks, inner.now()))
        })
        .await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.off_thread(move |inner| inner.read(|tx| read::stats(tx, inner.now()))).await
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.inner.now())
    }

    fn doorbell(&self) -> Doorbell {
        self.inner.doorbell.clone()
    }

    fn is_exclusive(&self) -> bool {
        true
    }
}
