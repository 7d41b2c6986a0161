//! What can happen to a task, and why it may not.

use std::time::Duration;

use crate::entity::{Failure, Payload, Progress, Token};
use crate::json::Json;
#[cfg(doc)]
use crate::transition::MAX_CHILDREN;

/// How a run of a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With what the job made.
    Succeeded(Json),
    /// Without.
    Failed {
        /// Why.
        failure: Failure,
        /// If the reason may pass: how long to wait before the next attempt.
        retry_after: Option<Duration>,
    },
    /// It stopped because it was told that its owner wants so.
    Cancelled,
}

/// A child to spawn.
#[derive(Clone, Debug, PartialEq)]
pub struct NewChild {
    /// Job kind.
    pub kind: String,
    /// What to do.
    pub payload: Payload,
    /// Failed runs after which it is given up.
    pub attempts_max: u32,
}

/// What can happen to a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A worker takes it.
    Claim {
        /// The worker's name, for people.
        worker: String,
        /// Random, for the fencing token.
        nonce: u64,
        /// How long the lease lasts unless renewed.
        lease: Duration,
    },
    /// The worker is alive and says how far it has come.
    Beat {
        /// Its fencing token.
        token: Token,
        /// How far it has come.
        progress: Progress,
        /// A new cursor; the last one stays where there is none.
        cursor: Option<Json>,
        /// How long the lease lasts from now.
        lease: Duration,
    },
    /// The worker's run wants children; they may begin at once.
    Spawn {
        /// Its fencing token.
        token: Token,
        /// The number of the first of them, which is the number of children so far. An order whose answer was lost is
        /// known by it when it comes again, and makes none twice.
        first: u32,
        /// The children.
        children: Vec<NewChild>,
    },
    /// The worker's run has ended until the children have.
    Wait {
        /// Its fencing token.
        token: Token,
        /// A new cursor; the last one stays where there is none.
        cursor: Option<Json>,
    },
    /// The worker's run has ended.
    Finish {
        /// Its fencing token.
        token: Token,
        /// How.
        outcome: Outcome,
    },
    /// The worker shuts down and gives the task back.
    Release {
        /// Its fencing token.
        token: Token,
        /// A new cursor; the last one stays where there is none.
        cursor: Option<Json>,
    },
    /// The lease has run out.
    LeaseLost,
    /// The holder of the lease is known to be gone, whatever the lease says.
    HolderGone,
    /// The time has come that a delayed task waited for.
    Due,
    /// The owner wants it stopped.
    RequestCancel,
    /// The deadline has passed.
    Deadline,
    /// The owner has seen the end, or a newer task takes the slot.
    Clear,
    /// What it was to do is done by another task: nobody needs to look at it any more.
    Revived,
}

impl Event {
    /// The name in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Claim { .. } => "claim",
            Event::Beat { .. } => "beat",
            Event::Spawn { .. } => "spawn",
            Event::Wait { .. } => "wait",
            Event::Finish { .. } => "finish",
            Event::Release { .. } => "release",
            Event::LeaseLost => "lease lost",
            Event::HolderGone => "holder gone",
            Event::Due => "due",
            Event::RequestCancel => "cancel",
            Event::Deadline => "deadline",
            Event::Clear => "clear",
            Event::Revived => "revived",
        }
    }
}

/// Why an event does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The fencing token is not that of the current claim.
    #[error("the task was given to another worker")]
    Stale,
    /// The task is not waiting for a worker.
    #[error("the task is not queued")]
    NotQueued,
    /// The task has ended already.
    #[error("the task has ended")]
    AlreadyFinal,
    /// The task has not ended yet.
    #[error("the task has not ended")]
    NotFinal,
    /// The lease, the delay or the deadline has not run out.
    #[error("not due yet")]
    NotDue,
    /// The deadline has passed, so that only [`Event::Deadline`] applies.
    #[error("the task is past its deadline")]
    PastDeadline,
    /// The task is archived, so that nothing applies any more.
    #[error("the task is archived")]
    Archived,
    /// The task is being cancelled, so that it gets no more children.
    #[error("the task is being cancelled")]
    Cancelling,
    /// A child cannot have children, nobody more than [`MAX_CHILDREN`], and their numbers leave no gap.
    #[error("the task cannot have these children")]
    NoMoreChildren,
    /// The task is not in the dead letter list.
    #[error("the task is not in the dead letter list")]
    NotDead,
    /// The task has no children to wait for.
    #[error("the task has no children")]
    NoChildren,
}
