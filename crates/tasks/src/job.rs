//! What a job is to the runner: something that runs, can be told to stop, and can clean up.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use longshore_protocol::{FailureCode, Unit};
use tokio_util::sync::CancellationToken;

use crate::entity::{Payload, Progress, Task, Token};

/// Why a run of a job failed.
#[derive(Debug, thiserror::Error)]
#[error("{code:?}")]
pub struct JobError {
    /// What went wrong, for programs.
    pub code: FailureCode,
    /// What in particular, where it helps a person; no cell contents, no secrets.
    pub detail: Option<String>,
    /// The cause, for the log.
    #[source]
    pub cause: Box<dyn Error + Send + Sync>,
}

/// Why a run is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// The owner wants it.
    Cancelled,
    /// The task is no longer this worker's: another has it, or its deadline has passed.
    Lost,
    /// This process shuts down; another run will begin from the start.
    Shutdown,
}

/// What a run knows of its task and says about itself.
#[derive(Clone, Debug)]
pub struct TaskContext {
    task: Arc<Task>,
    token: Token,
    stop: CancellationToken,
    reason: Arc<Mutex<Option<StopReason>>>,
    progress: Arc<Mutex<Progress>>,
}

impl TaskContext {
    pub(crate) fn new(task: Task, token: Token) -> TaskContext {
        TaskContext {
            task: Arc::new(task),
            token,
            stop: CancellationToken::new(),
            reason: Arc::default(),
            progress: Arc::default(),
        }
    }

    /// The task as it was claimed.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// The fencing token; whatever the run writes elsewhere carries it in its name.
    pub fn token(&self) -> Token {
        self.token
    }

    /// Cancelled when the run must stop.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Says how far the run has come; the next beat carries it to the store. Numbers of the same unit
    /// never go back.
    pub fn report(&self, done: u64, total: Option<u64>, unit: Unit) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let done = if progress.unit == unit { progress.done.max(done) } else { done };
        *progress = Progress { done, total, unit };
    }

    pub(crate) fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell_to_stop(&self, reason: StopReason) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        self.stop.cancel();
    }

    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A kind of work.
#[async_trait]
pub trait Job: Send + Sync + 'static {
    /// Its name in slots; a constant of the crate that defines it.
    fn kind(&self) -> &'static str;

    /// The newest payload version that it can read.
    fn version(&self) -> u32;

    /// Does the work and gives what it made. Must end soon after `context.stop()` is cancelled, with
    /// whatever result, and must have removed what it had half made by then.
    ///
    /// # Errors
    /// A [`JobError`] that a person can be told.
    async fn run(&self, payload: &Payload, context: &TaskContext) -> Result<serde_json::Value, JobError>;

    /// Removes what runs of the task left behind or made; may be called again for the same. Called for all runs when a
    /// task ends without a result and when its retention ends, and for one run whose end was refused.
    ///
    /// # Errors
    /// The cause, for the log; what remains is removed at the end of the task's retention.
    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// Which runs of a task are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runs {
    /// Every one.
    All,
    /// The one with this fencing token.
    Only(Token),
}

/// The kinds of work that this process can do.
#[derive(Clone, Default)]
pub struct Registry {
    jobs: HashMap<&'static str, Arc<dyn Job>>,
}

impl Registry {
    /// Adds a kind.
    pub fn with(mut self, job: impl Job) -> Registry {
        self.jobs.insert(job.kind(), Arc::new(job));
        self
    }

    /// The job for a task, unless its kind is unknown here or its payload is newer than this process.
    pub fn job_for(&self, task: &Task) -> Option<Arc<dyn Job>> {
        self.jobs.get(task.slot.kind.as_str()).filter(|job| task.payload.version <= job.version()).cloned()
    }
}
