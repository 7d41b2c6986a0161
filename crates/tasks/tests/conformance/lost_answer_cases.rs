//! What was done is not done twice, nor undone, where the answer was lost.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use longshore_protocol::{OwnerId, TaskId};
use longshore_tasks::entity::{Slot, Timestamp};
use longshore_tasks::store::{Change, Committed, DueIndex, Stats};
use longshore_tasks::{
    ApplyError, Done, Doorbell, Event, Job, JobError, Lane, Limits, Loaded, Refusal, Registry, Runs, State,
    StoreError, Task, TaskContext, TaskStore, WorkerSettings, apply, child_of, worker,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::runner_cases::{Order, TestJob};
use super::{Store, claim, new_task, registered, task, until};

/// A store whose answers to commits get lost, where they end a run or spawn children.
struct Forgetful {
    store: Store,
    lost: AtomicU32,
}

impl Forgetful {
    fn loses(&self, changes: &[Change<'_>]) -> bool {
        let ends_a_run = changes.iter().any(|change| {
            let state = |task: Option<&Task>| task.map(|task| task.state);
            state(change.before()) == Some(State::Running) && state(change.after()) != Some(State::Running)
        });
        // Not so a claim, which only looks at the parent: nobody would hold the child until its lease has run out.
        let spawns = changes.len() > 1 && changes.iter().any(|change| matches!(change, Change::Create(_)));
        (ends_a_run || spawns) && self.lost.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
    }
}

#[async_trait]
impl TaskStore for Forgetful {
    async fn load(&self, id: &TaskId) -> Result<Loaded, StoreError> {
        self.store.load(id).await
    }
    async fn load_slot(&self, slot: &Slot) -> Result<Loaded, StoreError> {
        self.store.load_slot(slot).await
    }
    async fn commit(&self, changes: &[Change<'_>], limits: &Limits) -> Result<Committed, StoreError> {
        let committed = self.store.commit(changes, limits).await?;
        if self.loses(changes) { Err(StoreError::Interrupted) } else { Ok(committed) }
    }
    async fn next(&self, lanes: &[Lane], limits: &Limits, limit: usize) -> Result<Vec<Loaded>, StoreError> {
        self.store.next(lanes, limits, limit).await
    }
    async fn due(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.store.due(index, limit).await
    }
    async fn listed(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.store.listed(index, limit).await
    }
    async fn history(&self, owner: &OwnerId, limit: usize) -> Result<(Vec<Task>, Timestamp), StoreError> {
        self.store.history(owner, limit).await
    }
    async fn stats(&self) -> Result<Stats, StoreError> {
        self.store.stats().await
    }
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.store.now().await
    }
    fn doorbell(&self) -> Doorbell {
        self.store.doorbell()
    }
    fn is_exclusive(&self) -> bool {
        self.store.is_exclusive()
    }
}

/// Runs as the other test job does, and keeps what is discarded.
struct Watched {
    job: TestJob,
    discarded: Arc<Mutex<Vec<(TaskId, Runs)>>>,
}

#[async_trait]
impl Job for Watched {
    const KIND: &'static str = TestJob::KIND;
    const VERSION: u32 = TestJob::VERSION;
    type Payload = Order;
    type Output = String;

    async fn run(&self, order: Order, context: &TaskContext) -> Result<Done<String>, JobError> {
        self.job.run(order, context).await
    }

    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.discarded.lock().await.push((task.id.clone(), runs));
        Ok(())
    }
}

pub async fn a_result_outlives_a_lost_answer(store: Store) {
    let discarded = Arc::new(Mutex::new(Vec::new()));
    let registry =
        Arc::new(Registry::default().with(Watched { job: TestJob, discarded: Arc::clone(&discarded) }));
    let forgetful = Arc::new(Forgetful { store: Arc::clone(&store), lost: AtomicU32::new(0) });
    let settings = WorkerSettings { poll: Duration::from_millis(10), ..WorkerSettings::named("w") };
    let shutdown = CancellationToken::new();
    let working = tokio::spawn(worker::run(forgetful, registry, settings, shutdown.clone()));
    let mut parent = new_task("ann", "parent");
    parent.payload.body = serde_json::json!({ "say": "parent" }).into();
    for (new, made) in [(new_task("ann", "single"), "made"), (parent, "spawned made nothing made")] {
        let waiting = registered(&store, &new).await;
        until("the end", || async { task(&store, &waiting.id).await.state.is_final() }).await;
        let ended = task(&store, &waiting.id).await;
        assert_eq!(ended.result, Some(serde_json::json!(made).into()));
        assert_eq!(ended.children.total, if made == "made" { 0 } else { 3 });
    }
    shutdown.cancel();
    working.await.expect("ends");
    // Of the failed child only: what the others made is theirs.
    let discarded = discarded.lock().await;
    assert!(discarded.iter().all(|(id, _)| id.as_str().ends_with("-1")), "{discarded:?}");
}

pub async fn the_same_children_are_not_spawned_twice(store: Store) {
    let parent = registered(&store, &new_task("ann", "parent")).await;
    let token = claim(&store, &parent.id, Duration::from_secs(60)).await;
    let child = child_of::<TestJob>(&Order { say: "hello".to_owned() }).expect("plain data");
    let spawn = |first| Event::Spawn { token, first, children: vec![child.clone(); 2] };
    for (first, total) in [(0, 2), (0, 2), (2, 4), (2, 4)] {
        assert_eq!(apply(&*store, &parent.id, &spawn(first)).await.expect("spawns").children.total, total);
    }
    // Numbers that would leave a gap are those of a run that knows of other children.
    let refused = apply(&*store, &parent.id, &spawn(9)).await;
    assert!(matches!(refused, Err(ApplyError::Refused(Refusal::NoMoreChildren))), "{refused:?}");
}

pub async fn a_last_chance_is_taken_alone(store: Store) {
    let suspect = registered(&store, &new_task("ann", "suspect")).await;
    for _ in 1..longshore_tasks::transition::MAX_CRASHES {
        claim(&store, &suspect.id, Duration::from_secs(60)).await;
        apply(&*store, &suspect.id, &Event::HolderGone).await.expect("taken back");
    }
    let mut waits = new_task("ann", "waits");
    waits.payload.body = serde_json::json!({ "say": "wait" }).into();
    waits.priority = longshore_tasks::Priority::High;
    let neighbour = registered(&store, &waits).await;
    let settings = WorkerSettings {
        concurrency: 4,
        poll: Duration::from_millis(10),
        progress_beat: Duration::from_millis(10),
        ..WorkerSettings::named("w")
    };
    let shutdown = CancellationToken::new();
    let registry = Arc::new(super::runner_cases::registry());
    let working = tokio::spawn(worker::run(Arc::clone(&store), registry, settings, shutdown.clone()));
    until("progress", || async { task(&store, &neighbour.id).await.state == State::Running }).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(task(&store, &suspect.id).await.state, State::Queued);
    apply(&*store, &neighbour.id, &Event::RequestCancel).await.expect("told");
    until("its turn", || async { task(&store, &suspect.id).await.state == State::Succeeded }).await;
    shutdown.cancel();
    working.await.expect("ends");
}
