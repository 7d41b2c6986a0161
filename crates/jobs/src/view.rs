//! A task as its owner sees it.

use longshore_protocol::{DatasetId, FailureView, FileView, Phase, Progress, TaskKind, TaskView, Unit};
use longshore_tasks::{State, Task, Timestamp};

use crate::export::ExportedFile;

/// Where the file of a task can be fetched, below the server's root.
pub fn file_url(task: &Task) -> String {
    format!("/files/{}", task.id)
}

/// The task's phase at `now`. A task past its deadline is abandoned even before the reaper came.
fn phase_at(task: &Task, now: Timestamp) -> Phase {
    match task.state {
        State::Queued | State::Running | State::Waiting if now >= task.deadline => Phase::Abandoned,
        State::Queued => Phase::Queued,
        State::Running | State::Waiting if task.cancel_requested => Phase::Cancelling,
        State::Running | State::Waiting => Phase::Running,
        State::Succeeded if now >= task.kept_until() => Phase::FileExpired,
        State::Succeeded => Phase::Succeeded,
        State::Failed => Phase::Failed,
        State::Cancelled => Phase::Cancelled,
        State::Expired => Phase::Abandoned,
    }
}

/// The view of `task` at `now`, with `ahead` tasks before it. `None` for a task of a kind that front ends do not
/// know.
pub fn task_view(task: &Task, ahead: Option<u64>, now: Timestamp) -> Option<TaskView> {
    let kind = (task.slot.kind == TaskKind::Export.name()).then_some(TaskKind::Export)?;
    let dataset = DatasetId::parse(task.slot.subject.as_str()).ok()?;
    let phase = phase_at(task, now);
    let exported =
        task.result.as_ref().and_then(|result| serde_json::from_value::<ExportedFile>(result.clone()).ok());
    let file = exported.map(|file| FileView {
        name: file.name,
        url: file.url,
        size_bytes: file.size_bytes,
        row_count: file.row_count,
        shortened_cell_count: file.shortened_cell_count,
        kept_until: task.kept_until().as_millis(),
    });
    let failure = task.failure.as_ref().map(|failure| FailureView {
        code: failure.code,
        detail: failure.detail.clone(),
        reference: failure.reference.clone(),
    });
    Some(TaskView {
        id: task.id.clone(),
        kind,
        dataset,
        phase,
        ahead: ahead.filter(|_| phase == Phase::Queued),
        progress: file.as_ref().map_or(task.progress, |file| Progress {
            done: file.row_count,
            total: Some(file.row_count),
            unit: Unit::Rows,
        }),
        registered_at: task.registered_at.as_millis(),
        started_at: task.started_at.map(Timestamp::as_millis),
        finished_at: task.finished_at.map(Timestamp::as_millis),
        expires_at: task.deadline.as_millis(),
        server_now: now.as_millis(),
        file,
        failure,
    })
}
