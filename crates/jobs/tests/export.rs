//! The flow of an export below HTTP, on real parts: embedded task store, SQLite, file store, worker and reaper.

#[path = "../../files/tests/support/mod.rs"]
mod processes;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use longshore_datasets::Catalog;
use longshore_jobs::export::{ExportSettings, LocalError, LocalExport, export_to_file};
use longshore_jobs::{CentreError, CentreSettings, Compression};
use longshore_protocol::{
    ErrorCode, FailureCode, Filter, Lang, Phase, RowsRequest, StatisticsRequest, TaskKind, TaskQuery, Unit,
};
use longshore_tasks::entity::{Payload, Slot};
use longshore_tasks::{Event, NewTask, Outcome, apply, register};

use support::{House, caller, of};

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
[dataset.quick]
database = "shop"
query = "SELECT id, order_date, '=1+1' AS formula, printf('the %d of %d is %d', id * 7919 % 10007, id % 89, id * 31 % 997) AS note FROM orders"
key = ["id"]
column = [
    { name = "order_date", type = "date" },
    { name = "formula", type = "text" },
    { name = "note", type = "text" },
]
daily_statistics = { date = "order_date" }
export_deadline_minutes = 1
[dataset.large]
database = "shop"
query = "SELECT id, printf('%050000d', id) AS note FROM orders"
key = ["id"]
column = [{ name = "note", type = "text" }]
[dataset.wide]
database = "shop"
query = "SELECT id, printf('%01000d', id) AS note FROM orders"
key = ["id"]
column = [{ name = "note", type = "text" }]
[dataset.early]
database = "shop"
query = """SELECT id, CASE WHEN id > 4096 THEN (WITH RECURSIVE c(i) AS (SELECT id UNION ALL SELECT i + 1 FROM c WHERE i < 1000000000)
           SELECT max(i) FROM c) ELSE id END AS work FROM many"""
key = ["id"]
column = [{ name = "work", type = "integer" }]
[dataset.late]
database = "shop"
query = """SELECT id, CASE WHEN id > 405504 THEN (WITH RECURSIVE c(i) AS (SELECT id UNION ALL SELECT i + 1 FROM c WHERE i < 1000000000)
           SELECT max(i) FROM c) ELSE id END AS work FROM many"""
key = ["id"]
column = [{ name = "work", type = "integer" }]
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

#[tokio::test(flavor = "multi_thread")]
async fn the_flow_from_request_to_cleared() {
    let mut house = House::working(ORDERS, 500, CentreSettings::default(), 1);
    let (ann, of_orders) =
        (caller("ann"), TaskQuery { dataset: Some("orders".into()), ..TaskQuery::default() });
    assert_eq!(house.centre.status(&ann, &of_orders).await.expect("answers"), None);
    let mut request = of("orders", "csv");
    request.columns = vec!["total".into(), "order_no".into()];
    request.filters = vec![Filter { column: "status".into(), op: "eq".into(), value: "paid".into() }];
    request.lang = Some(Lang::Zh);
    request.file_name = "本月".into();
    let task = house.export(&ann, request).await;
    let ready = house.until(&ann, &task, Phase::Succeeded).await;
    let file = ready.file.expect("a file");
    assert_eq!(file.name, "本月.csv");
    let text = String::from_utf8(house.bytes(&ann, &task).await).expect("UTF-8");
    let lines: Vec<&str> = text.strip_prefix('\u{FEFF}').expect("a BOM").split_terminator("\r\n").collect();
    assert_eq!(lines[0], "total,订单号");
    assert_eq!(lines.len() as u64 - 1, file.row_count);
    assert_eq!(text.len() as u64, file.size_bytes);
    assert!(house.centre.status(&ann, &of_orders).await.expect("answers").is_some(), "offered until cleared");
    assert!(house.centre.clear(&ann, &of_orders).await.expect("answers"));
    assert!(!house.centre.clear(&ann, &of_orders).await.expect("answers"));
    assert_eq!(house.centre.status(&ann, &of_orders).await.expect("answers"), None);
    assert_eq!(house.bytes(&ann, &task).await, text.as_bytes(), "the file outlives the entity");
    house.stop_workers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_neither_see_nor_touch_a_task() {
    let mut house = House::working(ORDERS, 500, CentreSettings::default(), 1);
    let (ann, bob) = (caller("ann"), caller("bob"));
    let task = house.export(&ann, of("orders", "xlsx")).await;
    house.until(&ann, &task, Phase::Succeeded).await;
    let query = TaskQuery { task: Some(task.id.to_string()), ..TaskQuery::default() };
    let code = |error: CentreError| error.code();
    assert_eq!(house.centre.status(&bob, &query).await.map_err(code), Err(ErrorCode::UnknownTask));
    assert_eq!(house.centre.clear(&bob, &query).await.map_err(code), Err(ErrorCode::UnknownTask));
    assert_eq!(house.centre.cancel(&bob, &query).await.map_err(code), Err(ErrorCode::UnknownTask));
    assert_eq!(
        house.centre.download(&bob, task.id.as_str()).await.map_err(code),
        Err(ErrorCode::UnknownTask)
    );
    assert_eq!(house.centre.history(&bob).await.expect("answers"), []);
    let by_dataset = TaskQuery { dataset: Some("orders".into()), ..TaskQuery::default() };
    assert_eq!(house.centre.status(&bob, &by_dataset).await.expect("answers"), None);
    house.stop_workers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_makes_no_task() {
    let mut house = House::working(ORDERS, 500, CentreSettings::default(), 1);
    let ann = caller("ann");
    let mut request = of("orders", "pdf");
    request.file_name = "../x".into();
    request.time_zone = "Mars/Olympus".into();
    request.columns = vec!["nope".into()];
    request.idempotency_key = "k".repeat(65);
    match house.centre.register_export(&ann, request, Lang::En).await {
        Err(CentreError::Invalid(problems)) => {
            let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
            assert_eq!(fields, ["time_zone", "columns[0]", "format", "idempotency_key", "file_name"]);
        }
        other => panic!("expected problems, not {other:?}"),
    }
    let unknown = house.centre.register_export(&ann, of("nope", ""), Lang::En).await;
    assert!(matches!(unknown, Err(CentreError::UnknownDataset)));
    assert_eq!(house.centre.history(&ann).await.expect("answers"), []);
    house.stop_workers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_export_leaves_no_file() {
    let mut house = House::working(ORDERS, 500, CentreSettings::default(), 1);
    let ann = caller("ann");
    for format in ["xlsx", "csv"] {
        let task = house.export(&ann, of("endless", format)).await;
        house.until(&ann, &task, Phase::Running).await;
        let query = TaskQuery { task: Some(task.id.to_string()), ..TaskQuery::default() };
        house.centre.cancel(&ann, &query).await.expect("answers");
        house.until(&ann, &task, Phase::Cancelled).await;
        house.until_files(<[_]>::is_empty).await;
    }
    house.stop_workers().await;
}

/// Of 409,600 rows, `early` never gets beyond 1 %, and `late` never beyond 99 %.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_cancelled_wherever_it_stands() {
    let mut house = House::working(ORDERS, 10, CentreSettings::default(), 1);
    let made = "CREATE TABLE many (id INTEGER PRIMARY KEY);
        WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 409600) INSERT INTO many SELECT i FROM c;";
    house.database().execute_batch(made).expect("valid SQL");
    let ann = caller("ann");
    for (dataset, done, format) in
        [("early", 4096, "xlsx"), ("late", 405_504, "xlsx"), ("late", 405_504, "csv")]
    {
        let task = house.export(&ann, of(dataset, format)).await;
        let stuck = async {
            let query = support::slot(dataset);
            while house.centre.status(&ann, &query).await.expect("answers").expect("is there").progress.done
                < done
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), stuck).await.expect("comes there");
        house.centre.cancel(&ann, &support::slot(dataset)).await.expect("answers");
        house.until(&ann, &task, Phase::Cancelled).await;
        house.until_files(<[_]>::is_empty).await;
    }
    house.stop_workers().await;
}

/// The system's limit for the size of a file stands for a disk that is full.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_file_store_is_told_and_left_clean() {
    if !processes::is_child() {
        // 8 MiB, in blocks of 512 bytes (POSIX), or twice that, in blocks of 1 KiB (bash). Ignored, the signal becomes an error.
        let prelude = "trap '' XFSZ; ulimit -f 16384";
        return processes::passed(&processes::again("a_full_file_store_is_told_and_left_clean", prelude));
    }
    let mut house = House::working(ORDERS, 1000, CentreSettings::default(), 1);
    let task = house.export(&caller("ann"), of("large", "csv")).await;
    let failure = house.until(&caller("ann"), &task, Phase::Failed).await.failure.expect("a reason");
    assert_eq!(failure.code, FailureCode::FileStore);
    house.until_files(<[_]>::is_empty).await;
    house.stop_workers().await;
}

/// The file of `quick` with those settings.
async fn quick(settings: ExportSettings, format: &str) -> Vec<u8> {
    let mut house = House::new(ORDERS, 5000, CentreSettings::default(), settings);
    house.start_worker("one");
    let task = house.export(&caller("ann"), of("quick", format)).await;
    house.until(&caller("ann"), &task, Phase::Succeeded).await;
    let bytes = house.bytes(&caller("ann"), &task).await;
    house.stop_workers().await;
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_reach_the_file() {
    for format in ["csv.gz", "xlsx"] {
        let mut sizes = Vec::new();
        for compression in Compression::ALL {
            let settings = ExportSettings { compression, ..ExportSettings::default() };
            sizes.push(quick(settings, format).await.len());
        }
        assert!(sizes.is_sorted_by(|one, next| one > next), "{format}, from the fastest: {sizes:?}");
    }
    for (csv_guard, field) in [(true, ",'=1+1,"), (false, ",=1+1,")] {
        let settings = ExportSettings { csv_guard, ..ExportSettings::default() };
        let text = String::from_utf8(quick(settings, "csv").await).expect("UTF-8");
        let lines: Vec<&str> = text.split_terminator("\r\n").skip(1).collect();
        assert_eq!(lines.len(), 5000);
        assert!(lines.iter().all(|line| line.contains(field)), "{csv_guard}: {}", lines[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_of_exports_is_theirs_alone() {
    let house = House::new(ORDERS, 10, CentreSettings::default(), ExportSettings::default());
    let ann = caller("ann");
    let export = house.export(&ann, of("quick", "csv")).await;
    assert_eq!(export.expires_at - export.registered_at, 60_000);
    let request = StatisticsRequest { dataset: "quick".to_owned(), ..StatisticsRequest::default() };
    let statistics = house.centre.register_statistics(&ann, request, Lang::En).await.expect("registers").task;
    assert_eq!(statistics.expires_at - statistics.registered_at, 30 * 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_without_a_file_is_told_from_a_broken_one() {
    let house = House::new(ORDERS, 10, CentreSettings::default(), ExportSettings::default());
    let ann = caller("ann");
    for (kind, status) in [
        (TaskKind::ImportUndo, 404),
        (TaskKind::ImportCheck, 404),
        (TaskKind::Import, 404),
        (TaskKind::Export, 500),
        (TaskKind::DailyStatistics, 500),
    ] {
        let new = NewTask {
            tenant: ann.tenant.clone(),
            slot: Slot {
                owner: ann.owner.clone(),
                kind: kind.name().to_owned(),
                subject: "orders".to_owned(),
            },
            payload: Payload { version: 1, body: Default::default() },
            priority: Default::default(),
            delay: Duration::ZERO,
            attempts_max: 1,
            time_limit: Duration::from_secs(60),
            retention: Duration::from_secs(60),
            idempotency_key: None,
        };
        let id = register(&*house.store, &new).await.expect("registers").task().id.clone();
        let claim = Event::Claim { worker: "w".to_owned(), nonce: 1, lease: Duration::from_secs(60) };
        let claimed = apply(&*house.store, &id, &claim).await.expect("claims");
        let token = claimed.lease.expect("runs").token;
        let finish = Event::Finish { token, outcome: Outcome::Succeeded(Default::default()) };
        apply(&*house.store, &id, &finish).await.expect("ends");
        let refused = house.centre.download(&ann, id.as_str()).await.expect_err("has no file").code();
        assert_eq!(refused.http_status(), status, "{kind:?}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_export_frees_its_slot_and_leaves_no_file() {
    let settings = CentreSettings { time_limit: Duration::from_millis(300), ..CentreSettings::default() };
    let mut house = House::working(ORDERS, 500, settings, 1);
    let ann = caller("ann");
    let task = house.export(&ann, of("endless", "csv")).await;
    house.until(&ann, &task, Phase::Abandoned).await;
    house.until_files(<[_]>::is_empty).await;
    let again = house.centre.register_export(&ann, of("orders", "csv"), Lang::En).await.expect("answers");
    assert!(again.registered);
    house.stop_workers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_say_why_and_leave_no_file() {
    let mut house = House::working(ORDERS, 500, CentreSettings::default(), 1);
    let ann = caller("ann");
    for (dataset, code, detail) in
        [("broken", FailureCode::BadValue, Some("order_no")), ("gone", FailureCode::Database, None)]
    {
        let task = house.export(&ann, of(dataset, "xlsx")).await;
        let failure = house.until(&ann, &task, Phase::Failed).await.failure.expect("a reason");
        assert_eq!((failure.code, failure.detail.as_deref()), (code, detail));
        house.until_files(<[_]>::is_empty).await;
    }
    // A file store whose folder is taken away is a failure of its own.
    let folder = house.folder.path().join("files");
    std::fs::remove_dir_all(&folder).expect("removes");
    std::fs::write(&folder, b"in the way").expect("writes");
    let task = house.export(&ann, of("orders", "xlsx")).await;
    let failure = house.until(&ann, &task, Phase::Failed).await.failure.expect("a reason");
    assert_eq!(failure.code, FailureCode::FileStore);
    house.stop_workers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_nobody_cleared_goes_at_the_end_of_its_retention() {
    let settings = CentreSettings { retention: Duration::from_millis(200), ..CentreSettings::default() };
    let mut house = House::working(ORDERS, 500, settings, 1);
    let ann = caller("ann");
    let task = house.export(&ann, of("orders", "csv")).await;
    let query = TaskQuery { task: Some(task.id.to_string()), ..TaskQuery::default() };
    let expired = async {
        loop {
            match house.centre.status(&ann, &query).await {
                Err(CentreError::FileExpired) => return,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), expired).await.expect("expires");
    house.until_files(<[_]>::is_empty).await;
    let code = house.centre.download(&ann, task.id.as_str()).await.map_err(|error| error.code());
    assert_eq!(code, Err(ErrorCode::FileExpired));
    house.stop_workers().await;
}

/// On the command line, where Ctrl-C sets the flag.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_without_a_task_stops_wherever_it_stands() {
    let house = House::new(ORDERS, 20_000, CentreSettings::default(), ExportSettings::default());
    let config = toml::from_str(ORDERS).expect("well-formed");
    let catalog = Catalog::from_config(&config, house.folder.path()).expect("valid");
    type IsAt = fn(u64, Option<u64>, Unit) -> bool;
    let is_at: [(&str, IsAt); 4] = [
        ("the beginning", |_, _, _| true),
        ("1 %", |done, _, unit| unit == Unit::Rows && done * 100 >= 20_000),
        ("99 %", |done, _, unit| unit == Unit::Rows && done * 100 >= 99 * 20_000),
        ("the archive", |done, total, unit| unit == Unit::Bytes && total.is_some() && done > 0),
    ];
    for (moment, is_at) in is_at {
        let target = tempfile::tempdir().expect("temporary folder");
        let export = LocalExport {
            request: of("wide", "csv"),
            lang: Lang::En,
            path: target.path().join("wide.csv"),
            settings: ExportSettings { part_bytes: 60_000, ..ExportSettings::default() },
            requested_by: caller("ann").owner,
        };
        let stop = Arc::<AtomicBool>::default();
        let reports = Arc::<AtomicU32>::default();
        let report = {
            let (stop, reports) = (stop.clone(), reports.clone());
            move |done, total, unit| {
                reports.fetch_add(u32::from(stop.load(Ordering::Relaxed)), Ordering::Relaxed);
                stop.fetch_or(is_at(done, total, unit), Ordering::Relaxed);
            }
        };
        let stopped = export_to_file(&catalog, export, stop.clone(), report).await;
        assert!(matches!(stopped, Err(LocalError::Stopped)), "{moment}: {stopped:?}");
        assert!(reports.load(Ordering::Relaxed) < 3, "{moment}: it went on");
        assert_eq!(std::fs::read_dir(target.path()).expect("is there").count(), 0, "{moment}");
    }
}

#[test]
fn what_a_page_asks_ends_when_nobody_waits_for_it() {
    let (ended, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("starts");
        runtime.block_on(async {
            let house = House::new(ORDERS, 10, CentreSettings::default(), ExportSettings::default());
            let request = RowsRequest {
                dataset: "endless".to_owned(),
                filters: Vec::new(),
                sort: Vec::new(),
                page: 1,
                time_zone: String::new(),
            };
            let asked = tokio::time::timeout(Duration::from_millis(200), house.centre.rows(request));
            assert!(asked.await.is_err(), "it has no end");
        });
        // Waits for threads that are at work.
        drop(runtime);
        ended.send(()).expect("the test waits");
    });
    wait.recv_timeout(Duration::from_secs(20)).expect("the database goes on with what nobody waits for");
}
