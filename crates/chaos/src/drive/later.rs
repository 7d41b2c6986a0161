//! A store seen from later: what is kept until some time is past it. So the end of all retentions can be looked at without
//! waiting for it, by the reaper itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use longshore_protocol::{OwnerId, TaskId};
use longshore_tasks::entity::Slot;
use longshore_tasks::store::{Change, Committed, DueIndex, Stats};
use longshore_tasks::{Doorbell, Lane, Limits, Loaded, StoreError, Task, TaskStore, entity::Timestamp};

/// The store, `by` later.
pub struct Later {
    /// The store.
    pub store: Arc<dyn TaskStore>,
    /// How much later than all that is written in it.
    pub by: Duration,
}

impl Later {
    fn shifted(&self, loaded: Loaded) -> Loaded {
        Loaded { now: loaded.now.plus(self.by), ..loaded }
    }
}

#[async_trait]
impl TaskStore for Later {
    async fn load(&self, id: &TaskId) -> Result<Loaded, StoreError> {
        Ok(self.shifted(self.store.load(id).await?))
    }

    async fn load_slot(&self, slot: &Slot) -> Result<Loaded, StoreError> {
        Ok(self.shifted(self.store.load_slot(slot).await?))
    }

    async fn commit(&self, changes: &[Change<'_>], limits: &Limits) -> Result<Committed, StoreError> {
        self.store.commit(changes, limits).await
    }

    async fn next(&self, lanes: &[Lane], limits: &Limits, limit: usize) -> Result<Vec<Loaded>, StoreError> {
        let found = self.store.next(lanes, limits, limit).await?;
        Ok(found.into_iter().map(|loaded| self.shifted(loaded)).collect())
    }

    /// By then, everything is due.
    async fn due(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.store.listed(index, limit).await
    }

    async fn listed(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.store.listed(index, limit).await
    }

    async fn history(&self, owner: &OwnerId, limit: usize) -> Result<(Vec<Task>, Timestamp), StoreError> {
        let (tasks, now) = self.store.history(owner, limit).await?;
        Ok((tasks, now.plus(self.by)))
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.store.stats().await
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.store.now().await?.plus(self.by))
    }

    fn doorbell(&self) -> Doorbell {
        self.store.doorbell()
    }

    fn is_exclusive(&self) -> bool {
        self.store.is_exclusive()
    }
}
