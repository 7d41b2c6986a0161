//! One claimed task: run the job, keep the lease, carry stop orders in and the end out.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use rand::{Rng, RngCore};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::WorkerSettings;
use super::claim::Claimed;
use crate::apply::{ApplyError, apply};
use crate::context::{StopReason, TaskContext};
use crate::entity::{Failure, Progress, State, Task, Token};
use crate::event::{Event, Outcome};
use crate::job::{Done, JobError, Runs};
use crate::json::Json;
use crate::registry::AnyJob;
use crate::store::TaskStore;

/// Pause between tries to tell the store the end while it does not answer.
const FINISH_RETRY: Duration = Duration::from_millis(500);
/// The longest pause between two attempts of a task.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Each pause between attempts is so many times the last.
const RETRY_FACTOR: u32 = 4;

type JobResult = Result<Done<Json>, JobError>;

/// Runs a claimed task to its end. The job's future runs as a task of its own, so that a beat never waits
/// for it, nor it for a beat.
pub(super) async fn run_claimed(
    store: Arc<dyn TaskStore>,
    claimed: Claimed,
    settings: &WorkerSettings,
    shutdown: &CancellationToken,
) {
    let Claimed { job, context } = claimed;
    let started = Instant::now();
    let mut work = tokio::spawn({
        let (job, context) = (Arc::clone(&job), context.clone());
        async move {
            AssertUnwindSafe(job.run(&context))
                .catch_unwind()
                .await
                .unwrap_or_else(|panic| Err(panicked(&*panic)))
        }
    });
    let result = tokio::select! {
        biased;
        ended = &mut work => {
            ended.unwrap_or_else(|error| Err(JobError::internal(format!("the run was aborted: {error}"))))
        }
        never = keep_lease(&*store, &context, settings) => match never {},
        never = pass_on(&context, shutdown) => match never {},
    };
    let task = context.task();
    let event = closing_event(&context, result, settings);
    let ended = match &event {
        Some(event) => tell_end(&*store, &context, event).await,
        None => None,
    };
    let outcome = ended.as_ref().map_or("lost", |task| task.state.name());
    let seconds = started.elapsed().as_secs_f64();
    metrics::counter!("longshore_task_runs_total", "kind" => task.slot.kind.clone(), "outcome" => outcome)
        .increment(1);
    metrics::histogram!("longshore_task_run_seconds", "kind" => task.slot.kind.clone(), "outcome" => outcome)
        .record(seconds);
    tracing::info!(
        task.id = %task.id, task.kind = %task.slot.kind, attempt = context.token().epoch, outcome,
        duration_ms = started.elapsed().as_millis() as u64, stopped = ?context.stop_reason(), "run ended"
    );
    if let Err(error) = clean_up(&*store, &*job, &context, event, ended).await {
        tracing::warn!(task.id = %task.id, error = %error, "could not remove what the run left behind");
    }
}

/// Lets the job remove what nobody needs after a run: `ended` is the task as `event` has left it, unless that was refused or
/// did not reach the store.
async fn clean_up(
    store: &dyn TaskStore,
    job: &dyn AnyJob,
    context: &TaskContext,
    event: Option<Event>,
    ended: Option<Task>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    if ended.is_some() && matches!(event, Some(Event::Wait { .. })) {
        return Ok(());
    }
    let token = context.token();
    let is_told = ended.is_some();
    // Where the run was not the one that counts, the task may have ended without it and be cleaned up already: then nobody comes
    // after this run.
    let stands = match ended {
        Some(task) => Some(task),
        None => look_again(store, context).await,
    };
    match stands {
        Some(task) if task.state.is_final() => {
            let has_succeeded = task.state == State::Succeeded;
            // It may be this run that has succeeded, while only the answers were lost.
            let is_its_own = is_told || has_succeeded && task.epoch == token.epoch;
            if !is_its_own {
                job.discard(&task, Runs::Only(token)).await?;
            }
            if has_succeeded { job.settle(&task).await } else { job.discard(&task, Runs::All).await }
        }
        // The end may have been stored all the same, and what the run made may be the task's: it stays to the end of its retention.
        None if matches!(event, Some(Event::Finish { outcome: Outcome::Succeeded(_), .. })) => Ok(()),
        // Given back, or no longer this worker's: another run may be writing already.
        _ => job.discard(context.task(), Runs::Only(token)).await,
    }
}

/// Tells the run when this process shuts down.
async fn pass_on(context: &TaskContext, shutdown: &CancellationToken) -> Infallible {
    shutdown.cancelled().await;
    context.tell_to_stop(StopReason::Shutdown);
    std::future::pending().await
}

/// Beats, and passes stop orders on to the run. While the store does not answer the run goes on: nobody else can be told to
/// take over there either, and if the store is away for this worker alone, the fencing token keeps the two apart.
async fn keep_lease(store: &dyn TaskStore, context: &TaskContext, settings: &WorkerSettings) -> Infallible {
    let mut told = (Progress::default(), None);
    let mut last_beat = Instant::now();
    let mut ticks = tokio::time::interval(settings.progress_beat.min(settings.beat));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if Instant::now() >= context.deadline() {
            context.tell_to_stop(StopReason::Lost);
        }
        let news = (context.progress(), context.cursor());
        if news == told && last_beat.elapsed() < settings.beat {
            continue;
        }
        let (progress, cursor) = news.clone();
        let beat = Event::Beat { token: context.token(), progress, cursor, lease: settings.lease };
        match apply(store, &context.task().id, &beat).await {
            Ok(task) => {
                told = news;
                last_beat = Instant::now();
                if task.cancel_requested {
                    context.tell_to_stop(StopReason::Cancelled);
                }
            }
            Err(ApplyError::Refused(_) | ApplyError::Unknown(_)) => context.tell_to_stop(StopReason::Lost),
            Err(error) => {
                tracing::warn!(task.id = %context.task().id, error = %error, "a beat did not reach the store");
            }
        }
    }
}

/// What to tell the store about a run that has ended; nothing where the task is no longer this worker's.
fn closing_event(context: &TaskContext, result: JobResult, settings: &WorkerSettings) -> Option<Event> {
    let token = context.token();
    match (context.stop_reason(), result) {
        (Some(StopReason::Lost), _) => None,
        (_, Ok(Done::Finished(value))) => Some(Event::Finish { token, outcome: Outcome::Succeeded(value) }),
        (_, Ok(Done::AfterChildren)) => Some(Event::Wait { token, cursor: context.cursor() }),
        (Some(StopReason::Cancelled), Err(_)) => Some(Event::Finish { token, outcome: Outcome::Cancelled }),
        (Some(StopReason::Shutdown), Err(_)) => Some(Event::Release { token, cursor: context.cursor() }),
        (None, Err(error)) => {
            let reference = format!("{:04X}", rand::rng().next_u32() & 0xFFFF);
            let task = context.task();
            let retry_after = error.may_pass.then(|| retry_pause(settings.retry_pause, task.failed_runs));
            tracing::error!(
                task.id = %task.id, task.kind = %task.slot.kind, reference, code = ?error.code, detail = error.detail,
                retry_after_ms = retry_after.map(|pause| pause.as_millis() as u64),
                cause = %chain(&*error.cause), "run failed"
            );
            let failure = Failure { code: error.code, detail: error.detail, reference };
            Some(Event::Finish { token, outcome: Outcome::Failed { failure, retry_after } })
        }
    }
}

/// How long to wait after `failed_runs` earlier failures: exponential, and half to one and a half of it by chance, so
/// that tasks that failed together do not come back together.
fn retry_pause(first: Duration, failed_runs: u32) -> Duration {
    let pause = first.saturating_mul(RETRY_FACTOR.saturating_pow(failed_runs)).min(RETRY_PAUSE_MAX);
    pause.mul_f64(rand::rng().random_range(0.5..1.5))
}

/// Tells the store, again and again while it does not answer, until the task's deadline: the work is done, and is not to be
/// thrown away because the store is away for a minute.
async fn tell_end(store: &dyn TaskStore, context: &TaskContext, event: &Event) -> Option<Task> {
    loop {
        match apply(store, &context.task().id, event).await {
            Ok(task) => {
                if matches!(event, Event::Finish { outcome: Outcome::Failed { .. }, .. })
                    && !task.state.is_final()
                {
                    metrics::counter!("longshore_task_retries_total", "kind" => task.slot.kind.clone())
                        .increment(1);
                }
                return Some(task);
            }
            Err(error) if error.is_retryable() && Instant::now() < context.deadline() => {
                tracing::warn!(task.id = %context.task().id, error = %error, "the end did not reach the store; trying again");
                tokio::time::sleep(FINISH_RETRY).await;
            }
            Err(error) => {
                // If an earlier try took effect and only its answer was lost, what the run made is the task's, and must stay.
                let stands = look_again(store, context).await;
                if let Some(task) = stands.filter(|task| is_told(task, context.token(), event)) {
                    return Some(task);
                }
                tracing::warn!(task.id = %context.task().id, error = %error, "the end was refused; the run does not count");
                return None;
            }
        }
    }
}

/// The task as it stands; `None` where the store does not answer, or its record is gone.
async fn look_again(store: &dyn TaskStore, context: &TaskContext) -> Option<Task> {
    let loaded = store.load(&context.task().id).await;
    loaded.inspect_err(|error| tracing::warn!(error = %error, "could not look again")).ok()?.task
}

/// Whether the task is as `event` of the holder of `token` leaves it. Without another claim nobody else ends a task well,
/// or makes it wait.
fn is_told(task: &Task, token: Token, event: &Event) -> bool {
    let unclaimed = task.epoch == token.epoch && task.lease.is_none();
    unclaimed
        && match event {
            Event::Finish { outcome: Outcome::Succeeded(_), .. } => task.state == State::Succeeded,
            // It waits, or its children have ended since.
            Event::Wait { .. } => matches!(task.state, State::Waiting | State::Queued),
            _ => false,
        }
}

fn panicked(panic: &(dyn Any + Send)) -> JobError {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    JobError::internal(format!("the job panicked: {}", said.unwrap_or("without a message")))
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

#[cfg(test)]
mod tests {
    use longshore_protocol::{OwnerId, TaskId, TenantId};

    use super::*;
    use crate::store::{EmbeddedStore, TaskStore};
    use crate::{NewTask, register};

    #[tokio::test]
    async fn an_end_whose_answer_was_lost_is_recognised() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = EmbeddedStore::open(&folder.path().join("tasks.redb")).expect("opens");
        let new = NewTask {
            tenant: TenantId::parse("main").expect("valid"),
            slot: crate::entity::Slot {
                owner: OwnerId::parse("ann").expect("valid"),
                kind: "test".into(),
                subject: "orders".into(),
            },
            payload: crate::entity::Payload { version: 1, body: Default::default() },
            priority: Default::default(),
            delay: Duration::ZERO,
            attempts_max: 1,
            time_limit: Duration::from_secs(60),
            retention: Duration::from_secs(60),
            idempotency_key: None,
        };
        let id: TaskId = register(&store, &new).await.expect("registers").task().id.clone();
        let claim = Event::Claim { worker: "w".into(), nonce: 1, lease: Duration::from_secs(60) };
        let task = apply(&store, &id, &claim).await.expect("claims");
        let token = task.lease.as_ref().expect("runs").token;
        let store: Arc<dyn TaskStore> = Arc::new(store);
        let context = TaskContext::new(Arc::clone(&store), task, token, Duration::from_secs(60));
        let finished = Event::Finish { token, outcome: Outcome::Succeeded(serde_json::json!(1).into()) };
        let failed = Event::Finish { token, outcome: Outcome::Cancelled };
        let told = async |event| tell_end(&*store, &context, event).await.map(|task| task.state);
        assert_eq!(told(&finished).await, Some(State::Succeeded));
        assert_eq!(told(&finished).await, Some(State::Succeeded));
        apply(&*store, &id, &Event::Clear).await.expect("clears");
        assert_eq!(told(&finished).await, Some(State::Succeeded));
        assert_eq!(told(&failed).await, None);
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        for (failed_runs, expected) in [(0, 1.0), (1, 4.0), (2, 16.0), (3, 60.0), (40, 60.0)] {
            for _ in 0..100 {
                let pause = retry_pause(Duration::from_secs(1), failed_runs).as_secs_f64();
                assert!((expected * 0.5..expected * 1.5).contains(&pause), "{failed_runs}: {pause}");
            }
        }
    }
}
