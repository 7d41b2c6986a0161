//! Adds a row and one to a counter in the ledger.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_protocol::FailureCode;
use longshore_tasks::{Done, Job, JobError, Runs, Task, TaskContext};

use super::{Scene, passing, pause};
use crate::journal::Fact;
use crate::order::{ATTEMPTS_MAX, Instructions};

/// See the module.
pub struct Transfer(pub Arc<Scene>);

impl Transfer {
    async fn transfer(&self, order: &Instructions, context: &TaskContext) -> Result<Done<()>, JobError> {
        pause(context, order.pause_ms).await?;
        let task = context.task();
        let parent = task.parent.as_ref().map(ToString::to_string);
        let row =
            self.0.ledger.transfer(task.id.to_string(), parent, order.number, context.token().to_string());
        row.await.map_err(|error| passing(FailureCode::Database, error))?;
        // A crash here finds the effect done and the task not.
        pause(context, order.pause_ms / 2).await?;
        Ok(Done::Finished(()))
    }
}

#[async_trait]
impl Job for Transfer {
    const KIND: &'static str = "transfer";
    const VERSION: u32 = 1;
    const ATTEMPTS_MAX: u32 = ATTEMPTS_MAX;
    type Payload = Instructions;
    type Output = ();

    async fn run(&self, order: Instructions, context: &TaskContext) -> Result<Done<()>, JobError> {
        self.0.journal.note(context, order.number, Fact::Begin { checkpoint: None });
        let result = self.transfer(&order, context).await;
        self.0.ended(context, order.number, result)
    }

    // What was transferred stays: a ledger has no way back.
    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}
