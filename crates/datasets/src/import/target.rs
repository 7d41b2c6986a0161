//! The one trait behind which the databases differ where they are written to.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array};
use arrow_select::take::take_record_batch;
use jiff::tz::TimeZone;

use super::ledger::{Deed, LedgerKey};
use super::storage::Storage;
use crate::database::Address;
use crate::dataset::{Column, Dataset, Relation};
use crate::error::SourceError;
use crate::statement::Dialect;

use crate::mysql::MySqlTarget;
use crate::postgres::PostgresTarget;
use crate::sqlite::SqliteTarget;

/// A table, by its names, not quoted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) schema: Option<&'a str>,
    pub(crate) table: &'a str,
}

/// Columns with their values, all equally many.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) columns: &'a [&'a Column],
    pub(crate) arrays: &'a [ArrayRef],
}

impl Values<'_> {
    pub(crate) fn row_count(&self) -> usize {
        self.arrays.first().map_or(0, arrow_array::Array::len)
    }
}

/// What rows are changed to.
#[derive(Clone, Copy)]
pub(crate) struct Changes<'a> {
    pub(crate) values: Values<'a>,
    /// For each column the rows that it is changed in; `None` for all. In the others it stays as it is, to the last bit.
    pub(crate) masks: &'a [Option<BooleanArray>],
}

/// Values as a column would give them back.
pub(crate) struct Settled {
    pub(crate) values: ArrayRef,
    /// The places of those that it does not take; they are null.
    pub(crate) wrong: Vec<usize>,
}

/// A foreign key that points at a table, and that matters to whoever removes a row of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Referrer {
    /// The table that it belongs to, quoted as in statements.
    pub(crate) table: String,
    /// Its columns, and those of the table that they point at.
    pub(crate) columns: Vec<(String, String)>,
    /// Whether it points at its own table.
    pub(crate) is_own: bool,
}

/// ` AND NOT EXISTS (…)` for each of those that could point at `t`.
pub(crate) fn without(dialect: Dialect, referrers: &[Referrer], key: &[&Column]) -> String {
    let quoted = |name: &str| dialect.quoted(name);
    let each = referrers.iter().map(|referrer| {
        let mut pairs: Vec<String> = referrer
            .columns
            .iter()
            .map(|(own, other)| format!("c.{} = t.{}", quoted(own), quoted(other)))
            .collect();
        if referrer.is_own {
            // A row that points at itself goes with itself.
            let same: Vec<String> =
                key.iter().map(|column| format!("c.{0} = t.{0}", quoted(&column.source))).collect();
            pairs.push(format!("NOT ({})", same.join(" AND ")));
        }
        format!(" AND NOT EXISTS (SELECT 1 FROM {} AS c WHERE {})", referrer.table, pairs.join(" AND "))
    });
    each.collect()
}

/// Rows that were found in the database.
pub(crate) struct Found {
    /// Under which of the keys that were asked for each was found, by its place among them.
    pub(crate) at: Vec<u32>,
    /// The columns that were asked for, one row for each of `at`.
    pub(crate) rows: RecordBatch,
}

impl Found {
    /// For each of `count` keys the place of its row; `None` where there is none. The other is the first key that has two rows.
    pub(crate) fn by_key(&self, count: usize) -> (Vec<Option<u32>>, Option<usize>) {
        let mut places = vec![None; count];
        let mut double = None;
        for (row, at) in (0u32..).zip(&self.at) {
            let at = *at as usize;
            if places.get(at).is_some_and(Option::is_some) {
                double = double.or(Some(at));
            }
            if let Some(place) = places.get_mut(at) {
                *place = Some(row);
            }
        }
        (places, double)
    }

    /// The rows of the keys, one for each, nothing but nulls where there is none.
    pub(crate) fn aligned(&self, places: &[Option<u32>]) -> Result<RecordBatch, arrow_schema::ArrowError> {
        if self.rows.num_columns() == 0 {
            let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
            return RecordBatch::try_new_with_options(self.rows.schema(), Vec::new(), &options);
        }
        if self.rows.num_rows() == 0 {
            let nulls =
                self.rows.columns().iter().map(|column| new_null_array(column.data_type(), places.len()));
            return RecordBatch::try_new(self.rows.schema(), nulls.collect());
        }
        take_record_batch(&self.rows, &UInt32Array::from(places.to_vec()))
    }
}

/// Why rows could not be written.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// A rule of the database, in its words, without values of cells.
    Refused {
        message: String,
        rule: Option<String>,
        /// Whether something must be once and would be twice.
        is_duplicate: bool,
        /// The place of the row among those that were given, from 0, where the database tells.
        row: Option<usize>,
    },
    Source(SourceError),
}

impl From<SourceError> for WriteError {
    fn from(error: SourceError) -> WriteError {
        WriteError::Source(error)
    }
}

/// What is done with a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing is written.
    Read,
    /// One transaction, which is written when it is committed, and undone when the target is dropped before.
    Write,
}

/// Gives the next batch of rows to add, as often as it is called, until it gives none.
pub(crate) type More<'a> = dyn FnMut() -> Option<Vec<ArrayRef>> + 'a;

/// A database that is imported into, within a transaction. Names are quoted and values bound by whoever implements it.
pub(crate) trait Target {
    /// What the table keeps in the columns.
    fn storage(&mut self, place: Place<'_>, columns: &[&Column]) -> Result<Vec<Storage>, SourceError>;

    /// What keeps the table from being written to, in words; of the last of them nothing more may be asked.
    fn obstacles(&mut self, place: Place<'_>) -> Result<Vec<String>, SourceError>;

    /// Whether a constraint or index of the table keeps rows from sharing a key of these columns.
    fn is_unique(&mut self, place: Place<'_>, key: &[&Column]) -> Result<bool, SourceError>;

    /// The values of one of these columns in a form that is equal where the database takes values of it for equal.
    fn folded(
        &mut self,
        place: Place<'_>,
        column: &Column,
        values: &ArrayRef,
    ) -> Result<ArrayRef, SourceError>;

    /// Finds rows by key, none of whose values is null; with `locks`, nobody else can change them until the transaction ends, as
    /// far as the database can do that.
    fn find(
        &mut self,
        place: Place<'_>,
        key: Values<'_>,
        wanted: &[&Column],
        locks: bool,
    ) -> Result<Found, SourceError>;

    /// What becomes of values in one of these columns, where `Storage::settles` asks for it.
    fn settled(
        &mut self,
        place: Place<'_>,
        column: &Column,
        values: &ArrayRef,
    ) -> Result<Settled, SourceError>;

    /// The foreign keys for which removing a row changes or removes others, and all by which the table points at itself.
    fn referrers(&mut self, place: Place<'_>) -> Result<Vec<Referrer>, SourceError>;

    /// Whether rows of the table can point at others of it.
    fn refers_to_itself(&mut self, place: Place<'_>) -> Result<bool, SourceError>;

    /// Whether something of the table's own may write other values than those that are given.
    fn has_triggers(&mut self, place: Place<'_>) -> Result<bool, SourceError>;

    /// Adds rows; says how many it has added. Where that is quicker, it goes on with the batches of the same columns that `more` gives,
    /// none of which it may pass over.
    fn insert(
        &mut self,
        place: Place<'_>,
        values: Values<'_>,
        more: &mut More<'_>,
    ) -> Result<u64, WriteError>;

    /// Changes the rows of these keys; says how many it has found.
    fn update(&mut self, place: Place<'_>, key: Values<'_>, changes: Changes<'_>) -> Result<u64, WriteError>;

    /// Removes the rows of these keys that no row of the referrers points at, but for rows that it removes as well; says how many.
    fn delete(
        &mut self,
        place: Place<'_>,
        key: Values<'_>,
        referrers: &[Referrer],
    ) -> Result<u64, WriteError>;

    /// What the ledger says of a deed.
    fn recorded(&mut self, key: &LedgerKey, deed: Deed) -> Result<Option<String>, SourceError>;

    /// Adds a row to the ledger, waiting for whoever is about to add the same; `false` if it is there.
    fn claim(&mut self, key: &LedgerKey, deed: Deed) -> Result<bool, SourceError>;

    /// Says in that row what was done.
    fn record(&mut self, key: &LedgerKey, deed: Deed, says: &str) -> Result<(), SourceError>;

    /// Removes all rows of an import from the ledger; says how many.
    fn forget(&mut self, import: &str) -> Result<u64, SourceError>;

    /// Ends the transaction for good.
    fn commit(&mut self) -> Result<(), WriteError>;
}

/// Opens the dataset's database and begins a transaction; makes the ledger where something is written and it is not there.
/// Setting `stop` ends within a moment what runs in it; moments are read in `zone`.
pub(crate) fn open(
    dataset: &Dataset,
    access: Access,
    zone: &TimeZone,
    stop: &Arc<AtomicBool>,
) -> Result<Box<dyn Target>, SourceError> {
    Ok(match &dataset.database.address {
        Address::Sqlite(path) => Box::new(SqliteTarget::open(dataset, path, access, zone, stop)?),
        Address::Postgres(url) => Box::new(PostgresTarget::open(dataset, url, access, zone, stop)?),
        Address::MySql(url) => Box::new(MySqlTarget::open(dataset, url, access, zone, stop)?),
    })
}

/// The table of a dataset; `None` for a query, which is never imported into.
pub(crate) fn place(dataset: &Dataset) -> Option<Place<'_>> {
    match &dataset.relation {
        Relation::Table { schema, name } => Some(Place { schema: schema.as_deref(), table: name }),
        Relation::Query(_) => None,
    }
}
