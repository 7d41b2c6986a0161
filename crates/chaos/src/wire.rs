//! What the driver asks of a task store, in lines of JSON where the store is another process's.

use anyhow::Context;
use longshore_protocol::TaskId;
use longshore_tasks::{ApplyError, Event, Task, TaskStore, apply, cancel, register};
use serde::{Deserialize, Serialize};

use crate::order::Order;

/// A question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Register this order's task.
    Register(Box<Order>),
    /// How does the task stand?
    Load(TaskId),
    /// Stop it.
    Cancel(TaskId),
    /// Its end was seen.
    Clear(TaskId),
    /// Who holds the slot of this order?
    Holder(Box<Order>),
    /// Does anything wait or run?
    Busy,
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The order's task.
    Registered(TaskId),
    /// The task, if there is one.
    Loaded(Option<Box<Task>>),
    /// It is as asked.
    Done,
    /// It does not apply to the task as it is.
    Refused(String),
    /// The holder, if there is one.
    Holder(Option<TaskId>),
    /// Tasks that wait or run.
    Busy(u64),
    /// The store did not answer.
    Failed(String),
}

/// A numbered question: answers come in any order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// Its number.
    pub seq: u64,
    /// The question.
    pub request: Request,
}

/// The answer to the question of that number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answered {
    /// The question's number.
    pub seq: u64,
    /// The answer.
    pub answer: Answer,
}

/// Answers from a store.
pub async fn answer(store: &dyn TaskStore, request: &Request) -> Answer {
    match try_answer(store, request).await {
        Ok(answer) => answer,
        Err(error) => Answer::Failed(format!("{error:#}")),
    }
}

async fn try_answer(store: &dyn TaskStore, request: &Request) -> anyhow::Result<Answer> {
    let settled = |result: Result<Task, ApplyError>| match result {
        Ok(_) => Ok(Answer::Done),
        Err(ApplyError::Refused(refusal)) => Ok(Answer::Refused(refusal.to_string())),
        Err(error) => Err(error.into()),
    };
    match request {
        Request::Register(order) => {
            let new = order.new_task().context("the order can't be written")?;
            Ok(Answer::Registered(register(store, &new).await?.task().id.clone()))
        }
        Request::Load(id) => Ok(Answer::Loaded(store.load(id).await?.task.map(Box::new))),
        Request::Cancel(id) => settled(cancel(store, id).await),
        Request::Clear(id) => settled(apply(store, id, &Event::Clear).await),
        Request::Holder(order) => {
            Ok(Answer::Holder(store.load_slot(&order.slot()).await?.task.map(|task| task.id)))
        }
        Request::Busy => {
            let stats = store.stats().await?;
            let waiting: u64 = stats.lanes.iter().map(|lane| lane.waiting).sum();
            Ok(Answer::Busy(waiting + stats.delayed + stats.running.values().sum::<u64>()))
        }
    }
}
