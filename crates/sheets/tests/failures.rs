//! What happens when a specification cannot be met, a sink fails, or somebody cancels; for all
//! formats.

#![allow(clippy::unwrap_used)]

mod support;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arrow_array::{ArrayRef, Int32Array, RecordBatch};
use longshore_protocol::ExportFormat;
use longshore_sheets::{SheetError, SheetSpec, open};
use support::{FullSink, SharedSink, batch, integers, moments, spec_for, text};

/// Rows that do not compress well, so that the sink sees bytes in several pieces: more than 300,000 in every format.
fn noisy_rows() -> RecordBatch {
    let mut state = 1_u64;
    let numbers = integers((0..40_000).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((state >> 20) as i64)
    }));
    batch(vec![("a", numbers.clone()), ("b", numbers)])
}

fn open_error(format: ExportFormat, spec: SheetSpec) -> SheetError {
    open(format, spec, Box::new(SharedSink::default())).err().unwrap()
}

#[test]
fn specifications_that_cannot_be_met() {
    let unsupported: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    for format in ExportFormat::ALL {
        let spec = spec_for(&batch(vec![("ok", text([None])), ("small", unsupported.clone())]));
        let error = open_error(format, spec);
        assert!(
            matches!(&error, SheetError::UnsupportedType { column, .. } if column == "small"),
            "{format:?}: {error}"
        );

        let batch_in_no_zone = batch(vec![("at", moments("Asia/Atlantis", [None]))]);
        let error = open_error(format, spec_for(&batch_in_no_zone));
        assert!(
            matches!(&error, SheetError::UnknownZone { column, zone } if column == "at" && zone == "Asia/Atlantis"),
            "{format:?}: {error}"
        );

        let empty = RecordBatch::new_empty(Arc::new(arrow_schema::Schema::empty()));
        assert!(matches!(open_error(format, spec_for(&empty)), SheetError::NoColumns));

        let mut spec = spec_for(&batch(vec![("a", text([None]))]));
        spec.headers.push("one too many".to_owned());
        assert!(matches!(
            open_error(format, spec),
            SheetError::HeaderCount { header_count: 2, column_count: 1 }
        ));
    }
    let wide = batch((0..16_385).map(|_| ("c", integers([None]))).collect());
    let error = open_error(ExportFormat::Xlsx, spec_for(&wide));
    assert!(matches!(error, SheetError::TooManyColumns { column_count: 16_385, limit: 16_384 }));
}

#[test]
fn other_columns_than_announced() {
    let announced = batch(vec![("a", text([None]))]);
    for format in ExportFormat::ALL {
        for other in
            [batch(vec![("a", integers([None]))]), batch(vec![("a", text([None])), ("b", text([None]))])]
        {
            let spec = spec_for(&announced);
            let mut writer = open(format, spec, Box::new(SharedSink::default())).unwrap();
            writer.write_batch(&announced).unwrap();
            assert!(matches!(writer.write_batch(&other), Err(SheetError::SchemaMismatch { .. })));
            // An error is final, so that no file lacks rows silently.
            assert!(matches!(writer.write_batch(&announced), Err(SheetError::Incomplete)));
            assert!(matches!(writer.finish(), Err(SheetError::Incomplete)));
        }
    }
}

#[test]
fn a_full_store_is_reported_with_its_own_error() {
    let rows = noisy_rows();
    for format in ExportFormat::ALL {
        for room in [0, 1, 10_000, 100_000] {
            let spec = spec_for(&rows);
            let mut writer = open(format, spec, Box::new(FullSink { room })).unwrap();
            let error = writer.write_batch(&rows).and_then(|()| writer.finish().map(|_| ())).unwrap_err();
            let SheetError::Io(error) = error else { panic!("{format:?} with {room}: {error}") };
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert_eq!(error.to_string(), "no space left on the store");
        }
    }
}

#[test]
fn cancelling_before_a_batch() {
    let rows = noisy_rows();
    for format in ExportFormat::ALL {
        let spec = spec_for(&rows);
        let cancelled = Arc::clone(&spec.cancelled);
        let mut writer = open(format, spec, Box::new(SharedSink::default())).unwrap();
        writer.write_batch(&rows).unwrap();
        cancelled.store(true, Ordering::Relaxed);
        let error = writer.write_batch(&rows).unwrap_err();
        assert!(matches!(error, SheetError::Cancelled) && !error.is_retryable());
        drop(writer);
    }
}

/// A sink that sets the cancellation flag at its first write and counts what still comes.
struct CancellingSink {
    cancelled: Arc<AtomicBool>,
    write_count: Arc<AtomicUsize>,
}

impl io::Write for CancellingSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.cancelled.store(true, Ordering::Relaxed);
        self.write_count.fetch_add(1, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn cancelling_while_bytes_are_on_their_way() {
    let rows = noisy_rows();
    let spec = spec_for(&rows);
    let write_count = Arc::new(AtomicUsize::new(0));
    let sink =
        CancellingSink { cancelled: Arc::clone(&spec.cancelled), write_count: Arc::clone(&write_count) };
    let mut writer = open(ExportFormat::Xlsx, spec, Box::new(sink)).unwrap();
    let error = writer.write_batch(&rows).and_then(|()| writer.finish().map(|_| ())).unwrap_err();
    assert!(matches!(error, SheetError::Cancelled));
    assert_eq!(write_count.load(Ordering::Relaxed), 1);
}
