//! What this crate writes it reads again, whatever the texts are.

use std::io::Write;
use std::sync::{Arc, Mutex};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use longshore_protocol::ExportFormat;
use longshore_sheets::read::{CellKind, Choice, ReadLimits};
use longshore_sheets::{SheetSpec, open};
use proptest::prelude::*;

use crate::support::{batches, file};

/// A sink that can be looked into.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

type Row = (i64, String, Option<f64>, bool, i32);

/// Columns as a file of that format.
fn file_of(format: ExportFormat, arrays: Vec<ArrayRef>, types: &[DataType]) -> Vec<u8> {
    let fields =
        types.iter().enumerate().map(|(index, kind)| Field::new(format!("f{index}"), kind.clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), arrays).expect("the arrays are those of the schema");
    let sink = Sink::default();
    let headers = (0..types.len()).map(|index| format!("column {index}")).collect();
    let mut writer = open(format, SheetSpec::new("A".to_owned(), headers, schema), Box::new(sink.clone()))
        .expect("it is opened");
    writer.write_batch(&batch).expect("it is written");
    writer.finish().expect("it is finished");
    sink.0.lock().expect("nobody panics with it").clone()
}

/// The rows as a file of that format.
fn written(format: ExportFormat, rows: &[Row]) -> Vec<u8> {
    let types = [DataType::Int64, DataType::Utf8, DataType::Float64, DataType::Boolean, DataType::Date32];
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| Some(row.0)).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| Some(row.1.as_str())).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|row| Some(row.3)).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| Some(row.4)).collect::<Date32Array>()),
    ];
    file_of(format, arrays, &types)
}

/// Texts as an XLSX cell can hold them: no characters that XML lacks, line ends as line feeds.
fn texts() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        Just("_x0041_".to_owned()),
        Just("&amp;<b>\"'".to_owned()),
        Just("=1+1".to_owned()),
        Just("'=1".to_owned()),
        Just(" white space ".to_owned()),
        Just("a\nb,\"c\";\td".to_owned()),
        Just("]]></t></is></c>".to_owned()),
        "[订单中文a-z ]{1,40}",
        "[ -~]{1,30}",
    ];
    odd.prop_filter("a text of white space alone is not told from none everywhere", |text| {
        !text.trim().is_empty()
    })
}

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// Times and moments of a file of that format, each as the reader gives it.
fn moments(format: ExportFormat, rows: &[(i64, i64)]) -> Vec<[String; 2]> {
    let times: Time64MicrosecondArray = rows.iter().map(|row| Some(row.0)).collect();
    let moments: TimestampMicrosecondArray = rows.iter().map(|row| Some(row.1)).collect();
    let types = [DataType::Time64(TimeUnit::Microsecond), DataType::Timestamp(TimeUnit::Microsecond, None)];
    let content = file_of(format, vec![Arc::new(times), Arc::new(moments)], &types);
    let batches =
        batches(file(&content).path(), &Choice::default(), &ReadLimits::default()).expect("it is read");
    let (batch, is_typed) = (&batches[0], format == ExportFormat::Xlsx);
    let cell = |row: usize, column: usize| {
        let cell = batch.cell(row, column);
        let is_exact = batch.cell(row, 1).kind != CellKind::Text;
        assert_eq!(cell.kind == CellKind::Date, is_typed && (column == 0 || is_exact), "{}", cell.text);
        cell.text.replace('T', " ")
    };
    (1..batch.row_count()).map(|row| [cell(row, 0), cell(row, 1)]).collect()
}

/// A time and a moment as this crate writes them into text files.
fn shown(time: i64, moment: i64) -> [String; 2] {
    let of_day = |micros: i64| {
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let fraction = match fraction {
            0 => String::new(),
            _ if fraction % 1000 == 0 => format!(".{:03}", fraction / 1000),
            _ => format!(".{fraction:06}"),
        };
        format!("{:02}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    };
    let days = jiff::Span::new().days(moment.div_euclid(DAY));
    let day = jiff::civil::date(1970, 1, 1).checked_add(days).expect("it is before 9999");
    [of_day(time), format!("{day} {}", of_day(moment.rem_euclid(DAY)))]
}

#[test]
fn the_last_microsecond_of_a_day_stays_in_it() {
    let day = 20_666 * DAY;
    let rows = [0, 1, 999, 1000, 999_999, DAY / 2 + 1, DAY - 1_000_000, DAY - 1000, DAY - 1]
        .map(|of_day| (of_day, day + of_day));
    for format in [ExportFormat::Xlsx, ExportFormat::Csv] {
        let found = moments(format, &rows);
        assert_eq!(found, rows.map(|(time, moment)| shown(time, moment)), "{format:?}");
        assert_eq!(found[8], ["23:59:59.999999", "2026-08-01 23:59:59.999999"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn moments_come_back(
        // From 1900-03-01 to 9999-12-31, and as many of our time, near to whole milliseconds and anywhere.
        rows in prop::collection::vec(
            (0..DAY, prop_oneof![-25_508 * DAY..2_932_897 * DAY, 0..40_000 * DAY], -10..10_i64, any::<bool>()), 1..200
        )
    ) {
        let near = |micros: i64, few: i64| (micros / 1000 * 1000 + few).max(0);
        let rows: Vec<(i64, i64)> = rows.into_iter().map(|(time, moment, few, is_near)| match is_near {
            true => (near(time, few).min(DAY - 1), moment.div_euclid(1000) * 1000 + if moment.abs() < 40_000 * DAY { few } else { 0 }),
            false => (time, moment),
        }).collect();
        for format in [ExportFormat::Xlsx, ExportFormat::Csv] {
            let want: Vec<_> = rows.iter().map(|&(time, moment)| shown(time, moment)).collect();
            prop_assert_eq!(moments(format, &rows), want);
        }
    }

    #[test]
    fn cells_come_back(
        rows in prop::collection::vec((-999_999_999_999_999..=999_999_999_999_999_i64, texts(), prop::option::of(-1e15..1e15_f64), any::<bool>(), 100..2_000_000_i32), 1..40)
    ) {
        for format in [ExportFormat::Xlsx, ExportFormat::Csv] {
            let content = written(format, &rows);
            let file = file(&content);
            let batches = batches(file.path(), &Choice::default(), &ReadLimits::default()).expect("it is read");
            prop_assert_eq!(batches.len(), 1);
            let batch = &batches[0];
            prop_assert_eq!(batch.row_count(), rows.len() + 1);
            let is_typed = format == ExportFormat::Xlsx;
            for (index, row) in rows.iter().enumerate() {
                let cell = |column| batch.cell(index + 1, column);
                prop_assert_eq!(batch.row_number(index + 1) as usize, index + 2);
                prop_assert_eq!(cell(0).text, row.0.to_string());
                prop_assert_eq!(cell(1).text, row.1.as_str());
                prop_assert_eq!(cell(1).kind, CellKind::Text);
                prop_assert_eq!(cell(2).text.parse::<f64>().ok(), row.2);
                prop_assert_eq!(cell(3).text.to_ascii_lowercase(), row.3.to_string());
                if is_typed {
                    prop_assert_eq!(cell(0).kind, CellKind::Number);
                    prop_assert_eq!(cell(3).kind, CellKind::Boolean);
                    prop_assert_eq!(cell(4).kind, CellKind::Date);
                }
                let day = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(row.4)).expect("it is before 9999");
                prop_assert_eq!(cell(4).text, day.to_string());
            }
        }
    }
}
