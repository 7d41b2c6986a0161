//! A part of daily statistics: the rows of some days.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;
use longshore_datasets::daily::{self, Days};
use longshore_datasets::{Catalog, DailyStatistics, Dataset, Query};
use longshore_protocol::{Filter, Unit};
use longshore_tasks::{Done, Job, JobError, Runs, Task, TaskContext};
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::request::zone_of;
use crate::stop::StopFlag;
use crate::work_error::{WorkError, checked_again, find_dataset};

/// What a task of kind `daily_statistics_part` is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartOrder {
    /// Which dataset.
    pub dataset: String,
    /// Only rows for which all hold.
    pub filters: Vec<Filter>,
    /// IANA name of the person's time zone; UTC where empty.
    #[serde(default)]
    pub time_zone: String,
    /// The days of the whole task, for a parent's run that takes over before its checkpoint was stored.
    pub plan: Plan,
    /// The first day of this part.
    pub first: Date,
    /// The last day of this part.
    pub last: Date,
}

impl PartOrder {
    /// The days of this part.
    pub fn days(&self) -> Days {
        Days { first: self.first, last: self.last }
    }
}

/// The result of a part: its days that have rows, in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartTotals {
    /// The days.
    pub days: Vec<DayRow>,
}

/// One day. Sums are text, because JSON numbers are not exact everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DayRow {
    /// The day.
    pub day: Date,
    /// How many rows it has.
    pub count: u64,
    /// The sums, in the order of the configuration.
    pub sums: Vec<String>,
}

/// The job kind `daily_statistics_part`.
#[derive(Clone)]
pub struct PartJob {
    /// The datasets.
    pub catalog: Arc<Catalog>,
}

#[async_trait]
impl Job for PartJob {
    const KIND: &'static str = "daily_statistics_part";
    const VERSION: u32 = 1;
    type Payload = PartOrder;
    type Output = PartTotals;

    async fn run(&self, order: PartOrder, context: &TaskContext) -> Result<Done<PartTotals>, JobError> {
        Ok(Done::Finished(self.count(order, context).await?))
    }

    async fn discard(&self, _task: &Task, _runs: Runs) -> Result<(), Box<dyn Error + Send + Sync>> {
        // What a part makes is its result; nothing of it is anywhere else.
        Ok(())
    }
}

impl PartJob {
    async fn count(&self, order: PartOrder, context: &TaskContext) -> Result<PartTotals, WorkError> {
        let (dataset, statistics, query) =
            prepare(&self.catalog, &order.dataset, &order.filters, &order.time_zone)?;
        let (stop, days) = (StopFlag::following(context), order.days());
        let total = Some(u64::from(days.count()));
        context.report(0, total, Unit::Days);
        let flag = stop.share();
        let counted =
            tokio::task::spawn_blocking(move || daily::daily(&dataset, &statistics, &query, days, &flag));
        let counted = counted.await.map_err(|error| WorkError::Thread(error.to_string()))??;
        let row = |totals: daily::DayTotals| DayRow {
            day: totals.day,
            count: totals.row_count,
            sums: totals.sums.iter().map(ToString::to_string).collect(),
        };
        Ok(PartTotals { days: counted.into_iter().map(row).collect() })
    }
}

/// What a run reads, checked again.
pub(super) fn prepare(
    catalog: &Catalog,
    dataset: &str,
    filters: &[Filter],
    time_zone: &str,
) -> Result<(Dataset, DailyStatistics, Query), WorkError> {
    let dataset = find_dataset(catalog, dataset)?;
    let query = checked_again(Query::check(dataset, &[], filters, &[], &zone_of(time_zone)))?;
    let statistics = dataset.daily_statistics.clone();
    let statistics = statistics.ok_or_else(|| WorkError::Changed("dataset".to_owned()))?;
    Ok((dataset.clone(), statistics, query))
}
