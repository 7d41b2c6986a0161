//! Taking the next task that this process can do.

use std::sync::Arc;
use std::time::Duration;

use longshore_protocol::TaskId;
use rand::{Rng, RngCore};
use tokio::time::Instant;

use super::WorkerSettings;
use crate::apply::{ApplyError, apply_loaded};
use crate::context::TaskContext;
use crate::entity::{Lane, State, Task, Token};
use crate::event::Event;
use crate::job::Runs;
use crate::registry::{AnyJob, Registry};
use crate::store::{Loaded, TaskStore};
use crate::transition::MAX_CRASHES;

/// Waiting tasks looked at for one claim: enough to pass by those that other workers take at the same moment.
const LOOK_AHEAD: usize = 8;
/// Looks at the queue before the worker rests, where others were quicker at every task of it.
const LOOKS_MAX: usize = 4;

/// A task and the right to run it.
pub(super) struct Claimed {
    pub(super) job: Arc<dyn AnyJob>,
    pub(super) context: TaskContext,
}

/// How long tasks that were looked at may be claimed without another look: nobody who comes in between is overtaken by more
/// than these few.
const LOOK_LASTS: Duration = Duration::from_millis(20);
/// How long whoever lost a race takes the tasks it sees in any order, so that many workers do not all try the first one.
const CONTENDED_FOR: Duration = Duration::from_secs(1);

/// For so long a process takes nothing more, so as to become idle for a task that is to run alone. If something long keeps it busy,
/// others are served for as long again, and so on in turn.
const HOLD: Duration = Duration::from_secs(30);

/// What there was to claim.
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// This one.
    Task(Claimed),
    /// One that is to run alone, while others run here.
    Suspect,
}

impl Claimed {
    /// Whether it is to run alone.
    pub(super) fn is_suspect(&self) -> bool {
        is_suspect(self.context.task())
    }
}

/// Whether a task would be given up if its worker were lost once more.
fn is_suspect(task: &Task) -> bool {
    task.crash_count + 1 >= MAX_CRASHES
}

/// Claims tasks; knows which lane is to be served first, and what it saw a moment ago.
pub(super) struct Claimer {
    lanes: Vec<Lane>,
    seen: Vec<Loaded>,
    looked_at: Option<Instant>,
    lost_a_race_at: Option<Instant>,
    /// A task that is to run alone, and since when it has waited for this process to be idle.
    suspect: Option<(TaskId, Instant)>,
}

impl Claimer {
    pub(super) fn new(registry: &Registry) -> Claimer {
        Claimer {
            lanes: registry.lanes(),
            seen: Vec::new(),
            looked_at: None,
            lost_a_race_at: None,
            suspect: None,
        }
    }

    /// Claims the first waiting task that this process knows how to do and that the limits let run. Lanes take turns.
    ///
    /// A task that would be given up if its worker were lost once more is claimed only where nothing else runs: if it is what
    /// kills processes, it takes nobody along.
    pub(super) async fn claim_next(
        &mut self,
        store: &Arc<dyn TaskStore>,
        registry: &Registry,
        settings: &WorkerSettings,
        is_idle: bool,
    ) -> Result<Found, ApplyError> {
        if let Some((id, since)) = self.suspect.take() {
            // By its id: a look at the queue would begin with somebody else, and then it would not be alone.
            let loaded = store.load(&id).await?;
            if is_idle {
                if let Some(claimed) = claim(store, registry, settings, loaded).await? {
                    return Ok(Found::Task(claimed));
                }
            } else if loaded.task.is_some_and(|task| task.state == State::Queued) {
                self.suspect = Some((id, since));
                if since.elapsed().as_secs() % (HOLD.as_secs() * 2) < HOLD.as_secs() {
                    return Ok(Found::Suspect);
                }
            }
        }
        if self.looked_at.is_none_or(|at| at.elapsed() >= LOOK_LASTS) {
            self.seen.clear();
        }
        let mut looks = 0;
        loop {
            while !self.seen.is_empty() {
                let is_contended = self.lost_a_race_at.is_some_and(|at| at.elapsed() < CONTENDED_FOR);
                let number = if is_contended { rand::rng().random_range(0..self.seen.len()) } else { 0 };
                let loaded = self.seen.remove(number);
                if let Some(suspect) = loaded.task.as_ref().filter(|task| !is_idle && is_suspect(task)) {
                    if self.suspect.is_none() {
                        self.suspect = Some((suspect.id.clone(), Instant::now()));
                        return Ok(Found::Suspect);
                    }
                    continue;
                }
                match claim(store, registry, settings, loaded).await? {
                    Some(claimed) => {
                        self.serve_last(&claimed.context.task().lane());
                        return Ok(Found::Task(claimed));
                    }
                    None => self.lost_a_race_at = Some(Instant::now()),
                }
            }
            if looks == LOOKS_MAX {
                return Ok(Found::Nothing);
            }
            looks += 1;
            self.seen = store.next(&self.lanes, &settings.limits, LOOK_AHEAD).await?;
            self.looked_at = Some(Instant::now());
            if self.seen.is_empty() {
                return Ok(Found::Nothing);
            }
        }
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
