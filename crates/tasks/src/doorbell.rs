//! Wakes a worker that has nothing to do.

use std::sync::Arc;

use tokio::sync::Notify;

/// One bell; its clones ring and hear the same. A ring is kept until somebody hears it, and only one does.
#[derive(Clone, Debug, Default)]
pub struct Doorbell(Arc<Notify>);

impl Doorbell {
    /// There is work.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Returns when the bell rings, at once if it rang since it was last heard.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}
