//! The calls a front end makes, as Leptos server functions at `/api/<name>`: JSON in, JSON out.
//!
//! `getTaskStatus`, `registerExportTask` and `clearTaskInfo` are the public contract; any client can
//! call them with plain HTTP. Each one parses, finds the caller, calls one function of a core, and maps
//! the error.

use leptos::prelude::*;
use longshore_protocol::import::{
    CheckRequest, CommitRequest, DraftRequest, ImportDraft, PlanRowsPage, PlanRowsRequest, UndoRequest,
    UpdateDraftRequest,
};
use longshore_protocol::{
    ClearOut, DatasetView, ExportRequest, RegisterOut, RowsPage, RowsRequest, StatisticsRequest, TaskDetails,
    TaskQuery, TaskResultOut, TaskView,
};
use server_fn::codec::Json;

use crate::call_error::CallError;

/// Where a task stands: 0 none, 1 in progress, 2 finished.
///
/// # Errors
/// `unknown_task` for an id that is not a task of the caller, `store_unavailable` while the task store is away.
#[server(name = GetTaskStatus, prefix = "/api", endpoint = "getTaskStatus", input = Json, output = Json)]
pub async fn get_task_status(#[server(flatten)] query: TaskQuery) -> Result<TaskResultOut, CallError> {
    crate::serve::status(query).await
}

/// Validates the request and registers an export; the work happens in the background.
///
/// # Errors
/// `unknown_dataset`; `invalid_parameters` with what is wrong per field; `store_unavailable`.
#[server(name = RegisterExportTask, prefix = "/api", endpoint = "registerExportTask", input = Json, output = Json)]
pub async fn register_export_task(
    #[server(flatten)] request: ExportRequest,
) -> Result<RegisterOut, CallError> {
    crate::serve::register_export(request).await
}

/// Validates the request and registers daily statistics; the work happens in the background, in parts.
///
/// # Errors
/// `unknown_dataset`; `invalid_parameters` with what is wrong per field; `store_unavailable`.
#[server(name = RegisterStatisticsTask, prefix = "/api", endpoint = "registerStatisticsTask", input = Json, output = Json)]
pub async fn register_statistics_task(
    #[server(flatten)] request: StatisticsRequest,
) -> Result<RegisterOut, CallError> {
    crate::serve::register_statistics(request).await
}

/// Clears a finished task's entity, so that its slot is free; its file stays in Tasks until its retention ends.
///
/// # Errors
/// `unknown_task`, `store_unavailable`.
#[server(name = ClearTaskInfo, prefix = "/api", endpoint = "clearTaskInfo", input = Json, output = Json)]
pub async fn clear_task_info(#[server(flatten)] query: TaskQuery) -> Result<ClearOut, CallError> {
    crate::serve::clear(query).await
}

/// Asks for a task to be stopped; the answer is where it stands now.
///
/// # Errors
/// `unknown_task`, `store_unavailable`.
#[server(name = CancelTask, prefix = "/api", endpoint = "cancelTask", input = Json, output = Json)]
pub async fn cancel_task(#[server(flatten)] query: TaskQuery) -> Result<TaskResultOut, CallError> {
    crate::serve::cancel(query).await
}

/// A task in full: what was asked for, and the manifest of a finished export.
///
/// # Errors
/// `unknown_task`, `file_expired`, `store_unavailable`.
#[server(name = GetTaskDetails, prefix = "/api", endpoint = "getTaskDetails", input = Json, output = Json)]
pub async fn get_task_details(task: String) -> Result<TaskDetails, CallError> {
    crate::serve::details(task).await
}

/// Registers the work of an earlier task once more, as a new task.
///
/// # Errors
/// `unknown_task`; `unknown_dataset` and `invalid_parameters` where the configuration has changed; `store_unavailable`.
#[server(name = RepeatTask, prefix = "/api", endpoint = "repeatTask", input = Json, output = Json)]
pub async fn repeat_task(task: String) -> Result<RegisterOut, CallError> {
    crate::serve::repeat(task).await
}

/// The caller's tasks, newest first, 100 at most.
///
/// # Errors
/// `store_unavailable`.
#[server(name = ListTasks, prefix = "/api", endpoint = "listTasks", input = Json, output = Json)]
pub async fn list_tasks() -> Result<Vec<TaskView>, CallError> {
    crate::serve::list_tasks().await
}

/// The datasets of the configuration.
///
/// # Errors
/// None of its own.
#[server(name = ListDatasets, prefix = "/api", endpoint = "listDatasets", input = Json, output = Json)]
pub async fn list_datasets() -> Result<Vec<DatasetView>, CallError> {
    crate::serve::list_datasets().await
}

/// One page of a dataset's rows for the screen.
///
/// # Errors
/// `unknown_dataset`, `invalid_parameters`, `database_unavailable`.
#[server(name = ListRows, prefix = "/api", endpoint = "listRows", input = Json, output = Json)]
pub async fn list_rows(#[server(flatten)] request: RowsRequest) -> Result<RowsPage, CallError> {
    crate::serve::list_rows(request).await
}

/// The caller's draft of an import into a dataset, if there is one. Drafts are made by uploading a file: `POST /upload/<dataset>`.
///
/// # Errors
/// `unknown_dataset`, `store_unavailable`.
#[server(name = GetImportDraft, prefix = "/api", endpoint = "getImportDraft", input = Json, output = Json)]
pub async fn get_import_draft(
    #[server(flatten)] request: DraftRequest,
) -> Result<Option<ImportDraft>, CallError> {
    crate::serve::import::draft(request).await
}

/// Changes the caller's draft: where it is read, how its columns are matched, its mode.
///
/// # Errors
/// `unknown_dataset`, `unknown_draft`, `draft_changed`; `invalid_parameters` with what is wrong per field.
#[server(name = UpdateImportDraft, prefix = "/api", endpoint = "updateImportDraft", input = Json, output = Json)]
pub async fn update_import_draft(
    #[server(flatten)] request: UpdateDraftRequest,
) -> Result<ImportDraft, CallError> {
    crate::serve::import::update_draft(request).await
}

/// Discards the caller's draft with its file.
///
/// # Errors
/// `unknown_dataset`.
#[server(name = DiscardImportDraft, prefix = "/api", endpoint = "discardImportDraft", input = Json, output = Json)]
pub async fn discard_import_draft(#[server(flatten)] request: DraftRequest) -> Result<ClearOut, CallError> {
    crate::serve::import::discard_draft(request).await
}

/// Registers the check of the caller's draft; its plan is in the draft when the task has ended.
///
/// # Errors
/// `unknown_dataset`, `unknown_draft`, `draft_changed`; `invalid_parameters` with what is wrong per field; `store_unavailable`.
#[server(name = RegisterImportCheck, prefix = "/api", endpoint = "registerImportCheck", input = Json, output = Json)]
pub async fn register_import_check(
    #[server(flatten)] request: CheckRequest,
) -> Result<RegisterOut, CallError> {
    crate::serve::import::register_check(request).await
}

/// One page of the rows of a plan.
///
/// # Errors
/// `unknown_dataset`, `unknown_task`, `task_not_finished`, `file_expired`.
#[server(name = ListPlanRows, prefix = "/api", endpoint = "listPlanRows", input = Json, output = Json)]
pub async fn list_plan_rows(#[server(flatten)] request: PlanRowsRequest) -> Result<PlanRowsPage, CallError> {
    crate::serve::import::plan_rows(request).await
}

/// Registers the import of what the caller's draft plans. The same plan is imported once, however often this is called.
///
/// # Errors
/// `unknown_dataset`, `unknown_draft`, `draft_changed`; `invalid_parameters` with what is wrong per field; `store_unavailable`.
#[server(name = RegisterImportTask, prefix = "/api", endpoint = "registerImportTask", input = Json, output = Json)]
pub async fn register_import_task(
    #[server(flatten)] request: CommitRequest,
) -> Result<RegisterOut, CallError> {
    crate::serve::import::register_import(request).await
}

/// Registers that an import is taken back.
///
/// # Errors
/// `unknown_task`, `file_expired`; `invalid_parameters` where there is nothing to take back; `store_unavailable`.
#[server(name = RegisterImportUndo, prefix = "/api", endpoint = "registerImportUndo", input = Json, output = Json)]
pub async fn register_import_undo(#[server(flatten)] request: UndoRequest) -> Result<RegisterOut, CallError> {
    crate::serve::import::register_undo(request).await
}
