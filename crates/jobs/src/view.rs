//! A task as its owner sees it.

use longshore_protocol::import::{PlanCounts, StopReason};
use longshore_protocol::{DatasetId, FailureView, FileView, Phase, Progress, TaskKind, TaskView, Unit};
use longshore_tasks::{State, Task, Timestamp};

use crate::file::FinishedFile;
use crate::import::{CheckOutput, Course, ImportOutput};
use crate::statistics::Plan;

/// The task's phase at `now`. A task past its deadline is abandoned even before the reaper came.
fn phase_at(task: &Task, now: Timestamp) -> Phase {
    match task.state {
        State::Queued | State::Running | State::Waiting if now >= task.deadline => Phase::Abandoned,
        State::Queued if task.children.total == 0 => Phase::Queued,
        // One whose parts have ended is queued once more, to put them together: it has begun long ago.
        State::Queued | State::Running | State::Waiting if task.cancel_requested => Phase::Cancelling,
        State::Queued | State::Running | State::Waiting => Phase::Running,
        State::Succeeded if now >= task.kept_until() => Phase::FileExpired,
        State::Succeeded => Phase::Succeeded,
        State::Failed => Phase::Failed,
        State::Cancelled => Phase::Cancelled,
        State::Expired => Phase::Abandoned,
    }
}

/// How far the task has come. A file is complete; parts count with the days that they share evenly, because a task that
/// waits for its parts says nothing itself.
fn progress(task: &Task, kind: TaskKind, file: Option<&FileView>) -> Progress {
    let unit = match kind {
        TaskKind::DailyStatistics => Unit::Days,
        TaskKind::Export | TaskKind::ImportCheck | TaskKind::Import | TaskKind::ImportUndo => Unit::Rows,
    };
    if matches!(kind, TaskKind::ImportCheck | TaskKind::Import | TaskKind::ImportUndo) {
        return import_progress(task, kind);
    }
    if let Some(file) = file {
        return Progress { done: file.row_count, total: Some(file.row_count), unit };
    }
    if unit == Unit::Rows || task.progress.unit == Unit::Bytes {
        return task.progress;
    }
    let total = Plan::of(task).map(|plan| u64::from(plan.days().count()));
    let (ended, parts) = (u64::from(task.children.ended()), u64::from(task.children.total));
    Progress { done: total.unwrap_or(0) * ended / parts.max(1), total, unit }
}

/// How far an import has come, in rows. A check counts a row half when it was read and half when it was looked at.
fn import_progress(task: &Task, kind: TaskKind) -> Progress {
    let course: Option<Course> = task.cursor.as_ref().and_then(|cursor| cursor.read().ok());
    let Some(Course { row_count }) = course else { return task.progress };
    let (ended, parts) = (u64::from(task.children.ended()), u64::from(task.children.total));
    let looked_at = row_count * ended / parts.max(1);
    let done = match kind {
        _ if task.state == State::Succeeded => row_count,
        TaskKind::ImportCheck => (row_count + looked_at) / 2,
        _ => looked_at,
    };
    Progress { done, total: Some(row_count), unit: Unit::Rows }
}

/// Of a finished check, rows by what would happen to them; of a finished import, by what has.
fn counts(task: &Task) -> Option<PlanCounts> {
    CheckOutput::of(task)
        .map(|output| output.counts)
        .or_else(|| ImportOutput::of(task).map(|output| output.conclusion.done))
}

/// Why a finished import ended before all was done. One that was cancelled has no result to say so; its phase does.
fn stopped(task: &Task) -> Option<StopReason> {
    Some(ImportOutput::of(task)?.conclusion.stopped?.reason)
}

/// The view of `task` at `now`, with `ahead` tasks before it. `None` for a task of a kind that front ends do not
/// know.
pub fn task_view(task: &Task, ahead: Option<u64>, now: Timestamp) -> Option<TaskView> {
    let kind = TaskKind::from_name(&task.slot.kind).filter(|_| task.parent.is_none())?;
    let dataset = DatasetId::parse(task.slot.subject.as_str()).ok()?;
    let phase = phase_at(task, now);
    let file = FinishedFile::of(task).map(|file| FileView {
        name: file.name,
        url: file.url,
        size_bytes: file.size_bytes,
        row_count: file.row_count,
        sheet_count: file.sheet_count,
        part_count: file.manifest.as_ref().map_or(1, |manifest| manifest.parts.len().max(1) as u32),
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
        progress: progress(task, kind, file.as_ref()),
        registered_at: task.registered_at.as_millis(),
        started_at: task.started_at.map(Timestamp::as_millis),
        finished_at: task.finished_at.map(Timestamp::as_millis),
        expires_at: task.deadline.as_millis(),
        server_now: now.as_millis(),
        file,
        failure,
        counts: counts(task),
        stopped: stopped(task),
    })
}
