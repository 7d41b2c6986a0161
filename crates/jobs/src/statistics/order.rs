//! From a request to a task's payload.

use longshore_datasets::{Dataset, Query};
use longshore_protocol::{Lang, Problem, ProblemKind, StatisticsRequest, TaskKind};
use longshore_tasks::{Task, Timestamp, payload_of};
use serde::{Deserialize, Serialize};

use crate::export::name;
use crate::request::{CheckedOrder, check_key, check_zone, moment};

/// Version of [`StatisticsOrder`] in payloads.
pub(super) const ORDER_VERSION: u32 = 1;

/// What a task of kind `daily_statistics` is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatisticsOrder {
    /// The request as it was checked.
    pub request: StatisticsRequest,
    /// The file's name with its ending.
    pub file_name: String,
    /// The language of the headers.
    pub lang: Lang,
}

/// What a statistics task was asked for; `None` for a task of another kind.
pub fn request_of(task: &Task) -> Option<StatisticsRequest> {
    if task.slot.kind != TaskKind::DailyStatistics.name() {
        return None;
    }
    let order: StatisticsOrder = task.payload.body.read().ok()?;
    Some(StatisticsRequest { lang: Some(order.lang), ..order.request })
}

/// Checks everything about a request that can be checked before the work begins. `lang` is the session's language, `now`
/// the store's time.
///
/// # Errors
/// Everything that is wrong, with the field of each.
pub fn check(
    dataset: &Dataset,
    request: StatisticsRequest,
    lang: Lang,
    now: Timestamp,
) -> Result<CheckedOrder, Vec<Problem>> {
    let mut problems = Vec::new();
    let zone = check_zone(&request.time_zone, &mut problems);
    problems.extend(Query::check(dataset, &[], &request.filters, &[], &zone).err().unwrap_or_default());
    if dataset.daily_statistics.is_none() {
        problems.insert(0, Problem { field: "dataset".to_owned(), kind: ProblemKind::NoDailyStatistics });
    }
    let idempotency_key = check_key(&request.idempotency_key, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let lang = request.lang.unwrap_or(lang);
    let title = match lang {
        Lang::En => format!("{} by day", dataset.labels.get(lang)),
        Lang::Zh => format!("{}每日统计", dataset.labels.get(lang)),
    };
    let file_name = format!("{}.csv", name::default_name(&title, moment(now), &zone));
    let order = StatisticsOrder { file_name, lang, request };
    let payload = payload_of::<super::StatisticsJob>(&order).expect("plain data whose keys are all text");
    Ok(CheckedOrder { payload, idempotency_key })
}
