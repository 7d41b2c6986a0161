//! Fails at first, for a reason that passes.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_protocol::FailureCode;
use longshore_tasks::{Done, Job, JobError, Runs, Task, TaskContext};

use super::{Scene, passing, pause};
use crate::journal::Fact;
use crate::order::{ATTEMPTS_MAX, Instructions};

/// See the module.
pub struct Flaky(pub Arc<Scene>);

impl Flaky {
    async fn work(&self, order: &Instructions, context: &TaskContext) -> Result<Done<()>, JobError> {
        pause(context, order.pause_ms).await?;
        if context.task().failed_runs < order.count {
            return Err(passing(FailureCode::Database, "fails at first"));
        }
        Ok(Done::Finished(()))
    }
}

#[async_trait]
impl Job for Flaky {
    const KIND: &'static str = "flaky";
    const VERSION: u32 = 1;
    const ATTEMPTS_MAX: u32 = ATTEMPTS_MAX;
    type Payload = Instructions;
    type Output = ();

    async fn run(&self, order: Instructions, context: &TaskContext) -> Result<Done<()>, JobError> {
        self.0.journal.note(context, order.number, Fact::Begin { checkpoint: None });
        let result = self.work(&order, context).await;
        self.0.ended(context, order.number, result)
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}
