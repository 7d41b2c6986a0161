//! Claims, leases, and the worker loop with the reaper beside it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use longshore_protocol::{FailureCode, Unit};
use longshore_tasks::store::DueIndex;
use longshore_tasks::transition::MAX_CRASHES;
use longshore_tasks::{
    ApplyError, Done, Event, Job, JobError, Limits, NewTask, Outcome, Progress, Refusal, Registered,
    Registry, RerunError, Runs, State, Task, TaskContext, WorkerSettings, apply, cancel, child_of, id,
    output_of, reaper, rerun, worker,
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{Store, claim, new_task, next, registered, task, until, until_due};

/// Does what its payload says.
pub struct TestJob;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub say: String,
}

impl TestJob {
    /// Spawns three children, one of which fails, and counts what they made.
    async fn parent(&self, context: &TaskContext) -> Result<Done<String>, JobError> {
        if context.child_count() == 0 {
            let child = |say: &str| child_of::<TestJob>(&Order { say: say.to_owned() });
            let children = ["hello", "fail", "hello"].into_iter().map(child).collect::<Result<Vec<_>, _>>();
            context.spawn(children.map_err(JobError::internal)?).await?;
            context.set_checkpoint(&"spawned")?;
            return Ok(Done::AfterChildren);
        }
        let mut made = context.checkpoint::<String>()?.unwrap_or_default();
        for number in 0..context.child_count() {
            let child = context.child(number).await.map_err(JobError::internal)?.expect("a child");
            made += &format!(" {}", output_of::<TestJob>(&child).unwrap_or_else(|| "nothing".to_owned()));
        }
        Ok(Done::Finished(made))
    }
}

#[async_trait]
impl Job for TestJob {
    const KIND: &'static str = "test";
    const VERSION: u32 = 1;
    type Payload = Order;
    type Output = String;

    async fn run(&self, order: Order, context: &TaskContext) -> Result<Done<String>, JobError> {
        let failed = |code, may_pass| JobError {
            code,
            detail: Some("detail".to_owned()),
            may_pass,
            cause: "the cause".into(),
        };
        context.report(5, Some(10), Unit::Rows);
        match order.say.as_str() {
            "fail" => Err(failed(FailureCode::BadValue, false)),
            "fail for a while" => Err(failed(FailureCode::Database, true)),
            "fail once" if context.token().epoch == 1 => Err(failed(FailureCode::Database, true)),
            "panic" => panic!("as asked"),
            "count" => {
                let before: u64 = context.checkpoint()?.unwrap_or_default();
                context.set_checkpoint(&(before + 1))?;
                if before == 0 {
                    context.stop().cancelled().await;
                    return Err(failed(FailureCode::Internal, false));
                }
                Ok(Done::Finished(format!("went on after {before}")))
            }
            "wait" => {
                context.stop().cancelled().await;
                Err(failed(FailureCode::Internal, false))
            }
            "parent" => self.parent(context).await,
            "wait with children" => {
                let child =
                    child_of::<TestJob>(&Order { say: "wait".to_owned() }).map_err(JobError::internal)?;
                if context.child_count() > 0 {
                    return Err(failed(FailureCode::Internal, false));
                }
                context.spawn(vec![child; 8]).await?;
                Ok(Done::AfterChildren)
            }
            _ => Ok(Done::Finished("made".to_owned())),
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
        Running::start_with(store, Limits::default())
    }

    fn start_with(store: &Store, limits: Limits) -> Running {
        let settings = WorkerSettings {
            concurrency: 4,
            lease: Duration::from_millis(500),
            beat: Duration::from_millis(50),
            progress_beat: Duration::from_millis(20),
            poll: Duration::from_millis(10),
            reap_interval: Duration::from_millis(20),
            retry_pause: Duration::from_millis(20),
            limits,
            ..WorkerSettings::named("test-worker")
        };
        let (shutdown, registry) = (CancellationToken::new(), Arc::new(registry()));
        let parts = vec![
            tokio::spawn(worker::run(store.clone(), registry.clone(), settings.clone(), shutdown.clone())),
            tokio::spawn(reaper::run(store.clone(), registry, settings, shutdown.clone())),
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
    new.payload.body = serde_json::json!({ "say": text }).into();
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
    let beat = Event::Beat {
        token: lost,
        progress: Progress::default(),
        cursor: None,
        lease: Duration::from_secs(60),
    };
    let done = Event::Finish { token: lost, outcome: Outcome::Succeeded(serde_json::json!("stale").into()) };
    for event in [beat, done, Event::Release { token: lost, cursor: None }] {
        let refused = apply(&*store, &waiting.id, &event).await;
        assert!(matches!(refused, Err(ApplyError::Refused(Refusal::Stale))), "{event:?}");
    }
    assert_eq!(task(&store, &waiting.id).await.result, None);
}

async fn until_due_or_queued(store: &Store, waiting: &Task) {
    if task(store, &waiting.id).await.state == State::Running {
        until_due(store, DueIndex::Lease, &waiting.id).await;
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
    assert_eq!(ended.result, Some(serde_json::json!("made").into()));
    assert!(ended.started_at.is_some() && ended.finished_at.is_some() && ended.lease.is_none());
    running.stop().await;
}

pub async fn failures_and_panics_end_a_task_with_a_reference(store: Store) {
    let running = Running::start(&store);
    for (say, code) in [("fail", FailureCode::BadValue), ("panic", FailureCode::Internal)] {
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
    assert_eq!(next(&store, 10).await, []);
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

pub async fn what_may_pass_is_tried_again(store: Store) {
    let running = Running::start(&store);
    let once = registered(&store, &saying("fail once")).await;
    let ended = until_state(&store, &once.id, State::Succeeded).await;
    assert_eq!((ended.failed_runs, ended.epoch, ended.failure), (1, 2, None));
    // Three attempts, and then it waits for an operator.
    let always = registered(&store, &saying("fail for a while")).await;
    let ended = until_state(&store, &always.id, State::Failed).await;
    assert_eq!((ended.failed_runs, ended.epoch, ended.dead), (3, 3, true));
    assert_eq!(store.listed(DueIndex::Dead, 10).await.expect("answers"), std::slice::from_ref(&always.id));
    // What will not pass is not tried again, and nobody needs to look at it.
    let bad = registered(&store, &saying("fail")).await;
    let ended = until_state(&store, &bad.id, State::Failed).await;
    assert_eq!((ended.failed_runs, ended.epoch, ended.dead), (0, 1, false));
    running.stop().await;
}

pub async fn a_dead_task_can_be_run_again(store: Store) {
    let mut new = saying("hello");
    new.retention = Duration::from_secs(600);
    let first = registered(&store, &new).await;
    assert!(matches!(rerun(&*store, &first.id).await, Err(RerunError::NotFailed)));
    for _ in 0..MAX_CRASHES {
        claim(&store, &first.id, Duration::from_secs(60)).await;
        apply(&*store, &first.id, &Event::HolderGone).await.expect("taken back");
    }
    assert_eq!(store.listed(DueIndex::Dead, 10).await.expect("answers"), std::slice::from_ref(&first.id));
    let second = rerun(&*store, &first.id).await.expect("registers");
    let Registered::New(second) = second else { panic!("expected a new task, not {second:?}") };
    assert_eq!((&second.payload, second.retention_ms), (&first.payload, first.retention_ms));
    assert_eq!(store.listed(DueIndex::Dead, 10).await.expect("answers"), []);
    // However often it is asked for.
    let again = rerun(&*store, &first.id).await.expect("answers");
    assert!(matches!(&again, Registered::Repeated(task) if task.id == second.id), "{again:?}");
    let running = Running::start(&store);
    until_state(&store, &second.id, State::Succeeded).await;
    running.stop().await;
}

pub async fn a_delayed_task_waits_for_its_time(store: Store) {
    let mut new = saying("hello");
    new.delay = Duration::from_millis(300);
    let delayed = registered(&store, &new).await;
    assert_eq!(next(&store, 10).await, []);
    assert_eq!(
        store.listed(DueIndex::Delayed, 10).await.expect("answers"),
        std::slice::from_ref(&delayed.id)
    );
    let early = apply(&*store, &delayed.id, &Event::Due).await;
    assert!(matches!(early, Err(ApplyError::Refused(Refusal::NotDue))), "{early:?}");
    let running = Running::start(&store);
    let ended = until_state(&store, &delayed.id, State::Succeeded).await;
    assert!(ended.started_at >= delayed.run_at, "{ended:?}");
    running.stop().await;
}

pub async fn a_run_goes_on_from_its_checkpoint(store: Store) {
    let running = Running::start(&store);
    let counting = registered(&store, &saying("count")).await;
    until("a checkpoint", || async { task(&store, &counting.id).await.cursor.is_some() }).await;
    running.stop().await;
    assert_eq!(task(&store, &counting.id).await.state, State::Queued);
    let running = Running::start(&store);
    let ended = until_state(&store, &counting.id, State::Succeeded).await;
    assert_eq!(ended.result, Some(serde_json::json!("went on after 1").into()));
    running.stop().await;
}

pub async fn a_parent_waits_for_its_children(store: Store) {
    let running = Running::start(&store);
    let parent = registered(&store, &saying("parent")).await;
    let ended = until_state(&store, &parent.id, State::Succeeded).await;
    assert_eq!(ended.result, Some(serde_json::json!("spawned made nothing made").into()));
    let children = ended.children;
    assert_eq!((children.total, children.succeeded, children.failed, children.cancelled), (3, 2, 1, 0));
    // Children are not in the history, and gone from the live ones.
    let history = store.history(&parent.slot.owner, 10).await.expect("answers").0;
    assert_eq!(history.len(), 1);
    let child = task(&store, &id::child_id(&parent.id, 1)).await;
    assert_eq!((child.state, child.archived, child.parent), (State::Failed, true, Some(parent.id)));
    running.stop().await;
}

pub async fn cancelling_a_parent_stops_its_children(store: Store) {
    let running = Running::start(&store);
    let parent = registered(&store, &saying("wait with children")).await;
    until_state(&store, &parent.id, State::Waiting).await;
    until("children run", || async {
        store.stats().await.expect("answers").running.get("test").copied() == Some(4)
    })
    .await;
    cancel(&*store, &parent.id).await.expect("told");
    let ended = until_state(&store, &parent.id, State::Cancelled).await;
    assert_eq!((ended.children.total, ended.children.cancelled), (8, 8));
    running.stop().await;
    assert_eq!(next(&store, 10).await, []);
    assert_eq!(store.stats().await.expect("answers").running, std::collections::BTreeMap::new());
}

pub async fn children_of_an_ended_parent_do_not_run(store: Store) {
    let parent = registered(&store, &saying("parent")).await;
    let token = claim(&store, &parent.id, Duration::from_secs(60)).await;
    let child = child_of::<TestJob>(&Order { say: "hello".to_owned() }).expect("plain data");
    let spawn = Event::Spawn { token, first: 0, children: vec![child.clone(), child] };
    assert_eq!(apply(&*store, &parent.id, &spawn).await.expect("spawns").children.total, 2);
    assert_eq!(next(&store, 10).await.len(), 2);
    let (first, second) = (id::child_id(&parent.id, 0), id::child_id(&parent.id, 1));
    let held = claim(&store, &first, Duration::from_secs(60)).await;
    let token_of_nobody = longshore_tasks::Token { nonce: token.nonce + 1, ..token };
    let spawn = Event::Spawn { token: token_of_nobody, first: 0, children: Vec::new() };
    assert!(matches!(apply(&*store, &parent.id, &spawn).await, Err(ApplyError::Refused(Refusal::Stale))));
    apply(&*store, &parent.id, &Event::Finish { token, outcome: Outcome::Cancelled }).await.expect("ends");
    let beat = Event::Beat {
        token: held,
        progress: Progress::default(),
        cursor: None,
        lease: Duration::from_secs(60),
    };
    assert!(apply(&*store, &first, &beat).await.expect("beats").cancel_requested);
    let claim = Event::Claim { worker: "w".to_owned(), nonce: 1, lease: Duration::from_secs(60) };
    let ended = apply(&*store, &second, &claim).await.expect("answers");
    assert_eq!((ended.state, ended.epoch), (State::Cancelled, 0));
}
