//! Where an export stands on its page.

use longshore_protocol::{Phase, TaskKind, TaskView};

/// Where the export stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// The server has not said yet whether there is a task.
    #[default]
    Unknown,
    /// There is none.
    Idle,
    /// The request is on its way.
    Submitting,
    /// Waiting for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// It was told to stop.
    Cancelling,
    /// Stopped by a person.
    Cancelled,
    /// The file is there.
    Ready,
    /// An import that ended before all was done, and says so.
    Stopped,
    /// It ended without a file.
    Failed,
    /// Stopped at its deadline.
    Abandoned,
    /// The file's retention has passed.
    FileExpired,
}

impl Step {
    /// Whether the button is grey.
    pub fn is_busy(self) -> bool {
        matches!(self, Step::Unknown | Step::Submitting | Step::Queued | Step::Running | Step::Cancelling)
    }

    /// Whether a task has ended and its end is shown.
    pub fn is_end(self) -> bool {
        !self.is_busy() && self != Step::Idle
    }

    /// The name in the panel's `data-phase`.
    pub fn name(self) -> &'static str {
        match self {
            Step::Unknown => "unknown",
            Step::Idle => "idle",
            Step::Submitting => "submitting",
            Step::Queued => "queued",
            Step::Running => "running",
            Step::Cancelling => "cancelling",
            Step::Cancelled => "cancelled",
            Step::Ready => "ready",
            Step::Stopped => "stopped",
            Step::Failed => "failed",
            Step::Abandoned => "abandoned",
            Step::FileExpired => "file_expired",
        }
    }

    /// Where a task stands.
    pub(super) fn of(task: &TaskView, cancel_asked: bool) -> Step {
        match task.phase {
            // The worker hears of it with its next beat; the person has said it already.
            Phase::Queued | Phase::Running if cancel_asked => Step::Cancelling,
            Phase::Queued => Step::Queued,
            Phase::Running => Step::Running,
            Phase::Cancelling => Step::Cancelling,
            Phase::Succeeded if task.stopped.is_some() => Step::Stopped,
            Phase::Succeeded => Step::Ready,
            Phase::Failed => Step::Failed,
            Phase::Cancelled => Step::Cancelled,
            Phase::Abandoned => Step::Abandoned,
            Phase::FileExpired => Step::FileExpired,
        }
    }
}

/// Whether a task of that kind is started to get a file. The file of an import are its rows in error, if there are any.
pub fn is_for_its_file(kind: TaskKind) -> bool {
    matches!(kind, TaskKind::Export | TaskKind::DailyStatistics)
}
