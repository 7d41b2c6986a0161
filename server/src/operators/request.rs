//! What can be asked, and the answers.

use longshore_protocol::TaskId;
use longshore_tasks::store::{DueIndex, StoreError};
use longshore_tasks::{ApplyError, Registered, RerunError, State, Task, TaskStore, Timestamp, cancel, rerun};
use serde::{Deserialize, Serialize};

/// Live tasks that a list looks through at most.
const LOOKED_THROUGH_MAX: usize = 10_000;

/// What an operator wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    /// Live tasks.
    List {
        /// Only those in this state.
        state: Option<State>,
        /// Tasks at most.
        limit: usize,
    },
    /// One task.
    Show {
        /// Which.
        task: TaskId,
    },
    /// Stop a task.
    Cancel {
        /// Which.
        task: TaskId,
    },
    /// Register a task's work once more.
    Retry {
        /// Which.
        task: TaskId,
    },
    /// Tasks that were given up.
    Dead {
        /// Tasks at most.
        limit: usize,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
// Not tagged inside: a value kept as text can only be read from text.
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// A list.
    Tasks {
        /// The tasks.
        tasks: Vec<Task>,
        /// Whether there may be more.
        is_cut_off: bool,
        /// The store's time.
        now: Timestamp,
    },
    /// One task, as it is now.
    Task {
        /// The task.
        task: Box<Task>,
        /// Tasks that will be claimed before it.
        ahead: Option<u64>,
        /// The store's time.
        now: Timestamp,
    },
    /// It could not be done.
    Refused {
        /// Why, and what to do.
        reason: String,
    },
}

impl Answer {
    /// What is answered, without its kind, for programs.
    pub(super) fn content(&self) -> Result<serde_json::Value, serde_json::Error> {
        match serde_json::to_value(self)? {
            serde_json::Value::Object(kinds) => {
                Ok(kinds.into_iter().next().map(|kind| kind.1).unwrap_or_default())
            }
            other => Ok(other),
        }
    }
}

/// Does what is wanted.
///
/// # Errors
/// [`StoreError`] if the store does not answer.
pub(super) async fn answer(store: &dyn TaskStore, request: &Request) -> Result<Answer, StoreError> {
    match request {
        Request::List { state, limit } => {
            let ids = store.listed(DueIndex::Deadline, LOOKED_THROUGH_MAX).await?;
            list(store, ids, *limit, |task| state.is_none_or(|state| task.state == state)).await
        }
        Request::Dead { limit } => {
            let ids = store.listed(DueIndex::Dead, LOOKED_THROUGH_MAX).await?;
            list(store, ids, *limit, |task| task.dead).await
        }
        Request::Show { task } => show(store, task).await,
        Request::Cancel { task } => match cancel(store, task).await {
            Ok(_) => show(store, task).await,
            Err(error) => refused(error),
        },
        Request::Retry { task } => match rerun(store, task).await {
            Ok(Registered::Running(other)) => Ok(Answer::Refused {
                reason: format!("task {} of the same person and dataset is running: wait for it", other.id),
            }),
            Ok(registered) => show(store, &registered.task().id).await,
            Err(RerunError::Apply(error)) => refused(error),
            Err(error) => Ok(Answer::Refused { reason: error.to_string() }),
        },
    }
}

fn refused(error: ApplyError) -> Result<Answer, StoreError> {
    match error {
        ApplyError::Store(error) => Err(error),
        error => Ok(Answer::Refused { reason: error.to_string() }),
    }
}

async fn show(store: &dyn TaskStore, id: &TaskId) -> Result<Answer, StoreError> {
    let loaded = store.load(id).await?;
    Ok(match loaded.task {
        Some(task) => Answer::Task { task: Box::new(task), ahead: loaded.ahead, now: loaded.now },
        None => refused(ApplyError::Unknown(id.clone()))?,
    })
}

async fn list(
    store: &dyn TaskStore,
    ids: Vec<TaskId>,
    limit: usize,
    is_wanted: impl Fn(&Task) -> bool,
) -> Result<Answer, StoreError> {
    let mut is_cut_off = ids.len() == LOOKED_THROUGH_MAX;
    let mut tasks = Vec::new();
    for id in ids {
        // Ended in between, perhaps.
        let Some(task) = store.load(&id).await?.task.filter(&is_wanted) else { continue };
        if tasks.len() == limit {
            is_cut_off = true;
            break;
        }
        tasks.push(task);
    }
    Ok(Answer::Tasks { tasks, is_cut_off, now: store.now().await? })
}
