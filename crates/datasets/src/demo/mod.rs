//! A demo shop as a SQLite file: customers, products and orders.
//!
//! Purpose: something realistic to try the application on at once, with every text that tends to
//! break exports among it: ids with leading zeros, formulas, line breaks, rare characters, emoji.
//!
//! Invariants:
//! - The same size gives the same rows on every machine, at any time: all chance comes from
//!   [`dice`], seeded by table and row.
//! - A shop is whole or absent: it is written beside its place and renamed at the end.
//! - Memory does not grow with the number of rows.

mod customers;
mod dice;
mod orders;
mod products;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction};

/// Rows between two calls of the progress function.
const ROWS_PER_REPORT: u64 = 5_000;

/// How many rows each table gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShopSize {
    /// Orders; may be 0.
    pub order_count: u64,
    /// Customers; 0 counts as 1.
    pub customer_count: u64,
    /// Products; 0 counts as 1.
    pub product_count: u64,
}

impl ShopSize {
    /// The size with so many orders: a tenth as many customers and a hundredth as many products, at
    /// least one of each.
    pub fn for_orders(order_count: u64) -> ShopSize {
        ShopSize {
            order_count,
            customer_count: (order_count / 10).max(1),
            product_count: (order_count / 100).max(1),
        }
    }

    fn total(self) -> u64 {
        self.order_count + self.customer_count + self.product_count
    }
}

impl Default for ShopSize {
    /// 200,000 orders, 20,000 customers, 2,000 products.
    fn default() -> ShopSize {
        ShopSize::for_orders(200_000)
    }
}

/// Why a demo shop could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There is a file of that name already; it is left as it is.
    #[error("{} exists already; remove it first, or choose another place", .0.display())]
    Exists(PathBuf),

    /// The file could not be created, stored or renamed.
    #[error("{} could not be written: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// SQLite refused a statement, or its file could not be written.
    #[error("the demo shop could not be filled: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Makes a demo shop at `path`, whose directory must exist.
///
/// `progress` is called with the rows written so far and the rows in all, in every table together:
/// first with 0, last with both equal. Until the end the shop is `<path>.part`; one left by a run
/// that was killed is replaced, so two runs for the same `path` must not overlap.
///
/// # Errors
/// [`DemoError::Exists`] where `path` is taken, [`DemoError::Io`] and [`DemoError::Sqlite`] where it
/// cannot be written. After an error neither `path` nor the unfinished file is there.
pub fn create_shop(path: &Path, size: ShopSize, progress: &mut dyn FnMut(u64, u64)) -> Result<(), DemoError> {
    let size = ShopSize {
        customer_count: size.customer_count.max(1),
        product_count: size.product_count.max(1),
        ..size
    };
    if path.symlink_metadata().is_ok() {
        return Err(DemoError::Exists(path.to_owned()));
    }
    let unfinished = Unfinished::beside(path)?;
    fill(&unfinished.path, size, progress)?;
    unfinished.publish(path)
}

/// Makes the tables, fills them in one transaction, then builds the indexes.
fn fill(path: &Path, size: ShopSize, progress: &mut dyn FnMut(u64, u64)) -> Result<(), DemoError> {
    let mut connection = Connection::open(path)?;
    // No journal and no syncing: after a crash the unfinished file is of no use anyway.
    connection
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;")?;
    let transaction = connection.transaction()?;
    let mut report = Report { done: 0, total: size.total(), progress };
    report.show();
    customers::fill(&transaction, size, &mut report)?;
    products::fill(&transaction, size, &mut report)?;
    orders::fill(&transaction, size, &mut report)?;
    transaction.execute_batch("ANALYZE")?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    report.show();
    Ok(())
}

/// Tells how far the filling is.
struct Report<'a> {
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Report<'_> {
    fn row_written(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(ROWS_PER_REPORT) && self.done < self.total {
            self.show();
        }
    }

    fn show(&mut self) {
        (self.progress)(self.done, self.total);
    }
}

/// Runs `insert` for the rows 1 to `row_count` of a table.
fn insert_rows(
    transaction: &Transaction<'_>,
    statement: &str,
    row_count: u64,
    report: &mut Report<'_>,
    mut insert: impl FnMut(&mut rusqlite::Statement<'_>, u64) -> rusqlite::Result<usize>,
) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare(statement)?;
    for row in 1..=row_count {
        insert(&mut statement, row)?;
        report.row_written();
    }
    Ok(())
}

/// A row number as SQLite's integer. Tables of more than 2^63 rows do not exist.
fn sql_id(row: u64) -> i64 {
    row.cast_signed()
}

/// The shop before it is whole; removed when dropped.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    /// Makes sure that nothing is in the way beside `path`.
    fn beside(path: &Path) -> Result<Unfinished, DemoError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let unfinished = Unfinished { path: PathBuf::from(name) };
        match fs::remove_file(&unfinished.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unfinished.failed(error)),
            _ => Ok(unfinished),
        }
    }

    /// Stores the bytes safely and gives the file its name.
    fn publish(self, path: &Path) -> Result<(), DemoError> {
        File::options()
            .write(true)
            .open(&self.path)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.path, path))
            .map_err(|error| self.failed(error))
    }

    fn failed(&self, source: io::Error) -> DemoError {
        DemoError::Io { path: self.path.clone(), source }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After publishing there is nothing left to remove, which is no error worth telling.
        let _ = fs::remove_file(&self.path);
    }
}
