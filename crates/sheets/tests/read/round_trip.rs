//! What this crate writes it reads again, whatever the texts are.

use std::io::Write;
use std::sync::{Arc, Mutex};

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
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

/// The rows as a file of that format.
fn written(format: ExportFormat, rows: &[Row]) -> Vec<u8> {
    let types = [DataType::Int64, DataType::Utf8, DataType::Float64, DataType::Boolean, DataType::Date32];
    let fields =
        types.iter().enumerate().map(|(index, kind)| Field::new(format!("f{index}"), kind.clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| Some(row.0)).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| Some(row.1.as_str())).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|row| Some(row.3)).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| Some(row.4)).collect::<Date32Array>()),
    ];
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), arrays).expect("the arrays are those of the schema");
    let sink = Sink::default();
    let headers = ["id", "text", "number", "flag", "day"].map(str::to_owned).to_vec();
    let mut writer = open(format, SheetSpec::new("A".to_owned(), headers, schema), Box::new(sink.clone()))
        .expect("it is opened");
    writer.write_batch(&batch).expect("it is written");
    writer.finish().expect("it is finished");
    sink.0.lock().expect("nobody panics with it").clone()
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

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
