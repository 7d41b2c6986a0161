//! Imports: checking, writing once, drift, and taking back.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Barrier};

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt8Array, UInt32Array};
use jiff::tz::TimeZone;
use longshore_datasets::Dataset;
use longshore_datasets::import::{
    self, CheckSpec, CheckedChunk, ChunkError, CommitError, Committed, LedgerKey, Pointed, Undone,
};
use longshore_protocol::import::{CellKind, ImportMode, PlanCounts};

use super::reading::lines;
use super::{Case, Fresh};

pub mod rules;
pub mod taking_back;
pub mod writing;

/// All cases.
pub const CASES: &[Case] = &[
    ("a mode says what may be", a_mode_says_what_may_be),
    ("a chunk is written once", a_chunk_is_written_once),
    ("who writes the same at once writes once", who_writes_the_same_at_once_writes_once),
    ("of two imports of the same keys one wins", of_two_imports_of_the_same_keys_one_wins),
    ("what has drifted is not written", what_has_drifted_is_not_written),
    ("all or nothing", all_or_nothing),
    ("chunks of new rows", chunks_of_new_rows),
    ("a stop writes nothing", a_stop_writes_nothing),
    ("what the ledger forgets is gone alone", what_the_ledger_forgets_is_gone_alone),
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
    let bytes = chunk.to_pieces().expect("is written").concat();
    let stored = CheckedChunk::from_bytes(bytes.clone().into()).expect("is read");
    assert_eq!(stored, chunk);
    assert_eq!(stored.to_pieces().expect("is written").concat(), bytes);
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
    undo_as(dataset, spec, import, chunks, Pointed::Kept)
}

pub fn undo_as(
    dataset: &Dataset,
    spec: &CheckSpec,
    import: &str,
    chunks: &[CheckedChunk],
    pointed: Pointed,
) -> Result<Undone, CommitError> {
    // The last that was written is taken back first.
    let mut chunks = chunks.iter().rev().cloned().map(Ok::<_, ChunkError>);
    import::undo(dataset, spec, &key(import), &mut chunks, pointed, &Arc::default())
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

/// Chunks that follow each other and have nothing but new rows are added together, as far as that goes, and nobody notices.
fn chunks_of_new_rows(db: &dyn Fresh) {
    let dataset = goods(db);
    let spec = spec(&dataset, ALL, ImportMode::Upsert);
    let before = all(&dataset);
    let row = |id: u32, name: &str| [id.to_string(), name.to_owned(), "2".to_owned()];
    let chunk = |first: u32, rows: &[[String; 3]]| {
        let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        check_from(&dataset, &spec, first, &rows)
    };
    let chunks: Vec<CheckedChunk> = (0..15)
        .map(|number| {
            let first = 2 + number * 2;
            match number {
                // One that changes a row stands between, and one that has nothing to write.
                6 => chunk(first, &[row(1, "changed"), row(100, "with it")]),
                9 => chunk(first, &[row(2, "milk")]),
                _ => chunk(first, &[row(1000 + first, "a"), row(1001 + first, "b")]),
            }
        })
        .collect();
    let planned = chunks.iter().fold(PlanCounts::default(), |all, chunk| all.plus(chunk.counts()));
    let commit_all = |import: &str| commit(&dataset, &spec, import, &chunks);

    // The first row of the third chunk, and the second of the twelfth, which others have in the meantime.
    for (id, row) in [(1006, 6), (1025, 25)] {
        db.execute(&format!("INSERT INTO {} VALUES ({id}, 'theirs', 1)", db.quoted("t")));
        let ended = commit_all("late");
        assert!(matches!(&ended, Err(CommitError::Drifted { rows }) if *rows == [row]), "{ended:?}");
        db.execute(&format!("DELETE FROM {} WHERE id = {id}", db.quoted("t")));
        assert_eq!(all(&dataset), before);
    }
    // What stands twice in the chunks themselves.
    let mut twice = chunks.clone();
    twice[3] = chunk(8, &[row(1008, "a"), row(1004, "again")]);
    let ended = commit(&dataset, &spec, "twice", &twice);
    assert!(matches!(&ended, Err(CommitError::Refused { rows: Some((_, 9..)), .. })), "{ended:?}");
    assert_eq!(all(&dataset), before);
    // One that can't be had.
    let gone = || Err::<CheckedChunk, ChunkError>("it is gone".into());
    let mut some = chunks[..3].iter().cloned().map(Ok).chain([gone()]);
    let ended = import::commit(&dataset, &spec, &key("gone"), &mut some, &Arc::default());
    assert!(matches!(ended, Err(CommitError::Chunk(_))));
    assert_eq!(all(&dataset), before);

    let done = commit_all("a").expect("is written");
    assert_eq!((done.counts, planned), (counts(27, 1, 1, 0), planned));
    assert_eq!(all(&dataset).len(), before.len() + planned.create as usize);
    assert!(all(&dataset).contains(&"1031|b|2.00".to_owned()));
    let undone = undo(&dataset, &spec, "a", &chunks).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (planned.create, 1, 0));
    assert_eq!(all(&dataset), before);
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
    // PostgreSQL tells which of the rows it is.
    assert!(matches!(&ended, Err(CommitError::Refused { rows: Some((6 | 7, 7)), .. })), "{ended:?}");
    assert_eq!(all(&dataset), before);
    let done = commit(&dataset, &spec, "a", &[first.clone(), second.clone()]).expect("is written");
    assert_eq!(done.counts, counts(2, 2, 0, 0));
    assert_eq!(all(&dataset), ["1|tea|9.00", "2|milk|9.00", "3|salt|1.00", "4|rice|1.00"]);
    let undone = undo(&dataset, &spec, "a", &[first, second]).expect("is taken back");
    assert_eq!((undone.removed, undone.restored, undone.kept_count), (2, 2, 0));
    assert_eq!(all(&dataset), before);
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
