//! Every key that Longshore has in Redis.
//!
//! `{lsN}` is the hash tag of shard N: all keys of one transition share it, so that they live on one node
//! of a cluster and one script can commit them together.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `longshore:{lsN}:task:<id>` | hash | a live task's entity, see [`Fields`](super) |
//! | `longshore:{lsN}:archive:<id>` | hash | the record of a task that has left its slot |
//! | `longshore:{lsN}:slot:<owner>:<kind>:<subject>` | string | the id of the live task |
//! | `longshore:{lsN}:idempotency:<owner>:<key>` | string | the id of the task it registered |
//! | `longshore:{lsN}:ready` | zset | id by time of registration, waiting for a worker |
//! | `longshore:{lsN}:lease` | zset | id by end of its lease |
//! | `longshore:{lsN}:deadline` | zset | id by deadline |
//! | `longshore:{lsN}:purge` | zset | id by the time when its record may go |
//! | `longshore:{lsN}:history:<owner>` | zset | id by time of registration |

use longshore_protocol::{OwnerId, TaskId};

use crate::entity::Slot;
use crate::id::Shard;

/// What every key begins with.
pub const PREFIX: &str = "longshore";

/// Makes the keys of one shard, all below `namespace` (`longshore` but for tests).
#[derive(Clone, Debug)]
pub struct Keys {
    base: String,
}

impl Keys {
    /// The keys of `shard` below `namespace`.
    pub fn new(namespace: &str, shard: Shard) -> Keys {
        Keys { base: format!("{namespace}:{{ls{}}}", shard.number()) }
    }

    /// A live task's entity.
    pub fn task(&self, id: &TaskId) -> String {
        format!("{}:task:{id}", self.base)
    }

    /// An archived task's record.
    pub fn archive(&self, id: &TaskId) -> String {
        format!("{}:archive:{id}", self.base)
    }

    /// The live task of a slot.
    pub fn slot(&self, slot: &Slot) -> String {
        format!("{}:slot:{}:{}:{}", self.base, slot.owner, slot.kind, slot.subject)
    }

    /// The task that a request of this key registered.
    pub fn idempotency(&self, owner: &OwnerId, key: &str) -> String {
        format!("{}:idempotency:{owner}:{key}", self.base)
    }

    /// An owner's tasks.
    pub fn history(&self, owner: &OwnerId) -> String {
        format!("{}:history:{owner}", self.base)
    }

    /// Tasks that wait for a worker.
    pub fn ready(&self) -> String {
        format!("{}:ready", self.base)
    }

    /// Tasks by the end of their lease.
    pub fn lease(&self) -> String {
        format!("{}:lease", self.base)
    }

    /// Tasks by their deadline.
    pub fn deadline(&self) -> String {
        format!("{}:deadline", self.base)
    }

    /// Records by the time when they may go.
    pub fn purge(&self) -> String {
        format!("{}:purge", self.base)
    }
}
