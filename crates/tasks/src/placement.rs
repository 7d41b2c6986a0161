//! Which index entries a task has: a pure function of the task.
//!
//! A commit writes the entries of the new task and takes away those of the old one. No code adds or
//! removes an entry on its own, so an index and a task cannot disagree.

use crate::entity::{Lane, Priority, State, Task, Timestamp};

/// Bits below the priority in a [`Rank`]: milliseconds until the year 2109.
const TIME_BITS: u32 = 42;

/// A task's place among its tenant's waiting tasks of one lane; the smallest is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank(u64);

impl Rank {
    /// By priority, then by time of registration, also after a crash or a retry: nobody who waited is
    /// overtaken. Below 2^53, so that a floating point score holds it exactly.
    pub fn of(priority: Priority, registered_at: Timestamp) -> Rank {
        let class = match priority {
            Priority::High => 0,
            Priority::Normal => 1,
            Priority::Low => 2,
        };
        Rank((class << TIME_BITS) | registered_at.as_millis().min((1 << TIME_BITS) - 1))
    }

    /// As a number.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The time of registration in it.
    pub fn registered_at(self) -> Timestamp {
        Timestamp::from_millis(self.0 & ((1 << TIME_BITS) - 1))
    }

    /// From [`Rank::as_u64`].
    pub fn from_u64(rank: u64) -> Rank {
        Rank(rank)
    }
}

/// Every index entry of one task. `Default` is that of a task that does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The entity is among the live ones rather than in the archive.
    pub live: bool,
    /// The task holds its slot.
    pub holds_slot: bool,
    /// It is in its owner's history.
    pub in_history: bool,
    /// It waits for a worker, in this lane and place.
    pub ready: Option<(Lane, Rank)>,
    /// It waits for this time.
    pub delayed: Option<Timestamp>,
    /// When its lease runs out.
    pub lease: Option<Timestamp>,
    /// It counts as running, for the limits of its tenant and kind.
    pub running: bool,
    /// When its deadline passes.
    pub deadline: Option<Timestamp>,
    /// When its record and what the job made may go.
    pub purge: Option<Timestamp>,
    /// Since when it is in the dead letter list.
    pub dead: Option<Timestamp>,
}

impl Placement {
    /// The entries of `task`.
    pub fn of(task: &Task) -> Placement {
        let live = !task.archived;
        let queued = live && task.state == State::Queued;
        let rank = Rank::of(task.priority, task.registered_at);
        Placement {
            live,
            // A child is named by its number, and seen through its parent.
            holds_slot: live && task.parent.is_none(),
            in_history: task.parent.is_none(),
            ready: (queued && task.run_at.is_none()).then(|| (task.lane(), rank)),
            delayed: task.run_at.filter(|_| queued),
            lease: task.lease.as_ref().filter(|_| live).map(|lease| lease.expires_at),
            running: live && task.state == State::Running,
            deadline: live.then_some(task.deadline),
            // Also while it holds its slot: what is past its retention is gone, seen or not.
            purge: task.state.is_final().then(|| task.kept_until()),
            dead: task.finished_at.filter(|_| task.dead),
        }
    }
}
