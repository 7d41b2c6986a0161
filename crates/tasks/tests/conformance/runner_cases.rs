//! Claims, leases, and the worker loop with the reaper beside it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use longshore_protocol::{FailureCode, Unit};
use longshore_tasks::entity::Payload;
use longshore_tasks::transition::MAX_CRASHES;
use longshore_tasks::{
    ApplyError, Doorbell, Event, Job, JobError, NewTask, Outcome, Progress, Refusal, Registry, Runs, State,
    Task, TaskContext, WorkerSettings, apply, reaper, worker,
};
use tokio_util::sync::CancellationToken;

use super::{Store, claim, new_task, registered, task, until, until_due};

/// Does what its payload says.
struct TestJob;

#[async_trait]
impl Job for TestJob {
    fn kind(&self) -> &'static str {
        "test"
    }

    fn version(&self) -> u32 {
        1
    }

    async fn run(&self, payload: &Payload, context: &TaskContext) -> Result<serde_json::Value, JobError> {
        let failed = |code| JobError { code, detail: Some("detail".to_owned()), cause: "the cause".into() };
        context.report(5, Some(10), Unit::Rows);
        match payload.body["say"].as_str() {
            Some("fail") => Err(failed(FailureCode::Database)),
            Some("panic") => panic!("as asked"),
            Some("wait") => {
                context.stop().cancelled().await;
                Err(failed(FailureCode::Internal))
            }
            _ => Ok(serde_json::json!("made")),
        }
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

pub fn registry() -> Registry {
    Registry::default().with(TestJob)
}

/// A worker and a reaper on a store, until stopped.
struct Running {
    shutdown: CancellationToken,
    parts: Vec<tokio::task::JoinHandle<()>>,
}

impl Running {
    fn start(store: &Store) -> Running {
        let settings = WorkerSettings {
            lease: Duration::from_millis(500),
            beat: Duration::from_millis(50),
            progress_beat: Duration::from_millis(20),
            poll: Duration::from_millis(10),
            reap_interval: Duration::from_millis(20),
            ..WorkerSettings::named("test-worker")
        };
        let (shutdown, registry, doorbell) =
            (CancellationToken::new(), Arc::new(registry()), Doorbell::default());
        let parts = vec![
            tokio::spawn(worker::run(
                store.clone(),
                registry.clone(),
                settings.clone(),
                doorbell.clone(),
                shutdown.clone(),
            )),
            tokio::spawn(reaper::run(store.clone(), registry, settings, doorbell, shutdown.clone())),
        ];
        Running { shutdown, parts }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        for part in self.parts {
            part.await.expect("ends without a panic");
        }
    }
}

fn saying(text: &str) -> NewTask {
    let mut new = new_task("ann", "orders");
    new.payload.body = serde_json::json!({ "say": text });
    new
}

async fn until_state(store: &Store, id: &longshore_protocol::TaskId, state: State) -> Task {
    until(state.name(), || async { task(store, id).await.state == state }).await;
    task(store, id).await
}

pub async fn of_many_workers_one_claims(store: Store) {
    let waiting = registered(&store, &new_task("ann", "orders")).await;
    let many = (0..16).map(|nonce| {
        let (store, id) = (store.clone(), waiting.id.clone());
        tokio::spawn(async move {
            let event = Event::Claim { worker: format!("w{nonce}"), nonce, lease: Duration::from_secs(60) };
            apply(&*store, &id, &event).await
        })
    });
    let answers = futures::future::join_all(many).await;
    let won = answers.into_iter().filter(|answer| matches!(answer, Ok(Ok(_)))).count();
    assert_eq!(won, 1);
    assert_eq!(task(&store, &waiting.id).await.epoch, 1);
}

pub async fn a_lost_lease_goes_on_elsewhere_and_fences_the_loser(store: Store) {
    let waiting = registered(&store, &new_task("ann", "orders")).await;
    let lost = claim(&store, &waiting.id, Duration::from_millis(20)).await;
    let early = apply(&*store, &waiting.id, &Event::LeaseLost).await;
    assert!(matches!(early, Err(ApplyError::Refused(Refusal::NotDue)) | Ok(_)));
    until_due_or_queued(&store, &waiting).await;
    assert_eq!(task(&store, &waiting.id).await.crash_count, 1);
    let next = claim(&store, &waiting.id, Duration::from_secs(60)).await;
    assert_eq!(next.epoch, lost.epoch + 1);
    let beat = Event::Beat { token: lost, progress: Progress::default(), lease: Duration::from_secs(60) };
    let done = Event::Finish { token: lost, outcome: Outcome::Succeeded(serde_json::json!("stale")) };
    for event in [beat, done, Event::Release { token: lost }] {
        let refused = apply(&*store, &waiting.id, &event).await;
        assert!(matches!(refused, Err(ApplyError::Refused(Refusal::Stale))), "{event:?}");
    }
    assert_eq!(task(&store, &waiting.id).await.result, None);
}

async fn until_due_or_queued(store: &Store, waiting: &Task) {
    if task(store, &waiting.id).await.state == State::Running {
        until_due(store, longshore_tasks::store::DueIndex::Lease, &waiting.id).await;
        apply(&**store, &waiting.id, &Event::LeaseLost).await.expect("taken back");
    }
}

pub async fn three_lost_workers_end_a_task(store: Store) {
    let waiting = registered(&store, &new_task("ann", "orders")).await;
    for _ in 0..MAX_CRASHES {
        claim(&store, &waiting.id, Duration::from_secs(60)).await;
        apply(&*store, &waiting.id, &Event::HolderGone).await.expect("taken back");
    }
    let ended = task(&store, &waiting.id).await;
    assert_eq!(ended.state, State::Failed);
    assert_eq!(ended.failure.map(|failure| failure.code), Some(FailureCode::Crashed));
}

pub async fn a_worker_runs_a_task_to_its_end(store: Store) {
    let running = Running::start(&store);
    let waiting = registered(&store, &saying("hello")).await;
    let ended = until_state(&store, &waiting.id, State::Succeeded).await;
    assert_eq!(ended.result, Some(serde_json::json!("made")));
    assert!(ended.started_at.is_some() && ended.finished_at.is_some() && ended.lease.is_none());
    running.stop().await;
}

pub async fn failures_and_panics_end_a_task_with_a_reference(store: Store) {
    let running = Running::start(&store);
    for (say, code) in [("fail", FailureCode::Database), ("panic", FailureCode::Internal)] {
        let waiting = registered(&store, &saying(say)).await;
        let failure = until_state(&store, &waiting.id, State::Failed).await.failure.expect("a reason");
        assert_eq!(failure.code, code);
        assert_eq!(failure.reference.len(), 4);
    }
    running.stop().await;
}

pub async fn a_cancelled_run_stops_and_keeps_nothing(store: Store) {
    let running = Running::start(&store);
    let waiting = registered(&store, &saying("wait")).await;
    until("progress", || async { task(&store, &waiting.id).await.progress.done == 5 }).await;
    let told = apply(&*store, &waiting.id, &Event::RequestCancel).await.expect("told");
    assert_eq!((told.state, told.cancel_requested), (State::Running, true));
    let ended = until_state(&store, &waiting.id, State::Cancelled).await;
    assert_eq!(ended.result, None);
    running.stop().await;
    // One that nobody has claimed ends at once.
    let queued = registered(&store, &saying("wait")).await;
    let ended = apply(&*store, &queued.id, &Event::RequestCancel).await.expect("told");
    assert_eq!(ended.state, State::Cancelled);
    assert_eq!(store.ready(10).await.expect("answers"), []);
}

pub async fn a_deadline_stops_a_run(store: Store) {
    let running = Running::start(&store);
    let mut short = saying("wait");
    short.time_limit = Duration::from_millis(200);
    let waiting = registered(&store, &short).await;
    let ended = until_state(&store, &waiting.id, State::Expired).await;
    assert!(ended.archived);
    // The run was told and has ended, or stopping would not return.
    running.stop().await;
    registered(&store, &saying("hello")).await;
}

pub async fn a_shutdown_gives_the_task_back(store: Store) {
    let running = Running::start(&store);
    let waiting = registered(&store, &saying("wait")).await;
    until_state(&store, &waiting.id, State::Running).await;
    running.stop().await;
    let back = task(&store, &waiting.id).await;
    assert_eq!((back.state, back.crash_count, back.epoch), (State::Queued, 0, 1));
}

pub async fn a_payload_from_the_future_waits(store: Store) {
    let running = Running::start(&store);
    let mut future = new_task("bob", "orders");
    future.payload.version = 2;
    let future = registered(&store, &future).await;
    let known = registered(&store, &saying("hello")).await;
    until_state(&store, &known.id, State::Succeeded).await;
    assert_eq!(task(&store, &future.id).await.state, State::Queued);
    running.stop().await;
}
