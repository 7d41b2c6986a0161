//! A task, small enough to keep a million of them: what transitions depend on, and nothing else.

use std::time::Duration;

use longshore_tasks::entity::{Children, Lease};
use longshore_tasks::id::child_id;
use longshore_tasks::{State, Task, Timestamp, Token};

use crate::support::tasks::queued;

/// Milliseconds of a tick of the model's clock.
const TICK_MS: u64 = 1_000;
/// From registration to the deadline.
pub const LIMIT: u8 = 2;
/// From the end to the purge.
const RETENTION: u64 = 0;

/// A moment of the model's clock.
pub fn at(tick: u8) -> Timestamp {
    Timestamp::from_millis(u64::from(tick) * TICK_MS)
}

/// So many ticks.
pub fn ticks(count: u8) -> Duration {
    Duration::from_millis(u64::from(count) * TICK_MS)
}

fn tick(at: Timestamp) -> u8 {
    assert_eq!(at.as_millis() % TICK_MS, 0, "the model's time goes by whole ticks");
    u8::try_from(at.as_millis() / TICK_MS).expect("a short time")
}

/// One of the four tasks of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// Registered at the beginning; the only one that may have children.
    Parent,
    /// Its first child.
    First,
    /// Its second.
    Second,
    /// Registered later, in the same slot.
    Successor,
}

impl Name {
    pub const ALL: [Name; 4] = [Name::Parent, Name::First, Name::Second, Name::Successor];
    pub const CHILDREN: [Name; 2] = [Name::First, Name::Second];

    pub fn is_child(self) -> bool {
        matches!(self, Name::First | Name::Second)
    }
}

/// One task as the model keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    pub state: State,
    pub run_at: Option<u8>,
    pub cancel_requested: bool,
    pub archived: bool,
    pub lease: Option<(Token, u8)>,
    pub epoch: u8,
    pub crash_count: u8,
    pub failed_runs: u8,
    pub dead: bool,
    pub children: Children,
    pub registered_at: u8,
    pub finished_at: Option<u8>,
    pub version: u8,
    pub stamp: u8,
}

impl Record {
    /// A task registered at `now`.
    pub fn registered(now: u8) -> Record {
        Record {
            state: State::Queued,
            run_at: None,
            cancel_requested: false,
            archived: false,
            lease: None,
            epoch: 0,
            crash_count: 0,
            failed_runs: 0,
            dead: false,
            children: Children::default(),
            registered_at: now,
            finished_at: None,
            version: 1,
            stamp: 0,
        }
    }

    /// Whether it holds this token.
    pub fn is_leased_to(&self, token: Token) -> bool {
        self.lease.is_some_and(|(held, _)| held == token)
    }
}

/// The parts of each task that never change, so that a record becomes a whole task again.
#[derive(Clone, Debug)]
pub struct Templates([Task; 4]);

impl Templates {
    pub fn new() -> Templates {
        Templates(Name::ALL.map(|name| {
            let mut task = queued();
            task.attempts_max = 2;
            task.retention_ms = RETENTION * TICK_MS;
            match name {
                Name::Parent => {}
                Name::First | Name::Second => {
                    task.parent = Some(task.id.clone());
                    task.attempts_max = 1;
                    task.id = child_id(&task.id, u32::from(name == Name::Second));
                }
                Name::Successor => {
                    task.id = longshore_protocol::TaskId::parse("t2").expect("valid");
                }
            }
            task
        }))
    }

    /// The whole task.
    pub fn task(&self, name: Name, record: &Record) -> Task {
        let template = &self.0[name as usize];
        let registered_at = at(record.registered_at);
        let mut task = Task {
            children: record.children,
            state: record.state,
            run_at: record.run_at.map(at),
            cancel_requested: record.cancel_requested,
            archived: record.archived,
            lease: record.lease.map(|(token, expires_at)| Lease {
                token,
                worker: String::new(),
                expires_at: at(expires_at),
            }),
            epoch: u64::from(record.epoch),
            crash_count: u32::from(record.crash_count),
            failed_runs: u32::from(record.failed_runs),
            dead: record.dead,
            version: u64::from(record.version),
            stamp: u64::from(record.stamp),
            registered_at,
            finished_at: record.finished_at.map(at),
            deadline: registered_at.plus(ticks(LIMIT)),
            ..template.clone()
        };
        if name.is_child() {
            // The parent is registered at 0.
            task.deadline = at(LIMIT);
            task.retention_ms = task.deadline.since(registered_at).as_millis() as u64;
        }
        task
    }

    /// What of a task the model keeps; the rest must be as in its template.
    pub fn record(&self, name: Name, task: &Task) -> Record {
        let small = |number: u64| u8::try_from(number).expect("a small number");
        let record = Record {
            state: task.state,
            run_at: task.run_at.map(tick),
            cancel_requested: task.cancel_requested,
            archived: task.archived,
            lease: task.lease.as_ref().map(|lease| (lease.token, tick(lease.expires_at))),
            epoch: small(task.epoch),
            crash_count: small(task.crash_count.into()),
            failed_runs: small(task.failed_runs.into()),
            dead: task.dead,
            children: task.children,
            registered_at: tick(task.registered_at),
            finished_at: task.finished_at.map(tick),
            version: small(task.version),
            stamp: small(task.stamp),
        };
        let template = &self.0[name as usize];
        assert_eq!((&task.id, &task.parent), (&template.id, &template.parent));
        let deadline = if name.is_child() { at(LIMIT) } else { task.registered_at.plus(ticks(LIMIT)) };
        assert_eq!(task.deadline, deadline);
        record
    }
}
