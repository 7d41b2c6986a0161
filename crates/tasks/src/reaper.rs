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

/// Tasks of a list handled between two looks at it.
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
pub async fn release_delayed(store: &dyn TaskStore, registry: &Registry) -> Result<(), StoreError> {
    for_each_due(store, registry, DueIndex::Delayed, Some(Event::Due)).await
}

/// One round over all lists.
///
/// # Errors
/// [`StoreError`] if the store does not answer; what was done stays done.
pub async fn round(store: &dyn TaskStore, registry: &Registry, leases: Leases) -> Result<(), StoreError> {
    for_each_due(store, registry, DueIndex::Deadline, Some(Event::Deadline)).await?;
    if leases == Leases::End {
        for_each_due(store, registry, DueIndex::Lease, Some(Event::LeaseLost)).await?;
    }
    for_each_due(store, registry, DueIndex::Purge, None).await
}

/// Applies an event to everything that is due, or purges it, some at a time.
async fn for_each_due(
    store: &dyn TaskStore,
    registry: &Registry,
    index: DueIndex,
    event: Option<Event>,
) -> Result<(), StoreError> {
    // What stays, for instance a record whose kind only another process knows, must not stand in the way of what is behind it.
    let mut staying = 0;
    loop {
        let wanted = staying + BATCH;
        let due = store.due(index, wanted).await?;
        for id in due.iter().skip(staying) {
            let is_done = match &event {
                Some(event) => settle(store, registry, id, event).await?,
                None => purge(store, registry, id).await?,
            };
            staying += usize::from(!is_done);
        }
        if due.len() < wanted {
            return Ok(());
        }
    }
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

/// Applies one event. Gives whether it applied; a refusal means that somebody else was quicker.
async fn settle(
    store: &dyn TaskStore,
    registry: &Registry,
    id: &TaskId,
    event: &Event,
) -> Result<bool, StoreError> {
    match apply(store, id, event).await {
        Ok(task) => {
            if matches!(event, Event::LeaseLost | Event::HolderGone) {
                metrics::counter!("longshore_leases_lost_total", "kind" => task.slot.kind.clone())
                    .increment(1);
            }
            if task.state.is_final() && task.state != State::Succeeded {
                discard(registry, &task).await;
            }
            Ok(true)
        }
        Err(ApplyError::Store(error)) => Err(error),
        Err(ApplyError::Refused(_) | ApplyError::Unknown(_) | ApplyError::Busy) => Ok(false),
    }
}

/// Removes what a task made, and then its record: never a record whose files still lie about.
/// Gives whether it is off the list.
async fn purge(store: &dyn TaskStore, registry: &Registry, id: &TaskId) -> Result<bool, StoreError> {
    let loaded = store.load(id).await?;
    let Some(task) = loaded.task else { return Ok(true) };
    if !task.state.is_final() || loaded.now < task.kept_until() {
        return Ok(true);
    }
    if !discard(registry, &task).await {
        return Ok(false);
    }
    store.commit(&[Change::Remove(&task)], Limits::NONE).await?;
    tracing::info!(task.id = %task.id, "record removed at the end of its retention");
    Ok(true)
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
