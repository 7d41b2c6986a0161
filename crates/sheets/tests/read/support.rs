//! Files on the disk, and the reader's answers in a short form.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use longshore_sheets::read::{CellBatch, CellKind, Choice, ReadError, ReadLimits, read, recognise};
use tempfile::NamedTempFile;

/// A file with that content, whose name says nothing.
pub fn file(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file can be made");
    file.write_all(content).expect("it can be written");
    file
}

/// Recognises a file and reads a sheet.
pub fn batches(path: &Path, choice: &Choice, limits: &ReadLimits) -> Result<Vec<CellBatch>, ReadError> {
    let recognised = recognise(path, limits)?;
    let mut batches = Vec::new();
    read(path, &recognised, choice, limits, &Arc::default(), &mut |batch| {
        batches.push(batch);
        ControlFlow::Continue(())
    })?;
    Ok(batches)
}

/// The first sheet of a file, a line for each row: its number, then its cells with a letter for their kind.
pub fn rows(content: &[u8]) -> Result<Vec<String>, ReadError> {
    rows_with(content, &Choice::default(), &ReadLimits::default())
}

/// The same for another sheet or form, or other limits.
pub fn rows_with(content: &[u8], choice: &Choice, limits: &ReadLimits) -> Result<Vec<String>, ReadError> {
    let batches = batches(file(content).path(), choice, limits)?;
    Ok(batches.iter().flat_map(lines).collect())
}

/// The rows of a batch as lines.
pub fn lines(batch: &CellBatch) -> Vec<String> {
    let line = |row: usize| {
        let cells = (0..batch.column_count()).map(|column| {
            let cell = batch.cell(row, column);
            let letter = match cell.kind {
                CellKind::Empty => return "-".to_owned(),
                CellKind::Text => 't',
                CellKind::Number => 'n',
                CellKind::Boolean => 'b',
                CellKind::Date => 'd',
                CellKind::Error => 'e',
            };
            format!("{letter}:{}", cell.text)
        });
        format!("{} {}", batch.row_number(row), cells.collect::<Vec<_>>().join(" | "))
    };
    (0..batch.row_count()).map(line).collect()
}
