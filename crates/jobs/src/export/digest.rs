//! A fingerprint of rows and of how they are written, by which a run that takes over knows that a finished part is what it would
//! write itself. The configuration and the program may be others than when the part was made: headers, types and settings count.
//!
//! It guards against change, not against malice: XXH3 with 128 bits, whose speed costs an export nothing.

use arrow_array::{Array, RecordBatch};
use longshore_protocol::ExportFormat;
use longshore_sheets::SheetSpec;
use xxhash_rust::xxh3::Xxh3;

/// To be raised where the same rows become other bytes, or are cut otherwise, within one version of the program.
const WRITER_VERSION: u32 = 1;

/// The fingerprint of all rows since it was made or taken.
pub(super) struct RowsDigest {
    /// What every fingerprint begins with: how the rows are written.
    start: Box<Xxh3>,
    rows: Box<Xxh3>,
}

impl RowsDigest {
    /// For rows that are written in this format like this.
    pub(super) fn of(format: ExportFormat, spec: &SheetSpec) -> RowsDigest {
        let mut start = Box::<Xxh3>::default();
        let mut add = |text: &str| {
            start.update(&text.len().to_le_bytes());
            start.update(text.as_bytes());
        };
        let SheetSpec { title, headers, schema, rows_per_sheet, compression, csv_guard, cancelled: _ } = spec;
        add(env!("CARGO_PKG_VERSION"));
        add(format.name());
        add(title);
        add(&format!("{WRITER_VERSION} {rows_per_sheet} {} {csv_guard}", compression.name()));
        for (header, field) in headers.iter().zip(schema.fields()) {
            add(header);
            add(field.name());
            add(&format!("{:?} {}", field.data_type(), field.is_nullable()));
        }
        RowsDigest { rows: start.clone(), start }
    }

    /// Adds the rows of a batch as a source yields it. The same rows in batches of other sizes make another fingerprint.
    pub(super) fn add(&mut self, batch: &RecordBatch) {
        self.rows.update(&batch.num_rows().to_le_bytes());
        for column in batch.columns() {
            let data = column.to_data();
            if let Some(nulls) = data.nulls() {
                self.rows.update(&nulls.null_count().to_le_bytes());
                self.rows.update(nulls.validity());
            }
            for buffer in data.buffers() {
                self.rows.update(&buffer.len().to_le_bytes());
                self.rows.update(buffer.as_slice());
            }
        }
    }

    /// The fingerprint as hexadecimal digits; what is added next counts for another one.
    pub(super) fn take(&mut self) -> String {
        let digest = self.rows.digest128();
        self.rows.clone_from(&self.start);
        format!("{digest:032x}")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use arrow_schema::{DataType, Field, Schema};
    use longshore_sheets::Compression;

    use super::*;

    fn spec() -> SheetSpec {
        let fields = [Field::new("a", DataType::Utf8, true), Field::new("b", DataType::Int64, true)];
        let schema = Arc::new(Schema::new(fields.to_vec()));
        SheetSpec::new("Orders".to_owned(), vec!["A".to_owned(), "B".to_owned()], schema)
    }

    fn rows(texts: &[Option<&str>], numbers: &[Option<i64>]) -> RecordBatch {
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let numbers: ArrayRef = Arc::new(Int64Array::from(numbers.to_vec()));
        RecordBatch::try_from_iter([("a", texts), ("b", numbers)]).expect("fits")
    }

    fn digest_of(format: ExportFormat, spec: &SheetSpec, rows: &RecordBatch) -> String {
        let mut digest = RowsDigest::of(format, spec);
        digest.add(rows);
        digest.take()
    }

    #[test]
    fn rows_that_differ_anywhere_have_another_fingerprint() {
        let digest = |texts: &[Option<&str>], numbers: &[Option<i64>]| {
            digest_of(ExportFormat::Csv, &spec(), &rows(texts, numbers))
        };
        let first = digest(&[Some("ab"), Some("c")], &[Some(1), None]);
        assert_eq!(first, digest(&[Some("ab"), Some("c")], &[Some(1), None]));
        for (texts, numbers) in [
            ([Some("a"), Some("bc")], [Some(1), None]),
            ([Some("ab"), Some("c")], [Some(1), Some(0)]),
            ([Some("ab"), Some("c")], [None, Some(1)]),
            ([Some("ab"), None], [Some(1), None]),
            ([Some("ab"), Some("d")], [Some(1), None]),
        ] {
            assert_ne!(first, digest(&texts, &numbers), "{texts:?} {numbers:?}");
        }
    }

    #[test]
    fn rows_that_are_written_otherwise_have_another_fingerprint() {
        let rows = rows(&[Some("ab")], &[Some(1)]);
        let first = digest_of(ExportFormat::Csv, &spec(), &rows);
        assert_ne!(first, digest_of(ExportFormat::Xlsx, &spec(), &rows));
        for (what, change) in [
            ("title", (|spec| spec.title.push('!')) as fn(&mut SheetSpec)),
            ("header", |spec| spec.headers[1].push('!')),
            ("headers that share their letters", |spec| spec.headers = vec!["AB".to_owned(), String::new()]),
            ("sheets", |spec| spec.rows_per_sheet -= 1),
            ("compression", |spec| spec.compression = Compression::Smallest),
            ("guard", |spec| spec.csv_guard = false),
            ("type", |spec| {
                let fields = [Field::new("a", DataType::Utf8, true), Field::new("b", DataType::Date32, true)];
                spec.schema = Arc::new(Schema::new(fields.to_vec()));
            }),
        ] {
            let mut other = spec();
            change(&mut other);
            assert_ne!(first, digest_of(ExportFormat::Csv, &other, &rows), "{what}");
        }
    }

    #[test]
    fn taking_starts_anew() {
        let rows = rows(&[Some("ab")], &[Some(1)]);
        let mut digest = RowsDigest::of(ExportFormat::Csv, &spec());
        digest.add(&rows);
        let first = digest.take();
        digest.add(&rows);
        assert_eq!(digest.take(), first);
    }
}
