//! Counts of tasks, for operators.

use std::collections::BTreeMap;

use crate::entity::{Lane, Timestamp};

/// How many tasks stand where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Lanes in which tasks wait.
    pub lanes: Vec<LaneStats>,
    /// Running tasks by kind.
    pub running: BTreeMap<String, u64>,
    /// Tasks that wait for their time.
    pub delayed: u64,
    /// Tasks in the dead letter list.
    pub dead: u64,
    /// Tasks that are not archived: waiting, running, or ended and not yet seen.
    pub live: u64,
    /// The store's time.
    pub now: Timestamp,
}

/// The tasks that wait in one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneStats {
    /// The lane.
    pub lane: Lane,
    /// Tasks that wait.
    pub waiting: u64,
    /// Tenants that they belong to.
    pub tenants: u64,
    /// When the task was registered that has waited longest among those first in their tenant's line.
    pub oldest: Timestamp,
}
