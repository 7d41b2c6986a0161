//! Registering a task: at most one live one per slot, and one per idempotency key.

use std::time::Duration;

use longshore_protocol::TenantId;
use rand::RngCore;

use crate::apply::{ApplyError, apply};
use crate::entity::{Payload, Slot, State, Task};
use crate::id::new_task_id;
use crate::store::{Change, Committed, TaskStore};
use crate::transition::{Event, Refusal};

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
        let task = Task {
            id,
            tenant: new.tenant.clone(),
            slot: new.slot.clone(),
            payload: new.payload.clone(),
            state: State::Queued,
            cancel_requested: false,
            archived: false,
            lease: None,
            epoch: 0,
            crash_count: 0,
            progress: Default::default(),
            result: None,
            failure: None,
            idempotency_key: new.idempotency_key.clone(),
            version: 1,
            stamp,
            registered_at: loaded.now,
            started_at: None,
            finished_at: None,
            deadline: loaded.now.plus(new.time_limit),
            retention_ms: u64::try_from(new.retention.as_millis()).unwrap_or(u64::MAX),
        };
        match store.commit(Change::Create(&task)).await? {
            Committed::Done => {
                tracing::info!(task.id = %task.id, task.kind = %task.slot.kind, "task registered");
                return Ok(Registered::New(task));
            }
            Committed::KeyKnown(known) => {
                if let Some(task) = store.load(&known).await?.task {
                    return Ok(Registered::Repeated(task));
                }
            }
            Committed::SlotTaken(_) | Committed::Conflict => {}
        }
    }
    Err(ApplyError::Busy)
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
