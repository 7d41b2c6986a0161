//! What the tests of all formats share: columns in a short notation, and a sink to look into.

#![allow(dead_code)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use longshore_protocol::ExportFormat;
use longshore_sheets::{SheetError, SheetSpec, Summary, open};

/// Microseconds in a day.
pub const DAY: i64 = 86_400_000_000;

/// A sink whose bytes can be read after the writer has dropped it.
#[derive(Clone, Default)]
pub struct SharedSink(Arc<Mutex<Vec<u8>>>);

impl SharedSink {
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for SharedSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sink that takes some bytes and then fails with "storage full".
pub struct FullSink {
    pub room: usize,
}

impl Write for FullSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.room.min(bytes.len());
        if taken == 0 {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on the store"));
        }
        self.room -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A batch with these columns, each of them nullable.
pub fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

pub fn text<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(StringArray::from_iter(values))
}

pub fn integers(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(Int64Array::from_iter(values))
}

pub fn decimals(scale: i8, values: impl IntoIterator<Item = Option<i128>>) -> ArrayRef {
    Arc::new(Decimal128Array::from_iter(values).with_precision_and_scale(38, scale).unwrap())
}

pub fn floats(values: impl IntoIterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(Float64Array::from_iter(values))
}

pub fn booleans(values: impl IntoIterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(BooleanArray::from_iter(values))
}

pub fn dates(values: impl IntoIterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(Date32Array::from_iter(values))
}

pub fn timestamps(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter(values))
}

pub fn times(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(Time64MicrosecondArray::from_iter(values))
}

/// Moments of a zone, in microseconds since 1970 in UTC.
pub fn moments(zone: &str, values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter(values).with_timezone(zone))
}

/// The specification for a batch, with the columns' names as headers.
pub fn spec_for(batch: &RecordBatch) -> SheetSpec {
    let headers = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    SheetSpec::new("Orders".to_owned(), headers, batch.schema())
}

/// Writes one batch and gives the file's bytes.
pub fn write(
    format: ExportFormat,
    batch: &RecordBatch,
    adjust: impl FnOnce(&mut SheetSpec),
) -> Result<(Summary, Vec<u8>), SheetError> {
    let mut spec = spec_for(batch);
    adjust(&mut spec);
    let sink = SharedSink::default();
    let written = open(format, spec, Box::new(sink.clone())).and_then(|mut writer| {
        writer.write_batch(batch)?;
        writer.finish()
    });
    Ok((written?, sink.bytes()))
}
