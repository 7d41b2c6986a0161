//! The list of tasks behind the page: loaded with the page, and again while something runs.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::{DatasetView, ErrorCode, TaskView};

use crate::api::list_tasks;
use crate::browser::{self, Timer};
use crate::i18n::Texts;
use crate::pages::Datasets;
use crate::running::RunningTasks;

/// How often the page asks while something runs.
const REFRESH_RUNNING: Duration = Duration::from_secs(2);
/// How often it asks while nobody sees it.
const REFRESH_HIDDEN: Duration = Duration::from_secs(30);
/// The attribute that tells which task a part of the page is about.
pub const TASK_ATTRIBUTE: &str = "data-task";

/// The last list that arrived, and why the newest did not, if so.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TaskList {
    /// The caller's tasks, newest first.
    pub tasks: Vec<TaskView>,
    /// Why there is no newer list.
    pub error: Option<ErrorCode>,
}

/// The list of tasks, shared by the parts of the page.
#[derive(Clone, Copy)]
pub struct TaskCentre {
    /// What the page was rendered with.
    pub first: Resource<TaskList>,
    /// What has come since.
    latest: RwSignal<Option<TaskList>>,
    /// What screen readers were told last.
    pub announcement: RwSignal<String>,
    /// Whether the page is there, so that times can be told in the person's zone.
    pub is_local: RwSignal<bool>,
    timer: Timer,
    running: RunningTasks,
}

impl TaskCentre {
    /// Begins to load the list; in the browser it goes on asking while a task runs or the last question failed.
    pub fn new(running: RunningTasks) -> TaskCentre {
        let first = Resource::new(
            || (),
            |()| async {
                match list_tasks().await {
                    Ok(tasks) => TaskList { tasks, error: None },
                    Err(error) => TaskList { tasks: Vec::new(), error: Some(error.code()) },
                }
            },
        );
        let centre = TaskCentre {
            first,
            latest: RwSignal::new(None),
            announcement: RwSignal::new(String::new()),
            is_local: RwSignal::new(false),
            timer: Timer::new(),
            running,
        };
        Effect::new(move |_| {
            centre.is_local.set(true);
            if let Some(list) = centre.list() {
                running.note(&list.tasks);
                centre.ask_later(&list);
            }
        });
        let shown = window_event_listener_untyped("visibilitychange", move |_| {
            if browser::is_visible() {
                centre.refresh();
            }
        });
        on_cleanup(move || shown.remove());
        centre
    }

    /// The list; `None` while there is none yet.
    pub fn list(self) -> Option<TaskList> {
        self.latest.get().or_else(|| self.first.get())
    }

    /// Asks for the list anew. A task that has ended takes its card away; who had the focus there finds it in the history.
    pub fn refresh(self) {
        spawn_local(async move {
            let list = match list_tasks().await {
                Ok(tasks) => TaskList { tasks, error: None },
                Err(error) => {
                    let before = self
                        .latest
                        .try_get_untracked()
                        .flatten()
                        .or_else(|| self.first.try_get_untracked()?);
                    TaskList { error: Some(error.code()), ..before.unwrap_or_default() }
                }
            };
            let focused = browser::focused_part(TASK_ATTRIBUTE);
            // Gone with the page, if it was left meanwhile.
            if self.latest.try_set(Some(list)).is_none()
                && let Some(task) = focused
            {
                request_animation_frame(move || {
                    if browser::is_focus_nowhere() {
                        browser::focus(&details_button_id(&task));
                    }
                });
            }
        });
    }

    /// One task as last seen.
    pub fn task(self, first: TaskView) -> Memo<TaskView> {
        Memo::new(move |before: Option<&TaskView>| {
            let find = |list: &TaskList| list.tasks.iter().find(|task| task.id == first.id).cloned();
            let found = match self.latest.with(|list| list.as_ref().map(find)) {
                Some(found) => found,
                None => self.first.with(|list| list.as_ref().and_then(find)),
            };
            found.unwrap_or_else(|| before.unwrap_or(&first).clone())
        })
    }

    /// Says something to screen readers.
    pub fn announce(self, words: String) {
        let _ = self.announcement.try_set(words);
    }

    /// Tells everyone who counts tasks that there is another.
    pub fn task_added(self) {
        self.running.refresh();
        self.refresh();
    }

    fn ask_later(self, list: &TaskList) {
        let is_moving = list.tasks.iter().any(|task| !task.phase.is_final());
        if is_moving || list.error.is_some_and(ErrorCode::is_retryable) {
            let wait = if browser::is_visible() { REFRESH_RUNNING } else { REFRESH_HIDDEN };
            self.timer.start(wait, move || self.refresh());
        } else {
            self.timer.stop();
        }
    }
}

/// The id of the button that unfolds a task's details.
pub fn details_button_id(task: &str) -> String {
    format!("details-button-{task}")
}

/// The definition of a task's dataset, where it is known.
pub fn dataset_of(task: &TaskView) -> Option<DatasetView> {
    Datasets::current().find(task.dataset.as_str())
}

/// The dataset's title, or its id while titles are unknown.
pub fn dataset_name(task: &TaskView, t: Texts) -> String {
    dataset_of(task).map_or_else(|| task.dataset.to_string(), |dataset| dataset.labels.get(t.lang).to_owned())
}
