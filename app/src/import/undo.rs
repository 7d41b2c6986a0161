//! Taking an import back: the button that asks once more, the course, and what came of it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::import::{ImportReport, UndoReport, UndoRequest};
use longshore_protocol::{TaskId, TaskKind};

use super::confirmation::Confirmation;
use super::report::UndoFacts;
use crate::answer::in_time;
use crate::api::get_task_details;
use crate::i18n::use_texts;
use crate::running::RunningTasks;
use crate::task::flow::TaskFlow;
use crate::task::panel::{PanelIds, TaskPanel};
use crate::task::state::{Event, Request, Step};

/// Whether the button is offered: the import can be taken back, and that is not being done, nor has all of it been.
fn is_offered(step: Step, can_be_undone: bool, has_left: bool) -> bool {
    match step {
        // What the import says of itself is from before.
        Step::Ready => has_left,
        Step::Idle | Step::Failed | Step::Cancelled | Step::Abandoned | Step::FileExpired => can_be_undone,
        _ => false,
    }
}

/// The button, the panel of the task, and its report.
#[component]
pub fn UndoControls(
    /// The import.
    import: TaskId,
    /// The id of the dataset that it went into.
    dataset: String,
    /// What it has done.
    report: ImportReport,
    /// What the ids of its parts end in, where a page has several.
    #[prop(optional, into)]
    of: String,
    /// What screen readers are told; the page has one place for it.
    announcement: RwSignal<String>,
) -> impl IntoView {
    let t = use_texts();
    let running = use_context::<RunningTasks>().unwrap_or_else(RunningTasks::provide);
    let flow = TaskFlow::following(TaskKind::ImportUndo, report.undo.clone(), dataset, running, announcement);
    let step = Memo::new(move |_| flow.state.with(|state| state.step));
    let (can_be_undone, done, was_undone) = (report.can_be_undone, report.done, report.undo.is_some());
    let start = Callback::new(move |()| {
        let request = UndoRequest { task: import.to_string() };
        flow.send(Event::Clicked(Box::new(Request::Undo(request))));
    });
    let undone = RwSignal::new(None::<UndoReport>);
    Effect::new(move |_| {
        let task = flow.state.with(|state| state.task.as_ref().map(|task| task.id.clone()));
        let Some(task) = task.filter(|_| step.get().is_end()) else { return };
        spawn_local(async move {
            // Without it the panel's line still says how it ended.
            if let Ok(details) = in_time(get_task_details(task.to_string())).await {
                let _ = undone.try_set(details.undo);
            }
        });
    });
    let has_left =
        move || undone.with(|report| report.as_ref().is_some_and(|report| report.left_row_count > 0));
    let (button_id, panel_id) = (format!("undo-button{of}"), PanelIds::of(flow.kind, &of).panel);
    let facts = move || undone.get().map(|report| view! { <UndoFacts report/> });
    // A task that has gone, long after it ended, leaves the import's own word.
    let is_history = move || was_undone && !can_be_undone && step.get() == Step::Idle;
    view! {
        <div class="undo">
            <div hidden=move || !is_offered(step.get(), can_be_undone, has_left())>
                <Confirmation
                    id=button_id
                    label=Signal::derive(move || t.get().undo_import().to_owned())
                    question=Signal::derive(move || t.get().undo_question(done.create, done.update))
                    confirmed=start
                    then_focus=panel_id
                />
            </div>
            <p class="hint" hidden=move || !is_history()>{move || t.get().undone()}</p>
            <TaskPanel flow of/>
            {facts}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undo_is_offered_until_it_is_done() {
        for (step, can_be_undone, has_left, want) in [
            (Step::Idle, true, false, true),
            (Step::Idle, false, false, false),
            (Step::Failed, true, false, true),
            (Step::Running, true, true, false),
            (Step::Ready, true, false, false),
            (Step::Ready, true, true, true),
            (Step::Unknown, true, false, false),
        ] {
            assert_eq!(is_offered(step, can_be_undone, has_left), want, "{step:?}");
        }
    }
}
