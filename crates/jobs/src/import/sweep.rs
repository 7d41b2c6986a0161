//! What imports leave in the file store: drafts whose time has passed, and work of tasks that are gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use longshore_datasets::{Catalog, import};
use longshore_files::{FileError, FileStore};
use longshore_protocol::TaskId;
use longshore_tasks::{StoreError, TaskStore, id};

use super::draft::Draft;
use super::place::{DRAFT_FILE, DRAFTS, LEDGERS, WORK, WorkPlace};
use super::stored::read_json;

/// How old the id of a task must be before its work counts as left: a task is registered a moment before its record can be read
/// everywhere.
const WORK_KEPT: Duration = Duration::from_secs(60 * 60);
/// Time within which a stored upload gets its draft.
const DRAFT_FOLLOWS: Duration = Duration::from_secs(60);

/// Why the sweep could not finish.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The file store failed.
    #[error(transparent)]
    Files(#[from] FileError),
    /// The task store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Removes drafts that were not touched for `draft_kept`, uploads that belong to no draft, work of tasks whose record is gone, and
/// what the databases' ledgers say of these; gives how many folders and imports.
///
/// # Errors
/// [`SweepError`]; what was removed stays removed.
pub async fn sweep(
    files: &FileStore,
    store: &Arc<dyn TaskStore>,
    catalog: &Arc<Catalog>,
    draft_kept: Duration,
) -> Result<u64, SweepError> {
    let now = store.now().await?;
    let mut count = 0;
    // `imports/<owner>/<dataset>/…`: those with a draft, and uploads.
    let mut places: BTreeSet<String> = BTreeSet::new();
    let mut uploads: BTreeSet<String> = BTreeSet::new();
    for file in files.list(DRAFTS).await? {
        let mut parts = file.key.splitn(5, '/');
        let (Some(_), Some(owner), Some(dataset), Some(name)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let place = format!("{DRAFTS}{owner}/{dataset}/");
        if parts.next().is_some() {
            uploads.insert(format!("{place}{name}/"));
        } else if name == DRAFT_FILE {
            places.insert(place);
        }
    }
    let mut live: BTreeSet<String> = BTreeSet::new();
    for place in places {
        let key = format!("{place}{DRAFT_FILE}");
        let draft = read_json::<Draft>(files, &key).await?;
        let is_live = match &draft {
            Some(draft) => now.since(draft.changed_at) < draft_kept,
            // Of a form that is no longer known, or gone by now.
            None => is_younger(files, &key, draft_kept).await?,
        };
        if is_live {
            live.extend(draft.map(|draft| format!("{place}{}/", draft.id)));
        } else {
            files.remove(&key).await?;
            count += 1;
        }
    }
    for upload in uploads {
        // One that was stored a moment ago gets its draft in the next.
        let is_young = is_younger(files, &format!("{upload}upload"), DRAFT_FOLLOWS).await?;
        if !live.contains(&upload) && !is_young {
            files.remove_folder(&upload).await?;
            count += 1;
        }
    }
    let work: BTreeSet<String> = files
        .list(WORK)
        .await?
        .iter()
        .filter_map(|file| file.key.strip_prefix(WORK)?.split('/').next().map(str::to_owned))
        .collect();
    for name in work {
        let Ok(task) = TaskId::parse(name.as_str()) else { continue };
        let is_old = id::registration_time(&task).is_none_or(|at| now.since(at) > WORK_KEPT);
        if is_old && store.peek(&task).await?.task.is_none() {
            files.remove_folder(&format!("{WORK}{name}/")).await?;
            count += 1;
        }
    }
    Ok(count + tidy_ledgers(files, store, catalog).await?)
}

/// Removes the rows of the ledger of imports whose record is gone, and with it any worker that could write for them: see
/// [`import::prune`].
async fn tidy_ledgers(
    files: &FileStore,
    store: &Arc<dyn TaskStore>,
    catalog: &Arc<Catalog>,
) -> Result<u64, SweepError> {
    let mut count = 0;
    for mark in files.list(LEDGERS).await? {
        let task = mark.key.strip_prefix(LEDGERS).and_then(|name| TaskId::parse(name).ok());
        let Some(task) = task else { continue };
        // The mark was made by the task's run, so a record that is not there has been removed.
        if store.peek(&task).await?.task.is_some() {
            continue;
        }
        // The kept rows first: without them nobody can write any more.
        files.remove_folder(WorkPlace::of(&task).folder()).await?;
        let dataset = files.get(&mark.key).await?;
        let dataset = std::str::from_utf8(&dataset).ok().and_then(|id| catalog.get(id)).cloned();
        // Of a dataset that is no longer configured the database can't be found either.
        if let Some(dataset) = dataset {
            let id = task.to_string();
            let pruned =
                tokio::task::spawn_blocking(move || import::prune(&dataset, &[&id], &Arc::default())).await;
            match pruned
                .map_err(|error| error.to_string())
                .and_then(|pruned| pruned.map_err(|error| error.to_string()))
            {
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(task.id = %task, error, "the ledger of an import could not be tidied; the next sweep tries again");
                    continue;
                }
            }
        }
        files.remove(&mark.key).await?;
        count += 1;
    }
    Ok(count)
}

/// Whether a file is there and was finished within that time.
async fn is_younger(files: &FileStore, key: &str, than: Duration) -> Result<bool, FileError> {
    match files.age(key).await {
        Ok(age) => Ok(age < than),
        Err(FileError::Missing { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
