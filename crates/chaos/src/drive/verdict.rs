//! Compares what was promised, what nodes wrote down, and what the world looks like.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use longshore_protocol::FailureCode;
use longshore_tasks::{State, Task};
use serde::de::DeserializeOwned;

use super::checkpoints;
use super::leftovers::some_of;
use super::losses::Losses;
use super::producer::Account;
use super::record::Record;
use crate::jobs::{Counted, content_of};
use crate::journal::{Entry, Fact};
use crate::ledger::Row;
use crate::order::Work;
use crate::place::Place;

/// One promise and what came of it.
pub struct Finding {
    /// The promise, in words with figures.
    pub promise: String,
    /// Where it was broken.
    pub broken: Vec<String>,
}

impl Finding {
    /// A finding.
    pub fn new(promise: impl Into<String>, broken: Vec<String>) -> Finding {
        Finding { promise: promise.into(), broken }
    }

    /// Whether the promise was kept.
    pub fn is_kept(&self) -> bool {
        self.broken.is_empty()
    }

    /// A line for people.
    pub fn line(&self) -> String {
        if self.is_kept() {
            return format!("ok     0 {}", self.promise);
        }
        format!("WRONG  {} {}: {}", self.broken.len(), self.promise, some_of(&self.broken))
    }
}

/// Everything that is known at the end.
pub struct Evidence<'a> {
    /// The orders and what their owners saw.
    pub accounts: &'a [Account],
    /// The children of batches, by their parent, from the store; `None` where one is missing.
    pub children: &'a BTreeMap<u64, Vec<Option<Task>>>,
    /// What nodes wrote down.
    pub entries: &'a [Entry],
    /// The ledger.
    pub rows: &'a HashMap<String, Row>,
    /// Its counter.
    pub counter: u64,
    /// What the driver did.
    pub record: &'a Record,
    /// The files.
    pub place: &'a Place,
}

/// Every finding that does not need the end of retentions.
pub fn findings(evidence: &Evidence<'_>) -> Vec<Finding> {
    let faults = evidence.record.faults();
    let losses = Losses::of(evidence.entries, &faults, &evidence.record.ends());
    vec![
        lost(evidence),
        doubled_tasks(evidence),
        effects(evidence),
        files(evidence),
        parents(evidence),
        ends(evidence, &losses),
        taken_along(evidence, &losses),
        slots(evidence),
        Finding::new(
            "runs that went back behind a checkpoint that was kept",
            checkpoints::violations(evidence.entries, &faults),
        ),
        wrongs(evidence),
    ]
}

fn lost(evidence: &Evidence<'_>) -> Finding {
    let broken = evidence.accounts.iter().filter_map(|account| {
        let number = account.order.number;
        match (&account.end, account.tasks.first()) {
            (Some(_), _) => None,
            (None, None) => Some(format!("order {number} was never acknowledged")),
            (None, Some(id)) if account.vanished => Some(format!("{id} (order {number}) vanished")),
            (None, Some(id)) => Some(format!("{id} (order {number}) did not end")),
        }
    });
    let broken = broken.collect();
    Finding::new(format!("lost of {} acknowledged tasks", evidence.accounts.len()), broken)
}

fn doubled_tasks(evidence: &Evidence<'_>) -> Finding {
    let mut by_number: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for account in evidence.accounts {
        let named = account.tasks.iter().map(ToString::to_string);
        by_number.entry(account.order.number).or_default().extend(named);
    }
    for entry in evidence.entries.iter().filter(|entry| !entry.task.contains('-')) {
        by_number.entry(entry.number).or_default().insert(entry.task.clone());
    }
    let doubled = by_number.iter().filter(|(_, tasks)| tasks.len() > 1);
    let broken = doubled.map(|(number, tasks)| format!("order {number}: {tasks:?}")).collect();
    Finding::new("idempotency keys with two tasks", broken)
}

/// All tasks that transfer: of orders, and children.
fn transfers<'a>(evidence: &'a Evidence<'_>) -> impl Iterator<Item = &'a Task> {
    let own = evidence.accounts.iter().filter(|account| account.order.work == Work::Transfer);
    let own = own.filter_map(|account| account.end.as_ref());
    own.chain(evidence.children.values().flatten().flatten())
}

fn effects(evidence: &Evidence<'_>) -> Finding {
    let mut broken = Vec::new();
    let (mut succeeded, mut others) = (0u64, 0u64);
    for task in transfers(evidence) {
        let has_effect = evidence.rows.contains_key(task.id.as_str());
        match task.state {
            State::Succeeded if !has_effect => broken.push(format!("{} succeeded without its row", task.id)),
            State::Succeeded => succeeded += 1,
            _ => others += u64::from(has_effect),
        }
    }
    others += gone_children(evidence).filter(|id| evidence.rows.contains_key(id)).count() as u64;
    let rows = evidence.rows.len() as u64;
    if rows != evidence.counter {
        broken.push(format!("{rows} rows, but the counter is {}", evidence.counter));
    }
    if rows != succeeded + others {
        broken.push(format!("{rows} rows for {} tasks", succeeded + others));
    }
    let promise = format!(
        "effects lost or doubled ({succeeded} transfers that succeeded, {others} that were stopped after their effect)"
    );
    Finding::new(promise, broken)
}

/// Children whose records went with the short deadline of their parents.
fn gone_children(evidence: &Evidence<'_>) -> impl Iterator<Item = String> {
    let parents = evidence.accounts.iter().filter(|account| account.order.limit_ms.is_some());
    parents.filter_map(|account| Some((account.tasks.first()?, account.order.number))).flat_map(
        |(id, number)| {
            let children = evidence.children.get(&number).map(Vec::as_slice).unwrap_or_default();
            let gone = children.iter().enumerate().filter(|(_, child)| child.is_none());
            gone.map(move |(child, _)| format!("{id}-{child}"))
        },
    )
}

fn files(evidence: &Evidence<'_>) -> Finding {
    let mut broken = Vec::new();
    let mut published = 0;
    for account in evidence.accounts.iter().filter(|account| account.order.work == Work::Report) {
        let Some(task) = account.end.as_ref().filter(|task| task.state == State::Succeeded) else { continue };
        let Some(key) = result_of::<String>(task) else {
            broken.push(format!("{} succeeded without a file", task.id));
            continue;
        };
        published += 1;
        match std::fs::read_to_string(evidence.place.files().join(&key)) {
            Ok(content) if content == content_of(&account.order.instructions) => {}
            Ok(content) => broken.push(format!("{key} is wrong, {} bytes", content.len())),
            Err(error) => broken.push(format!("{key}: {error}")),
        }
    }
    Finding::new(format!("published files missing or wrong of {published}"), broken)
}

fn parents(evidence: &Evidence<'_>) -> Finding {
    let mut broken = Vec::new();
    let mut counted = 0;
    for account in evidence.accounts {
        let Some(task) = &account.end else { continue };
        let children = evidence.children.get(&account.order.number).map(Vec::as_slice).unwrap_or_default();
        // A child is kept as long as its parent may look at it: here, not for long.
        if account.order.limit_ms.is_some() && children.iter().any(Option::is_none) {
            continue;
        }
        for (number, child) in children.iter().enumerate() {
            let state = child.as_ref().map(|child| child.state);
            if !state.is_some_and(State::is_final) {
                broken.push(format!("child {number} of {} is {state:?}", task.id));
            }
        }
        if account.order.work != Work::Batch || task.state != State::Succeeded {
            continue;
        }
        counted += children.len();
        let of =
            |wanted: State| children.iter().flatten().filter(|child| child.state == wanted).count() as u32;
        let (record, ordered) = (task.children, account.order.instructions.count);
        if record.total != ordered {
            broken.push(format!("{} has {} children instead of {ordered}", task.id, record.total));
        }
        if (record.succeeded, record.cancelled, record.failed)
            != (of(State::Succeeded), of(State::Cancelled), of(State::Failed) + of(State::Expired))
        {
            broken.push(format!("{} counts {record:?}, its children say otherwise", task.id));
        }
        let rows =
            evidence.rows.values().filter(|row| row.parent.as_deref() == Some(task.id.as_str())).count();
        match result_of::<Counted>(task) {
            Some(saw)
                if (saw.total, saw.succeeded, saw.own_succeeded)
                    == (record.total, record.succeeded, record.succeeded)
                    && saw.rows as usize == rows
                    && (record.succeeded..=record.total).contains(&saw.rows) => {}
            saw => broken.push(format!("{} saw {saw:?}, there are {record:?} and {rows} rows", task.id)),
        }
    }
    Finding::new(format!("wrong counts of {counted} children by their parents"), broken)
}

/// Whether each end is one that its order allows.
fn ends(evidence: &Evidence<'_>, losses: &Losses) -> Finding {
    let mut broken = Vec::new();
    for account in evidence.accounts {
        let (order, Some(task)) = (&account.order, &account.end) else { continue };
        let crashed = is_crashed(task);
        let is_allowed = match task.state {
            _ if order.work == Work::Poison => crashed,
            State::Succeeded => !account.cancelled,
            State::Cancelled => order.cancel_after_ms.is_some(),
            State::Expired => order.limit_ms.is_some(),
            // Another attempt would have come too late.
            State::Failed if order.limit_ms.is_some() && !crashed => true,
            State::Failed => crashed && losses.are_injected(task),
            _ => false,
        };
        if !is_allowed {
            let (state, work) = (task.state.name(), order.work.kind());
            let code = task.failure.as_ref().map(|failure| failure.code);
            broken.push(format!("{} ({work}, order {}) {state}, {code:?}", task.id, order.number));
        }
        if order.work == Work::Flaky
            && task.state == State::Succeeded
            && task.failed_runs != order.instructions.count
        {
            broken.push(format!("{} failed {} times", task.id, task.failed_runs));
        }
    }
    Finding::new("tasks that ended as they must not", broken)
}

/// A poisonous task must not take its neighbours along into the dead letter list.
fn taken_along(evidence: &Evidence<'_>, losses: &Losses) -> Finding {
    let own = evidence.accounts.iter().filter(|account| account.order.work != Work::Poison);
    let own = own.filter_map(|account| account.end.as_ref());
    let all = own.chain(evidence.children.values().flatten().flatten()).filter(|task| is_crashed(task));
    let (taken, unlucky): (Vec<&Task>, Vec<&Task>) = all.partition(|task| losses.last_was_poison(task));
    let broken = taken.iter().map(|task| task.id.to_string()).collect();
    let promise = format!(
        "tasks taken along by a poisonous one ({} were given up after three injected losses)",
        unlucky.len()
    );
    Finding::new(promise, broken)
}

fn slots(evidence: &Evidence<'_>) -> Finding {
    let kept = evidence.accounts.iter().filter(|account| account.kept_its_slot);
    let broken = kept.map(|account| format!("order {}", account.order.number)).collect();
    Finding::new("slots kept after the end was cleared", broken)
}

fn wrongs(evidence: &Evidence<'_>) -> Finding {
    let broken = evidence.entries.iter().filter_map(|entry| match &entry.fact {
        Fact::Wrong { what } => Some(format!("{}: {what}", entry.task)),
        _ => None,
    });
    Finding::new("complaints of runs", broken.collect())
}

/// Whether a task was given up because its workers were lost.
fn is_crashed(task: &Task) -> bool {
    let code = task.failure.as_ref().map(|failure| failure.code);
    task.state == State::Failed && task.dead && code == Some(FailureCode::Crashed)
}

/// What a task made.
fn result_of<T: DeserializeOwned>(task: &Task) -> Option<T> {
    task.result.as_ref()?.read().ok()
}
