//! What both ways of fuzzing do with a file.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use longshore_sheets::read::{Choice, ReadError, ReadLimits, preview, read, recognise};

/// Recognises a file, previews and reads its first sheets; any error is fine, a panic is not.
pub fn recognise_and_read(content: &[u8]) -> Result<(), ReadError> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(content)?;
    let limits = ReadLimits {
        cells: 5_000_000,
        uncompressed_bytes: 64 << 20,
        shared_string_bytes: 16 << 20,
        whole_uncompressed_bytes: 32 << 20,
        time: Some(Duration::from_secs(5)),
        ..ReadLimits::default()
    };
    let recognised = recognise(file.path(), &limits)?;
    for sheet in 0..recognised.sheets.len().min(3) {
        let choice = Choice { sheet, text: None };
        let first = preview(file.path(), &recognised, &choice, 20, &limits)?;
        assert!(first.batch.row_count() <= 20);
        let mut last = 0;
        read(file.path(), &recognised, &choice, &limits, &Arc::default(), &mut |batch| {
            for &row in batch.row_numbers() {
                assert!(row > last, "row {row} comes after row {last}");
                last = row;
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(())
}
