//! Which index entries a task has: a pure function of the task.
//!
//! A commit writes the entries of the new task and takes away those of the old one. No code adds or
//! removes an entry on its own, so an index and a task cannot disagree.

use crate::entity::{State, Task, Timestamp};

/// Every index entry of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The task holds its slot, and its entity is among the live ones rather than in the archive.
    pub holds_slot: bool,
    /// It waits for a worker; the smallest value is served first.
    pub ready: Option<Timestamp>,
    /// When its lease runs out.
    pub lease: Option<Timestamp>,
    /// When its deadline passes.
    pub deadline: Option<Timestamp>,
    /// When its record and what the job made may go.
    pub purge: Option<Timestamp>,
}

impl Placement {
    /// The entries of `task`.
    pub fn of(task: &Task) -> Placement {
        let live = !task.archived;
        Placement {
            holds_slot: live,
            // By time of registration also after a crash, so that nobody who waited is overtaken.
            ready: (live && task.state == State::Queued).then_some(task.registered_at),
            lease: task.lease.as_ref().filter(|_| live).map(|lease| lease.expires_at),
            deadline: live.then_some(task.deadline),
            // Also while it holds its slot: what is past its retention is gone, seen or not.
            purge: task.state.is_final().then(|| task.kept_until()),
        }
    }
}
