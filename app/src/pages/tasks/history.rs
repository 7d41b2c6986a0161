//! A task that has ended, as a row of the history, under which its details unfold.

use leptos::either::Either;
use leptos::prelude::*;
use longshore_protocol::{FileView, Phase, TaskKind, TaskView};

use super::centre::{TaskCentre, dataset_name, details_button_id};
use super::details::Details;
use super::repeat::{Repeat, is_worth_a_retry};
use super::when::When;
use crate::format::{grouped, size};
use crate::i18n::use_texts;
use crate::icon::{Icon, Picture};
use crate::task::panel::task_icon;
use crate::task::state::is_for_its_file;

/// The row and, when unfolded, one more with the details.
#[component]
pub fn HistoryRow(
    /// The task as it was when the row came.
    task: TaskView,
    /// What the row belongs to.
    centre: TaskCentre,
) -> impl IntoView {
    let t = use_texts();
    let label = move |index: usize| move || t.get().tasks_headers()[index];
    let (kind, id, registered_at) = (task.kind, task.id.clone(), task.registered_at);
    let (row_id, details_id) = (id.to_string(), format!("details-{id}"));
    let button_id = details_button_id(id.as_str());
    let now = centre.task(task);
    let phase = Memo::new(move |_| now.with(|task| task.phase));
    let name = Memo::new(move |_| now.with(|task| dataset_name(task, t.get())));
    let repeat = Repeat::of(id, kind, centre);
    let is_open = RwSignal::new(false);
    let file = Memo::new(move |_| now.with(|task| task.file.clone()));
    let file_name = move || file.with(|file| file.as_ref().map(|file| file.name.clone()));
    let file_size = move || file.with(|file| file.as_ref().map(|file| size(file.size_bytes)));
    let rows = move || now.with(|task| row_counts(task).0.map_or_else(|| "—".to_owned(), grouped));
    let failed_rows = move || match now.with(|task| row_counts(task).1) {
        Some(count) => Either::Left(grouped(count)),
        None => Either::Right(view! {
            <span aria-hidden="true">"—"</span>
            <span class="visually-hidden">{move || t.get().not_applicable()}</span>
        }),
    };
    let import_path =
        (!is_for_its_file(kind)).then(|| now.with_untracked(|task| format!("/d/{}/import", task.dataset)));
    let download = move || file.get().filter(|_| phase.get() == Phase::Succeeded);
    let kept_until = move || match download() {
        Some(file) => view! { <When at=file.kept_until is_local=centre.is_local/> }.into_any(),
        None => "—".into_any(),
    };
    let why = move || now.with(|task| task.failure.as_ref().map(|failure| t.get().failure(kind, failure)));
    let is_retryable = move || is_worth_a_retry(kind, phase.get());
    let described_by = details_id.clone();
    view! {
        <tr role="row" class="history-row" class:history-row--open=move || is_open.get() data-task=row_id>
            <td role="cell" data-label=label(0)>{move || t.get().kind(kind)}</td>
            <td role="cell" data-label=label(1)>{move || name.get()}</td>
            <td role="cell" data-label=label(2) title=file_name>
                <span class="stack">
                    <span class="cell-text" hidden=move || why().is_some()>
                        {move || file_name().unwrap_or_else(|| "—".to_owned())}
                    </span>
                    " "
                    <span class="hint">{file_size}</span>
                    // Where there is no file, the place tells why.
                    <span class="hint history-table__why" hidden=move || why().is_none()>{why}</span>
                </span>
            </td>
            <td role="cell" data-label=label(3) class="is-number">{rows}</td>
            <td role="cell" data-label=label(4) class="is-number">
                {failed_rows}
            </td>
            <td role="cell" data-label=label(5)>
                <span class=move || format!("status status--{}", now.with(status_class))>
                    <Picture icon=Signal::derive(move || now.with(task_icon))/>
                    {move || now.with(|task| t.get().standing(task))}
                </span>
            </td>
            <td role="cell" data-label=label(6)><When at=registered_at is_local=centre.is_local/></td>
            <td role="cell" data-label=label(7)>{kept_until}</td>
            <td role="cell" data-label=label(8) class="history-row__actions">
                <div class="history-row__buttons">
                    {move || download().map(|file| view! { <DownloadLink file/> })}
                    {import_path.map(|path| view! {
                        <a class="button" href=path hidden=move || phase.get() == Phase::Succeeded aria-label=move || t.get().open_import_of(&name.get())>
                            {move || t.get().open_import()}
                        </a>
                    })}
                    <button
                        type="button"
                        class="button"
                        hidden=move || !is_retryable()
                        aria-label=move || t.get().retry_task_of(kind, &name.get())
                        aria-disabled=move || repeat.is_sending.get().to_string()
                        on:click=move |_| repeat.start.run(())
                    >
                        {move || t.get().retry_task()}
                    </button>
                    <button
                        type="button"
                        id=button_id
                        class="button button--quiet history-row__unfold"
                        aria-expanded=move || is_open.get().to_string()
                        aria-controls=described_by
                        aria-label=move || t.get().details_of(kind, &name.get())
                        on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
                    >
                        {move || t.get().details()}
                        <Picture icon=Icon::Down/>
                    </button>
                </div>
                <p class="hint history-row__outcome" hidden=move || repeat.outcome.with(Option::is_none)>
                    {move || repeat.outcome.get()}
                </p>
            </td>
        </tr>
        <tr role="row" class="details-row" id=details_id hidden=move || !is_open.get()>
            <td role="cell" colspan="9">
                <Show when=move || is_open.get()>
                    <Details task=now repeat centre/>
                </Show>
            </td>
        </tr>
    }
}

/// Rows of a task, and rows of it that failed; `None` where there are none to speak of. An import's file are its rows in error.
fn row_counts(task: &TaskView) -> (Option<u64>, Option<u64>) {
    match (task.counts, &task.file) {
        (Some(counts), _) if task.kind == TaskKind::Import => {
            (Some(counts.create + counts.update + counts.unchanged), Some(counts.error))
        }
        (Some(counts), _) => (Some(counts.total()), Some(counts.error)),
        (None, Some(file)) if is_for_its_file(task.kind) => (Some(file.row_count), None),
        _ => (None, None),
    }
}

fn status_class(task: &TaskView) -> &'static str {
    match task.phase {
        Phase::Succeeded if task.stopped.is_some() => "warning",
        Phase::Queued | Phase::Running | Phase::Cancelling => "busy",
        Phase::Succeeded => "good",
        Phase::Failed => "bad",
        Phase::Cancelled | Phase::Abandoned | Phase::FileExpired => "quiet",
    }
}

#[component]
fn DownloadLink(file: FileView) -> impl IntoView {
    let t = use_texts();
    let name = file.name.clone();
    view! {
        // External: the router must not take the file for a page.
        <a
            class="button"
            href=file.url
            download=file.name
            rel="external"
            aria-label=move || t.get().download_file(&name)
        >
            <Picture icon=Icon::Download/>
            {move || t.get().download()}
        </a>
    }
}
