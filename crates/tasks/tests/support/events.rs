//! Events, made shortly.

use std::time::Duration;

use longshore_protocol::FailureCode;
use longshore_tasks::entity::{Failure, Payload};
use longshore_tasks::{Event, NewChild, Outcome, Progress, Task, Token};

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
