//! What killed processes leave in the file store: unfinished files.

use std::time::Duration;

use longshore_files::FileStore;

/// Removes, every `interval`, unfinished files that nobody has written to for so long that no run can be writing to them any
/// more. Ends when dropped.
pub async fn sweep(files: FileStore, untouched_for: Duration, interval: Duration) {
    loop {
        match files.remove_unfinished(untouched_for).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed unfinished files that killed processes left"),
            Err(error) => tracing::warn!(error = %error, "unfinished files could not be removed"),
        }
        tokio::time::sleep(interval).await;
    }
}
