//! Registration: one live task a slot, one task an idempotency key.

use std::time::Duration;

use longshore_tasks::{Event, Refusal, Registered, State, apply, register};

use super::{Store, finish, new_task, registered, slot, task};

pub async fn a_slot_holds_one_live_task(store: Store) {
    let first = registered(&store, &new_task("ann", "orders")).await;
    assert_eq!(first.state, State::Queued);
    let again = register(&*store, &new_task("ann", "orders")).await.expect("answers");
    assert_eq!(again, Registered::Running(first.clone()));
    assert_eq!(store.load_slot(&first.slot).await.expect("answers").task, Some(first));
}

pub async fn of_many_at_once_one_is_registered(store: Store) {
    let many = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { register(&*store, &new_task("ann", "orders")).await.expect("answers") })
    });
    let answers = futures::future::join_all(many).await;
    let answers: Vec<Registered> = answers.into_iter().map(|answer| answer.expect("no panic")).collect();
    let new = answers.iter().filter(|answer| matches!(answer, Registered::New(_))).count();
    assert_eq!(new, 1);
    let first = &answers[0].task().id;
    assert!(answers.iter().all(|answer| answer.task().id == *first));
}

pub async fn a_repeated_request_gets_its_task_even_after_the_end(store: Store) {
    let mut keyed = new_task("ann", "orders");
    keyed.idempotency_key = Some("click 1".to_owned());
    let first = registered(&store, &keyed).await;
    let repeated = register(&*store, &keyed).await.expect("answers");
    assert_eq!(repeated, Registered::Repeated(first.clone()));
    finish(&store, &first.id).await;
    let repeated = register(&*store, &keyed).await.expect("answers");
    assert!(matches!(&repeated, Registered::Repeated(task) if task.id == first.id && !task.archived));
    apply(&*store, &first.id, &Event::Clear).await.expect("clears");
    let repeated = register(&*store, &keyed).await.expect("answers");
    assert!(matches!(&repeated, Registered::Repeated(task) if task.id == first.id));
    // The same key of somebody else is another request.
    let mut other = new_task("bob", "orders");
    other.idempotency_key = keyed.idempotency_key.clone();
    registered(&store, &other).await;
}

pub async fn slots_of_others_are_independent(store: Store) {
    registered(&store, &new_task("ann", "orders")).await;
    registered(&store, &new_task("bob", "orders")).await;
    registered(&store, &new_task("ann", "customers")).await;
    assert_eq!(store.load_slot(&slot("cid", "orders")).await.expect("answers").task, None);
}

pub async fn an_ended_task_makes_way_for_a_new_one(store: Store) {
    let first = registered(&store, &new_task("ann", "orders")).await;
    finish(&store, &first.id).await;
    let second = registered(&store, &new_task("ann", "orders")).await;
    assert_ne!(first.id, second.id);
    assert!(task(&store, &first.id).await.archived);
    assert_eq!(store.load_slot(&first.slot).await.expect("answers").task, Some(second));
}

pub async fn a_task_past_its_deadline_makes_way_without_a_reaper(store: Store) {
    let mut short = new_task("ann", "orders");
    short.time_limit = Duration::from_millis(1);
    let first = registered(&store, &short).await;
    super::until("past the deadline", || async { store.now().await.expect("answers") >= first.deadline })
        .await;
    let second = registered(&store, &new_task("ann", "orders")).await;
    assert_ne!(first.id, second.id);
    let first = task(&store, &first.id).await;
    assert_eq!((first.state, first.archived), (State::Expired, true));
}

pub async fn cleared_leaves_the_slot_but_not_the_record(store: Store) {
    let first = registered(&store, &new_task("ann", "orders")).await;
    let refused = apply(&*store, &first.id, &Event::Clear).await;
    assert!(matches!(refused, Err(longshore_tasks::ApplyError::Refused(Refusal::NotFinal))));
    let ended = finish(&store, &first.id).await;
    apply(&*store, &first.id, &Event::Clear).await.expect("clears");
    assert_eq!(store.load_slot(&first.slot).await.expect("answers").task, None);
    let record = task(&store, &first.id).await;
    assert_eq!((record.state, record.result, record.archived), (State::Succeeded, ended.result, true));
    let again = apply(&*store, &first.id, &Event::Clear).await;
    assert!(matches!(again, Err(longshore_tasks::ApplyError::Refused(Refusal::Archived))));
}
