//! The size of a file while it is written, by which exports are split.

#![allow(clippy::unwrap_used)]

mod support;

use arrow_array::RecordBatch;
use longshore_protocol::ExportFormat;
use longshore_sheets::open;
use support::{SharedSink, batch, integers, spec_for};

/// Rows that do not compress well.
fn noise() -> RecordBatch {
    let mut state = 1_u64;
    let numbers = integers((0..10_000).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((state >> 20) as i64)
    }));
    batch(vec![("a", numbers.clone()), ("b", numbers)])
}

/// The figures after each of some batches, and the file.
fn figures(format: ExportFormat, rows: &RecordBatch, rows_per_sheet: u32) -> (Vec<u64>, Vec<u8>) {
    let mut spec = spec_for(rows);
    spec.rows_per_sheet = rows_per_sheet;
    let sink = SharedSink::default();
    let mut writer = open(format, spec, Box::new(sink.clone())).unwrap();
    let mut figures = vec![writer.bytes_written()];
    for _ in 0..60 {
        writer.write_batch(rows).unwrap();
        figures.push(writer.bytes_written());
        // Parquet's own writer has a buffer of 8 KiB.
        let in_sink = sink.bytes().len() as u64;
        assert!(writer.bytes_written() <= in_sink + 8192, "{format:?}: more than is in the sink");
    }
    writer.finish().unwrap();
    (figures, sink.bytes())
}

#[test]
fn sizes_grow_with_the_rows_and_are_always_the_same() {
    let rows = noise();
    for (format, rows_per_sheet) in
        ExportFormat::ALL.map(|format| (format, 1 << 20)).into_iter().chain([(ExportFormat::Xlsx, 70_000)])
    {
        let (first, file) = figures(format, &rows, rows_per_sheet);
        // Parquet begins with four bytes that say so.
        assert!(first[0] <= 4, "{format:?}");
        assert!(first.is_sorted() && first[60] < file.len() as u64, "{format:?}: {first:?}");
        // 17 MB of CSV, of which the latest 16 MiB are not settled.
        assert!(first[60] > 0, "{format:?}: {first:?}");
        assert!(figures(format, &rows, rows_per_sheet) == (first, file), "{format:?}: not the same again");
    }
}
