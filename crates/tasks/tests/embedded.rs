//! The embedded store: the conformance suite, and what only a file can do.

mod conformance;

use std::sync::Arc;

use conformance::Store;
use longshore_tasks::StoreError;
use longshore_tasks::store::EmbeddedStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn embedded_store_conforms() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let count = std::cell::Cell::new(0);
    conformance::check(|| {
        count.set(count.get() + 1);
        let path = folder.path().join(format!("{}.redb", count.get()));
        async move { Arc::new(EmbeddedStore::open(&path).expect("opens")) as Store }
    })
    .await;
}

#[tokio::test]
async fn tasks_survive_a_restart() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("tasks.redb");
    let store: Store = Arc::new(EmbeddedStore::open(&path).expect("opens"));
    let task = conformance::registered(&store, &conformance::new_task("ann", "orders")).await;
    drop(store);
    let store: Store = Arc::new(EmbeddedStore::open(&path).expect("opens again"));
    assert_eq!(store.load(&task.id).await.expect("answers").task, Some(task.clone()));
    assert_eq!(conformance::next(&store, 10).await, [task.id]);
}

#[tokio::test]
async fn a_second_opening_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("tasks.redb");
    let _first = EmbeddedStore::open(&path).expect("opens");
    let refused = EmbeddedStore::open(&path).err().expect("refused");
    assert!(matches!(refused, StoreError::InUse { .. }));
    assert!(refused.to_string().contains("another Longshore process"), "{refused}");
}

#[tokio::test]
async fn time_never_goes_back() {
    use std::sync::atomic::{AtomicU64, Ordering};
    let folder = tempfile::tempdir().expect("temporary folder");
    let clock = Arc::new(AtomicU64::new(2_000));
    let told = clock.clone();
    let path = folder.path().join("tasks.redb");
    let store: Store = Arc::new(
        EmbeddedStore::open_with_clock(&path, Arc::new(move || told.load(Ordering::Relaxed))).expect("opens"),
    );
    assert_eq!(store.now().await.expect("answers").as_millis(), 2_000);
    clock.store(1_000, Ordering::Relaxed);
    assert_eq!(store.now().await.expect("answers").as_millis(), 2_000);
}
