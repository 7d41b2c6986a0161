//! Storing changes of tasks in one transaction.

use longshore_protocol::TaskId;
use redb::{ReadableTable, WriteTransaction};

use super::tables::{
    HISTORY, IDEMPOTENCY, LAST, LINE, RING, RUNNING_OF_KIND, RUNNING_OF_TENANT, SLOT, TASK, TURN, by_time,
    count_of,
};
use crate::entity::{Lane, Task, Timestamp};
use crate::limits::Limits;
use crate::placement::Placement;
use crate::store::{Committed, DueIndex};

/// A change that can go to another thread: the task before and after, and the latter as JSON; or the task that must not
/// have ended.
pub(super) struct OwnedChange {
    pub(super) before: Option<Task>,
    pub(super) after: Option<Task>,
    pub(super) json: Vec<u8>,
    pub(super) not_ended: Option<TaskId>,
}

/// Writes all changes, or says what came first; the transaction is to be dropped then.
pub(super) fn write(
    tx: &WriteTransaction,
    changes: &[OwnedChange],
    limits: &Limits,
) -> Result<Committed, redb::Error> {
    for (number, change) in changes.iter().enumerate() {
        match write_one(tx, change, limits, number == 0)? {
            Written::Yes => {}
            Written::Before => return Ok(Committed::Done),
            Written::No(committed) => return Ok(committed),
        }
    }
    Ok(Committed::Done)
}

enum Written {
    /// Now.
    Yes,
    /// By an earlier try of the same commit, with everything that belongs to it.
    Before,
    /// Something else came first.
    No(Committed),
}

fn write_one(
    tx: &WriteTransaction,
    change: &OwnedChange,
    limits: &Limits,
    is_first: bool,
) -> Result<Written, redb::Error> {
    if let Some(id) = &change.not_ended {
        let open =
            stored_task(&tx.open_table(TASK)?, id.as_str())?.is_some_and(|task| !task.state.is_final());
        return Ok(if open { Written::Yes } else { Written::No(Committed::Conflict) });
    }
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let Some(task) = after.or(before) else { return Ok(Written::Yes) };
    let id = task.id.as_str();
    let mut tasks = tx.open_table(TASK)?;
    let stored = stored_task(&tasks, id)?;
    let is_stored = match after {
        Some(after) => {
            stored.as_ref().is_some_and(|task| (task.version, task.stamp) == (after.version, after.stamp))
        }
        None => stored.is_none(),
    };
    if is_first && is_stored {
        return Ok(Written::Before);
    }
    if stored.map(|task| task.version) != before.map(|task| task.version) {
        return Ok(Written::No(Committed::Conflict));
    }
    let old = before.map(Placement::of).unwrap_or_default();
    let new = after.map(Placement::of).unwrap_or_default();
    let refused = idempotency(tx, before, after, task)?;
    let refused = refused.or(slot(tx, &old, &new, before.is_none(), task)?);
    let refused = refused.or(running(tx, &old, &new, task, limits)?);
    if let Some(committed) = refused {
        return Ok(Written::No(committed));
    }
    line(tx, &old, &new, task)?;
    for (index, from, to) in [
        (DueIndex::Lease, old.lease, new.lease),
        (DueIndex::Deadline, old.deadline, new.deadline),
        (DueIndex::Delayed, old.delayed, new.delayed),
        (DueIndex::Purge, old.purge, new.purge),
        (DueIndex::Dead, old.dead, new.dead),
    ] {
        time(tx, index, from, to, id)?;
    }
    if old.in_history != new.in_history {
        let key = (task.slot.owner.as_str(), task.registered_at.as_millis(), id);
        let mut history = tx.open_table(HISTORY)?;
        if new.in_history {
            history.insert(key, ())?;
        } else {
            history.remove(key)?;
        }
    }
    if after.is_some() {
        tasks.insert(id, change.json.as_slice())?;
    } else {
        tasks.remove(id)?;
    }
    Ok(Written::Yes)
}

fn stored_task(
    tasks: &impl ReadableTable<&'static str, &'static [u8]>,
    id: &str,
) -> Result<Option<Task>, redb::Error> {
    Ok(tasks.get(id)?.and_then(|guard| serde_json::from_slice(guard.value()).ok()))
}

fn parsed(guard: Option<redb::AccessGuard<'_, &'static str>>) -> Option<TaskId> {
    guard.and_then(|guard| TaskId::parse(guard.value()).ok())
}

fn idempotency(
    tx: &WriteTransaction,
    before: Option<&Task>,
    after: Option<&Task>,
    task: &Task,
) -> Result<Option<Committed>, redb::Error> {
    let Some(name) = task.idempotency_key.as_deref() else { return Ok(None) };
    let key = (task.slot.owner.as_str(), name);
    let mut keys = tx.open_table(IDEMPOTENCY)?;
    if before.is_none() {
        if let Some(other) = parsed(keys.get(key)?) {
            return Ok(Some(Committed::KeyKnown(other)));
        }
        keys.insert(key, task.id.as_str())?;
    } else if after.is_none() {
        keys.remove(key)?;
    }
    Ok(None)
}

fn slot(
    tx: &WriteTransaction,
    old: &Placement,
    new: &Placement,
    is_new: bool,
    task: &Task,
) -> Result<Option<Committed>, redb::Error> {
    if old.holds_slot == new.holds_slot {
        return Ok(None);
    }
    let key = (task.slot.owner.as_str(), task.slot.kind.as_str(), task.slot.subject.as_str());
    let mut slots = tx.open_table(SLOT)?;
    if is_new && let Some(other) = parsed(slots.get(key)?) {
        return Ok(Some(Committed::SlotTaken(other)));
    }
    if new.holds_slot {
        slots.insert(key, task.id.as_str())?;
    } else {
        slots.remove(key)?;
    }
    Ok(None)
}

fn running(
    tx: &WriteTransaction,
    old: &Placement,
    new: &Placement,
    task: &Task,
    limits: &Limits,
) -> Result<Option<Committed>, redb::Error> {
    if old.running == new.running {
        return Ok(None);
    }
    for (table, name, limit) in [
        (RUNNING_OF_TENANT, task.tenant.as_str(), limits.per_tenant),
        (RUNNING_OF_KIND, task.slot.kind.as_str(), limits.of_kind(task)),
    ] {
        let mut table = tx.open_table(table)?;
        let key = (name, task.id.as_str());
        if !new.running {
            table.remove(key)?;
            continue;
        }
        if let Some(limit) = limit
            && count_of(&table, name, limit as usize)? >= limit as usize
        {
            return Ok(Some(Committed::AtLimit));
        }
        table.insert(key, ())?;
    }
    Ok(None)
}

fn line(tx: &WriteTransaction, old: &Placement, new: &Placement, task: &Task) -> Result<(), redb::Error> {
    if old.ready == new.ready {
        return Ok(());
    }
    let tenant = task.tenant.as_str();
    if let Some((lane, rank)) = &old.ready {
        let name = lane.to_string();
        tx.open_table(LINE)?.remove((name.as_str(), tenant, rank.as_u64(), task.id.as_str()))?;
        // A tenant whose task is claimed has had its turn.
        take_turn(tx, lane, tenant, new.running)?;
    }
    if let Some((lane, rank)) = &new.ready {
        let name = lane.to_string();
        tx.open_table(LINE)?.insert((name.as_str(), tenant, rank.as_u64(), task.id.as_str()), ())?;
        take_turn(tx, lane, tenant, false)?;
    }
    Ok(())
}

/// A tenant is in the ring of a lane while it has tasks in it; `moves` puts it at the back.
fn take_turn(tx: &WriteTransaction, lane: &Lane, tenant: &str, moves: bool) -> Result<(), redb::Error> {
    let name = lane.to_string();
    let lane = name.as_str();
    let has_tasks =
        tx.open_table(LINE)?.range((lane, tenant, 0, "")..(lane, tenant, u64::MAX, LAST))?.next().is_some();
    let (mut ring, mut turns) = (tx.open_table(RING)?, tx.open_table(TURN)?);
    let turn = turns.get((lane, tenant))?.map(|turn| turn.value());
    if has_tasks && turn.is_some() && !moves {
        return Ok(());
    }
    if let Some(turn) = turn {
        ring.remove((lane, turn, tenant))?;
        turns.remove((lane, tenant))?;
    }
    if has_tasks {
        let last = ring.range((lane, 0, "")..(lane, u64::MAX, LAST))?.next_back().transpose()?;
        let next = last.map_or(0, |(key, _)| key.value().1) + 1;
        ring.insert((lane, next, tenant), ())?;
        turns.insert((lane, tenant), next)?;
    }
    Ok(())
}

fn time(
    tx: &WriteTransaction,
    index: DueIndex,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    id: &str,
) -> Result<(), redb::Error> {
    if from == to {
        return Ok(());
    }
    let mut table = tx.open_table(by_time(index))?;
    if let Some(time) = from {
        table.remove((time.as_millis(), id))?;
    }
    if let Some(time) = to {
        table.insert((time.as_millis(), id), ())?;
    }
    Ok(())
}
