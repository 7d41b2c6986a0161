//! Tasks to measure with.

use std::time::Duration;

use anyhow::Context;
use longshore_protocol::{OwnerId, TenantId};
use longshore_tasks::entity::{Lease, Payload, Slot};
use longshore_tasks::id::new_task_id;
use longshore_tasks::{Job, NewTask, Priority, State, Task, Timestamp, Token};

use crate::job::EmptyJob;

/// A version of payloads that no worker knows, so that tasks of it wait for as long as they are needed.
pub const FUTURE_VERSION: u32 = 99;
/// For as long as any measurement takes.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// An owner by number.
///
/// # Errors
/// None: letters and digits are an id.
pub fn owner(prefix: &str, number: u64) -> anyhow::Result<OwnerId> {
    OwnerId::parse(format!("{prefix}-{number}")).context("an owner's id")
}

/// A tenant by number.
///
/// # Errors
/// None: letters and digits are an id.
pub fn tenant(prefix: &str, number: u64) -> anyhow::Result<TenantId> {
    TenantId::parse(format!("{prefix}-{number}")).context("a tenant's id")
}

/// An empty job to register.
pub fn empty(tenant: TenantId, owner: OwnerId) -> NewTask {
    NewTask {
        tenant,
        slot: Slot { owner, kind: EmptyJob::KIND.to_owned(), subject: "nothing".to_owned() },
        payload: Payload { version: EmptyJob::VERSION, body: Default::default() },
        priority: Priority::Normal,
        delay: Duration::ZERO,
        attempts_max: EmptyJob::ATTEMPTS_MAX,
        time_limit: LONG,
        retention: LONG,
        idempotency_key: None,
    }
}

/// A task like `pattern`, which has ended, but somebody else's and waiting.
pub fn queued_like(pattern: &Task, tenant: TenantId, owner: OwnerId, registered_at: Timestamp) -> Task {
    Task {
        id: new_task_id(&tenant, registered_at),
        slot: Slot { owner, ..pattern.slot.clone() },
        tenant,
        state: State::Queued,
        archived: false,
        lease: None,
        epoch: 0,
        progress: Default::default(),
        result: None,
        idempotency_key: None,
        version: 1,
        registered_at,
        started_at: None,
        finished_at: None,
        deadline: registered_at.plus(LONG),
        ..pattern.clone()
    }
}

/// A task like `pattern`, but somebody else's and running elsewhere.
pub fn running_like(pattern: &Task, tenant: TenantId, owner: OwnerId, registered_at: Timestamp) -> Task {
    let lease = Lease {
        token: Token { epoch: 1, nonce: 7 },
        worker: "elsewhere-00000000".to_owned(),
        expires_at: registered_at.plus(LONG),
    };
    Task {
        state: State::Running,
        lease: Some(lease),
        epoch: 1,
        version: 2,
        started_at: Some(registered_at),
        progress: pattern.progress,
        ..queued_like(pattern, tenant, owner, registered_at)
    }
}

/// A task like `pattern`, but somebody else's and in the archive.
pub fn archived_like(pattern: &Task, tenant: TenantId, owner: OwnerId, at: Timestamp) -> Task {
    Task {
        id: new_task_id(&tenant, at),
        slot: Slot { owner, ..pattern.slot.clone() },
        tenant,
        archived: true,
        idempotency_key: None,
        registered_at: at,
        finished_at: Some(at),
        deadline: at.plus(LONG),
        ..pattern.clone()
    }
}
