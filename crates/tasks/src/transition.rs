//! The one state machine: a task, its parent, an event and the time give the next ones, or a refusal.
//!
//! ```text
//!          Claim            Finish
//! Queued ─────────▶ Running ──────▶ Succeeded │ Failed │ Cancelled
//!  │ ▲ ◀─────────     │ Release, LeaseLost, HolderGone (Failed after MAX_CRASHES), Finish to be tried again
//!  │ │                ▼ Wait
//!  │ └─────────── Waiting: until the last child has ended
//!  │ RequestCancel: Queued ends at once; Running is told by its next beat; Waiting ends with its children
//!  ▼
//! Cancelled         Deadline ─▶ Expired       (from Queued, Running and Waiting)
//! ```
//! Every final task is archived: by `Clear` or `Deadline`, whichever comes first; a child at its end, since
//! only its parent looks at it. A child whose parent has ended or is being cancelled is not run any more.

use longshore_protocol::FailureCode;

use crate::entity::{Failure, Lease, Progress, State, Task, Timestamp, Token};
use crate::event::{Event, NewChild, Outcome, Refusal};
use crate::id::child_id;

/// Workers that may be lost over one task before it is given up as poisonous.
pub const MAX_CRASHES: u32 = 3;
/// Children of one task.
pub const MAX_CHILDREN: u32 = 100_000;

/// A task with what its transitions depend on.
#[derive(Clone, Copy, Debug)]
pub struct Family<'a> {
    /// The task.
    pub task: &'a Task,
    /// The parent of a child; `None` if its record is gone, and for other tasks.
    pub parent: Option<&'a Task>,
}

/// What an event makes of a family. All of it is to be stored in one commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The task.
    pub task: Task,
    /// The parent, where it changes.
    pub parent: Option<Task>,
    /// New tasks.
    pub children: Vec<Task>,
}

/// Applies an event. The caller commits the result with new versions and stamps.
///
/// # Errors
/// A [`Refusal`] where the event does not apply; nothing changes then.
pub fn transition(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    let task = next(family, event, now)?;
    let children = match event {
        Event::Spawn { children, .. } => (family.task.children.total..task.children.total)
            .zip(children)
            .map(|(number, child)| spawned(&task, number, child, now))
            .collect(),
        _ => Vec::new(),
    };
    let has_ended = task.state.is_final() && !family.task.state.is_final();
    let parent = family.parent.filter(|_| has_ended).and_then(|parent| with_child_ended(parent, task.state));
    Ok(Step { task, parent, children })
}

fn next(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Task, Refusal> {
    let task = family.task;
    if matches!(event, Event::Revived) {
        // Also of an archived task: it has left its slot, but not the dead letter list.
        return if task.dead { Ok(Task { dead: false, ..task.clone() }) } else { Err(Refusal::NotDead) };
    }
    if task.archived {
        return Err(if is_of_a_worker(event) { Refusal::Stale } else { Refusal::Archived });
    }
    let past_deadline = now >= task.deadline;
    if past_deadline && !matches!(event, Event::Deadline | Event::Clear) {
        return Err(Refusal::PastDeadline);
    }
    let is_unwanted = task.parent.is_some()
        && family.parent.is_none_or(|parent| parent.state.is_final() || parent.cancel_requested);
    let mut next = task.clone();
    match event {
        Event::Claim { worker, nonce, lease } => {
            if task.state != State::Queued || task.run_at.is_some() {
                return Err(Refusal::NotQueued);
            }
            if is_unwanted {
                end(&mut next, State::Cancelled, now);
                return Ok(next);
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
        Event::Beat { token, progress, cursor, lease } => {
            let held = held_lease(task, *token)?;
            next.lease = Some(Lease { expires_at: now.plus(*lease), ..held.clone() });
            next.progress = *progress;
            next.cursor = cursor.clone().or(next.cursor);
            next.cancel_requested |= is_unwanted;
        }
        Event::Spawn { token, first, children } => {
            held_lease(task, *token)?;
            let total = u64::from(*first) + children.len() as u64;
            if total <= u64::from(task.children.total) {
                // They are there already: only the answer was lost.
                return Ok(next);
            }
            if task.parent.is_some() || *first != task.children.total || total > u64::from(MAX_CHILDREN) {
                return Err(Refusal::NoMoreChildren);
            }
            if task.cancel_requested {
                return Err(Refusal::Cancelling);
            }
            next.children.total = u32::try_from(total).unwrap_or(MAX_CHILDREN);
        }
        Event::Wait { token, cursor } => {
            held_lease(task, *token)?;
            if task.children.total == 0 {
                return Err(Refusal::NoChildren);
            }
            next.cursor = cursor.clone().or(next.cursor);
            next.lease = None;
            next.state = if task.children.open() == 0 { State::Queued } else { State::Waiting };
        }
        Event::Finish { token, outcome } => {
            held_lease(task, *token)?;
            finish(&mut next, outcome, now);
        }
        Event::Release { token, cursor } => {
            held_lease(task, *token)?;
            next.cursor = cursor.clone().or(next.cursor);
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
                next.dead = true;
                end(&mut next, State::Failed, now);
            } else {
                give_back(&mut next, now);
            }
        }
        Event::Due => {
            if task.run_at.is_none_or(|at| now < at) {
                return Err(Refusal::NotDue);
            }
            next.run_at = None;
        }
        Event::RequestCancel => match task.state {
            State::Queued => end(&mut next, State::Cancelled, now),
            State::Running | State::Waiting => next.cancel_requested = true,
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
        Event::Revived => return Err(Refusal::NotDead),
    }
    Ok(next)
}

/// Whether an event carries a fencing token.
fn is_of_a_worker(event: &Event) -> bool {
    matches!(
        event,
        Event::Beat { .. }
            | Event::Spawn { .. }
            | Event::Wait { .. }
            | Event::Finish { .. }
            | Event::Release { .. }
    )
}

fn held_lease(task: &Task, token: Token) -> Result<&Lease, Refusal> {
    task.lease.as_ref().filter(|lease| lease.token == token).ok_or(Refusal::Stale)
}

fn finish(task: &mut Task, outcome: &Outcome, now: Timestamp) {
    match outcome {
        // The owner was already told "cancelling": keep that promise although the work was done.
        Outcome::Succeeded(_) if task.cancel_requested => end(task, State::Cancelled, now),
        Outcome::Succeeded(result) => {
            task.result = Some(result.clone());
            task.failure = None;
            end(task, State::Succeeded, now);
        }
        Outcome::Failed { failure, retry_after } => {
            task.failure = Some(failure.clone());
            if retry_after.is_some() {
                task.failed_runs += 1;
            }
            match retry_after.map(|delay| now.plus(delay)) {
                _ if task.cancel_requested => end(task, State::Cancelled, now),
                // Waiting past the deadline would only keep the person waiting for the same answer.
                Some(at) if task.failed_runs < task.attempts_max && at < task.deadline => {
                    task.run_at = Some(at);
                    give_back(task, now);
                }
                again => {
                    task.dead = again.is_some();
                    end(task, State::Failed, now);
                }
            }
        }
        Outcome::Cancelled => end(task, State::Cancelled, now),
    }
}

fn end(task: &mut Task, state: State, now: Timestamp) {
    task.state = state;
    task.lease = None;
    task.run_at = None;
    task.finished_at = Some(now);
    task.archived = task.parent.is_some();
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

/// The parent after a child of it has ended; `None` where nobody counts any more.
fn with_child_ended(parent: &Task, child: State) -> Option<Task> {
    if parent.state.is_final() {
        return None;
    }
    let mut next = parent.clone();
    match child {
        State::Succeeded => next.children.succeeded += 1,
        State::Cancelled => next.children.cancelled += 1,
        _ => next.children.failed += 1,
    }
    if next.state == State::Waiting && next.children.open() == 0 {
        // Also where it is being cancelled: its job says what was done, and ends it.
        next.state = State::Queued;
    }
    Some(next)
}

fn spawned(parent: &Task, number: u32, child: &NewChild, now: Timestamp) -> Task {
    let mut slot = parent.slot.clone();
    slot.kind.clone_from(&child.kind);
    let id = child_id(&parent.id, number);
    Task {
        parent: Some(parent.id.clone()),
        attempts_max: child.attempts_max,
        // Long enough for the parent to read what it made, whenever it is resumed before its deadline.
        retention_ms: u64::try_from(parent.deadline.since(now).as_millis()).unwrap_or(u64::MAX),
        ..Task::queued(id, parent.tenant.clone(), slot, child.payload.clone(), now, parent.deadline)
    }
}
