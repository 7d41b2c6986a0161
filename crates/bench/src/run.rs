//! The whole measurement, part by part.

use std::sync::Arc;

use longshore_tasks::Limits;

use crate::plan::{Plan, RunArgs};
use crate::polls::Site;
use crate::redis_server::RedisServer;
use crate::table::{Row, Table, grouped, rate};
use crate::{embedded, memory, start, throughput};

/// Measures what the arguments ask for and prints the table.
///
/// # Errors
/// If something does not work; then there is no table.
pub async fn run(args: RunArgs) -> anyhow::Result<()> {
    let (plan, mut table) = (args.plan(), Table::default());
    let redis = RedisServer::connect(&args.redis).await?;
    if args.wants("start") {
        redis.clear().await?;
        start_row(&redis, &plan, "idle", Limits::default(), &mut table).await?;
    }
    if args.wants("throughput") {
        for workers in [1, 8] {
            throughput_rows(&redis, &plan, workers, &mut table).await?;
        }
    }
    if args.wants("polls") || args.wants("filled") {
        redis.clear().await?;
        let site = Site::prepare(&args, &redis).await?;
        if args.wants("polls") {
            site.measure(&redis, &plan, "few tasks", true, &mut table).await?;
        }
        if args.wants("filled") {
            filled_rows(&redis, &plan, &site, &mut table).await?;
        }
    }
    redis.clear().await?;
    if args.wants("embedded") {
        embedded::measure(&plan, &mut table).await?;
    }
    print!("\n{table}");
    Ok(())
}

async fn filled_rows(redis: &RedisServer, plan: &Plan, site: &Site, table: &mut Table) -> anyhow::Result<()> {
    memory::add_queued(redis, &site.pattern, plan.queued, table).await?;
    let queued = format!("{} queued", grouped(plan.queued as f64));
    start_row(redis, plan, &queued, memory::limits(), table).await?;
    site.measure(redis, plan, &queued, false, table).await?;
    memory::add_finished(redis, &site.pattern, plan.finished, table).await?;
    let both = format!("{queued} and {} finished", grouped(plan.finished as f64));
    start_row(redis, plan, &both, memory::limits(), table).await?;
    site.measure(redis, plan, &both, false, table).await
}

async fn start_row(
    redis: &RedisServer,
    plan: &Plan,
    situation: &str,
    limits: Limits,
    table: &mut Table,
) -> anyhow::Result<()> {
    let (registrar, workers) = (redis.store().await?, Arc::new(redis.store().await?));
    let samples = start::measure(&registrar, workers, plan.start_samples, limits).await?;
    table.push(Row {
        what: format!("register to start, {situation}"),
        store: "Redis",
        figure: format!("{} tasks", samples.len()),
        took: samples.percentiles(),
        note: "from the call of register on one connection to the job's first line on another".to_owned(),
    });
    Ok(())
}

async fn throughput_rows(
    redis: &RedisServer,
    plan: &Plan,
    workers: usize,
    table: &mut Table,
) -> anyhow::Result<()> {
    let count = plan.throughput_tasks;
    let made = throughput::measure(redis, count, workers).await?;
    let by = if workers == 1 { "1 worker".to_owned() } else { format!("{workers} workers") };
    table.push(Row {
        what: format!("registrations, before {by} began"),
        store: "Redis",
        figure: rate(count, made.registering),
        note: "64 side by side on one connection".to_owned(),
        ..Row::default()
    });
    table.push(Row {
        what: format!("transitions (claim and finish), {by}"),
        store: "Redis",
        figure: rate(2 * count, made.working),
        note: format!(
            "{} empty tasks of 10 tenants, ended at {}; {:.2} scripts and {} µs of Redis a task",
            grouped(count as f64),
            rate(count, made.working),
            made.scripts_per_task,
            made.script_time_per_task.as_micros()
        ),
        ..Row::default()
    });
    Ok(())
}
