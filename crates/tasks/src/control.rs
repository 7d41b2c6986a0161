//! What people ask of tasks that are not their own worker's: stop.

use longshore_protocol::TaskId;

use crate::apply::{ApplyError, apply};
use crate::entity::{State, Task};
use crate::event::Event;
use crate::id::child_id;
use crate::store::TaskStore;

/// Asks for a task to be stopped, and its children with it. Gives the task as it is then.
///
/// Children that are not reached, because the store or this process goes away in the middle, are stopped when a worker
/// claims them or beats for them: it sees that the parent is being cancelled.
///
/// # Errors
/// As [`apply`].
pub async fn cancel(store: &dyn TaskStore, id: &TaskId) -> Result<Task, ApplyError> {
    let task = apply(store, id, &Event::RequestCancel).await?;
    if task.children.open() == 0 {
        return Ok(task);
    }
    for number in 0..task.children.total {
        match apply(store, &child_id(id, number), &Event::RequestCancel).await {
            // Refused: it has ended already.
            Ok(_) | Err(ApplyError::Refused(_) | ApplyError::Unknown(_)) => {}
            Err(error) => return Err(error),
        }
    }
    // The last child may have ended the wait.
    let loaded = store.load(id).await?;
    Ok(loaded.task.unwrap_or(Task { state: State::Cancelled, ..task }))
}
