//! The store in a folder.

mod behaviour;
mod support;

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

use behaviour::{content, get, put};
use longshore_files::{FileError, FileStore};

fn store() -> (tempfile::TempDir, FileStore) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let store = FileStore::in_folder(folder.path()).expect("opens");
    (folder, store)
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_behaves() {
    let folders = RefCell::new(Vec::new());
    behaviour::check(async || {
        let (folder, store) = store();
        folders.borrow_mut().push(folder);
        store
    })
    .await;
}

#[tokio::test]
async fn without_an_address_files_are_in_the_data_folder() {
    let data = tempfile::tempdir().expect("temporary folder");
    let store = FileStore::open("", data.path()).await.expect("opens");
    put(&store, "exports/t1/a", &content(1, 10)).await;
    assert_eq!(files_in(data.path()), ["files/exports/t1/a"]);
    let link = store.link("exports/t1/a", Duration::from_secs(60), "attachment", "text/csv").await;
    assert_eq!(link.expect("none is no error"), None);
}

#[tokio::test]
async fn a_file_that_nobody_writes_any_more_is_given_up() {
    let (folder, store) = store();
    let mut writer = store.create("exports/t1/a").await.expect("begins");
    // So much that some of it has been written when this ends.
    writer.write(content(1, 5 << 20)).await.expect("writes");
    assert_eq!(files_in(folder.path()).len(), 1);
    drop(writer);
    let until = Instant::now() + Duration::from_secs(10);
    while !files_in(folder.path()).is_empty() {
        assert!(Instant::now() < until, "{:?}", files_in(folder.path()));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_folder_that_can_not_be_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    std::fs::write(folder.path().join("files"), "not a folder").expect("writable");
    let error = FileStore::open("", folder.path()).await.expect_err("a file is in the way");
    assert!(matches!(&error, FileError::Folder { path, .. } if path.ends_with("files")), "{error}");
}

/// The system's limit for the size of a file stands for a disk that is full: the write that passes it fails in the middle.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_fails_the_file_and_leaves_nothing() {
    if !support::is_child() {
        // 1 MiB, in blocks of 512 bytes (POSIX) or of 1 KiB (bash). Ignored, the signal becomes an error.
        let child =
            support::again("a_full_disk_fails_the_file_and_leaves_nothing", "trap '' XFSZ; ulimit -f 2048");
        return support::passed(&child);
    }
    let (folder, store) = store();
    put(&store, "exports/t1/small", &content(1, 1000)).await;
    let mut writer = store.create("exports/t1/large").await.expect("begins");
    let large = content(2, 9 << 20);
    let failed = match writer.write(large).await {
        Ok(()) => writer.finish().await.expect_err("too large"),
        Err(error) => {
            writer.abort().await;
            error
        }
    };
    assert!(matches!(failed, FileError::Store { .. }), "{failed}");
    assert!(failed.is_retryable(), "somebody may make room: {failed}");
    assert_eq!(files_in(folder.path()), ["exports/t1/small"]);
    assert_eq!(get(&store, "exports/t1/small", 0..1000).await, content(1, 1000));
}

/// Where a second name for the same bytes is not to be had, as between two file systems, they are copied.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_does_not_fit_leaves_nothing() {
    const ELSEWHERE: &str = "LONGSHORE_TEST_ELSEWHERE";
    let Some(elsewhere) = std::env::var_os(ELSEWHERE).filter(|_| support::is_child()) else {
        // Made where files may have any size; the child finds it in its store.
        let elsewhere = tempfile::tempdir_in("/dev/shm").expect("a file system of its own");
        let plan = std::fs::File::create(elsewhere.path().join("plan")).expect("creates");
        plan.set_len(9 << 20).expect("grows");
        let prelude =
            format!("export {ELSEWHERE}='{}'; trap '' XFSZ; ulimit -f 2048", elsewhere.path().display());
        return support::passed(&support::again("a_copy_that_does_not_fit_leaves_nothing", &prelude));
    };
    let (folder, store) = store();
    put(&store, "work/t1/small", &content(1, 1000)).await;
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("elsewhere")).expect("links");
    let failed = store.copy("elsewhere/plan", "work/t2/plan").await.expect_err("too large");
    assert!(matches!(failed, FileError::Store { .. }) && failed.is_retryable(), "{failed}");
    let left: Vec<String> =
        files_in(folder.path()).into_iter().filter(|file| !file.starts_with("elsewhere")).collect();
    assert_eq!(left, ["work/t1/small"]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_do_not_fit_leave_nothing() {
    if !support::is_child() {
        let child = support::again("bytes_that_do_not_fit_leave_nothing", "trap '' XFSZ; ulimit -f 2048");
        return support::passed(&child);
    }
    let (folder, store) = store();
    store.put("work/t1/a", content(1, 1000)).await.expect("stores");
    let failed = store.put("work/t1/a", content(2, 9 << 20)).await.expect_err("too large");
    assert!(matches!(failed, FileError::Store { .. }) && failed.is_retryable(), "{failed}");
    assert_eq!(files_in(folder.path()), ["work/t1/a"]);
    assert_eq!(get(&store, "work/t1/a", 0..1000).await, content(1, 1000));
}

/// A copy may be a second name of the same bytes: what becomes of the one must not matter to the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_have_lives_of_their_own() {
    let (folder, store) = store();
    store.put("work/t1/plan", content(1, 1000)).await.expect("stores");
    for _ in 0..2 {
        store.copy("work/t1/plan", "work/t2/plan").await.expect("copies");
        assert_eq!(files_in(folder.path()).len(), 2, "nothing unfinished is left");
    }
    store.put("work/t1/plan", content(2, 500)).await.expect("replaces");
    assert_eq!(get(&store, "work/t2/plan", 0..1000).await, content(1, 1000));
    store.remove_folder("work/t1/").await.expect("removes");
    assert_eq!(get(&store, "work/t2/plan", 0..1000).await, content(1, 1000));
    store.put("work/t1/plan", content(3, 10)).await.expect("stores in a folder that was gone");
    assert_eq!(files_in(folder.path()).len(), 2);
    let missing = store.copy("work/t1/none", "work/t2/none").await.expect_err("is not there");
    assert!(matches!(missing, FileError::Missing { .. }), "{missing}");
}
