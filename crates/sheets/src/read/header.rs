//! Which row names the columns.

use super::{CellBatch, CellKind};

/// The longest text that is taken for a column's name, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Rows that are looked at.
const ROWS_LOOKED_AT: usize = 50;

/// The number in the file of the first row that looks like a header: as wide as most rows after it, texts only that are no numbers,
/// none twice. `None` where no row does.
pub(super) fn guess(batch: &CellBatch) -> Option<u32> {
    let row_count = batch.row_count().min(ROWS_LOOKED_AT);
    let widths: Vec<usize> = (0..row_count).map(|row| width(batch, row)).collect();
    (0..row_count).find(|&row| is_header(batch, row, &widths)).map(|row| batch.row_number(row))
}

/// Cells of a row that hold something.
fn width(batch: &CellBatch, row: usize) -> usize {
    (0..batch.column_count()).filter(|&column| batch.cell(row, column).kind != CellKind::Empty).count()
}

fn is_header(batch: &CellBatch, row: usize, widths: &[usize]) -> bool {
    let mut after = widths[row + 1..].to_vec();
    after.sort_unstable();
    // The upper median: a table under a title is wider than what stands above it.
    let usual = after.get(after.len() / 2).copied().unwrap_or(widths[row]);
    if widths[row] * 2 <= usual || (usual > 1 && widths[row] == 1) {
        return false;
    }
    let mut names = Vec::new();
    for column in 0..batch.column_count() {
        let cell = batch.cell(row, column);
        match cell.kind {
            CellKind::Empty => {}
            CellKind::Text if is_name(cell.text) => names.push(cell.text.trim()),
            _ => return false,
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    // One name twice is a mistake in a header; many are data.
    count > 0 && names.len() * 4 >= count * 3
}

/// Whether a text can name a column: it is short, has a letter, and is neither a number nor a date.
fn is_name(text: &str) -> bool {
    let text = text.trim();
    let has_letter = text.chars().any(char::is_alphabetic);
    let begins_as_number =
        text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'));
    has_letter
        && !begins_as_number
        && text.chars().count() <= NAME_CHARS_MAX
        && !text.contains('@')
        && !text.eq_ignore_ascii_case("true")
        && !text.eq_ignore_ascii_case("false")
}
