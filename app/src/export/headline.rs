//! Where an export stands, in one line.

use longshore_protocol::{ErrorCode, Unit};

use super::state::{ExportState, Step};
use crate::i18n::{Texts, message_for};

/// The panel's one line, also what screen readers hear at the end.
pub fn headline(state: &ExportState, t: Texts) -> String {
    match (state.offline, state.step) {
        (Some(ErrorCode::Unreachable), Step::Unknown | Step::Submitting) => {
            return t.offline_unknown().to_owned();
        }
        (Some(ErrorCode::Unreachable), _) => return t.offline_running().to_owned(),
        (Some(_), _) => return t.store_away().to_owned(),
        (None, _) => {}
    }
    let progress = &state.progress;
    match (state.step, &state.task) {
        (Step::Submitting, _) => t.submitting().to_owned(),
        (Step::Running, _) if !progress.visible => t.exporting_label().to_owned(),
        (Step::Running, _) if progress.unit == Unit::Bytes => t.writing_file(progress.done, progress.total),
        (Step::Running, _) => t.exporting(progress.done, progress.total, progress.remaining_seconds),
        (Step::Cancelling, _) => t.cancelling().to_owned(),
        (Step::Idle, _) => match state.error {
            Some(code) => t.error(code).to_owned(),
            None if state.problems.is_empty() => String::new(),
            None => t.not_submitted().to_owned(),
        },
        (_, Some(task)) => message_for(task, t.lang),
        (_, None) => String::new(),
    }
}
