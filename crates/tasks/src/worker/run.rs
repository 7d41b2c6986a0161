//! One claimed task: run the job, keep the lease, carry stop orders in and the end out.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use longshore_protocol::FailureCode;
use rand::RngCore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::WorkerSettings;
use super::claim::Claimed;
use crate::apply::{ApplyError, apply};
use crate::entity::{Failure, Progress, State};
use crate::job::{JobError, Runs, StopReason, TaskContext};
use crate::store::TaskStore;
use crate::transition::{Event, Outcome};

/// Pause between tries to tell the store the end while it does not answer.
const FINISH_RETRY: Duration = Duration::from_millis(500);

type JobResult = Result<serde_json::Value, JobError>;

/// Runs a claimed task to its end. The job's future runs as a task of its own, so that a beat never waits
/// for it.
pub(super) async fn run_claimed(
    store: Arc<dyn TaskStore>,
    claimed: Claimed,
    settings: &WorkerSettings,
    shutdown: &CancellationToken,
) {
    let Claimed { job, context } = claimed;
    let started = Instant::now();
    let work = tokio::spawn({
        let (job, context) = (Arc::clone(&job), context.clone());
        async move {
            let payload = context.task().payload.clone();
            AssertUnwindSafe(job.run(&payload, &context))
                .catch_unwind()
                .await
                .unwrap_or_else(|panic| Err(panicked(&*panic)))
        }
    });
    let result = keep_until_done(&*store, &context, settings, shutdown, work).await;
    let task = context.task();
    tracing::info!(
        task.id = %task.id, task.kind = %task.slot.kind, attempt = context.token().epoch,
        duration_ms = started.elapsed().as_millis() as u64, stopped = ?context.stop_reason(), ok = result.is_ok(),
        "run ended"
    );
    let ended = match closing_event(&context, result) {
        Some(event) => tell_end(&*store, &context, &event, settings.lease).await,
        None => None,
    };
    let leftovers = match ended {
        Some(State::Succeeded) => return,
        Some(state) if state.is_final() => Runs::All,
        // Given back, or no longer this worker's: another run may be writing already.
        _ => Runs::Only(context.token()),
    };
    if let Err(error) = job.discard(task, leftovers).await {
        tracing::warn!(task.id = %task.id, error = %error, "could not remove what the run left behind");
    }
}

/// Beats until the job has ended, and passes stop orders on to it.
async fn keep_until_done(
    store: &dyn TaskStore,
    context: &TaskContext,
    settings: &WorkerSettings,
    shutdown: &CancellationToken,
    mut work: tokio::task::JoinHandle<JobResult>,
) -> JobResult {
    let mut told = Progress::default();
    let mut last_beat = Instant::now();
    let mut ticks = tokio::time::interval(settings.progress_beat.min(settings.beat));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = &mut work => {
                return ended.unwrap_or_else(|error| Err(internal(format!("the run was aborted: {error}"))));
            }
            () = shutdown.cancelled(), if context.stop_reason().is_none() => {
                context.tell_to_stop(StopReason::Shutdown);
            }
            _ = ticks.tick() => {
                let progress = context.progress();
                if progress == told && last_beat.elapsed() < settings.beat {
                    continue;
                }
                let beat = Event::Beat { token: context.token(), progress, lease: settings.lease };
                match apply(store, &context.task().id, &beat).await {
                    Ok(task) => {
                        told = progress;
                        last_beat = Instant::now();
                        if task.cancel_requested {
                            context.tell_to_stop(StopReason::Cancelled);
                        }
                    }
                    Err(ApplyError::Refused(_) | ApplyError::Unknown(_)) => context.tell_to_stop(StopReason::Lost),
                    Err(error) => {
                        tracing::warn!(task.id = %context.task().id, error = %error, "a beat did not reach the store");
                        // Past this, another worker may have the task by rights.
                        if last_beat.elapsed() >= settings.lease {
                            context.tell_to_stop(StopReason::Lost);
                        }
                    }
                }
            }
        }
    }
}

/// What to tell the store about a run that has ended; nothing where the task is no longer this worker's.
fn closing_event(context: &TaskContext, result: JobResult) -> Option<Event> {
    let token = context.token();
    match (context.stop_reason(), result) {
        (Some(StopReason::Lost), _) => None,
        (_, Ok(value)) => Some(Event::Finish { token, outcome: Outcome::Succeeded(value) }),
        (Some(StopReason::Cancelled), Err(_)) => Some(Event::Finish { token, outcome: Outcome::Cancelled }),
        (Some(StopReason::Shutdown), Err(_)) => Some(Event::Release { token }),
        (None, Err(error)) => {
            let reference = format!("{:04X}", rand::rng().next_u32() & 0xFFFF);
            tracing::error!(
                task.id = %context.task().id, reference, code = ?error.code, detail = error.detail,
                cause = %chain(&*error.cause), "task failed"
            );
            let failure = Failure { code: error.code, detail: error.detail, reference };
            Some(Event::Finish { token, outcome: Outcome::Failed(failure) })
        }
    }
}

/// Tells the store, again and again while it does not answer, as long as the lease can have lasted.
async fn tell_end(
    store: &dyn TaskStore,
    context: &TaskContext,
    event: &Event,
    lease: Duration,
) -> Option<State> {
    let give_up = Instant::now() + lease;
    loop {
        match apply(store, &context.task().id, event).await {
            Ok(task) => return Some(task.state),
            Err(error) if error.is_retryable() && Instant::now() < give_up => {
                tracing::warn!(task.id = %context.task().id, error = %error, "the end did not reach the store; trying again");
                tokio::time::sleep(FINISH_RETRY).await;
            }
            Err(error) => {
                tracing::warn!(task.id = %context.task().id, error = %error, "the end was refused; the run does not count");
                return None;
            }
        }
    }
}

fn internal(cause: String) -> JobError {
    JobError { code: FailureCode::Internal, detail: None, cause: cause.into() }
}

fn panicked(panic: &(dyn Any + Send)) -> JobError {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    internal(format!("the job panicked: {}", said.unwrap_or("without a message")))
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
