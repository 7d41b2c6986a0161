//! How fast workers empty a queue of empty jobs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::{StreamExt, TryStreamExt};
use longshore_tasks::store::RedisStore;
use longshore_tasks::{Registered, TaskStore, WorkerSettings, register};
use tokio::sync::mpsc;

use crate::entities::{empty, owner, tenant};
use crate::job::EmptyWorker;
use crate::redis_server::RedisServer;

/// Tenants that the tasks belong to.
const TENANTS: u64 = 10;
/// Registrations under way at the same time.
const REGISTRATIONS: usize = 64;
/// Tasks that each worker runs side by side.
const CONCURRENCY: usize = 4;
/// How often the queue is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What came out.
pub struct Throughput {
    /// How long the registrations took.
    pub registering: Duration,
    /// How long the workers took.
    pub working: Duration,
    /// Scripts that Redis ran for one task, from the claim to the end.
    pub scripts_per_task: f64,
    /// Time that Redis spent on them.
    pub script_time_per_task: Duration,
}

/// Registers `count` tasks, starts `workers` workers with a connection of their own each, and waits until the queue is empty
/// and nothing runs.
///
/// # Errors
/// If the store does not answer.
pub async fn measure(redis: &RedisServer, count: u64, workers: usize) -> anyhow::Result<Throughput> {
    redis.clear().await?;
    let store: Arc<dyn TaskStore> = Arc::new(redis.store().await?);
    let began = Instant::now();
    futures::stream::iter(0..count)
        .map(|number| register_one(Arc::clone(&store), number))
        .buffer_unordered(REGISTRATIONS)
        .try_collect::<()>()
        .await?;
    let registering = began.elapsed();

    let stores: Vec<RedisStore> = futures::future::try_join_all((0..workers).map(|_| redis.store())).await?;
    let (tell, mut begun) = mpsc::unbounded_channel();
    let before = redis.scripts().await?;
    let began = Instant::now();
    let workers: Vec<EmptyWorker> = stores
        .into_iter()
        .enumerate()
        .map(|(number, store)| {
            let settings = WorkerSettings {
                concurrency: CONCURRENCY,
                ..WorkerSettings::named(format!("bench-{number}"))
            };
            EmptyWorker::start(Arc::new(store), settings, tell.clone())
        })
        .collect();
    let mut looks = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        looks += 1;
        let stats = store.stats().await?;
        if stats.lanes.is_empty() && stats.running.is_empty() {
            break;
        }
    }
    let working = began.elapsed();
    let after = redis.scripts().await?;
    for worker in workers {
        worker.stop().await;
    }
    let mut runs = 0;
    while begun.try_recv().is_ok() {
        runs += 1;
    }
    ensure!(runs == count, "{runs} runs of {count} tasks");
    let scripts = after.calls.saturating_sub(before.calls).saturating_sub(looks);
    Ok(Throughput {
        registering,
        working,
        scripts_per_task: scripts as f64 / count as f64,
        script_time_per_task: after.time.saturating_sub(before.time).div_f64(count as f64),
    })
}

async fn register_one(store: Arc<dyn TaskStore>, number: u64) -> anyhow::Result<()> {
    let new = empty(tenant("tenant", number % TENANTS)?, owner("owner", number)?);
    let registered = register(&*store, &new).await?;
    ensure!(matches!(registered, Registered::New(_)), "the slot was not free");
    Ok(())
}
