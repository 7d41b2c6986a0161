//! Whether SQLite's texts of dates and times are written alike: they are sorted as text, so that an index serves.

use longshore_protocol::ColumnType;

use super::{Findings, SAMPLE_ROWS, STATEMENT_WITHIN};
use crate::config::StoredAs;
use crate::database::Address;
use crate::dataset::Column;
use crate::error::SourceError;
use crate::sqlite;

/// Adds the columns whose texts sort otherwise than what they say.
pub(super) fn check(findings: &mut Findings<'_>) {
    let Address::Sqlite(path) = &findings.dataset.database.address else { return };
    let is_text = |column: &&Column| {
        let is_of_time = matches!(
            column.column_type,
            ColumnType::Date | ColumnType::Time | ColumnType::Timestamp | ColumnType::TimestampTz
        );
        is_of_time && matches!(column.stored_as, StoredAs::Plain | StoredAs::IsoT)
    };
    for column in findings.dataset.columns.iter().filter(is_text) {
        let found = sqlite::is_written_alike(path, findings.dataset, column, SAMPLE_ROWS, STATEMENT_WITHIN);
        let text = match found {
            // What can't be read was told already, and what is slow is not wrong.
            Ok(true) | Err(SourceError::Timeout { .. }) => continue,
            Ok(false) => {
                "its values are not all written alike, as 2026-08-01 10:30:00 is, so that filters and orders can be wrong: \
                 rewrite those that are not, or use a query that does"
                    .to_owned()
            }
            Err(error) => super::reason(&error),
        };
        findings.problem(&format!("column.{}.type", column.name), text);
    }
}
