//! Whoever works on the store: two workers, the reaper, and a person.

use longshore_tasks::Token;

use crate::record::Name;
use crate::store::Commit;

/// Who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    Ann,
    Bob,
    Reaper,
    Person,
}

impl Who {
    pub const WORKERS: [Who; 2] = [Who::Ann, Who::Bob];

    /// In stamps and tokens; 0 is nobody.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }
}

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    Claim(Name),
    Spawn,
    Wait,
    Succeed,
    Fail,
    FailForNow,
    StopAsTold,
    Release,
    LoseLease(Name),
    TakeBack(Name),
    Due(Name),
    Expire(Name),
    Purge(Name),
    Cancel(Name),
    Clear(Name),
    Revive(Name),
    Register,
}

impl Order {
    /// Whether a worker gives it with the token of its run.
    pub fn is_of_a_run(self) -> bool {
        use Order::*;
        matches!(self, Spawn | Wait | Succeed | Fail | FailForNow | StopAsTold | Release)
    }
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// To be loaded, again.
    Load,
    /// Loaded and decided, to be committed.
    Commit(Commit),
    /// Committed, but the answer was lost: the same commit is to be repeated.
    Repeat(Commit),
    /// Loaded, but something came first: the commit can only fail. Its content does not matter any more.
    Doomed,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Client {
    /// The last claim of a worker, stale or not.
    pub held: Option<(Name, Token)>,
    /// The number of children that the worker's run knows of.
    pub known: u8,
    /// What it is about.
    pub order: Option<(Order, Stage)>,
}

impl Client {
    pub fn is_between_load_and_commit(&self) -> bool {
        matches!(self.order, Some((_, Stage::Commit(_) | Stage::Repeat(_) | Stage::Doomed)))
    }
}
