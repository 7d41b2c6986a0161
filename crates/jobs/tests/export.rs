//! The flow of an export below HTTP, on real parts: embedded task store, SQLite, file store, worker and reaper.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use longshore_datasets::Catalog;
use longshore_datasets::demo::{ShopSize, create_shop};
use longshore_files::FileStore;
use longshore_jobs::{Caller, Centre, CentreError, CentreSettings};
use longshore_protocol::{
    ErrorCode, ExportRequest, FailureCode, Filter, Lang, OwnerId, Phase, TaskQuery, TaskView, TenantId,
};
use longshore_tasks::store::EmbeddedStore;
use longshore_tasks::{TaskStore, WorkerSettings, reaper, worker};
use tokio_util::sync::CancellationToken;

const ORDERS: &str = r#"
[database.shop]
url = "sqlite:shop.db"
[dataset.orders]
database = "shop"
table = "orders"
key = ["id"]
label = { en = "Orders", zh = "订单" }
column = [
    { name = "order_no", type = "text", label = { en = "Order no.", zh = "订单号" } },
    { name = "status", type = "text" },
    { name = "total", source = "total_cents", type = "decimal", scale = 2, stored_as = "scaled_integer" },
]
[dataset.broken]
database = "shop"
table = "orders"
key = ["id"]
column = [{ name = "order_no", type = "date" }]
[dataset.gone]
database = "shop"
table = "no_such_table"
key = ["id"]
column = [{ name = "id", type = "integer" }]
[dataset.endless]
database = "shop"
query = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1000000000) SELECT i FROM c"
key = ["i"]
column = [{ name = "i", type = "integer" }]
"#;

struct Fixture {
    folder: tempfile::TempDir,
    centre: Centre,
    shutdown: CancellationToken,
    parts: Vec<tokio::task::JoinHandle<()>>,
}

impl Fixture {
    async fn start(settings: CentreSettings) -> Fixture {
        let folder = tempfile::tempdir().expect("temporary folder");
        let root = folder.path();
        create_shop(&root.join("shop.db"), ShopSize::for_orders(500), &mut |_, _| {}).expect("makes a shop");
        let config = toml::from_str(ORDERS).expect("well-formed");
        let catalog = Arc::new(Catalog::from_config(&config, root).expect("valid"));
        let files = FileStore::in_folder(&root.join("files")).expect("opens");
        let store: Arc<dyn TaskStore> =
            Arc::new(EmbeddedStore::open(&root.join("tasks.redb")).expect("opens"));
        let centre = Centre::new(store.clone(), catalog.clone(), files.clone(), settings);
        let registry = Arc::new(longshore_jobs::registry(&catalog, &files));
        let quick = Duration::from_millis(20);
        let settings = WorkerSettings {
            progress_beat: quick,
            beat: Duration::from_millis(100),
            reap_interval: quick,
            ..WorkerSettings::named("test-worker")
        };
        let shutdown = CancellationToken::new();
        let parts = vec![
            tokio::spawn(worker::run(store.clone(), registry.clone(), settings.clone(), shutdown.clone())),
            tokio::spawn(reaper::run(store, registry, settings, shutdown.clone())),
        ];
        Fixture { folder, centre, shutdown, parts }
    }

    async fn export(&self, caller: &Caller, request: ExportRequest) -> TaskView {
        self.centre.register_export(caller, request, Lang::En).await.expect("registers").task
    }

    async fn until(&self, caller: &Caller, task: &TaskView, phase: Phase) -> TaskView {
        let query = TaskQuery { task: Some(task.id.to_string()), ..TaskQuery::default() };
        let asked = async {
            loop {
                let view = self.centre.status(caller, &query).await.expect("answers").expect("is there");
                if view.phase == phase {
                    return view;
                }
                assert!(
                    !view.phase.is_final(),
                    "ended as {:?} ({:?}), not as {phase:?}",
                    view.phase,
                    view.failure
                );
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asked)
            .await
            .unwrap_or_else(|_| panic!("never {phase:?}"))
    }

    async fn until_files(&self, count: usize) {
        let asked = async {
            while files_below(self.folder.path()).len() != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let asked = tokio::time::timeout(Duration::from_secs(10), asked).await;
        assert!(asked.is_ok(), "files: {:?}", files_below(self.folder.path()));
    }

    async fn bytes(&self, caller: &Caller, task: &TaskView) -> Vec<u8> {
        let file = self.centre.download(caller, task.id.as_str()).await.expect("may download");
        let stream = self.centre.files().read(&file.key, 0..file.size_bytes).await.expect("opens");
        stream.try_collect::<Vec<_>>().await.expect("reads").concat()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        for part in self.parts {
            part.await.expect("ends without a panic");
        }
    }
}

fn files_below(root: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("files")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

fn caller(name: &str) -> Caller {
    Caller { owner: OwnerId::parse(name).expect("valid"), tenant: TenantId::parse("main").expect("valid") }
}

fn of(dataset: &str, format: &str) -> ExportRequest {
    ExportRequest { dataset: dataset.to_owned(), format: format.to_owned(), ..ExportRequest::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flow_from_request_to_cleared() {
    let fixture = Fixture::start(CentreSettings::default()).await;
    let (ann, of_orders) =
        (caller("ann"), TaskQuery { dataset: Some("orders".into()), ..TaskQuery::default() });
    assert_eq!(fixture.centre.status(&ann, &of_orders).await.expect("answers"), None);
    let mut request = of("orders", "csv");
    request.columns = vec!["total".into(), "order_no".into()];
    request.filters = vec![Filter { column: "status".into(), op: "eq".into(), value: "paid".into() }];
    request.lang = Some(Lang::Zh);
    request.file_name = "本月".into();
    let task = fixture.export(&ann, request).await;
    let ready = fixture.until(&ann, &task, Phase::Succeeded).await;
    let file = ready.file.expect("a file");
    assert_eq!(file.name, "本月.csv");
    let text = String::from_utf8(fixture.bytes(&ann, &task).await).expect("UTF-8");
    let lines: Vec<&str> = text.strip_prefix('\u{FEFF}').expect("a BOM").split_terminator("\r\n").collect();
    assert_eq!(lines[0], "total,订单号");
    assert_eq!(lines.len() as u64 - 1, file.row_count);
    assert_eq!(text.len() as u64, file.size_bytes);
    assert!(
        fixture.centre.status(&ann, &of_orders).await.expect("answers").is_some(),
        "offered until cleared"
    );
    assert!(fixture.centre.clear(&ann, &of_orders).await.expect("answers"));
    assert!(!fixture.centre.clear(&ann, &of_orders).await.expect("answers"));
    assert_eq!(fixture.centre.status(&ann, &of_orders).await.expect("answers"), None);
    assert_eq!(fixture.bytes(&ann, &task).await, text.as_bytes(), "the file outlives the entity");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_neither_see_nor_touch_a_task() {
    let fixture = Fixture::start(CentreSettings::default()).await;
    let (ann, bob) = (caller("ann"), caller("bob"));
    let task = fixture.export(&ann, of("orders", "xlsx")).await;
    fixture.until(&ann, &task, Phase::Succeeded).await;
    let query = TaskQuery { task: Some(task.id.to_string()), ..TaskQuery::default() };
    let code = |error: CentreError| error.code();
    assert_eq!(fixture.centre.status(&bob, &query).await.map_err(code), Err(ErrorCode::UnknownTask));
    assert_eq!(fixture.centre.clear(&bob, &query).await.map_err(code), Err(ErrorCode::UnknownTask));
    assert_eq!(fixture.centre.cancel(&bob, &query).await.map_err(code), Err(ErrorCode::UnknownTask));
    assert_eq!(
        fixture.centre.download(&bob, task.id.as_str()).await.map_err(code),
        Err(ErrorCode::UnknownTask)
    );
    assert_eq!(fixture.centre.history(&bob).await.expect("answers"), []);
    let by_dataset = TaskQuery { dataset: Some("orders".into()), ..TaskQuery::default() };
    assert_eq!(fixture.centre.status(&bob, &by_dataset).await.expect("answers"), None);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_makes_no_task() {
    let fixture = Fixture::start(CentreSettings::default()).await;
    let ann = caller("ann");
    let mut request = of("orders", "pdf");
    request.file_name = "../x".into();
    request.time_zone = "Mars/Olympus".into();
    request.columns = vec!["nope".into()];
    request.idempotency_key = "k".repeat(65);
    match fixture.centre.register_export(&ann, request, Lang::En).await {
        Err(CentreError::Invalid(problems)) => {
            let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
            assert_eq!(fields, ["columns[0]", "format", "time_zone", "idempotency_key", "file_name"]);
        }
        other => panic!("expected problems, not {other:?}"),
    }
    let unknown = fixture.centre.register_export(&ann, of("nope", ""), Lang::En).await;
    assert!(matches!(unknown, Err(CentreError::UnknownDataset)));
    assert_eq!(fixture.centre.history(&ann).await.expect("answers"), []);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_export_leaves_no_file() {
    let fixture = Fixture::start(CentreSettings::default()).await;
    let ann = caller("ann");
    for format in ["xlsx", "csv"] {
        let task = fixture.export(&ann, of("endless", format)).await;
        fixture.until(&ann, &task, Phase::Running).await;
        let query = TaskQuery { task: Some(task.id.to_string()), ..TaskQuery::default() };
        fixture.centre.cancel(&ann, &query).await.expect("answers");
        fixture.until(&ann, &task, Phase::Cancelled).await;
        fixture.until_files(0).await;
    }
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_export_frees_its_slot_and_leaves_no_file() {
    let settings = CentreSettings { time_limit: Duration::from_millis(300), ..CentreSettings::default() };
    let fixture = Fixture::start(settings).await;
    let ann = caller("ann");
    let task = fixture.export(&ann, of("endless", "csv")).await;
    fixture.until(&ann, &task, Phase::Abandoned).await;
    fixture.until_files(0).await;
    let again = fixture.centre.register_export(&ann, of("orders", "csv"), Lang::En).await.expect("answers");
    assert!(again.registered);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_say_why_and_leave_no_file() {
    let fixture = Fixture::start(CentreSettings::default()).await;
    let ann = caller("ann");
    for (dataset, code, detail) in
        [("broken", FailureCode::BadValue, Some("order_no")), ("gone", FailureCode::Database, None)]
    {
        let task = fixture.export(&ann, of(dataset, "xlsx")).await;
        let failure = fixture.until(&ann, &task, Phase::Failed).await.failure.expect("a reason");
        assert_eq!((failure.code, failure.detail.as_deref()), (code, detail));
        fixture.until_files(0).await;
    }
    // A file store whose folder is taken away is a failure of its own.
    let folder = fixture.folder.path().join("files");
    std::fs::remove_dir_all(&folder).expect("removes");
    std::fs::write(&folder, b"in the way").expect("writes");
    let task = fixture.export(&ann, of("orders", "xlsx")).await;
    let failure = fixture.until(&ann, &task, Phase::Failed).await.failure.expect("a reason");
    assert_eq!(failure.code, FailureCode::FileStore);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_nobody_cleared_goes_at_the_end_of_its_retention() {
    let settings = CentreSettings { retention: Duration::from_millis(200), ..CentreSettings::default() };
    let fixture = Fixture::start(settings).await;
    let ann = caller("ann");
    let task = fixture.export(&ann, of("orders", "csv")).await;
    let query = TaskQuery { task: Some(task.id.to_string()), ..TaskQuery::default() };
    let expired = async {
        loop {
            match fixture.centre.status(&ann, &query).await {
                Err(CentreError::FileExpired) => return,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), expired).await.expect("expires");
    fixture.until_files(0).await;
    let code = fixture.centre.download(&ann, task.id.as_str()).await.map_err(|error| error.code());
    assert_eq!(code, Err(ErrorCode::FileExpired));
    fixture.stop().await;
}
