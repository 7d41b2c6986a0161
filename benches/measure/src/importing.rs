//! From a workbook into an empty table of PostgreSQL, by the product, and what of that each part takes alone.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::aims::{head, line, memory};
use crate::contender::{Contender, Output, Step, Told, folder_of_programs};
use crate::reading;
use crate::run::{Figures, run_all};
use crate::table;
use crate::tables::{Database, Filled, Postgres};

/// How much longer than the longer of reading alone and `COPY` alone an import may take.
const BOTH_MAX: f64 = 2.0;
/// What the table holds, in one line. The order of rows is no part of it.
const DIGEST: &str = "SELECT count(*), sum(hashtextextended(orders::text, 0)::numeric) FROM orders";
/// What an import leaves beside the rows goes too, so that each run begins from nothing.
const EMPTY: &str = "DROP TABLE IF EXISTS longshore_ledger; TRUNCATE orders; CHECKPOINT";

pub(crate) fn measure(rows: u64, runs: u64, folder: &Path) -> anyhow::Result<()> {
    let Some(postgres) = &Postgres::named() else {
        println!("\nImporting is left out: BENCH_POSTGRES_URL and BENCH_PSQL name no PostgreSQL.");
        return Ok(());
    };
    let database = Database::Postgres(postgres.clone());
    let filled = Filled::with(&database, rows, folder)?;
    let workbook = folder.join("import.xlsx");
    reading::make("ours", "xlsx-balanced", rows, &workbook)?;
    let (binary, csv) = (folder.join("orders.copy"), folder.join("orders.csv"));
    // The server writes as a user of its own, so psql writes.
    postgres.copy_out("BINARY", &binary)?;
    postgres.copy_out("CSV", &csv)?;
    let made = Maker { rows, postgres, config: &filled.config, whole: postgres.step(DIGEST).run()? };
    let results = run_all(contenders(&made, &workbook, &binary, &csv)?, runs, folder)?;
    table::print("importing", &results, rows, &["copy-binary"]);
    println!(
        "\nProcessor time and memory are the named program's; PostgreSQL works in processes of its own."
    );
    aims(&results, rows);
    for file in [workbook, binary, csv] {
        std::fs::remove_file(file).ok();
    }
    Ok(())
}

struct Maker<'a> {
    rows: u64,
    postgres: &'a Postgres,
    config: &'a Path,
    /// The digest of the table with all rows.
    whole: String,
}

fn contenders(
    made: &Maker<'_>,
    workbook: &Path,
    binary: &Path,
    csv: &Path,
) -> anyhow::Result<Vec<Contender>> {
    let here = folder_of_programs()?;
    let file = workbook.to_string_lossy();
    let longshore =
        PathBuf::from(std::env::var_os("LONGSHORE_BIN").context("LONGSHORE_BIN must name the product")?);
    let reading = Contender {
        told: Told::Nothing,
        output: Output::Cells,
        ..Contender::new("read", "*reading alone*", here.join("ours-read"), &[&file], made.rows)
    };
    let config = made.config.to_string_lossy();
    let import = |id, name: &str, more: &[&str]| {
        let arguments = [&["import", "postgres", &file, "--quiet", "--config", &config], more].concat();
        let import = Contender::new(id, name, longshore.clone(), &arguments, made.rows);
        Contender { told: Told::Nothing, before: Some(made.postgres.step(EMPTY)), ..import }
    };
    Ok(vec![
        reading,
        made.copy("copy-csv", "*`COPY FROM` alone*, CSV, psql", "CSV", csv),
        made.copy("copy-binary", "*`COPY FROM` alone*, binary, psql", "BINARY", binary),
        import("check", "**XLSX → PostgreSQL**, only checked", &["--dry-run"]),
        made.proved(import("import", "**XLSX → PostgreSQL**, each part by itself", &[])),
        made.proved(import("import-all", "**XLSX → PostgreSQL**, all or nothing", &["--all-or-nothing"])),
    ])
}

impl Maker<'_> {
    fn copy(&self, id: &'static str, name: &str, format: &str, file: &Path) -> Contender {
        let Step { program, arguments } =
            self.postgres.step(&format!("COPY orders FROM STDIN (FORMAT {format})"));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let copy = Contender::new(id, name, program, &arguments, self.rows);
        let before = Some(self.postgres.step(EMPTY));
        self.proved(Contender { told: Told::Nothing, input: Some(file.to_path_buf()), before, ..copy })
    }

    /// One that must leave every row in the table.
    fn proved(&self, contender: Contender) -> Contender {
        Contender { after: Some((self.postgres.step(DIGEST), self.whole.clone())), ..contender }
    }
}

fn aims(results: &[(Contender, Figures)], rows: u64) {
    let of = |id: &str| results.iter().find(|(contender, _)| contender.id == id).map(|(_, figures)| *figures);
    let Some(reading) = of("read") else { return };
    head(rows);
    for (id, name) in [("import", "each part by itself"), ("import-all", "all or nothing")] {
        let Some(import) = of(id) else { continue };
        // A file in PostgreSQL's own binary form is the least that it can be given; from CSV people usually load.
        for (copy, form) in [("copy-binary", "binary"), ("copy-csv", "CSV")] {
            let Some(copy) = of(copy) else { continue };
            let found = import.wall.as_secs_f64() / reading.wall.max(copy.wall).as_secs_f64();
            line(
                &format!(
                    "XLSX → PostgreSQL, {name}, against the larger of reading alone and `COPY` of {form} alone, time"
                ),
                &format!("≤ {BOTH_MAX} ×"),
                &format!("{found:.2} ×"),
                found <= BOTH_MAX,
            );
        }
        memory(&format!("XLSX → PostgreSQL, {name}"), import);
    }
}
