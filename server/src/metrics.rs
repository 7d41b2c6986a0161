//! `/metrics` for Prometheus and `/health`, on an address of their own.
//!
//! Counters and histograms are recorded where things happen (`longshore_tasks::worker`, `::reaper`); how many tasks stand where
//! is asked of the store when the page is fetched, so every process tells the same.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use longshore_tasks::TaskStore;
use longshore_tasks::store::Stats;
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds in seconds: from a statistics part to an export near its deadline.
const RUN_SECONDS: &[f64] = &[0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1_800.0];
/// Upper bounds in seconds of the wait for a worker.
const WAIT_SECONDS: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 1_800.0];
/// The text format that Prometheus reads (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Begins recording. Once a process.
///
/// # Errors
/// If something records already.
pub fn record() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("longshore_task_run_seconds".to_owned()), RUN_SECONDS)
        .and_then(|builder| {
            builder
                .set_buckets_for_metric(Matcher::Full("longshore_task_wait_seconds".to_owned()), WAIT_SECONDS)
        })
        .and_then(PrometheusBuilder::install_recorder)
        .context("can't record metrics")?;
    describe_counter!("longshore_task_runs_total", "Runs that ended in this process, by kind and outcome");
    describe_counter!("longshore_task_retries_total", "Failed runs that are tried again, by kind");
    describe_counter!("longshore_leases_lost_total", "Leases that ran out or whose holder was gone, by kind");
    describe_histogram!("longshore_task_run_seconds", "How long runs took, by kind and outcome");
    describe_histogram!("longshore_task_wait_seconds", "How long tasks waited for a worker, by kind");
    describe_gauge!("longshore_store_up", "Whether the task store answers");
    describe_gauge!("longshore_tasks_waiting", "Tasks that wait for a worker, by kind and payload version");
    describe_gauge!(
        "longshore_oldest_waiting_seconds",
        "Age of the task that has waited longest, by kind and version"
    );
    describe_gauge!("longshore_tasks_running", "Tasks that run, by kind");
    describe_gauge!("longshore_tasks_delayed", "Tasks that wait for their time, retries included");
    describe_gauge!("longshore_tasks_dead", "Tasks that were given up after crashes or failed attempts");
    describe_gauge!("longshore_tasks_live", "Tasks that wait, run, or have ended and were not seen yet");
    Ok(handle)
}

/// The two pages.
pub fn router(handle: PrometheusHandle, store: Arc<dyn TaskStore>) -> Router {
    Router::new().route("/metrics", get(metrics)).route("/health", get(health)).with_state(Observed {
        handle,
        store,
        shown: Arc::default(),
    })
}

#[derive(Clone)]
struct Observed {
    handle: PrometheusHandle,
    store: Arc<dyn TaskStore>,
    /// The lanes and kinds told last: those that are empty now are told as 0.
    shown: Arc<std::sync::Mutex<Stats>>,
}

async fn metrics(State(observed): State<Observed>) -> Response {
    match observed.store.stats().await {
        Ok(stats) => {
            gauge!("longshore_store_up").set(1.0);
            let mut shown = observed.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            tell(&shown, &stats);
            *shown = stats;
        }
        Err(error) => {
            tracing::warn!(error = %error, "metrics: the task store does not answer");
            gauge!("longshore_store_up").set(0.0);
        }
    }
    ([(CONTENT_TYPE, TEXT_FORMAT)], observed.handle.render()).into_response()
}

fn tell(shown: &Stats, stats: &Stats) {
    let lane_gauge = |name: &'static str, lane: &longshore_tasks::Lane| gauge!(name, "kind" => lane.kind.clone(), "version" => lane.version.to_string());
    for lane in &shown.lanes {
        lane_gauge("longshore_tasks_waiting", &lane.lane).set(0.0);
        lane_gauge("longshore_oldest_waiting_seconds", &lane.lane).set(0.0);
    }
    for lane in &stats.lanes {
        lane_gauge("longshore_tasks_waiting", &lane.lane).set(lane.waiting as f64);
        lane_gauge("longshore_oldest_waiting_seconds", &lane.lane)
            .set(stats.now.since(lane.oldest).as_secs_f64());
    }
    for kind in shown.running.keys() {
        gauge!("longshore_tasks_running", "kind" => kind.clone()).set(0.0);
    }
    for (kind, count) in &stats.running {
        gauge!("longshore_tasks_running", "kind" => kind.clone()).set(*count as f64);
    }
    gauge!("longshore_tasks_delayed").set(stats.delayed as f64);
    gauge!("longshore_tasks_dead").set(stats.dead as f64);
    gauge!("longshore_tasks_live").set(stats.live as f64);
}

async fn health(State(observed): State<Observed>) -> (StatusCode, &'static str) {
    match observed.store.now().await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the task store does not answer\n"),
    }
}
