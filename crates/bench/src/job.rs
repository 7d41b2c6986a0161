//! A job that does nothing but say when it began, and the worker that runs it.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use longshore_protocol::TaskId;
use longshore_tasks::{
    Done, Job, JobError, Registry, Runs, Task, TaskContext, TaskStore, WorkerSettings, worker,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Where each run tells its task and the moment it began.
pub type Began = UnboundedSender<(TaskId, Instant)>;

/// Does nothing.
pub struct EmptyJob {
    /// Whom to tell.
    pub began: Began,
}

#[async_trait]
impl Job for EmptyJob {
    const KIND: &'static str = "bench_empty";
    const VERSION: u32 = 1;
    type Payload = ();
    type Output = ();

    async fn run(&self, _payload: (), context: &TaskContext) -> Result<Done<()>, JobError> {
        // Nobody listens any more where the measurement has ended.
        let _ = self.began.send((context.task().id.clone(), Instant::now()));
        Ok(Done::Finished(()))
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

/// A worker of empty jobs.
pub struct EmptyWorker {
    shutdown: CancellationToken,
    handle: JoinHandle<()>,
}

impl EmptyWorker {
    /// Begins to work.
    pub fn start(store: Arc<dyn TaskStore>, settings: WorkerSettings, began: Began) -> EmptyWorker {
        let registry = Arc::new(Registry::default().with(EmptyJob { began }));
        let shutdown = CancellationToken::new();
        let handle = tokio::spawn(worker::run(store, registry, settings, shutdown.clone()));
        EmptyWorker { shutdown, handle }
    }

    /// Ends it.
    pub async fn stop(self) {
        self.shutdown.cancel();
        // A worker that panicked has been seen already: the tasks that it did not run are missing.
        let _ = self.handle.await;
    }
}
