//! From a request to a task's payload.

use longshore_datasets::{Dataset, Query};
use longshore_protocol::{ExportFormat, ExportRequest, Lang, Problem, ProblemKind, TaskKind};
use longshore_tasks::{Task, Timestamp, payload_of};
use serde::{Deserialize, Serialize};

use super::name;
use crate::request::{CheckedOrder, check_key, check_zone, moment};

/// Version of [`ExportOrder`] in payloads.
pub(super) const ORDER_VERSION: u32 = 1;

/// What a task of kind `export` is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportOrder {
    /// The request as it was checked.
    pub request: ExportRequest,
    /// The format asked for.
    pub format: ExportFormat,
    /// The file's name with its ending.
    pub file_name: String,
    /// The language of the headers.
    pub lang: Lang,
}

/// What an export's task was asked for; `None` for a task of another kind.
pub fn request_of(task: &Task) -> Option<ExportRequest> {
    if task.slot.kind != TaskKind::Export.name() {
        return None;
    }
    let order: ExportOrder = task.payload.body.read().ok()?;
    // What was left to the session is said now.
    Some(ExportRequest { lang: Some(order.lang), format: order.format.name().to_owned(), ..order.request })
}

/// Checks everything about a request that can be checked before the work begins. `lang` is the session's language, `now`
/// the store's time.
///
/// # Errors
/// Everything that is wrong, with the field of each.
pub fn check(
    dataset: &Dataset,
    request: ExportRequest,
    lang: Lang,
    now: Timestamp,
) -> Result<CheckedOrder, Vec<Problem>> {
    let idempotency_key = check_key(&request.idempotency_key, &mut Vec::new());
    let order = checked(dataset, request, lang, now)?;
    let payload = payload_of::<super::ExportJob>(&order).expect("plain data whose keys are all text");
    Ok(CheckedOrder { payload, idempotency_key })
}

/// The order that a request is, as [`check`].
pub(super) fn checked(
    dataset: &Dataset,
    request: ExportRequest,
    lang: Lang,
    now: Timestamp,
) -> Result<ExportOrder, Vec<Problem>> {
    let mut problems = Vec::new();
    let zone = check_zone(&request.time_zone, &mut problems);
    let checked = Query::check(dataset, &request.columns, &request.filters, &request.sort, &zone);
    problems.extend(checked.err().unwrap_or_default());
    let wrong = |field: &str, kind| Problem { field: field.to_owned(), kind };
    let format = ExportFormat::from_name(&request.format).unwrap_or_else(|| {
        let kind = ProblemKind::UnknownFormat { name: request.format.chars().take(40).collect() };
        problems.push(wrong("format", kind));
        ExportFormat::default()
    });
    check_key(&request.idempotency_key, &mut problems);
    let lang = request.lang.unwrap_or(lang);
    let ending = format!(".{}", format.name());
    let wanted = request.file_name.strip_suffix(ending.as_str()).unwrap_or(&request.file_name);
    let stem = match wanted {
        "" => name::default_name(dataset.labels.get(lang), moment(now), &zone),
        given => given.to_owned(),
    };
    if stem.chars().count() > name::NAME_CHARS_MAX {
        problems.push(wrong("file_name", ProblemKind::TooLong { limit: name::NAME_CHARS_MAX as u32 }));
    } else if !name::is_good(&stem) {
        problems.push(wrong("file_name", ProblemKind::BadFileName));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(ExportOrder { format, file_name: format!("{stem}{ending}"), lang, request })
}
