//! Events, made shortly.

use std::time::Duration;

use longshore_protocol::FailureCode;
use longshore_tasks::entity::{Failure, Payload};
use longshore_tasks::{Event, NewChild, Outcome, Progress, Refusal, Task, Token};

/// How long a lease of these events lasts.
pub const LEASE: Duration = Duration::from_secs(30);

pub fn claim(nonce: u64) -> Event {
    Event::Claim { worker: "w".into(), nonce, lease: LEASE }
}

pub fn beat(token: Token) -> Event {
    Event::Beat {
        token,
        progress: Progress::default(),
        cursor: Some(serde_json::json!(1).into()),
        lease: LEASE,
    }
}

pub fn spawn(token: Token, parent: &Task, count: u32) -> Event {
    spawn_from(token, parent.children.total, count)
}

pub fn spawn_from(token: Token, first: u32, count: u32) -> Event {
    let payload = Payload { version: 1, body: Default::default() };
    let child = NewChild { kind: "test".into(), payload, attempts_max: 2 };
    Event::Spawn { token, first, children: vec![child; count as usize] }
}

pub fn wait(token: Token) -> Event {
    Event::Wait { token, cursor: None }
}

pub fn release(token: Token) -> Event {
    Event::Release { token, cursor: None }
}

pub fn finish(token: Token, outcome: Outcome) -> Event {
    Event::Finish { token, outcome }
}

pub fn succeeded() -> Outcome {
    Outcome::Succeeded(serde_json::json!(1).into())
}

pub fn cancelled() -> Outcome {
    Outcome::Cancelled
}

pub fn failed(retry_after: Option<Duration>) -> Outcome {
    let failure = Failure { code: FailureCode::Database, detail: None, reference: "0000".into() };
    Outcome::Failed { failure, retry_after }
}

/// One of each kind. A new kind fails to compile here until it is in the list.
pub fn every_event() -> [Event; 13] {
    let token = Token { epoch: 1, nonce: 1 };
    let events = [
        claim(1),
        beat(token),
        spawn_from(token, 0, 1),
        wait(token),
        finish(token, cancelled()),
        release(token),
        Event::LeaseLost,
        Event::HolderGone,
        Event::Due,
        Event::RequestCancel,
        Event::Deadline,
        Event::Clear,
        Event::Revived,
    ];
    for event in &events {
        match event {
            Event::Claim { .. } | Event::Beat { .. } | Event::Spawn { .. } | Event::Wait { .. } => {}
            Event::Finish { .. } | Event::Release { .. } | Event::LeaseLost | Event::HolderGone => {}
            Event::Due | Event::RequestCancel | Event::Deadline | Event::Clear | Event::Revived => {}
        }
    }
    events
}

/// One of each kind, as above.
pub fn every_refusal() -> [Refusal; 11] {
    use Refusal::*;
    let refusals = [
        Stale,
        NotQueued,
        AlreadyFinal,
        NotFinal,
        NotDue,
        PastDeadline,
        Archived,
        Cancelling,
        NoMoreChildren,
        NotDead,
        NoChildren,
    ];
    for refusal in refusals {
        match refusal {
            Stale | NotQueued | AlreadyFinal | NotFinal | NotDue | PastDeadline => {}
            Archived | Cancelling | NoMoreChildren | NotDead | NoChildren => {}
        }
    }
    refusals
}
