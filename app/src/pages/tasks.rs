//! The task centre: what is running, and what has ended.

use std::time::Duration;

use leptos::either::Either;
use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::{ErrorCode, FileView, Phase, TaskQuery, TaskView, Unit};

use super::{Datasets, PageTitle};
use crate::api::{cancel_task, list_tasks};
use crate::browser::{self, Timer};
use crate::export::panel::phase_icon;
use crate::format::{CivilTime, grouped, size};
use crate::i18n::{Texts, message_for, use_texts};
use crate::icon::{Icon, Picture};
use crate::notice::Notice;
use crate::running::RunningTasks;

/// How often the page asks while something runs.
const REFRESH_RUNNING: Duration = Duration::from_secs(2);
/// How often it asks while nobody sees it.
const REFRESH_HIDDEN: Duration = Duration::from_secs(30);

/// The last list that arrived, and why the newest did not, if so.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct TaskList {
    tasks: Vec<TaskView>,
    error: Option<ErrorCode>,
}

/// Running tasks as cards, ended ones as a table.
#[component]
pub fn TasksPage() -> impl IntoView {
    let t = use_texts();
    let title = Signal::derive(move || t.get().tasks_title().to_owned());
    let running = use_context::<RunningTasks>().unwrap_or_else(RunningTasks::provide);
    // Every task as last seen, for the cards, which stay in place while their task moves on.
    let seen = RwSignal::new(Vec::<TaskView>::new());
    let list = Resource::new(
        || (),
        move |()| async move {
            match list_tasks().await {
                Ok(tasks) => TaskList { tasks, error: None },
                Err(error) => TaskList {
                    tasks: seen.try_get_untracked().unwrap_or_default(),
                    error: Some(error.code()),
                },
            }
        },
    );
    let is_local = RwSignal::new(false);
    let timer = Timer::new();
    let again = move || {
        let wait = if browser::is_visible() { REFRESH_RUNNING } else { REFRESH_HIDDEN };
        timer.start(wait, move || list.refetch());
    };
    Effect::new(move |_| {
        is_local.set(true);
        let Some(TaskList { tasks, error }) = list.get() else { return };
        if tasks.iter().any(|task| !task.phase.is_final()) || error.is_some_and(ErrorCode::is_retryable) {
            again();
        }
        running.note(&tasks);
        seen.set(tasks);
    });
    let shown = window_event_listener_untyped("visibilitychange", move |_| {
        if browser::is_visible() {
            list.refetch();
        }
    });
    on_cleanup(move || shown.remove());

    let tasks = move |is_ended: bool| {
        let tasks = list.get().map(|list| list.tasks).unwrap_or_default();
        tasks.into_iter().filter(|task| task.phase.is_final() == is_ended).collect::<Vec<_>>()
    };
    let has_any = Signal::derive(move || list.get().is_some_and(|list| !list.tasks.is_empty()));
    let has_running = Signal::derive(move || !tasks(false).is_empty());
    let has_ended = Signal::derive(move || !tasks(true).is_empty());
    let trouble = move || list.get().and_then(|list| list.error).map(|code| t.get().error(code));
    view! {
        <PageTitle name=title/>
        <h1 id="page-title">{move || title.get()}</h1>
        <Transition fallback=move || view! { <p class="hint">{move || t.get().loading()}</p> }>
            <p class="trouble" role="status" hidden=move || trouble().is_none()>{trouble}</p>
            <div hidden=move || has_any.get() || trouble().is_some()>
                <Notice
                    title=Signal::derive(move || t.get().tasks_none().to_owned())
                    hint=Signal::derive(move || t.get().tasks_none_hint().to_owned())
                >
                    <a class="button" href="/">{move || t.get().go_to_datasets()}</a>
                </Notice>
            </div>
            <section aria-labelledby="running-title" hidden=move || !has_running.get()>
                <h2 id="running-title">{move || t.get().tasks_running()}</h2>
                <ul class="task-cards">
                    <For each=move || tasks(false) key=|task| task.id.clone() let:task>
                        <TaskCard task seen refresh=Callback::new(move |()| list.refetch())/>
                    </For>
                </ul>
            </section>
            <section aria-labelledby="history-title" hidden=move || !has_ended.get()>
                <h2 id="history-title">{move || t.get().tasks_history()}</h2>
                <div class="table-frame">
                    <table class="list-table history-table" role="table" aria-labelledby="history-title">
                        <thead role="rowgroup">
                            <tr role="row">
                                {move || {
                                    let headers = t.get().tasks_headers().into_iter();
                                    headers.map(|header| view! { <th scope="col" role="columnheader">{header}</th> }).collect_view()
                                }}
                            </tr>
                        </thead>
                        <tbody role="rowgroup">
                            <For each=move || tasks(true) key=|task| (task.id.clone(), task.phase) let:task>
                                <HistoryRow task is_local/>
                            </For>
                        </tbody>
                    </table>
                </div>
            </section>
        </Transition>
    }
}

/// The dataset's title, or its id while titles are unknown.
fn dataset_name(task: &TaskView, t: Texts) -> String {
    let named = use_context::<Datasets>().and_then(|datasets| {
        let list = datasets.0.get()?.ok()?;
        let dataset = list.iter().find(|dataset| dataset.id == task.dataset)?;
        Some(dataset.labels.get(t.lang).to_owned())
    });
    named.unwrap_or_else(|| task.dataset.to_string())
}

#[component]
fn TaskCard(task: TaskView, seen: RwSignal<Vec<TaskView>>, refresh: Callback<()>) -> impl IntoView {
    let t = use_texts();
    let first = task.clone();
    let now = Memo::new(move |_| {
        let latest = seen.with(|seen| seen.iter().find(|task| task.id == first.id).cloned());
        latest.unwrap_or_else(|| first.clone())
    });
    let is_stopping = RwSignal::new(false);
    let named = task.clone();
    let name = Memo::new(move |_| dataset_name(&named, t.get()));
    let percent = move || {
        let progress = now.with(|task| task.progress);
        let total = progress.total.filter(|total| *total > 0 && progress.done <= *total)?;
        (progress.unit != Unit::Bytes).then(|| progress.done * 100 / total)
    };
    let line = move || now.with(|task| message_for(task, t.get().lang));
    let kind = task.kind;
    let id = StoredValue::new(task.id);
    let cancel = move |_| {
        if is_stopping.get_untracked() {
            return;
        }
        is_stopping.set(true);
        let query = TaskQuery { task: Some(id.with_value(ToString::to_string)), ..TaskQuery::default() };
        spawn_local(async move {
            if cancel_task(query).await.is_err() {
                let _ = is_stopping.try_set(false);
            }
            refresh.try_run(());
        });
    };
    view! {
        <li class="card task-card">
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
            <p>{line}</p>
            <div
                class="bar"
                class:bar--open-ended=move || percent().is_none()
                role="progressbar"
                aria-label=move || t.get().progress_label(kind)
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=move || percent().map(|percent| percent.to_string())
                aria-valuetext=line
            >
                <div class="bar__fill" style:width=move || format!("{}%", percent().unwrap_or(100))></div>
            </div>
        </li>
    }
}

/// A moment in the person's zone once the page is there; before that, as on the server, in UTC.
#[component]
fn When(at: u64, is_local: RwSignal<bool>) -> impl IntoView {
    let t = use_texts();
    let utc = CivilTime::utc(at);
    let words = move || {
        if is_local.get() {
            t.get().moment(browser::local_time(at))
        } else {
            format!("{} UTC", t.get().moment(utc))
        }
    };
    view! { <time datetime=utc.machine()>{words}</time> }
}

#[component]
fn HistoryRow(task: TaskView, is_local: RwSignal<bool>) -> impl IntoView {
    let t = use_texts();
    let label = move |index: usize| move || t.get().tasks_headers()[index];
    let named = task.clone();
    let (kind, phase, failure, file) = (task.kind, task.phase, task.failure.clone(), task.file.clone());
    let rows = file.as_ref().map(|file| grouped(file.row_count));
    let kept_until = file.as_ref().map(|file| file.kept_until).filter(|_| phase == Phase::Succeeded);
    let file_name = file.as_ref().map(|file| file.name.clone());
    let file_shown = file_name.clone().unwrap_or_else(|| "—".to_owned());
    let file_size = file.as_ref().map(|file| size(file.size_bytes));
    let download = file.filter(|_| phase == Phase::Succeeded);
    view! {
        <tr role="row">
            <td role="cell" data-label=label(0)>{move || t.get().kind(kind)}</td>
            <td role="cell" data-label=label(1)>{move || dataset_name(&named, t.get())}</td>
            <td role="cell" data-label=label(2) title=file_name>
                <span class="stack">
                    <span class="cell-text">{file_shown}</span>
                    " "
                    <span class="hint">{file_size}</span>
                </span>
            </td>
            <td role="cell" data-label=label(3) class="is-number">{rows.unwrap_or_else(|| "—".to_owned())}</td>
            <td role="cell" data-label=label(4)>
                <span class="stack">
                    <span class=format!("status status--{}", status_class(phase))>
                        <Picture icon=phase_icon(phase)/>
                        {move || t.get().phase(phase)}
                    </span>
                    {failure
                        .map(|failure| {
                            view! {
                                <span class="hint history-table__why">{move || t.get().failure(kind, &failure)}</span>
                            }
                        })}
                </span>
            </td>
            <td role="cell" data-label=label(5)><When at=task.registered_at is_local/></td>
            <td role="cell" data-label=label(6)>
                {match kept_until {
                    Some(at) => Either::Left(view! { <When at is_local/> }),
                    None => Either::Right("—"),
                }}
            </td>
            <td role="cell" data-label=label(7)>
                {download.map(|file| view! { <DownloadLink file/> })}
            </td>
        </tr>
    }
}

fn status_class(phase: Phase) -> &'static str {
    match phase {
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
