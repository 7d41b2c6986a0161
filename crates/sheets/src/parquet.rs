//! Apache Parquet, for programs that work with data: every value exactly, with its type.
//!
//! Fields have the schema's names. What people see is in the file's metadata:
//!
//! | key | value |
//! |---|---|
//! | `longshore.title` | the title |
//! | `longshore.headers` | a JSON array with the headers for people, in column order |
//!
//! A moment is stored as the instant, in UTC; its zone stands in the Arrow schema that the file carries (`ARROW:schema`).

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::{Compression, SheetError, SheetSpec, SheetWriter, Summary, check_cancelled};

/// Rows of a row group at most. A group stays in memory until it is complete.
const ROWS_PER_GROUP: usize = 128 * 1024;
/// Bytes of a row group at most, roughly.
const GROUP_BYTES_MAX: usize = 16 << 20;
/// Rows written at a time: between two looks at the cancellation flag, and at the size of the row group.
const ROWS_AT_A_TIME: usize = 1024;

/// Writes row groups as they fill.
pub(crate) struct ParquetWriter {
    writer: ArrowWriter<Box<dyn Write + Send>>,
    schema: SchemaRef,
    cancelled: Arc<AtomicBool>,
    row_count: u64,
}

impl ParquetWriter {
    /// Starts a file; fails where Parquet has no type for a column.
    pub(crate) fn open(spec: SheetSpec, sink: Box<dyn Write + Send>) -> Result<ParquetWriter, SheetError> {
        let headers = serde_json::Value::from(spec.headers).to_string();
        let properties = WriterProperties::builder()
            .set_compression(Codec::ZSTD(zstd_level(spec.compression)?))
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .set_max_row_group_bytes(Some(GROUP_BYTES_MAX))
            // Those of pages would gather in memory until the end.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_key_value_metadata(Some(vec![
                KeyValue::new("longshore.title".to_owned(), spec.title),
                KeyValue::new("longshore.headers".to_owned(), headers),
            ]))
            .build();
        let writer = ArrowWriter::try_new(sink, Arc::clone(&spec.schema), Some(properties));
        Ok(ParquetWriter {
            writer: writer.map_err(own_error)?,
            schema: spec.schema,
            cancelled: spec.cancelled,
            row_count: 0,
        })
    }
}

impl SheetWriter for ParquetWriter {
    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), SheetError> {
        // The batch may call its columns otherwise, or say that they have nulls where the file's may not.
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec())
            .map_err(|error| SheetError::SchemaMismatch { detail: error.to_string() })?;
        let mut next = 0;
        while next < batch.num_rows() {
            check_cancelled(&self.cancelled)?;
            let count = ROWS_AT_A_TIME.min(batch.num_rows() - next);
            self.writer.write(&batch.slice(next, count)).map_err(own_error)?;
            next += count;
        }
        self.row_count += batch.num_rows() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary, SheetError> {
        let mut sink = self.writer.into_inner().map_err(own_error)?;
        sink.flush().map_err(SheetError::Io)?;
        Ok(Summary { row_count: self.row_count, sheet_count: 1, ..Summary::default() })
    }

    fn bytes_written(&self) -> u64 {
        self.writer.bytes_written() as u64
    }
}

fn zstd_level(compression: Compression) -> Result<ZstdLevel, SheetError> {
    let level = match compression {
        Compression::Fastest => 1,
        Compression::Balanced => 3,
        Compression::Smallest => 6,
    };
    ZstdLevel::try_new(level).map_err(own_error)
}

/// The sink's own error where it was the sink that failed.
fn own_error(error: ParquetError) -> SheetError {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => SheetError::Io(*error),
            Err(source) => SheetError::Parquet(ParquetError::External(source)),
        },
        error => SheetError::Parquet(error),
    }
}
