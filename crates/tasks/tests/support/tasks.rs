//! A task to begin with.

use std::time::Duration;

use longshore_protocol::{OwnerId, TaskId, TenantId};
use longshore_tasks::entity::{Payload, Slot};
use longshore_tasks::{Task, Timestamp};

/// A task that was registered at second 1 and waits for a worker, with 100 seconds until its deadline.
pub fn queued() -> Task {
    let now = Timestamp::from_millis(1_000);
    let id = TaskId::parse("t1").expect("valid");
    let tenant = TenantId::parse("main").expect("valid");
    let owner = OwnerId::parse("ann").expect("valid");
    let slot = Slot { owner, kind: "test".into(), subject: "orders".into() };
    let payload = Payload { version: 1, body: Default::default() };
    let deadline = now.plus(Duration::from_secs(100));
    Task {
        attempts_max: 3,
        stamp: 1,
        retention_ms: 1_000,
        ..Task::queued(id, tenant, slot, payload, now, deadline)
    }
}
