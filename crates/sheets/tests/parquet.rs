//! Parquet files, read back with the crate's own reader.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use longshore_protocol::ExportFormat;
use longshore_sheets::{SheetError, SheetSpec, open};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use support::{
    DAY, SharedSink, batch, booleans, dates, decimals, floats, integers, moments, spec_for, text, times,
    timestamps, write,
};

fn reader(bytes: Vec<u8>) -> ParquetRecordBatchReaderBuilder<Bytes> {
    ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap()
}

/// All rows of a file as one batch.
fn rows_of(reader: ParquetRecordBatchReader, schema: &Arc<Schema>) -> RecordBatch {
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(schema, &batches).unwrap()
}

#[test]
fn every_type_exactly() {
    let all = batch(vec![
        ("order_no", text([Some("001234567890123456"), None, Some(""), Some("a\0\u{1}\u{FFFF}=1")])),
        ("n", integers([Some(i64::MIN), None, Some(7), Some(i64::MAX)])),
        ("total", decimals(2, [Some(-5), None, Some(10_i128.pow(38) - 1), Some(1 - 10_i128.pow(38))])),
        ("f", floats([Some(-0.0), None, Some(f64::NEG_INFINITY), Some(f64::MIN_POSITIVE)])),
        ("b", booleans([Some(true), None, Some(false), None])),
        ("d", dates([Some(20_666), None, Some(i32::MIN), Some(i32::MAX)])),
        ("t", times([Some(0), None, Some(DAY - 1), Some(37_815_000_000)])),
        ("at", timestamps([Some(20_666 * DAY), None, Some(i64::MIN), Some(i64::MAX)])),
        ("moment", moments("Asia/Shanghai", [Some(20_666 * DAY), None, Some(-1), Some(i64::MAX)])),
    ]);
    let headers = ["订单号", "n", "金额", "\"quoted\"", "b", "d", "t", "at", "moment"];
    let (summary, bytes) = write(ExportFormat::Parquet, &all, |spec| {
        spec.headers = headers.map(str::to_owned).to_vec();
        spec.title = "订单".to_owned();
    })
    .unwrap();
    assert_eq!((summary.row_count, summary.sheet_count, summary.shortened_cell_count), (4, 1, 0));

    let reader = reader(bytes);
    assert_eq!(reader.schema().fields(), all.schema().fields());
    let metadata = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let value = |key| metadata.iter().find(|pair| pair.key == key).unwrap().value.clone().unwrap();
    assert_eq!(value("longshore.title"), "订单");
    let named: Vec<String> = serde_json::from_str(&value("longshore.headers")).unwrap();
    assert_eq!(named, headers);
    assert_eq!(rows_of(reader.build().unwrap(), &all.schema()), all);
}

#[test]
fn no_rows_leave_the_columns() {
    let none = batch(vec![("a", text([])), ("b", moments("UTC", []))]);
    let (summary, bytes) = write(ExportFormat::Parquet, &none, |_| {}).unwrap();
    let reader = reader(bytes);
    assert_eq!((summary.row_count, reader.metadata().num_row_groups()), (0, 0));
    assert_eq!(reader.schema().fields(), none.schema().fields());
}

#[test]
fn row_groups_are_bounded() {
    // By rows, and by bytes where rows are long.
    let narrow = batch(vec![("n", integers((0..300_000).map(Some)))]);
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{state:x}")
    };
    // 40 MB, which compress by half.
    let long: Vec<String> = (0..2_500).map(|_| (0..1_000).map(|_| noise()).collect()).collect();
    let wide = batch(vec![("t", text(long.iter().map(|t| Some(t.as_str()))))]);
    for (rows, want_groups) in [(narrow, 3..=3), (wide, 2..=3)] {
        let (_, bytes) = write(ExportFormat::Parquet, &rows, |_| {}).unwrap();
        let reader = reader(bytes);
        assert!(
            want_groups.contains(&reader.metadata().num_row_groups()),
            "{}",
            reader.metadata().num_row_groups()
        );
        assert_eq!(rows_of(reader.build().unwrap(), &rows.schema()), rows);
    }
}

/// Batches may call their columns otherwise, but a column without nulls stays one.
#[test]
fn batches_fit_the_files_schema() {
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
    let spec = SheetSpec::new("t".to_owned(), vec!["n".to_owned()], Arc::clone(&schema));
    let sink = SharedSink::default();
    let mut writer = open(ExportFormat::Parquet, spec, Box::new(sink.clone())).unwrap();
    writer.write_batch(&batch(vec![("other", integers([Some(1)]))])).unwrap();
    writer.finish().unwrap();
    assert_eq!(reader(sink.bytes()).schema().fields(), schema.fields());

    let spec = SheetSpec::new("t".to_owned(), vec!["n".to_owned()], schema);
    let mut writer = open(ExportFormat::Parquet, spec, Box::new(SharedSink::default())).unwrap();
    let error = writer.write_batch(&batch(vec![("n", integers([None]))])).unwrap_err();
    assert!(matches!(error, SheetError::SchemaMismatch { .. }));
}

/// What programs without Arrow see: UTC for moments, no zone for the rest.
#[test]
fn moments_are_instants() {
    let rows = batch(vec![("m", moments("Asia/Shanghai", [Some(0)])), ("t", timestamps([Some(0)]))]);
    let (_, bytes) = write(ExportFormat::Parquet, &rows, |_| {}).unwrap();
    let reader = reader(bytes);
    let described = reader.parquet_schema();
    let is_adjusted = |index: usize| {
        format!("{:?}", described.column(index).logical_type_ref()).contains("is_adjusted_to_u_t_c: true")
    };
    assert_eq!(
        (is_adjusted(0), is_adjusted(1)),
        (true, false),
        "{:?}",
        described.column(0).logical_type_ref()
    );
    let zone = Some(Arc::from("Asia/Shanghai"));
    assert_eq!(*reader.schema().field(0).data_type(), DataType::Timestamp(TimeUnit::Microsecond, zone));
    assert_eq!(spec_for(&rows).headers, ["m", "t"]);
}
