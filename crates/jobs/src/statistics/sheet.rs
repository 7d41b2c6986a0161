//! The lines of the file: a header in the person's language, and a line a day.

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use longshore_datasets::schema::{DECIMAL_PRECISION, data_type};
use longshore_datasets::{Column, DailyStatistics, Dataset, value};
use longshore_protocol::{ColumnType, ExportFormat, Lang};
use longshore_sheets::{SheetSpec, SheetWriter, Summary};

use super::part::DayRow;
use crate::work_error::WorkError;

/// The format of the file.
pub(super) const FORMAT: ExportFormat = ExportFormat::Csv;
/// Days that are written at a time.
const BATCH_DAYS: usize = 4096;
const EPOCH: Date = date(1970, 1, 1);

/// Turns days into bytes, which are taken out as they come.
pub(super) struct Sheet {
    writer: Box<dyn SheetWriter>,
    written: Written,
    schema: SchemaRef,
    sums: Vec<ColumnType>,
    rows: Vec<DayRow>,
}

impl Sheet {
    pub(super) fn open(
        dataset: &Dataset,
        statistics: &DailyStatistics,
        lang: Lang,
        cancelled: Arc<AtomicBool>,
    ) -> Result<Sheet, WorkError> {
        let columns: Vec<&Column> = statistics.sums.iter().map(|index| &dataset.columns[*index]).collect();
        let mut headers = match lang {
            Lang::En => vec!["Day".to_owned(), "Count".to_owned()],
            Lang::Zh => vec!["日期".to_owned(), "条数".to_owned()],
        };
        headers.extend(columns.iter().map(|column| match lang {
            Lang::En => format!("Sum of {}", column.labels.get(lang)),
            Lang::Zh => format!("{}合计", column.labels.get(lang)),
        }));
        // A sum of whole numbers can be larger than any of their type.
        let sums: Vec<ColumnType> = columns
            .iter()
            .map(|column| match column.column_type {
                ColumnType::Integer => ColumnType::Decimal { scale: 0 },
                other => other,
            })
            .collect();
        let mut fields =
            vec![Field::new("day", DataType::Date32, false), Field::new("count", DataType::Int64, false)];
        fields.extend(
            columns.iter().zip(&sums).map(|(column, kind)| {
                Field::new(column.name.as_str(), data_type(*kind, &TimeZone::UTC), false)
            }),
        );
        let schema = Arc::new(Schema::new(fields));
        let title = dataset.labels.get(lang).to_owned();
        let spec = SheetSpec::new(title, headers, Arc::clone(&schema));
        let written = Written::default();
        let spec = SheetSpec { cancelled, ..spec };
        let writer = longshore_sheets::open(FORMAT, spec, Box::new(written.clone()))?;
        Ok(Sheet { writer, written, schema, sums, rows: Vec::new() })
    }

    /// Appends a day that has rows.
    pub(super) fn push(&mut self, row: DayRow) -> Result<(), WorkError> {
        self.rows.push(row);
        if self.rows.len() < BATCH_DAYS { Ok(()) } else { self.write_rows() }
    }

    /// Appends a day without rows.
    pub(super) fn push_empty(&mut self, day: Date) -> Result<(), WorkError> {
        let sums = vec!["0".to_owned(); self.sums.len()];
        self.push(DayRow { day, count: 0, sums })
    }

    /// The bytes that have come since the last time.
    pub(super) fn take(&self) -> Bytes {
        self.written.take()
    }

    /// Completes the file; gives the last bytes.
    pub(super) fn finish(mut self) -> Result<(Summary, Bytes), WorkError> {
        self.write_rows()?;
        let summary = self.writer.finish()?;
        Ok((summary, self.written.take()))
    }

    fn write_rows(&mut self) -> Result<(), WorkError> {
        let rows = std::mem::take(&mut self.rows);
        // The sums of a part that was counted by another configuration do not fit this one.
        if rows.iter().any(|row| row.sums.len() != self.sums.len()) {
            return Err(WorkError::Changed("sums".to_owned()));
        }
        let days = rows.iter().map(|row| row.day.since(EPOCH).map_or(0, |since| since.get_days()));
        let counts = rows.iter().map(|row| row.count.cast_signed());
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(Date32Array::from_iter_values(days)),
            Arc::new(Int64Array::from_iter_values(counts)),
        ];
        for (index, kind) in self.sums.iter().enumerate() {
            let texts = rows.iter().map(|row| row.sums[index].as_str());
            arrays.push(sums_of(*kind, texts).ok_or_else(|| WorkError::Changed("sums".to_owned()))?);
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(longshore_datasets::SourceError::from)?;
        Ok(self.writer.write_batch(&batch)?)
    }
}

/// A column of sums; `None` if one of them is not of the kind.
fn sums_of<'a>(kind: ColumnType, texts: impl Iterator<Item = &'a str>) -> Option<ArrayRef> {
    if let ColumnType::Decimal { scale } = kind {
        let sums: Vec<i128> = texts.map(|text| value::parse_decimal(text, scale)).collect::<Option<_>>()?;
        let sums = Decimal128Array::from(sums);
        let sums = sums.with_precision_and_scale(DECIMAL_PRECISION, scale.cast_signed()).ok()?;
        return Some(Arc::new(sums));
    }
    let sums: Vec<f64> = texts.map(|text| text.parse().ok()).collect::<Option<_>>()?;
    Some(Arc::new(Float64Array::from(sums)))
}

/// What the writer has written and nobody has taken yet. Clones are the same.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
