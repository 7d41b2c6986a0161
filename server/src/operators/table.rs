//! Answers as text for a terminal.

use std::fmt::Write;
use std::time::Duration;

use longshore_tasks::{State, Task, Timestamp};

use super::request::{Answer, Request};

/// The answer in lines.
pub(super) fn print(request: &Request, answer: &Answer) -> String {
    match answer {
        Answer::Tasks { tasks, is_cut_off, now } => list(request, tasks, *is_cut_off, *now),
        Answer::Task { task, ahead, now } => one(task, *ahead, *now),
        Answer::Refused { reason } => format!("{reason}\n"),
    }
}

/// Seconds, minutes, hours or days, whichever reads best.
fn span(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7_200 => format!("{}m", seconds / 60),
        seconds @ 7_200..172_800 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

fn state(task: &Task) -> String {
    match task.state {
        State::Queued if task.run_at.is_some() => "delayed".to_owned(),
        State::Running | State::Waiting if task.cancel_requested => "cancelling".to_owned(),
        State::Failed if task.dead => "dead".to_owned(),
        state => state.name().to_owned(),
    }
}

fn progress(task: &Task) -> String {
    if task.state == State::Succeeded {
        return "done".to_owned();
    }
    match (task.children.total, task.progress.total) {
        (0, Some(total)) => format!("{}/{total}", task.progress.done),
        (0, None) if task.progress.done == 0 => "-".to_owned(),
        (0, None) => task.progress.done.to_string(),
        (total, _) => format!("{}/{total} parts", task.children.ended()),
    }
}

fn list(request: &Request, tasks: &[Task], is_cut_off: bool, now: Timestamp) -> String {
    if tasks.is_empty() {
        return match request {
            Request::Dead { .. } => "No task was given up.\n".to_owned(),
            _ => "No such task is live.\n".to_owned(),
        };
    }
    let mut rows = vec![
        ["ID", "KIND", "STATE", "OWNER", "SUBJECT", "PROGRESS", "AGE", "WORKER OR REASON"].map(str::to_owned),
    ];
    for task in tasks {
        let failure =
            task.failure.as_ref().map(|failure| format!("{:?} {}", failure.code, failure.reference));
        let worker = task.lease.as_ref().map(|lease| lease.worker.clone());
        rows.push([
            task.id.to_string(),
            task.slot.kind.clone(),
            state(task),
            task.slot.owner.to_string(),
            task.slot.subject.clone(),
            progress(task),
            span(now.since(task.registered_at)),
            worker.or(failure).unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    let mut text = aligned(&rows);
    if is_cut_off {
        text.push_str("There may be more: raise --limit or choose a --state.\n");
    }
    text
}

fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            write!(line, "{cell:width$}  ").ok();
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn one(task: &Task, ahead: Option<u64>, now: Timestamp) -> String {
    let ago = |time: Timestamp| format!("{} ago", span(now.since(time)));
    let mut rows = vec![
        ["id".to_owned(), task.id.to_string()],
        ["kind".to_owned(), task.lane().to_string()],
        ["state".to_owned(), state(task)],
        ["owner".to_owned(), format!("{} of {}", task.slot.owner, task.tenant)],
        ["subject".to_owned(), task.slot.subject.clone()],
        ["progress".to_owned(), progress(task)],
        ["registered".to_owned(), ago(task.registered_at)],
    ];
    let mut row = |name: &str, value: Option<String>| {
        rows.extend(value.map(|value| [name.to_owned(), value]));
    };
    row("ahead of it", ahead.map(|ahead| ahead.to_string()));
    row("not before", task.run_at.map(|at| format!("in {}", span(at.since(now)))));
    row("started", task.started_at.map(ago));
    row("ended", task.finished_at.map(ago));
    if !task.state.is_final() {
        row("deadline", Some(format!("in {}", span(task.deadline.since(now)))));
    }
    let lease = |lease: &longshore_tasks::entity::Lease| {
        format!("{}, lease ends in {}", lease.worker, span(lease.expires_at.since(now)))
    };
    row("worker", task.lease.as_ref().map(lease));
    row(
        "runs",
        (task.epoch > 0).then(|| {
            format!(
                "{} begun, {} failed, {} lost with their worker",
                task.epoch, task.failed_runs, task.crash_count
            )
        }),
    );
    let children = task.children;
    row(
        "parts",
        (children.total > 0).then(|| {
            format!(
                "{}: {} succeeded, {} failed, {} cancelled",
                children.total, children.succeeded, children.failed, children.cancelled
            )
        }),
    );
    row(
        "failure",
        task.failure.as_ref().map(|failure| {
            let detail = failure.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            format!("{:?}{detail}, reference {}", failure.code, failure.reference)
        }),
    );
    row("result", task.result.as_ref().map(|result| result.text().to_owned()));
    row("payload", Some(task.payload.body.text().to_owned()));
    aligned(&rows)
}
