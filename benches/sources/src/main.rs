//! The orders in databases: `sources sqlite|csv ROWS FILE` makes a SQLite database, or a CSV file to fill any other with;
//! `sources read DATASET CONFIG ROWS` reads a dataset as an export does, into Arrow batches that are only counted.

mod tables;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use arrow_array::RecordBatch;
use longshore_datasets::source::{self, Begin, RowSink};
use longshore_datasets::{Catalog, Query};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["sqlite", rows, file] => tables::sqlite(rows.parse()?, Path::new(file)),
        ["csv", rows, file] => tables::csv(rows.parse()?, Path::new(file)),
        ["read", dataset, config, rows] => read(dataset, Path::new(config), rows.parse()?),
        _ => bail!("usage: sources sqlite|csv ROWS FILE, or sources read DATASET CONFIG ROWS"),
    }
}

fn read(dataset: &str, config: &Path, rows: u64) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(config)?;
    let folder = config.parent().unwrap_or(Path::new("."));
    let catalog = Catalog::from_config(&toml::from_str(&text)?, folder)?;
    let dataset = catalog.get(dataset).context("no such dataset")?;
    let mut counted = Counted(0);
    source::read(dataset, &Query::all_of(dataset), &Arc::default(), &mut counted)?;
    ensure!(counted.0 == rows, "{} rows instead of {rows}", counted.0);
    Ok(())
}

struct Counted(u64);

impl RowSink for Counted {
    fn begin(&mut self, _: Begin) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn batch(&mut self, batch: RecordBatch) -> ControlFlow<()> {
        self.0 += batch.num_rows() as u64;
        ControlFlow::Continue(())
    }
}
