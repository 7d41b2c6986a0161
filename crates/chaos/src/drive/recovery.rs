//! How long it took until somebody went on with the work of a node that was lost.

use std::collections::HashMap;

use super::record::{Ended, Fault, FaultKind, NodeEnd};
use crate::journal::{Entry, Fact};

/// The times, in milliseconds, smallest first.
pub struct Recovery {
    /// Runs that were in the middle when their node was hit.
    pub hit: usize,
    /// From the fault to the next run of the task, where there was one.
    pub times: Vec<u64>,
}

impl Recovery {
    /// The time that so many percent do not exceed.
    pub fn percentile(&self, percent: usize) -> Option<u64> {
        let last = self.times.len().checked_sub(1)?;
        self.times.get(last * percent / 100).copied()
    }
}

#[derive(Default)]
struct Run<'a> {
    node: &'a str,
    began: u64,
    ended: Option<u64>,
    well: bool,
}

/// Joins faults and journals, for the tasks that are `counted`.
pub fn recovery(
    faults: &[Fault],
    ends: &[NodeEnd],
    entries: &[Entry],
    counted: impl Fn(&Entry) -> bool,
) -> Recovery {
    let mut runs: HashMap<&str, HashMap<u64, Run<'_>>> = HashMap::new();
    for entry in entries.iter().filter(|entry| counted(entry)) {
        let run = runs.entry(&entry.task).or_default().entry(entry.epoch).or_default();
        match entry.fact {
            Fact::Begin { .. } => (run.node, run.began) = (&entry.node, entry.at),
            Fact::End { well } => (run.ended, run.well) = (Some(entry.at), well),
            _ => {}
        }
    }
    let hits = faults
        .iter()
        .filter(|fault| matches!(fault.kind, FaultKind::Kill | FaultKind::Stop | FaultKind::CutOff))
        .filter_map(|fault| Some((fault.node.as_deref()?, fault.from)));
    let aborts = ends.iter().filter(|end| end.how == Ended::Aborted).map(|end| (end.node.as_str(), end.at));
    let mut recovery = Recovery { hit: 0, times: Vec::new() };
    for (node, at) in hits.chain(aborts) {
        for of_task in runs.values() {
            let hit = of_task.iter().find(|(_, run)| {
                run.node == node && run.began <= at && run.ended.is_none_or(|ended| ended > at)
            });
            let Some((epoch, run)) = hit else { continue };
            recovery.hit += 1;
            // It came to its end in spite of all; what followed was not a recovery.
            if run.well {
                continue;
            }
            let next = of_task.iter().filter(|(other, run)| *other > epoch && run.began >= at);
            recovery.times.extend(next.map(|(_, run)| run.began - at).min());
        }
    }
    recovery.times.sort_unstable();
    recovery
}
