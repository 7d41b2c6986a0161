//! The list of tasks behind the page: loaded with the page, and again while something runs.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::{ApiError, DatasetView, ErrorCode, TaskId, TaskView};

use crate::answer::in_time;
use crate::api::list_tasks;
use crate::browser::{self, Timer};
use crate::i18n::Texts;
use crate::pages::Datasets;
use crate::running::RunningTasks;
use crate::task::poll::{self, Situation};

/// The attribute that tells which task a part of the page is about.
pub const TASK_ATTRIBUTE: &str = "data-task";

/// The last list that arrived, and why the newest did not, if so.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TaskList {
    /// The caller's tasks, newest first.
    pub tasks: Vec<TaskView>,
    /// Why there is no newer list.
    pub error: Option<ErrorCode>,
    /// When the server wants to be asked again, in milliseconds, where it has said so.
    #[serde(default)]
    pub hint_ms: Option<u64>,
}

impl TaskList {
    /// The list after an answer; one that did not come leaves the tasks as they were.
    fn after(answer: Result<Vec<TaskView>, ApiError>, before: Vec<TaskView>) -> TaskList {
        match answer {
            Ok(tasks) => TaskList { tasks, error: None, hint_ms: None },
            Err(error) => TaskList { tasks: before, error: Some(error.code), hint_ms: error.retry_after_ms },
        }
    }

    /// Whether it will change by itself.
    fn is_worth_asking_again(&self) -> bool {
        self.tasks.iter().any(|task| !task.phase.is_final())
            || self.error.is_some_and(ErrorCode::is_retryable)
    }
}

/// How the asking goes, for the schedule of the next question.
#[derive(Clone, Debug, Default, PartialEq)]
struct Asking {
    /// When the page began to follow the tasks that run, by the browser's clock.
    since_ms: u64,
    /// Answers missed in a row.
    failures: u32,
    /// Those that ran when the list was last seen.
    running: Vec<TaskId>,
}

impl Asking {
    /// Takes a list in. A task that has come begins the schedule anew.
    fn note(&mut self, list: &TaskList, now_ms: u64) {
        self.failures = if list.error.is_some() { self.failures.saturating_add(1) } else { 0 };
        let tasks = list.tasks.iter().filter(|task| !task.phase.is_final());
        let running: Vec<TaskId> = tasks.map(|task| task.id.clone()).collect();
        if self.since_ms == 0 || running.iter().any(|id| !self.running.contains(id)) {
            self.since_ms = now_ms;
        }
        self.running = running;
    }
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
    asking: StoredValue<Asking>,
    /// Number of the last question; an answer to an earlier one is not listened to.
    question: StoredValue<u64>,
    running: RunningTasks,
}

impl TaskCentre {
    /// Begins to load the list; in the browser it goes on asking while a task runs or the last question failed.
    pub fn new(running: RunningTasks) -> TaskCentre {
        let first = Resource::new(
            || (),
            |()| async { TaskList::after(list_tasks().await.map_err(|error| error.0), Vec::new()) },
        );
        let centre = TaskCentre {
            first,
            latest: RwSignal::new(None),
            announcement: RwSignal::new(String::new()),
            is_local: RwSignal::new(false),
            timer: Timer::new(),
            asking: StoredValue::new(Asking::default()),
            question: StoredValue::new(0),
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
        let question = self.question.try_update_value(|number| {
            *number += 1;
            *number
        });
        self.timer.stop();
        spawn_local(async move {
            let answer = in_time(list_tasks()).await;
            // Gone with the page, or asked again since.
            if question.is_none() || self.question.try_get_value() != question {
                return;
            }
            let before =
                self.latest.try_get_untracked().flatten().or_else(|| self.first.try_get_untracked()?);
            let list = TaskList::after(answer, before.unwrap_or_default().tasks);
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
        let now_ms = browser::now_ms();
        let asking = self.asking.try_update_value(|asking| {
            asking.note(list, now_ms);
            asking.clone()
        });
        let Some(Asking { since_ms, failures, .. }) = asking.filter(|_| list.is_worth_asking_again()) else {
            self.timer.stop();
            return;
        };
        let wait = poll::wait(Situation {
            elapsed: Duration::from_millis(now_ms.saturating_sub(since_ms)),
            failures,
            hidden: !browser::is_visible(),
            hint: list.hint_ms.map(Duration::from_millis),
            random: browser::random(),
        });
        self.timer.start(wait, move || self.refresh());
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

#[cfg(test)]
mod tests {
    use longshore_protocol::{DatasetId, Phase, Progress, TaskKind};

    use super::*;

    fn task(id: &str, phase: Phase) -> TaskView {
        TaskView {
            id: TaskId::parse(id).expect("a valid id"),
            kind: TaskKind::Export,
            dataset: DatasetId::parse("orders").expect("a valid id"),
            phase,
            ahead: None,
            progress: Progress::default(),
            registered_at: 0,
            started_at: None,
            finished_at: None,
            expires_at: 0,
            server_now: 0,
            file: None,
            failure: None,
            counts: None,
            stopped: None,
        }
    }

    #[test]
    fn the_schedule_begins_anew_with_a_task_that_comes() {
        let mut asking = Asking::default();
        let away = || Err(ApiError::new(ErrorCode::StoreUnavailable, ""));
        let mut list = TaskList::default();
        for (answer, now_ms, want) in [
            (Ok(vec![task("a", Phase::Queued)]), 10, (10, 0, true, None)),
            (Ok(vec![task("a", Phase::Running)]), 20, (10, 0, true, None)),
            (away(), 30, (10, 1, true, Some(5000))),
            (away(), 40, (10, 2, true, Some(5000))),
            (Ok(vec![task("a", Phase::Running), task("b", Phase::Queued)]), 50, (50, 0, true, None)),
            (Ok(vec![task("a", Phase::Succeeded), task("b", Phase::Running)]), 60, (50, 0, true, None)),
            (Ok(vec![task("b", Phase::Failed)]), 70, (50, 0, false, None)),
            // What fails for good is not asked for by itself again.
            (Err(ApiError::new(ErrorCode::SessionInvalid, "")), 80, (50, 1, false, None)),
        ] {
            list = TaskList::after(answer, list.tasks);
            asking.note(&list, now_ms);
            let got = (asking.since_ms, asking.failures, list.is_worth_asking_again(), list.hint_ms);
            assert_eq!(got, want, "at {now_ms}");
        }
    }
}
