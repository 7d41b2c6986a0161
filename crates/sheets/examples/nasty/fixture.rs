//! The table: its values, and beside each what files must say of it. Nothing here uses the encoders.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use longshore_sheets::SheetSpec;
use serde_json::{Value, json};

/// Data rows of a sheet, so that there are several.
const ROWS_PER_SHEET: u32 = 300;
/// Rows of a batch: neither a divisor nor a multiple of a sheet's.
const ROWS_PER_BATCH: usize = 150;
/// More than the table of shared strings holds; what comes after stands in its cells.
const SHARED_BYTES: usize = 16 << 20;
/// The longest text of a cell in UTF-16 units.
const CELL_UNITS: usize = 32_767;
/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;
/// A title with everything that the name of a sheet must not have.
const TITLE: &str = "'[订单]:2026/08 *all*? \\ & <\"客户\">😀😀'";
/// The names that become of it; the first one has 30 units, for the next character takes two.
const SHEET_NAMES: [&str; 3] = [
    "_订单__2026_08 _all__ _ & <\"客户\">",
    "_订单__2026_08 _all__ _ & <\"客 (2)",
    "_订单__2026_08 _all__ _ & <\"客 (3)",
];

const TEXTS: [&str; 44] = [
    "001234567890123456",
    "中文，𠮷䶮",
    "emoji 👩‍👩‍👧 é ｅ́",
    "=SUM(A1:A2)",
    "=1+1",
    "+1",
    "-5 off",
    "@home",
    "'quoted",
    "'=1",
    "https://example.org/?a=1&b=<2>",
    "say \"hi\" & <b>",
    "two\nlines",
    "cr\r\nlf",
    "\rcr",
    "tab\there",
    "\ttab first",
    " leading and trailing ",
    "\nnewline first",
    "newline last\n",
    "TRUE",
    "1e5",
    "1/2",
    "2026-08-01",
    "#N/A",
    "_",
    "_x",
    "_x0041_",
    "_x0041_x0042_",
    "_x005F_",
    "_x005f_x0041_",
    "x_x0041",
    "_xZZZZ_",
    "_x0041\u{1}",
    "a\u{1}b\u{1f}",
    "\u{7f}\u{85}\u{9f}",
    "nul \0 inside",
    "\u{FFFE}\u{FFFF}\u{FFFD}",
    "\u{feff}bom",
    "\u{202e}right to left\u{202c} עברית",
    "\u{2028}\u{2029}",
    "a,b;c|d",
    "]]>&amp;&#65;",
    "NULL",
];

/// A value in each kind of file: `[xlsx, csv, exact]`.
type Cell = Value;

/// A column: name, header, type, values, cells.
struct Column {
    name: &'static str,
    header: &'static str,
    kind: &'static str,
    array: ArrayRef,
    cells: Vec<Cell>,
}

fn blank() -> Cell {
    json!([null, "", null])
}

/// The start of a text that a cell holds.
fn kept(text: &str) -> String {
    let units: Vec<u16> = text.encode_utf16().take(CELL_UNITS).collect();
    match String::from_utf16(&units) {
        Ok(kept) => kept,
        // Half a surrogate pair is no character.
        Err(_) => String::from_utf16_lossy(&units[..CELL_UNITS - 1]),
    }
}

/// All texts: the nasty ones, so many long ones that the table of shared strings is full, and the nasty ones once more, otherwise.
fn texts() -> Vec<Option<String>> {
    let nasty = |mark: &str| {
        let marked = TEXTS.map(|text| Some(format!("{text}{mark}")));
        marked.into_iter().chain([None, Some(String::new())]).collect::<Vec<_>>()
    };
    let mut all = nasty("");
    all.push(Some(format!("{}😀", "x".repeat(CELL_UNITS - 1))));
    all.push(Some("y\u{1}_x0041_".repeat(4_000)));
    let mut bytes = 0;
    for (number, length) in [(1000, 32_700), (200, 1000), (200, 100), (100, 10)]
        .into_iter()
        .flat_map(|(count, length)| (0..count).map(move |number| (number, length)))
    {
        if length < 32_700 || bytes < SHARED_BYTES {
            let text = format!("{}{length}.{number}", "订".repeat(length));
            bytes += text.len();
            all.push(Some(text));
        }
    }
    all.extend(nasty("·"));
    all
}

fn text_column(name: &'static str, header: &'static str, texts: &[Option<String>]) -> Column {
    let cell = |text: &Option<String>| match text {
        None => blank(),
        Some(text) if text.is_empty() => json!([null, "", ""]),
        Some(text) if kept(text) == *text => json!([{ "s": text }]),
        Some(text) => json!([{ "s": kept(text) }, text, text]),
    };
    let array = Arc::new(StringArray::from_iter(texts.iter().map(Option::as_deref)));
    Column { name, header, kind: "text", array, cells: texts.iter().map(cell).collect() }
}

/// Repeats values, and a null after them, up to a length.
fn cycle<T: Clone>(values: &[T], length: usize) -> Vec<Option<T>> {
    values.iter().cloned().map(Some).chain([None]).cycle().take(length).collect()
}

/// A column of values that come as what Arrow has and their cell.
fn column<T: Clone>(
    (name, header, kind): (&'static str, &'static str, &'static str),
    length: usize,
    values: &[(T, Cell)],
    array: impl FnOnce(Vec<Option<T>>) -> ArrayRef,
) -> Column {
    let (native, cells): (Vec<_>, Vec<_>) =
        cycle(values, length).into_iter().map(|value| value.unzip()).unzip();
    let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(blank)).collect();
    Column { name, header, kind, array: array(native), cells }
}

fn integers() -> Vec<(i64, Cell)> {
    let small = [0, -1, 42, 999_999_999_999_999, -999_999_999_999_999];
    let large = [1_000_000_000_000_000, i64::MAX, i64::MIN, 123_456_789_012_345_678];
    let number = |value: i64| (value, json!([{ "n": value }, value.to_string(), value.to_string()]));
    let text = |value: i64| {
        let digits = value.to_string();
        (value, json!([{ "s": &digits }, &digits, &digits]))
    };
    small.map(number).into_iter().chain(large.map(text)).collect()
}

fn decimals() -> Vec<(i128, Cell)> {
    let numbers = [
        (0, "0.00"),
        (1, "0.01"),
        (-5, "-0.05"),
        (999_999_999_999_999, "9999999999999.99"),
        (12_300, "123.00"),
    ];
    let texts = [
        (1_234_567_890_123_456, "12345678901234.56"),
        (10_i128.pow(38) - 1, "999999999999999999999999999999999999.99"),
        (1 - 10_i128.pow(38), "-999999999999999999999999999999999999.99"),
    ];
    let number = |(value, text): (i128, &str)| {
        (value, json!([{ "n": text.parse::<f64>().expect("a number") }, text, text]))
    };
    let text = |(value, text): (i128, &str)| (value, json!([{ "s": text }, text, text]));
    numbers.map(number).into_iter().chain(texts.map(text)).collect()
}

fn floats() -> Vec<(f64, Cell)> {
    // JSON has no negative zero that all its readers keep; in a workbook the two are the same number.
    let numbers =
        [0.1, -0.0, 1.5, 0.1 + 0.2, 1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE, -1e15, 1e-7, 123_456.789];
    let texts = [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")];
    let number = |value: f64| (value, json!([{ "n": value }, value.to_string(), format!("{value:e}")]));
    let text = |(value, text): (f64, &str)| (value, json!([{ "s": text }, text, text]));
    numbers.map(number).into_iter().chain(texts.map(text)).collect()
}

fn dates() -> Vec<(i32, Cell)> {
    let days = |text: &str| days_of(text.parse().expect("a date"));
    let date = |text: &str| {
        let days = days(text);
        (days, json!([{ "d": format!("{text}T00:00:00") }, text, days.to_string()]))
    };
    let text = |days: i32, text: &str| (days, json!([{ "s": text }, text, days.to_string()]));
    let mut values: Vec<_> = ["1900-03-01", "1970-01-01", "2024-02-29", "2026-08-01", "9999-12-31"]
        .map(date)
        .into_iter()
        .collect();
    values.extend(["1900-02-28", "1899-12-31", "0001-01-01", "1582-10-10"].map(|day| text(days(day), day)));
    values.extend([text(2_932_897, "+10000-01-01"), text(-719_529, "-0001-12-31")]);
    values
}

fn times() -> Vec<(i64, Cell)> {
    let time = |text: &str| {
        let micros = micros_of(text.parse().expect("a time"));
        (micros, json!([{ "t": text }, text, micros.to_string()]))
    };
    let mut values: Vec<_> =
        ["00:00:00", "06:00:00", "10:30:15", "23:59:59", "12:00:00.500", "23:59:59.123456"]
            .map(time)
            .into_iter()
            .collect();
    values.push((DAY, json!([{ "s": "24:00:00" }, "24:00:00", DAY.to_string()])));
    values
}

/// Dates with times, as text without a zone, and whether a cell can hold them.
const TIMESTAMPS: [(&str, bool); 8] = [
    ("2026-08-01 10:30:15", true),
    ("2026-08-01 10:30:15.250", true),
    ("1970-01-01 00:00:00.000001", true),
    ("1900-03-01 00:00:00", true),
    ("9999-12-31 23:59:59", true),
    ("1900-02-28 23:59:59", false),
    ("9999-12-31 23:59:59.999999", false),
    ("0001-01-01 00:00:00", false),
];

/// Microseconds since 1970 of a date with a time.
fn micros(text: &str) -> i64 {
    let civil: DateTime = text.parse().expect("a date and time");
    i64::from(days_of(civil.date())) * DAY + micros_of(civil.time())
}

fn days_of(date: Date) -> i32 {
    date.since(Date::constant(1970, 1, 1)).expect("days").get_days()
}

fn micros_of(time: Time) -> i64 {
    time.duration_since(Time::midnight()).as_micros() as i64
}

fn timestamp_cell(shown: &str, fits: bool, micros: i64) -> Cell {
    let xlsx = if fits { json!({ "d": shown.replace(' ', "T") }) } else { json!({ "s": shown }) };
    json!([xlsx, shown, micros.to_string()])
}

fn timestamps() -> Vec<(i64, Cell)> {
    let value = |(text, fits): (&str, bool)| {
        let micros = micros(text);
        (micros, timestamp_cell(text, fits, micros))
    };
    TIMESTAMPS.map(value).into_iter().collect()
}

/// Moments as they are shown in a zone; jiff's whole conversion says which.
fn moments(zone: &str) -> Vec<(i64, Cell)> {
    let zone = TimeZone::get(zone).expect("a zone");
    let value = |instant: &str| {
        let moment: Timestamp = instant.parse().expect("a moment");
        let local = moment.to_zoned(zone.clone()).datetime();
        let micros = moment.as_microsecond();
        (micros, timestamp_cell(&local.strftime("%Y-%m-%d %H:%M:%S").to_string(), true, micros))
    };
    // The clocks of New York went from 2 to 1 at 6:00 UTC on the first of November and from 2 to 3 at 7:00 UTC on the eighth of
    // March; Shanghai had summer time until 1991.
    [
        "2026-11-01T05:30:00Z",
        "2026-11-01T06:30:00Z",
        "2026-03-08T06:59:59Z",
        "2026-03-08T07:00:00Z",
        "1991-08-01T00:00:00Z",
        "1910-01-01T00:00:00Z",
    ]
    .map(value)
    .into_iter()
    .collect()
}

fn columns() -> Vec<Column> {
    let texts = texts();
    let length = texts.len();
    let nasty = TEXTS.iter().cycle().zip(0..length);
    let notes: Vec<_> = nasty.map(|(text, row)| Some(format!("{text}{row}"))).collect();
    let timestamp = |values: Vec<Option<i64>>| Arc::new(TimestampMicrosecondArray::from(values)) as ArrayRef;
    let in_zone = |zone: &'static str| {
        move |values: Vec<Option<i64>>| {
            Arc::new(TimestampMicrosecondArray::from(values).with_timezone(zone)) as ArrayRef
        }
    };
    vec![
        text_column("order_no", "订单号", &texts),
        column(("quantity", "same", "integer"), length, &integers(), |v| Arc::new(Int64Array::from(v))),
        column(("total", "same", "decimal"), length, &decimals(), |v| {
            let amounts = Decimal128Array::from(v).with_precision_and_scale(38, 2);
            Arc::new(amounts.expect("a precision"))
        }),
        column(("weight", " Weight (kg) ", "float"), length, &floats(), |v| Arc::new(Float64Array::from(v))),
        column(
            ("paid", "=paid", "boolean"),
            length,
            &[
                (true, json!([{ "b": true }, "TRUE", "true"])),
                (false, json!([{ "b": false }, "FALSE", "false"])),
            ],
            |v| Arc::new(BooleanArray::from(v)),
        ),
        column(("day", "_x0041_", "date"), length, &dates(), |v| Arc::new(Date32Array::from(v))),
        column(("time", "two\nlines", "time"), length, &times(), |v| {
            Arc::new(Time64MicrosecondArray::from(v))
        }),
        column(("at", "at & <at>", "timestamp"), length, &timestamps(), timestamp),
        column(
            ("moment", "上海", "timestamp_tz"),
            length,
            &moments("Asia/Shanghai"),
            in_zone("Asia/Shanghai"),
        ),
        column(
            ("moment_2", "New York", "timestamp_tz"),
            length,
            &moments("America/New_York"),
            in_zone("America/New_York"),
        ),
        text_column("note", "备注", &notes),
    ]
}

fn all_rows() -> RecordBatch {
    let arrays = columns().into_iter().map(|column| (column.name, column.array, true));
    RecordBatch::try_from_iter_with_nullable(arrays).expect("columns of one length")
}

/// The rows.
pub fn batches() -> Vec<RecordBatch> {
    let all = all_rows();
    let starts = (0..all.num_rows()).step_by(ROWS_PER_BATCH);
    starts.map(|start| all.slice(start, ROWS_PER_BATCH.min(all.num_rows() - start))).collect()
}

/// What is to be written.
pub fn spec() -> SheetSpec {
    let headers = columns().iter().map(|column| column.header.to_owned()).collect();
    let mut spec = SheetSpec::new(TITLE.to_owned(), headers, all_rows().schema());
    spec.rows_per_sheet = ROWS_PER_SHEET;
    spec
}

/// What other programs must read; the example's page says how it is put.
pub fn wanted() -> Value {
    let columns = columns();
    let row_count = columns[0].cells.len();
    let rows: Vec<Vec<&Cell>> =
        (0..row_count).map(|row| columns.iter().map(|column| &column.cells[row]).collect()).collect();
    let described: Vec<Value> = columns
        .iter()
        .map(|column| json!({ "name": column.name, "header": column.header, "type": column.kind }))
        .collect();
    let left = |sheet: usize| (row_count - sheet * ROWS_PER_SHEET as usize).min(ROWS_PER_SHEET as usize);
    let sheet_count = row_count.div_ceil(ROWS_PER_SHEET as usize);
    let sheets: Vec<Value> = (0..sheet_count)
        .map(|sheet| json!({ "name": SHEET_NAMES[sheet], "row_count": left(sheet) }))
        .collect();
    json!({ "file": "nasty.xlsx", "title": TITLE, "sheets": sheets, "columns": described, "rows": rows })
}
