//! An import without a server, for the command line: the same tasks, run by this process in a folder that goes with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use futures::TryStreamExt;
use longshore_datasets::Catalog;
use longshore_datasets::import::prune;
use longshore_files::FileStore;
use longshore_protocol::import::{
    CheckRequest, CommitRequest, DraftProblem, ImportDraft, ImportMode, ImportReport, ImportWay, MappedTo,
    PlanCounts, ProblemCount, UpdateDraftRequest,
};
use longshore_protocol::{
    FailureCode, FileView, Lang, OwnerId, Phase, Problem, Progress, TaskId, TaskQuery, TaskView, TenantId,
};
use longshore_tasks::store::EmbeddedStore;
use longshore_tasks::{TaskStore, WorkerSettings, reaper, worker};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::settings::ImportSettings;
use crate::caller::Caller;
use crate::centre::{Centre, CentreSettings};
use crate::error::CentreError;
use crate::export::ExportSettings;

/// How often the tasks are looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Time that one of them may take.
const TIME_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct LocalImport {
    /// The dataset's id.
    pub dataset: String,
    /// The file.
    pub file: PathBuf,
    /// What to do with rows that are, or are not, there; the dataset's first mode where absent.
    pub mode: Option<ImportMode>,
    /// Ends after the check.
    pub is_dry_run: bool,
    /// How the plan is carried out.
    pub way: ImportWay,
    /// The sheet to read, by its place from 0.
    pub sheet: Option<u32>,
    /// The encoding of a text file, by name, where another one is recognised.
    pub encoding: Option<String>,
    /// The delimiter of a text file, where another one is recognised.
    pub delimiter: Option<String>,
    /// The row that holds the headers, from 1; 0 where none does, and columns are called A, B and so on.
    pub header_row: Option<u32>,
    /// Columns of the file, by header, and where they go: the name of a column, or nothing.
    pub mapping: Vec<(String, Option<String>)>,
    /// Where the rows in error are put.
    pub errors_to: Option<PathBuf>,
    /// The language of reasons.
    pub lang: Lang,
    /// IANA name of the zone of moments without an offset; UTC where empty.
    pub time_zone: String,
    /// How files are imported.
    pub settings: ImportSettings,
    /// Tasks side by side.
    pub concurrency: usize,
    /// Who imports.
    pub requested_by: OwnerId,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct LocalReport {
    /// What the check has found.
    pub planned: PlanCounts,
    /// The kinds of problems, most frequent first.
    pub problems: Vec<ProblemCount>,
    /// What is in the database; `None` where it was not written to.
    pub report: Option<ImportReport>,
    /// The file of rows in error, where one was written.
    pub errors: Option<PathBuf>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// There is no such dataset.
    #[error("there is no dataset {0}")]
    UnknownDataset(String),
    /// The file or the parameters are refused; each problem names its field.
    #[error("{} of the parameters are wrong", .0.len())]
    Invalid(Vec<Problem>),
    /// The file has no column of that header.
    #[error("the file has no column {0:?}")]
    NoHeader(String),
    /// Columns that every file must have were not found in the file.
    #[error("the file lacks columns: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// There is nothing to import in the file.
    #[error("the file has no rows that go anywhere")]
    NoRows,
    /// It was told to stop before anything was written.
    #[error("stopped; nothing was imported")]
    Stopped,
    /// A task failed.
    #[error("it failed: {0:?}{detail}", detail = .1.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default())]
    Failed(FailureCode, Option<String>),
    /// The file can't be read, or the one of errors not be written.
    #[error("can't use {path}: {source}")]
    Path {
        /// Which.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl From<CentreError> for LocalError {
    fn from(error: CentreError) -> LocalError {
        match error {
            CentreError::Invalid(problems) => LocalError::Invalid(problems),
            other => LocalError::Other(other.to_string()),
        }
    }
}

fn other(error: impl std::fmt::Display) -> LocalError {
    LocalError::Other(error.to_string())
}

fn path_error(path: &Path) -> impl FnOnce(std::io::Error) -> LocalError {
    move |source| LocalError::Path { path: path.display().to_string(), source }
}

/// What runs tasks while it is there.
struct Works {
    centre: Centre,
    caller: Caller,
    stop: Arc<AtomicBool>,
    shutdown: CancellationToken,
}

impl Drop for Works {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Imports a file by the same tasks as a server. `report` is told how far check and import have come; setting `stop` ends either: what
/// was committed stays.
///
/// # Errors
/// [`LocalError`]; nothing was imported then.
pub async fn import_file(
    catalog: Arc<Catalog>,
    import: LocalImport,
    stop: Arc<AtomicBool>,
    report: impl Fn(Progress, bool) + Send + Sync,
) -> Result<LocalReport, LocalError> {
    if catalog.get(&import.dataset).is_none() {
        return Err(LocalError::UnknownDataset(import.dataset));
    }
    std::fs::create_dir_all(&import.settings.scratch).map_err(path_error(&import.settings.scratch))?;
    let folder = tempfile::Builder::new()
        .prefix(super::SCRATCH_PREFIX)
        .tempdir_in(&import.settings.scratch)
        .map_err(path_error(&import.settings.scratch))?;
    let works = start(&catalog, &import, folder.path(), stop).await?;
    let done = works.import(&import, &report).await;
    works.shutdown.cancel();
    done
}

async fn start(
    catalog: &Arc<Catalog>,
    import: &LocalImport,
    folder: &Path,
    stop: Arc<AtomicBool>,
) -> Result<Works, LocalError> {
    let files = FileStore::in_scratch(&folder.join("files")).map_err(other)?;
    let store = EmbeddedStore::open_scratch(&folder.join("tasks.redb")).map_err(other)?;
    let store: Arc<dyn TaskStore> = Arc::new(store);
    let import_settings = ImportSettings { scratch: folder.to_path_buf(), ..import.settings.clone() };
    let registry = Arc::new(crate::registry(catalog, &files, ExportSettings::default(), &import_settings));
    let shutdown = CancellationToken::new();
    let settings = WorkerSettings {
        concurrency: import.concurrency.max(1),
        progress_beat: LOOK * 5,
        reap_interval: Duration::from_secs(1),
        ..WorkerSettings::named("command-line")
    };
    tokio::spawn(worker::run(Arc::clone(&store), Arc::clone(&registry), settings.clone(), shutdown.clone()));
    tokio::spawn(reaper::run(Arc::clone(&store), registry, settings, shutdown.clone()));
    let settings =
        CentreSettings { time_limit: TIME_LIMIT, import: import_settings, ..CentreSettings::default() };
    let centre = Centre::new(store, Arc::clone(catalog), files, settings);
    let tenant = TenantId::parse("command-line").map_err(other)?;
    let caller = Caller { owner: import.requested_by.clone(), tenant };
    Ok(Works { centre, caller, stop, shutdown })
}

impl Works {
    async fn import(
        &self,
        import: &LocalImport,
        report: &(impl Fn(Progress, bool) + Send + Sync),
    ) -> Result<LocalReport, LocalError> {
        let draft = self.draft(import).await?;
        let request = CheckRequest {
            dataset: import.dataset.clone(),
            draft: draft.id.clone(),
            revision: Some(draft.revision.clone()),
            lang: Some(import.lang),
            time_zone: import.time_zone.clone(),
        };
        let check = self.centre.register_check(&self.caller, request, import.lang).await?.task;
        let check = self.ended(&check.id, &|progress| report(progress, false)).await?;
        if check.phase == Phase::Cancelled {
            return Err(LocalError::Stopped);
        }
        succeeded(&check)?;
        let request = longshore_protocol::import::DraftRequest { dataset: import.dataset.clone() };
        let plan = self.centre.import_draft(&self.caller, &request).await?.and_then(|draft| draft.plan);
        let plan = plan.ok_or_else(|| other("the plan is not there"))?;
        let errors = self.put_errors(import, &check).await?;
        let (planned, problems) = (plan.counts, plan.problems);
        let is_refused = import.way == ImportWay::AllOrNothing && planned.error > 0;
        if import.is_dry_run || is_refused || planned.writes() == 0 {
            return Ok(LocalReport { planned, problems, report: None, errors });
        }
        let request = CommitRequest {
            dataset: import.dataset.clone(),
            draft: draft.id,
            plan: plan.task.to_string(),
            way: import.way,
        };
        let task = self.centre.register_import(&self.caller, request, import.lang).await?.task;
        let ended = self.ended(&task.id, &|progress| report(progress, true)).await?;
        let told = self.centre.details(&self.caller, ended.id.as_str()).await?.import;
        self.forget(&import.dataset, &ended.id).await;
        if told.is_none() {
            succeeded(&ended)?;
        }
        Ok(LocalReport { planned, problems, report: told, errors })
    }

    /// Takes the import out of the database's ledger: it has ended, and what could take it back goes with this process.
    async fn forget(&self, dataset: &str, task: &TaskId) {
        let Ok(dataset) = self.centre.dataset(dataset).cloned() else { return };
        let id = task.to_string();
        let pruned = tokio::task::spawn_blocking(move || prune(&dataset, &[&id], &Arc::default())).await;
        if !matches!(pruned, Ok(Ok(_))) {
            tracing::warn!(task.id = %task, "what the ledger says of the import could not be removed");
        }
    }

    /// Uploads the file and matches it as wanted.
    async fn draft(&self, import: &LocalImport) -> Result<ImportDraft, LocalError> {
        let file = tokio::fs::File::open(&import.file).await.map_err(path_error(&import.file))?;
        let size = file.metadata().await.map_err(path_error(&import.file))?.len();
        let body = futures::stream::try_unfold(file, |mut file| async move {
            let mut bytes = BytesMut::with_capacity(1 << 20);
            let count = file.read_buf(&mut bytes).await?;
            Ok::<_, std::io::Error>((count > 0).then(|| (bytes.freeze(), file)))
        });
        let name = import.file.file_name().unwrap_or_default().to_string_lossy();
        let draft = self.centre.upload(&self.caller, &import.dataset, &name, Some(size), body).await?;
        let mut request = UpdateDraftRequest {
            dataset: import.dataset.clone(),
            draft: draft.id.clone(),
            sheet: import.sheet,
            header_row: import.header_row,
            encoding: import.encoding.clone(),
            delimiter: import.delimiter.clone(),
            mode: import.mode,
            ..UpdateDraftRequest::default()
        };
        let draft = self.centre.update_draft(&self.caller, &request).await?;
        for (header, target) in &import.mapping {
            let column = draft.columns.iter().find(|column| column.header == *header);
            let column = column.ok_or_else(|| LocalError::NoHeader(header.clone()))?;
            request.mapping.push(MappedTo { index: column.index, target: target.clone() });
        }
        (request.sheet, request.header_row, request.encoding, request.delimiter) = (None, None, None, None);
        let draft = self.centre.update_draft(&self.caller, &request).await?;
        match draft.problems.first() {
            Some(DraftProblem::Missing { columns }) => Err(LocalError::Missing(columns.clone())),
            Some(_) => Err(LocalError::NoRows),
            None => Ok(draft),
        }
    }

    /// Waits until a task has ended, and cancels it when it is told to stop.
    async fn ended(
        &self,
        task: &TaskId,
        report: &(impl Fn(Progress) + Sync),
    ) -> Result<TaskView, LocalError> {
        let query = TaskQuery { task: Some(task.to_string()), ..TaskQuery::default() };
        let mut is_told = false;
        loop {
            let view = self.centre.status(&self.caller, &query).await?;
            let view = view.ok_or_else(|| other("the task is gone"))?;
            if view.phase.is_final() {
                return Ok(view);
            }
            report(view.progress);
            if self.stop.load(Ordering::Relaxed) && !is_told {
                self.centre.cancel(&self.caller, &query).await?;
                is_told = true;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Puts the file of rows in error where it is wanted.
    async fn put_errors(
        &self,
        import: &LocalImport,
        check: &TaskView,
    ) -> Result<Option<PathBuf>, LocalError> {
        let (Some(path), Some(FileView { .. })) = (&import.errors_to, &check.file) else { return Ok(None) };
        let download = self.centre.download(&self.caller, check.id.as_str()).await?;
        let stream = self.centre.files().read(&download.key, 0..download.size_bytes).await.map_err(other)?;
        let mut stream = std::pin::pin!(stream);
        // Beside it first, so that a file of that name is whole or as it was.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let beside = tempfile::NamedTempFile::new_in(folder).map_err(path_error(path))?;
        let mut file = tokio::fs::File::from_std(beside.reopen().map_err(path_error(path))?);
        while let Some(bytes) = stream.try_next().await.map_err(path_error(path))? {
            file.write_all(&bytes).await.map_err(path_error(path))?;
        }
        file.flush().await.map_err(path_error(path))?;
        beside.persist(path).map_err(|error| path_error(path)(error.error))?;
        Ok(Some(path.clone()))
    }
}

fn succeeded(task: &TaskView) -> Result<(), LocalError> {
    match (&task.failure, task.phase) {
        (_, Phase::Succeeded) => Ok(()),
        (Some(failure), _) => Err(LocalError::Failed(failure.code, failure.detail.clone())),
        (None, phase) => Err(LocalError::Other(format!("the task ended as {phase:?}"))),
    }
}
