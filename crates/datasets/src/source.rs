//! Reading a query's rows, whatever database they are in.
//!
//! [`open`] takes a snapshot: a read-only transaction in which every statement sees the database at the same moment. All that is
//! read goes through one, so that a count and its rows agree.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use longshore_protocol::{ColumnType, RowsPage};

use crate::database::Address;
use crate::dataset::{Column, Dataset};
use crate::error::SourceError;
use crate::mysql::MySqlSnapshot;
use crate::postgres::PostgresSnapshot;
use crate::query::Query;
use crate::schema::schema_of;
use crate::sqlite::SqliteSnapshot;
use crate::statement::{Dialect, Statement};
use crate::text;

/// Rows of a batch: enough to amortise what is done once a batch, few enough to stay in the cache.
pub const BATCH_ROWS: usize = 4096;
/// Rows of a page on the screen.
pub const PAGE_ROWS: u32 = 50;
/// How long an export may count its rows before it begins without knowing how many they are.
const COUNT_WITHIN: Duration = Duration::from_secs(5);
/// The same for a page on the screen, for which somebody waits.
const PAGE_COUNT_WITHIN: Duration = Duration::from_secs(2);

/// What is known of a query's rows before the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// The moment of the snapshot, by the clock of the database's server, or of this machine for a file.
    pub snapshot_at: Timestamp,
    /// Rows that the snapshot holds for the query; `None` where counting takes too long.
    pub row_count: Option<u64>,
}

/// Takes what [`read`] yields; breaking ends the reading.
pub trait RowSink {
    /// Called once, before the first batch.
    fn begin(&mut self, begin: Begin) -> ControlFlow<()>;
    /// Called for each batch, in the query's order. All but the last have [`BATCH_ROWS`] rows, or fewer where texts are long.
    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()>;
}

/// What a statement yields, column by column of its select list.
pub(crate) struct Yield<'a> {
    pub(crate) columns: &'a [&'a Column],
    /// The zone of moments.
    pub(crate) zone: &'a TimeZone,
    pub(crate) batch_rows: usize,
}

/// A database at one moment. Dropping it ends the transaction, and whatever still runs in it.
pub(crate) trait Snapshot {
    /// The moment.
    fn at(&self) -> Timestamp;

    /// Runs a statement and passes its rows on, in batches.
    ///
    /// # Errors
    /// [`SourceError::Stopped`] if the sink breaks off or the reading is told to stop, else what the database says.
    fn rows(
        &mut self,
        statement: &Statement,
        yields: &Yield<'_>,
        sink: &mut dyn FnMut(RecordBatch) -> ControlFlow<()>,
    ) -> Result<(), SourceError>;

    /// Runs a statement that yields one number; `None` if it takes longer than `within`, after which the moment may be another one.
    ///
    /// # Errors
    /// As [`Snapshot::rows`].
    fn count(&mut self, statement: &Statement, within: Option<Duration>) -> Result<Option<u64>, SourceError>;

    /// Whether a statement could be run, and would yield values of the columns' declared types, as far as the database can tell
    /// without running it.
    ///
    /// # Errors
    /// As [`Snapshot::rows`].
    fn check(&mut self, statement: &Statement, columns: &[&Column]) -> Result<(), SourceError>;
}

/// Takes a snapshot of a dataset's database. Setting `stop` ends within a moment what runs in it, here and in the server.
///
/// # Errors
/// [`SourceError::Database`] if the database can't be reached.
pub(crate) fn open(dataset: &Dataset, stop: &Arc<AtomicBool>) -> Result<Box<dyn Snapshot>, SourceError> {
    match &dataset.database.address {
        Address::Sqlite(path) => Ok(Box::new(SqliteSnapshot::open(dataset, path, stop)?)),
        Address::Postgres(url) => Ok(Box::new(PostgresSnapshot::open(dataset, url, stop)?)),
        Address::MySql(url) => Ok(Box::new(MySqlSnapshot::open(dataset, url, stop)?)),
    }
}

/// The column of a number that is counted.
pub(crate) fn count_column() -> Column {
    Column::plain("count", ColumnType::Integer)
}

/// The schema of the batches that [`read`] yields.
pub fn schema(dataset: &Dataset, query: &Query) -> SchemaRef {
    schema_of(&query.columns_of(dataset), &query.zone)
}

/// Reads all rows of a query in one snapshot of the database. Blocks; run it on a thread of its own. Setting `stop` ends it
/// within a moment, also while the database sorts or counts.
///
/// # Errors
/// [`SourceError::Stopped`] if it was told to stop or the sink broke off, else what the database says.
pub fn read(
    dataset: &Dataset,
    query: &Query,
    stop: &Arc<AtomicBool>,
    sink: &mut dyn RowSink,
) -> Result<(), SourceError> {
    let dialect = Dialect::of(&dataset.database);
    let mut snapshot = open(dataset, stop)?;
    let row_count = snapshot.count(&Statement::count(dialect, dataset, query), Some(COUNT_WITHIN))?;
    if sink.begin(Begin { snapshot_at: snapshot.at(), row_count }).is_break() {
        return Err(SourceError::Stopped);
    }
    let columns = query.columns_of(dataset);
    let yields = Yield { columns: &columns, zone: &query.zone, batch_rows: BATCH_ROWS };
    snapshot.rows(&Statement::select(dialect, dataset, query), &yields, &mut |batch| sink.batch(batch))
}

/// One page of a query for the screen; a page past the last gives the last, where the rows can be counted in a moment. Blocks;
/// setting `stop` ends it within a moment.
///
/// # Errors
/// [`SourceError::Stopped`] if it was told to stop, else what the database says.
pub fn page(
    dataset: &Dataset,
    query: &Query,
    page: u32,
    stop: &Arc<AtomicBool>,
) -> Result<RowsPage, SourceError> {
    let dialect = Dialect::of(&dataset.database);
    let mut snapshot = open(dataset, stop)?;
    let total = snapshot.count(&Statement::count(dialect, dataset, query), Some(PAGE_COUNT_WITHIN))?;
    let mut answer =
        RowsPage { total_row_count: total, page: 1, page_size: PAGE_ROWS, has_more: false, rows: Vec::new() };
    answer.page = page.clamp(1, answer.page_count().unwrap_or(u32::MAX));
    let offset = u64::from(answer.page - 1) * u64::from(PAGE_ROWS);
    // One more tells whether more follow.
    let select = Statement::select(dialect, dataset, query).page(PAGE_ROWS + 1, offset);
    let columns = query.columns_of(dataset);
    let yields = Yield { columns: &columns, zone: &query.zone, batch_rows: PAGE_ROWS as usize + 1 };
    let rows = &mut answer.rows;
    snapshot.rows(&select, &yields, &mut |batch| {
        rows.extend(text::rows(&batch));
        ControlFlow::Continue(())
    })?;
    answer.has_more = answer.rows.len() > PAGE_ROWS as usize;
    answer.rows.truncate(PAGE_ROWS as usize);
    if total.is_none() && !answer.has_more && (answer.page == 1 || !answer.rows.is_empty()) {
        answer.total_row_count = Some(offset + answer.rows.len() as u64);
    }
    Ok(answer)
}

/// Whether the dataset's database, table and columns are there.
///
/// # Errors
/// What the database says.
pub fn probe(dataset: &Dataset) -> Result<(), SourceError> {
    let query = Query::all_of(dataset);
    let select = Statement::select(Dialect::of(&dataset.database), dataset, &query);
    open(dataset, &Arc::default())?.check(&select, &query.columns_of(dataset))
}
