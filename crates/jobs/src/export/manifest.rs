//! The manifest of a finished export.

use longshore_protocol::manifest::{MANIFEST_VERSION, ManifestColumn, ManifestFile, Resumed, Shortened};
use longshore_protocol::{Manifest, OwnerId, Sort, TaskId};

use super::part::Part;
use super::plan::Plan;
use super::write::{Delivered, Written};

/// Who asked for an export, and when.
pub(super) struct Asked {
    /// None on the command line.
    pub(super) task: Option<TaskId>,
    pub(super) by: OwnerId,
    pub(super) at: jiff::Timestamp,
}

/// The manifest of what was delivered.
pub(super) fn manifest(
    plan: &Plan,
    asked: Asked,
    written: &Written,
    delivered: &Delivered,
    resumed: Vec<Resumed>,
) -> Manifest {
    let parts = &written.parts;
    let row_count = parts.iter().map(|part| part.row_count).sum();
    let file = |name, size_bytes, sha256: &str, row_count, sheet_count| ManifestFile {
        name,
        size_bytes,
        sha256: sha256.to_owned(),
        row_count,
        sheet_count,
    };
    let part = |(position, part): (usize, &Part)| {
        file(plan.part_name(position), part.size_bytes, &part.sha256, part.row_count, part.sheet_count)
    };
    let columns = plan.query.columns_of(&plan.dataset);
    let column = |(column, header): (&&longshore_datasets::Column, String)| ManifestColumn {
        name: column.name.clone(),
        header,
        column_type: column.column_type,
    };
    let request = &plan.order.request;
    Manifest {
        version: MANIFEST_VERSION,
        task: asked.task,
        dataset: plan.dataset.id.clone(),
        title: plan.dataset.labels.get(plan.order.lang).to_owned(),
        requested_by: asked.by,
        requested_at: asked.at.to_string(),
        snapshot_at: written.begin.snapshot_at.to_string(),
        lang: plan.order.lang,
        time_zone: plan.query.zone.iana_name().unwrap_or("UTC").to_owned(),
        format: plan.format(),
        columns: columns.iter().zip(plan.headers()).map(column).collect(),
        filters: request.filters.clone(),
        sort: whole_order(plan),
        row_count,
        file: file(
            plan.file_name(parts.len()),
            delivered.size_bytes,
            &delivered.sha256,
            row_count,
            parts.iter().map(|part| part.sheet_count).sum(),
        ),
        parts: if parts.len() > 1 { parts.iter().enumerate().map(part).collect() } else { Vec::new() },
        shortened: shortened(plan, parts),
        resumed,
    }
}

/// The order with the key that ends it; a key column that the dataset does not show is named as the database does.
fn whole_order(plan: &Plan) -> Vec<Sort> {
    let columns = &plan.dataset.columns;
    let wanted = plan
        .query
        .order
        .iter()
        .map(|level| Sort { column: columns[level.column].name.clone(), descending: level.descending });
    let key = plan.dataset.key.iter().map(|source| {
        let shown = columns.iter().find(|column| column.source == *source);
        Sort { column: shown.map_or(source, |column| &column.name).clone(), descending: false }
    });
    let mut order: Vec<Sort> = Vec::new();
    for level in wanted.chain(key) {
        if !order.iter().any(|earlier| earlier.column == level.column) {
            order.push(level);
        }
    }
    order
}

/// The columns with texts that were cut, over all parts.
fn shortened(plan: &Plan, parts: &[Part]) -> Vec<Shortened> {
    let columns = plan.query.columns_of(&plan.dataset);
    let mut found: Vec<Shortened> = Vec::new();
    let mut rows_before = 0;
    for part in parts {
        for cut in &part.shortened {
            let Some(column) = columns.get(cut.column) else { continue };
            match found.iter_mut().find(|earlier| earlier.column == column.name) {
                Some(earlier) => earlier.cell_count += cut.cell_count,
                None => found.push(Shortened {
                    column: column.name.clone(),
                    cell_count: cut.cell_count,
                    first_row: rows_before + cut.first_row,
                }),
            }
        }
        rows_before += part.row_count;
    }
    found
}
