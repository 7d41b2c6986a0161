//! The Redis store: the conformance suite against a real server, named by LONGSHORE_TEST_REDIS_URL; `make test` starts one.

mod conformance;

use std::sync::Arc;

use conformance::Store;
use longshore_tasks::StoreError;
use longshore_tasks::store::RedisStore;

/// The server to test against; without one the skip is announced.
fn server() -> Option<String> {
    let url = std::env::var("LONGSHORE_TEST_REDIS_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("SKIPPED: LONGSHORE_TEST_REDIS_URL names no Redis server; `make test` starts one");
    }
    url
}

/// A store below a prefix that nobody else uses.
async fn empty_store(url: &str) -> Store {
    let namespace = format!("longshore-test-{:016x}", rand::random::<u64>());
    Arc::new(RedisStore::connect_in(url, &namespace).await.expect("connects"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_store_conforms() {
    let Some(url) = server() else { return };
    conformance::check(|| empty_store(&url)).await;
}

#[tokio::test]
async fn scripts_survive_a_flush() {
    let Some(url) = server() else { return };
    let store = empty_store(&url).await;
    conformance::registered(&store, &conformance::new_task("ann", "a")).await;
    let client = redis::Client::open(url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("connects");
    redis::cmd("SCRIPT").arg("FLUSH").query_async::<()>(&mut connection).await.expect("flushes");
    conformance::registered(&store, &conformance::new_task("ann", "b")).await;
}

#[tokio::test]
async fn a_wrong_address_is_named() {
    let malformed = RedisStore::connect("http://example.org").await.err().expect("refused");
    assert!(matches!(malformed, StoreError::BadAddress(_)), "{malformed}");
    assert!(malformed.to_string().contains("REDIS_URL"), "{malformed}");
    // Port 1 of this machine: nobody listens there.
    let silent = RedisStore::connect("redis://127.0.0.1:1/").await.err().expect("refused");
    assert!(matches!(silent, StoreError::Redis(_)), "{silent}");
}
