//! The one state machine: a task, an event and the time give the next task, or a refusal.
//!
//! ```text
//!            Claim              Finish
//! Queued ────────────▶ Running ───────▶ Succeeded │ Failed │ Cancelled
//!   │  ◀──────────────   │ Release, LeaseLost, HolderGone (Failed after MAX_CRASHES)
//!   │ RequestCancel      │ RequestCancel: told to the worker by its next beat
//!   ▼                    ▼
//! Cancelled            Deadline ──▶ Expired        (from Queued and Running)
//! ```
//! Every final task is archived by `Clear` or by `Deadline`, whichever comes first.

use std::time::Duration;

use longshore_protocol::FailureCode;

use crate::entity::{Failure, Lease, Progress, State, Task, Timestamp, Token};

/// Workers that may be lost over one task before it is given up as poisonous.
pub const MAX_CRASHES: u32 = 3;

/// How a run of a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With what the job made.
    Succeeded(serde_json::Value),
    /// Without.
    Failed(Failure),
    /// It stopped because it was told that its owner wants so.
    Cancelled,
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
        /// How long the lease lasts from now.
        lease: Duration,
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
    },
    /// The lease has run out.
    LeaseLost,
    /// The holder of the lease is known to be gone, whatever the lease says.
    HolderGone,
    /// The owner wants it stopped.
    RequestCancel,
    /// The deadline has passed.
    Deadline,
    /// The owner has seen the end, or a newer task takes the slot.
    Clear,
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
    /// The lease or the deadline has not run out.
    #[error("not due yet")]
    NotDue,
    /// The deadline has passed, so that only [`Event::Deadline`] applies.
    #[error("the task is past its deadline")]
    PastDeadline,
    /// The task is archived, so that nothing applies any more.
    #[error("the task is archived")]
    Archived,
}

/// Applies an event. The caller commits the result with a new version and stamp.
///
/// # Errors
/// A [`Refusal`] where the event does not apply; the task is unchanged then.
pub fn transition(task: &Task, event: &Event, now: Timestamp) -> Result<Task, Refusal> {
    if task.archived {
        return Err(match event {
            Event::Beat { .. } | Event::Finish { .. } | Event::Release { .. } => Refusal::Stale,
            _ => Refusal::Archived,
        });
    }
    let past_deadline = now >= task.deadline;
    if past_deadline && !matches!(event, Event::Deadline | Event::Clear) {
        return Err(Refusal::PastDeadline);
    }
    let mut next = task.clone();
    match event {
        Event::Claim { worker, nonce, lease } => {
            if task.state != State::Queued {
                return Err(Refusal::NotQueued);
            }
            next.epoch += 1;
            next.state = State::Running;
            next.started_at = Some(task.started_at.unwrap_or(now));
            next.progress = Progress::default();
            next.lease = Some(Lease {
                token: Token { epoch: next.epoch, nonce: *nonce },
                worker: worker.clone(),
                expires_at: now.plus(*lease),
            });
        }
        Event::Beat { token, progress, lease } => {
            let held = held_lease(task, *token)?;
            next.lease = Some(Lease { expires_at: now.plus(*lease), ..held.clone() });
            next.progress = *progress;
        }
        Event::Finish { token, outcome } => {
            held_lease(task, *token)?;
            match outcome {
                // The owner was already told "cancelling": keep that promise although the work was done.
                Outcome::Succeeded(_) if task.cancel_requested => end(&mut next, State::Cancelled, now),
                Outcome::Succeeded(result) => {
                    next.result = Some(result.clone());
                    end(&mut next, State::Succeeded, now);
                }
                Outcome::Failed(failure) => {
                    next.failure = Some(failure.clone());
                    end(&mut next, State::Failed, now);
                }
                Outcome::Cancelled => end(&mut next, State::Cancelled, now),
            }
        }
        Event::Release { token } => {
            held_lease(task, *token)?;
            give_back(&mut next, now);
        }
        Event::LeaseLost | Event::HolderGone => {
            let lease = task.lease.as_ref().ok_or(Refusal::NotDue)?;
            if matches!(event, Event::LeaseLost) && now < lease.expires_at {
                return Err(Refusal::NotDue);
            }
            next.crash_count += 1;
            if next.crash_count >= MAX_CRASHES && !next.cancel_requested {
                next.failure = Some(Failure {
                    code: FailureCode::Crashed,
                    detail: None,
                    reference: format!("{:04X}", lease.token.nonce & 0xFFFF),
                });
                end(&mut next, State::Failed, now);
            } else {
                give_back(&mut next, now);
            }
        }
        Event::RequestCancel => match task.state {
            State::Queued => end(&mut next, State::Cancelled, now),
            State::Running => next.cancel_requested = true,
            _ => return Err(Refusal::AlreadyFinal),
        },
        Event::Deadline => {
            if !past_deadline {
                return Err(Refusal::NotDue);
            }
            if !task.state.is_final() {
                end(&mut next, State::Expired, now);
            }
            next.archived = true;
        }
        Event::Clear => {
            if !task.state.is_final() {
                return Err(Refusal::NotFinal);
            }
            next.archived = true;
        }
    }
    Ok(next)
}

fn held_lease(task: &Task, token: Token) -> Result<&Lease, Refusal> {
    task.lease.as_ref().filter(|lease| lease.token == token).ok_or(Refusal::Stale)
}

fn end(task: &mut Task, state: State, now: Timestamp) {
    task.state = state;
    task.lease = None;
    task.finished_at = Some(now);
}

/// Back to the queue, or to the end where the owner wants it stopped.
fn give_back(task: &mut Task, now: Timestamp) {
    task.lease = None;
    if task.cancel_requested {
        end(task, State::Cancelled, now);
    } else {
        task.state = State::Queued;
    }
}
