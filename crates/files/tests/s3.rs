//! The store in a bucket: against a real S3-compatible server, named by LONGSHORE_TEST_S3_URL; `make test` starts one.

mod behaviour;
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use behaviour::{content, get, put};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use longshore_files::{FileError, FileStore};
use opendal::{Buffer, HttpTransporter};
use sha2::{Digest, Sha256};
use url::Url;

const DISPOSITION: &str = "attachment; filename=\"__.csv\"; filename*=UTF-8''%E8%AE%A2%E5%8D%95.csv";
const MEDIA_TYPE: &str = "text/csv; charset=utf-8";

/// The bucket to test in; without one the skip is announced.
fn bucket() -> Option<Url> {
    let url = std::env::var("LONGSHORE_TEST_S3_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("SKIPPED: LONGSHORE_TEST_S3_URL names no bucket; `make test` starts a server that has one");
    }
    Some(Url::parse(&url?).expect("LONGSHORE_TEST_S3_URL is an address"))
}

/// An address below a prefix that nobody else uses.
fn unused(bucket: &Url) -> Url {
    let mut url = bucket.clone();
    url.set_path(&format!("/longshore-test-{:016x}", rand::random::<u64>()));
    url
}

async fn open(url: &Url) -> Result<FileStore, FileError> {
    FileStore::open(url.as_str(), Path::new("not used")).await
}

async fn empty_store(bucket: &Url) -> FileStore {
    open(&unused(bucket)).await.expect("opens")
}

/// The address with that endpoint.
fn at(bucket: &Url, endpoint: &str) -> Url {
    let mut url = bucket.clone();
    url.query_pairs_mut().clear().append_pair("region", "us-east-1").append_pair("endpoint", endpoint);
    url
}

async fn fetch(link: &str) -> Response<Buffer> {
    let request = Request::get(link).body(Buffer::new()).expect("an address");
    HttpTransporter::default().send(request).await.expect("answers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_behaves() {
    let Some(bucket) = bucket() else { return };
    behaviour::check(async || empty_store(&bucket).await).await;
}

#[tokio::test]
async fn a_link_gives_the_file_its_name_for_a_while() {
    let Some(bucket) = bucket() else { return };
    let store = empty_store(&bucket).await;
    put(&store, "exports/t1/1-a.csv", &Bytes::from_static(b"hello")).await;
    put(&store, "exports/t1/1-b.csv", &Bytes::from_static(b"not yours")).await;
    let link = async |seconds| {
        let link = store.link("exports/t1/1-a.csv", Duration::from_secs(seconds), DISPOSITION, MEDIA_TYPE);
        link.await.expect("signs").expect("buckets have links")
    };
    let for_a_minute = link(60).await;
    let answer = fetch(&for_a_minute).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-disposition"], DISPOSITION);
    assert_eq!(answer.headers()["content-type"], MEDIA_TYPE);
    assert_eq!(answer.into_body().to_vec(), b"hello");
    for (what, link) in [
        ("another file", for_a_minute.replace("1-a.csv", "1-b.csv")),
        ("another name", for_a_minute.replace("%2Fcsv", "%2Fhtml").replace("text/csv", "text/html")),
        ("longer", for_a_minute.replace("X-Amz-Expires=60", "X-Amz-Expires=600")),
    ] {
        assert_ne!(link, for_a_minute, "{what}");
        assert_eq!(fetch(&link).await.status(), StatusCode::FORBIDDEN, "{what}");
    }
    let for_a_second = link(1).await;
    let until = Instant::now() + Duration::from_secs(10);
    while fetch(&for_a_second).await.status().is_success() {
        assert!(Instant::now() < until, "it never ends");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let streaming = store.clone().without_links();
    let link = streaming.link("exports/t1/1-a.csv", Duration::from_secs(60), DISPOSITION, MEDIA_TYPE).await;
    assert_eq!(link.expect("none is no error"), None);
}

/// An empty store, and a proxy on the way to its server.
async fn behind_a_proxy(bucket: &Url) -> (support::Proxy, FileStore) {
    let endpoint = bucket.query_pairs().find(|(name, _)| name == "endpoint").expect("has one").1;
    let endpoint = Url::parse(&endpoint).expect("an address");
    let server = endpoint.socket_addrs(|| None).expect("has one")[0].to_string();
    let proxy = support::Proxy::to(server).await;
    let url = unused(&at(bucket, &format!("http://127.0.0.1:{}", proxy.port)));
    let store = open(&url).await.expect("opens");
    (proxy, store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_are_made_again() {
    let Some(bucket) = bucket() else { return };
    let (proxy, store) = behind_a_proxy(&bucket).await;
    let bytes = content(7, 28 << 20);
    let mut writer = store.create("exports/t1/a").await.expect("begins");
    for piece in bytes.chunks(7 << 20) {
        writer.write(bytes.slice_ref(piece)).await.expect("writes");
        proxy.cut();
    }
    let stored = writer.finish().await.expect("completes");
    assert_eq!(stored.sha256, format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(&bytes))));
    proxy.cut();
    assert!(get(&store, "exports/t1/a", 0..28 << 20).await == bytes);
    assert_eq!(store.remove_unfinished(Duration::ZERO).await.expect("looks"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_for_good_is_left_no_parts_once_it_is_back() {
    let Some(bucket) = bucket() else { return };
    let (proxy, store) = behind_a_proxy(&bucket).await;
    let mut writer = store.create("exports/t1/a").await.expect("begins");
    writer.write(content(8, 60 << 20)).await.expect("writes");
    // That much does not fit into what is on its way, so the upload has begun.
    proxy.shut(true);
    let failed = match writer.write(content(9, 20 << 20)).await {
        Ok(()) => writer.finish().await.expect_err("nobody answers"),
        Err(error) => error,
    };
    assert!(matches!(failed, FileError::Store { .. }) && failed.is_retryable(), "{failed}");
    proxy.shut(false);
    assert_eq!(store.list("exports/").await.expect("lists"), []);
    store.remove_unfinished(Duration::ZERO).await.expect("sweeps");
    assert_eq!(store.remove_unfinished(Duration::ZERO).await.expect("looks"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_comes_slowly_is_left_alone() {
    let Some(bucket) = bucket() else { return };
    let store = empty_store(&bucket).await;
    let untouched = Duration::from_secs(3);
    let mut writer = store.create("exports/t1/slow").await.expect("begins");
    let begun = Instant::now();
    // A part a second, for longer than an upload is left untouched.
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut bytes = Vec::new();
    while begun.elapsed() < 2 * untouched {
        ticks.tick().await;
        let part = content(bytes.len() as u64, 8 << 20);
        bytes.extend_from_slice(&part);
        writer.write(part).await.expect("writes");
        assert_eq!(store.remove_unfinished(untouched).await.expect("looks"), 0);
    }
    writer.finish().await.expect("nobody has ended it");
    assert!(get(&store, "exports/t1/slow", 0..bytes.len() as u64).await == bytes);
    let mut lost = store.create("exports/t1/lost").await.expect("begins");
    lost.write(content(3, 20 << 20)).await.expect("writes");
    std::mem::forget(lost);
    let until = Instant::now() + Duration::from_secs(20);
    while store.remove_unfinished(untouched).await.expect("looks") == 0 {
        assert!(Instant::now() < until, "one that nobody writes is never ended");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_bucket_is_told_at_the_start() {
    let Some(bucket) = bucket() else { return };
    let mut missing = bucket.clone();
    missing.set_host(Some("no-such-bucket")).expect("a name");
    // Port 1 of this machine: nobody listens there.
    let silent = at(&bucket, "http://127.0.0.1:1");
    for (url, named) in [(missing, "no-such-bucket"), (silent, "endpoint")] {
        let error = open(&url).await.expect_err(named);
        assert!(matches!(error, FileError::Unusable { .. }), "{error}");
        assert!(!error.is_retryable());
        let error = error.to_string();
        assert!(error.contains("files_url") && error.contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_and_not_shown() {
    let Some(bucket) = bucket() else { return };
    if !support::is_child() {
        let store = format!("{:?}", empty_store(&bucket).await);
        let secret = std::env::var("AWS_SECRET_ACCESS_KEY").expect("comes with LONGSHORE_TEST_S3_URL");
        assert!(store.contains("s3") && !store.contains(&secret), "{store}");
        let child =
            support::again("a_wrong_key_is_told_and_not_shown", "export AWS_SECRET_ACCESS_KEY=hunter2");
        return support::passed(&child);
    }
    let error = open(&bucket).await.expect_err("refused").to_string();
    assert!(error.contains("files_url") && error.contains("AWS_SECRET_ACCESS_KEY"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}
