//! The file of rows in error: of the kind that was uploaded, to be mended and sent again.

use std::collections::HashMap;

use longshore_datasets::Dataset;
use longshore_files::FileStore;
use longshore_protocol::Lang;
use longshore_protocol::import::{CellProblem, FileKind, RowError};
use longshore_sheets::faults::{ADDED_COUNT, FaultsKind, FaultsWriter};
use longshore_sheets::read::{Cell, CellBatch, Encoding, TextForm};
use longshore_tasks::TaskContext;

use super::check::CheckOrder;
use super::chunk::{read_checked, read_staged};
use super::matching::{ADDED, added_count};
use super::place::WorkPlace;
use super::plan::PlanChunk;
use super::settings::ImportSettings;
use super::stage::Staging;
use super::stored::{new_scratch, store_file};
use crate::file::{FinishedFile, file_url};
use crate::work_error::WorkError;

/// What of a row goes where, and how reasons are told.
struct Layout {
    /// Columns of the file with a header, those left out that an earlier file of errors had added.
    width: usize,
    /// Columns of its widest row, likewise.
    column_count: usize,
    headers: Vec<String>,
    mapping: Vec<(u32, String)>,
    labels: Vec<(String, String)>,
    /// Allowed values of each column, and what people see of them: the template offers just these, and cells are read by them.
    values: HashMap<(String, String), String>,
    lang: Lang,
}

impl Layout {
    fn of(order: &CheckOrder, dataset: &Dataset, staging: &Staging) -> Layout {
        let columns = dataset.columns.iter();
        let added = added_count(&order.headers);
        let width = order.headers.len() - added;
        let widest = staging.chunks.iter().map(|chunk| chunk.column_count).max().unwrap_or_default();
        Layout {
            width,
            column_count: width.max(widest.saturating_sub(added)),
            headers: order.headers.clone(),
            mapping: order.mapping.clone(),
            labels: columns
                .map(|column| (column.name.clone(), column.labels.get(order.lang).to_owned()))
                .collect(),
            values: dataset
                .columns
                .iter()
                .flat_map(|column| column.values.iter().map(move |value| (column, value)))
                .map(|(column, value)| {
                    let shown = value.labels.get(order.lang).to_owned();
                    ((column.name.clone(), value.value.clone()), shown)
                })
                .collect(),
            lang: order.lang,
        }
    }

    fn all_headers(&self) -> Vec<String> {
        let added = ADDED[usize::from(self.lang == Lang::Zh)];
        self.headers[..self.width].iter().cloned().chain(added.map(str::to_owned)).collect()
    }

    /// The places in the file of the cells that are kept: behind those with a header come those that have none.
    fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let added = self.headers.len() - self.width;
        (0..self.width).chain(self.headers.len()..self.column_count + added)
    }

    fn place_of(&self, column: &str) -> Option<usize> {
        self.mapping.iter().find(|(_, name)| name == column).map(|(index, _)| *index as usize)
    }

    /// What is wrong, cell by cell, each named as the file names it.
    fn reason(&self, errors: &[&RowError]) -> String {
        let (between, after) = match self.lang {
            Lang::En => ("; ", ": "),
            Lang::Zh => ("；", "："),
        };
        let sentences = errors.iter().map(|error| {
            let Some(column) = &error.column else { return error.problem.sentence(self.lang) };
            let sentence = self.in_labels(column, &error.problem).sentence(self.lang);
            let header = self.place_of(column).map(|place| self.headers[place].as_str());
            let label = self.labels.iter().find(|(name, _)| name == column).map(|(_, label)| label.as_str());
            let name = header.filter(|header| !header.is_empty()).or(label).unwrap_or(column);
            format!("{name}{after}{sentence}")
        });
        sentences.collect::<Vec<_>>().join(between)
    }

    /// The problem with labels in the place of allowed values.
    fn in_labels(&self, column: &str, problem: &CellProblem) -> CellProblem {
        let shown = |value: &String| {
            let found = self.values.get(&(column.to_owned(), value.clone()));
            found.unwrap_or(value).clone()
        };
        match problem {
            CellProblem::NotAllowed { allowed, closest } => CellProblem::NotAllowed {
                allowed: allowed.iter().map(shown).collect(),
                closest: closest.as_ref().map(shown),
            },
            other => other.clone(),
        }
    }
}

/// The kind of the file, and the ending of its name: that of the one that was sent, or one in which there is room for two more columns.
fn kind_of(order: &CheckOrder, column_count: usize) -> (FaultsKind, &'static str) {
    let text = |form: TextForm| {
        let kind = if form.delimiter == b'\t' { FileKind::Tsv } else { FileKind::Csv };
        (FaultsKind::Text(form), kind)
    };
    let sent = match (order.choice.text.or(order.recognised.text), order.recognised.kind) {
        (Some(form), _) => text(form),
        (None, kind) => (workbook(kind), kind),
    };
    let has_room = |(kind, _): &(FaultsKind, FileKind)| {
        kind.columns_max().is_none_or(|allowed| column_count + ADDED_COUNT <= allowed)
    };
    let kinds = [sent, (FaultsKind::Xlsx, FileKind::Xlsx)];
    let (kind, ending) = kinds.into_iter().find(has_room).unwrap_or(text(TextForm::new(Encoding::Utf8)));
    (kind, ending.name())
}

fn workbook(kind: FileKind) -> FaultsKind {
    match kind {
        FileKind::Xlsm => FaultsKind::Xlsm,
        FileKind::Xlsb => FaultsKind::Xlsb,
        FileKind::Xls => FaultsKind::Xls,
        FileKind::Ods => FaultsKind::Ods,
        FileKind::Xlsx | FileKind::Csv | FileKind::Tsv => FaultsKind::Xlsx,
    }
}

/// Writes the file of all rows in error; memory holds one chunk at a time.
///
/// # Errors
/// If rows can't be read or the file not be written.
pub(super) async fn write(
    files: &FileStore,
    settings: &ImportSettings,
    order: &CheckOrder,
    dataset: &Dataset,
    place: &WorkPlace,
    (staging, chunks): (&Staging, &[PlanChunk]),
    context: &TaskContext,
) -> Result<FinishedFile, WorkError> {
    let layout = Layout::of(order, dataset, staging);
    let (kind, ending) = kind_of(order, layout.column_count);
    let local = new_scratch(&settings.scratch)?;
    let title = order.recognised.sheets.get(order.choice.sheet).map_or("", |sheet| sheet.name.as_str());
    let mut writer =
        FaultsWriter::create_wide(kind, local.path(), title, layout.all_headers(), layout.column_count)?;
    for chunk in chunks.iter().filter(|chunk| chunk.counts.error > 0) {
        if context.stop().is_cancelled() {
            return Err(WorkError::Source(longshore_datasets::SourceError::Stopped));
        }
        let staged = read_staged(files, &place.staged(chunk.number)).await?;
        let checked = read_checked(files, &chunk.key).await?;
        for batch in &staged {
            push(&mut writer, &layout, &CellBatch::from_arrow(batch)?, &checked.errors)?;
        }
        // The others on this thread get their turn between two chunks.
        tokio::task::yield_now().await;
    }
    let row_count = tokio::task::spawn_blocking(move || writer.finish()).await;
    let row_count = row_count.map_err(|error| WorkError::Thread(error.to_string()))??;
    let key = place.faults(context.token(), ending);
    let size_bytes = store_file(files, local.path(), &key).await?;
    let stem = order.file_name.rsplit_once('.').map_or(order.file_name.as_str(), |(stem, _)| stem);
    let name = match order.lang {
        Lang::En => format!("{stem}_errors.{ending}"),
        Lang::Zh => format!("{stem}_错误.{ending}"),
    };
    let url = file_url(&context.task().id);
    Ok(FinishedFile {
        key,
        name,
        url,
        size_bytes,
        row_count,
        sheet_count: 1,
        shortened_cell_count: 0,
        manifest: None,
    })
}

/// Appends the rows of a batch that are in error. `errors` are those of the chunk, in the order of its rows.
fn push(
    writer: &mut FaultsWriter,
    layout: &Layout,
    batch: &CellBatch,
    errors: &[RowError],
) -> Result<(), WorkError> {
    for row in 0..batch.row_count() {
        let number = batch.row_number(row);
        let first = errors.partition_point(|error| error.row < number);
        let of_row = errors[first..].iter().take_while(|error| error.row == number);
        let of_row: Vec<&RowError> = of_row.filter(|error| !error.problem.is_warning()).collect();
        if of_row.is_empty() {
            continue;
        }
        let cells: Vec<Cell<'_>> = layout.places().map(|column| batch.cell(row, column)).collect();
        let columns = of_row.iter().filter_map(|error| layout.place_of(error.column.as_deref()?));
        let bad: Vec<usize> = columns.collect();
        writer.push(&cells, &bad, number, &layout.reason(&of_row))?;
    }
    Ok(())
}
