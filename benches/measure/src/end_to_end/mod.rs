//! From a table of a database to a file, by the product, and what of that each part takes alone.

mod aims;
mod contenders;

use std::path::Path;

use self::contenders::contenders;
use crate::run::run_all;
use crate::table;
use crate::tables::Tables;

pub(crate) fn measure(rows: u64, runs: u64, folder: &Path) -> anyhow::Result<()> {
    let tables = Tables::make(rows, folder)?;
    let results = run_all(contenders(rows, &tables)?, runs, folder)?;
    table::print("end to end", &results, rows, "copy-csv");
    println!(
        "\nProcessor time and memory are the named program's; PostgreSQL works in a process of its own, which"
    );
    println!("only the wall time tells of. SQLite works in the program itself.");
    if tables.postgres.is_none() {
        println!("PostgreSQL is left out: BENCH_POSTGRES_URL and BENCH_PSQL name none.");
    }
    aims::print(&results, rows);
    tables.remove();
    Ok(())
}
