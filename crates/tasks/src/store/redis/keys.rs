//! Every key that Longshore has in Redis.
//!
//! `{lsN}` is the hash tag of shard N: all keys of one transition share it, so that they live on one node
//! of a cluster and one script can commit them together. The scripts that read make the names of the keys
//! they find below the same tag, which is why the base is given to them.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `longshore:{lsN}:task:<id>` | hash | a live task's entity, see [`RedisStore`](super::RedisStore)'s module |
//! | `longshore:{lsN}:archive:<id>` | hash | the record of a task that has left its slot |
//! | `longshore:{lsN}:slot:<owner>:<kind>:<subject>` | string | the id of the live task |
//! | `longshore:{lsN}:idempotency:<owner>:<key>` | string | the id of the task it registered |
//! | `longshore:{lsN}:ready:<kind>@<version>:<tenant>` | zset | id by rank: waiting for a worker |
//! | `longshore:{lsN}:ring:<kind>@<version>` | zset | tenants with waiting tasks, by their turn |
//! | `longshore:{lsN}:lanes` | set | `<kind>@<version>` with waiting tasks |
//! | `longshore:{lsN}:running:tenant:<tenant>` | set | ids of its running tasks |
//! | `longshore:{lsN}:running:kind:<kind>` | set | ids of running tasks of the kind |
//! | `longshore:{lsN}:kinds` | set | kinds with running tasks |
//! | `longshore:{lsN}:lease` | zset | id by end of its lease |
//! | `longshore:{lsN}:deadline` | zset | id by deadline |
//! | `longshore:{lsN}:delayed` | zset | id by the time before which it is not to be claimed |
//! | `longshore:{lsN}:purge` | zset | id by the time when its record may go |
//! | `longshore:{lsN}:dead` | zset | id by the time when it was given up |
//! | `longshore:{lsN}:history:<owner>` | zset | id by time of registration |
//! | `longshore:{lsN}:bell` | channel | a message when a task has come to wait |

use longshore_protocol::{OwnerId, TaskId, TenantId};

use crate::entity::{Lane, Slot};
use crate::id::Shard;
use crate::store::DueIndex;

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

    /// What all of them begin with.
    pub fn base(&self) -> &str {
        &self.base
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

    /// A tenant's waiting tasks of a lane.
    pub fn ready(&self, lane: &Lane, tenant: &TenantId) -> String {
        format!("{}:ready:{lane}:{tenant}", self.base)
    }

    /// The tenants of a lane, by their turn.
    pub fn ring(&self, lane: &Lane) -> String {
        format!("{}:ring:{lane}", self.base)
    }

    /// The lanes in which tasks wait.
    pub fn lanes(&self) -> String {
        format!("{}:lanes", self.base)
    }

    /// A tenant's running tasks.
    pub fn running_of_tenant(&self, tenant: &TenantId) -> String {
        format!("{}:running:tenant:{tenant}", self.base)
    }

    /// A kind's running tasks.
    pub fn running_of_kind(&self, kind: &str) -> String {
        format!("{}:running:kind:{kind}", self.base)
    }

    /// The kinds of which tasks run.
    pub fn kinds(&self) -> String {
        format!("{}:kinds", self.base)
    }

    /// Tasks by time.
    pub fn index(&self, index: DueIndex) -> String {
        format!("{}:{}", self.base, index.name())
    }

    /// The channel of the doorbell.
    pub fn bell(&self) -> String {
        format!("{}:bell", self.base)
    }
}
