//! What a job is to the runner: something that runs, can be told to stop, and can clean up.

use std::error::Error;

use async_trait::async_trait;
use longshore_protocol::FailureCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::TaskContext;
use crate::entity::{Payload, Task, Token};
use crate::event::NewChild;
use crate::json::Json;

/// Why a run of a job failed.
#[derive(Debug, thiserror::Error)]
#[error("{code:?}")]
pub struct JobError {
    /// What went wrong, for programs.
    pub code: FailureCode,
    /// What in particular, where it helps a person; no cell contents, no secrets.
    pub detail: Option<String>,
    /// Whether the reason may pass, so that the same run may succeed a little later.
    pub may_pass: bool,
    /// The cause, for the log.
    #[source]
    pub cause: Box<dyn Error + Send + Sync>,
}

impl JobError {
    /// A failure for which there is nothing to be said to a person, and which will not pass.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> JobError {
        JobError { code: FailureCode::Internal, detail: None, may_pass: false, cause: cause.into() }
    }
}

/// How a run ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done<T> {
    /// With what the task made.
    Finished(T),
    /// It has spawned children; the job is run again, with its last checkpoint, when all of them have ended.
    AfterChildren,
}

/// A kind of work.
///
/// A run may end at any point without notice, and then another one begins, here or elsewhere, with the last checkpoint.
/// Two runs of a task may overlap for a while, when one has lost its lease and does not know it yet: what a run writes
/// elsewhere carries its [`Token`], or is guarded by the place it is written to. Only the store decides which one counts.
#[async_trait]
pub trait Job: Send + Sync + 'static {
    /// Its name in slots and lanes: lower-case letters, digits and `_`.
    const KIND: &'static str;
    /// The newest payload version that it can read; older ones, from 1, it must read too.
    const VERSION: u32;
    /// Failed runs after which a task is given up, where the failures may pass.
    const ATTEMPTS_MAX: u32 = 3;
    /// What it is to do.
    type Payload: Serialize + DeserializeOwned + Send;
    /// What it makes: the task's result.
    type Output: Serialize + DeserializeOwned;

    /// Reads a payload of `version`, at most [`Job::VERSION`]. To be written by jobs whose payload has changed.
    ///
    /// # Errors
    /// If the body is not of that version.
    fn read_payload(version: u32, body: &Json) -> Result<Self::Payload, serde_json::Error> {
        let _ = version;
        body.read()
    }

    /// Does the work. Must end soon after `context.stop()` is cancelled, with whatever result, and must have removed what it
    /// had half made by then.
    ///
    /// # Errors
    /// A [`JobError`] that a person can be told.
    async fn run(
        &self,
        payload: Self::Payload,
        context: &TaskContext,
    ) -> Result<Done<Self::Output>, JobError>;

    /// Removes what the task needs no more now that it has succeeded for good: called with its final entity after the store has
    /// accepted the end of the run that counts, and also by a run that learns that another one has succeeded. A run must not do
    /// so itself: until its end is accepted, what it takes for leftovers may be what another run has published.
    ///
    /// # Errors
    /// The cause, for the log; what remains is removed at the end of the task's retention.
    async fn settle(&self, task: &Task) -> Result<(), Box<dyn Error + Send + Sync>> {
        let _ = task;
        Ok(())
    }

    /// Removes what runs of the task left behind or made; may be called again for the same. Called for all runs when a
    /// task ends without a result and when its retention ends, and for one run whose end was refused while the task goes on.
    ///
    /// # Errors
    /// The cause, for the log; what remains is removed at the end of the task's retention.
    async fn discard(&self, task: &Task, runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// The payload of a task of kind `J`, of its newest version.
///
/// # Errors
/// If it can't be written as JSON.
pub fn payload_of<J: Job>(payload: &J::Payload) -> Result<Payload, serde_json::Error> {
    Ok(Payload { version: J::VERSION, body: Json::of(payload)? })
}

/// A child of kind `J`.
///
/// # Errors
/// If the payload can't be written as JSON.
pub fn child_of<J: Job>(payload: &J::Payload) -> Result<NewChild, serde_json::Error> {
    Ok(NewChild {
        kind: J::KIND.to_owned(),
        payload: payload_of::<J>(payload)?,
        attempts_max: J::ATTEMPTS_MAX,
    })
}

/// What a task of kind `J` made; `None` unless it succeeded with such a result.
pub fn output_of<J: Job>(task: &Task) -> Option<J::Output> {
    task.result.as_ref()?.read().ok()
}

/// Which runs of a task are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runs {
    /// Every one.
    All,
    /// The one with this fencing token.
    Only(Token),
}
