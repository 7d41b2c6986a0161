//! The model's store: versioned tasks, one slot, and the compare-and-set of `TaskStore::commit`.

use longshore_tasks::State;
use longshore_tasks::placement::Placement;

use crate::record::{Name, Record, Templates};

/// What the store has under a task's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    Absent,
    Stored(Record),
    Purged,
}

/// One change of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    pub name: Name,
    /// The version it replaces; `None` for a new task.
    pub expected: Option<u8>,
    /// `None` where the record goes.
    pub after: Option<Record>,
}

/// A commit on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Commit {
    pub changes: Vec<Change>,
    /// The parent, where it must not have ended.
    pub not_ended: Option<Name>,
}

/// What the store would answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// An earlier try of the same commit is stored.
    DoneBefore,
    Conflict,
    SlotTaken,
}

/// All that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    entries: [Entry; 4],
    pub slot: Option<Name>,
}

impl Store {
    pub fn empty() -> Store {
        Store { entries: [Entry::Absent; 4], slot: None }
    }

    pub fn entry(&self, name: Name) -> Entry {
        self.entries[name as usize]
    }

    pub fn get(&self, name: Name) -> Option<Record> {
        match self.entry(name) {
            Entry::Stored(record) => Some(record),
            Entry::Absent | Entry::Purged => None,
        }
    }

    pub fn set_version(&mut self, name: Name, version: u8, stamp: u8) {
        if let Some(record) = self.get_mut(name) {
            (record.version, record.stamp) = (version, stamp);
        }
    }

    pub fn get_mut(&mut self, name: Name) -> Option<&mut Record> {
        match &mut self.entries[name as usize] {
            Entry::Stored(record) => Some(record),
            Entry::Absent | Entry::Purged => None,
        }
    }

    /// The answer to a commit, as in `commit.lua`: first whether it is a repeated one, then each check.
    pub fn answer(&self, commit: &Commit) -> Answer {
        let mut slot_taken = false;
        for (number, change) in commit.changes.iter().enumerate() {
            let stored = self.get(change.name);
            if number == 0 {
                let is_repeated = match (&change.after, &stored) {
                    (Some(after), Some(stored)) => {
                        (after.version, after.stamp) == (stored.version, stored.stamp)
                    }
                    (None, None) => true,
                    _ => false,
                };
                if is_repeated {
                    return Answer::DoneBefore;
                }
            }
            if stored.map(|record| record.version) != change.expected {
                return Answer::Conflict;
            }
            slot_taken |= change.expected.is_none() && !change.name.is_child() && self.slot.is_some();
        }
        let ended = |name| self.get(name).is_none_or(|record| record.archived || record.state.is_final());
        match commit.not_ended {
            Some(name) if ended(name) => Answer::Conflict,
            _ if slot_taken => Answer::SlotTaken,
            _ => Answer::Done,
        }
    }

    /// Writes a commit, and the slot by the placements before and after.
    pub fn write(&mut self, commit: &Commit, templates: &Templates) {
        for change in &commit.changes {
            let place = |record: Option<Record>| {
                record.map(|record| Placement::of(&templates.task(change.name, &record))).unwrap_or_default()
            };
            let (old, new) = (place(self.get(change.name)), place(change.after));
            if new.holds_slot {
                self.slot = Some(change.name);
            } else if old.holds_slot && self.slot == Some(change.name) {
                self.slot = None;
            }
            self.entries[change.name as usize] = match change.after {
                Some(record) => Entry::Stored(record),
                None => Entry::Purged,
            };
        }
    }

    /// The parent's state as children see it; `None` where its record is gone.
    pub fn parents_state(&self) -> Option<State> {
        self.get(Name::Parent).map(|record| record.state)
    }
}
