//! Writing alone: the same orders, made on the spot, into a file.

mod aims;
mod contenders;

use std::path::Path;

use self::contenders::contenders;
use crate::run::run_all;
use crate::table;

pub(crate) fn measure(rows: u64, runs: u64, folder: &Path) -> anyhow::Result<()> {
    let results = run_all(contenders(rows)?, runs, folder)?;
    table::print("writing", &results, rows, &["rust_xlsxwriter"]);
    aims::print(&results, rows);
    Ok(())
}
