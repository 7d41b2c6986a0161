//! Claims tasks and runs them, as many side by side as it has places.

mod claim;
mod run;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::limits::Limits;
use crate::reaper;
use crate::registry::Registry;
use crate::store::TaskStore;

use self::claim::{Claimer, Found};

/// The longest pause between two tries while the store does not answer.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How a worker behaves. Defaults as in the constants of this type's `Default`.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// The worker's name in leases and logs; unique per process.
    pub name: String,
    /// Tasks run side by side.
    pub concurrency: usize,
    /// How long a claim lasts unless renewed; default 30 s.
    pub lease: Duration,
    /// How often a lease is renewed; default 5 s.
    pub beat: Duration,
    /// How often progress is told when it has changed; default 1 s.
    pub progress_beat: Duration,
    /// How often the store is asked for work that no bell told of, and for delayed tasks whose time has come; default 200 ms.
    pub poll: Duration,
    /// How often the reaper makes its round; default 5 s.
    pub reap_interval: Duration,
    /// How long running tasks may take to stop at shutdown; default 10 s.
    pub drain: Duration,
    /// Pause after the first failure that may pass, which grows with each; default 1 s.
    pub retry_pause: Duration,
    /// Tasks that may run at the same time over all workers.
    pub limits: Limits,
}

impl WorkerSettings {
    /// The defaults, under a name.
    pub fn named(name: impl Into<String>) -> WorkerSettings {
        WorkerSettings {
            name: name.into(),
            concurrency: 2,
            lease: Duration::from_secs(30),
            beat: Duration::from_secs(5),
            progress_beat: Duration::from_secs(1),
            poll: Duration::from_millis(200),
            reap_interval: Duration::from_secs(5),
            drain: Duration::from_secs(10),
            retry_pause: Duration::from_secs(1),
            limits: Limits::default(),
        }
    }
}

/// Claims and runs tasks until `shutdown`; then stops claiming, tells the running tasks to stop, gives them back
/// to the queue, and ends within [`WorkerSettings::drain`].
pub async fn run(
    store: Arc<dyn TaskStore>,
    registry: Arc<Registry>,
    settings: WorkerSettings,
    shutdown: CancellationToken,
) {
    let concurrency = settings.concurrency.max(1);
    let places = Arc::new(Semaphore::new(concurrency));
    let doorbell = store.doorbell();
    let mut claimer = Claimer::new(&registry);
    let mut runs = JoinSet::new();
    let mut pause = settings.poll;
    let mut looked_for_delayed = None::<Instant>;
    while !shutdown.is_cancelled() {
        if looked_for_delayed.is_none_or(|at| at.elapsed() >= settings.poll) {
            looked_for_delayed = Some(Instant::now());
            if let Err(error) = reaper::release_delayed(&*store, &registry).await {
                tracing::warn!(error = %error, "could not look for delayed tasks");
            }
        }
        while !shutdown.is_cancelled()
            && let Ok(place) = Arc::clone(&places).try_acquire_owned()
        {
            let is_idle = places.available_permits() + 1 == concurrency;
            match claimer.claim_next(&store, &registry, &settings, is_idle).await {
                Ok(Found::Task(claimed)) => {
                    // With all the other places, which nobody has, nothing is claimed beside it.
                    let others = u32::try_from(concurrency - 1).unwrap_or(u32::MAX);
                    let others =
                        claimed.is_suspect().then(|| Arc::clone(&places).try_acquire_many_owned(others));
                    let (store, settings) = (Arc::clone(&store), settings.clone());
                    let (doorbell, shutdown) = (doorbell.clone(), shutdown.clone());
                    runs.spawn(async move {
                        run::run_claimed(store, claimed, &settings, &shutdown).await;
                        drop((place, others));
                        doorbell.ring();
                    });
                }
                // One that is to run alone waits until the others have ended; each of them rings.
                Ok(Found::Nothing | Found::Suspect) => {
                    pause = settings.poll;
                    break;
                }
                Err(error) => {
                    pause = (pause * 2).min(PAUSE_MAX);
                    tracing::warn!(error = %error, pause_ms = pause.as_millis() as u64, "could not claim");
                    break;
                }
            }
        }
        while runs.try_join_next().is_some() {}
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = doorbell.rung() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    let drained =
        tokio::time::timeout(settings.drain, async { while runs.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(count = runs.len(), "tasks did not stop in time; their leases will end by themselves");
    }
}
