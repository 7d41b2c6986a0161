//! The state machine under random events: what must hold after each of them.

mod support;

use std::time::Duration;

use longshore_tasks::placement::Placement;
use longshore_tasks::transition::{Family, MAX_CHILDREN, MAX_CRASHES, Step, transition};
use longshore_tasks::{Event, Outcome, Refusal, State, Task, Timestamp, Token};
use proptest::prelude::*;
use support::events::{
    self, beat, cancelled, claim, failed, finish, release, spawn, spawn_from, succeeded, wait,
};
use support::tasks::queued;

fn alone(task: &Task) -> Family<'_> {
    Family { task, parent: None }
}

fn any_token() -> impl Strategy<Value = Token> {
    (1..5u64, 1..3u64).prop_map(|(epoch, nonce)| Token { epoch, nonce })
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(succeeded()),
        Just(cancelled()),
        Just(failed(None)),
        (0..40u64).prop_map(|seconds| failed(Some(Duration::from_secs(seconds)))),
    ]
}

/// Events of a worker carry the current token more often than another.
#[derive(Clone, Debug)]
enum Act {
    Made(Event),
    Held(u8),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1..3u64).prop_map(|nonce| Act::Made(claim(nonce))),
        6 => (0..6u8).prop_map(Act::Held),
        1 => any_token().prop_map(|token| Act::Made(beat(token))),
        1 => (any_token(), 0..3u32, 0..4u32)
            .prop_map(|(token, first, count)| Act::Made(spawn_from(token, first, count))),
        1 => any_token().prop_map(|token| Act::Made(wait(token))),
        1 => (any_token(), any_outcome()).prop_map(|(token, outcome)| Act::Made(finish(token, outcome))),
        1 => any_token().prop_map(|token| Act::Made(release(token))),
        2 => Just(Act::Made(Event::LeaseLost)),
        1 => Just(Act::Made(Event::HolderGone)),
        2 => Just(Act::Made(Event::Due)),
        1 => Just(Act::Made(Event::RequestCancel)),
        1 => Just(Act::Made(Event::Deadline)),
        1 => Just(Act::Made(Event::Clear)),
        1 => Just(Act::Made(Event::Revived)),
    ]
}

fn event_of(act: &Act, task: &Task) -> Option<Event> {
    let token = task.lease.as_ref().map(|lease| lease.token);
    match act {
        Act::Made(event) => Some(event.clone()),
        Act::Held(0) => Some(beat(token?)),
        Act::Held(1) => Some(spawn(token?, task, 2)),
        Act::Held(2) => Some(wait(token?)),
        Act::Held(3) => Some(finish(token?, failed(Some(Duration::from_secs(5))))),
        Act::Held(4) => Some(finish(token?, succeeded())),
        Act::Held(_) => Some(release(token?)),
    }
}

fn token_of(event: &Event) -> Option<Token> {
    match event {
        Event::Beat { token, .. }
        | Event::Spawn { token, .. }
        | Event::Wait { token, .. }
        | Event::Finish { token, .. }
        | Event::Release { token, .. } => Some(*token),
        _ => None,
    }
}

/// What must hold of every task at any time.
fn is_sound(task: &Task) -> Result<(), TestCaseError> {
    // A lease belongs to running tasks and to no others, a delay to queued ones.
    prop_assert_eq!(task.lease.is_some(), task.state == State::Running);
    prop_assert!(task.run_at.is_none() || task.state == State::Queued);
    prop_assert_eq!(task.finished_at.is_some(), task.state.is_final());
    prop_assert!(!task.archived || task.state.is_final());
    prop_assert_eq!(task.result.is_some(), task.state == State::Succeeded);
    prop_assert!(!task.dead || task.state == State::Failed);
    prop_assert!(task.crash_count < MAX_CRASHES || task.state.is_final() || task.cancel_requested);
    prop_assert!(task.failed_runs < task.attempts_max || task.state.is_final());
    prop_assert!(task.children.ended() <= task.children.total);
    prop_assert!(task.state != State::Waiting || task.children.open() > 0);
    // A child is seen by its parent alone, so that its end is its archive.
    prop_assert!(task.parent.is_none() || task.archived == task.state.is_final());
    let place = Placement::of(task);
    prop_assert_eq!(place.live, !task.archived);
    prop_assert_eq!(place.ready.is_some(), task.state == State::Queued && task.run_at.is_none());
    prop_assert_eq!(place.delayed, task.run_at);
    prop_assert_eq!(place.lease.is_some(), task.state == State::Running);
    prop_assert_eq!(place.running, task.state == State::Running);
    prop_assert_eq!(place.holds_slot, !task.archived && task.parent.is_none());
    prop_assert_eq!(place.deadline.is_some(), !task.archived);
    prop_assert_eq!(place.purge.is_some(), task.state.is_final());
    prop_assert_eq!(place.dead.is_some(), task.dead);
    Ok(())
}

/// What must hold of a step.
fn is_allowed(before: &Task, event: &Event, step: &Step, now: Timestamp) -> Result<(), TestCaseError> {
    let after = &step.task;
    // A final state is for ever, and so is what belongs to it.
    if before.state.is_final() {
        prop_assert_eq!(after.state, before.state);
        prop_assert_eq!(&after.result, &before.result);
        prop_assert_eq!(&after.failure, &before.failure);
        prop_assert_eq!(after.finished_at, before.finished_at);
        prop_assert_eq!(&step.parent, &None, "an end is counted once");
    }
    // Of an archived task, the dead letter alone can still go.
    if before.archived {
        prop_assert_eq!(event, &Event::Revived);
        prop_assert_eq!(after, &Task { dead: false, ..before.clone() });
    }
    // Only the holder of the lease is heard, and only until the deadline.
    if let Some(token) = token_of(event) {
        prop_assert_eq!(before.lease.as_ref().map(|lease| lease.token), Some(token));
        prop_assert!(now < before.deadline);
    }
    // Each run has an epoch of its own, and none begins before its time.
    let began = before.state != State::Running && after.state == State::Running;
    prop_assert_eq!(after.epoch, before.epoch + u64::from(began));
    let began_by_claim = matches!(event, Event::Claim { .. });
    prop_assert!(!began || (before.run_at.is_none() && began_by_claim));
    // A delay ends when it is due, or with the task.
    if let (Some(at), None) = (before.run_at, after.run_at) {
        prop_assert!(now >= at || after.state.is_final());
    }
    // Nothing comes out of a task whose owner was told that it is being cancelled.
    prop_assert!(!(before.cancel_requested && after.state == State::Succeeded));
    prop_assert!(!before.cancel_requested || after.cancel_requested);
    // A cursor is never lost, and children are made by nothing but their order.
    prop_assert!(before.cursor.is_none() || after.cursor.is_some());
    prop_assert_eq!(step.children.len() as u32, after.children.total - before.children.total);
    let may_spawn = matches!(event, Event::Spawn { .. });
    prop_assert!(step.children.is_empty() || may_spawn);
    prop_assert_eq!(after.children.ended(), before.children.ended());
    for child in &step.children {
        prop_assert_eq!(child.parent.as_ref(), Some(&before.id));
        prop_assert_eq!(child.deadline, before.deadline);
        prop_assert!(child.kept_until() >= before.deadline);
        is_sound(child)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// A parent with up to six children: every event goes to one of them, and the whole family is looked at.
    #[test]
    fn invariants_hold_after_every_event(
        steps in prop::collection::vec((any_act(), 0..7usize, 0..12u64), 1..60)
    ) {
        let mut family = vec![queued()];
        let mut now = family[0].registered_at;
        for (act, number, seconds) in steps {
            now = now.plus(Duration::from_secs(seconds));
            let number = number % family.len();
            let before = family[number].clone();
            let Some(event) = event_of(&act, &before) else { continue };
            let parent = (number > 0).then(|| family[0].clone());
            let Ok(step) = transition(Family { task: &before, parent: parent.as_ref() }, &event, now) else {
                continue;
            };
            is_allowed(&before, &event, &step, now)?;
            is_sound(&step.task)?;
            if let Some(parent) = &parent {
                prop_assert!(!(parent.state.is_final() && step.task.lease.is_some() && before.lease.is_none()));
            }
            family[number] = step.task;
            if let Some(parent) = step.parent {
                is_sound(&parent)?;
                family[0] = parent;
            }
            family.extend(step.children);
            if family.len() > 7 {
                return Ok(());
            }
            // The parent's numbers are those of its children, as long as it looks at them.
            let children = family[0].children;
            prop_assert_eq!(children.total as usize, family.len() - 1);
            if !family[0].state.is_final() {
                let count = |state| family[1..].iter().filter(|child| child.state == state).count() as u32;
                prop_assert_eq!(children.succeeded, count(State::Succeeded));
                prop_assert_eq!(children.cancelled, count(State::Cancelled));
                prop_assert_eq!(children.failed, count(State::Failed) + count(State::Expired));
            }
        }
        // Whatever happened, the deadline ends it and frees the slot.
        for task in family.iter().filter(|task| !task.archived) {
            let ended = transition(alone(task), &Event::Deadline, task.deadline).expect("always applies").task;
            prop_assert!(ended.state.is_final() && ended.archived && !Placement::of(&ended).holds_slot);
        }
    }
}

/// The tasks of the table below.
struct Cast {
    now: Timestamp,
    queued: Task,
    running: Task,
    with_child: Task,
    child: Task,
    ended: Task,
    archived: Task,
    dead: Task,
}

fn cast() -> Cast {
    let now = Timestamp::from_millis(2_000);
    let token = Token { epoch: 1, nonce: 1 };
    let does = |task: &Task, event: &Event| transition(alone(task), event, now).expect("applies");
    let queued = queued();
    let running = does(&queued, &claim(1)).task;
    let spawned = does(&running, &spawn(token, &running, 1));
    let ended = does(&running, &finish(token, succeeded())).task;
    let archived = does(&ended, &Event::Clear).task;
    let mut last_run = running.clone();
    last_run.crash_count = MAX_CRASHES - 1;
    let dead = does(&last_run, &Event::HolderGone).task;
    let [child] = spawned.children.try_into().expect("one child");
    let child = transition(Family { task: &child, parent: Some(&spawned.task) }, &claim(1), now);
    Cast {
        now,
        queued,
        running,
        with_child: spawned.task,
        child: child.expect("claims").task,
        ended,
        archived,
        dead,
    }
}

#[test]
fn refusals_are_specific() {
    let Cast { now, queued, running, with_child, child, ended, archived, dead } = cast();
    let (token, other) = (Token { epoch: 1, nonce: 1 }, Token { epoch: 1, nonce: 2 });
    let late = running.deadline;
    let mut told = running.clone();
    told.cancel_requested = true;
    let mut delayed = queued.clone();
    delayed.run_at = Some(now.plus(Duration::from_secs(1)));
    let done = || finish(token, succeeded());
    let mut seen = Vec::new();
    for (task, event, at, refusal) in [
        (&running, claim(2), now, Refusal::NotQueued),
        (&delayed, claim(2), now, Refusal::NotQueued),
        (&ended, claim(2), now, Refusal::NotQueued),
        (&archived, claim(2), now, Refusal::Archived),
        (&queued, claim(2), late, Refusal::PastDeadline),
        (&queued, beat(token), now, Refusal::Stale),
        (&running, beat(other), now, Refusal::Stale),
        (&running, beat(token), late, Refusal::PastDeadline),
        (&archived, beat(token), now, Refusal::Stale),
        (&running, spawn_from(other, 0, 1), now, Refusal::Stale),
        (&told, spawn_from(token, 0, 1), now, Refusal::Cancelling),
        (&child, spawn_from(token, 0, 1), now, Refusal::NoMoreChildren),
        (&running, spawn_from(token, 1, 1), now, Refusal::NoMoreChildren),
        (&with_child, spawn_from(token, 0, 2), now, Refusal::NoMoreChildren),
        (&running, spawn_from(token, 0, MAX_CHILDREN + 1), now, Refusal::NoMoreChildren),
        (&running, spawn_from(token, 0, 1), late, Refusal::PastDeadline),
        (&archived, spawn_from(token, 0, 1), now, Refusal::Stale),
        (&running, wait(token), now, Refusal::NoChildren),
        (&with_child, wait(other), now, Refusal::Stale),
        (&with_child, wait(token), late, Refusal::PastDeadline),
        (&archived, wait(token), now, Refusal::Stale),
        (&ended, done(), now, Refusal::Stale),
        (&running, finish(other, failed(None)), now, Refusal::Stale),
        (&running, done(), late, Refusal::PastDeadline),
        (&archived, done(), now, Refusal::Stale),
        (&running, release(other), now, Refusal::Stale),
        (&running, release(token), late, Refusal::PastDeadline),
        (&archived, release(token), now, Refusal::Stale),
        (&running, Event::LeaseLost, now, Refusal::NotDue),
        (&queued, Event::LeaseLost, now, Refusal::NotDue),
        (&running, Event::LeaseLost, late, Refusal::PastDeadline),
        (&archived, Event::LeaseLost, now, Refusal::Archived),
        (&queued, Event::HolderGone, now, Refusal::NotDue),
        (&running, Event::HolderGone, late, Refusal::PastDeadline),
        (&archived, Event::HolderGone, now, Refusal::Archived),
        (&queued, Event::Due, now, Refusal::NotDue),
        (&delayed, Event::Due, now, Refusal::NotDue),
        (&delayed, Event::Due, late, Refusal::PastDeadline),
        (&archived, Event::Due, now, Refusal::Archived),
        (&ended, Event::RequestCancel, now, Refusal::AlreadyFinal),
        (&running, Event::RequestCancel, late, Refusal::PastDeadline),
        (&archived, Event::RequestCancel, now, Refusal::Archived),
        (&running, Event::Deadline, now, Refusal::NotDue),
        (&archived, Event::Deadline, late, Refusal::Archived),
        (&running, Event::Clear, now, Refusal::NotFinal),
        (&running, Event::Clear, late, Refusal::NotFinal),
        (&archived, Event::Clear, now, Refusal::Archived),
        (&queued, Event::Revived, now, Refusal::NotDead),
        (&archived, Event::Revived, now, Refusal::NotDead),
        (&running, Event::Revived, late, Refusal::NotDead),
    ] {
        assert_eq!(transition(alone(task), &event, at), Err(refusal), "{event:?} of {task:?}");
        seen.push((event.name(), refusal));
    }
    for name in events::every_event().map(|event| event.name()) {
        assert!(seen.iter().any(|(event, _)| *event == name), "{name} is in no row");
    }
    for refusal in events::every_refusal() {
        assert!(seen.iter().any(|(_, seen)| *seen == refusal), "{refusal:?} is in no row");
    }
    let revived = transition(alone(&dead), &Event::Revived, late).expect("a dead letter can go at any time");
    assert!(!revived.task.dead);
}

#[test]
fn a_cancelled_task_that_loses_its_worker_is_not_run_again() {
    let Cast { now, running, .. } = cast();
    let told = transition(alone(&running), &Event::RequestCancel, now).expect("told").task;
    let lost = transition(alone(&told), &Event::HolderGone, now).expect("taken back").task;
    assert_eq!(lost.state, State::Cancelled);
}

#[test]
fn an_order_of_children_that_comes_twice_makes_them_once() {
    let Cast { now, running, .. } = cast();
    let order = spawn_from(Token { epoch: 1, nonce: 1 }, 0, 2);
    let first = transition(alone(&running), &order, now).expect("spawns");
    assert_eq!((first.children.len(), first.task.children.total), (2, 2));
    let again = transition(alone(&first.task), &order, now).expect("is recognised");
    assert_eq!((again.children.len(), again.task), (0, first.task));
}

#[test]
fn what_may_pass_is_tried_again_until_it_is_dead() {
    let Cast { now, queued, .. } = cast();
    let pause = Duration::from_secs(5);
    let (mut task, mut now) = (queued, now);
    for run in 1..=task.attempts_max {
        task = transition(alone(&task), &claim(1), now).expect("claims").task;
        let token = task.lease.as_ref().expect("runs").token;
        task = transition(alone(&task), &finish(token, failed(Some(pause))), now).expect("ends").task;
        assert_eq!(task.failed_runs, run);
        if run < task.attempts_max {
            assert_eq!((task.state, task.run_at), (State::Queued, Some(now.plus(pause))));
            now = now.plus(pause);
            task = transition(alone(&task), &Event::Due, now).expect("is due").task;
        }
    }
    assert_eq!((task.state, task.dead), (State::Failed, true));
}
