//! Many tasks in a short time, by the store's own commits.

use std::sync::Arc;

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt};
use longshore_tasks::store::{Change, Committed};
use longshore_tasks::{Limits, Task, TaskStore};

/// Tasks created in one commit.
const BATCH: u64 = 50;
/// Commits under way at the same time.
const IN_FLIGHT: usize = 8;

/// Creates the tasks that `make` makes of the numbers below `count`.
///
/// # Errors
/// If a task can't be made or stored.
pub async fn fill<F>(store: &Arc<dyn TaskStore>, count: u64, make: F) -> anyhow::Result<()>
where
    F: Fn(u64) -> anyhow::Result<Task> + Send + Sync + 'static,
{
    let make = Arc::new(make);
    let starts = (0..count).step_by(BATCH as usize);
    futures::stream::iter(starts)
        .map(|start| {
            let (store, make) = (Arc::clone(store), Arc::clone(&make));
            // A task of its own, so that the entities are written on all cores.
            tokio::spawn(async move {
                let tasks = (start..count.min(start + BATCH))
                    .map(|number| make(number))
                    .collect::<anyhow::Result<Vec<_>>>()?;
                create(&*store, &tasks).await
            })
        })
        .buffer_unordered(IN_FLIGHT)
        .map(|joined| joined.context("a filling task")?)
        .try_collect::<()>()
        .await
}

/// Creates these tasks in one commit.
///
/// # Errors
/// If they can't be stored.
pub async fn create(store: &dyn TaskStore, tasks: &[Task]) -> anyhow::Result<()> {
    let changes: Vec<_> = tasks.iter().map(Change::Create).collect();
    let committed = store.commit(&changes, Limits::NONE).await?;
    ensure!(committed == Committed::Done, "tasks could not be created: {committed:?}");
    Ok(())
}
