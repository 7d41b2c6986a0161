//! The task panels under the buttons: where a task stands, and what can be done about it.

use leptos::either::Either;
use leptos::html::{Button, Section};
use leptos::prelude::*;
use longshore_protocol::{Phase, TaskKind, TaskView};

use super::bar::ProgressBar;
use super::flow::TaskFlow;
use super::headline::headline;
use super::state::{Event, Step, TaskState, is_for_its_file};
use crate::browser;
use crate::i18n::use_texts;
use crate::icon::{Icon, Picture};

/// The ids of a panel's parts; a page has a panel for each kind of task.
#[derive(Clone)]
pub struct PanelIds {
    /// The panel.
    pub panel: String,
    title: String,
    download: String,
    cancel: String,
}

impl PanelIds {
    /// The ids in the panel of a kind of task; `of` is their end where a page has several of a kind.
    pub fn of(kind: TaskKind, of: &str) -> PanelIds {
        // An export is what a page of a dataset is about, so its parts go without a name.
        let (panel, before) = match kind {
            TaskKind::Export => ("task", ""),
            TaskKind::DailyStatistics => ("statistics", "statistics-"),
            TaskKind::ImportCheck => ("check", "check-"),
            TaskKind::Import => ("import", "import-"),
            TaskKind::ImportUndo => ("undo", "undo-"),
        };
        PanelIds {
            panel: format!("{panel}-panel{of}"),
            title: format!("{panel}-panel-title{of}"),
            download: format!("{before}download-link{of}"),
            cancel: format!("{before}cancel-button{of}"),
        }
    }
}

/// The panel. It is always in the page, so that its phase can be read; without news it is hidden.
#[component]
pub fn TaskPanel(
    /// The task it shows.
    flow: TaskFlow,
    /// The button that starts such a task, which gets the focus back when the panel is folded.
    #[prop(optional)]
    button: NodeRef<Button>,
    /// What the ids of its parts end in, where a page has several of a kind.
    #[prop(optional, into)]
    of: String,
) -> impl IntoView {
    let t = use_texts();
    let ids = PanelIds::of(flow.kind, &of);
    let (download_id, labelled_by) = (StoredValue::new(ids.download), ids.title.clone());
    let state = flow.state;
    let panel = NodeRef::<Section>::new();
    let step = Memo::new(move |_| state.with(|state| state.step));
    let is_offline = Memo::new(move |_| state.with(|state| state.offline.is_some()));
    // That the server can't be asked when the page opens is told once, by the panel of the export that stands beside this.
    let is_told_elsewhere = move || {
        let is_beside = flow.kind == TaskKind::DailyStatistics;
        is_beside && step.get() == Step::Unknown && !state.with(TaskState::was_tried)
    };
    let is_shown =
        Memo::new(move |_| flow.is_open.get() && state.with(TaskState::has_news) && !is_told_elsewhere());
    let line = Memo::new(move |_| state.with(|state| headline(flow.kind, state, t.get())));
    let progress = Signal::derive(move || state.with(|state| state.progress.clone()));
    let is_bar_hidden = Signal::derive(move || {
        let is_working = matches!(step.get(), Step::Running | Step::Cancelling);
        !(is_working && progress.with(|progress| progress.visible))
    });
    let pace = move || {
        let rows = progress.with(|progress| progress.rows_per_second.filter(|_| progress.visible));
        rows.filter(|_| step.get() == Step::Running && !is_offline.get()).map(|rows| t.get().pace(rows))
    };
    // A folded or emptied panel takes the focus with it; the button is where the person came from.
    let leave = move |event: Option<Event>| {
        let had_focus = panel.get_untracked().is_some_and(|panel| browser::has_focus(&panel));
        match event {
            Some(event) => flow.send(event),
            None => flow.is_open.set(false),
        }
        if had_focus && let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };
    // The button that was pressed to cancel is gone at the end; the panel takes the focus it would lose.
    let is_cancelled_here = StoredValue::new(false);
    let cancel = move |_| {
        is_cancelled_here.set_value(true);
        flow.send(Event::CancelClicked);
    };
    Effect::new(move |_| {
        if step.get().is_end() && is_cancelled_here.try_update_value(std::mem::take) == Some(true) {
            request_animation_frame(move || {
                let panel = panel.try_get_untracked().flatten();
                if let Some(panel) = panel.filter(|_| browser::is_focus_nowhere()) {
                    let _ = panel.focus();
                }
            });
        }
    });
    // What an import does is the page itself, which is not put away.
    let can_be_folded = is_for_its_file(flow.kind);
    let escape = window_event_listener(leptos::ev::keydown, move |event| {
        // While an input method composes, the key is its own.
        let is_meant = event.key() == "Escape" && !event.is_composing() && !event.default_prevented();
        if is_meant && can_be_folded && is_shown.get_untracked() {
            leave(None);
        }
    });
    on_cleanup(move || escape.remove());
    let icon = Signal::derive(move || match step.get() {
        _ if is_offline.get() => Icon::Offline,
        Step::Ready => Icon::Check,
        Step::Stopped | Step::Failed | Step::FileExpired | Step::Idle => Icon::Alert,
        Step::Abandoned | Step::Cancelled => Icon::Stop,
        _ => Icon::Clock,
    });
    let kept_until = move || {
        let until = state.with(|state| state.task.as_ref()?.file.as_ref().map(|file| file.kept_until))?;
        let moment = t.get().moment(browser::local_time(until));
        (step.get() == Step::Ready && is_for_its_file(flow.kind)).then(|| t.get().kept_until(&moment))
    };
    let hint = move || {
        if !matches!(step.get(), Step::Queued | Step::Running) {
            return None;
        }
        Some(state.with(|state| match (state.joined, state.started_here()) {
            (true, _) => t.get().joined(flow.kind),
            (_, true) => t.get().submitted(flow.kind),
            _ => t.get().may_leave(flow.kind),
        }))
    };
    let problems = move || {
        state.with(|state| {
            let lines = state.problems.iter().map(|problem| t.get().problem(&problem.kind));
            lines.map(|line| view! { <li>{line}</li> }).collect_view()
        })
    };
    let refusal = move || {
        let code =
            state.with(|state| state.error.filter(|_| state.step != Step::Idle && state.offline.is_none()));
        code.map(|code| t.get().error(code))
    };
    let url = Memo::new(move |_| {
        state.with(|state| state.url.clone().filter(|_| state.step == Step::Ready && can_be_folded))
    });
    let is_cancellable = move || matches!(step.get(), Step::Queued | Step::Running | Step::Cancelling);
    let is_dismissable = move || can_be_folded && !step.get().is_busy();
    let is_foldable = move || can_be_folded && step.get().is_busy();

    view! {
        <section
            id=ids.panel
            class="task-panel"
            data-phase=move || state.with(TaskState::phase_name)
            aria-labelledby=labelled_by
            tabindex="-1"
            hidden=move || !is_shown.get()
            node_ref=panel
        >
            <h2 id=ids.title class="visually-hidden">{move || t.get().kind(flow.kind)}</h2>
            <span class="task-panel__icon"><Picture icon/></span>
            <div class="task-panel__body">
                <p class="task-panel__line">
                    {move || line.get()}
                    <span class="task-panel__kept">" " {kept_until}</span>
                </p>
                <ProgressBar
                    progress=progress
                    label=Signal::derive(move || t.get().progress_label(flow.kind).to_owned())
                    words=line.into()
                    is_hidden=is_bar_hidden
                />
                <p class="hint task-panel__pace" hidden=move || pace().is_none()>{pace}</p>
                <ul class="task-panel__problems" hidden=move || state.with(|state| state.problems.is_empty())>
                    {problems}
                </ul>
                <p class="hint task-panel__warning" hidden=move || refusal().is_none()>{refusal}</p>
                <p class="hint" hidden=move || hint().is_none()>
                    {hint} " " <a href="/tasks">{move || t.get().open_tasks()}</a>
                </p>
            </div>
            <div class="task-panel__actions">
                {move || match url.get() {
                    Some(url) => Either::Left(view! {
                        <a
                            id=download_id.get_value()
                            class="button button--primary"
                            href=url
                            download=""
                            on:click=move |_| flow.send(Event::DownloadClicked)
                        >
                            <Picture icon=Icon::Download/>
                            {move || t.get().download()}
                        </a>
                    }),
                    None => Either::Right(()),
                }}
                <button
                    type="button"
                    class="button"
                    hidden=move || !is_offline.get()
                    on:click=move |_| flow.send(Event::Woke)
                >
                    {move || t.get().try_now()}
                </button>
                <button
                    type="button"
                    id=ids.cancel
                    class="button"
                    hidden=move || !is_cancellable()
                    aria-disabled=move || (step.get() == Step::Cancelling).to_string()
                    on:click=cancel
                >
                    {move || t.get().cancel()}
                </button>
                <button
                    type="button"
                    class="button"
                    hidden=move || !is_dismissable()
                    on:click=move |_| leave(Some(Event::Dismissed))
                >
                    {move || t.get().dismiss()}
                </button>
                <button
                    type="button"
                    class="button button--quiet"
                    hidden=move || !is_foldable()
                    on:click=move |_| leave(None)
                >
                    {move || t.get().hide_progress()}
                </button>
            </div>
        </section>
    }
}

/// The picture for where a task stands, in lists.
pub fn task_icon(task: &TaskView) -> Icon {
    match task.phase {
        Phase::Succeeded if task.stopped.is_some() => Icon::Alert,
        Phase::Queued | Phase::Running | Phase::Cancelling => Icon::Clock,
        Phase::Succeeded => Icon::Check,
        Phase::Failed | Phase::FileExpired => Icon::Alert,
        Phase::Cancelled | Phase::Abandoned => Icon::Stop,
    }
}
