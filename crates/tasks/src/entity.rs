//! The task as data.

use std::fmt;
use std::time::Duration;

use longshore_protocol::{FailureCode, OwnerId, TaskId, TenantId};
use serde::{Deserialize, Serialize};

pub use longshore_protocol::Progress;

use crate::json::Json;

/// Milliseconds since the Unix epoch, UTC, by the store's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: u64) -> Timestamp {
        Timestamp(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The moment `duration` later; the end of time where that overflows.
    pub fn plus(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for a worker, or first for the time in [`Task::run_at`].
    Queued,
    /// A worker holds the lease.
    Running,
    /// Its children run; it goes back to the queue when the last of them has ended.
    Waiting,
    /// Ended with a result.
    Succeeded,
    /// Ended without one, for the reason in [`Task::failure`].
    Failed,
    /// Ended because its owner asked for it.
    Cancelled,
    /// Ended by its deadline.
    Expired,
}

impl State {
    /// Those that are not final.
    pub const NOT_ENDED: [State; 3] = [State::Queued, State::Running, State::Waiting];

    /// Whether no event leads out of this state.
    pub fn is_final(self) -> bool {
        !State::NOT_ENDED.contains(&self)
    }

    /// The name in JSON, logs and Redis.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Waiting => "waiting",
            State::Succeeded => "succeeded",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
            State::Expired => "expired",
        }
    }
}

/// The fencing token of one claim: every later write of that worker carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Token {
    /// Counts the claims of the task, from 1.
    pub epoch: u64,
    /// Random per claim, so that two histories of a restored store cannot be confused.
    pub nonce: u64,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.epoch, self.nonce)
    }
}

/// A worker's right to a task, until it expires unless renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The holder's fencing token.
    pub token: Token,
    /// The holder's name, for people.
    pub worker: String,
    /// When it ends unless renewed.
    pub expires_at: Timestamp,
}

/// Names the one live task that an owner can have of a kind for a subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// Whose.
    pub owner: OwnerId,
    /// Job kind, such as `export`.
    pub kind: String,
    /// What it works on, such as a dataset's id.
    pub subject: String,
}

/// What a job is to do: a body whose meaning its version fixes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// Version of the body's format, from 1.
    pub version: u32,
    /// The body, as the job kind defines it.
    pub body: Json,
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong, for programs.
    pub code: FailureCode,
    /// What in particular, where it helps a person.
    pub detail: Option<String>,
    /// Finds the cause in the log.
    pub reference: String,
}

/// Which of a tenant's waiting tasks goes first; tenants themselves take turns whatever their priorities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before all others.
    High,
    /// In the order of registration.
    #[default]
    Normal,
    /// When nothing else waits.
    Low,
}

/// How the children of a task stand. `total` grows by spawning; the others by the transitions that end a child, each in
/// the same commit, so that they are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Children {
    /// Spawned so far; their numbers are 0 to `total - 1`.
    pub total: u32,
    /// Ended with a result.
    pub succeeded: u32,
    /// Ended without one: failed, or past the deadline.
    pub failed: u32,
    /// Ended because the parent was being cancelled or had ended.
    pub cancelled: u32,
}

impl Children {
    /// Children that have ended.
    pub fn ended(&self) -> u32 {
        self.succeeded + self.failed + self.cancelled
    }

    /// Children that have not ended.
    pub fn open(&self) -> u32 {
        self.total - self.ended()
    }
}

/// The line in which a task waits: workers ask for the kinds and versions they know, and tenants take turns in each.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// Job kind.
    pub kind: String,
    /// Payload version.
    pub version: u32,
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.kind, self.version)
    }
}

impl Lane {
    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Option<Lane> {
        let (kind, version) = text.split_once('@')?;
        Some(Lane { kind: kind.to_owned(), version: version.parse().ok()? })
    }
}

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its name for ever.
    pub id: TaskId,
    /// The owner's organisation.
    pub tenant: TenantId,
    /// Owner, kind and subject.
    pub slot: Slot,
    /// What to do.
    pub payload: Payload,
    /// Its place among its tenant's waiting tasks.
    #[serde(default)]
    pub priority: Priority,
    /// The task that spawned it; its id is a part of this one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TaskId>,
    /// How its own children stand.
    #[serde(default)]
    pub children: Children,
    /// Where it stands.
    pub state: State,
    /// Not to be claimed before; set for a delayed task and between two attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Timestamp>,
    /// Whether its owner asked for it to be stopped.
    pub cancel_requested: bool,
    /// Whether it has left its slot: cleared, replaced by a newer task, or past its deadline.
    pub archived: bool,
    /// The running worker's right to it.
    pub lease: Option<Lease>,
    /// Number of claims so far.
    pub epoch: u64,
    /// Number of workers that were lost while they ran it.
    pub crash_count: u32,
    /// Runs that failed for a reason that may pass.
    #[serde(default)]
    pub failed_runs: u32,
    /// Failed runs after which it is given up.
    #[serde(default = "one")]
    pub attempts_max: u32,
    /// Whether it was given up after crashes or failed attempts: an operator may want to run it again.
    #[serde(default)]
    pub dead: bool,
    /// How far it has come; never goes back within a claim.
    pub progress: Progress,
    /// How far it has come for a run that takes over, as the job kind defines it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Json>,
    /// What the job made, as the job kind defines it.
    pub result: Option<Json>,
    /// Why it failed, or why its last attempt did while it waits for the next.
    pub failure: Option<Failure>,
    /// The client's name for the request that registered it.
    pub idempotency_key: Option<String>,
    /// Counts the commits; a commit names the version it replaces.
    pub version: u64,
    /// Random per commit, so that a repeated commit recognises itself.
    pub stamp: u64,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it was first claimed.
    pub started_at: Option<Timestamp>,
    /// When it reached its final state.
    pub finished_at: Option<Timestamp>,
    /// When the entity expires, whether the task has ended or not.
    pub deadline: Timestamp,
    /// How long after its end the record and what the job made are kept, in milliseconds.
    pub retention_ms: u64,
}

fn one() -> u32 {
    1
}

impl Task {
    /// A new task that waits for a worker from `registered_at` on: the first version, with one attempt and no retention.
    pub fn queued(
        id: TaskId,
        tenant: TenantId,
        slot: Slot,
        payload: Payload,
        registered_at: Timestamp,
        deadline: Timestamp,
    ) -> Task {
        Task {
            id,
            tenant,
            slot,
            payload,
            priority: Priority::Normal,
            parent: None,
            children: Children::default(),
            state: State::Queued,
            run_at: None,
            cancel_requested: false,
            archived: false,
            lease: None,
            epoch: 0,
            crash_count: 0,
            failed_runs: 0,
            attempts_max: 1,
            dead: false,
            progress: Progress::default(),
            cursor: None,
            result: None,
            failure: None,
            idempotency_key: None,
            version: 1,
            stamp: 0,
            registered_at,
            started_at: None,
            finished_at: None,
            deadline,
            retention_ms: 0,
        }
    }

    /// The line in which it waits.
    pub fn lane(&self) -> Lane {
        Lane { kind: self.slot.kind.clone(), version: self.payload.version }
    }

    /// Until when the record and what the job made are kept: retention after the end, or after the
    /// deadline while there is no end yet.
    pub fn kept_until(&self) -> Timestamp {
        self.finished_at.unwrap_or(self.deadline).plus(Duration::from_millis(self.retention_ms))
    }

    /// Whether the task stands in the way of another one in its slot.
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        !self.archived && !self.state.is_final() && now < self.deadline
    }
}
