//! Has transfers as children, waits for them, and counts: by its own record, by theirs, and in the ledger.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_protocol::FailureCode;
use longshore_tasks::{Done, Job, JobError, Runs, State, Task, TaskContext, child_of};
use serde::{Deserialize, Serialize};

use super::transfer::Transfer;
use super::{Scene, passing};
use crate::journal::Fact;
use crate::order::{ATTEMPTS_MAX, Instructions};

/// See the module.
pub struct Batch(pub Arc<Scene>);

/// What a batch found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Children by the parent's own record.
    pub total: u32,
    /// Of these, succeeded by the parent's own record.
    pub succeeded: u32,
    /// Succeeded by their own records.
    pub own_succeeded: u32,
    /// Rows in the ledger.
    pub rows: u32,
}

impl Batch {
    async fn spawn(&self, order: &Instructions, context: &TaskContext) -> Result<(), JobError> {
        let child = child_of::<Transfer>(&Instructions { count: 0, ..order.clone() });
        let child = child.map_err(JobError::internal)?;
        // In two parts, so that a run is sometimes lost between them.
        let half = order.count / 2;
        for wanted in [half, order.count] {
            let missing = wanted.saturating_sub(context.child_count());
            context.spawn(vec![child.clone(); missing as usize]).await?;
        }
        Ok(())
    }

    async fn count(&self, order: &Instructions, context: &TaskContext) -> Result<Counted, JobError> {
        let task = context.task();
        let mut own = 0;
        for number in 0..task.children.total {
            let child = context.child(number).await.map_err(|error| passing(FailureCode::Internal, error))?;
            let state = child.map(|child| child.state);
            own += u32::from(state == Some(State::Succeeded));
            if !state.is_some_and(State::is_final) {
                let what = format!("child {number} of a batch that was resumed is {state:?}");
                self.0.journal.note(context, order.number, Fact::Wrong { what });
            }
        }
        let rows = self.0.ledger.of_parent(task.id.to_string()).await;
        Ok(Counted {
            total: task.children.total,
            succeeded: task.children.succeeded,
            own_succeeded: own,
            rows: rows.map_err(|error| passing(FailureCode::Database, error))?,
        })
    }

    async fn work(&self, order: &Instructions, context: &TaskContext) -> Result<Done<Counted>, JobError> {
        let children = context.task().children;
        if children.total < order.count {
            self.spawn(order, context).await?;
            return Ok(Done::AfterChildren);
        }
        // Also a run that took over after all children were spawned has to wait for them.
        if children.open() > 0 {
            return Ok(Done::AfterChildren);
        }
        self.count(order, context).await.map(Done::Finished)
    }
}

#[async_trait]
impl Job for Batch {
    const KIND: &'static str = "batch";
    const VERSION: u32 = 1;
    const ATTEMPTS_MAX: u32 = ATTEMPTS_MAX;
    type Payload = Instructions;
    type Output = Counted;

    async fn run(&self, order: Instructions, context: &TaskContext) -> Result<Done<Counted>, JobError> {
        self.0.journal.note(context, order.number, Fact::Begin { checkpoint: None });
        let result = self.work(&order, context).await;
        self.0.ended(context, order.number, result)
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}
