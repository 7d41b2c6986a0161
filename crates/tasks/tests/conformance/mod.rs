//! What every task store must do. Each case gets an empty store, real time, and short limits.

mod fairness_cases;
mod index_cases;
mod lost_answer_cases;
mod runner_cases;
mod slot_cases;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use longshore_protocol::{OwnerId, TaskId, TenantId};
use longshore_tasks::entity::{Lane, Payload, Slot};
use longshore_tasks::store::DueIndex;
use longshore_tasks::{
    Event, Limits, Loaded, NewTask, Outcome, Priority, Registered, Task, TaskStore, Token, apply, register,
};

pub type Store = Arc<dyn TaskStore>;

/// Runs every case on a store of its own.
pub async fn check<F: Future<Output = Store>>(empty_store: impl Fn() -> F) {
    macro_rules! cases {
        ($($module:ident :: $case:ident),+ $(,)?) => {$(
            println!("case {}", stringify!($case));
            $module::$case(empty_store().await).await;
        )+};
    }
    cases!(
        slot_cases::a_slot_holds_one_live_task,
        slot_cases::of_many_at_once_one_is_registered,
        slot_cases::a_repeated_request_gets_its_task_even_after_the_end,
        slot_cases::slots_of_others_are_independent,
        slot_cases::an_ended_task_makes_way_for_a_new_one,
        slot_cases::a_task_past_its_deadline_makes_way_without_a_reaper,
        slot_cases::cleared_leaves_the_slot_but_not_the_record,
        index_cases::a_commit_replaces_only_the_version_it_saw,
        index_cases::a_repeated_commit_is_recognised,
        index_cases::a_commit_can_ask_that_another_task_has_not_ended,
        index_cases::tasks_are_served_in_the_order_of_registration,
        index_cases::history_is_newest_first_and_the_owners_own,
        index_cases::a_purged_task_leaves_nothing,
        index_cases::lists_tell_only_what_is_due,
        fairness_cases::tenants_take_turns,
        fairness_cases::priorities_order_a_tenants_own_tasks,
        fairness_cases::limits_hold_exactly,
        fairness_cases::lanes_are_separate,
        fairness_cases::stats_count_what_is_there,
        runner_cases::of_many_workers_one_claims,
        runner_cases::a_lost_lease_goes_on_elsewhere_and_fences_the_loser,
        runner_cases::three_lost_workers_end_a_task,
        runner_cases::a_worker_runs_a_task_to_its_end,
        runner_cases::failures_and_panics_end_a_task_with_a_reference,
        runner_cases::a_cancelled_run_stops_and_keeps_nothing,
        runner_cases::a_deadline_stops_a_run,
        runner_cases::a_shutdown_gives_the_task_back,
        runner_cases::a_payload_from_the_future_waits,
        runner_cases::what_may_pass_is_tried_again,
        runner_cases::a_dead_task_can_be_run_again,
        runner_cases::a_delayed_task_waits_for_its_time,
        runner_cases::a_run_goes_on_from_its_checkpoint,
        runner_cases::a_parent_waits_for_its_children,
        runner_cases::cancelling_a_parent_stops_its_children,
        runner_cases::children_of_an_ended_parent_do_not_run,
        lost_answer_cases::a_result_outlives_a_lost_answer,
        lost_answer_cases::the_same_children_are_not_spawned_twice,
        lost_answer_cases::a_last_chance_is_taken_alone,
    );
}

pub fn slot(owner: &str, subject: &str) -> Slot {
    Slot {
        owner: OwnerId::parse(owner).expect("valid"),
        kind: "test".to_owned(),
        subject: subject.to_owned(),
    }
}

pub fn new_task(owner: &str, subject: &str) -> NewTask {
    NewTask {
        tenant: TenantId::parse("main").expect("valid"),
        slot: slot(owner, subject),
        payload: Payload { version: 1, body: serde_json::json!({ "say": "hello" }).into() },
        priority: Priority::Normal,
        delay: Duration::ZERO,
        attempts_max: 3,
        time_limit: Duration::from_secs(60),
        retention: Duration::from_secs(60),
        idempotency_key: None,
    }
}

/// Registers a task that must be new.
pub async fn registered(store: &Store, new: &NewTask) -> Task {
    match register(&**store, new).await.expect("registers") {
        Registered::New(task) => task,
        other => panic!("expected a new task, not {other:?}"),
    }
}

pub async fn claim(store: &Store, id: &TaskId, lease: Duration) -> Token {
    let event = Event::Claim { worker: "w1".to_owned(), nonce: 7, lease };
    let task = apply(&**store, id, &event).await.expect("claims");
    task.lease.expect("a claimed task has a lease").token
}

pub async fn finish(store: &Store, id: &TaskId) -> Task {
    let token = claim(store, id, Duration::from_secs(60)).await;
    let outcome = Outcome::Succeeded(serde_json::json!("done").into());
    apply(&**store, id, &Event::Finish { token, outcome }).await.expect("finishes")
}

pub async fn task(store: &Store, id: &TaskId) -> Task {
    store.load(id).await.expect("loads").task.expect("is there")
}

/// The ids of the tasks of kind `test` that would be claimed next.
pub async fn next(store: &Store, limit: usize) -> Vec<TaskId> {
    next_within(store, Limits::NONE, limit).await
}

pub async fn next_within(store: &Store, limits: &Limits, limit: usize) -> Vec<TaskId> {
    let lane = Lane { kind: "test".to_owned(), version: 1 };
    let found: Vec<Loaded> = store.next(&[lane], limits, limit).await.expect("answers");
    found.into_iter().map(|loaded| loaded.task.expect("a task").id).collect()
}

/// Waits for the store's next millisecond: ranks are by milliseconds.
pub async fn next_millisecond(store: &Store) {
    let now = store.now().await.expect("answers");
    until("the next millisecond", || async { store.now().await.expect("answers") > now }).await;
}

/// Asks until it is so, 10 seconds at most.
pub async fn until<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    let asked = async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asked).await.unwrap_or_else(|_| panic!("never: {what}"));
}

pub async fn until_due(store: &Store, index: DueIndex, id: &TaskId) {
    until("due", || async { store.due(index, 100).await.expect("answers").contains(id) }).await;
}
