//! Daily statistics below HTTP, on real parts: embedded task store, SQLite, file store, two workers and a reaper.

mod support;

use std::time::Duration;

use longshore_jobs::{Caller, CentreError, CentreSettings};
use longshore_protocol::{
    ErrorCode, FailureCode, Filter, Lang, Phase, ProblemKind, StatisticsRequest, TaskKind, TaskQuery,
    TaskView, Unit,
};
use longshore_tasks::{State, id};

use support::House;

/// Three datasets of the same orders. Those of `slow` take for ever to add up, but not to find; one of `bad` is no number.
const CONFIG: &str = r#"
[database.shop]
url = "sqlite:shop.db"
[dataset.orders]
database = "shop"
table = "orders"
key = ["id"]
label = { en = "Orders", zh = "订单" }
column = [
    { name = "status", type = "text" },
    { name = "quantity", type = "integer", label = { en = "Quantity", zh = "数量" } },
    { name = "total", source = "total_cents", type = "decimal", scale = 2, stored_as = "scaled_integer", label = { en = "Total", zh = "金额" } },
    { name = "created_at", type = "timestamp" },
]
daily_statistics = { date = "created_at", sums = ["quantity", "total"] }
[dataset.bad]
database = "shop"
query = "SELECT *, iif(order_date BETWEEN '2024-05-01' AND '2024-05-31', 'much', quantity) AS odd FROM orders"
key = ["id"]
column = [{ name = "odd", type = "integer" }, { name = "order_date", type = "date" }]
daily_statistics = { date = "order_date", sums = ["odd"] }
[dataset.slow]
database = "shop"
query = """SELECT *, (WITH RECURSIVE c(i) AS (SELECT o.id UNION ALL SELECT i + 1 FROM c WHERE i < 1000000000)
           SELECT count(*) FROM c) AS work FROM orders o"""
key = ["id"]
column = [{ name = "work", type = "integer" }, { name = "created_at", type = "timestamp" }]
daily_statistics = { date = "created_at", sums = ["work"] }
[dataset.plain]
database = "shop"
table = "orders"
key = ["id"]
column = [{ name = "status", type = "text" }]
"#;

/// A house in which two work.
struct Fixture(House);

impl std::ops::Deref for Fixture {
    type Target = House;

    fn deref(&self) -> &House {
        &self.0
    }
}

impl Fixture {
    async fn start() -> Fixture {
        Fixture(House::working(CONFIG, 2000, CentreSettings::default(), 2))
    }

    async fn register(&self, dataset: &str, filters: Vec<Filter>) -> TaskView {
        let request =
            StatisticsRequest { dataset: dataset.to_owned(), filters, ..StatisticsRequest::default() };
        let registration = self.centre.register_statistics(&ann(), request, Lang::En).await;
        registration.expect("registers").task
    }

    /// The task by its slot, at each look until it stands there.
    async fn until(&self, dataset: &str, phase: Phase) -> Vec<TaskView> {
        let mut seen = Vec::new();
        let asked = async {
            loop {
                let found = self.centre.status(&ann(), &of(dataset)).await.expect("answers");
                let view = found.expect("is there");
                let now = view.phase;
                assert!(now == phase || !now.is_final(), "ended as {now:?} ({:?})", view.failure);
                seen.push(view);
                if now == phase {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let asked = tokio::time::timeout(Duration::from_secs(20), asked).await;
        assert!(asked.is_ok(), "never {phase:?}");
        seen
    }

    async fn until_stored(&self, task: &TaskView, state: State) {
        let asked = async {
            while self.store.load(&task.id).await.expect("answers").task.expect("is there").state != state {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asked).await.expect("comes to stand there");
    }

    async fn lines(&self, task: &TaskView) -> Vec<String> {
        let file = self.centre.download(&ann(), task.id.as_str()).await.expect("may download");
        assert!(file.key.starts_with(&format!("statistics/{}/", task.id)), "{}", file.key);
        let bytes = self.bytes(&ann(), task).await;
        let text = String::from_utf8(bytes).expect("UTF-8");
        let text = text.strip_prefix('\u{FEFF}').expect("a BOM");
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }

    /// A line for each day between the first and the last order, all of it by SQL.
    fn expected(&self, condition: &str) -> Vec<String> {
        let select = format!(
            "WITH RECURSIVE o AS (SELECT * FROM orders WHERE {condition}),
             days(day) AS (SELECT min(order_date) FROM o UNION ALL
                           SELECT date(day, '+1 day') FROM days WHERE day < (SELECT max(order_date) FROM o)),
             sums AS (SELECT order_date, count(*) AS n, sum(quantity) AS q, ifnull(sum(total_cents), 0) AS t
                      FROM o GROUP BY order_date)
             SELECT day || ',' || ifnull(n, 0) || ',' || ifnull(q, 0) || ',' ||
                    printf('%s%d.%02d', iif(ifnull(t, 0) < 0, '-', ''), abs(ifnull(t, 0)) / 100, abs(ifnull(t, 0)) % 100)
             FROM days LEFT JOIN sums ON order_date = day ORDER BY day"
        );
        let database = self.database();
        let mut prepared = database.prepare(&select).expect("valid SQL");
        let rows = prepared.query_map([], |row| row.get(0)).expect("runs");
        rows.collect::<Result<_, _>>().expect("reads")
    }

    async fn stop(mut self) {
        self.0.stop_workers().await;
    }
}

fn ann() -> Caller {
    support::caller("ann")
}

fn of(dataset: &str) -> TaskQuery {
    TaskQuery { dataset: Some(dataset.to_owned()), kind: TaskKind::DailyStatistics, ..TaskQuery::default() }
}

fn paid() -> Filter {
    Filter { column: "status".into(), op: "eq".into(), value: "paid".into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_what_plain_sql_gives() {
    let fixture = Fixture::start().await;
    let task = fixture.register("orders", Vec::new()).await;
    assert_eq!((task.kind, task.progress.unit), (TaskKind::DailyStatistics, Unit::Days));
    let seen = fixture.until("orders", Phase::Succeeded).await;
    let expected = fixture.expected("true");
    assert!(expected.len() > 1000, "a comparison of nothing proves nothing");
    let lines = fixture.lines(&task).await;
    assert_eq!(lines[0], "Day,Count,Sum of Quantity,Sum of Total");
    assert_eq!(lines[1..], expected);
    // Progress counts days, and goes one way only.
    let progress: Vec<_> = seen.iter().map(|view| view.progress).filter(|p| p.unit == Unit::Days).collect();
    assert!(progress.windows(2).all(|pair| pair[0].done <= pair[1].done), "{progress:?}");
    let end = progress.last().expect("at least one");
    assert_eq!((end.done, end.total), (expected.len() as u64, Some(expected.len() as u64)));
    let first = seen.iter().position(|view| view.phase == Phase::Running).unwrap_or(seen.len());
    assert!(seen[first..].iter().all(|view| view.phase != Phase::Queued), "it began once");

    // A part is nobody's, though it was there.
    let part = id::child_id(&task.id, 0);
    assert!(fixture.store.load(&part).await.expect("answers").task.is_some());
    let query = TaskQuery { task: Some(part.to_string()), ..TaskQuery::default() };
    let unknown = fixture.centre.status(&ann(), &query).await.map_err(|error| error.code());
    assert_eq!(unknown, Err(ErrorCode::UnknownTask));
    let history = fixture.centre.history(&ann()).await.expect("answers");
    assert_eq!(history.iter().map(|view| &view.id).collect::<Vec<_>>(), [&task.id]);
    assert!(fixture.centre.clear(&ann(), &of("orders")).await.expect("answers"));
    assert_eq!(fixture.centre.status(&ann(), &of("orders")).await.expect("answers"), None);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_language_and_short_times() {
    let fixture = Fixture::start().await;
    let days = Filter { column: "created_at".into(), op: "ge".into(), value: "2026-05-15".into() };
    let request = StatisticsRequest {
        dataset: "orders".into(),
        filters: vec![paid(), days],
        lang: Some(Lang::Zh),
        ..StatisticsRequest::default()
    };
    let task = fixture.centre.register_statistics(&ann(), request, Lang::En).await.expect("registers").task;
    let ready = fixture.until("orders", Phase::Succeeded).await.pop().expect("at least one");
    let file = ready.file.expect("a file");
    assert!(file.name.starts_with("订单每日统计_") && file.name.ends_with(".csv"), "{}", file.name);
    let lines = fixture.lines(&task).await;
    assert_eq!(lines[0], "日期,条数,数量合计,金额合计");
    let expected = fixture.expected("status = 'paid' AND order_date >= '2026-05-15'");
    assert!(expected.iter().any(|line| line.ends_with(",0,0,0.00")), "a day without orders");
    assert_eq!(lines[1..], expected);
    assert_eq!(file.row_count, expected.len() as u64);

    // Nothing at all is a header alone; the finished task gives way.
    let never = Filter { column: "quantity".into(), op: "lt".into(), value: 0.into() };
    let task = fixture.register("orders", vec![never]).await;
    fixture.until("orders", Phase::Succeeded).await;
    assert_eq!(fixture.lines(&task).await, ["Day,Count,Sum of Quantity,Sum of Total"]);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_stops_the_parts_and_leaves_no_file() {
    let fixture = Fixture::start().await;
    let task = fixture.register("slow", Vec::new()).await;
    fixture.until_stored(&task, State::Waiting).await;
    let view = fixture.centre.status(&ann(), &of("slow")).await.expect("answers").expect("is there");
    assert_eq!((view.phase, view.progress.done), (Phase::Running, 0));
    assert!(view.progress.total.is_some_and(|days| days > 1000), "{:?}", view.progress);
    let again = StatisticsRequest { dataset: "slow".into(), ..StatisticsRequest::default() };
    let again = fixture.centre.register_statistics(&ann(), again, Lang::En).await.expect("answers");
    assert!(!again.registered && again.task.id == task.id, "the one that runs is met");
    let told = fixture.centre.cancel(&ann(), &of("slow")).await.expect("answers").expect("is there");
    assert!(matches!(told.phase, Phase::Cancelling | Phase::Cancelled), "{:?}", told.phase);
    fixture.until("slow", Phase::Cancelled).await;
    let children = fixture.store.load(&task.id).await.expect("answers").task.expect("is there").children;
    assert_eq!((children.open(), children.succeeded), (0, 0), "{children:?}");
    assert_eq!(fixture.files(), Vec::<std::path::PathBuf>::new());
    // Nothing of it runs on: the workers are free for the next.
    fixture.register("orders", Vec::new()).await;
    fixture.until("orders", Phase::Succeeded).await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_fails_fails_the_task_for_its_reason() {
    let fixture = Fixture::start().await;
    let task = fixture.register("bad", Vec::new()).await;
    let failed = fixture.until("bad", Phase::Failed).await.pop().expect("at least one");
    let failure = failed.failure.expect("a reason");
    assert_eq!((failure.code, failure.detail.as_deref()), (FailureCode::BadValue, Some("odd")));
    let children = fixture.store.load(&task.id).await.expect("answers").task.expect("is there").children;
    assert_eq!((children.failed, children.succeeded), (1, children.total - 1), "{children:?}");
    assert_eq!(fixture.files(), Vec::<std::path::PathBuf>::new());
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_makes_no_task() {
    let fixture = Fixture::start().await;
    let request = StatisticsRequest {
        dataset: "plain".into(),
        filters: vec![Filter { column: "nope".into(), op: "eq".into(), value: 1.into() }],
        time_zone: "Mars/Olympus".into(),
        idempotency_key: "k".repeat(65),
        ..StatisticsRequest::default()
    };
    match fixture.centre.register_statistics(&ann(), request, Lang::En).await {
        Err(CentreError::Invalid(problems)) => {
            let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
            assert_eq!(fields, ["dataset", "time_zone", "filters[0].column", "idempotency_key"]);
            assert_eq!(problems[0].kind, ProblemKind::NoDailyStatistics);
        }
        other => panic!("expected problems, not {other:?}"),
    }
    assert_eq!(fixture.centre.history(&ann()).await.expect("answers"), []);
    fixture.stop().await;
}
