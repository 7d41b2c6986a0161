//! The task runner: entity, transitions, stores, leases, worker loop.
