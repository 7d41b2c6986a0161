//! The system: its worlds, and what can happen in them.

use longshore_tasks::entity::Payload;
use longshore_tasks::event::{NewChild, Outcome};
use longshore_tasks::transition::Family;
use longshore_tasks::{Event, Progress, Refusal, State};
use stateright::{Model, Property};

use crate::broken_rules::Rules;
use crate::client::{Client, Order, Stage, Who};
use crate::properties::{self, Broken};
use crate::record::{Name, Record, Templates, at, ticks};
use crate::scope::Scope;
use crate::store::{Answer, Change, Commit, Store};
use crate::support::events::failed;

/// One world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub now: u8,
    pub store: Store,
    pub clients: [Client; 4],
    /// What the last step did that it must not do.
    pub broken: Broken,
}

impl World {
    pub fn client(&self, who: Who) -> &Client {
        &self.clients[who as usize]
    }

    fn client_mut(&mut self, who: Who) -> &mut Client {
        &mut self.clients[who as usize]
    }
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Time passes.
    Tick,
    /// Somebody begins: loads, and decides.
    Begin(Who, Order),
    /// Loads again, after a conflict.
    Again(Who),
    /// Commits, and hears the answer.
    Commit(Who),
    /// Commits, and the answer is lost.
    CommitUnheard(Who),
    /// Gives up waiting for the answer, as after a long outage, and loads again.
    GiveUp(Who),
    /// A worker beats, beside whatever else it is about.
    Beat(Who),
    /// Forgets everything.
    Crash(Who),
}

/// The model.
pub struct System {
    pub scope: Scope,
    pub rules: Rules,
    pub templates: Templates,
}

impl System {
    pub fn new(scope: Scope) -> System {
        System::with_rules(scope, Rules::REAL)
    }

    pub fn with_rules(scope: Scope, rules: Rules) -> System {
        System { scope, rules, templates: Templates::new() }
    }

    /// Applies an event to a task as stored, as `apply_loaded` does; what it would commit.
    pub fn decide(&self, world: &World, who: Who, name: Name, event: &Event) -> Result<Commit, Refusal> {
        let store = &world.store;
        let Some(before) = store.get(name) else { return Err(Refusal::Archived) };
        let parents = if name.is_child() { store.get(Name::Parent) } else { None };
        let task = self.templates.task(name, &before);
        let parent = parents.map(|parent| self.templates.task(Name::Parent, &parent));
        let family = Family { task: &task, parent: parent.as_ref() };
        let step = (self.rules.transition)(family, event, at(world.now))?;
        let next = |name, before: Option<Record>, task| {
            let mut after = self.templates.record(name, task);
            after.version = before.map_or(1, |before| before.version + 1);
            after.stamp = who.number();
            Change { name, expected: before.map(|before| before.version), after: Some(after) }
        };
        let mut changes = vec![next(name, Some(before), &step.task)];
        if let (Some(parent), Some(after)) = (parents, &step.parent) {
            changes.push(next(Name::Parent, Some(parent), after));
        }
        let first = before.children.total as usize;
        changes.extend(
            step.children
                .iter()
                .zip(&Name::CHILDREN[first.min(2)..])
                .map(|(child, name)| next(*name, None, child)),
        );
        let begins = matches!(event, Event::Claim { .. }) && step.task.state == State::Running;
        let not_ended = (begins && parent.is_some() && self.rules.asks_for_parent).then_some(Name::Parent);
        Ok(Commit { changes, not_ended })
    }

    /// The commit that an order leads to at this moment; `None` where there is nothing to do (any more).
    fn commit_of(&self, world: &mut World, who: Who, order: Order) -> Option<Commit> {
        let store = &world.store;
        let (name, event) = match order {
            Order::Register => return self.registration(world, who),
            Order::Purge(name) => {
                let record = store.get(name)?;
                let task = self.templates.task(name, &record);
                if !record.state.is_final() || at(world.now) < task.kept_until() {
                    return None;
                }
                let change = Change { name, expected: Some(record.version), after: None };
                return Some(Commit { changes: vec![change], not_ended: None });
            }
            Order::Claim(name) => {
                let nonce = u64::from(who.number());
                (name, Event::Claim { worker: String::new(), nonce, lease: ticks(1) })
            }
            Order::LoseLease(name) => (name, Event::LeaseLost),
            Order::TakeBack(name) => (name, Event::HolderGone),
            Order::Due(name) => (name, Event::Due),
            Order::Expire(name) => (name, Event::Deadline),
            Order::Cancel(name) => (name, Event::RequestCancel),
            Order::Clear(name) => (name, Event::Clear),
            Order::Revive(name) => (name, Event::Revived),
            Order::Spawn
            | Order::Wait
            | Order::Succeed
            | Order::Fail
            | Order::FailForNow
            | Order::StopAsTold
            | Order::Release => self.event_of_run(world.client(who), order)?,
        };
        let commit = self.decide(world, who, name, &event).ok()?;
        if let Some((name, token)) = world.client(who).held
            && order.is_of_a_run()
            && !world.store.get(name).is_some_and(|record| record.is_leased_to(token))
        {
            world.broken.insert(Broken::STALE_HEARD);
        }
        Some(commit)
    }

    fn event_of_run(&self, client: &Client, order: Order) -> Option<(Name, Event)> {
        let (name, token) = client.held?;
        let event = match order {
            Order::Spawn => {
                let payload = Payload { version: 1, body: longshore_tasks::Json::default() };
                let child = NewChild { kind: "test".to_owned(), payload, attempts_max: 1 };
                Event::Spawn { token, first: client.known.into(), children: vec![child] }
            }
            Order::Wait => Event::Wait { token, cursor: None },
            Order::Succeed => {
                Event::Finish { token, outcome: Outcome::Succeeded(longshore_tasks::Json::default()) }
            }
            Order::Fail => Event::Finish { token, outcome: failed(None) },
            Order::FailForNow => Event::Finish { token, outcome: failed(Some(ticks(1))) },
            Order::StopAsTold => Event::Finish { token, outcome: Outcome::Cancelled },
            _ => Event::Release { token, cursor: None },
        };
        Some((name, event))
    }

    /// One round of `register`: what is in the way goes, then the new task comes.
    fn registration(&self, world: &World, who: Who) -> Option<Commit> {
        if world.store.get(Name::Successor).is_some() {
            return None;
        }
        let Some(holder) = world.store.slot else {
            let after = Record { stamp: who.number(), ..Record::registered(world.now) };
            let change = Change { name: Name::Successor, expected: None, after: Some(after) };
            return Some(Commit { changes: vec![change], not_ended: None });
        };
        let record = world.store.get(holder)?;
        if self.templates.task(holder, &record).is_live_at(at(world.now)) {
            return None;
        }
        self.decide(world, who, holder, &properties::vacating(&record)).ok()
    }

    fn begin(&self, world: &mut World, who: Who, order: Order) -> bool {
        let commit = self.commit_of(world, who, order);
        let decided = commit.is_some();
        world.client_mut(who).order = commit.map(|commit| (order, Stage::Commit(commit)));
        decided
    }

    fn commit(&self, world: &mut World, who: Who, is_heard: bool) -> Option<()> {
        let (order, stage) = world.client_mut(who).order.take()?;
        let (commit, answer) = match stage {
            Stage::Load => return None,
            Stage::Doomed => (None, Answer::Conflict),
            Stage::Commit(commit) | Stage::Repeat(commit) => {
                let answer = world.store.answer(&commit);
                (Some(commit), answer)
            }
        };
        let answer = match answer {
            Answer::Conflict if commit.is_some() && !self.rules.compares => Answer::Done,
            answer => answer,
        };
        if let (Answer::Done, Some(commit)) = (answer, &commit) {
            let held = world.client(who).held.filter(|_| order.is_of_a_run());
            properties::judge(self, world, commit, held);
            world.store.write(commit, &self.templates);
        }
        match (answer, commit) {
            (Answer::Done, Some(commit)) if !is_heard => {
                world.client_mut(who).order = Some((order, Stage::Repeat(commit)));
            }
            (Answer::Done | Answer::DoneBefore, Some(commit)) => self.heard(world, who, order, &commit),
            _ if is_heard => {
                // A worker and whoever registers try again; the others come again of their own accord.
                let again = order.is_of_a_run() || order == Order::Register;
                world.client_mut(who).order = again.then_some((order, Stage::Load));
            }
            // An answer that says no is as good as none.
            _ => return None,
        }
        Some(())
    }

    fn heard(&self, world: &mut World, who: Who, order: Order, commit: &Commit) {
        let is_registered =
            commit.changes.iter().any(|change| change.name == Name::Successor && change.expected.is_none());
        let client = world.client_mut(who);
        match order {
            Order::Claim(name) => {
                if let Some(record) = commit.changes[0].after
                    && let Some((token, _)) = record.lease
                {
                    client.held = Some((name, token));
                    client.known = u8::try_from(record.children.total).unwrap_or(u8::MAX);
                }
            }
            Order::Spawn => client.known += 1,
            Order::Register if !is_registered => client.order = Some((order, Stage::Load)),
            _ => {}
        }
    }

    fn beat(&self, world: &mut World, who: Who) -> Option<()> {
        let (name, token) = world.client(who).held?;
        let event = Event::Beat { token, progress: Progress::default(), cursor: None, lease: ticks(1) };
        let commit = self.decide(world, who, name, &event).ok()?;
        properties::judge(self, world, &commit, Some((name, token)));
        world.store.write(&commit, &self.templates);
        world.store.set_version(name, commit.changes[0].after?.version, 0);
        Some(())
    }

    /// Renumbers versions and stamps, which are only ever compared, makes all moments that have passed the same, and
    /// forgets commits that can only fail.
    fn normalise(&self, world: &mut World) {
        if !self.rules.compares {
            return;
        }
        let World { store, clients, now, .. } = world;
        let now = *now;
        let mut stamps = [0; 4];
        for client in clients.iter_mut() {
            let Some((_, stage)) = &mut client.order else { continue };
            let (Stage::Commit(commit) | Stage::Repeat(commit)) = stage else { continue };
            match store.answer(commit) {
                Answer::Conflict => *stage = Stage::Doomed,
                Answer::DoneBefore => {
                    let first = &mut commit.changes[0];
                    if let Some(after) = &mut first.after {
                        stamps[first.name as usize] = after.stamp;
                        (first.expected, after.version) = (first.expected.map(|_| 1), 2);
                    }
                }
                Answer::Done | Answer::SlotTaken => {
                    for change in &mut commit.changes {
                        change.expected = change.expected.map(|_| 2);
                        if let Some(after) = &mut change.after {
                            after.version = change.expected.map_or(1, |_| 3);
                            self.forget_passed(change.name, after, now);
                        }
                    }
                }
            }
        }
        for name in Name::ALL {
            store.set_version(name, 2, stamps[name as usize]);
            if let Some(record) = store.get_mut(name) {
                self.forget_passed(name, record, now);
            }
        }
    }

    /// Of moments that have passed it only matters that they have.
    fn forget_passed(&self, name: Name, record: &mut Record, now: u8) {
        if self.templates.task(name, record).kept_until() <= at(now) {
            record.finished_at = record.finished_at.map(|_| 0);
        }
        if let Some((_, expires_at)) = &mut record.lease
            && *expires_at <= now
        {
            *expires_at = 0;
        }
        record.run_at = record.run_at.map(|at| if at <= now { 0 } else { at });
    }
}

impl Model for System {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let mut store = Store::empty();
        let change = Change { name: Name::Parent, expected: None, after: Some(Record::registered(0)) };
        store.write(&Commit { changes: vec![change], not_ended: None }, &self.templates);
        let mut world = World { now: 0, store, clients: Default::default(), broken: Broken::default() };
        self.normalise(&mut world);
        vec![world]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.broken != Broken::default() {
            return;
        }
        if world.now < self.scope.last_tick {
            actions.push(Action::Tick);
        }
        let between = world.clients.iter().filter(|client| client.is_between_load_and_commit()).count();
        let may_load = between < self.scope.interleaved;
        let workers = Who::WORKERS.into_iter().take(self.scope.workers.into());
        for who in workers.chain([Who::Reaper, Who::Person]) {
            let client = world.client(who);
            match &client.order {
                None if may_load => self.orders(world, who, |order| actions.push(Action::Begin(who, order))),
                None => {}
                Some((_, Stage::Load)) if may_load => actions.push(Action::Again(who)),
                Some((_, Stage::Load)) => {}
                Some((_, Stage::Doomed)) => actions.extend([Action::Commit(who), Action::Crash(who)]),
                Some((order, Stage::Commit(_))) => {
                    actions.extend([Action::Commit(who), Action::Crash(who)]);
                    if self.scope.loses_answers && !matches!(order, Order::Purge(_)) {
                        actions.push(Action::CommitUnheard(who));
                    }
                }
                Some((_, Stage::Repeat(_))) => {
                    actions.extend([Action::Commit(who), Action::GiveUp(who), Action::Crash(who)]);
                }
            }
            if client.held.is_some() {
                actions.push(Action::Beat(who));
            }
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        match action {
            Action::Tick => world.now += 1,
            Action::Begin(who, order) => {
                if !self.begin(&mut world, who, order) {
                    return None;
                }
            }
            Action::Again(who) => {
                let (order, _) = world.client(who).order.clone()?;
                // A refusal ends it: the order stands as it is.
                self.begin(&mut world, who, order);
            }
            Action::Commit(who) => self.commit(&mut world, who, true)?,
            Action::CommitUnheard(who) => self.commit(&mut world, who, false)?,
            Action::GiveUp(who) => {
                let client = world.client_mut(who);
                client.order = client.order.take().map(|(order, _)| (order, Stage::Load));
            }
            Action::Beat(who) => self.beat(&mut world, who)?,
            Action::Crash(who) => *world.client_mut(who) = Client::default(),
        }
        self.normalise(&mut world);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<System>> {
        properties::all()
    }
}
