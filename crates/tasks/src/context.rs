//! What a run knows of its task and says about itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use longshore_protocol::{TaskId, Unit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::apply::{ApplyError, apply};
use crate::entity::{Progress, Task, Token};
use crate::event::{Event, NewChild};
use crate::id::child_id;
use crate::job::JobError;
use crate::json::Json;
use crate::store::{StoreError, TaskStore};

/// Children spawned in one commit.
const SPAWN_BATCH: usize = 100;
/// Pause between two tries while the store does not answer.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// Why a run is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// The owner wants it.
    Cancelled,
    /// The task is no longer this worker's: another has it, or its deadline has passed.
    Lost,
    /// This process shuts down; another run will take over.
    Shutdown,
}

/// What a run knows of its task and says about itself. Clones are the same.
#[derive(Clone)]
pub struct TaskContext {
    store: Arc<dyn TaskStore>,
    task: Arc<Task>,
    token: Token,
    deadline: Instant,
    stop: CancellationToken,
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    reason: Option<StopReason>,
    progress: Progress,
    cursor: Option<Json>,
    spawned: u32,
}

impl TaskContext {
    /// For a task claimed just now, whose deadline is `left` away.
    pub(crate) fn new(store: Arc<dyn TaskStore>, task: Task, token: Token, left: Duration) -> TaskContext {
        let said = Said { spawned: task.children.total, ..Said::default() };
        let context = TaskContext {
            store,
            token,
            deadline: Instant::now() + left,
            stop: CancellationToken::new(),
            said: Arc::new(Mutex::new(said)),
            task: Arc::new(task),
        };
        if context.task.cancel_requested {
            context.tell_to_stop(StopReason::Cancelled);
        }
        context
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

    /// Why the run must stop, if it must.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.said().reason
    }

    /// Says how far the run has come; the next beat carries it to the store. Numbers of the same unit
    /// never go back.
    pub fn report(&self, done: u64, total: Option<u64>, unit: Unit) {
        let progress = &mut self.said().progress;
        let done = if progress.unit == unit { progress.done.max(done) } else { done };
        *progress = Progress { done, total, unit };
    }

    /// The last checkpoint of an earlier run.
    ///
    /// # Errors
    /// If it is not one of type `C`.
    pub fn checkpoint<C: DeserializeOwned>(&self) -> Result<Option<C>, JobError> {
        self.task.cursor.as_ref().map(Json::read).transpose().map_err(JobError::internal)
    }

    /// Says from where another run could go on; the next beat carries it to the store, also at shutdown. What it stands for
    /// must be durable already.
    ///
    /// # Errors
    /// If it can't be written as JSON.
    pub fn set_checkpoint<C: Serialize>(&self, cursor: &C) -> Result<(), JobError> {
        self.said().cursor = Some(Json::of(cursor).map_err(JobError::internal)?);
        Ok(())
    }

    /// Number of children so far, those of earlier runs included.
    pub fn child_count(&self) -> u32 {
        self.said().spawned
    }

    /// Adds children, which may begin at once. They are numbered on from [`TaskContext::child_count`]: a run that takes over
    /// from one that was lost in the middle goes on from there, and none comes to exist twice.
    ///
    /// # Errors
    /// If the task is no longer this run's, is being cancelled, or may not have them; then some may exist.
    pub async fn spawn(&self, children: Vec<NewChild>) -> Result<(), JobError> {
        let mut children = children.into_iter().peekable();
        while children.peek().is_some() {
            let batch: Vec<NewChild> = children.by_ref().take(SPAWN_BATCH).collect();
            let first = self.child_count();
            let total = first.saturating_add(u32::try_from(batch.len()).unwrap_or(u32::MAX));
            self.patiently(&Event::Spawn { token: self.token, first, children: batch }).await?;
            self.said().spawned = total;
        }
        Ok(())
    }

    /// Applies an event of this run, again while the store does not answer.
    async fn patiently(&self, event: &Event) -> Result<Task, JobError> {
        loop {
            match apply(&*self.store, &self.task.id, event).await {
                Ok(task) => return Ok(task),
                Err(error) if error.is_retryable() && !self.stop.is_cancelled() => {
                    tracing::warn!(task.id = %self.task.id, error = %error, "the store did not answer; trying again");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
                Err(error) => {
                    if matches!(error, ApplyError::Refused(crate::Refusal::Stale)) {
                        self.tell_to_stop(StopReason::Lost);
                    }
                    return Err(JobError::internal(error));
                }
            }
        }
    }

    /// A child of this task; `None` if there is none of that number.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    pub async fn child(&self, number: u32) -> Result<Option<Task>, StoreError> {
        Ok(self.store.load(&child_id(&self.task.id, number)).await?.task)
    }

    /// The id of the child with that number.
    pub fn child_id(&self, number: u32) -> TaskId {
        child_id(&self.task.id, number)
    }

    /// When the task's deadline passes, by this process's clock.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(crate) fn progress(&self) -> Progress {
        self.said().progress
    }

    /// The newest checkpoint that this run has set.
    pub(crate) fn cursor(&self) -> Option<Json> {
        self.said().cursor.clone()
    }

    pub(crate) fn tell_to_stop(&self, reason: StopReason) {
        self.said().reason.get_or_insert(reason);
        self.stop.cancel();
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
