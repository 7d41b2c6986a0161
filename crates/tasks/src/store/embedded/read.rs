//! What is read from the tables in one transaction.

use std::collections::BTreeMap;

use longshore_protocol::TaskId;
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata};

use super::tables::{LAST, LINE, RING, RUNNING_OF_KIND, RUNNING_OF_TENANT, SLOT, TURN, by_time, count_of};
use crate::entity::{Lane, Slot, Task, Timestamp};
use crate::limits::Limits;
use crate::placement::{Placement, Rank};
use crate::store::{DueIndex, LaneStats, Stats};

/// Waiting tasks that a position in the queue is counted to; beyond, the position stays at this.
const COUNTED_AHEAD_MAX: usize = 10_000;

/// The id of the task that holds a slot.
pub(super) fn holder(tx: &ReadTransaction, slot: &Slot) -> Result<Option<String>, redb::Error> {
    let table = tx.open_table(SLOT)?;
    let key = (slot.owner.as_str(), slot.kind.as_str(), slot.subject.as_str());
    Ok(table.get(key)?.map(|guard| guard.value().to_owned()))
}

/// Tasks that are claimed before a waiting one, tenants taking turns.
pub(super) fn ahead(tx: &ReadTransaction, task: &Task) -> Result<Option<u64>, redb::Error> {
    let Some((lane, rank)) = Placement::of(task).ready else { return Ok(None) };
    let (lane, own) = (lane.to_string(), task.tenant.as_str());
    let lines = tx.open_table(LINE)?;
    let before = (lane.as_str(), own, 0, "")..(lane.as_str(), own, rank.as_u64(), task.id.as_str());
    let rank = lines.range(before)?.take(COUNTED_AHEAD_MAX).count();
    let (mut ahead, mut turns) = (rank, rank + 1);
    for entry in tx.open_table(RING)?.range((lane.as_str(), 0, "")..(lane.as_str(), u64::MAX, LAST))? {
        let entry = entry?.0;
        let tenant = entry.value().2;
        if tenant == own {
            turns = rank;
        } else {
            let line = (lane.as_str(), tenant, 0, "")..(lane.as_str(), tenant, u64::MAX, LAST);
            ahead += lines.range(line)?.take(turns).count();
        }
        if ahead >= COUNTED_AHEAD_MAX {
            break;
        }
    }
    Ok(Some(ahead as u64))
}

/// The ids of waiting tasks that may run, in the order in which they are to be claimed.
pub(super) fn next(
    tx: &ReadTransaction,
    lanes: &[Lane],
    limits: &Limits,
    wanted: usize,
) -> Result<Vec<TaskId>, redb::Error> {
    let (rings, lines) = (tx.open_table(RING)?, tx.open_table(LINE)?);
    let (of_tenant, of_kind) = (tx.open_table(RUNNING_OF_TENANT)?, tx.open_table(RUNNING_OF_KIND)?);
    let mut ids = Vec::new();
    for lane in lanes {
        let name = lane.to_string();
        let mut places = wanted - ids.len();
        if let Some(limit) = limits.per_kind.get(&lane.kind) {
            let running = count_of(&of_kind, &lane.kind, *limit as usize)?;
            places = places.min(*limit as usize - running);
        }
        let mut tenants = Vec::new();
        for entry in rings.range((name.as_str(), 0, "")..(name.as_str(), u64::MAX, LAST))? {
            if places == 0 || tenants.len() == places {
                break;
            }
            let entry = entry?.0;
            let tenant = entry.value().2;
            let mut places_of_tenant = places;
            if let Some(limit) = limits.per_tenant {
                let running = count_of(&of_tenant, tenant, limit as usize)?;
                places_of_tenant = places.min(limit as usize - running);
            }
            let mut line = Vec::new();
            let all = (name.as_str(), tenant, 0, "")..(name.as_str(), tenant, u64::MAX, LAST);
            for entry in lines.range(all)?.take(places_of_tenant) {
                line.extend(TaskId::parse(entry?.0.value().3).ok());
            }
            if !line.is_empty() {
                tenants.push(line.into_iter());
            }
        }
        // One of each tenant, then the second of each, and so on.
        let before = ids.len();
        while ids.len() - before < places {
            let turn: Vec<TaskId> = tenants.iter_mut().filter_map(Iterator::next).collect();
            if turn.is_empty() {
                break;
            }
            ids.extend(turn.into_iter().take(places - (ids.len() - before)));
        }
        if ids.len() >= wanted {
            break;
        }
    }
    Ok(ids)
}

/// The ids of a list by time up to `until`, earliest first.
pub(super) fn ids(
    tx: &ReadTransaction,
    index: DueIndex,
    until: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<TaskId>, redb::Error> {
    let table = tx.open_table(by_time(index))?;
    let end = until.map_or(u64::MAX, |time| time.as_millis().saturating_add(1));
    let mut ids = Vec::new();
    for entry in table.range(..(end, ""))?.take(limit) {
        ids.extend(TaskId::parse(entry?.0.value().1).ok());
    }
    Ok(ids)
}

/// Counts of everything.
pub(super) fn stats(tx: &ReadTransaction, now: Timestamp) -> Result<Stats, redb::Error> {
    let count = |index| -> Result<u64, redb::Error> { Ok(tx.open_table(by_time(index))?.len()?) };
    let mut running = BTreeMap::new();
    for entry in tx.open_table(RUNNING_OF_KIND)?.iter()? {
        *running.entry(entry?.0.value().0.to_owned()).or_default() += 1;
    }
    let lines = tx.open_table(LINE)?;
    let mut lanes: BTreeMap<String, LaneStats> = BTreeMap::new();
    for entry in tx.open_table(TURN)?.iter()? {
        let entry = entry?.0;
        let (lane, tenant) = entry.value();
        let Some(parsed) = Lane::parse(lane) else { continue };
        let mut line = lines.range((lane, tenant, 0, "")..(lane, tenant, u64::MAX, LAST))?;
        let Some(first) = line.next().transpose()? else { continue };
        let registered = Rank::from_u64(first.0.value().2).registered_at();
        let stats = lanes.entry(lane.to_owned()).or_insert(LaneStats {
            lane: parsed,
            waiting: 0,
            tenants: 0,
            oldest: registered,
        });
        stats.waiting += 1 + line.count() as u64;
        stats.tenants += 1;
        stats.oldest = stats.oldest.min(registered);
    }
    Ok(Stats {
        lanes: lanes.into_values().collect(),
        running,
        delayed: count(DueIndex::Delayed)?,
        dead: count(DueIndex::Dead)?,
        live: count(DueIndex::Deadline)?,
        now,
    })
}
