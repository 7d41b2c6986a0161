//! CSV files, byte by byte, and read back with the `csv` crate.

#![allow(clippy::unwrap_used)]

mod support;

use arrow_array::RecordBatch;
use longshore_protocol::ExportFormat;
use longshore_sheets::{Summary, unguard};
use support::{
    DAY, batch, booleans, dates, decimals, floats, integers, moments, spec_for, text, times, timestamps,
    write,
};

fn check(batch: &RecordBatch, want: &str) {
    let (summary, bytes) = write(ExportFormat::Csv, batch, |_| {}).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), format!("\u{feff}{want}"));
    let row_count = batch.num_rows() as u64;
    assert_eq!(summary, Summary { row_count, sheet_count: 1, ..Summary::default() });
}

#[test]
fn every_type_with_nulls() {
    let all = batch(vec![
        ("订单号", text([Some("001234567890123456"), None, Some("")])),
        ("n", integers([Some(i64::MIN), None, Some(7)])),
        ("金额", decimals(2, [Some(-5), None, Some(12_345_678_901_234_567_890)])),
        ("f", floats([Some(0.1), None, Some(f64::NAN)])),
        ("b", booleans([Some(true), None, Some(false)])),
        ("d", dates([Some(20_666), None, Some(-719_162)])),
        ("t", timestamps([Some(20_666 * DAY), None, Some(1_500_000)])),
        ("time", times([Some(37_815_000_000), None, Some(DAY - 1)])),
        ("at", moments("Asia/Shanghai", [Some(20_666 * DAY), None, Some(-1)])),
    ]);
    check(
        &all,
        "订单号,n,金额,f,b,d,t,time,at\r\n\
         001234567890123456,-9223372036854775808,-0.05,0.1,TRUE,2026-08-01,2026-08-01 00:00:00,10:30:15,2026-08-01 08:00:00\r\n\
         ,,,,,,,,\r\n\
         \"\",7,123456789012345678.90,NaN,FALSE,0001-01-01,1970-01-01 00:00:01.500,23:59:59.999999,1970-01-01 07:59:59.999999\r\n",
    );
}

#[test]
fn quoting_and_guarding() {
    for (value, want) in [
        (Some("plain"), "plain"),
        (Some("say \"hi\""), "\"say \"\"hi\"\"\""),
        (Some("a,b"), "\"a,b\""),
        (Some("a\nb"), "\"a\nb\""),
        (Some("a\r\nb"), "\"a\r\nb\""),
        (Some(" spaces "), " spaces "),
        (Some("=SUM(A1:A2)"), "'=SUM(A1:A2)"),
        (Some("=HYPERLINK(\"x\",\"y\")"), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
        (Some("+86 138"), "'+86 138"),
        (Some("-5 off"), "'-5 off"),
        (Some("@home"), "'@home"),
        (Some("\ttab"), "'\ttab"),
        (Some("\rcr"), "\"'\rcr\""),
        (Some("'=1"), "''=1"),
        (Some("it's"), "it's"),
        (Some("👩‍👩‍👧 𠮷"), "👩‍👩‍👧 𠮷"),
        (Some(""), "\"\""),
        // A null alone in its row would make an empty line.
        (None, "\"\""),
    ] {
        check(&batch(vec![("a", text([value]))]), &format!("a\r\n{want}\r\n"));
    }
}

#[test]
fn headers_are_texts_too() {
    check(&batch(vec![("=a", integers([Some(-1)])), ("b,c", integers([None]))]), "'=a,\"b,c\"\r\n-1,\r\n");
}

#[test]
fn no_rows_leave_the_header() {
    check(&batch(vec![("a", text([])), ("b", integers([]))]), "a,b\r\n");
}

#[test]
fn a_csv_reader_gets_every_text_back() {
    let texts: Vec<String> = (0..20_000)
        .map(|n| format!("{}{n}\"{}", ["=", "'", "'=", "", "\r\n"][n % 5], ",\n".repeat(n % 3)))
        .collect();
    let rows = batch(vec![("t", text(texts.iter().map(|text| Some(text.as_str()))))]);
    let (_, bytes) = write(ExportFormat::Csv, &rows, |_| {}).unwrap();
    let mut reader = csv::Reader::from_reader(&bytes["\u{feff}".len()..]);
    let read: Vec<String> = reader.records().map(|record| unguard(&record.unwrap()[0]).to_owned()).collect();
    assert_eq!(read, texts);
}

#[test]
fn the_sinks_own_error_comes_out() {
    let rows = batch(vec![("t", text([Some("x")]))]);
    let spec = spec_for(&rows);
    let mut writer =
        longshore_sheets::open(ExportFormat::Csv, spec, Box::new(support::FullSink { room: 5 })).unwrap();
    writer.write_batch(&rows).unwrap();
    let error = writer.finish().unwrap_err();
    assert!(error.is_retryable());
    assert!(
        matches!(error, longshore_sheets::SheetError::Io(e) if e.kind() == std::io::ErrorKind::StorageFull)
    );
}
