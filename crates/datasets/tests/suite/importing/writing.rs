//! What is written, and what is left as it is.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt8Array, UInt32Array};
use jiff::tz::TimeZone;
use longshore_datasets::import::{self, CheckSpec, Committed};
use longshore_protocol::import::ImportMode;
use longshore_protocol::import::{CellKind, PlanShow, RowAction};

use super::{ALL, IMPORTED, all, cells, check, commit, counts, goods, problems, spec, undo};
use crate::suite::{Case, Fresh};

/// All cases.
pub const CASES: &[Case] = &[
    ("every type is written as it is read", every_type_is_written_as_it_is_read),
    ("stored forms are kept", stored_forms_are_kept),
    ("nasty texts are written", nasty_texts_are_written),
    ("columns without cells are empty", columns_without_cells_are_empty),
    ("cells that say the same are not written", cells_that_say_the_same_are_not_written),
    ("times are what their cells can say", times_are_what_their_cells_can_say),
];

fn every_type_is_written_as_it_is_read(db: &dyn Fresh) {
    let types =
        ["text", "integer", "decimal", "float", "boolean", "date", "time", "timestamp", "timestamp_tz"];
    let columns: Vec<(String, &str)> = types.iter().map(|name| (format!("c_{name}"), *name)).collect();
    let named: Vec<(&str, &str)> =
        columns.iter().map(|(name, declared)| (name.as_str(), *declared)).collect();
    db.table(&named, &[]);
    let declared: Vec<String> = named
        .iter()
        .map(|(name, declared)| {
            let scale = if *declared == "decimal" { ", scale = 2" } else { "" };
            format!("{{ name = '{name}', type = '{declared}'{scale} }}")
        })
        .collect();
    let dataset =
        db.dataset(IMPORTED, &format!("{{ name = 'id', type = 'integer' }}, {}", declared.join(", ")));
    let mut names = vec!["id"];
    names.extend(named.iter().map(|(name, _)| *name));
    let spec = spec(&dataset, &names, ImportMode::Upsert);
    let rows: &[&[&str]] = &[
        &[
            "1",
            "000123",
            "-9223372036854775808",
            "1,234.56",
            "0.1",
            "是",
            "2026年8月1日",
            "10:30",
            "2026/8/1 10:30:00",
            "2026-08-01T10:30:00+08:00",
        ],
        &[
            "2",
            "订单 😀",
            "9223372036854775807",
            "-0.05",
            "1e300",
            "no",
            "9999-12-31",
            "23:59:59",
            "1970-01-01",
            "2026-08-01 10:30",
        ],
        &["3", "", "", "", "", "", "", "", "", ""],
        &[
            "4",
            "x",
            "7",
            "9999999999999.99",
            "-2.5",
            "0",
            "0001-01-01",
            "0:00",
            "2026-08-01 0:00:00",
            "1970-01-02",
        ],
    ];
    // The first year is earlier than what every server has.
    let rows: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| if *cell == "0001-01-01" { "1000-01-01" } else { cell }).collect())
        .collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let plan = check(&dataset, &spec, &rows);
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert_eq!(plan.counts(), counts(4, 0, 0, 0));
    let done = commit(&dataset, &spec, "a", &[plan]).expect("is written");
    assert_eq!(done, Committed { counts: counts(4, 0, 0, 0), was_done_already: false });
    let written = all(&dataset);
    assert_eq!(
        written,
        [
            "1|000123|-9223372036854775808|1234.56|0.1|true|2026-08-01|10:30:00|2026-08-01 10:30:00|2026-08-01 02:30:00",
            "2|订单 😀|9223372036854775807|-0.05|1e300|false|9999-12-31|23:59:59|1970-01-01 00:00:00|2026-08-01 10:30:00",
            "3|-|-|-|-|-|-|-|-|-",
            "4|x|7|9999999999999.99|-2.5|false|1000-01-01|00:00:00|2026-08-01 00:00:00|1970-01-02 00:00:00",
        ]
        .map(|line| line.replace("1e300", &1e300f64.to_string()))
    );
    // The same file again changes nothing, and every cell can be changed and put back.
    let again = check(&dataset, &spec, &rows);
    assert_eq!(again.counts(), counts(0, 0, 4, 0), "{:?}", again.plan_rows(PlanShow::Updates, 0, 9));
    let other: &[&str] =
        &["3", "y", "1", "0.01", "2", "true", "2000-02-29", "1:02:03", "2000-02-29 01:02:03", "2000-02-29"];
    let emptied: &[&str] = &["1", "", "", "", "", "", "", "", "", ""];
    let plan = check(&dataset, &spec, &[other, emptied, rows[1]]);
    assert_eq!(plan.counts(), counts(0, 2, 1, 0));
    let shown = plan.plan_rows(PlanShow::Updates, 1, 1).pop().expect("a row");
    assert_eq!((shown.row, shown.action), (3, RowAction::Update));
    assert_eq!(shown.cells[3].old, Some(Some("1234.56".to_owned())));
    assert_eq!((shown.cells[3].new.as_deref(), shown.cells[0].old.as_ref()), (None, None));
    let done = commit(&dataset, &spec, "b", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(done.counts, counts(0, 2, 1, 0));
    assert_eq!(all(&dataset)[0], "1|-|-|-|-|-|-|-|-|-");
    let undone = undo(&dataset, &spec, "b", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (0, 2, 0));
    assert_eq!(all(&dataset), written);
}

fn stored_forms_are_kept(db: &dyn Fresh) {
    db.table(
        &[("cents", "integer"), ("day", "integer"), ("made_at", "integer"), ("seen_at", "integer")],
        &["150, 1785542400, 1785580200000, 1785580200"],
    );
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, \
         { name = 'cents', type = 'decimal', scale = 2, stored_as = 'scaled_integer' }, \
         { name = 'day', type = 'date', stored_as = 'unix_seconds' }, \
         { name = 'made_at', type = 'timestamp', stored_as = 'unix_millis' }, \
         { name = 'seen_at', type = 'timestamp_tz', stored_as = 'unix_seconds' }",
    );
    let spec = spec(&dataset, &["id", "cents", "day", "made_at", "seen_at"], ImportMode::Upsert);
    let before = all(&dataset);
    assert_eq!(before, ["1|1.50|2026-08-01|2026-08-01 10:30:00|2026-08-01 10:30:00"]);
    let plan = check(
        &dataset,
        &spec,
        &[
            &["1", "1.50", "2026-08-01", "2026-08-01 10:30", "2026-08-01 10:30"],
            &["2", "-0.05", "1969-12-31", "2026-08-01 10:30:00.123456", "2026-08-01 10:30:00.999"],
        ],
    );
    assert_eq!(plan.counts(), counts(1, 0, 1, 0));
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    // What is finer than the form holds is not planned either, so that the row is as it was planned.
    assert_eq!(all(&dataset)[1], "2|-0.05|1969-12-31|2026-08-01 10:30:00.123|2026-08-01 10:30:00");
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (1, 0));
    assert_eq!(all(&dataset), before);
}

fn nasty_texts_are_written(db: &dyn Fresh) {
    db.named_table("other", &[("v", "text")], &[]);
    let (text, long) = (db.sql_type("text"), "x".repeat(150));
    let table = db.quoted("t");
    let (k, v) = (db.quoted("select"), db.quoted("a\"b`c d"));
    db.execute(&format!("CREATE TABLE {table} ({k} {text} NOT NULL PRIMARY KEY, {v} {text})"));
    let dataset = db.dataset(
        "table = 't'\nkey = ['select']\nimport = {}",
        "{ name = 'k', source = 'select', type = 'text' }, { name = 'v', source = 'a\"b`c d', type = 'text' }",
    );
    let spec = spec(&dataset, &["k", "v"], ImportMode::Upsert);
    let texts = [
        "\\N",
        "NULL",
        "{a,b}",
        "\"quoted\"",
        "it's",
        "a\tb",
        "line\nline",
        "line\r\nline",
        "\\.",
        "\\\\",
        "%_?$1:x",
        "'; DROP TABLE t; --",
        "订单",
        "👨‍👩‍👧‍👦",
        "=1+1",
        &long,
    ];
    let rows: Vec<[&str; 2]> = texts.iter().map(|text| [*text, *text]).collect();
    let rows: Vec<&[&str]> = rows.iter().map(<[&str; 2]>::as_slice).collect();
    let plan = check(&dataset, &spec, &rows);
    assert_eq!(plan.counts(), counts(texts.len() as u64, 0, 0, 0), "{:?}", problems(&plan));
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(check(&dataset, &spec, &rows).counts(), counts(0, 0, texts.len() as u64, 0));
    // Each text as the value of another's key.
    let turned: Vec<[&str; 2]> = texts.iter().zip(texts.iter().rev()).map(|(a, b)| [*a, *b]).collect();
    let turned: Vec<&[&str]> = turned.iter().map(<[&str; 2]>::as_slice).collect();
    let change = check(&dataset, &spec, &turned);
    assert_eq!(change.counts().create, 0);
    commit(&dataset, &spec, "b", std::slice::from_ref(&change)).expect("is written");
    assert_eq!(check(&dataset, &spec, &turned).counts(), counts(0, 0, texts.len() as u64, 0));
    undo(&dataset, &spec, "b", &[change]).expect("is taken back");
    assert_eq!(check(&dataset, &spec, &rows).counts(), counts(0, 0, texts.len() as u64, 0));
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.kept_count), (texts.len() as u64, 0));
    assert_eq!(all(&dataset), Vec::<String>::new());
    let refused = check(&dataset, &spec, &[&["a\0b", "x"], &["", "x"], &["\u{3000}", "x"]]);
    assert_eq!(problems(&refused), ["2 k not_storable", "3 k required", "4 k required"]);
}

fn columns_without_cells_are_empty(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let mut batches = cells(2, &[&["3", "salt", "1"]]);
    // No row of the second reaches to the last column.
    batches.extend(cells(3, &[&["1", "tea"], &["4", "rice"]]));
    let plan = import::check(&dataset, &spec, &batches, &Arc::default()).expect("is checked");
    assert_eq!(plan.counts(), counts(2, 1, 0, 0));
    commit(&dataset, &spec, "a", &[plan]).expect("is written");
    assert_eq!(all(&dataset), ["1|tea|-", "2|milk|2.00", "3|salt|1.00", "4|rice|-"]);
}

fn cells_that_say_the_same_are_not_written(db: &dyn Fresh) {
    // Days that are kept as seconds of some time of the day.
    db.table(&[("name", "text"), ("day", "integer")], &["'a', 1785580200", "'b', 1785580200"]);
    let declared = |day: &str| {
        let id = "{ name = 'id', type = 'integer' }, { name = 'name', type = 'text' }";
        db.dataset(IMPORTED, &format!("{id}, {{ name = 'day', {day} }}"))
    };
    let dataset = declared("type = 'date', stored_as = 'unix_seconds'");
    let raw = declared("type = 'integer'");
    let spec = spec(&dataset, &["id", "name", "day"], ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "z", "2026-08-01"], &["2", "b", "2026-08-02"]]);
    assert_eq!(plan.counts(), counts(0, 2, 0, 0));
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&raw), ["1|z|1785580200", "2|b|1785628800"]);
    // Who changes another cell than the import has no change that it would undo.
    db.execute(&format!("UPDATE {} SET name = 'other' WHERE id = 2", db.quoted("t")));
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.restored, undone.kept_count), (2, 0));
    assert_eq!(all(&raw), ["1|a|1785580200", "2|other|1785542400"]);
}

fn times_are_what_their_cells_can_say(db: &dyn Fresh) {
    db.table(
        &[("made_at", "timestamp"), ("seen_at", "timestamp_tz")],
        &[&format!("'2026-08-01 10:30:00.123456', {}", db.moment("2026-10-25 01:30:00"))],
    );
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, { name = 'made_at', type = 'timestamp' }, \
         { name = 'seen_at', type = 'timestamp_tz' }",
    );
    let zone = TimeZone::get("Europe/Berlin").expect("known");
    let spec = CheckSpec { zone, ..spec(&dataset, &["id", "made_at", "seen_at"], ImportMode::Upsert) };
    for (kind, made_at, seen_at, update) in [
        // A spreadsheet has no microseconds, and a clock that was put back shows an hour twice.
        (CellKind::Date, "2026-08-01T10:30:00.123", "2026-10-25T02:30:00", 0),
        (CellKind::Date, "2026-08-01T10:30:00.125", "2026-10-25T02:30:00", 1),
        (CellKind::Text, "2026-08-01 10:30:00.123", "2026-10-25 02:30:00", 1),
        (CellKind::Text, "2026-08-01 10:30:00.123456", "2026-10-25 02:30:00", 0),
        (CellKind::Text, "2026-08-01 10:30:00.123456", "2026-10-25 02:30:00+02:00", 1),
    ] {
        let mut columns: Vec<(String, ArrayRef)> =
            vec![("row".to_owned(), Arc::new(UInt32Array::from(vec![2])))];
        for (index, (text, kind)) in
            [("1", CellKind::Text), (made_at, kind), (seen_at, kind)].into_iter().enumerate()
        {
            columns.push((format!("c{index}"), Arc::new(StringArray::from(vec![text]))));
            columns.push((format!("k{index}"), Arc::new(UInt8Array::from(vec![kind as u8]))));
        }
        let batch = RecordBatch::try_from_iter(columns).expect("equally many");
        let plan = import::check(&dataset, &spec, &[batch], &Arc::default()).expect("is checked");
        assert_eq!(plan.counts(), counts(0, update, 1 - update, 0), "{kind:?} {made_at} {seen_at}");
    }
}
