//! What many tasks cost in Redis, and the tasks themselves, which stay for what is measured next.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use longshore_protocol::TenantId;
use longshore_tasks::{Job, Limits, Task, TaskStore};

use crate::entities::{FUTURE_VERSION, archived_like, owner, queued_like, running_like, tenant};
use crate::fill::fill;
use crate::job::EmptyJob;
use crate::polls::{SESSION_TENANT, long_ago};
use crate::redis_server::RedisServer;
use crate::table::{Row, Table, grouped, rate};

/// Tenants beside the one of the session.
const TENANTS: u64 = 10;
/// Finished tasks of one owner.
const TASKS_PER_OWNER: u64 = 50;

/// The limit under which the tenants of the waiting empty jobs have no place free.
pub fn limits() -> Limits {
    Limits { per_tenant: Some(1), ..Limits::default() }
}

/// Adds waiting tasks: half of them exports that no worker knows, in the lane and partly in the tenant of the polled task;
/// half of them empty jobs of tenants that may not run more, in the lane of the tasks that are to start.
///
/// # Errors
/// If the store does not answer.
pub async fn add_queued(
    redis: &RedisServer,
    pattern: &Task,
    count: u64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let store: Arc<dyn TaskStore> = Arc::new(redis.store().await?);
    let at = long_ago(store.now().await?);
    let mut export = pattern.clone();
    export.payload.version = FUTURE_VERSION;
    let mut empty = pattern.clone();
    (empty.slot.kind, empty.payload.version) = (EmptyJob::KIND.to_owned(), EmptyJob::VERSION);
    let full = {
        let empty = empty.clone();
        move |number| Ok(running_like(&empty, tenant("full", number)?, owner("full", number)?, at))
    };
    fill(&store, TENANTS, full).await?;
    let of = Filling { what: "queued", count };
    of.measure(redis, &store, table, move |number| {
        let turn = number / 2 % TENANTS;
        let owner = owner("waiting", number)?;
        Ok(match number % 2 {
            0 if turn == 0 => {
                queued_like(&export, TenantId::parse(SESSION_TENANT).context("a tenant's id")?, owner, at)
            }
            0 => queued_like(&export, tenant("other", turn)?, owner, at),
            _ => queued_like(&empty, tenant("full", turn)?, owner, at),
        })
    })
    .await
}

/// Adds finished tasks to the archive.
///
/// # Errors
/// If the store does not answer.
pub async fn add_finished(
    redis: &RedisServer,
    pattern: &Task,
    count: u64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let store: Arc<dyn TaskStore> = Arc::new(redis.store().await?);
    let at = store.now().await?;
    let pattern = pattern.clone();
    let of = Filling { what: "finished", count };
    of.measure(redis, &store, table, move |number| {
        let person = number / TASKS_PER_OWNER;
        Ok(archived_like(&pattern, tenant("tenant", person % TENANTS)?, owner("person", person)?, at))
    })
    .await
}

struct Filling {
    what: &'static str,
    count: u64,
}

impl Filling {
    async fn measure<F>(
        self,
        redis: &RedisServer,
        store: &Arc<dyn TaskStore>,
        table: &mut Table,
        make: F,
    ) -> anyhow::Result<()>
    where
        F: Fn(u64) -> anyhow::Result<Task> + Send + Sync + 'static,
    {
        let first = make(0)?;
        let (before, began) = (redis.used_memory().await?, Instant::now());
        fill(store, self.count, make).await?;
        let took = began.elapsed();
        redis.settle().await?;
        let bytes = redis.used_memory().await?.saturating_sub(before) as f64 / self.count as f64;
        let entity = serde_json::to_string(&first)?.len();
        table.push(Row {
            what: format!("memory of a {} task", self.what),
            store: "Redis",
            figure: format!("{} bytes", grouped(bytes)),
            note: format!(
                "of which the entity {entity} as JSON; {} tasks, created at {}",
                grouped(self.count as f64),
                rate(self.count, took)
            ),
            ..Row::default()
        });
        Ok(())
    }
}
