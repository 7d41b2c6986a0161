//! Tasks in one file of one process: a redb database, durable when a call returns.
//!
//! Tables:
//! - `task`: id → task as JSON, live or archived
//! - `slot`: owner, kind, subject → id
//! - `idempotency`: owner, key → id
//! - `ready`, `lease`, `deadline`, `purge`: (time, id)
//! - `history`: (owner, time of registration, id)
//!
//! redb locks its file, so that a second process on the same folder is refused.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use longshore_protocol::{OwnerId, TaskId};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

use super::{Change, Committed, DueIndex, Loaded, StoreError, TaskStore};
use crate::entity::{Slot, Task, Timestamp};
use crate::placement::Placement;

type ByTime = TableDefinition<'static, (u64, &'static str), ()>;

const TASK: TableDefinition<&str, &[u8]> = TableDefinition::new("task");
const SLOT: TableDefinition<(&str, &str, &str), &str> = TableDefinition::new("slot");
const IDEMPOTENCY: TableDefinition<(&str, &str), &str> = TableDefinition::new("idempotency");
const READY: ByTime = TableDefinition::new("ready");
const LEASE: ByTime = TableDefinition::new("lease");
const DEADLINE: ByTime = TableDefinition::new("deadline");
const PURGE: ByTime = TableDefinition::new("purge");
const HISTORY: TableDefinition<(&str, u64, &str), ()> = TableDefinition::new("history");

/// Waiting tasks that a position in the queue is counted to; beyond, the position stays at this.
const COUNTED_AHEAD_MAX: usize = 10_000;

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
    clock: Clock,
    latest: AtomicU64,
}

impl EmbeddedStore {
    /// Opens the store in `path`, and creates it if it is missing.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process has it open, [`StoreError::Embedded`] if it can't be read
    /// or created.
    pub fn open(path: &Path) -> Result<EmbeddedStore, StoreError> {
        let system_clock = || {
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
        };
        EmbeddedStore::open_with_clock(path, Arc::new(system_clock))
    }

    /// Like [`EmbeddedStore::open`], with another clock than the system's.
    ///
    /// # Errors
    /// As [`EmbeddedStore::open`].
    pub fn open_with_clock(path: &Path, clock: Clock) -> Result<EmbeddedStore, StoreError> {
        let name = path.display().to_string();
        let database = Database::create(path).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { path: name.clone() },
            other => StoreError::Embedded { path: name.clone(), source: Box::new(other.into()) },
        })?;
        let inner = Inner { database, path: name, clock, latest: AtomicU64::new(0) };
        inner.run(|inner| {
            let tx = inner.database.begin_write()?;
            tx.open_table(TASK)?;
            tx.open_table(SLOT)?;
            tx.open_table(IDEMPOTENCY)?;
            tx.open_table(HISTORY)?;
            for table in [READY, LEASE, DEADLINE, PURGE] {
                tx.open_table(table)?;
            }
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

impl Inner {
    /// The time, never before what was told earlier, also when somebody sets the system's clock back.
    fn now(&self) -> Timestamp {
        let told = (self.clock)();
        Timestamp::from_millis(self.latest.fetch_max(told, Ordering::Relaxed).max(told))
    }

    fn run<T>(&self, work: impl FnOnce(&Inner) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        work(self).map_err(|error| StoreError::Embedded { path: self.path.clone(), source: Box::new(error) })
    }

    fn task(&self, id: &str) -> Result<Option<Task>, StoreError> {
        let json = self.run(|inner| {
            let table = inner.database.begin_read()?.open_table(TASK)?;
            Ok(table.get(id)?.map(|guard| guard.value().to_vec()))
        })?;
        json.map(|json| read_task(id, &json)).transpose()
    }

    fn loaded(&self, task: Option<Task>) -> Result<Loaded, StoreError> {
        let ready = task.as_ref().and_then(|task| Placement::of(task).ready.map(|at| (at, task.id.as_str())));
        let ahead = match ready {
            None => None,
            Some((at, id)) => self.run(|inner| {
                let table = inner.database.begin_read()?.open_table(READY)?;
                let before = table.range(..(at.as_millis(), id))?.take(COUNTED_AHEAD_MAX).count();
                Ok(Some(before as u64))
            })?,
        };
        Ok(Loaded { task, ahead, now: self.now() })
    }

    fn ids(&self, table: ByTime, until: Option<Timestamp>, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.run(|inner| {
            let table = inner.database.begin_read()?.open_table(table)?;
            let end = until.map_or(u64::MAX, |time| time.as_millis().saturating_add(1));
            let mut ids = Vec::new();
            for entry in table.range(..(end, ""))?.take(limit) {
                ids.extend(TaskId::parse(entry?.0.value().1).ok());
            }
            Ok(ids)
        })
    }

    fn commit(&self, change: &OwnedChange) -> Result<Committed, StoreError> {
        let json = match &change.after {
            Some(task) => serde_json::to_vec(task)
                .map_err(|source| StoreError::Unreadable { id: task.id.to_string(), source })?,
            None => Vec::new(),
        };
        self.run(|inner| {
            let tx = inner.database.begin_write()?;
            match write(&tx, change, &json)? {
                Committed::Done => tx.commit()?,
                // Dropping the transaction undoes it.
                refused => return Ok(refused),
            }
            Ok(Committed::Done)
        })
    }
}

struct OwnedChange {
    before: Option<Task>,
    after: Option<Task>,
}

fn write(tx: &WriteTransaction, change: &OwnedChange, json: &[u8]) -> Result<Committed, redb::Error> {
    let Some(task) = change.after.as_ref().or(change.before.as_ref()) else {
        return Ok(Committed::Done);
    };
    let id = task.id.as_str();
    let owner = task.slot.owner.as_str();
    let slot = (owner, task.slot.kind.as_str(), task.slot.subject.as_str());
    let mut tasks = tx.open_table(TASK)?;
    let stored = tasks.get(id)?.and_then(|guard| serde_json::from_slice::<Task>(guard.value()).ok());
    let stored_version = stored.as_ref().map(|task| (task.version, task.stamp));
    if change.after.is_some()
        && stored_version == change.after.as_ref().map(|task| (task.version, task.stamp))
    {
        return Ok(Committed::Done);
    }
    if stored_version.map(|(version, _)| version) != change.before.as_ref().map(|task| task.version) {
        return Ok(Committed::Conflict);
    }
    let mut slots = tx.open_table(SLOT)?;
    let mut keys = tx.open_table(IDEMPOTENCY)?;
    let mut history = tx.open_table(HISTORY)?;
    let history_key = (owner, task.registered_at.as_millis(), id);
    let idempotency_key = task.idempotency_key.as_deref().map(|key| (owner, key));
    if change.before.is_none() {
        if let Some(key) = idempotency_key {
            if let Some(other) = parsed(keys.get(key)?) {
                return Ok(Committed::KeyKnown(other));
            }
            keys.insert(key, id)?;
        }
        if let Some(other) = parsed(slots.get(slot)?) {
            return Ok(Committed::SlotTaken(other));
        }
        history.insert(history_key, ())?;
    }
    let old = change.before.as_ref().map(Placement::of).unwrap_or_default();
    let new = change.after.as_ref().map(Placement::of).unwrap_or_default();
    for (table, from, to) in [
        (READY, old.ready, new.ready),
        (LEASE, old.lease, new.lease),
        (DEADLINE, old.deadline, new.deadline),
        (PURGE, old.purge, new.purge),
    ] {
        if from == to {
            continue;
        }
        let mut table = tx.open_table(table)?;
        if let Some(time) = from {
            table.remove((time.as_millis(), id))?;
        }
        if let Some(time) = to {
            table.insert((time.as_millis(), id), ())?;
        }
    }
    if new.holds_slot {
        slots.insert(slot, id)?;
    } else if old.holds_slot {
        slots.remove(slot)?;
    }
    if change.after.is_some() {
        tasks.insert(id, json)?;
    } else {
        tasks.remove(id)?;
        history.remove(history_key)?;
        if let Some(key) = idempotency_key {
            keys.remove(key)?;
        }
    }
    Ok(Committed::Done)
}

fn parsed(guard: Option<redb::AccessGuard<'_, &'static str>>) -> Option<TaskId> {
    guard.and_then(|guard| TaskId::parse(guard.value()).ok())
}

fn read_task(id: &str, json: &[u8]) -> Result<Task, StoreError> {
    serde_json::from_slice(json).map_err(|source| StoreError::Unreadable { id: id.to_owned(), source })
}

#[async_trait]
impl TaskStore for EmbeddedStore {
    async fn load(&self, id: &TaskId) -> Result<Loaded, StoreError> {
        let id = id.clone();
        self.off_thread(move |inner| inner.loaded(inner.task(id.as_str())?)).await
    }

    async fn load_slot(&self, slot: &Slot) -> Result<Loaded, StoreError> {
        let slot = slot.clone();
        self.off_thread(move |inner| {
            let holder = inner.run(|inner| {
                let table = inner.database.begin_read()?.open_table(SLOT)?;
                let key = (slot.owner.as_str(), slot.kind.as_str(), slot.subject.as_str());
                Ok(table.get(key)?.map(|guard| guard.value().to_owned()))
            })?;
            let task = match holder {
                Some(id) => inner.task(&id)?.filter(|task| !task.archived),
                None => None,
            };
            inner.loaded(task)
        })
        .await
    }

    async fn commit(&self, change: Change<'_>) -> Result<Committed, StoreError> {
        let (before, after) = match change {
            Change::Create(task) => (None, Some(task.clone())),
            Change::Replace { before, after } => (Some(before.clone()), Some(after.clone())),
            Change::Remove(task) => (Some(task.clone()), None),
        };
        self.off_thread(move |inner| inner.commit(&OwnedChange { before, after })).await
    }

    async fn ready(&self, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.off_thread(move |inner| inner.ids(READY, None, limit)).await
    }

    async fn due(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        let table = match index {
            DueIndex::Lease => LEASE,
            DueIndex::Deadline => DEADLINE,
            DueIndex::Purge => PURGE,
        };
        self.off_thread(move |inner| inner.ids(table, Some(inner.now()), limit)).await
    }

    async fn leased(&self, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.off_thread(move |inner| inner.ids(LEASE, None, limit)).await
    }

    async fn history(&self, owner: &OwnerId, limit: usize) -> Result<(Vec<Task>, Timestamp), StoreError> {
        let owner = owner.clone();
        self.off_thread(move |inner| {
            let ids = inner.run(|inner| {
                let table = inner.database.begin_read()?.open_table(HISTORY)?;
                let mut ids = Vec::new();
                let all = (owner.as_str(), 0, "")..(owner.as_str(), u64::MAX, "");
                for entry in table.range(all)?.rev().take(limit) {
                    ids.push(entry?.0.value().2.to_owned());
                }
                Ok(ids)
            })?;
            let mut tasks = Vec::with_capacity(ids.len());
            for id in ids {
                tasks.extend(inner.task(&id)?);
            }
            Ok((tasks, inner.now()))
        })
        .await
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.inner.now())
    }

    fn is_exclusive(&self) -> bool {
        true
    }
}
