//! What killed processes and people who went away leave in the file store: unfinished files and drafts.

use std::sync::Arc;
use std::time::Duration;

use longshore_files::FileStore;
use longshore_tasks::TaskStore;

use crate::import;

/// Removes, every `interval`, drafts of imports that nobody has touched for `draft_kept`, and unfinished files that nobody has written to for so long that no run can be writing to them any
/// more. Ends when dropped.
pub async fn sweep(
    files: FileStore,
    store: Arc<dyn TaskStore>,
    untouched_for: Duration,
    draft_kept: Duration,
    interval: Duration,
) {
    loop {
        match import::sweep::sweep(&files, &store, draft_kept).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed drafts whose time has passed, and what imports left"),
            Err(error) => tracing::warn!(error = %error, "late drafts could not be removed"),
        }
        match files.remove_unfinished(untouched_for).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed unfinished files that killed processes left"),
            Err(error) => tracing::warn!(error = %error, "unfinished files could not be removed"),
        }
        tokio::time::sleep(interval).await;
    }
}
