//! The state machine under random events: what must hold after each of them.

use std::time::Duration;

use longshore_protocol::{FailureCode, OwnerId, TaskId, TenantId};
use longshore_tasks::entity::{Failure, Payload, Slot};
use longshore_tasks::placement::Placement;
use longshore_tasks::transition::transition;
use longshore_tasks::{Event, Outcome, Progress, Refusal, State, Task, Timestamp, Token};
use proptest::prelude::*;

fn queued() -> Task {
    let now = Timestamp::from_millis(1_000);
    Task {
        id: TaskId::parse("t1").expect("valid"),
        tenant: TenantId::parse("main").expect("valid"),
        slot: Slot {
            owner: OwnerId::parse("ann").expect("valid"),
            kind: "test".into(),
            subject: "orders".into(),
        },
        payload: Payload { version: 1, body: serde_json::Value::Null },
        state: State::Queued,
        cancel_requested: false,
        archived: false,
        lease: None,
        epoch: 0,
        crash_count: 0,
        progress: Progress::default(),
        result: None,
        failure: None,
        idempotency_key: None,
        version: 1,
        stamp: 1,
        registered_at: now,
        started_at: None,
        finished_at: None,
        deadline: now.plus(Duration::from_secs(100)),
        retention_ms: 1_000,
    }
}

fn any_token() -> impl Strategy<Value = Token> {
    (1..4u64, 1..3u64).prop_map(|(epoch, nonce)| Token { epoch, nonce })
}

fn any_event() -> impl Strategy<Value = Event> {
    let lease = Duration::from_secs(30);
    let failure = Failure { code: FailureCode::Database, detail: None, reference: "0000".into() };
    prop_oneof![
        3 => (1..3u64).prop_map(move |nonce| Event::Claim { worker: "w".into(), nonce, lease }),
        2 => any_token().prop_map(move |token| Event::Beat { token, progress: Progress::default(), lease }),
        1 => any_token().prop_map(|token| Event::Finish { token, outcome: Outcome::Succeeded(serde_json::json!(1)) }),
        1 => any_token().prop_map(move |token| Event::Finish { token, outcome: Outcome::Failed(failure.clone()) }),
        1 => any_token().prop_map(|token| Event::Finish { token, outcome: Outcome::Cancelled }),
        1 => any_token().prop_map(|token| Event::Release { token }),
        2 => Just(Event::LeaseLost),
        1 => Just(Event::HolderGone),
        1 => Just(Event::RequestCancel),
        1 => Just(Event::Deadline),
        1 => Just(Event::Clear),
    ]
}

fn is_of_a_worker(event: &Event) -> Option<Token> {
    match event {
        Event::Beat { token, .. } | Event::Finish { token, .. } | Event::Release { token } => Some(*token),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn invariants_hold_after_every_event(
        steps in prop::collection::vec((any_event(), 0..40u64), 1..40)
    ) {
        let mut task = queued();
        let mut now = task.registered_at;
        for (event, seconds) in steps {
            now = now.plus(Duration::from_secs(seconds));
            let before = task.clone();
            let Ok(after) = transition(&before, &event, now) else { continue };
            // A lease belongs to running tasks and to no others.
            prop_assert_eq!(after.lease.is_some(), after.state == State::Running);
            // A final state is for ever, and its end has a time.
            if before.state.is_final() {
                prop_assert_eq!(after.state, before.state);
                prop_assert_eq!(&after.result, &before.result);
                prop_assert_eq!(after.finished_at, before.finished_at);
            }
            prop_assert_eq!(after.finished_at.is_some(), after.state.is_final());
            // Archived is for ever, and only final tasks are.
            prop_assert!(!before.archived);
            prop_assert!(!after.archived || after.state.is_final());
            // Only the holder of the lease is heard, and only until the deadline.
            if let Some(token) = is_of_a_worker(&event) {
                prop_assert_eq!(before.lease.map(|lease| lease.token), Some(token));
                prop_assert!(now < before.deadline);
            }
            // Each claim has an epoch of its own.
            let claims = u64::from(matches!(event, Event::Claim { .. }));
            prop_assert_eq!(after.epoch, before.epoch + claims);
            // Nothing comes out of a task whose owner was told that it is being cancelled.
            prop_assert!(!(before.cancel_requested && after.state == State::Succeeded));
            prop_assert_eq!(after.result.is_some(), after.state == State::Succeeded);
            // Index entries: waiting, leased, or ended; the slot is held exactly while not archived.
            let place = Placement::of(&after);
            prop_assert_eq!(place.ready.is_some(), after.state == State::Queued);
            prop_assert_eq!(place.lease.is_some(), after.state == State::Running);
            prop_assert_eq!(place.holds_slot, !after.archived);
            prop_assert_eq!(place.deadline.is_some(), !after.archived);
            prop_assert_eq!(place.purge.is_some(), after.state.is_final());
            task = after;
        }
        // Whatever happened, the deadline ends it and frees the slot.
        if !task.archived {
            let ended = transition(&task, &Event::Deadline, task.deadline).expect("the deadline always applies");
            prop_assert!(ended.state.is_final() && ended.archived && !Placement::of(&ended).holds_slot);
        }
    }
}

#[test]
fn refusals_are_specific() {
    let now = Timestamp::from_millis(2_000);
    let task = queued();
    let token = Token { epoch: 1, nonce: 1 };
    let claim = Event::Claim { worker: "w".into(), nonce: 1, lease: Duration::from_secs(30) };
    let running = transition(&task, &claim, now).expect("claims");
    let done = Event::Finish { token, outcome: Outcome::Succeeded(serde_json::json!(1)) };
    let ended = transition(&running, &done, now).expect("finishes");
    let archived = transition(&ended, &Event::Clear, now).expect("clears");
    let beat = Event::Beat { token, progress: Progress::default(), lease: Duration::from_secs(30) };
    for (task, event, at, refusal) in [
        (&running, &claim, now, Refusal::NotQueued),
        (&running, &Event::LeaseLost, now, Refusal::NotDue),
        (&running, &Event::Deadline, now, Refusal::NotDue),
        (&running, &Event::Clear, now, Refusal::NotFinal),
        (&running, &beat, running.deadline, Refusal::PastDeadline),
        (&running, &done, running.deadline, Refusal::PastDeadline),
        (&task, &beat, now, Refusal::Stale),
        (&ended, &done, now, Refusal::Stale),
        (&ended, &Event::RequestCancel, now, Refusal::AlreadyFinal),
        (&archived, &Event::Clear, now, Refusal::Archived),
        (&archived, &beat, now, Refusal::Stale),
    ] {
        assert_eq!(transition(task, event, at), Err(refusal), "{event:?}");
    }
}

#[test]
fn a_cancelled_task_that_loses_its_worker_is_not_run_again() {
    let now = Timestamp::from_millis(2_000);
    let claim = Event::Claim { worker: "w".into(), nonce: 1, lease: Duration::from_secs(30) };
    let running = transition(&queued(), &claim, now).expect("claims");
    let told = transition(&running, &Event::RequestCancel, now).expect("told");
    let lost = transition(&told, &Event::HolderGone, now).expect("taken back");
    assert_eq!(lost.state, State::Cancelled);
}
