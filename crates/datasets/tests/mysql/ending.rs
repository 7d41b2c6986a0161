//! How reading ends before its end: told to stop, out of time, or with a server that is gone.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use longshore_datasets::source::{self, Begin, RowSink};
use longshore_datasets::{Dataset, SourceError};

use crate::proxy::Proxy;
use crate::server::{Collected, Database, query, read, read_all};

/// More than fits all buffers between the server and the reader: about 100 MB.
const LONG: &str = "query = \"SELECT n AS id, REPEAT('x', 1000) AS v FROM numbers\"\n\
     column = [{name='id',type='integer'},{name='v',type='text'}]";

/// Does something after the first batch.
struct AfterFirst<F>(F, usize);

impl<F: FnMut() -> ControlFlow<()>> RowSink for AfterFirst<F> {
    fn begin(&mut self, _: Begin) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn batch(&mut self, _: RecordBatch) -> ControlFlow<()> {
        self.1 += 1;
        if self.1 == 1 { (self.0)() } else { ControlFlow::Continue(()) }
    }
}

/// Reads on a thread of its own, and stops that once the database has been seen at work.
fn stopped_at(database: &mut Database, dataset: &Dataset, part: &str) -> Result<(), SourceError> {
    let stop = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let (dataset, stop) = (dataset.clone(), Arc::clone(&stop));
        move || {
            let wanted = query(&dataset, &[], &[], &["-v"]);
            source::read(&dataset, &wanted, &stop, &mut Collected::default())
        }
    });
    database.wait_for(part);
    stop.store(true, Ordering::Relaxed);
    reader.join().expect("no panic")
}

#[test]
fn a_stop_ends_what_the_server_does() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(4);
    let column = "column = [{name='v',type='integer'}]";
    for (select, part) in [
        // Waits while it counts.
        ("SELECT 1 AS id, SLEEP(600) AS v FROM numbers GROUP BY n", "count("),
        // Counts for long.
        (
            "SELECT a.n AS id, 1 AS v FROM numbers a, numbers b, numbers c WHERE a.n + b.n + c.n = -1",
            "count(",
        ),
        // Sorts for long.
        ("SELECT n AS id, SLEEP(1) AS v FROM numbers", "ORDER BY"),
    ] {
        let dataset = database.dataset(&format!("query = '{select}'\n{column}"));
        let stopped = stopped_at(&mut database, &dataset, part);
        assert!(matches!(stopped, Err(SourceError::Stopped)), "{select}: {stopped:?}");
        database.wait_until_alone();
    }
}

#[test]
fn a_stop_ends_a_stream() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(5);
    let dataset = database.dataset(LONG);
    let stop = Arc::new(AtomicBool::new(false));
    let mut sink = AfterFirst(
        || {
            stop.store(true, Ordering::Relaxed);
            ControlFlow::Continue(())
        },
        0,
    );
    let read = source::read(&dataset, &query(&dataset, &[], &[], &[]), &stop, &mut sink);
    assert!(matches!(read, Err(SourceError::Stopped)), "{read:?}");
    assert_eq!(sink.1, 1, "no batch comes after a stop");
    database.wait_until_alone();
    // A stop that was there before anything else is one, too.
    let read = source::read(&dataset, &query(&dataset, &[], &[], &[]), &stop, &mut Collected::default());
    assert!(matches!(read, Err(SourceError::Stopped)), "{read:?}");
}

#[test]
fn a_sink_that_has_enough_ends_the_stream() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(5);
    let dataset = database.dataset(LONG);
    let mut sink = Collected { break_at: Some(2), ..Collected::default() };
    let read = source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut sink);
    assert!(matches!(read, Err(SourceError::Stopped)), "{read:?}");
    assert_eq!(sink.rows.len(), 2 * source::BATCH_ROWS);
    database.wait_until_alone();
}

#[test]
fn a_statement_that_takes_too_long_is_ended() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(2);
    let address = format!("{}\nstatement_timeout = '300ms'", database.url);
    let dataset = database.dataset_at(
        &address,
        "query = 'SELECT n AS id, SLEEP(10) AS v FROM numbers'\ncolumn = [{name='v',type='integer'}]",
    );
    let read = read(&dataset, &query(&dataset, &[], &[], &["v"]));
    assert!(matches!(read, Err(SourceError::Timeout { .. })), "{read:?}");
    database.wait_until_alone();
    // What is quick enough is not.
    let dataset = database
        .dataset_at(&address, "table = 'digits'\nsort = ['d']\ncolumn = [{name='d',type='integer'}]")
        .clone();
    let quick = Dataset { key: vec!["d".to_owned()], ..dataset };
    assert_eq!(read_all(&quick).expect("reads").len(), 10);
}

#[test]
fn an_error_in_the_middle_will_not_pass() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(5);
    let dataset = database.dataset(
        "query = \"SELECT n AS id, IF(n = 90000, (SELECT d FROM digits), 0) AS v FROM numbers\"\n\
         column = [{name='v',type='integer'}]",
    );
    let mut sink = Collected::default();
    let read = source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut sink);
    let Err(error @ SourceError::Database { is_transient: false, .. }) = read else { panic!("{read:?}") };
    assert!(error.to_string().contains("more than 1 row"), "{error}");
    assert!(sink.batches > 1, "it failed after {} batches", sink.batches);
    database.wait_until_alone();
}

#[test]
fn a_killed_connection_may_be_better_next_time() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(5);
    let dataset = database.dataset(LONG);
    let mut sink = AfterFirst(
        || {
            let id = database.wait_for("REPEAT");
            database.run(&format!("KILL CONNECTION {id}"));
            ControlFlow::Continue(())
        },
        0,
    );
    let read = source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut sink);
    assert!(matches!(read, Err(SourceError::Database { is_transient: true, .. })), "{read:?}");
    database.wait_until_alone();
}

#[test]
fn a_server_that_is_gone_may_be_back_next_time() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(5);
    let proxy = Proxy::before(&database.url);
    let dataset = database.dataset_at(&proxy.url, LONG);
    let mut sink = AfterFirst(
        || {
            proxy.cut();
            ControlFlow::Continue(())
        },
        0,
    );
    let read = source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut sink);
    assert!(matches!(read, Err(SourceError::Database { is_transient: true, .. })), "{read:?}");
    database.wait_until_alone();
    let away = source::probe(&dataset);
    assert!(matches!(away, Err(SourceError::Database { is_transient: true, .. })), "{away:?}");
}

#[test]
fn a_server_that_hangs_does_not_hang_a_stop() {
    let Some(mut database) = Database::new() else { return };
    database.make_numbers(5);
    let proxy = Proxy::before(&database.url);
    let dataset = database.dataset_at(&proxy.url, LONG);
    let stop = Arc::new(AtomicBool::new(false));
    let stopper = std::sync::Mutex::new(None);
    let mut sink = AfterFirst(
        || {
            proxy.hang();
            let (stop, hung) = (Arc::clone(&stop), proxy.hung());
            // Once the reader has taken what was on the way, nothing but the stop can end its waiting.
            let wait = std::thread::spawn(move || {
                hung.wait();
                stop.store(true, Ordering::Relaxed);
            });
            *stopper.lock().expect("not poisoned") = Some(wait);
            ControlFlow::Continue(())
        },
        0,
    );
    let read = source::read(&dataset, &query(&dataset, &[], &[], &[]), &stop, &mut sink);
    assert!(matches!(read, Err(SourceError::Stopped)), "{read:?}");
    stopper.into_inner().expect("not poisoned").expect("started").join().expect("no panic");
    drop(proxy);
    database.wait_until_alone();
}

/// What the server does not end in time is left, and everything is read in a new snapshot.
#[test]
fn a_count_that_the_server_does_not_end_is_given_up() {
    let Some(mut database) = Database::new() else { return };
    if !database.is_mariadb() {
        println!("SKIPPED: the server is not MariaDB, which alone makes numbers as they are asked for");
        return;
    }
    let proxy = Proxy::before(&database.url);
    let dataset = database.dataset_at(
        &proxy.url,
        "query = 'SELECT seq AS id FROM seq_1_to_2000000000'\ncolumn = [{name='id',type='integer'}]",
    );
    let mut sink = Collected { break_at: Some(1), ..Collected::default() };
    let read = std::thread::scope(|scope| {
        let reader = scope
            .spawn(|| source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut sink));
        database.wait_for("count(");
        proxy.hang_those_of_now();
        reader.join().expect("no panic")
    });
    assert!(matches!(read, Err(SourceError::Stopped)), "the sink had enough: {read:?}");
    assert_eq!((sink.announced, sink.rows.len()), (None, source::BATCH_ROWS));
    drop(proxy);
    database.wait_until_alone();
}

#[test]
fn whether_it_is_worth_to_try_again_is_told() {
    let Some(database) = Database::new() else { return };
    let table = "table = 't'\ncolumn = [{name='id',type='integer'}]";
    let (_, host) = database.url.split_once('@').expect("an address with a person");
    for (url, want) in [
        // Nobody listens there.
        ("mysql://root@127.0.0.1:1/x".to_owned(), true),
        (format!("mysql://nobody_at_all:wrong@{host}"), false),
        (format!("{}?no_such_option=1", database.url), false),
        (format!("{}_nowhere", database.url), false),
        // A server without certificates.
        (format!("{}?require_ssl=true", database.url), false),
    ] {
        match source::probe(&database.dataset_at(&url, table)) {
            Err(SourceError::Database { is_transient, source, .. }) => {
                assert_eq!(is_transient, want, "{source}");
                assert!(!source.to_string().contains("wrong"), "a password is not told: {source}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
}
