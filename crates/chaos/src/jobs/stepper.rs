//! Makes many small steps and sets a checkpoint after each.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_protocol::Unit;
use longshore_tasks::{Done, Job, JobError, Runs, Task, TaskContext};

use super::{Scene, pause};
use crate::journal::Fact;
use crate::order::{ATTEMPTS_MAX, Instructions};

/// See the module.
pub struct Stepper(pub Arc<Scene>);

impl Stepper {
    async fn steps(
        &self,
        from: u32,
        order: &Instructions,
        context: &TaskContext,
    ) -> Result<Done<u32>, JobError> {
        for done in from + 1..=order.count {
            pause(context, order.pause_ms).await?;
            context.set_checkpoint(&done)?;
            context.report(u64::from(done), Some(u64::from(order.count)), Unit::Rows);
            self.0.journal.note(context, order.number, Fact::Step { done });
        }
        Ok(Done::Finished(order.count))
    }
}

#[async_trait]
impl Job for Stepper {
    const KIND: &'static str = "stepper";
    const VERSION: u32 = 1;
    const ATTEMPTS_MAX: u32 = ATTEMPTS_MAX;
    type Payload = Instructions;
    type Output = u32;

    async fn run(&self, order: Instructions, context: &TaskContext) -> Result<Done<u32>, JobError> {
        let checkpoint = context.checkpoint::<u32>()?;
        self.0.journal.note(context, order.number, Fact::Begin { checkpoint });
        let result = self.steps(checkpoint.unwrap_or_default(), &order, context).await;
        self.0.ended(context, order.number, result)
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}
