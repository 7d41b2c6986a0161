//! Taking the next task that this process can do.

use std::sync::Arc;

use rand::{Rng, RngCore};

use super::WorkerSettings;
use crate::apply::{ApplyError, apply_loaded};
use crate::context::TaskContext;
use crate::entity::{Lane, State, Token};
use crate::event::Event;
use crate::job::Runs;
use crate::registry::{AnyJob, Registry};
use crate::store::{Loaded, TaskStore};

/// Waiting tasks looked at for one claim: enough to pass by those that other workers take at the same moment.
const LOOK_AHEAD: usize = 8;
/// Looks at the queue before the worker rests, where others were quicker at every task of it.
const LOOKS_MAX: usize = 4;

/// A task and the right to run it.
pub(super) struct Claimed {
    pub(super) job: Arc<dyn AnyJob>,
    pub(super) context: TaskContext,
}

/// Claims tasks; knows which lane is to be served first.
pub(super) struct Claimer {
    lanes: Vec<Lane>,
}

impl Claimer {
    pub(super) fn new(registry: &Registry) -> Claimer {
        Claimer { lanes: registry.lanes() }
    }

    /// Claims the first waiting task that this process knows how to do and that the limits let run. Lanes take turns.
    pub(super) async fn claim_next(
        &mut self,
        store: &Arc<dyn TaskStore>,
        registry: &Registry,
        settings: &WorkerSettings,
    ) -> Result<Option<Claimed>, ApplyError> {
        for _ in 0..LOOKS_MAX {
            let mut waiting = store.next(&self.lanes, &settings.limits, LOOK_AHEAD).await?;
            if waiting.is_empty() {
                return Ok(None);
            }
            let mut lost_a_race = false;
            while !waiting.is_empty() {
                // Whoever lost a race tries another task than the next loser.
                let number = if lost_a_race { rand::rng().random_range(0..waiting.len()) } else { 0 };
                let loaded = waiting.swap_remove(number);
                match claim(store, registry, settings, loaded).await? {
                    Some(claimed) => {
                        self.serve_last(&claimed.context.task().lane());
                        return Ok(Some(claimed));
                    }
                    None => lost_a_race = true,
                }
            }
        }
        Ok(None)
    }

    fn serve_last(&mut self, lane: &Lane) {
        if let Some(position) = self.lanes.iter().position(|known| known == lane) {
            let lane = self.lanes.remove(position);
            self.lanes.push(lane);
        }
    }
}

/// `None` where somebody else was quicker, or the task is not wanted any more.
async fn claim(
    store: &Arc<dyn TaskStore>,
    registry: &Registry,
    settings: &WorkerSettings,
    loaded: Loaded,
) -> Result<Option<Claimed>, ApplyError> {
    let Some(waiting) = &loaded.task else { return Ok(None) };
    let Some(job) = registry.job_for(waiting) else { return Ok(None) };
    let nonce = rand::rng().next_u64();
    let event = Event::Claim { worker: settings.name.clone(), nonce, lease: settings.lease };
    let task = match apply_loaded(&**store, &loaded, &event, &settings.limits).await {
        Ok(Ok(task)) => task,
        Ok(Err(_)) | Err(ApplyError::Refused(_) | ApplyError::Unknown(_) | ApplyError::Busy) => {
            return Ok(None);
        }
        Err(error @ ApplyError::Store(_)) => return Err(error),
    };
    if task.state != State::Running {
        // A child whose parent has ended: it has ended instead.
        if let Err(error) = job.discard(&task, Runs::All).await {
            tracing::warn!(task.id = %task.id, error = %error, "could not remove what the task left behind");
        }
        return Ok(None);
    }
    let waited = task.run_at.unwrap_or(task.registered_at);
    metrics::histogram!("longshore_task_wait_seconds", "kind" => task.slot.kind.clone())
        .record(loaded.now.since(waited).as_secs_f64());
    let token = Token { epoch: task.epoch, nonce };
    let left = task.deadline.since(loaded.now);
    Ok(Some(Claimed { job, context: TaskContext::new(Arc::clone(store), task, token, left) }))
}
