//! What every store does, whatever it is made of. Each case gets a store that nobody has used.

use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use longshore_files::{FileError, FileStore, Listed, Stored};
use sha2::{Digest, Sha256};

/// More than three parts of a bucket, and a rest.
const BIG_BYTES: usize = (28 << 20) + 123;
/// No multiple or divisor of any size that a store works in.
const ODD_BYTES: usize = 3_000_001;

/// Runs every case.
pub async fn check(open: impl AsyncFn() -> FileStore) {
    a_file_appears_whole(&open().await).await;
    an_empty_file_is_a_file(&open().await).await;
    a_big_file_is_stored_byte_by_byte(&open().await).await;
    a_file_given_up_leaves_nothing(&open().await).await;
    what_a_killed_process_left_is_removed(&open().await).await;
    writers_do_not_meet(&open().await).await;
    a_copy_is_a_file_of_its_own(&open().await).await;
    folders_are_listed_and_removed(&open().await).await;
    what_is_missing_is_said_to_be(&open().await).await;
}

/// Bytes without a pattern that two places of a file could share.
pub fn content(seed: u64, count: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes.into()
}

/// Stores `bytes` in pieces of an odd size.
pub async fn put(store: &FileStore, key: &str, bytes: &Bytes) -> Stored {
    let mut writer = store.create(key).await.expect("begins");
    for piece in bytes.chunks(ODD_BYTES) {
        writer.write(bytes.slice_ref(piece)).await.expect("writes");
    }
    writer.finish().await.expect("completes")
}

/// The bytes of a file in a range.
pub async fn get(store: &FileStore, key: &str, range: std::ops::Range<u64>) -> Vec<u8> {
    let pieces: Vec<Bytes> = store.read(key, range).await.expect("opens").try_collect().await.expect("reads");
    pieces.concat()
}

async fn keys(store: &FileStore, folder: &str) -> Vec<String> {
    store.list(folder).await.expect("lists").into_iter().map(|file| file.key).collect()
}

async fn a_file_appears_whole(store: &FileStore) {
    let key = "exports/t1/1-a.csv";
    let mut writer = store.create(key).await.expect("begins");
    writer.write(Bytes::from_static(b"hello ")).await.expect("writes");
    assert!(matches!(store.size(key).await, Err(FileError::Missing { .. })));
    assert_eq!(keys(store, "exports/t1/").await, Vec::<String>::new());
    writer.write(Bytes::from_static(b"world")).await.expect("writes");
    let stored = writer.finish().await.expect("completes");
    // The digest as `printf 'hello world' | sha256sum` tells it.
    let sha256 = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9".to_owned();
    assert_eq!(stored, Stored { size_bytes: 11, sha256 });
    assert_eq!(store.size(key).await.expect("is there"), 11);
    assert_eq!(
        store.list("exports/t1/").await.expect("lists"),
        [Listed { key: key.to_owned(), size_bytes: 11 }]
    );
    for (range, part) in [(0..11, "hello world"), (6..11, "world"), (0..1, "h"), (10..11, "d"), (4..4, "")] {
        assert_eq!(get(store, key, range).await, part.as_bytes(), "{part}");
    }
}

async fn an_empty_file_is_a_file(store: &FileStore) {
    let writer = store.create("exports/t1/empty").await.expect("begins");
    let stored = writer.finish().await.expect("completes");
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned();
    assert_eq!(stored, Stored { size_bytes: 0, sha256 });
    assert_eq!(store.size("exports/t1/empty").await.expect("is there"), 0);
}

async fn a_big_file_is_stored_byte_by_byte(store: &FileStore) {
    let (key, bytes) = ("exports/t1/big.xlsx", content(1, BIG_BYTES));
    let mut writer = store.create(key).await.expect("begins");
    writer.write(bytes.slice(..BIG_BYTES - 1)).await.expect("writes");
    // Parts are in the store by now, but no file.
    assert!(matches!(store.size(key).await, Err(FileError::Missing { .. })));
    assert_eq!(keys(store, "exports/").await, Vec::<String>::new());
    writer.write(bytes.slice(BIG_BYTES - 1..)).await.expect("writes");
    let stored = writer.finish().await.expect("completes");
    let sha256 = format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(&bytes)));
    assert_eq!(stored, Stored { size_bytes: BIG_BYTES as u64, sha256 });
    assert_eq!(store.size(key).await.expect("is there"), BIG_BYTES as u64);
    assert!(get(store, key, 0..BIG_BYTES as u64).await == bytes, "all bytes, in their order");
    for border in [8 << 20, 16 << 20, 24 << 20] {
        let range = border - 10..border + 10;
        assert_eq!(
            get(store, key, range.start as u64..range.end as u64).await,
            bytes.slice(range),
            "{border}"
        );
    }
    assert_eq!(store.remove_unfinished(Duration::ZERO).await.expect("looks"), 0);
}

async fn a_file_given_up_leaves_nothing(store: &FileStore) {
    for count in [0, 4, BIG_BYTES] {
        let mut writer = store.create("exports/t1/1-a.csv").await.expect("begins");
        writer.write(content(2, count)).await.expect("writes");
        writer.abort().await;
        assert_eq!(keys(store, "exports/").await, Vec::<String>::new(), "{count}");
        assert_eq!(store.remove_unfinished(Duration::ZERO).await.expect("looks"), 0, "{count}");
    }
}

async fn what_a_killed_process_left_is_removed(store: &FileStore) {
    put(store, "exports/t1/1-a.csv", &content(3, 100)).await;
    let mut writer = store.create("exports/t2/1-a.csv").await.expect("begins");
    writer.write(content(3, BIG_BYTES)).await.expect("writes");
    // As if its process had been killed: it neither finishes nor gives up.
    std::mem::forget(writer);
    assert_eq!(store.remove_unfinished(Duration::from_secs(3600)).await.expect("looks"), 0);
    assert_eq!(store.remove_unfinished(Duration::ZERO).await.expect("removes"), 1);
    assert_eq!(store.remove_unfinished(Duration::ZERO).await.expect("looks"), 0);
    assert_eq!(keys(store, "exports/").await, ["exports/t1/1-a.csv"]);
}

async fn writers_do_not_meet(store: &FileStore) {
    let one = |number: u64| async move {
        let (key, bytes) = (format!("exports/t{number}/a"), content(number, 9 << 20));
        put(store, &key, &bytes).await;
        assert!(get(store, &key, 0..9 << 20).await == bytes, "{key}");
    };
    futures::future::join_all((1..=4).map(one)).await;
    assert_eq!(keys(store, "exports/").await.len(), 4);
}

async fn a_copy_is_a_file_of_its_own(store: &FileStore) {
    let bytes = content(5, ODD_BYTES);
    put(store, "work/t1/plan", &bytes).await;
    put(store, "work/t2/plan", &content(6, 100)).await;
    for to in ["work/t2/plan", "work/t3/new/plan"] {
        store.copy("work/t1/plan", to).await.expect("copies");
        assert!(get(store, to, 0..ODD_BYTES as u64).await == bytes, "{to}");
    }
    let missing = store.copy("work/none", "work/t4/plan").await.expect_err("is not there");
    assert!(matches!(&missing, FileError::Missing { key } if key == "work/none"), "{missing}");
    store.remove("work/t1/plan").await.expect("removes");
    assert!(get(store, "work/t2/plan", 0..ODD_BYTES as u64).await == bytes);
    assert_eq!(keys(store, "work/").await, ["work/t2/plan", "work/t3/new/plan"]);
    assert_eq!(store.remove_unfinished(Duration::ZERO).await.expect("looks"), 0);
}

async fn folders_are_listed_and_removed(store: &FileStore) {
    for key in ["exports/t1/1-a", "exports/t1/2-a", "exports/t1/parts/3", "exports/t10/1-a", "others/t1/1-a"]
    {
        put(store, key, &content(4, key.len())).await;
    }
    let listed = store.list("exports/t1/").await.expect("lists");
    let expected = ["exports/t1/1-a", "exports/t1/2-a", "exports/t1/parts/3"];
    assert_eq!(
        listed,
        expected.map(|key| Listed { key: key.to_owned(), size_bytes: key.len() as u64 }),
        "neither t10 nor others"
    );
    store.remove_folder_but("exports/t1/", &["exports/t1/2-a", "exports/t1/none"]).await.expect("removes");
    assert_eq!(keys(store, "exports/").await, ["exports/t1/2-a", "exports/t10/1-a"]);
    store.remove_folder("exports/t1/").await.expect("removes");
    store.remove_folder("exports/t1/").await.expect("removes again");
    assert_eq!(keys(store, "exports/").await, ["exports/t10/1-a"]);
    store.remove("exports/t10/1-a").await.expect("removes");
    store.remove("exports/t10/1-a").await.expect("removes again");
    assert_eq!(keys(store, "exports/").await, Vec::<String>::new());
    assert_eq!(keys(store, "others/").await, ["others/t1/1-a"]);
}

async fn what_is_missing_is_said_to_be(store: &FileStore) {
    let missing = store.size("exports/none").await.expect_err("is not there");
    assert!(matches!(&missing, FileError::Missing { key } if key == "exports/none"), "{missing}");
    assert!(!missing.is_retryable());
    let read = async {
        let pieces = store.read("exports/none", 0..10).await.map_err(std::io::Error::other)?;
        pieces.try_collect::<Vec<Bytes>>().await
    };
    assert!(read.await.is_err());
    assert_eq!(keys(store, "exports/").await, Vec::<String>::new());
}
