//! Load, transition, commit; again if somebody else was quicker.

use std::time::Duration;

use longshore_protocol::TaskId;
use rand::{Rng, RngCore};

use crate::entity::{State, Task, Timestamp};
use crate::event::{Event, Refusal};
use crate::limits::Limits;
use crate::store::{Change, Committed, Loaded, StoreError, TaskStore};
use crate::transition::{Family, Step, transition};

/// Tries before contention is reported as an error; each lost try means that another one got through.
const TRIES_MAX: u32 = 64;
/// Tries after which losers pause, so that many who count on one parent do not wear each other out.
const TRIES_WITHOUT_PAUSE: u32 = 4;
/// The longest such pause.
const PAUSE_MS: u64 = 20;

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
    for tried in 0..TRIES_MAX {
        let loaded = store.load(id).await?;
        if loaded.task.is_none() {
            return Err(ApplyError::Unknown(id.clone()));
        }
        if let Ok(task) = apply_loaded(store, &loaded, event, Limits::NONE).await? {
            return Ok(task);
        }
        if tried >= TRIES_WITHOUT_PAUSE {
            let pause = rand::rng().random_range(1..=PAUSE_MS);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
    Err(ApplyError::Busy)
}

/// Applies an event to a task as it was loaded, in one commit. Gives the task as it is then, or the
/// [`Committed`] that is not `Done` where something came first.
///
/// # Errors
/// [`ApplyError::Refused`], [`ApplyError::Store`]; `Unknown` does not come, for a task that was loaded.
pub(crate) async fn apply_loaded(
    store: &dyn TaskStore,
    loaded: &Loaded,
    event: &Event,
    limits: &Limits,
) -> Result<Result<Task, Committed>, ApplyError> {
    let Some(family) = loaded.family() else { return Ok(Err(Committed::Conflict)) };
    let step = next_versions(family, transition(family, event, loaded.now)?);
    let mut changes = vec![Change::Replace { before: family.task, after: &step.task }];
    if let (Some(before), Some(after)) = (family.parent, &step.parent) {
        changes.push(Change::Replace { before, after });
    }
    changes.extend(step.children.iter().map(Change::Create));
    if matches!(event, Event::Claim { .. })
        && let (State::Running, Some(parent)) = (step.task.state, family.parent)
    {
        // The parent may end between load and commit, and nobody would wait for the child then.
        changes.push(Change::NotEnded(parent));
    }
    match store.commit(&changes, limits).await? {
        Committed::Done => {
            log(family.task, &step, event, loaded.now);
            Ok(Ok(step.task))
        }
        other => Ok(Err(other)),
    }
}

fn next_versions(before: Family<'_>, mut step: Step) -> Step {
    let mut rng = rand::rng();
    (step.task.version, step.task.stamp) = (before.task.version + 1, rng.next_u64());
    if let (Some(before), Some(after)) = (before.parent, &mut step.parent) {
        (after.version, after.stamp) = (before.version + 1, rng.next_u64());
    }
    for child in &mut step.children {
        child.stamp = rng.next_u64();
    }
    step
}

/// One line a transition, so that a task's life can be read off the log by its id.
fn log(before: &Task, step: &Step, event: &Event, now: Timestamp) {
    let after = &step.task;
    if matches!(event, Event::Beat { .. }) {
        tracing::trace!(task.id = %after.id, done = after.progress.done, "beat");
        return;
    }
    tracing::info!(
        task.id = %after.id,
        task.kind = %after.slot.kind,
        event = event.name(),
        from = before.state.name(),
        to = after.state.name(),
        epoch = after.epoch,
        age_ms = now.since(after.registered_at).as_millis() as u64,
        crashes = after.crash_count,
        failed_runs = after.failed_runs,
        children = step.children.len(),
        open_children = after.children.open(),
        cancel_requested = after.cancel_requested,
        archived = after.archived,
        "task changed"
    );
}
