//! What happens to an export at moments that are chosen: its machine stands still there until the test lets it go on.

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use longshore_jobs::CentreSettings;
use longshore_jobs::export::ExportSettings;
use longshore_protocol::{FailureCode, OwnerId, Phase, TaskId, TaskView};
use longshore_tasks::entity::{Slot, Timestamp};
use longshore_tasks::store::{Change, Committed, DueIndex, Stats};
use longshore_tasks::{Doorbell, Lane, Limits, Loaded, StoreError, Task, TaskStore, reaper};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use support::{House, caller, of};

const ROWS: &str = r#"
[database.shop]
url = "sqlite:shop.db"
[dataset.rows]
database = "shop"
table = "rows"
key = ["id"]
column = [{ name = "id", type = "integer" }, { name = "note", type = "text" }]
"#;
const MADE: &str = "CREATE TABLE rows (id INTEGER PRIMARY KEY, note TEXT);
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 60000)
    INSERT INTO rows SELECT i, printf('note %0200d', i) FROM c;";

/// A store that can be made not to answer.
struct Distant {
    store: Arc<dyn TaskStore>,
    is_cut_off: AtomicBool,
}

impl Distant {
    fn reached(&self) -> Result<&dyn TaskStore, StoreError> {
        if self.is_cut_off.load(Ordering::Relaxed) { Err(StoreError::Interrupted) } else { Ok(&*self.store) }
    }
}

#[async_trait]
impl TaskStore for Distant {
    async fn load(&self, id: &TaskId) -> Result<Loaded, StoreError> {
        self.reached()?.load(id).await
    }
    async fn load_slot(&self, slot: &Slot) -> Result<Loaded, StoreError> {
        self.reached()?.load_slot(slot).await
    }
    async fn commit(&self, changes: &[Change<'_>], limits: &Limits) -> Result<Committed, StoreError> {
        self.reached()?.commit(changes, limits).await
    }
    async fn next(&self, lanes: &[Lane], limits: &Limits, limit: usize) -> Result<Vec<Loaded>, StoreError> {
        self.reached()?.next(lanes, limits, limit).await
    }
    async fn due(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.reached()?.due(index, limit).await
    }
    async fn listed(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.reached()?.listed(index, limit).await
    }
    async fn history(&self, owner: &OwnerId, limit: usize) -> Result<(Vec<Task>, Timestamp), StoreError> {
        self.reached()?.history(owner, limit).await
    }
    async fn stats(&self) -> Result<Stats, StoreError> {
        self.reached()?.stats().await
    }
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.reached()?.now().await
    }
    fn doorbell(&self) -> Doorbell {
        self.store.doorbell()
    }
    fn is_exclusive(&self) -> bool {
        self.store.is_exclusive()
    }
}

/// A machine that stands still whenever nobody waits for something on it.
fn machine() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("starts")
}

fn is_unfinished(path: &Path) -> bool {
    path.to_string_lossy().contains(".unfinished")
}

fn of_run<'a>(files: &'a [PathBuf], epoch: &str) -> Vec<&'a PathBuf> {
    let is_its = |path: &&PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !is_unfinished(path) && name.starts_with(&format!("{epoch}-"))
    };
    files.iter().filter(is_its).collect()
}

/// Lets a machine go on until the files of the house are as wanted, and not a step further.
fn until_just(machine: &Runtime, house: &House, is_wanted: impl AsyncFn(&[PathBuf]) -> bool) {
    let reached = async {
        while !is_wanted(&house.files()).await {
            tokio::task::yield_now().await;
        }
    };
    let reached = async { tokio::time::timeout(Duration::from_secs(20), reached).await };
    machine.block_on(reached).unwrap_or_else(|_| panic!("never so: {:?}", house.files()));
}

fn house(part_bytes: u64) -> House {
    let settings = ExportSettings { part_bytes, ..ExportSettings::default() };
    let house = House::new(ROWS, 10, CentreSettings::default(), settings);
    house.database().execute_batch(MADE).expect("valid SQL");
    house
}

/// An export of ann's whose first run is cut off from the task store, and stands still, when the files are as wanted and its
/// checkpoint, if it should have one, is in the store. Its task waits for another run.
fn cut_off(
    near: &Runtime,
    far: &Runtime,
    house: &House,
    has_checkpoint: bool,
    is_wanted: impl Fn(&[PathBuf]) -> bool,
) -> (TaskView, Arc<Distant>, JoinHandle<()>) {
    let distant = Arc::new(Distant { store: house.store.clone(), is_cut_off: AtomicBool::new(false) });
    let working = far.spawn(house.worker_on(distant.clone(), "lost"));
    let task = near.block_on(house.export(&caller("ann"), of("rows", "csv")));
    let is_told = async || {
        let stored = house.store.load(&task.id).await.expect("answers").task.expect("is there");
        stored.cursor.is_some()
    };
    until_just(far, house, async |files| is_wanted(files) && (!has_checkpoint || is_told().await));
    distant.is_cut_off.store(true, Ordering::Relaxed);
    near.block_on(reaper::take_back_orphans(&*house.store, &house.registry)).expect("answers");
    (task, distant, working)
}

#[test]
fn a_run_that_was_taken_over_leaves_what_the_other_has_published() {
    let (near, far) = (Builder::new_multi_thread().enable_all().build().expect("starts"), machine());
    let (ann, mut house) = (caller("ann"), house(512 << 20));
    let (task, distant, lost) =
        cut_off(&near, &far, &house, false, |files| files.iter().any(|path| is_unfinished(path)));
    near.block_on(async { house.start_worker("other") });
    near.block_on(house.until(&ann, &task, Phase::Succeeded));
    let published = near.block_on(house.bytes(&ann, &task));

    // The first goes on, and ends its work; then it learns that it does not count.
    far.block_on(house.until_files(|files| of_run(files, "1").len() == 1));
    distant.is_cut_off.store(false, Ordering::Relaxed);
    far.block_on(house.until_files(|files| files.len() == 1 && of_run(files, "2").len() == 1));
    assert!(near.block_on(house.bytes(&ann, &task)) == published, "the published file is as it was");
    near.block_on(house.stop_workers());
    far.block_on(lost).expect("ends without a panic");
    assert_eq!(of_run(&house.files(), "2").len(), 1, "{:?}", house.files());
}

#[test]
fn a_run_that_was_taken_over_leaves_the_parts_that_the_other_goes_on_from() {
    let (near, far, other) =
        (Builder::new_multi_thread().enable_all().build().expect("starts"), machine(), machine());
    let (ann, mut house) = (caller("ann"), house(60_000));
    let (task, distant, lost) = cut_off(&near, &far, &house, true, |files| of_run(files, "1").len() > 1);
    let working = other.spawn(house.worker_on(house.store.clone(), "other"));
    until_just(&other, &house, async |files| !of_run(files, "2").is_empty());

    // The first archives all, and ends; then it learns that it does not count.
    let needed: Vec<PathBuf> = house.files().into_iter().filter(|path| !is_unfinished(path)).collect();
    let is_archive = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "zip");
    far.block_on(house.until_files(|files| of_run(files, "1").iter().any(is_archive)));
    distant.is_cut_off.store(false, Ordering::Relaxed);
    far.block_on(house.until_files(|files| !of_run(files, "1").iter().any(is_archive)));
    let files = house.files();
    assert!(needed.iter().all(|path| files.contains(path)), "{needed:?}, now {files:?}");

    other.block_on(house.until(&ann, &task, Phase::Succeeded));
    other.block_on(house.until_files(|files| files.len() == 1 && of_run(files, "2").len() == 1));
    let details = near.block_on(house.centre.details(&ann, task.id.as_str())).expect("answers");
    let manifest = details.manifest.expect("has one");
    assert!(manifest.resumed.len() == 1 && manifest.resumed[0].kept_part_count > 0, "{:?}", manifest.resumed);
    near.block_on(house.stop_workers());
    far.block_on(lost).expect("ends without a panic");
    other.block_on(working).expect("ends without a panic");
}

#[test]
fn an_export_that_is_cancelled_while_it_archives_leaves_nothing() {
    let (near, far) = (Builder::new_multi_thread().enable_all().build().expect("starts"), machine());
    let mut house = house(60_000);
    let working = far.spawn(house.worker_on(house.store.clone(), "one"));
    let task = near.block_on(house.export(&caller("ann"), of("rows", "csv")));
    let is_archiving = |path: &PathBuf| is_unfinished(path) && path.to_string_lossy().contains(".zip");
    until_just(&far, &house, async |files| files.iter().any(is_archiving));
    near.block_on(house.centre.cancel(&caller("ann"), &support::slot("rows"))).expect("answers");
    far.block_on(house.until(&caller("ann"), &task, Phase::Cancelled));
    far.block_on(house.until_files(<[_]>::is_empty));
    far.block_on(house.stop_workers());
    far.block_on(working).expect("ends without a panic");
    assert_eq!(house.files(), Vec::<PathBuf>::new());
}

#[test]
fn a_file_store_that_goes_away_in_the_middle_is_told() {
    let far = machine();
    let mut house = house(512 << 20);
    let working = far.spawn(house.worker_on(house.store.clone(), "one"));
    let task = far.block_on(house.export(&caller("ann"), of("rows", "csv")));
    until_just(&far, &house, async |files| files.iter().any(|path| is_unfinished(path)));
    let (place, away) = (house.folder.path().join("files"), house.folder.path().join("away"));
    std::fs::rename(&place, &away).expect("goes");
    std::fs::write(&place, "in the way").expect("writes");
    let failed = far.block_on(house.until(&caller("ann"), &task, Phase::Failed));
    assert_eq!(failed.failure.expect("a reason").code, FailureCode::FileStore);
    far.block_on(house.stop_workers());
    far.block_on(working).expect("ends without a panic");
    std::fs::remove_file(&place).expect("makes room");
    std::fs::rename(&away, &place).expect("comes back");
    far.block_on(house.centre.files().remove_unfinished(Duration::ZERO)).expect("sweeps");
    assert_eq!(house.files(), Vec::<PathBuf>::new());
}
