//! A task to begin with.

use std::time::Duration;

use longshore_protocol::{OwnerId, TaskId, TenantId};
use longshore_tasks::entity::{Payload, Slot};
use longshore_tasks::{Priority, Progress, State, Task, Timestamp};

/// A task that was registered at second 1 and waits for a worker, with 100 seconds until its deadline.
pub fn queued() -> Task {
    let now = Timestamp::from_millis(1_000);
    Task {
        id: TaskId::parse("t1").expect("valid"),
        tenant: TenantId::parse("main").expect("valid"),
        slot: Slot {
            owner: OwnerId::parse("ann").expect("valid"),
            kind: "test".into(),
            subject: "orders".into(),
        },
        payload: Payload { version: 1, body: Default::default() },
        priority: Priority::Normal,
        parent: None,
        children: Default::default(),
        state: State::Queued,
        run_at: None,
        cancel_requested: false,
        archived: false,
        lease: None,
        epoch: 0,
        crash_count: 0,
        failed_runs: 0,
        attempts_max: 3,
        dead: false,
        progress: Progress::default(),
        cursor: None,
        result: None,
        failure: None,
        idempotency_key: None,
        version: 1,
        stamp: 1,
        registered_at: now,
        started_at: None,
        finished_at: None,
        deadline: now.plus(Duration::from_secs(100)),
        retention_ms: 1_000,
    }
}
