//! The jobs: each leaves a trace outside the runner by which its promise can be checked.

mod batch;
mod flaky;
mod poison;
mod report;
mod stepper;
mod transfer;

use std::sync::Arc;
use std::time::Duration;

use longshore_files::FileStore;
use longshore_protocol::FailureCode;
use longshore_tasks::{Done, JobError, Registry, TaskContext};

pub use self::batch::Counted;
pub use self::report::content_of;
use crate::journal::{Fact, Journal};
use crate::ledger::Ledger;
use crate::place::Place;

/// What the jobs of one process share.
pub struct Scene {
    place: Place,
    journal: Journal,
    ledger: Ledger,
    files: FileStore,
    broken_files: FileStore,
}

impl Scene {
    /// The scene of the process `name`.
    ///
    /// # Errors
    /// If a part of it can't be opened.
    pub fn open(place: &Place, name: &str) -> anyhow::Result<Arc<Scene>> {
        Ok(Arc::new(Scene {
            journal: Journal::open(&place.journals(), name)?,
            ledger: Ledger::open(&place.ledger())?,
            files: FileStore::in_folder(&place.files())?,
            broken_files: place.broken_files(name)?,
            place: place.clone(),
        }))
    }

    /// Every kind of work.
    pub fn registry(self: &Arc<Scene>) -> Registry {
        Registry::default()
            .with(transfer::Transfer(Arc::clone(self)))
            .with(report::Report(Arc::clone(self)))
            .with(batch::Batch(Arc::clone(self)))
            .with(stepper::Stepper(Arc::clone(self)))
            .with(flaky::Flaky(Arc::clone(self)))
            .with(poison::Poison(Arc::clone(self)))
    }

    /// The file store, which fails while it is told to.
    fn files(&self) -> &FileStore {
        if self.place.files_fail() { &self.broken_files } else { &self.files }
    }

    /// Writes down how a run ended.
    fn ended<T>(
        &self,
        context: &TaskContext,
        number: u64,
        result: Result<Done<T>, JobError>,
    ) -> Result<Done<T>, JobError> {
        self.journal.note(context, number, Fact::End { well: result.is_ok() });
        result
    }
}

/// Waits, unless the run must stop.
async fn pause(context: &TaskContext, millis: u64) -> Result<(), JobError> {
    tokio::select! {
        () = context.stop().cancelled() => Err(JobError::internal("told to stop")),
        () = tokio::time::sleep(Duration::from_millis(millis)) => Ok(()),
    }
}

/// A failure that another attempt may not meet.
fn passing(code: FailureCode, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> JobError {
    JobError { code, detail: None, may_pass: true, cause: cause.into() }
}
