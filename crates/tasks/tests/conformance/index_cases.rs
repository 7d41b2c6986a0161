//! Commits and the index entries that go with them.

use std::time::Duration;

use longshore_protocol::OwnerId;
use longshore_tasks::store::{Change, Committed, DueIndex};
use longshore_tasks::{Event, Limits, Registered, apply, reaper, register};

use super::{Store, claim, finish, new_task, next, next_millisecond, registered, task, until_due};

pub async fn a_commit_replaces_only_the_version_it_saw(store: Store) {
    let before = registered(&store, &new_task("ann", "orders")).await;
    let mut first = before.clone();
    (first.version, first.stamp, first.cancel_requested) = (2, 21, true);
    let mut second = before.clone();
    (second.version, second.stamp) = (2, 22);
    let done = store
        .commit(&[Change::Replace { before: &before, after: &first }], Limits::NONE)
        .await
        .expect("answers");
    assert_eq!(done, Committed::Done);
    let late = store
        .commit(&[Change::Replace { before: &before, after: &second }], Limits::NONE)
        .await
        .expect("answers");
    assert_eq!(late, Committed::Conflict);
    assert_eq!(task(&store, &before.id).await, first);
    let again = store.commit(&[Change::Create(&before)], Limits::NONE).await.expect("answers");
    assert_eq!(again, Committed::Conflict, "an id is given once");
}

pub async fn a_repeated_commit_is_recognised(store: Store) {
    let before = registered(&store, &new_task("ann", "orders")).await;
    let created = store.commit(&[Change::Create(&before)], Limits::NONE).await.expect("answers");
    assert_eq!(created, Committed::Done);
    let mut after = before.clone();
    (after.version, after.stamp) = (2, 21);
    for _ in 0..2 {
        let done = store
            .commit(&[Change::Replace { before: &before, after: &after }], Limits::NONE)
            .await
            .expect("answers");
        assert_eq!(done, Committed::Done);
    }
}

pub async fn a_commit_can_ask_that_another_task_has_not_ended(store: Store) {
    let before = registered(&store, &new_task("ann", "orders")).await;
    let other = registered(&store, &new_task("bob", "orders")).await;
    let mut stored = before.clone();
    let mut committed = async |condition| {
        let mut after = stored.clone();
        (after.version, after.stamp) = (stored.version + 1, stored.version + 20);
        let changes = [Change::Replace { before: &stored, after: &after }, Change::NotEnded(condition)];
        let committed = store.commit(&changes, Limits::NONE).await.expect("answers");
        if committed == Committed::Done {
            stored = after;
        }
        committed
    };
    assert_eq!(committed(&other).await, Committed::Done);
    // It has changed since it was loaded, but not ended.
    claim(&store, &other.id, Duration::from_secs(60)).await;
    assert_eq!(committed(&other).await, Committed::Done);
    apply(&*store, &other.id, &Event::HolderGone).await.expect("taken back");
    finish(&store, &other.id).await;
    assert_eq!(committed(&other).await, Committed::Conflict);
    apply(&*store, &other.id, &Event::Clear).await.expect("clears");
    assert_eq!(committed(&other).await, Committed::Conflict);
    assert_eq!(task(&store, &before.id).await.version, 3);
}

pub async fn tasks_are_served_in_the_order_of_registration(store: Store) {
    let mut tasks = Vec::new();
    for owner in ["ann", "bob", "cid"] {
        let registered = registered(&store, &new_task(owner, "orders")).await;
        next_millisecond(&store).await;
        tasks.push(registered.id);
    }
    assert_eq!(next(&store, 10).await, tasks);
    assert_eq!(next(&store, 2).await, tasks[..2]);
    for (position, id) in tasks.iter().enumerate() {
        assert_eq!(store.load(id).await.expect("loads").ahead, Some(position as u64));
    }
    claim(&store, &tasks[0], Duration::from_secs(60)).await;
    assert_eq!(next(&store, 10).await, tasks[1..]);
    assert_eq!(store.load(&tasks[0]).await.expect("loads").ahead, None);
    assert_eq!(store.load(&tasks[2]).await.expect("loads").ahead, Some(1));
    // Who waited longest is first again after a crash.
    apply(&*store, &tasks[0], &Event::HolderGone).await.expect("taken back");
    assert_eq!(next(&store, 10).await, tasks);
}

pub async fn history_is_newest_first_and_the_owners_own(store: Store) {
    let mut expected = Vec::new();
    for subject in ["a", "b", "c"] {
        let registered = registered(&store, &new_task("ann", subject)).await;
        next_millisecond(&store).await;
        expected.insert(0, registered.id);
    }
    registered(&store, &new_task("bob", "a")).await;
    finish(&store, &expected[2]).await;
    apply(&*store, &expected[2], &Event::Clear).await.expect("clears");
    let ann = OwnerId::parse("ann").expect("valid");
    let ids = |tasks: Vec<longshore_tasks::Task>| tasks.into_iter().map(|task| task.id).collect::<Vec<_>>();
    assert_eq!(ids(store.history(&ann, 10).await.expect("answers").0), expected);
    assert_eq!(ids(store.history(&ann, 2).await.expect("answers").0), expected[..2]);
}

pub async fn a_purged_task_leaves_nothing(store: Store) {
    let mut new = new_task("ann", "orders");
    new.retention = Duration::from_millis(1);
    new.idempotency_key = Some("click 1".to_owned());
    let first = registered(&store, &new).await;
    finish(&store, &first.id).await;
    apply(&*store, &first.id, &Event::Clear).await.expect("clears");
    until_due(&store, DueIndex::Purge, &first.id).await;
    let registry = super::runner_cases::registry();
    reaper::round(&*store, &registry, reaper::Leases::End).await.expect("a round");
    assert_eq!(store.load(&first.id).await.expect("answers").task, None);
    assert_eq!(store.history(&first.slot.owner, 10).await.expect("answers").0, []);
    for index in DueIndex::ALL {
        assert_eq!(store.due(index, 10).await.expect("answers"), [], "{index:?}");
    }
    // Its idempotency key went with it.
    let second = register(&*store, &new).await.expect("answers");
    assert!(matches!(second, Registered::New(task) if task.id != first.id));
}

pub async fn lists_tell_only_what_is_due(store: Store) {
    let mut soon = new_task("ann", "orders");
    soon.time_limit = Duration::from_millis(50);
    let soon = registered(&store, &soon).await;
    let later = registered(&store, &new_task("bob", "orders")).await;
    claim(&store, &later.id, Duration::from_millis(1)).await;
    until_due(&store, DueIndex::Deadline, &soon.id).await;
    until_due(&store, DueIndex::Lease, &later.id).await;
    assert_eq!(store.due(DueIndex::Deadline, 10).await.expect("answers"), std::slice::from_ref(&soon.id));
    assert_eq!(store.listed(DueIndex::Lease, 10).await.expect("answers"), [later.id]);
    assert_eq!(store.due(DueIndex::Purge, 10).await.expect("answers"), []);
    apply(&*store, &soon.id, &Event::Deadline).await.expect("expires");
    assert_eq!(store.due(DueIndex::Deadline, 10).await.expect("answers"), []);
}
