//! Ends what nobody ends: lost leases, passed deadlines, records past their retention.
//!
//! Any number of processes may run it side by side; each step is a transition or a commit of its own.

use std::sync::Arc;
use std::time::Duration;

use longshore_protocol::TaskId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::apply::{ApplyError, apply};
use crate::entity::{State, Task};
use crate::event::Event;
use crate::job::Runs;
use crate::limits::Limits;
use crate::registry::Registry;
use crate::store::{Change, DueIndex, StoreError, TaskStore};
use crate::worker::WorkerSettings;

/// Tasks handled of each list in one round; the next round takes the rest.
const BATCH: usize = 256;

/// How often tasks that nobody here can do are reported.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// Runs rounds until `shutdown`.
pub async fn run(
    store: Arc<dyn TaskStore>,
    registry: Arc<Registry>,
    settings: WorkerSettings,
    shutdown: CancellationToken,
) {
    // After the store was away, its clock has gone on and the leases have not: workers get the time for two beats to renew
    // theirs before anybody takes them for dead.
    let mut spare_leases_until = None::<Instant>;
    let mut reported = None::<Instant>;
    loop {
        let began = Instant::now();
        let leases =
            if spare_leases_until.is_none_or(|at| began >= at) { Leases::End } else { Leases::Spare };
        if let Err(error) = round(&*store, &registry, leases).await {
            tracing::warn!(error = %error, "the reaper could not finish its round; it will try again");
            spare_leases_until = Some(Instant::now() + settings.reap_interval + 2 * settings.beat);
        } else if reported.is_none_or(|at| at.elapsed() >= REPORT_INTERVAL) {
            reported = Some(began);
            report_unknown(&*store, &registry).await;
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(settings.reap_interval) => {}
        }
    }
}

/// What to do about leases that have run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leases {
    /// Their tasks go back to the queue.
    End,
    /// Nothing yet.
    Spare,
}

/// Gives the tasks of a process that is gone back to the queue at once, without waiting for their leases. To be called before
/// the worker starts, so that they keep their place before those that waited behind them. Does nothing on a store that
/// other processes may have open.
///
/// # Errors
/// [`StoreError`] if the store does not answer; the leases that remain end by themselves.
pub async fn take_back_orphans(store: &dyn TaskStore, registry: &Registry) -> Result<(), StoreError> {
    while store.is_exclusive() {
        let orphans = store.listed(DueIndex::Lease, BATCH).await?;
        for id in &orphans {
            settle(store, registry, id, &Event::HolderGone).await?;
        }
        if orphans.len() < BATCH {
            break;
        }
    }
    Ok(())
}

/// Puts delayed tasks whose time has come into the queue.
///
/// # Errors
/// [`StoreError`] if the store does not answer; what was done stays done.
pub async fn release_delayed(store: &dyn TaskStore) -> Result<(), StoreError> {
    for id in store.due(DueIndex::Delayed, BATCH).await? {
        match apply(store, &id, &Event::Due).await {
            Err(ApplyError::Store(error)) => return Err(error),
            // Refused: another worker was quicker.
            Ok(_) | Err(ApplyError::Refused(_) | ApplyError::Unknown(_) | ApplyError::Busy) => {}
        }
    }
    Ok(())
}

/// One round over all lists.
///
/// # Errors
/// [`StoreError`] if the store does not answer; what was done stays done.
pub async fn round(store: &dyn TaskStore, registry: &Registry, leases: Leases) -> Result<(), StoreError> {
    for id in store.due(DueIndex::Deadline, BATCH).await? {
        settle(store, registry, &id, &Event::Deadline).await?;
    }
    if leases == Leases::End {
        for id in store.due(DueIndex::Lease, BATCH).await? {
            settle(store, registry, &id, &Event::LeaseLost).await?;
        }
    }
    for id in store.due(DueIndex::Purge, BATCH).await? {
        purge(store, registry, &id).await?;
    }
    Ok(())
}

/// Says which tasks wait for a worker that knows their kind and version. They are not lost: a worker that knows them takes
/// them, until their deadline.
async fn report_unknown(store: &dyn TaskStore, registry: &Registry) {
    let Ok(stats) = store.stats().await else { return };
    let known = registry.lanes();
    for lane in stats.lanes.iter().filter(|stats| !known.contains(&stats.lane)) {
        tracing::warn!(
            task.kind = lane.lane.kind,
            payload.version = lane.lane.version,
            waiting = lane.waiting,
            oldest_seconds = stats.now.since(lane.oldest).as_secs(),
            "tasks wait for a worker that knows their kind and version; this one does not"
        );
    }
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
            if matches!(event, Event::LeaseLost | Event::HolderGone) {
                metrics::counter!("longshore_leases_lost_total", "kind" => task.slot.kind.clone())
                    .increment(1);
            }
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
        store.commit(&[Change::Remove(&task)], Limits::NONE).await?;
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
