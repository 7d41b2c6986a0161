//! Where tasks live.
//!
//! A store keeps tasks and their index entries and knows no rules: [`TaskStore::commit`] replaces one
//! version of a task by the next, together with its [`Placement`](crate::placement::Placement), or
//! refuses because something else came first. All implementations pass the same conformance suite
//! (`tests/conformance`).

mod embedded;
mod redis;

use async_trait::async_trait;
use longshore_protocol::{OwnerId, TaskId};

pub use self::embedded::EmbeddedStore;
pub use self::redis::RedisStore;
use crate::entity::{Slot, Task, Timestamp};

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The Redis server does not answer, or answers with an error.
    #[error("the task store in Redis: {0}")]
    Redis(#[from] ::redis::RedisError),
    /// The address is not one of a Redis server.
    #[error("REDIS_URL is not a Redis address (redis://[user:password@]host[:port][/db]): {0}")]
    BadAddress(::redis::RedisError),
    /// Another process has the embedded store's folder open.
    #[error(
        "{path} is in use by another Longshore process: stop that one, choose another data folder, \
         or set REDIS_URL to share tasks between processes"
    )]
    InUse {
        /// The store's file.
        path: String,
    },
    /// The embedded store's file can't be read or written.
    #[error("the task store {path}: {source}")]
    Embedded {
        /// The store's file.
        path: String,
        /// What the storage engine says.
        source: Box<redb::Error>,
    },
    /// A stored task can't be read by this version of Longshore.
    #[error("task {id} in the store can't be read: {source}")]
    Unreadable {
        /// Its id.
        id: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The store's thread ended before it answered, as at shutdown.
    #[error("the task store was interrupted")]
    Interrupted,
}

impl StoreError {
    /// Whether the same call may succeed later without anybody mending anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            StoreError::Redis(error) => !matches!(
                error.kind(),
                ::redis::ErrorKind::AuthenticationFailed | ::redis::ErrorKind::InvalidClientConfig
            ),
            StoreError::Interrupted => true,
            StoreError::BadAddress(_)
            | StoreError::InUse { .. }
            | StoreError::Embedded { .. }
            | StoreError::Unreadable { .. } => false,
        }
    }
}

/// A task as loaded, with what else the same round trip tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The task, live or archived; `None` where there is none.
    pub task: Option<Task>,
    /// Tasks that will be claimed before it, while it waits.
    pub ahead: Option<u64>,
    /// The store's time.
    pub now: Timestamp,
}

/// One step of one task's life, to be stored as a whole or not at all.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// The task is new.
    Create(&'a Task),
    /// One version of a task by the next.
    Replace {
        /// As loaded.
        before: &'a Task,
        /// With its own version and stamp.
        after: &'a Task,
    },
    /// The task's record goes for good.
    Remove(&'a Task),
}

/// How a commit went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is stored, now or by an earlier try of the same commit.
    Done,
    /// Another commit came first: load again.
    Conflict,
    /// A new task's slot is held by this one.
    SlotTaken(TaskId),
    /// A new task's idempotency key already names this one.
    KeyKnown(TaskId),
}

/// A list of tasks by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DueIndex {
    /// By the end of their lease.
    Lease,
    /// By their deadline.
    Deadline,
    /// By the time when their record may go.
    Purge,
}

impl DueIndex {
    /// Every list.
    pub const ALL: [DueIndex; 3] = [DueIndex::Lease, DueIndex::Deadline, DueIndex::Purge];
}

/// Keeps tasks. Dropping any of these futures leaves the store as before or as after the call, never
/// between.
#[async_trait]
pub trait TaskStore: Send + Sync + 'static {
    /// The task of that id, live or archived.
    async fn load(&self, id: &TaskId) -> Result<Loaded, StoreError>;

    /// The task that holds the slot.
    async fn load_slot(&self, slot: &Slot) -> Result<Loaded, StoreError>;

    /// Stores a change if the task is still as it was loaded.
    async fn commit(&self, change: Change<'_>) -> Result<Committed, StoreError>;

    /// The tasks that wait for a worker, first served first, `limit` at most.
    async fn ready(&self, limit: usize) -> Result<Vec<TaskId>, StoreError>;

    /// The tasks whose time in `index` has come, earliest first, `limit` at most.
    async fn due(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError>;

    /// Every task with a lease, whether it has run out or not, `limit` at most.
    async fn leased(&self, limit: usize) -> Result<Vec<TaskId>, StoreError>;

    /// The tasks of an owner, newest first, `limit` at most, and the store's time.
    async fn history(&self, owner: &OwnerId, limit: usize) -> Result<(Vec<Task>, Timestamp), StoreError>;

    /// The store's time; an answer at all says that the store is there.
    async fn now(&self) -> Result<Timestamp, StoreError>;

    /// Whether no worker of an earlier process can still be alive, because one process at a time has the
    /// store open.
    fn is_exclusive(&self) -> bool;
}
