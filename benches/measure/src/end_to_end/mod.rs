//! From a table of a database to a file, by the product and by others, and what of that each part takes alone.

mod aims;
mod contenders;

use std::path::Path;

use self::contenders::{contenders, export_of_other_size};
use crate::run::run_all;
use crate::table;
use crate::tables::{Database, Filled, Postgres};

/// With fewer, or in a hurry, ten times as many are left out: they take some minutes and gigabytes.
const ROWS_FOR_TENFOLD: u64 = 1_000_000;

pub(crate) fn measure(rows: u64, runs: u64, folder: &Path) -> anyhow::Result<()> {
    measure_from(&Database::sqlite(folder), rows, runs, folder)?;
    println!("\nSQLite works in the program itself, so that its time and memory are the program's.");
    match Postgres::named() {
        Some(postgres) => {
            measure_from(&Database::Postgres(postgres), rows, runs, folder)?;
            println!(
                "\nProcessor time and memory are the named program's; PostgreSQL works in a process of its own,"
            );
            println!("which only the wall time tells of.");
        }
        None => println!("\nPostgreSQL is left out: BENCH_POSTGRES_URL and BENCH_PSQL name none."),
    }
    Ok(())
}

fn measure_from(database: &Database, rows: u64, runs: u64, folder: &Path) -> anyhow::Result<()> {
    let filled = Filled::with(database, rows, folder)?;
    let mut results = run_all(contenders(&filled)?, runs, folder)?;
    drop(filled);
    for (id, rows) in other_sizes(rows) {
        let filled = Filled::with(database, rows, folder)?;
        results.extend(run_all(vec![export_of_other_size(id, &filled)?], 1, folder)?);
    }
    let title = format!("from {} to a file", database.name());
    table::print(&title, &results, rows, &["rust_xlsxwriter", "copy-csv"]);
    aims::print(database, &results, rows);
    Ok(())
}

fn other_sizes(rows: u64) -> Vec<(&'static str, u64)> {
    let is_quick = std::env::var_os("QUICK").is_some_and(|quick| !quick.is_empty());
    let mut sizes = vec![("tenth", rows / 10)];
    if rows >= ROWS_FOR_TENFOLD && !is_quick {
        sizes.push(("tenfold", rows * 10));
    }
    sizes
}
