//! The flow of an export below HTTP, on real parts: embedded task store, SQLite, file store, worker and reaper.

mod support;

use std::time::Duration;

use longshore_jobs::export::ExportSettings;
use longshore_jobs::{CentreError, CentreSettings};
use longshore_protocol::{ErrorCode, FailureCode, Filter, Lang, Phase, RowsRequest, TaskQuery};

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
