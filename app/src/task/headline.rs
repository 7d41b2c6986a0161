//! Where a task stands, in one line.

use longshore_protocol::{ErrorCode, Progress, TaskKind};

use super::state::{Step, TaskState};
use crate::i18n::{Texts, message_for};

/// The panel's one line, also what screen readers hear at the end.
pub fn headline(kind: TaskKind, state: &TaskState, t: Texts) -> String {
    match (state.offline, state.step) {
        (Some(ErrorCode::Unreachable), Step::Submitting) => return t.offline_submitting().to_owned(),
        (Some(ErrorCode::Unreachable), Step::Unknown) if state.was_tried() => {
            return t.offline_looking(kind).to_owned();
        }
        (Some(ErrorCode::Unreachable), Step::Unknown) => return t.offline_unknown(kind).to_owned(),
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

#[cfg(test)]
mod tests {
    use longshore_protocol::import::CommitRequest;
    use longshore_protocol::{ApiError, Lang};

    use super::*;
    use crate::task::state::{Event, Moment, Request, next};

    #[test]
    fn what_was_tried_is_told() {
        let moment = Moment { now_ms: 1, visible: true };
        let after = |events: Vec<Event>| {
            events.into_iter().fold(TaskState::default(), |state, event| next(state, event, moment).0)
        };
        let lost = || ApiError::new(ErrorCode::Unreachable, "");
        let mut events = vec![Event::Mounted, Event::Answered(Err(lost()))];
        let words =
            |events: &[Event]| headline(TaskKind::Import, &after(events.to_vec()), Texts::new(Lang::En));
        assert!(words(&events).starts_with("Connection lost. Import is available again"));
        events.push(Event::Answered(Ok(Default::default())));
        events.push(Event::Clicked(Box::new(Request::Import(CommitRequest::default()))));
        assert_eq!(words(&events), "Submitting…");
        events.push(Event::Registered(Err(lost())));
        assert_eq!(words(&events), "Connection lost. Submitting again…");
        events.extend(std::iter::repeat_n(Event::Registered(Err(lost())), 3));
        assert!(words(&events).starts_with("Connection lost. Whether the import was started"));
    }
}
