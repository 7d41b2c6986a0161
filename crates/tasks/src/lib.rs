//! The task runner: long work that is registered, claimed, run, watched and always ended.
//!
//! Purpose: carry any job to exactly one end, whatever crashes. Nothing here knows what a job does.
//!
//! How it fits together:
//! - [`entity`] is the task as data; [`event`] is what can happen to it; [`transition`](mod@transition) is the one state machine: a pure
//!   function of (task, parent, event, now).
//! - [`placement`] derives from a task every index entry that it has, so an index cannot disagree with
//!   the task it points to.
//! - [`store`] keeps tasks: [`store::EmbeddedStore`] in one process, [`store::RedisStore`] for many.
//!   Stores know no rules; they commit tasks only if their versions are unchanged, together with their
//!   index entries.
//! - [`admission`] registers, [`worker`] claims and runs, [`control`] stops, [`reaper`] ends what nobody ends.
//! - A [`job`] is what is run; its [`context`] is what it knows and says while it runs.
//!
//! Invariants:
//! - Only [`apply`](mod@apply), [`admission`] and the reaper's purge commit, and each commit is one transition of one task,
//!   with what it means for its parent and children.
//! - Every write of a worker carries the epoch and nonce of its claim; a mismatch is refused as stale.
//! - Time is the store's clock. A worker's own clock is used only to give up early.
//! - A task past its deadline counts as ended for everyone who reads it, even before the reaper came.

pub mod admission;
pub mod apply;
pub mod context;
pub mod control;
pub mod doorbell;
pub mod entity;
pub mod event;
pub mod id;
pub mod job;
pub mod json;
pub mod limits;
pub mod placement;
pub mod reaper;
pub mod registry;
pub mod store;
pub mod transition;
pub mod worker;

pub use admission::{NewTask, Registered, RerunError, register, rerun};
pub use apply::{ApplyError, apply};
pub use context::{StopReason, TaskContext};
pub use control::cancel;
pub use doorbell::Doorbell;
pub use entity::{Failure, Lane, Priority, Progress, State, Task, Timestamp, Token};
pub use event::{Event, NewChild, Outcome, Refusal};
pub use job::{Done, Job, JobError, Runs, child_of, output_of, payload_of};
pub use json::Json;
pub use limits::Limits;
pub use registry::Registry;
pub use store::{Loaded, StoreError, TaskStore};
pub use worker::WorkerSettings;
