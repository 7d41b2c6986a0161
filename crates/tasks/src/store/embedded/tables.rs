//! The tables of the embedded store.

use redb::{ReadableTable, TableDefinition, WriteTransaction};

use crate::store::DueIndex;

/// Task as JSON by id, live or archived.
pub(super) const TASK: TableDefinition<&str, &[u8]> = TableDefinition::new("task");
/// Id by owner, kind, subject.
pub(super) const SLOT: TableDefinition<(&str, &str, &str), &str> = TableDefinition::new("slot");
/// Id by owner and key.
pub(super) const IDEMPOTENCY: TableDefinition<(&str, &str), &str> = TableDefinition::new("idempotency");
/// Owner, time of registration, id.
pub(super) const HISTORY: TableDefinition<(&str, u64, &str), ()> = TableDefinition::new("history");
/// Lane, tenant, rank, id of waiting tasks.
pub(super) const LINE: TableDefinition<(&str, &str, u64, &str), ()> = TableDefinition::new("line");
/// Lane, turn, tenant: the order in which tenants with waiting tasks are served.
pub(super) const RING: TableDefinition<(&str, u64, &str), ()> = TableDefinition::new("ring");
/// The turn of a lane's tenant in [`RING`].
pub(super) const TURN: TableDefinition<(&str, &str), u64> = TableDefinition::new("turn");
/// Tenant, id of running tasks.
pub(super) const RUNNING_OF_TENANT: TableDefinition<(&str, &str), ()> =
    TableDefinition::new("running_of_tenant");
/// Kind, id of running tasks.
pub(super) const RUNNING_OF_KIND: TableDefinition<(&str, &str), ()> = TableDefinition::new("running_of_kind");
/// The store's time at its last commit, under [`LATEST`].
pub(super) const CLOCK: TableDefinition<&str, u64> = TableDefinition::new("clock");
/// The only key of [`CLOCK`].
pub(super) const LATEST: &str = "latest";

/// Time, id.
pub(super) type ByTime = TableDefinition<'static, (u64, &'static str), ()>;

/// The table of a list by time.
pub(super) fn by_time(index: DueIndex) -> ByTime {
    TableDefinition::new(index.name())
}

/// The greatest text, for ranges: ids and names are ASCII.
pub(super) const LAST: &str = "\u{10FFFF}";

/// Creates what is missing, so that reading finds every table.
pub(super) fn create(tx: &WriteTransaction) -> Result<(), redb::Error> {
    tx.open_table(TASK)?;
    tx.open_table(SLOT)?;
    tx.open_table(IDEMPOTENCY)?;
    tx.open_table(HISTORY)?;
    tx.open_table(LINE)?;
    tx.open_table(RING)?;
    tx.open_table(TURN)?;
    tx.open_table(RUNNING_OF_TENANT)?;
    tx.open_table(RUNNING_OF_KIND)?;
    tx.open_table(CLOCK)?;
    for index in DueIndex::ALL {
        tx.open_table(by_time(index))?;
    }
    Ok(())
}

/// How many entries the table has whose first part is `name`; `limit` at most.
pub(super) fn count_of(
    table: &impl ReadableTable<(&'static str, &'static str), ()>,
    name: &str,
    limit: usize,
) -> Result<usize, redb::Error> {
    Ok(table.range((name, "")..(name, LAST))?.take(limit).count())
}
