//! How long after the call of `register` a task's job begins to run, while nothing else waits for a worker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use longshore_protocol::TenantId;
use longshore_tasks::{Limits, Registered, TaskStore, WorkerSettings, register};
use rand::Rng;
use tokio::sync::mpsc;

use crate::entities::{empty, owner};
use crate::job::EmptyWorker;
use crate::samples::Samples;

/// Pauses between two registrations, so that they come at any moment of a worker's rest.
const PAUSE_MS: std::ops::Range<u64> = 5..40;
/// First samples that do not count: connections and scripts are new.
const WARM_UP: usize = 10;
/// A task that has not begun by then is lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// Registers tasks one by one through `registrar` and has them run by one worker on `workers`. Where the two are different
/// connections, the worker hears of a task by way of the store alone.
///
/// # Errors
/// If the store does not answer, or a task does not begin.
pub async fn measure(
    registrar: &dyn TaskStore,
    workers: Arc<dyn TaskStore>,
    count: usize,
    limits: Limits,
) -> anyhow::Result<Samples> {
    let (began, mut begun) = mpsc::unbounded_channel();
    let settings = WorkerSettings { limits, ..WorkerSettings::named("bench-start") };
    let worker = EmptyWorker::start(workers, settings, began);
    let mut samples = Samples::default();
    for number in 0..count + WARM_UP {
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(PAUSE_MS))).await;
        let new = empty(
            TenantId::parse("starters").context("a tenant's id")?,
            owner(&format!("starter-{:08x}", rand::random::<u32>()), number as u64)?,
        );
        let called = Instant::now();
        let registered = register(registrar, &new).await?;
        let Registered::New(task) = registered else { anyhow::bail!("the slot was not free") };
        let (id, at) = tokio::time::timeout(PATIENCE, begun.recv())
            .await
            .context("a task did not begin")?
            .context("the worker has ended")?;
        ensure!(id == task.id, "another task began than the one that was registered");
        if number >= WARM_UP {
            samples.push(at.duration_since(called));
        }
    }
    worker.stop().await;
    Ok(samples)
}
