//! The calls of a front end, for one caller at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use longshore_datasets::{Catalog, Dataset, Query, source};
use longshore_files::{FileError, FileStore};
use longshore_protocol::{
    DatasetView, ExportRequest, Lang, Problem, ProblemKind, RowsPage, RowsRequest, StatisticsRequest,
    TaskDetails, TaskId, TaskKind, TaskQuery, TaskView,
};
use longshore_tasks::entity::Slot;
use longshore_tasks::{
    ApplyError, Event, Job, Loaded, NewTask, Priority, Refusal, Registered, State, Task, TaskStore,
    Timestamp, apply, id, register,
};

use crate::caller::Caller;
use crate::download::Download;
use crate::error::CentreError;
use crate::export::{self, ExportJob};
use crate::file::FinishedFile;
use crate::import::{self, ImportSettings};
use crate::request::{CheckedOrder, check_zone};
use crate::statistics::{self, StatisticsJob};
use crate::view::task_view;

/// Tasks that a list shows.
pub const HISTORY_MAX: usize = 100;
pub(crate) type Answer<T> = Result<T, CentreError>;

/// Stops what it was given to once nobody waits for the answer any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Settings of the centre.
#[derive(Clone, Debug)]
pub struct CentreSettings {
    /// Time from registration to a task's deadline; default 30 minutes.
    pub time_limit: Duration,
    /// How long a finished file and its record are kept; default 7 days.
    pub retention: Duration,
    /// How files are imported.
    pub import: ImportSettings,
}

impl Default for CentreSettings {
    fn default() -> CentreSettings {
        CentreSettings {
            time_limit: Duration::from_secs(30 * 60),
            retention: Duration::from_secs(7 * 24 * 60 * 60),
            import: ImportSettings::default(),
        }
    }
}

/// A registration as the caller is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Whether this request registered the task, now or when it was sent before.
    pub registered: bool,
    /// The task.
    pub task: TaskView,
}

/// Answers the calls of front ends. Cheap to clone.
#[derive(Clone)]
pub struct Centre {
    pub(crate) store: Arc<dyn TaskStore>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) files: FileStore,
    pub(crate) settings: CentreSettings,
    pub(crate) turns: import::Turns,
}

impl Centre {
    /// A centre on these parts.
    pub fn new(
        store: Arc<dyn TaskStore>,
        catalog: Arc<Catalog>,
        files: FileStore,
        settings: CentreSettings,
    ) -> Centre {
        Centre { store, catalog, files, settings, turns: import::Turns::default() }
    }

    /// All datasets, in their order.
    pub fn datasets(&self) -> Vec<DatasetView> {
        let limits = &self.settings.import;
        let view = |dataset: &Dataset| DatasetView {
            import: dataset.importing.as_ref().map(|importing| {
                importing.view(&dataset.columns, limits.size_bytes_max, limits.row_count_max)
            }),
            ..dataset.view()
        };
        self.catalog.all().into_iter().map(view).collect()
    }

    /// One page of rows for the screen. Dropping it ends what the database does for it.
    ///
    /// # Errors
    /// `UnknownDataset`, `Invalid`, `Source`.
    pub async fn rows(&self, request: RowsRequest) -> Answer<RowsPage> {
        let dataset = self.dataset(&request.dataset)?.clone();
        let mut problems = Vec::new();
        let zone = check_zone(&request.time_zone, &mut problems);
        let query = Query::check(&dataset, &[], &request.filters, &request.sort, &zone);
        let query = query.map_err(|more| CentreError::Invalid([problems.clone(), more].concat()))?;
        if !problems.is_empty() {
            return Err(CentreError::Invalid(problems));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let _stops_when_dropped = StopOnDrop(Arc::clone(&stop));
        let page = tokio::task::spawn_blocking(move || source::page(&dataset, &query, request.page, &stop));
        let page = page.await;
        Ok(page.map_err(|error| CentreError::Internal(error.to_string()))??)
    }

    /// Checks the request and registers an export, unless one of this caller for this dataset runs already.
    ///
    /// # Errors
    /// `UnknownDataset`, `Invalid`, `Store`.
    pub async fn register_export(
        &self,
        caller: &Caller,
        request: ExportRequest,
        lang: Lang,
    ) -> Answer<Registration> {
        let dataset = self.dataset(&request.dataset)?;
        let now = self.store.now().await?;
        let order = export::check(dataset, request, lang, now).map_err(CentreError::Invalid)?;
        self.register::<ExportJob>(caller, TaskKind::Export, dataset, order).await
    }

    /// Checks the request and registers daily statistics, unless those of this caller for this dataset run already.
    ///
    /// # Errors
    /// `UnknownDataset`, `Invalid`, `Store`.
    pub async fn register_statistics(
        &self,
        caller: &Caller,
        request: StatisticsRequest,
        lang: Lang,
    ) -> Answer<Registration> {
        let dataset = self.dataset(&request.dataset)?;
        let now = self.store.now().await?;
        let order = statistics::check(dataset, request, lang, now).map_err(CentreError::Invalid)?;
        self.register::<StatisticsJob>(caller, TaskKind::DailyStatistics, dataset, order).await
    }

    pub(crate) async fn register<J: Job>(
        &self,
        caller: &Caller,
        kind: TaskKind,
        dataset: &Dataset,
        order: CheckedOrder,
    ) -> Answer<Registration> {
        let new = NewTask {
            tenant: caller.tenant.clone(),
            slot: slot(caller, kind, dataset),
            payload: order.payload,
            priority: Priority::Normal,
            delay: Duration::ZERO,
            attempts_max: J::ATTEMPTS_MAX,
            time_limit: match kind {
                TaskKind::Export => dataset.export_deadline.unwrap_or(self.settings.time_limit),
                _ => self.settings.time_limit,
            },
            retention: self.settings.retention,
            idempotency_key: order.idempotency_key,
        };
        let registered = register(&*self.store, &new).await?;
        // Loaded again for its place in the queue, which only the store knows.
        let loaded = self.store.load(&registered.task().id).await?;
        let (task, ahead) = (loaded.task.as_ref().unwrap_or(registered.task()), loaded.ahead);
        let task = task_view(task, ahead, loaded.now).ok_or(CentreError::UnknownTask)?;
        Ok(Registration { registered: !matches!(registered, Registered::Running(_)), task })
    }

    /// Where the task stands that the query names; `None` if the caller has none there.
    ///
    /// # Errors
    /// `UnknownTask` and `FileExpired` for an id, `UnknownDataset` for a dataset, `Store`.
    pub async fn status(&self, caller: &Caller, query: &TaskQuery) -> Answer<Option<TaskView>> {
        let found = self.find(caller, query).await?;
        Ok(found.and_then(|(task, ahead, now)| task_view(&task, ahead, now)))
    }

    /// Clears the finished task that the query names: its slot is free, its file stays until its retention ends.
    /// Gives whether there was one to clear.
    ///
    /// # Errors
    /// As [`Centre::status`].
    pub async fn clear(&self, caller: &Caller, query: &TaskQuery) -> Answer<bool> {
        let Some((task, _, _)) = self.find(caller, query).await? else { return Ok(false) };
        match apply(&*self.store, &task.id, &Event::Clear).await {
            Ok(_) => Ok(true),
            Err(ApplyError::Refused(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for the task to be stopped that the query names; gives where it stands now.
    ///
    /// # Errors
    /// As [`Centre::status`].
    pub async fn cancel(&self, caller: &Caller, query: &TaskQuery) -> Answer<Option<TaskView>> {
        let Some((task, _, now)) = self.find(caller, query).await? else { return Ok(None) };
        match longshore_tasks::cancel(&*self.store, &task.id).await {
            Ok(task) => Ok(task_view(&task, None, now)),
            // Whatever ended it first: say so.
            Err(ApplyError::Refused(Refusal::AlreadyFinal | Refusal::Archived | Refusal::PastDeadline)) => {
                self.status(caller, &TaskQuery { task: Some(task.id.to_string()), ..query.clone() }).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The caller's tasks, newest first.
    ///
    /// # Errors
    /// `Store`.
    pub async fn history(&self, caller: &Caller) -> Answer<Vec<TaskView>> {
        let (tasks, now) = self.store.history(&caller.owner, HISTORY_MAX).await?;
        Ok(tasks.iter().filter_map(|task| task_view(task, None, now)).collect())
    }

    /// A task in full.
    ///
    /// # Errors
    /// `UnknownTask`, `FileExpired`, `Store`.
    pub async fn details(&self, caller: &Caller, task: &str) -> Answer<TaskDetails> {
        let (task, ahead, now) = self.owned(caller, task).await?;
        // A report that can't be had now is no reason to hide the rest.
        let import = self.import_report(&task, now).await.unwrap_or_else(|error| {
            tracing::warn!(task.id = %task.id, error = %error, "what an import has done can't be told");
            None
        });
        let undo = self.undo_report(&task).await.unwrap_or_else(|error| {
            tracing::warn!(task.id = %task.id, error = %error, "what an undo has done can't be told");
            None
        });
        let mut view = task_view(&task, ahead, now).ok_or(CentreError::UnknownTask)?;
        if let Some(report) = &import {
            // One that was cancelled or failed has no result of its own, but the ledger knows what is in.
            view.counts = Some(report.done);
            view.stopped = report.stopped.as_ref().map(|stopped| stopped.reason);
        }
        Ok(TaskDetails {
            task: view,
            request: export::request_of(&task),
            manifest: FinishedFile::of(&task).and_then(|file| file.manifest),
            import,
            undo,
        })
    }

    /// Registers the work of an earlier task of the caller once more, in the language and zone of then. The headers' language
    /// is that of then, too.
    ///
    /// # Errors
    /// `UnknownTask`; `UnknownDataset` and `Invalid` where the configuration has changed since, and for imports, whose plan is
    /// carried out once; `Store`.
    pub async fn repeat(&self, caller: &Caller, task: &str, lang: Lang) -> Answer<Registration> {
        let (task, _, _) = self.owned(caller, task).await?;
        if let Some(request) = export::request_of(&task) {
            return self
                .register_export(caller, ExportRequest { idempotency_key: String::new(), ..request }, lang)
                .await;
        }
        let Some(request) = statistics::request_of(&task) else {
            // What an import needs is its draft, which the person goes through again.
            let kind = ProblemKind::NothingToImport;
            return Err(CentreError::Invalid(vec![Problem { field: "task".to_owned(), kind }]));
        };
        self.register_statistics(
            caller,
            StatisticsRequest { idempotency_key: String::new(), ..request },
            lang,
        )
        .await
    }

    /// The finished file of a task, for its owner.
    ///
    /// # Errors
    /// `UnknownTask`, `NotFinished`, `NoFile`, `FileExpired`, `Store`, `Files`.
    pub async fn download(&self, caller: &Caller, task: &str) -> Answer<Download> {
        let (task, _, now) = self.owned(caller, task).await?;
        if task.state != State::Succeeded {
            return Err(CentreError::NotFinished);
        }
        if now >= task.kept_until() {
            return Err(CentreError::FileExpired);
        }
        let Some(file) = FinishedFile::of(&task) else {
            return Err(match FinishedFile::is_always_made(&task) {
                true => CentreError::Internal(format!("task {} has an unreadable result", task.id)),
                false => CentreError::NoFile,
            });
        };
        match self.files.size(&file.key).await {
            Ok(size_bytes) => Ok(Download { key: file.key, name: file.name, size_bytes }),
            Err(FileError::Missing { .. }) => Err(CentreError::FileExpired),
            Err(error) => Err(error.into()),
        }
    }

    /// The file store, for the bytes of a [`Download`].
    pub fn files(&self) -> &FileStore {
        &self.files
    }

    /// Whether the task store answers.
    ///
    /// # Errors
    /// `Store`.
    pub async fn ping(&self) -> Answer<()> {
        self.store.now().await?;
        Ok(())
    }

    pub(crate) fn dataset(&self, id: &str) -> Answer<&Dataset> {
        self.catalog.get(id).ok_or(CentreError::UnknownDataset)
    }

    /// The task that a query names, with the tasks ahead of it and the store's time.
    async fn find(
        &self,
        caller: &Caller,
        query: &TaskQuery,
    ) -> Answer<Option<(Task, Option<u64>, Timestamp)>> {
        if let Some(task) = &query.task {
            return self.owned(caller, task).await.map(Some);
        }
        let dataset = self.dataset(query.dataset.as_deref().unwrap_or_default())?;
        let Loaded { task, ahead, now, .. } =
            self.store.load_slot(&slot(caller, query.kind, dataset)).await?;
        // Past its deadline the entity counts as gone, even before the reaper came.
        Ok(task.filter(|task| now < task.deadline).map(|task| (task, ahead, now)))
    }

    pub(crate) async fn owned(&self, caller: &Caller, task: &str) -> Answer<(Task, Option<u64>, Timestamp)> {
        let id = TaskId::parse(task).map_err(|_| CentreError::UnknownTask)?;
        let Loaded { task, ahead, now, .. } = self.store.peek(&id).await?;
        match task {
            // A part of a task is nobody's: only the task itself is shown.
            Some(task) if task.slot.owner == caller.owner && task.parent.is_none() => Ok((task, ahead, now)),
            Some(_) => Err(CentreError::UnknownTask),
            // The id tells its age: what is that old was purged, rather than never there.
            None if id::registration_time(&id).is_some_and(|at| now.since(at) > self.settings.retention) => {
                Err(CentreError::FileExpired)
            }
            None => Err(CentreError::UnknownTask),
        }
    }
}

fn slot(caller: &Caller, kind: TaskKind, dataset: &Dataset) -> Slot {
    Slot { owner: caller.owner.clone(), kind: kind.name().to_owned(), subject: dataset.id.to_string() }
}
