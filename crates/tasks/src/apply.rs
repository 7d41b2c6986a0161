//! Load, transition, commit; again if somebody else was quicker.

use longshore_protocol::TaskId;
use rand::RngCore;

use crate::entity::{Task, Timestamp};
use crate::store::{Change, Committed, StoreError, TaskStore};
use crate::transition::{Event, Refusal, transition};

/// Tries before contention is reported as an error; each lost try means that another one got through.
const TRIES_MAX: u32 = 32;

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// There is no such task.
    #[error("there is no task {0}")]
    Unknown(TaskId),
    /// The event does not apply to the task as it is.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others changed the task, or its slot, at every try.
    #[error("others change the task or its slot all the time")]
    Busy,
}

impl ApplyError {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            ApplyError::Store(error) => error.is_retryable(),
            ApplyError::Busy => true,
            ApplyError::Unknown(_) | ApplyError::Refused(_) => false,
        }
    }
}

/// Applies an event to a stored task; gives the task as it is then.
///
/// Dropping the future leaves the event applied or not, never half.
///
/// # Errors
/// See [`ApplyError`].
pub async fn apply(store: &dyn TaskStore, id: &TaskId, event: &Event) -> Result<Task, ApplyError> {
    for _ in 0..TRIES_MAX {
        let loaded = store.load(id).await?;
        let before = loaded.task.ok_or_else(|| ApplyError::Unknown(id.clone()))?;
        let after = succeed(&before, event, loaded.now)?;
        match store.commit(Change::Replace { before: &before, after: &after }).await? {
            Committed::Done => {
                log(&before, &after, event);
                return Ok(after);
            }
            Committed::Conflict | Committed::SlotTaken(_) | Committed::KeyKnown(_) => {}
        }
    }
    Err(ApplyError::Busy)
}

/// The task's next version.
fn succeed(before: &Task, event: &Event, now: Timestamp) -> Result<Task, Refusal> {
    let mut after = transition(before, event, now)?;
    after.version = before.version + 1;
    after.stamp = rand::rng().next_u64();
    Ok(after)
}

fn log(before: &Task, after: &Task, event: &Event) {
    if matches!(event, Event::Beat { .. }) {
        tracing::trace!(task.id = %after.id, done = after.progress.done, "beat");
        return;
    }
    tracing::info!(
        task.id = %after.id,
        task.kind = %after.slot.kind,
        from = before.state.name(),
        to = after.state.name(),
        archived = after.archived,
        cancel_requested = after.cancel_requested,
        epoch = after.epoch,
        crashes = after.crash_count,
        "task changed"
    );
}
