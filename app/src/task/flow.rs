//! Carries out in the browser what [`state::next`](super::state::next) decides.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::{TaskId, TaskKind, TaskQuery, TaskResultOut};

use super::headline::headline;
use super::poll::{self, Situation};
use super::state::{Announcement, Effect as Order, Event, Moment, Request, TaskState, next};
use crate::answer::in_time;
use crate::api::{
    cancel_task, clear_task_info, get_task_status, register_export_task, register_import_check,
    register_import_task, register_import_undo, register_statistics_task,
};
use crate::browser::{self, Timer};
use crate::i18n::{Texts, use_texts};
use crate::running::RunningTasks;

/// Where a page finds the task that it shows.
#[derive(Clone)]
enum Place {
    /// The caller's current task of the kind for the dataset.
    Slot,
    /// A task that something else names, such as the draft of an import; none yet where absent.
    Named(Option<TaskId>),
}

/// The task of a kind for one dataset on one page.
#[derive(Clone, Copy)]
pub struct TaskFlow {
    /// What kind of task it is.
    pub kind: TaskKind,
    /// Where it stands.
    pub state: RwSignal<TaskState>,
    /// Whether the panel is unfolded.
    pub is_open: RwSignal<bool>,
    /// What screen readers are told; the page has one place for it.
    announcement: RwSignal<String>,
    /// Where the page finds its task.
    place: StoredValue<Place>,
    /// The dataset it works on.
    dataset: StoredValue<String>,
    /// The one pending call: the next question.
    timer: Timer,
    /// Number of the last question; an answer to an earlier one is not listened to.
    question: StoredValue<u64>,
    running: RunningTasks,
    texts: Signal<Texts>,
}

impl TaskFlow {
    /// Creates the flow; in the browser it asks for the dataset's current task once the page is there.
    pub fn new(
        kind: TaskKind,
        dataset: String,
        running: RunningTasks,
        announcement: RwSignal<String>,
    ) -> TaskFlow {
        TaskFlow::at(Place::Slot, kind, dataset, running, announcement)
    }

    /// Creates the flow of the task of this id; without one there is none until it is started here.
    pub fn following(
        kind: TaskKind,
        task: Option<TaskId>,
        dataset: String,
        running: RunningTasks,
        announcement: RwSignal<String>,
    ) -> TaskFlow {
        TaskFlow::at(Place::Named(task), kind, dataset, running, announcement)
    }

    fn at(
        place: Place,
        kind: TaskKind,
        dataset: String,
        running: RunningTasks,
        announcement: RwSignal<String>,
    ) -> TaskFlow {
        let flow = TaskFlow {
            kind,
            state: RwSignal::new(TaskState::default()),
            is_open: RwSignal::new(true),
            announcement,
            place: StoredValue::new(place),
            dataset: StoredValue::new(dataset),
            timer: Timer::new(),
            question: StoredValue::new(0),
            running,
            texts: use_texts(),
        };
        Effect::new(move |_| flow.send(Event::Mounted));
        let shown = window_event_listener_untyped("visibilitychange", move |_| {
            if browser::is_visible() {
                flow.send(Event::Shown);
            }
        });
        on_cleanup(move || shown.remove());
        flow
    }

    /// Something happened. Does nothing once the page is left.
    pub fn send(self, event: Event) {
        let moment = Moment { now_ms: browser::now_ms(), visible: browser::is_visible() };
        let orders = self.state.try_update(|state| {
            let (after, orders) = next(std::mem::take(state), event, moment);
            *state = after;
            orders
        });
        let Some(orders) = orders else { return };
        self.note_task();
        if !self.state.with_untracked(|state| state.step.is_busy()) {
            self.timer.stop();
        }
        for order in orders {
            self.carry_out(order);
        }
    }

    fn carry_out(self, order: Order) {
        match order {
            Order::AskSlot => {
                // What was asked for here without an answer may be there, whatever was named before.
                let was_tried = self.state.with_untracked(TaskState::was_tried);
                match self.place.get_value() {
                    Place::Named(Some(id)) if !was_tried => self.ask(query_of(&id)),
                    Place::Named(None) if !was_tried => {
                        self.send(Event::Answered(Ok(TaskResultOut::default())));
                    }
                    _ => self.ask(TaskQuery {
                        dataset: Some(self.dataset.get_value()),
                        kind: self.kind,
                        ..TaskQuery::default()
                    }),
                }
            }
            Order::AskTask(id) => self.ask(query_of(&id)),
            Order::AskLater { failures, hint_ms } => {
                let since = self.state.with_untracked(|state| state.followed_since_ms);
                self.wake_after(poll::wait(Situation {
                    elapsed: Duration::from_millis(browser::now_ms().saturating_sub(since)),
                    failures,
                    hidden: !browser::is_visible(),
                    hint: hint_ms.map(Duration::from_millis),
                    random: browser::random(),
                }));
            }
            Order::WakeAfter(wait) => self.wake_after(wait),
            Order::Register(request) => {
                let question = self.new_question();
                self.timer.stop();
                spawn_local(async move {
                    let answer = match *request {
                        Request::Export(request) => in_time(register_export_task(request)).await,
                        Request::Statistics(request) => in_time(register_statistics_task(request)).await,
                        Request::Check(request) => in_time(register_import_check(request)).await,
                        Request::Import(request) => in_time(register_import_task(request)).await,
                        Request::Undo(request) => in_time(register_import_undo(request)).await,
                    };
                    if self.is_last(question) {
                        self.send(Event::Registered(answer));
                    }
                });
            }
            Order::Cancel(id) => spawn_local(async move {
                let answer = in_time(cancel_task(query_of(&id))).await.map_err(|error| error.code);
                self.send(Event::CancelAnswered(answer));
            }),
            Order::Clear(id) => spawn_local(async move {
                // What could not be cleared goes at its deadline, or with the next export.
                let _ = clear_task_info(query_of(&id)).await;
            }),
            Order::Download(url) => browser::start_download(&url),
            Order::Announce(what) => self.announce(what),
            Order::TasksChanged => self.running.refresh(),
        }
    }

    /// Goes over to the task of this id, or to none, unless it is followed already.
    pub fn follow(self, task: Option<TaskId>) {
        let is_other = self.place.try_update_value(|place| match place {
            Place::Named(id) if *id != task => {
                *id = task;
                true
            }
            _ => false,
        });
        if is_other == Some(true) {
            // An answer about the one before would be taken for one about this.
            self.new_question();
            self.send(Event::Mounted);
        }
    }

    /// Follows the task that was registered or found here from now on.
    fn note_task(self) {
        let task = self.state.with_untracked(|state| state.task.as_ref().map(|task| task.id.clone()));
        if task.is_some() {
            let _ = self.place.try_update_value(|place| {
                if let Place::Named(id) = place {
                    *id = task;
                }
            });
        }
    }

    fn ask(self, query: TaskQuery) {
        let question = self.new_question();
        self.timer.stop();
        spawn_local(async move {
            let answer = in_time(get_task_status(query)).await;
            if self.is_last(question) {
                self.send(Event::Answered(answer));
            }
        });
    }

    fn announce(self, what: Announcement) {
        let t = self.texts.get_untracked();
        let words = self.state.with_untracked(|state| match what {
            Announcement::Started if state.joined => t.joined(self.kind).to_owned(),
            Announcement::Started => t.submitted(self.kind).to_owned(),
            Announcement::Quarter(percent) => t.quarter_done(self.kind, percent),
            Announcement::Ended => headline(self.kind, state, t),
            Announcement::Refused => {
                let problems = state.problems.iter().map(|problem| t.problem(&problem.kind));
                [headline(self.kind, state, t)].into_iter().chain(problems).collect::<Vec<_>>().join(" ")
            }
        });
        self.announcement.set(words);
    }

    fn new_question(self) -> u64 {
        self.question.update_value(|number| *number += 1);
        self.question.get_value()
    }

    fn is_last(self, question: u64) -> bool {
        self.question.try_get_value() == Some(question)
    }

    fn wake_after(self, wait: Duration) {
        self.timer.start(wait, move || self.send(Event::Woke));
    }
}

fn query_of(id: &TaskId) -> TaskQuery {
    TaskQuery { task: Some(id.as_str().to_owned()), ..TaskQuery::default() }
}
