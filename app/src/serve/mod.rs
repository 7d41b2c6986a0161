//! The server's half of the calls in [`crate::api`]: who calls, one function of the core, the answer in words.
//!
//! The server provides [`Centre`], [`Caller`] and [`RequestPreferences`] as context around every server
//! function and every rendered page.

pub(crate) mod import;

use leptos::prelude::*;
use longshore_jobs::centre::Registration;
use longshore_jobs::{Caller, Centre, CentreError};
use longshore_protocol::{
    ApiError, ClearOut, DatasetView, ErrorCode, ExportRequest, FieldProblem, Lang, Phase, RegisterOut,
    RowsPage, RowsRequest, StatisticsRequest, TaskDetails, TaskQuery, TaskResultOut, TaskStatus, TaskView,
};

use crate::call_error::CallError;
use crate::i18n::{Texts, message_for};
use crate::preferences::RequestPreferences;

type Answer<T> = Result<T, CallError>;

/// What every call needs.
struct Call {
    centre: Centre,
    caller: Caller,
    lang: Lang,
}

impl Call {
    fn current() -> Answer<Call> {
        let lang = RequestPreferences::current().lang;
        let parts = use_context::<Centre>().zip(use_context::<Caller>());
        let (centre, caller) = parts.ok_or_else(|| {
            tracing::error!("a server function was called without its context");
            CallError(ApiError::new(ErrorCode::Internal, Texts::new(lang).error(ErrorCode::Internal)))
        })?;
        Ok(Call { centre, caller, lang })
    }

    fn refuse(&self, error: CentreError) -> CallError {
        CallError(refusal(error, self.lang))
    }

    fn registered(&self, answer: Result<Registration, CentreError>) -> Answer<RegisterOut> {
        let Registration { registered, task } = answer.map_err(|error| self.refuse(error))?;
        let task = Some(result_out(Some(task), self.lang));
        Ok(RegisterOut { registered, task, problems: Vec::new() })
    }
}

/// An error in words. The cause of what is not the caller's fault is logged here, and only here.
pub fn refusal(error: CentreError, lang: Lang) -> ApiError {
    let (code, texts) = (error.code(), Texts::new(lang));
    if code.http_status() >= 500 {
        tracing::error!(code = ?code, cause = %error, "a call failed");
    }
    let mut refusal = ApiError::new(code, texts.error(code));
    if let CentreError::Invalid(problems) = error {
        refusal.problems = problems
            .into_iter()
            .map(|problem| FieldProblem {
                message: texts.problem(&problem.kind),
                field: problem.field,
                kind: problem.kind,
            })
            .collect();
    }
    refusal
}

/// The contract's answer for a task, or for none.
fn result_out(task: Option<TaskView>, lang: Lang) -> TaskResultOut {
    let Some(task) = task else { return TaskResultOut::default() };
    let succeeded = task.phase == Phase::Succeeded;
    TaskResultOut {
        status: if task.phase.is_final() { TaskStatus::Finished } else { TaskStatus::InProgress },
        message: Some(message_for(&task, lang)),
        url: task.file.as_ref().filter(|_| succeeded).map(|file| file.url.clone()),
        state: succeeded,
        poll_after_ms: None,
        task: Some(task),
    }
}

/// The contract's answer to where a task stands.
///
/// # Errors
/// The refusal of [`Centre::status`], in words.
pub async fn status_of(
    centre: &Centre,
    caller: &Caller,
    lang: Lang,
    query: &TaskQuery,
) -> Result<TaskResultOut, ApiError> {
    let task = centre.status(caller, query).await.map_err(|error| refusal(error, lang))?;
    Ok(result_out(task, lang))
}

pub(crate) async fn status(query: TaskQuery) -> Answer<TaskResultOut> {
    let call = Call::current()?;
    status_of(&call.centre, &call.caller, call.lang, &query).await.map_err(CallError)
}

pub(crate) async fn register_export(request: ExportRequest) -> Answer<RegisterOut> {
    let call = Call::current()?;
    let registered = call.centre.register_export(&call.caller, request, call.lang).await;
    call.registered(registered)
}

pub(crate) async fn register_statistics(request: StatisticsRequest) -> Answer<RegisterOut> {
    let call = Call::current()?;
    let registered = call.centre.register_statistics(&call.caller, request, call.lang).await;
    call.registered(registered)
}

pub(crate) async fn clear(query: TaskQuery) -> Answer<ClearOut> {
    let call = Call::current()?;
    let cleared = call.centre.clear(&call.caller, &query).await.map_err(|error| call.refuse(error))?;
    Ok(ClearOut { cleared })
}

pub(crate) async fn cancel(query: TaskQuery) -> Answer<TaskResultOut> {
    let call = Call::current()?;
    let task = call.centre.cancel(&call.caller, &query).await.map_err(|error| call.refuse(error))?;
    Ok(result_out(task, call.lang))
}

pub(crate) async fn details(task: String) -> Answer<TaskDetails> {
    let call = Call::current()?;
    call.centre.details(&call.caller, &task).await.map_err(|error| call.refuse(error))
}

pub(crate) async fn repeat(task: String) -> Answer<RegisterOut> {
    let call = Call::current()?;
    let registered = call.centre.repeat(&call.caller, &task, call.lang).await;
    call.registered(registered)
}

pub(crate) async fn list_tasks() -> Answer<Vec<TaskView>> {
    let call = Call::current()?;
    call.centre.history(&call.caller).await.map_err(|error| call.refuse(error))
}

/// The datasets for a page that is being rendered; none where the list of routes is made, which has no request.
pub(crate) fn datasets() -> Vec<DatasetView> {
    use_context::<Centre>().map(|centre| centre.datasets()).unwrap_or_default()
}

pub(crate) async fn list_datasets() -> Answer<Vec<DatasetView>> {
    Ok(Call::current()?.centre.datasets())
}

pub(crate) async fn list_rows(request: RowsRequest) -> Answer<RowsPage> {
    let call = Call::current()?;
    call.centre.rows(request).await.map_err(|error| call.refuse(error))
}
