//! Snapshots, stopping, time limits, and what is very long or not there.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use longshore_datasets::source::{self, Begin, RowSink};
use longshore_datasets::{Dataset, SourceError};

use super::reading::{Collected, lines, query, read};
use super::{Case, Fresh};

/// All cases.
pub const CASES: &[Case] = &[
    ("a reader sees one snapshot", a_reader_sees_one_snapshot),
    ("a stop ends a sort", a_stop_ends_a_sort),
    ("a stop ends a page", a_stop_ends_a_page),
    ("a stop ends a stream", a_stop_ends_a_stream),
    ("a sink that has enough ends the reading", a_sink_that_has_enough_ends_the_reading),
    ("a statement may take its time and no longer", a_statement_may_take_its_time_and_no_longer),
    ("a long count is given up", a_long_count_is_given_up),
    ("long texts make short batches", long_texts_make_short_batches),
    ("no rows are rows", no_rows_are_rows),
    ("five hundred columns", five_hundred_columns),
    ("what is not there is named", what_is_not_there_is_named),
];

const TABLE: &str = "table = 't'\nkey = ['id']";
/// Rows that no database makes within the time of a test.
const ENDLESS: u64 = 2_000_000_000;
/// How long a server may take to notice that it was left.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

/// Numbers that are made as they are read.
fn endless(db: &dyn Fresh, database: &str) -> Dataset {
    let says = format!("query = \"\"\"{}\"\"\"\nkey = ['i']", db.numbers(ENDLESS));
    db.dataset_with(database, &says, "{ name = 'i', type = 'integer' }")
}

fn assert_nothing_runs(db: &dyn Fresh) {
    let until = Instant::now() + NOTICED_WITHIN;
    while db.running() > 0 {
        assert!(Instant::now() < until, "the server goes on with what nobody waits for");
        std::thread::yield_now();
    }
}

fn a_reader_sees_one_snapshot(db: &dyn Fresh) {
    db.table(&[("n", "integer")], &["1", "2", "3"]);
    let dataset = db.dataset(TABLE, "{ name = 'n', type = 'integer' }");
    let (begun, wait) = mpsc::channel();
    let (done, changed) = mpsc::channel();
    let (announced, rows) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut sink = Collected {
                at_begin: Some(Box::new(move || {
                    begun.send(()).expect("the test waits");
                    changed.recv().expect("the test tells");
                })),
                ..Collected::default()
            };
            let all = query(&dataset, &[], &[], &[]);
            source::read(&dataset, &all, &Arc::default(), &mut sink).expect("reads");
            (sink.begin.and_then(|begin| begin.row_count), sink.rows)
        });
        wait.recv().expect("the reader begins");
        db.execute("DELETE FROM t WHERE id > 1; INSERT INTO t VALUES (9, 9), (10, 10), (11, 11), (12, 12)");
        done.send(()).expect("the reader waits");
        reader.join().expect("no panic")
    });
    assert_eq!(announced, Some(3));
    assert_eq!(rows.concat(), [1, 2, 3].map(|n| Some(n.to_string())));
    assert_eq!(lines(&dataset), ["1", "9", "10", "11", "12"]);
}

fn a_stop_ends_a_sort(db: &dyn Fresh) {
    assert_stop_ends(db, |dataset, stop| {
        let sorted = query(dataset, &[], &[], &["-i"]);
        source::read(dataset, &sorted, stop, &mut Collected::default())
    });
}

fn a_stop_ends_a_page(db: &dyn Fresh) {
    assert_stop_ends(db, |dataset, stop| {
        source::page(dataset, &query(dataset, &[], &[], &["-i"]), 1, stop).map(drop)
    });
}

fn assert_stop_ends(
    db: &dyn Fresh,
    work: impl Fn(&Dataset, &Arc<AtomicBool>) -> Result<(), SourceError> + Sync,
) {
    let dataset = endless(db, "");
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = std::thread::scope(|scope| {
        let reader = scope.spawn(|| work(&dataset, &stop));
        // It stops at whatever it is doing, be it even the connecting.
        let until = Instant::now() + NOTICED_WITHIN;
        while db.running() == 0 && Instant::now() < until && !reader.is_finished() {
            std::thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
        reader.join().expect("no panic")
    });
    assert!(matches!(stopped, Err(SourceError::Stopped)), "{stopped:?}");
    assert_nothing_runs(db);
}

fn a_stop_ends_a_stream(db: &dyn Fresh) {
    let says = format!("query = \"\"\"{}\"\"\"\nkey = ['i']", db.numbers(1_000_000));
    let dataset = db.dataset(&says, "{ name = 'i', type = 'integer' }");
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let mut sink = Collected {
        at_batch: Some(Box::new(move |batches| flag.store(batches >= 3, Ordering::Relaxed))),
        ..Collected::default()
    };
    let read = source::read(&dataset, &query(&dataset, &[], &[], &[]), &stop, &mut sink);
    assert!(matches!(read, Err(SourceError::Stopped)), "{read:?}");
    assert_eq!(sink.batches, 3);
    assert_nothing_runs(db);
}

fn a_sink_that_has_enough_ends_the_reading(db: &dyn Fresh) {
    let says = format!("query = \"\"\"{}\"\"\"\nkey = ['i']", db.numbers(1_000_000));
    let dataset = db.dataset(&says, "{ name = 'i', type = 'integer' }");
    let mut sink = Collected { break_at: Some(2), ..Collected::default() };
    let read = source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut sink);
    assert!(matches!(read, Err(SourceError::Stopped)), "{read:?}");
    assert_eq!(sink.rows.len(), 2 * source::BATCH_ROWS);
    assert_nothing_runs(db);
}

fn a_statement_may_take_its_time_and_no_longer(db: &dyn Fresh) {
    let dataset = endless(db, "statement_timeout = '200ms'");
    let sorted = query(&dataset, &[], &[], &["-i"]);
    let read = source::read(&dataset, &sorted, &Arc::default(), &mut Collected::default());
    assert!(matches!(read, Err(SourceError::Timeout { .. })), "{read:?}");
    // Without the count, which takes too long, a page may be there at once.
    match source::page(&dataset, &sorted, 1, &Arc::default()) {
        Ok(page) => assert_eq!((page.total_row_count, page.has_more), (None, true)),
        Err(error) => assert!(matches!(error, SourceError::Timeout { .. }), "{error:?}"),
    }
    assert_nothing_runs(db);
}

fn a_long_count_is_given_up(db: &dyn Fresh) {
    let dataset = endless(db, "");
    // Counting takes for ever, but the first rows are there at once.
    let first = query(&dataset, &[], &[], &[]);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let mut sink = Collected {
        at_begin: Some(Box::new(move || flag.store(true, Ordering::Relaxed))),
        ..Collected::default()
    };
    let read = source::read(&dataset, &first, &stop, &mut sink);
    assert!(matches!(read, Err(SourceError::Stopped)), "{read:?}");
    assert_eq!(sink.begin.map(|begin| begin.row_count), Some(None));
}

/// Notes how many rows and bytes of text each batch has.
#[derive(Default)]
struct Sizes(Vec<(usize, usize)>);

impl RowSink for Sizes {
    fn begin(&mut self, _: Begin) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        let texts = batch.column(1).as_string::<i32>();
        self.0.push((batch.num_rows(), texts.value_data().len()));
        ControlFlow::Continue(())
    }
}

fn long_texts_make_short_batches(db: &dyn Fresh) {
    const BATCH_BYTES: usize = 8 << 20;
    let (row_count, length) = (700, 50_000);
    let text = match db.url() {
        url if url.starts_with("sqlite") => format!("hex(zeroblob({length} / 2))"),
        _ => format!("repeat('0', {length})"),
    };
    let says = format!(
        "query = \"\"\"SELECT i, {text} AS v FROM ({}) AS n\"\"\"\nkey = ['i']",
        db.numbers(row_count)
    );
    let dataset = db.dataset(&says, "{ name = 'i', type = 'integer' }, { name = 'v', type = 'text' }");
    let mut sizes = Sizes::default();
    source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut sizes).expect("reads");
    let rows: usize = sizes.0.iter().map(|(rows, _)| rows).sum();
    assert_eq!(rows as u64, row_count);
    assert!(sizes.0.iter().all(|(_, bytes)| *bytes <= BATCH_BYTES + length), "{:?}", sizes.0);
    assert!(sizes.0.len() < 10, "batches are not made of a few rows each: {:?}", sizes.0);
}

fn no_rows_are_rows(db: &dyn Fresh) {
    db.table(&[("n", "integer")], &[]);
    let dataset = db.dataset(TABLE, "{ name = 'n', type = 'integer' }");
    assert_eq!(read(&dataset, &query(&dataset, &[], &[], &[])).expect("reads").len(), 0);
    let page = source::page(&dataset, &query(&dataset, &[], &[], &[]), 7, &Arc::default()).expect("reads");
    assert_eq!((page.page, page.total_row_count, page.rows.len()), (1, Some(0), 0));
}

fn five_hundred_columns(db: &dyn Fresh) {
    let names: Vec<String> = (0..500).map(|number| format!("c{number}")).collect();
    let columns: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "integer")).collect();
    let row: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    db.table(&columns, &[&row.join(", ")]);
    let declared: Vec<String> =
        names.iter().map(|name| format!("{{ name = '{name}', type = 'integer' }}")).collect();
    let dataset = db.dataset(TABLE, &declared.join(", "));
    assert_eq!(lines(&dataset), [row.join("|")]);
}

fn what_is_not_there_is_named(db: &dyn Fresh) {
    db.table(&[("n", "integer")], &["1"]);
    for (says, column, named) in [
        (TABLE, "missing_column", "missing_column"),
        ("table = 'missing_table'\nkey = ['id']", "n", "missing_table"),
    ] {
        let dataset = db.dataset(says, &format!("{{ name = '{column}', type = 'integer' }}"));
        for error in [
            source::probe(&dataset).expect_err("not there"),
            read(&dataset, &query(&dataset, &[], &[], &[])).expect_err("not there"),
        ] {
            assert!(matches!(error, SourceError::Database { is_transient: false, .. }), "{error:?}");
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
