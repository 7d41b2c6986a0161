//! Imports: checking, writing once, drift, and taking back.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Barrier};

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt8Array, UInt32Array};
use jiff::tz::TimeZone;
use longshore_datasets::Dataset;
use longshore_datasets::import::{
    self, CheckSpec, CheckedChunk, ChunkError, CommitError, Committed, LedgerKey, Undone,
};
use longshore_protocol::import::{CellKind, ImportMode, PlanCounts, PlanShow, RowAction};

use super::reading::lines;
use super::{Case, Fresh};

/// All cases.
pub const CASES: &[Case] = &[
    ("every type is written as it is read", every_type_is_written_as_it_is_read),
    ("stored forms are kept", stored_forms_are_kept),
    ("nasty texts are written", nasty_texts_are_written),
    ("a mode says what may be", a_mode_says_what_may_be),
    ("a chunk is written once", a_chunk_is_written_once),
    ("who writes the same at once writes once", who_writes_the_same_at_once_writes_once),
    ("of two imports of the same keys one wins", of_two_imports_of_the_same_keys_one_wins),
    ("what has drifted is not written", what_has_drifted_is_not_written),
    ("taking back keeps what was changed since", taking_back_keeps_what_was_changed_since),
    ("what was not written is not taken back", what_was_not_written_is_not_taken_back),
    ("all or nothing", all_or_nothing),
    ("rules of the database are told without values", rules_of_the_database_are_told_without_values),
    ("keys of several columns", keys_of_several_columns),
    ("references and single values are looked up", references_and_single_values_are_looked_up),
    ("what the table needs is asked for", what_the_table_needs_is_asked_for),
    ("a stop writes nothing", a_stop_writes_nothing),
    ("what the ledger forgets is gone alone", what_the_ledger_forgets_is_gone_alone),
    ("a row that is referred to is not taken back", a_row_that_is_referred_to_is_not_taken_back),
];

/// A staged batch of text cells, of rows numbered from `first` on.
pub fn cells(first: u32, rows: &[&[&str]]) -> Vec<RecordBatch> {
    let count = u32::try_from(rows.len()).expect("few");
    let width = rows.first().map_or(0, |row| row.len());
    let mut columns: Vec<(String, ArrayRef)> =
        vec![("row".to_owned(), Arc::new(UInt32Array::from_iter_values(first..first + count)))];
    for index in 0..width {
        let texts = rows.iter().map(|row| row[index]);
        let kind = |text: &str| if text.is_empty() { CellKind::Empty } else { CellKind::Text } as u8;
        let kinds = UInt8Array::from_iter_values(rows.iter().map(|row| kind(row[index])));
        columns.push((format!("c{index}"), Arc::new(StringArray::from_iter_values(texts))));
        columns.push((format!("k{index}"), Arc::new(kinds)));
    }
    vec![RecordBatch::try_from_iter(columns).expect("equally many")]
}

/// A file whose columns are these of the dataset, in that order.
pub fn spec(dataset: &Dataset, columns: &[&str], mode: ImportMode) -> CheckSpec {
    let position = |name: &&str| dataset.column_index(name).expect("a column");
    CheckSpec { mapping: (0..).zip(columns.iter().map(position)).collect(), mode, zone: TimeZone::UTC }
}

pub fn check(dataset: &Dataset, spec: &CheckSpec, rows: &[&[&str]]) -> CheckedChunk {
    check_from(dataset, spec, 2, rows)
}

fn check_from(dataset: &Dataset, spec: &CheckSpec, first: u32, rows: &[&[&str]]) -> CheckedChunk {
    let chunk = import::check(dataset, spec, &cells(first, rows), &Arc::default()).expect("is checked");
    // What is stored is what comes back.
    let bytes = chunk.to_bytes().expect("is written");
    let stored = CheckedChunk::from_bytes(&bytes).expect("is read");
    assert_eq!(stored, chunk);
    assert_eq!(stored.to_bytes().expect("is written"), bytes);
    stored
}

pub fn commit(
    dataset: &Dataset,
    spec: &CheckSpec,
    import: &str,
    chunks: &[CheckedChunk],
) -> Result<Committed, CommitError> {
    let mut chunks = chunks.iter().cloned().map(Ok::<_, ChunkError>);
    import::commit(dataset, spec, &key(import), &mut chunks, &Arc::default())
}

pub fn undo(
    dataset: &Dataset,
    spec: &CheckSpec,
    import: &str,
    chunks: &[CheckedChunk],
) -> Result<Undone, CommitError> {
    let mut chunks = chunks.iter().cloned().map(Ok::<_, ChunkError>);
    import::undo(dataset, spec, &key(import), &mut chunks, &Arc::default())
}

fn key(import: &str) -> LedgerKey {
    LedgerKey { import: import.to_owned(), chunk: 0 }
}

pub fn counts(create: u64, update: u64, unchanged: u64, error: u64) -> PlanCounts {
    PlanCounts { create, update, unchanged, error }
}

/// What is wrong, as `row column code`.
pub fn problems(chunk: &CheckedChunk) -> Vec<String> {
    let said = chunk.errors.iter().map(|error| {
        format!("{} {} {}", error.row, error.column.as_deref().unwrap_or("-"), error.problem.code())
    });
    said.collect()
}

/// All rows, by key.
pub fn all(dataset: &Dataset) -> Vec<String> {
    lines(dataset).into_iter().map(|line| line.replace('∅', "-")).collect()
}

const IMPORTED: &str = "table = 't'\nkey = ['id']\nimport = {}";
const GOODS: &[(&str, &str)] = &[("name", "text"), ("price", "decimal")];
const GOODS_DECLARED: &str = "{ name = 'id', type = 'integer' }, { name = 'name', type = 'text' }, \
    { name = 'price', type = 'decimal', scale = 2 }";
const ALL: &[&str] = &["id", "name", "price"];

/// A table with the rows 1 and 2.
fn goods(db: &dyn Fresh) -> Dataset {
    db.table(GOODS, &["'tea', 1.50", "'milk', 2.00"]);
    db.dataset(IMPORTED, GOODS_DECLARED)
}

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

fn a_mode_says_what_may_be(db: &dyn Fresh) {
    let dataset = goods(db);
    let rows: &[&[&str]] = &[&["1", "tea", "1.5"], &["2", "milk", "3"], &["3", "salt", "1"]];
    for (mode, want, wrong) in [
        (ImportMode::Upsert, counts(1, 1, 1, 0), vec![]),
        (ImportMode::Insert, counts(1, 0, 0, 2), vec!["2 - exists", "3 - exists"]),
        (ImportMode::Update, counts(0, 1, 1, 1), vec!["4 - does_not_exist"]),
    ] {
        let plan = check(&dataset, &spec(&dataset, ALL, mode), rows);
        assert_eq!((plan.counts(), problems(&plan)), (want, wrong.into_iter().map(str::to_owned).collect()));
    }
}

fn a_chunk_is_written_once(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "tea", "9"], &["3", "salt", "1"], &["x", "", ""]]);
    let first = commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(first, Committed { counts: counts(1, 1, 0, 1), was_done_already: false });
    let written = all(&dataset);
    assert_eq!(written, ["1|tea|9.00", "2|milk|2.00", "3|salt|1.00"]);
    let second = commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("was written");
    assert_eq!(second, Committed { counts: first.counts, was_done_already: true });
    assert_eq!(all(&dataset), written);
    let undone = undo(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.was_done_already), (1, 1, false));
    let again = undo(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("was taken back");
    assert_eq!(again, Undone { was_done_already: true, ..undone });
    assert_eq!(all(&dataset), ["1|tea|1.50", "2|milk|2.00"]);
    // A late repetition of what was taken back does not bring it again.
    assert!(commit(&dataset, &spec, "a", &[plan]).expect("was written").was_done_already);
    assert_eq!(all(&dataset), ["1|tea|1.50", "2|milk|2.00"]);
}

/// Calls at once.
fn at_once<T: Send>(calls: Vec<Box<dyn FnOnce() -> T + Send + '_>>) -> Vec<T> {
    let barrier = Barrier::new(calls.len());
    std::thread::scope(|scope| {
        let barrier = &barrier;
        let threads: Vec<_> = calls
            .into_iter()
            .map(|call| {
                scope.spawn(move || {
                    barrier.wait();
                    call()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("ends")).collect()
    })
}

/// Calls again what a lock or a deadlock has ended, as a task does.
fn patiently(mut call: impl FnMut() -> Result<Committed, CommitError>) -> Result<Committed, CommitError> {
    for _ in 0..20 {
        match call() {
            Err(error) if error.is_transient() => {}
            ended => return ended,
        }
    }
    panic!("the database is never free");
}

fn who_writes_the_same_at_once_writes_once(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "tea", "9"], &["3", "salt", "1"]]);
    let call =
        || patiently(|| commit(&dataset, &spec, "a", std::slice::from_ref(&plan))).expect("is written");
    let ended =
        at_once((0..4).map(|_| Box::new(call) as Box<dyn FnOnce() -> Committed + Send + '_>).collect());
    assert!(ended.iter().all(|ended| ended.counts == counts(1, 1, 0, 0)), "{ended:?}");
    assert_eq!(ended.iter().filter(|ended| !ended.was_done_already).count(), 1);
    assert_eq!(all(&dataset), ["1|tea|9.00", "2|milk|2.00", "3|salt|1.00"]);
}

fn of_two_imports_of_the_same_keys_one_wins(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    for (name, rows) in [
        ("create", [["3", "salt", "1"], ["4", "rice", "1"]]),
        ("update", [["1", "tea", "7"], ["2", "milk", "7"]]),
    ] {
        let rows: Vec<&[&str]> = rows.iter().map(<[&str; 3]>::as_slice).collect();
        let plan = check(&dataset, &spec, &rows);
        let call = |import: String| {
            let (dataset, spec, plan) = (&dataset, &spec, &plan);
            let call = move || patiently(|| commit(dataset, spec, &import, std::slice::from_ref(plan)));
            Box::new(call) as Box<dyn FnOnce() -> Result<Committed, CommitError> + Send + '_>
        };
        let ended = at_once(vec![call(format!("{name} a")), call(format!("{name} b"))]);
        let drifted = ended
            .iter()
            .filter(|ended| matches!(ended, Err(CommitError::Drifted { rows }) if *rows == [2, 3]));
        assert_eq!(drifted.count(), 1, "{ended:?}");
        assert_eq!(ended.iter().filter(|ended| ended.is_ok()).count(), 1);
    }
    assert_eq!(all(&dataset), ["1|tea|7.00", "2|milk|7.00", "3|salt|1.00", "4|rice|1.00"]);
}

fn what_has_drifted_is_not_written(db: &dyn Fresh) {
    let rows: &[&[&str]] = &[&["1", "tea", "9"], &["2", "milk", "2"], &["3", "salt", "1"]];
    let t = db.quoted("t");
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(&dataset, &spec, rows);
    assert_eq!(plan.counts(), counts(1, 1, 1, 0));
    for (number, (change, back, drifted)) in [
        (
            format!("UPDATE {t} SET price = 4 WHERE id = 1"),
            format!("UPDATE {t} SET price = 1.50 WHERE id = 1"),
            vec![2],
        ),
        (
            format!("UPDATE {t} SET name = NULL WHERE id = 2"),
            format!("UPDATE {t} SET name = 'milk' WHERE id = 2"),
            vec![3],
        ),
        (
            format!("DELETE FROM {t} WHERE id = 1"),
            format!("INSERT INTO {t} VALUES (1, 'tea', 1.50)"),
            vec![2],
        ),
        (format!("INSERT INTO {t} VALUES (3, 'salt', 1)"), format!("DELETE FROM {t} WHERE id = 3"), vec![4]),
    ]
    .into_iter()
    .enumerate()
    {
        db.execute(&change);
        let before = all(&dataset);
        let ended = commit(&dataset, &spec, &format!("drift {number}"), std::slice::from_ref(&plan));
        assert!(
            matches!(&ended, Err(CommitError::Drifted { rows }) if *rows == drifted),
            "{change}: {ended:?}"
        );
        assert_eq!(all(&dataset), before, "{change}");
        db.execute(&back);
    }
    // Once all is as it was, the same import goes on: what has failed has left nothing in the ledger.
    assert_eq!(commit(&dataset, &spec, "drift 0", &[plan]).expect("is written").counts, counts(1, 1, 1, 0));
}

fn taking_back_keeps_what_was_changed_since(db: &dyn Fresh) {
    let t = db.quoted("t");
    db.table(
        &[("name", "text"), ("price", "decimal"), ("state", "text")],
        &["'tea', 1.50, 'old'", "'milk', 2.00, 'old'", "'rice', 1, 'old'"],
    );
    let dataset = db.dataset(IMPORTED, &format!("{GOODS_DECLARED}, {{ name = 'state', type = 'text' }}"));
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(
        &dataset,
        &spec,
        &[
            &["1", "tea", "9"],
            &["2", "milk", "9"],
            &["3", "rice", "9"],
            &["4", "salt", "1"],
            &["5", "soap", "1"],
            &["6", "wine", "1"],
            &["7", "beer", "1"],
        ],
    );
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    for sql in [
        // Another column than those of the import matters for rows that it created, and for no others.
        format!("UPDATE {t} SET state = 'new' WHERE id IN (1, 4)"),
        format!("UPDATE {t} SET price = 8 WHERE id IN (2, 5)"),
        format!("DELETE FROM {t} WHERE id IN (3, 6)"),
    ] {
        db.execute(&sql);
    }
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (1, 1, 4));
    let kept: Vec<(u32, Option<String>)> =
        undone.kept.iter().map(|kept| (kept.row, kept.key[0].clone())).collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(kept, [(3, text("2")), (4, text("3")), (5, text("4")), (6, text("5"))]);
    assert_eq!(all(&dataset), ["1|tea|1.50|new", "2|milk|8.00|old", "4|salt|1.00|new", "5|soap|8.00|-"]);
}

fn what_was_not_written_is_not_taken_back(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["3", "salt", "1"]]);
    db.execute(&format!("INSERT INTO {} VALUES (3, 'salt', 1)", db.quoted("t")));
    let undone = undo(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is nothing");
    assert_eq!(undone, Undone::default());
    assert_eq!(all(&dataset).len(), 3);
    // And a worker that comes late does not write it after all.
    db.execute(&format!("DELETE FROM {} WHERE id = 3", db.quoted("t")));
    assert!(matches!(commit(&dataset, &spec, "a", &[plan]), Err(CommitError::Misfit(_))));
    assert_eq!(all(&dataset).len(), 2);
}

fn all_or_nothing(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let before = all(&dataset);
    let first = check_from(&dataset, &spec, 2, &[&["1", "tea", "9"], &["3", "salt", "1"]]);
    let second = check_from(&dataset, &spec, 4, &[&["4", "rice", "1"], &["2", "milk", "9"]]);
    let broken = || Err::<CheckedChunk, ChunkError>("it is gone".into());
    let mut chunks = vec![Ok(first.clone()), Ok(second.clone()), broken()].into_iter();
    let ended = import::commit(&dataset, &spec, &key("a"), &mut chunks, &Arc::default());
    assert!(matches!(ended, Err(CommitError::Chunk(_))));
    assert_eq!(all(&dataset), before);
    // A key that two chunks have.
    let twice = check_from(&dataset, &spec, 6, &[&["5", "wine", "1"], &["3", "soap", "1"]]);
    let ended = commit(&dataset, &spec, "a", &[first.clone(), second.clone(), twice]);
    assert!(matches!(&ended, Err(CommitError::Refused { rows: Some((6, 7)), .. })), "{ended:?}");
    assert_eq!(all(&dataset), before);
    let done = commit(&dataset, &spec, "a", &[first.clone(), second.clone()]).expect("is written");
    assert_eq!(done.counts, counts(2, 2, 0, 0));
    assert_eq!(all(&dataset), ["1|tea|9.00", "2|milk|9.00", "3|salt|1.00", "4|rice|1.00"]);
    let undone = undo(&dataset, &spec, "a", &[first, second]).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (2, 2, 0));
    assert_eq!(all(&dataset), before);
}

fn rules_of_the_database_are_told_without_values(db: &dyn Fresh) {
    let (t, text, id) = (db.quoted("t"), db.sql_type("text"), db.sql_type("integer"));
    db.execute(&format!("CREATE TABLE {} (code {text} NOT NULL PRIMARY KEY)", db.quoted("codes")));
    db.execute(&format!("INSERT INTO {} VALUES ('known')", db.quoted("codes")));
    db.execute(&format!(
        "CREATE TABLE {t} (id {id} NOT NULL PRIMARY KEY, label {text} UNIQUE, \
         amount {id} CHECK (amount < 100), code {text}, FOREIGN KEY (code) REFERENCES {} (code))",
        db.quoted("codes")
    ));
    db.execute(&format!("INSERT INTO {t} VALUES (1, 'secret', 1, NULL)"));
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, { name = 'label', type = 'text' }, { name = 'amount', type = 'integer' }, \
         { name = 'code', type = 'text' }",
    );
    let spec = spec(&dataset, &["id", "label", "amount", "code"], ImportMode::Upsert);
    let before = all(&dataset);
    for (number, row) in [
        ["2", "secret", "1", ""],
        ["2", "other", "12345", ""],
        ["2", "other", "1", "secret"],
        ["1", "other", "12345", ""],
        ["1", "other", "1", "secret"],
    ]
    .iter()
    .enumerate()
    {
        let plan = check(&dataset, &spec, &[&["7", "fine", "1", "known"], row]);
        assert_eq!(plan.counts().error, 0, "{row:?}");
        let ended = commit(&dataset, &spec, &format!("rule {number}"), &[plan]);
        let Err(CommitError::Refused { message, .. }) = &ended else { panic!("{row:?}: {ended:?}") };
        assert!(
            !message.is_empty() && !message.contains("secret") && !message.contains("12345"),
            "{message}"
        );
        assert_eq!(all(&dataset), before, "{row:?}");
    }
}

fn keys_of_several_columns(db: &dyn Fresh) {
    let (t, text, id) = (db.quoted("t"), db.sql_type("text"), db.sql_type("integer"));
    db.execute(&format!(
        "CREATE TABLE {t} (shop {text} NOT NULL, no {id} NOT NULL, day {}, v {text}, PRIMARY KEY (shop, no))",
        db.sql_type("date")
    ));
    db.execute(&format!(
        "INSERT INTO {t} VALUES ('a', 1, '2026-08-01', 'x'), ('a', 2, NULL, 'x'), ('b', 1, NULL, 'x')"
    ));
    let dataset = db.dataset(
        "table = 't'\nkey = ['shop', 'no']\nimport = { key = ['no', 'shop'] }",
        "{ name = 'shop', type = 'text' }, { name = 'no', type = 'integer' }, { name = 'day', type = 'date' }, \
         { name = 'v', type = 'text' }",
    );
    let spec = spec(&dataset, &["v", "no", "shop", "day"], ImportMode::Upsert);
    let plan = check(
        &dataset,
        &spec,
        &[
            &["y", "1", "a", "2026-08-01"],
            &["x", "1", "b", ""],
            &["x", "2", "b", ""],
            &["x", "", "b", ""],
            &["x", "3", "", ""],
        ],
    );
    assert_eq!(plan.counts(), counts(1, 1, 1, 2));
    assert_eq!(problems(&plan), ["5 no required", "6 shop required"]);
    assert_eq!(plan.keys.len(), 3);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&dataset), ["a|1|2026-08-01|y", "a|2|-|x", "b|1|-|x", "b|2|-|x"]);
    undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!(all(&dataset), ["a|1|2026-08-01|x", "a|2|-|x", "b|1|-|x"]);
    // Keys that run together as the same letters are two.
    let plan = check(&dataset, &spec, &[&["x", "11", "a", ""], &["x", "1", "a1", ""]]);
    assert_ne!(plan.keys[0].digest, plan.keys[1].digest);
}

fn references_and_single_values_are_looked_up(db: &dyn Fresh) {
    db.named_table("makers", &[("code", "text")], &["'acme'"]);
    db.table(&[("name", "text"), ("maker", "text")], &["'tea', 'acme'", "'milk', 'acme'"]);
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, { name = 'name', type = 'text', import = { unique = true } }, \
         { name = 'maker', type = 'text', import = { references = { table = 'makers', column = 'code' } } }",
    );
    let spec = spec(&dataset, &["id", "name", "maker"], ImportMode::Upsert);
    let plan = check(
        &dataset,
        &spec,
        &[
            &["1", "tea", "acme"],
            &["2", "tea", "acme"],
            &["3", "milk", "acme"],
            &["4", "salt", "nobody"],
            &["5", "rice", ""],
        ],
    );
    assert_eq!(problems(&plan), ["3 name taken", "4 name taken", "5 maker no_reference"]);
    assert_eq!(plan.counts(), counts(1, 0, 1, 3));
    let of_name = plan.keys.iter().filter(|key| key.column == Some(1)).count();
    assert_eq!((plan.keys.len(), of_name), (10, 5));
}

fn what_the_table_needs_is_asked_for(db: &dyn Fresh) {
    let (t, text, id) = (db.quoted("t"), db.sql_type("text"), db.sql_type("integer"));
    db.execute(&format!(
        "CREATE TABLE {t} (id {id} NOT NULL PRIMARY KEY, name {text} NOT NULL, state {text} NOT NULL, \
         origin {id} DEFAULT 5 NOT NULL)"
    ));
    db.execute(&format!("INSERT INTO {t} (id, name, state) VALUES (1, 'tea', 'old')"));
    let dataset = db.dataset(
        IMPORTED,
        "{ name = 'id', type = 'integer' }, { name = 'name', type = 'text' }, { name = 'state', type = 'text' }, \
         { name = 'origin', type = 'integer' }",
    );
    let partial = spec(&dataset, &["id", "name"], ImportMode::Upsert);
    let plan = check(&dataset, &partial, &[&["1", "salt"], &["2", "rice"], &["1", ""]]);
    assert_eq!(problems(&plan), ["3 state required", "4 name required"]);
    let complete = spec(&dataset, &["id", "name", "state"], ImportMode::Upsert);
    let plan = check(&dataset, &complete, &[&["2", "rice", "new"]]);
    commit(&dataset, &complete, "a", std::slice::from_ref(&plan)).expect("is written");
    assert_eq!(all(&dataset), ["1|tea|old|5", "2|rice|new|5"]);
    db.execute(&format!("UPDATE {t} SET origin = 6 WHERE id = 2"));
    assert_eq!(undo(&dataset, &complete, "a", &[plan]).expect("is looked at").kept_count, 1);
}

fn a_stop_writes_nothing(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "tea", "9"], &["3", "salt", "1"]]);
    let before = all(&dataset);
    let stop = Arc::new(AtomicBool::new(false));
    // It comes while the second chunk is being fetched.
    let mut chunks = [plan.clone(), plan.clone()].into_iter().enumerate().map(|(number, chunk)| {
        stop.store(number == 1, std::sync::atomic::Ordering::Relaxed);
        Ok::<_, ChunkError>(chunk)
    });
    let ended = import::commit(&dataset, &spec, &key("a"), &mut chunks, &stop);
    assert!(matches!(ended, Err(CommitError::Source(longshore_datasets::SourceError::Stopped))), "{ended:?}");
    assert_eq!(all(&dataset), before);
    assert!(!commit(&dataset, &spec, "a", &[plan]).expect("is written").was_done_already);
}

fn what_the_ledger_forgets_is_gone_alone(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = |id: &str| check(&dataset, &spec, &[&[id, "salt", "1"]]);
    let (first, second) = (plan("3"), plan("4"));
    commit(&dataset, &spec, "a", std::slice::from_ref(&first)).expect("is written");
    undo(&dataset, &spec, "a", std::slice::from_ref(&first)).expect("is taken back");
    commit(&dataset, &spec, "b", std::slice::from_ref(&second)).expect("is written");
    // More names than go at once, of which most were never there.
    let names: Vec<String> = (0..import::PRUNED_AT_ONCE).map(|number| format!("other {number}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.push("a");
    for want in [2, 0] {
        assert_eq!(import::prune(&dataset, &names, &Arc::default()).expect("is removed"), want);
    }
    assert!(commit(&dataset, &spec, "b", &[second]).expect("is known").was_done_already);
    assert!(!commit(&dataset, &spec, "a", &[first]).expect("is written").was_done_already);
    let stopped = import::prune(&dataset, &names, &Arc::new(AtomicBool::new(true)));
    assert!(
        matches!(stopped, Err(CommitError::Source(longshore_datasets::SourceError::Stopped))),
        "{stopped:?}"
    );
}

fn a_row_that_is_referred_to_is_not_taken_back(db: &dyn Fresh) {
    let (t, sales, id) = (db.quoted("t"), db.quoted("sales"), db.sql_type("integer"));
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let plan = check(&dataset, &spec, &[&["1", "tea", "9"], &["3", "salt", "1"], &["4", "rice", "1"]]);
    commit(&dataset, &spec, "a", std::slice::from_ref(&plan)).expect("is written");
    db.execute(&format!("CREATE TABLE {sales} (good {id}, FOREIGN KEY (good) REFERENCES {t} (id))"));
    db.execute(&format!("INSERT INTO {sales} VALUES (3)"));
    let before = all(&dataset);
    let ended = undo(&dataset, &spec, "a", std::slice::from_ref(&plan));
    assert!(matches!(&ended, Err(CommitError::Refused { rows: Some((3, 4)), .. })), "{ended:?}");
    assert_eq!(all(&dataset), before);
    db.execute(&format!("DELETE FROM {sales}"));
    let undone = undo(&dataset, &spec, "a", &[plan]).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (2, 1, 0));
}
