//! The kinds of work that a process can do, without their types.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use longshore_protocol::FailureCode;

use crate::context::TaskContext;
use crate::entity::{Lane, Task};
use crate::job::{Done, Job, JobError, Runs};
use crate::json::Json;

/// A [`Job`] whose payload and output are JSON.
#[async_trait]
pub(crate) trait AnyJob: Send + Sync {
    fn version(&self) -> u32;
    async fn run(&self, context: &TaskContext) -> Result<Done<Json>, JobError>;
    async fn settle(&self, task: &Task) -> Result<(), Box<dyn Error + Send + Sync>>;
    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>>;
}

struct Typed<J>(J);

#[async_trait]
impl<J: Job> AnyJob for Typed<J> {
    fn version(&self) -> u32 {
        J::VERSION
    }

    async fn run(&self, context: &TaskContext) -> Result<Done<Json>, JobError> {
        let payload = &context.task().payload;
        let payload = J::read_payload(payload.version, &payload.body).map_err(|error| JobError {
            code: FailureCode::Definition,
            detail: None,
            may_pass: false,
            cause: format!("the payload can't be read: {error}").into(),
        })?;
        match self.0.run(payload, context).await? {
            Done::Finished(output) => Ok(Done::Finished(Json::of(&output).map_err(JobError::internal)?)),
            Done::AfterChildren => Ok(Done::AfterChildren),
        }
    }

    async fn settle(&self, task: &Task) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.settle(task).await
    }

    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.discard(task, runs).await
    }
}

/// The kinds of work that a process can do.
#[derive(Clone, Default)]
pub struct Registry {
    jobs: BTreeMap<&'static str, Arc<dyn AnyJob>>,
}

impl Registry {
    /// Adds a kind.
    pub fn with<J: Job>(mut self, job: J) -> Registry {
        self.jobs.insert(J::KIND, Arc::new(Typed(job)));
        self
    }

    /// The lanes whose tasks can be run here: every kind in every version.
    pub fn lanes(&self) -> Vec<Lane> {
        let lanes = |(kind, job): (&&'static str, &Arc<dyn AnyJob>)| {
            let kind = (*kind).to_owned();
            (1..=job.version()).map(move |version| Lane { kind: kind.clone(), version }).collect::<Vec<_>>()
        };
        self.jobs.iter().flat_map(lanes).collect()
    }

    /// The job for a task, unless its kind is unknown here or its payload is newer than this process.
    pub(crate) fn job_for(&self, task: &Task) -> Option<Arc<dyn AnyJob>> {
        self.jobs.get(task.slot.kind.as_str()).filter(|job| task.payload.version <= job.version()).cloned()
    }
}
