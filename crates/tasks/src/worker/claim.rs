//! Taking the next task that this process can do.

use std::sync::Arc;

use rand::RngCore;

use super::WorkerSettings;
use crate::apply::{ApplyError, apply};
use crate::entity::Token;
use crate::job::{Job, Registry, TaskContext};
use crate::store::TaskStore;
use crate::transition::Event;

/// Waiting tasks looked at for one claim: enough to pass by those that another worker takes at the same
/// moment and those of a kind unknown here.
const LOOK_AHEAD: usize = 32;

/// A task and the right to run it.
pub(super) struct Claimed {
    pub(super) job: Arc<dyn Job>,
    pub(super) context: TaskContext,
}

/// Claims the first waiting task that this process knows how to do.
pub(super) async fn claim_next(
    store: &dyn TaskStore,
    registry: &Registry,
    settings: &WorkerSettings,
) -> Result<Option<Claimed>, ApplyError> {
    for id in store.ready(LOOK_AHEAD).await? {
        let Some(waiting) = store.load(&id).await?.task else { continue };
        let Some(job) = registry.job_for(&waiting) else {
            tracing::warn!(
                task.id = %id, task.kind = %waiting.slot.kind, payload.version = waiting.payload.version,
                "a task waits for a worker that knows its kind and version"
            );
            continue;
        };
        let nonce = rand::rng().next_u64();
        let claim = Event::Claim { worker: settings.name.clone(), nonce, lease: settings.lease };
        match apply(store, &id, &claim).await {
            Ok(task) => {
                let token = Token { epoch: task.epoch, nonce };
                return Ok(Some(Claimed { job, context: TaskContext::new(task, token) }));
            }
            Err(ApplyError::Refused(_) | ApplyError::Unknown(_) | ApplyError::Busy) => {}
            Err(error @ ApplyError::Store(_)) => return Err(error),
        }
    }
    Ok(None)
}
