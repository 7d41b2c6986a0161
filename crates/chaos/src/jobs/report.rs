//! Makes a file in a few pieces; the finishing transition publishes it.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use longshore_files::{FileError, FileWriter};
use longshore_protocol::{FailureCode, Unit};
use longshore_tasks::{Done, Job, JobError, Runs, Task, TaskContext};

use super::{Scene, passing, pause};
use crate::journal::Fact;
use crate::order::{ATTEMPTS_MAX, Instructions};

/// See the module.
pub struct Report(pub Arc<Scene>);

/// One piece of the content of a report: every piece of a file is the same.
fn piece_of(number: u64) -> String {
    format!("report {number}\n").repeat(64)
}

/// What the file of the report of that number holds.
pub fn content_of(order: &Instructions) -> String {
    piece_of(order.number).repeat(order.count as usize)
}

fn file_error(error: FileError) -> JobError {
    passing(FailureCode::FileStore, error)
}

impl Report {
    async fn write(
        &self,
        writer: &mut FileWriter,
        order: &Instructions,
        context: &TaskContext,
    ) -> Result<(), JobError> {
        for piece in 1..=order.count {
            pause(context, order.pause_ms).await?;
            writer.write(Bytes::from(piece_of(order.number))).await.map_err(file_error)?;
            context.report(u64::from(piece), Some(u64::from(order.count)), Unit::Rows);
        }
        Ok(())
    }

    async fn make(&self, order: &Instructions, context: &TaskContext) -> Result<Done<String>, JobError> {
        let key = format!("reports/{}/{}", context.task().id, context.token());
        let mut writer = self.0.files().create(&key).await.map_err(file_error)?;
        if let Err(error) = self.write(&mut writer, order, context).await {
            writer.abort().await;
            return Err(error);
        }
        writer.finish().await.map_err(file_error)?;
        // A crash here leaves a complete file that no task names.
        pause(context, order.pause_ms / 2).await?;
        Ok(Done::Finished(key))
    }
}

#[async_trait]
impl Job for Report {
    const KIND: &'static str = "report";
    const VERSION: u32 = 1;
    const ATTEMPTS_MAX: u32 = ATTEMPTS_MAX;
    type Payload = Instructions;
    type Output = String;

    async fn run(&self, order: Instructions, context: &TaskContext) -> Result<Done<String>, JobError> {
        self.0.journal.note(context, order.number, Fact::Begin { checkpoint: None });
        let result = self.make(&order, context).await;
        self.0.ended(context, order.number, result)
    }

    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.0.place.files_fail() {
            return Err("the file store fails at present".into());
        }
        match runs {
            Runs::All => self.0.files.remove_folder(&format!("reports/{}/", task.id)).await?,
            Runs::Only(token) => self.0.files.remove(&format!("reports/{}/{token}", task.id)).await?,
        }
        Ok(())
    }
}
