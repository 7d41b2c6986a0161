//! The Redis store against servers that fail: killed, replaced, silent, forgetful. Each test starts its own.

mod conformance;
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conformance::{Store, new_task, registered};
use longshore_protocol::{OwnerId, TaskId};
use longshore_tasks::id::child_id;
use longshore_tasks::store::{DueIndex, RedisStore};
use longshore_tasks::{ApplyError, Event, NewTask, Registered, State, StoreError, apply, register};
use support::events;
use support::proxy::Proxy;
use support::redis_server::{RedisServer, binary, cluster, free_port};
use support::waiting::{until, within};

/// Settings of a server that keeps what it has acknowledged.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

async fn store_at(url: &str) -> Store {
    let namespace = format!("longshore-test-{:016x}", rand::random::<u64>());
    Arc::new(RedisStore::connect_in(url, &namespace).await.expect("connects"))
}

/// Two stores of the same tasks, the first of them through the proxy.
async fn stores(server: &RedisServer, proxy: &Proxy) -> (Store, Store) {
    // The server knows the scripts then, so that no answer is "send it first".
    registered(&store_at(&server.url()).await, &new_task("ann", "before")).await;
    let through = RedisStore::connect_in(&proxy.url(), "faults").await.expect("connects");
    let direct = RedisStore::connect_in(&server.url(), "faults").await.expect("connects");
    (Arc::new(through), Arc::new(direct))
}

fn numbered(number: usize) -> NewTask {
    let key = Some(format!("request {number}"));
    NewTask { idempotency_key: key, ..new_task("ann", &format!("subject{number}")) }
}

/// Registers again and again until it is acknowledged, as a person would press the button again.
async fn registered_at_last(store: &Store, number: usize) -> TaskId {
    let trying = async {
        loop {
            match register(&**store, &numbered(number)).await {
                Ok(Registered::New(task) | Registered::Repeated(task)) => return task.id,
                Ok(Registered::Running(task)) => panic!("{number}: another task is in its slot: {task:?}"),
                Err(error) => assert!(error.is_retryable(), "{error}"),
            }
        }
    };
    within("registered", trying).await
}

async fn history(store: &Store) -> Vec<TaskId> {
    let ann = OwnerId::parse("ann").expect("valid");
    let (tasks, _) = store.history(&ann, 10_000).await.expect("answers");
    tasks.into_iter().map(|task| task.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_conforms_and_keeps_a_shard_in_one_slot() {
    let Some(binary) = binary() else { return };
    let nodes = cluster(&binary).await;
    conformance::check(|| async { store_at(&nodes[1].url()).await }).await;
    let mut slots = BTreeSet::new();
    for node in &nodes {
        for key in node.ask::<Vec<String>>(&["KEYS", "*"]).await {
            slots.insert(node.ask::<u64>(&["CLUSTER", "KEYSLOT", &key]).await);
        }
    }
    assert_eq!(slots.len(), 1, "{slots:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_killed_server() {
    const BEFORE: usize = 60;
    const ALL: usize = 150;
    let Some(binary) = binary() else { return };
    let mut server = RedisServer::start(&binary, &DURABLE).await;
    let store = store_at(&server.url()).await;
    let (acknowledged, mut seen) = tokio::sync::watch::channel(0);
    let stream = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            let mut ids = Vec::new();
            for number in 0..ALL {
                ids.push(registered_at_last(&store, number).await);
                acknowledged.send_replace(ids.len());
            }
            ids
        }
    });
    within("some are registered", seen.wait_for(|count| *count >= BEFORE)).await.expect("goes on");
    server.kill();
    server.restart().await;
    let ids = within("all are registered", stream).await.expect("no panic");
    let stored = history(&store).await;
    assert_eq!(stored.len(), ALL, "each exactly once");
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), ids.iter().cloned().collect());
    for id in &ids {
        let task = store.load(id).await.expect("answers").task.expect("is there");
        assert_eq!((task.state, task.version), (State::Queued, 1));
    }
    let stats = store.stats().await.expect("answers");
    assert_eq!((stats.live, stats.lanes[0].waiting), (ALL as u64, ALL as u64));
    conformance::finish(&store, &ids[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_asked_for_again_and_changes_nothing_twice() {
    let Some(binary) = binary() else { return };
    let server = RedisServer::start(&binary, &[]).await;
    let proxy = Proxy::to(server.port).await;
    let (store, direct) = stores(&server, &proxy).await;

    proxy.drop_next_answer();
    let task = within("registers", registered(&store, &new_task("ann", "orders"))).await;
    assert_eq!(proxy.answers_dropped(), 1);
    assert_eq!(history(&direct).await, std::slice::from_ref(&task.id));

    let mut version = 1;
    let mut step = async |event: Event| {
        let dropped = proxy.answers_dropped();
        proxy.drop_next_answer();
        let after = within("applies", apply(&*store, &task.id, &event)).await.expect("applies");
        assert_eq!(proxy.answers_dropped(), dropped + 1, "{event:?}");
        version += 1;
        assert_eq!(after.version, version, "{event:?}");
        assert_eq!(conformance::task(&direct, &task.id).await, after);
        after
    };
    let running = step(events::claim(7)).await;
    assert_eq!(running.epoch, 1);
    let token = running.lease.expect("runs").token;
    step(events::beat(token)).await;
    assert_eq!(step(events::spawn_from(token, 0, 2)).await.children.total, 2);
    step(events::wait(token)).await;
    for number in 0..3 {
        let child = direct.load(&child_id(&task.id, number)).await.expect("answers").task;
        assert_eq!(child.is_some(), number < 2);
    }
    // The end of a child changes its parent in the same commit, which is counted once.
    let first = child_id(&task.id, 0);
    let held = conformance::claim(&direct, &first, Duration::from_secs(60)).await;
    proxy.drop_next_answer();
    let end = events::finish(held, events::succeeded());
    within("ends", apply(&*store, &first, &end)).await.expect("ends");
    assert_eq!(conformance::task(&direct, &task.id).await.children.succeeded, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_registered_is_told_so_although_a_worker_was_quicker_than_the_answer() {
    let Some(binary) = binary() else { return };
    let server = RedisServer::start(&binary, &[]).await;
    let proxy = Proxy::to(server.port).await;
    let (store, direct) = stores(&server, &proxy).await;
    for (subject, key) in [("a", None), ("b", Some("click".to_owned()))] {
        let new = NewTask { idempotency_key: key, ..new_task("ann", subject) };
        let dropped = proxy.answers_dropped();
        proxy.hold_new_connections(true);
        proxy.drop_next_answer();
        let registering = tokio::spawn({
            let (store, new) = (Arc::clone(&store), new.clone());
            async move { register(&*store, &new).await }
        });
        until("the answer is lost", || async { proxy.answers_dropped() > dropped }).await;
        let [id] = &conformance::next(&direct, 10).await[..] else { panic!("one waits") };
        conformance::claim(&direct, id, Duration::from_secs(60)).await;
        proxy.hold_new_connections(false);
        let told = within("registered", registering).await.expect("no panic").expect("registers");
        assert!(matches!(&told, Registered::New(task) if task.id == *id), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_of_children_that_is_repeated_after_a_beat_makes_them_once() {
    let Some(binary) = binary() else { return };
    let server = RedisServer::start(&binary, &[]).await;
    let proxy = Proxy::to(server.port).await;
    let (store, direct) = stores(&server, &proxy).await;
    let task = registered(&direct, &new_task("ann", "orders")).await;
    let token = conformance::claim(&direct, &task.id, Duration::from_secs(60)).await;
    // Connected, so that the answer is lost of the commit alone.
    store.now().await.expect("answers");
    proxy.hold_new_connections(true);
    proxy.drop_next_answer();
    let spawning = tokio::spawn({
        let (store, id) = (Arc::clone(&store), task.id.clone());
        async move { apply(&*store, &id, &events::spawn_from(token, 0, 2)).await }
    });
    until("the answer is lost", || async { proxy.answers_dropped() == 1 }).await;
    apply(&*direct, &task.id, &events::beat(token)).await.expect("beats");
    proxy.hold_new_connections(false);
    let after = within("spawned", spawning).await.expect("no panic").expect("spawns");
    assert_eq!(after.children.total, 2);
    assert_eq!(conformance::next(&direct, 10).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_script_cache_goes_unnoticed() {
    let Some(binary) = binary() else { return };
    let server = RedisServer::start(&binary, &[]).await;
    let store = store_at(&server.url()).await;
    for number in 0..40 {
        if number % 4 == 0 {
            let _: String = server.ask(&["SCRIPT", "FLUSH"]).await;
        }
        let new = registered(&store, &numbered(number)).await;
        conformance::finish(&store, &new.id).await;
    }
    assert_eq!(history(&store).await.len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over() {
    let Some(binary) = binary() else { return };
    let mut primary = RedisServer::start(&binary, &DURABLE).await;
    let replica = RedisServer::start(&binary, &DURABLE).await;
    let _: String = replica.ask(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]).await;
    until("the replica follows", || async {
        let info: String = replica.ask(&["INFO", "replication"]).await;
        info.contains("master_link_status:up")
    })
    .await;
    let proxy = Proxy::to(primary.port).await;
    let store: Store = Arc::new(RedisStore::connect_in(&proxy.url(), "faults").await.expect("connects"));
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(registered(&store, &numbered(number)).await.id);
    }
    let token = conformance::claim(&store, &ids[0], Duration::from_secs(60)).await;
    // What one connection waits for, all earlier writes have waited for too: the stream has an order.
    let mut connection = primary.connection().await.expect("connects");
    redis::cmd("SET").arg("last").arg("1").query_async::<()>(&mut connection).await.expect("writes");
    let followed: u64 =
        redis::cmd("WAIT").arg(1).arg(5_000).query_async(&mut connection).await.expect("waits");
    assert_eq!(followed, 1);
    proxy.lead_to(replica.port);
    primary.kill();

    let registering = tokio::spawn({
        let store = Arc::clone(&store);
        async move { register(&*store, &numbered(20)).await }
    });
    until("the replica refuses to write", || async { proxy.read_only_answers() > 0 }).await;
    let _: String = replica.ask(&["REPLICAOF", "NO", "ONE"]).await;
    let new = within("registered", registering).await.expect("no panic").expect("registers");
    assert!(matches!(new, Registered::New(_)), "{new:?}");
    // The run of before goes on, and nothing is lost.
    let end = events::finish(token, events::succeeded());
    assert_eq!(apply(&*store, &ids[0], &end).await.expect("ends").state, State::Succeeded);
    ids.push(new.task().id.clone());
    assert_eq!(history(&store).await.into_iter().collect::<BTreeSet<_>>(), ids.into_iter().collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_away_calls_fail_soon_and_may_be_repeated() {
    let Some(binary) = binary() else { return };
    let mut server = RedisServer::start(&binary, &DURABLE).await;
    let store = store_at(&server.url()).await;
    let task = registered(&store, &new_task("ann", "orders")).await;
    server.kill();
    fails_soon(&store, &task.id).await;
    server.restart().await;
    until("it answers again", || async { store.now().await.is_ok() }).await;
    assert_eq!(conformance::task(&store, &task.id).await, task);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_is_an_error_and_no_pause_without_end() {
    let Some(binary) = binary() else { return };
    let server = RedisServer::start(&binary, &[]).await;
    let proxy = Proxy::to(server.port).await;
    let (store, _) = stores(&server, &proxy).await;
    let task = registered(&store, &new_task("ann", "orders")).await;
    proxy.swallow();
    fails_soon(&store, &task.id).await;
}

/// Every call fails within ten seconds, and says that it may be repeated.
async fn fails_soon(store: &Store, id: &TaskId) {
    let began = Instant::now();
    let new = new_task("bob", "orders");
    let (loaded, due, applied, registered) = tokio::join!(
        store.load(id),
        store.due(DueIndex::Lease, 10),
        apply(&**store, id, &Event::RequestCancel),
        register(&**store, &new),
    );
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(loaded.is_err_and(|error| error.is_retryable()));
    assert!(due.is_err_and(|error| error.is_retryable()));
    assert!(applied.is_err_and(|error| error.is_retryable() && matches!(error, ApplyError::Store(_))));
    assert!(registered.is_err_and(|error| error.is_retryable() && matches!(error, ApplyError::Store(_))));
}

#[tokio::test]
async fn dangerous_settings_are_told() {
    let Some(binary) = binary() else { return };
    let dangerous = RedisServer::start(&binary, &["--maxmemory-policy", "allkeys-lru"]).await;
    let store = RedisStore::connect(&dangerous.url()).await.expect("connects");
    let [eviction, persistence] = store.advice() else { panic!("two warnings: {:?}", store.advice()) };
    assert!(eviction.contains("maxmemory-policy noeviction"), "{eviction}");
    assert!(persistence.contains("appendonly yes"), "{persistence}");
    let sound = RedisServer::start(&binary, &DURABLE).await;
    let store = RedisStore::connect(&sound.url()).await.expect("connects");
    assert_eq!(store.advice(), [] as [String; 0]);
}

#[tokio::test]
async fn a_wrong_password_and_a_wrong_port_are_told_apart() {
    let Some(binary) = binary() else { return };
    let server = RedisServer::start(&binary, &["--requirepass", "right"]).await;
    RedisStore::connect(&server.url()).await.expect("connects with the right one");
    for wrong in [":wrong@", ""] {
        let url = format!("redis://{wrong}127.0.0.1:{}/", server.port);
        let refused = RedisStore::connect(&url).await.err().expect("refused");
        println!("{url}: {refused}");
        assert!(!refused.is_retryable(), "{refused:?}");
        let text = refused.to_string().to_lowercase();
        assert!(text.contains("auth") || text.contains("password"), "{refused}");
    }
    let silent = RedisStore::connect(&format!("redis://127.0.0.1:{}/", free_port())).await;
    let silent = silent.err().expect("nobody there");
    println!("wrong port: {silent}");
    assert!(silent.is_retryable() && matches!(silent, StoreError::Redis(_)), "{silent:?}");
    assert!(silent.to_string().to_lowercase().contains("refused"), "{silent}");
}
