//! Registering a task: at most one live one per slot, and one per idempotency key.

use std::time::Duration;

use longshore_protocol::{TaskId, TenantId};
use rand::RngCore;

use crate::apply::{ApplyError, apply};
use crate::entity::{Payload, Priority, Slot, State, Task};
use crate::event::{Event, Refusal};
use crate::id::new_task_id;
use crate::limits::Limits;
use crate::store::{Change, Committed, TaskStore};

/// Tries before contention over one slot is reported as an error.
const TRIES_MAX: u32 = 32;

/// A task to register.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// The owner's organisation.
    pub tenant: TenantId,
    /// Owner, kind and subject.
    pub slot: Slot,
    /// What to do.
    pub payload: Payload,
    /// Its place among its tenant's waiting tasks.
    pub priority: Priority,
    /// How long after registration it may be claimed.
    pub delay: Duration,
    /// Failed runs after which it is given up, at least 1.
    pub attempts_max: u32,
    /// Time from registration to the deadline.
    pub time_limit: Duration,
    /// How long the record and what the job makes are kept after the end.
    pub retention: Duration,
    /// The client's name for this request; a request of the same owner and key gets the same task.
    pub idempotency_key: Option<String>,
}

/// How a registration went.
#[derive(Clone, Debug, PartialEq)]
pub enum Registered {
    /// The task is new and waits for a worker.
    New(Task),
    /// This very request registered the task before.
    Repeated(Task),
    /// Another task of the slot is still running; nothing was registered.
    Running(Task),
}

impl Registered {
    /// The task, whichever it is.
    pub fn task(&self) -> &Task {
        match self {
            Registered::New(task) | Registered::Repeated(task) | Registered::Running(task) => task,
        }
    }
}

/// Registers a task unless its slot is busy. A task of the slot that has ended is archived, one past its
/// deadline is expired, and so neither can keep anyone from starting again.
///
/// # Errors
/// [`ApplyError::Store`] if the store does not answer, [`ApplyError::Busy`] if others take and free the
/// slot at every try.
pub async fn register(store: &dyn TaskStore, new: &NewTask) -> Result<Registered, ApplyError> {
    // The same at every try, so that a commit whose answer was lost is recognised.
    let mut id = None;
    let stamp = rand::rng().next_u64();
    for _ in 0..TRIES_MAX {
        let loaded = store.load_slot(&new.slot).await?;
        if let Some(holder) = loaded.task {
            if new.idempotency_key.is_some() && holder.idempotency_key == new.idempotency_key {
                return Ok(Registered::Repeated(holder));
            }
            if holder.is_live_at(loaded.now) {
                return Ok(Registered::Running(holder));
            }
            vacate(store, &holder).await?;
        }
        let id = id.get_or_insert_with(|| new_task_id(&new.tenant, loaded.now)).clone();
        let (now, deadline) = (loaded.now, loaded.now.plus(new.time_limit));
        let (tenant, slot, payload) = (new.tenant.clone(), new.slot.clone(), new.payload.clone());
        let task = Task {
            priority: new.priority,
            run_at: (!new.delay.is_zero()).then(|| now.plus(new.delay)),
            attempts_max: new.attempts_max,
            idempotency_key: new.idempotency_key.clone(),
            stamp,
            retention_ms: u64::try_from(new.retention.as_millis()).unwrap_or(u64::MAX),
            ..Task::queued(id, tenant, slot, payload, now, deadline)
        };
        match store.commit(&[Change::Create(&task)], Limits::NONE).await? {
            Committed::Done => {
                tracing::info!(
                    task.id = %task.id, task.kind = %task.slot.kind, tenant = %task.tenant, "task registered"
                );
                return Ok(Registered::New(task));
            }
            Committed::KeyKnown(known) => {
                if let Some(task) = store.load(&known).await?.task {
                    return Ok(Registered::Repeated(task));
                }
            }
            Committed::Conflict => {
                // It is there already: the answer was lost, and a worker has begun since.
                if let Some(task) = store.load(&task.id).await?.task {
                    return Ok(Registered::New(task));
                }
            }
            Committed::SlotTaken(_) | Committed::AtLimit => {}
        }
    }
    Err(ApplyError::Busy)
}

/// Why a task was not registered once more.
#[derive(Debug, thiserror::Error)]
pub enum RerunError {
    /// It has not ended, or it ended well.
    #[error("the task has not failed")]
    NotFailed,
    /// It is a part of another task.
    #[error("the task is a part of task {0}: run that one again")]
    Child(TaskId),
    /// The store could not do it.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

/// Registers what an ended task was to do once more, as a new task: a final state stays final. The same task gives the same
/// new one however often this is called. Its record leaves the dead letter list.
///
/// # Errors
/// See [`RerunError`].
pub async fn rerun(store: &dyn TaskStore, id: &TaskId) -> Result<Registered, RerunError> {
    let loaded = store.load(id).await.map_err(ApplyError::from)?;
    let old = loaded.task.ok_or_else(|| ApplyError::Unknown(id.clone()))?;
    if let Some(parent) = old.parent {
        return Err(RerunError::Child(parent));
    }
    if !old.state.is_final() || old.state == State::Succeeded {
        return Err(RerunError::NotFailed);
    }
    let new = NewTask {
        tenant: old.tenant.clone(),
        slot: old.slot.clone(),
        payload: old.payload.clone(),
        priority: old.priority,
        delay: Duration::ZERO,
        attempts_max: old.attempts_max,
        time_limit: old.deadline.since(old.registered_at),
        retention: Duration::from_millis(old.retention_ms),
        idempotency_key: Some(format!("rerun {id}")),
    };
    let registered = register(store, &new).await?;
    if old.dead && !matches!(registered, Registered::Running(_)) {
        match apply(store, id, &Event::Revived).await {
            Ok(_) | Err(ApplyError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(registered)
}

/// Takes a task that no longer counts out of its slot.
async fn vacate(store: &dyn TaskStore, holder: &Task) -> Result<(), ApplyError> {
    let event = if holder.state.is_final() { Event::Clear } else { Event::Deadline };
    match apply(store, &holder.id, &event).await {
        // Whoever was quicker did the same.
        Ok(_) | Err(ApplyError::Refused(Refusal::Archived | Refusal::NotFinal | Refusal::NotDue)) => Ok(()),
        Err(ApplyError::Unknown(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
