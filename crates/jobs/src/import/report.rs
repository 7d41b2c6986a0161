//! What came of an import, however it ended.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use longshore_datasets::{Catalog, import};
use longshore_protocol::TaskId;
use longshore_protocol::import::{ImportReport, PlanCounts, StopReason, Stopped};
use longshore_tasks::{State, Task, Timestamp};
use serde::{Deserialize, Serialize};

use super::commit::{ImportOrder, ImportOutput, transactions};
use super::commit_part::ledger_key;
use super::place::WorkPlace;
use super::plan::{Plan, PlanSpec};
use super::stored::{read_json, write_json};
use super::undo::UndoMark;
use crate::centre::{Answer, Centre};
use crate::error::CentreError;
use crate::work_error::{WorkError, find_dataset};

/// Rows that were not as planned and are told of.
const DRIFTED_MAX: usize = 20;

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ending {
    /// It is in the database.
    Written(PlanCounts),
    /// It is not, because of these rows.
    Drifted(Vec<u32>),
    /// It is not.
    Nothing,
}

/// What is in the database after an import has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Conclusion {
    /// Rows by what was done; `error` are those that are not in.
    pub(crate) done: PlanCounts,
    /// Why it ended before all was done.
    pub(crate) stopped: Option<Stopped>,
    /// The chunks of each transaction that has written.
    pub(super) written: Vec<Vec<u32>>,
}

/// Tells how a transaction ended whose end nobody has told, and keeps it from being carried out later: a transaction without rows
/// under its name is written to the ledger, unless the real one stands there.
///
/// # Errors
/// What the database says.
pub(super) async fn settle(
    catalog: &Catalog,
    spec: &PlanSpec,
    task: &TaskId,
    chunks: &[u32],
) -> Result<Ending, WorkError> {
    let dataset = find_dataset(catalog, spec.dataset.as_str())?.clone();
    let (spec, ledger) = (spec.checked(&dataset)?, ledger_key(task, chunks));
    let settled = tokio::task::spawn_blocking(move || {
        let never = Arc::<AtomicBool>::default();
        import::commit(&dataset, &spec, &ledger, &mut std::iter::empty(), &never)
    });
    let committed = settled.await.map_err(|error| WorkError::Thread(error.to_string()))??;
    Ok(if committed.counts.total() > 0 { Ending::Written(committed.counts) } else { Ending::Nothing })
}

/// Adds up how transactions ended. `reason` is why some have not, where none of them says it was drift.
pub(super) fn conclude(
    order: &ImportOrder,
    plan: &Plan,
    transactions: &[Vec<u32>],
    endings: Vec<Ending>,
    reason: Option<StopReason>,
) -> Conclusion {
    let mut is_in = vec![false; plan.chunks.len()];
    let (mut done, mut drifted, mut written) = (PlanCounts::default(), Vec::new(), Vec::new());
    let mut is_whole = true;
    for (chunks, ending) in transactions.iter().zip(endings) {
        match ending {
            Ending::Written(counts) => {
                done = done.plus(PlanCounts { error: 0, ..counts });
                written.push(chunks.clone());
                for number in chunks {
                    is_in[*number as usize] = true;
                }
            }
            Ending::Drifted(rows) => {
                drifted.extend(rows);
                is_whole = false;
            }
            Ending::Nothing => is_whole = false,
        }
    }
    for chunk in plan.chunks.iter().filter(|chunk| chunk.counts.writes() == 0) {
        // Nothing to be written, so what is there is as it should be, whatever became of the others.
        done.unchanged += chunk.counts.unchanged;
        is_in[chunk.number as usize] = chunk.counts.unchanged > 0;
    }
    done.error = order.counts.total() - done.create - done.update - done.unchanged;
    drifted.sort_unstable();
    drifted.truncate(DRIFTED_MAX);
    let reason = if drifted.is_empty() { reason } else { Some(StopReason::Drifted) };
    let stopped = reason.filter(|_| !is_whole).map(|reason| Stopped {
        reason,
        committed: ranges(
            plan.chunks.iter().zip(is_in).filter(|(_, is_in)| *is_in).map(|(chunk, _)| chunk.rows),
        ),
        drifted,
    });
    Conclusion { done, stopped, written }
}

/// Neighbours as one: between the last row of a chunk and the first one of the next there is none that was read.
fn ranges(rows: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for (first, last) in rows {
        match ranges.last_mut() {
            Some(range) if range.1 + 1 == first => range.1 = last,
            _ => ranges.push((first, last)),
        }
    }
    ranges
}

impl Centre {
    /// What came of an import that has ended; `None` for one that has not, or whose plan is not there any more.
    ///
    /// # Errors
    /// `Files`, `Store`, `Source`.
    pub(crate) async fn import_report(&self, task: &Task, now: Timestamp) -> Answer<Option<ImportReport>> {
        let Some(order) = ImportOrder::of(task) else { return Ok(None) };
        let Some(conclusion) = self.conclusion(task, &order).await? else { return Ok(None) };
        let mark: Option<UndoMark> = read_json(&self.files, &WorkPlace::of(&task.id).undo()).await?;
        let undo = match &mark {
            Some(mark) => self.store.load(&mark.task).await?.task,
            None => None,
        };
        let is_taken_back =
            undo.as_ref().is_some_and(|undo| !undo.state.is_final() || undo.state == State::Succeeded);
        let can_be_undone = conclusion.done.writes() > 0 && now < task.kept_until() && !is_taken_back;
        let ended = task.finished_at.unwrap_or(now);
        Ok(Some(ImportReport {
            file_name: order.file_name,
            mode: order.spec.mode,
            way: order.way,
            planned: order.counts,
            done: conclusion.done,
            stopped: conclusion.stopped,
            duration_ms: ended.since(task.registered_at).as_millis() as u64,
            undo: mark.map(|mark| mark.task),
            can_be_undone,
        }))
    }

    /// What is in the database after an import has ended: its result, or, where it has none because it was cancelled, failed or
    /// expired, what the ledger says.
    pub(super) async fn conclusion(&self, task: &Task, order: &ImportOrder) -> Answer<Option<Conclusion>> {
        if !task.state.is_final() {
            return Ok(None);
        }
        if let Some(output) = ImportOutput::of(task) {
            return Ok(Some(output.conclusion));
        }
        let place = WorkPlace::of(&task.id);
        if let Some(known) = read_json(&self.files, &place.report()).await? {
            return Ok(Some(known));
        }
        let internal = |error: WorkError| match error {
            WorkError::Source(error) => CentreError::Source(error),
            WorkError::Files(error) => CentreError::Files(error),
            other => CentreError::Internal(other.to_string()),
        };
        let own = Plan::load(&self.files, &task.id).await.map_err(internal)?;
        let plan = match own {
            Some(plan) => Some(plan),
            None => Plan::load(&self.files, &order.plan).await.map_err(internal)?,
        };
        let Some(plan) = plan else { return Ok(None) };
        let transactions = transactions(&plan, order.way);
        let mut endings = Vec::with_capacity(transactions.len());
        for (chunks, number) in transactions.iter().zip(0..) {
            // What was never handed out was never written.
            endings.push(match number < task.children.total {
                true => settle(&self.catalog, &plan.spec, &task.id, chunks).await.map_err(internal)?,
                false => Ending::Nothing,
            });
        }
        let reason = match task.state {
            State::Cancelled => StopReason::Cancelled,
            _ => StopReason::Database,
        };
        let conclusion = conclude(order, &plan, &transactions, endings, Some(reason));
        write_json(&self.files, &place.report(), &conclusion).await?;
        Ok(Some(conclusion))
    }
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn neighbours_are_one_range() {
        for (rows, want) in [
            (vec![], vec![]),
            (vec![(2, 4), (5, 9)], vec![(2, 9)]),
            (vec![(2, 4), (6, 9), (10, 10)], vec![(2, 4), (6, 10)]),
        ] {
            assert_eq!(ranges(rows.into_iter()), want);
        }
    }
}
