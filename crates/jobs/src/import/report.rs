//! What came of an import, however it ended.

use std::sync::Arc;

use longshore_datasets::import;
use longshore_protocol::import::{ImportReport, PlanCounts, RefusedRows, StopReason, Stopped, UndoReport};
use longshore_tasks::{State, Task, Timestamp};
use serde::{Deserialize, Serialize};

use super::commit::{ImportOrder, ImportOutput};
use super::place::WorkPlace;
use super::plan::Plan;
use super::stored::{read_json, write_json};
use super::transaction::{DRIFTED_MAX, ledger_key, settle, transactions};
use super::undo::{UndoEnding, UndoMark, UndoOrder, add, report_of};
use crate::centre::{Answer, Centre};
use crate::error::CentreError;
use crate::work_error::WorkError;

/// Refusals of the database that are told.
const REFUSED_MAX: usize = 20;

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ending {
    /// It is in the database.
    Written(PlanCounts),
    /// It is not, because of these rows.
    Drifted(Vec<u32>),
    /// It is not, because the database does not take these rows.
    Refused(RefusedRows),
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

/// Adds up how transactions ended; beyond those there may be more that say why. `reason` is why some have written nothing, where
/// none of them says why.
pub(super) fn conclude(
    order: &ImportOrder,
    plan: &Plan,
    transactions: &[Vec<u32>],
    endings: Vec<Ending>,
    reason: Option<StopReason>,
) -> Conclusion {
    let mut is_in = vec![false; plan.chunks.len()];
    let (mut done, mut drifted, mut written) = (PlanCounts::default(), Vec::new(), Vec::new());
    let (mut is_whole, mut refused) = (true, Vec::new());
    let chunks = transactions.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]));
    for (chunks, ending) in chunks.zip(endings) {
        match ending {
            Ending::Written(counts) => {
                done = done.plus(PlanCounts { error: 0, ..counts });
                written.push(chunks.to_vec());
                for number in chunks {
                    is_in[*number as usize] = true;
                }
            }
            Ending::Drifted(rows) => {
                drifted.extend(rows);
                is_whole = false;
            }
            Ending::Refused(rows) => {
                refused.push(rows);
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
    refused.truncate(REFUSED_MAX);
    let reason = match (drifted.is_empty(), refused.is_empty()) {
        (false, _) => Some(StopReason::Drifted),
        (true, false) => Some(StopReason::Database),
        (true, true) => reason,
    };
    let stopped = reason.filter(|_| !is_whole).map(|reason| Stopped {
        reason,
        committed: ranges(
            plan.chunks.iter().zip(is_in).filter(|(_, is_in)| *is_in).map(|(chunk, _)| chunk.rows),
        ),
        drifted,
        refused,
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

fn internal(error: WorkError) -> CentreError {
    match error {
        WorkError::Source(error) => CentreError::Source(error),
        WorkError::Files(error) => CentreError::Files(error),
        other => CentreError::Internal(other.to_string()),
    }
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
        let is_whole = |undo: &Task| report_of(undo).is_some_and(|report| report.left_row_count == 0);
        let is_taken_back = undo.as_ref().is_some_and(|undo| !undo.state.is_final() || is_whole(undo));
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

    /// What came of taking an import back, once that has ended; where it was cancelled, failed or expired, what the ledger says.
    /// `None` for one that goes on, or whose import is not there any more.
    ///
    /// # Errors
    /// `UnknownDataset`, `Files`, `Source`.
    pub(crate) async fn undo_report(&self, task: &Task) -> Answer<Option<UndoReport>> {
        if let Some(report) = report_of(task) {
            return Ok(Some(report));
        }
        let Some(order) = UndoOrder::of(task).filter(|_| task.state.is_final()) else { return Ok(None) };
        let Some(plan) = Plan::load(&self.files, &order.import).await.map_err(internal)? else {
            return Ok(None);
        };
        let dataset = self.dataset(order.spec.dataset.as_str())?.clone();
        let keys: Vec<_> = order.written.iter().map(|chunks| ledger_key(&order.import, chunks)).collect();
        let told = tokio::task::spawn_blocking(move || import::undone(&dataset, &keys, &Arc::default()));
        let told = told.await.map_err(|error| CentreError::Internal(error.to_string()))?;
        let told = told.map_err(|error| internal(error.into()))?;
        let mut report = order.empty_report();
        for (chunks, undone) in order.written.iter().zip(told) {
            match undone {
                Some(undone) => add(&mut report, UndoEnding::Undone(undone)),
                None => {
                    let counts = chunks.iter().filter_map(|number| plan.chunks.get(*number as usize));
                    report.left_row_count += counts.map(|chunk| chunk.counts.writes()).sum::<u64>();
                }
            }
        }
        Ok(Some(report))
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
                true => settle(&self.catalog, &plan.spec, &task.id, chunks, Arc::default())
                    .await
                    .map_err(internal)?
                    .map_or(Ending::Nothing, Ending::Written),
                false => Ending::Nothing,
            });
        }
        let reason = match task.state {
            State::Cancelled => StopReason::Cancelled,
            State::Expired => StopReason::Expired,
            _ => StopReason::Failed,
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
