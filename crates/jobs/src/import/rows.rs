//! Rows of a plan, page by page.

use longshore_protocol::import::{PlanRow, PlanRowsPage, PlanRowsRequest, PlanShow};
use longshore_tasks::Task;

use super::chunk::read_checked;
use super::plan::{Plan, PlanChunk};
use crate::caller::Caller;
use crate::centre::{Answer, Centre};
use crate::error::CentreError;
use crate::work_error::WorkError;

/// Rows of a page.
const PAGE_ROWS: u32 = 50;

fn shown(chunk: &PlanChunk, show: PlanShow) -> u64 {
    let counts = chunk.counts;
    match show {
        PlanShow::Errors => counts.error,
        PlanShow::Updates => counts.update,
        PlanShow::Creates => counts.create,
        PlanShow::Warnings => chunk.warned_row_count,
        PlanShow::All => counts.total(),
    }
}

impl Centre {
    /// One page of the rows of a plan.
    ///
    /// # Errors
    /// `UnknownDataset`, `UnknownTask`, `NotFinished`, `FileExpired`, `Files`, `Store`.
    pub async fn plan_rows(&self, caller: &Caller, request: &PlanRowsRequest) -> Answer<PlanRowsPage> {
        let dataset = self.dataset(&request.dataset)?;
        let check: Task = self.finished_check(caller, &request.task).await?;
        if check.slot.subject != dataset.id.as_str() {
            return Err(CentreError::UnknownTask);
        }
        let internal = |error: WorkError| match error {
            WorkError::Files(longshore_files::FileError::Missing { .. }) => CentreError::FileExpired,
            WorkError::Files(error) => CentreError::Files(error),
            other => CentreError::Internal(other.to_string()),
        };
        let plan =
            Plan::load(&self.files, &check.id).await.map_err(internal)?.ok_or(CentreError::FileExpired)?;
        let page = request.page.max(1);
        let mut skipped = u64::from(page - 1) * u64::from(PAGE_ROWS);
        let mut rows: Vec<PlanRow> = Vec::new();
        let named = plan.spec.mapping.iter().map(|(_, name)| name);
        let columns = dataset.columns.iter().map(|column| &column.name);
        let columns: Vec<String> =
            columns.filter(|column| named.clone().any(|name| name == *column)).cloned().collect();
        for chunk in &plan.chunks {
            let wanted = PAGE_ROWS as usize - rows.len();
            let count = shown(chunk, request.show);
            if wanted == 0 {
                break;
            }
            if skipped >= count {
                skipped -= count;
                continue;
            }
            let checked = read_checked(&self.files, &chunk.key).await.map_err(internal)?;
            let (show, offset) = (request.show, skipped as usize);
            let more = tokio::task::spawn_blocking(move || checked.plan_rows(show, offset, wanted)).await;
            rows.extend(more.map_err(|error| CentreError::Internal(error.to_string()))?);
            skipped = 0;
        }
        Ok(PlanRowsPage {
            total_row_count: plan.chunks.iter().map(|chunk| shown(chunk, request.show)).sum(),
            page,
            page_size: PAGE_ROWS,
            columns,
            rows,
        })
    }
}
