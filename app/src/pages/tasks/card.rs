//! A running task as a card.

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::{Phase, Progress, TaskQuery, TaskView};

use super::centre::{TaskCentre, dataset_name};
use crate::answer::in_time;
use crate::api::cancel_task;
use crate::browser;
use crate::i18n::{message_for, use_texts};
use crate::task::bar::ProgressBar;
use crate::task::state::ShownProgress;

/// What runs, how far it has come, and a button that stops it.
#[component]
pub fn TaskCard(
    /// The task as it was when the card came.
    task: TaskView,
    /// What the card belongs to.
    centre: TaskCentre,
) -> impl IntoView {
    let t = use_texts();
    let kind = task.kind;
    let id = StoredValue::new(task.id.clone());
    let now = centre.task(task);
    let is_stopping = RwSignal::new(false);
    let name = Memo::new(move |_| now.with(|task| dataset_name(task, t.get())));
    let progress = Memo::new(move |before: Option<&ShownProgress>| {
        let mut shown = before.cloned().unwrap_or_default();
        now.with(|task| shown.observe(task, browser::now_ms()));
        shown
    });
    let line = Signal::derive(move || {
        now.with(|task| match task.phase {
            Phase::Running => progress.with(|shown| {
                let done = Progress { done: shown.done, total: shown.total, unit: shown.unit };
                t.get().working(kind, done, shown.remaining_seconds)
            }),
            _ => message_for(task, t.get().lang),
        })
    });
    let pace = move || {
        let is_running = now.with(|task| task.phase == Phase::Running);
        let rows = progress.with(|shown| shown.rows_per_second.filter(|_| is_running));
        rows.map(|rows| t.get().pace(rows))
    };
    let cancel = move |_| {
        if is_stopping.get_untracked() {
            return;
        }
        is_stopping.set(true);
        let query = TaskQuery { task: Some(id.with_value(ToString::to_string)), ..TaskQuery::default() };
        spawn_local(async move {
            if let Err(error) = in_time(cancel_task(query)).await {
                let _ = is_stopping.try_set(false);
                if let Some(t) = t.try_get_untracked() {
                    centre.announce(t.error(error.code).to_owned());
                }
            }
            centre.refresh();
        });
    };
    view! {
        <li class="card task-card" data-task=id.with_value(ToString::to_string)>
            <div class="task-card__head">
                <h3 class="card__title">
                    {move || t.get().kind(kind)} " · " {move || name.get()}
                </h3>
                <button
                    type="button"
                    class="button"
                    aria-label=move || t.get().cancel_task(kind, &name.get())
                    aria-disabled=move || is_stopping.get().to_string()
                    on:click=cancel
                >
                    {move || t.get().cancel()}
                </button>
            </div>
            <p>{move || line.get()}</p>
            <ProgressBar
                progress=progress.into()
                label=Signal::derive(move || t.get().progress_label(kind).to_owned())
                words=line
            />
            <p class="hint" hidden=move || pace().is_none()>{pace}</p>
        </li>
    }
}
