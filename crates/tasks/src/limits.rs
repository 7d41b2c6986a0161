//! How many tasks may run at the same time, over all workers.

use std::collections::BTreeMap;

use crate::entity::Task;

/// Limits that a claim observes; the store checks them in the commit of the claim, so that they hold exactly. All
/// workers of a store should have the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Running tasks of one tenant; `None`: any number.
    pub per_tenant: Option<u32>,
    /// Running tasks of a kind, for the kinds named.
    pub per_kind: BTreeMap<String, u32>,
}

impl Limits {
    /// Any number of tasks.
    pub const NONE: &'static Limits = &Limits { per_tenant: None, per_kind: BTreeMap::new() };

    /// The limit of a task's kind.
    pub fn of_kind(&self, task: &Task) -> Option<u32> {
        self.per_kind.get(&task.slot.kind).copied()
    }
}
