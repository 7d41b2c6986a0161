//! What remains when all retentions have ended: there must be nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use longshore_files::FileStore;
use longshore_tasks::reaper::{self, Leases};
use longshore_tasks::store::DueIndex;
use longshore_tasks::{Registry, TaskStore};
use redb::{ReadableDatabase, ReadableTableMetadata};

use super::later::Later;
use crate::place::Place;
use crate::timing::BEYOND_RETENTION;

/// Rounds of the reaper after which what is left stays.
const ROUNDS_MAX: usize = 2_000;
/// Examples that are named.
const NAMED: usize = 5;

/// Lets the reaper clear up as if all retentions had ended.
///
/// # Errors
/// If the store does not answer.
pub async fn clear_up(store: &Arc<dyn TaskStore>, registry: &Registry) -> anyhow::Result<()> {
    let later = Later { store: Arc::clone(store), by: BEYOND_RETENTION };
    for _ in 0..ROUNDS_MAX {
        reaper::round(&later, registry, Leases::End).await?;
        let mut is_empty = true;
        for index in [DueIndex::Deadline, DueIndex::Purge] {
            is_empty &= store.listed(index, 1).await?.is_empty();
        }
        if is_empty {
            break;
        }
    }
    Ok(())
}

/// Files that killed nodes left half written, which are removed here: no node is alive.
///
/// # Errors
/// If the folder can't be read or written.
pub async fn unfinished_files(place: &Place) -> anyhow::Result<u64> {
    Ok(FileStore::in_folder(&place.files())?.remove_unfinished(Duration::ZERO).await?)
}

/// The paths of all files in a folder and below.
///
/// # Errors
/// If it can't be read.
pub fn files_in(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| format!("can't read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_string_lossy().into_owned());
            }
        }
    }
    Ok(found)
}

/// Names some of many.
pub fn some_of(all: &[String]) -> String {
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > NAMED { format!("{named}, ...") } else { named }
}

/// The keys that Redis still has, of whatever kind.
///
/// # Errors
/// If it does not answer.
pub async fn redis_keys(port: u16) -> anyhow::Result<Vec<String>> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/"))?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let (mut keys, mut cursor) = (Vec::new(), 0u64);
    loop {
        let (next, found): (u64, Vec<String>) =
            redis::cmd("SCAN").arg(cursor).arg("COUNT").arg(1_000).query_async(&mut connection).await?;
        keys.extend(found);
        cursor = next;
        if cursor == 0 {
            return Ok(keys);
        }
    }
}

/// The tables of the embedded store that are not empty, with their lengths. Nobody may have it open.
///
/// # Errors
/// If it can't be read.
pub fn table_entries(place: &Place) -> anyhow::Result<Vec<String>> {
    let database = redb::Database::open(place.tasks())?;
    let transaction = database.begin_read()?;
    let mut filled = Vec::new();
    for table in transaction.list_tables()? {
        let name = redb::TableHandle::name(&table).to_owned();
        // The time of the last commit is no record of a task.
        if name == "clock" {
            continue;
        }
        let length = transaction.open_untyped_table(table)?.len()?;
        if length > 0 {
            filled.push(format!("{name} ({length})"));
        }
    }
    Ok(filled)
}
