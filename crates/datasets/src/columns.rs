//! The columns of a batch while they grow: one typed builder each, picked once from the column's type.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, StringBuilder,
    Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, SchemaRef};
use jiff::tz::TimeZone;
use longshore_protocol::ColumnType;

use crate::dataset::Column;
use crate::schema::{DECIMAL_PRECISION, schema_of, zone_name};
use crate::source::Yield;

/// Bytes that a text takes as long as nothing is known.
const TEXT_BYTES: usize = 16;
/// Bytes of texts after which a batch is full however few its rows are. So memory stays the same where texts are long, and the
/// offsets of a column, which have 31 bits, have room for a text of any length that databases hold.
const BATCH_BYTES: usize = 8 << 20;

/// Gathers rows into batches.
pub(crate) struct Columns {
    schema: SchemaRef,
    /// In the order of the select list.
    pub(crate) builders: Vec<ColumnBuilder>,
    /// Rows gathered since the last batch; whoever appends to all builders counts them.
    pub(crate) row_count: usize,
}

impl Columns {
    pub(crate) fn new(yields: &Yield<'_>) -> Columns {
        let text_bytes = yields.batch_rows * TEXT_BYTES;
        let builder = |column: &&Column| {
            ColumnBuilder::new(column.column_type, yields.zone, yields.batch_rows, text_bytes)
        };
        Columns {
            schema: schema_of(yields.columns, yields.zone),
            builders: yields.columns.iter().map(builder).collect(),
            row_count: 0,
        }
    }

    /// Whether a batch of so many rows is full: it has these, or its texts are long. One of `usize::MAX` rows never is.
    pub(crate) fn is_full(&self, row_count: usize) -> bool {
        let text_bytes = |builder: &ColumnBuilder| match builder {
            ColumnBuilder::Text(builder) => builder.values_slice().len(),
            _ => 0,
        };
        self.row_count >= row_count
            || (row_count < usize::MAX && self.builders.iter().map(text_bytes).sum::<usize>() >= BATCH_BYTES)
    }

    /// The batch of all rows since the last one.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let arrays = self.builders.iter_mut().map(ColumnBuilder::finish).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.row_count));
        self.row_count = 0;
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
    }
}

/// One column.
pub(crate) enum ColumnBuilder {
    Text(StringBuilder),
    Integer(Int64Builder),
    /// With its scale.
    Decimal(Decimal128Builder, u8),
    Float(Float64Builder),
    Boolean(BooleanBuilder),
    /// Days since 1970-01-01.
    Date(Date32Builder),
    /// Microseconds since midnight.
    Time(Time64MicrosecondBuilder),
    /// Microseconds since 1970-01-01 00:00:00.
    Timestamp(TimestampMicrosecondBuilder),
    /// Microseconds since 1970-01-01 00:00:00 UTC.
    TimestampTz(TimestampMicrosecondBuilder),
}

impl ColumnBuilder {
    /// With room for so many rows and, where they are texts, so many bytes; it grows where that is too little.
    pub(crate) fn new(
        column_type: ColumnType,
        zone: &TimeZone,
        rows: usize,
        text_bytes: usize,
    ) -> ColumnBuilder {
        match column_type {
            ColumnType::Text => ColumnBuilder::Text(StringBuilder::with_capacity(rows, text_bytes)),
            ColumnType::Integer => ColumnBuilder::Integer(Int64Builder::with_capacity(rows)),
            ColumnType::Decimal { scale } => {
                ColumnBuilder::Decimal(Decimal128Builder::with_capacity(rows), scale)
            }
            ColumnType::Float => ColumnBuilder::Float(Float64Builder::with_capacity(rows)),
            ColumnType::Boolean => ColumnBuilder::Boolean(BooleanBuilder::with_capacity(rows)),
            ColumnType::Date => ColumnBuilder::Date(Date32Builder::with_capacity(rows)),
            ColumnType::Time => ColumnBuilder::Time(Time64MicrosecondBuilder::with_capacity(rows)),
            ColumnType::Timestamp => {
                ColumnBuilder::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows))
            }
            ColumnType::TimestampTz => ColumnBuilder::TimestampTz(
                TimestampMicrosecondBuilder::with_capacity(rows).with_timezone(zone_name(zone)),
            ),
        }
    }

    pub(crate) fn append_null(&mut self) {
        match self {
            ColumnBuilder::Text(builder) => builder.append_null(),
            ColumnBuilder::Integer(builder) => builder.append_null(),
            ColumnBuilder::Decimal(builder, _) => builder.append_null(),
            ColumnBuilder::Float(builder) => builder.append_null(),
            ColumnBuilder::Boolean(builder) => builder.append_null(),
            ColumnBuilder::Date(builder) => builder.append_null(),
            ColumnBuilder::Time(builder) => builder.append_null(),
            ColumnBuilder::Timestamp(builder) | ColumnBuilder::TimestampTz(builder) => builder.append_null(),
        }
    }

    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            ColumnBuilder::Text(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Integer(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Decimal(builder, scale) => {
                Arc::new(builder.finish().with_precision_and_scale(DECIMAL_PRECISION, scale.cast_signed())?)
            }
            ColumnBuilder::Float(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Boolean(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Date(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Time(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Timestamp(builder) | ColumnBuilder::TimestampTz(builder) => {
                Arc::new(builder.finish())
            }
        })
    }
}
