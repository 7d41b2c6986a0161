//! Where a task stands, in one line.

use longshore_protocol::{ErrorCode, Progress, TaskKind};

use super::state::{Step, TaskState};
use crate::i18n::{Texts, message_for};

/// The panel's one line, also what screen readers hear at the end.
pub fn headline(kind: TaskKind, state: &TaskState, t: Texts) -> String {
    match (state.offline, state.step) {
        (Some(ErrorCode::Unreachable), Step::Unknown | Step::Submitting) => {
            return t.offline_unknown(kind).to_owned();
        }
        (Some(ErrorCode::Unreachable), _) => return t.offline_running().to_owned(),
        (Some(_), _) => return t.store_away().to_owned(),
        (None, _) => {}
    }
    let progress = &state.progress;
    match (state.step, &state.task) {
        (Step::Submitting, _) => t.submitting().to_owned(),
        (Step::Running, _) if !progress.visible => t.working_label(kind).to_owned(),
        (Step::Running, _) => {
            let shown = Progress { done: progress.done, total: progress.total, unit: progress.unit };
            t.working(kind, shown, progress.remaining_seconds)
        }
        (Step::Cancelling, _) => t.cancelling().to_owned(),
        (Step::Idle, _) => match state.error {
            Some(code) => t.error(code).to_owned(),
            None if state.problems.is_empty() => String::new(),
            None => t.not_submitted(kind).to_owned(),
        },
        (_, Some(task)) => message_for(task, t.lang),
        (_, None) => String::new(),
    }
}
