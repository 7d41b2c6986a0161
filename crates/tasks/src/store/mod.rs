//! Where tasks live.
//!
//! A store keeps tasks and their index entries and knows no rules: [`TaskStore::commit`] replaces
//! versions of tasks by the next, together with their [`Placement`](crate::placement::Placement)s, or
//! refuses because something else came first. All implementations pass the same conformance suite
//! (`tests/conformance`).

mod embedded;
mod redis;
mod stats;

use async_trait::async_trait;
use longshore_protocol::{OwnerId, TaskId};

pub use self::embedded::EmbeddedStore;
pub use self::redis::RedisStore;
pub use self::stats::{LaneStats, Stats};
use crate::doorbell::Doorbell;
use crate::entity::{Lane, Slot, Task, Timestamp};
use crate::limits::Limits;
use crate::transition::Family;

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

/// Codes with which Redis turns a client away until somebody mends its password or its rights.
const REFUSALS: [&str; 3] = ["NOAUTH", "WRONGPASS", "NOPERM"];

impl StoreError {
    /// Whether the same call may succeed later without anybody mending anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            StoreError::Redis(error) => {
                let is_refused = matches!(
                    error.kind(),
                    ::redis::ErrorKind::AuthenticationFailed | ::redis::ErrorKind::InvalidClientConfig
                );
                !is_refused && !error.code().is_some_and(|code| REFUSALS.contains(&code))
            }
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
    /// The parent of a child, while its record is there.
    pub parent: Option<Task>,
    /// Tasks that will be claimed before it, while it waits and workers, lanes and limits stay as they
    /// are.
    pub ahead: Option<u64>,
    /// The store's time.
    pub now: Timestamp,
}

impl Loaded {
    /// The task with its parent.
    pub fn family(&self) -> Option<Family<'_>> {
        self.task.as_ref().map(|task| Family { task, parent: self.parent.as_ref() })
    }
}

/// One step of one task's life.
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
    /// Nothing changes, but the task must not have ended, whatever else has happened to it since it was loaded.
    NotEnded(&'a Task),
}

impl<'a> Change<'a> {
    /// The task as it was, where it was.
    pub fn before(self) -> Option<&'a Task> {
        match self {
            Change::Create(_) | Change::NotEnded(_) => None,
            Change::Replace { before, .. } => Some(before),
            Change::Remove(task) => Some(task),
        }
    }

    /// The task as it will be, where it will be.
    pub fn after(self) -> Option<&'a Task> {
        match self {
            Change::Create(task) => Some(task),
            Change::Replace { after, .. } => Some(after),
            Change::Remove(_) | Change::NotEnded(_) => None,
        }
    }
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
    /// A task would begin to run although as many of its tenant or kind run as may.
    AtLimit,
}

/// A list of tasks by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DueIndex {
    /// By the end of their lease.
    Lease,
    /// By their deadline.
    Deadline,
    /// By the time before which they are not to be claimed.
    Delayed,
    /// By the time when their record may go.
    Purge,
    /// Given up, by their end.
    Dead,
}

impl DueIndex {
    /// Every list.
    pub const ALL: [DueIndex; 5] =
        [DueIndex::Lease, DueIndex::Deadline, DueIndex::Delayed, DueIndex::Purge, DueIndex::Dead];

    /// The name in keys.
    pub fn name(self) -> &'static str {
        match self {
            DueIndex::Lease => "lease",
            DueIndex::Deadline => "deadline",
            DueIndex::Delayed => "delayed",
            DueIndex::Purge => "purge",
            DueIndex::Dead => "dead",
        }
    }
}

/// Keeps tasks. Dropping any of these futures leaves the store as before or as after the call, never
/// between.
#[async_trait]
pub trait TaskStore: Send + Sync + 'static {
    /// The task of that id, live or archived.
    async fn load(&self, id: &TaskId) -> Result<Loaded, StoreError>;

    /// As [`TaskStore::load`], for a look that changes nothing: without the parent, and with a time that may be a
    /// few milliseconds behind. This is what polls ask, so it should cost the store as little as can be.
    async fn peek(&self, id: &TaskId) -> Result<Loaded, StoreError> {
        self.load(id).await
    }

    /// The task that holds the slot.
    async fn load_slot(&self, slot: &Slot) -> Result<Loaded, StoreError>;

    /// Stores all changes if every one of their tasks is still as it was loaded, and none otherwise
    /// ([`Change::NotEnded`] asks for less). They must be of one shard, as a task, its parent and its children are. `limits` apply to tasks that begin
    /// to run.
    ///
    /// A commit that is repeated because its answer was lost answers [`Committed::Done`]: it recognises the
    /// version and stamp of the first change.
    async fn commit(&self, changes: &[Change<'_>], limits: &Limits) -> Result<Committed, StoreError>;

    /// Waiting tasks of these lanes that the limits let run, `limit` at most: lane by lane as given,
    /// tenants in turn, and each tenant's by their rank.
    async fn next(&self, lanes: &[Lane], limits: &Limits, limit: usize) -> Result<Vec<Loaded>, StoreError>;

    /// The tasks whose time in `index` has come, earliest first, `limit` at most.
    async fn due(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError>;

    /// The tasks of `index`, whether their time has come or not, earliest first, `limit` at most.
    async fn listed(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError>;

    /// The tasks of an owner, newest first, without children, `limit` at most, and the store's time.
    async fn history(&self, owner: &OwnerId, limit: usize) -> Result<(Vec<Task>, Timestamp), StoreError>;

    /// How many tasks stand where.
    async fn stats(&self) -> Result<Stats, StoreError>;

    /// The store's time; an answer at all says that the store is there.
    async fn now(&self) -> Result<Timestamp, StoreError>;

    /// Rings when a task has come to wait, in this process or another; a ring may be lost with a
    /// connection.
    fn doorbell(&self) -> Doorbell;

    /// Whether no worker of an earlier process can still be alive, because one process at a time has the
    /// store open.
    fn is_exclusive(&self) -> bool;
}
