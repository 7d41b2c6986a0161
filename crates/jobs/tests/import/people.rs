//! A dataset of people, and a person who imports into it.

use std::time::Duration;

use bytes::Bytes;
use longshore_jobs::centre::Registration;
use longshore_jobs::export::ExportSettings;
use longshore_jobs::{Caller, CentreError, CentreSettings, ImportSettings};
use longshore_protocol::import::{
    CheckRequest, CommitRequest, DraftRequest, ImportDraft, ImportMode, ImportPlan, ImportReport, ImportWay,
    UndoReport, UndoRequest, UpdateDraftRequest,
};
use longshore_protocol::{Lang, Phase, TaskView};

pub use crate::support::{House, caller};

const PEOPLE: &str = r#"
[database.shop]
url = "sqlite:shop.db"
[dataset.people]
database = "shop"
table = "people"
key = ["id"]
label = { en = "People", zh = "人员" }
import = { modes = ["upsert", "insert", "update"] }
[[dataset.people.column]]
name = "id"
type = "integer"
label = { en = "ID", zh = "编号" }
[[dataset.people.column]]
name = "name"
type = "text"
label = { en = "Name", zh = "姓名" }
import = { required = true, max_length = 40, aliases = ["Full name"], example = "Ann Lee" }
[[dataset.people.column]]
name = "city"
type = "text"
label = { en = "City", zh = "城市" }
values = [{ value = "bj", en = "Beijing", zh = "北京" }, { value = "sh", en = "Shanghai", zh = "上海" }]
[[dataset.people.column]]
name = "amount"
type = "decimal"
scale = 2
label = { en = "Amount", zh = "金额" }
import = { min = "0" }
[[dataset.people.column]]
name = "joined"
type = "date"
label = { en = "Joined", zh = "加入日期" }
[dataset.closed]
database = "shop"
table = "people"
key = ["id"]
column = [{ name = "id", type = "integer" }]
"#;
const MADE: &str =
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT, amount TEXT, joined TEXT);
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 50)
    INSERT INTO people SELECT i, printf('Person %d', i), 'bj', printf('%d.00', i), '2026-01-01' FROM c;";
/// Rows of a chunk in these tests.
pub const CHUNK: usize = 100;

/// A house with 50 people.
pub struct People {
    pub house: House,
    pub ann: Caller,
}

pub fn settings() -> CentreSettings {
    let import = ImportSettings { chunk_rows: CHUNK, size_bytes_max: 1 << 20, ..ImportSettings::default() };
    CentreSettings { import, ..CentreSettings::default() }
}

impl People {
    pub fn new(workers: usize) -> People {
        People::with(workers, settings())
    }

    pub fn with(workers: usize, settings: CentreSettings) -> People {
        let mut house = House::new(PEOPLE, 10, settings, ExportSettings::default());
        house.database().execute_batch(MADE).expect("valid SQL");
        house.start(workers);
        People { house, ann: caller("ann") }
    }

    pub async fn upload(&self, name: &str, content: impl Into<Bytes>) -> ImportDraft {
        self.try_upload(&self.ann, name, content).await.expect("is taken")
    }

    pub async fn try_upload(
        &self,
        caller: &Caller,
        name: &str,
        content: impl Into<Bytes>,
    ) -> Result<ImportDraft, CentreError> {
        // In pieces, as it comes from a browser.
        let content: Bytes = content.into();
        let pieces: Vec<Bytes> = content.chunks(1000).map(Bytes::copy_from_slice).collect();
        let body = futures::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
        self.house.centre.upload(caller, "people", name, None, body).await
    }

    pub async fn draft_of(&self, caller: &Caller) -> Option<ImportDraft> {
        let request = DraftRequest { dataset: "people".into() };
        self.house.centre.import_draft(caller, &request).await.expect("answers")
    }

    pub async fn set_mode(&self, draft: &ImportDraft, mode: ImportMode) -> ImportDraft {
        let request = UpdateDraftRequest {
            dataset: "people".into(),
            draft: draft.id.clone(),
            mode: Some(mode),
            ..UpdateDraftRequest::default()
        };
        self.house.centre.update_draft(&self.ann, &request).await.expect("is changed")
    }

    pub async fn register_check(&self, caller: &Caller, draft: &ImportDraft) -> Registration {
        let request =
            CheckRequest { dataset: "people".into(), draft: draft.id.clone(), ..CheckRequest::default() };
        self.house.centre.register_check(caller, request, Lang::En).await.expect("registers")
    }

    /// Checks a draft to its end.
    pub async fn check(&self, caller: &Caller, draft: &ImportDraft) -> (TaskView, ImportPlan) {
        let task = self.register_check(caller, draft).await.task;
        let task = self.house.until(caller, &task, Phase::Succeeded).await;
        let plan = self.draft_of(caller).await.expect("is there").plan.expect("a plan");
        assert_eq!(Some(plan.counts), task.counts);
        (task, plan)
    }

    pub async fn register_import(
        &self,
        caller: &Caller,
        plan: &ImportPlan,
        way: ImportWay,
    ) -> Result<Registration, CentreError> {
        let draft = self.draft_of(caller).await.map(|draft| draft.id).unwrap_or_default();
        let request = CommitRequest { dataset: "people".into(), draft, plan: plan.task.to_string(), way };
        self.house.centre.register_import(caller, request, Lang::En).await
    }

    /// Imports a plan to its end.
    pub async fn import(
        &self,
        caller: &Caller,
        plan: &ImportPlan,
        way: ImportWay,
    ) -> (TaskView, ImportReport) {
        let task = self.register_import(caller, plan, way).await.expect("registers").task;
        let task = self.house.until(caller, &task, Phase::Succeeded).await;
        let report = self.report(caller, &task).await;
        assert_eq!(Some(report.done), task.counts);
        (task, report)
    }

    pub async fn report(&self, caller: &Caller, task: &TaskView) -> ImportReport {
        let details = self.house.centre.details(caller, task.id.as_str()).await.expect("answers");
        details.import.expect("a report")
    }

    pub async fn undo(&self, caller: &Caller, import: &TaskView) -> UndoReport {
        let request = UndoRequest { task: import.id.to_string() };
        let task = self.house.centre.register_undo(caller, request).await.expect("registers").task;
        self.house.until(caller, &task, Phase::Succeeded).await;
        let details = self.house.centre.details(caller, task.id.as_str()).await.expect("answers");
        details.undo.expect("a report")
    }

    /// All people, as lines in the order of their ids.
    pub fn rows(&self) -> Vec<String> {
        let database = self.house.database();
        database.busy_timeout(Duration::from_secs(10)).expect("is set");
        let select = "SELECT id || ',' || name || ',' || ifnull(city, '') || ',' ||
                      ifnull(printf('%.2f', amount), '') || ',' || ifnull(joined, '') FROM people ORDER BY id";
        let mut prepared = database.prepare(select).expect("valid SQL");
        let rows = prepared.query_map([], |row| row.get(0)).expect("runs");
        rows.collect::<Result<_, _>>().expect("reads")
    }

    pub async fn stop(mut self) {
        self.house.stop_workers().await;
    }
}

/// A line of a file, and of the table once it is in.
pub fn line(id: usize) -> String {
    format!("{id},New {id},sh,{id}.50,2026-08-{:02}", id % 28 + 1)
}

/// A file of people with those ids.
pub fn file(ids: impl IntoIterator<Item = usize>) -> String {
    let lines = ids.into_iter().map(line);
    ["ID,Name,City,Amount,Joined".to_owned()].into_iter().chain(lines).map(|line| line + "\r\n").collect()
}

/// The problems of a refusal.
pub fn problems(error: CentreError) -> Vec<longshore_protocol::ProblemKind> {
    match error {
        CentreError::Invalid(problems) => problems.into_iter().map(|problem| problem.kind).collect(),
        other => panic!("expected problems, not {other:?}"),
    }
}
