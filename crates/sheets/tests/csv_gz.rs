//! Compressed CSV: what comes out of it is the same CSV.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::Read;

use arrow_array::RecordBatch;
use flate2::read::GzDecoder;
use longshore_protocol::ExportFormat;
use longshore_sheets::Compression;
use support::{batch, integers, text, write};

/// Lines of about a hundred bytes.
fn lines(count: i64) -> RecordBatch {
    let texts: Vec<String> = (0..count).map(|n| format!("订单 {n} {:x}", n * 0x9E37_79B9)).collect();
    batch(vec![("n", integers((0..count).map(Some))), ("t", text(texts.iter().map(|t| Some(t.as_str()))))])
}

#[test]
fn one_member_with_the_same_csv() {
    // None, less than a chunk, and several chunks.
    for row_count in [0, 10, 200_000] {
        let rows = lines(row_count);
        let (csv_summary, csv) = write(ExportFormat::Csv, &rows, |_| {}).unwrap();
        let mut sizes = Vec::new();
        for compression in Compression::ALL {
            let (summary, gz) =
                write(ExportFormat::CsvGz, &rows, |spec| spec.compression = compression).unwrap();
            assert_eq!(summary, csv_summary);
            let mut decoder = GzDecoder::new(gz.as_slice());
            let mut read = Vec::new();
            // It checks the checksum and the size of the trailer.
            decoder.read_to_end(&mut read).unwrap();
            assert!(read == csv, "{row_count} rows, {compression:?}");
            assert!(decoder.into_inner().is_empty(), "bytes after the member");
            sizes.push(gz.len());
        }
        // More effort does not make larger files, but for what chance does to one repeat or another.
        assert!(sizes.is_sorted_by(|a, b| a + a / 1000 >= *b), "{sizes:?}");
    }
}
