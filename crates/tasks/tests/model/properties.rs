//! What must hold: in every world, and of every step.

use longshore_tasks::placement::Placement;
use longshore_tasks::transition::Family;
use longshore_tasks::{Event, State, Token};
use stateright::Property;

use crate::client::{Order, Who};
use crate::record::{LIMIT, Name, Record, at};
use crate::store::{Commit, Entry};
use crate::world::{System, World};

/// What a step did that no step may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Broken(u8);

impl Broken {
    pub const STALE_HEARD: Broken = Broken(1);
    pub const END_CHANGED: Broken = Broken(2);
    pub const EPOCH_NOT_NEW: Broken = Broken(4);
    pub const ORPHAN_STARTED: Broken = Broken(8);
    pub const LOST: Broken = Broken(16);

    pub fn insert(&mut self, other: Broken) {
        self.0 |= other.0;
    }

    fn contains(self, other: Broken) -> bool {
        self.0 & other.0 != 0
    }
}

/// Looks at a commit before it is written.
pub fn judge(system: &System, world: &mut World, commit: &Commit, held: Option<(Name, Token)>) {
    let store = &world.store;
    let mut broken = world.broken;
    if let Some((name, token)) = held
        && !store.get(name).is_some_and(|record| record.is_leased_to(token))
    {
        broken.insert(Broken::STALE_HEARD);
    }
    for change in &commit.changes {
        let Some(before) = store.get(change.name) else { continue };
        let Some(after) = change.after else {
            let task = system.templates.task(change.name, &before);
            if !before.state.is_final() || at(world.now) < task.kept_until() {
                broken.insert(Broken::LOST);
            }
            continue;
        };
        let end = |record: Record| (record.state, record.finished_at);
        if before.state.is_final() && (end(before) != end(after) || (before.archived && !after.archived)) {
            broken.insert(Broken::END_CHANGED);
        }
        let begins = after.state == State::Running && before.state != State::Running;
        let token = |record: Record| record.lease.map(|(token, _)| token);
        let is_given = token(after).is_some() && token(after) != token(before);
        if after.epoch < before.epoch || ((begins || is_given) && after.epoch <= before.epoch) {
            broken.insert(Broken::EPOCH_NOT_NEW);
        }
        if begins && change.name.is_child() && store.parents_state().is_none_or(State::is_final) {
            broken.insert(Broken::ORPHAN_STARTED);
        }
    }
    world.broken = broken;
}

/// How `register` frees a slot from a task that no longer counts.
pub fn vacating(record: &Record) -> Event {
    if record.state.is_final() { Event::Clear } else { Event::Deadline }
}

/// Every property, by name.
pub fn all() -> Vec<Property<System>> {
    vec![
        Property::always("a task has a lease exactly while it runs, and one worker has it", leases),
        Property::always("a stale worker is never heard", |_, world| unbroken(world, Broken::STALE_HEARD)),
        Property::always("a final state never changes", |_, world| unbroken(world, Broken::END_CHANGED)),
        Property::always("epochs strictly grow", |_, world| unbroken(world, Broken::EPOCH_NOT_NEW)),
        Property::always("no child of an ended parent begins to run", |_, world| {
            unbroken(world, Broken::ORPHAN_STARTED)
        }),
        Property::always("no task is lost", is_nothing_lost),
        Property::always("a slot is held by its live task alone", slot),
        Property::always("an ended slot can be registered again", can_register),
        Property::always("children are counted exactly", counters),
        Property::always("who waits has somebody to wait for", waiting),
        Property::always("an order of children is carried out once", spawned_once),
        Property::always("only failed tasks are dead letters", |_, world| {
            stored(world).all(|(_, record)| !record.dead || record.state == State::Failed)
        }),
        Property::always("the deadline ends every task", deadline),
        // These say that the model gets anywhere at all.
        Property::sometimes("a task succeeds", |_, world| {
            has(world, |record| record.state == State::Succeeded)
        }),
        Property::sometimes("a task is given up", |_, world| has(world, |record| record.dead)),
        Property::sometimes("a record is purged", |_, world: &World| {
            matches!(world.store.entry(Name::Parent), Entry::Purged)
        }),
    ]
}

fn has(world: &World, what: impl Fn(&Record) -> bool) -> bool {
    stored(world).any(|(_, record)| what(&record))
}

fn unbroken(world: &World, broken: Broken) -> bool {
    !world.broken.contains(broken)
}

fn stored(world: &World) -> impl Iterator<Item = (Name, Record)> + '_ {
    Name::ALL.into_iter().filter_map(|name| Some((name, world.store.get(name)?)))
}

fn leases(_: &System, world: &World) -> bool {
    stored(world).all(|(name, record)| {
        let holders = Who::WORKERS.into_iter().filter(|who| {
            world.client(*who).held.is_some_and(|(held, token)| held == name && record.is_leased_to(token))
        });
        record.lease.is_some() == (record.state == State::Running) && holders.count() <= 1
    })
}

/// Whatever is stored can be found again: it waits in an index that somebody looks at, and has a deadline or a purge.
fn is_nothing_lost(system: &System, world: &World) -> bool {
    unbroken(world, Broken::LOST)
        && !matches!(world.store.entry(Name::Parent), Entry::Absent)
        && stored(world).all(|(name, record)| {
            let place = Placement::of(&system.templates.task(name, &record));
            let is_found = match record.state {
                State::Queued => place.ready.is_some() || place.delayed.is_some(),
                State::Running => place.lease.is_some() && place.running,
                State::Waiting => record.children.open() > 0,
                _ => place.purge.is_some(),
            };
            is_found && place.live != record.archived && place.deadline.is_some() != record.archived
        })
}

fn slot(system: &System, world: &World) -> bool {
    let holders: Vec<Name> = stored(world)
        .filter(|(name, record)| Placement::of(&system.templates.task(*name, record)).holds_slot)
        .map(|(name, _)| name)
        .collect();
    let archived_frees =
        stored(world).all(|(name, record)| !record.archived || world.store.slot != Some(name));
    holders.len() <= 1 && holders.first().copied() == world.store.slot && archived_frees
}

fn can_register(system: &System, world: &World) -> bool {
    let Some(name) = world.store.slot else { return true };
    let Some(record) = world.store.get(name) else { return false };
    if system.templates.task(name, &record).is_live_at(at(world.now)) {
        return true;
    }
    let mut freed = world.store.clone();
    let vacated = system.decide(world, Who::Person, name, &vacating(&record));
    vacated.is_ok_and(|commit| {
        freed.write(&commit, &system.templates);
        freed.slot.is_none()
    })
}

fn counters(_: &System, world: &World) -> bool {
    let Some(parent) = world.store.get(Name::Parent) else { return true };
    if parent.state.is_final() {
        // Nobody looks at the numbers of an ended parent's children any more.
        return true;
    }
    let children = Name::CHILDREN.map(|name| world.store.entry(name));
    let count = |counted: &[State]| {
        let is_counted =
            |entry: &&Entry| matches!(entry, Entry::Stored(record) if counted.contains(&record.state));
        children.iter().filter(is_counted).count() as u32
    };
    let succeeded = count(&[State::Succeeded]);
    let failed = count(&[State::Failed, State::Expired]);
    let cancelled = count(&[State::Cancelled]);
    // A child's record stays until its parent's deadline, when the parent may not have been expired yet.
    let purged = children.iter().filter(|entry| matches!(entry, Entry::Purged)).count() as u32;
    let told = parent.children;
    (purged == 0 || world.now >= LIMIT)
        && told.succeeded >= succeeded
        && told.failed >= failed
        && told.cancelled >= cancelled
        && told.ended() == succeeded + failed + cancelled + purged
        && told.open() == count(&State::NOT_ENDED)
}

fn waiting(_: &System, world: &World) -> bool {
    stored(world).all(|(_, record)| record.state != State::Waiting || record.children.open() > 0)
}

/// The holder of the parent knows how many children there are, but for the order whose answer it does not know.
fn spawned_once(_: &System, world: &World) -> bool {
    let Some(parent) = world.store.get(Name::Parent) else { return true };
    Who::WORKERS.into_iter().map(|who| world.client(who)).all(|client| {
        let Some((Name::Parent, token)) = client.held else { return true };
        let is_open = matches!(client.order, Some((Order::Spawn, _)));
        // Past the deadline it is refused an answer, and cannot do anything else either.
        let open = u32::from(is_open || world.now >= LIMIT);
        let known = u32::from(client.known);
        !parent.is_leased_to(token) || (known..=known + open).contains(&parent.children.total)
    })
}

/// Whatever has happened to a task: at its deadline the reaper's event applies, ends it, and frees its slot.
fn deadline(system: &System, world: &World) -> bool {
    stored(world).filter(|(_, record)| !record.archived).all(|(name, record)| {
        let task = system.templates.task(name, &record);
        let parent = world.store.get(Name::Parent).filter(|_| name.is_child());
        let parent = parent.map(|parent| system.templates.task(Name::Parent, &parent));
        let family = Family { task: &task, parent: parent.as_ref() };
        let ended = (system.rules.transition)(family, &Event::Deadline, task.deadline);
        ended.is_ok_and(|step| {
            let place = Placement::of(&step.task);
            step.task.state.is_final() && step.task.archived && !place.holds_slot && place.purge.is_some()
        })
    })
}
