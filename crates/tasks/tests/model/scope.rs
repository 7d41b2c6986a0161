//! How much can happen in a world.

use crate::record::LIMIT;

/// How much can happen.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Children of the parent, 2 at most.
    pub children: u8,
    /// Claims of the parent.
    pub epochs: u8,
    /// Claims of every other task.
    pub epochs_of_others: u8,
    /// Whether workers can be known to be gone before their lease ends.
    pub takes_back: bool,
    /// Workers, 2 at most.
    pub workers: u8,
    /// Clients between load and commit at the same time.
    pub interleaved: usize,
    /// Whether answers are lost.
    pub loses_answers: bool,
    /// Whether another task is registered in the slot.
    pub successor: bool,
    /// The clock's last tick.
    pub last_tick: u8,
}

impl Scope {
    /// One task that is claimed again, and another that is registered in its slot.
    pub const SLOT: Scope = Scope {
        children: 0,
        epochs: 2,
        epochs_of_others: 0,
        takes_back: false,
        workers: 2,
        interleaved: 2,
        loses_answers: false,
        successor: true,
        last_tick: LIMIT,
    };
    /// One task that is claimed until it is given up.
    pub const CRASHES: Scope = Scope { epochs: 3, takes_back: true, successor: false, ..Scope::SLOT };
    /// A parent and a child, each with a worker.
    pub const CHILD: Scope =
        Scope { children: 1, epochs: 1, epochs_of_others: 1, successor: false, ..Scope::SLOT };
    /// A parent and a child, and answers that are lost.
    pub const LOST_ANSWERS: Scope = Scope { workers: 1, loses_answers: true, ..Scope::CHILD };
    /// A parent that goes on after its child.
    pub const RESUMED: Scope = Scope { workers: 1, epochs: 2, ..Scope::CHILD };
    /// A parent and two children, one after the other.
    pub const CHILDREN: Scope = Scope { children: 2, epochs: 1, interleaved: 1, ..Scope::RESUMED };
}
