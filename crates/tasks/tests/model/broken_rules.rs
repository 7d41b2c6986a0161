//! Rules with one mistake each, to show that the properties would find it.

use longshore_tasks::transition::{Family, Step, transition as real};
use longshore_tasks::{Event, Refusal, State, Task, Timestamp};
use stateright::{Checker, HasDiscoveries, Model};

use crate::scope::Scope;
use crate::world::System;

/// What the system goes by.
#[derive(Clone, Copy)]
pub struct Rules {
    /// The state machine.
    pub transition: fn(Family<'_>, &Event, Timestamp) -> Result<Step, Refusal>,
    /// Whether the store compares versions.
    pub compares: bool,
    /// Whether the claim of a child asks that its parent has not ended.
    pub asks_for_parent: bool,
}

impl Rules {
    /// Those of the runner.
    pub const REAL: Rules = Rules { transition: real, compares: true, asks_for_parent: true };
}

type Transition = fn(Family<'_>, &Event, Timestamp) -> Result<Step, Refusal>;

/// Changes the task that an event leads to.
fn after(
    family: Family<'_>,
    event: &Event,
    now: Timestamp,
    change: impl FnOnce(&Task, &mut Task),
) -> Result<Step, Refusal> {
    let mut step = real(family, event, now)?;
    change(family.task, &mut step.task);
    Ok(step)
}

fn ignores_tokens(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    let mut event = event.clone();
    if let (
        Some(lease),
        Event::Beat { token, .. }
        | Event::Spawn { token, .. }
        | Event::Wait { token, .. }
        | Event::Finish { token, .. }
        | Event::Release { token, .. },
    ) = (&family.task.lease, &mut event)
    {
        *token = lease.token;
    }
    real(family, &event, now)
}

fn counts_no_child(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    Ok(Step { parent: None, ..real(family, event, now)? })
}

fn counts_expired_as_cancelled(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    let mut step = real(family, event, now)?;
    if let (State::Expired, Some(parent)) = (step.task.state, &mut step.parent) {
        parent.children.failed -= 1;
        parent.children.cancelled += 1;
    }
    Ok(step)
}

fn never_resumes_a_parent(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    let mut step = real(family, event, now)?;
    if let (Some(before), Some(parent)) = (family.parent, &mut step.parent) {
        parent.state = before.state;
    }
    Ok(step)
}

fn keeps_the_slot(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    after(family, event, now, |before, task| task.archived = before.archived)
}

fn keeps_the_lease(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    after(family, event, now, |before, task| task.lease = task.lease.take().or(before.lease.clone()))
}

fn repeats_epochs(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    after(family, event, now, |before, task| {
        task.epoch = before.epoch.max(1);
        if let Some(lease) = &mut task.lease {
            lease.token.epoch = task.epoch;
        }
    })
}

fn claims_what_runs(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    if !matches!(event, Event::Claim { .. }) || family.task.state != State::Running {
        return real(family, event, now);
    }
    let task = Task { state: State::Queued, epoch: family.task.epoch - 1, ..family.task.clone() };
    real(Family { task: &task, ..family }, event, now)
}

fn cancels_what_has_ended(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    if matches!(event, Event::RequestCancel) && family.task.state == State::Succeeded && !family.task.archived
    {
        let task = Task { state: State::Cancelled, ..family.task.clone() };
        return Ok(Step { task, parent: None, children: Vec::new() });
    }
    real(family, event, now)
}

fn runs_orphans(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    let alive = family.parent.map(|parent| Task { state: State::Running, ..parent.clone() });
    let is_claim = matches!(event, Event::Claim { .. });
    real(Family { parent: if is_claim { alive.as_ref() } else { family.parent }, ..family }, event, now)
}

fn waits_for_nobody(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    after(family, event, now, |_, task| {
        if matches!(event, Event::Wait { .. }) {
            task.state = State::Waiting;
        }
    })
}

fn does_not_know_an_order_again(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    let mut event = event.clone();
    if let Event::Spawn { first, .. } = &mut event {
        *first = family.task.children.total;
    }
    real(family, &event, now)
}

fn buries_the_cancelled(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    after(family, event, now, |_, task| task.dead |= task.state == State::Cancelled)
}

fn spares_who_waits(family: Family<'_>, event: &Event, now: Timestamp) -> Result<Step, Refusal> {
    if matches!(event, Event::Deadline) && family.task.state == State::Waiting {
        return Err(Refusal::NotDue);
    }
    real(family, event, now)
}

#[test]
fn every_mistake_is_found() {
    let child = Scope { epochs: 2, ..Scope::CHILD };
    let transitions: [(&str, Scope, Transition); 14] = [
        ("a stale worker is never heard", Scope::SLOT, ignores_tokens),
        ("children are counted exactly", child, counts_no_child),
        ("children are counted exactly", child, counts_expired_as_cancelled),
        ("who waits has somebody to wait for", child, never_resumes_a_parent),
        ("an ended slot can be registered again", Scope::SLOT, keeps_the_slot),
        ("a task has a lease exactly while it runs, and one worker has it", Scope::SLOT, keeps_the_lease),
        ("epochs strictly grow", Scope::SLOT, repeats_epochs),
        ("epochs strictly grow", Scope::SLOT, claims_what_runs),
        ("a final state never changes", Scope::SLOT, cancels_what_has_ended),
        ("no child of an ended parent begins to run", Scope { interleaved: 1, ..child }, runs_orphans),
        ("who waits has somebody to wait for", child, waits_for_nobody),
        (
            "an order of children is carried out once",
            Scope { children: 2, loses_answers: true, ..child },
            does_not_know_an_order_again,
        ),
        ("only failed tasks are dead letters", Scope::SLOT, buries_the_cancelled),
        ("the deadline ends every task", child, spares_who_waits),
    ];
    for (number, (property, scope, transition)) in transitions.into_iter().enumerate() {
        let asks_for_parent = !std::ptr::fn_addr_eq(transition, runs_orphans as Transition);
        finds(
            &format!("mistake {number}"),
            property,
            scope,
            Rules { transition, asks_for_parent, ..Rules::REAL },
        );
    }
    let blind = Rules { compares: false, ..Rules::REAL };
    finds("a store that does not compare", "a stale worker is never heard", Scope::SLOT, blind);
    let careless = Rules { asks_for_parent: false, ..Rules::REAL };
    finds("a claim that does not ask", "no child of an ended parent begins to run", child, careless);
}

/// Explores until something is found, and tells how many steps lead there.
fn finds(name: &str, property: &'static str, scope: Scope, rules: Rules) {
    let wanted = HasDiscoveries::AllOf([property].into());
    let system = System::with_rules(scope, rules);
    let checker = system.checker().finish_when(wanted).target_state_count(3_000_000).spawn_bfs().join();
    let path = checker.discovery(property);
    let steps = path.map(|path| path.into_actions().len());
    println!("{name}: {property:?} violated after {steps:?} steps, {} worlds", checker.unique_state_count());
    assert!(steps.is_some(), "{name}: nobody noticed");
}
