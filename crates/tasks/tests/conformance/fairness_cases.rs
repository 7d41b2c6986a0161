//! Who is served next: tenants in turn, ranks, limits, positions.

use std::collections::BTreeMap;
use std::time::Duration;

use longshore_protocol::{TaskId, TenantId};
use longshore_tasks::entity::Lane;
use longshore_tasks::{ApplyError, Event, Limits, Priority, Refusal, Task, apply};

use super::{Store, claim, finish, new_task, next, next_millisecond, next_within, registered, task};

async fn of_tenant(store: &Store, tenant: &str, subject: &str, priority: Priority) -> TaskId {
    let mut new = new_task("ann", subject);
    new.tenant = TenantId::parse(tenant).expect("valid");
    new.slot.owner = longshore_protocol::OwnerId::parse(tenant).expect("valid");
    new.priority = priority;
    let task = registered(store, &new).await;
    next_millisecond(store).await;
    task.id
}

async fn ahead(store: &Store, id: &TaskId) -> Option<u64> {
    store.load(id).await.expect("loads").ahead
}

pub async fn tenants_take_turns(store: Store) {
    let mut big = Vec::new();
    for number in 0..4 {
        big.push(of_tenant(&store, "big", &number.to_string(), Priority::Normal).await);
    }
    let small = of_tenant(&store, "small", "a", Priority::Normal).await;
    let late = of_tenant(&store, "late", "a", Priority::Normal).await;
    let order: Vec<&TaskId> = vec![&big[0], &small, &late, &big[1], &big[2], &big[3]];
    assert_eq!(next(&store, 10).await.iter().collect::<Vec<_>>(), order);
    // The place that a person is told is the one in that order.
    for (place, id) in order.iter().enumerate() {
        assert_eq!(ahead(&store, id).await, Some(place as u64), "place {place}");
    }
    // Whoever has been served goes to the back.
    claim(&store, &big[0], Duration::from_secs(60)).await;
    let order = vec![&small, &late, &big[1], &big[2], &big[3]];
    assert_eq!(next(&store, 10).await.iter().collect::<Vec<_>>(), order);
    assert_eq!(ahead(&store, &big[1]).await, Some(2));
}

pub async fn priorities_order_a_tenants_own_tasks(store: Store) {
    let low = of_tenant(&store, "big", "low", Priority::Low).await;
    let normal = of_tenant(&store, "big", "normal", Priority::Normal).await;
    let high = of_tenant(&store, "big", "high", Priority::High).await;
    let other = of_tenant(&store, "small", "a", Priority::Low).await;
    assert_eq!(next(&store, 10).await, [high.clone(), other, normal, low]);
    assert_eq!(ahead(&store, &high).await, Some(0));
}

pub async fn limits_hold_exactly(store: Store) {
    let mut tasks = Vec::new();
    for number in 0..3 {
        tasks.push(of_tenant(&store, "big", &number.to_string(), Priority::Normal).await);
    }
    let other = of_tenant(&store, "small", "a", Priority::Normal).await;
    let per_tenant = Limits { per_tenant: Some(1), per_kind: BTreeMap::new() };
    assert_eq!(next_within(&store, &per_tenant, 10).await, [tasks[0].clone(), other.clone()]);
    claim(&store, &tasks[0], Duration::from_secs(60)).await;
    assert_eq!(next_within(&store, &per_tenant, 10).await, std::slice::from_ref(&other));
    let per_kind = Limits { per_tenant: None, per_kind: BTreeMap::from([("test".to_owned(), 1)]) };
    assert_eq!(next_within(&store, &per_kind, 10).await, []);
    // Of many who try at once, as many get through as there are places.
    let two = Limits { per_tenant: None, per_kind: BTreeMap::from([("test".to_owned(), 2)]) };
    let claims = [&tasks[1], &tasks[2], &other].map(|id| commit_claim(&store, id, &two));
    let won = futures::future::join_all(claims).await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    assert_eq!(store.stats().await.expect("answers").running.get("test"), Some(&2));
    // An end makes room.
    let running = task(&store, &tasks[0]).await;
    let token = running.lease.expect("a lease").token;
    apply(&*store, &tasks[0], &Event::Release { token, cursor: None }).await.expect("gives back");
    assert_eq!(next_within(&store, &two, 10).await.len(), 1);
}

/// Whether a claim by hand is committed.
async fn commit_claim(store: &Store, id: &TaskId, limits: &Limits) -> bool {
    use longshore_tasks::store::{Change, Committed};
    use longshore_tasks::transition::{Family, transition};
    loop {
        let loaded = store.load(id).await.expect("loads");
        let before: Task = loaded.task.expect("a task");
        let event = Event::Claim { worker: "w".to_owned(), nonce: 1, lease: Duration::from_secs(60) };
        let family = Family { task: &before, parent: None };
        let mut after = transition(family, &event, loaded.now).expect("claims").task;
        (after.version, after.stamp) = (before.version + 1, 77);
        let change = Change::Replace { before: &before, after: &after };
        match store.commit(&[change], limits).await.expect("answers") {
            Committed::Done => return true,
            Committed::AtLimit => return false,
            other => println!("again after {other:?}"),
        }
    }
}

pub async fn lanes_are_separate(store: Store) {
    let known = registered(&store, &new_task("ann", "known")).await;
    let mut newer = new_task("ann", "newer");
    newer.payload.version = 2;
    let newer = registered(&store, &newer).await;
    let mut other = new_task("ann", "other");
    other.slot.kind = "other".to_owned();
    let other = registered(&store, &other).await;
    assert_eq!(next(&store, 10).await, std::slice::from_ref(&known.id));
    let lanes = ["other@1", "test@2", "test@1"].map(|lane| Lane::parse(lane).expect("a lane"));
    let found = store.next(&lanes, Limits::NONE, 10).await.expect("answers");
    let ids: Vec<TaskId> = found.into_iter().map(|loaded| loaded.task.expect("a task").id).collect();
    assert_eq!(ids, [other.id, newer.id, known.id]);
}

pub async fn stats_count_what_is_there(store: Store) {
    let first = of_tenant(&store, "big", "1", Priority::High).await;
    of_tenant(&store, "big", "2", Priority::Low).await;
    of_tenant(&store, "small", "1", Priority::Low).await;
    let mut delayed = new_task("bob", "later");
    delayed.delay = Duration::from_secs(60);
    registered(&store, &delayed).await;
    let stats = store.stats().await.expect("answers");
    assert_eq!(stats.lanes.len(), 1);
    let lane = &stats.lanes[0];
    assert_eq!((lane.lane.to_string().as_str(), lane.waiting, lane.tenants), ("test@1", 3, 2));
    assert_eq!(lane.oldest, task(&store, &first).await.registered_at);
    assert_eq!((stats.delayed, stats.dead, stats.live), (1, 0, 4));
    finish(&store, &first).await;
    apply(&*store, &first, &Event::Clear).await.expect("clears");
    let again = apply(&*store, &first, &Event::Due).await;
    assert!(matches!(again, Err(ApplyError::Refused(Refusal::Archived))), "{again:?}");
    let stats = store.stats().await.expect("answers");
    assert_eq!((stats.lanes[0].waiting, stats.live, stats.running.len()), (2, 3, 0));
}
