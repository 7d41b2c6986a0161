//! What the task of a page does next, as one pure function of state, event and moment; the same for exports,
//! statistics and imports.
//!
//! The life of a task on a page: [`Step::Unknown`] until the server has said whether there is a task,
//! then [`Step::Idle`] or wherever the task stands; a click leads through [`Step::Submitting`] into the
//! task's own states. While the server can't be reached the last known step stays, with
//! [`TaskState::offline`] over it.
//!
//! Invariants:
//! - Every busy step has a request on its way or a timer set, so that no button stays grey for ever.
//! - Only the tab that started an export or statistics, and only while a person sees it, downloads by itself; that tab clears
//!   the entity at once. Any other clears it when the person takes or dismisses the file.

mod progress;
mod step;
#[cfg(test)]
mod tests;

use std::time::Duration;

use longshore_protocol::import::{CheckRequest, CommitRequest, UndoRequest};
use longshore_protocol::{
    ApiError, ErrorCode, ExportRequest, FieldProblem, Phase, RegisterOut, StatisticsRequest, TaskId,
    TaskResultOut, TaskStatus, TaskView,
};

pub use progress::ShownProgress;
pub use step::{Step, is_for_its_file};

/// All that the page knows about its export.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskState {
    /// Where it stands.
    pub step: Step,
    /// Why the server could not be asked, while it can't.
    pub offline: Option<ErrorCode>,
    /// The task, as last seen.
    pub task: Option<TaskView>,
    /// Where the finished file can be fetched.
    pub url: Option<String>,
    /// What is wrong with the request that was refused.
    pub problems: Vec<FieldProblem>,
    /// Why the last thing the person asked for was refused.
    pub error: Option<ErrorCode>,
    /// The click met a task that was running already.
    pub joined: bool,
    /// How far it has come, as it is shown.
    pub progress: ShownProgress,
    /// When this page began to follow the task, by the browser's clock.
    pub followed_since_ms: u64,
    started_here: bool,
    cancel_asked: bool,
    cleared: bool,
    request: Option<Box<Request>>,
    attempts: u32,
    failures: u32,
}

/// What a click asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The rows of the list.
    Export(ExportRequest),
    /// Its daily statistics.
    Statistics(StatisticsRequest),
    /// The check of a file.
    Check(CheckRequest),
    /// The rows of a plan.
    Import(CommitRequest),
    /// The rows of an import out again.
    Undo(UndoRequest),
}

/// Something happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The page is there.
    Mounted,
    /// The server has answered, or failed to, where the task stands.
    Answered(Result<TaskResultOut, ApiError>),
    /// The person wants this done.
    Clicked(Box<Request>),
    /// The server has answered, or failed to, whether it is registered.
    Registered(Result<RegisterOut, ApiError>),
    /// The timer has run out, or the person wants to try again at once.
    Woke,
    /// The tab is seen again.
    Shown,
    /// The person wants it stopped.
    CancelClicked,
    /// The server has answered, or failed to, the wish to stop.
    CancelAnswered(Result<TaskResultOut, ErrorCode>),
    /// The person takes the file.
    DownloadClicked,
    /// The person has seen the end.
    Dismissed,
}

/// Something is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask for the caller's current task of this kind and dataset; send [`Event::Answered`].
    AskSlot,
    /// Ask for this task; send [`Event::Answered`].
    AskTask(TaskId),
    /// Send [`Event::Woke`] when the schedule says so.
    AskLater {
        /// Answers missed in a row.
        failures: u32,
        /// The server's wish in milliseconds.
        hint_ms: Option<u64>,
    },
    /// Send [`Event::Woke`] after this time.
    WakeAfter(Duration),
    /// Send the request; send [`Event::Registered`].
    Register(Box<Request>),
    /// Ask for the task to be stopped; send [`Event::CancelAnswered`].
    Cancel(TaskId),
    /// Ask for the task's entity to be cleared.
    Clear(TaskId),
    /// Start the download.
    Download(String),
    /// Tell screen readers.
    Announce(Announcement),
    /// The number of running tasks has changed.
    TasksChanged,
}

/// What screen readers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// The task was submitted, or met a running one.
    Started,
    /// So many percent are done.
    Quarter(u8),
    /// The task has ended; the panel says how.
    Ended,
    /// The request was refused; the panel says why.
    Refused,
}

/// When an event happens and whether a person sees it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the browser's clock.
    pub now_ms: u64,
    /// The tab is visible.
    pub visible: bool,
}

/// How often a request that met no server is repeated, with the same idempotency key, before the page goes
/// back to asking what there is.
const REGISTER_ATTEMPTS: u32 = 4;
/// The wait until a request is sent again that met a task which is being stopped and stands in its way until then.
const STANDS_IN_THE_WAY: Duration = Duration::from_secs(1);

/// The state after `event`, and what is to be done.
pub fn next(mut state: TaskState, event: Event, moment: Moment) -> (TaskState, Vec<Effect>) {
    let effects = match event {
        Event::Mounted => {
            state = TaskState { followed_since_ms: moment.now_ms, ..TaskState::default() };
            vec![Effect::AskSlot]
        }
        Event::Answered(Ok(answer)) => state.answered(answer, moment),
        Event::Answered(Err(error)) => state.missed(error),
        Event::Clicked(_) if state.step.is_busy() => Vec::new(),
        Event::Clicked(request) => {
            state = TaskState {
                step: Step::Submitting,
                followed_since_ms: moment.now_ms,
                request: Some(request.clone()),
                ..TaskState::default()
            };
            vec![Effect::Register(request)]
        }
        Event::Registered(_) if state.step != Step::Submitting => Vec::new(),
        Event::Registered(Ok(out)) => state.registered(out, moment),
        Event::Registered(Err(error)) => state.refused(error),
        Event::Woke => state.ask_again(),
        Event::Shown if state.step.is_busy() => state.ask_again(),
        // Another tab may have started one meanwhile.
        Event::Shown if state.step == Step::Idle => vec![Effect::AskSlot],
        Event::Shown => Vec::new(),
        Event::CancelClicked => match (&state.task, state.step) {
            (Some(task), Step::Queued | Step::Running) => {
                let effect = Effect::Cancel(task.id.clone());
                state.step = Step::Cancelling;
                state.cancel_asked = true;
                state.error = None;
                vec![effect]
            }
            _ => Vec::new(),
        },
        Event::CancelAnswered(_) if state.step != Step::Cancelling => Vec::new(),
        Event::CancelAnswered(Ok(answer)) => state.answered(answer, moment),
        Event::CancelAnswered(Err(code)) => {
            state.cancel_asked = false;
            state.error = Some(code);
            if let Some(task) = &state.task {
                state.step = Step::of(task, false);
            }
            Vec::new()
        }
        Event::DownloadClicked => state.clear(),
        Event::Dismissed if state.step.is_busy() => Vec::new(),
        Event::Dismissed => {
            let effects = state.clear();
            state = TaskState { step: Step::Idle, ..TaskState::default() };
            effects
        }
    };
    (state, effects)
}

impl TaskState {
    /// The name in the panel's `data-phase`: where it stands, or that the server can't be asked.
    pub fn phase_name(&self) -> &'static str {
        if self.offline.is_some() { "offline" } else { self.step.name() }
    }

    /// Whether this tab has started the task.
    pub fn started_here(&self) -> bool {
        self.started_here
    }

    /// Whether the person has asked for a task here of which it is not known whether it came to be.
    pub fn was_tried(&self) -> bool {
        self.request.is_some()
    }

    /// Whether there is anything to show in the panel.
    pub fn has_news(&self) -> bool {
        let waiting_quietly = self.step == Step::Unknown && self.offline.is_none();
        let nothing = self.step == Step::Idle && self.problems.is_empty() && self.error.is_none();
        !(waiting_quietly || nothing)
    }

    fn answered(&mut self, answer: TaskResultOut, moment: Moment) -> Vec<Effect> {
        let follows_another = match (&self.task, &answer.task) {
            (Some(ours), Some(theirs)) => ours.id != theirs.id,
            _ => false,
        };
        if self.step.is_end() || self.step == Step::Submitting || follows_another {
            return Vec::new();
        }
        match answer.task {
            Some(task) if answer.status != TaskStatus::None && !self.is_from_before(&task, moment) => {
                self.follow(task, answer.url, answer.poll_after_ms, moment)
            }
            _ => {
                let had_task = self.task.take().is_some();
                self.offline = None;
                self.failures = 0;
                self.step = Step::Idle;
                if had_task { vec![Effect::TasksChanged] } else { Vec::new() }
            }
        }
    }

    /// Whether an ended task is older than the click whose request got no answer: then the request was not registered. Ages are
    /// compared, as the browser's clock may be wrong.
    fn is_from_before(&self, task: &TaskView, moment: Moment) -> bool {
        let age = task.server_now.saturating_sub(task.registered_at);
        self.step == Step::Unknown
            && self.error.is_some()
            && task.phase.is_final()
            && age > moment.now_ms.saturating_sub(self.followed_since_ms)
    }

    /// Takes over where the task stands.
    fn follow(
        &mut self,
        task: TaskView,
        url: Option<String>,
        hint_ms: Option<u64>,
        moment: Moment,
    ) -> Vec<Effect> {
        let was_busy_here = matches!(self.step, Step::Submitting | Step::Queued | Step::Running);
        self.offline = None;
        self.failures = 0;
        if self.step == Step::Idle {
            self.followed_since_ms = moment.now_ms;
        }
        if self.step == Step::Unknown {
            // The request whose answer was lost has come through, or met a task that runs.
            self.error = None;
        }
        self.step = Step::of(&task, self.cancel_asked);
        self.request = None;
        self.url = url;
        let quarter = self.progress.observe(&task, moment.now_ms);
        self.task = Some(task);
        if !self.step.is_end() {
            let announce = quarter.map(|percent| Effect::Announce(Announcement::Quarter(percent)));
            return announce.into_iter().chain([Effect::AskLater { failures: 0, hint_ms }]).collect();
        }
        self.error = None;
        let mut effects = vec![Effect::Announce(Announcement::Ended), Effect::TasksChanged];
        if self.step == Step::Ready
            && self.started_here
            && was_busy_here
            && moment.visible
            && self.task.as_ref().is_some_and(|task| is_for_its_file(task.kind))
            && let Some(url) = &self.url
        {
            effects.push(Effect::Download(url.clone()));
            effects.extend(self.clear());
        }
        effects
    }

    /// An answer did not come. What may come later is waited for; what never will is said.
    fn missed(&mut self, error: ApiError) -> Vec<Effect> {
        if !self.step.is_busy() || self.step == Step::Submitting {
            return Vec::new();
        }
        let ApiError { code, retry_after_ms: hint_ms, .. } = error;
        if code.is_retryable() || code == ErrorCode::Internal {
            self.failures = self.failures.saturating_add(1);
            self.offline = Some(code);
            return vec![Effect::AskLater { failures: self.failures, hint_ms }];
        }
        *self = TaskState { step: Step::Idle, error: Some(code), ..TaskState::default() };
        vec![Effect::Announce(Announcement::Refused), Effect::TasksChanged]
    }

    fn registered(&mut self, out: RegisterOut, moment: Moment) -> Vec<Effect> {
        let Some(answer) = out.task else {
            let error = out.problems.is_empty().then_some(ErrorCode::Internal);
            *self = TaskState { step: Step::Idle, problems: out.problems, error, ..TaskState::default() };
            return vec![Effect::Announce(Announcement::Refused)];
        };
        let is_in_the_way = |task: &TaskView| matches!(task.phase, Phase::Cancelling | Phase::Cancelled);
        if !out.registered && answer.task.as_ref().is_some_and(is_in_the_way) {
            // It makes room within seconds; nobody wants to look on while another one's end comes.
            self.offline = None;
            return vec![Effect::WakeAfter(STANDS_IN_THE_WAY)];
        }
        // The server knows its own repeated requests, so what it has not registered for this one is another tab's.
        self.started_here = out.registered;
        self.joined = !out.registered;
        let hint_ms = answer.poll_after_ms;
        let Some(task) = answer.task else {
            // A server that answers by the bare contract; the slot says the rest.
            self.step = Step::Unknown;
            return vec![Effect::Announce(Announcement::Started), Effect::AskLater { failures: 0, hint_ms }];
        };
        let mut effects = vec![Effect::Announce(Announcement::Started), Effect::TasksChanged];
        effects.extend(self.follow(task, answer.url, hint_ms, moment));
        effects
    }

    fn refused(&mut self, error: ApiError) -> Vec<Effect> {
        if !error.code.is_retryable() {
            let error_code = error.problems.is_empty().then_some(error.code);
            *self = TaskState {
                step: Step::Idle,
                problems: error.problems,
                error: error_code,
                ..TaskState::default()
            };
            return vec![Effect::Announce(Announcement::Refused)];
        }
        self.attempts += 1;
        self.offline = Some(error.code);
        if self.attempts < REGISTER_ATTEMPTS {
            let wait = Duration::from_secs(1 << (self.attempts - 1));
            return vec![Effect::WakeAfter(error.retry_after_ms.map_or(wait, Duration::from_millis))];
        }
        // Whether it was registered is not known; the slot will say, and where it is empty, the error stays.
        self.step = Step::Unknown;
        self.error = Some(error.code);
        self.failures = self.attempts;
        vec![Effect::AskLater { failures: self.failures, hint_ms: error.retry_after_ms }]
    }

    fn ask_again(&self) -> Vec<Effect> {
        match (self.step, &self.task, &self.request) {
            (Step::Unknown, ..) => vec![Effect::AskSlot],
            (Step::Submitting, _, Some(request)) => vec![Effect::Register(request.clone())],
            (Step::Queued | Step::Running | Step::Cancelling, Some(task), _) => {
                vec![Effect::AskTask(task.id.clone())]
            }
            _ => Vec::new(),
        }
    }

    /// Clears the finished task's entity, once.
    fn clear(&mut self) -> Vec<Effect> {
        match &self.task {
            Some(task) if self.step.is_end() && !self.cleared => {
                self.cleared = true;
                vec![Effect::Clear(task.id.clone())]
            }
            _ => Vec::new(),
        }
    }
}
