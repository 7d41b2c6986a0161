//! The first look at a file: what it is, where its table begins, what its columns are called.

use std::path::Path;

use longshore_protocol::{Problem, ProblemKind};
use longshore_sheets::column_letters;
use longshore_sheets::read::{
    self, CellBatch, CellKind, Choice, Encoding, Limit, ReadError, ReadLimits, Recognised, TextForm,
};

/// Rows that are looked at.
const ROWS_LOOKED_AT: usize = 200;
/// Rows that are shown for choosing the header.
const ROWS_SHOWN: usize = 10;
/// Values that are shown of a column.
const SAMPLES: usize = 3;
/// Characters of a cell that are shown.
const SHOWN_CHARS: usize = 100;
/// Delimiters that can be chosen.
const DELIMITERS: [&str; 4] = [",", ";", "\t", "|"];

/// The header row of a table without headers: its first row is data.
pub(super) const NO_HEADER: u32 = 0;

/// What a person wants to be read otherwise than it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) sheet: Option<u32>,
    pub(super) header_row: Option<u32>,
    pub(super) encoding: Option<String>,
    pub(super) delimiter: Option<String>,
}

/// What was seen.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) recognised: Recognised,
    pub(super) choice: Choice,
    pub(super) header_row: u32,
    pub(super) asks_where: bool,
    pub(super) asks_header: bool,
    pub(super) first_rows: Vec<(u32, Vec<String>)>,
    pub(super) headers: Vec<String>,
    pub(super) samples: Vec<Vec<String>>,
    pub(super) has_rows: bool,
}

/// Recognises a file and looks at its first rows. Blocks.
///
/// # Errors
/// Why it can't be read.
pub(super) fn look(path: &Path, limits: &ReadLimits) -> Result<Look, ReadError> {
    let recognised = read::recognise(path, limits)?;
    let sheet = recognised.sheets.iter().position(|sheet| !sheet.is_hidden).unwrap_or(0);
    let choice = Choice { sheet, text: recognised.text };
    look_at(path, recognised, choice, None, limits)
}

/// Looks again, elsewhere or otherwise. Blocks.
///
/// # Errors
/// The field that names what is not there, or why the file can't be read.
pub(super) fn look_again(
    path: &Path,
    seen: (Recognised, Choice),
    wanted: &Wanted,
    limits: &ReadLimits,
) -> Result<Look, LookError> {
    let (recognised, choice) = seen;
    let no_such = |field: &str, name: &str| {
        let kind = ProblemKind::NoSuchChoice { name: name.chars().take(40).collect() };
        LookError::Choice(Problem { field: field.to_owned(), kind })
    };
    let sheet = match wanted.sheet {
        Some(sheet) if (sheet as usize) < recognised.sheets.len() => sheet as usize,
        Some(sheet) => return Err(no_such("sheet", &sheet.to_string())),
        None => choice.sheet,
    };
    let mut text = choice.text;
    if let Some(name) = &wanted.encoding {
        let encoding = Encoding::parse(name).filter(|_| text.is_some());
        let encoding = encoding.ok_or_else(|| no_such("encoding", name))?;
        text = text.map(|form| TextForm { encoding, ..form });
    }
    if let Some(delimiter) = &wanted.delimiter {
        if text.is_none() || !DELIMITERS.contains(&delimiter.as_str()) {
            return Err(no_such("delimiter", delimiter));
        }
        text = text.map(|form| TextForm { delimiter: delimiter.as_bytes()[0], ..form });
    }
    let choice = Choice { sheet, text };
    let look = look_at(path, recognised, choice, wanted.header_row, limits)?;
    match wanted.header_row {
        Some(row) if row != look.header_row => Err(no_such("header_row", &row.to_string())),
        Some(_) => Ok(Look { asks_where: false, asks_header: false, ..look }),
        None => Ok(look),
    }
}

/// Why a file can't be looked at as wanted.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    #[error("there is no such choice")]
    Choice(Problem),
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn look_at(
    path: &Path,
    recognised: Recognised,
    choice: Choice,
    header_row: Option<u32>,
    limits: &ReadLimits,
) -> Result<Look, ReadError> {
    let preview = read::preview(path, &recognised, &choice, ROWS_LOOKED_AT, limits)?;
    let batch = preview.batch;
    let first = batch.row_numbers().first().copied();
    let guessed = preview.header_row.or(first).unwrap_or(1);
    let wanted = header_row.filter(|row| *row == NO_HEADER || batch.row_numbers().contains(row));
    let header_row = wanted.unwrap_or(guessed);
    let visible = recognised.sheets.iter().filter(|sheet| !sheet.is_hidden).count();
    let asks_header = preview.header_row.is_none() || first != preview.header_row;
    let header = batch.row_numbers().iter().position(|row| *row == header_row);
    let data: Vec<usize> = (0..batch.row_count()).filter(|row| batch.row_number(*row) > header_row).collect();
    let mut headers = Vec::new();
    let mut samples = Vec::new();
    for column in 0..batch.column_count() {
        headers.push(header.map_or_else(String::new, |row| shown(batch.cell(row, column).text)));
        let filled =
            data.iter().map(|row| batch.cell(*row, column)).filter(|cell| cell.kind != CellKind::Empty);
        samples.push(filled.take(SAMPLES).map(|cell| shown(cell.text)).collect::<Vec<_>>());
    }
    // Formatted but empty columns at the right are none.
    while headers.last().is_some_and(String::is_empty) && samples.last().is_some_and(Vec::is_empty) {
        headers.pop();
        samples.pop();
    }
    // The headers may stand below all rows that are shown otherwise.
    let below = header.filter(|row| *row >= ROWS_SHOWN);
    let first_rows = (0..batch.row_count().min(ROWS_SHOWN)).chain(below);
    let first_rows = first_rows.map(|row| shown_row(&batch, row, headers.len())).collect();
    if header_row == NO_HEADER {
        headers = (0..headers.len()).map(column_letters).collect();
    }
    Ok(Look {
        first_rows,
        has_rows: !data.is_empty(),
        recognised,
        choice,
        header_row,
        asks_where: visible > 1 || asks_header,
        asks_header,
        headers,
        samples,
    })
}

fn shown_row(batch: &CellBatch, row: usize, width: usize) -> (u32, Vec<String>) {
    (batch.row_number(row), (0..width).map(|column| shown(batch.cell(row, column).text)).collect())
}

fn shown(text: &str) -> String {
    text.trim().chars().take(SHOWN_CHARS).collect()
}

/// Why a file was refused, for its person; `None` where the file is not to blame.
pub(crate) fn refusal(error: &ReadError) -> Option<ProblemKind> {
    Some(match error {
        ReadError::NotASpreadsheet { .. } => ProblemKind::NotASpreadsheet,
        ReadError::Empty => ProblemKind::FileEmpty,
        ReadError::PasswordProtected => ProblemKind::PasswordProtected,
        ReadError::Damaged { .. } | ReadError::Unsupported { .. } => ProblemKind::FileDamaged,
        ReadError::TooBig { limit, allowed, .. } => {
            let what = match limit {
                Limit::Rows => "rows",
                Limit::Columns => "columns",
                Limit::Cells => "cells",
                Limit::CellBytes | Limit::RowBytes => "cell_bytes",
                Limit::TextBytes => "text_bytes",
                Limit::SharedStringBytes => "shared_strings",
                Limit::Seconds => "seconds",
                Limit::UncompressedBytes | Limit::CompressionRatio | Limit::FileBytes => {
                    let limit_bytes = if *limit == Limit::CompressionRatio { 0 } else { *allowed };
                    return Some(match limit {
                        // A member that swells so much is no honest file.
                        Limit::CompressionRatio => ProblemKind::FileDamaged,
                        _ => ProblemKind::FileTooBig { limit_bytes },
                    });
                }
            };
            ProblemKind::SheetTooBig { what: what.to_owned(), limit: *allowed }
        }
        ReadError::BadEncoding { row, .. } => ProblemKind::BadEncoding { row: u64::from(*row) },
        ReadError::UnclosedQuote { row } => ProblemKind::UnclosedQuote { row: u64::from(*row) },
        ReadError::NoSuchSheet { number, .. } => ProblemKind::NoSuchChoice { name: number.to_string() },
        ReadError::Stopped | ReadError::Io(_) => return None,
    })
}
