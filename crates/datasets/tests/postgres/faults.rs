//! What can happen to a server, to the way there, and to a query on its way.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use longshore_datasets::source::{Begin, RowSink};
use longshore_datasets::{Address, Dataset, SourceError, source};

use crate::server::{Server, server};
use crate::suite::Fresh;
use crate::suite::reading::{Collected, query};

/// How long a stop may take, with room for a machine that is busy.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);

/// A way to the server that can be cut off or fall silent.
struct Way {
    port: u16,
    is_silent: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    fn to(address: String) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (is_silent, streams) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let way = Way { port, is_silent: Arc::clone(&is_silent), streams: Arc::clone(&streams) };
        std::thread::spawn(move || {
            while let Ok((near, _)) = listener.accept() {
                let far = TcpStream::connect(&address).expect("the server listens");
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().expect("open"), to.try_clone().expect("open"));
                    let is_silent = Arc::clone(&is_silent);
                    std::thread::spawn(move || pass(from, to, &is_silent));
                }
                streams.lock().expect("no panic").extend([near, far]);
            }
        });
        way
    }

    fn cut(&self) {
        for stream in self.streams.lock().expect("no panic").iter() {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, is_silent: &AtomicBool) {
    let mut buffer = [0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !is_silent.load(Ordering::Relaxed) && to.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
    if !is_silent.load(Ordering::Relaxed) {
        to.shutdown(Shutdown::Both).ok();
    }
}

fn numbers(db: &Server, count: u64) -> Dataset {
    let says = format!("query = '{}'\nkey = ['i']", db.numbers(count));
    (db as &dyn Fresh).dataset(&says, "{ name = 'i', type = 'integer' }")
}

fn read_with(
    dataset: &Dataset,
    stop: &Arc<AtomicBool>,
    at_batch: impl FnMut(usize) + 'static,
) -> Result<(), SourceError> {
    let mut sink = Collected { at_batch: Some(Box::new(at_batch)), ..Collected::default() };
    source::read(dataset, &query(dataset, &[], &[], &[]), stop, &mut sink)
}

#[test]
fn a_session_that_is_terminated_may_be_tried_again() {
    let Some(url) = server() else { return };
    let db = Arc::new(Server::fresh(&url));
    let dataset = numbers(&db, 2_000_000);
    let administrator = Arc::clone(&db);
    let read = read_with(&dataset, &Arc::default(), move |batches| {
        if batches == 2 {
            administrator.terminate();
        }
    });
    assert!(matches!(read, Err(SourceError::Database { is_transient: true, .. })), "{read:?}");
}

#[test]
fn a_way_that_is_cut_may_be_tried_again() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let way = Way::to(db.address());
    let mut dataset = numbers(&db, 2_000_000);
    dataset.database.address = Address::Postgres(db.url_at(way.port));
    let read = read_with(&dataset, &Arc::default(), move |batches| {
        if batches == 2 {
            way.cut();
        }
    });
    assert!(matches!(read, Err(SourceError::Database { is_transient: true, .. })), "{read:?}");
    // Port 1 of this machine: nobody listens there.
    dataset.database.address = Address::Postgres("postgres://a:b@127.0.0.1:1/c".to_owned());
    let away = source::probe(&dataset);
    assert!(matches!(away, Err(SourceError::Database { is_transient: true, .. })), "{away:?}");
}

#[test]
fn silence_does_not_keep_a_stop_waiting() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    for silent_from_the_start in [false, true] {
        let way = Way::to(db.address());
        let mut dataset = numbers(&db, 2_000_000);
        dataset.database.address = Address::Postgres(db.url_at(way.port));
        way.is_silent.store(silent_from_the_start, Ordering::Relaxed);
        let stop = Arc::new(AtomicBool::new(silent_from_the_start));
        let told = Arc::new(Mutex::new(Instant::now()));
        let (flag, at) = (Arc::clone(&stop), Arc::clone(&told));
        let read = read_with(&dataset, &stop, move |batches| {
            if batches == 2 {
                way.is_silent.store(true, Ordering::Relaxed);
                flag.store(true, Ordering::Relaxed);
                *at.lock().expect("no panic") = Instant::now();
            }
        });
        assert!(matches!(read, Err(SourceError::Stopped)), "{read:?}");
        assert!(told.lock().expect("no panic").elapsed() < STOPPED_WITHIN);
    }
}

/// Counts the rows.
struct Counted(usize);

impl RowSink for Counted {
    fn begin(&mut self, _: Begin) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.0 += batch.num_rows();
        ControlFlow::Continue(())
    }
}

#[test]
fn an_error_in_a_late_row_is_told() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let name = db.url().rsplit('/').next().expect("a database").to_owned();
    // By its index, the view is sorted as it is computed.
    db.execute(&format!("ALTER DATABASE {name} SET enable_sort = off"));
    db.execute(
        "CREATE TABLE t AS SELECT i FROM generate_series(1::bigint, 1010000) AS i; ALTER TABLE t ADD PRIMARY KEY (i);
         CREATE VIEW v AS SELECT i, 1 / (1000000 - i) AS n FROM t",
    );
    let says = "table = 'v'\nkey = ['i']";
    let dataset = (&db as &dyn Fresh)
        .dataset(says, "{ name = 'i', type = 'integer' }, { name = 'n', type = 'integer' }");
    let mut sink = Counted(0);
    match source::read(&dataset, &query(&dataset, &[], &[], &[]), &Arc::default(), &mut sink) {
        Err(SourceError::Database { is_transient: false, source, .. }) => {
            assert!(source.to_string().contains("division by zero"), "{source}");
        }
        other => panic!("{other:?}"),
    }
    assert!((900_000..1_000_000).contains(&sink.0), "{} rows came before it", sink.0);
}

#[test]
fn what_can_not_be_passes_not() {
    let Some(url) = server() else { return };
    let db = Server::fresh(&url);
    let mut dataset = numbers(&db, 1);
    let (good, database) = (db.url(), "no_such_database");
    let (before, _) = good.rsplit_once('/').expect("an address with a database");
    for (address, told) in [
        (format!("{before}/{database}"), database),
        (good.replace(":longshore@", ":wrong@"), "password"),
        (format!("{good}?sslmode=require"), "TLS"),
        (format!("{good}?sslmode=verify-full&sslrootcert=/no/such.pem"), "/no/such.pem"),
        (format!("{good}?sslmode=sometimes"), "sslmode"),
    ] {
        dataset.database.address = Address::Postgres(address.clone());
        match source::probe(&dataset) {
            Err(SourceError::Database { is_transient: false, source, .. }) => {
                assert!(source.to_string().contains(told), "{address}: {source}");
            }
            other => panic!("{address}: {other:?}"),
        }
    }
}
