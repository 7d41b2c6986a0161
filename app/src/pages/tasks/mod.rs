//! The task centre: what is running, and what has ended.
//!
//! [`centre`] holds the list and keeps it fresh; [`card`] shows a running task, [`history`] an ended one, and [`details`] all that
//! is known of it. [`repeat`] starts its work again.

mod card;
mod centre;
mod details;
mod history;
mod manifest;
mod repeat;
mod when;

use leptos::prelude::*;

use self::card::TaskCard;
use self::centre::TaskCentre;
use self::history::HistoryRow;
use super::{PageTitle, with_first};
use crate::i18n::use_texts;
use crate::notice::Notice;
use crate::running::RunningTasks;

/// Running tasks as cards, ended ones as a table.
#[component]
pub fn TasksPage() -> impl IntoView {
    let t = use_texts();
    let title = Signal::derive(move || t.get().tasks_title().to_owned());
    let running = use_context::<RunningTasks>().unwrap_or_else(RunningTasks::provide);
    let centre = TaskCentre::new(running);
    let tasks = move |is_ended: bool| {
        let tasks = centre.list().unwrap_or_default().tasks;
        tasks.into_iter().filter(|task| task.phase.is_final() == is_ended).collect::<Vec<_>>()
    };
    let has_running = Signal::derive(move || !tasks(false).is_empty());
    let has_ended = Signal::derive(move || !tasks(true).is_empty());
    let is_known = Signal::derive(move || centre.list().is_some());
    let trouble = move || centre.list().and_then(|list| list.error).map(|code| t.get().error(code));
    let is_empty = move || is_known.get() && !has_running.get() && !has_ended.get() && trouble().is_none();
    let list = move |_| {
        view! {
            <p class="trouble" role="alert" hidden=move || trouble().is_none()>{trouble}</p>
            <div hidden=move || !is_empty()>
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
                        <TaskCard task centre/>
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
                            <For each=move || tasks(true) key=|task| task.id.clone() let:task>
                                <HistoryRow task centre/>
                            </For>
                        </tbody>
                    </table>
                </div>
            </section>
        }
    };
    view! {
        <PageTitle name=title/>
        <h1 id="page-title">{move || title.get()}</h1>
        <div class="visually-hidden" role="status">{move || centre.announcement.get()}</div>
        {with_first(centre.first, list)}
    }
}
