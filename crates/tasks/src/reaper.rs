//! Ends what nobody ends: lost leases, passed deadlines, records past their retention.
//!
//! Any number of processes may run it side by side; each step is a transition or a commit of its own.

use std::sync::Arc;

use longshore_protocol::TaskId;
use tokio_util::sync::CancellationToken;

use crate::apply::{ApplyError, apply};
use crate::entity::{State, Task};
use crate::job::{Registry, Runs};
use crate::store::{Change, DueIndex, StoreError, TaskStore};
use crate::transition::Event;
use crate::worker::{Doorbell, WorkerSettings};

/// Tasks handled of each list in one round; the next round takes the rest.
const BATCH: usize = 256;

/// Runs rounds until `shutdown`.
pub async fn run(
    store: Arc<dyn TaskStore>,
    registry: Arc<Registry>,
    settings: WorkerSettings,
    doorbell: Doorbell,
    shutdown: CancellationToken,
) {
    loop {
        if let Err(error) = round(&*store, &registry, &doorbell).await {
            tracing::warn!(error = %error, "the reaper could not finish its round; it will try again");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(settings.reap_interval) => {}
        }
    }
}

/// Gives the tasks of a process that is gone back to the queue at once, without waiting for their leases. To be called before
/// the worker starts, so that they keep their place before those that waited behind them. Does nothing on a store that
/// other processes may have open.
///
/// # Errors
/// [`StoreError`] if the store does not answer; the leases that remain end by themselves.
pub async fn take_back_orphans(store: &dyn TaskStore, registry: &Registry) -> Result<(), StoreError> {
    while store.is_exclusive() {
        let orphans = store.leased(BATCH).await?;
        for id in &orphans {
            settle(store, registry, id, &Event::HolderGone).await?;
        }
        if orphans.len() < BATCH {
            break;
        }
    }
    Ok(())
}

/// One round over all lists.
///
/// # Errors
/// [`StoreError`] if the store does not answer; what was done stays done.
pub async fn round(
    store: &dyn TaskStore,
    registry: &Registry,
    doorbell: &Doorbell,
) -> Result<(), StoreError> {
    for id in store.due(DueIndex::Deadline, BATCH).await? {
        settle(store, registry, &id, &Event::Deadline).await?;
    }
    for id in store.due(DueIndex::Lease, BATCH).await? {
        settle(store, registry, &id, &Event::LeaseLost).await?;
        doorbell.ring();
    }
    for id in store.due(DueIndex::Purge, BATCH).await? {
        purge(store, registry, &id).await?;
    }
    Ok(())
}

/// Applies one event; a refusal means that somebody else was quicker.
async fn settle(
    store: &dyn TaskStore,
    registry: &Registry,
    id: &TaskId,
    event: &Event,
) -> Result<(), StoreError> {
    match apply(store, id, event).await {
        Ok(task) => {
            if task.state.is_final() && task.state != State::Succeeded {
                discard(registry, &task).await;
            }
            Ok(())
        }
        Err(ApplyError::Store(error)) => Err(error),
        Err(ApplyError::Refused(_) | ApplyError::Unknown(_) | ApplyError::Busy) => Ok(()),
    }
}

/// Removes what a task made, and then its record: never a record whose files still lie about.
async fn purge(store: &dyn TaskStore, registry: &Registry, id: &TaskId) -> Result<(), StoreError> {
    let loaded = store.load(id).await?;
    let Some(task) = loaded.task else { return Ok(()) };
    if !task.state.is_final() || loaded.now < task.kept_until() {
        return Ok(());
    }
    if discard(registry, &task).await {
        store.commit(Change::Remove(&task)).await?;
        tracing::info!(task.id = %task.id, "record removed at the end of its retention");
    }
    Ok(())
}

/// Whether everything is gone; a process that does not know the job leaves the task to one that does.
async fn discard(registry: &Registry, task: &Task) -> bool {
    let Some(job) = registry.job_for(task) else { return false };
    match job.discard(task, Runs::All).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(task.id = %task.id, error = %error, "could not remove what the task left behind");
            false
        }
    }
}
