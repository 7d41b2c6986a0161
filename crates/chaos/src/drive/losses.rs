//! Why tasks lost their workers.

use std::collections::HashMap;

use longshore_tasks::Task;

use super::record::{Ended, Fault, NodeEnd};
use crate::journal::{Entry, Fact};
use crate::timing::LEASE;

/// Why a run was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The driver did something to its node.
    Injected,
    /// A poisonous task aborted the process.
    Poison,
    /// Nobody knows.
    Unknown,
}

/// Why runs were lost, by task and epoch.
pub struct Losses {
    runs: HashMap<(String, u64), Why>,
    /// Whether anything was injected that may lose a claim before its run begins.
    any_injected: bool,
}

impl Losses {
    /// Joins journals, faults and ends of nodes.
    pub fn of(entries: &[Entry], faults: &[Fault], ends: &[NodeEnd]) -> Losses {
        let ended: HashMap<&str, &NodeEnd> = ends.iter().map(|end| (end.node.as_str(), end)).collect();
        let over: HashMap<(&str, u64), u64> = entries
            .iter()
            .filter(|entry| matches!(entry.fact, Fact::End { .. }))
            .map(|entry| ((entry.task.as_str(), entry.epoch), entry.at))
            .collect();
        let lease = u64::try_from(LEASE.as_millis()).unwrap_or_default();
        let begun = entries.iter().filter(|entry| matches!(entry.fact, Fact::Begin { .. }));
        let runs = begun.map(|entry| {
            let run = (entry.task.as_str(), entry.epoch);
            let end = ended.get(entry.node.as_str());
            // What keeps a finished run's end from the store costs its lease, too.
            let until =
                over.get(&run).map_or_else(|| end.map_or(u64::MAX, |end| end.at), |at| at + 2 * lease);
            let was_hit = faults
                .iter()
                .any(|fault| fault.kind.costs_leases() && fault.hits(&entry.node, entry.at, until));
            let aborted = end.is_some_and(|end| end.how == Ended::Aborted) && !over.contains_key(&run);
            let why = match (aborted, was_hit) {
                (true, _) => Why::Poison,
                (false, true) => Why::Injected,
                (false, false) => Why::Unknown,
            };
            ((entry.task.clone(), entry.epoch), why)
        });
        Losses { runs: runs.collect(), any_injected: !faults.is_empty() }
    }

    fn last(&self, task: &Task) -> Why {
        // A claim that never became a run was lost with its answer, or with its node at that moment.
        let lost_claim = if self.any_injected { Why::Injected } else { Why::Unknown };
        self.runs.get(&(task.id.to_string(), task.epoch)).copied().unwrap_or(lost_claim)
    }

    /// Whether the loss by which the task was given up was injected, or another's poison, which is judged on its own.
    pub fn are_injected(&self, task: &Task) -> bool {
        self.last(task) != Why::Unknown
    }

    /// Whether it was given up with a process that a poisonous task aborted.
    pub fn last_was_poison(&self, task: &Task) -> bool {
        self.last(task) == Why::Poison
    }
}
