//! How many of the person's tasks are running, for the top bar; shared by everything that starts, ends or
//! lists tasks.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use longshore_protocol::TaskView;

use crate::answer::in_time;
use crate::api::list_tasks;
use crate::browser::{self, Timer};

/// How often the count is asked for while something runs. The page that runs it reports its end at once; this is
/// for tasks that other tabs have started.
const REFRESH_EVERY: Duration = Duration::from_secs(15);

/// The shared count.
#[derive(Clone, Copy)]
pub struct RunningTasks {
    /// Tasks that have not ended; 0 until it is known.
    pub count: RwSignal<u64>,
    changed: RwSignal<u32>,
}

impl RunningTasks {
    /// Creates the count, provides it as context, and asks for it in the browser: when the page is there, after
    /// every change, when the tab is seen again, and now and then while something runs.
    pub fn provide() -> RunningTasks {
        let running = RunningTasks { count: RwSignal::new(0), changed: RwSignal::new(0) };
        provide_context(running);
        let timer = Timer::new();
        Effect::new(move |_| {
            running.changed.track();
            spawn_local(async move {
                if let Ok(tasks) = in_time(list_tasks()).await {
                    running.note(&tasks);
                }
                if running.count.try_get_untracked().is_some_and(|count| count > 0) {
                    timer.start(REFRESH_EVERY, move || running.refresh());
                }
            });
        });
        let shown = window_event_listener_untyped("visibilitychange", move |_| {
            if browser::is_visible() {
                running.refresh();
            }
        });
        on_cleanup(move || shown.remove());
        running
    }

    /// Asks for the count anew.
    pub fn refresh(self) {
        let _ = self.changed.try_update(|changed| *changed = changed.wrapping_add(1));
    }

    /// Takes the count from a list of tasks that was fetched anyway.
    pub fn note(self, tasks: &[TaskView]) {
        let count = tasks.iter().filter(|task| !task.phase.is_final()).count() as u64;
        if self.count.try_get_untracked().is_some_and(|before| before != count) {
            self.count.set(count);
        }
    }
}
