//! The embedded store: one process, one file, durable at every commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt};
use longshore_protocol::TaskId;
use longshore_tasks::store::EmbeddedStore;
use longshore_tasks::{Limits, Registered, TaskStore, WorkerSettings, register};
use tokio::sync::mpsc;

use crate::entities::{empty, owner, tenant};
use crate::job::EmptyWorker;
use crate::load::CONNECTIONS;
use crate::plan::Plan;
use crate::samples::Samples;
use crate::start;
use crate::table::{Row, Table, rate};

const STORE: &str = "embedded";
/// Registrations under way at the same time.
const REGISTRATIONS: usize = 8;
/// Tasks that the worker runs side by side.
const CONCURRENCY: usize = 4;
/// How often the store is asked whether all is done.
const LOOK: Duration = Duration::from_millis(20);

/// Measures all that makes sense without Redis.
///
/// # Errors
/// If the store can't be written.
pub async fn measure(plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn TaskStore> = Arc::new(EmbeddedStore::open(&folder.path().join("tasks.redb"))?);

    let samples = start::measure(&*store, Arc::clone(&store), plan.start_samples, Limits::default()).await?;
    table.push(Row {
        what: "register to start, idle".to_owned(),
        store: STORE,
        figure: format!("{} tasks", samples.len()),
        took: samples.percentiles(),
        ..Row::default()
    });

    let (took, id) = run_all(&store, plan.embedded_tasks).await?;
    table.push(Row {
        what: "register to finish, 1 worker".to_owned(),
        store: STORE,
        figure: rate(plan.embedded_tasks, took),
        note: format!("{REGISTRATIONS} registrations side by side, 3 durable commits a task"),
        ..Row::default()
    });

    let samples = load_often(&store, &id, plan.poll_for).await?;
    table.push(Row {
        what: format!("task loaded, {CONNECTIONS} side by side"),
        store: STORE,
        figure: rate(samples.len() as u64, plan.poll_for),
        took: samples.percentiles(),
        note: "without HTTP".to_owned(),
    });
    Ok(())
}

/// Registers tasks while a worker runs them; gives the time until all have ended, and one of them.
async fn run_all(store: &Arc<dyn TaskStore>, count: u64) -> anyhow::Result<(Duration, TaskId)> {
    let (tell, _begun) = mpsc::unbounded_channel();
    let settings = WorkerSettings { concurrency: CONCURRENCY, ..WorkerSettings::named("bench-embedded") };
    let worker = EmptyWorker::start(Arc::clone(store), settings, tell);
    let began = Instant::now();
    let ids: Vec<TaskId> = futures::stream::iter(0..count)
        .map(|number| register_one(store, number))
        .buffer_unordered(REGISTRATIONS)
        .try_collect()
        .await?;
    loop {
        let stats = store.stats().await?;
        if stats.lanes.is_empty() && stats.running.is_empty() {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    let took = began.elapsed();
    worker.stop().await;
    Ok((took, ids.into_iter().next().context("there were no tasks")?))
}

async fn register_one(store: &Arc<dyn TaskStore>, number: u64) -> anyhow::Result<TaskId> {
    let new = empty(tenant("tenant", number % 10)?, owner("owner", number)?);
    let registered = register(&**store, &new).await?;
    ensure!(matches!(registered, Registered::New(_)), "the slot was not free");
    Ok(registered.task().id.clone())
}

async fn load_often(store: &Arc<dyn TaskStore>, id: &TaskId, load_for: Duration) -> anyhow::Result<Samples> {
    let until = Instant::now() + load_for;
    let loading = (0..CONNECTIONS).map(|_| {
        let (store, id) = (Arc::clone(store), id.clone());
        tokio::spawn(async move {
            let mut samples = Samples::default();
            while Instant::now() < until {
                let asked = Instant::now();
                let loaded = store.load(&id).await?;
                ensure!(loaded.task.is_some(), "the task is gone");
                samples.push(asked.elapsed());
            }
            anyhow::Ok(samples)
        })
    });
    let mut samples = Samples::default();
    for loaded in futures::future::try_join_all(loading).await? {
        samples.extend(loaded?);
    }
    Ok(samples)
}
