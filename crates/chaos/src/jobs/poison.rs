//! Kills its process.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_tasks::{Done, Job, JobError, Runs, Task, TaskContext};

use super::{Scene, pause};
use crate::journal::Fact;
use crate::order::{ATTEMPTS_MAX, Instructions};

/// See the module.
pub struct Poison(pub Arc<Scene>);

#[async_trait]
impl Job for Poison {
    const KIND: &'static str = "poison";
    const VERSION: u32 = 1;
    const ATTEMPTS_MAX: u32 = ATTEMPTS_MAX;
    type Payload = Instructions;
    type Output = ();

    async fn run(&self, order: Instructions, context: &TaskContext) -> Result<Done<()>, JobError> {
        self.0.journal.note(context, order.number, Fact::Begin { checkpoint: None });
        // Long enough for neighbours to be in the middle of their work.
        pause(context, order.pause_ms).await?;
        std::process::abort();
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}
