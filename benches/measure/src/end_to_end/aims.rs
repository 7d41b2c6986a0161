//! What was aimed at from end to end, and whether it is reached.

use crate::aims::{head, line, memory, memory_growth};
use crate::contender::Contender;
use crate::run::Figures;
use crate::tables::Database;

/// How much longer than the longer of reading alone and encoding alone both together may take.
const BOTH_MAX: f64 = 1.5;

pub(crate) fn print(database: &Database, results: &[(Contender, Figures)], rows: u64) {
    let of = |id: &str| results.iter().find(|(contender, _)| contender.id == id).map(|(_, figures)| *figures);
    let seconds = |figures: Figures| figures.wall.as_secs_f64();
    head(rows);
    for (export, encoding, level) in
        [("fastest", "encode-fastest", "fastest"), ("balanced", "encode-balanced", "default")]
    {
        let (Some(export), Some(encoding), Some(copy)) = (of(export), of(encoding), of("copy-binary")) else {
            continue;
        };
        let found = seconds(export) / seconds(encoding).max(seconds(copy));
        line(
            &format!(
                "PostgreSQL → XLSX, {level}, against the larger of `COPY` alone and encoding alone, time"
            ),
            &format!("≤ {BOTH_MAX} ×"),
            &format!("{found:.2} ×"),
            found <= BOTH_MAX,
        );
    }
    if let (Some(ours), Some(psql)) = (of("csv"), of("copy-csv")) {
        let found = seconds(ours) / seconds(psql);
        line("PostgreSQL → CSV against psql's `COPY`, time", "≤ 1 ×", &format!("{found:.2} ×"), found <= 1.0);
    }
    for (contender, figures) in results.iter().filter(|(contender, _)| contender.name.starts_with("**")) {
        memory(&format!("{} → {}, {} rows", database.name(), contender.id, contender.rows), *figures);
    }
    if let (Some(few), Some(many)) = (of("tenth"), of("tenfold")) {
        memory_growth(&format!("{} → XLSX, default", database.name()), few, many);
    }
}
