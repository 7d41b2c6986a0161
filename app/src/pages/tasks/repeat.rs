//! Starting the work of an earlier task again.

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::{Phase, TaskId, TaskKind};

use super::centre::TaskCentre;
use crate::answer::in_time;
use crate::api::repeat_task;
use crate::i18n::use_texts;
use crate::task::state::is_for_its_file;

/// Whether a task came to nothing that could be had by another try. What an import needs is decided on its own pages.
pub fn is_worth_a_retry(kind: TaskKind, phase: Phase) -> bool {
    is_for_its_file(kind)
        && matches!(phase, Phase::Failed | Phase::Cancelled | Phase::Abandoned | Phase::FileExpired)
}

/// The wish to have a task's work once more, and what came of it.
#[derive(Clone, Copy)]
pub struct Repeat {
    /// The request is on its way.
    pub is_sending: RwSignal<bool>,
    /// What came of it, in words.
    pub outcome: RwSignal<Option<String>>,
    /// Sends the request.
    pub start: Callback<()>,
}

impl Repeat {
    /// For one task.
    pub fn of(id: TaskId, kind: TaskKind, centre: TaskCentre) -> Repeat {
        let texts = use_texts();
        let is_sending = RwSignal::new(false);
        let outcome = RwSignal::new(None);
        let start = Callback::new(move |()| {
            if is_sending.get_untracked() {
                return;
            }
            is_sending.set(true);
            outcome.set(None);
            let task = id.to_string();
            spawn_local(async move {
                let answer = in_time(repeat_task(task)).await;
                // The page was left; what was started goes on.
                let Some(t) = texts.try_get_untracked() else { return };
                let words = match answer {
                    Ok(out) if out.registered => t.repeated(kind).to_owned(),
                    Ok(_) => t.repeat_met_running(kind).to_owned(),
                    Err(error) if error.problems.is_empty() => t.error(error.code).to_owned(),
                    Err(error) => {
                        let problems = error.problems.iter().map(|problem| t.problem(&problem.kind));
                        [t.not_submitted(kind).to_owned()]
                            .into_iter()
                            .chain(problems)
                            .collect::<Vec<_>>()
                            .join(" ")
                    }
                };
                centre.announce(words.clone());
                let _ = outcome.try_set(Some(words));
                let _ = is_sending.try_set(false);
                centre.task_added();
            });
        });
        Repeat { is_sending, outcome, start }
    }
}
