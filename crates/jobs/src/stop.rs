//! Stop orders for threads that cannot await.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use longshore_tasks::TaskContext;
use tokio::task::JoinHandle;

/// Set when a run is told to stop, and when its future is dropped: its threads must not outlive it by more than a moment.
pub(crate) struct StopFlag {
    flag: Arc<AtomicBool>,
    watcher: JoinHandle<()>,
}

impl StopFlag {
    /// Follows the stop orders of a run.
    pub(crate) fn following(context: &TaskContext) -> StopFlag {
        let flag = Arc::new(AtomicBool::new(context.stop().is_cancelled()));
        let watcher = tokio::spawn({
            let (told, flag) = (context.stop().clone(), Arc::clone(&flag));
            async move {
                told.cancelled().await;
                flag.store(true, Ordering::Relaxed);
            }
        });
        StopFlag { flag, watcher }
    }

    /// The flag, for a thread.
    pub(crate) fn share(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }
}

impl Drop for StopFlag {
    fn drop(&mut self) {
        self.watcher.abort();
        self.flag.store(true, Ordering::Relaxed);
    }
}
